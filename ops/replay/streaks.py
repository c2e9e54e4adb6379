"""The alarms of the common shape as counts in a row; the whole rule only where datapoints are missing.

A ring holds the newest datapoints, each written twice so that every window is in one piece: minute k's stands at
k mod size and at size + k mod size. Parts of the leap kernel.
"""

from __future__ import annotations

from ops.core import scaling_rules as rules
from ops.replay.jit import Record, part
from ops.replay.layout import Setup, Window


@part
def write(ring: Window, minute: int, value: float) -> None:
    size = len(ring) >> 1
    at = minute & (size - 1)
    ring[at] = ring[at + size] = value


@part
def highest_of(ring: Window, newest: int, count: int) -> float:
    """Of the `count` datapoints up to minute `newest`, all of which are known."""
    begin = (newest - count + 1) & ((len(ring) >> 1) - 1)
    highest = ring[begin]
    for at in range(begin + 1, begin + count):
        highest = max(highest, ring[at])
    return highest


@part
def state_of(alarm: Record, ring: Window, newest: int, state: int) -> int:
    """The whole rule for the window that ends with minute `newest`."""
    begin = (newest - alarm.range + 1) & ((len(ring) >> 1) - 1)
    return rules.alarm_code(
        ring[begin : begin + alarm.range],
        alarm.periods,
        alarm.datapoints,
        alarm.comparison,
        alarm.threshold,
        alarm.missing,
        state,
    )


@part
def show(p: Setup, number: int, ring: Window, newest: int, state: int) -> None:
    """Let the decisions see an alarm as it is with the datapoints up to minute `newest`."""
    alarm = p.alarms[number]
    alarm.state, alarm.at, alarm.size = state, 0, alarm.range
    begin = (newest - alarm.range + 1) & ((len(ring) >> 1) - 1)
    for k in range(alarm.range):
        p.windows[alarm.space + k] = ring[begin + k]
