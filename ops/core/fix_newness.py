"""What of a fix does not exist yet: infrastructure as code makes that, and must be told how it takes over the rest.

Parts are named as in `ops.core.setup`. Whoever has read the account says which are new; else what a fix makes itself,
and all that hangs on an endpoint that it makes, is certain to be new.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ops.core.fixes import Calls, Create, Delete, DeleteAlarms
from ops.core.resources import ENDPOINT
from ops.core.setup import Setup, parts, touched
from ops.core.types import EndpointRef


@dataclass(frozen=True, slots=True)
class Newness:
    """`known`: the parts that do not exist yet; None where nobody has looked."""

    known: frozenset[str] | None
    made: frozenset[str]
    """What the fix makes: models, configurations, endpoints."""
    gone: frozenset[str]
    """What the fix deletes."""
    on_new_endpoint: bool

    def is_new(self, part: str) -> bool | None:
        """Whether a part does not exist yet; None: not known."""
        if part in self.gone:
            return False
        if self.known is not None:
            return part in self.known
        if part in self.made or (self.on_new_endpoint and not part.startswith("alarm ")):
            return True
        return None

    def makes(self, part: str) -> bool:
        return part in self.made

    def made_anew(self, part: str) -> bool:
        """Whether it is deleted and made again."""
        return part in self.gone and part in self.made


def of(fix: Calls, new: Collection[str] | None = None) -> Newness:
    """`new`: the parts that do not exist yet, where that is known (`missing`)."""
    made = frozenset(c.resource.key for c in fix.changes if isinstance(c, Create))
    deleted = {f"{c.kind} {c.name}" for c in fix.changes if isinstance(c, Delete)}
    deleted |= {f"alarm {name}" for c in fix.changes if isinstance(c, DeleteAlarms) for name in c.names}
    known = None if new is None else frozenset(new)
    fresh = any(key.startswith(f"{ENDPOINT} ") and key not in deleted for key in made)
    return Newness(known, made, frozenset(deleted), fresh)


def missing(fix: Calls, before: Setup, ref: EndpointRef) -> frozenset[str]:
    """The parts that a fix is about and that a set-up does not hold. `before`: what the account held."""
    held = {key for key, value in parts(before, ref).items() if value is not None}
    return frozenset(touched(fix.changes, before)) - held
