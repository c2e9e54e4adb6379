"""The one background reader of AWS in this process: however many viewers, AWS is asked like by one.

It publishes immutable snapshots of the fleet, reads only what is due, slows down when AWS asks for it, and keeps
the last good snapshot, with what went wrong, when AWS is away. Between two readings it closes the gaps of the
history; when nobody has asked for a while, it does that alone, once an hour, unless notices wait for news.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from cachetools import LRUCache, TTLCache

from ops import clock
from ops.answers import Answers, Told
from ops.audience import Audience
from ops.chores import Chores
from ops.console import Console
from ops.consoles import Consoles
from ops.core.errors import CredentialsProblem, OpsError, Stale, Unreachable
from ops.core.pacing import GAP_S
from ops.core.types import Connection, Window
from ops.core.views import EndpointView, FleetView
from ops.flights import Flights
from ops.opened import AnotherAws
from ops.own_spending import OwnSpending
from ops.pace import AWAY, IDLE_S, NOTICES_S, Pace, Snapshot, not_yet, stale
from ops.store.history import Scope

log = logging.getLogger(__name__)
T = TypeVar("T")

FAULT = "Ebb's reader of AWS has ended because of a fault in Ebb."
STOP_S = 5.0
"""So long the end of a thread is waited for."""
FIRST_WAIT_S = 30.0
"""How long a viewer waits for the first snapshot, or for a fresh one after a pause."""


class Collector:
    """Reads with `open_console` in a thread of its own after `start()`. Thread-safe.

    While AWS is away, that thread alone tries it: viewers get what is known, at once.
    """

    def __init__(
        self,
        open_console: Callable[[], Console],
        interval_s: Callable[[str], float],
        monotonic: Callable[[], float] = clock.monotonic,
        tell: Callable[[Console, FleetView], None] | None = None,
        budget: Decimal | None = None,
        leads: Callable[[], bool] = lambda: True,
        glance_after_s: float = 0.0,
    ) -> None:
        """`tell` gets every good reading of the fleet, in the reader's thread: there is somebody to look for then.

        `budget`: dollars a month for what is asked of AWS; None: none. `leads`: whether what is done once for an
        account and region is done here. `glance_after_s`: so long it waits when somebody begins to look at all places.
        """
        self._leads = leads
        self._glance_after_s = glance_after_s
        self._acted_at = 0.0
        self._tell = tell
        self._alone_s = GAP_S if tell is None else NOTICES_S
        self._consoles = Consoles(open_console)
        self._spending = OwnSpending(budget)
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._opening = threading.Lock()
        self._audience = Audience(monotonic)
        self._fleet: FleetView | None = None
        self._error: OpsError | None = None
        self._away: OpsError | None = None
        self._away_at = 0.0
        self._number = 0
        self._awaited = 0
        self._read_at: float | None = None
        self._good_at: float | None = None
        self._pace = Pace(interval_s("aws"), self._alone_s)
        self._stopping = self._stopped = False
        self._started_at: float | None = None
        self._thread: threading.Thread | None = None
        self._views: TTLCache[Hashable, EndpointView] = TTLCache(64, self._pace.base, timer=monotonic)
        self._flights = Flights[EndpointView]()
        self._moments: LRUCache[datetime, float] = LRUCache(256)
        self._answers = Answers(monotonic)
        self._chores = Chores(
            self._audience, self._at_work, lambda: self._fleet, self._forget, monotonic, leads
        )

    def start(self) -> Collector:
        self._started_at = clock.monotonic()
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self._thread.start()
        return self

    def signal(self) -> None:
        """Have the thread end; it is waited for by `stop`."""
        with self._change:
            self._stopping = True
            self._change.notify_all()

    def stop(self, until: float | None = None) -> None:
        """End the thread and the connections, waiting for it `until` then (monotonic) at most. Once."""
        self.signal()
        thread = self._thread
        if thread is not None:
            thread.join(timeout=STOP_S if until is None else max(0.0, until - clock.monotonic()))
        stopped, self._stopped = self._stopped, True
        if not stopped and self._consoles.present is not None and self._good_at is not None:
            self._spending.keep(self._consoles.present)
        self._consoles.close()

    @property
    def console(self) -> Console | None:
        """The console in use, None before the first; not for viewers."""
        return self._consoles.present

    @property
    def scope(self) -> Scope | None:
        """Kind, account, region and world of what is read; None while nobody has told. Asks for nothing."""
        console = self._consoles.present
        return None if console is None else console.scope

    @property
    def acted_at(self) -> float:
        """When something was last changed from here (monotonic); 0: never."""
        return self._acted_at

    def snapshot(self) -> Snapshot:
        """What is known now; never waits. Counts as asking."""
        with self._change:
            self._ask()
            return self._known()

    def glance(self) -> Snapshot:
        """The same for somebody at another account or region: it is read once a minute then."""
        with self._change:
            if self._audience.glances():
                self._change.notify_all()
            return self._known()

    def _known(self) -> Snapshot:
        """The caller holds the lock."""
        with self._change:
            age = None if self._good_at is None else self._monotonic() - self._good_at
            usage, history = self._consoles.usage(), self._consoles.history()
            spending = self._spending.view()
            return Snapshot(
                self._fleet, self._error, self._number, self._pace.interval, age, usage, history, spending
            )

    @property
    def failure(self) -> OpsError | None:
        """Why the newest reading failed; None when it did not. Does not count as asking."""
        with self._change:
            return self._error

    def connection(self) -> Connection:
        """Which AWS this is; the last that answered while none does. OpsError when it was never told."""
        return self._for_viewer().connection()

    def fleet(self) -> FleetView:
        """The newest good fleet; after a pause, or at first, a fresh one.

        Where the newest attempt failed, the reason is among the problems. OpsError without any good one.
        """
        with self._change:
            self._ask()
            if self._thread is not None and not self._change.wait_for(self._has_news, FIRST_WAIT_S):
                self._awaited = 0
                self._change.notify_all()
            fleet, error = self._fleet, self._error
        if fleet is None:
            raise error or not_yet()
        return fleet if error is None else replace(fleet, problems=(*fleet.problems, stale(error)))

    def endpoint(self, name: str, span: timedelta | Window = timedelta(hours=3)) -> EndpointView:
        """One endpoint, at most one interval old; several viewers of the same share one reading.

        When AWS is away, what is known, with the reason among its problems. Raises OpsError.
        """
        key = (name, span)
        self._ask()
        self._audience.looks_at(name)
        return self._flights.share(
            key,
            lambda: self._read_endpoint(name, span),
            lambda: self._kept_view(key),
            wait=self._waited_out() is None,  # whoever asked before may wait for AWS still
        )

    def recall(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]:
        """As `ask`, of work that asks AWS for nothing: it is done while AWS is away, too, and the answer says so."""
        self._ask()
        told = self._answers.ask(key, lambda: work(self._for_viewer()), keep_s)
        away = self._waited_out()
        if away is None:
            return told
        age = self.snapshot().age_s
        return Told(told.value, told.age_s if age is None else age, away)

    def ask(self, key: Hashable, work: Callable[[Console], T], keep_s: float) -> Told[T]:
        """What `work` finds out of the console: asked once for all who ask under the same `key` within `keep_s`.

        While AWS is away, the last good answer and why it is not newer. Raises OpsError without one.
        """

        def asked() -> T:
            console, away = self._for_viewer(), self._waited_out()
            if away is not None:
                raise away
            try:
                found = work(console)
            except OpsError as error:
                self._note(error)
                raise
            self._note(None)
            return found

        self._ask()
        return self._answers.ask(key, asked, keep_s)

    def act(self, work: Callable[[Console], T], *, changes: bool = True, meant: Scope | None = None) -> T:
        """Do what somebody asked for by pressing a button, in the caller's thread and never for another one, too.

        `changes`: it changes AWS, so what is on show is made anew after it. `meant`: of what the page is that asked.

        Raises OpsError, at once while AWS is away; Stale where another account or region is read by now.
        """
        self._ask()
        console, away = self._for_viewer(), self._waited_out()
        if away is not None:
            raise away
        if meant is not None and console.scope != meant:
            raise _elsewhere(meant, console.scope)
        try:
            done = work(console)
            if changes:
                self._acted_at = clock.monotonic()
            return done
        except OpsError as error:
            self._note(error)
            raise
        finally:
            if changes:
                self._forget(console)

    def _forget(self, console: Console) -> None:
        """What was kept of before a change; the fleet is put together anew from memory."""
        try:
            fleet = replace(console.fleet_of_memory(), connection=console.connection())
        except OpsError:
            fleet = None
        with self._change:
            self._views.clear()
            self._answers.outdate()
            if fleet is not None and self._fleet is not None:
                self._fleet = fleet
                self._moments.setdefault(fleet.as_of, self._monotonic())

    def age_s(self, view: EndpointView) -> float:
        """Real seconds since AWS was read for this view."""
        with self._change:
            now = self._monotonic()
            return now - self._moments.get(view.as_of, now)

    def open_anew(self) -> Console:
        """Turn to AWS once more, as after it was away. Raises OpsError."""
        with self._opening:
            return self._open_anew()

    def read_once(self) -> None:
        """One attempt to read the fleet, in the caller's thread."""
        fleet: FleetView | None = None
        failure: OpsError | None = None
        looked_at = self._audience.endpoints()
        anybody = self._audience.there() or self._tell is not None  # or notices wait
        try:
            with self._opening:
                console = self._at_hand()
            try:
                fleet = console.read(looked_at, anybody=anybody)
            except AnotherAws:
                with self._opening:
                    console = self._open_anew()
                fleet = console.read(looked_at, anybody=anybody)
        except OpsError as error:
            failure = error
            log.warning("%s %s", error.what, error.hint)
        with self._change:
            self._number += 1
            self._read_at = self._monotonic()
            self._error = failure
            self._note(failure if isinstance(failure, AWAY) else None)
            if fleet is not None:
                self._fleet, self._good_at = fleet, self._read_at
                self._moments[fleet.as_of] = self._read_at
                self._pace.succeeded()
            elif failure is not None:
                self._pace.failed(failure)
            self._change.notify_all()
        if fleet is not None:
            self._spending.note(console, self._consoles.usage(), fleet, leads=self._leads())
        if fleet is not None and self._tell is not None:
            self._tell(console, fleet)

    def close_gap(self) -> bool:
        """Read one missing piece of the history, in the caller's thread; False when nothing is missing."""
        return self._chores.close_gap()

    def keep_cold_starts(self) -> bool:
        """Find and keep the cold starts of one endpoint, in the caller's thread; False when none is due."""
        return self._chores.keep_cold_starts()

    def look_up(self) -> float:
        """Ask CloudTrail for a page of who changed what, in the caller's thread; seconds until the next is due."""
        return self._chores.look_up()

    def _at_work(self) -> Console | None:
        """The console, while AWS answers; None else."""
        with self._change:
            return self._consoles.present if self._error is None and self._away is None else None

    def _run(self) -> None:
        try:
            self._keep_reading()
        finally:
            with self._change:
                if not self._stopping:  # a fault of Ebb's own is on its way to the log: say so on the pages
                    self._error = self._away = OpsError(FAULT, "Start Ebb again; its log has the details.")
                    self._number += 1
                    self._thread = None
                    self._change.notify_all()

    def _keep_reading(self) -> None:
        while True:
            with self._change:
                if self._stopping:
                    return
                wait = self._pace_of_now()
            if wait == 0:
                self.read_once()
                self._chores.reconcile()
                continue
            quiet_s = self.look_up()
            if not self.close_gap() and not self.keep_cold_starts():
                with self._change:
                    if not self._stopping and self._pace_of_now() > 0:
                        self._change.wait(min(quiet_s, self._pace_of_now()))

    def _pace_of_now(self) -> float:
        seen = self._audience
        turn = (seen.glances_since or 0.0) + self._glance_after_s
        return self._pace.wait(self._monotonic(), self._read_at, seen.asked_at, seen.glanced_at, turn)

    def _ask(self) -> None:
        """Note that somebody looks."""
        with self._change:
            if not self._audience.asks():
                return
            age = math.inf if self._read_at is None else self._monotonic() - self._read_at
            if self._away is None and age > max(IDLE_S, 2 * self._pace.interval):
                self._awaited = self._number + 1
            self._change.notify_all()

    def _has_news(self) -> bool:
        return self._number >= self._awaited or self._stopping

    def _note(self, error: OpsError | None) -> None:
        """Remember whether AWS answers a viewer or a round; only errors of AWAY say so, and none of a bill."""
        with self._change:
            if error is None or (isinstance(error, AWAY) and not error.aside):
                self._away, self._away_at = error, self._monotonic()

    def _waited_out(self) -> OpsError | None:
        """Why viewers do not ask AWS now; None when they may. Without a thread they may try at every interval."""
        with self._change:
            early = self._monotonic() - self._away_at < self._pace.interval
            return self._away if early or self._started_at is not None else None

    def _for_viewer(self) -> Console:
        """The console, at once; opened by the viewer only where no thread does. Raises OpsError without one."""
        with self._change:
            if self._thread is not None and self._started_at is not None:
                left = self._started_at + FIRST_WAIT_S - clock.monotonic()
                self._change.wait_for(
                    lambda: self._consoles.present or self._number or self._stopping, max(0.0, left)
                )
        if self._started_at is None:
            with self._opening:
                if self._waited_out() is None:
                    try:
                        self._at_hand()
                    except OpsError as error:
                        self._note(error)
                        if self._consoles.present is None:
                            raise
        with self._change:
            if self._consoles.present is None:
                raise self._away or self._error or not_yet()
            return self._consoles.present

    def _at_hand(self) -> Console:
        """The console, opened when first needed and after AWS was away. The caller holds `_opening`. OpsError."""
        console = self._consoles.present
        # the embedded AWS may be back at another address, or the keys may have been renewed
        if console is None or isinstance(self._away, Unreachable | CredentialsProblem):
            console = self._open_anew()
        return console

    def _open_anew(self) -> Console:
        fresh, same = self._consoles.open_anew()
        interval = self._interval_s(fresh.connection().kind)
        with self._change:
            self._away = None
            self._pace = Pace(interval, self._alone_s)
            self._views = TTLCache(64, interval, timer=self._monotonic)
            if not same:
                self._fleet = self._good_at = None
                self._moments.clear()
                self._answers.clear()
            self._change.notify_all()
        return fresh

    def _kept_view(self, key: Hashable) -> EndpointView | None:
        with self._change:
            return self._views.get(key)

    def _read_endpoint(self, name: str, span: timedelta | Window) -> EndpointView:
        console = self._for_viewer()
        error = self._waited_out()
        if error is None:
            try:
                error = console.look(name, span)
            except OpsError as failure:
                self._note(failure)
                raise
            self._note(error)
        elif not console.knows(name):
            raise error
        view = console.view(name, span)
        problem = console.history_problem
        if problem is not None:
            view = replace(view, problems=(*view.problems, problem))
        with self._change:
            self._moments.setdefault(view.as_of, self._monotonic())
            if error is None:
                self._views[(name, span)] = view
        return view if error is None else replace(view, problems=(*view.problems, stale(error)))


def _elsewhere(meant: Scope, here: Scope | None) -> Stale:
    now = f"{here.region} of {here.account}" if here is not None else "another one"
    return Stale(
        f"The page was of {meant.region} of {meant.account}, and this is {now}.",
        "Nothing was done. Load the page anew, and look whether it is the one that is meant.",
    )
