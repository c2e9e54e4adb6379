"""The scaling rules as plain arithmetic on numbers: no object, no text, so that Numba can compile these very lines.

`ops.core.autoscaling` gives them names and sentences for the doctor and the embedded AWS; the planner's kernels
compile them. Numbers that stand for words: see the constants. NaN is "nothing published", -inf is "never".
Sources: facts B.3-B.9 and docs/model.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

OK, ALARM, INSUFFICIENT = 0, 1, 2
"""States of an alarm."""
AT_LEAST, ABOVE, BELOW, AT_MOST = 0, 1, 2, 3
"""Comparisons: GreaterThanOrEqualTo, GreaterThan, LessThan, LessThanOrEqualTo the threshold."""
MISSING, IGNORE, BREACHING, NOT_BREACHING = 0, 1, 2, 3
"""How missing datapoints are taken."""
EXACT, CHANGE, PERCENT = 0, 1, 2
"""Adjustment types of step scaling."""
NO_STEP = -1
"""What `stepped` answers where no step covers the breach."""
LOOK_BACK = 2
"""How far the evaluation looks back past the periods it needs, to find datapoints that came in late."""
EPSILON = 1e-9


def breaches(value: float, comparison: int, threshold: float) -> bool:
    """Whether a datapoint is in breach."""
    if comparison == AT_LEAST:
        return value >= threshold
    if comparison == ABOVE:
        return value > threshold
    if comparison == BELOW:
        return value < threshold
    return value <= threshold


def alarm_code(
    window: Sequence[float],
    periods: int,
    datapoints: int,
    comparison: int,
    threshold: float,
    missing: int,
    current: int,
) -> int:
    """The state after looking at `window`: at most `periods` + LOOK_BACK values, oldest first, NaN = nothing.

    Follows the table "How alarm state is evaluated when data is missing" of the CloudWatch guide.
    """
    size = len(window)
    known = hits = age = 0
    for back in range(1, size + 1):  # newest first
        value = window[size - back]
        if value != value:
            continue
        age = back
        if known < periods:
            known += 1
            if breaches(value, comparison, threshold):
                hits += 1
    if known >= periods:
        return ALARM if hits >= datapoints else OK
    if missing == BREACHING:
        return ALARM if hits + periods - known >= datapoints else OK
    if missing == NOT_BREACHING:
        return ALARM if hits >= datapoints else OK
    if known == 0:
        return INSUFFICIENT if missing == MISSING else current
    if hits >= datapoints:
        return ALARM
    if hits < known:
        return OK
    if missing == IGNORE:
        return current
    # All that is known breaches, but it is less than M: "premature alarm state" of the guide.
    return ALARM if age >= datapoints else current


def tracked(current: int, metric: float, target: float, scale_in: bool) -> int:
    """The capacity that brings a per-instance metric to its target: proportional, rounded up both ways.

    At zero instances the base is one instance. Scale-in never goes up, scale-out never down.
    """
    want = max(0, math.ceil(max(1, current) * metric / target - EPSILON))
    return min(current, want) if scale_in else max(current, want)


def keeps(highest: float, current: int, target: float) -> bool:
    """Whether the highest of the evaluated datapoints needs all instances: the usual end of a scale-in."""
    return highest * current > target * (current - 1) + EPSILON


def stepped(
    current: int,
    breach: float,
    lowers: Sequence[float],
    uppers: Sequence[float],
    adjustments: Sequence[int],
    kind: int,
    least: int,
) -> int:
    """The capacity that the matching step asks for; NO_STEP where none covers the breach.

    A step covers lower <= breach < upper from the threshold up, and lower < breach <= upper below it, where
    breach = metric - threshold. For a breach of 0, a step that starts there goes before one that ends there.
    `least`: MinAdjustmentMagnitude of percentages, 0 = none.
    """
    found = -1
    if breach >= 0:
        for i in range(len(lowers)):
            if lowers[i] <= breach < uppers[i]:
                found = i
                break
    if found < 0 and breach <= 0:
        for i in range(len(lowers)):
            if lowers[i] < breach <= uppers[i]:
                found = i
                break
    if found < 0:
        return NO_STEP
    adjustment = adjustments[found]
    if kind == EXACT:
        return max(0, adjustment)
    if kind == CHANGE:
        return max(0, current + adjustment)
    return max(0, current + percent(current, adjustment, least))


def percent(current: int, adjustment: int, least: int) -> int:
    """Percent of the capacity in whole instances: towards zero, but at least one; not less than `least`."""
    if adjustment == 0:
        return 0
    size = abs(current * adjustment) // 100
    if size == 0 and current != 0:
        size = 1
    size = max(size, least)
    return size if adjustment > 0 else -size


def may_grow(want: int, reached: int, ended: float, cooldown: float, now: float) -> bool:
    """Whether a scale-out may start: after the cooldown, or if it is larger than the last one.

    `reached` is the capacity that the last scale-out asked for, `ended` when it completed (-inf: never).
    """
    return now >= ended + cooldown or want > reached


def may_shrink(ended: float, cooldown: float, now: float) -> bool:
    """`ended` is when the last scale-in completed; -inf where there was none, or a scale-out since."""
    return now >= ended + cooldown


def step_base(desired: int, reached: int, before: int, ended: float, cooldown: float, now: float) -> int:
    """What a step adds to. During a scale-out cooldown the instances just added are part of the next step.

    `before` and `reached`: the capacity before and after the last scale-out.
    """
    if reached == desired and now < ended + cooldown:
        return before
    return desired
