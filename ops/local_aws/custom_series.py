"""Metrics that clients publish with PutMetricData: few, at any time, in any unit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from ops.local_aws.metric_reduce import PLAIN, Floats, grouped, percentile_of
from ops.local_aws.metric_series import Grid, Series


@dataclass(slots=True)
class Cell:
    """Samples of one minute (or of one second, at high resolution)."""

    count: float = 0.0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    values: dict[float, float] = field(default_factory=dict)
    """How often each value came; without what came as a statistic set."""

    def add(self, count: float, total: float, low: float, high: float) -> None:
        self.count += count
        self.total += total
        self.low, self.high = min(self.low, low), max(self.high, high)
        if low == high or count == 1:
            self.values[low] = self.values.get(low, 0.0) + count


class CustomSeries(Series):
    """Sparse cells by unit and epoch second."""

    __slots__ = ("_cells", "_fine")

    def __init__(self, namespace: str, name: str, dims: tuple[tuple[str, str], ...], unit: str) -> None:
        super().__init__(namespace, name, dims, unit)
        self.immediate = True
        self._cells: dict[str, dict[int, Cell]] = {}
        self._fine: dict[str, dict[int, Cell]] = {}

    def add(
        self, at: float, unit: str, count: float, total: float, low: float, high: float, fine: bool = False
    ) -> None:
        """Samples of the instant `at` (epoch seconds). `fine` keeps them by the second too."""
        self._cells.setdefault(unit, {}).setdefault(int(at) // 60 * 60, Cell()).add(count, total, low, high)
        if fine:
            self._fine.setdefault(unit, {}).setdefault(int(at), Cell()).add(count, total, low, high)

    def units(self) -> list[str]:
        return list(self._cells)

    def buckets(self, grid: Grid, statistic: str, until: int, unit: str | None = None) -> Floats:
        source = self._cells if grid.period >= 60 else self._fine
        out = np.full(grid.n, np.nan)
        found: dict[int, list[Cell]] = {}
        for name, cells in source.items():
            if unit is not None and name != unit:
                continue
            for second, cell in cells.items():
                if grid.start <= second < grid.end and second // 60 < until:
                    found.setdefault((second - grid.start) // grid.period, []).append(cell)
        for i, group in found.items():
            out[i] = _statistic(group, statistic)
        return out

    def newest(self, before: int) -> int | None:
        minutes = [s // 60 for cells in self._cells.values() for s in cells if s // 60 < before]
        return max(minutes, default=None)


def _statistic(cells: list[Cell], statistic: str) -> float:
    count = sum(cell.count for cell in cells)
    if statistic in PLAIN:
        total = sum(cell.total for cell in cells)
        if statistic == "SampleCount":
            return count
        if statistic == "Sum":
            return total
        if statistic == "Minimum":
            return min(cell.low for cell in cells)
        if statistic == "Maximum":
            return max(cell.high for cell in cells)
        return total / count if count else math.nan
    weights: dict[float, float] = {}
    for cell in cells:
        for value, times in cell.values.items():
            weights[value] = weights.get(value, 0.0) + times
    # As in CloudWatch, a statistic set of several different values has no percentiles.
    if percentile_of(statistic) is None or not math.isclose(sum(weights.values()), count):
        return math.nan
    known = sorted(weights)
    spread = np.repeat(np.array(known), [max(1, round(weights[value])) for value in known])
    return float(grouped(np.full(1, np.nan), np.zeros(len(spread), np.int64), spread, statistic)[0])
