"""What the console shows of keeping warm: plans, keeps, what is foreign, the calendar, what it would have bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ops.core.setup import Setup
from ops.core.types import EndpointRef, Price, Problem, ScheduledAction
from ops.core.warm import WarmPlan
from ops.core.warm_actions import KeepGroup
from ops.core.warm_calendar import Calendar
from ops.core.warm_value import Bought, Lead


@dataclass(frozen=True, slots=True)
class PlanView:
    """One plan. `paused`: it is remembered, and nothing of it is in AWS."""

    plan: WarmPlan
    text: str
    paused: bool
    open_now: bool
    faults: tuple[str, ...]
    """Where AWS would run something else than the plan says, and what to renew."""
    bought: Bought | None
    """None where the past could not be read."""


@dataclass(frozen=True, slots=True)
class WarmView:
    """`calendar` None: the variant is not registered with Application Auto Scaling."""

    ref: EndpointRef
    as_of: datetime
    setup: Setup
    plans: tuple[PlanView, ...]
    keep: KeepGroup | None
    foreign: tuple[ScheduledAction, ...]
    spent: tuple[ScheduledAction, ...]
    """Ebb's own actions that will not run again."""
    calendar: Calendar | None
    lead: Lead
    price: Price | None
    note: str = ""
    """What seems to have gone wrong, with marked times (ops.core.moments); empty: nothing."""
    problems: tuple[Problem, ...] = ()
