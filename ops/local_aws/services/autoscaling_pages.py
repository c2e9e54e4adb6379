"""Paging of Application Auto Scaling's lists: a token names the last item that was handed out."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from ops.local_aws.errors import AwsError, validation

T = TypeVar("T")
MOST = 50


def page(
    items: Sequence[T], key: Callable[[T], str], params: Mapping[str, Any]
) -> tuple[list[T], dict[str, str]]:
    """One page of `items`, and {"NextToken": …} where there are more. Raises AwsError (bad token or size)."""
    size = params.get("MaxResults", MOST)
    if not 1 <= size <= MOST:
        bound = "less than or equal to 50" if size > MOST else "greater than or equal to 1"
        raise validation(
            f"1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: "
            f"Member must have value {bound}"
        )
    start = 0
    if "NextToken" in params:
        last = _read(params["NextToken"])
        start = next((i for i, item in enumerate(items, 1) if key(item) == last), 0)
        if not start:
            raise _invalid()
    chosen = list(items[start : start + size])
    more = start + size < len(items)
    return chosen, {"NextToken": _write(key(chosen[-1]))} if more else {}


def _write(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError) as error:
        raise _invalid() from error


def _invalid() -> AwsError:
    return AwsError("InvalidNextTokenException", "The next token is not valid.")
