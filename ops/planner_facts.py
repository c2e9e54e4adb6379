"""What the planner tells of an answer besides the candidates: facts, notes, what another assumption costs. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np

from ops.core.candidate import Candidate, Machine, SearchSpace
from ops.core.change import CostEffect
from ops.core.cost import HOURS_PER_MONTH
from ops.core.own_prices import rate_words
from ops.core.types import Endpoint, Price, Problem
from ops.core.views_planner import (
    BECOME_ASYNC,
    IN_SERVICE,
    ORDERED,
    Advice,
    LeftOut,
    PlanQuery,
    PlanSaving,
    PlanView,
    Played,
    RealtimeNow,
    Role,
)
from ops.core.warm_value import Lead, lead_by
from ops.core.words import count, listed
from ops.planner_posed import Posed, savings
from ops.replay.advice import Facts, tight
from ops.replay.advice_words import costs, dollars, starts, waits_line
from ops.replay.search import Sweep, Today, search
from ops.replay.space import at_any_hour
from ops.traffic_past import WEEK_S, EndpointTraffic

ENOUGH_KNOWN = 0.97
"""Below this share of known minutes, sums of a month are said to be too low."""
NOTHING = SearchSpace((), (), (), (), (), (), (), (), ())
"""A space without a candidate: what is given is replayed alone."""
_FROM = {IN_SERVICE: "once it is in service", ORDERED: "from its order on"}


def other_end(posed: Posed, query: PlanQuery, chosen: Played, run: Sweep) -> str:
    """What it would cost were instances billed from the other moment, in a sentence; empty where that is as much."""
    other = ORDERED if query.billed_from == IN_SERVICE else IN_SERVICE
    ground = replace(posed.ground, model=replace(posed.ground.model, billed_from=other))
    is_today = chosen.role is Role.TODAY
    own = () if is_today else (chosen.candidate,)
    found = search(posed.traffic, ground, posed.promise, NOTHING, today=posed.today, own=own, most=2, run=run)
    again = next((p for p in found if (p.role is Role.TODAY) == is_today), found[0])
    today = next((p for p in found if p.role is Role.TODAY and not is_today), None)
    if costs(again) == costs(chosen):
        return ""
    beside = "" if today is None else f", and today's policy {costs(today)}"
    return f"If AWS bills an instance {_FROM[other]}: {costs(again)}{beside}."


def beside_billing(notes: tuple[str, ...], other: str) -> tuple[str, ...]:
    """The notes with what the other moment would cost right behind the one that is assumed."""
    found = (n for n, note in enumerate(notes, 1) if note.startswith("An instance is billed from"))
    at = next(found, len(notes))
    return (*notes[:at], *([other] if other else []), *notes[at:])


def others_in_service(known: Iterable[Endpoint], name: str, instance_type: str) -> dict[str, int]:
    """Instances of a type in service now, by endpoint, without those of `name`."""
    found: dict[str, int] = {}
    for each in known:
        running = dict(each.mix).get(instance_type, 0)
        if each.instance_type == instance_type:
            running = each.current or 0
        if running and each.ref.name != name:
            found[each.ref.name] = running
    return found


def crowded(chosen: Played, others: Mapping[str, int], quota: int | None) -> str:
    """Where the quota leaves less than the advised maximum beside what other endpoints run now, in a sentence.

    `quota`: of the type, in the account and region; None: not known. Empty where there is room.
    """
    used, most = sum(others.values()), chosen.candidate.high
    if quota is None or not used or quota - used >= most:
        return ""
    named = [f"{name} {n}" for name, n in sorted(others.items(), key=lambda item: (-item[1], item[0]))]
    shown = named if len(named) <= 4 else [*named[:3], f"{len(named) - 3} more"]
    return (
        f"The account may run {count(quota, 'instance')} of {chosen.candidate.machine.instance_type} in all, and other "
        f"endpoints run {used} now ({listed(shown)}): the advised maximum of {most} may not be had while they do."
    )


def searchable(query: PlanQuery, left_out: tuple[LeftOut, ...]) -> list[Machine]:
    """The other machines, without those that only candidates that were left out run on."""
    gone = {each.candidate.machine for each in left_out}
    kept = {each.machine for each in query.own if each not in {left.candidate for left in left_out}}
    named = (each for each in query.machines if each.instance_type)  # one without a type is today's
    return [each for each in named if each in kept or each not in gone]


def against(
    query: PlanQuery, chosen: Played, traffic: EndpointTraffic | None, price: Price | None, most: int | None
) -> tuple[PlanSaving, ...]:
    """Against the baselines of Savings, which are of the traffic that there was: nothing of another one."""
    if traffic is None or query.source is not None or query.growth != 1:
        return ()
    span_s = traffic.arrivals.until_s - traffic.arrivals.first_s
    return savings(chosen, traffic.past, price, most, weeks=span_s >= WEEK_S)


def realtime_now(
    query: PlanQuery, traffic: EndpointTraffic | None, price: Price | None
) -> RealtimeNow | None:
    """What a real-time endpoint costs as it is; None of others, and where its instances are not known."""
    if traffic is None or traffic.endpoint.is_async or query.source is not None:
        return None
    known = traffic.actual.instances[~np.isnan(traffic.actual.instances)]
    if not len(known):
        return None
    hours = float(known.mean()) * float(HOURS_PER_MONTH)
    usd = None if price is None else Decimal(str(round(hours, 6))) * price.usd_per_hour
    return RealtimeNow(hours, usd)


def beside_now(advice: Advice, now: RealtimeNow | None, played: Sequence[Played]) -> Advice:
    """The same advice, saying what a real-time endpoint costs as it is, and what to do instead of taking it over."""
    if now is None or advice.chosen is None:
        return advice
    chosen = played[advice.chosen]
    cost = (
        f"{now.hours_month:,.0f} instance-hours"
        if now.usd_month is None
        else f"about {dollars(now.usd_month)}"
    )
    said = (
        f"Now, as a real-time endpoint, it costs {cost} a month; as an asynchronous one with this policy "
        f"{costs(chosen)}: {waits_line(chosen)}; {starts(chosen)}."
    )
    return replace(
        advice,
        sentence=f"{advice.sentence} {said}",
        sure=(*advice.sure[:-1], BECOME_ASYNC, *advice.sure[-1:]),
    )


def lead_for(traffic: EndpointTraffic | None) -> Lead | None:
    """How early windows open, as `ops warm` has it; None where no cold start was measured."""
    spread = None if traffic is None else traffic.provision.spread
    return None if spread is None or not spread.count else lead_by(spread.p90_s, spread.count)


def facts_of(query: PlanQuery, posed: Posed, trust: str) -> Facts:
    shortest = tight(posed.promise, math.inf)
    assert shortest is not None
    return Facts(
        posed.requests,
        posed.ground.hours / 24,
        posed.ground.cold_start_s,
        posed.dated and at_any_hour(shortest, posed.traffic.expansions[0]),
        query.sure,
        trust,
        query.growth if query.source is None else 1.0,
    )


def alone(posed: Posed, today: Today | None, own: tuple[Candidate, ...], run: Sweep) -> Played:
    """One candidate over every expansion, today's or a hand-made one."""
    return search(posed.traffic, posed.ground, posed.promise, NOTHING, today=today, own=own, most=1, run=run)[
        0
    ]


def effect_of(found: PlanView, chosen: Played | None) -> CostEffect | None:
    """What a search says of the change to a candidate; None where nothing is known of that."""
    today = None if found.today is None else found.played[found.today]
    if today is None or today.usd_month is None:
        return None
    if today.left:
        said = (
            "What it costs beside today's policy cannot be told, which is more than the search could look at."
        )
        return CostEffect(None, None, f"{said} {' '.join(today.left)}")
    if chosen is None or chosen.usd_month is None:
        return None
    more = chosen.usd_month.mid - today.usd_month.mid
    days, growth = round((found.last - found.first) / timedelta(days=1)), found.query.growth
    grown = "" if growth == 1 else f" with {growth:g} times their traffic"
    of = "" if found.query.source is None else f" of {found.query.source.words}"
    over = f"a replay of {count(days, 'day')}{of}{grown}"
    rate = "the price as typed" if found.price is None else rate_words(found.price)
    said = f"Estimate: {_usd(chosen)} a month instead of {_usd(today)}, by {over} at {rate}."
    return CostEffect(more * 24 / 730, more, said)


def _usd(one: Played) -> str:
    assert one.usd_month is not None
    return dollars(one.usd_month.mid)


def partly_known(traffic: EndpointTraffic) -> Problem | None:
    """Said loudly where so much of the span is unknown that costs and cold starts come out too low."""
    known = traffic.arrivals.known_share
    if known >= ENOUGH_KNOWN:
        return None
    return Problem(
        "traffic",
        f"Only {known * 100:.0f} % of the minutes asked for are known, and none of the rest is replayed with "
        "a request: costs, waits and cold starts a month are too low.",
        "Ask for fewer days, or again once more has been read.",
    )


def cold_starts_unread(name: str) -> Problem:
    """Said where a search began before all cold starts of an endpoint were found."""
    return Problem(
        "all cold starts",
        f"Not all cold starts of {name} were read when this was searched: how long an instance takes, how early "
        "windows open and how long requests wait rest on those that were.",
        "Search again in a minute or two.",
        retryable=True,
    )
