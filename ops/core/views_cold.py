"""What the façade hands out about cold starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ops.core.cold_start import ColdStart
from ops.core.cold_start_outlook import Outlook
from ops.core.cost import CostLine
from ops.core.marks import Mark
from ops.core.types import Connection, Price, Problem


@dataclass(frozen=True, slots=True)
class ColdStartsView:
    """The cold starts of some endpoints, newest first."""

    connection: Connection
    as_of: datetime
    names: tuple[str, ...]
    """The asynchronous endpoints that were asked for, sorted."""
    starts: tuple[ColdStart, ...]
    """Those ordered in the range."""
    usual: tuple[ColdStart, ...]
    """All that are kept of the same endpoints: what is usual is told by these."""
    prices: Mapping[str, Price | None]
    """By instance type; None: not listed."""
    costs: Mapping[tuple[str, str], CostLine]
    """What the warm period after each cost, by endpoint and id; without what is not known."""
    since: datetime | None
    """Where the range begins; None: with what is kept."""
    whole: int
    """Of how many of the endpoints all of the past that AWS keeps was gone through; the rest follows."""
    problems: tuple[Problem, ...] = field(default=())
    changes: tuple[Mark, ...] = ()
    """What was changed, where one endpoint was asked for; oldest first."""


@dataclass(frozen=True, slots=True)
class WakingView:
    """What is to be told of one endpoint's waking: the one under way, and the newest that is over."""

    as_of: datetime
    outlook: Outlook | None
    """None: nothing wakes."""
    last: ColdStart | None
    """The newest that brought an instance; None: none is kept."""
    kept: tuple[ColdStart, ...]
    """All that are kept of this endpoint."""
