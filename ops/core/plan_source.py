"""Where the traffic of a plan comes from, where it is not an endpoint's own; and what was typed of it. Pure.

All of it is in a link but the content of a file, which is named there by its digest: no other file ever stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ops.core.errors import BadInput

TRAFFIC = "traffic"
"""The key of the link that says which kind of traffic; none: the endpoint's own."""
FILE_KIND, SYNTHETIC_KIND = "file", "synthetic"
KINDS = (FILE_KIND, SYNTHETIC_KIND)
GIVEN_KEYS = ("service", "slots", "provision", "type", "price")
FILE_KEYS = ("file", "called", "column", "took", "ends")
SYNTHETIC_KEYS = ("rates", "bursts", "long", "seed")
KEYS = (TRAFFIC, *FILE_KEYS, *SYNTHETIC_KEYS, *GIVEN_KEYS)
"""Of the link."""
LONG_D = 7.0
SEED = 1
MOST_SEED = 2**31 - 1
_DIGEST = re.compile(r"[0-9a-f]{32}")
T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed instead of being measured; empty or None: as measured, else as in the file, else assumed.

    `service`, `provision`: seconds, or lognormal:MEDIAN,SIGMA. `price`: dollars for an instance-hour.
    """

    service: str = ""
    concurrency: int | None = None
    provision: str = ""
    instance_type: str = ""
    price: str = ""


@dataclass(frozen=True, slots=True)
class FileTraffic:
    """A file of arrivals, by the digest of its bytes. Columns are named or numbered from 1; empty: guessed."""

    digest: str
    called: str = ""
    """The name of the file, for people."""
    column: str = ""
    service_column: str = ""
    end_column: str = ""
    given: Given = field(default_factory=Given)

    @property
    def words(self) -> str:
        return f"the file {self.called}" if self.called else "a file of arrivals"

    @property
    def stem(self) -> str:
        """Of the names of files that are made of it."""
        return re.sub(r"[^\w.-]+", "-", self.called.rpartition(".")[0] or self.called or "arrivals")[:60]


@dataclass(frozen=True, slots=True)
class SyntheticTraffic:
    """Traffic made of rates. `rates` and `bursts` as they are typed: ops.replay.shape_text reads them."""

    rates: str
    bursts: tuple[str, ...] = ()
    days: float = LONG_D
    seed: int = SEED
    given: Given = field(default_factory=Given)

    @property
    def words(self) -> str:
        return "synthetic traffic"

    @property
    def stem(self) -> str:
        return "synthetic"


Source = FileTraffic | SyntheticTraffic


@dataclass(frozen=True, slots=True)
class Measured:
    """What an endpoint's past says: what is taken where nothing is typed. None: it says nothing."""

    service_s: float | None
    concurrency: int
    provision_s: float
    instance_type: str
    sources: Mapping[str, str]
    """By the keys of `GIVEN_KEYS`: where each is from."""


def source_of(typed: Mapping[str, str]) -> tuple[Source | None, list[tuple[str, BadInput]]]:
    """What the parts of a link say, and what of them makes no sense, each with its key. None: the endpoint's own,
    or no file was chosen yet."""
    said = {key: typed.get(key, "").strip() for key in KEYS}
    kind = said[TRAFFIC]
    if not kind:
        return None, []
    if kind not in KINDS:
        hint = f"There are {' and '.join(KINDS)}; without one it is the endpoint's own."
        return None, [(TRAFFIC, BadInput(f"{kind!r} is no kind of traffic.", hint))]
    wrong: list[tuple[str, BadInput]] = []

    def read(key: str, work: Callable[[str], T], usual: T) -> T:
        try:
            return work(said[key]) if said[key] else usual
        except BadInput as error:
            wrong.append((key, error))
            return usual

    slots = read("slots", lambda text: _whole(text, 1, 1_000, "number of requests at once"), 0)
    given = Given(said["service"], slots or None, said["provision"], said["type"], said["price"])
    if kind == SYNTHETIC_KIND:
        days = read("long", _days, LONG_D)
        seed = read("seed", lambda text: _whole(text, 0, MOST_SEED, "seed"), SEED)
        bursts = tuple(part.strip() for part in said["bursts"].split(";") if part.strip())
        found: Source | None = SyntheticTraffic(said["rates"], bursts, days, seed, given)
        if not said["rates"]:
            found = None
    else:
        digest = said["file"]
        if digest and not _DIGEST.fullmatch(digest):
            wrong.append(("file", BadInput("The link names no file.", "Upload the file.")))
        found = FileTraffic(digest, said["called"], said["column"], said["took"], said["ends"], given)
        if not digest:
            found = None
    return (None if wrong else found), wrong


def as_link(source: Source | None) -> dict[str, str]:
    """The parts of a link that say the same; what is as usual is left out."""
    if source is None:
        return {}
    given = source.given
    found = {
        "service": given.service,
        "slots": "" if given.concurrency is None else str(given.concurrency),
        "provision": given.provision,
        "type": given.instance_type,
        "price": given.price,
    }
    if isinstance(source, FileTraffic):
        found |= {TRAFFIC: FILE_KIND, "file": source.digest, "called": source.called, "column": source.column}
        found |= {"took": source.service_column, "ends": source.end_column}
    else:
        found |= {TRAFFIC: SYNTHETIC_KIND, "rates": source.rates, "bursts": ";".join(source.bursts)}
        found |= {
            "long": "" if source.days == LONG_D else f"{source.days:g}",
            "seed": "" if source.seed == SEED else str(source.seed),
        }
    return {key: text for key, text in found.items() if text}


def _whole(text: str, least: int, most: int, what: str) -> int:
    if text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most:
        return int(text)
    raise BadInput(f"{text[:30]!r} is no {what}.", f"Give a whole number from {least:,} to {most:,}.")


def _days(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 < found < float("inf"):
        raise BadInput(f"{text[:30]!r} is no number of days.", "Give a number above 0, such as 7.")
    return found
