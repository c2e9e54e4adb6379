"""Opaque page tokens: where a listing goes on, as base64."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from ops.local_aws.errors import AwsError, NotOffered

T = TypeVar("T")


def pack(*place: str | int | float) -> str:
    return base64.b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def unpack(token: str, kinds: tuple[type | tuple[type, ...], ...], code: str, message: str) -> list[Any]:
    """What `pack` was given. Raises AwsError(code, message) for a token that is not ours."""
    try:
        place = json.loads(base64.b64decode(token.encode(), validate=True))
    except (ValueError, binascii.Error) as error:
        raise AwsError(code, message) from error
    fits = isinstance(place, list) and len(place) == len(kinds)
    if not fits or not all(isinstance(item, kind) for item, kind in zip(place, kinds, strict=True)):
        raise AwsError(code, message)
    return list(place)


def page(
    items: Sequence[T], token: str | None, size: int, code: str, message: str = "The token is not valid."
) -> tuple[list[T], str | None]:
    """Items from the token's place on, at most `size`, and the token of the next page. For fixed listings."""
    start = unpack(token, (int,), code, message)[0] if token else 0
    if not 0 <= start <= len(items):
        raise AwsError(code, message)
    end = start + size
    return list(items[start:end]), pack(end) if end < len(items) else None


def only(params: Mapping[str, Any], known: frozenset[str], operation: str) -> None:
    """Raises NotOffered for a member that would be ignored."""
    for name, value in params.items():
        if name not in known and value not in (None, False, [], {}, ""):
            raise NotOffered(f"{name} of {operation}")
