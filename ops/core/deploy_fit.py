"""Does asynchronous inference that scales to zero fit, before anything is deployed? Real-time beside async. Pure.

From what somebody knows of the requests, or what was measured of an endpoint; what nobody said stays unknown. How the
requests lie within their hours is not asked: one end of every range takes them as one batch a day, the other as
evenly mixed as chance makes them. Sources: facts C.2 (November 2026, developer guide and API reference), D (cold
starts that people saw), B.5 (15 minutes until the low alarm agrees); for real-time the API reference of InvokeEndpoint
(botocore 1.44.5: Body, and "must respond to requests within 60 seconds").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ops.core.cost import HOURS_PER_MONTH
from ops.core.errors import BadInput
from ops.core.fit_words import decimal, dollars, megabytes, numbers, rounded, shares, span, taking
from ops.core.realtime_fit import MUCH, WORTH
from ops.core.types import Price
from ops.core.views_savings import Fit
from ops.core.words import about_usd, duration, rate

MB = 1_000_000
ASYNC_MB, ASYNC_S, QUEUE_S = 1_000.0, 3_600.0, 21_600.0
"""Most of a payload, seconds of processing, and seconds in the queue that asynchronous inference takes."""
REALTIME_MB, REALTIME_S = 6_291_456 / MB, 60.0
LOW_ALARM_S = 900.0
START_S = (300.0, 660.0)
"""From a first request to an instance in service."""
START_BASIS = "as people saw it, no promise"
LIMITS = (
    "Limits of asynchronous inference as of November 2026, SageMaker developer guide and API reference: 1 GB a "
    "payload, 1 h of processing, up to 6 h in the queue. Of real-time: API reference of InvokeEndpoint."
)
MOST = 1_000_000_000
"""No number that somebody says of requests is greater."""
DAY_H = 24.0
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Load:
    """What is known of the requests; None: not known. `hours`: of a day in which they come."""

    payload_mb: float | None = None
    """The largest."""
    processing_s: float | None = None
    """Of one request."""
    longest_s: float | None = None
    """Of the slowest; None: as `processing_s`."""
    waits_s: float | None = None
    """How long the callers can wait for an answer."""
    a_day: float | None = None
    hours: float = DAY_H
    start_s: Range = START_S
    start_basis: str = START_BASIS
    asleep: float | None = None
    """Share of the time that it would have slept, where that was measured."""
    late: float | None = None
    """Share of its requests that would have waited for a start, where that was measured."""
    source: str = ""
    """What measured numbers come from."""

    @property
    def longest_start_s(self) -> float | None:
        """The upper end of a start; None where none was measured."""
        return None if self.start_basis == START_BASIS else self.start_s[1]


@dataclass(frozen=True, slots=True)
class Machine:
    """What is to be deployed. Prices of an instance-hour; None: not known."""

    asynchronous: Price | None = None
    realtime: Price | None = None
    concurrency: int = 1
    in_cooldown_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ok`: whether each side takes it; None: nothing is refused, or it is not known."""

    what: str
    yours: str
    realtime: str
    asynchronous: str
    realtime_ok: bool | None = None
    async_ok: bool | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The verdict in a sentence, why, and the table."""

    fit: Fit
    sentence: str
    why: tuple[str, ...]
    rows: tuple[Row, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class _Course:
    """A day of it, each as (least, most)."""

    starts: Range
    late: Range
    """Share of the requests that wait for a start."""
    awake: Range
    """Share of the time with an instance."""
    instance_hours: Range
    """A day."""
    realtime: int
    """Instances of a real-time endpoint."""


def check(load: Load) -> None:
    """Raises BadInput for numbers that make no sense."""
    for value in (load.payload_mb, load.processing_s, load.waits_s, load.a_day):
        if value is not None and not 0 <= value <= MOST:
            raise BadInput(
                f"{value:g} makes no sense here.", f"Give a number from 0 to {MOST:,}, or leave it out."
            )
    if not 0 < load.hours <= DAY_H:
        raise BadInput(f"A day has no {load.hours:g} hours.", "Give a number above 0, up to 24.")


def with_typed(measured: Load, typed: Load) -> Load:
    """Measured numbers, with what somebody typed in their place."""
    found = measured
    if typed.payload_mb is not None:
        found = replace(found, payload_mb=typed.payload_mb)
    if typed.processing_s is not None:
        found = replace(found, processing_s=typed.processing_s, longest_s=typed.longest_s)
    if typed.waits_s is not None:
        found = replace(found, waits_s=typed.waits_s)
    if typed.a_day is not None:
        found = replace(found, a_day=typed.a_day, asleep=None, late=None)
    return found if typed.hours == DAY_H else replace(found, hours=typed.hours, asleep=None, late=None)


def judge(load: Load, machine: Machine) -> Advice:
    """How well it fits, and why, the weightiest reason first."""
    course = _course(load, machine)
    fit, sentence, why = _verdict(load, machine, course)
    return Advice(fit, sentence, tuple(why), _rows(load, machine, course), _basis(load))


def _course(load: Load, machine: Machine) -> _Course | None:
    """What a day would be like; None where the traffic is not known."""
    if load.asleep is not None and load.a_day is not None:
        late = load.late or 0.0
        awake = (1 - load.asleep, 1 - load.asleep)
        least = max(1.0, load.a_day * late) if load.a_day else 0.0
        return _Course((min(1.0, least), least), (late, late), awake, (awake[0] * 24, awake[1] * 24), 1)
    if load.a_day is None or load.hours <= 0:
        return None
    work_s = (load.processing_s or 0.0) / machine.concurrency
    hold = (LOW_ALARM_S, LOW_ALARM_S + machine.in_cooldown_s)
    span_s = min(load.hours, DAY_H) * 3600
    rate = load.a_day / span_s
    needed = load.a_day * work_s / 3600
    batch = min(DAY_H, (load.a_day * work_s + hold[0]) / 3600) if load.a_day else 0.0
    tail = hold[1] + (load.processing_s or 0.0)
    mixed = min(
        DAY_H, (span_s * (1 - math.exp(-rate * tail)) + (hold[1] if load.hours < DAY_H else 0)) / 3600
    )
    mixed = mixed if load.a_day else 0.0
    starts = _starts(load.a_day, rate, hold)
    return _Course(
        starts,
        _late(load, starts, rate),
        (min(batch, mixed) / DAY_H, max(batch, mixed) / DAY_H),
        (max(min(batch, mixed), needed), max(batch, mixed, needed)),
        max(1, math.ceil(rate * work_s)) if load.a_day else 1,
    )


def _starts(a_day: float, rate: float, hold: Range) -> Range:
    """Cold starts a day: one for a batch; of mixed requests each that comes after a pause longer than the hold."""
    if not a_day:
        return 0.0, 0.0
    most = a_day * math.exp(-rate * hold[0])
    least = min(1.0, a_day)
    return least, max(least, most)


def _late(load: Load, starts: Range, rate: float) -> Range:
    """Share of the requests that wait for a start: the first, and those that come before it is done."""
    if not load.a_day:
        return 0.0, 0.0
    least = min(1.0, starts[0] * (1 + rate * load.start_s[0]) / load.a_day)
    return least, max(least, min(1.0, starts[1] * (1 + rate * load.start_s[1]) / load.a_day))


def _verdict(load: Load, machine: Machine, course: _Course | None) -> tuple[Fit, str, list[str]]:
    refused = _refused_by_async(load)
    if refused:
        return _said(Fit.POOR, refused)
    forced = _refused_by_realtime(load)
    reasons = [_patience(load, bool(forced))]
    if course is not None:
        reasons.append(_sleep(course, machine, bool(forced)))
    else:
        unknown = "How many requests come is not known, so neither is what it would save."
        reasons.append((Fit.FAIR if forced else Fit.UNKNOWN, unknown))
    order = (Fit.POOR, Fit.UNKNOWN, Fit.FAIR, Fit.GOOD)
    fit = min((each for each, _ in reasons), key=order.index)
    why = [said for _, said in sorted(reasons, key=lambda reason: order.index(reason[0]))]
    return _said(fit, [*forced, *why] if fit is Fit.GOOD else [*why, *forced])


def _said(fit: Fit, why: list[str]) -> tuple[Fit, str, list[str]]:
    """The verdict with its weightiest reason, and the other reasons."""
    word = {Fit.GOOD: "Good fit", Fit.FAIR: "It may fit", Fit.POOR: "Poor fit", Fit.UNKNOWN: "Not known yet"}[
        fit
    ]
    first, *rest = why
    return fit, f"{word}: {first[:1].lower()}{first[1:]}", rest


def _refused_by_async(load: Load) -> list[str]:
    found = []
    if load.payload_mb is not None and load.payload_mb > ASYNC_MB:
        found.append(
            f"Payloads of {megabytes(load.payload_mb)} are more than the 1 GB that asynchronous inference takes."
        )
    longest = _longest(load)
    if longest is not None and longest > ASYNC_S:
        found.append(
            f"Requests of {taking(longest)} take longer than the hour that asynchronous inference allows."
        )
    return found


def _refused_by_realtime(load: Load) -> list[str]:
    found = []
    if load.payload_mb is not None and load.payload_mb > REALTIME_MB:
        found.append(f"Payloads of {megabytes(load.payload_mb)} are too large for a real-time endpoint.")
    longest = _longest(load)
    if longest is not None and longest > REALTIME_S:
        found.append(f"Requests of {taking(longest)} take too long for a real-time endpoint.")
    return found


def _patience(load: Load, forced: bool) -> tuple[Fit, str]:
    """Whether callers can wait for a cold start."""
    if load.waits_s is None:
        return (Fit.FAIR if forced else Fit.UNKNOWN), "How long its callers can wait is not known."
    low, high = (start + (load.processing_s or 0.0) for start in load.start_s)
    cold = f"a cold start with its request takes {span(low, high)}"
    if load.waits_s < low:
        instead = "keep it warm in the hours when somebody waits"
        said = f"Its callers wait {duration(load.waits_s)} at most, and {cold}: {instead}"
        return (Fit.FAIR, f"{said}.") if forced else (Fit.POOR, f"{said}, or stay with real-time.")
    if load.waits_s < high:
        late = f"Its callers wait {duration(load.waits_s)} at most, and {cold}: some starts come too late."
        return Fit.FAIR, late
    return Fit.GOOD, f"Its callers can wait {duration(load.waits_s)}, and {cold}."


def _sleep(course: _Course, machine: Machine, forced: bool) -> tuple[Fit, str]:
    """Whether it would sleep enough to be worth it."""
    low, high = 1 - course.awake[1], 1 - course.awake[0]
    said = f"It would sleep {shares(low, high)} of the time"
    saved, usd = _saved(course, machine), _async_usd(course, machine)
    if forced and usd is not None:
        said += f" and cost {dollars(*usd)} a month"
    elif saved is not None and saved[1] > 0:
        said += f" and save {dollars(max(0.0, saved[0]), saved[1])} a month against real-time"
    if high < WORTH:
        return (Fit.FAIR if forced else Fit.POOR), f"{said}: its traffic is too even to gain by it."
    return (Fit.GOOD if low >= MUCH else Fit.FAIR), f"{said}."


def _rows(load: Load, machine: Machine, course: _Course | None) -> tuple[Row, ...]:
    mb, longest = load.payload_mb, _longest(load)
    unknown = "not known"
    return (
        Row(
            "Payload",
            unknown if mb is None else f"up to {megabytes(mb)}",
            f"{REALTIME_MB:.1f} MB at most",
            "1 GB at most",
            None if mb is None else mb <= REALTIME_MB,
            None if mb is None else mb <= ASYNC_MB,
        ),
        Row(
            "Processing time",
            unknown if longest is None else taking(longest),
            "60 s at most",
            "1 h at most",
            None if longest is None else longest <= REALTIME_S,
            None if longest is None else longest <= ASYNC_S,
        ),
        _wait_row(load, course),
        Row(
            "Cold starts a day",
            unknown if load.a_day is None else f"of {rounded(load.a_day)} requests",
            "0: at least one instance always runs",
            unknown if course is None else numbers(*course.starts),
        ),
        Row(
            "Asleep",
            "",
            "never",
            unknown if course is None else f"{shares(1 - course.awake[1], 1 - course.awake[0])} of the time",
        ),
        _money_row(machine, course),
        Row(
            "Time in the queue",
            "",
            "no queue",
            f"up to {duration(QUEUE_S)}, then it leaves the queue; only ExpiredRequests tells",
        ),
        Row(
            "The answer",
            "",
            "in the reply to the caller",
            "an object in S3, told by SNS where a topic is set",
        ),
    )


def _wait_row(load: Load, course: _Course | None) -> Row:
    low, high = (start + (load.processing_s or 0.0) for start in load.start_s)
    awake = "the queue before it" + ("" if load.processing_s is None else f" and {taking(load.processing_s)}")
    share = "" if course is None else f", for {shares(*course.late)} of the requests"
    return Row(
        "Waiting for an answer",
        "not known" if load.waits_s is None else f"{duration(load.waits_s)} at most",
        "its processing time" if load.processing_s is None else taking(load.processing_s),
        f"awake: {awake}; from sleep {span(low, high)}{share}",
        None if load.waits_s is None or load.processing_s is None else load.processing_s <= load.waits_s,
        None
        if load.waits_s is None
        else True
        if load.waits_s >= high
        else False
        if load.waits_s < low
        else None,
    )


def _money_row(machine: Machine, course: _Course | None) -> Row:
    real = _realtime_usd(course, machine)
    own = _async_usd(course, machine)
    price = machine.asynchronous
    return Row(
        "Cost a month",
        "" if price is None else f"${rate(price.usd_per_hour)} an hour",
        "not known"
        if real is None
        else f"{about_usd(decimal(real))}, {course.realtime if course else 1} always on",
        "not known" if own is None else dollars(*own),
    )


def _realtime_usd(course: _Course | None, machine: Machine) -> float | None:
    if machine.realtime is None:
        return None
    return (course.realtime if course else 1) * float(HOURS_PER_MONTH * machine.realtime.usd_per_hour)


def _async_usd(course: _Course | None, machine: Machine) -> Range | None:
    if machine.asynchronous is None or course is None:
        return None
    hour = float(machine.asynchronous.usd_per_hour)
    low, high = (hours * float(HOURS_PER_MONTH) / DAY_H * hour for hours in course.instance_hours)
    return low, high


def _saved(course: _Course, machine: Machine) -> Range | None:
    real, own = _realtime_usd(course, machine), _async_usd(course, machine)
    return None if real is None or own is None else (real - own[1], real - own[0])


def _basis(load: Load) -> str:
    if load.asleep is not None:
        how = f"{load.source} Counted as real-time would have slept, with 20 min from its last request to sleep."
    else:
        how = f"{load.source} ".lstrip() + (
            "Ranges: from all requests of a day in one batch to requests mixed by chance; an instance stays 15 min "
            "after the last request, or that and its cooldown."
        )
    start = f"A cold start takes {span(*load.start_s)} ({load.start_basis})."
    return f"{how} {start} Money is an estimate at list price, without the time of starts, storage and data. {LIMITS}"


def _longest(load: Load) -> float | None:
    return load.longest_s if load.longest_s is not None else load.processing_s
