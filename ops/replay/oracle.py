"""The slow, obvious replay: one event after another, in plain Python. The compiled kernels must equal it to the bit.

At one instant: completion, capacity, expiry, arrival. A minute's datapoints come from events strictly before its
end; then its alarms are looked at in the order of their names, each acting at once; then what was planned happens.
"""

from __future__ import annotations

import math

import numpy as np

from ops.replay.ends import give_up_s, settle_minutes
from ops.replay.oracle_endpoint import INF
from ops.replay.oracle_scaling import Scaled
from ops.replay.outcome import Replayed, Timeline
from ops.replay.scenario import Requests, Scenario


class _Course(Scaled):
    def publish(self, boundary: float) -> None:
        """The datapoints of the minute that ends at `boundary`."""
        waiting, current = len(self.queue), self.current
        backlog = waiting + (len(self.running) if self.s.model.in_flight == "counted" else 0)
        per = math.nan
        if current:
            per = backlog / current
        elif backlog and self.s.model.zero_metric == "backlog":
            per = float(backlog)
        age = boundary - self.arrival[self.queue[0]] if waiting else math.nan
        without = 1.0 if backlog and not current else 0.0
        self.points.append((per, without, float(backlog), age, float(current)))
        self.rows.append((float(backlog), per, float(current), float(self.desired), float(self.done)))
        self.done = 0

    def run(self) -> None:
        first = math.floor(self.start / 60)
        settled, minute, quiet, seen = settle_minutes(self.s), 0, 0, (-1, -1, -1)
        patience = give_up_s(max(self.hold, default=0.0), self.s, settled)
        end = self.until
        over = self.over()
        while not over:
            boundary = (first + minute + 1) * 60.0
            over = self.run_until(min(boundary, end))
            if over or boundary > end:
                if over or end > boundary - 60.0:
                    self.publish(boundary)  # what has passed of the last minute
                break
            self.publish(boundary)
            self.alarms(minute, boundary)
            self.planned(boundary)
            minute += 1
            if self.over():
                self.changed = boundary
                break
            state = (self.current, len(self.queue), len(self.running))
            busy = self.updating or self.running or self.next < self.n or self.events or self.clamp_at < INF
            if busy or state != seen or (self.queue and self.s.ttl_s > 0):
                quiet, seen = 0, state
            else:
                quiet += 1
            if self.next < self.n or self.events:
                self.progress = boundary
            if end == INF and (quiet > settled or boundary > self.progress + patience):
                break
        self.end = self.changed if end == INF else end
        self.bill(max(self.end, self.billed_at))


def replay(requests: Requests, scenario: Scenario) -> Replayed:
    """The whole course, with its timeline."""
    course = _Course(requests, scenario)
    course.run()
    ended = np.array(course.ended, dtype=np.float64)
    drained = course.next >= course.n and not course.queue and not course.running
    rows = np.array(course.rows, dtype=np.float64).reshape(-1, 5)
    return Replayed(
        np.array(course.started, dtype=np.float64),
        ended,
        course.expired,
        course.cold_starts,
        course.launches,
        course.peak_instances,
        course.peak_backlog,
        course.billed,
        course.full,
        course.drained if drained else math.nan,
        course.start,
        course.end,
        Timeline(math.floor(course.start / 60), *(rows[:, k].copy() for k in range(5))),
        course.failed_openings,
        course.failed_closings,
    )
