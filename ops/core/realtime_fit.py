"""Would a real-time endpoint do as an asynchronous one that scales to zero, and what would that save? Pure.

A first estimate from what can be seen outside: when it was called, how long its answers took, what its instances cost.
Source: facts C.2 (limits of asynchronous inference), D (cold starts take minutes). What cannot be seen is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

import numpy as np

from ops.core import worked
from ops.core.savings_idle import PriceAt
from ops.core.views_savings import Candidate, Fit
from ops.core.words import duration, percent, took
from ops.core.worked import Steps

HOLD_S = 1200.0
"""So long after its last request an instance is taken to stay: 15 minutes until an alarm agrees, 5 of cooldown."""
START_S = 420.0
"""A cold start where none of the account's own has been measured."""
LEAST_HOURS, LEAST_COVERAGE = 7 * 24.0, 0.5
"""With less known time no number is told."""
INSTANT_S, QUICK_S = 1.0, 10.0
"""Answers so quick: somebody surely waits; somebody may wait."""
WORTH, MUCH = 0.1, 0.3
"""Sleeping less of the time than this saves nothing worth the change; more than that, much."""
SPARSE = 0.5
"""With more of its requests than this waiting for a start, nearly each caller would."""
LONGEST_S = 3600.0
MODEL = (
    f"Counted with as many instances as there were, in service from a request until {duration(HOLD_S)} after the last "
    "one; the time of starts is left out, for whether AWS bills it is not documented."
)
NOT_SEEN = (
    "How large its payloads are cannot be seen from outside: asynchronous inference takes up to 1 GB. "
    "Whether its callers can wait, and fetch results from S3, they alone know."
)


@dataclass(frozen=True, slots=True)
class Start:
    """How long a cold start takes, and what that comes from."""

    seconds: float = START_S
    basis: str = "an assumption: none of this account is measured yet"


@dataclass(frozen=True, slots=True)
class _Slept:
    """The known time as it would have been. Hours are instance-hours."""

    known_s: float
    asleep_s: float
    requests: float
    waiting: float
    usd: Decimal | None
    would_cost: Decimal | None


def candidate(
    name: str,
    instance_type: str | None,
    pieces: Sequence[Steps],
    edges: Sequence[int],
    price_at: PriceAt,
    would_at: PriceAt,
    start: Start | None = None,
) -> Candidate:
    """What asynchronous inference would have made of the span from edges[0] to edges[-1].

    `price_at`: its price for hosting; `would_at`: that for asynchronous inference; both None where not known.
    """
    start = start or Start()
    span = float(edges[-1] - edges[0]) if len(edges) > 1 else 0.0
    seen = _slept(pieces, edges, price_at, would_at, start.seconds)
    coverage = seen.known_s / span if span else 0.0
    if seen.known_s < LEAST_HOURS * 3600 or coverage < LEAST_COVERAGE:
        little = (
            f"Too little is known to say: {duration(seen.known_s) if seen.known_s else 'nothing'} of "
            f"{duration(span) if span else 'the period'}; it takes {LEAST_HOURS / 24:.0f} days, and half the period."
        )
        return Candidate(name, instance_type, Fit.UNKNOWN, (little,), None, None, None, None, coverage)
    asleep = seen.asleep_s / seen.known_s
    waiting = seen.waiting / seen.requests if seen.requests else None
    took_s, longest_s = latency(pieces)
    fit, why = _judged(asleep, waiting, seen.requests, took_s, longest_s, start)
    saved = seen.usd - seen.would_cost if seen.usd is not None and seen.would_cost is not None else None
    how = MODEL if saved is not None else "What it would save is not known: no price is."
    return Candidate(
        name,
        instance_type,
        fit,
        (*why, how, NOT_SEEN),
        seen.usd,
        seen.would_cost,
        saved,
        asleep,
        coverage,
        waiting,
    )


def _slept(
    pieces: Sequence[Steps], edges: Sequence[int], price_at: PriceAt, would_at: PriceAt, start_s: float
) -> _Slept:
    known = asleep = requests = waiting = 0.0
    usd, would = Decimal(0), Decimal(0)
    priced = True
    for steps in pieces:
        awake, late = _awake(steps, start_s)
        there = ~np.isnan(steps.instances)
        known += float(there.sum()) * steps.period
        asleep += float((there & ~awake).sum()) * steps.period
        requests += float(steps.finished.sum())
        waiting += float(steps.finished[late].sum())
        for begin, end in pairwise(edges):
            here = there & (steps.at >= begin) & (steps.at < end)
            now, then = price_at(begin), would_at(begin)
            hours = worked.hours(steps.instances, steps.period, here)
            kept = worked.hours(steps.instances, steps.period, here & awake)
            if now is not None and then is not None:
                usd += hours * now.usd_per_hour
                would += kept * then.usd_per_hour
            elif hours:
                priced = False
    return _Slept(known, asleep, requests, waiting, usd if priced else None, would if priced else None)


def _awake(steps: Steps, start_s: float) -> tuple[worked.BoolArray, worked.BoolArray]:
    """(cells in which instances would have been paid, cells whose requests would have waited for a start).

    As many instances as there were, from a request's cell until `HOLD_S` after the last; steps longer than that count
    whole. Time that is not known counts as a request: nobody knows; so does whatever lies before the first cell.
    """
    work = worked.asked(steps) | np.isnan(steps.instances)
    asked = steps.finished > 0
    rest, _ = worked.rest_s(work, steps.period)
    awake: worked.BoolArray = work | (rest < HOLD_S)
    starting = np.zeros(len(work), np.bool_)
    wide = max(1, -(-int(start_s) // steps.period))
    if steps.period < worked.HOUR_S:
        for i in np.flatnonzero(asked & (rest >= HOLD_S)):
            starting[i : i + wide] = True
    else:
        starting = asked & (rest >= HOLD_S)
    return awake, starting & asked


def latency(pieces: Sequence[Steps]) -> tuple[float | None, float | None]:
    """(mean seconds of an answer by the number of requests, the longest mean of a step); None where not known."""
    weight = total = 0.0
    longest: float | None = None
    for steps in pieces:
        known = ~np.isnan(steps.took_s) & (steps.finished > 0)
        weight += float(steps.finished[known].sum())
        total += float((steps.finished[known] * steps.took_s[known]).sum())
        if known.any():
            longest = max(longest or 0.0, float(steps.took_s[known].max()))
    return (total / weight if weight else None), longest


def _judged(
    asleep: float,
    waiting: float | None,
    requests: float,
    took_s: float | None,
    longest_s: float | None,
    start: Start,
) -> tuple[Fit, tuple[str, ...]]:
    """How well it fits, and why, the weightiest reason first."""
    why: list[str] = []
    fit = Fit.GOOD
    if not requests:
        why.append("Nobody called it in the known time: perhaps it is not needed at all.")
    elif asleep < WORTH:
        fit = Fit.POOR
        why.append(
            f"Its traffic is so even that it would have slept {percent(asleep)} of the time: there is next to nothing "
            "to save."
        )
    elif asleep < MUCH:
        fit = Fit.FAIR
        why.append(f"It would have slept {percent(asleep)} of the time.")
    else:
        why.append(f"It would have slept {percent(asleep)} of the time.")
    if took_s is None:
        fit = Fit.UNKNOWN if fit is Fit.GOOD and requests else fit
        if requests:
            why.append("How long its answers take is not known.")
    elif took_s < INSTANT_S:
        fit = Fit.POOR
        why.append(
            f"It answers in {took_s * 1000:.0f} ms on average: that looks interactive, and a cold start of minutes "
            "would not be acceptable."
        )
    elif took_s < QUICK_S:
        fit = Fit.FAIR if fit is Fit.GOOD else fit
        why.append(f"It answers in {took_s:.1f} s on average: somebody may sit in front of it.")
    else:
        why.append(f"Its answers take {took(took_s)} on average: who waits so long may wait longer.")
    if longest_s is not None and longest_s > LONGEST_S:
        fit = Fit.POOR
        why.append("Some of its answers take longer than the hour that asynchronous inference allows.")
    if waiting is not None and requests:
        sentence = (
            f"{percent(waiting)} of its requests would have waited for a start, about {took(start.seconds)}"
        )
        if waiting > SPARSE:
            fit = Fit.FAIR if fit is Fit.GOOD else fit
            sentence += ": too sparse to keep one warm, so nearly every caller waits"
        why.append(f"{sentence} ({start.basis}).")
    return fit, tuple(why)
