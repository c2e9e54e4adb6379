"""The slow, obvious replay: one endpoint, its queue, its slots and its instances, one event after another.

At one instant: completion, capacity, expiry, arrival.
"""

from __future__ import annotations

import heapq
import math
from collections import deque

from ops.replay.scenario import Requests, Scenario

INF = math.inf


class Endpoint:
    """An endpoint with its requests. Times are seconds on the scenario's axis."""

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
        self.failed_openings = self.failed_closings = 0
        self.changed = self.progress = self.drained = self.start
        self.points: list[tuple[float, float, float, float, float]] = []
        self.rows: list[tuple[float, float, float, float, float]] = []
        self.done = 0
        self.note_full(self.start)

    # -- instances -------------------------------------------------------------------------------------

    @property
    def current(self) -> int:
        return self.staying + len(self.leaving)

    def bill(self, now: float) -> None:
        """Count what was there until `now`; called before every change of the number."""
        self.billed += (self.current + self.on_order) * (now - self.billed_at)
        self.billed_at = now

    def note_full(self, now: float) -> None:
        """Note the first instant with as many instances as may be."""
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
                self.bill(now)
                self.on_order = (count - self.current) if self.s.model.billed_from == "ordered" else 0
            self.under_way("refused" if refused else "out", before, count, now + wait, scaling)
            return True
        self._leave(count, now)
        self.under_way("in", before, count, now + self.s.model.removal_s, scaling)
        self.start_waiting(now)
        return True

    def under_way(self, what: str, before: int, count: int, due: float, scaling: bool) -> None:
        """The endpoint is Updating until `due`."""
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
        self.bill(now)
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
        self.note_full(now)
        self.start_waiting(now)
        self._finished(before, count, now)

    def _gone(self, now: float) -> None:
        """Instances that were told to leave and have no work are gone; the last one ends the activity."""
        self.bill(now)
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
                self.start_waiting(at)
                self.peak_backlog = max(self.peak_backlog, len(self.queue) + len(self.running))
            if self.over():
                return True

    def over(self) -> bool:
        """Whether all is done, and the capacity back at its minimum."""
        idle = self.next >= self.n and not self.queue and not self.running
        return self.until == INF and idle and not self.updating and self.current <= self.bounds.min

    def start_waiting(self, now: float) -> None:
        """Requests take the free slots, the first first."""
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
            self.start_waiting(now)
        elif instance >= 0:
            self.leaving[instance] -= 1
            if self.leaving[instance] == 0 and self.updating and self.due == INF:
                self._gone(now)
