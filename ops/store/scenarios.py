"""Scenarios of the planner that somebody kept: JSON by pydantic, from the type itself."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, delete, select

from ops.core.errors import BadInput
from ops.core.views_planner import SavedScenario
from ops.store.packing import Damaged
from ops.store.tables import ARRIVALS, SCENARIO, put

_SCENARIO = TypeAdapter(SavedScenario)
_Open = Callable[[], AbstractContextManager[Connection]]


class Scenarios:
    """Those of one scope. Every method raises OpsError."""

    def __init__(self, scope: int, write: _Open, read: _Open) -> None:
        self._scope, self._write, self._read = scope, write, read

    def keep(self, scenario: SavedScenario, arrivals: bytes | None = None) -> None:
        """Write one, in place of that with its id. It needs a time. `arrivals`: the file that its traffic names."""
        if scenario.at is None:
            raise ValueError("a scenario is kept with its time")
        row = {
            "scope_id": self._scope,
            "id": scenario.id,
            "endpoint": scenario.endpoint,
            "at": scenario.at.timestamp(),
            "open": False,
            "body": _SCENARIO.dump_json(scenario).decode(),
        }
        file = None
        if arrivals is not None:
            data = zlib.compress(arrivals)
            file = {"scope_id": self._scope, "id": scenario.traffic["file"], "data": data}
        with self._write() as connection:
            put(connection, SCENARIO, ("scope_id", "id"), [row])
            if file is not None:
                put(connection, ARRIVALS, ("scope_id", "id"), [file])

    def all(self, endpoint: str | None = None) -> tuple[SavedScenario, ...]:
        """Those of one endpoint or all, the newest first."""
        wanted = select(SCENARIO.c.body).where(SCENARIO.c.scope_id == self._scope)
        if endpoint is not None:
            wanted = wanted.where(SCENARIO.c.endpoint == endpoint)
        with self._read() as connection:
            found = connection.execute(wanted.order_by(SCENARIO.c.at.desc(), SCENARIO.c.id))
            return tuple(_parsed(body) for body in found.scalars())

    def arrivals(self, identity: str) -> bytes | None:
        """The file of arrivals of that digest; None where no scenario is of it."""
        mine = (ARRIVALS.c.scope_id == self._scope) & (ARRIVALS.c.id == identity)
        with self._read() as connection:
            data = connection.execute(select(ARRIVALS.c.data).where(mine)).scalar()
        try:
            return None if data is None else zlib.decompress(data)
        except zlib.error as error:
            raise Damaged(f"a file of arrivals cannot be read ({error})") from error

    def files(self) -> frozenset[str]:
        """The digests of the files of arrivals that are kept."""
        found = select(ARRIVALS.c.id).where(ARRIVALS.c.scope_id == self._scope)
        with self._read() as connection:
            return frozenset(connection.execute(found).scalars())

    def forget(self, identity: str) -> bool:
        """Whether there was one of that id. Its file of arrivals goes with the last scenario that is of it."""
        mine = (SCENARIO.c.scope_id == self._scope) & (SCENARIO.c.id == identity)
        with self._write() as connection:
            found = bool(connection.execute(delete(SCENARIO).where(mine)).rowcount)
            self._let_go(connection)
            return found

    def _let_go(self, connection: Connection) -> None:
        """Files that no scenario names any more. A scenario that is damaged keeps its file."""
        bodies = select(SCENARIO.c.body).where(SCENARIO.c.scope_id == self._scope)
        rest = "".join(connection.execute(bodies).scalars())
        files = connection.execute(select(ARRIVALS.c.id).where(ARRIVALS.c.scope_id == self._scope))
        lost = [identity for identity in files.scalars() if identity not in rest]
        mine = (ARRIVALS.c.scope_id == self._scope) & ARRIVALS.c.id.in_(lost)
        connection.execute(delete(ARRIVALS).where(mine))


def _parsed(body: str) -> SavedScenario:
    """Raises Damaged."""
    try:
        return _SCENARIO.validate_json(body)
    except (ValidationError, BadInput) as error:
        raise Damaged(f"a scenario of the planner cannot be read ({error})") from error
