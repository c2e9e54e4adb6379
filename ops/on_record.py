"""What is done beside the gate (requests, queues, uploads) on record as well: who, when, and how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from ops.core.change import Actor, Entry, Outcome, may
from ops.core.errors import BadInput, OpsError, ReadOnly, Unconfirmed
from ops.core.setup import Setup
from ops.core.types import Connection, EndpointRef
from ops.gate import PROCESS
from ops.store.history import History


def insist(actor: Actor, connection: Connection, what: str, *, writes: bool = True) -> None:
    """Raises ReadOnly where a role is not enough, or where this AWS is read-only. `what`: "Sending a request"."""
    if not may(actor.role, "operator"):
        raise ReadOnly(
            f"{what} is for operators; {actor.name} is a {actor.role}.", "Ask an operator, or for the role."
        )
    if writes and not connection.writable:
        raise ReadOnly(f"{what} is not possible: Ebb is read-only here.", connection.why_read_only)


@contextmanager
def on_record(
    records: History,
    connection: Connection,
    actor: Actor,
    endpoint: str,
    kind: str,
    title: str,
    at: datetime,
    *,
    writes: bool = True,
) -> Iterator[None]:
    """Put what is done inside the block into the journal, before it begins and when it ends.

    A refusal and a failure are on record and go on to the caller; bad input and a yes that is missing are no attempt.
    Raises OpsError where the journal cannot be written: then nothing is done.
    """
    entry = Entry(
        uuid.uuid4().hex,
        at,
        actor,
        EndpointRef(connection.account, connection.region, endpoint),
        kind,
        title,
        "",
        Setup(),
        Setup(),
        Outcome.BEGUN,
        process=PROCESS,
    )
    try:
        insist(actor, connection, title, writes=writes)
    except ReadOnly as error:
        records.write_entry(replace(entry, outcome=Outcome.REFUSED, said=error.what, ended=at))
        raise
    records.write_entry(entry)
    try:
        yield
    except (BadInput, Unconfirmed):
        records.forget_entry(entry.id)
        raise
    except OpsError as error:
        said = " ".join(filter(None, (error.what, error.hint)))
        records.write_entry(replace(entry, outcome=Outcome.FAILED, said=said, ended=at))
        raise
    records.write_entry(replace(entry, outcome=Outcome.DONE, ended=at))
