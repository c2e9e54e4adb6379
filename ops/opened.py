"""One AWS, opened: its session, who is asked, what was read of it in memory, and the history beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Self

from cachetools import TTLCache

from ops import clock, which_aws
from ops.aws.calls import Reading
from ops.aws.inventory import UserReader
from ops.aws.pricing import PriceList
from ops.aws.quotas import QuotaReader
from ops.aws.session import AwsSession, Where
from ops.aws.tags import TagReader
from ops.bill_source import BillPlaces, BillSource
from ops.changes import ChangeLog
from ops.config import Settings
from ops.core import cost
from ops.core.errors import OpsError, Unreachable
from ops.core.own_prices import OwnPrices
from ops.core.types import Connection, Problem
from ops.core.views import Usage
from ops.doctor import Doctor
from ops.episodes import Episodes
from ops.gaps import Gaps
from ops.gather import Gatherer
from ops.savings_memo import Memo
from ops.store.history import History, Scope
from ops.visits import Visits

IN_MEMORY = "sqlite://"
"""A history that ends with the process."""


SAID_S = 600.0
"""So long what the log says of failed requests serves for incident summaries: a search of it is no light thing."""


class AnotherAws(Unreachable):
    """The embedded AWS that was read is gone, and another one answers at its address."""

    def __init__(self) -> None:
        super().__init__("The embedded AWS was started anew.", "Ebb turns to the new one by itself.")


class Opened:
    """What every question needs. Thread-safe; close it or use it in a `with` block."""

    def __init__(
        self,
        where: Where,
        history_url: str = IN_MEMORY,
        records_url: str | None = None,
        bills: BillPlaces | None = None,
        own: OwnPrices | None = None,
        budget: Decimal | None = None,
    ) -> None:
        """`records_url`: where the journal and the ledger are kept, where that is not the history.

        `own`: what the account pays other than list prices; `budget`: dollars a month.
        """
        self._session = AwsSession(where)
        self._history_url = history_url
        self._records_url = records_url or history_url
        self._records: History | None = None
        self._lent = False
        """Whether a newer console goes on with the history and the records, and closes them."""
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._gather: Gatherer | None = None
        self._gaps: Gaps | None = None
        self._changes: ChangeLog | None = None
        self._visits: Visits | None = None
        self._doctor = Doctor()
        self._said: TTLCache[str, str] = TTLCache(1_000, SAID_S)
        self._episodes: Episodes | None = None
        self._prices = PriceList(lambda: self._session.client("pricing"), own=own)
        self._budget = budget
        self._tags = TagReader()
        self._configs_used = UserReader()
        self._memo = Memo()
        self._limits = QuotaReader()
        self._bills = BillSource(bills or BillPlaces())
        self._lender: Callable[[], Opened | None] | None = None
        """Whose exports of bills serve this console, too."""
        self._history: History | None = None
        self._history_problem: Problem | None = None
        self._since = clock.now()
        self._place = ""

    @classmethod
    def open(
        cls, settings: Settings | None = None, *, keep: bool = False, where: Where | None = None
    ) -> Self:
        """The console of the AWS that the settings name. `keep`: what is read goes into Ebb's own history.

        `where`: another AWS than that.

        Raises OpsError when that AWS is not there.
        """
        chosen = settings if settings is not None else Settings.load()
        history = chosen.history if keep else IN_MEMORY
        opened = cls(
            where if where is not None else which_aws.choose(chosen),
            history,
            chosen.history,
            BillPlaces.of(chosen),
            chosen.own_prices(clock.now()),
            chosen.budget_usd,
        )
        opened._place = chosen.place or ""
        return opened

    def close(self) -> None:
        self._session.close()
        with self._lock:
            opened = set() if self._lent else {self._history, self._records} - {None}
        for history in opened:
            if history is not None:
                history.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def usage(self) -> Usage:
        """What has been asked of AWS so far, and about what that costs."""
        calls, metrics = self._session.calls(), self._session.metrics()
        return Usage(self._since, calls, metrics, cost.of_asking(calls, metrics))

    def connection(self) -> Connection:
        """Which AWS, account and region this is, who asks, and whether changes are possible. Asked once."""
        with self._lock:
            if self._connection is None:
                self._connection = self._identify()
            return self._connection

    @property
    def scope(self) -> Scope | None:
        """Kind, account, region and world of this AWS; None before it has told them. Asks AWS for nothing."""
        known = self._connection
        return None if known is None else _scope(known)

    def adopt(self, older: Opened) -> bool:
        """Go on with what an older console of the same AWS has read; False where that was another AWS.

        The older one may finish what it is at; its history belongs to this one. Raises OpsError.
        """
        if _scope(self.connection()) != _scope(older.connection()):
            return False
        with older._lock:
            read = older._gather, older._gaps, older._history, older._history_problem
            changes, visits, episodes = older._changes, older._visits, older._episodes
            records, older._lent = older._records, True
            bills = older._bills
        with self._lock:
            self._records, self._bills = records, bills
            self._gather, self._gaps, self._history, self._history_problem = read
            self._changes, self._visits = changes, visits
            self._episodes = episodes
        return True

    def recall(self, key: str) -> str | None:
        """What was kept under `key` beside the history; empty: nothing; None: it cannot be told now."""
        return self._gatherer().past.history.memo(key)

    def keep(self, key: str, value: str) -> bool:
        """Keep a text beside the history of this AWS; whether that was possible."""
        return self._gatherer().past.history.remember(key, value)

    def records(self) -> History:
        """Where Ebb keeps what it did itself: the journal, and the ledger of requests.

        Raises OpsError where that cannot be: what cannot be put on record is not done.
        """
        self._gatherer()
        with self._lock:
            if self._records_url == self._history_url:
                if self._history_problem is not None:
                    raise _unkept(self._history_problem.what, self._history_problem.hint)
                assert self._history is not None
                return self._history
            if self._records is None:
                assert self._connection is not None
                try:
                    self._records = History.open(self._records_url, _scope(self._connection))
                except OpsError as error:
                    raise _unkept(error.what, error.hint, retryable=error.retryable) from error
            return self._records

    @property
    def keeps(self) -> bool:
        """Whether what is kept outlives this process."""
        return self._history_url != IN_MEMORY and self._history_problem is None

    @property
    def history_problem(self) -> Problem | None:
        """Why the history ends with this process, where it does although it should not."""
        return self._history_problem

    def _reading(self) -> Reading:
        return Reading(self._session)

    def _gatherer(self) -> Gatherer:
        connection = self.connection()
        with self._lock:
            if self._gather is None:
                self._history = self._open_history(connection)
                self._gather = Gatherer(connection, clock.now, self._history)
                self._gaps = Gaps(self._gather)
                self._changes = ChangeLog(connection.kind, self._gather.past.history)
                self._visits = Visits(self._gather.past.history)
                self._episodes = Episodes(self._gather)
            return self._gather

    def _gone_through(self, name: str) -> bool:
        """Whether all of an endpoint's past was gone through for cold starts; one without a queue has none."""
        endpoint = next((e for e in self._gatherer().endpoints() if e.ref.name == name), None)
        if endpoint is None or not endpoint.is_async:
            return True
        return self._episodes is not None and self._episodes.gone_through(endpoint)

    def _log(self) -> ChangeLog:
        self._gatherer()
        assert self._changes is not None
        return self._changes

    def _insist_on_the_same(self) -> None:
        """Raises AnotherAws: an embedded AWS started anew often listens where the one before it did."""
        if self._session.where.kind == "embedded" and _scope(self._identify()) != _scope(self.connection()):
            raise AnotherAws

    def _open_history(self, connection: Connection) -> History:
        scope = _scope(connection)
        try:
            return History.open(self._history_url, scope)
        except OpsError as error:
            self._history_problem = Problem("the history", error.what, error.hint)
            return History.open(IN_MEMORY, scope)

    def _identify(self) -> Connection:
        where = self._session.where
        who = Reading(self._session).ask("sts", "GetCallerIdentity")
        return Connection(
            where.kind,
            str(who.get("Account", "")),
            self._session.region() or "",
            str(who.get("Arn", "")),
            where.endpoint_url,
            where.writable,
            where.why_read_only,
            str(who.get("UserId", "")) if where.kind == "embedded" else "",
        )


def _scope(connection: Connection) -> Scope:
    return Scope(connection.kind, connection.account, connection.region, connection.world)


def _unkept(what: str, hint: str, *, retryable: bool = False) -> OpsError:
    return OpsError(f"The journal cannot be kept, so nothing is changed: {what}", hint, retryable=retryable)
