"""The kernel for the common shape: at most one target tracking on the backlog per instance, at most one wake policy.

Minutes in which no request can have to wait are one step each, idle stretches one altogether; the rest goes request
by request. Equal to `ops.replay.oracle` to the bit. `ops.replay.shapes` says which scenarios fit.
"""

from __future__ import annotations

import math

import numpy as np

from ops.core import scaling_rules as rules
from ops.core.types import FloatArray
from ops.replay.congested import (
    LEAP,
    Away,
    Waited,
    add_slots,
    enter,
    in_work,
    leave_flow,
    leave_slots,
    new_away,
    serve,
)
from ops.replay.decisions import decide, move
from ops.replay.instances import current, due, gone, note_full
from ops.replay.jit import Record, kernel, part
from ops.replay.layout import HIGH, LOW, NONE, Ints, Records, Setup
from ops.replay.planned import planned
from ops.replay.prepared import Flow
from ops.replay.state import IN, STATE, begin
from ops.replay.streaks import show, state_of, write
from ops.replay.tree import Slots, new_slots


@part
def next_change(s: Record, f: Record, away: Away) -> float:
    """When instances come or go next."""
    if not s.updating:
        return math.inf
    return s.due if s.due < math.inf else away.gone_at[f.next_gone]


@part
def without_work(s: Record, f: Record) -> None:
    f.next_gone += 1
    s.leaving_busy -= 1
    s.leaving_idle += 1


@part
def change(s: Record, f: Record, away: Away, now: float) -> None:
    s.changed = max(s.changed, now)
    if s.due == math.inf:
        without_work(s, f)
        gone(s, now)
        return
    if s.what == IN:
        while f.next_gone < f.gone and away.gone_at[f.next_gone] <= now:
            without_work(s, f)
    due(s, now)


@part
def single(
    u: Record, s: Record, f: Record, arrival: FloatArray, hold: FloatArray, t: Slots, w: Waited, away: Away,
    limit: float, upto: int,
) -> None:  # fmt: skip
    """A minute request by request, up to `limit`, by which `upto` requests have arrived."""
    ttl = u.ttl if u.ttl > 0 else math.inf
    while True:
        at = next_change(s, f, away)
        if at >= limit:
            break
        part_of = s.next
        while part_of < upto and arrival[part_of] < at:
            part_of += 1
        serve(f, s, arrival, hold, t, w, away, ttl, at, part_of)
        change(s, f, away, at)
        if s.staying * u.concurrency > f.slots:
            add_slots(f, t, s.staying * u.concurrency, at)
    serve(f, s, arrival, hold, t, w, away, ttl, limit, upto)


@part
def first_after(at: float, first_minute: int) -> int:
    """A minute not later than the one at whose end something planned for `at` happens."""
    if at > 1e15:
        return 1 << 50
    return math.floor(at / 60) - first_minute - 2


@kernel
def leap(
    arrival: FloatArray,
    hold: FloatArray,
    p: Setup,
    flow: Flow,
    base: int,
    most: int,
    waited_request: Ints,
    waited_left: FloatArray,
) -> tuple[Records, int]:
    """The final state, and how many requests were noted in `waited_...` (room for all requests).

    `base`: the number of the flow's first minute. `most`: most instances that the scenario can come to.
    """
    u = p.setup[0]
    states, leaps = np.zeros(1, STATE), np.zeros(1, LEAP)
    s, f = states[0], leaps[0]
    begin(u, s)
    note_full(s, u.start)
    n, minutes, offset = len(arrival), len(flow.flight), u.first_minute - base
    concurrency, delay = u.concurrency, u.delay
    room, size = 1, 4
    while room < most * concurrency:
        room *= 2
    t, w, away = new_slots(room), Waited(waited_request, waited_left), new_away(room, most + 1)
    f.slots, f.free, f.late_end = s.staying * concurrency, 1, -math.inf

    high = low = wake = NONE
    target, below, in_cooldown, scales_in, longest = math.inf, -math.inf, 0.0, False, 0
    for number in range(len(p.alarms)):
        alarm = p.alarms[number]
        longest = max(longest, alarm.range)
        policy = p.policies[alarm.policy]
        if alarm.role == HIGH:
            high, target = number, alarm.threshold
        elif alarm.role == LOW:
            low, below, in_cooldown, scales_in = (
                number,
                alarm.threshold,
                policy.in_cooldown,
                policy.scales_in > 0,
            )
        else:
            wake = number
    settled_after = longest + delay + 2
    while size < settled_after:
        size *= 2
    mask = size - 1
    per_instance, without = np.full(2 * size, np.nan), np.full(2 * size, np.nan)
    known = above = under = awake = missed = idle = 0
    high_state = low_state = rules.INSUFFICIENT
    wake_state = rules.INSUFFICIENT

    k = quiet = 0
    seen_there = seen_queued = seen_running = -1
    while True:
        boundary = (u.first_minute + k + 1) * 60.0
        m = k + offset
        inside = 0 <= m < minutes
        if f.away and not s.updating:
            f.away = 0
        queued = 0
        if f.free and boundary <= u.until and (not inside or flow.peak[m] <= f.slots):
            running = 0
            if inside:
                running = flow.flight[m]
                s.peak_backlog = max(s.peak_backlog, flow.peak[m])
                s.next = s.head = flow.upto[m]
            if s.updating:
                while True:
                    at = next_change(s, f, away)
                    if at >= boundary:
                        break
                    change(s, f, away, at)
                f.slots = s.staying * concurrency
        else:
            if f.free:
                before = 0 if m < 1 else (flow.oldest[m - 1] if m <= minutes else n)
                enter(f, s, arrival, hold, t, away, before, (u.first_minute + k) * 60.0)
            limit = min(boundary, u.until)
            upto = flow.upto[m] if inside else (0 if m < 0 else n)
            if limit < boundary:
                upto = s.next
                while upto < n and arrival[upto] < limit:
                    upto += 1
            single(u, s, f, arrival, hold, t, w, away, limit, upto)
            queued, running = s.next - s.head, in_work(f, t, away, limit)
            if queued == 0 and f.late_end < limit:
                f.free = 1
        ended = s.next >= n and queued == 0 and running == 0 and u.until == math.inf
        there = current(s)
        if boundary > u.until or (ended and not s.updating and there <= s.low):
            break

        backlog = queued + running
        value = math.nan
        if there:
            value = backlog / there
        elif backlog and u.zero_backlog:
            value = backlog
        write(per_instance, k, value)
        lonely = 1.0 if backlog and not there else 0.0
        newest = k - delay
        if high != NONE:
            seen = per_instance[newest & mask]
            was_high, was_low = high_state, low_state
            if math.isnan(seen):
                known = above = under = 0
                missed += 1
            else:
                known += 1
                missed = 0
                above = above + 1 if seen > target else 0
                under = under + 1 if seen < below else 0
            p.alarms[high].state, p.alarms[low].state = high_state, low_state
            high_state = state_of(p.alarms[high], per_instance, newest, known, above, missed)
            low_state = state_of(p.alarms[low], per_instance, newest, known, under, missed)
        if wake != NONE:
            write(without, k, lonely)
            was_wake = wake_state
            awake = awake + 1 if without[newest & mask] >= 1.0 else 0
            wake_state = rules.ALARM if awake >= p.alarms[wake].periods else rules.OK
        if not s.updating:
            desired = s.desired
            may = desired < s.high and (high_state == rules.ALARM or wake_state == rules.ALARM)
            if (
                low_state == rules.ALARM
                and desired > s.low
                and scales_in
                and boundary >= s.in_ended + in_cooldown
            ):
                may = may or not rules.keeps(seen, desired, target)  # NaN never keeps
            if may:
                if high != NONE:
                    show(p, high, per_instance, newest - 1, was_high)
                    show(p, low, per_instance, newest - 1, was_low)
                if wake != NONE:
                    show(p, wake, without, newest - 1, was_wake)
                for number in range(len(p.alarms)):
                    if number == high:
                        show(p, number, per_instance, newest, high_state)
                    elif number == low:
                        show(p, number, per_instance, newest, low_state)
                    else:
                        show(p, number, without, newest, wake_state)
                    if p.alarms[number].state == rules.ALARM:
                        capacity = decide(p, s, number, boundary)
                        if capacity != NONE:
                            move(p, u, s, capacity, boundary)
        planned(p, u, s, boundary)
        if s.leave_to != NONE:
            if f.free:
                first = flow.oldest[m] if inside else s.next
                leave_flow(f, s, arrival, hold, away, first, concurrency, boundary)
            else:
                leave_slots(f, s, t, away, concurrency, boundary)
        k += 1
        if ended and not s.updating and there <= s.low:
            s.changed = boundary
            break
        coming = s.next < n or s.event < len(p.events)
        busy = coming or s.updating or running or s.clamp_at < math.inf or (queued and u.ttl > 0)
        if busy or there != seen_there or queued != seen_queued or running != seen_running:
            quiet = 0
            seen_there, seen_queued, seen_running = there, queued, running
        else:
            quiet += 1
            if quiet > u.settled and u.until == math.inf:
                break

        idle = 0 if backlog or s.updating or s.clamp_at < math.inf or not f.free else idle + 1
        if idle > settled_after and (there == 0 or s.desired <= s.low or not scales_in):
            following = 1 << 50
            if m + 1 < minutes:
                following = flow.next_busy[max(m + 1, 0)]
                following = following - offset if following < minutes else 1 << 50
            if s.event < len(p.events):
                following = min(following, first_after(p.events[s.event].at, u.first_minute))
            following = min(following, first_after(u.until, u.first_minute))
            if k < following < 1 << 50:
                k = following
                per_instance[:] = value
    return states, f.left
