"""Where the time of one request went: before it was sent, waiting for a cold start, in the queue or at work. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ops.core.cold_start import ColdStart, Step
from ops.core.request_seen import WORDS
from ops.core.requests import RequestState, Sent


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a request's life."""

    label: str
    start: datetime
    end: datetime
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """How long a request took so far and how much of that the cold start is. Seconds; None: not known."""

    parts: tuple[Part, ...]
    total_s: float | None
    cold_s: float | None
    cold_start: str = ""
    """The id of the cold start that it waited for."""

    @property
    def share(self) -> float | None:
        """Of the whole time, 0 to 1, what passed while the endpoint started."""
        if not self.total_s or self.cold_s is None:
            return None
        return min(1.0, self.cold_s / self.total_s)


_BEFORE = (RequestState.QUEUED, RequestState.WAKING)
"""In these no instance was seen that could process it."""


def timeline(sent: Sent, starts: Iterable[ColdStart], now: datetime) -> Timeline:
    """The parts of a request's life until its end or `now`, with its share of the cold starts that are kept.

    Of a cold start counts what lies between when AWS took the request and when an instance was in service.
    """
    if sent.sent is None or sent.state in (RequestState.PLANNED, RequestState.STOPPED):
        return Timeline(
            (Part("on record, not sent", sent.planned, max(sent.planned, sent.ended or now)),), None, None
        )
    begin, end = sent.sent, max(sent.sent, sent.ended or now)
    cold: list[tuple[datetime, datetime, str]] = []
    for start in starts:
        first, last = max(begin, start.began), min(end, start.at(Step.SERVICE) or _stopped(start) or end)
        if start.endpoint == sent.endpoint and last > first:
            cold.append((first, last, start.id))
    cold.sort()
    parts = [Part("before it was sent", sent.planned, begin)] if begin > sent.planned else []
    at, cold_s = begin, 0.0
    for first, last, _ in cold:
        first = max(first, at)
        if last <= first:
            continue
        if first > at:
            parts.append(Part("queued", at, first))
        parts.append(Part("waiting for the cold start", first, last, cold=True))
        cold_s += (last - first).total_seconds()
        at = last
    work = sent.processing
    if work is not None and at < work < end:
        parts.append(Part("queued", at, work))
        at, label = work, "processing"
    else:
        label = WORDS[sent.state] if sent.state in _BEFORE else "queued or processing"
    if end > at or len(parts) == 0:
        parts.append(Part(label, at, end))
    known = cold_s if cold or sent.waiting is None else None
    return Timeline(tuple(parts), (end - begin).total_seconds(), known, cold[0][2] if cold else "")


def _stopped(start: ColdStart) -> datetime | None:
    """When a wake that never came into service ended."""
    return start.ended if start.final else None
