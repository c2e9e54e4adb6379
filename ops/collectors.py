"""The collectors of this process, one for each account and region, with the notices and the requests loop of each."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass

from ops import notifier, which_aws
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.errors import OpsError
from ops.notifier import Notifier
from ops.places_given import PlaceGiven
from ops.requests_loop import RequestsLoop
from ops.savings_places import SavingsPlaces

_only_lock = threading.Lock()
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

    def stop(self) -> None:
        """End its threads and connections. A second call does nothing."""
        self.requests.stop()
        if self.notifier is not None:
            self.notifier.stop()
        self.collector.stop()


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
            _readers = tuple(_started(settings, each, len(given)) for each in given or (None,))
            first = _readers[0].collector
            _places = SavingsPlaces.of(settings, lambda: first.console, keep=True)
        return _readers


def _started(settings: Settings, given: PlaceGiven | None, of: int) -> Reader:
    own = settings if given is None else settings.model_copy(update={"place": given.name})
    telling = notifier.of(own, _publisher)
    if telling is not None:
        telling.start()
    budget = settings.own_budget_usd
    collector = Collector(
        lambda: Console.open(own, keep=True),
        settings.refresh_for,
        tell=telling.feed if telling is not None else None,
        budget=budget / max(1, of) if budget is not None else None,
    ).start()
    loop = RequestsLoop(lambda: collector.console).start()
    return Reader(given.name if given is not None else "", given, collector, telling, loop)


def _publisher(topic: str, own: Console | None) -> Console | None:
    """The console of the account and region that a topic is in; without one that which has something to tell."""
    region, account = topic.split(":")[3:5]
    for reader in _readers:
        console = reader.collector.console
        if console is not None:
            with suppress(OpsError):
                known = console.connection()
                if (known.account, known.region) == (account, region):
                    return console
    return own


def requests_problem() -> str:
    """That requests are not sent or followed because of a fault in Ebb; empty where they are."""
    return next((each.requests.problem for each in _readers if each.requests.problem), "")


def places() -> SavingsPlaces | None:
    """The accounts and regions whose savings are read beside a collector's own; None before the start."""
    return _places


def stop() -> None:
    """End the readers of this process, if there are any."""
    global _readers, _places
    with _only_lock:
        running, _readers = _readers, ()
        beside, _places = _places, None
    if beside is not None:
        beside.close()
    for reader in running:
        reader.stop()
