"""The actual policy replayed over the actual traffic: how far the replay can be trusted. Pure.

Compared on equal footing: both sides are what CloudWatch shows, instances at the ends of minutes and waits of the
requests that were started. Thresholds: docs/planner.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.core.words import count, duration, listed, percent
from ops.replay.outcome import Replayed
from ops.replay.scenario import Requests, Scenario

Replay = Callable[[Requests, Scenario], Replayed]
KNOWN_GOOD, KNOWN_FAIR = 0.95, 0.7
"""Shares of the minutes that must be known."""
ENOUGH_MINUTES = 1440
"""With less than a day of known minutes nothing is called good."""


class Trust(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


_ORDER = (Trust.GOOD, Trust.FAIR, Trust.POOR)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a replay may be off: a share of the actual value, or so much, whichever is more."""

    share: float
    least: float

    def holds(self, actual: float, replayed: float) -> bool:
        return abs(replayed - actual) <= max(self.share * abs(actual), self.least) + 1e-9


GOOD = {
    "instance-hours": Tolerance(0.05, 0.25),
    "cold starts": Tolerance(0.1, 1),
    "mean wait": Tolerance(0.2, 15),
}
FAIR = {
    "instance-hours": Tolerance(0.15, 0.5),
    "cold starts": Tolerance(0.25, 2),
    "mean wait": Tolerance(0.5, 45),
}


@dataclass(frozen=True, slots=True, eq=False)
class Actual:
    """What happened, by the minute from `first_s` on (seconds since the epoch, a whole minute). NaN: not known."""

    first_s: float
    instances: FloatArray
    backlog: FloatArray
    mean_wait_s: float
    max_wait_s: float
    waits: int
    """Requests that the mean is of."""

    @property
    def until_s(self) -> float:
        return self.first_s + 60.0 * len(self.instances)


@dataclass(frozen=True, slots=True)
class Range:
    """Over the seeds: least, median and most; NaN where nothing came of it."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Compared:
    """One figure on both sides. `trust`: how well they agree."""

    name: str
    unit: str
    actual: float
    replayed: Range
    trust: Trust


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """`figures`: what was compared; `same`: the share of known minutes with the same number of instances.

    `instances`: one replay by the minute, beside the actual one; NaN past its end.
    """

    actual: Actual
    instances: FloatArray
    backlog: FloatArray
    figures: tuple[Compared, ...]
    same: Range
    known_share: float
    seeds: int
    trust: Trust
    sentences: tuple[str, ...]
    """The verdict, what limits it, the figures, and what of the set-up was left out."""
    left_out: tuple[str, ...] = ()

    @property
    def judged(self) -> tuple[str, ...]:
        """The sentences without those of what was left out."""
        return self.sentences[: len(self.sentences) - len(self.left_out)]

    def figure(self, name: str) -> Compared:
        return next(f for f in self.figures if f.name == name)


def backtest(
    actual: Actual,
    requests: Sequence[Requests],
    scenarios: Sequence[Scenario],
    replay: Replay,
    left_out: Sequence[str] = (),
) -> Backtest:
    """`requests` and `scenarios` by seed. Each scenario begins and is cut where `actual` does."""
    known = ~np.isnan(actual.instances)
    share = float(known.mean()) if len(known) else 0.0
    runs = [replay(r, s) for r, s in zip(requests, scenarios, strict=True)]
    series = [_series(run, len(actual.instances)) for run in runs]
    hours = [float(s[known].sum()) / 60 for s, _ in series]
    starts = [float(wakes(np.where(known, s, np.nan))) for s, _ in series]
    waits = [_waits(run, r) for run, r in zip(runs, requests, strict=True)]
    same = [
        float((s[known] == actual.instances[known]).mean()) if known.any() else math.nan for s, _ in series
    ]
    figures = (
        _compared("instance-hours", "h", float(actual.instances[known].sum()) / 60, hours),
        _compared("cold starts", "", float(wakes(actual.instances)), starts),
        _compared("mean wait", "s", actual.mean_wait_s, [mean for mean, _ in waits]),
        _compared("longest wait", "s", actual.max_wait_s, [most for _, most in waits]),
    )
    enough = int(known.sum()) >= ENOUGH_MINUTES
    trust = _trust(figures, share, enough)
    first = series[0] if series else (np.full(len(known), np.nan),) * 2
    return Backtest(
        actual,
        first[0],
        first[1],
        figures,
        _range(same),
        share,
        len(runs),
        trust,
        _said(trust, figures, known, len(runs), left_out),
        tuple(left_out),
    )


def wakes(instances: FloatArray) -> int:
    """Times that the series goes from none to some; across what is not known none is counted."""
    before, after = instances[:-1], instances[1:]
    return int(((before == 0) & (after > 0)).sum())


def _series(run: Replayed, minutes: int) -> tuple[FloatArray, FloatArray]:
    """(instances, backlog) at the end of each minute; the last ones hold where the replay ended before."""
    found = run.timeline
    out = np.full(minutes, np.nan), np.full(minutes, np.nan)
    if found is None:
        return out
    size = min(minutes, len(found))
    for target, values in zip(out, (found.instances, found.backlog), strict=True):
        target[:size] = values[:size]
    return out


def _waits(run: Replayed, requests: Requests) -> tuple[float, float]:
    waits = run.waits(requests.arrival_s)
    return (float(waits.mean()), float(waits.max())) if len(waits) else (math.nan, math.nan)


def _range(values: Sequence[float]) -> Range:
    found = [v for v in values if not math.isnan(v)]
    if not found:
        return Range(math.nan, math.nan, math.nan)
    return Range(min(found), float(np.median(found)), max(found))


def _compared(name: str, unit: str, actual: float, values: Sequence[float]) -> Compared:
    over = _range(values)
    trust = Trust.UNKNOWN
    if not (math.isnan(actual) or math.isnan(over.mid)) and name in GOOD:
        good, fair = (rules[name].holds(actual, over.mid) for rules in (GOOD, FAIR))
        trust = Trust.GOOD if good else Trust.FAIR if fair else Trust.POOR
    return Compared(name, unit, actual, over, trust)


def _trust(figures: Sequence[Compared], share: float, enough: bool) -> Trust:
    judged = [f.trust for f in figures if f.trust is not Trust.UNKNOWN]
    if not judged or share <= 0 or _still(figures):
        return Trust.UNKNOWN
    by_share = Trust.GOOD if share >= KNOWN_GOOD else Trust.FAIR if share >= KNOWN_FAIR else Trust.POOR
    return max([*judged, by_share, Trust.GOOD if enough else Trust.FAIR], key=_ORDER.index)


def _still(figures: Sequence[Compared]) -> bool:
    """Whether there was nothing to be right or wrong about: no instance on either side, no wait measured."""
    named = {f.name: f for f in figures}
    hours, wait = named["instance-hours"], named["mean wait"]
    return hours.actual == 0 and not hours.replayed.high > 0 and wait.trust is Trust.UNKNOWN


_VERDICTS = {
    Trust.GOOD: "The replay can be trusted: it comes close to what really happened.",
    Trust.FAIR: "The replay is a fair guide: compare policies by it, and leave room for what it misses.",
    Trust.POOR: "The replay is off: take what it says of other policies as a direction, not as numbers.",
    Trust.UNKNOWN: "Nothing is known to compare the replay with: nobody can say how far it can be trusted.",
}


def _said(
    trust: Trust, figures: Sequence[Compared], known: NDArray[np.bool_], seeds: int, left_out: Sequence[str]
) -> tuple[str, ...]:
    told = [_VERDICTS[trust]]
    if _still(figures) and known.any():
        told.append("In the minutes that could be compared no instance ran and nothing waited.")
    worst = [f.name for f in figures if f.trust is trust and trust in (Trust.FAIR, Trust.POOR)]
    if worst:
        told.append(f"What disagrees most: {listed(worst)}.")
    if known.any():
        if known.mean() < KNOWN_GOOD:
            told.append(f"Only {percent(float(known.mean()))} of the minutes are known.")
        if known.sum() < ENOUGH_MINUTES:
            told.append(f"Only {duration(60 * float(known.sum()))} could be compared.")
    parts = [_figure(f) for f in figures if not (math.isnan(f.actual) or math.isnan(f.replayed.mid))]
    if parts:
        told.append(f"Replayed against actual, over {count(seeds, 'seed')}: {listed(parts)}.")
    return (*told, *left_out)


def _figure(found: Compared) -> str:
    def value(number: float) -> str:
        if found.unit == "s":
            return f"{number:.0f} s" if number < 60 else duration(number)
        return f"{number:,.1f}" if found.unit == "h" else f"{number:,.0f}"

    low, mid, high = (value(v) for v in (found.replayed.low, found.replayed.mid, found.replayed.high))
    over = f" ({low} to {high})" if low != high else ""
    return f"{found.name} {mid}{over} against {value(found.actual)}"
