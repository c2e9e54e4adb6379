"""The façade: one method per question. Pages (through the collector) and the command line ask here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from ops import clock, cold_views, failed, handing_over, preflight
from ops.activity import ActivityPart
from ops.aws import alarm_history, notify
from ops.capacity import Sizing
from ops.changes import APART_S
from ops.changing import chosen
from ops.core import marks
from ops.core.alarm_past import AlarmPast
from ops.core.change import ChangePlan
from ops.core.errors import BadInput, CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from ops.core.fixes import Calls
from ops.core.incident import Incident
from ops.core.log_lines import checked_name, most_said
from ops.core.moments import written
from ops.core.preflight import Preflight
from ops.core.requests import RequestFilter
from ops.core.since import Since
from ops.core.types import Endpoint, EndpointState, Window
from ops.core.views import DoctorView, EndpointView, FleetView
from ops.core.views_cold import ColdStartsView, WakingView
from ops.core.views_failures import (
    FailedRequests,
    FailureObjects,
    FailuresView,
    LogQuery,
    LogSearch,
    ObjectText,
    RequestLog,
    failures_of,
)
from ops.core.words import count
from ops.deploy_fitting import Fitting
from ops.deploying import Deploying
from ops.moving import Moving
from ops.planner_search import PlannerSearch
from ops.savings_console import SavingsConsole

SOON_S = 5.0
INCIDENT = timedelta(hours=3)
"""What the view of an incident shows."""
KEPT_S = 455 * 86400
"""As long as AWS keeps hours."""
WORLDS_KEPT = 3
"""Histories of earlier embedded AWS that stay: each start of one without a past of its own is a new world."""


class Console(ActivityPart, PlannerSearch, Moving, Sizing, SavingsConsole, Deploying, Fitting):
    """One AWS, one account, one region: what pages and the command line ask.

    Every method raises OpsError when nothing can be told; what cannot be read is a Problem in the view.
    """

    def names(self) -> tuple[str, ...]:
        """The names of all endpoints, sorted."""
        return self._gatherer().names(self._reading())

    def fleet(self) -> FleetView:
        """Every endpoint with its state, trouble first; all of it read now."""
        gatherer = self._gatherer()
        gatherer.read(self._reading(), everything=True)
        return gatherer.state().fleet()

    def fleet_of_memory(self) -> FleetView:
        """Every endpoint from what was read so far; asks AWS for nothing. Raises Unreachable before the first."""
        return self._gatherer().state().fleet()

    def endpoint(self, name: str, span: timedelta | Window = timedelta(hours=3)) -> EndpointView:
        """Everything about one endpoint in the last `span` or a window, all of it read now.

        Raises UnknownEndpoint, BadInput.
        """
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.look(reading, name, everything=True)
        gatherer.complete(reading, name, span)
        return self._marked(gatherer.state().endpoint(name, span))

    def alarm_history(self, name: str) -> AlarmPast:
        """What the alarms of an endpoint went through in the last two weeks. Raises UnknownEndpoint, OpsError."""
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.look(reading, name)
        view = gatherer.state().endpoint(name, timedelta(hours=1))
        return alarm_history.read_past(reading, (alarm.name for alarm in view.alarms), view.as_of)

    def doctor(self, name: str | None = None, *, read: bool = True) -> DoctorView:
        """What is wrong with one endpoint, or with all and with what is left of those that are gone.

        `read`: everything is read now; else what the collector's rounds hold is looked at, and only what they never
        read is asked for. Raises UnknownEndpoint.
        """
        gatherer, reading = self._gatherer(), self._reading()
        if read or not gatherer.begun:
            gatherer.read(reading, everything=True)
        return self._doctor.view(reading, gatherer.state(), name)

    def plan_fix(self, name: str, code: str, topic: str = "") -> ChangePlan:
        """A fix of the doctor's, by the code of its finding; `topic`: where one has to be chosen.

        Raises BadInput where the doctor does not find that any more, or where no call mends it.
        """
        examined = self.doctor(name).examined
        finding = next((f for e in examined for f in e.findings if f.code == code and e.name == name), None)
        if finding is None:
            raise BadInput(f"The doctor does not find {code} on {name} any more.", "Look at the page anew.")
        if not isinstance(finding.fix, Calls):
            raise BadInput("No call mends this; somebody has to.", written(finding.fix.step))
        changes = chosen(finding.fix.changes, topic)
        return self.plan_changes(name, "fix", f"Mend {code} of {name}", changes, effect=finding.fix.effect)

    def failures(self, name: str, span: timedelta | Window = timedelta(hours=3)) -> FailuresView:
        """Failures of one endpoint by cause, over a range, read now. Raises UnknownEndpoint, BadInput."""
        return failures_of(self.endpoint(name, span))

    def failed_requests(self, name: str, span: timedelta | Window) -> FailedRequests:
        """The failed requests that the log of an endpoint names, newest first."""
        reading, now = self._reading(), self._aws_now()
        return failed.requests(reading, checked_name(name), span, now)

    def request_log(self, name: str, inference_id: str, at: datetime) -> RequestLog:
        """The log lines of one request that failed about `at`, and the failure object that may be its own."""
        reading, now = self._reading(), self._aws_now()
        return failed.request_log(reading, self._described(name), name, inference_id, at, now)

    def logs(self, name: str, query: LogQuery) -> LogSearch:
        """The newest log lines of an endpoint that a query wants. Raises BadInput, Denied."""
        return failed.logs(self._reading(), checked_name(name), query, self._aws_now())

    def failure_objects(self, name: str) -> FailureObjects:
        """The newest objects under an endpoint's failure path. Raises UnknownEndpoint."""
        return failed.failure_objects(self._reading(), self._insisted(name))

    def failure_object(self, name: str, key: str) -> ObjectText:
        """The beginning of one failure object. Raises BadInput for a key outside the failure path, Denied."""
        return failed.failure_object(self._reading(), self._insisted(name), key)

    def publish(self, topic: str, subject: str, text: str) -> None:
        """Send one notice to the topic that was set for them. Raises Denied, BadInput, OpsError."""
        notify.publish(self._reading(), topic, subject, text)

    def preflight(self, role: str, *, paid: bool = False) -> Preflight:
        """What the present credentials may do of what a role needs; `paid`: also calls that AWS bills for.

        Raises BadInput for an unknown role, OpsError where AWS cannot be asked at all.
        """
        return preflight.run(
            self._reading(),
            self.connection(),
            role,
            paid=paid,
            bills=self._bills.places,
            installation=self._installation(),
        )

    def read(self, looked_at: Collection[str], *, anybody: bool) -> FleetView:
        """One round of the collector: what is due at the interest that there is, see ops.core.pacing.

        Raises AnotherAws, and OpsError.
        """
        gatherer = self._gatherer()
        self._insist_on_the_same()
        reading = self._reading()
        gatherer.read(reading, looked_at, anybody=anybody)
        self._tags.refresh(reading)
        return replace(gatherer.state().fleet(), connection=self.connection())

    def slow(self, stretch: float, but: frozenset[str]) -> None:
        """From now on metrics may be `stretch` times as old, those of the endpoints in `but` as ever."""
        self._gatherer().slow(stretch, but)

    def look(self, name: str, span: timedelta | Window) -> OpsError | None:
        """Read what a view of one endpoint over `span` still lacks; why not, where that may pass.

        Raises UnknownEndpoint, BadInput, and any OpsError while nothing is known of the endpoint.
        """
        gatherer, reading = self._gatherer(), self._reading()
        try:
            self._insist_on_the_same()
            gatherer.look(reading, name)
            gatherer.complete(reading, name, span)
        except OpsError as error:
            passes = error.retryable or isinstance(error, CredentialsProblem)
            if not passes or not gatherer.knows(name):
                raise
            return error
        return None

    def view(self, name: str, span: timedelta | Window) -> EndpointView:
        """One endpoint from what was read so far; asks AWS for nothing."""
        view = self._gatherer().state().endpoint(name, span)
        return self._marked(replace(view, connection=self.connection()))

    def knows(self, name: str) -> bool:
        """Whether anything was read of an endpoint."""
        return self._gatherer().knows(name)

    def close_gap(self, first: Collection[str] = ()) -> bool:
        """Read one missing piece of the history; False when nothing is missing.

        Of the endpoints `first` the cold starts, too, are found before the pieces of others.
        """
        self._gatherer()
        assert self._gaps is not None
        assert self._episodes is not None
        ready = [n for n in first if self._gaps.read_once(n) and not self._gone_through(n)]
        if ready and self._episodes.step(self._reading(), only=ready):
            return True
        return self._gaps.close_one(self._reading(), tuple(first))

    def incident(self, name: str, *, everything: bool = False) -> Incident:
        """What an incident summary of one endpoint is made of; `everything`: CloudTrail is read for it, too.

        Raises UnknownEndpoint, and any OpsError while nothing is known of the endpoint.
        """
        if everything:
            view = self.endpoint(name)
            alarms = self._gatherer().state().scaling.alarms.owners()
            self._log().catch_up(self._reading(), view.as_of, alarms, clock.pause)
        else:
            error = self.look(name, INCIDENT)
            if error is not None:
                raise error
        view = self.view(name, INCIDENT)
        found = handing_over.incident_of(view, self._log(), self.doctor(name, read=False))
        failing = view.row.verdict.state is EndpointState.FAILING
        return replace(found, said=self._most_said(name)) if failing else found

    def _most_said(self, name: str) -> str:
        """What the log says of most requests that failed in the last hour; asked again after ten minutes."""
        with self._lock:
            known = self._said.get(name)
        if known is not None:
            return known
        try:
            requests = self.failed_requests(name, timedelta(hours=1)).requests
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError:
            requests = ()
        most = most_said(requests)
        said = (
            f"The log says of {most[1]} of {count(len(requests), 'failed request')}: “{most[0]}”"
            if most
            else ""
        )
        with self._lock:
            self._said[name] = said
        return said

    def since(self, viewer: str, fleet: FleetView) -> Since | None:
        """What changed since the last visit of `viewer`, who looks at `fleet` now; None at a first visit.

        Asks AWS for nothing: what is in memory is compared.
        """
        state = self._gatherer().state()
        assert self._visits is not None
        assert self._episodes is not None
        return handing_over.since_of(viewer, fleet, self._visits, self._log(), self._episodes, state)

    def look_up(self, *, anybody: bool) -> float:
        """Ask CloudTrail for one page of who changed what, if one is due, and look up one configuration that an old
        deploy named; seconds until the next is due."""
        gatherer, reading, log = self._gatherer(), self._reading(), self._log()
        if gatherer.now is None:
            return SOON_S
        alarms = gatherer.state().scaling.alarms.owners()
        wait = log.look_up(reading, gatherer.now, alarms, anybody=anybody)
        gatherer.types.learn(log, gatherer.now)
        return min(wait, APART_S) if gatherer.types.look_up_one(reading) else wait

    def keep_cold_starts(self, first: Collection[str] = ()) -> bool:
        """Find and keep the cold starts of one endpoint that is due; False when none is. Raises OpsError."""
        self._gatherer()
        assert self._episodes is not None
        return self._episodes.step(self._reading(), tuple(first))

    def cold_starts(
        self, names: Collection[str] | None = None, span: timedelta | Window | None = None
    ) -> ColdStartsView:
        """The cold starts that are kept, of some endpoints or all, ordered in the last `span`, a window, or ever.

        Raises UnknownEndpoint, and Unreachable before the first reading.
        """
        state = self._gatherer().state()
        assert self._episodes is not None
        window = Window.last(span, state.now) if isinstance(span, timedelta) else span
        view = cold_views.cold_starts(state, self._episodes, self._prices, names, window)
        changes = handing_over.changes_of(state, view.names[0], self._log()) if len(view.names) == 1 else ()
        return replace(view, connection=self.connection(), changes=changes)

    def find_cold_starts(self, names: Collection[str] | None, days: float) -> ColdStartsView:
        """The same with everything read now that the last `days` lack: for a console without a past.

        Raises UnknownEndpoint, BadInput.
        """
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.read(reading, everything=True)
        assert self._episodes is not None
        now = reading.now
        for name in names if names is not None else [e.ref.name for e in gatherer.endpoints() if e.is_async]:
            gatherer.look(reading, name)
            for piece in cold_views.pieces(days, now):
                gatherer.complete(reading, name, piece)
        while self._episodes.step(reading, only=names):
            pass
        return self.cold_starts(names, timedelta(days=days))

    def waking(self, name: str) -> WakingView:
        """How far a wake of one endpoint is and what its past lets expect; asks AWS for nothing.

        Raises UnknownEndpoint, and Unreachable before the first reading.
        """
        return cold_views.waking(self._gatherer().state(), name)

    def tidy(self, now: datetime) -> None:
        """Fold finished days of the history and drop what is older than AWS itself would keep."""
        history = self._gatherer().past.history
        history.fold(int(now.timestamp()))
        history.prune(int(now.timestamp()) - KEPT_S)
        history.forget_worlds(WORLDS_KEPT)

    def history_progress(self) -> tuple[int, int]:
        """How many endpoints have all of their history, of how many."""
        return self._gaps.progress() if self._gaps is not None else (0, 0)

    def past_is_read(self, name: str) -> bool:
        """Whether the past of an endpoint was read, its cold starts too, as far as it can be; what is on show is what
        is known so far."""
        return self._gaps is not None and self._gaps.read_once(name) and self._gone_through(name)

    def _unanswered(self, name: str) -> int | None:
        """Requests submitted from Ebb that have no answer yet; None where nobody can tell."""
        try:
            counted = self.records().ledger().counts(RequestFilter(endpoint=name))
        except OpsError:
            return None
        return sum(number for state, number in counted.items() if not state.final)

    def _described(self, name: str) -> Endpoint | None:
        """An endpoint as last described; None where AWS does not let Ebb describe it. Raises UnknownEndpoint."""
        gatherer = self._gatherer()
        if not gatherer.knows(name):
            gatherer.look(self._reading(), name)
        return next((e for e in gatherer.endpoints() if e.ref.name == name), None)

    def _insisted(self, name: str) -> Endpoint:
        found = self._described(name)
        if found is None:
            raise Denied("sagemaker:DescribeEndpoint", f"AWS does not let Ebb describe {name}.")
        return found

    def _aws_now(self) -> datetime:
        """AWS's own time."""
        reading = self._reading()
        reading.ask("sts", "GetCallerIdentity")
        return reading.now

    def _marked(self, view: EndpointView) -> EndpointView:
        """The view with what was changed in its window, as far as it is known by now."""
        endpoint, log = view.row.endpoint, self._log()
        found = marks.marks(
            endpoint, log.of(endpoint.ref.name), view.schedules, view.activities, view.window, view.as_of
        )
        return replace(view, changes=found, audit=log.audit())
