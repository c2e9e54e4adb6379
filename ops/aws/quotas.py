"""Service Quotas: how many instances of a type all endpoints together may run. Free, and kept for ten minutes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from cachetools import TTLCache

from ops import clock
from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.errors import CredentialsProblem, OpsError, Unreachable
from ops.core.types import Problem

KEEP_S = 600.0
PAGE = 100
_NAME = re.compile(r"^(ml\.\S+) for endpoint usage$")

Limits = dict[str, int]


class QuotaReader:
    """The applied quotas by instance type. Thread-safe; `timer` counts seconds."""

    def __init__(self, timer: Callable[[], float] = clock.monotonic) -> None:
        self._lock = threading.Lock()
        self._kept: TTLCache[str, Limits] = TTLCache(1, KEEP_S, timer)

    def limits(self, reading: Reading) -> tuple[Limits, tuple[Problem, ...]]:
        """All of them; where AWS does not let us read them, none and a problem.

        Raises CredentialsProblem, Unreachable.
        """
        with self._lock:
            kept = self._kept.get("sagemaker")
        if kept is not None:
            return kept, ()
        try:
            found = read(reading)
        except (CredentialsProblem, Unreachable):
            raise
        except OpsError as error:
            return {}, (problem_of("quotas", error),)
        with self._lock:
            self._kept["sagemaker"] = found
        return found, ()


def read(reading: Reading) -> Limits:
    """The quotas named "<type> for endpoint usage", as they apply to this account. Raises OpsError."""
    wires = reading.pages(
        "service-quotas", "ListServiceQuotas", "Quotas", ServiceCode="sagemaker", MaxResults=PAGE
    )
    found: Limits = {}
    for wire in wires:
        named = _NAME.match(str(wire.get("QuotaName", "")))
        if named is not None and wire.get("Value") is not None:
            found[named.group(1)] = int(wire["Value"])
    return found
