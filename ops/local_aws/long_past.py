"""The thirteen months before the fine history: remembered as set-ups, lived when somebody reads them.

The default fleet is as old as `WorldOptions.past_days`. Its last `history_days` are lived minute by minute; what
lies before `seam` comes from the coarse course of long_past_run, endpoint by endpoint, at the first reading of its
metrics or of the ledger. The same seed gives the same past, whatever is read first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ops.core.bounds_ahead import ahead
from ops.core.types import Bounds, ScheduledAction, utc
from ops.local_aws.ledger import Counted, Track
from ops.local_aws.long_past_cells import FIVE, HOUR, Cells, Four, cells, metrics
from ops.local_aws.long_past_run import Course, Physics, Tracking, run
from ops.local_aws.physics import DOWNLOAD_S, PROVISION_RANGE_S, UPLOAD_S, provision_median
from ops.local_aws.scaling_records import TARGET_TRACKING

if TYPE_CHECKING:
    from ops.local_aws.metric_series import Series
    from ops.local_aws.physics import EndpointSpec
    from ops.local_aws.scaling_records import Target
    from ops.local_aws.traffic import Traffic
    from ops.local_aws.world import World

DAY = 1440
FINE_DAYS = 64
"""Five-minute cells are kept so long before now; AWS keeps them for 63 days."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setup:
    """An endpoint as it was when its story began."""

    spec: EndpointSpec
    traffic: Traffic
    physics: Physics
    actions: tuple[ScheduledAction, ...]


@dataclass(frozen=True, slots=True)
class Lived:
    cells: Cells
    track: Track
    """Its instances from the beginning to the seam, as the ledger counts them."""
    metrics: Mapping[tuple[str, str], Callable[[], Four]]


class LongPast:
    """Of the endpoints that were there before the fine history. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.born = -(-world.born_minute // HOUR) * HOUR
        """Epoch minute at which the endpoints were created: a full hour."""
        settled = world.first_minute + int(PROVISION_RANGE_S[1] // 60)
        self.seam = -(-settled // HOUR) * HOUR
        """Epoch minute, a full hour, at which the fine history takes over: all have their first instance by then."""
        self._setups: dict[str, Setup] = {}
        self._lived: dict[str, Lived] = {}

    def remember(self, name: str) -> None:
        """Give the endpoint, just created, a past by its present set-up; its series then reach back."""
        world = self._world
        if self.born >= self.seam - HOUR:
            return
        setup = setup_of(world, name)
        if setup is None:
            return
        self._setups[name] = setup
        for series in world.metrics.all():
            if dict(series.dims).get("EndpointName") == name:
                series.older = Older(self, name, series)

    def names(self) -> tuple[str, ...]:
        return tuple(self._setups)

    def setup(self, name: str) -> Setup:
        """Raises KeyError for who has no such past."""
        return self._setups[name]

    def known(self) -> tuple[str, ...]:
        """Whose past has been lived so far."""
        return tuple(self._lived)

    def lived(self, name: str) -> Lived:
        found = self._lived.get(name)
        if found is None:
            found = self._lived[name] = self._live(self._setups[name])
        return found

    def tracks(self) -> Iterator[tuple[Counted, Track]]:
        """The instances of every endpoint up to the seam."""
        for name, setup in self._setups.items():
            spec = setup.spec
            key = Counted(name, spec.variant, spec.instance_type, spec.async_settings is not None)
            yield key, self.lived(name).track

    def _live(self, setup: Setup) -> Lived:
        course, arrivals, rng = live(setup, self.born, self.seam, self._world.options.seed)
        fine_from = (int(self._world.now() // 60) - FINE_DAYS * DAY) // HOUR * HOUR
        found = cells(
            course,
            setup.physics,
            arrivals,
            setup.traffic.failing,
            self.born,
            min(max(fine_from, self.born), self.seam),
            rng,
        )
        spec = setup.spec
        return Lived(
            found,
            track_of(course, self.born),
            metrics(
                found,
                setup.physics,
                setup.traffic.service_s,
                asynchronous=spec.async_settings is not None,
                samples=60 / spec.publish_interval,
            ),
        )


class Older:
    """What a series knows of the time before the seam."""

    __slots__ = ("_key", "_name", "_past")

    def __init__(self, past: LongPast, name: str, series: Series) -> None:
        self._past, self._name = past, name
        self._key = (series.namespace, series.name)

    @property
    def until(self) -> int:
        """Epoch minute of the seam."""
        return self._past.seam

    def parts(self, first: int, step: int, n: int) -> tuple[Floats, Floats, Floats, Floats]:
        """Samples, sum, smallest and largest of `n` periods of `step` minutes from epoch minute `first` on.

        Nothing in periods shorter than the cells that are kept.
        """
        count, total = np.zeros(n), np.zeros(n)
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        lived = self._past.lived(self._name)
        make = lived.metrics.get(self._key)
        start = lived.cells.start
        begin = int(np.searchsorted(start, first))
        end = int(np.searchsorted(start, min(first + step * n, self.until)))
        if step % HOUR:
            begin = max(begin, lived.cells.fine_from)
        if make is not None and begin < end and step % FIVE == 0:
            four = make()
            there = begin + np.flatnonzero(four.count[begin:end] > 0)
            place = (start[there] - first) // step
            count += np.bincount(place, four.count[there], n)
            total += np.bincount(place, four.total[there], n)
            np.minimum.at(low, place, four.low[there])
            np.maximum.at(high, place, four.high[there])
        return count, total, low, high


def setup_of(world: World, name: str) -> Setup | None:
    """The endpoint's set-up as it is now; None where it has no traffic of its own."""
    status, traffic = world.fleet.describe(name), world.fleet.traffic(name)
    if status is None or traffic is None:
        return None
    spec = status.spec
    target = world.scaling.targets.get(f"endpoint/{name}/variant/{spec.variant}")
    assumed = world.options.assumptions
    physics = Physics(
        initial=spec.initial_count,
        concurrency=spec.concurrency,
        busy_s=DOWNLOAD_S + sum(traffic.service_s) / 2 + UPLOAD_S,
        provision_s=provision_median(spec.instance_type),
        low=None if target is None else target.bounds.min,
        high=spec.initial_count
        if target is None
        else min(target.bounds.max, world.quotas.limit(spec.instance_type)),
        tracking=None if target is None else _tracking(target),
        wake_periods=None if target is None else _wake(world, target, name),
        ttl=int(traffic.ttl_s // 60),
        counts_running=assumed.in_flight == "counted",
        zero_backlog=assumed.zero_metric == "backlog",
    )
    actions = () if target is None or target.suspended.scheduled else tuple(_actions(target))
    return Setup(spec, traffic, physics, actions)


def live(
    setup: Setup, first: int, last: int, seed: int
) -> tuple[Course, NDArray[np.int32], np.random.Generator]:
    """The coarse course over the epoch minutes [first, last), with the arrivals it had."""
    days = first // DAY, -(-last // DAY)
    there = slice(first - days[0] * DAY, last - days[0] * DAY)
    drawn, late = setup.traffic.minutes(*days)
    arrivals = drawn[there]
    physics = setup.physics
    if physics.low is not None and setup.actions:
        bounds = Bounds(physics.low, physics.high)
        runs = ahead(bounds, setup.actions, utc(first * 60.0), utc(last * 60.0)).runs
        physics = replace(
            physics, bounds=[(_minute(r.at, first), r.action.min, r.action.max) for r in runs if not r.failed]
        )
    rng = np.random.default_rng([seed, zlib.crc32(setup.spec.name.encode()), 2])
    return run(physics, arrivals, late[there], rng), arrivals, rng


def track_of(course: Course, first: int) -> Track:
    track = Track()
    for at, count in zip(course.times.tolist(), course.counts.tolist(), strict=True):
        track.put((first + at) * 60.0, count)
    return track


def _minute(moment: datetime, first: int) -> int:
    return int(moment.timestamp() // 60) - first


def _tracking(target: Target) -> Tracking | None:
    for policy in target.policies.values():
        if policy.kind == TARGET_TRACKING:
            return Tracking(
                policy.tracking, policy.in_cooldown / 60, policy.out_cooldown / 60, policy.scales_in
            )
    return None


def _wake(world: World, target: Target, name: str) -> int | None:
    """After how many minutes of backlog without capacity a step policy orders the first instance."""
    for policy in target.policies.values():
        if policy.kind == TARGET_TRACKING:
            continue
        for alarm in world.alarms.all():
            if (
                policy.arn in alarm.actions
                and alarm.actions_enabled
                and alarm.params.get("MetricName") == "HasBacklogWithoutCapacity"
                and alarm.dimensions == {"EndpointName": name}
            ):
                return alarm.machine.rule.periods
    return None


def _actions(target: Target) -> Sequence[ScheduledAction]:
    return [
        ScheduledAction(
            a.name, a.schedule.text, a.timezone or "UTC", a.min, a.max, a.schedule.start, a.schedule.end
        )
        for a in target.actions.values()
    ]
