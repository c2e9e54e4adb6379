"""Exact instance-time of every endpoint, from what really happened: the embedded AWS's own truth, not part of AWS.

The bill is made of it; tests and the control path read it, to compare what the console finds out from outside.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ops.core.types import FloatArray

if TYPE_CHECKING:
    from ops.local_aws.physics import EndpointSpec
    from ops.local_aws.world import World

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Counted:
    """What instance-time is counted by: the instances of one type behind one variant of an endpoint."""

    endpoint: str
    variant: str
    instance_type: str
    asynchronous: bool


@dataclass(frozen=True, slots=True)
class Billed:
    """One endpoint's instances of one type."""

    endpoint: str
    variant: str
    instance_type: str
    asynchronous: bool
    first: int
    """Epoch hour of the first value."""
    hours: FloatArray
    """Instance-hours in each hour, shape (n,)."""


class Track:
    """How many instances there were, from each change on. Times in epoch seconds, ascending."""

    __slots__ = ("_counts", "_times")

    def __init__(self) -> None:
        self._times = array("d")
        self._counts = array("i")

    def put(self, at: float, instances: int) -> None:
        counts = self._counts
        if counts and self._times[-1] == at:
            counts[-1] = instances
        elif (counts[-1] if counts else 0) != instances:
            self._times.append(at)
            counts.append(instances)

    def until(self, edges: FloatArray, now: float) -> FloatArray:
        """Instance-seconds from the beginning up to each of `edges`, and not past `now`."""
        times = np.append(np.frombuffer(self._times, np.float64), now)
        counts = np.frombuffer(self._counts, np.int32)
        if not len(counts):
            return np.zeros(len(edges))
        passed = np.concatenate([[0.0], np.cumsum(np.diff(times) * counts)])
        found: FloatArray = np.interp(edges, times, passed)
        return found


class Ledger:
    """Endpoints that were deleted stay in it. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tracks: dict[Counted, Track] = {}

    def count(
        self, name: str, variant: str, instance_type: str, asynchronous: bool, now: float, instances: int
    ) -> None:
        """From `now` (epoch seconds) on there are so many: called whenever the number changes."""
        key = Counted(name, variant, instance_type, asynchronous)
        track = self._tracks.get(key)
        if track is None:
            if not instances:
                return
            track = self._tracks[key] = Track()
        track.put(now, instances)

    def between(self, edges: FloatArray) -> dict[Counted, FloatArray]:
        """Instance-hours from each of `edges` (epoch seconds, ascending) to the next; up to now, later ones are 0.

        Shape (len(edges) - 1,) each; who had none in all of that is left out.
        """
        now, past = self._world.now(), self._world.long_past
        before, seam = set(past.names()), past.seam * 60.0
        found: dict[Counted, FloatArray] = {}
        for key, track in self._tracks.items():
            own = np.maximum(edges, seam) if key.endpoint in before else edges
            found[key] = np.diff(track.until(own, now)) / HOUR_S
        if len(edges) and edges[0] < seam:
            for key, track in past.tracks():
                hours = np.diff(track.until(np.minimum(edges, seam), seam)) / HOUR_S
                found[key] = found[key] + hours if key in found else hours
        return {key: hours for key, hours in found.items() if hours.any()}

    def hourly(self, first: int, last: int) -> tuple[Billed, ...]:
        """Of the epoch hours [first, last), by endpoint and type; up to now, later hours are 0."""
        edges = np.arange(first, last + 1, dtype=np.float64) * HOUR_S
        found = sorted(self.between(edges).items(), key=lambda pair: _order(pair[0]))
        return tuple(
            Billed(k.endpoint, k.variant, k.instance_type, k.asynchronous, first, hours) for k, hours in found
        )


class Meter:
    """Tells the ledger of one endpoint's instances, by what the assumption `billed_from` counts."""

    def __init__(self, world: World, spec: EndpointSpec, now: float) -> None:
        self._ledger = world.ledger
        self._name = spec.name
        self._bills_orders = world.options.assumptions.billed_from == "ordered"
        self._coming: tuple[EndpointSpec, str, int] | None = None
        self._here: tuple[EndpointSpec, tuple[tuple[str, int], ...]] = (spec, ())
        self._known: set[tuple[str, str, bool]] = set()
        self.ordered(spec, spec.types[0], spec.initial_count, now)

    def ordered(self, spec: EndpointSpec, instance_type: str, instances: int, now: float) -> None:
        """So many more of a type are on their way."""
        self._coming = (spec, instance_type, instances)
        self._tell(now)

    def arrived(self) -> None:
        """What was ordered has come, or will not; `counted` follows."""
        self._coming = None

    def counted(self, spec: EndpointSpec, mix: tuple[tuple[str, int], ...], now: float) -> None:
        """So many of each type are in service, or leave with their last request."""
        self._here = (spec, mix)
        self._tell(now)

    def _tell(self, now: float) -> None:
        counts = dict.fromkeys(self._known, 0)
        coming = (self._coming,) if self._bills_orders and self._coming is not None else ()
        spec, mix = self._here
        for spec, kind, instances in (*((spec, kind, n) for kind, n in mix), *coming):
            key = (spec.variant, kind, spec.async_settings is not None)
            counts[key] = counts.get(key, 0) + instances
        self._known = set(counts)
        for key, instances in counts.items():
            self._ledger.count(self._name, *key, now, instances)


def _order(key: Counted) -> tuple[str, str, str]:
    return key.endpoint, key.variant, key.instance_type
