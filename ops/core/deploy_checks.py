"""What is off about single fields of a deployment: numbers out of range, tags, variables of the environment. Pure.

Source: the API references of CreateModel (Environment), AddTags (Tag), CreateEndpointConfig
(MaxConcurrentInvocationsPerInstance) and PutMetricAlarm, as botocore 1.44.5 has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from ops.core.deployment import MOST_CONCURRENT, MOST_INSTANCES, MOST_TAGS
from ops.core.errors import BadInput

Pair = tuple[str, str]
MOST_ENV, MOST_ENV_CHARACTERS = 100, 1_024
"""Variables that CreateModel takes for one container, and characters of a name or a value."""
MOST_WAKE_MIN = 60
MOST_TARGET = 1_000_000
SHOWN = 20
"""Characters of a number that are repeated."""
_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TAG_SIGNS = "_.:/=+-@"
_TAG_LIKE = (
    f"Tags hold letters, digits, spaces and {' '.join(_TAG_SIGNS)}; "
    "names are 1 to 128 characters long, values up to 256."
)


@dataclass(frozen=True, slots=True)
class _Range:
    """What a number may be. `limit`: whose limit that is, and what else limits it."""

    least: float
    most: float
    of: str
    limit: str


_RANGES: Mapping[str, _Range] = MappingProxyType(
    {
        "max": _Range(
            1,
            MOST_INSTANCES,
            "instances",
            "Give what you mean to pay for: the account's quota of the type counts besides, see Service Quotas.",
        ),
        "concurrency": _Range(
            1,
            MOST_CONCURRENT,
            "requests at once",
            "That is AWS's limit (MaxConcurrentInvocationsPerInstance).",
        ),
        "wake-minutes": _Range(1, MOST_WAKE_MIN, "minutes", "The guide takes 2."),
        "in-cooldown": _Range(0, 86_400, "seconds", "A day is the longest that makes sense here."),
        "out-cooldown": _Range(0, 86_400, "seconds", "A day is the longest that makes sense here."),
        "target": _Range(
            0,
            MOST_TARGET,
            "requests for each instance",
            "It is the backlog for each instance that scaling aims at; the guide takes 5.",
        ),
    }
)


def off_range(field: str, number: float, typed: str) -> BadInput | None:
    """What is wrong with a number; None where nothing is, or where any will do. The target has to be above 0."""
    allowed = _RANGES.get(field)
    above = field == "target" and number == 0
    if allowed is None or (allowed.least <= number <= allowed.most and not above):
        return None
    said = f"{number:,}" if isinstance(number, int) and len(typed) <= SHOWN else typed
    said = said if len(said) <= SHOWN else f"{said[:SHOWN]}…"
    word = "too much" if number > allowed.most else "too little"
    least = "above 0, up" if field == "target" else f"{allowed.least:,}"
    return BadInput(f"{said} is {word}: {least} to {allowed.most:,} {allowed.of}.", allowed.limit)


def off_tags(tags: Sequence[Pair]) -> Iterator[BadInput]:
    """What AWS would refuse of tags."""
    if len(tags) > MOST_TAGS:
        yield BadInput(f"{len(tags)} tags are too many: AWS takes at most {MOST_TAGS}.", "Leave some out.")
    for key, value in tags:
        odd = next((sign for sign in key + value if not _in_tag(sign)), None)
        if odd is not None:
            yield BadInput(f"AWS takes no {_sign(odd)} in a tag: {_short(key)}.", _TAG_LIKE)
        elif key.lower().startswith("aws:"):
            yield BadInput(f"{_short(key)} is no tag of yours: aws: is reserved.", "Give it another name.")
        elif len(key) > 128 or len(value) > 256:
            yield BadInput(f"The tag {_short(key)} is too long.", _TAG_LIKE)
    twice = _twice(tags)
    if twice is not None:
        yield BadInput(f"The tag {_short(twice)} is given twice.", "Each tag can be given once.")


def off_variables(variables: Sequence[Pair]) -> Iterator[BadInput]:
    """What AWS would refuse of the environment. Values are not repeated: they may be secrets."""
    if len(variables) > MOST_ENV:
        yield BadInput(
            f"{len(variables)} variables are too many: AWS takes at most {MOST_ENV}.", "Leave some out."
        )
    for name, value in variables:
        if max(len(name), len(value)) > MOST_ENV_CHARACTERS:
            yield BadInput(
                f"The variable {_short(name)} is too long.",
                f"AWS takes up to {MOST_ENV_CHARACTERS:,} characters in a name and in a value.",
            )
        elif not _VARIABLE.fullmatch(name):
            yield BadInput(
                f"{_short(name)} is no name of a variable.",
                "Letters, digits and underscores, beginning with none of the digits.",
            )
        elif "\0" in value:
            yield BadInput(
                f"The value of {_short(name)} holds a zero byte.", "No process takes that in its environment."
            )
    twice = _twice(variables)
    if twice is not None:
        yield BadInput(f"The variable {_short(twice)} is given twice.", "Each one can be given once.")


def _in_tag(sign: str) -> bool:
    return sign in _TAG_SIGNS or unicodedata.category(sign)[0] in "LNZ"


def _sign(sign: str) -> str:
    return repr(sign) if sign.isprintable() else f"U+{ord(sign):04X}"


def _short(name: str) -> str:
    return repr(name if len(name) <= 2 * SHOWN else f"{name[: 2 * SHOWN]}…")


def _twice(pairs: Sequence[Pair]) -> str | None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    return None
