"""Many scenarios over the same requests: the planner's search."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ops.replay.engine import Prepared, prepare, replay
from ops.replay.numbers import Classes, Numbers, numbers
from ops.replay.scenario import Requests, Scenario
from ops.replay.shapes import Notes, fits, leapt
from ops.replay.summing import Classed, summed

Tell = Callable[[int, int], bool]
"""Hears how many are done, of how many; False stops the search."""


def go_on(done: int, of: int) -> bool:
    return True


class Stopped(Exception):
    """The search was called off."""


def sweep(
    requests: Requests | Prepared,
    scenarios: Sequence[Scenario],
    *,
    classes: Classes | None = None,
    limits_s: tuple[float | None, ...] = (),
    tell: Tell = go_on,
    notes: Notes | None = None,
) -> list[Numbers]:
    """Every scenario over the same requests, in their order. Raises Stopped when `tell` says so.

    `notes`: room to work in, of these requests and of this thread alone; None: it makes its own.
    """
    prepared = requests if isinstance(requests, Prepared) else prepare(requests)
    notes = Notes(prepared) if notes is None else notes
    classed = Classed(len(prepared.requests), classes, limits_s)
    found = []
    for done, scenario in enumerate(scenarios):
        if not tell(done, len(scenarios)):
            raise Stopped
        if fits(prepared, scenario):
            found.append(summed(prepared, leapt(prepared, scenario, notes), classed))
        else:
            whole = replay(prepared, scenario, timeline=False)
            found.append(numbers(prepared.requests, whole, classes, limits_s))
    return found
