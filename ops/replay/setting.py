"""An endpoint's set-up in the words of the command line and the planner, and the scenario it makes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from ops.core.errors import BadInput
from ops.core.types import Bounds
from ops.core.warm import WarmPlan
from ops.replay.draws import PROVISION, PROVISIONS, Times, generator
from ops.replay.scenario import (
    COOLDOWN_S,
    HIGH_PERIODS,
    LOW_PERIODS,
    TTL_S,
    Model,
    Requests,
    Scaling,
    Scenario,
    Stepping,
    Tracking,
    wake_policy,
)
from ops.replay.warm_events import Planned, warm_events

BOUNDS = Bounds(0, 5)
PROVISION_TIME = Times(300.0)
AFTER_S = 8 * 86400.0
MOST_AFTER_S = 60 * 86400.0
"""How long after the last arrival warm windows still open: while work may last, within this."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Seconds, and instances. `target` None: no target tracking. `initial` None: the minimum at the start.

    `more`: further policies. `fixed`: as many instances always, and none of the rest that scales.
    """

    bounds: Bounds = BOUNDS
    concurrency: int = 1
    target: float | None = 5.0
    in_cooldown_s: float = COOLDOWN_S
    out_cooldown_s: float = COOLDOWN_S
    high_periods: int = HIGH_PERIODS
    low_periods: int = LOW_PERIODS
    wake: bool = True
    more: tuple[Scaling, ...] = ()
    warm: tuple[WarmPlan, ...] = ()
    fixed: int | None = None
    initial: int | None = None
    provision: Times = PROVISION_TIME
    ttl_s: float = TTL_S
    model: Model = field(default_factory=Model)

    def policies(self) -> tuple[Scaling, ...]:
        found: list[Scaling] = []
        if self.target is not None:
            found.append(
                Tracking(
                    self.target,
                    self.in_cooldown_s,
                    self.out_cooldown_s,
                    high_periods=self.high_periods,
                    low_periods=self.low_periods,
                )
            )
        if self.wake:
            found.append(wake_policy())
        return (*found, *self.more)


def scenario(setting: Setting, requests: Requests, zero_s: float | None, seed: int) -> Scenario:
    """`zero_s`: seconds since the epoch at which the requests' axis begins; None: nobody knows. Raises BadInput."""
    provision = _provision(setting.provision, seed)
    if setting.fixed is not None:
        bounds = Bounds(setting.fixed, setting.fixed)
        return Scenario(
            bounds,
            setting.fixed,
            setting.concurrency,
            provision_s=provision,
            ttl_s=setting.ttl_s,
            model=setting.model,
        )
    planned = Planned(setting.bounds, ())
    if setting.warm:
        if zero_s is None:
            raise BadInput(
                "A warm window needs days, and these arrivals are seconds from somewhere.",
                "Give arrivals with dates, or leave --warm out.",
            )
        first, until = _horizon(setting, requests)
        planned = warm_events(setting.warm, setting.bounds, zero_s, first, until)
    initial = planned.bounds.min if setting.initial is None else setting.initial
    return Scenario(
        planned.bounds,
        initial,
        setting.concurrency,
        _distinct(setting.policies()),
        planned.events,
        provision_s=provision,
        ttl_s=setting.ttl_s,
        model=setting.model,
    )


def _horizon(setting: Setting, requests: Requests) -> tuple[float, float]:
    """(first arrival, when all of them are done at the latest that is looked at)."""
    if not len(requests):
        return 0.0, AFTER_S
    work = float(requests.hold_s.sum()) / setting.concurrency
    last = float(requests.arrival_s[-1])
    return float(requests.arrival_s[0]), last + min(AFTER_S + work, MOST_AFTER_S)


def _provision(provision: Times, seed: int) -> tuple[float, ...]:
    if not provision.sigma:
        return (provision.median_s,)
    return tuple(provision.draw(PROVISIONS, generator(seed, PROVISION)).tolist())


def _distinct(policies: tuple[Scaling, ...]) -> tuple[Scaling, ...]:
    """Raises BadInput where two alarms have one name: their order would be open."""
    names = [alarm.name for policy in policies for alarm in policy.alarms]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"Two alarms are named {twice[0]!r}.", _hint(policies))
    return policies


def _hint(policies: tuple[Scaling, ...]) -> str:
    steps = sum(isinstance(policy, Stepping) for policy in policies)
    return (
        "Name the one of the file otherwise, or add --no-wake-policy." if steps > 1 else "Name one otherwise."
    )
