"""What the Savings page, its reports and the command line ask."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime

from ops import billed_savings, clock, savings
from ops.bill_source import BillSource, ReadBill
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
            since = utc.previous().start.date() if self._billing().places.table else first
            read = self._read_bill(since, last)
            earlier = self._earlier(utc.previous(), read)
            words = self._billing().places.words
            return billed_savings.on_a_bill(state, self._memo, estimated(utc), read, words, earlier)
        view = replace(estimated(query.period), bill_source=self._billing().places.words)
        found = self._billing().at_hand(first, last, self.connection())
        return billed_savings.beside(state, view, estimated(utc), found) if found is not None else view

    def names_of_memory(self) -> set[str]:
        """The asynchronous endpoints that were read so far: asks nobody."""
        known = self._gatherer().state().known
        return {name for name, each in known.items() if each.endpoint.is_async}

    def check_bill(self) -> None:
        """Raises BadInput where no bill can be asked for; asks nobody."""
        self._billing().check()

    def borrow_bills(self, lender: Callable[[], Opened | None]) -> None:
        """Read an export through another console, which may: it holds the bills of all accounts and regions.

        Cost Explorer is asked with this console's own access all the same.
        """
        self._lender = lender

    def _billing(self) -> BillSource:
        lender = self._lender() if self._lender is not None else None
        return lender._bills if lender is not None and lender._bills.places.shared else self._bills

    def _read_bill(self, first: date, last: date) -> ReadBill:
        source, lender = self._billing(), self._lender() if self._lender is not None else None
        reader = lender if lender is not None and source is not self._bills else self
        return source.read(reader._reading(), reader.connection(), first, last, self.connection())

    def _earlier(self, before: Period, read: ReadBill) -> ReadBill | None:
        """A bill of the period before: the one at hand, or read now where that is no paid call of Cost Explorer."""
        first, last = before.start.date(), before.until.date()
        source = self._billing()
        found = source.at_hand(first, last, self.connection())
        if found is not None or last <= first:
            return found
        begins = read.bill.first
        apart = not source.places.table and (source.places.export or "").startswith("s3://")
        if not apart or (begins is not None and begins <= first):
            return read  # a file and a question to Athena hold both periods, so may the months of an export
        try:
            return self._read_bill(first, last)
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
