"""The coarse course of one endpoint: what lies before the fine history, lived when somebody asks for it.

The same traffic, counted by the minute, runs through a queue of whole requests; the endpoint's own bounds, scheduled
actions, policies and cooldowns move its instances by the rules of ops/core/autoscaling.py. Minutes in which nothing
can happen are skipped. What is left out: single requests, refusals, and what endpoints take from each other.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.local_aws.physics import PROVISION_RANGE_S, PROVISION_SIGMA

HIGH_PERIODS, LOW_PERIODS, LOW_SHARE = 3, 15, 0.9
"""Target tracking's own alarms (docs/model.md)."""
NEVER = 1 << 60
_AGES = -1e18


@dataclass(frozen=True, slots=True)
class Tracking:
    """Target tracking on the backlog per instance. Cooldowns in minutes."""

    target: float
    scale_in: float
    scale_out: float
    scales_in: bool = True


@dataclass(frozen=True, slots=True)
class Physics:
    """What decides the course of an endpoint."""

    initial: int
    concurrency: int
    busy_s: float
    """Seconds for which a request holds its slot, on average."""
    provision_s: float
    """Median seconds from the order to in service."""
    low: int | None
    high: int
    """Bounds at the beginning; `low` None: no scalable target."""
    tracking: Tracking | None
    wake_periods: int | None
    """Minutes of backlog without capacity after which the first instance is ordered; None: nothing does that."""
    bounds: Sequence[tuple[int, int | None, int | None]] = ()
    """Runs of scheduled actions: (minute of the course, minimum or None, maximum or None), in order."""
    ttl: int = 360
    """Minutes that a request may wait."""
    counts_running: bool = True
    zero_backlog: bool = True
    """Whether the backlog per instance is published at zero instances, as the backlog."""


@dataclass(frozen=True, slots=True)
class Course:
    """How it went. Minutes count from the beginning of the course; changes are kept, not minutes."""

    times: NDArray[np.float64]
    """Minutes (with fractions) at which the number of instances changed …"""
    counts: NDArray[np.int32]
    """… and what it was from then on."""
    minutes: NDArray[np.int32]
    """Minutes at whose end instances or backlog differ from those of the minute before …"""
    instances: NDArray[np.int32]
    backlog: NDArray[np.float32]
    """… and what they are until the next of `minutes`."""
    done_at: NDArray[np.int32]
    done: NDArray[np.float32]
    """Requests finished, well or badly, in minute `done_at`."""
    expired_at: NDArray[np.int32]
    expired: NDArray[np.float32]


def run(
    physics: Physics,
    arrivals: NDArray[np.int32],
    late: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    leaps: bool = True,
) -> Course:
    """The course over as many minutes as there are `arrivals`. The same generator state, the same course.

    `late`: which part of the minute is left when its first request comes. `leaps`: pass minutes without news at
    once; it makes no difference but time.
    """
    size = len(arrivals)
    there = np.flatnonzero(arrivals)
    when, amount = there.tolist(), arrivals[there].tolist()
    place = late[there].tolist()
    drawn = rng.lognormal(math.log(physics.provision_s), PROVISION_SIGMA, 4096)
    starts = (np.clip(drawn, *PROVISION_RANGE_S) / 60).tolist()
    when.append(NEVER)
    runs = [*physics.bounds, (NEVER, None, None)]

    times, counts = array("d"), array("i")
    minutes, instances, backlogs = array("i"), array("i"), array("f")
    done_at, done = array("i"), array("f")
    expired_at, expired = array("i"), array("f")

    slots_each, rate = physics.concurrency, physics.concurrency * 60.0 / physics.busy_s
    share = physics.busy_s / 60.0
    stays = max(0.0, 1.0 - 1.0 / share) if share > 1 else 0.0
    tracking, wakes = physics.tracking, physics.wake_periods
    target = tracking.target if tracking is not None else math.inf
    floor = LOW_SHARE * target
    low, high = physics.low or 0, physics.high
    scaled, zero_backlog, counted = physics.low is not None, physics.zero_backlog, physics.counts_running

    n, backlog, i, r, s = 0, 0.0, 0, 0, 0
    coming, ordered = starts[0], physics.initial  # minute at which it will be `ordered`
    over, under, waking = 0, 0, 0
    sample: float | None = None  # of the minute before: what alarms see
    recent: deque[tuple[int, float]] = deque()
    queue: deque[tuple[int, float]] = deque()
    out_ended, in_ended, reached = _AGES, _AGES, 0
    seen_n, seen_b = -1, -1.0
    m = 0
    while m < size:
        # -- scheduled actions: at the boundary, refused while a change is under way
        while runs[r][0] <= m:
            if coming == NEVER:
                _, least, highest = runs[r]
                low = low if least is None else least
                high = high if highest is None else highest
                wanted = max(low, min(high, n))
                if wanted > n:
                    s += 1
                    coming, ordered, in_ended = m + starts[s % 4096], wanted, _AGES
                elif wanted < n:
                    coming, ordered = m + 1.0, wanted
            r += 1
        # -- capacity
        capacity = n * rate
        if coming < m + 1:
            if ordered > n:
                capacity += (ordered - n) * rate * (m + 1 - coming)
                out_ended, reached = coming, ordered
            else:
                capacity, in_ended = ordered * rate, coming
            n = ordered
            times.append(coming)
            counts.append(n)
            coming = NEVER
            queue.clear()
        # -- requests
        if when[i] == m:
            came, open_for = amount[i], place[i]
            i += 1
            if not n:
                queue.append((m + physics.ttl, came))
        else:
            came, open_for = 0, 0.0
        total = backlog + came
        if not n:
            while queue and queue[0][0] <= m:
                gone = min(total, queue.popleft()[1])
                total -= gone
                expired_at.append(m)
                expired.append(gone)
            left = total
        elif not total:
            left = 0.0
        else:
            slots = n * slots_each
            if total <= slots:
                left = float(round(stays * backlog)) + (came if open_for < share else 0)
            elif came and backlog < slots:  # from idle: those in work are half done at the minute's end
                left = max(0.0, float(round(total - max(0.0, capacity * open_for - slots / 2))))
            else:
                left = max(0.0, float(round(total - capacity)))
            finished = total - left
            if finished:
                done_at.append(m)
                done.append(finished)
        backlog = left
        if n != seen_n or left != seen_b:
            minutes.append(m)
            instances.append(n)
            backlogs.append(left)
            seen_n, seen_b = n, left
        if not scaled:
            m = min(when[i], max(m + 1, int(coming) if coming < NEVER else NEVER)) if not left else m + 1
            continue
        # -- alarms, which see the minute before
        if sample is None:
            over = under = 0
        else:
            over = over + 1 if sample > target else 0
            under = under + 1 if sample < floor else 0
        if coming == NEVER:
            wanted = n
            now = m + 1
            if wakes is not None and not n and waking >= wakes:
                wanted = min(high, 1)
            if tracking is not None and sample is not None:
                if over >= HIGH_PERIODS and n < high:
                    more = min(high, math.ceil(round(max(1, n) * sample / target, 9)))
                    if more > wanted and (now >= out_ended + tracking.scale_out or more > reached):
                        wanted = more
                if wanted == n and under >= LOW_PERIODS and n > low and tracking.scales_in:
                    while recent and recent[0][0] < m - LOW_PERIODS:
                        recent.popleft()
                    most = max([value for _, value in recent], default=0.0)
                    fewer = max(low, math.ceil(round(n * most / target, 9)))
                    if fewer < n and now >= in_ended + tracking.scale_in:
                        wanted = fewer
            if wanted > n:
                s += 1
                coming, ordered, in_ended = now + starts[s % 4096], wanted, _AGES
            elif wanted < n:
                coming, ordered = now + 1.0, wanted
        waiting = left if counted else max(0.0, left - n * slots_each)
        sample = waiting / n if n else waiting if waiting and zero_backlog else None
        waking = waking + 1 if left and not n else 0
        if sample:
            recent.append((m, sample))
        # -- on to the next minute in which something can happen
        m += 1
        until = min(when[i], runs[r][0], int(coming) if coming < NEVER else NEVER)
        if until <= m or not leaps:
            continue
        if n:
            if left:
                continue
            if coming == NEVER and n > low and tracking is not None and tracking.scales_in:
                if under < LOW_PERIODS:
                    until = min(until, m + LOW_PERIODS - under - 2)
                elif n == 1 and recent:
                    until = min(until, recent[-1][0] + LOW_PERIODS)
                else:
                    continue
        elif left:
            if coming == NEVER and (wakes is not None or over or (sample is not None and sample > target)):
                continue
            if queue:
                until = min(until, queue[0][0])
        if until > m:
            skipped = min(until, size) - m
            if sample is None:
                over = under = 0
            else:
                over = over + skipped if sample > target else 0
                under = under + skipped if sample < floor else 0
            if left and not n:
                waking += skipped
            if sample:
                recent.append((m + skipped - 1, sample))
            m += skipped
    return Course(
        np.array(times),
        np.array(counts, np.int32),
        np.array(minutes, np.int32),
        np.array(instances, np.int32),
        np.array(backlogs, np.float32),
        np.array(done_at, np.int32),
        np.array(done, np.float32),
        np.array(expired_at, np.int32),
        np.array(expired, np.float32),
    )
