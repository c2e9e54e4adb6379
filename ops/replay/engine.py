"""The compiled replay: equal to `ops.replay.oracle` to the bit, thousands of times as fast."""

from __future__ import annotations

import math

import numpy as np

from ops.replay.general import general
from ops.replay.layout import laid_out, start_of
from ops.replay.outcome import Replayed, Timeline
from ops.replay.prepared import Prepared, prepare
from ops.replay.scenario import Requests, Scenario
from ops.replay.shapes import Notes, counted, fits, leapt, replayed

__all__ = ["Prepared", "prepare", "replay"]


def replay(requests: Requests | Prepared, scenario: Scenario, timeline: bool = True) -> Replayed:
    """One course. Threads may call it at the same time: it takes no lock and keeps nothing.

    Without a timeline it is faster, most of all over Prepared requests.
    """
    if not timeline:
        prepared = requests if isinstance(requests, Prepared) else prepare(requests)
        if fits(prepared, scenario):
            return replayed(prepared, leapt(prepared, scenario, Notes(prepared)))
    return _whole(requests.requests if isinstance(requests, Prepared) else requests, scenario, timeline)


def _whole(requests: Requests, scenario: Scenario, timeline: bool) -> Replayed:
    states, started, unfinished, rows, end = general(
        requests.arrival_s,
        requests.hold_s,
        laid_out(requests, scenario, float(requests.hold_s.max(initial=0.0))),
        timeline,
    )
    s = states[0]
    ended = started + requests.hold_s
    ended[unfinished] = math.nan
    drained = s["next"] >= len(requests) and not s["running"] and s["stacked"] + s["next"] == s["head"]
    start = start_of(requests, scenario)
    return Replayed(
        started,
        ended,
        *counted(s),
        float(s["billed"]),
        float(s["full"]),
        float(s["drained"]) if drained else math.nan,
        start,
        end,
        Timeline(math.floor(start / 60), *np.ascontiguousarray(rows.T)) if timeline else None,
        int(s["failed_openings"]),
        int(s["failed_closings"]),
    )
