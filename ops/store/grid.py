"""Grids of metric values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ops.core.errors import BadInput
from ops.core.spans import RESOLUTIONS
from ops.core.types import FloatArray

CHUNK = 1440
"""Cells of one chunk, at every resolution: a day of minutes, five days, sixty days of hours (UTC)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose history this is. `world` tells one embedded AWS from another; it is empty on real AWS."""

    kind: str
    account: str
    region: str
    world: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Values of several metrics on one regular grid. Raises BadInput where the parts do not fit.

    `resolution` in seconds (60, 300, 3600); `start` in epoch seconds, a multiple of it; `values` by
    `ops.core.metrics.Metric.key`, all of one length; NaN = AWS has no datapoint there.
    """

    resolution: int
    start: int
    values: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.resolution not in RESOLUTIONS:
            raise BadInput(f"History is kept at {RESOLUTIONS} seconds, not at {self.resolution}.")
        if self.start % self.resolution:
            raise BadInput(f"A grid that starts at {self.start} is not aligned to {self.resolution} s.")
        if len({np.shape(values) for values in self.values.values()}) > 1:
            raise BadInput("The metrics of one grid differ in length.")
        if any(np.ndim(values) != 1 for values in self.values.values()):
            raise BadInput("A metric of a grid is one row of values.")

    @property
    def size(self) -> int:
        """Cells; 0 where there is no metric."""
        return next((len(values) for values in self.values.values()), 0)

    @property
    def end(self) -> int:
        """Epoch seconds after the last cell."""
        return self.start + self.size * self.resolution

    @property
    def first_cell(self) -> int:
        """Cells are counted from the epoch."""
        return self.start // self.resolution
