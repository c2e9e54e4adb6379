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
Conditions = tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]
"""Keys in small letters, as IAM does not tell them from capitals, with what their value may be."""


@dataclass(frozen=True, slots=True)
class Right:
    """What a request asks for: an action, on a resource (its ARN, or `*`), with what conditions may look at.

    Keys of `context` are in small letters.
    """

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Statement:
    allows: bool
    actions: tuple[re.Pattern[str], ...]
    resources: tuple[re.Pattern[str], ...]
    conditions: Conditions

    def fits(self, right: Right) -> bool:
        return (
            any(p.fullmatch(right.action.lower()) for p in self.actions)
            and any(p.fullmatch(right.resource) for p in self.resources)
            and fits(self.conditions, right.context)
        )


class Policy:
    """A policy, understood."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Raises ValueError for what is no policy, or uses more of IAM's language than is understood here."""
        if document.get("Version") != VERSION or set(document) - {"Version", "Id", "Statement"}:
            raise ValueError(f"a policy has a Version, {VERSION}, and Statement")
        self._statements = tuple(_statement(each) for each in several(document.get("Statement")))
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
    actions, resources = texts(given.get("Action")), texts(given.get("Resource"))
    if not actions or not resources:
        raise ValueError("a Statement has an Action and a Resource")
    return _Statement(
        given["Effect"] == "Allow",
        tuple(pattern(a.lower()) for a in actions),
        tuple(pattern(r) for r in resources),
        conditions(given.get("Condition") or {}),
    )


def conditions(given: Mapping[str, Mapping[str, Any]]) -> Conditions:
    """The conditions of a statement. Raises ValueError for those that are not understood here."""
    found = []
    for operator, pairs in given.items():
        if operator not in _OPERATORS:
            raise ValueError(f"the condition {operator} is not understood here")
        like = operator == "StringLike"
        for key, values in pairs.items():
            found.append((key.lower(), tuple(pattern(v, wild=like) for v in texts(values))))
    return tuple(found)


def fits(wanted: Conditions, context: Mapping[str, str]) -> bool:
    """Whether all of them hold; what a request does not have fits nothing."""
    return all(key in context and any(p.fullmatch(context[key]) for p in values) for key, values in wanted)


def pattern(text: str, *, wild: bool = True) -> re.Pattern[str]:
    """What a text of a policy stands for; `wild`: with `*` and `?`."""
    escaped = re.escape(text)
    return re.compile(escaped.replace(r"\*", ".*").replace(r"\?", ".") if wild else escaped, re.DOTALL)


def texts(given: Any) -> tuple[str, ...]:
    """A text, or a list of them. Raises ValueError."""
    found = tuple(several(given))
    if not all(isinstance(each, str) for each in found):
        raise ValueError("Action, Resource and conditions are texts or lists of them")
    return found


def several(given: Any) -> Iterable[Any]:
    """One, several or none."""
    if given is None:
        return ()
    return given if isinstance(given, list) else (given,)
