"""The single door from the pages to the console, and the names of all that the session or the URL keeps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from ops import one_collector
from ops.answers import Told
from ops.config import Settings
from ops.console import Console
from ops.core.errors import OpsError, Unreachable
from ops.core.types import Connection, Window
from ops.core.views import EndpointView, FleetView, Usage
from ops.core.views_cold import ColdStartsView, WakingView
from ops.pace import Snapshot

T = TypeVar("T")

ENDPOINT = "endpoint"
"""URL and session: the name of the endpoint on show."""
RANGE = "range"
"""URL and session: the span on show, a key of scope.RANGES."""
ZONE = "zone"
"""URL and session: "UTC", "browser" or an IANA name."""
FROM, TO = "from", "to"
"""URL: both ends of a part of time of one's own, ISO 8601 in UTC, to the minute."""
ZOOM = "zoom"
"""Session: that part as a zoom.Zoom."""
TYPED, TYPED_ERROR = "typed", "typed-error"
"""Session: what the fields of a range of one's own started with, and why what was typed cannot be shown."""

OF, BACK = "of", "back"
"""URL and session: the endpoint whose cold starts are shown, and how far back, a key of cold_controls.SPANS."""
COLD_ROWS = "cold-rows"
"""Session: how many cold starts are listed at most."""
COLD_S, WAKING_S = 10.0, 5.0
"""So long what is kept of cold starts, and how far a wake is, serve everybody who asks the same."""

QUERY = "q"
"""URL and session: the words that the Fleet page searches for."""
SORT = "sort"
"""URL and session: the order of the fleet, a key of fleet_list.SORTS."""
STATE = "state"
"""URL and session: the state that the Fleet page shows, a key of fleet_list.STATES."""
FLEET_ROWS = "fleet-rows"
"""Session: how many rows of the fleet are shown at most."""
FLEET_WISH = "fleet-wish"
"""Session: what a button asked the pickers of the Fleet page to hold."""


class Source(Protocol):
    """What the pages ask; ops.collector.Collector is one. Everything but snapshot may raise OpsError."""

    def snapshot(self) -> Snapshot: ...

    def connection(self) -> Connection: ...

    def fleet(self) -> FleetView: ...

    def endpoint(self, name: str, span: timedelta | Window) -> EndpointView: ...

    def age_s(self, view: EndpointView) -> float: ...

    def ask(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]: ...


_source: Source | None = None
_refused: OpsError | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which AWS is meant, known also while it does not answer. `kind`: "embedded" or "aws"."""

    kind: str = "embedded"
    region: str = ""
    writable: bool = True


_wanted = Wanted()


def connect(source: Source | None, wanted: Wanted = _wanted) -> None:
    """Say who answers the pages of this process, and which AWS is meant."""
    global _source, _refused, _wanted
    _source, _refused, _wanted = source, None, wanted


def start() -> None:
    """Start the one reader of AWS of this process. Settings that make no sense show on every page."""
    global _refused
    try:
        settings = Settings.load()
        real = settings.mode == "aws"
        wanted = Wanted(settings.mode, settings.region or "", settings.write if real else True)
        connect(one_collector.start(settings), wanted)
    except OpsError as error:
        _refused = error


def stop() -> None:
    """End the reader."""
    connect(None)
    one_collector.stop()


def source() -> Source:
    """Who answers. Raises OpsError when nobody can."""
    if _source is None:
        raise _refused or Unreachable("Ebb has not started to read yet.", "Start it with: make run")
    return _source


def wanted() -> Wanted:
    """Which AWS is meant, known also while it does not answer."""
    return _wanted


def connection() -> Connection | None:
    """Which AWS the process reads, or None while nobody can say."""
    try:
        return source().connection()
    except OpsError:
        return None


def newest() -> tuple[FleetView, float] | None:
    """The newest good fleet and its age in real seconds; None while there is none."""
    try:
        view = source().fleet()
    except OpsError:
        return None
    return view, source().snapshot().age_s or 0.0


def usage() -> Usage | None:
    """What the process has asked of AWS so far; None while nothing was asked."""
    return _source.snapshot().usage if _source is not None else None


def interval_s() -> float:
    """Seconds between two readings of the fleet: more while AWS asks to slow down."""
    try:
        return source().snapshot().interval_s
    except OpsError:
        return 0.0


def now() -> datetime | None:
    """AWS's own time at the newest good reading of the fleet; None while there is none."""
    found = newest()
    return None if found is None else found[0].as_of


def endpoint(name: str, span: timedelta | Window) -> tuple[EndpointView, float]:
    """One endpoint, and how many real seconds ago AWS was read for it. Raises OpsError."""
    view = source().endpoint(name, span)
    return view, source().age_s(view)


def cold_starts(name: str | None, span: timedelta | None) -> Told[ColdStartsView]:
    """The cold starts that are kept of one endpoint or all (None), in a span or ever (None). Raises OpsError."""
    of = None if name is None else (name,)
    return source().ask(("cold-starts", name, span), lambda console: console.cold_starts(of, span), COLD_S)


def waking(name: str) -> WakingView | None:
    """How far a wake of an endpoint is, and what its past lets expect; None while nobody can say."""
    try:
        return source().ask(("waking", name), lambda console: console.waking(name), WAKING_S).value
    except OpsError:
        return None


def names() -> tuple[str, ...]:
    """The names of all endpoints, sorted; empty while the fleet cannot be read."""
    try:
        view = source().fleet()
    except OpsError:
        return ()
    return tuple(sorted(row.endpoint.ref.name for row in (*view.rows, *view.realtime)))


def problem() -> str:
    """Why the newest reading failed, for the health check; empty when it did not."""
    if _source is None:
        return _refused.what if _refused is not None else "not started"
    health = getattr(_source, "health", None)
    if health is not None:
        return str(health())
    error = _source.snapshot().error
    return error.what if error is not None else ""
