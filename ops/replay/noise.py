"""Which differences between candidates are more than noise, and which candidates no other one beats. Pure.

Every candidate is replayed over the same expansions of the traffic (common random numbers), so that the differences
are taken pair by pair: docs/planner-advice.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

SAME = 0.005
"""Means that differ by less than this share are the same to anybody."""
_T975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""The 97.5 % point of Student's t by degrees of freedom, from 1 on."""
_NORMAL = 1.960


def compare(one: Sequence[float], other: Sequence[float]) -> int:
    """-1: `one` is less, 1: it is more, 0: they cannot be told apart. Values by expansion, in the same order.

    They differ where the 95 % interval of the mean of the paired differences leaves out 0 and the means are not
    practically the same. With one expansion there is no noise to be known, and any difference counts. Expansions in
    which one of the two has no value (NaN) are left out; without any the two cannot be told apart.
    """
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a == a and b == b]
    if not pairs:
        return 0
    n = len(pairs)
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    mean = first - second
    if mean == 0 or abs(mean) < SAME * max(abs(first), abs(second)):
        return 0
    if n > 1:
        spread = math.sqrt(sum((a - b - mean) ** 2 for a, b in pairs) / (n - 1))
        point = _T975[n - 2] if n - 2 < len(_T975) else _NORMAL
        if abs(mean) <= point * spread / math.sqrt(n):
            return 0
    return -1 if mean < 0 else 1


def mean_of(values: Sequence[float]) -> float:
    """NaN of none."""
    return sum(values) / len(values) if values else math.nan


def front(costs: Sequence[float], weighed: Sequence[float]) -> tuple[int, ...]:
    """The places of those that no other one beats: at most as much in both, and less in one. The cheapest first.

    Of equals all stay. NaN is on no front.
    """
    known = [i for i in range(len(costs)) if costs[i] == costs[i] and weighed[i] == weighed[i]]
    found: list[int] = []
    least = math.inf
    best = (math.nan, math.nan)
    for i in sorted(known, key=lambda i: (costs[i], weighed[i], i)):
        point = (costs[i], weighed[i])
        if weighed[i] < least or point == best:
            found.append(i)
            least, best = weighed[i], point
    return tuple(found)
