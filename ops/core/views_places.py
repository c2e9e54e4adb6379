"""Several accounts and regions at a glance: what each needs, or why it cannot be read. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ops.core.errors import Denied, OpsError
from ops.core.types import Connection, Severity
from ops.core.views import FleetView
from ops.core.words import count, listed

_RANK = {Severity.CRITICAL: 0, Severity.WARNING: 1}


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One account in one region, as far as it was read. `name`: as links and --place say it."""

    name: str
    way: str
    """By what profile or role it is reached."""
    region: str
    """As it was given; "" where only AWS or a profile tells."""
    fleet: FleetView | None = None
    error: OpsError | None = None
    """Why the newest reading failed."""
    age_s: float | None = None
    """Real seconds since `fleet` was read."""
    same_as: tuple[str, ...] = ()
    """Names of the other places that lead to the same account and region."""

    @property
    def connection(self) -> Connection | None:
        """None while it was never read."""
        return self.fleet.connection if self.fleet is not None else None

    @property
    def where(self) -> str:
        """ "eu-west-1 of 222222222222", as far as that is known."""
        known = self.connection
        if known is not None:
            return f"{known.region} of {known.account}"
        return self.region or "region not known yet"

    @property
    def worst(self) -> Severity | None:
        """The gravest of its endpoints; None where it was never read."""
        if self.fleet is None:
            return None
        rows = (*self.fleet.rows, *self.fleet.realtime)
        return min((row.verdict.severity for row in rows), key=lambda s: _RANK.get(s, 9), default=Severity.OK)

    @property
    def unread(self) -> bool:
        """Whether what is told of it is old, or nothing is."""
        return self.error is not None

    @property
    def needs_you(self) -> bool:
        """Whether somebody has to look: an endpoint in trouble, or a place that cannot be read."""
        return self.unread or self.worst in _RANK

    @property
    def sentence(self) -> str:
        """What it needs, in a sentence of its fleet; why it cannot be read, where it cannot."""
        if self.error is not None:
            action = self.error.action if isinstance(self.error, Denied) else ""
            why = (
                self.error.what
                if not action or action in self.error.what
                else f"{self.error.what} ({action})"
            )
            older = f" Before that: {self.fleet.headline}" if self.fleet is not None else ""
            return f"Cannot be read: {why}{older}{self._shared}"
        return f"{self.fleet.headline}{self._shared}" if self.fleet is not None else "Not read yet."

    @property
    def _shared(self) -> str:
        if not self.same_as:
            return ""
        others = listed(list(self.same_as))
        return f" It leads to the same account and region as {others}: one of them alone sends requests and notices."

    @property
    def endpoints(self) -> str:
        """How many there are, in words; "" where nobody knows."""
        if self.fleet is None:
            return ""
        return count(len(self.fleet.rows) + len(self.fleet.realtime), "endpoint")


def worst_first(places: Iterable[PlaceView]) -> tuple[PlaceView, ...]:
    """Those with something critical, then those that cannot be read, then warnings; else as they were given."""

    def rank(place: PlaceView) -> float:
        own = _RANK.get(place.worst, 2) if place.worst is not None else 2
        return min(own, 0.5) if place.unread else own

    return tuple(sorted(places, key=rank))


def headline(places: Iterable[PlaceView]) -> str:
    """How many need somebody, by name."""
    every = tuple(places)
    loud = [place.name for place in worst_first(every) if place.needs_you]
    waiting = [place.name for place in every if place.fleet is None and not place.unread]
    if loud:
        said = f"{listed(loud)} {'needs' if len(loud) == 1 else 'need'} you"
    elif waiting:
        said = f"{listed(waiting)} {'is' if len(waiting) == 1 else 'are'} not read yet"
    else:
        return f"All {count(len(every), 'place')} are fine." if len(every) > 1 else "It is fine."
    calm = len(every) - len(loud) - (0 if loud else len(waiting))
    return (
        f"{said}; {calm} {'is' if calm == 1 else 'are'} fine."
        if calm > 0 and not (loud and waiting)
        else f"{said}."
    )
