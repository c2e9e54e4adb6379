"""Parameters of the API that a language of infrastructure as code cannot set: found, and taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

MAPS = frozenset({"Environment"})
"""Maps of the reader's own keys: nothing in them is a parameter."""


def left_out(value: Any, unknown: Collection[str]) -> tuple[str, ...]:
    """The names of what is unknown, however deep it stands, each once."""
    return tuple(dict.fromkeys(_found(value, unknown)))


def kept(value: Any, unknown: Collection[str]) -> Any:
    """Without what is unknown, however deep it stands."""
    if isinstance(value, Mapping):
        return {
            key: part if key in MAPS else kept(part, unknown)
            for key, part in value.items()
            if key not in unknown
        }
    return [kept(each, unknown) for each in value] if isinstance(value, list | tuple) else value


def _found(value: Any, unknown: Collection[str]) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in unknown:
                yield key
            elif key not in MAPS:
                yield from _found(part, unknown)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _found(part, unknown)
