"""The alarms of the common shape as counts in a row; the whole rule only where datapoints are missing.

A ring holds the newest datapoints, each written twice so that every window is in one piece: minute k's stands at
k mod size and at size + k mod size. Parts of the leap kernel.
"""

from __future__ import annotations

from ops.core import scaling_rules as rules
from ops.replay.jit import Record, part
from ops.replay.layout import NONE, Window


@part
def write(ring: Window, minute: int, value: float) -> None:
    size = len(ring) >> 1
    at = minute & (size - 1)
    ring[at] = ring[at + size] = value


@part
def last_needing(ring: Window, newest: int, count: int, desired: int, target: float) -> int:
    """The last of the `count` minutes up to `newest` whose datapoint needs all instances; NONE."""
    for minute in range(newest, newest - count, -1):
        if rules.keeps(ring[minute & ((len(ring) >> 1) - 1)], desired, target):
            return minute
    return NONE


@part
def state_of(alarm: Record, ring: Window, newest: int, known: int, streak: int, gap: int, state: int) -> int:
    """Of an alarm that needs all N datapoints and takes missing ones for missing.

    Up to minute `newest`, in a row: datapoints known, in breach, and missing, be it now or before those.
    """
    if known >= alarm.periods:
        return rules.ALARM if streak >= alarm.periods else rules.OK
    if gap >= alarm.range:
        if known == 0:
            return rules.INSUFFICIENT
        return state if streak == known else rules.OK
    return caught_up(alarm, ring, newest, newest, state)


@part
def caught_up(alarm: Record, ring: Window, first: int, newest: int, state: int) -> int:
    """The whole rule, minute by minute from `first` to `newest`."""
    for minute in range(first, newest + 1):
        begin = (minute - alarm.range + 1) & ((len(ring) >> 1) - 1)
        state = rules.alarm_code(
            ring[begin : begin + alarm.range],
            alarm.periods,
            alarm.datapoints,
            alarm.comparison,
            alarm.threshold,
            alarm.missing,
            state,
        )
    return state


@part
def show(alarm: Record, ring: Window, space: int, newest: int, state: int) -> None:
    """Let the decisions see an alarm as it is with the datapoints up to minute `newest`; its ring is at `space`."""
    alarm.state, alarm.space, alarm.size = state, space, alarm.range
    alarm.at = (newest - alarm.range + 1) & ((len(ring) >> 1) - 1)
