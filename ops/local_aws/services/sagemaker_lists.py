"""The List* operations of SageMaker: filters, order and pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.utils import parse_to_aware_datetime

from ops.local_aws.errors import validation

PAGE = 10
"""MaxResults where the caller names none (AWS's default)."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list. Times are seconds since the epoch."""

    name: str
    created: float
    modified: float
    summary: Mapping[str, Any]
    status: str = ""


_KEYS: dict[str, Callable[[Listed], Any]] = {
    "Name": lambda item: item.name,
    "CreationTime": lambda item: item.created,
    "Status": lambda item: item.status,
}


def page(items: list[Listed], params: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str | None]:
    """One page of summaries and the token of the next. Raises AwsError for a token that is not ours."""
    key = _KEYS[params.get("SortBy", "CreationTime")]
    backwards = params.get("SortOrder", "Descending") == "Descending"
    wanted = sorted(
        (item for item in items if _fits(item, params)),
        key=lambda item: (key(item), item.name),
        reverse=backwards,
    )
    mark = _read(params.get("NextToken"))
    if mark is not None:
        try:
            wanted = [
                i for i in wanted if ((key(i), i.name) < mark if backwards else (key(i), i.name) > mark)
            ]
        except TypeError:
            raise _bad_token() from None
    size = params.get("MaxResults", PAGE)
    shown = wanted[:size]
    token = _write((key(shown[-1]), shown[-1].name)) if len(wanted) > size else None
    return [item.summary for item in shown], token


def _fits(item: Listed, params: Mapping[str, Any]) -> bool:
    if params.get("NameContains", "").lower() not in item.name.lower():
        return False
    if "StatusEquals" in params and params["StatusEquals"] != item.status:
        return False
    return _within(
        item.created, params.get("CreationTimeAfter"), params.get("CreationTimeBefore")
    ) and _within(item.modified, params.get("LastModifiedTimeAfter"), params.get("LastModifiedTimeBefore"))


def _within(at: float, after: Any, before: Any) -> bool:
    return (after is None or at > _seconds(after)) and (before is None or at < _seconds(before))


def _seconds(value: Any) -> float:
    return float(parse_to_aware_datetime(value).timestamp())


def _write(mark: tuple[Any, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(mark).encode()).decode()


def _read(token: str | None) -> tuple[Any, str] | None:
    if token is None:
        return None
    try:
        key, name = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, TypeError):
        raise _bad_token() from None
    return key, str(name)


def _bad_token() -> Exception:
    return validation("The pagination token is not valid.")
