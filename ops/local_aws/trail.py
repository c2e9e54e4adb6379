from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.local_aws.world import World


@dataclass(frozen=True, slots=True)
class Caller:
    access_key: str
    region: str
    user_agent: str
    address: str


class Trail:
    def __init__(self, world: World) -> None:
        self._world = world

    def record(self, caller: Caller, call: Any, answer: Any, error: Any) -> None:
        pass
