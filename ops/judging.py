"""What was read of one endpoint, put together, judged, and turned into a line of the fleet."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from ops.aws.alarms import AlarmIndex
from ops.aws.endpoints import UNDESCRIBED
from ops.core import cold_starts, metrics, states
from ops.core.alarm_proposals import runs_scaling
from ops.core.seen import Seen
from ops.core.types import (
    Activity,
    Endpoint,
    EndpointState,
    MetricSet,
    Policy,
    Problem,
    ScalableTarget,
    ScheduledAction,
    Severity,
    Verdict,
)
from ops.core.views import FleetRow, LastColdStart
from ops.core.words import count, listed

TTL_S = 21600.0
"""How long a request may wait unless it names a shorter time itself (facts C.1)."""
_MONEY_ONLY = (EndpointState.IDLE_PAID, EndpointState.WARM)
_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.INFO, Severity.OK)


@dataclass(frozen=True, slots=True)
class Scaling:
    """What Application Auto Scaling and CloudWatch hold about every variant, by resource id.

    `hidden` and `problems`: the parts that AWS did not let us read.
    """

    targets: Mapping[str, ScalableTarget] = field(default_factory=dict)
    policies: Mapping[str, tuple[Policy, ...]] = field(default_factory=dict)
    schedules: Mapping[str, tuple[ScheduledAction, ...]] = field(default_factory=dict)
    alarms: AlarmIndex = field(default_factory=lambda: AlarmIndex(()))
    hidden: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def headline(rows: Sequence[FleetRow], realtime: Sequence[FleetRow]) -> str:
    """One sentence: whether anything needs attention."""
    if not rows and not realtime:
        return "There are no endpoints in this account and region yet."
    if not rows:
        return f"There is no asynchronous endpoint here; {count(len(realtime), 'real-time endpoint')}."
    everyone = [*rows, *realtime]
    bad = [r for r in everyone if r.verdict.severity in (Severity.CRITICAL, Severity.WARNING)]
    asleep = sum(r.verdict.state is EndpointState.ASLEEP for r in everyone if r not in bad)
    fine = len(everyone) - len(bad)
    rest = f"{fine} {'is' if fine == 1 else 'are'} fine" + (f", {asleep} of them asleep" if asleep else "")
    if not bad:
        return f"Nothing needs you: {count(fine, 'endpoint')}" + (f", {asleep} asleep." if asleep else ".")
    names = [r.endpoint.ref.name for r in bad]
    who = listed(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
    verb = "needs" if len(bad) == 1 else "need"
    return f"{who} {verb} you; {rest}." if fine else f"{who} {verb} you."


def seen_of(
    endpoint: Endpoint,
    scaling: Scaling,
    activities: tuple[Activity, ...],
    recent: MetricSet,
    day: MetricSet,
    now: datetime,
    hidden: Collection[str],
    more_activities: bool,
) -> Seen:
    """One endpoint with its own part of everything that was read.

    Where another of its variants is scaled and this one is not, how the endpoint scales is not known.
    """
    resource = endpoint.ref.resource_id
    others = (replace(endpoint.ref, variant=name).resource_id for name in endpoint.other_variants)
    if resource not in scaling.targets and any(other in scaling.targets for other in others):
        hidden = {*hidden, "scaling"}
    policies = scaling.policies.get(resource, ())
    return Seen(
        endpoint,
        scaling.targets.get(resource),
        policies,
        scaling.alarms.of(endpoint, policies),
        scaling.schedules.get(resource, ()),
        activities,
        recent,
        day,
        now,
        frozenset(hidden),
        more_activities,
    )


def row_of(
    seen: Seen,
    problems: tuple[Problem, ...],
    read_at: datetime | None,
    woken: LastColdStart | None = None,
    *,
    gone_through: bool = False,
) -> FleetRow:
    """The endpoint judged and in one line; `read_at`: when its metrics were read.

    `woken`: the newest cold start that is known beside the activities at hand; `gone_through`: whether all of its
    past was gone through for cold starts.
    """
    last = cold_starts.later(cold_starts.last(seen.activities, seen.now), woken)
    backlog = seen.latest(metrics.BACKLOG)
    blind = "metrics" in seen.hidden or not seen.endpoint.described
    failures = metrics.FAILURES if seen.endpoint.is_async else metrics.ERRORS_5XX
    return FleetRow(
        endpoint=seen.endpoint,
        verdict=verdict_of(seen, problems),
        backlog=backlog,
        oldest_s=seen.latest(metrics.OLDEST) if backlog else None,
        ttl_s=TTL_S,
        bounds=seen.target.bounds if seen.target is not None else None,
        failures_1h=None if blind else seen.hour(failures),
        spark=seen.day.get(metrics.BACKLOG.key),
        problems=problems,
        expired_1h=None if blind or not seen.endpoint.is_async else seen.hour(metrics.EXPIRED),
        last_cold_start=last if seen.endpoint.is_async else None,
        read_at=read_at,
        ringing=tuple(
            a.name for a in seen.alarms if a.state == "ALARM" and not any(map(runs_scaling, a.actions))
        ),
        cold_starts_unread=last is None and seen.more_activities and not gone_through,
    )


def verdict_of(seen: Seen, problems: tuple[Problem, ...]) -> Verdict:
    """The verdict; of an endpoint that AWS does not let us describe, that."""
    if not seen.endpoint.described:
        return states.undescribed(next(p for p in problems if p.part == UNDESCRIBED))
    return states.judge(seen) if seen.endpoint.is_async else states.judge_realtime(seen)


def trouble_first(row: FleetRow) -> tuple[int, bool, str]:
    """The order of the fleet: the worst first, and what costs only money after what holds requests up."""
    return _ORDER.index(row.verdict.severity), row.verdict.state in _MONEY_ONLY, row.endpoint.ref.name
