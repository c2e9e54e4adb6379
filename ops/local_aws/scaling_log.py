"""The memory of scaling activities: six weeks, newest first (facts B.8)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from ops.local_aws.scaling_records import Activity

KEPT_S = 42 * 86400.0
MOST = 20_000
"""Activities remembered per resource at most, so that a policy failing for weeks stays in bounds."""


class ActivityLog:
    def __init__(self) -> None:
        self._by_resource: dict[str, deque[Activity]] = {}

    def add(self, activity: Activity) -> Activity:
        book = self._by_resource.get(activity.resource)
        if book is None:
            book = self._by_resource[activity.resource] = deque(maxlen=MOST)
        while book and book[0].start < activity.start - KEPT_S:
            book.popleft()
        book.append(activity)
        return activity

    def list(self, now: float, resource: str | None = None, *, not_scaled: bool = False) -> list[Activity]:
        """Activities of the last six weeks, newest first; those that did not scale only when asked for."""
        found = [
            a for a in self._of(resource) if a.start >= now - KEPT_S and (not_scaled or not a.not_scaled)
        ]
        if resource is None:
            found.sort(key=lambda a: a.start)
        found.reverse()
        return found

    def _of(self, resource: str | None) -> Iterator[Activity]:
        books = self._by_resource.values() if resource is None else [self._by_resource.get(resource, deque())]
        for book in books:
            yield from book


def reason(code: str, **capacity: int) -> dict[str, Any]:
    """One entry of NotScaledReasons; `capacity` is any of minimum, maximum, current."""
    names = {"minimum": "MinCapacity", "maximum": "MaxCapacity", "current": "CurrentCapacity"}
    return {"Code": code} | {names[k]: v for k, v in capacity.items()}
