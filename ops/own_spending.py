"""Counts what Ebb asks of AWS, month by month, keeps it beside the history, and slows the reader by the budget."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from decimal import Decimal

from ops.console import Console
from ops.core.own_budget import Slowing, decide
from ops.core.own_spending import Counted, Spending, dumped, hours_left, loaded
from ops.core.types import Connection, Severity
from ops.core.views import FleetView, Usage

KEY = "own-spending"
"""Where it is kept."""
KEEP_EVERY = timedelta(minutes=5)
"""Of AWS's time: so much is lost when the process is killed."""


class OwnSpending:
    """Of one process. Thread-safe. `budget`: dollars a month for Ebb's own asking, None without."""

    def __init__(self, budget: Decimal | None = None) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._of: tuple[str, ...] | None = None
        self._before: Usage | None = None
        self._own: Counted | None = None
        self._slowing = Slowing()
        self._loaded = False
        self._kept = False
        self._kept_at: datetime | None = None

    def note(self, console: Console, usage: Usage | None, fleet: FleetView, *, leads: bool = True) -> None:
        """After a reading of the fleet: count what was asked since the last, and set the console's pace anew.

        `usage`: of the whole process so far. `leads`: whether what is kept of this account and region is counted and
        kept here; another reader of the same counts but its own asking, so that nothing is counted twice.
        """
        if usage is None:
            return
        if not leads:
            self._give_up(console, fleet.as_of)
        with self._lock:
            self._turn_to(fleet.connection, usage, fleet.as_of)
            assert self._own is not None
            assert self._before is not None
            self._own = self._own.noted(self._before, usage, fleet.as_of, self._slowing.stretch)
            self._before = usage
            if leads:
                self._load(console)
            own, until = self._own, self._own.until
            self._slowing = decide(self._budget, own.usd, own.rate, hours_left(until), self._slowing.stretch)
            slowing = self._slowing
            due = self._kept_at is None or until - self._kept_at >= KEEP_EVERY
        rows = (*fleet.rows, *fleet.realtime)
        critical = (r.endpoint.ref.name for r in rows if r.verdict.severity is Severity.CRITICAL)
        console.slow(slowing.stretch, frozenset(critical))
        if due:
            self.keep(console)

    def keep(self, console: Console) -> None:
        """Write down what was counted, unless what was kept before could not be read yet."""
        with self._lock:
            if self._own is None or not self._loaded:
                return
            text, self._kept_at = dumped(self._own), self._own.until
        kept = console.keep(KEY, text) and console.keeps
        with self._lock:
            self._kept = kept

    def _give_up(self, console: Console, now: datetime) -> None:
        """Another reader goes on with what is kept."""
        with self._lock:
            held = self._loaded
        if held:
            self.keep(console)
            with self._lock:
                self._own, self._loaded, self._kept, self._kept_at = Counted(now, now), False, False, None

    def view(self) -> Spending | None:
        """This month so far; None before the first reading."""
        with self._lock:
            if self._own is None:
                return None
            return Spending(self._own, self._slowing, self._budget, self._kept)

    def _turn_to(self, connection: Connection, usage: Usage, now: datetime) -> None:
        """Begin to count, also where the process turned to another AWS: what was asked before was of that one."""
        of = (connection.kind, connection.account, connection.region, connection.world)
        if self._of == of:
            return
        first = Usage(usage.since, {}, 0, Decimal(0)) if self._of is None else usage
        self._of, self._before, self._own = of, first, Counted(now, now)
        self._slowing, self._loaded, self._kept_at = Slowing(), False, None

    def _load(self, console: Console) -> None:
        if self._loaded or self._own is None:
            return
        text = console.recall(KEY)
        if text is None:
            return
        self._loaded = True
        kept = loaded(text)
        if kept is not None:
            self._own = self._own.after(kept)
