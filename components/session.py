"""The single door from the pages to the console, and the names of all that the session or the URL keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from components import readers
from components.readers import Source as Source
from components.readers import Wanted as Wanted
from components.readers import all_places as all_places
from components.readers import at as at
from components.readers import connect as connect
from components.readers import savings_places as savings_places
from components.readers import start as start
from components.readers import stop as stop
from components.unread import OLDER
from ops import clock
from ops.answers import Told
from ops.config import Settings, variables
from ops.console import Console
from ops.core.alarm_past import AlarmPast
from ops.core.change import Actor, ChangePlan, Entry, Receipt
from ops.core.drift import Drift
from ops.core.errors import OpsError
from ops.core.incident import Incident, begin_of
from ops.core.own_spending import Spending
from ops.core.since import Since
from ops.core.timeline import Timeline
from ops.core.types import Connection, Window
from ops.core.views import DoctorView, EndpointView, FleetView, Usage
from ops.core.views_capacity import CapacityView
from ops.core.views_notices import NoticesView, SettingLine
from ops.core.views_warm import WarmView
from ops.notifier import Notifier
from ops.warming import WarmWish

Make = Callable[[Console], ChangePlan]
"""One of the console's plan methods with what it needs: makes the same plan anew from what holds then."""

ENDPOINT = "endpoint"
"""URL and session: the name of the endpoint on show."""
RANGE = "range"
"""URL and session: the span on show, a key of scope.RANGES."""
ZONE = "zone"
"""URL and session: "UTC", "browser" or an IANA name."""
FROM, TO = "from", "to"
"""URL: both ends of a part of time of one's own, ISO 8601 in UTC, to the minute."""
ZOOM = "zoom"
"""Session: that part as a zoom.Zoom."""
TYPED, TYPED_ERROR = "typed", "typed-error"
"""Session: what the fields of a range of one's own started with, and why what was typed cannot be shown."""

DOCTOR_S = 15.0
"""Seconds for which an answer of the doctor serves everybody who asks the same."""
OF = "of"
"""URL and session: the endpoint whose cold starts, or savings, are shown."""

QUERY = "q"
"""URL and session: the words that the Fleet page searches for."""
SORT = "sort"
"""URL and session: the order of the fleet, a key of fleet_list.SORTS."""
STATE = "state"
"""URL and session: the state that the Fleet page shows, a key of fleet_list.STATES."""
FLEET_ROWS = "fleet-rows"
"""Session: how many rows of the fleet are shown at most."""
FLEET_WISH = "fleet-wish"
"""Session: what a button asked the pickers of the Fleet page to hold."""

FINDING = "finding"
"""URL: the code of the finding that a link to the Doctor page leads to."""
ALARMS_S = 60.0
"""Seconds for which the history of alarms is good enough."""
VIEW = "view"
"""URL and session: what the Requests page shows, a key of request_controls.VIEWS."""
SENT, BATCH = "sent", "batch"
"""URL: the request that is shown, and the batch whose requests are listed."""
REQUEST_STATE, REQUEST_TEXT, SINCE = "requests", "find", "since"
"""URL and session: which requests are listed: of which states, with which text, and how far back."""
REQUESTS_KEPT = "requests-kept"
"""Session: the query of the list as it was before a request of it was opened."""
REQUEST_PAGE = "requests-page"
"""Session: which page of the list is shown."""
UPLOADED = "uploaded"
"""Session: the newest input that was uploaded, as an upload.Uploaded."""
TYPE_TOLD, TYPE_CHOSEN = "type-told", "type-chosen"
"""Session: the file whose name told the content type, with that type; and whether one was chosen by hand."""
SUBMISSION = "submission"
"""Session: the token of the submission that is being written; a new one after each that was taken."""
SUBMITTED = "submitted"
"""Session: what became of the last press of the button."""


SINCE_S = 15.0
"""So long what changed since a visit is good."""
INCIDENT_S = 30.0
"""So long the parts of an incident summary are good."""
CAPACITY_S = 10.0
"""So long the set-up of an endpoint serves everybody who looks; a change through Ebb makes it old at once."""
WARM_S = 30.0
"""So long what keeps an endpoint warm, its calendar and its past serve everybody who looks."""
DO = "do"
"""URL and session: which part of the Capacity page is open."""
UNDO = "undo"
"""URL: the entry of the journal whose way back is to be reviewed. A link opens the review, and writes nothing."""
CHANGE = "change"
"""Session: the change under review, as a change_panel.Open."""
DRIFT_S = 30.0
"""So long what was found changed elsewhere is good."""
TIMELINE_S = 10.0
"""So long a time line serves everybody who asks for the same."""
KIND, WHO, FIND = "kind", "who", "find"
"""URL and session: the kind of activity, the person, and the words that the Activity page shows."""
ACTIVITY_WISH = "activity-wish"
"""Session: a button asked the pickers of the Activity page to show all."""
ACTIVITY_ROWS = "activity-rows"
"""Session: how many lines of the time line are listed at most."""
JOURNAL_S = 5.0
"""So long the journal serves everybody who asks."""

LEAVING = "leaving"
"""Session: the button that signs out was pressed, and the browser has yet to leave."""


def source() -> Source:
    """Who answers the page. Raises OpsError when nobody can."""
    return readers.reader().source


def role() -> str | None:
    """EBB_ROLE of this process; None where it is not set. Raises OpsError where the settings make no sense."""
    return readers.settings().role


def kind() -> str:
    """Which kind of AWS this is: "embedded" or "aws"."""
    known = connection()
    return known.kind if known is not None else wanted().kind


def this_machine_now() -> datetime:
    """The time of this machine: sign-ins end by it, AWS's own time plays no part."""
    return clock.now()


def wanted() -> Wanted:
    """Which AWS is meant, known also while it does not answer."""
    try:
        return readers.reader().wanted
    except OpsError:
        return Wanted()


def connection() -> Connection | None:
    """Which AWS the process reads, or None while nobody can say."""
    try:
        return source().connection()
    except OpsError:
        return None


def newest() -> tuple[FleetView, float] | None:
    """The newest good fleet and its age in real seconds; None while there is none."""
    try:
        view = source().fleet()
    except OpsError:
        return None
    return view, source().snapshot().age_s or 0.0


def usage() -> Usage | None:
    """What the process has asked of AWS so far; None while nothing was asked."""
    beside = savings_places()
    try:
        own = source().snapshot().usage
    except OpsError:
        own = None
    return own if beside is None else beside.usage(own)


def usage_age_s(usage: Usage) -> float:
    """Real seconds since it is counted, by this machine's clock."""
    return max(0.0, (clock.now() - usage.since).total_seconds())


def spending() -> Spending | None:
    """What the process has asked of AWS this month, and how its budget slows it; None before the first reading."""
    try:
        return source().snapshot().spending
    except OpsError:
        return None


def spending_everywhere() -> tuple[Decimal, int] | None:
    """Dollars, at list price, that all places together were asked for this month, and how many are counted.

    None where there is one alone.
    """
    every = readers.places()
    found = [each.source.glance().spending for each in every.values()] if len(every) > 1 else []
    counted = [spent.counted.usd for spent in found if spent is not None]
    return (sum(counted, Decimal(0)), len(counted)) if counted else None


def credentials() -> str:
    """By which profile or keys AWS is asked, in words. Raises OpsError where the settings make no sense."""
    chosen, given = readers.settings(), readers.reader().given
    if given is not None:
        return f"{given.words} (EBB_PLACES)"
    if kind() == "embedded":
        return "none are needed"
    if chosen.profile:
        return f"profile {chosen.profile} (AWS_PROFILE)"
    return "those that AWS's own search finds: variables, default profile, or the machine's role"


def interval_s() -> float:
    """Seconds between two readings of the fleet: more while AWS asks to slow down."""
    try:
        return source().snapshot().interval_s
    except OpsError:
        return 0.0


def now() -> datetime | None:
    """AWS's own time at the newest good reading of the fleet; None while there is none."""
    found = newest()
    return None if found is None else found[0].as_of


def endpoint(name: str, span: timedelta | Window) -> tuple[EndpointView, float]:
    """One endpoint, and how many real seconds ago AWS was read for it. Raises OpsError."""
    view = source().endpoint(name, span)
    return view, source().age_s(view)


def incident(view: EndpointView) -> Incident:
    """What an incident summary of the endpoint in `view` is made of; while AWS is away, what the view tells."""
    name = view.row.endpoint.ref.name
    try:
        told = source().ask(("incident", name), lambda console: console.incident(name), INCIDENT_S)
    except OpsError:
        begin = begin_of(view)
        return Incident(view, tuple(mark for mark in view.changes if mark.at >= begin), begin)
    return told.value


def alarm_history(name: str) -> Told[AlarmPast]:
    """What the alarms of an endpoint went through in the last two weeks. Raises OpsError."""
    return source().ask(("alarm-history", name), lambda console: console.alarm_history(name), ALARMS_S)


def findings(name: str) -> int | None:
    """How many findings the doctor has on an endpoint; None while he cannot say."""
    try:
        examined = doctor(name).value.examined
    except OpsError:
        return None
    return len(examined[0].findings) if examined else None


def doctor(name: str | None) -> Told[DoctorView]:
    """What is wrong with one endpoint, or with all (None). Raises OpsError."""
    return source().ask(("doctor", name), lambda console: console.doctor(name, read=False), DOCTOR_S)


def since(viewer: str, view: FleetView) -> Since | None:
    """What changed since the viewer's last visit; None at a first one, and while nobody can say."""
    if any(problem.part == OLDER for problem in view.problems):
        return None  # while AWS is away, nobody has seen how the fleet is now
    try:
        return source().ask(("since", viewer), lambda console: console.since(viewer, view), SINCE_S).value
    except OpsError:
        return None


def capacity(name: str, since: datetime | None = None) -> Told[CapacityView]:
    """How an endpoint is set up to scale, and what a change has to know besides. Raises OpsError.

    `since`: it is known to have changed by then, so it is read once more for all who know.
    """
    return source().ask(("capacity", name, since), lambda console: console.capacity(name), CAPACITY_S)


def warm(name: str, zone: ZoneInfo, wish: WarmWish | None = None, edit: int | None = None) -> Told[WarmView]:
    """How an endpoint is kept warm, or would be with a wish; the calendar in a zone. Raises BadInput, OpsError."""
    key = ("warm", name, str(zone), wish, edit)
    return source().ask(key, lambda console: console.warm(name, zone, wish, edit), WARM_S)


def forget_warm(name: str, number: int, actor: Actor) -> None:
    """Forget a paused warm plan, of which nothing is in AWS. Raises OpsError."""
    readers.act(lambda console: console.forget_warm(name, number, actor))


def plan(work: Make) -> ChangePlan:
    """A plan, made now by one of the console's plan methods. Raises OpsError."""

    def made(console: Console) -> ChangePlan:
        found, here = work(console), console.scope
        return replace(found, made_in=(here.kind, here.world)) if here is not None else found

    return readers.act(made, changes=False)


def apply(plan: ChangePlan, actor: Actor, why: str, typed: str) -> Receipt:
    """Carry out a plan, once: see Console.apply. Raises OpsError."""
    return readers.act(lambda console: console.apply(plan, actor, why, typed))


def accept(name: str, actor: Actor) -> None:
    """Take what was set elsewhere for what is wanted. Raises OpsError."""
    readers.act(lambda console: console.accept(name, actor))


def drift(name: str) -> Drift | None:
    """What was changed elsewhere since it was last set or accepted through Ebb; None also while nobody can say."""
    try:
        return source().ask(("drift", name), lambda console: console.drift(name), DRIFT_S).value
    except OpsError:
        return None


def journal(name: str | None) -> Told[tuple[Entry, ...]]:
    """What was changed through Ebb, newest first. Raises OpsError."""
    return source().recall(("journal", name), lambda console: console.journal(name), JOURNAL_S)


def timeline(name: str | None, span: timedelta | Window) -> Told[Timeline]:
    """What happened to one endpoint or to all (None), newest first. Raises OpsError."""
    asks = source().recall if name is None else source().ask
    return asks(("timeline", name, span), lambda console: console.timeline(name, span), TIMELINE_S)


def notices() -> NoticesView:
    """Where notices go and what became of the newest; nowhere, where the settings name no place."""
    telling = _telling()
    return telling.view() if telling is not None else NoticesView()


def test_notice() -> bool:
    """Put a test notice on its way; False where one was a moment ago, or there is no place for it."""
    telling = _telling()
    return telling is not None and telling.test()


def _telling() -> Notifier | None:
    try:
        return readers.reader().telling
    except OpsError:
        return None


def settings() -> tuple[SettingLine, ...]:
    """Every setting of this process, as it may be shown. Raises OpsError where they make no sense."""
    chosen = readers.settings()
    return tuple(
        SettingLine(
            variables(field)[0],
            chosen.shown(field),
            str(chosen.origin(field)),
            _meaning(field),
            Settings.default(field),
        )
        for field in Settings.model_fields
    )


def _meaning(field: str) -> str:
    """What a setting is for, and under which other names it is read."""
    others = "".join(f" {name} sets it, too." for name in variables(field)[1:])
    return " ".join((Settings.model_fields[field].description or "").split()) + others


def names() -> tuple[str, ...]:
    """The names of all endpoints, sorted; empty while the fleet cannot be read."""
    try:
        view = source().fleet()
    except OpsError:
        return ()
    return tuple(sorted(row.endpoint.ref.name for row in (*view.rows, *view.realtime)))


def is_realtime(name: str) -> bool:
    """Whether an endpoint is known to answer in real time."""
    found = newest()
    return found is not None and any(row.endpoint.ref.name == name for row in found[0].realtime)


def problem() -> str:
    """Why the newest reading of the place on show failed; empty when it did not."""
    try:
        return readers.why_unread(source())
    except OpsError as error:
        return error.what


def requests_problem() -> str:
    """That requests of the place on show are not sent or followed because of a fault in Ebb; empty where they are."""
    try:
        return readers.requests_problem(readers.place())
    except OpsError:
        return ""
