"""The same queue and the usual scaling in SimPy, written apart from Ebb's rules: the anchor for waits and speed."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import simpy

from ops.core.types import FloatArray
from ops.replay.scenario import Requests, Scenario, Stepping, Tracking

URGENT = 0
"""Before everything else at that instant: a minute's datapoint knows only what came before its end."""


def in_alarm(
    metrics: deque[float], need: int, breaches: Callable[[float], bool], before: bool
) -> tuple[bool, list[float]]:
    """Whether all of the newest `need` datapoints breach, and these; up to two more minutes are looked back."""
    window = list(metrics)[-(need + 2) :]
    known = [m for m in window if m == m][-need:]
    if not known or not all(map(breaches, known)):
        return False, known
    age = next(len(window) - k for k, m in enumerate(window) if m == m)
    return len(known) == need or age >= need or before, known


@dataclass
class Course:
    """One run. `started_s`: shape (n,), NaN where a request never started."""

    requests: Requests
    scenario: Scenario
    started_s: FloatArray = field(init=False)
    launches: int = 0
    cold_starts: int = 0

    def __post_init__(self) -> None:
        self.started_s = np.full(len(self.requests), math.nan)
        self.env = simpy.Environment(float(self.requests.arrival_s[0]))
        self.slots = simpy.Store(self.env)
        self.staying, self.leaving = self.scenario.initial, 0
        self.slots.items = [None] * (self.staying * self.scenario.concurrency)
        self.running: dict[int, list[float] | None] = {}
        """Requests in work by start, with the leaving instance's ends where they are on one."""
        self.done, self.updating = 0, False
        self.out_ended = self.in_ended = -math.inf
        self.out_base = self.out_reached = 0
        self.tracking = next((p for p in self.scenario.policies if isinstance(p, Tracking)), None)
        self.wake = next((p for p in self.scenario.policies if isinstance(p, Stepping)), None)
        self.is_awake = self.is_high = self.is_low = False
        self.newest: list[float] = []
        size = 2 + max([0] + ([self.tracking.low_periods] if self.tracking else []))
        self.metrics: deque[float] = deque(maxlen=size)
        self.alone: deque[bool] = deque(maxlen=4)

    def run(self) -> Course:
        arrivals, holds = self.requests.arrival_s.tolist(), self.requests.hold_s.tolist()
        self.env.process(self._arrive(arrivals, holds))
        if self.tracking is not None or self.wake is not None:
            self.env.process(self._minutes(arrivals[0]))
        while self.done < len(arrivals):
            self.env.step()
        return self

    def _arrive(self, arrivals: list[float], holds: list[float]):  # type: ignore[no-untyped-def]
        for i, at in enumerate(arrivals):
            if at > self.env.now:
                yield self.env.timeout(at - self.env.now)
            self.env.process(self._request(i, holds[i]))

    def _request(self, i: int, hold: float):  # type: ignore[no-untyped-def]
        yield self.slots.get()
        self.started_s[i] = self.env.now
        self.running[i] = None
        yield self.env.timeout(hold)
        self.done += 1
        if self.running.pop(i) is None:
            yield self.slots.put(None)

    def _minutes(self, start: float):  # type: ignore[no-untyped-def]
        minute = math.floor(start / 60)
        while True:
            minute += 1
            tick = simpy.Event(self.env)
            tick._ok, tick._value = True, None
            self.env.schedule(tick, URGENT, minute * 60.0 - self.env.now)
            yield tick
            self._look()

    def _look(self) -> None:
        backlog, there = len(self.slots.get_queue) + len(self.running), self.staying + self.leaving
        self._decide()  # on what was published a minute ago
        self.metrics.append(backlog / there if there else (backlog or math.nan))
        self.alone.append(backlog > 0 and not there)

    def _decide(self) -> None:
        """The alarms one after another, by name: wake, high, low. Each acts at once; the largest wish wins."""
        policy = self.tracking
        if self.wake is not None:
            need = self.wake.alarms[0].rule.periods
            self.is_awake = len(self.alone) >= need and all(list(self.alone)[-need:])
            if self.is_awake:
                self._more("wake")
        if policy is None:
            return
        self.is_high, self.newest = in_alarm(
            self.metrics, policy.high_periods, lambda m: m > policy.target, self.is_high
        )
        if self.is_high:
            self._more("high")
        self.is_low, tail = in_alarm(
            self.metrics, policy.low_periods, lambda m: m < 0.9 * policy.target, self.is_low
        )
        if self.is_low and not self.updating and self.staying > self.scenario.bounds.min:
            want = math.ceil(self.staying * max(tail) / policy.target - 1e-9)
            want = max(self.scenario.bounds.min, want)
            if want < self.staying and self.env.now >= self.in_ended + policy.in_cooldown_s:
                self.updating = True
                self.env.process(self._shrink(want))

    def _more(self, alarm: str) -> None:
        """Where the alarm that is looked at wants more, the largest wish of all alarms counts."""
        if self.updating:
            return
        wants = {}
        if self.wake is not None and self.is_awake:
            cooling = self.env.now < self.out_ended + self.wake.cooldown_s
            base = self.out_base if cooling and self.out_reached == self.staying else self.staying
            wants["wake"] = (base + self.wake.steps[0].adjustment, self.wake.cooldown_s)
        if self.tracking is not None and self.is_high:
            ideal = max(1, self.staying) * self.newest[-1] / self.tracking.target
            wants["high"] = (math.ceil(ideal - 1e-9), self.tracking.out_cooldown_s)
        want, cooldown = max(wants.values(), key=lambda one: one[0])
        want = min(self.scenario.bounds.max, want)
        if wants[alarm][0] > self.staying and want > self.staying:
            self._grow(want, cooldown)

    def _grow(self, want: int, cooldown: float) -> None:
        if self.env.now >= self.out_ended + cooldown or want > self.out_reached:
            self.updating = True
            self.env.process(self._add(want))

    def _add(self, want: int):  # type: ignore[no-untyped-def]
        self.in_ended, before = -math.inf, self.staying
        yield self.env.timeout(self.scenario.provision_s[0])
        self.launches += want - self.staying
        self.cold_starts += self.staying == 0
        for _ in range((want - self.staying) * self.scenario.concurrency):
            yield self.slots.put(None)
        self.staying, self.updating = want, False
        self.out_ended, self.out_base, self.out_reached = self.env.now, before, want

    def _shrink(self, want: int):  # type: ignore[no-untyped-def]
        total = self.staying
        self.leaving, self.staying = total - want, want
        kept, away = 0, []
        for place, i in enumerate(sorted(self.running, key=lambda one: (self.started_s[one], one))):
            if place % total < want:
                kept += 1
            else:
                self.running[i] = []
                away.append(self.started_s[i] + self.requests.hold_s[i])
        self.slots.items = [None] * (want * self.scenario.concurrency - kept)
        yield self.env.timeout(max([self.scenario.model.removal_s, *(end - self.env.now for end in away)]))
        self.leaving, self.updating, self.in_ended = 0, False, self.env.now
