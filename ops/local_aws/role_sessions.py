"""Credentials that AssumeRole gave: whose they are, and until when."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.local_aws.world import World

MOST = 10_000
"""Sessions that are remembered; the keys of older ones count as expired."""
PREFIX = "ASIAEBB"
"""How the access keys that this server gives begin. One that is not remembered is of an earlier run, or very old."""
_LETTERS = string.ascii_uppercase + string.digits


@dataclass(frozen=True, slots=True)
class Session:
    """A role at work. `began`, `ends`: seconds since the epoch, by the simulated clock."""

    access_key: str
    role_arn: str
    role_id: str
    name: str
    began: float
    ends: float

    @property
    def role(self) -> str:
        """The role's name, without its path."""
        return self.role_arn.rpartition("/")[2]

    @property
    def id(self) -> str:
        return f"{self.role_id}:{self.name}"

    @property
    def arn(self) -> str:
        account = self.role_arn.split(":")[4]
        return f"arn:aws:sts::{account}:assumed-role/{self.role}/{self.name}"


class Sessions:
    """Of one world. Whoever opens one holds its lock; to ask whose a key is, nobody has to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_key: dict[str, Session] = {}

    def open(self, role_arn: str, role_id: str, name: str, seconds: float) -> tuple[Session, str, str]:
        """A new one, its secret key and its token."""
        key = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(20 - len(PREFIX)))
        now = float(int(self._world.now()))
        session = Session(key, role_arn, role_id, name, now, now + seconds)
        self._by_key[key] = session
        while len(self._by_key) > MOST:
            del self._by_key[next(iter(self._by_key))]
        return session, secrets.token_urlsafe(30), secrets.token_urlsafe(96)

    def of(self, access_key: str) -> Session | None:
        """Whose key this is; None for keys that no role has."""
        return self._by_key.get(access_key)

    def expired(self, access_key: str) -> bool:
        """Whether a role's credentials have ended."""
        session = self._by_key.get(access_key)
        if session is None:
            return access_key.startswith(PREFIX)
        return self._world.clock.now() >= session.ends
