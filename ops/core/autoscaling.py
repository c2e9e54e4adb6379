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

from ops.core import scaling_rules as rules
from ops.core.types import Bounds, Step

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
STATES = (OK, ALARM, INSUFFICIENT)
"""By their number in `ops.core.scaling_rules`."""
LOOK_BACK = rules.LOOK_BACK
COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
"""The comparison operators that a static threshold can have, by their number in `ops.core.scaling_rules`."""
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
"""The treatments of missing data, by their number."""
ADJUSTMENTS = ("ExactCapacity", "ChangeInCapacity", "PercentChangeInCapacity")
"""The adjustment types of step scaling, by their number."""
_COMPARISON = {name: i for i, name in enumerate(COMPARISONS)}
_TREATMENT = {name: i for i, name in enumerate(TREATMENTS)}
_ADJUSTMENT = {name: i for i, name in enumerate(ADJUSTMENTS)}
_STATE = {name: i for i, name in enumerate(STATES)}
_COMPARE: dict[str, Callable[[float, float], bool]] = dict(
    zip(COMPARISONS, (operator.ge, operator.gt, operator.lt, operator.le), strict=True)
)


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
        return rules.breaches(value, self.code, self.threshold)

    @property
    def range(self) -> int:
        return self.periods + LOOK_BACK

    @property
    def code(self) -> int:
        """The comparison's number."""
        return _COMPARISON[self.comparison]

    @property
    def treatment(self) -> int:
        """The number of how missing datapoints are taken."""
        return _TREATMENT[self.missing]


def alarm_state(values: Sequence[float | None], rule: AlarmRule, current: str) -> str:
    """The state after looking at `values`: the evaluation range, oldest first, None = nothing published.

    Follows the table "How alarm state is evaluated when data is missing" of the CloudWatch guide.
    """
    window = [math.nan if v is None else v for v in values[-rule.range :]]
    code = rules.alarm_code(
        window, rule.periods, rule.datapoints, rule.code, rule.threshold, rule.treatment, _STATE[current]
    )
    return STATES[code]


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
    want = rules.tracked(current, metric, target, scale_in)
    if scale_in:
        return Decision(want, f"{metric:g} per instance is below the target of {target:g}")
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
    want = rules.stepped(
        current,
        metric - threshold,
        [-math.inf if s.lower is None else s.lower for s in steps],
        [math.inf if s.upper is None else s.upper for s in steps],
        [s.adjustment for s in steps],
        adjustment_number(adjustment_type),
        min_adjustment or 0,
    )
    if want == rules.NO_STEP:
        return None
    return Decision(want, f"to {want} ({adjustment_type})")


def adjustment_number(adjustment_type: str) -> int:
    """The number of an adjustment type in `ops.core.scaling_rules`."""
    return _ADJUSTMENT[adjustment_type]


def scale_out_allowed(want: int, reached: int, ended: float | None, cooldown: float, now: float) -> bool:
    """Whether a scale-out to `want` may start: after the cooldown, or if it is larger than the last one.

    `reached` is the capacity that the last scale-out asked for, `ended` when it completed.
    """
    return rules.may_grow(want, reached, -math.inf if ended is None else ended, cooldown, now)


def scale_in_allowed(ended: float | None, cooldown: float, now: float) -> bool:
    """`ended` is when the last scale-in completed; a scale-out since then has cleared it."""
    return rules.may_shrink(-math.inf if ended is None else ended, cooldown, now)
