"""The scaling rules, once: for the doctor that explains, the embedded AWS that acts, the planner that plays.

Sources: facts B.3-B.9 and docs/model.md, which names every rule that AWS does not document.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ops.core.types import Bounds, Step

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"

# How far the evaluation looks back past the periods it needs, to find datapoints that came in late.
LOOK_BACK = 2

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
COMPARISONS = tuple(_COMPARE)
"""The comparison operators that a static threshold can have."""


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """M (`datapoints`) of the last N (`periods`) datapoints against a threshold.

    `missing` is one of missing, ignore, breaching, notBreaching.
    """

    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str = "missing"

    def breaches(self, value: float) -> bool:
        return bool(_COMPARE[self.comparison](value, self.threshold))

    @property
    def range(self) -> int:
        return self.periods + LOOK_BACK


def alarm_state(values: Sequence[float | None], rule: AlarmRule, current: str) -> str:
    """The state after looking at `values`: the evaluation range, oldest first, None = nothing published.

    Follows the table "How alarm state is evaluated when data is missing" of the CloudWatch guide.
    """
    known = [v for v in values[-rule.range :] if v is not None]
    if len(known) >= rule.periods:
        hits = sum(rule.breaches(v) for v in known[-rule.periods :])
        return ALARM if hits >= rule.datapoints else OK
    hits = sum(rule.breaches(v) for v in known)
    gaps = rule.periods - len(known)
    if rule.missing == "breaching":
        return ALARM if hits + gaps >= rule.datapoints else OK
    if rule.missing == "notBreaching":
        return ALARM if hits >= rule.datapoints else OK
    if not known:
        return INSUFFICIENT if rule.missing == "missing" else current
    if hits >= rule.datapoints:
        return ALARM
    if hits < len(known):
        return OK
    if rule.missing == "ignore":
        return current
    # All that is known breaches, but it is less than M: "premature alarm state" of the guide.
    age = max(i for i, v in enumerate(reversed(values[-rule.range :]), 1) if v is not None)
    return ALARM if age >= rule.datapoints else current


class AlarmMachine:
    """`alarm_state` fed one datapoint a period. Equal to it by law (tests), cheap where nothing changes."""

    __slots__ = (
        "_breaching",
        "_compare",
        "_known",
        "_periods",
        "_range",
        "_same",
        "_strict",
        "_threshold",
        "rule",
        "state",
        "window",
    )

    def __init__(self, rule: AlarmRule, state: str = INSUFFICIENT) -> None:
        self.rule = rule
        self.state = state
        self.window: deque[float | None] = deque(maxlen=rule.range)
        """The newest datapoints, oldest first, None where nothing was published."""
        self._compare, self._threshold = _COMPARE[rule.comparison], rule.threshold
        self._periods, self._range = rule.periods, rule.range
        self._strict = rule.datapoints == rule.periods
        self._known = 0  # datapoints present in a row, newest back
        self._breaching = 0  # of these, breaching in a row
        self._same = 0  # times the newest value came in a row

    def push(self, value: float | None) -> str:
        window = self.window
        if window and window[-1] == value:
            self._same += 1
            if self._same > self._range:
                return self.state  # the window holds nothing else, and its state is settled
        else:
            self._same = 1
        window.append(value)
        if value is None:
            self._known = self._breaching = 0
        else:
            self._known += 1
            self._breaching = self._breaching + 1 if self._compare(value, self._threshold) else 0
            if self._strict and self._known >= self._periods:
                self.state = ALARM if self._breaching >= self._periods else OK
                return self.state
        self.state = alarm_state(list(window), self.rule, self.state)
        return self.state

    def seed(self, values: Sequence[float | None]) -> None:
        """Take `values` (oldest first) for what came before, and leave the state as it is."""
        state = self.state
        self.window.clear()
        self._known = self._breaching = self._same = 0
        for value in values:
            self.push(value)
        self.force(state)

    def look(self, values: Sequence[float | None]) -> str:
        """The state after looking at a whole evaluation range anew."""
        state = self.state
        self.seed(values)
        self.state = alarm_state(list(self.window), self.rule, state)
        return self.state

    def force(self, state: str) -> None:
        """Set the state from outside; the next datapoint decides anew."""
        self.state = state
        self._same = 0

    @property
    def settled(self) -> bool:
        """Whether more of the newest value cannot change the state any more."""
        return self._same >= self._range


class Outcome(StrEnum):
    ACTED = "acted"
    NOTHING = "nothing"  # already there: at a bound, or no step matches
    BLOCKED = "blocked"  # would act, and may: cooldown, updating, suspended


@dataclass(frozen=True, slots=True)
class Decision:
    """How many instances a policy wants, and why, in a sentence."""

    capacity: int
    reason: str


def clamp(capacity: int, bounds: Bounds) -> int:
    return max(bounds.min, min(bounds.max, capacity))


def target_tracking(current: int, metric: float, target: float, *, scale_in: bool) -> Decision:
    """The capacity that brings the metric to its target: proportional, rounded up both ways.

    `metric` is a per-instance value; at zero instances the base is one instance. Scale-in never goes up,
    scale-out never down.
    """
    base = max(1, current)
    want = max(0, math.ceil(round(base * metric / target, 9)))
    if scale_in:
        want = min(current, want)
        return Decision(want, f"{metric:g} per instance is below the target of {target:g}")
    want = max(current, want)
    return Decision(want, f"{metric:g} per instance is above the target of {target:g}")


def step_scaling(
    current: int,
    metric: float,
    threshold: float,
    steps: Sequence[Step],
    adjustment_type: str,
    min_adjustment: int | None = None,
) -> Decision | None:
    """The capacity that the matching step asks for; None where no step covers the breach.

    A step covers lower <= breach < upper from the threshold up, and lower < breach <= upper below it, where
    breach = metric - threshold. For a breach of 0, a step that starts there goes before one that ends there.
    """
    step = _covering(metric - threshold, steps)
    if step is None:
        return None
    if adjustment_type == "ExactCapacity":
        want = step.adjustment
    elif adjustment_type == "ChangeInCapacity":
        want = current + step.adjustment
    else:
        want = current + _percent(current, step.adjustment, min_adjustment or 0)
    return Decision(max(0, want), f"step {step.adjustment:+d} ({adjustment_type})")


def _covering(breach: float, steps: Sequence[Step]) -> Step | None:
    spans = [
        (-math.inf if s.lower is None else s.lower, math.inf if s.upper is None else s.upper, s)
        for s in steps
    ]
    if breach >= 0:
        for low, high, step in spans:
            if low <= breach < high:
                return step
    if breach <= 0:
        for low, high, step in spans:
            if low < breach <= high:
                return step
    return None


def _percent(current: int, adjustment: int, least: int) -> int:
    """Percent of the capacity in whole instances: towards zero, but at least one; not less than `least`."""
    if not adjustment:
        return 0
    change = current * adjustment / 100
    size = max(int(abs(change)), 1 if change else 0, least)
    return size if adjustment > 0 else -size


def scale_out_allowed(want: int, reached: int, ended: float | None, cooldown: float, now: float) -> bool:
    """Whether a scale-out to `want` may start: after the cooldown, or if it is larger than the last one.

    `reached` is the capacity that the last scale-out asked for, `ended` when it completed.
    """
    return ended is None or now >= ended + cooldown or want > reached


def scale_in_allowed(ended: float | None, cooldown: float, now: float) -> bool:
    """`ended` is when the last scale-in completed; a scale-out since then has cleared it."""
    return ended is None or now >= ended + cooldown
