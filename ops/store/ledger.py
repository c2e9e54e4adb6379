"""The ledger of requests that were submitted from Ebb: a row for each before it is sent, and what became of it.

A record never goes back: `ops.core.requests.later` decides between what is kept and what comes. Who may send a
batch is settled by a lease in its row, so that of several processes one sends. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from ops.core.errors import BadInput
from ops.core.requests import FINAL, Batch, RequestFilter, RequestState, Sent, later, same_form
from ops.store.packing import Damaged
from ops.store.tables import BATCH, REQUEST, add_missing

T = TypeVar("T")
Transaction = Callable[[], AbstractContextManager[Connection]]
PIECE = 500
"""Ids that one statement asks for."""
_SENT, _BATCH = TypeAdapter(Sent), TypeAdapter(Batch)


class Ledger:
    """Thread-safe, as `History`. Every method raises OpsError; what cannot be written must not be sent."""

    def __init__(self, scope_id: int, write: Transaction, read: Transaction) -> None:
        self._scope = scope_id
        self._write = write
        self._read = read

    # -- submissions -----------------------------------------------------------------------------------

    def plan(self, batch: Batch, requests: Sequence[Sent]) -> Batch:
        """Put a submission and all of its requests on record, in one transaction; what is on record then.

        That is the earlier batch where one has the same key. Raises BadInput where that one is of something else.
        """
        with self._write() as connection:
            known = self._keyed(connection, batch.key)
            if known is not None:
                return same_form(known, batch.submission, batch.actor)
            add_missing(connection, BATCH, [self._batch_row(batch)])
            add_missing(connection, REQUEST, [self._row(each) for each in requests])
            return batch

    def keyed(self, key: str) -> Batch | None:
        """The batch that was submitted under a key; None where there is none, or no key."""
        with self._read() as connection:
            return self._keyed(connection, key)

    def batch(self, id: str) -> Batch:
        """Raises BadInput where there is none."""
        with self._read() as connection:
            return self._batch(connection, id)

    def batches(self, ids: Iterable[str]) -> Mapping[str, Batch]:
        """Those that are on record, by id."""
        wanted = sorted(set(ids))
        with self._read() as connection:
            found = [
                _batch(body)
                for piece in _pieces(wanted)
                for body in connection.execute(
                    select(BATCH.c.body).where(self._of(BATCH), BATCH.c.id.in_(piece))
                ).scalars()
            ]
        return {each.id: each for each in found}

    def open_batches(self) -> tuple[Batch, ...]:
        """Those of which something is still to be sent, oldest first."""
        with self._read() as connection:
            found = connection.execute(
                select(BATCH.c.body)
                .where(self._of(BATCH), BATCH.c.open.is_(True))
                .order_by(BATCH.c.at, BATCH.c.id)
            ).scalars()
            return tuple(_batch(body) for body in found)

    def lease(self, id: str, holder: str, now: float, until: float) -> bool:
        """Take or renew the right to send a batch; False while another process has it, or nothing is to be sent.

        `now` and `until`: this machine's clock, epoch seconds.
        """
        with self._write() as connection:
            batch = self._batch(connection, id)
            if not batch.open or (batch.lease not in ("", holder) and batch.lease_until > now):
                return False
            self._put_batch(connection, replace(batch, lease=holder, lease_until=until))
            return True

    def claim(self, id: str, holder: str, most: int, at: datetime) -> tuple[Sent, ...]:
        """Mark up to `most` planned requests as `sending`, which nobody sends again; none once stopped.

        A batch with nothing left is closed. Raises BadInput where there is no such batch.
        """
        with self._write() as connection:
            batch = self._batch(connection, id)
            if batch.lease != holder or not batch.open or batch.stopped:
                return ()
            planned = self._planned(connection, id, most)
            claimed = tuple(replace(each, state=RequestState.SENDING, sent=at) for each in planned)
            for each in claimed:
                self._put(connection, each)
            left = self._number(connection, id, RequestState.PLANNED)
            self._put_batch(connection, replace(batch, sent=batch.sent + len(claimed), open=left > 0))
            return claimed

    def unclaim(self, given: Iterable[Sent]) -> None:
        """Plan again what certainly did not reach AWS; of a batch that was stopped meanwhile it is stopped, too."""
        with self._write() as connection:
            for each in given:
                kept = self._one(connection, each.id)
                if kept is None or kept.state is not RequestState.SENDING:
                    continue
                batch = self._batch(connection, each.batch)
                if batch.stopped:
                    self._put(connection, replace(kept, state=RequestState.STOPPED, sent=None))
                else:
                    self._put(connection, replace(kept, state=RequestState.PLANNED, sent=None))
                self._put_batch(
                    connection, replace(batch, sent=max(0, batch.sent - 1), open=not batch.stopped)
                )

    def stop(self, id: str, at: datetime, said: str = "") -> Batch:
        """Send no more of a batch: what was not sent ends as stopped. Raises BadInput where there is no such batch."""
        with self._write() as connection:
            batch = self._batch(connection, id)
            if not batch.open:
                return batch
            for each in self._planned(connection, id, None):
                self._put(
                    connection,
                    replace(each, state=RequestState.STOPPED, ended=at, source=said or "stopped by hand"),
                )
            stopped = replace(batch, stopped=True, open=False, said=said or batch.said)
            self._put_batch(connection, stopped)
            return stopped

    # -- requests --------------------------------------------------------------------------------------

    def update(self, given: Iterable[Sent]) -> tuple[Sent, ...]:
        """Write what became of requests; what was kept wins where it is further on. What holds now, in order."""
        held: list[Sent] = []
        wanted = list(given)
        if not wanted:
            return ()
        with self._write() as connection:
            for each in wanted:
                kept = self._one(connection, each.id)
                if kept is None:
                    continue
                now = later(kept, each)
                if now != kept:
                    self._put(connection, now)
                held.append(now)
        return tuple(held)

    def request(self, id: str) -> Sent:
        """Raises BadInput where there is none."""
        with self._read() as connection:
            found = self._one(connection, id)
        if found is None:
            raise BadInput(f"There is no request {id!r} on record.", "See the list of requests.")
        return found

    def some(self, ids: Iterable[str]) -> tuple[Sent, ...]:
        """Those of these requests that are on record."""
        with self._read() as connection:
            return tuple(
                _sent(body)
                for piece in _pieces(list(dict.fromkeys(ids)))
                for body in connection.execute(
                    select(REQUEST.c.body).where(self._of(REQUEST), REQUEST.c.id.in_(piece))
                ).scalars()
            )

    def open_requests(self, most: int = 20_000) -> tuple[Sent, ...]:
        """Those whose call was begun and that are not at their end, oldest first."""
        with self._read() as connection:
            found = connection.execute(
                select(REQUEST.c.body)
                .where(self._of(REQUEST), REQUEST.c.open.is_(True))
                .where(REQUEST.c.state != RequestState.PLANNED.value)
                .order_by(REQUEST.c.at, REQUEST.c.id)
                .limit(most)
            ).scalars()
            return tuple(_sent(body) for body in found)

    def of_inference_ids(self, ids: Iterable[str]) -> tuple[Sent, ...]:
        """All requests with one of these inference ids, ended ones too; an id need not be unique."""
        with self._read() as connection:
            return tuple(
                _sent(body)
                for piece in _pieces(sorted(set(ids)))
                for body in connection.execute(
                    select(REQUEST.c.body).where(self._of(REQUEST), REQUEST.c.inference_id.in_(piece))
                ).scalars()
            )

    def page(self, wanted: RequestFilter) -> tuple[tuple[Sent, ...], int]:
        """One page, newest first, and how many there are in all."""
        where = and_(*self._wanted(wanted, states=True))
        with self._read() as connection:
            total = connection.execute(select(func.count()).select_from(REQUEST).where(where)).scalar_one()
            found = connection.execute(
                select(REQUEST.c.body)
                .where(where)
                .order_by(REQUEST.c.at.desc(), REQUEST.c.id.desc())
                .limit(wanted.limit)
                .offset(wanted.offset)
            ).scalars()
            return tuple(_sent(body) for body in found), total

    def counts(self, wanted: RequestFilter) -> Mapping[RequestState, int]:
        """How many of each state the filter wants, its own states left out; every state is named."""
        counted = dict.fromkeys(RequestState, 0)
        with self._read() as connection:
            found = connection.execute(
                select(REQUEST.c.state, func.count())
                .where(and_(*self._wanted(wanted, states=False)))
                .group_by(REQUEST.c.state)
            )
            for state, number in found:
                counted[RequestState(state)] = number
        return counted

    def again(self, id: str) -> tuple[str, ...]:
        """The ids of the requests that send this one again, oldest first."""
        marked = _escaped(f'"resubmit_of":"{id}"')
        with self._read() as connection:
            found = connection.execute(
                select(REQUEST.c.id)
                .where(self._of(REQUEST), REQUEST.c.body.like(f"%{marked}%", escape="\\"))
                .order_by(REQUEST.c.at, REQUEST.c.id)
            ).scalars()
            return tuple(found)

    # -- rows ------------------------------------------------------------------------------------------

    def _of(self, table: Any) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = table.c.scope_id == self._scope
        return mine

    def _wanted(self, wanted: RequestFilter, *, states: bool) -> list[ColumnElement[bool]]:
        where = [self._of(REQUEST)]
        if wanted.endpoint:
            where.append(REQUEST.c.endpoint == wanted.endpoint)
        if wanted.batch:
            where.append(REQUEST.c.batch == wanted.batch)
        if wanted.since is not None:
            where.append(REQUEST.c.at >= wanted.since.timestamp())
        if wanted.text:
            sought = f"%{_escaped(wanted.text)}%"
            where.append(
                or_(
                    REQUEST.c.body.ilike(sought, escape="\\"),
                    REQUEST.c.inference_id.ilike(sought, escape="\\"),
                )
            )
        if states and wanted.states:
            where.append(REQUEST.c.state.in_([state.value for state in wanted.states]))
        return where

    def _batch(self, connection: Connection, id: str) -> Batch:
        body = connection.execute(select(BATCH.c.body).where(self._of(BATCH), BATCH.c.id == id)).scalar()
        if body is None:
            raise BadInput(f"There is no batch {id!r} on record.", "See the list of requests.")
        return _batch(body)

    def _keyed(self, connection: Connection, key: str) -> Batch | None:
        if not key:
            return None
        marked = _escaped(f'"key":"{key}"')
        bodies = connection.execute(
            select(BATCH.c.body).where(self._of(BATCH), BATCH.c.body.like(f"%{marked}%", escape="\\"))
        ).scalars()
        return next((found for body in bodies if (found := _batch(body)).key == key), None)

    def _one(self, connection: Connection, id: str) -> Sent | None:
        body = connection.execute(
            select(REQUEST.c.body).where(self._of(REQUEST), REQUEST.c.id == id)
        ).scalar()
        return None if body is None else _sent(body)

    def _planned(self, connection: Connection, batch: str, most: int | None) -> tuple[Sent, ...]:
        found = connection.execute(
            select(REQUEST.c.body)
            .where(self._of(REQUEST), REQUEST.c.batch == batch)
            .where(REQUEST.c.state == RequestState.PLANNED.value)
            .order_by(REQUEST.c.id)
            .limit(most)
        ).scalars()
        return tuple(_sent(body) for body in found)

    def _number(self, connection: Connection, batch: str, state: RequestState) -> int:
        return connection.execute(
            select(func.count())
            .select_from(REQUEST)
            .where(self._of(REQUEST), REQUEST.c.batch == batch, REQUEST.c.state == state.value)
        ).scalar_one()

    def _put(self, connection: Connection, sent: Sent) -> None:
        row = self._row(sent)
        connection.execute(update(REQUEST).where(self._of(REQUEST), REQUEST.c.id == sent.id).values(**row))

    def _put_batch(self, connection: Connection, batch: Batch) -> None:
        row = self._batch_row(batch)
        connection.execute(update(BATCH).where(self._of(BATCH), BATCH.c.id == batch.id).values(**row))

    def _row(self, sent: Sent) -> dict[str, Any]:
        return {
            "scope_id": self._scope,
            "id": sent.id,
            "endpoint": sent.endpoint,
            "at": sent.planned.timestamp(),
            "open": sent.state not in FINAL,
            "batch": sent.batch,
            "inference_id": sent.inference_id,
            "state": sent.state.value,
            "body": _SENT.dump_json(sent).decode(),
        }

    def _batch_row(self, batch: Batch) -> dict[str, Any]:
        return {
            "scope_id": self._scope,
            "id": batch.id,
            "endpoint": batch.endpoint,
            "at": batch.at.timestamp(),
            "open": batch.open,
            "body": _BATCH.dump_json(batch).decode(),
        }


def _sent(body: str) -> Sent:
    return _read(_SENT, body, "a request")


def _batch(body: str) -> Batch:
    return _read(_BATCH, body, "a submission")


def _read(adapter: TypeAdapter[T], body: str, what: str) -> T:
    """Raises Damaged. What a later Ebb wrote into it besides is passed over."""
    try:
        return adapter.validate_json(body)
    except (ValidationError, BadInput) as error:
        raise Damaged(f"{what} ({error})") from error


def _pieces(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[at : at + PIECE] for at in range(0, len(ids), PIECE))


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
