"""Alarms and what they make of the capacity. Parts of both kernels; the rules are ops.core.scaling_rules."""

from __future__ import annotations

import math

from ops.core import scaling_rules as rules
from ops.replay.instances import order
from ops.replay.jit import Record, inlined, part
from ops.replay.layout import LOW, NONE, TRACKING, Setup, Window


@part
def look(alarm: Record, windows: Window, value: float) -> None:
    """One more datapoint, NaN = nothing published."""
    if alarm.size and (value == alarm.last or (math.isnan(value) and math.isnan(alarm.last))):
        alarm.same += 1
        if alarm.same > alarm.range:
            return  # the window holds nothing else, and its state is settled
    else:
        alarm.same = 1
        alarm.last = value
    if alarm.size == alarm.range:
        alarm.at += 1
        alarm.size -= 1
        if alarm.at + alarm.size == 2 * alarm.range:
            for k in range(alarm.size):
                windows[alarm.space + k] = windows[alarm.space + alarm.at + k]
            alarm.at = 0
    begin = alarm.space + alarm.at
    windows[begin + alarm.size] = value
    alarm.size += 1
    alarm.state = rules.alarm_code(
        windows[begin : begin + alarm.size],
        alarm.periods,
        alarm.datapoints,
        alarm.comparison,
        alarm.threshold,
        alarm.missing,
        alarm.state,
    )


@inlined
def recent(alarm: Record, windows: Window) -> tuple[int, float, float]:
    """Of the newest N known datapoints of the evaluation range: how many, the newest, the highest."""
    known, newest, highest = 0, math.nan, -math.inf
    begin = alarm.space + alarm.at
    for at in range(begin + alarm.size - 1, begin - 1, -1):
        value = windows[at]
        if math.isnan(value):
            continue
        if known == 0:
            newest = value
        highest = max(highest, value)
        known += 1
        if known == alarm.periods:
            break
    return known, newest, highest


@inlined
def step(p: Setup, alarm: Record, base: int, metric: float) -> int:
    policy = p.policies[alarm.policy]
    steps = p.steps[policy.first_step : policy.last_step]
    return rules.stepped(
        base,
        metric - alarm.threshold,
        steps["lower"],
        steps["upper"],
        steps["adjustment"],
        policy.adjustment,
        policy.least,
    )


@inlined
def wanted(p: Setup, s: Record, alarm: Record, now: float) -> tuple[int, bool]:
    """What the alarm's policy asks for, before bounds (NO_STEP: nothing), and whether a cooldown holds it."""
    known, newest, highest = recent(alarm, p.windows)
    if known == 0:
        return rules.NO_STEP, False
    policy, desired = p.policies[alarm.policy], s.desired
    if policy.kind == TRACKING:
        low = alarm.role == LOW
        return rules.tracked(desired, highest if low else newest, policy.target, low), False
    base = rules.step_base(desired, s.out_reached, s.out_base, s.out_ended, policy.out_cooldown, now)
    want = step(p, alarm, base, newest)
    if want == rules.NO_STEP or base == desired:
        return want, False
    if want > base:
        return max(want, desired), want <= desired
    return step(p, alarm, desired, newest), False  # a step that removes counts from what is there


@inlined
def agreed(p: Setup, s: Record, alarm: Record, want: int) -> bool:
    """Target tracking scales in only if every target-tracking policy that may scale in wants to."""
    if want >= s.desired or p.policies[alarm.policy].kind != TRACKING:
        return True
    for number in range(len(p.alarms)):
        other = p.alarms[number]
        policy = p.policies[other.policy]
        tracks = policy.kind == TRACKING and policy.scales_in
        if tracks and other.role == LOW and other.state != rules.ALARM:
            return False
    return True


@inlined
def stands_back(p: Setup, s: Record, alarm: Record, now: float) -> bool:
    """Whether the policy asks for nothing: at a bound, suspended, in a cooldown, all instances needed."""
    policy, desired = p.policies[alarm.policy], s.desired
    if alarm.direction > 0:
        return desired >= s.high or bool(s.no_out)
    if alarm.direction < 0:
        if desired <= s.low or bool(s.no_in) or now < s.in_ended + policy.in_cooldown:
            return True
        if policy.kind == TRACKING:
            if not policy.scales_in:
                return True
            known, _, highest = recent(alarm, p.windows)
            return known > 0 and rules.keeps(highest, desired, policy.target)
    return False


@inlined
def decide(p: Setup, s: Record, mine: int, now: float) -> int:
    """What alarm number `mine`, which is in ALARM, leads to: the largest capacity of all that want a change.

    NONE: nothing.
    """
    alarm = p.alarms[mine]
    if s.updating or stands_back(p, s, alarm, now):
        return NONE
    desired = s.desired
    own, held = wanted(p, s, alarm, now)
    if own == rules.NO_STEP or held or own == desired:
        return NONE
    best, winner = -1, -1
    if agreed(p, s, alarm, own):
        best, winner = own, alarm.policy
    for place in range(len(p.alarms)):
        number = p.alarms[place].asked
        other = p.alarms[number]
        policy = p.policies[other.policy]
        if number == mine or other.state != rules.ALARM:
            continue
        if policy.kind == TRACKING and other.role == LOW and not policy.scales_in:
            continue
        want, _ = wanted(p, s, other, now)
        if want == rules.NO_STEP or want == desired or want <= best or not agreed(p, s, other, want):
            continue
        best, winner = want, other.policy
    if winner < 0:
        return NONE
    capacity = max(s.low, min(s.high, best))
    if capacity == desired or (capacity > desired) != (best > desired):
        return NONE
    policy = p.policies[winner]
    if capacity > desired:
        may = not s.no_out and rules.may_grow(capacity, s.out_reached, s.out_ended, policy.out_cooldown, now)
    else:
        may = not s.no_in and rules.may_shrink(s.in_ended, policy.in_cooldown, now)
    return capacity if may else NONE


@part
def move(p: Setup, u: Record, s: Record, capacity: int, now: float) -> bool:
    if capacity > s.desired:
        s.in_ended = -math.inf
    s.changed = now
    if order(u, s, p.provision, capacity, now, True):
        return True
    if s.clamp_at < math.inf:
        s.clamp_at = now
    return False
