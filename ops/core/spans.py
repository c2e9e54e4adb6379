"""Spans of time as half-open pairs of epoch seconds, and what is left of one when others are taken out."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
RESOLUTIONS = (60, 300, 3600)
"""Seconds of one cell: the three periods that CloudWatch keeps for long."""


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in sorted spans that neither touch nor overlap."""
    out: list[Span] = []
    for start, end in sorted(s for s in spans if s[1] > s[0]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return tuple(out)


def without(span: Span, taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of `span`."""
    out: list[Span] = []
    at, end = span
    for begin, stop in union(taken):
        if stop <= at or begin >= end:
            continue
        if begin > at:
            out.append((at, begin))
        at = max(at, stop)
    if at < end:
        out.append((at, end))
    return tuple(out)


def both(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    """The time that lies in both."""
    mine, out = union(one), []
    for start, end in union(other):
        out += [(max(start, a), min(end, b)) for a, b in mine if a < end and b > start]
    return union(out)


def pieces(span: Span, longest: int) -> tuple[Span, ...]:
    """`span` cut into pieces of at most `longest` seconds, the newest first."""
    out: list[Span] = []
    start, end = span
    while end > start:
        begin = max(start, end - longest)
        out.append((begin, end))
        end = begin
    return tuple(out)
