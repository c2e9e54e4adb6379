"""The kernel for every scenario: one event after another, as in `ops.replay.oracle`, and equal to it to the bit."""

from __future__ import annotations

import math

import numpy as np

from ops.core import scaling_rules as rules
from ops.core.types import FloatArray
from ops.replay.decisions import decide, look, move
from ops.replay.instances import bill, current, due, gone, note_full
from ops.replay.jit import Record, kernel, part
from ops.replay.layout import NONE, Ints, Records, Setup
from ops.replay.leaving import leave, replace
from ops.replay.planned import planned
from ops.replay.state import (
    RENEWED,
    STATE,
    STAYS,
    Course,
    begin,
    first_waiting,
    new_course,
    pop,
    start_waiting,
    take_first,
    waiting,
)

ROWS = 5
"""Backlog, backlog per instance, instances, desired, processed."""


@part
def is_over(u: Record, s: Record, c: Course) -> bool:
    if u.until < math.inf or s.running or s.updating or waiting(s) or s.next < len(c.arrival):
        return False
    return bool(current(s) <= s.low)


@part
def complete(u: Record, s: Record, c: Course, now: float) -> None:
    place = c.slots[0].place
    pop(s, c)
    s.done += 1
    if place == STAYS:
        s.held -= 1
        start_waiting(u, s, c, now)
    elif place >= 0:
        c.slots[place].work -= 1
        if c.slots[place].work == 0:
            s.leaving_busy -= 1
            s.leaving_idle += 1
            if s.updating and s.due == math.inf:
                gone(s, now)


@part
def run_until(u: Record, s: Record, c: Course, end: float) -> bool:
    """Everything strictly before `end`; True when the course is over."""
    n = len(c.arrival)
    while True:
        completion = c.slots[0].end if s.running else math.inf
        expiry = math.inf
        if u.ttl > 0 and waiting(s) > 0:
            expiry = c.arrival[first_waiting(s, c)] + u.ttl
        arrival = c.arrival[s.next] if s.next < n else math.inf
        at = min(min(completion, s.due), min(expiry, arrival))
        if at >= end:
            return False
        s.changed = max(s.changed, at)
        if completion == at:
            s.drained = s.progress = at
            complete(u, s, c, at)
        elif s.due == at:
            if s.what == RENEWED:
                replace(s, c)
            due(s, at)
            start_waiting(u, s, c, at)
        elif expiry == at:
            take_first(s, c)
            s.expired += 1
            s.drained = s.progress = max(s.drained, at)
        else:
            s.next += 1
            start_waiting(u, s, c, at)
            s.peak_backlog = max(s.peak_backlog, waiting(s) + s.running)
        if is_over(u, s, c):
            return True


@part
def publish(u: Record, s: Record, c: Course, point: FloatArray, boundary: float) -> None:
    """The datapoints of the minute that ends at `boundary`, by their number in Watched."""
    there, queued = current(s), waiting(s)
    backlog = queued + (s.running if u.counted else 0)
    point[0] = math.nan
    if there:
        point[0] = backlog / there
    elif backlog and u.zero_backlog:
        point[0] = backlog
    point[1] = 1.0 if backlog and not there else 0.0
    point[2] = backlog
    point[3] = boundary - c.arrival[first_waiting(s, c)] if queued else math.nan


@kernel
def general(
    arrival: FloatArray, hold: FloatArray, p: Setup, timeline: bool
) -> tuple[Records, FloatArray, Ints, FloatArray, float]:
    """The final state, started_s, the requests still in work, the timeline's rows (minutes, 5), the end."""
    u = p.setup[0]
    states = np.zeros(1, STATE)
    s = states[0]
    c = new_course(arrival, hold)
    begin(u, s)
    while s.next < len(arrival) and arrival[s.next] < u.start:
        s.next += 1
    s.head = s.next
    note_full(s, u.start)
    points = np.full((u.delay + 1, 4), np.nan)
    rows = np.empty((1024 if timeline else 0, ROWS), np.float64)
    minute = quiet = 0
    seen_there = seen_waiting = seen_running = -1
    over = is_over(u, s, c)
    while not over:
        boundary = (u.first_minute + minute + 1) * 60.0
        over = run_until(u, s, c, min(boundary, u.until))
        last = over or boundary > u.until
        if last and not over and u.until <= boundary - 60.0:
            break
        point = points[minute % (u.delay + 1)]
        publish(u, s, c, point, boundary)
        if timeline:
            if minute == len(rows):
                rows = np.concatenate((rows, np.empty_like(rows)))
            row = rows[minute]
            row[0], row[1], row[2], row[3], row[4] = point[2], point[0], current(s), s.desired, s.done
        s.done = 0
        if last:  # what has passed of the last minute
            minute += 1
            break
        visible = points[(minute + 1) % (u.delay + 1)]
        for number in range(len(p.alarms)):
            alarm = p.alarms[number]
            look(alarm, p.windows, visible[alarm.watched])
            if alarm.state == rules.ALARM:
                capacity = decide(p, s, number, boundary)
                if capacity != NONE:
                    move(p, u, s, capacity, boundary)
        planned(p, u, s, boundary)
        if s.leave_to != NONE:
            leave(u, s, c, boundary)
        minute += 1
        if is_over(u, s, c):
            s.changed = boundary
            break
        there, queued = current(s), waiting(s)
        busy = s.updating or s.running or s.next < len(arrival) or s.event < len(p.events)
        busy = busy or s.clamp_at < math.inf or (queued > 0 and u.ttl > 0)
        if busy or there != seen_there or queued != seen_waiting or s.running != seen_running:
            quiet = 0
            seen_there, seen_waiting, seen_running = there, queued, s.running
        else:
            quiet += 1
        if s.next < len(arrival) or s.event < len(p.events):
            s.progress = boundary
        if u.until == math.inf and (quiet > u.settled or boundary > s.progress + u.give_up):
            break
    end = s.changed if u.until == math.inf else u.until
    bill(s, max(end, s.billed_at))
    return states, c.started, c.slots["request"][: s.running].copy(), rows[:minute], end
