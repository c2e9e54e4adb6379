"""What the Planner page and the commands `replay` and `plan` ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module

from ops import clock, compiled, traffic_past
from ops.core.change import Outcome
from ops.core.errors import BadInput, OpsError, UnknownEndpoint
from ops.core.marks import Mark, MarkKind
from ops.core.moments import moment
from ops.core.names import nearest
from ops.core.setup import differences
from ops.core.types import Endpoint, Price
from ops.opened import Opened
from ops.replay import oracle
from ops.replay.backtest import Backtest, Replay, backtest
from ops.replay.draws import Times
from ops.replay.ends import SPAN, expected_s
from ops.replay.scenario import Requests, Scenario
from ops.replay.traffic import EXPANSIONS, expansions
from ops.traffic_past import DAYS, EndpointTraffic

SOON_S, LONG_S = 0.5, 10.0
MOST_MINUTES = 4_000_000
"""What a replay covers at most: between seven and eight years."""
JOURNAL = 50
"""Entries of the journal that are looked at for changes of scaling."""
SCALES = frozenset({"bounds", "suspended", "policy", "schedule", "alarm"})
"""Parts of a set-up that say how it scales."""
_EACH_S = 15e-6
"""What the reference takes for a request or a minute, about."""


@dataclass(frozen=True, slots=True, eq=False)
class ReplayInputs:
    """What candidates are replayed over: the same requests and provisioning times for all, by number of the seed.

    `scenarios`: the actual policy over what can be compared with what happened. Empty where there is none.
    """

    traffic: EndpointTraffic
    requests: tuple[Requests, ...]
    scenarios: tuple[Scenario, ...]
    provision_s: tuple[tuple[float, ...], ...]


class PlannerConsole(Opened):
    """The part of the façade that replays traffic."""

    def price(self, instance_type: str) -> Price | None:
        """An instance-hour of that type in this region: the account's own rate, else the list price.

        None where AWS lists none. Raises OpsError.
        """
        return self._prices.price(self.connection().region, instance_type)

    def traffic(self, name: str, days: float = DAYS, at: datetime | None = None) -> EndpointTraffic:
        """The traffic of the last `days` before `at` (None: now) as far as it was read.

        Raises UnknownEndpoint, BadInput.
        """
        state = self._gatherer().state()
        found = traffic_past.traffic_of(state, name, days, self._log().of(name), at, self._own_changes(name))
        return replace(found, notes=(*found.notes, *self._unknown_changes(found)))

    def weeks_of_traffic(self, name: str, days: float = DAYS, at: datetime | None = None) -> EndpointTraffic:
        """The same in whole weeks, as many as `days` hold; what there is where that is less than one."""
        state = self._gatherer().state()
        known = state.known.get(name)
        if known is None or not known.endpoint.described:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(state.known))))
        asked = (at or state.now).timestamp()
        return self.traffic(name, traffic_past.whole_weeks(known.endpoint, asked, days), at)

    def find_traffic(self, name: str, days: float = DAYS) -> EndpointTraffic:
        """The same with everything read now that it lacks: for a console without a past. OpsError."""
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.read(reading)
        endpoint = self._found(name)
        gatherer.look(reading, name, everything=True)
        traffic_past.read_lacking(gatherer, reading, endpoint, days)
        assert self._episodes is not None
        while self._episodes.step(reading, only=(name,) if endpoint.is_async else None):
            pass
        if endpoint.is_async:
            state = gatherer.state()
            owners = state.scaling.alarms.owners()
            self._log().catch_up(reading, state.now, owners, clock.pause, traffic_past.CHANGES)
        return self.traffic(name, days)

    def replay_inputs(
        self, traffic: EndpointTraffic, seed: int = 1, size: int = EXPANSIONS, *, whole: bool = True
    ) -> ReplayInputs:
        """The traffic as requests, `size` times over. Raises BadInput where nothing says how long a request takes.

        `whole`: of all the span, else of what can be compared with what happened.
        """
        return inputs(traffic, seed, size, whole=whole)

    def backtest(self, traffic: EndpointTraffic, seed: int = 1, size: int = EXPANSIONS) -> Backtest:
        """The actual policy over the actual traffic, against what happened. Raises BadInput where there is none."""
        if traffic.setup is None:
            raise BadInput(traffic.unscaled, "Replay another policy over its traffic.")
        given = inputs(traffic, seed, size, whole=False)
        replay = player(given.requests, given.scenarios)
        return backtest(traffic.actual, given.requests, given.scenarios, replay, traffic.setup.left_out)

    def _own_changes(self, name: str) -> tuple[Mark, ...]:
        """What was changed of its scaling through Ebb, from the journal; nothing where that cannot be read."""
        try:
            entries = self.records().journal(name, JOURNAL)
        except OpsError:
            return ()
        done = (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR)
        return tuple(
            Mark(e.ended or e.at, MarkKind.POLICY, e.title, e.actor.name)
            for e in entries
            if e.outcome in done
            and any(d.part.split()[0] in SCALES for d in differences(e.before, e.after, e.ref))
        )

    def _unknown_changes(self, traffic: EndpointTraffic) -> tuple[str, ...]:
        """Where another policy may have been at work in the span and nobody knows, in a sentence."""
        if not traffic.endpoint.is_async:
            return ()
        log, now = self._log(), self._gatherer().state().now
        since, problem = log.known_since(traffic_past.CHANGES), log.audit().problem
        if since is not None and since.timestamp() <= traffic.actual.first_s:
            return ()
        known = (
            "whether its scaling was changed in this time"
            if since is None
            else (f"whether its scaling was changed before {moment(since, now)}")
        )
        why = "" if problem is None else f" CloudTrail: {problem.what} {problem.hint}".rstrip()
        return (
            f"Nobody told {known}: what is set up now is compared with all of the past, "
            f"of which another policy may have made a part.{why}",
        )

    def _found(self, name: str) -> Endpoint:
        every = {e.ref.name: e for e in self._gatherer().endpoints()}
        if name not in every:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(every))))
        return every[name]


def inputs(traffic: EndpointTraffic, seed: int, size: int, *, whole: bool) -> ReplayInputs:
    """See `PlannerConsole.replay_inputs`."""
    service = traffic.service.times
    if service is None and traffic.arrivals.total:
        raise BadInput(
            f"Nothing says how long a request of {traffic.endpoint.ref.name} takes.",
            "Its metrics ModelLatency or TotalProcessingTime tell, once a request has finished; until then "
            "the commands plan and replay take it as --service-s.",
        )
    found = expansions(traffic.arrivals, service or Times(0.0), seed, size, traffic.placing)
    if not whole:
        found = tuple(_since(each, traffic.actual.first_s) for each in found)
    scenarios = () if traffic.setup is None else tuple(traffic.scenario(seed, n) for n in range(size))
    return ReplayInputs(
        traffic, found, scenarios, tuple(traffic.provision.draws(seed, n) for n in range(size))
    )


def player(
    requests: Sequence[Requests],
    scenarios: Sequence[Scenario],
    say: Callable[[str], None] = lambda text: None,
) -> Replay:
    """What replays these soonest: the compiled kernels, or the reference while they are not compiled or loaded yet
    and it is quick enough. Both say the same, to the bit. `say` hears where kernels are compiled first.

    Raises BadInput where a course would cover more than MOST_MINUTES.
    """
    steps = 0.0
    for each, scenario in zip(requests, scenarios, strict=True):
        expected = expected_s(each, scenario)
        minutes = sum(expected.values()) / 60
        if minutes > MOST_MINUTES:
            raise _too_long(minutes, max(expected, key=lambda what: expected[what]))
        stuck = scenario.ttl_s / 60 if scenario.until_s is None else 0.0
        steps += len(each) + minutes + stuck
    takes = steps * _EACH_S
    if takes < SOON_S or (takes < LONG_S and not compiled.ready()):
        return oracle.replay
    if not compiled.ready():
        say(f"Compiling the replay, once: about {compiled.ABOUT_S} s.")
    compiled.warm()
    found: Replay = import_module("ops.replay.engine").replay
    return found


def _too_long(minutes: float, most: str) -> BadInput:
    years = minutes / 1440 / 365
    whole = f"{years:,.0f}" if years < 1e6 else f"{years:.0e}"
    hint = "Look for a wrong date, or replay a part." if most == SPAN else "Give shorter ones."
    return BadInput(f"That would be {whole} years, minute by minute, most of them for {most}.", hint)


def _since(requests: Requests, first_s: float) -> Requests:
    use = requests.arrival_s >= first_s
    return Requests(requests.arrival_s[use], requests.hold_s[use])
