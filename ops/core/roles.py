"""Who somebody is to Ebb, and what they may do: decided from the setting, the sign-in and the kind of AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ops.core.change import ROLES
from ops.core.errors import OpsError
from ops.core.types import utc

GROUP_PREFIX = "ebb-"
CLAIMS = ("groups", "cognito:groups", "roles")
"""Claims of an ID token that may name groups: a list of names, or one name."""
NAMES = ("email", "preferred_username", "name", "sub")
"""Claims that may name the person, the best first."""
GROUPS = tuple(GROUP_PREFIX + role for role in ROLES)


class SignedOut(OpsError):
    """Something was asked for by nobody, or by somebody whose sign-in has expired."""

    exit_code = 3


class Standing(StrEnum):
    IN = "in"
    OUT = "out"
    """Sign-in is set up, and nobody is signed in."""
    EXPIRED = "expired"
    """Somebody was signed in; their token is no longer good."""
    NO_GROUP = "no group"
    """Signed in, but in none of Ebb's groups."""
    NOWHERE = "nowhere"
    """No sign-in is set up, and whoever looks may sit anywhere."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody is to Ebb. `role` is empty for all but those who are in; `until`: when the sign-in ends."""

    standing: Standing
    role: str = ""
    until: datetime | None = None


def decide(
    setting: str | None,
    kind: str,
    now: datetime,
    claims: Mapping[str, Any] | None,
    *,
    signed_in: bool = False,
    near: bool = True,
) -> Decision:
    """The role of whoever looks.

    `setting`: EBB_ROLE. `kind`: "embedded" or "aws". `claims`: those of the ID token where sign-in is set up, else
    None. `near`: whether the server listens on this machine alone. EBB_ROLE wins over groups for those who are
    signed in; it lets nobody else in.
    """
    if claims is None:
        if not near:
            return Decision(Standing.NOWHERE)
        return Decision(Standing.IN, setting or by_kind(kind))
    if not signed_in:
        return Decision(Standing.OUT)
    until = ends(claims)
    if until is None or until <= now:
        return Decision(Standing.EXPIRED, until=until)
    role = setting or by_groups(claims)
    return Decision(Standing.IN, role, until) if role else Decision(Standing.NO_GROUP, until=until)


def by_kind(kind: str) -> str:
    """The role without setting and sign-in: the embedded AWS is anybody's to play with."""
    return "admin" if kind == "embedded" else "viewer"


def by_groups(claims: Mapping[str, Any]) -> str:
    """The highest role that the groups of a token give; empty without any."""
    names = {name for claim in CLAIMS for name in _names(claims.get(claim))}
    return next((role for role in reversed(ROLES) if GROUP_PREFIX + role in names), "")


def ends(claims: Mapping[str, Any]) -> datetime | None:
    """When a token stops being good (its `exp`, seconds since the epoch); None where it does not say."""
    given = claims.get("exp")
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    try:
        return utc(given)
    except (ValueError, OverflowError, OSError):
        return None


def name_of(claims: Mapping[str, Any]) -> str:
    """How somebody who is signed in is called."""
    return next((str(claims[name]) for name in NAMES if claims.get(name)), "somebody signed in")


def _names(value: object) -> list[str]:
    """Group names of a claim; some providers write them as paths: /ebb-admin."""
    if isinstance(value, str):
        return [value.removeprefix("/")]
    if isinstance(value, list | tuple):
        return [each.removeprefix("/") for each in value if isinstance(each, str)]
    return []
