"""Keep warm until a moment, from the wish and the set-up to the changes; and what other changes make of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ops.core.change import Caution
from ops.core.errors import BadInput
from ops.core.fixes import Change, RegisterTarget
from ops.core.moments import mark
from ops.core.setup import Setup, put_schedule
from ops.core.setup_steps import after
from ops.core.types import Bounds, EndpointRef, ScheduledAction, Severity
from ops.core.warm_actions import DONE_FOR, open_at, recognised
from ops.core.warm_keep import (
    KeepUntil,
    active,
    checked,
    kept,
    others,
    outside_now,
    puts_back,
    set_since,
    unkept,
    without_keep,
)
from ops.core.warm_names import KeepName
from ops.core.words import count
from ops.warming_checks import LEAVES_LATER, Warming, check_fits, deleted, safe, stays, target_of


def keep_until(before: Setup, ref: EndpointRef, wish: KeepUntil, now: datetime) -> Warming:
    """Keep it warm until a moment. Raises BadInput."""
    bounds, wanted = target_of(before, ref).bounds, checked(wish, now)
    check_fits(wanted.floor, bounds)
    name = KeepName(
        1,
        wanted.floor,
        outside_now(bounds, before.schedules, now).min,
        now.replace(second=0, microsecond=0),
        True,
    )
    without = without_keep(bounds, before.schedules, now)
    made = kept(ref, name, wanted.until, others(before.schedules), without, now)
    new = {p.name for p in made.puts}
    raised = max(wanted.floor, without.min)
    old = [a for k in recognised(before.schedules).keeps for a in k.actions if a.name not in new]
    changes: list[Change] = [*made.puts]
    if raised != bounds.min:
        changes.append(RegisterTarget(ref, min=raised))
    changes += deleted(ref, old)
    effect = (
        f"The minimum is {raised} from now on. AWS itself puts it back to {made.back} at {mark(wanted.until, now)}, "
        f"whether Ebb runs then or not. {LEAVES_LATER}"
    )
    if made.again:
        effect += (
            f" Other scheduled actions lower the minimum {count(made.again, 'time')} before: it is set again a minute "
            "after each."
        )
    cautions = [
        Caution(Severity.WARNING, f"AWS would refuse to run {n} meanwhile: its maximum is below {raised}.")
        for n in made.refused
    ]
    cautions += _theirs(before, bounds, now, f"AWS puts it back to {made.back} in the end")
    title = f"Keep {ref.name} warm until {wanted.until:%Y-%m-%d %H:%M} UTC"
    return safe(before, ref, title, changes, effect, [*cautions, *stays(before)])


def end_keep(before: Setup, ref: EndpointRef, now: datetime) -> Warming:
    """End "keep warm until" before its time. Raises BadInput where there is none."""
    held = active(before.schedules, now)
    if held is None:
        raise BadInput(f"{ref.name} is not kept warm until some time.", "See the scheduled actions of it.")
    bounds = target_of(before, ref).bounds
    low = without_keep(bounds, before.schedules, now).min
    again = [a for a in held.actions if not puts_back(a.name)]
    changes: list[Change] = [*deleted(ref, again)]
    if bounds.min != low:
        changes.append(RegisterTarget(ref, min=low))
    changes += deleted(ref, [a for a in held.actions if puts_back(a.name)])
    return safe(
        before,
        ref,
        f"End keeping {ref.name} warm",
        changes,
        f"The minimum is {low} from now on. {LEAVES_LATER}",
        _theirs(before, bounds, now, "lower it yourself if it is to sleep"),
    )


def _theirs(before: Setup, bounds: Bounds, now: datetime, then: str) -> list[Caution]:
    if not set_since(bounds, before.schedules, now):
        return []
    return [Caution(Severity.WARNING, f"Somebody set the minimum to {bounds.min} since: it stays; {then}.")]


def not_put_back(setup: Setup, now: datetime) -> str:
    """Whether an "until" that is over seems to have left its minimum behind, in a sentence; empty where not.

    AWS does not try a run again that failed, for example while the endpoint was being updated (facts B.6).
    """
    if setup.target is None or active(setup.schedules, now) is not None:
        return ""
    known, low = recognised(setup.schedules), setup.target.bounds.min
    meant = any(g.plan.floor == low and open_at(g.plan, now) is not None for g in known.plans)
    if meant or any(action.min == low for action in known.foreign):
        return ""
    for keep in known.keeps:
        back = next((a.min for a in keep.actions if puts_back(a.name)), None)
        if keep.until is None or back is None or now - keep.until <= DONE_FOR:
            continue
        if back < low == keep.name.floor:
            return (
                f"The minimum is still {low}, though AWS should have put it back to {back} at "
                f"{mark(keep.until, now)}: that run failed, or somebody set it since. Set the bounds to mend it."
            )
    return ""


def keep_again(
    before: Setup, ref: EndpointRef, changes: Iterable[Change], gone: Sequence[ScheduledAction], now: datetime
) -> list[Change]:
    """What "keep warm until" must do differently now that plans do: what it puts back, and when it sets it again."""
    held = active(before.schedules, now)
    if held is None or held.until is None:
        return []
    lost = {a.name for a in gone}
    there = [a for a in after(before, changes).schedules if a.name not in lost]
    bounds = target_of(before, ref).bounds
    without = bounds if set_since(bounds, before.schedules, now) else unkept(bounds, there, now)
    made = kept(ref, held.name, held.until, others(there), without, now)
    present = {a.name: put_schedule(ref, a) for a in held.actions}
    new = {p.name for p in made.puts}
    found: list[Change] = [p for p in made.puts if present.get(p.name) != p]
    return found + deleted(ref, [a for a in held.actions if a.name not in new])
