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
from ops.replay.jit import Record, inlined, kernel, part
from ops.replay.layout import HIGH, LOW, NONE, Ints, Records, Setup
from ops.replay.planned import planned
from ops.replay.prepared import Flow
from ops.replay.state import IN, STATE, begin
from ops.replay.streaks import caught_up, last_needing, show, state_of, write
from ops.replay.tree import Slots, leaves_for, new_slots

FAR = 1 << 50
"""A minute that never comes."""


@inlined
def next_change(s: Record, f: Record, away: Away) -> float:
    """When instances come or go next."""
    if not s.updating:
        return math.inf
    return s.due if s.due < math.inf else away.gone_at[f.next_gone]


@inlined
def without_work(s: Record, f: Record) -> None:
    f.next_gone += 1
    s.leaving_busy -= 1
    s.leaving_idle += 1


@inlined
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


@inlined
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


@inlined
def changes(s: Record, f: Record, away: Away, until: float) -> None:
    """All of them before `until`, where no request waits."""
    while True:
        at = next_change(s, f, away)
        if at >= until:
            break
        change(s, f, away, at)


@part
def first_after(at: float, first_minute: int) -> int:
    """A minute not later than the one at whose end something planned for `at` happens."""
    if at > 1e15:
        return FAR
    return math.floor(at / 60) - first_minute - 2


@part
def course(
    arrival: FloatArray, hold: FloatArray, p: Setup, flow: Flow, base: int, s: Record, f: Record,
    t: Slots, w: Waited, away: Away,
) -> None:  # fmt: skip
    """The whole course, minute by minute where it must be."""
    u = p.setup[0]
    half = len(p.windows) >> 1
    per_instance, without = p.windows[:half], p.windows[half:]
    begin(u, s)
    note_full(s, u.start)
    alarms, events, flight, peak, coming_by = p.alarms, p.events, flow.flight, flow.peak, flow.upto
    n, minutes, offset = len(arrival), len(flight), u.first_minute - base
    concurrency, delay = u.concurrency, u.delay
    f.slots, f.free, f.late_end = s.staying * concurrency, 1, -math.inf
    next_event = events[0].at if len(events) else math.inf
    high = low = wake = NONE
    low_periods = low_range = wake_periods = longest = 0
    target, below, in_cooldown, scales_in = math.inf, -math.inf, 0.0, False
    for number in range(len(alarms)):
        alarm = alarms[number]
        longest = max(longest, alarm.range)
        policy = p.policies[alarm.policy]
        if alarm.role == HIGH:
            high, target = number, alarm.threshold
        elif alarm.role == LOW:
            low, low_periods, low_range, below = number, alarm.periods, alarm.range, alarm.threshold
            in_cooldown, scales_in = policy.in_cooldown, policy.scales_in > 0
        else:
            wake, wake_periods = number, alarm.periods
    settled_after = longest + delay + 2
    mask = (len(per_instance) >> 1) - 1
    known = above = under = awake = idle = 0
    missed = gap = longest  # before the start nothing was published
    low_next, needed_at, needed_for = -delay, NONE, NONE
    high_state = low_state = rules.INSUFFICIENT
    wake_state = rules.INSUFFICIENT

    k = quiet = 0
    seen_there = seen_queued = seen_running = -1
    while True:
        boundary = (u.first_minute + k + 1) * 60.0
        m = k + offset
        inside = 0 <= m < minutes
        queued = running = 0
        if f.free and boundary <= u.until and (not inside or peak[m] <= f.slots):
            if inside:
                running = flight[m]
                s.peak_backlog = max(s.peak_backlog, peak[m])
                s.next = s.head = coming_by[m]
            if s.updating:
                changes(s, f, away, boundary)
                f.slots = s.staying * concurrency
        else:
            if f.free:
                before = 0 if m < 1 else (flow.oldest[m - 1] if m <= minutes else n)
                enter(f, s, arrival, hold, t, away, before, (u.first_minute + k) * 60.0)
            limit = min(boundary, u.until)
            upto = coming_by[m] if inside else (0 if m < 0 else n)
            if limit < boundary:
                upto = s.next
                while upto < n and arrival[upto] < limit:
                    upto += 1
            single(u, s, f, arrival, hold, t, w, away, limit, upto)
            queued, running = s.next - s.head, in_work(f, t, away, limit)
            if queued == 0 and f.late_end < limit:
                f.free = 1
        backlog, there = queued + running, current(s)
        ended = backlog == 0 and s.next >= n and u.until == math.inf
        if boundary > u.until or (ended and not s.updating and there <= s.low):
            return

        value = math.nan
        if there:
            value = backlog / there
        elif backlog and u.zero_backlog:
            value = backlog
        write(per_instance, k, value)
        newest = k - delay
        was_high, was_low, was_wake = high_state, low_state, wake_state
        seen = math.nan
        if high != NONE:
            seen = per_instance[newest & mask]
            if math.isnan(seen):
                known = above = under = 0
                missed += 1
                gap = missed
            else:
                known += 1
                missed = 0
                above = above + 1 if seen > target else 0
                under = under + 1 if seen < below else 0
            high_state = state_of(alarms[high], per_instance, newest, known, above, gap, high_state)
            if known >= low_periods or gap >= low_range:
                low_state = state_of(alarms[low], per_instance, newest, known, under, gap, low_state)
                low_next = newest + 1
            elif not (s.updating or s.desired <= s.low) or newest - low_next >= low_range:
                low_state = caught_up(alarms[low], per_instance, low_next, newest, low_state)
                low_next = newest + 1
        if wake != NONE:
            write(without, k, 1.0 if backlog and not there else 0.0)
            awake = awake + 1 if without[newest & mask] >= 1.0 else 0
            wake_state = rules.ALARM if awake >= wake_periods else rules.OK
        if not s.updating:
            desired = s.desired
            may = desired < s.high and (high_state == rules.ALARM or wake_state == rules.ALARM)
            if (
                low_state == rules.ALARM
                and desired > s.low
                and scales_in
                and boundary >= s.in_ended + in_cooldown
            ):
                if known < low_periods:
                    may = True
                elif desired != needed_for or newest - needed_at >= low_periods:
                    needed_for = desired
                    needed_at = last_needing(per_instance, newest, low_periods, desired, target)
                    may = may or needed_at == NONE
            if may:
                if high != NONE:
                    if low_next <= newest:
                        was_low = caught_up(alarms[low], per_instance, low_next, newest - 1, low_state)
                        low_state = caught_up(alarms[low], per_instance, newest, newest, was_low)
                        low_next = newest + 1
                    show(alarms[high], per_instance, 0, newest - 1, was_high)
                    show(alarms[low], per_instance, 0, newest - 1, was_low)
                if wake != NONE:
                    show(alarms[wake], without, len(per_instance), newest - 1, was_wake)
                for number in range(len(alarms)):
                    if number == high:
                        show(alarms[number], per_instance, 0, newest, high_state)
                    elif number == low:
                        show(alarms[number], per_instance, 0, newest, low_state)
                    else:
                        show(alarms[number], without, len(per_instance), newest, wake_state)
                    if alarms[number].state == rules.ALARM:
                        capacity = decide(p, s, number, boundary)
                        if capacity != NONE:
                            move(p, u, s, capacity, boundary)
        if next_event <= boundary or s.clamp_at <= boundary:
            planned(p, u, s, boundary)
            next_event = events[s.event].at if s.event < len(events) else math.inf
        if s.leave_to != NONE:
            if f.free:
                first = flow.oldest[m] if inside else s.next
                leave_flow(f, s, arrival, hold, away, first, concurrency, boundary)
            else:
                leave_slots(f, s, t, away, concurrency, boundary)
        k += 1
        if ended and not s.updating and there <= s.low:
            s.changed = boundary
            return
        busy = s.next < n or next_event < math.inf or s.updating or running
        busy = busy or s.clamp_at < math.inf or (queued and u.ttl > 0)
        if busy or there != seen_there or queued != seen_queued or running != seen_running:
            quiet = 0
            seen_there, seen_queued, seen_running = there, queued, running
        else:
            quiet += 1
            if quiet > u.settled and u.until == math.inf:
                return

        idle = 0 if backlog or s.updating or s.clamp_at < math.inf or not f.free else idle + 1
        if idle > settled_after and (there == 0 or s.desired <= s.low or not scales_in):
            following = FAR
            if m + 1 < minutes and flow.next_busy[max(m + 1, 0)] < minutes:
                following = flow.next_busy[max(m + 1, 0)] - offset
            following = min(following, first_after(next_event, u.first_minute))
            following = min(following, first_after(u.until, u.first_minute))
            if k < following < FAR:
                k = following
                low_next = k - delay
                per_instance[:] = value
                without[:] = 0.0


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
) -> tuple[Records, Records]:
    """The final STATE and LEAP; `left` requests were noted in `waited_...` (with room for all requests).

    `base`: the number of the flow's first minute. `most`: most instances that the scenario can come to.
    """
    states, leaps = np.zeros(1, STATE), np.zeros(1, LEAP)
    room, size = leaves_for(most * p.setup[0].concurrency), leaves_for(window_size(p))
    rings = np.full(4 * size, np.nan)
    slots, away = new_slots(room), new_away(room, most + 1)
    waited = Waited(waited_request, waited_left)
    q = Setup(p.setup, p.policies, p.alarms, rings, p.steps, p.events, p.provision)
    course(arrival, hold, q, flow, base, states[0], leaps[0], slots, waited, away)
    return states, leaps


@part
def window_size(p: Setup) -> int:
    """Minutes that the alarms may have to look back."""
    longest = 0
    for number in range(len(p.alarms)):
        longest = max(longest, p.alarms[number].range)
    return 2 * longest + p.setup[0].delay + 2
