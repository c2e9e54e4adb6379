"""A question about traffic that is given instead of measured, made ready: of a file, or of rates. No AWS here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from functools import partial

import numpy as np

from ops.arrival_files import ArrivalFiles
from ops.core.candidate import Machine, fitted
from ops.core.candidate_setup import read
from ops.core.cost import HOURS_PER_MONTH
from ops.core.errors import BadInput
from ops.core.own_prices import AS_TYPED
from ops.core.plan_source import FileTraffic, Given, Measured, SyntheticTraffic
from ops.core.promise import Promise
from ops.core.search_ranges import YES
from ops.core.setup import Setup
from ops.core.types import Price, Problem, utc
from ops.core.views_planner import Advice, FileRead, PlanQuery
from ops.core.words import count, duration
from ops.given_traffic import (
    CONCURRENCY,
    MONDAY,
    NO_SERVICE,
    PROVISION_S,
    Made,
    of_arrivals,
    of_rates,
    provisioned,
)
from ops.planner_posed import Posed, check, exact, undocumented, zone_of_schedules
from ops.replay.arrivals_file import Columns, FileArrivals
from ops.replay.candidates import Ground
from ops.replay.draws import Times, times
from ops.replay.of_setup import of_setup
from ops.replay.scenario import Model, Requests
from ops.replay.search import Today, Traffic
from ops.replay.shape_text import burst, shape
from ops.traffic_past import EndpointTraffic

FILE_SEED = 1
MOST_REQUESTS = 1_000_000
"""That are replayed at once, on average."""
MOST_DAYS = 400.0
TAIL_S = 3600.0
"""A replay goes on so long after the last arrival, and a cold start and the longest request besides."""
UNTESTED = (
    "Not tested against what happened: this traffic is given, so there is nothing to compare with. The rules are "
    "those of the other replays."
)
TYPE_IT = "Type what a request takes, such as 31.6 or lognormal:21,0.35; an endpoint that was measured tells it, too."
_MONDAY_S = datetime.combine(MONDAY, time(), UTC).timestamp()
_WEEK_S = 7 * 86_400.0
_PAGE_WORDS = (
    ("Choose one with --column.", "Choose the column of arrivals."),
    (
        "Choose its column with --service-column, or give --service-s.",
        "Choose the column of processing times, or type what a request takes.",
    ),
    ("Give --column or --end-column.", "Choose one of them."),
)


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """The same traffic in each way in which it may come. Seconds since the epoch.

    `holds`: where it is from how long a request takes. `dated` False: nobody knows when it was.
    """

    requests: tuple[Requests, ...]
    start_s: float
    last_s: float
    seed: int
    holds: str
    zone: str
    notes: tuple[str, ...]
    dated: bool = True
    more: Callable[[int], tuple[Requests, ...]] | None = None
    """One more way, by its number; None: it comes in one way alone."""


def pose_given(
    query: PlanQuery,
    known: EndpointTraffic | None,
    setup: Setup | None,
    price: Price | None,
    quota: int | None,
    now: datetime,
    files: ArrivalFiles,
) -> Posed:
    """`known`: what was measured of the endpoint; None: there is no endpoint. `setup`: today's. Raises BadInput."""
    promise, source = check(query), query.source
    assert source is not None
    growth = None if query.growth == 1 else query.growth
    if isinstance(source, FileTraffic):
        ways = _of_file(source, known, growth, files)
    else:
        ways = _of_rates(source, known, growth)
    if not ways.dated:
        _insist_on_no_hours(query, promise)
    concurrency, slots = _slots(source.given, known)
    provision, middle, took = _provision(source.given, known, ways, range(len(ways.requests)))
    machine = Machine(
        type_of(source.given, known), None if price is None else price.usd_per_hour, 1.0, concurrency
    )
    longest = max(float(r.hold_s.max(initial=0.0)) for r in ways.requests)
    until = _minute(ways.last_s + TAIL_S + longest + max(max(drawn) for drawn in provision))
    model = replace(Model() if known is None else known.model, billed_from=query.billed_from)
    ground = Ground(ways.start_s, until, (middle,), query.ttl_s, quota, model)
    held = np.mean([float(r.hold_s.mean()) for r in ways.requests if len(r)])
    notes = [
        *ways.notes,
        _lasts(ground, ways),
        f"A request takes {held:.1f} s on average ({ways.holds}).",
        f"An instance works on {concurrency} at once ({slots}).",
        f"A new instance takes {middle:.0f} s ({took}).",
        *undocumented(ground),
    ]
    today = None
    if setup is not None and known is not None and known.setup is not None:
        today, more = _today(setup, known, machine, ground, now)
        notes += more
        if setup.schedules and not ways.dated:
            notes.append("Scheduled actions of today's policy are replayed as if the file began on a Monday.")
    return Posed(
        promise,
        Traffic(ways.requests, tuple(range(1, len(ways.requests) + 1)), provision),
        ground,
        machine,
        today,
        tuple(dict.fromkeys(notes)),
        ways.zone or (zone_of_schedules(() if setup is None else setup.schedules) or query.zone),
        ways.dated,
        None if ways.more is None else partial(_way, source.given, known, ways),
    )


def _way(given: Given, known: EndpointTraffic | None, ways: Ways, number: int) -> Traffic:
    assert ways.more is not None
    return Traffic(ways.more(number), (number + 1,), _provision(given, known, ways, (number,))[0])


def measured(known: EndpointTraffic) -> Measured:
    """What is taken where nothing is typed."""
    service, slots, provision = known.service, known.slots, known.provision
    return Measured(
        None if service.times is None else service.spread.mean_s,
        slots.concurrency,
        provision.spread.p50_s,
        known.endpoint.instance_type or "",
        {"service": service.source, "slots": slots.source, "provision": provision.source},
    )


def type_of(given: Given, known: EndpointTraffic | None) -> str:
    """The instance type: as typed, else the endpoint's; empty where there is neither."""
    return given.instance_type or ("" if known is None else known.endpoint.instance_type or "")


def price_of(given: Given, instance_type: str, now: datetime) -> Price | None:
    """Dollars for an instance-hour as typed; None where they are not. Raises BadInput."""
    if not given.price:
        return None
    try:
        usd = Decimal(given.price.replace("$", "").replace(",", ""))
    except InvalidOperation:
        usd = Decimal("nan")
    if not usd.is_finite() or usd < 0:
        raise BadInput(f"{given.price!r} is no price.", "Give dollars for an instance-hour, such as 1.408.")
    return Price(instance_type or "an instance without a type", "", usd, AS_TYPED, now)


def unpriced(instance_type: str, price: Price | None) -> Problem | None:
    """Said where a type is known and no price of it."""
    if not instance_type or price is not None:
        return None
    return Problem(
        "prices",
        f"No list price of {instance_type} is known here, so cost is in instance-hours.",
        "Look at how the type is written, or type its price.",
    )


def retold(advice: Advice, query: PlanQuery, requests: float, ground: Ground) -> Advice:
    """The same advice, saying of what traffic it is."""
    source, one = query.source, advice.sure[0] if advice.sure else ""
    if source is None or not one:
        return advice
    kept = one[one.rindex("The promise is kept") :]
    times_over = "" if query.growth == 1 else f", {query.growth:g} times as many as are given"
    said = (
        f"Estimates: {requests:,.0f} requests of {source.words}{times_over}, over "
        f"{duration(ground.until_s - ground.start_s)}, the same for every candidate. {kept}"
    )
    if not one.endswith(" of 1 expansions."):
        return replace(advice, sure=(said, *advice.sure[1:]))
    said = (
        f"{said.removesuffix(kept)}Its requests come in one way, as in the file, so there are no ranges: a "
        "difference between two candidates is one of this very traffic."
    )
    breaks = advice.breaks.partition(" It keeps the promise in ")[0]  # the words before say it
    return replace(advice, sure=(said, *advice.sure[1:]), breaks=breaks)


def check_source(source: FileTraffic | SyntheticTraffic) -> None:
    """Raises BadInput for what is typed of a traffic and makes no sense, whatever else is known."""
    given = source.given
    if given.service:
        times(given.service, "processing time")
    if given.provision:
        times(given.provision, "provisioning time")
    price_of(given, given.instance_type, datetime.min.replace(tzinfo=UTC))
    if isinstance(source, SyntheticTraffic):
        checked(source)


def file_read(source: FileTraffic, service_known: bool, files: ArrivalFiles) -> FileRead:
    """What is in a file. Raises BadInput, OpsError."""
    found = read_file(source, service_known, files)
    zero = 0.0 if found.zero_s is None else float(found.zero_s)
    return FileRead(
        len(found),
        zero + float(found.arrival_s[0]),
        zero + float(found.arrival_s[-1]),
        found.zero_s is not None,
        None if found.service_s is None else float(found.service_s.mean()),
        tuple(f"{note.rstrip('.')}." for note in found.notes),
    )


def checked(source: SyntheticTraffic) -> Made:
    """What is made of the rates. Raises BadInput for what makes no sense, or would be too much."""
    made = Made(shape(source.rates, tuple(map(burst, source.bursts))), source.days)
    if made.days > MOST_DAYS:
        raise BadInput(
            f"{made.days:g} days are more than are replayed here.",
            f"Give at most {MOST_DAYS:g}; 7 is a week.",
        )
    return made


def _of_rates(source: SyntheticTraffic, known: EndpointTraffic | None, growth: float | None) -> Ways:
    made = checked(source)
    _insist_on_room(made.shape.per_week * made.days / 7 * (growth or 1.0))
    service, holds = _service(source.given, known)
    if service is None:
        raise BadInput(NO_SERVICE, TYPE_IT)
    zero = int(made.start.timestamp())
    found = _shifted(of_rates(made, service, growth, source.seed), zero)
    sizes = [len(way) for way in found]
    note = (
        f"Made of rates: {min(sizes):,} to {max(sizes):,} requests in {made.days:g} days from Monday, {MONDAY}, 00:00 "
        f"{made.shape.zone}, in {count(len(found), 'way')} in which they may come (seed {source.seed})."
    )
    end = zero + made.days * 86_400

    def more(number: int) -> tuple[Requests, ...]:
        return _shifted(of_rates(made, service, growth, source.seed, (number,)), zero)

    return Ways(found, float(zero), end, source.seed, holds, made.shape.zone, (note,), more=more)


def _of_file(
    source: FileTraffic, known: EndpointTraffic | None, growth: float | None, files: ArrivalFiles
) -> Ways:
    service, holds = _service(source.given, known)
    found = read_file(source, service is not None, files)
    _insist_on_room(len(found) * (growth or 1.0))
    if found.service_s is not None and not source.given.service:
        service, holds = None, "as in the file"
    if service is None and found.service_s is None:
        raise BadInput(NO_SERVICE, f"{TYPE_IT} A column of the file may tell, too.")
    dated = found.zero_s is not None
    zero = found.zero_s if found.zero_s is not None else int(_MONDAY_S)
    ways = _shifted(of_arrivals(found, service, growth, FILE_SEED), zero)
    ways = tuple(way for way in ways if len(way)) or ways
    first = min(float(way.arrival_s[0]) for way in ways if len(way))
    last = max(float(way.arrival_s[-1]) for way in ways if len(way))
    if last - first > MOST_DAYS * 86_400:
        raise BadInput(
            f"The arrivals span {(last - first) / 86_400:,.0f} days, from {utc(first):%Y-%m-%d} to "
            f"{utc(last):%Y-%m-%d}.",
            f"Up to {MOST_DAYS:g} are replayed: look for a wrong date, or give a part.",
        )
    notes = [f"Every one of the {count(len(found), 'row')} is a request.", *found.notes]
    if not dated:
        notes.append(
            "The file counts seconds from somewhere. Days and hours here are as if it began on a Monday at 00:00 "
            "UTC, and tell nothing; no candidate has warm windows."
        )

    def more(number: int) -> tuple[Requests, ...]:
        return _shifted(of_arrivals(found, service, growth, FILE_SEED, (number,)), zero)

    again = None if growth is None else more
    return Ways(ways, first, last, FILE_SEED, holds, "", tuple(notes), dated, again)


def read_file(source: FileTraffic, service_known: bool, files: ArrivalFiles) -> FileArrivals:
    """The requests of a file. `service_known`: what they take need not be in it. Raises BadInput, OpsError."""
    typed = bool(source.given.service) or (service_known and bool(source.end_column))
    columns = Columns(
        source.column or None, source.service_column or None, source.end_column or None, not typed
    )
    try:
        return files.read(source.digest, columns)
    except BadInput as error:
        hint = error.hint
        for option, words in _PAGE_WORDS:
            hint = hint.replace(option, words)
        raise BadInput(error.what, hint) from error


def _shifted(ways: tuple[Requests, ...], zero: int) -> tuple[Requests, ...]:
    return tuple(Requests(way.arrival_s + zero, way.hold_s) for way in ways)


def _service(given: Given, known: EndpointTraffic | None) -> tuple[Times | None, str]:
    """What requests take, and where that is from; None where only a file may tell."""
    if given.service:
        return times(given.service, "processing time"), "as typed"
    if known is not None and known.service.times is not None:
        return known.service.times, f"measured of {known.endpoint.ref.name}: {known.service.source}"
    return None, ""


def _slots(given: Given, known: EndpointTraffic | None) -> tuple[int, str]:
    if given.concurrency is not None:
        return given.concurrency, "as typed"
    if known is not None:
        return known.slots.concurrency, f"{known.endpoint.ref.name}: {known.slots.source}"
    return CONCURRENCY, "assumed: nothing else was typed, and there is no endpoint to measure"


def _provision(
    given: Given, known: EndpointTraffic | None, ways: Ways, numbers: Sequence[int]
) -> tuple[tuple[tuple[float, ...], ...], float, str]:
    """(times of the ways of these numbers, the middle one, where they are from)."""
    if not given.provision and known is not None:
        drawn = tuple(known.provision.draws(ways.seed, number) for number in numbers)
        return drawn, known.provision.spread.p50_s, known.provision.source
    source = "as typed" if given.provision else "assumed: nothing else was typed, and no cold start is known"
    found = times(given.provision, "provisioning time") if given.provision else Times(PROVISION_S)
    return tuple(provisioned(found, ways.seed, number) for number in numbers), found.median_s, source


def _today(
    setup: Setup, known: EndpointTraffic, machine: Machine, ground: Ground, now: datetime
) -> tuple[Today, tuple[str, ...]]:
    """Today's policy over this traffic, and what of it is left out."""
    there = of_setup(setup, ground.start_s, ground.until_s, known.endpoint.current)
    seen = read(setup, machine, now, known.endpoint.current)
    left = tuple(dict.fromkeys((*seen.left, *there.left_out)))
    said = (
        [f"Today's policy is replayed as it is; its row leaves out: {' '.join(seen.left)}"]
        if seen.left
        else []
    )
    if setup.target is None:
        left = ()
    return Today(fitted(seen.candidate), exact(there, machine), left), (*said, *there.left_out)


def _lasts(ground: Ground, ways: Ways) -> str:
    lasts, month = ground.until_s - ground.start_s, float(HOURS_PER_MONTH) * 3600
    said = (
        f"Replayed for {duration(lasts)}, until {duration(ground.until_s - ways.last_s)} after the end of the traffic, "
        f"so that what came last can be done; a month is that {month / lasts:,.3g} times over."
    )
    if ways.last_s - ways.start_s < _WEEK_S - 86_400:
        said += " That is less than a week: nights and weekends that are not in it are not in a month's cost either."
    elif ways.dated and 86_400 < (ways.last_s - ways.start_s) % _WEEK_S < _WEEK_S - 86_400:
        said += " Those are no whole weeks: days of the week that are in it once more weigh more in a month's cost."
    return said


def _insist_on_room(requests: float) -> None:
    if requests > MOST_REQUESTS:
        raise BadInput(
            f"That would be {requests:,.0f} requests; up to {MOST_REQUESTS:,} are searched here.",
            "Give fewer days, a lower rate or less growth.",
        )


def _insist_on_no_hours(query: PlanQuery, promise: Promise) -> None:
    wants = query.space is not None and query.space.warm == YES
    if wants or any(clause.windows for clause in promise.clauses):
        raise BadInput(
            f"{'Warm windows need' if wants else 'The promise names'} hours of the day, and these arrivals are seconds "
            "from somewhere.",
            "Give arrivals with dates, or ask without hours.",
        )


def _minute(seconds: float) -> float:
    return math.ceil(seconds / 60) * 60.0
