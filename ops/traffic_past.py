"""The traffic of an endpoint over any past, and what its replay needs besides: from what was read, no call to AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from ops import worked_past
from ops.aws.calls import Reading
from ops.core import metrics
from ops.core.cold_start import served, without_doubles
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.marks import Mark, MarkKind, marks
from ops.core.metrics import Metric
from ops.core.moments import moment
from ops.core.names import nearest
from ops.core.records import Change
from ops.core.setup import Setup
from ops.core.types import Endpoint, FloatArray, Window, utc
from ops.core.words import count, duration
from ops.core.worked import Steps
from ops.episode_past import OF_WAKES
from ops.gather import Gatherer
from ops.known import Known, State
from ops.replay.backtest import Actual
from ops.replay.calibrated import Provision, Service, Slots, provision_of, service_of, slots_of
from ops.replay.clusters import Placing, placing
from ops.replay.draws import Times
from ops.replay.of_setup import SetUp, of_setup
from ops.replay.scenario import Model, Scenario
from ops.replay.traffic import Arrivals, of_invocations, of_queue
from ops.savings import read_missing

DAYS = 30.0
MOST_DAYS = 400.0
UNSETTLED_S = 900
"""The newest minutes may still change, and are left out."""
LONG_S = 86_400
"""A span so long ends with a whole hour: who asks the same within an hour gets the same answer."""
_LATENCIES = (
    metrics.TIME_IN_BACKLOG,
    metrics.TIME_IN_BACKLOG_MAX,
    metrics.TOTAL_TIME,
    metrics.OLDEST,
    metrics.PER_INSTANCE,
)
MINUTE_S, WEEK_S = 60, 7 * 86_400
CHANGED = "Scaling was changed"
"""Begins the note on a change of the policy inside the span."""
_SCALES = (MarkKind.BOUNDS, MarkKind.POLICY, MarkKind.ALARM)
"""Changes after which an endpoint scales otherwise."""
CHANGES = (
    "RegisterScalableTarget",
    "DeregisterScalableTarget",
    "PutScalingPolicy",
    "DeleteScalingPolicy",
    "PutScheduledAction",
    "DeleteScheduledAction",
    "PutMetricAlarm",
    "DeleteAlarms",
)
"""The events of CloudTrail that tell of such changes."""
_SETTLES = timedelta(minutes=30)
"""So long after a change what it asked for is there."""


AS_GIVEN = "as given"
"""Where a service time comes from that somebody typed."""


class TooYoung(BadInput):
    """Nothing of an endpoint can be measured yet."""


class NeverInService(TooYoung):
    """Nor ever will be: its creation failed."""


@dataclass(frozen=True, slots=True, eq=False)
class Waited:
    """Beside the steps of one piece: mean and longest wait, and mean time in work, of what finished; seconds."""

    mean_s: FloatArray
    max_s: FloatArray
    worked_s: FloatArray
    age_s: FloatArray
    """Of the oldest request that waits."""
    per_instance: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class EndpointTraffic:
    """What an endpoint's past says of its traffic, each part with how sure it is.

    `setup`: as it is now; None where `unscaled` says why there is none. `notes`: what to know, in
    sentences.
    """

    endpoint: Endpoint
    arrivals: Arrivals
    service: Service
    slots: Slots
    provision: Provision
    setup: SetUp | None
    compared: SetUp | None
    """The same over the span of `actual`."""
    actual: Actual
    past: Actual
    """The same over all of the span, whatever was changed in it."""
    model: Model = field(default_factory=Model)
    """What of the undocumented its metrics show."""
    placing: Placing | None = None
    """What the queue tells of where in its minute a request came; None: nothing."""
    notes: tuple[str, ...] = ()

    @property
    def untested(self) -> str:
        """Why the replay of today's policy cannot be held against what happened, where it was changed a moment ago."""
        told = () if len(self.actual.instances) else self.notes
        return next((note for note in told if note.startswith(CHANGED)), "")

    @property
    def unscaled(self) -> str:
        """Why there is no policy to replay, in a sentence."""
        name = self.endpoint.ref.name
        if self.endpoint.is_async:
            return f"AWS does not let Ebb read how {name} scales: there is no policy to compare with."
        return f"{name} is a real-time endpoint: there is no policy to compare with."

    def with_service(self, times: Times) -> EndpointTraffic:
        """The same, with requests that take something else."""
        return replace(self, service=replace(self.service, times=times, source=AS_GIVEN))

    def scenario(self, seed: int, number: int = 0) -> Scenario:
        """The actual policy over the span that is compared. Raises BadInput where there is none."""
        if self.compared is None:
            raise BadInput(self.unscaled, "Replay another policy over its traffic.")
        known = self.actual.instances[~np.isnan(self.actual.instances)]
        initial = int(known[0]) if len(known) else self.compared.bounds.min
        return Scenario(
            self.compared.bounds,
            initial,
            self.slots.concurrency,
            self.compared.policies,
            self.compared.events,
            self.compared.suspended,
            self.provision.draws(seed, number),
            start_s=self.actual.first_s,
            until_s=self.actual.until_s,
            model=self.model,
        )


def span_of(endpoint: Endpoint, now_s: float, days: float) -> tuple[int, int]:
    """The last `days` until what is settled, or since the endpoint was created; whole minutes, long ones to the hour.

    Raises BadInput.
    """
    if not 0 < days <= MOST_DAYS:
        raise BadInput(f"{days:g} days cannot be replayed.", f"Give a number above 0, at most {MOST_DAYS:g}.")
    until = int(now_s - UNSETTLED_S) // MINUTE_S * MINUTE_S
    hour = until // 3600 * 3600
    if hour - max(until - days * 86_400, endpoint.created.timestamp()) >= LONG_S:
        until = hour
    first = int(until - days * 86_400) // MINUTE_S * MINUTE_S
    born = -(-int(endpoint.created.timestamp()) // MINUTE_S) * MINUTE_S
    if max(first, born) >= until:
        raise TooYoung(
            f"{endpoint.ref.name} is too young: nothing of it is settled yet.", "Come back in an hour."
        )
    return max(first, born), until


def whole_weeks(endpoint: Endpoint, now_s: float, days: float) -> float:
    """The days of as many whole weeks as fit into a span, so that each day of the week weighs the same; `days` where
    not even one does. Raises BadInput."""
    first, until = span_of(endpoint, now_s, days)
    weeks = (until - first) // WEEK_S
    return weeks * 7.0 if weeks else days


def wanted(endpoint: Endpoint) -> tuple[Metric, ...]:
    """The metrics that tell of traffic."""
    if not endpoint.is_async:
        return worked_past.wanted(endpoint)
    return tuple(dict.fromkeys((*worked_past.wanted(endpoint), *_LATENCIES, *OF_WAKES)))


def read_lacking(gatherer: Gatherer, reading: Reading, endpoint: Endpoint, days: float) -> None:
    """Read what the traffic of the last `days` still lacks, in the finest steps that AWS keeps. OpsError."""
    first, until = span_of(endpoint, reading.now.timestamp(), days)
    read_missing(gatherer, reading, endpoint, wanted(endpoint), utc(first // 3600 * 3600), utc(until))
    gatherer.read_record(reading, endpoint.ref.name, utc(first))


def traffic_of(
    state: State,
    name: str,
    days: float = DAYS,
    changes: Sequence[Change] = (),
    at: datetime | None = None,
    own: Sequence[Mark] = (),
) -> EndpointTraffic:
    """From what was read. `changes`: what is known of who changed what; `own`: what Ebb itself changed, which
    CloudTrail tells late; `at`: as it was asked then, None: now.

    Raises UnknownEndpoint, BadInput.
    """
    known = state.known.get(name)
    if known is None or not known.endpoint.described:
        raise UnknownEndpoint(name, nearest(name, tuple(sorted(state.known))))
    endpoint = known.endpoint
    at = at or state.now
    if endpoint.status == "Failed" and not endpoint.current:
        raise NeverInService(
            f"{name} was never in service: its creation failed, so it has no traffic and no policy to look at.",
            f"Doctor says why: python -m ops doctor {name}.",
        )
    first, until = span_of(endpoint, at.timestamp(), days)
    pieces = worked_past.steps_of(state.past, endpoint, first, until, known.denied)
    beside = [_waited(state, endpoint, piece) for piece in pieces]
    queued = endpoint.is_async
    arrivals = (of_queue if queued else of_invocations)(pieces, float(first), float(until))
    service = _service(pieces, beside)
    configured = endpoint.async_config.max_concurrent if endpoint.async_config is not None else None
    slots = _slots(configured, pieces, beside, service)
    provision = _provision(state, endpoint, at)
    changed = _changed(known, state, first, changes, own) if queued else None
    since = (changed.at + _SETTLES).timestamp() if changed is not None else float(first)
    actual = _actual(pieces, beside, arrivals, queued, since)
    past = actual if changed is None else _actual(pieces, beside, arrivals, queued, float(first))
    setup = compared = None
    seen, _, _ = state.judged(name)
    if queued and not seen.hidden & {"scaling", "alarms"}:
        whole = Setup(seen.target, seen.policies, seen.schedules, seen.alarms)
        setup = of_setup(whole, first, until, endpoint.current)
        compared = of_setup(whole, actual.first_s, actual.until_s, endpoint.current)
    close = _placing(pieces, arrivals, slots, service) if queued else None
    notes = _notes(arrivals, queued)
    if changed is not None:
        when = moment(utc(actual.first_s), state.now)
        compares = (
            f"on the way ({changed.said}): what happened is compared from {when} on."
            if len(actual.instances)
            else f"just now ({changed.said}): nothing that is settled yet came of it, so the replay is not tested."
        )
        notes = (*notes, f"{CHANGED} {compares}")
    return EndpointTraffic(
        endpoint,
        arrivals,
        service,
        slots,
        provision,
        setup,
        compared,
        actual,
        past,
        _model(pieces, beside),
        close,
        notes,
    )


def _waited(state: State, endpoint: Endpoint, piece: Steps) -> Waited:
    if not endpoint.is_async:
        nothing = np.full(len(piece.backlog), np.nan)
        return Waited(nothing, nothing, nothing, nothing, nothing)
    window = Window(utc(piece.start), utc(piece.end), piece.period)
    found = state.past.read(endpoint.ref.name, _LATENCIES, window)
    mean, most, total = (found.get(m.key).values / 1e3 for m in _LATENCIES[:3])
    age, each = found.get(metrics.OLDEST.key).values, found.get(metrics.PER_INSTANCE.key).values
    return Waited(mean, most, total - mean, age, each)


def _service(pieces: Sequence[Steps], beside: Sequence[Waited]) -> Service:
    counts = _all([piece.finished for piece in pieces])
    worked = service_of(
        _all([each.worked_s for each in beside]), counts, "TotalProcessingTime less TimeInBacklog"
    )
    if worked.times is not None:
        return worked
    return service_of(
        _all([piece.took_s for piece in pieces]), counts, "ModelLatency: without download and upload"
    )


def _slots(
    configured: int | None, pieces: Sequence[Steps], beside: Sequence[Waited], service: Service
) -> Slots:
    minutes = [(p, b) for p, b in zip(pieces, beside, strict=True) if p.period == MINUTE_S]
    waiting = _all([b.age_s for _, b in minutes])
    return slots_of(
        configured,
        _all([p.instances for p, _ in minutes]),
        _all([p.finished for p, _ in minutes]),
        np.nan_to_num(waiting) > MINUTE_S,
        service.spread.mean_s if service.times is not None else 0.0,
    )


def _provision(state: State, endpoint: Endpoint, at: datetime) -> Provision:
    own = _starts(state, endpoint, at)
    if own or endpoint.is_async:
        return provision_of(own, f"{count(len(own), 'cold start')} of {endpoint.ref.name}")
    others = [k.endpoint for k in state.known.values() if k.endpoint.is_async and k.endpoint.described]
    alike = [e for e in others if e.instance_type == endpoint.instance_type] or others
    found = [s for e in alike for s in _starts(state, e, at)]
    return provision_of(found, f"{count(len(found), 'cold start')} of this account's asynchronous endpoints")


def _starts(state: State, endpoint: Endpoint, at: datetime) -> list[float]:
    kept = without_doubles(state.past.history.episodes(endpoint.ref.name, endpoint.created))
    return [s.start_s for s in reversed(served(kept)) if s.start_s is not None and s.ordered <= at]


def _changed(
    known: Known, state: State, first: int, changes: Sequence[Change], told: Sequence[Mark]
) -> Mark | None:
    """The last change of how it scales since `first`, up to this moment: before it another policy was at work."""
    endpoint = known.endpoint
    seen, _, _ = state.judged(endpoint.ref.name)
    activities = tuple(known.record.known.values()) or known.moves
    now = state.now.timestamp()
    window = Window(utc(first), utc(max(first + MINUTE_S, -(-int(now) // MINUTE_S) * MINUTE_S)))
    found = marks(endpoint, changes, seen.schedules, activities, window, state.now)
    schedules = {c.at for c in changes if c.operation in ("PutScheduledAction", "DeleteScheduledAction")}
    own = [m for m in found if not m.refused and (m.kind in _SCALES or m.at in schedules)]
    own += [m for m in told if m.at >= window.start]
    return max(own, key=lambda m: m.at) if own else None


def _actual(
    pieces: Sequence[Steps], beside: Sequence[Waited], arrivals: Arrivals, queued: bool, since_s: float
) -> Actual:
    """The minutes from `since_s` on, from the first that ends with an empty queue; waits of what finished in them."""
    minutes = [(p, b) for p, b in zip(pieces, beside, strict=True) if p.period == MINUTE_S]
    first = arrivals.until_s
    for piece, _ in minutes:
        empty = piece.backlog == 0 if queued else np.ones(len(piece.backlog), np.bool_)
        calm = np.flatnonzero(empty & (piece.at >= since_s))
        if len(calm):
            first = float(piece.at[calm[0]] + MINUTE_S)
            break
    size = max(0, int(arrivals.until_s - first) // MINUTE_S)
    instances, backlog = np.full(size, np.nan), np.full(size, np.nan)
    total = requests = 0.0
    longest = np.nan
    for piece, waited in minutes:
        at = ((piece.at - first) // MINUTE_S).astype(np.int64)
        use = (at >= 0) & (at < size)
        instances[at[use]], backlog[at[use]] = piece.instances[use], piece.backlog[use]
        told = use & ~np.isnan(waited.mean_s) & (piece.finished > 0)
        total += float((waited.mean_s[told] * piece.finished[told]).sum())
        requests += float(piece.finished[told].sum())
        if told.any():
            longest = float(np.fmax(longest, np.nanmax(np.fmax(waited.mean_s[told], waited.max_s[told]))))
    return Actual(first, instances, backlog, total / requests if requests else np.nan, longest, int(requests))


def _placing(pieces: Sequence[Steps], arrivals: Arrivals, slots: Slots, service: Service) -> Placing | None:
    """Of the minutes, one piece after the other."""
    if service.times is None:
        return None
    fine = arrivals.length_s == MINUTE_S
    instances = np.where(fine, _all([p.instances for p in pieces]), np.nan)
    backlog = np.where(fine, _all([p.backlog for p in pieces]), np.nan)
    return placing(arrivals.count, instances, backlog, slots.concurrency, service.times)


def _model(pieces: Sequence[Steps], beside: Sequence[Waited]) -> Model:
    """Whether the backlog per instance is published at zero instances, where the minutes tell."""
    said = unsaid = 0
    for piece, waited in zip(pieces, beside, strict=True):
        if piece.period == MINUTE_S:
            asleep = (piece.instances == 0) & (piece.backlog > 0)
            asleep &= np.append(piece.instances[1:] == 0, False)  # a minute in which one came is no witness
            said += int((asleep & ~np.isnan(waited.per_instance)).sum())
            unsaid += int((asleep & np.isnan(waited.per_instance)).sum())
    return Model(zero_metric="missing") if unsaid > said else Model()


def _notes(arrivals: Arrivals, queued: bool) -> tuple[str, ...]:
    said = []
    if arrivals.unknown_s > 0:
        unknown = duration(arrivals.unknown_s)
        said.append(f"What arrived in {unknown} of the span is not known; no request is invented there.")
    if arrivals.coarse_s > 0:
        days = f"{arrivals.coarse_s / 86400:.1f} days"
        said.append(
            f"{days} are known in steps longer than a minute alone, and cut into minutes that are like known ones."
        )
    if arrivals.carried:
        said.append(
            f"In some steps fewer than none arrived, by {count(arrivals.carried, 'request')} in all: carried on."
        )
    if not queued:
        said.append("A real-time endpoint drops what it cannot take; asynchronously that would wait instead.")
    return tuple(said)


def _all(parts: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)
