"""The doctor at work: what the gatherer holds in memory, and what it has to ask besides: topics, quotas, refusals.

What AWS denies of these hides the rules that need it, and is said.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

import numpy as np
from cachetools import TTLCache

from ops import clock
from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.aws.quotas import Limits, QuotaReader
from ops.aws.topics import TopicReader
from ops.core import metrics
from ops.core.cold_start import served
from ops.core.doctor import Case, Leftover, Quota, Topic, examine, examine_left
from ops.core.errors import CredentialsProblem, OpsError, Unreachable
from ops.core.findings import Examined
from ops.core.seen import Seen
from ops.core.types import Activity, Endpoint, EndpointRef, EndpointState, Problem, Severity, Verdict, Window
from ops.core.views import DoctorView
from ops.known import State

JOBS_S = 3600.0
"""Seconds for which the longest request of an endpoint is kept: the one paid read of the doctor's own."""
JOBS_SPAN = timedelta(days=14)
NEW_TARGET = timedelta(minutes=10)
"""A target younger than this may belong to an endpoint that was not listed yet."""
_RESOURCE = re.compile(r"^endpoint/([^/]+)/variant/([^/]+)$")
_WORST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK)
_HELD_UP = (EndpointState.SLOW, EndpointState.WAKE_STUCK)
"""States in which it matters what scaling refused to do."""


Refused = tuple[tuple[Activity, ...], tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class _Around:
    """What surrounds every endpoint of the account."""

    topics: dict[str, Topic]
    deaf: dict[str, Problem]
    """Topics that could not be read, by ARN."""
    limits: Limits
    jobs: dict[str, float]
    policy_arns: frozenset[str]
    problems: tuple[Problem, ...]
    hidden: frozenset[str]


class Doctor:
    """Keeps what it asked AWS for some minutes. Thread-safe; `timer` counts seconds."""

    def __init__(self, timer: Callable[[], float] = clock.monotonic) -> None:
        self._topics = TopicReader(timer)
        self._quotas = QuotaReader(timer)
        self._lock = threading.Lock()
        self._jobs: TTLCache[str, float] = TTLCache(5_000, JOBS_S, timer)

    def view(self, reading: Reading, state: State, name: str | None) -> DoctorView:
        """One endpoint, or all and the leftovers. Raises UnknownEndpoint, CredentialsProblem, Unreachable."""
        left = leftovers(state)
        gone = {each: found for each, found in left.items() if each not in state.known}
        if name is not None and name in gone:
            return DoctorView(
                state.connection, state.now, (examine_left(gone[name]),), state.scaling.problems
            )
        wanted = sorted(state.known) if name is None else [name]
        judged = [state.judged(each) for each in wanted]
        around = self._around(reading, state, [seen for seen, _, _ in judged])
        refusals = reading.each(lambda each: _refusals(reading, each[0], each[1]), judged)
        found = [
            _examined(state, around, *each, refused, left)
            for each, refused in zip(judged, refusals, strict=True)
        ]
        found += [examine_left(each) for each in gone.values()] if name is None else []
        found.sort(key=_trouble_first)
        account = (*state.scaling.problems, *state.trouble.problems, *around.problems)
        problems = tuple(dict.fromkeys((*account, *around.deaf.values())))
        return DoctorView(state.connection, state.now, tuple(found), problems)

    def _around(self, reading: Reading, state: State, seen: Sequence[Seen]) -> _Around:
        queued = [s.endpoint for s in seen if s.endpoint.is_async]
        topics, deaf = self._topics.some(reading, [arn for e in queued for arn in _topic_arns(e)])
        limits, unlimited = self._quotas.limits(reading)
        jobs, untimed = self._longest(reading, queued, state)
        hidden = ({"quotas"} if unlimited else set()) | ({"jobs"} if untimed else set())
        arns = frozenset(p.arn for found in state.scaling.policies.values() for p in found)
        return _Around(topics, deaf, limits, jobs, arns, (*unlimited, *untimed), frozenset(hidden))

    def _longest(
        self, reading: Reading, endpoints: Sequence[Endpoint], state: State
    ) -> tuple[dict[str, float], tuple[Problem, ...]]:
        """The longest that a container took for one request within two weeks, in seconds, by endpoint."""
        with self._lock:
            asked = [e for e in endpoints if e.ref.name not in self._jobs]
        if asked:
            window = Window.last(JOBS_SPAN, state.now, 3600)
            metric = metrics.MODEL_LATENCY_MAX
            queries = [q for e in asked for q in aws_metrics.queries(e, (metric,), window)]
            try:
                answer = aws_metrics.read(reading, queries, window)
            except (CredentialsProblem, Unreachable):
                raise
            except OpsError as error:
                return {}, (problem_of("metrics", error),)
            with self._lock:
                for each in asked:
                    values = answer.found[each.ref.name].get(metric.key).values
                    known = values[~np.isnan(values)]
                    self._jobs[each.ref.name] = float(known.max()) / 1e6 if known.size else 0.0
        with self._lock:
            return {e.ref.name: s for e in endpoints if (s := self._jobs.get(e.ref.name))}, ()


def _examined(
    state: State,
    around: _Around,
    seen: Seen,
    verdict: Verdict,
    own: tuple[Problem, ...],
    refused: Refused,
    left: Mapping[str, Leftover],
) -> Examined:
    refusals, denied = refused
    deaf = [around.deaf[arn] for arn in _topic_arns(seen.endpoint) if arn in around.deaf]
    hidden = set(seen.hidden) | around.hidden
    hidden |= {"refusals"} if denied else set()
    hidden |= {"topics"} if deaf else set()
    if any(p.part == "alarms" for p in state.scaling.problems):
        hidden.add("alarms")  # there are more of them than were read
    account = (*state.scaling.problems, *state.trouble.problems, *around.problems)
    case = Case(
        seen=replace(seen, hidden=frozenset(hidden)),
        verdict=verdict,
        topics=around.topics,
        quota=_quota(state, seen.endpoint, around.limits),
        refusals=refusals,
        policy_arns=around.policy_arns,
        usual_wake_s=_usual_wake(state, seen),
        longest_job_s=around.jobs.get(seen.endpoint.ref.name),
        left=left.get(seen.endpoint.ref.name),
        unread=tuple(dict.fromkeys((*own, *denied, *deaf, *account))),
    )
    return examine(case)


def _usual_wake(state: State, seen: Seen) -> float | None:
    """As the newest activities say, as for verdicts; where none of them does, as the cold starts that are kept."""
    usual, endpoint = seen.usual_start(), seen.endpoint
    if usual is not None or not endpoint.is_async:
        return usual
    kept = served(state.past.history.episodes(endpoint.ref.name, endpoint.created))
    times = [s.start_s for s in kept if s.start_s is not None and s.instance_type == endpoint.instance_type]
    return median(times) if times else None


def _refusals(reading: Reading, seen: Seen, verdict: Verdict) -> Refused:
    """What scaling refused to do of late, where something is held up; and why that could not be read."""
    if verdict.state not in _HELD_UP:
        return (), ()
    try:
        found = aws_scaling.activities(reading, seen.endpoint.ref.resource_id, not_scaled=True)
    except (CredentialsProblem, Unreachable):
        raise
    except OpsError as error:
        return (), (problem_of("refused scaling activities", error),)
    return tuple(a for a in found if a.not_scaled), ()


def _topic_arns(endpoint: Endpoint) -> tuple[str, ...]:
    config = endpoint.async_config
    return () if config is None else tuple(filter(None, (config.success_topic, config.error_topic)))


def _quota(state: State, endpoint: Endpoint, limits: Limits) -> Quota | None:
    kind = endpoint.instance_type
    if kind is None or kind not in limits:
        return None
    same = [k.endpoint for k in state.known.values() if k.endpoint.instance_type == kind]
    others = [e for e in same if e.ref.name != endpoint.ref.name]
    held = tuple((e.ref.name, count) for e in others if (count := _kept(state, e)))
    return Quota(kind, limits[kind], held, sum(_most(state, e) for e in same))


def _kept(state: State, endpoint: Endpoint) -> int:
    """Instances that an endpoint keeps whatever happens."""
    target = state.scaling.targets.get(endpoint.ref.resource_id)
    return target.bounds.min if target is not None else max(endpoint.current or 0, endpoint.desired or 0)


def _most(state: State, endpoint: Endpoint) -> int:
    target = state.scaling.targets.get(endpoint.ref.resource_id)
    return target.bounds.max if target is not None else endpoint.current or 0


def leftovers(state: State) -> dict[str, Leftover]:
    """What is registered for, or watches, endpoints that are not listed, and what is registered for variants that are
    gone, by endpoint; nothing where scaling could not be read."""
    if "scaling" in state.scaling.hidden:
        return {}
    account, region = state.connection.account, state.connection.region
    gone: dict[str, Leftover] = {}
    for resource, target in sorted(state.scaling.targets.items(), key=lambda each: each[0]):
        named = _RESOURCE.match(resource)
        if named is None or _is_there(state, *named.groups()):
            continue
        if target.created is not None and state.now - target.created < NEW_TARGET:
            continue
        ref = EndpointRef(account, region, named.group(1), named.group(2))
        before = gone.get(ref.name) or Leftover(ref.name)
        policies = (*before.policies, *state.scaling.policies.get(resource, ()))
        gone[ref.name] = replace(before, targets=(*before.targets, (ref, target)), policies=policies)
    for name, alarms in state.scaling.alarms.endpoints().items():
        if name not in state.known and name not in _young(state):
            gone[name] = replace(gone.get(name) or Leftover(name), alarms=alarms)
    return gone


def _is_there(state: State, name: str, variant: str) -> bool:
    """Whether the endpoint has, or may have, this variant: only in service its variants are known for certain."""
    known = state.known.get(name)
    if known is None:
        return False
    endpoint = known.endpoint
    certain = endpoint.described and endpoint.status == "InService"
    return not certain or variant in (endpoint.ref.variant, *endpoint.other_variants)


def _young(state: State) -> set[str]:
    """Names of targets that were registered a moment ago."""
    found = set()
    for resource, target in state.scaling.targets.items():
        named = _RESOURCE.match(resource)
        if named is not None and target.created is not None and state.now - target.created < NEW_TARGET:
            found.add(named.group(1))
    return found


def _trouble_first(examined: Examined) -> tuple[int, str]:
    severities = [examined.verdict.severity, *(f.severity for f in examined.findings)]
    return min(_WORST.index(s) for s in severities), examined.name
