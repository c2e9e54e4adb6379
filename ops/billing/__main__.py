"""`python -m ops.billing`: read one bill. Standard input: a request as JSON; standard output: one JSON document.

Requests: {"files": [path, …], "format": "auto", "memory_mb": 1024} or {"lake": {…}, "first": day, "last": day}.
Answers: {"bill": …} as ops.core.bill writes it, or {"error": {"type", "what", "hint", "retryable", "code", "action"}}.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any

from ops.billing.lake import Lake
from ops.billing.reading import read_bill, read_lake
from ops.core.bill import Bill
from ops.core.errors import OpsError


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to one request."""
    try:
        return {"bill": _bill(request).to_json()}
    except OpsError as error:
        said = {name: getattr(error, name) for name in ("what", "hint", "retryable", "code")}
        return {"error": {"type": type(error).__name__, "action": getattr(error, "action", ""), **said}}


def _bill(request: dict[str, Any]) -> Bill:
    if "lake" in request:
        days = (date.fromisoformat(request[name]) for name in ("first", "last"))
        return read_lake(Lake(**request["lake"]), *days)
    return read_bill(request["files"], request["format"], request["memory_mb"])


def main() -> int:
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
