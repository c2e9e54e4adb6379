"""When each scope was last written to, by the database's own clock. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Integer, cast, delete, extract, func, select

from ops.store.tables import META, put

_PREFIX = "written "


def mark(connection: Connection, scope: int) -> None:
    """The scope was written to now."""
    put(connection, META, ("key",), [{"key": f"{_PREFIX}{scope}", "value": str(_now(connection))}])


def within(connection: Connection, seconds: int) -> frozenset[int]:
    """The scopes that were written to in the last `seconds`."""
    since = _now(connection) - seconds
    found = connection.execute(select(META.c.key, META.c.value).where(META.c.key.startswith(_PREFIX)))
    return frozenset(int(key.removeprefix(_PREFIX)) for key, at in found if int(at) >= since)


def forget(connection: Connection, scopes: Iterable[int]) -> None:
    connection.execute(delete(META).where(META.c.key.in_([f"{_PREFIX}{scope}" for scope in scopes])))


def _now(connection: Connection) -> int:
    return int(connection.execute(select(cast(extract("epoch", func.now()), Integer))).scalar_one())
