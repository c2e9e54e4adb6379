"""What happened, on one time line: the journal, CloudTrail and the scaling record, as far as each reaches."""

from __future__ import annotations

from datetime import datetime, timedelta

from ops import clock
from ops.aws import scaling as aws_scaling
from ops.core.change import Entry
from ops.core.errors import OpsError, UnknownEndpoint
from ops.core.marks import Audit
from ops.core.timeline import Reach, Source, Timeline, merged
from ops.core.types import Activity, Problem, Window
from ops.known import Known, State
from ops.opened import Opened
from ops.record import since_born

MOST = 2000
"""Journal entries of one time line."""
SIX_WEEKS = timedelta(weeks=6)
"""As long as AWS keeps the scaling record."""
OLDEST = timedelta(days=455)


class ActivityPart(Opened):
    """The part of the console that tells what happened."""

    def timeline(self, name: str | None, span: timedelta | Window, *, everything: bool = False) -> Timeline:
        """What happened to one endpoint or to all (None), newest first, in the last `span` or in a window.

        Of one endpoint the scaling record is read as far back; of all, what is in memory and in the history serves,
        and AWS is asked for nothing. `everything`: CloudTrail and the fleet are read for it, too. An endpoint that
        is gone is told of as far as anything is on record. Raises UnknownEndpoint where nothing is, and OpsError.
        """
        gatherer, reading = self._gatherer(), self._reading()
        missing: UnknownEndpoint | None = None
        if everything and name is None:
            gatherer.read(reading, everything=True)
        if name is not None:
            try:
                gatherer.look(reading, name)
                now = gatherer.state().now
                gatherer.read_record(reading, name, _within(span, now)[0])
            except UnknownEndpoint as error:
                missing = error
        if gatherer.now is None and (everything or missing is not None):
            gatherer.read(reading)
        state = gatherer.state()
        log = self._log()
        if everything:
            log.catch_up(reading, state.now, state.scaling.alarms.owners(), clock.pause)
        start, end = _within(span, state.now)
        entries, kept = self._entries(name, start)
        told = log.since(start - timedelta(days=1)) if name is None else log.of(name)
        known = {n: k for n, k in state.known.items() if name in (None, n)}
        moves = {n: self._moves(k, start) for n, k in known.items()}
        events = merged(entries, told, moves, start, end)
        if missing is not None and not events:
            raise missing
        reaches = (kept, _audit(log.audit()), _record(state, known, start))
        return Timeline(self.connection(), state.now, name, start, end, events, reaches)

    def _entries(self, name: str | None, start: datetime) -> tuple[tuple[Entry, ...], Reach]:
        """The journal, a little further back than asked: echoes of an entry may lie behind it."""
        try:
            found = self.records().journal(name, MOST, since=start - timedelta(hours=1))
        except OpsError as error:
            problem = Problem("the journal", error.what, error.hint, retryable=error.retryable)
            return (), Reach(Source.EBB, problem=problem)
        return found, Reach(Source.EBB, found[-1].at if len(found) == MOST else None)

    def _moves(self, known: Known, start: datetime) -> tuple[Activity, ...]:
        """The scaling record of one endpoint as far as it is in memory and in the history."""
        kept = self._gatherer().past.history.activities(known.endpoint.ref.name, start)
        found = {a.id: a for a in (*kept, *known.moves, *known.record.known.values())}
        return since_born(tuple(found.values()), known.endpoint.created)


def _within(span: timedelta | Window, now: datetime) -> tuple[datetime, datetime]:
    """Start and end; the end lies a moment after `now`, for what happened just then."""
    if isinstance(span, Window):
        return max(span.start, now - OLDEST), span.end
    return now - min(span, OLDEST), now + timedelta(minutes=1)


def _audit(audit: Audit) -> Reach:
    note = "" if audit.since is not None or audit.problem is not None else "still being read"
    return Reach(Source.CLOUDTRAIL, audit.since, audit.problem, note)


def _record(state: State, known: dict[str, Known], start: datetime) -> Reach:
    """From when on the scaling record of every endpoint shown is whole."""
    problem = next((p for each in known.values() for p in each.trouble), None)
    problem = problem or next((p for p in state.trouble.problems if "activities" in p.part), None)
    asks = [_whole_since(each, state.now) for each in known.values() if each.endpoint.is_async]
    since = max((at for at in asks if at is not None), default=None)
    brief = any(each.record.tried > start.timestamp() for each in known.values() if each.endpoint.is_async)
    note = "changes of the number of instances only, where nobody looked at the endpoint" if brief else ""
    return Reach(Source.SCALING, since, problem, note)


def _whole_since(known: Known, now: datetime) -> datetime | None:
    """From when on the changes of capacity of one endpoint are known; None: as far as AWS keeps them."""
    begin = max(known.endpoint.created, now - SIX_WEEKS)
    if known.record.since <= begin.timestamp():
        return None
    page = len(known.moves) >= aws_scaling.PAGE
    oldest = min((a.start for a in known.moves), default=begin) if page else begin
    whole = (
        min(oldest, datetime.fromtimestamp(known.record.since, oldest.tzinfo))
        if known.record.known
        else oldest
    )
    return whole if whole > begin else None
