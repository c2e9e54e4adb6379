"""What is handed over and told: an incident put together, and what happened on the fleet between two visits."""

from __future__ import annotations

from datetime import timedelta

from ops.changes import ChangeLog
from ops.core import incident, marks, since
from ops.core.cold_start import without_doubles
from ops.core.cold_starts import Outcome
from ops.core.incident import Incident
from ops.core.marks import Mark, MarkKind
from ops.core.since import Since
from ops.core.types import Window
from ops.core.views import DoctorView, EndpointView, FleetView
from ops.episodes import Episodes
from ops.known import State
from ops.visits import Visits

BEFORE = timedelta(days=90)
"""So far back an incident names the last deploy and the last bounds before it: as far as CloudTrail does."""


def incident_of(view: EndpointView, log: ChangeLog, told: DoctorView) -> Incident:
    """The incident of the endpoint in `view`: what was changed since it began, and what the doctor told of it."""
    endpoint, begin = view.row.endpoint, incident.begin_of(view)
    window = Window(begin, view.as_of + timedelta(seconds=1), 1)
    changes = log.of(endpoint.ref.name)
    done = marks.marks(endpoint, changes, view.schedules, view.activities, window, view.as_of)
    older = marks.marks(endpoint, changes, (), (), Window(begin - BEFORE, begin, 1), begin)
    return Incident(
        view,
        done,
        begin,
        marks.newest(older, (MarkKind.DEPLOY, MarkKind.BOUNDS)),
        tuple(finding for each in told.examined for finding in each.findings),
        (*told.problems, *(problem for each in told.examined for problem in each.unchecked)),
    )


def changes_of(state: State, name: str, log: ChangeLog) -> tuple[Mark, ...]:
    """What people changed on one endpoint, as far back as CloudTrail tells; without the runs of schedules."""
    now = state.now.replace(microsecond=0)
    window = Window(now - BEFORE, now + timedelta(seconds=1), 1)
    return marks.marks(state.known[name].endpoint, log.of(name), (), (), window, now)


def since_of(
    viewer: str, fleet: FleetView, visits: Visits, log: ChangeLog, episodes: Episodes, state: State
) -> Since | None:
    """What changed since the last visit of `viewer`, who looks at `fleet` now; None at a first visit."""
    everyone = (*fleet.rows, *fleet.realtime)
    before = visits.looked(viewer, since.summary(everyone, fleet.as_of)).before
    if before is None:
        return None
    queued = [known.endpoint for known in state.known.values() if known.endpoint.is_async]
    woken = 0
    for endpoint in queued:
        kept = state.past.history.episodes(endpoint.ref.name, max(before.at, endpoint.created))
        woken += sum(
            start.outcome in (Outcome.SERVED, Outcome.RUNNING) and start.ordered <= fleet.as_of
            for start in without_doubles(kept)
        )
    whole = episodes.whole([endpoint.ref.name for endpoint in queued]) == len(queued)
    return since.happened(before, everyone, log.since(before.at), woken, fleet.as_of, whole=whole)
