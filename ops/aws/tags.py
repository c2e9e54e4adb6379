"""Tags of all endpoints of an account and region, from Resource Groups Tagging: free calls, a hundred a page."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.errors import CredentialsProblem, OpsError
from ops.core.types import Problem

EVERY_S = 900.0
"""Tags change rarely: AWS is asked again after so many of its seconds."""
PART = "tags"
_NONE: Mapping[str, str] = MappingProxyType({})


def read(reading: Reading) -> dict[str, dict[str, str]]:
    """The tags of every endpoint that was ever tagged, by its ARN. Raises OpsError."""
    wires = reading.pages(
        "resourcegroupstaggingapi",
        "GetResources",
        "ResourceTagMappingList",
        token="PaginationToken",
        ResourceTypeFilters=["sagemaker:endpoint"],
        ResourcesPerPage=100,
    )
    return {
        str(wire["ResourceARN"]): {str(t["Key"]): str(t["Value"]) for t in wire.get("Tags", ())}
        for wire in wires
    }


class TagReader:
    """Keeps the tags, read anew at a low rate. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tags: Mapping[str, Mapping[str, str]] | None = None
        self._problem: Problem | None = None
        self._read_at = float("-inf")

    def refresh(self, reading: Reading, *, everything: bool = False) -> None:
        """Read them where that is due. No error ends a round over them: it is a problem, and an older answer stays
        where the error may pass.
        """
        now = reading.now.timestamp()
        with self._lock:
            if not everything and now - self._read_at < EVERY_S:
                return
            self._read_at = now
        try:
            found = read(reading)
        except OpsError as error:
            with self._lock:
                self._problem = problem_of(PART, error)
                if not (error.retryable or isinstance(error, CredentialsProblem)):
                    self._tags = None
            return
        with self._lock:
            self._tags, self._problem = found, None

    def of(self, arn: str) -> Mapping[str, str] | None:
        """The tags of one endpoint, empty where it has none; None where they could not be read."""
        with self._lock:
            return None if self._tags is None else self._tags.get(arn, _NONE)

    @property
    def problem(self) -> Problem | None:
        """Why tags could not be read; None where they were, or were not asked for yet."""
        with self._lock:
            return self._problem
