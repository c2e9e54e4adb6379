"""The history of alarms, two weeks of it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.local_aws import alarm_text as text

if TYPE_CHECKING:
    from ops.local_aws.alarms import Alarm

KEPT_S = 14 * 86400.0
MOST = 50_000
"""Items kept at most."""
_CONFIGURED = {"Create": "created", "Update": "updated", "Delete": "deleted"}


@dataclass(frozen=True, slots=True)
class Item:
    alarm: str
    kind: str
    """ConfigurationUpdate, StateUpdate or Action."""
    at: float
    summary: str
    data: Mapping[str, Any]

    def json(self) -> str:
        """HistoryData."""
        return json.dumps(self.data)


class History:
    """Items in the order in which they came. What is older than two weeks goes as new ones come."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque(maxlen=MOST)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def configured(self, alarm: Alarm, now: float, change: str) -> None:
        """`change` is Create, Update or Delete."""
        part = {k[0].lower() + k[1:]: v for k, v in alarm.params.items()}
        part |= {"alarmArn": alarm.arn, "alarmConfigurationUpdatedTimestamp": text.stamp(alarm.configured)}
        data = {"version": "1.0", "type": change, f"{_CONFIGURED[change]}Alarm": part}
        self._add(alarm, "ConfigurationUpdate", now, f'Alarm "{alarm.name}" {_CONFIGURED[change]}', data)

    def changed(self, alarm: Alarm, now: float, before: str, old: Mapping[str, Any]) -> None:
        """A transition from the state `before`, described by `old`, to the alarm's present one."""
        data = text.state_change(old, alarm.part())
        self._add(alarm, "StateUpdate", now, f"Alarm updated from {before} to {alarm.machine.state}", data)

    def acted(self, alarm: Alarm, now: float, action: str, ok: bool) -> None:
        """An action ran on a transition, or failed to."""
        done = "Successfully executed" if ok else "Failed to execute"
        data = {
            "version": "1.0",
            "actionState": "Succeeded" if ok else "Failed",
            "stateUpdateTimestamp": int(alarm.updated * 1000),
            "notificationResource": action,
        }
        self._add(alarm, "Action", now, f"{done} action {action}", data)

    def _add(self, alarm: Alarm, kind: str, now: float, summary: str, data: Mapping[str, Any]) -> None:
        while self._items and self._items[0].at < now - KEPT_S:
            self._items.popleft()
        self._items.append(Item(alarm.name, kind, now, summary, data))
