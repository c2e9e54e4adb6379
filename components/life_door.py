"""What is asked about the life of endpoints, through the door of session.py; and a test payload on its way."""

from __future__ import annotations

from collections.abc import Iterator

from components import access, readers, session
from ops.core.inventory import Inventory
from ops.core.moving import Standing
from ops.core.requests import Batch

PAGE = "deploy"
"""The page that the list is shown on."""
EACH_S, ONE_S, MOVE_S = 30.0, 10.0, 5.0
"""So long what is known of all endpoints, of one, and of a move serves everybody who asks the same."""
OPENED = "life-opened"
"""Session: what was looked up of endpoints anew, by name: it is asked again after a change."""


def inventories() -> session.Told[tuple[Inventory, ...]]:
    """Every endpoint and what is left of those that are gone, by name. Raises OpsError."""
    return session.source().ask(("inventories",), lambda console: console.inventories(), EACH_S)


def inventory(name: str) -> session.Told[Inventory]:
    """Everything that belongs to one endpoint, read now. Raises UnknownEndpoint, OpsError."""
    return session.source().ask(("inventory", name), lambda console: console.inventory(name), ONE_S)


def move(name: str, to: str) -> session.Told[Standing]:
    """How far the move of an endpoint is. Raises BadInput where it cannot be moved, OpsError."""
    return session.source().ask(("move", name, to), lambda console: console.move_standing(name, to), MOVE_S)


def test_move(name: str, to: str, filename: str, content: bytes, kind: str) -> Batch | None:
    """Send a test payload to the new endpoint of a move. Raises OpsError."""
    actor = access.actor()

    def chunks() -> Iterator[bytes]:
        yield content

    return readers.act(lambda console: console.test_move(name, to, filename, chunks(), actor, kind))
