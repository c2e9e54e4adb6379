"""A replay of next to nothing through every kernel, so that each is compiled, or read from disk."""

from __future__ import annotations

import numpy as np

from ops.core.types import Bounds
from ops.replay.engine import prepare, replay
from ops.replay.scenario import Requests, Scenario, Tracking, wake_policy
from ops.replay.sweep import sweep


def run() -> None:
    requests = Requests(np.array([0.0, 30.0, 60.0]), np.array([20.0, 20.0, 20.0]))
    scenario = Scenario(Bounds(0, 1), 0, 1, (Tracking(5.0), wake_policy()))
    replay(prepare(requests), scenario)
    sweep(requests, [scenario])
