"""What somebody wants to be different of a set-up, and the scenario it makes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ops.core.errors import BadInput
from ops.core.types import Bounds
from ops.core.warm import WarmPlan
from ops.core.words import count
from ops.replay.of_setup import SetUp
from ops.replay.scenario import (
    TTL_S,
    Model,
    Requests,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
    Watched,
    wake_policy,
)
from ops.replay.warm_events import Planned, warm_events

TARGET = 5.0
USUAL = SetUp(Bounds(0, 5), (Tracking(TARGET), wake_policy()), ())
"""What is replayed where nobody says otherwise: the set-up of the developer guide (facts B.3)."""
AFTER_S = 8 * 86400.0
MOST_AFTER_S = 60 * 86400.0
"""How long after the last arrival warm windows still open: while work may last, within this."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Seconds, and instances; None leaves a thing as it is.

    `tracks` False: no target tracking. `wakes`: whether a step policy wakes from zero. `more`: further policies; one
    of a name that is there replaces it, and one that tracks a target replaces all that do. `warm` replaces scheduled
    actions. `fixed`: as many instances always, and nothing that scales. `initial`: None is the minimum at the start.
    """

    least: int | None = None
    most: int | None = None
    tracks: bool | None = None
    target: float | None = None
    in_cooldown_s: float | None = None
    out_cooldown_s: float | None = None
    high_periods: int | None = None
    low_periods: int | None = None
    wakes: bool | None = None
    more: tuple[Scaling, ...] = ()
    warm: tuple[WarmPlan, ...] = ()
    fixed: int | None = None
    initial: int | None = None
    ttl_s: float = TTL_S
    model: Model = field(default_factory=Model)


@dataclass(frozen=True, slots=True)
class Span:
    """What a replay covers, on the requests' axis. `zero_s`: seconds since the epoch at which the axis begins; None:
    nobody knows. Without `start_s` from the first arrival, without `until_s` until all is done."""

    zero_s: float | None = None
    start_s: float | None = None
    until_s: float | None = None


def scenario(
    base: SetUp, wish: Wish, requests: Requests, concurrency: int, provision_s: tuple[float, ...], span: Span
) -> Scenario:
    """`base` with what is wished. Raises BadInput."""
    if wish.fixed is not None:
        fixed = Bounds(wish.fixed, wish.fixed)
        return _made(wish, SetUp(fixed, (), ()), wish.fixed, concurrency, provision_s, span)
    bounds = Bounds(
        base.bounds.min if wish.least is None else wish.least,
        base.bounds.max if wish.most is None else wish.most,
    )
    if wish.initial is not None and not bounds.min <= wish.initial <= bounds.max:
        raise BadInput(
            f"{count(wish.initial, 'instance')} at the start cannot be with a minimum of {bounds.min} and a maximum of "
            f"{bounds.max}.",
            "Give --initial within them, or other bounds.",
        )
    planned = Planned(bounds, base.events)
    if wish.warm:
        if span.zero_s is None:
            raise BadInput(
                "A warm window needs days, and these arrivals are seconds from somewhere.",
                "Give arrivals with dates, or leave --warm out.",
            )
        planned = warm_events(wish.warm, bounds, span.zero_s, *_horizon(requests, concurrency, span))
    setup = replace(
        base, bounds=planned.bounds, policies=policies(base.policies, wish), events=planned.events
    )
    initial = planned.bounds.min if wish.initial is None else wish.initial
    return _made(wish, setup, initial, concurrency, provision_s, span)


def policies(present: Sequence[Scaling], wish: Wish) -> tuple[Scaling, ...]:
    """Raises BadInput where two alarms have one name: their order would be open."""
    asked = wish.target is not None or wish.tracks
    replaced = any(isinstance(policy, Tracking) for policy in wish.more) and not asked
    keeps = wish.tracks is not False and not replaced
    found: list[Scaling] = []
    for policy in present:
        if isinstance(policy, Tracking):
            if keeps:
                found.append(_tuned(policy, wish))
        elif not (wish.wakes is False and _wakes(policy)):
            found.append(policy)
    if asked and keeps and not any(isinstance(policy, Tracking) for policy in found):
        found.append(_tuned(Tracking(TARGET), wish))
    if wish.wakes and not any(_wakes(policy) for policy in found):
        found.append(wake_policy())
    named = {policy.name for policy in wish.more}
    every = (*(policy for policy in found if policy.name not in named), *wish.more)
    names = [alarm.name for policy in every for alarm in policy.alarms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        hint = "Name that of the file otherwise; --no-wake-policy leaves out the one that wakes from zero."
        raise BadInput(f"Two alarms are named {twice[0]!r}.", hint)
    return every


def _made(
    wish: Wish, setup: SetUp, initial: int, concurrency: int, provision_s: tuple[float, ...], span: Span
) -> Scenario:
    return Scenario(
        setup.bounds,
        initial,
        concurrency,
        setup.policies,
        setup.events,
        setup.suspended,
        provision_s,
        wish.ttl_s,
        start_s=span.start_s,
        until_s=span.until_s,
        model=wish.model,
    )


def _tuned(policy: Tracking, wish: Wish) -> Tracking:
    return replace(
        policy,
        target=policy.target if wish.target is None else wish.target,
        in_cooldown_s=policy.in_cooldown_s if wish.in_cooldown_s is None else wish.in_cooldown_s,
        out_cooldown_s=policy.out_cooldown_s if wish.out_cooldown_s is None else wish.out_cooldown_s,
        high_periods=policy.high_periods if wish.high_periods is None else wish.high_periods,
        low_periods=policy.low_periods if wish.low_periods is None else wish.low_periods,
        high_datapoints=policy.high_datapoints if wish.high_periods is None else None,
        low_datapoints=policy.low_datapoints if wish.low_periods is None else None,
    )


def _wakes(policy: Scaling) -> bool:
    """Whether it is there to wake from zero."""
    return isinstance(policy, Stepping) and any(a.watched is Watched.WITHOUT_CAPACITY for a in policy.alarms)


def _horizon(requests: Requests, concurrency: int, span: Span) -> tuple[float, float]:
    """(the start, when all is done at the latest that is looked at)."""
    first = float(requests.arrival_s[0]) if len(requests) else 0.0
    last = float(requests.arrival_s[-1]) if len(requests) else 0.0
    work = float(requests.hold_s.sum()) / concurrency
    start = first if span.start_s is None else span.start_s
    return start, last + min(AFTER_S + work, MOST_AFTER_S) if span.until_s is None else span.until_s
