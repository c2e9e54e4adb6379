"""Places: an account and region each, and the words for one or several of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ops.core.words import count, listed

NAMED = 3
"""So many places are named in a sentence; of more, how many accounts and regions."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One account in one region."""

    account: str
    region: str

    @property
    def words(self) -> str:
        return f"{self.region} of {self.account}"

    def of(self, name: str) -> str:
        """The name of something there, as it is told apart from one of the same name elsewhere."""
        return f"{name} ({self.words})"


@dataclass(frozen=True, slots=True)
class PlaceChoice:
    """Which places are asked for; nothing named: all of them."""

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.accounts or self.regions)

    def takes(self, account: str, region: str) -> bool:
        """Whether a place is among them; of an account that is not known yet ("") only where none is named."""
        return (not self.accounts or account in self.accounts) and (
            not self.regions or region in self.regions
        )


EVERYWHERE = PlaceChoice()


def in_words(places: Sequence[Place]) -> str:
    """ "us-east-1 of 111111111111 and eu-west-1 of 222222222222"; of many, "5 regions of 2 accounts"."""
    if len(places) <= NAMED:
        return listed([place.words for place in places])
    regions, accounts = {p.region for p in places}, {p.account for p in places}
    return f"{count(len(regions), 'region')} of {count(len(accounts), 'account')}"


def all_told(places: Iterable[Place]) -> str:
    """Every one of them, the regions of an account together."""
    by: dict[str, list[str]] = {}
    for place in sorted(places):
        by.setdefault(place.account, []).append(place.region)
    return "; ".join(f"{listed(regions)} of {account}" for account, regions in by.items())
