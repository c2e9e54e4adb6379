"""Whether a role's trust policy lets somebody assume it.

The part of IAM's language that trust policies for Ebb need: Effect, Principal, Action, and the conditions StringEquals
and StringLike. Anything else is said to be not offered, rather than read wrongly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.local_aws.errors import NotOffered
from ops.local_aws.iam_policy import conditions, fits, pattern, several, texts

ASSUME = "sts:AssumeRole"
_KEYS = {"Sid", "Effect", "Principal", "Action", "Condition"}
_ROOT = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):root")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a role, and with what. `arns`: all that a policy may call them by; `context`: for conditions."""

    account: str
    arns: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)


def trusts(document: str, asking: Asking) -> bool:
    """Whether a statement lets them, and none keeps them out. Raises NotOffered for what is not understood here."""
    try:
        given = json.loads(document)
        statements = list(several(given.get("Statement")))
        found = [each.get("Effect") for each in statements if _fits(each, asking)]
    except (ValueError, AttributeError, TypeError) as error:
        raise NotOffered(f"this trust policy ({error})") from error
    return bool(found) and all(effect == "Allow" for effect in found)


def _fits(statement: Mapping[str, Any], asking: Asking) -> bool:
    strange = sorted(set(statement) - _KEYS)
    if strange:
        raise NotOffered(f"{', '.join(strange)} in a trust policy")
    wanted = conditions(statement.get("Condition") or {})
    return (
        any(pattern(each.lower()).fullmatch(ASSUME.lower()) for each in texts(statement.get("Action")))
        and _is_meant(statement.get("Principal"), asking)
        and fits(wanted, asking.context)
    )


def _is_meant(principal: Any, asking: Asking) -> bool:
    named = texts(principal.get("AWS")) if isinstance(principal, Mapping) else texts(principal)
    return any(_is(each, asking) for each in named)


def _is(name: str, asking: Asking) -> bool:
    root = _ROOT.fullmatch(name)
    account = root[1] if root else name
    return name == "*" or account == asking.account or name in asking.arns
