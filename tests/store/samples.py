"""Grids to write, and how two arrays are compared."""

from __future__ import annotations

import numpy as np

from ops.core.types import FloatArray
from ops.store.history import Grid, Scope

DAY = 86_400
MIDNIGHT = 1_790_035_200
"""A chunk of minutes begins here."""
OURS = Scope("aws", "123456789012", "us-east-1")
NAN = float("nan")


def row(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float64)


def minutes(start: int, **values: FloatArray) -> Grid:
    return Grid(60, start, values)


def same(one: FloatArray, other: FloatArray) -> bool:
    """Bit for bit, NaN and -0.0 included."""
    return one.tobytes() == other.tobytes()
