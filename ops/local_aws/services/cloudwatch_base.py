"""What the parts of CloudWatch share: page tokens, instants."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.utils import parse_timestamp

from ops.local_aws.errors import AwsError

if TYPE_CHECKING:
    from ops.local_aws.world import World


class Base:
    def __init__(self, world: World) -> None:
        self._world = world


def seconds(value: Any) -> float:
    """An instant of a request (a number, or ISO 8601) as epoch seconds. Raises AwsError ValidationError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        return float(parse_timestamp(value).timestamp())
    except (ValueError, OverflowError) as error:
        raise AwsError("ValidationError", f"{value!r} is not a timestamp.") from error


def token(**fields: Any) -> str:
    """A NextToken that carries `fields`."""
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode()


def untoken(text: str, *names: str) -> dict[str, Any]:
    """The fields of a NextToken. Raises AwsError InvalidNextToken."""
    try:
        fields = json.loads(base64.urlsafe_b64decode(text.encode()))
    except ValueError:
        bad_token()
    if not isinstance(fields, dict) or set(fields) != set(names):
        bad_token()
    return fields


def bad_token() -> NoReturn:
    raise AwsError("InvalidNextToken", "The next token is not valid for this request.")


def page(items: list[Any], given: str | None, size: int) -> tuple[list[Any], str | None]:
    """One page of `items`, and the token of the next one."""
    first = 0
    if given is not None:
        first = untoken(given, "at")["at"]
        if not isinstance(first, int) or not 0 < first <= len(items):
            bad_token()
    rest = first + size
    return items[first:rest], token(at=rest) if rest < len(items) else None
