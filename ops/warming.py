"""Keeping an endpoint warm: from a wish and the set-up to the changes, what to know before, and what to remember.

No call to AWS and no clock here: `ops.warm_console` asks, and the gate carries out. The order of the changes is
safe wherever it stops: what closes is put before what opens and before the bounds are raised, and is deleted last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ops.core.change import Caution
from ops.core.errors import BadInput
from ops.core.fixes import Change, RegisterTarget
from ops.core.setup import Setup, put_schedule
from ops.core.setup_steps import after
from ops.core.types import (
    Bounds,
    EndpointRef,
    Severity,
)
from ops.core.warm import DAY, WarmPlan, WarmWindow, zone_of
from ops.core.warm_actions import WarmGroup, expand, open_at, recognised
from ops.core.warm_actions import spent as spent_actions
from ops.core.warm_base import back_to, differing, stays_warm
from ops.core.warm_keep import active, outside_now
from ops.core.warm_names import WarmName, read_name, warm_name
from ops.core.warm_overlaps import check_apart, explained, meeting
from ops.core.warm_text import plan_text
from ops.core.warm_week import check_clock_changes, shut_says, stretches
from ops.core.words import count
from ops.warming_checks import LEAVES_LATER, Warming, check_fits, deleted, safe, stays, target_of
from ops.warming_until import end_keep, keep_again

USUAL_HORIZON = 365
"""Days that a plan with public holidays lasts, where nobody says."""
RENEW_WITHIN = 30
PAUSE = "Pause warm plan"


@dataclass(frozen=True, slots=True)
class WarmWish:
    """What somebody asks for; what the plan needs besides comes from the set-up. `early` in minutes."""

    windows: tuple[WarmWindow, ...]
    zone: str
    floor: int | None = 1
    ceiling: int | None = None
    early: int = 0
    holidays: str = ""
    off: frozenset[date] = frozenset()
    until: date | None = None


def plan_of(
    before: Setup, ref: EndpointRef, wish: WarmWish, now: datetime, memo: str, edit: int | None = None
) -> WarmPlan:
    """The plan that a wish means: a new one, one to replace (`edit`), or the one that it can be merged into.

    Raises BadInput.
    """
    bounds = target_of(before, ref).bounds
    plans = recognised(before.schedules).plans
    known = next((g.plan for g in plans if g.plan.id == edit), None) or paused(memo).get(edit or 0)
    if edit is not None and known is None:
        raise BadInput(f"{ref.name} has no warm plan {edit}.", _which(before, memo))
    until = wish.until
    if wish.holidays and until is None:
        until = now.astimezone(zone_of(wish.zone)).date() + USUAL_HORIZON * DAY
    rest = [g for g in plans if g.plan.id != edit]
    outside = outside_now(bounds, before.schedules, now)
    plan = WarmPlan(
        edit or _free(before, memo),
        wish.windows,
        wish.zone,
        wish.floor,
        wish.ceiling,
        None if wish.floor is None else outside.min,
        None if wish.ceiling is None else outside.max,
        wish.early if wish.floor is not None else 0,
        wish.holidays,
        frozenset(d for d in wish.off if d >= now.astimezone(zone_of(wish.zone)).date()),
        until,
    )
    plan = _putting_back(plan, known, back_to(plan, outside, before.schedules, now))
    if edit is None:
        for group in rest:
            if _alike(plan, group.plan) and meeting(plan, group.plan, now) is not None:
                windows = tuple(dict.fromkeys((*group.plan.windows, *plan.windows)))
                return replace(group.plan, windows=windows)
    return plan


def put_plan(before: Setup, ref: EndpointRef, plan: WarmPlan, now: datetime, memo: str = "") -> Warming:
    """Make or change a plan. Raises BadInput."""
    bounds, found = target_of(before, ref).bounds, recognised(before.schedules)
    stretches(plan)
    check_clock_changes(plan, now)
    check_apart(plan, (g.plan for g in found.plans), now)
    high = plan.ceiling if plan.ceiling is not None else bounds.max
    if plan.floor is not None:
        check_fits(plan.floor, Bounds(0, high))
    if (
        plan.ceiling is not None
        and (plan.back_min or (bounds.min if plan.floor is None else 0)) > plan.ceiling
    ):
        raise BadInput(
            f"The minimum outside the windows is above the ceiling ({plan.ceiling}).",
            "Choose a higher ceiling, or lower the minimum first.",
        )
    if plan.until is not None and plan.until < now.astimezone(zone_of(plan.zone)).date():
        raise BadInput(f"The last day, {plan.until:%d %B %Y}, is past.", "Choose a later one.")
    made = expand(plan, ref, now)
    if not made.actions:
        raise BadInput("No window is left: all its days are off, or past.", "Choose other days.")
    old = [g for g in found.plans if g.plan.id == plan.id]
    names = {c.name for c in made.actions}
    gone = [a for g in old for a in g.actions if a.name not in names]
    held = {a.name: put_schedule(ref, a) for a in before.schedules}
    changes: list[Change] = [c for c in made.closes if held.get(c.name) != c]
    changes += deleted(ref, [a for a in gone if _opens(a.name)])
    changes += [c for c in made.opens if held.get(c.name) != c]
    changes += keep_again(before, ref, changes, gone, now)
    changes += _bounds_now(before, ref, plan, old, now)
    changes += deleted(ref, [a for a in gone if not _opens(a.name)])
    new = not old
    title = f"{'Add' if new else 'Change'} warm plan {plan.id} of {ref.name}"
    effect = f"{plan_text(plan)}." + (
        " A window is open now: its bounds hold at once." if made.inside else ""
    )
    shut = shut_says(plan, now)
    effect += f" {shut}" if shut else ""
    if plan.floor is not None:
        effect += f" {LEAVES_LATER}"
    if plan.until is not None:
        effect += f" Renew it before {plan.until:%d %B %Y}: after that day no window opens."
    wanted = after(before, changes)
    left = target_of(wanted, ref).bounds
    said = [stays_warm(plan, left, wanted.schedules, now)]
    said += differing(plan, outside_now(bounds, before.schedules, now), before.schedules, now)
    said += explained(plan, wanted.schedules, left, now)
    cautions = [Caution(Severity.WARNING, text) for text in said if text]
    waiting = paused(memo)
    less = None if plan.id not in waiting else memo_of({k: v for k, v in waiting.items() if k != plan.id})
    return safe(before, ref, title, changes, effect, [*cautions, *stays(before)], less)


def remove(
    before: Setup, ref: EndpointRef, number: int, now: datetime, memo: str = "", *, pause: bool = False
) -> Warming:
    """Remove a plan, or pause it: then it is remembered. Raises BadInput where there is none of that number."""
    old = [g for g in recognised(before.schedules).plans if g.plan.id == number]
    waiting = paused(memo)
    if not old:
        if number in waiting and not pause:
            del waiting[number]
            return Warming(
                f"Forget the paused warm plan {number}", (), "Nothing changes in AWS.", (), memo_of(waiting)
            )
        hint = "It is paused already." if number in waiting else _which(before, memo)
        raise BadInput(f"{ref.name} has no warm plan {number} that runs.", hint)
    actions = [a for g in old for a in g.actions]
    changes: list[Change] = [*deleted(ref, [a for a in actions if _opens(a.name)])]
    changes += keep_again(before, ref, changes, actions, now)
    changes += _bounds_now(before, ref, None, old, now)
    changes += deleted(ref, [a for a in actions if not _opens(a.name)])
    if pause:
        waiting[number] = old[0].plan
    else:
        waiting.pop(number, None)
    effect = "No window opens any more" + (" until it is resumed." if pause else ".")
    title = f"{PAUSE if pause else 'Remove warm plan'} {number} of {ref.name}"
    return safe(before, ref, title, changes, effect, (), memo_of(waiting))


def resume(before: Setup, ref: EndpointRef, number: int, now: datetime, memo: str) -> Warming:
    """Take up a paused plan again. Raises BadInput where none of that number is."""
    plan = paused(memo).get(number)
    if plan is None:
        raise BadInput(f"{ref.name} has no paused warm plan {number}.", _which(before, memo))
    found = put_plan(before, ref, plan, now, memo)
    return replace(found, title=f"Resume warm plan {number} of {ref.name}")


def off(before: Setup, ref: EndpointRef, now: datetime) -> Warming:
    """End "until" and remove every plan. Raises BadInput where there is neither."""
    left, changes = before, list[Change]()
    if active(before.schedules, now) is not None:
        changes += end_keep(before, ref, now).changes
        left = after(left, changes)
    for number in dict.fromkeys(g.plan.id for g in recognised(before.schedules).plans):
        found = remove(left, ref, number, now).changes
        changes += found
        left = after(left, found)
    if not changes:
        raise BadInput(
            f"Ebb does not keep {ref.name} warm.", "See its minimum, and its other scheduled actions."
        )
    title = f"End all that keeps {ref.name} warm"
    return safe(before, ref, title, changes, f"No window opens any more. {LEAVES_LATER}")


def clean_up(before: Setup, ref: EndpointRef, now: datetime) -> Warming:
    """Delete Ebb's one-time actions that have run, and pieces of plans that are over."""
    gone = spent_actions(before.schedules, now)
    title = f"Delete {count(len(gone), 'scheduled action')} of {ref.name} that will not run again"
    return Warming(title, tuple(deleted(ref, gone)), "They will not run again: nothing changes by it.")


def paused(memo: str) -> dict[int, WarmPlan]:
    """The paused plans that a memo holds, by number."""
    try:
        names = json.loads(memo) if memo else []
    except ValueError:
        return {}
    found = (read_name(n) for n in names if isinstance(n, str)) if isinstance(names, list) else ()
    return {f.plan.id: f.plan for f in found if isinstance(f, WarmName)}


def renewal(plan: WarmPlan, now: datetime) -> str:
    """Whether a plan ends soon, in a sentence; empty where it does not."""
    if plan.until is None:
        return ""
    left = (plan.until - now.astimezone(zone_of(plan.zone)).date()).days
    if left > RENEW_WITHIN:
        return ""
    if left < 0:
        return f"Warm plan {plan.id} ended on {plan.until:%d %B %Y}: no window opens any more."
    return f"Warm plan {plan.id} ends on {plan.until:%d %B %Y}: renew it, or no window opens after that day."


def _bounds_now(
    before: Setup, ref: EndpointRef, plan: WarmPlan | None, old: Sequence[WarmGroup], now: datetime
) -> list[Change]:
    """What the bounds must be at once, where a window is open now or was."""
    bounds, held = target_of(before, ref).bounds, active(before.schedules, now)
    low, high = bounds.min, bounds.max
    for group in old:
        was = group.plan
        if open_at(was, now) is None:
            continue
        if was.floor is not None and was.back_min is not None and low == was.floor:
            low = was.back_min
        if was.ceiling is not None and was.back_max is not None and high == was.ceiling:
            high = was.back_max
    if plan is not None and open_at(plan, now) is not None:
        low = low if plan.floor is None else max(low, plan.floor)  # somebody may hold more
        high = high if plan.ceiling is None else plan.ceiling
    if plan is None:  # what ends must not be in the way of bounds that changed meanwhile
        low = min(low if held is None else max(low, held.name.floor), high)
    elif held is not None:
        low = max(low, held.name.floor)
    if low > high:
        raise BadInput(
            f"The minimum ({low}) would be above the maximum ({high}) now.",
            "Raise the maximum first, or end what keeps it warm.",
        )
    if Bounds(low, high) == bounds:
        return []
    return [RegisterTarget(ref, low if low != bounds.min else None, high if high != bounds.max else None)]


def _putting_back(plan: WarmPlan, known: WarmPlan | None, outside: Bounds) -> WarmPlan:
    """With what holds outside the windows; a plan that is changed keeps what it puts back already."""
    low, high = (None, None) if known is None else (known.back_min, known.back_max)
    return replace(
        plan,
        back_min=None if plan.floor is None else outside.min if low is None else low,
        back_max=None if plan.ceiling is None else outside.max if high is None else high,
    )


def _alike(one: WarmPlan, other: WarmPlan) -> bool:
    """Whether two plans differ in nothing but their windows."""
    return replace(one, id=1, windows=other.windows) == replace(other, id=1)


def _free(before: Setup, memo: str) -> int:
    taken = {g.plan.id for g in recognised(before.schedules).plans} | paused(memo).keys()
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def _which(before: Setup, memo: str) -> str:
    runs = sorted({g.plan.id for g in recognised(before.schedules).plans})
    off = sorted(paused(memo).keys() - set(runs))
    if not runs and not off:
        return "It has none; make one with --weekdays, --from, --to and --tz."
    said = [f"plans that run: {', '.join(map(str, runs))}"] if runs else []
    said += [f"paused: {', '.join(map(str, off))}"] if off else []
    return f"{'; '.join(said).capitalize()}."


def memo_of(plans: dict[int, WarmPlan]) -> str:
    """The text to keep of paused plans, by number."""
    return json.dumps([warm_name(plan, True, "0") for _, plan in sorted(plans.items())]) if plans else ""


def _opens(name: str) -> bool:
    known = read_name(name)
    return isinstance(known, WarmName) and known.opens
