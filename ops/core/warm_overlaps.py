"""What gets into each other's way: warm plans, and scheduled actions that others made. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ops.core.bounds_ahead import Run, ahead
from ops.core.errors import BadInput
from ops.core.types import Bounds, ScheduledAction
from ops.core.warm import Span, WarmPlan, zone_of
from ops.core.warm_names import WarmName, read_name, spoken
from ops.core.warm_week import spans

LOOKED_AHEAD = timedelta(days=14)
_COMPARED = timedelta(days=370)


def meeting(one: WarmPlan, other: WarmPlan, now: datetime) -> datetime | None:
    """When two plans first overlap or touch within a year; None: they never do."""
    left, right = spans(one, now, now + _COMPARED), spans(other, now, now + _COMPARED)
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i].opens <= right[j].closes and right[j].opens <= left[i].closes:
            return max(left[i].opens, right[j].opens)
        if left[i].closes < right[j].closes:
            i += 1
        else:
            j += 1
    return None


def check_apart(plan: WarmPlan, others: Iterable[WarmPlan], now: datetime) -> None:
    """Raises BadInput where another plan overlaps or touches: its end would end this one's window, too."""
    for other in others:
        if other.id == plan.id:
            continue
        when = meeting(plan, other, now)
        if when is not None:
            local = when.astimezone(zone_of(plan.zone))
            raise BadInput(
                f"This overlaps with warm plan {other.id}, first on {_clock(local)}: where one of two "
                "overlapping windows ends, the minimum is put back although the other goes on.",
                f"Change plan {other.id} instead (its windows may overlap among themselves), or choose hours "
                "that leave time between the two.",
            )


def explained(
    plan: WarmPlan, actions: Iterable[ScheduledAction], bounds: Bounds, now: datetime
) -> tuple[str, ...]:
    """What scheduled actions that are not this plan's do to its windows in the next 14 days, and it to them.

    `actions`: all of them, as they will be. One sentence for each kind of clash with each action.
    """
    end = now + LOOKED_AHEAD
    seen, inside = ahead(bounds, actions, now, end), spans(plan, now, end)
    zone = zone_of(plan.zone)
    found: dict[tuple[str, str], str] = {}
    last: dict[str, Run] = {}
    for run in seen.runs:
        own, name = _is_own(plan, run.action), spoken(run.action.name)
        when = _clock(run.at.astimezone(zone))
        if run.failed and own:
            found.setdefault(
                ("failed", "own"), f"On {when} AWS would refuse to run this plan's action: {run.failed}."
            )
        elif own and not _opens(run.action):
            setter = last.get("min")
            raised = plan.floor is not None and run.before.min > max(plan.floor, plan.back_min or 0)
            if setter is not None and raised and not _is_own(plan, setter.action):
                found.setdefault(
                    ("ended", setter.action.name),
                    f"{spoken(setter.action.name)} sets the minimum to {run.before.min}; this plan puts it back to "
                    f"{plan.back_min} on {when}.",
                )
        elif not own and any(span.opens < run.at < span.closes for span in inside):
            found |= _inside(plan, run, name, when, found)
        if run.tied:
            found.setdefault(
                ("tied", run.action.name),
                f"{name} and another action run in the same minute on {when}; which is last is not known.",
            )
        if run.action.min is not None and not run.failed:
            last["min"] = run
    return tuple(found.values())


def _inside(
    plan: WarmPlan, run: Run, name: str, when: str, told: dict[tuple[str, str], str]
) -> dict[tuple[str, str], str]:
    """A run of somebody else's within a window."""
    if run.failed:
        key, text = "refused", f"Inside a window, on {when}, AWS would refuse to run {name}: {run.failed}."
    elif plan.floor is not None and run.after.min < plan.floor:
        key = "lowered"
        text = (
            f"{name} sets the minimum to {run.after.min} on {when}, inside a window: "
            "from then on nothing keeps it warm."
        )
    elif plan.ceiling is not None and run.after.max > plan.ceiling:
        key = "raised"
        text = (
            f"{name} sets the maximum to {run.after.max} on {when}, inside a window with a ceiling of "
            f"{plan.ceiling}."
        )
    else:
        return {}
    return {} if (key, run.action.name) in told else {(key, run.action.name): text}


def covering(inside: Iterable[Span], moment: datetime) -> Span | None:
    """The span that holds a moment."""
    return next((span for span in inside if span.holds(moment)), None)


def _is_own(plan: WarmPlan, action: ScheduledAction) -> bool:
    known = read_name(action.name)
    return isinstance(known, WarmName) and known.plan.id == plan.id


def _opens(action: ScheduledAction) -> bool:
    known = read_name(action.name)
    return isinstance(known, WarmName) and known.opens


def _clock(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b} at {local:%H:%M}"
