"""What the Planner page and the command `plan` ask: the search with its advice, one candidate in detail, a plan for
the gate, and scenarios that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import numpy as np

from ops import compiled, sweeping
from ops.arrival_files import files
from ops.aws.endpoints import problem_of
from ops.core.candidate import (
    Candidate,
    Machine,
    SearchSpace,
    fitted,
    insist_on_room,
    on_todays,
)
from ops.core.change import ChangePlan
from ops.core.errors import BadInput, OpsError
from ops.core.plan_effects import next_effect
from ops.core.plan_source import Measured, SyntheticTraffic
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import EndpointRef, Price, Problem, utc
from ops.core.views_planner import Course, LeftOut, PlanQuery, PlanView, Played
from ops.core.warm_value import Lead
from ops.planner import PlannerConsole
from ops.planner_dangers import dangers
from ops.planner_facts import (
    against,
    alone,
    beside_billing,
    beside_now,
    cold_starts_unread,
    crowded,
    effect_of,
    facts_of,
    lead_for,
    other_end,
    others_in_service,
    partly_known,
    realtime_now,
    searchable,
)
from ops.planner_given import UNTESTED, measured, pose_given, price_of, retold, type_of, unpriced
from ops.planner_kept import KeptScenarios
from ops.planner_plan import take
from ops.planner_posed import Posed, check, pose
from ops.replay.advice import Facts, advise
from ops.replay.candidates import scenario, worked
from ops.replay.confirmed import Fresh, confirmed
from ops.replay.engine import replay
from ops.replay.ranges import allows, narrowed
from ops.replay.search import fronts, on, search
from ops.replay.space import around
from ops.replay.sweep import Tell, go_on
from ops.traffic_past import EndpointTraffic, TooYoung

Say = Callable[[str], None]


class PlannerSearch(KeptScenarios, PlannerConsole):
    """The part of the façade that searches. Every method raises UnknownEndpoint, BadInput and OpsError."""

    def plan(self, query: PlanQuery, tell: Tell = go_on) -> PlanView:
        """The search over what was read of the endpoint. Raises Stopped when `tell` says so.

        A hand-made candidate that cannot be replayed is left out, and told of in `left_out`.
        """
        check(query)
        now = self._gatherer().state().now
        return self._searched(query, self._measured(query, now), tell, now)

    def find_plan(self, query: PlanQuery, tell: Tell = go_on, say: Say = lambda text: None) -> PlanView:
        """The same with everything read now that it lacks: for a console without a past. `say` hears what goes on.

        Raises BadInput where a hand-made candidate cannot be replayed.
        """
        check(query)
        say(f"Reading {query.days:g} days of {query.name}.")
        self.find_traffic(query.name, query.days)
        now = self._gatherer().state().now
        if not compiled.ready():
            say(f"Compiling the replay, once: about {compiled.ABOUT_S} s.")
        found = self._searched(query, self._measured(query, now), tell, now)
        if found.left_out:
            raise BadInput(found.left_out[0].what, found.left_out[0].hint)
        return found

    def course(self, query: PlanQuery, candidate: Candidate, at: datetime | None = None) -> Course:
        """One candidate over the first expansion, in detail; its figures are over all of them.

        `at`: `as_of` of a search, to replay the same span; None: now.
        """
        posed, _, _ = self._posed(query, self._measured(query, at))
        compiled.warm()
        candidate = self._ready(candidate, posed)
        today = posed.today if posed.today is not None and posed.today.candidate == candidate else None
        if today is not None and today.left and candidate in self._own(query, posed)[0]:
            today = None  # asked for by itself
        own = () if today is not None else (insist_on_room(candidate),)
        figures = alone(posed, today, own, sweeping.sweep)
        ground = posed.traffic.ground(0, posed.ground)
        exact = None if today is None else today.exact
        run = replay(
            worked(posed.traffic.expansions[0], candidate.machine.speed),
            scenario(candidate, ground) if exact is None else on(exact, ground),
        )
        assert run.timeline is not None
        arrivals = posed.traffic.expansions[0].arrival_s
        started = ~np.isnan(run.started_s)
        instances = run.timeline.instances
        woke = np.flatnonzero((instances[1:] > 0) & (instances[:-1] == 0)) + 1
        first = run.timeline.first_minute * 60
        return Course(
            figures,
            posed.traffic.seeds[0],
            utc(first),
            run.timeline.backlog,
            instances,
            run.timeline.desired,
            run.waits(arrivals),
            arrivals[started],
            tuple(utc(first + 60.0 * int(minute)) for minute in woke),
        )

    def plan_candidate(self, name: str, candidate: Candidate, found: PlanView | None = None) -> ChangePlan:
        """To scale an endpoint as a candidate says. `found`: the search that it comes from, for what it costs."""
        before, about = self._asked(name)
        made = take(before, about, candidate, self._paused(name))
        effect = f"{made.effect} {next_effect(before, after(before, made.changes), about)}"
        chosen = None if found is None else self._replayed(found, fitted(candidate))
        told = () if found is None or chosen is None else dangers(found, chosen)
        return self._planned(
            "policy",
            made.title,
            made.changes,
            before,
            about,
            effect=effect,
            cost=None if found is None else effect_of(found, chosen),
            cautions=(*told, *made.cautions),
        )

    def _replayed(self, found: PlanView, candidate: Candidate) -> Played | None:
        """What the search says of a candidate; one that it did not try is replayed now, where it can be."""
        if not found.played:
            return None
        known = next((p for p in found.played if p.whole(candidate)), None)
        if known is not None:
            return known
        posed, _, _ = self._posed(found.query, self._measured(found.query))
        own, _ = self._own(replace(found.query, own=(candidate,)), posed)
        return alone(posed, None, tuple(own), sweeping.sweep) if own else None

    def measured(self, name: str) -> Measured | None:
        """What is taken of an endpoint where its traffic is given; None where it is too young to say."""
        traffic = self._measured(PlanQuery(name, "", source=SyntheticTraffic("")))
        return None if traffic is None else measured(traffic)

    def _measured(self, query: PlanQuery, at: datetime | None = None) -> EndpointTraffic | None:
        """What was measured of the endpoint; None where the traffic is given, and nothing can be measured."""
        if query.source is None:
            return self.weeks_of_traffic(query.name, query.days, at)
        if not query.name:
            return None
        try:
            return self.traffic(query.name, at=at)
        except TooYoung:
            return None

    def _searched(
        self, query: PlanQuery, traffic: EndpointTraffic | None, tell: Tell, now: datetime
    ) -> PlanView:
        posed, price, problems = self._posed(query, traffic)
        compiled.warm()
        own, left_out = self._own(query, posed)
        lead = lead_for(traffic)
        space = self._space(query, posed, left_out, lead)
        trust = UNTESTED if query.source is not None or traffic is None else self._trust(traffic)
        most = None if posed.today is None else posed.today.candidate.high
        facts = facts_of(query, posed, trust)
        played = _tried(query, posed, space, own, facts, tell) if posed.requests else ()
        advice = advise(
            played,
            posed.promise,
            facts,
            lambda chosen: against(query, chosen, traffic, price, most),
        )
        notes, paid = posed.notes, realtime_now(query, traffic, price)
        if lead is not None and any(each.candidate.warm for each in played):
            notes = (
                *notes,
                f"Windows should open {lead.minutes} min early: {lead.basis}; the search tries others.",
            )
        if advice.chosen is not None:
            chosen = played[advice.chosen]
            room = self._room(query.name, chosen)
            advice = replace(advice, evidence=(*advice.evidence, *filter(None, [room])))
            other = other_end(posed, query, chosen, sweeping.sweep)
            notes = beside_billing(notes, other)
        return PlanView(
            self._ref(query, traffic),
            now,
            query,
            posed.promise,
            utc(posed.ground.start_s),
            utc(posed.ground.until_s),
            posed.requests,
            posed.traffic.seeds,
            played,
            next((p.number for p in played if p.role.value == "today"), None),
            fronts(played),
            beside_now(retold(advice, query, posed.requests, posed.ground), paid, played),
            posed.ground.cold_start_s,
            price,
            trust,
            notes,
            problems,
            left_out,
            posed.dated,
            paid,
        )

    def _space(
        self, query: PlanQuery, posed: Posed, left_out: tuple[LeftOut, ...], lead: Lead | None
    ) -> SearchSpace:
        """What the search tries: around today's policy, inside what was asked for."""
        candidate = None if posed.today is None else posed.today.candidate
        first, asked = posed.traffic.expansions[0], query.space
        early = None if lead is None else lead.minutes
        space = around(candidate, first, posed.promise, posed.ground, posed.machine, posed.zone, early)
        more = searchable(query, left_out)
        if posed.machine.usd_per_hour is not None:
            more = [self._with_price(m, self.connection().region) for m in more]
        space = replace(space, machines=tuple(dict.fromkeys((posed.machine, *more))))
        if not posed.dated:
            space = replace(space, warms=((),))
        return space if asked is None else narrowed(space, asked, posed.ground.quota)

    def _ref(self, query: PlanQuery, traffic: EndpointTraffic | None) -> EndpointRef:
        """The endpoint; without a name where there is none."""
        where = self.connection()
        return (
            EndpointRef(where.account, where.region, query.name) if traffic is None else traffic.endpoint.ref
        )

    def _posed(
        self, query: PlanQuery, traffic: EndpointTraffic | None
    ) -> tuple[Posed, Price | None, tuple[Problem, ...]]:
        state, source = self._gatherer().state(), query.source
        kind = "" if traffic is None else traffic.endpoint.instance_type or ""
        price, trouble = None, None
        if source is not None:
            kind = type_of(source.given, traffic)
            price = price_of(source.given, kind, state.now)
        if price is None and kind:
            price, trouble = self._prices.quote(self.connection().region, kind)
        limits, problems = self._quotas() if kind else ({}, ())
        setup = None
        if traffic is not None and traffic.endpoint.is_async:
            seen, _, _ = state.judged(query.name)
            setup = Setup(seen.target, seen.policies, seen.schedules, seen.alarms)
        quota = limits.get(kind)
        if source is not None:
            posed = pose_given(query, traffic, setup, price, quota, state.now, files)
            more: tuple[Problem | None, ...] = (trouble, unpriced(kind, price))
        else:
            assert traffic is not None
            posed = pose(query, traffic, setup, price, quota, state.now)
            more = (trouble, partly_known(traffic))
        if traffic is not None and not self._gone_through(traffic.endpoint.ref.name):
            more = (cold_starts_unread(traffic.endpoint.ref.name), *more)
        return posed, price, (*problems, *(each for each in more if each is not None))

    def _quotas(self) -> tuple[dict[str, int], tuple[Problem, ...]]:
        """Most instances by type; what was read is enough for a search, so that without them there is none."""
        try:
            limits, problems = self._limits.limits(self._reading())
        except OpsError as error:
            return {}, (problem_of("quotas", error),)
        return dict(limits), tuple(problems)

    def _room(self, name: str, chosen: Played) -> str:
        """What other endpoints of the account leave of the quota, where that is too little for the advised one."""
        kind = chosen.candidate.machine.instance_type
        known = (each.endpoint for each in self._gatherer().state().known.values())
        return crowded(chosen, others_in_service(known, name, kind), self._quotas()[0].get(kind))

    def _own(self, query: PlanQuery, posed: Posed) -> tuple[list[Candidate], tuple[LeftOut, ...]]:
        """The hand-made ones that can be replayed, and those that cannot."""
        good: list[Candidate] = []
        left: list[LeftOut] = []
        for each in query.own:
            try:
                ready = insist_on_room(self._ready(each, posed))
                scenario(ready, posed.ground)
                if ready.warm and not posed.dated:
                    raise BadInput("Warm windows need days, and these arrivals are seconds from somewhere.")
            except BadInput as error:
                left.append(LeftOut(each, error.what, error.hint))
            else:
                good.append(ready)
        return good, tuple(left)

    def _ready(self, candidate: Candidate, posed: Posed) -> Candidate:
        """A hand-made candidate on its machine, with a price where today's has one."""
        found = fitted(on_todays(candidate, posed.machine))
        if posed.machine.usd_per_hour is None:
            return found
        return replace(found, machine=self._with_price(found.machine, self.connection().region))

    def _with_price(self, machine: Machine, region: str) -> Machine:
        """Raises BadInput where no price is known: its cost could not be compared."""
        if machine.usd_per_hour is not None:
            return machine
        price, _ = (
            self._prices.quote(region, machine.instance_type) if machine.instance_type else (None, None)
        )
        if price is None:
            raise BadInput(
                f"No price is known of {machine.instance_type or 'a machine without a type'} here, so its cost cannot "
                "be compared.",
                "Give dollars for an instance-hour.",
            )
        return replace(machine, usd_per_hour=price.usd_per_hour)

    def _trust(self, traffic: EndpointTraffic) -> str:
        """What the back-test says, or why there is none."""
        if traffic.setup is None:
            return traffic.unscaled
        if traffic.untested:
            return traffic.untested
        try:
            return " ".join(self.backtest(traffic).judged)
        except OpsError as error:
            return f"The replay was not tested: {error.what}"


def _tried(
    query: PlanQuery, posed: Posed, space: SearchSpace, own: list[Candidate], facts: Facts, tell: Tell
) -> tuple[Played, ...]:
    """The candidates of the search; those that may be advised over fresh expansions, too."""
    whole = [0]

    def heard(done: int, of: int) -> bool:
        whole[0] = of
        return tell(done, of)

    found = search(
        posed.traffic,
        posed.ground,
        posed.promise,
        space,
        today=posed.today,
        own=own,
        most=query.most,
        sure=query.sure,
        inside=None if query.space is None else partial(allows, query.space),
        run=sweeping.sweep,
        tell=heard,
    )
    if posed.way is None:
        return found
    return confirmed(
        found,
        Fresh(posed.way, len(posed.traffic.expansions)),
        posed.ground,
        posed.promise,
        facts,
        today=posed.today,
        run=sweeping.sweep,
        tell=lambda done, of: tell(whole[0], whole[0]),
    )
