"""From a wake to its cold start: what metrics, alarm history and log streams add to the scaling record. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ops.core import metrics
from ops.core.cold_start import ColdStart, Counted, Phase, Step
from ops.core.cold_start_cells import Cells
from ops.core.cold_starts import Outcome, Wake
from ops.core.records import AlarmChange, LogStream
from ops.core.types import MetricSet, utc

TTL_S = 21_600.0
"""No request waits longer (facts C.1); it may wait for less, which is not to be seen."""
LAG_S = 120.0
"""Datapoints settle late: so long after its last moment a cold start is not final (facts D)."""
GIVE_UP_S = 3 * 3600.0
"""A first result that did not come within this of the instance is not waited for any longer."""
STEPS = {60: "one-minute", 300: "five-minute", 3600: "hourly"}

LATE = timedelta(hours=1)
"""AWS tells of a log stream's newest event within this (lastEventTimestamp is eventually consistent)."""
HISTORY_UNREAD = "its history was not read"
STREAMS_UNREAD = "the log streams were not read"
STREAM_LATE = "no log stream told of it by then"


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around one wake. `read` None: its metrics are not kept (any more), or denied.

    `read_to`: until when metrics were read and had settled. `changes` and `streams` None: not asked, or denied.
    """

    endpoint: str
    instance_type: str | None
    now: datetime
    publish_interval: int = 60
    read: MetricSet | None = None
    read_to: datetime | None = None
    changes: Sequence[AlarmChange] | None = None
    streams: Sequence[LogStream] | None = None


def cold_start(wake: Wake, around: Around) -> ColdStart:
    """The record of one wake as far as it is known at `around.now`."""
    service = wake.service
    order = wake.ordered or wake.first
    until = service or wake.ended or around.now
    cells = _cells(wake, around, until)
    queue = (
        cells.queue_before(wake.first.timestamp(), until.timestamp(), TTL_S) if cells is not None else None
    )
    queued = _queued(cells, queue, wake) if cells is not None and queue is not None else None
    signal = _signal(cells, queue, wake, until, queued) if cells is not None and queue is not None else None
    result = _result(cells, queued, service) if cells is not None else None
    phases = [
        queued,
        signal,
        _alarm(wake, around.changes, signal),
        _ordered(wake, signal),
        _up(wake.ordered or wake.service_from or wake.first, service, around.streams, around.now)
        if service is not None
        else None,
        _service(wake),
        result,
        _emptied(cells, result) if cells is not None else None,
    ]
    waited, peak, expired = _waited(cells, queue, until, service) if cells is not None else (None, None, None)
    longest, told_by = _longest(cells, queue, until, result) if cells is not None else (None, "")
    start_s = (service - order).total_seconds() if service is not None and wake.ordered is not None else None
    counted, total_s = _total(wake, queued, result, start_s, waited)
    return ColdStart(
        id=wake.id,
        endpoint=around.endpoint,
        instance_type=around.instance_type,
        ordered=order,
        phases=tuple(p for p in phases if p is not None),
        outcome=wake.outcome,
        woken_by=wake.woken_by,
        who=wake.who,
        counted=counted,
        total_s=total_s,
        start_s=start_s,
        waited=waited,
        expired=expired,
        longest_wait_s=longest,
        longest_wait_source=told_by,
        peak_backlog=peak,
        failed_attempts=wake.failed,
        why_failed=wake.why_failed,
        warm_until=wake.slept,
        warm_hours=None,
        final=_final(wake, around, cells, result, bool(waited)),
    )


def to_ask(start: ColdStart, now: datetime) -> frozenset[Step]:
    """The phases of a cold start whose source was not read, or was asked too early."""
    found = set()
    alarm, up = start.phase(Step.ALARM), start.phase(Step.UP)
    if alarm is not None and alarm.source.endswith(HISTORY_UNREAD):
        found.add(Step.ALARM)
    if up is not None and up.source.endswith(STREAMS_UNREAD):
        found.add(Step.UP)
    late = up is not None and up.source.endswith(STREAM_LATE)
    if late and up is not None and up.latest is not None and now >= up.latest + LATE:
        found.add(Step.UP)
    return frozenset(found)


def retold(
    start: ColdStart,
    now: datetime,
    changes: Sequence[AlarmChange] | None,
    streams: Sequence[LogStream] | None,
) -> ColdStart:
    """A cold start with what was asked for later; None: not asked, or denied again."""
    asked, phases = to_ask(start, now), []
    for phase in start.phases:
        told, first = phase, phase.latest
        if phase.step in asked and first is not None:
            if phase.step is Step.ALARM and changes is not None:
                told = _rang(start.who, first, phase.earliest, changes)
            if phase.step is Step.UP and streams is not None and phase.earliest is not None:
                told = _up(phase.earliest, first, streams, now)
        phases.append(told)
    return replace(start, phases=tuple(phases))


def _cells(wake: Wake, around: Around, until: datetime) -> Cells | None:
    """The metrics, where they say anything about this wake."""
    if around.read is None:
        return None
    read_to = around.read_to or around.now
    cells = Cells(around.read, read_to.timestamp())
    if not cells.knows(metrics.BACKLOG, wake.first.timestamp() - 300, until.timestamp()):
        return None
    return cells


def _words(cells: Cells, text: str) -> str:
    return f"{text}, in {STEPS.get(cells.period, f'{cells.period} s')} datapoints"


def _queued(cells: Cells, queue: int, wake: Wake) -> Phase:
    """When the oldest request came that the first instance found, or that waited when it was ordered."""
    known = np.flatnonzero(cells.empty[:queue])
    before = cells.start(int(known[-1])) if known.size else None
    cut = queue == 0 or cells.end(queue) < wake.first.timestamp() - TTL_S + 2 * cells.period
    at_order = max(queue, cells.place(wake.first.timestamp()))
    aged = cells.newest(metrics.OLDEST, queue, at_order)
    if aged is not None:
        age = float(cells.values(metrics.OLDEST)[aged])
        said = cells.end(aged) - age
        low, high = cells.start(aged) - age, said
        if not cut and said <= cells.end(queue) and before is not None:
            low, high = max(low, before), min(high, cells.end(queue))
        source = _words(cells, "ApproximateBacklogSize ≥ 1 and ApproximateAgeOfOldestRequest")
        return Phase.bounded(Step.QUEUED, utc(min(low, high)), utc(high), source, utc(said))
    source = _words(cells, "ApproximateBacklogSize ≥ 1")
    middle = utc(cells.start(queue) + cells.period / 2)
    earliest = None if cut or before is None else utc(before)
    return Phase.bounded(Step.QUEUED, earliest, utc(cells.end(queue)), source, middle)


def _signal(cells: Cells, queue: int, wake: Wake, until: datetime, queued: Phase | None) -> Phase | None:
    begin = queue
    if queued is not None and queued.at is not None:
        begin = max(queue, cells.place(queued.at.timestamp()))
    place = cells.first(metrics.NO_CAPACITY, begin, cells.place(until.timestamp()))
    if place is None:
        return None
    source = _words(
        cells, "first HasBacklogWithoutCapacity = 1; CloudWatch shows it one to three minutes later"
    )
    start, end = utc(cells.start(place)), utc(cells.end(place))
    if wake.alarm and start < wake.first < end:
        end = wake.first  # the alarm had seen it by then
    return Phase.bounded(Step.SIGNAL, start, end, source, end)


def _alarm(wake: Wake, changes: Iterable[AlarmChange] | None, signal: Phase | None) -> Phase | None:
    """When the alarm went off that asked for the instance; nothing where no alarm did."""
    if not wake.alarm:
        return None
    return _rang(wake.alarm, wake.first, signal.earliest if signal is not None else None, changes)


def _rang(
    alarm: str, first: datetime, earliest: datetime | None, changes: Iterable[AlarmChange] | None
) -> Phase:
    """`first`: the first attempt that it asked for."""
    rang = [
        c.at
        for c in changes or ()
        if c.alarm == alarm and c.after == "ALARM" and c.at <= first + timedelta(seconds=5)
    ]
    if rang:
        return Phase.measured(Step.ALARM, max(rang), "the alarm's history (DescribeAlarmHistory)")
    why = HISTORY_UNREAD if changes is None else "its history no longer holds it"
    return Phase.bounded(Step.ALARM, earliest, first, f"before the scaling activity; {why}")


def _ordered(wake: Wake, signal: Phase | None) -> Phase:
    if wake.ordered is not None:
        return Phase.measured(Step.ORDERED, wake.ordered, "the scaling activity's StartTime")
    earliest = signal.earliest if signal is not None else None
    if wake.failed:
        return Phase.bounded(Step.ORDERED, wake.first, None, "every attempt so far failed")
    return Phase.bounded(Step.ORDERED, earliest, wake.service, "no scaling activity of it is on record")


def _up(begin: datetime, service: datetime, streams: Iterable[LogStream] | None, now: datetime) -> Phase:
    """The first line of a new instance, else its new stream: provisioned and its image pulled by then."""
    end = service + timedelta(seconds=LAG_S)
    own = [s for s in streams or () if not s.is_data_log]
    lines = [s.first for s in own if s.first is not None and begin < s.first <= end]
    made = [s.created for s in own if begin < s.created <= end]
    if lines:
        source = "the first line in a new log stream: an upper bound"
        return Phase.bounded(Step.UP, begin, min(lines), source, min(lines))
    if made:
        source = "the making of a new log stream: an upper bound"
        return Phase.bounded(Step.UP, begin, min(made), source, min(made))
    why = STREAMS_UNREAD
    if streams is not None:
        why = STREAM_LATE if now < service + LATE else "no log stream of it is left"
    return Phase.bounded(Step.UP, begin, service, f"between the order and in service; {why}")


def _service(wake: Wake) -> Phase | None:
    if wake.service is None:
        return None
    if wake.service_from is not None:
        source = "the first host metric (CPUUtilization) after a time without any"
        return Phase.bounded(Step.SERVICE, wake.service_from, wake.service, source, wake.service)
    return Phase.measured(Step.SERVICE, wake.service, "the scaling activity's EndTime, Successful")


def _result(cells: Cells, queued: Phase | None, service: datetime | None) -> Phase | None:
    """The first request that was finished, well or badly; only where requests waited for it."""
    if queued is None or service is None:
        return None
    begin, stop = cells.place(service.timestamp()), cells.place(cells.until)
    if cells.end(begin) < service.timestamp():
        return None
    found = {m.name: cells.first(m, begin, stop) for m in (metrics.PROCESSED, metrics.FAILURES)}
    places = {name: place for name, place in found.items() if place is not None}
    if not places:
        return None
    name, place = min(places.items(), key=lambda item: item[1])
    earliest, latest = max(service.timestamp(), cells.start(place)), cells.end(place)
    source = _words(cells, f"first {name}")
    return Phase.bounded(Step.RESULT, utc(earliest), utc(latest), source, utc((earliest + latest) / 2))


def _emptied(cells: Cells, result: Phase | None) -> Phase | None:
    if result is None or result.earliest is None:
        return None
    begin = cells.place(result.earliest.timestamp())
    found = np.flatnonzero(cells.empty[begin : cells.place(cells.until) + 1])
    if not found.size:
        return None
    place = begin + int(found[0])
    earliest = max(cells.start(max(place - 1, 0)), result.earliest.timestamp())
    source = _words(cells, "ApproximateBacklogSize back at 0")
    middle = utc(cells.start(place) + cells.period / 2)
    return Phase.bounded(Step.EMPTY, utc(earliest), utc(cells.end(place)), source, middle)


def _waited(
    cells: Cells, queue: int | None, until: datetime, service: datetime | None
) -> tuple[int | None, int | None, int | None]:
    """(requests that waited, at least; peak backlog; expired meanwhile)"""
    if queue is None:
        return 0, 0, 0
    last = cells.place(until.timestamp())
    peak = cells.greatest(metrics.BACKLOG, queue, last)
    expired = round(cells.total(metrics.EXPIRED, queue, last))
    if peak is None:
        return None, None, expired
    return round(peak) + expired, round(peak), expired


def _longest(
    cells: Cells, queue: int | None, until: datetime, result: Phase | None
) -> tuple[float | None, str]:
    if queue is None:
        return None, ""
    last = cells.place(until.timestamp())
    age = cells.greatest(metrics.OLDEST, queue, last)
    if result is not None and result.earliest is not None:
        begin = cells.place(result.earliest.timestamp())
        waited = cells.greatest(metrics.TIME_IN_BACKLOG_MAX, begin, min(begin + 2, cells.place(cells.until)))
        if waited is not None:
            return max(waited / 1000, 0.0), "TimeInBacklog, Maximum, when the first results came"
    return (
        (age, "ApproximateAgeOfOldestRequest, its last datapoint while waking: at least")
        if age
        else (None, "")
    )


def _total(
    wake: Wake, queued: Phase | None, result: Phase | None, start_s: float | None, waited: int | None
) -> tuple[Counted, float | None]:
    if wake.outcome in (Outcome.FAILED, Outcome.NOTHING):
        span = (wake.ended - wake.first).total_seconds() if wake.ended is not None else None
        return Counted.ATTEMPT, span
    if queued is not None and queued.at is not None and waited:
        done = result.at if result is not None else None
        return Counted.WAIT, (done - queued.at).total_seconds() if done is not None else None
    return Counted.START, start_s


def _final(wake: Wake, around: Around, cells: Cells | None, result: Phase | None, waited: bool) -> bool:
    if wake.outcome is Outcome.RUNNING:
        return False
    done = wake.service or wake.ended
    if done is None:
        return False
    moments = [done]
    if result is not None and result.latest is not None:
        moments.append(result.latest)
    settled = max(moments) + timedelta(seconds=LAG_S)
    read_to = around.read_to or around.now
    if around.now < settled or read_to < settled:
        return False
    if wake.outcome is Outcome.SERVED and waited and result is None:
        gone = wake.slept is not None and wake.slept <= read_to
        return gone or (read_to - done).total_seconds() > GIVE_UP_S
    return True
