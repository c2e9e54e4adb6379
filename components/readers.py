"""Who answers the pages: one reader for each account and region of this process, and which one a page is of.

A page is of the place that its session holds, see components/place.py; code outside a page has to say of which.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Protocol, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from ops import collectors, which_aws
from ops.answers import Told
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.errors import OpsError, Unreachable
from ops.core.types import Connection, Window
from ops.core.views import EndpointView, FleetView
from ops.core.views_places import PlaceView
from ops.notifier import Notifier
from ops.pace import Snapshot
from ops.places_given import PlaceGiven
from ops.savings_places import SavingsPlaces
from ops.store.history import Scope as Scope

log = logging.getLogger(__name__)
T = TypeVar("T")

PLACE = "place"
"""URL: what the account and region on show are called, where there are several."""
HELD = "place-held"
"""Session: the place that all it holds is of."""
SCOPE = "scope-held"
"""Session: the account and region that all it holds is of, see `scope`; None, or not there: not known yet."""


class Source(Protocol):
    """What the pages ask; ops.collector.Collector is one. All but snapshot and glance may raise OpsError."""

    def snapshot(self) -> Snapshot: ...

    def glance(self) -> Snapshot: ...

    def connection(self) -> Connection: ...

    def fleet(self) -> FleetView: ...

    def endpoint(self, name: str, span: timedelta | Window) -> EndpointView: ...

    def age_s(self, view: EndpointView) -> float: ...

    def ask(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]: ...

    def recall(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]: ...

    def act(self, work: Callable[[Console], T], *, changes: bool = True, meant: Scope | None = None) -> T: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which AWS is meant, known also while it does not answer. `kind`: "embedded" or "aws"."""

    kind: str = "embedded"
    region: str = ""
    writable: bool = True


_wanted = Wanted()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who answers for one place. `given`: how it was set up, None where there is only one."""

    source: Source
    wanted: Wanted = _wanted
    telling: Notifier | None = None
    given: PlaceGiven | None = None


_readers: Mapping[str, Reader] = MappingProxyType({})
_first = ""
_places: SavingsPlaces | None = None
_settings: Settings | None = None
_refused: OpsError | None = None
_bound: ContextVar[str | None] = ContextVar("place", default=None)


def connect(
    source: Source | None,
    wanted: Wanted = _wanted,
    telling: Notifier | None = None,
    places: SavingsPlaces | None = None,
) -> None:
    """Say who answers the pages of this process, which AWS is meant, who sends notices, whose savings count, too."""
    connect_all({} if source is None else {"": Reader(source, wanted, telling)}, places)


def connect_all(
    readers: Mapping[str, Reader], places: SavingsPlaces | None = None, *, first: str | None = None
) -> None:
    """The same of several places by their names; `first`: the one that is shown where a link names none."""
    global _readers, _first, _places, _refused
    _readers, _places, _refused = MappingProxyType(dict(readers)), places, None
    _first = first if first is not None else next(iter(readers), "")


def start() -> None:
    """Start the readers of AWS of this process. Settings that make no sense show on every page."""
    global _refused, _settings
    try:
        _settings = chosen = Settings.load()
        kind = which_aws.kind(chosen)
        found = {
            each.name: Reader(
                each.collector,
                Wanted(
                    kind,
                    (each.given.region if each.given is not None else "") or chosen.region or "",
                    (chosen.write if kind == "aws" else True) and (each.given is None or each.given.write),
                ),
                each.notifier,
                each.given,
            )
            for each in collectors.start(chosen)
        }
        connect_all(found, collectors.places(), first=chosen.place)
    except OpsError as error:
        _refused = error


def stop() -> None:
    """End the readers; their settings are read anew at the next start."""
    global _settings
    _settings = None
    connect(None)
    collectors.stop()


def settings() -> Settings:
    """The settings of this process. Raises OpsError where they make no sense."""
    return _settings if _settings is not None else Settings.load()


def places() -> Mapping[str, Reader]:
    """All readers by the names of their places, in order; one under "" where there are not several."""
    return _readers


def first() -> str:
    """The place that is shown where a link names none."""
    return _first


def savings_places() -> SavingsPlaces | None:
    """The accounts and regions whose savings count beside this one; None where there are none."""
    return _places


@contextmanager
def at(name: str) -> Iterator[None]:
    """What is asked inside is asked of this place, also outside a page."""
    token = _bound.set(name)
    try:
        yield
    finally:
        _bound.reset(token)


def place() -> str:
    """The place that the caller is at; "" where there is only one.

    Raises OpsError where there are several and nobody has said which: none is ever guessed.
    """
    if len(_readers) == 1 and "" in _readers:
        return ""
    name = _bound.get()
    if name is None and get_script_run_ctx() is not None:
        name = st.session_state.get(HELD)
    if name is None:
        raise OpsError("Nobody has said which account and region is meant.", "Open the page anew.")
    return name


def reader() -> Reader:
    """Who answers for the place that the caller is at. Raises OpsError when nobody can."""
    if not _readers:
        raise _refused or Unreachable("Ebb has not started to read yet.", "Start it with: make run")
    name = place()
    if name not in _readers:
        raise OpsError(f"There is no place named {name} here.", "Choose one that there is.")
    return _readers[name]


def scope() -> Scope | None:
    """Kind, account, region and world that the place of the caller leads to now; None while nobody can say.

    Asks AWS for nothing. Under one name it may be another one later: credentials, or an embedded AWS, may change.
    """
    try:
        return _scope_of(reader().source)
    except OpsError:
        return None


def _scope_of(source: Source) -> Scope | None:
    if isinstance(source, Collector):
        return source.scope
    fleet = source.glance().fleet
    known = fleet.connection if fleet is not None else None
    return Scope(known.kind, known.account, known.region, known.world) if known is not None else None


def act(work: Callable[[Console], T], *, changes: bool = True, meant: Scope | None = None) -> T:
    """Do what somebody asked for by pressing a button, where the page is of: `Source.act`.

    `meant`: the scope of the page that asked, where the caller is no page. Raises OpsError; Stale where the place
    leads elsewhere by now than when the page was made.
    """
    return reader().source.act(work, changes=changes, meant=meant or held_scope())


def held_scope() -> Scope | None:
    """What the page of the caller is of; None outside a page, and while it is not known."""
    found = st.session_state.get(SCOPE) if get_script_run_ctx() is not None else None
    return found if isinstance(found, Scope) else None


def all_places() -> tuple[PlaceView, ...]:
    """Every place as far as it was read, in their order; nobody waits for any. Empty where there are not several."""
    found = [
        _seen(name, each) for name, each in _readers.items() if each.given is not None or len(_readers) > 1
    ]
    names: dict[Scope, list[str]] = defaultdict(list)
    scopes = {each.name: _scope_of(_readers[each.name].source) for each in found}
    for name, where in scopes.items():
        if where is not None:
            names[where].append(name)
    return tuple(
        replace(each, same_as=tuple(n for n in names[where] if n != each.name))
        if (where := scopes[each.name]) is not None
        else each
        for each in found
    )


def _seen(name: str, each: Reader) -> PlaceView:
    found = each.source.glance()
    way = each.given.words if each.given is not None else ""
    return PlaceView(name, way, each.wanted.region, found.fleet, found.error, found.age_s)


def problem() -> str:
    """Why nothing can be read, for the health check: of each place its reason; empty while any of them is read.

    Whoever asks has not signed in: it is told codes of errors alone. The log has what AWS said.
    """
    if not _readers:
        if _refused is not None:
            log.warning("%s %s", _refused.what, _refused.hint)
        return "the settings make no sense: see the log" if _refused is not None else "not started"
    said = {name: _failure(each.source) for name, each in _readers.items()}
    if not all(said.values()):
        return ""
    return "; ".join(
        f"{name}: {error.code or type(error).__name__}" if name else error.code or type(error).__name__
        for name, error in said.items()
        if error is not None
    )


def _failure(source: Source) -> OpsError | None:
    return source.failure if isinstance(source, Collector) else source.snapshot().error


def why_unread(source: Source) -> str:
    """Why its newest reading failed; empty when it did not."""
    error = _failure(source)
    return error.what if error is not None else ""


def requests_problem(place: str | None = None) -> str:
    """That requests are not sent or followed because of a fault in Ebb; empty where they are.

    `place`: at that one; None: only where it is so at every place.
    """
    return collectors.requests_problem(place)
