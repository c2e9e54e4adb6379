"""The requests that an endpoint's own traffic brings, one after another, drawn a day at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.local_aws.traffic import Traffic

DAY_S = 86_400
YEAR_DAYS = 366
"""Traffic without a request for so long has none."""


class Arrivals:
    """Times are epoch seconds. Without traffic none comes."""

    def __init__(self, traffic: Traffic | None, now: float) -> None:
        self._traffic = traffic
        self._day = int(now // DAY_S)
        self._times: list[float] = []
        self._service: list[float] = []
        self._fails: list[bool] = []
        self._index = 0
        self.next_s = math.inf
        """When the next request arrives; inf: none will."""
        self._load(now)

    def take(self) -> tuple[float, bool]:
        """The request that arrives at `next_s`: its seconds of service, and whether the model fails on it."""
        i = self._index
        taken = self._service[i], self._fails[i]
        self._index = i + 1
        if i + 1 < len(self._times):
            self.next_s = self._times[i + 1]
        else:
            self._day += 1
            self._load(0.0)
        return taken

    def _load(self, since: float) -> None:
        """The day's requests from `since` on, or those of the next day that has any (within a year)."""
        self.next_s = math.inf
        if self._traffic is None:
            return
        for _ in range(YEAR_DAYS):
            times, service, fails = self._traffic.day(self._day)
            first = next((i for i, at in enumerate(times) if at >= since), None)
            if first is not None:
                self._times, self._service, self._fails, self._index = times, service, fails, first
                self.next_s = times[first]
                return
            self._day += 1
