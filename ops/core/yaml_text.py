"""The little of YAML that a template is written in: maps, lists, scalars in block style; text is always quoted where it
could be taken for anything else. Source: YAML 1.1, which CloudFormation reads, and 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ops.core.quoting import quoted

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./:@-]*[A-Za-z0-9_/]", re.ASCII)
"""Text that needs no quotes, unless it is one of the words below."""
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off"})


@dataclass(frozen=True, slots=True)
class Tagged:
    """A scalar with a tag: `!Ref Name`. Neither is quoted."""

    tag: str
    value: str


def written(value: Any, indent: str = "") -> str:
    """A map or a list in block style, each line behind `indent`. Empty ones and scalars stand on one line."""
    return "\n".join(_lines(value, indent))


def scalar(value: Any) -> str:
    """One value: text, number, or truth."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}"
    if isinstance(value, Tagged):
        return f"{value.tag} {value.value}"
    found = str(value)
    plain = _PLAIN.fullmatch(found) and found.lower() not in _WORDS
    return found if plain else quoted(found)


def _lines(value: Any, indent: str) -> list[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, part in value.items() for line in _entry(scalar(key), part, indent)]
    if isinstance(value, list | tuple) and value:
        return [line for part in value for line in _item(part, indent)]
    return [f"{indent}{_short(value)}"]


def _entry(key: str, part: Any, indent: str) -> list[str]:
    if _is_short(part):
        return [f"{indent}{key}: {_short(part)}"]
    return [f"{indent}{key}:", *_lines(part, f"{indent}  ")]


def _item(part: Any, indent: str) -> list[str]:
    if _is_short(part):
        return [f"{indent}- {_short(part)}"]
    first, *rest = _lines(part, f"{indent}  ")
    return [f"{indent}- {first.removeprefix(f'{indent}  ')}", *rest]


def _is_short(part: Any) -> bool:
    return not (isinstance(part, Mapping | list | tuple) and part)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if isinstance(value, list | tuple) else scalar(value)
