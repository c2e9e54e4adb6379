"""Rights of all callers of an embedded AWS: single actions denied, or a whole IAM policy; and what was denied."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ops.core.permissions.policy import VERSION, Document


def deny(url: str, *actions: str) -> None:
    """Deny these IAM actions and no others."""
    _order(url, "denied", {"actions": list(actions)})


@contextmanager
def under(url: str, *documents: Mapping[str, Any]) -> Iterator[None]:
    """Allow what these policies allow together, and nothing else."""
    whole: Document = {"Version": VERSION, "Statement": [s for d in documents for s in d["Statement"]]}
    _order(url, "policy", whole)
    try:
        yield
    finally:
        _order(url, "policy", {})


def denied(url: str) -> dict[str, int]:
    """How often each action was denied since rights were last set."""
    with urllib.request.urlopen(f"{url}/_ebb/denied") as answer:
        times: dict[str, int] = json.loads(answer.read())["times"]
    return times


def _order(url: str, path: str, order: Mapping[str, Any]) -> None:
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/_ebb/{path}", json.dumps(order).encode(), headers)
    with urllib.request.urlopen(asked):
        pass
