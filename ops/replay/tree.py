"""Slots by when they are free, in a loser tree: the path from a leaf to the root is fixed, so nothing is guessed.

`key[node]`, `slot[node]`: the later one of the two that met at a node, 1 <= node < leaves. Slot j's leaf is leaves + j.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ops.core.types import FloatArray
from ops.replay.jit import maker, part
from ops.replay.layout import Ints


class Slots(NamedTuple):
    """Room for a fixed number of slots. `end`: when a slot is free; `request`: whom it served last."""

    end: FloatArray
    request: Ints
    key: FloatArray
    slot: Ints
    scratch: Ints
    spare: FloatArray


@maker
def new_slots(room: int) -> Slots:
    """`room`: a power of two."""
    return Slots(
        np.empty(room, np.float64),
        np.empty(room, np.int64),
        np.empty(room, np.float64),
        np.empty(room, np.int64),
        np.empty(2 * room, np.int64),
        np.empty(room, np.float64),
    )


@part
def leaves_for(count: int) -> int:
    leaves = 1
    while leaves < count:
        leaves *= 2
    return leaves


@part
def build(t: Slots, count: int) -> int:
    """The tree over the first `count` slots; the slot that is free first (0 where there is none)."""
    leaves = leaves_for(count)
    for j in range(count, leaves):
        t.end[j] = math.inf
    for j in range(leaves):
        t.scratch[leaves + j] = j
    for node in range(leaves - 1, 0, -1):
        one, other = t.scratch[2 * node], t.scratch[2 * node + 1]
        if t.end[other] < t.end[one]:
            one, other = other, one
        t.scratch[node] = one
        t.key[node], t.slot[node] = t.end[other], other
    return t.scratch[1]
