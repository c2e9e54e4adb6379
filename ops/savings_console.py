"""What the Savings page, its reports and the command line ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ops import billed_savings, clock, savings
from ops.bill_source import ReadBill
from ops.core.billed import in_utc
from ops.core.cost import Basis
from ops.core.errors import OpsError
from ops.core.periods import Period
from ops.core.types import Endpoint
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.opened import Opened
from ops.savings import Tell
from ops.type_past import MEMO


class SavingsConsole(Opened):
    """The part of the façade that tells what scale-to-zero saved."""

    def savings(self, query: SavingsQuery) -> SavingsView:
        """From what was read so far; estimated ones ask AWS for list prices alone, billed ones for a bill, too.

        Raises UnknownEndpoint, Unreachable, and with the basis of a bill BadInput, Denied, OpsError.
        """
        state = self._gatherer().state()
        done = self._gaps.progress() if self._gaps is not None else (0, 0)
        beside = savings.Beside(
            self._prices, done, self._kept_since(state.now), self._tags, self._memo, self._budget
        )

        def estimated(period: Period) -> SavingsView:
            return savings.savings(state, beside, replace(query, period=period, basis=Basis.ESTIMATED))

        utc = in_utc(query.period)
        first, last = utc.start.date(), utc.until.date()
        if query.basis is Basis.BILLED:
            since = utc.previous().start.date() if self._bills.places.table else first
            read = self._bills.read(self._reading(), self.connection(), since, last)
            earlier = self._earlier(utc.previous(), read)
            words = self._bills.places.words
            return billed_savings.on_a_bill(state, self._memo, estimated(utc), read, words, earlier)
        view = replace(estimated(query.period), bill_source=self._bills.places.words)
        found = self._bills.at_hand(first, last)
        return billed_savings.beside(state, view, estimated(utc), found) if found is not None else view

    def check_bill(self) -> None:
        """Raises BadInput where no bill can be asked for; asks nobody."""
        self._bills.check()

    def _earlier(self, before: Period, read: ReadBill) -> ReadBill | None:
        """A bill of the period before: the one at hand, or read now where that is no paid call of Cost Explorer."""
        first, last = before.start.date(), before.until.date()
        found = self._bills.at_hand(first, last)
        if found is not None or last <= first:
            return found
        begins = read.bill.first
        apart = not self._bills.places.table and (self._bills.places.export or "").startswith("s3://")
        if not apart or (begins is not None and begins <= first):
            return read  # a file and a question to Athena hold both periods, so may the months of an export
        try:
            return self._bills.read(self._reading(), self.connection(), first, last)
        except OpsError:  # nothing to compare with: it is no part of what was asked
            return None

    def _kept_since(self, now: datetime) -> Callable[[Endpoint], datetime | None]:
        """From when on the cold starts of an endpoint are kept."""
        episodes = self._episodes
        return lambda endpoint: episodes.reach(endpoint, now) if episodes is not None else None

    def find_savings(self, query: SavingsQuery, tell: Tell = lambda name, done, of: None) -> SavingsView:
        """The same with everything read now that it lacks: for a console without a past. OpsError.

        `tell` hears how far the reading is: the endpoint, how many are done, of how many.
        """
        gatherer, reading = self._gatherer(), self._reading()
        self._recall_lives()
        gatherer.read(reading)
        self._tags.refresh(reading)
        savings.read_lacking(gatherer, reading, query, tell)
        assert self._episodes is not None
        while self._episodes.step(reading, only=query.names):
            pass
        alarms = gatherer.state().scaling.alarms.owners()
        gatherer.types.catch_up(self._log(), reading, alarms, clock.pause)
        return self.savings(query)

    def _recall_lives(self) -> None:
        """Have at hand what Ebb's own history remembers of endpoints, for a console that keeps none of its own."""
        if self._records_url != self._history_url:
            with suppress(OpsError):  # without it, what is gone stays unknown
                self._gatherer().types.recall(self.records().memo(MEMO) or "")
