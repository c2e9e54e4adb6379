"""Who types a command: the user of this machine, with the role that the settings give."""

from __future__ import annotations

import os
import pwd

from ops.config import Settings
from ops.core.change import Actor
from ops.core.roles import by_kind
from ops.core.types import Connection


def actor_here(settings: Settings, connection: Connection) -> Actor:
    """The user that this process runs as: EBB_ROLE, else admin on the embedded AWS and viewer on real AWS."""
    return Actor(os_user(), settings.role or by_kind(connection.kind), "command line")


def os_user() -> str:
    """The name of the user that this process runs as, by the system's own word."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
