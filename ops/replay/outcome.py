"""What came of a replay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ops.core.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """One value a minute, shape (minutes,). `first_minute` * 60 is where the first one begins."""

    first_minute: int
    backlog: FloatArray
    """At the minute's end, as CloudWatch would publish it."""
    per_instance: FloatArray
    """ApproximateBacklogSizePerInstance; NaN where nothing is published."""
    instances: FloatArray
    """In service at the minute's end."""
    desired: FloatArray
    """Ordered at the minute's end, before that minute's alarms act."""
    processed: FloatArray
    """Requests completed within the minute."""

    def __len__(self) -> int:
        return len(self.backlog)


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """One course in full. Times are seconds on the scenario's axis; arrays have the requests' order."""

    started_s: FloatArray
    """When each request took its slot; NaN: it never did."""
    ended_s: FloatArray
    """When it gave its slot back; NaN: it never did."""
    expired: int
    """Requests whose time to live ended in the queue."""
    cold_starts: int
    """Times that an instance came into service where there was none."""
    launches: int
    """Instances that came into service."""
    peak_instances: int
    peak_backlog: int
    """Most requests in the system at any instant, waiting and running."""
    billed_s: float
    """Instance-seconds."""
    first_full_s: float
    """The first instant with as many instances as the maximum then allowed; NaN: never."""
    drained_s: float
    """The instant after which no request waited or ran; NaN: not all were drained."""
    start_s: float
    end_s: float
    timeline: Timeline | None = None
    failed_openings: int = 0
    """Scheduled actions that raise the minimum and could not move the capacity: the endpoint was Updating."""
    failed_closings: int = 0
    """The other scheduled actions to which that happened."""

    def waits(self, arrival_s: FloatArray) -> FloatArray:
        """Seconds from arrival to start of the started requests, in order of arrival."""
        started = ~np.isnan(self.started_s)
        waits: FloatArray = self.started_s[started] - arrival_s[started]
        return waits
