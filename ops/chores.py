"""What the reader of AWS does between two readings of the fleet, a piece at a time, while AWS answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from ops.audience import Audience
from ops.console import Console
from ops.core.errors import OpsError
from ops.core.pacing import GAP_S
from ops.core.views import FleetView
from ops.pace import IDLE_S

log = logging.getLogger(__name__)
T = TypeVar("T")
RECONCILE_S = 60.0
"""Between two looks for changes that nobody carries out any more."""


class Chores:
    """For one thread at a time; all is done in the caller's.

    `console`: the one in use, None while AWS does not answer; `fleet`: the newest good one, None before the first;
    `changed` is called when AWS was changed; `leads`: whether what is done once for an account and region is done here.
    """

    def __init__(
        self,
        audience: Audience,
        console: Callable[[], Console | None],
        fleet: Callable[[], FleetView | None],
        changed: Callable[[Console], None],
        monotonic: Callable[[], float],
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._audience = audience
        self._console = console
        self._fleet = fleet
        self._changed = changed
        self._monotonic = monotonic
        self._leads = leads
        self._tidied_at: float | None = None
        self._reconciled: tuple[Console, float] | None = None

    def close_gap(self) -> bool:
        """Read one missing piece of the history; False when nothing is missing."""

        def work(console: Console) -> bool:
            more = console.close_gap(sorted(self._audience.endpoints()))
            fleet = self._fleet()
            if not more and fleet is not None and self._leads() and self._tidy_is_due():
                console.tidy(fleet.as_of)
                console.reconcile()
                if console.clean_spent():
                    self._changed(console)
            return more

        return self._spare(work, False)

    def keep_cold_starts(self) -> bool:
        """Find and keep the cold starts of one endpoint; False when none is due."""
        return self._spare(
            lambda console: console.keep_cold_starts(sorted(self._audience.endpoints())), False
        )

    def look_up(self) -> float:
        """Ask CloudTrail for a page of who changed what; seconds until the next is due."""
        return self._spare(lambda console: console.look_up(anybody=self._audience.there()), IDLE_S)

    def reconcile(self) -> None:
        """At first with each console, then every minute: end the changes that a killed process left begun."""
        console, now = self._console(), self._monotonic()
        if console is None or not self._leads():
            return
        known = self._reconciled
        if known is None or known[0] is not console or now - known[1] >= RECONCILE_S:
            self._reconciled = (console, now)
            self._spare(lambda each: len(each.reconcile()), 0)

    def _spare(self, work: Callable[[Console], T], instead: T) -> T:
        """`instead` where AWS does not answer."""
        console = self._console()
        if console is None:
            return instead
        try:
            return work(console)
        except OpsError as error:
            log.warning("%s %s", error.what, error.hint)
            return instead

    def _tidy_is_due(self) -> bool:
        now = self._monotonic()
        if self._tidied_at is not None and now - self._tidied_at < GAP_S:
            return False
        self._tidied_at = now
        return True
