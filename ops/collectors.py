"""The collectors of this process, one for each account and region, with the notices and the requests loop of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ops import clock, notifier, which_aws
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.views import FleetView
from ops.notifier import Notifier, NotKnownYet
from ops.places_given import PlaceGiven
from ops.requests_loop import RequestsLoop
from ops.savings_places import SavingsPlaces

STOP_S = 5.0
"""So long the ends of all threads together are waited for."""
GLANCE_APART_S = 0.25
"""Between the readings of two places when somebody begins to look at all of them."""

_only_lock = threading.Lock()
_telling_lock = threading.Lock()
"""Two places that lead to one account and region never tell of it at once."""
_readers: tuple[Reader, ...] = ()
_places: SavingsPlaces | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads one account in one region, and what goes on there. `name`: "" where it is the only one."""

    name: str
    given: PlaceGiven | None
    collector: Collector
    notifier: Notifier | None
    requests: RequestsLoop

    def start(self) -> None:
        """Begin to read, to tell and to send."""
        if self.notifier is not None:
            self.notifier.start()
        self.collector.start()
        self.requests.start()

    def signal(self) -> None:
        """Have its threads end; they are waited for by `stop`."""
        self.requests.signal()
        if self.notifier is not None:
            self.notifier.signal()
        self.collector.signal()

    def stop(self, until: float) -> None:
        """End its threads and connections, waiting `until` then (monotonic) at most. A second call does nothing."""
        self.requests.stop(until)
        if self.notifier is not None:
            self.notifier.stop(until)
        self.collector.stop(until)


def start(settings: Settings) -> tuple[Reader, ...]:
    """The readers of this process, in the order of EBB_PLACES, started when there are none yet.

    AWS need not be there. Raises BadInput for places that make no sense.
    """
    global _readers, _places
    with _only_lock:
        if not _readers:
            given = which_aws.places_of(settings)
            if given:
                which_aws.place_of(settings)  # the one that is chosen is among them
            _readers = tuple(_made(settings, each, n, len(given)) for n, each in enumerate(given or (None,)))
            for reader in _readers:  # each knows of the others by now
                reader.start()
            first = _readers[0].collector
            _places = SavingsPlaces.of(settings, lambda: first.console, keep=True, present=_console_of)
        return _readers


def _made(settings: Settings, given: PlaceGiven | None, number: int, of: int) -> Reader:
    name = given.name if given is not None else ""
    own = settings if given is None else settings.model_copy(update={"place": name})
    telling = notifier.of(own, publisher)
    budget = settings.own_budget_usd

    def opened() -> Console:
        # as it was given at the start: a file that was edited since changes nothing that runs
        where = which_aws.at_place(own, given) if given is not None else None
        console = Console.open(own, keep=True, where=where)
        if number:  # an export of bills holds the lines of all accounts: it is read once, by the first place
            console.borrow_bills(lambda: _readers[0].collector.console if _readers else None)
        return console

    def leads() -> bool:
        return leader(name) == name

    collector = Collector(
        opened,
        settings.refresh_for,
        tell=_told_by(telling, leads) if telling is not None else None,
        budget=budget / max(1, of) if budget is not None else None,
        leads=leads,
        glance_after_s=number * GLANCE_APART_S,
    )
    loop = RequestsLoop(lambda: collector.console if leads() else None)
    return Reader(name, given, collector, telling, loop)


def _console_of(name: str) -> Console | None:
    """The console with which a place is read; None while there is none."""
    return next((each.collector.console for each in _readers if each.name == name), None)


def _told_by(telling: Notifier, leads: Callable[[], bool]) -> Callable[[Console, FleetView], None]:
    def tell(console: Console, fleet: FleetView) -> None:
        with _telling_lock:
            if leads():
                telling.feed(console, fleet)
            else:
                telling.rest()

    return tell


def leader(name: str) -> str:
    """The place that sends requests and notices and tidies up for the account and region that `name` leads to.

    It is `name` itself where no other one leads there. Of several, one that is read, then one that may change
    something, then the one through which something was changed last, then the first.
    """
    own = next((each for each in _readers if each.name == name), None)
    scope = own.collector.scope if own is not None else None
    if scope is None:
        return name
    same = [each for each in _readers if each.collector.scope == scope]
    return min(same, key=_rank).name if same else name


def _rank(reader: Reader) -> tuple[bool, bool, float]:
    console = reader.collector.console
    writable = console is not None and console.scope is not None and console.connection().writable
    return reader.collector.failure is not None, not writable, -reader.collector.acted_at


def publisher(topic: str, own: Console | None) -> Console | None:
    """The console of the account and region that a topic is in; `own`, which has something to tell, where none is.

    Raises NotKnownYet (retryable) while a place that may be the one was not read yet.
    """
    region, account = topic.split(":")[3:5]
    unknown = []
    for reader in _readers:
        scope = reader.collector.scope
        if scope is not None and (scope.account, scope.region) == (account, region):
            console = reader.collector.console
            if leader(reader.name) == reader.name:
                return console
        elif scope is None and _may_be(reader.given, account, region):
            unknown.append(reader.name or "the one")
    if unknown:
        raise NotKnownYet(
            f"The place of the topic is not known before {unknown[0]} was read.", "The notice waits."
        )
    return own


def _may_be(given: PlaceGiven | None, account: str, region: str) -> bool:
    """Whether a place that nobody has read yet may lead there, by what was given of it."""
    if given is None:
        return True
    elsewhere = bool(given.role_arn) and given.role_arn.split(":")[4] != account
    return not elsewhere and given.region in ("", region)


def requests_problem(place: str | None = None) -> str:
    """That requests are not sent or followed because of a fault in Ebb; empty where they are.

    `place`: of that one alone; None: only where it is so at every place.
    """
    found = [each.requests.problem for each in _readers if place is None or each.name == place]
    return found[0] if found and all(found) else ""


def places() -> SavingsPlaces | None:
    """The accounts and regions whose savings are read beside a collector's own; None before the start."""
    return _places


def stop() -> None:
    """End the readers of this process, if there are any."""
    global _readers, _places
    with _only_lock:
        running, _readers = _readers, ()
        beside, _places = _places, None
    for reader in running:
        reader.signal()
    until = clock.monotonic() + STOP_S
    if beside is not None:
        beside.close()
    for reader in running:
        reader.stop(until)
