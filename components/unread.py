"""Parts of a view that AWS did not let Ebb read: of them nothing may be said to be absent. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from ops.core.types import Problem
from ops.core.views import FleetRow

TARGETS = "scalable targets"
POLICIES = "scaling policies"
SCHEDULES = "scheduled actions"
ALARMS = "alarms"
ACTIVITIES = "scaling activities"
OLDER = "Older numbers"
"""The part that a Problem names when the newest reading failed and what is shown is from before."""


def is_unread(part: str, problems: Collection[Problem]) -> bool:
    """Whether `part` is among what could not be read."""
    return any(problem.part == part for problem in problems)


def split(problems: Sequence[Problem]) -> tuple[list[Problem], list[Problem]]:
    """Why the numbers are old, and which parts are missing."""
    return [p for p in problems if p.part == OLDER], [p for p in problems if p.part != OLDER]


def of_rows(rows: Sequence[FleetRow]) -> tuple[Problem, ...]:
    """What could not be read of single endpoints, each problem once, with the endpoint or how many there are.

    An endpoint that could not even be described says so in its own sentence.
    """
    found = Counter(problem for row in rows if row.endpoint.described for problem in row.problems)
    whose: dict[Problem, str] = {}
    for row in rows:
        for problem in row.problems:
            whose.setdefault(problem, row.endpoint.ref.name)
    return tuple(
        replace(p, part=f"{p.part} of {whose[p] if n == 1 else f'{n:,} endpoints'}") for p, n in found.items()
    )
