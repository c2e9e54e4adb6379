"""One IAM policy that holds for every caller of the embedded AWS: what it does not allow is denied.

The part of IAM's language that identity policies for Ebb need: Effect, Action, Resource, and the conditions
StringEquals and StringLike. Anything else is refused when the policy is set, rather than read wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

VERSION = "2012-10-17"
_KEYS = {"Sid", "Effect", "Action", "Resource", "Condition"}
_OPERATORS = ("StringEquals", "StringLike")


@dataclass(frozen=True, slots=True)
class Right:
    """What a request asks for: an action, on a resource (its ARN, or `*`), with what conditions may look at."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Statement:
    allows: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]
    conditions: tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]

    def fits(self, right: Right) -> bool:
        return (
            any(p.fullmatch(right.action.lower()) for p in self.actions)
            and any(p.fullmatch(right.resource) for p in self.resources)
            and all(
                any(p.fullmatch(right.context.get(key, "")) for p in wanted)
                for key, wanted in self.conditions
            )
        )


class Policy:
    """A policy, understood."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises ValueError for what is no policy, or uses more of IAM's language than is understood here."""
        if document.get("Version") != VERSION or set(document) - {"Version", "Id", "Statement"}:
            raise ValueError(f"a policy has a Version, {VERSION}, and Statement")
        self._statements = tuple(_statement(each) for each in _list(document.get("Statement")))
        if not self._statements:
            raise ValueError("the policy has no Statement")

    def allows(self, right: Right) -> bool:
        """Whether it is allowed by a statement and denied by none."""
        found = [s.allows for s in self._statements if s.fits(right)]
        return bool(found) and all(found)


def _statement(given: Any) -> _Statement:
    if not isinstance(given, Mapping) or set(given) - _KEYS:
        raise ValueError(f"a Statement is an object of {', '.join(sorted(_KEYS))}")
    if given.get("Effect") not in ("Allow", "Deny"):
        raise ValueError("Effect is Allow or Deny")
    actions, resources = _texts(given.get("Action")), _texts(given.get("Resource"))
    if not actions or not resources:
        raise ValueError("a Statement has an Action and a Resource")
    conditions: list[tuple[str, tuple[re.Pattern[str], ...]]] = []
    for operator, pairs in (given.get("Condition") or {}).items():
        if operator not in _OPERATORS:
            raise ValueError(f"the condition {operator} is not understood here")
        like = operator == "StringLike"
        for key, values in pairs.items():
            conditions.append((key, tuple(_pattern(v, wild=like) for v in _texts(values))))
    return _Statement(
        given["Effect"] == "Allow",
        tuple(_pattern(a.lower()) for a in actions),
        tuple(_pattern(r) for r in resources),
        tuple(conditions),
    )


def _pattern(text: str, *, wild: bool = True) -> re.Pattern[str]:
    escaped = re.escape(text)
    return re.compile(escaped.replace(r"\*", ".*").replace(r"\?", ".") if wild else escaped, re.DOTALL)


def _texts(given: Any) -> tuple[str, ...]:
    found = tuple(_list(given))
    if not all(isinstance(each, str) for each in found):
        raise ValueError("Action, Resource and conditions are texts or lists of them")
    return found


def _list(given: Any) -> Iterable[Any]:
    if given is None:
        return ()
    return given if isinstance(given, list) else (given,)
