"""Which of EBB_PLACES a command works on: said with each plan, carried by the commands that are printed, never guessed.

Where there is no more than one place all of it is empty.
"""

from __future__ import annotations

from typing import Any

from ops import which_aws
from ops.config import Settings
from ops.core.errors import BadInput
from ops.core.types import EndpointRef
from ops.core.words import listed


def loaded(*, writes: bool) -> Settings:
    """The settings of this process. Raises BadInput, also where it `writes` and nobody named one of several places."""
    settings = Settings.load()
    if writes:
        insist(settings)
    return settings


def insist(settings: Settings) -> None:
    """Raises BadInput where there are several places and none of them was named."""
    if not settings.place and chosen(settings):
        names = listed([place.name for place in which_aws.places_of(settings)])
        raise BadInput(
            f"EBB_PLACES names several places: {names}. A change is made in one that is named.",
            "Name the place: --place NAME, or set EBB_PLACE. Nothing was changed.",
        )


def chosen(settings: Settings) -> str:
    """The name of the place that is asked, where there are several. Raises BadInput."""
    if len(which_aws.places_of(settings)) < 2:
        return ""
    given = which_aws.place_of(settings)
    return given.name if given is not None else ""


def option(place: str) -> str:
    """What a command is repeated with, or gone on with, so that it works on the same place."""
    return f" --place {place}" if place else ""


def where(ref: EndpointRef, place: str) -> str:
    """For people: the head of a plan, and of what became of it."""
    of = f"Account {ref.account}, region {ref.region}"
    return f"{of}, place {place}." if place else f"{of}."


def where_json(ref: EndpointRef, place: str) -> dict[str, Any]:
    """The same for scripts. `place`: null where there are not several."""
    return {"place": place or None, "account": ref.account, "region": ref.region}
