"""What is done beside the gate (requests, queues, uploads) on record as well: who, when, and how it ended."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops import clock
from ops.at_work import PROCESS
from ops.core.change import Actor, Entry, Outcome, may
from ops.core.errors import BadInput, OpsError, ReadOnly, Unconfirmed
from ops.core.setup import Setup
from ops.core.types import Connection, EndpointRef
from ops.store.history import History

log = logging.getLogger(__name__)
CUT_OFF = "It broke off; what became of it is not known."


@dataclass(slots=True)
class Attempt:
    """What goes on inside `on_record`. `begun`: something was done already that bad input does not take back."""

    begun: bool = False

    def begun_by(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks; the first byte begins the attempt."""
        for chunk in chunks:
            self.begun = self.begun or bool(chunk)
            yield chunk


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
) -> Iterator[Attempt]:
    """Put what is done inside the block into the journal, before it begins and when it ends.

    A refusal and a failure are on record and go on to the caller; bad input and a yes that is missing are no attempt
    unless it had begun. `at`: AWS's time; how long it took is measured here. Raises OpsError where the journal cannot
    be written: then nothing is done. Once it is done, a journal that fails takes nothing back: the entry stays begun
    until `Gate.reconcile` ends it.
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
    start, attempt = clock.monotonic(), Attempt()

    def close(outcome: Outcome | None, said: str = "") -> None:
        """None: it was no attempt."""
        ended = at + timedelta(seconds=clock.monotonic() - start)
        try:
            if outcome is None:
                records.forget_entry(entry.id)
            else:
                records.write_entry(replace(entry, outcome=outcome, said=said, ended=ended))
        except OpsError as error:
            log.warning("%s: how it ended is not on record. %s", title, error.what)

    try:
        yield attempt
    except OpsError as error:
        if isinstance(error, BadInput | Unconfirmed) and not attempt.begun:
            close(None)
        else:
            close(Outcome.FAILED, " ".join(filter(None, (error.what, error.hint))))
        raise
    except BaseException:
        close(Outcome.UNCLEAR, CUT_OFF)
        raise
    close(Outcome.DONE)
