"""A question to the planner, made ready from what was read: traffic, ground, today's policy, baselines. No AWS here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np

from ops.core.baselines import Against, Baseline, Kind, against
from ops.core.candidate import Candidate, Machine, fitted
from ops.core.candidate_setup import read
from ops.core.cost import HOURS_PER_MONTH
from ops.core.errors import BadInput
from ops.core.instance_time import QUARTER_S, Piece, instance_time
from ops.core.promise import Promise
from ops.core.setup import Setup
from ops.core.types import Price, ScheduledAction
from ops.core.views_planner import IN_SERVICE, ORDERED, PlanQuery, PlanSaving, Played
from ops.core.words import count, duration
from ops.planner import inputs
from ops.replay.backtest import Actual
from ops.replay.candidates import Ground, scenario
from ops.replay.draws import Times
from ops.replay.of_setup import SetUp
from ops.replay.promise import parse
from ops.replay.scenario import Scenario
from ops.replay.search import Today, Traffic
from ops.replay.told import assumptions
from ops.replay.traffic import Arrivals, expanded
from ops.traffic_past import AS_GIVEN, EndpointTraffic

EXPANSIONS = 5
SEED = 1
MOST_TRIED = 2_000
MOST_GROWTH = 1_000.0
COMPARED = (Baseline(Kind.PEAK), Baseline(Kind.ONE), Baseline(Kind.MAX), Baseline(Kind.HOURS))
"""The baselines of Savings that a plan is held against."""


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """What a search needs. `notes`: what it assumes, in sentences."""

    promise: Promise
    traffic: Traffic
    ground: Ground
    machine: Machine
    today: Today | None
    notes: tuple[str, ...]
    zone: str
    """IANA name, of busy hours that are found in the traffic: that of the endpoint's own schedules, else as asked."""
    dated: bool = True
    """Whether days and hours of the traffic mean something; without, there are no warm windows."""
    way: Callable[[int], Traffic] | None = None
    """One more expansion, by its number; None: the traffic comes in one way alone."""

    @property
    def requests(self) -> float:
        """On average over the expansions."""
        return float(np.mean([len(r) for r in self.traffic.expansions]))


def check(query: PlanQuery) -> Promise:
    """The promise of a query. Raises BadInput for what cannot be asked."""
    promise = parse(query.promise, query.zone)
    if not query.name and query.source is None:
        raise BadInput("There is no traffic to replay.", "Choose an endpoint, a file or rates.")
    if not 1 <= query.most <= MOST_TRIED:
        raise BadInput(
            f"{query.most} candidates cannot be tried.", f"Give a number from 1 to {MOST_TRIED:,}."
        )
    if not 0 < query.growth <= MOST_GROWTH:
        raise BadInput(
            f"{query.growth:g} times the traffic cannot be replayed.", "1 is as it was, 2 is twice as much."
        )
    if not 0 < query.sure <= 1:
        raise BadInput("A share of the expansions lies above 0 and is at most 1.")
    if query.billed_from not in (IN_SERVICE, ORDERED):
        raise BadInput(f"Instances are not billed from {query.billed_from!r}.")
    if query.service_s is not None and not 0 <= query.service_s < math.inf:
        raise BadInput(f"A request cannot take {query.service_s:g} s.", "Give seconds, such as 30.")
    if not 0 <= query.ttl_s < math.inf:
        raise BadInput(
            f"A request cannot expire after {query.ttl_s:g} s.", "Give seconds; 0 means that none expires."
        )
    return promise


def pose(
    query: PlanQuery,
    traffic: EndpointTraffic,
    setup: Setup | None,
    price: Price | None,
    quota: int | None,
    now: datetime,
) -> Posed:
    """`setup`: today's, None for a real-time endpoint, which has none of this kind. Raises BadInput."""
    promise = check(query)
    if query.service_s is not None:
        traffic = traffic.with_service(Times(query.service_s))
    grown = replace(traffic, arrivals=multiplied(traffic.arrivals, query.growth))
    given = inputs(grown, SEED, EXPANSIONS, whole=True)
    ground = Ground(
        traffic.arrivals.first_s,
        traffic.arrivals.until_s,
        (traffic.provision.spread.p50_s,),
        query.ttl_s,
        quota,
        replace(traffic.model, billed_from=query.billed_from),
    )
    endpoint = traffic.endpoint
    machine = Machine(
        endpoint.instance_type or "",
        None if price is None else price.usd_per_hour,
        1.0,
        traffic.slots.concurrency,
    )
    notes = [*_weeks(ground, query.days), *traffic.notes, *_assumed(traffic), *undocumented(ground)]
    if not endpoint.is_async:
        notes.insert(
            0,
            f"{endpoint.ref.name} is a real-time endpoint: this is what it would be as an asynchronous one.",
        )
    today = None
    if setup is not None and traffic.setup is not None:
        seen = read(setup, machine, now, endpoint.current)
        left = tuple(dict.fromkeys((*seen.left, *traffic.setup.left_out)))
        if setup.target is None:  # nothing scales it, and its candidate says just that
            left = ()
        today = Today(fitted(seen.candidate), exact(traffic.setup, machine), left)
        if seen.left:
            notes.append(f"Today's policy is replayed as it is; its row leaves out: {' '.join(seen.left)}")
        notes += traffic.setup.left_out
    return Posed(
        promise,
        Traffic(given.requests, tuple(range(1, len(given.requests) + 1)), given.provision_s),
        ground,
        machine,
        today,
        tuple(dict.fromkeys(notes)),
        zone_of_schedules(() if setup is None else setup.schedules) or query.zone,
        way=partial(_way, grown),
    )


def _way(traffic: EndpointTraffic, number: int) -> Traffic:
    requests = expanded(traffic.arrivals, traffic.service.times or Times(0.0), SEED, number, traffic.placing)
    return Traffic((requests,), (number + 1,), (traffic.provision.draws(SEED, number),))


def zone_of_schedules(actions: Iterable[ScheduledAction]) -> str:
    """The zone that most recurring actions run by; empty: none names one."""
    named = Counter(a.timezone for a in actions if a.timezone and a.schedule.startswith("cron"))
    return max(named, key=lambda zone: named[zone], default="")


def multiplied(arrivals: Arrivals, growth: float) -> Arrivals:
    """So many times the requests of every cell; what is left of whole requests is carried to the next cell."""
    if growth == 1:
        return arrivals
    known = np.nan_to_num(arrivals.count)
    grown = np.diff(np.floor(np.concatenate([[0.0], np.cumsum(known * growth)]) + 0.5))
    return replace(arrivals, count=np.where(arrivals.known, grown, np.nan))


def savings(
    chosen: Played, actual: Actual, price: Price | None, most: int | None, *, weeks: bool = True
) -> tuple[PlanSaving, ...]:
    """A candidate against the baselines of Savings, of the instances that really were in service.

    `weeks`: whether whole weeks were replayed; else what runs by the day of the week is no match for it.
    """
    first = -(-int(actual.first_s) // QUARTER_S) * QUARTER_S
    piece = Piece(int(actual.first_s), 60, actual.instances)
    time = instance_time((piece,), first, max(first, int(actual.until_s) // QUARTER_S * QUARTER_S))
    found = []
    for baseline in COMPARED:
        told = against(baseline, time, most)
        month = HOURS_PER_MONTH
        if baseline.kind is Kind.HOURS:
            month = HOURS_PER_MONTH * 5 * (baseline.closes - baseline.opens) / (7 * 24)
            told = Against(
                told.baseline,
                told.instances,
                f"{told.formula}: {month:.0f} of {HOURS_PER_MONTH} hours a month"
                + ("" if weeks else "; not held against less than a week of replay"),
            )
        usd = None if told.instances is None or price is None else told.instances * month * price.usd_per_hour
        comparable = weeks or baseline.kind is not Kind.HOURS
        here = chosen.usd_month.mid if chosen.usd_month is not None and comparable else None
        saved = None if usd is None or here is None else usd - here
        found.append(PlanSaving(told, usd, saved, float(saved / usd) if saved is not None and usd else None))
    return tuple(found)


def exact(setup: SetUp, machine: Machine) -> Scenario:
    """A set-up on a machine as it is replayed."""
    return Scenario(
        setup.bounds,
        setup.bounds.min,
        machine.concurrency,
        setup.policies,
        setup.events,
        setup.suspended,
    )


def _weeks(ground: Ground, days: float) -> list[str]:
    """How a month is made of the span, where that is not what was asked for."""
    span = ground.hours / 24
    if span < 7:
        lasts = duration(60 * round(ground.hours * 60))
        return [
            f"Less than a week is replayed ({lasts}): a month is taken as that over and over, so days of the week that "
            "are not in it are not in a month's cost either."
        ]
    if span >= days:
        return []
    return [
        f"{count(round(span / 7), 'whole week')} of the {days:g} days that were asked for "
        f"{'is' if span < 14 else 'are'} replayed, so that each day of the week weighs the same in a month."
    ]


def undocumented(ground: Ground) -> list[str]:
    """What every candidate is replayed with although AWS does not say it, in sentences."""
    return assumptions(scenario(Candidate(0, 1), ground))


def _takes(traffic: EndpointTraffic) -> str:
    service = traffic.service
    if service.times is not None and service.source == AS_GIVEN:
        return f"A request takes {service.times.mean_s:g} s: assumed as typed, not measured."
    if not service.spread.count:
        return "How long a request takes is not known: none has finished."
    return f"A request takes {service.spread.mean_s:.1f} s on average ({service.source})."


def _assumed(traffic: EndpointTraffic) -> tuple[str, ...]:
    slots, provision = traffic.slots, traffic.provision
    return (
        _takes(traffic),
        f"An instance works on {slots.concurrency} at once ({slots.source}).",
        f"A new instance takes {provision.spread.p50_s:.0f} s ({provision.source}).",
    )
