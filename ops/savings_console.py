"""What the Savings page, its reports and the command line ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ops import savings
from ops.core.types import Endpoint
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.opened import Opened


class SavingsConsole(Opened):
    """The part of the façade that tells what scale-to-zero saved."""

    def savings(self, query: SavingsQuery) -> SavingsView:
        """From what was read so far; asks AWS for list prices alone. Raises UnknownEndpoint, Unreachable."""
        state = self._gatherer().state()
        done = self._gaps.progress() if self._gaps is not None else (0, 0)
        return savings.savings(
            state,
            savings.Beside(
                self._prices, done, self._kept_since(state.now), self._tags, self._memo, self._budget
            ),
            query,
        )

    def _kept_since(self, now: datetime) -> Callable[[Endpoint], datetime | None]:
        """From when on the cold starts of an endpoint are kept."""
        episodes = self._episodes
        return lambda endpoint: episodes.reach(endpoint, now) if episodes is not None else None

    def find_savings(self, query: SavingsQuery) -> SavingsView:
        """The same with everything read now that it lacks: for a console without a past. OpsError."""
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.read(reading)
        self._tags.refresh(reading)
        savings.read_lacking(gatherer, reading, query.names, query.period)
        return self.savings(query)
