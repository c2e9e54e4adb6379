"""Several accounts and regions in one console, as they were given: a list of profiles, or a file in TOML. Pure.

A list is `prod, prod@eu-west-1, partner`: AWS profiles, each with @region where another than its own is meant. A file
has one table `[[place]]` for each account, with several regions where an account is looked at in several.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ops.core.errors import BadInput
from ops.core.names import nearest

MOST = 40
"""So many places at most: each is a reader of its own."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}", re.ASCII)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
"""What AWS takes (STS API Reference, AssumeRole)."""
SEE = "docs/places.md shows one."


@dataclass(frozen=True, slots=True)
class PlaceGiven:
    """One account in one region, and the way to it. Empty: not given.

    `region`: "" where the profile's own is meant. `role_arn`: assumed with the credentials of the profile, or with
    those that AWS's own search finds. `write`: whether changes may be possible there at all.
    """

    name: str
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = field(default="", repr=False)
    endpoint_url: str = field(default="", repr=False)
    write: bool = True

    @property
    def words(self) -> str:
        """By what way it is reached: "role ebb of 222222222222 by profile hub in eu-west-1"."""
        parts = []
        if self.role_arn:
            parts.append(f"role {self.role_arn.rpartition('/')[2]} of {self.role_arn.split(':')[4]}")
        if self.profile:
            parts.append(f"{'by ' if parts else ''}profile {self.profile}")
        if self.endpoint_url:
            parts.append(f"at {_shown(self.endpoint_url)}")
        if self.region:
            parts.append(f"in {self.region}")
        return " ".join(parts) or "the AWS that the settings name"


def _shown(url: str) -> str:
    """An address without what may be a secret of it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def is_file(given: str) -> bool:
    """Whether what was given names a file, and not profiles."""
    return given.strip().endswith(".toml")


def of_list(given: str) -> tuple[PlaceGiven, ...]:
    """From `profile, profile@region`. Raises BadInput."""
    found = []
    for each in given.split(","):
        profile, at, region = each.strip().partition("@")
        if not profile.strip() or (at and not _REGION.fullmatch(region.strip())):
            raise BadInput(
                f"{each.strip()!r} is no place.",
                "Write profiles with commas between them, each as profile or profile@region; one with an @ or a comma "
                f"in its own name goes into a file. {SEE}",
            )
        name = f"{_slug(profile.strip())}-{region.strip()}" if at else _slug(profile.strip())
        found.append(PlaceGiven(name, region.strip(), profile.strip()))
    return _checked(found)


def of_file(text: str) -> tuple[PlaceGiven, ...]:
    """From a file in TOML. Raises BadInput, with the place and the key that are wrong."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The file of places is no TOML: {error}.", SEE) from error
    others = [key for key in said if key != "place"]
    if others:
        raise BadInput(
            f"The file of places has {others[0]!r} at its top.", f"It takes [[place]] alone. {SEE}"
        )
    tables = said.get("place", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput("A place is written with two brackets: [[place]].", SEE)
    if not tables:
        raise BadInput("The file of places names none.", SEE)
    return _checked(one for number, table in enumerate(tables, 1) for one in _of_table(number, table))


def _matches(pattern: re.Pattern[str], words: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(words)
        return value

    return AfterValidator(check)


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address like http://127.0.0.1:4600")
    return value.rstrip("/")


_Region = Annotated[str, _matches(_REGION, "is no region like eu-west-1")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[
        str, _matches(_NAME, "takes letters, digits, dots, dashes and underscores, at most 63 of them")
    ]
    profile: str = ""
    role_arn: Annotated[str, _matches(_ROLE, "is no role like arn:aws:iam::111122223333:role/ebb")] | None = (
        None
    )
    external_id: (
        Annotated[str, _matches(_EXTERNAL_ID, "takes 2 to 1,224 letters, digits and _+=,.@:/-")] | None
    ) = None
    region: _Region | None = None
    regions: Annotated[list[_Region], Field(min_length=1)] | None = None
    endpoint_url: Annotated[str, AfterValidator(_address)] | None = None
    write: bool = True


def _of_table(number: int, table: Mapping[str, Any]) -> list[PlaceGiven]:
    called = repr(table["name"]) if isinstance(table.get("name"), str) else f"number {number}"
    try:
        read = _Table.model_validate(table)
    except ValidationError as error:
        raise _wrong(called, error) from error
    if read.external_id is not None and read.role_arn is None:
        raise BadInput(f"Place {called} has an external_id and no role_arn.", f"Name the role, too. {SEE}")
    if read.region is not None and read.regions is not None:
        raise BadInput(f"Place {called} has both region and regions.", "Write one of them.")
    regions = read.regions or [read.region or ""]
    doubled = [region for region, n in Counter(regions).items() if n > 1]
    if doubled:
        raise BadInput(f"Place {called} names {doubled[0]} twice.", "Write each region once.")
    return [
        PlaceGiven(
            f"{read.name}-{region}" if len(regions) > 1 else read.name,
            region,
            read.profile,
            read.role_arn or "",
            read.external_id or "",
            read.endpoint_url or "",
            read.write,
        )
        for region in regions
    ]


def _wrong(called: str, error: ValidationError) -> BadInput:
    first = error.errors()[0]
    key = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return BadInput(f"Place {called} has no {key}.", SEE)
    if first["type"] == "extra_forbidden":
        return BadInput(
            f"Place {called} has a key {key!r} that nobody knows.",
            f"It takes {', '.join(_Table.model_fields)}.",
        )
    why = str(first["msg"]).removeprefix("Value error, ")
    return BadInput(f"{key} of place {called} cannot be used: {why[:1].lower()}{why[1:]}.", SEE)


def _slug(profile: str) -> str:
    """A profile's name as it may stand in a link."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", profile).strip("-.") or "profile"


def _checked(given: Iterable[PlaceGiven]) -> tuple[PlaceGiven, ...]:
    found = tuple(given)
    long = [each.name for each in found if not _NAME.fullmatch(each.name)]
    if long:
        raise BadInput(f"The name {long[0]!r} is longer than 63 characters.", f"Give it a shorter one. {SEE}")
    doubled = [name for name, n in Counter(each.name for each in found).items() if n > 1]
    if doubled:
        raise BadInput(f"Two places are called {doubled[0]}.", "Give each a name of its own.")
    if len(found) > MOST:
        raise BadInput(
            f"{len(found)} places are more than the {MOST} that one console reads.", "Run several."
        )
    return found


def chosen(places: Iterable[PlaceGiven], name: str) -> PlaceGiven:
    """The one of a name. Raises BadInput with the names there are."""
    known = {each.name: each for each in places}
    found = known.get(name)
    if found is None:
        close = nearest(name, known, 1)
        hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(known)}."
        raise BadInput(f"There is no place named {name!r}.", hint)
    return found
