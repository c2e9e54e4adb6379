"""What is deleted for good: what lies before a moment, and other worlds of the embedded AWS."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from ops.core.spans import RESOLUTIONS
from ops.store import sums, written
from ops.store.grid import CHUNK
from ops.store.tables import (
    ACTIVITY,
    ARRIVALS,
    BATCH,
    CHUNK_BLOB,
    COVERED,
    DAY_SUMS,
    ENDPOINT,
    EPISODE,
    JOURNAL,
    MEMO,
    REQUEST,
    ROW,
    SCENARIO,
    SCOPE,
)

DAY_S = 86_400


def prune(connection: Connection, scope: int, before: int, resolution: int | None) -> int:
    """As `ops.store.history.History.prune`, of one scope."""
    gone = 0
    ours = select(ENDPOINT.c.id).where(ENDPOINT.c.scope_id == scope)
    for seconds in RESOLUTIONS if resolution is None else (resolution,):
        chunk = before // (seconds * CHUNK)
        edge = chunk * CHUNK * seconds
        for table, old in ((ROW, ROW.c.cell < chunk * CHUNK), (CHUNK_BLOB, CHUNK_BLOB.c.chunk < chunk)):
            mine = table.c.endpoint_id.in_(ours) & (table.c.resolution == seconds)
            gone += connection.execute(delete(table).where(mine, old)).rowcount
        if seconds == sums.MINUTE:
            sums.prune(connection, scope, chunk)
        mine = COVERED.c.endpoint_id.in_(ours) & (COVERED.c.resolution == seconds)
        connection.execute(delete(COVERED).where(mine, COVERED.c.end <= edge))
        connection.execute(update(COVERED).where(mine, COVERED.c.begin < edge).values(begin=edge))
    for table in (ACTIVITY, EPISODE) if resolution is None else ():
        connection.execute(delete(table).where(table.c.endpoint_id.in_(ours), table.c.start < before))
    return gone


def other_worlds(connection: Connection, scope: int, keep: int) -> int:
    """As `ops.store.history.History.forget_worlds`, beside one scope."""
    me = SCOPE.alias("me")
    others = connection.execute(
        select(SCOPE.c.id)
        .join(me, (me.c.kind == SCOPE.c.kind) & (me.c.account == SCOPE.c.account))
        .where(me.c.id == scope, me.c.region == SCOPE.c.region, SCOPE.c.id != me.c.id)
        .order_by(SCOPE.c.id.desc())
    ).scalars()
    busy = written.within(connection, DAY_S)
    old = [other for other in list(others)[keep:] if other not in busy]
    theirs = select(ENDPOINT.c.id).where(ENDPOINT.c.scope_id.in_(old))
    for table in (ROW, CHUNK_BLOB, DAY_SUMS, COVERED, ACTIVITY, EPISODE):
        connection.execute(delete(table).where(table.c.endpoint_id.in_(theirs)))
    connection.execute(delete(ENDPOINT).where(ENDPOINT.c.scope_id.in_(old)))
    for table in (MEMO, JOURNAL, SCENARIO, ARRIVALS, BATCH, REQUEST):
        connection.execute(delete(table).where(table.c.scope_id.in_(old)))
    connection.execute(delete(SCOPE).where(SCOPE.c.id.in_(old)))
    written.forget(connection, old)
    sums.forget(connection, old)
    return len(old)
