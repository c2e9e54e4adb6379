"""The part of the console that keeps endpoints warm: the view of it, plans for the gate, paused plans remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ops import cold_views, warming, warming_until
from ops.at_work import StopSign
from ops.changing import Changing
from ops.core.change import Actor, ChangePlan, CostEffect, Outcome, Receipt
from ops.core.cold_start import ColdStart
from ops.core.cost import HOURS_PER_MONTH
from ops.core.errors import BadInput, OpsError
from ops.core.fixes import Change
from ops.core.plan_effects import Around
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import Price, Problem, Series, Window
from ops.core.views_warm import PlanView, WarmView
from ops.core.warm import WarmPlan
from ops.core.warm_actions import faults, open_at, recognised, spent
from ops.core.warm_calendar import DAYS, calendar
from ops.core.warm_keep import LONGEST, KeepUntil, active
from ops.core.warm_text import plan_text
from ops.core.warm_value import LOOKED_BACK, Lead, bought, lead_of
from ops.on_record import on_record
from ops.warming import PAUSE, WarmWish
from ops.warming_checks import Warming

log = logging.getLogger(__name__)
KIND = "warm"
SELF = Actor("ebb", "operator", "ebb")
"""Who does what Ebb does by itself."""
AGAIN = timedelta(days=1)
_GRID_S = 300
"""Five-minute steps: AWS keeps them for 63 days, minutes for 15 only."""


class WarmConsole(Changing):
    """Keep warm. Every method raises UnknownEndpoint and OpsError, the plans BadInput besides."""

    def warm(
        self, name: str, zone: ZoneInfo, wish: WarmWish | None = None, edit: int | None = None
    ) -> WarmView:
        """How an endpoint is kept warm: plans, "until", the next 14 days in a zone, and the last 30.

        `wish`: a draft, of the plan `edit` where that is given; the calendar and the plans are shown as they would be
        with it.
        """
        before, around = self._asked(name)
        ref, now, memo = around.endpoint.ref, around.now, self._paused(name)
        setup = before
        if wish is not None:
            draft = warming.plan_of(before, ref, wish, now, memo, edit)
            setup = after(before, warming.put_plan(before, ref, draft, now, memo).changes)
        known = recognised(setup.schedules)
        starts, instances, problems = self._past(name, now)
        running = {g.plan.id for g in known.plans}
        plans = [
            self._plan_view(g.plan, faults(g, ref, now), starts, instances, now, around.price)
            for g in known.plans
        ]
        plans += [
            replace(self._plan_view(p, (), starts, instances, now, around.price), paused=True, open_now=False)
            for number, p in warming.paused(memo).items()
            if number not in running
        ]
        days = None
        if setup.target is not None:
            days = calendar(setup.target, setup.schedules, zone, now, around.price)
        return WarmView(
            ref,
            now,
            setup,
            tuple(plans),
            active(setup.schedules, now),
            known.foreign,
            spent(setup.schedules, now),
            days,
            lead_of(starts),
            around.price,
            warming_until.not_put_back(before, now),
            problems,
        )

    def lead(self, name: str) -> Lead:
        """How early a window should open, by the cold starts that are kept of the endpoint."""
        _, around = self._asked(name)
        return lead_of(self._past(name, around.now)[0])

    def plan_keep_warm(
        self, name: str, until: datetime | None = None, span: timedelta | None = None, floor: int = 1
    ) -> ChangePlan:
        """To keep it warm until a moment, or for a time from now on (AWS's now)."""
        if (until is None) == (span is None):
            raise BadInput("Say either until when to keep it warm, or for how long.")

        def work(before: Setup, around: Around) -> Warming:
            end = until if until is not None else around.now + (span or timedelta())
            return warming_until.keep_until(before, around.endpoint.ref, KeepUntil(end, floor), around.now)

        return self._warmed(name, work)

    def plan_keep_warm_ended(self, name: str) -> ChangePlan:
        """To end it before its time."""
        return self._warmed(name, lambda b, a: warming_until.end_keep(b, a.endpoint.ref, a.now))

    def plan_warm(self, name: str, wish: WarmWish, edit: int | None = None) -> ChangePlan:
        """To make a warm plan, or to change the one of a number."""

        def work(before: Setup, around: Around) -> Warming:
            ref, memo = around.endpoint.ref, self._paused(name)
            plan = warming.plan_of(before, ref, wish, around.now, memo, edit)
            return warming.put_plan(before, ref, plan, around.now, memo)

        return self._warmed(name, work)

    def plan_warm_paused(self, name: str, number: int) -> ChangePlan:
        """To remove the actions of a plan and remember it."""
        memo = self._paused(name)
        return self._warmed(
            name, lambda b, a: warming.remove(b, a.endpoint.ref, number, a.now, memo, pause=True)
        )

    def plan_warm_resumed(self, name: str, number: int) -> ChangePlan:
        """To take up a paused plan again."""
        memo = self._paused(name)
        return self._warmed(name, lambda b, a: warming.resume(b, a.endpoint.ref, number, a.now, memo))

    def plan_warm_removed(self, name: str, number: int) -> ChangePlan:
        """To remove a plan for good. One that is paused alone is no change of AWS: `forget_warm`."""
        memo = self._paused(name)
        return self._warmed(name, lambda b, a: warming.remove(b, a.endpoint.ref, number, a.now, memo))

    def plan_warm_off(self, name: str) -> ChangePlan:
        """To end and remove all that Ebb keeps warm of an endpoint; paused plans stay remembered."""
        return self._warmed(name, lambda b, a: warming.off(b, a.endpoint.ref, a.now))

    def plan_warm_clean(self, name: str) -> ChangePlan:
        """To delete Ebb's scheduled actions that will not run again."""
        return self._warmed(name, lambda b, a: warming.clean_up(b, a.endpoint.ref, a.now))

    def clean_spent(self) -> tuple[Receipt, ...]:
        """Delete Ebb's own actions that have run for good, of every endpoint that was read; what became of it.

        As `SELF`, through the gate and on record; nothing where this AWS is read-only. What AWS refused is not tried
        again for a day, and what tells why a minimum is still raised stays.
        """
        gatherer = self._gatherer()
        if not self.connection().writable or gatherer.now is None:
            return ()
        known, now, done = gatherer.state().scaling.schedules, gatherer.now, list[Receipt]()
        for endpoint in gatherer.endpoints():
            name = endpoint.ref.name
            if not spent(known.get(endpoint.ref.resource_id, ()), now):
                continue
            try:
                tried = self.journal(name, since=now - AGAIN)
                if any(e.actor == SELF and e.outcome not in (Outcome.DONE, Outcome.STALE) for e in tried):
                    continue
                before, around = self._asked(name)
                if warming_until.not_put_back(before, around.now):
                    continue
                plan = self.plan_warm_clean(name)
                if not plan.empty:
                    done.append(self.apply(plan, SELF, "They have run for good."))
            except OpsError as error:
                log.warning("%s %s", error.what, error.hint)
        return tuple(done)

    def forget_warm(self, name: str, number: int, actor: Actor) -> bool:
        """Forget a paused plan; False where there is none. On record. Raises ReadOnly for who may not."""
        if number not in warming.paused(self._paused(name)):
            return False
        records, title = self.records(), f"Forget the paused warm plan {number} of {name}"
        with on_record(
            records, self.connection(), actor, name, KIND, title, self.warm_now(name), writes=False
        ):
            self._keep_paused(name, without={number})
        return True

    def warm_now(self, name: str) -> datetime:
        """AWS's time, for "until 18:00"."""
        return self._asked(name)[1].now

    def running_plans(self, name: str) -> tuple[WarmPlan, ...]:
        """The plans that scheduled actions carry out."""
        return tuple(dict.fromkeys(g.plan for g in recognised(self.setup(name).schedules).plans))

    def paused_plans(self, name: str) -> tuple[WarmPlan, ...]:
        """The plans that are remembered and not in AWS."""
        return tuple(warming.paused(self._paused(name)).values())

    def apply(
        self, plan: ChangePlan, actor: Actor, why: str = "", typed: str = "", stop: StopSign | None = None
    ) -> Receipt:
        """As `Changing.apply`; a plan that is paused by it is remembered, one that runs again is forgotten."""
        if plan.kind != KIND:
            return super().apply(plan, actor, why, typed, stop)
        name = plan.ref.name
        gone = {g.plan.id: g.plan for g in recognised(plan.before.schedules).plans}
        there = {g.plan.id for g in recognised(plan.after.schedules).plans}
        pausing = {n: p for n, p in gone.items() if n not in there} if plan.title.startswith(PAUSE) else {}
        known = warming.paused(self._paused(name)).keys()
        if (
            pausing
        ):  # before its actions go, so that it is never lost; one that still runs hides what is kept of it
            self._keep_paused(name, pausing)
        try:
            receipt = super().apply(plan, actor, why, typed, stop)
        except OpsError:
            entry = self.records().entry(plan.id)
            if entry is None or entry.outcome is Outcome.STALE:  # no call was made
                self._keep_paused(name, without=pausing.keys() - known)
            raise
        if not receipt.fresh or receipt.entry.outcome is Outcome.FAILED:
            self._keep_paused(name, without=pausing.keys() - known)
        elif receipt.entry.outcome is Outcome.DONE and not pausing:
            self._keep_paused(name, without=there | gone.keys())
        return receipt

    def _warmed(self, name: str, work: Callable[[Setup, Around], Warming]) -> ChangePlan:
        before, around = self._asked(name)
        made = work(before, around)
        cost = _cost(before, made.changes, around) if made.changes else None
        return self._planned(
            KIND,
            made.title,
            made.changes,
            before,
            around,
            effect=made.effect,
            cost=cost,
            cautions=made.cautions,
        )

    def _paused(self, name: str) -> str:
        return self.records().memo(_key(name)) or ""

    def _keep_paused(
        self, name: str, more: Mapping[int, WarmPlan] | None = None, without: Collection[int] = ()
    ) -> None:
        waiting = warming.paused(self._paused(name))
        left = {n: p for n, p in (waiting | dict(more or {})).items() if n not in without}
        if left != waiting:
            self.records().remember(_key(name), warming.memo_of(left))

    def _past(
        self, name: str, now: datetime
    ) -> tuple[tuple[ColdStart, ...], Series | None, tuple[Problem, ...]]:
        """Cold starts that are kept, and instances in service, of the last 30 days."""
        gatherer = self._gatherer()
        window = Window.last(LOOKED_BACK, now, _GRID_S)
        try:
            reading = self._reading()
            for piece in cold_views.pieces(LOOKED_BACK / timedelta(days=1), now):
                gatherer.complete(reading, name, piece)
            assert self._episodes is not None
            while self._episodes.step(reading, only=(name,)):
                pass
            view = gatherer.state().endpoint(name, window)
            state = gatherer.state()
            starts = cold_views.cold_starts(state, self._episodes, self._prices, (name,), window).starts
        except OpsError as error:
            return (), None, (Problem("the last 30 days", error.what, error.hint),)
        return starts, view.instances, view.problems

    def _plan_view(
        self,
        plan: WarmPlan,
        found: tuple[str, ...],
        starts: tuple[ColdStart, ...],
        instances: Series | None,
        now: datetime,
        price: Price | None,
    ) -> PlanView:
        soon = warming.renewal(plan, now)
        past = None if instances is None else bought(plan, starts, instances, now, price)
        is_open = open_at(plan, now) is not None
        return PlanView(plan, plan_text(plan), False, is_open, (*found, *([soon] if soon else [])), past)


def _cost(before: Setup, changes: tuple[Change, ...], around: Around) -> CostEffect | None:
    """What a plan adds to the minimum, at list price: of a weekly plan by the next 14 days, of "until" in all."""
    wanted = after(before, changes)
    if before.target is None or wanted.target is None:
        return None
    weekly = recognised(before.schedules).plans != recognised(wanted.schedules).plans
    days = DAYS if weekly else LONGEST.days + 1
    utc = ZoneInfo("UTC")
    hours = [
        calendar(target, setup.schedules, utc, around.now, days=days).instance_hours
        for target, setup in ((before.target, before), (wanted.target, wanted))
    ]
    more = hours[1] - hours[0]
    said = f"{abs(more):,.1f} instance-hours {'more' if more >= 0 else 'fewer'} of minimum"
    said += f" in the next {days} days" if weekly else ", once"
    price = around.price
    if price is None:
        return CostEffect(None, None, f"{said}; no price is known for this type.")
    basis = f"Estimate: {said}, at ${price.usd_per_hour.normalize():f} an hour "
    basis += f"({price.source}, {price.as_of:%d %b %Y})."
    if weekly:
        day = more / days * price.usd_per_hour
        return CostEffect(day, day * HOURS_PER_MONTH / 24, basis)
    return CostEffect(None, None, basis, more * price.usd_per_hour)


def _key(name: str) -> str:
    return f"warm paused:{name}"
