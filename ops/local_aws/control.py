"""The control path /_ebb/: time and trouble on demand. Not part of AWS; the console never uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ops.local_aws.world import World


class Control:
    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        raise NotImplementedError
