"""One question of the command `replay`, answered: where the requests come from, and the runs over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ops.console import Console
from ops.core.errors import BadInput
from ops.core.words import count
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
from ops.planner import inputs, player
from ops.replay.arrivals_file import Columns, read_arrivals
from ops.replay.backtest import Backtest, Replay
from ops.replay.draws import Times
from ops.replay.ends import above_least
from ops.replay.numbers import Numbers, numbers
from ops.replay.outcome import Replayed
from ops.replay.scenario import Requests, Scenario
from ops.replay.setting import USUAL, Span, Wish, scenario
from ops.replay.synthetic import grown
from ops.replay.traffic import EXPANSIONS
from ops.replay_options import read_bytes
from ops.traffic_past import EndpointTraffic

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed besides the wish. None: not typed."""

    wish: Wish
    concurrency: int | None = None
    service: Times | None = None
    provision: Times | None = None
    seed: int = 1
    growth: float | None = None
    """The factor on the traffic."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """`runs`: one for each way in which the requests may have come; `first`: the course of the first one.

    `above`: at the end of each, instances beyond the minimum. `scenario`: of the first one.
    """

    runs: tuple[Numbers, ...]
    first: Replayed
    scenario: Scenario
    above: tuple[int, ...]
    traffic: EndpointTraffic | None = None
    trust: Backtest | None = None


def of_file(path: str, columns: Columns, asked: Asked, say: Say) -> Answer:
    """Replay the arrivals of a file; where they grow, `EXPANSIONS` ways in which they may. Raises BadInput."""
    found = read_arrivals(read_bytes(path), columns)
    for note in found.notes:
        say(note)
    ways = of_arrivals(found, asked.service, asked.growth, asked.seed)
    return _over(ways, asked, Span(found.zero_s), say)


def of_synthetic(made: Made, asked: Asked, say: Say) -> Answer:
    """Replay traffic that is made from rates, `EXPANSIONS` times over. Raises BadInput."""
    if asked.service is None:
        raise BadInput(NO_SERVICE, "Give --service-s SECONDS or --service lognormal:MEDIAN,SIGMA.")
    ways = of_rates(made, asked.service, asked.growth, asked.seed)
    sizes = [len(way) for way in ways]
    days = f"{made.days:g} {'day' if made.days == 1 else 'days'}"
    say(
        f"Made of the rates: {min(sizes):,} to {max(sizes):,} requests in {days} from Monday, {MONDAY}, "
        f"00:00 {made.shape.zone}; {EXPANSIONS} ways in which they may come."
    )
    return _over(ways, asked, Span(int(made.start.timestamp())), say)


def _over(ways: Sequence[Requests], asked: Asked, span: Span, say: Say) -> Answer:
    """Without an endpoint: what is not asked for is as in the developer guide."""
    concurrency = CONCURRENCY if asked.concurrency is None else asked.concurrency
    provision = Times(PROVISION_S) if asked.provision is None else asked.provision
    wanted = [
        scenario(USUAL, asked.wish, way, concurrency, provisioned(provision, asked.seed, number), span)
        for number, way in enumerate(ways)
    ]
    found = _played(ways, wanted, player(ways, wanted, say))
    if any(found.above):
        say(
            f"Nothing scales in: {count(max(found.above), 'instance')} above the minimum still "
            f"{'runs' if max(found.above) == 1 else 'run'} at the end, "
            "and would be billed on. The cost is that until the last change."
        )
    return found


def of_endpoint(console: Console, name: str, days: float, asked: Asked, say: Say) -> Answer:
    """Replay the traffic of an endpoint through its set-up with what is wished; all of it read now. OpsError."""
    say(f"Reading {days:g} days of {name}.")
    traffic = console.find_traffic(name, days)
    for note in traffic.notes:
        say(note)
    if traffic.setup is None:
        say(f"{traffic.unscaled} What is not given is as in the developer guide.")
    trust = None
    if traffic.setup is not None and traffic.service.times is not None:
        trust = console.backtest(traffic, asked.seed)
    if asked.service is not None:
        traffic = traffic.with_service(asked.service)
    if asked.growth is not None:  # a number of its own: no random number of the expansions is drawn twice
        traffic = replace(traffic, arrivals=grown(traffic.arrivals, asked.growth, asked.seed, EXPANSIONS))
    given = inputs(traffic, asked.seed, EXPANSIONS, whole=True)
    span = Span(0.0, traffic.arrivals.first_s, traffic.arrivals.until_s)
    concurrency = traffic.slots.concurrency if asked.concurrency is None else asked.concurrency
    wish = replace(asked.wish, model=replace(asked.wish.model, zero_metric=traffic.model.zero_metric))
    base = USUAL if traffic.setup is None else traffic.setup
    scenarios: list[Scenario] = []
    for number, requests in enumerate(given.requests):
        own = given.provision_s[number]
        drawn = own if asked.provision is None else provisioned(asked.provision, asked.seed, number)
        scenarios.append(scenario(base, wish, requests, concurrency, drawn, span))
    return _played(given.requests, scenarios, player(given.requests, scenarios, say), traffic, trust)


def _played(
    ways: Sequence[Requests],
    scenarios: Sequence[Scenario],
    replay: Replay,
    traffic: EndpointTraffic | None = None,
    trust: Backtest | None = None,
) -> Answer:
    """Of the courses only the first one is kept."""
    found, above, first = [], [], None
    for way, each in zip(ways, scenarios, strict=True):
        run = replay(way, each)
        first = first or run
        found.append(numbers(way, run))
        above.append(above_least(run, each))
    assert first is not None
    return Answer(tuple(found), first, scenarios[0], tuple(above), traffic, trust)
