"""The one collector of this process, the notices that it feeds, and the requests loop beside it."""

from __future__ import annotations

import threading

from ops import notifier
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.notifier import Notifier
from ops.requests_loop import RequestsLoop
from ops.savings_places import SavingsPlaces

_only_lock = threading.Lock()
_only: Collector | None = None
_telling: Notifier | None = None
_requests: RequestsLoop | None = None
_places: SavingsPlaces | None = None


def start(settings: Settings) -> Collector:
    """The collector of this process, started when there is none yet. Does not need AWS to be there."""
    global _only, _telling, _requests, _places
    with _only_lock:
        if _only is None:
            _telling = notifier.of(settings)
            if _telling is not None:
                _telling.start()
            tell = _telling.feed if _telling is not None else None
            _only = Collector(
                lambda: Console.open(settings, keep=True),
                settings.refresh_for,
                tell=tell,
                budget=settings.own_budget_usd,
            ).start()
            collector = _only
            _places = SavingsPlaces.of(settings, lambda: collector.console, keep=True)
            _requests = RequestsLoop(lambda: collector.console).start()
        return _only


def requests_problem() -> str:
    """That requests are not sent or followed because of a fault in Ebb; empty where they are."""
    return _requests.problem if _requests is not None else ""


def telling() -> Notifier | None:
    """Who sends the notices of this process; None where the settings name no place."""
    return _telling


def places() -> SavingsPlaces | None:
    """The accounts and regions whose savings are read beside the collector's own; None before the start."""
    return _places


def stop() -> None:
    """End the collector of this process, if there is one."""
    global _only, _telling, _requests, _places
    with _only_lock:
        running, _only = _only, None
        notices, _telling = _telling, None
        requests, _requests = _requests, None
        beside, _places = _places, None
    if requests is not None:
        requests.stop()
    if notices is not None:
        notices.stop()
    if beside is not None:
        beside.close()
    if running is not None:
        running.stop()
