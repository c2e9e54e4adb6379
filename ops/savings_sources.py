"""Where the savings of more accounts and regions come from: AWS profiles, and the places of EBB_PLACES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from ops import which_aws
from ops.aws import profiles
from ops.aws.profiles import Profile
from ops.aws.session import Where
from ops.config import Settings
from ops.console import Console
from ops.core.errors import OpsError, Unreachable
from ops.core.views import Usage
from ops.places_given import PlaceGiven


class Borrowed:
    """In place of consoles of its own: that with which a place is read anyway, so that nothing is asked twice.

    What it asks is counted, and slowed, with that place.
    """

    def __init__(self, present: Callable[[], Console | None]) -> None:
        self._present = present

    @property
    def present(self) -> Console | None:
        return self._present()

    def open_anew(self) -> tuple[Console, bool]:
        """The console of now. Raises Unreachable while there is none."""
        console = self.present
        if console is None:
            raise Unreachable("It has not been read yet.", "Ebb keeps trying.")
        return console, True

    def usage(self) -> Usage | None:
        """Nothing: it is counted with its place."""
        return None

    def close(self) -> None:
        """It is not ours to close."""


class Lead(Protocol):
    """What leads to one account and region. `account`: "" where only AWS can tell."""

    @property
    def name(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def account(self) -> str: ...

    @property
    def words(self) -> str:
        """Where it leads, for people."""
        ...

    @property
    def called(self) -> str:
        """What it is and its name: "profile eu"."""
        ...

    @property
    def own(self) -> bool:
        """Whether it is one of the console's own places: then that it leads to the one on show is no news."""
        ...

    @property
    def kind(self) -> str:
        """ "embedded" or "aws"."""
        ...

    def where(self) -> Where:
        """The AWS that it means, read only. Raises OpsError."""
        ...


@dataclass(frozen=True, slots=True)
class ProfileLead:
    """A profile of EBB_SAVINGS_PROFILES."""

    profile: Profile
    own: bool = False

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def region(self) -> str:
        return self.profile.region

    @property
    def account(self) -> str:
        return self.profile.account

    @property
    def words(self) -> str:
        return self.profile.words

    @property
    def called(self) -> str:
        return f"profile {self.profile.name}"

    @property
    def kind(self) -> str:
        return self.where().kind

    def where(self) -> Where:
        return self.profile.where()


@dataclass(frozen=True, slots=True)
class PlaceLead:
    """A place of EBB_PLACES."""

    settings: Settings
    given: PlaceGiven
    region: str
    own: bool = True

    @property
    def name(self) -> str:
        return self.given.name

    @property
    def account(self) -> str:
        return self.given.role_arn.split(":")[4] if self.given.role_arn else ""

    @property
    def words(self) -> str:
        known = f"{self.region} of {self.account}" if self.account and self.region else self.region
        return f"{self.called} ({known})" if known else self.called

    @property
    def called(self) -> str:
        return f"place {self.given.name}"

    @property
    def kind(self) -> str:
        return which_aws.kind(self.settings)

    def where(self) -> Where:
        found = which_aws.at_place(self.settings, self.given)
        return replace(found, writable=False, why_read_only="Here it is read for savings alone.")


def all_of(settings: Settings) -> list[tuple[Lead, OpsError | None]]:
    """Each once, the places first; with why one makes no sense. Raises BadInput for EBB_PLACES as a whole."""
    found: list[tuple[Lead, OpsError | None]] = []
    for given in which_aws.places_of(settings):
        region, broken = given.region, None
        try:
            if given.profile and not region:
                region = profiles.read(given.profile).region
        except OpsError as error:
            broken = error
        found.append((PlaceLead(settings, given, region or (settings.region or "")), broken))
    return [*found, *(named(name) for name in settings.profiles_of_savings)]


def named(name: str) -> tuple[Lead, OpsError | None]:
    """The profile of a name, and why it makes no sense."""
    try:
        return ProfileLead(profiles.read(name)), None
    except OpsError as error:
        return ProfileLead(Profile(name, "", "", None)), error
