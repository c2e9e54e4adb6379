"""The history of one scope: metric grids, what was read when, and scaling activities.

New cells are rows; a finished chunk (1,440 cells) becomes one compressed blob. Late cells are rows again
until the next `fold`. Nothing here reads a clock.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import local

import numpy as np
from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.engine import make_url

from ops.core.change import Entry
from ops.core.cold_start import ColdStart
from ops.core.errors import OpsError
from ops.core.spans import Span, union
from ops.core.types import Activity
from ops.store import activities as activity_rows
from ops.store import chunks, forgetting, sums, writing, written
from ops.store import episodes as episode_rows
from ops.store import journal as journal_rows
from ops.store.chunks import Keysets
from ops.store.grid import Grid, Scope
from ops.store.ledger import Ledger
from ops.store.scenarios import Scenarios
from ops.store.sums import DaySums
from ops.store.tables import (
    ACTIVITY,
    COUNTER,
    COVERED,
    ENDPOINT,
    JOURNAL,
    MEMO,
    SCOPE,
    add_missing,
    busy,
    connect,
    impatient,
    in_memory,
    put,
    translated,
    writing_lock,
)

__all__ = ["Grid", "History", "Scope"]

TURN_S = 10.0
"""How long a writer waits for the others of this process."""


@dataclass(frozen=True, slots=True)
class _Together:
    """A transaction that several readings share."""

    connection: Connection
    keysets: Keysets
    endpoints: Mapping[str, int]
    """Ids by name."""
    metrics: Mapping[str, int]
    """Ids by key."""


class History:
    """Thread-safe. Of several processes one may write while others read.

    Every method raises OpsError (retryable where another process is in the way).
    """

    def __init__(self, engine: Engine, scope_id: int, scope: Scope) -> None:
        self.scope = scope
        self._engine = engine
        self._url = engine.url
        self._scope = scope_id
        self._writing = writing_lock(engine.url)
        self._mine = local()
        """The transaction of a thread that reads several things together."""
        self._summed = False
        """Whether every day of minutes has had its sums made."""
        self._reading: AbstractContextManager[object] = nullcontext()
        if in_memory(engine.url):
            self._reading = self._writing  # one connection serves all threads

    @classmethod
    def open(cls, url: str, scope: Scope) -> History:
        """The history of `scope` at `url`: "sqlite:////folder/history.db", or "sqlite://" for memory.

        Makes what is missing (folders, tables). Raises OpsError where that cannot be: a read-only folder, a file
        that is no database, a schema of another version.
        """
        engine = connect(url)
        row = {name: getattr(scope, name) for name in ("kind", "account", "region", "world")}
        find = select(SCOPE.c.id).filter_by(**row)
        try:
            with translated(make_url(url)):
                with engine.begin() as connection:
                    found = connection.execute(find).scalar()
                if found is None:
                    with engine.begin() as connection:
                        add_missing(connection, SCOPE, [row])
                        found = connection.execute(find).scalar_one()
        except BaseException:
            engine.dispose()
            raise
        impatient(engine)
        return cls(engine, found, scope)

    def close(self) -> None:
        """Give the database back. Other threads must be done with it."""
        self._engine.dispose()

    def write(self, items: Iterable[tuple[str, Grid]]) -> None:
        """Write (endpoint, grid) pairs in one transaction, later ones over earlier ones.

        The cells of a grid's keys are overwritten, also by NaN, and its span counts as read for these keys.
        """
        given = [(name, grid) for name, grid in items if grid.size]
        if not given:
            return
        with self._write() as connection:
            writing.put_grids(connection, self._scope, given)
            written.mark(connection, self._scope)

    def read(self, endpoint: str, resolution: int, keys: Sequence[str], start: int, end: int) -> Grid:
        """The full grid over [start, end), widened to whole cells; NaN where nothing was published or read."""
        first, last = start // resolution, -(-end // resolution)
        size = max(0, last - first)
        values = {key: np.full(size, np.nan) for key in keys}
        grid = Grid(resolution, first * resolution, values)
        if not size or not values:
            return grid
        with self._read() as connection:
            held = self._together or self._all_of(connection, endpoint)
            if endpoint in held.endpoints:
                series = (held.endpoints[endpoint], resolution)
                chunks.read_blobs(connection, series, first, last, values, held.metrics)
                chunks.read_rows(connection, series, first, last, values, held.keysets)
        return grid

    def sums(self, endpoints: Collection[str], start: int, end: int) -> dict[str, DaySums]:
        """By endpoint, what the days that lie wholly in [start, end) come to; see `ops.store.sums`.

        A day that is missing is to be read from its minutes: it has none, is not finished, or late ones came in.
        Sums that an older Ebb did not make are made first, where that can be; damaged ones are left out, and made anew.
        """
        self._make_sums()
        with self._read() as connection:
            found, damaged = sums.read(connection, self._scope, endpoints, start, end)
        if damaged and self._together is None:
            with suppress(OpsError), self._write() as connection:  # who may not write goes without them
                for endpoint, block in damaged:
                    sums.renew(connection, endpoint, block)
        return found

    def coverage(self, endpoint: str, resolution: int) -> Mapping[str, tuple[Span, ...]]:
        """By key, the spans that were read from AWS: merged, sorted. A key that never was is not in it."""
        return self.coverages([endpoint]).get((endpoint, resolution), {})

    def coverages(self, endpoints: Collection[str]) -> dict[tuple[str, int], Mapping[str, tuple[Span, ...]]]:
        """The same of many endpoints, by name and resolution; what was never read is not in it."""
        spans: dict[tuple[str, int], dict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
        asked = (
            select(ENDPOINT.c.name, COVERED)
            .join(ENDPOINT, ENDPOINT.c.id == COVERED.c.endpoint_id)
            .where(ENDPOINT.c.scope_id == self._scope)
        )
        if len(endpoints) <= sums.MOST_NAMED:
            asked = asked.where(ENDPOINT.c.name.in_(sorted(endpoints)))
        with self._read() as connection:
            keysets = Keysets.load(connection).by_id
            for name, _, resolution, keyset, begin, end in connection.execute(asked):
                if name in endpoints:
                    for key in keysets[keyset]:
                        spans[name, resolution][key].append((begin, end))
        return {
            place: {key: union(of_key) for key, of_key in by_key.items()} for place, by_key in spans.items()
        }

    def endpoints(self) -> tuple[str, ...]:
        """The names of all endpoints with anything kept, sorted."""
        kept = select(COVERED.c.endpoint_id).union(select(ACTIVITY.c.endpoint_id))
        with self._read() as connection:
            found = connection.execute(
                select(ENDPOINT.c.name).where(ENDPOINT.c.scope_id == self._scope, ENDPOINT.c.id.in_(kept))
            )
            return tuple(sorted(name for (name,) in found))

    def fold(self, now: int) -> int:
        """Turn the rows of chunks that ended by `now` into blobs, one transaction each; how many it were."""
        with self._read() as connection:
            waiting = chunks.with_rows(connection, self._scope, now)
        for series, chunk in waiting:
            with self._write() as connection:
                chunks.merge(connection, series, chunk, Keysets.load(connection), [])
        self._make_sums()
        return len(waiting)

    def prune(self, before: int, resolution: int | None = None) -> int:
        """Forget what lies wholly before `before`, at one resolution or at all; how many chunks and rows went.

        A chunk that reaches beyond `before` stays whole. Activities and episodes go only where no resolution is given.
        """
        with self._write() as connection:
            return forgetting.prune(connection, self._scope, before, resolution)

    def keep_activities(self, endpoint: str, activities: Iterable[Activity]) -> None:
        """Keep scaling activities, one per id; one that ended replaces its running form, never the reverse."""
        given = list(activities)
        if not given:
            return
        with self._write() as connection:
            ids = writing.endpoint_ids(connection, self._scope, [endpoint])
            activity_rows.keep(connection, ids[endpoint], given)
            written.mark(connection, self._scope)

    def activities(self, endpoint: str, since: datetime) -> tuple[Activity, ...]:
        """Those that began at or after `since`, newest first."""
        with self._read() as connection:
            return activity_rows.read(connection, self._scope, endpoint, since)

    def keep_episodes(self, endpoint: str, episodes: Iterable[ColdStart]) -> None:
        """Keep cold starts, one per id; a final one is replaced by final ones only."""
        given = list(episodes)
        if not given:
            return
        with self._write() as connection:
            ids = writing.endpoint_ids(connection, self._scope, [endpoint])
            episode_rows.keep(connection, ids[endpoint], given)
            written.mark(connection, self._scope)

    def episodes(self, endpoint: str, since: datetime) -> tuple[ColdStart, ...]:
        """Those ordered at or after `since`, newest first."""
        with self._read() as connection:
            return episode_rows.read(connection, self._scope, endpoint, since)

    def memo(self, key: str) -> str | None:
        """What was remembered under `key`, None where nothing was."""
        with self._read() as connection:
            found: str | None = connection.execute(
                select(MEMO.c.value).where(MEMO.c.scope_id == self._scope, MEMO.c.key == key)
            ).scalar()
            return found

    def remember(self, key: str, value: str) -> None:
        """Remember `value` (JSON) under `key` in this scope, in place of what was there."""
        with self._write() as connection:
            row = {"scope_id": self._scope, "key": key, "value": value}
            put(connection, MEMO, ("scope_id", "key"), [row])

    def settled(self, key: str, value: str) -> str:
        """What was remembered under `key` first: `value` where nothing was. Of several at once one wins."""
        with self._write() as connection:
            add_missing(connection, MEMO, [{"scope_id": self._scope, "key": key, "value": value}])
            found: str = connection.execute(
                select(MEMO.c.value).where(MEMO.c.scope_id == self._scope, MEMO.c.key == key)
            ).scalar_one()
            return found

    def ledger(self) -> Ledger:
        """The requests that were submitted from Ebb, in the same database."""
        return Ledger(self._scope, self._write, self._read)

    def scenarios(self) -> Scenarios:
        """Scenarios of the planner that were kept, in the same database."""
        return Scenarios(self._scope, self._write, self._read)

    def claim(self, entry: Entry, beside: Callable[[Entry], bool] | None = None) -> bool:
        """Write a journal entry unless one of its id is there, or one that has begun on its endpoint and is `beside`.

        Whether it was written; of several at once one wins. Changes that have begun there and are not `beside` lose
        their process: should it wake up, it does nothing more.
        """
        with self._write() as connection:
            return journal_rows.claim(connection, self._scope, entry, beside)

    def write_entry(self, entry: Entry) -> None:
        """Replace the journal entry of that id, or write it."""
        with self._write() as connection:
            journal_rows.write(connection, self._scope, entry)

    def exchange_entry(self, entry: Entry, still: Callable[[Entry], bool]) -> bool:
        """Replace the journal entry of that id, in one go with looking whether it is `still` as it should be.

        Whether it was.
        """
        with self._write() as connection:
            return journal_rows.exchange(connection, self._scope, entry, still)

    def forget_entry(self, identity: str) -> None:
        """Take back a journal entry that turned out to be no attempt at anything."""
        with self._write() as connection:
            mine = (JOURNAL.c.scope_id == self._scope) & (JOURNAL.c.id == identity)
            connection.execute(delete(JOURNAL).where(mine))

    def journal(
        self,
        endpoint: str | None = None,
        limit: int | None = 500,
        *,
        begun: bool = False,
        hosting: bool = False,
        since: datetime | None = None,
    ) -> tuple[Entry, ...]:
        """Journal entries of one endpoint or all, newest first; `limit` None: all of them.

        `begun`: only those that are not at their end; `hosting`: only those of what SageMaker holds.
        """
        begin = float("-inf") if since is None else since.timestamp()
        with self._read() as connection:
            return journal_rows.read(
                connection, self._scope, endpoint, limit, begun=begun, hosting=hosting, since=begin
            )

    def entry(self, identity: str) -> Entry | None:
        """The journal entry of an id, or of the only one that begins so."""
        with self._read() as connection:
            return journal_rows.one(connection, self._scope, identity)

    def forget_worlds(self, keep: int) -> int:
        """Delete all but the `keep` newest other worlds of this kind, account and region; how many went.

        One that was written to within the last day stays: another process may still be at it.
        """
        with self._write() as connection:
            return forgetting.other_worlds(connection, self._scope, keep)

    def _make_sums(self) -> None:
        """Once: the sums of days that an older Ebb folded. Who may not write goes without them."""
        if self._summed:
            return
        with self._read() as connection:
            done = sums.made(connection, self._scope)
            wanted = {} if done else sums.lacking(connection, self._scope)
        try:
            for endpoint, days in wanted.items():
                with self._write() as connection:
                    sums.make(connection, endpoint, days)
            if not done:
                with self._write() as connection:
                    sums.note_made(connection, self._scope)
        except OpsError as error:
            if error.retryable:
                return
        self._summed = True

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first statement on."""
        with translated(self._url), self._turn(), self._engine.begin() as connection:
            connection.execute(update(COUNTER).values(n=COUNTER.c.n + 1))
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One writer of this process at a time: the database knows no order among those that wait for it."""
        if not self._writing.acquire(timeout=TURN_S):
            raise busy(self._url)
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread reads in a `with` block is of one state, and begins no transaction of its own.

        Nothing is written by it in there.
        """
        with self._read() as connection:
            self._mine.together = self._all_of(connection)
            try:
                yield
            finally:
                self._mine.together = None

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """A transaction: all its statements see one state, so that no fold happens between two of them."""
        held = self._together
        if held is not None:
            with translated(self._url):
                yield held.connection
            return
        with translated(self._url), self._reading, self._engine.begin() as connection:
            yield connection

    def _all_of(self, connection: Connection, name: str | None = None) -> _Together:
        """What readings look up by name; of one endpoint, or of all."""
        find = select(ENDPOINT.c.name, ENDPOINT.c.id).where(ENDPOINT.c.scope_id == self._scope)
        if name is not None:
            find = find.where(ENDPOINT.c.name == name)
        ids = dict(connection.execute(find).all())
        keysets = Keysets.load(connection) if ids else Keysets({})
        return _Together(connection, keysets, ids, chunks.metric_ids(connection) if ids else {})

    @property
    def _together(self) -> _Together | None:
        return getattr(self._mine, "together", None)
