"""What the bounds are outside the windows of a plan: what others lead to at the moments at which they end. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from ops.core.bounds_ahead import ahead
from ops.core.errors import BadInput
from ops.core.types import Bounds, ScheduledAction
from ops.core.warm import WarmPlan, zone_of
from ops.core.warm_actions import recognised
from ops.core.warm_keep import others, without_keep
from ops.core.warm_week import spans

LOOKED_AHEAD = timedelta(days=14)
_A_YEAR = timedelta(days=370)


def ends(
    plan: WarmPlan, outside: Bounds, actions: Iterable[ScheduledAction], now: datetime
) -> tuple[tuple[datetime, Bounds], ...]:
    """When windows end in the next 14 days (else the first that does), and the bounds that others lead to by then.

    `outside`: the bounds as they would be now without anything of Ebb's. Only actions of others count.
    """
    found = spans(plan, now, now + LOOKED_AHEAD) or spans(plan, now, now + _A_YEAR)[:1]
    if not found:
        return ()
    seen = ahead(outside, recognised(actions).foreign, now, found[-1].closes)
    return tuple((span.closes, seen.at(span.closes)) for span in found)


def back_to(plan: WarmPlan, outside: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> Bounds:
    """What to put back when a window ends. Where that differs, it may sleep, and may grow, rather than not."""
    found = [bounds for _, bounds in ends(plan, outside, actions, now)] or [outside]
    return Bounds(min(b.min for b in found), max(b.max for b in found))


def differing(
    plan: WarmPlan, outside: Bounds, actions: Iterable[ScheduledAction], now: datetime
) -> tuple[str, ...]:
    """Where a plan puts back something else than there would be without it, in sentences with its local times."""
    found: dict[str, str] = {}
    for moment, bounds in ends(plan, outside, actions, now):
        for word, would, back in (
            ("minimum", bounds.min, plan.back_min),
            ("maximum", bounds.max, plan.back_max),
        ):
            if back is not None and would != back:
                local = moment.astimezone(zone_of(plan.zone))
                found.setdefault(
                    word,
                    f"Without this plan the {word} would be {would} when the window ends on "
                    f"{local:%a} {local.day} {local:%b} at {local:%H:%M}; this plan puts it back to {back}.",
                )
    return tuple(found.values())


def stays_warm(plan: WarmPlan, bounds: Bounds, actions: Iterable[ScheduledAction], now: datetime) -> str:
    """Whether it is as warm outside the windows as inside, in a sentence; empty where it is not.

    `bounds`, `actions`: as they will be with the plan. Raises BadInput where a window would lower the minimum only.
    """
    if plan.floor is None or plan.back_min is None or plan.back_min < plan.floor:
        return ""
    given, until = tuple(actions), now + LOOKED_AHEAD
    inside = spans(plan, now, until)
    seen = ahead(without_keep(bounds, given, now), others(given), now, until)
    moments = [now, *(r.at for r in seen.runs), *(s.closes for s in inside if s.closes <= until)]
    least = min(
        (seen.at(m).min for m in moments if not any(s.holds(m) for s in inside)), default=plan.back_min
    )
    if least < plan.floor:
        return ""
    if plan.back_min > plan.floor:
        raise BadInput(
            f"The minimum is {plan.back_min} outside the windows: a floor of {plan.floor} would lower it inside them.",
            f"Choose a floor above {plan.back_min}, or lower the minimum first.",
        )
    return (
        f"The minimum stays at {least} outside the windows too: it never sleeps, and this plan changes nothing. "
        "To have it sleep, lower the minimum first, and then make the plan."
    )
