from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.local_aws.world import World


class LogBook:
    def __init__(self, world: World) -> None:
        self._world = world
