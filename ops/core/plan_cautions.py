"""What somebody should know before a change is made. Warnings, never promises.

Sources: facts B.6 (schedules overwrite bounds), B.7, B.9 (work in process when an instance leaves: contradictory
evidence, treated as unsafe).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ops.core.bounds_ahead import following
from ops.core.change import Caution
from ops.core.fixes import Change, PutSchedule
from ops.core.moments import mark
from ops.core.plan_effects import Around, InFlight
from ops.core.setup import Setup
from ops.core.types import ScalableTarget, Severity, StepPolicy, TargetTrackingPolicy
from ops.core.warm_actions import open_at, recognised
from ops.core.warm_keep import active
from ops.core.warm_names import spoken
from ops.core.words import count, duration, percent

NO_PROMISE = (
    "AWS documents no protection of requests in process when an instance leaves: "
    "they may be lost, or run again."
)


def lowers(before: Setup, wanted: Setup, current: int | None) -> bool:
    """Whether a change takes instances away, or lets them be taken away."""
    old, new = before.target, wanted.target
    if old is None or new is None:
        return False
    if new.bounds.min < old.bounds.min or (
        new.bounds.max < old.bounds.max and (current is None or current > new.bounds.max)
    ):
        return True
    return old.suspended.scale_in and not new.suspended.scale_in


def guard(work: InFlight, *, at_once: bool) -> Caution:
    """What is at work before capacity is lowered. A warning, never a promise."""
    known = [
        "the backlog is not known"
        if work.backlog is None
        else f"a backlog of {count(work.backlog, 'request')} (it may miss those in process)",
        f"how many finished in the last {duration(work.window_s)} is not known"
        if work.completed is None
        else f"{work.completed:,.0f} finished in the last {duration(work.window_s)}",
    ]
    if work.utilisation is not None:
        known.append(f"CPU or GPU at {percent(work.utilisation)} lately")
    if work.unanswered is not None:
        known.append(f"{count(work.unanswered, 'request')} submitted from Ebb without an answer")
    said = f"At work now: {', '.join(known)}."
    if work.quiet:
        return Caution(Severity.INFO, f"{said} That is no proof that nothing is in process: {NO_PROMISE}")
    return Caution(Severity.CRITICAL if at_once else Severity.WARNING, f"{said} {NO_PROMISE}")


def cautions(before: Setup, wanted: Setup, changes: tuple[Change, ...], around: Around) -> Iterable[Caution]:
    old, new, endpoint = before.target, wanted.target, around.endpoint
    current = endpoint.current
    if not changes:
        return
    if endpoint.status not in ("InService", "Updating", "SystemUpdating") and endpoint.described:
        yield Caution(
            Severity.WARNING,
            f"The endpoint is {endpoint.status}: AWS may refuse changes until it is in service.",
        )
    at_once = new is not None and current is not None and current > new.bounds.max
    unseen = new is not None and old is not None and current is None and new.bounds.max < old.bounds.max
    if lowers(before, wanted, current):
        yield guard(around.work, at_once=at_once or unseen)
    if new is None and old is not None:
        yield Caution(
            Severity.CRITICAL,
            "All policies and scheduled actions of this endpoint are removed with its registration.",
        )
    if new is not None and new.bounds.max == 0 and (old is None or old.bounds.max > 0):
        yield Caution(
            Severity.CRITICAL,
            "With a maximum of 0 the endpoint serves nothing: requests wait until they expire.",
        )
    elif at_once:
        yield Caution(Severity.CRITICAL, f"{_leaving(current, new)} of {current} instances go.")
    if new is not None and new.suspended.scale_out and (old is None or not old.suspended.scale_out):
        yield Caution(
            Severity.CRITICAL,
            "While scaling out is suspended, a sleeping endpoint does not wake for any request.",
        )
    own = {c.name for c in changes if isinstance(c, PutSchedule)}
    runs = _overwriting(old, new, wanted, around.now)
    if runs and not own:
        names = ", ".join(runs[:3])
        more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
        yield Caution(
            Severity.WARNING,
            f"Scheduled actions overwrite the bounds when they run: {names}{more}. What you set holds until then.",
        )
    if new is not None and new.suspended.scheduled and not (old is not None and old.suspended.scheduled):
        yield from _never_ended(before, around.now)
    yield from _of_policies(before, wanted, around.now)
    if new is not None and new.bounds.min > 0 and (old is None or old.bounds.min == 0) and not own:
        yield Caution(
            Severity.INFO, "A minimum above 0 holds until somebody lowers it: keep-warm ends by itself."
        )


def _leaving(current: int | None, target: ScalableTarget | None) -> int:
    return (current or 0) - (target.bounds.max if target is not None else 0)


def _overwriting(
    old: ScalableTarget | None, new: ScalableTarget | None, wanted: Setup, now: datetime
) -> tuple[str, ...]:
    """The scheduled actions that will still run, and set a bound that the change moves."""
    if old is None or new is None:
        return ()
    low, high = new.bounds.min != old.bounds.min, new.bounds.max != old.bounds.max
    found = [
        spoken(s.name)
        for s in wanted.schedules
        if ((low and s.min is not None) or (high and s.max is not None)) and following(s, now) is not None
    ]
    return tuple(dict.fromkeys(found))


def _never_ended(before: Setup, now: datetime) -> Iterable[Caution]:
    """What is kept warm, or small, at this moment, and would not end while schedules are suspended."""
    text = (
        "While schedules are suspended, Ebb's {what} does not end at {when}: the action that would put the {word} "
        "back does not run. {stays} until somebody sets it."
    )
    ending: list[tuple[str, datetime, int | None, int | None]] = []
    held = active(before.schedules, now)
    if held is not None and held.until is not None:
        ending.append((f"keep-warm-until {held.name.id}", held.until, held.name.floor, None))
    for plan in (group.plan for group in recognised(before.schedules).plans):
        span = open_at(plan, now)
        if span is not None:
            ending.append((f"warm plan {plan.id}", span.closes, plan.floor, plan.ceiling))
    for what, until, floor, ceiling in ending:
        kept = [
            f"the {w} stays at {n}" for w, n in (("minimum", floor), ("maximum", ceiling)) if n is not None
        ]
        word = "minimum" if ceiling is None else "maximum" if floor is None else "bounds"
        stays = " and ".join(kept).capitalize()
        yield Caution(
            Severity.CRITICAL, text.format(what=what, when=mark(until, now), word=word, stays=stays)
        )


def _of_policies(before: Setup, wanted: Setup, now: datetime) -> Iterable[Caution]:
    to_come = [s.min for s in wanted.schedules if s.min is not None and following(s, now) is not None]
    low = min([wanted.target.bounds.min, *to_come]) if wanted.target is not None else None
    gone = {p.name for p in before.policies} - {p.name for p in wanted.policies}
    waking = any(isinstance(p, StepPolicy) for p in wanted.policies)
    if gone and not waking and low == 0 and any(isinstance(p, StepPolicy) for p in before.policies):
        yield Caution(Severity.CRITICAL, "Without a step policy nothing starts the first instance at zero.")
    for name in sorted(gone) if wanted.target is not None else ():  # else all of it is said to go
        yield Caution(Severity.CRITICAL, f"The policy {name} is removed: scaling goes on without it.")
    old = {p.name: p for p in before.policies}
    for name in sorted(gone):
        lost = old[name]
        known = (
            not isinstance(lost, TargetTrackingPolicy) or lost.metric or lost.predefined or lost.expression
        )
        if not known:
            yield Caution(
                Severity.CRITICAL,
                f"{name} tracks an expression, of which Ebb knows no parts: once removed, Ebb cannot put it back.",
            )
    for policy in wanted.policies:
        was = old.get(policy.name)
        fixed = isinstance(policy, TargetTrackingPolicy) and policy.disable_scale_in
        fixed_before = isinstance(was, TargetTrackingPolicy) and was.disable_scale_in
        if fixed and not fixed_before:
            yield Caution(
                Severity.WARNING,
                f"{policy.name} never scales in then: unless something else does, instances stay and are paid.",
            )
