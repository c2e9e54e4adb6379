"""What is worked out of the requests once, for all scenarios over them."""

from __future__ import annotations

from dataclasses import dataclass

from ops.replay.scenario import Requests


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Requests, ready to be replayed through many scenarios. Threads may share one."""

    requests: Requests


def prepare(requests: Requests) -> Prepared:
    return Prepared(requests)
