"""The slow, obvious replay: one event after another, in plain Python. The compiled kernels must equal it to the bit.

At one instant: completion, capacity, expiry, arrival. A minute's datapoints come from events strictly before its
end; then its alarms are looked at in the order of their names, each acting at once; then what was planned happens.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from ops.core import scaling_rules as rules
from ops.core.autoscaling import (
    ALARM,
    INSUFFICIENT,
    alarm_state,
    clamp,
    scale_in_allowed,
    scale_out_allowed,
    step_scaling,
    target_tracking,
)
from ops.core.types import Bounds
from ops.replay.ends import give_up_s, settle_minutes
from ops.replay.outcome import Replayed, Timeline
from ops.replay.scenario import (
    AlarmSpec,
    Event,
    Kind,
    Requests,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
)

INF = math.inf
RETRY_S = 60.0
"""A change of bounds that could not move the capacity is tried again after this."""


@dataclass(slots=True)
class _Watch:
    """An alarm with the policy that it runs."""

    spec: AlarmSpec
    policy: Scaling
    low: bool = False
    """The low alarm of target tracking."""
    state: str = INSUFFICIENT
    window: deque[float | None] = field(default_factory=deque)

    def look(self, value: float | None) -> None:
        self.window.append(value)
        self.state = alarm_state(list(self.window), self.spec.rule, self.state)

    def recent(self) -> list[float]:
        """The datapoints that decide: the newest N known ones of the evaluation range, oldest first."""
        return [v for v in self.window if v is not None][-self.spec.rule.periods :]


@dataclass(slots=True)
class _Want:
    watch: _Watch
    capacity: int
    held: bool = False


class _Course:
    def __init__(self, requests: Requests, scenario: Scenario) -> None:
        self.s = scenario
        self.c = scenario.concurrency
        self.arrival = requests.arrival_s.tolist()
        self.hold = requests.hold_s.tolist()
        self.n = len(requests)
        self.started = [math.nan] * self.n
        self.ended = [math.nan] * self.n
        start = scenario.start_s
        self.start = start if start is not None else (self.arrival[0] if self.n else 0.0)
        self.until = INF if scenario.until_s is None else scenario.until_s
        self.next = 0
        while self.next < self.n and self.arrival[self.next] < self.start:
            self.next += 1
        self.queue: deque[int] = deque()
        self.running: list[tuple[float, int]] = []
        self.away: dict[int, int] = {}
        """Running requests whose slot takes no more: by request, the leaving instance, or -1 for a replaced one."""
        self.staying = scenario.initial
        self.leaving: dict[int, int] = {}
        """Instances that were told to leave, with how many requests they still work on."""
        self.held = 0
        self.desired = scenario.initial
        self.bounds = scenario.bounds
        self.suspended = scenario.suspended
        self.updating = False
        self.due = INF
        self.order: tuple[str, int, int] = ("", 0, 0)
        """What is under way (out, in, refused, update), and the counts before and after."""
        self.scaling = False
        """Whether what is under way is an activity of scaling."""
        self.launched_orders = 0
        self.out_ended = self.in_ended = -INF
        self.out_base = self.out_reached = 0
        self.clamp_at = INF
        self.short_until = -INF
        self.events = deque(sorted(scenario.events, key=lambda e: e.at_s))
        self.on_order = 0
        self.billed = 0.0
        self.billed_at = self.start
        self.expired = self.cold_starts = self.launches = 0
        self.peak_instances = scenario.initial
        self.peak_backlog = 0
        self.full = math.nan
        self.changed = self.progress = self.drained = self.start
        self.points: list[tuple[float, float, float, float, float]] = []
        self.rows: list[tuple[float, float, float, float, float]] = []
        self.done = 0
        self.watches = sorted(
            (
                _Watch(alarm, policy, isinstance(policy, Tracking) and i == 1)
                for policy in scenario.policies
                for i, alarm in enumerate(policy.alarms)
            ),
            key=lambda watch: watch.spec.name,
        )
        for watch in self.watches:
            watch.window = deque(maxlen=watch.spec.rule.range)
        self._note_full(self.start)

    # -- instances -------------------------------------------------------------------------------------

    @property
    def current(self) -> int:
        return self.staying + len(self.leaving)

    def _bill(self, now: float) -> None:
        """Count what was there until `now`; called before every change of the number."""
        self.billed += (self.current + self.on_order) * (now - self.billed_at)
        self.billed_at = now

    def _note_full(self, now: float) -> None:
        if math.isnan(self.full) and self.current >= self.bounds.max:
            self.full = now

    def set_desired(self, count: int, now: float, scaling: bool) -> bool:
        """Order another number of instances; False where AWS refuses at once."""
        if self.updating:
            return False
        before = self.desired
        if count == self.current:
            self.desired = count
            if scaling:
                self._finished(before, count, now)
            return True
        if count > self.current:
            if self.s.quota is not None and count > self.s.quota:
                return False
            refused = now < self.short_until
            wait = self.s.model.refused_after_s
            if not refused:
                wait = self.s.provision_s[self.launched_orders % len(self.s.provision_s)]
                self.launched_orders += 1
                self._bill(now)
                self.on_order = (count - self.current) if self.s.model.billed_from == "ordered" else 0
            self._under_way("refused" if refused else "out", before, count, now + wait, scaling)
            return True
        self._leave(count, now)
        self._under_way("in", before, count, now + self.s.model.removal_s, scaling)
        self._start_waiting(now)
        return True

    def _under_way(self, what: str, before: int, count: int, due: float, scaling: bool) -> None:
        self.desired, self.updating, self.scaling = count, True, scaling
        self.order, self.due = (what, before, count), due

    def _leave(self, count: int, now: float) -> None:
        """Requests in work, in the order of their starts, lie evenly on the instances; the last instances leave."""
        work = sorted((self.started[i], i) for _, i in self.running if i not in self.away)
        total = self.staying
        self.leaving = dict.fromkeys(range(count, total), 0)
        back = []
        for place, (_, i) in enumerate(work):
            instance = place % total
            if instance >= count:
                self.held -= 1
                if self.s.model.drain == "requeue":
                    back.append(i)
                else:
                    self.away[i] = instance
                    self.leaving[instance] += 1
        self.staying = count
        for i in back:
            self.started[i] = math.nan
        self.queue = deque(sorted([*back, *self.queue]))
        self.running = [(end, i) for end, i in self.running if i not in set(back)]
        heapq.heapify(self.running)

    def _capacity(self, now: float) -> None:
        """What was under way is due."""
        what, before, count = self.order
        self._bill(now)
        if what == "in":
            self._gone(now)
            return
        self.due, self.updating, self.on_order = INF, False, 0
        was = self.current
        if what == "refused":
            self.desired = was
            self._finished(before, None, now)
            return
        if what == "update":
            for _, i in self.running:
                self.away[i] = -1
            self.held = 0
        self.staying = count
        self.launches += max(0, count - was)
        self.cold_starts += was == 0 and count > 0
        self.peak_instances = max(self.peak_instances, self.current)
        self._note_full(now)
        self._start_waiting(now)
        self._finished(before, count, now)

    def _gone(self, now: float) -> None:
        """Instances that were told to leave and have no work are gone; the last one ends the activity."""
        self._bill(now)
        self.leaving = {number: work for number, work in self.leaving.items() if work}
        self.due = INF
        if not self.leaving:
            self.updating = False
            _, before, count = self.order
            self._finished(before, count, now)

    def _finished(self, before: int, count: int | None, now: float) -> None:
        """An activity ends; cooldowns begin. `count` None: it failed."""
        if self.scaling:
            if count is not None:
                if count > before:
                    self.out_ended, self.out_base, self.out_reached = now, before, count
                else:
                    self.in_ended = now
            if self.clamp_at < INF:
                self.clamp_at = now
        self.scaling = False

    # -- requests --------------------------------------------------------------------------------------

    def run_until(self, end: float) -> bool:
        """Everything strictly before `end`; True when the course is over."""
        while True:
            completion = self.running[0][0] if self.running else INF
            expiry = INF
            if self.queue and self.s.ttl_s > 0:
                expiry = self.arrival[self.queue[0]] + self.s.ttl_s
            arrival = self.arrival[self.next] if self.next < self.n else INF
            at = min(completion, self.due, expiry, arrival)
            if at >= end:
                return False
            self.changed = max(self.changed, at)
            if completion == at:
                self._complete(at)
            elif self.due == at:
                self._capacity(at)
            elif expiry == at:
                self.queue.popleft()
                self.expired += 1
                self.drained = self.progress = max(self.drained, at)
            else:
                self.next += 1
                self.queue.append(self.next - 1)
                self._start_waiting(at)
                self.peak_backlog = max(self.peak_backlog, len(self.queue) + len(self.running))
            if self._over():
                return True

    def _over(self) -> bool:
        idle = self.next >= self.n and not self.queue and not self.running
        return self.until == INF and idle and not self.updating and self.current <= self.bounds.min

    def _start_waiting(self, now: float) -> None:
        while self.queue and self.held < self.staying * self.c:
            i = self.queue.popleft()
            self.started[i] = now
            self.held += 1
            heapq.heappush(self.running, (now + self.hold[i], i))

    def _complete(self, now: float) -> None:
        _, i = heapq.heappop(self.running)
        self.ended[i] = self.drained = self.progress = now
        self.done += 1
        instance = self.away.pop(i, None)
        if instance is None:
            self.held -= 1
            self._start_waiting(now)
        elif instance >= 0:
            self.leaving[instance] -= 1
            if self.leaving[instance] == 0 and self.updating and self.due == INF:
                self._gone(now)

    # -- minutes ---------------------------------------------------------------------------------------

    def publish(self, boundary: float) -> None:
        """The datapoints of the minute that ends at `boundary`."""
        waiting, current = len(self.queue), self.current
        backlog = waiting + (len(self.running) if self.s.model.in_flight == "counted" else 0)
        per = math.nan
        if current:
            per = backlog / current
        elif backlog and self.s.model.zero_metric == "backlog":
            per = float(backlog)
        age = boundary - self.arrival[self.queue[0]] if waiting else math.nan
        without = 1.0 if backlog and not current else 0.0
        self.points.append((per, without, float(backlog), age, float(current)))
        self.rows.append((float(backlog), per, float(current), float(self.desired), float(self.done)))
        self.done = 0

    def alarms(self, minute: int, boundary: float) -> None:
        """Look at what is visible at the end of minute number `minute` (0 = the first of the course)."""
        at = minute - math.ceil(self.s.model.metric_delay_s / 60)
        for watch in self.watches:
            value = self.points[at][watch.spec.watched] if at >= 0 else math.nan
            watch.look(None if math.isnan(value) else value)
            if watch.state == ALARM:
                self._run(watch, boundary)

    def _run(self, watch: _Watch, now: float) -> None:
        """Act on one alarm that is in ALARM."""
        if self.updating:
            return
        policy, desired = watch.policy, self.desired
        direction = policy.direction if isinstance(policy, Stepping) else (-1 if watch.low else 1)
        if direction > 0 and (desired >= self.bounds.max or self.suspended.scale_out):
            return
        if direction < 0:
            cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.in_cooldown_s
            if desired <= self.bounds.min or self.suspended.scale_in or now < self.in_ended + cooldown:
                return
            if isinstance(policy, Tracking):
                recent = watch.recent()
                if not policy.scales_in or (recent and rules.keeps(max(recent), desired, policy.target)):
                    return
        own = self._want(watch, desired, now)
        if own is None or own.held or own.capacity == desired:
            return
        wants = [w for w in [own, *self._others(watch, desired, now)] if self._counts(w, desired)]
        if not wants:
            return
        best = max(wants, key=lambda want: want.capacity)
        capacity = clamp(best.capacity, self.bounds)
        if capacity == desired or (capacity > desired) != (best.capacity > desired):
            return
        if self._may(best, capacity, desired, now):
            self._move(capacity, desired, now)

    def _want(self, watch: _Watch, desired: int, now: float) -> _Want | None:
        """What the alarm's policy asks for, before bounds."""
        recent = watch.recent()
        if not recent:
            return None
        policy, latest = watch.policy, recent[-1]
        if isinstance(policy, Tracking):
            metric = max(recent) if watch.low else latest
            return _Want(watch, target_tracking(desired, metric, policy.target, scale_in=watch.low).capacity)
        base = rules.step_base(
            desired, self.out_reached, self.out_base, self.out_ended, policy.cooldown_s, now
        )
        step = _step(policy, watch, base, latest)
        if step is None:
            return None
        if base == desired:
            return _Want(watch, step)
        if step > base:
            return _Want(watch, max(step, desired), held=step <= desired)
        step = _step(policy, watch, desired, latest)  # a step that removes counts from what is there
        return None if step is None else _Want(watch, step)

    def _others(self, watch: _Watch, desired: int, now: float) -> list[_Want]:
        """What the other alarms in ALARM want, by policy."""
        found = []
        for policy in self.s.policies:
            mine = [w for w in self.watches if w.policy is policy and w is not watch]
            if isinstance(policy, Tracking):
                mine.sort(key=lambda w: w.low)
            for other in mine:
                usable = other.state == ALARM and not (
                    isinstance(policy, Tracking) and other.low and not policy.scales_in
                )
                want = self._want(other, desired, now) if usable else None
                if want is not None and want.capacity != desired:
                    found.append(want)
        return found

    def _counts(self, want: _Want, desired: int) -> bool:
        """Target tracking scales in only if every target-tracking policy that may scale in wants to."""
        if want.capacity >= desired or not isinstance(want.watch.policy, Tracking):
            return True
        return all(
            watch.state == ALARM
            for watch in self.watches
            if watch.low and isinstance(watch.policy, Tracking) and watch.policy.scales_in
        )

    def _may(self, want: _Want, capacity: int, desired: int, now: float) -> bool:
        policy = want.watch.policy
        if capacity > desired:
            cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.out_cooldown_s
            ended = None if self.out_ended == -INF else self.out_ended
            return not self.suspended.scale_out and scale_out_allowed(
                capacity, self.out_reached, ended, cooldown, now
            )
        cooldown = policy.cooldown_s if isinstance(policy, Stepping) else policy.in_cooldown_s
        ended = None if self.in_ended == -INF else self.in_ended
        return not self.suspended.scale_in and scale_in_allowed(ended, cooldown, now)

    def _move(self, capacity: int, desired: int, now: float) -> bool:
        if capacity > desired:
            self.in_ended = -INF
        self.changed = now
        if self.set_desired(capacity, now, scaling=True):
            return True
        if self.clamp_at < INF:
            self.clamp_at = now
        return False

    # -- what is planned -------------------------------------------------------------------------------

    def planned(self, now: float) -> None:
        """Changes of bounds that had to wait, then every event that is due."""
        if self.clamp_at <= now:
            self._clamp(now)
        while self.events and self.events[0].at_s <= now:
            self._happen(self.events.popleft(), now)

    def _happen(self, event: Event, now: float) -> None:
        self.changed = max(self.changed, now)
        match event.kind:
            case Kind.SUSPEND:
                self.suspended = event.suspended
                self._clamp(now)  # RegisterScalableTarget, too
            case Kind.SHORTAGE:
                self.short_until = now + event.lasts_s
            case Kind.MANUAL:
                if event.low is not None:
                    self.set_desired(event.low, now, scaling=False)
            case Kind.UPDATE:
                if not self.updating:
                    count = self.current if event.low is None else event.low
                    self._bill(now)
                    self.on_order = count if self.s.model.billed_from == "ordered" else 0
                    self._under_way("update", self.desired, count, now + event.lasts_s, False)
            case Kind.SCHEDULED | Kind.BOUNDS:
                if event.kind is Kind.SCHEDULED and (self.suspended.scheduled or self.updating):
                    return
                low = self.bounds.min if event.low is None else event.low
                high = self.bounds.max if event.high is None else event.high
                if low > high:
                    return
                self.bounds = Bounds(low, high)
                self._clamp(now)
                self._note_full(now)

    def _clamp(self, now: float) -> None:
        """Move the capacity inside the bounds, or try again later."""
        self.clamp_at = INF
        capacity = clamp(self.desired, self.bounds)
        if capacity == self.desired:
            if self.updating and self.scaling:
                self.clamp_at = now + RETRY_S  # it may fall back to where it was
            return
        if not self.updating and self._move(capacity, self.desired, now):
            return
        self.clamp_at = now + RETRY_S

    # -- the course ------------------------------------------------------------------------------------

    def run(self) -> None:
        first = math.floor(self.start / 60)
        settled, minute, quiet, seen = settle_minutes(self.s), 0, 0, (-1, -1, -1)
        patience = give_up_s(max(self.hold, default=0.0), self.s, settled)
        end = self.until
        over = self._over()
        while not over:
            boundary = (first + minute + 1) * 60.0
            over = self.run_until(min(boundary, end))
            if over or boundary > end:
                break
            self.publish(boundary)
            self.alarms(minute, boundary)
            self.planned(boundary)
            minute += 1
            if self._over():
                self.changed = boundary
                break
            state = (self.current, len(self.queue), len(self.running))
            busy = self.updating or self.running or self.next < self.n or self.events or self.clamp_at < INF
            if busy or state != seen or (self.queue and self.s.ttl_s > 0):
                quiet, seen = 0, state
            else:
                quiet += 1
            if self.next < self.n or self.events:
                self.progress = boundary
            if end == INF and (quiet > settled or boundary > self.progress + patience):
                break
        self.end = self.changed if end == INF else end
        self._bill(max(self.end, self.billed_at))


def _step(policy: Stepping, watch: _Watch, base: int, metric: float) -> int | None:
    rule = watch.spec.rule
    decision = step_scaling(base, metric, rule.threshold, policy.steps, policy.adjustment, policy.least)
    return None if decision is None else decision.capacity


def replay(requests: Requests, scenario: Scenario) -> Replayed:
    """The whole course, with its timeline."""
    course = _Course(requests, scenario)
    course.run()
    ended = np.array(course.ended, dtype=np.float64)
    drained = course.next >= course.n and not course.queue and not course.running
    rows = np.array(course.rows, dtype=np.float64).reshape(-1, 5)
    return Replayed(
        np.array(course.started, dtype=np.float64),
        ended,
        course.expired,
        course.cold_starts,
        course.launches,
        course.peak_instances,
        course.peak_backlog,
        course.billed,
        course.full,
        course.drained if drained else math.nan,
        course.start,
        course.end,
        Timeline(math.floor(course.start / 60), *(rows[:, k].copy() for k in range(5))),
    )
