"""Traffic that is given instead of measured, as requests: of a file, or made of rates. What is assumed of it.

The command `replay` and the Planner page make the same requests of the same words here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np

from ops.core.errors import BadInput
from ops.core.types import FloatArray
from ops.core.warm import zone_of
from ops.replay.arrivals_file import FileArrivals
from ops.replay.draws import PROVISION, PROVISIONS, SERVICE, Times, generator
from ops.replay.scenario import Requests
from ops.replay.synthetic import Shape, multiplied, synthetic
from ops.replay.traffic import EXPANSIONS

CONCURRENCY = 1
PROVISION_S = 300.0
"""What is assumed where nobody says otherwise and nothing was measured."""
MADE_DAYS = 7.0
MONDAY = date(2026, 1, 5)
"""Where synthetic traffic begins, at midnight: always the same day, so that a seed gives the same always."""
NO_SERVICE = "Nothing tells how long a request takes."


@dataclass(frozen=True, slots=True)
class Made:
    """Traffic that nobody has seen yet: its rates, and how many days of it."""

    shape: Shape
    days: float = MADE_DAYS

    @property
    def start(self) -> datetime:
        return datetime.combine(MONDAY, time(), zone_of(self.shape.zone))


def of_arrivals(
    found: FileArrivals,
    service: Times | None,
    growth: float | None,
    seed: int,
    numbers: Sequence[int] = range(EXPANSIONS),
) -> tuple[Requests, ...]:
    """The requests of a file; where they grow, the ways of these numbers in which they may. Seconds as in the file.

    `service`: what requests take, whatever the file says. Raises BadInput where neither tells.
    """
    hold: FloatArray | None = found.service_s
    if service is not None:
        hold = service.draw(len(found), generator(seed, SERVICE))
    if hold is None:
        raise BadInput(
            NO_SERVICE,
            "Give --service-s SECONDS, --service lognormal:MEDIAN,SIGMA or --service-column COLUMN.",
        )
    requests = _less(found.arrival_s, hold) if found.ends else Requests(found.arrival_s, hold)
    if growth is None:
        return (requests,)
    return tuple(multiplied(requests, growth, seed, number) for number in numbers)


def of_rates(
    made: Made, service: Times, growth: float | None, seed: int, numbers: Sequence[int] = range(EXPANSIONS)
) -> tuple[Requests, ...]:
    """Requests made of rates, the ways of these numbers in which they may come; seconds from `made.start` on.

    Raises BadInput.
    """
    zero = int(made.start.timestamp())
    factor = 1.0 if growth is None else growth
    ways = []
    for number in numbers:
        found = synthetic(made.shape, made.start, made.days, service, seed, number, factor)
        ways.append(Requests(found.arrival_s - zero, found.hold_s))
    if not any(map(len, ways)) and 0 in numbers:
        raise BadInput("No request comes of these rates.", "Give higher ones, or more days.")
    return tuple(ways)


def provisioned(provision: Times, seed: int, number: int) -> tuple[float, ...]:
    """What new instances take, one after the other, in one of the ways."""
    if not provision.sigma:
        return (provision.median_s,)
    return tuple(provision.draw(PROVISIONS, generator(seed, PROVISION, number)).tolist())


def _less(end_s: FloatArray, hold_s: FloatArray) -> Requests:
    """Requests that ended then."""
    arrival = end_s - hold_s
    order = np.argsort(arrival, kind="stable")
    return Requests(arrival[order], hold_s[order])
