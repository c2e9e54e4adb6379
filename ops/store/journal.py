"""The journal in the tables: every change that somebody tried to make, one row for each plan.

The caller holds the transaction. Entries are JSON by pydantic, from the types themselves. Values of environment
variables are not kept: only entries that older versions wrote hold them, until they are written again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, func, select

from ops.core.change import Entry, Outcome
from ops.store.packing import Damaged
from ops.store.tables import JOURNAL, add_missing, put

_ENTRY = TypeAdapter(Entry)
_HOSTING = '"resources":[{'
"""In the body of an entry before or after which something of SageMaker's is there; within a text quotes are escaped."""


def claim(connection: Connection, scope: int, entry: Entry, beside: Callable[[Entry], bool] | None) -> bool:
    """Write an entry unless one of its id is there, or one that has begun and is `beside`; whether it was written.

    Changes of the set-up that have begun and are not `beside` lose their process.
    """
    if _place(connection, scope, entry.id) is not None:
        return False
    begun = read(connection, scope, entry.ref.name, 100, begun=True) if beside is not None else ()
    if beside is not None and any(map(beside, begun)):
        return False
    for other in begun:  # nobody is at it: should its process wake up, it finds that it has lost it
        if other.before != other.after:
            write(connection, scope, replace(other, process=""))
    add_missing(connection, JOURNAL, [_row(scope, entry, _next(connection, scope, entry))])
    return True


def write(connection: Connection, scope: int, entry: Entry) -> None:
    """Replace the entry of that id where it stands, or write it."""
    place = _place(connection, scope, entry.id)
    at = _next(connection, scope, entry) if place is None else place
    put(connection, JOURNAL, ("scope_id", "id"), [_row(scope, entry, at)])


def exchange(connection: Connection, scope: int, entry: Entry, still: Callable[[Entry], bool]) -> bool:
    """Replace the entry of that id where the one that stands there is `still` as it should be; whether it was."""
    wanted = select(JOURNAL.c.at, JOURNAL.c.body).where(JOURNAL.c.scope_id == scope, JOURNAL.c.id == entry.id)
    found = connection.execute(wanted.with_for_update()).one_or_none()
    if found is None or not still(_parsed(found.body)):
        return False
    put(connection, JOURNAL, ("scope_id", "id"), [_row(scope, entry, found.at)])
    return True


def read(
    connection: Connection,
    scope: int,
    endpoint: str | None,
    limit: int | None,
    *,
    begun: bool = False,
    hosting: bool = False,
    since: float = float("-inf"),
) -> tuple[Entry, ...]:
    """Entries of one endpoint or all, newest first; None: without a limit.

    `begun`: only those that are not at their end; `hosting`: only those of what SageMaker holds.
    """
    wanted = select(JOURNAL.c.body).where(JOURNAL.c.scope_id == scope, JOURNAL.c.at >= since)
    if endpoint is not None:
        wanted = wanted.where(JOURNAL.c.endpoint == endpoint)
    if begun:
        wanted = wanted.where(JOURNAL.c.open.is_(True))
    if hosting:
        wanted = wanted.where(JOURNAL.c.body.contains(_HOSTING, autoescape=True))
    found = connection.execute(wanted.order_by(JOURNAL.c.at.desc(), JOURNAL.c.id).limit(limit))
    return tuple(_parsed(body) for body in found.scalars())


def one(connection: Connection, scope: int, identity: str) -> Entry | None:
    """The entry of an id, or of the only id that begins so."""
    wanted = select(JOURNAL.c.id, JOURNAL.c.body).where(JOURNAL.c.scope_id == scope)
    begins = wanted.where(JOURNAL.c.id.startswith(identity, autoescape=True)).limit(2)
    found = connection.execute(begins).all()
    exact = [body for key, body in found if key == identity] or [body for _, body in found]
    return _parsed(exact[0]) if len(exact) == 1 else None


def _place(connection: Connection, scope: int, identity: str) -> float | None:
    """Where an entry stands among all; None where there is none of that id."""
    found: float | None = connection.execute(
        select(JOURNAL.c.at).where(JOURNAL.c.scope_id == scope, JOURNAL.c.id == identity)
    ).scalar()
    return found


def _next(connection: Connection, scope: int, entry: Entry) -> float:
    """A place behind all others: AWS's time has no parts of a second."""
    last = connection.execute(select(func.max(JOURNAL.c.at)).where(JOURNAL.c.scope_id == scope)).scalar()
    at = entry.at.timestamp()
    return at if last is None else max(at, float(last) + 0.001)


def _row(scope: int, entry: Entry, at: float) -> dict[str, object]:
    return {
        "scope_id": scope,
        "id": entry.id,
        "endpoint": entry.ref.name,
        "at": at,
        "open": entry.outcome is Outcome.BEGUN,
        "body": _ENTRY.dump_json(entry.for_record()).decode(),
    }


def _parsed(body: str) -> Entry:
    """Raises Damaged."""
    try:
        return _ENTRY.validate_json(body)
    except ValidationError as error:
        raise Damaged(f"an entry of the journal cannot be read ({error.error_count()} faults)") from error
