"""What really happened at each 0 → 1 of an endpoint: the embedded AWS's own truth, not part of AWS.

Tests and the control path read it, to compare what the console finds out from outside.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 1000
"""Wakes remembered per endpoint."""


@dataclass(slots=True)
class WakeTruth:
    """The instants of one wake, epoch seconds; None: it did not come to that."""

    ordered: float
    """The order that set the desired count above zero; of a wake that was refused several times, the last."""
    first_queued: float | None = None
    """When the oldest request came that waited for the first instance."""
    provisioned: float | None = None
    """The first line that the instance wrote."""
    in_service: float | None = None
    first_result: float | None = None
    """The first request finished after that, well or badly, where some had waited."""
    queue_empty: float | None = None
    """No request waits or runs any more."""
    waited: int = 0
    """Requests in the queue when the instance came."""
    refused: float | None = None
    """When the order failed."""


class WakeBook:
    """The wakes of one endpoint, oldest first. Its methods are called as things happen."""

    def __init__(self) -> None:
        self._wakes: deque[WakeTruth] = deque(maxlen=KEPT)
        self._present: WakeTruth | None = None

    def list(self) -> tuple[WakeTruth, ...]:
        return tuple(self._wakes)

    def ordered(self, now: float) -> None:
        """The first instance was ordered."""
        self._present = WakeTruth(now)
        self._wakes.append(self._present)

    def refused(self, now: float) -> None:
        if self._present is not None:
            self._present.refused, self._present = now, None

    def served(self, now: float, provisioned: float, waiting: int, oldest: float | None) -> None:
        """The first instance is in service; `waiting` requests find it, the oldest received at `oldest`."""
        wake = self._present
        if wake is None or wake.in_service is not None:
            return
        wake.provisioned, wake.in_service = provisioned, now
        wake.waited, wake.first_queued = waiting, oldest
        if not waiting:
            self._present = None

    def finished(self, now: float, left: int) -> None:
        """A request is done, `left` wait or run still."""
        wake = self._present
        if wake is None or wake.in_service is None:
            return
        if wake.first_result is None:
            wake.first_result = now
        if left == 0:
            wake.queue_empty, self._present = now, None
