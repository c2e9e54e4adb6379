"""On the Endpoint page: how far a wake is and when its end is expected; else, how the last one went."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from components import cold_door, session
from components import format as fmt
from components.cold_table import link
from components.format import took
from components.markup import Html, html, joined, show
from ops.core import metrics
from ops.core.cold_start import ColdStart, Counted, Step
from ops.core.cold_start_outlook import Expected, Outlook
from ops.core.cold_start_phases import TTL_S
from ops.core.cold_start_stats import FEW, compared
from ops.core.types import EndpointState
from ops.core.views import EndpointView
from ops.core.views_cold import WakingView

_STEPS = (Step.QUEUED, Step.SIGNAL, Step.ORDERED, Step.SERVICE, Step.RESULT)
_NAMES = {
    Step.QUEUED: "first request",
    Step.SIGNAL: "wake signal",
    Step.ORDERED: "instance ordered",
    Step.SERVICE: "in service",
    Step.RESULT: "first result",
}
LATE = timedelta(seconds=metrics.SETTLE_S)
"""AWS tells what happened so much later."""
_SILENT = (EndpointState.WAKE_STUCK, EndpointState.BROKEN, EndpointState.UPDATING, EndpointState.UNKNOWN)
"""In these nothing is on its way, whatever waits; the verdict says what to do."""


def waking(view: EndpointView, zone: tzinfo) -> None:
    """Draw the panel of a wake under way, or a line on the last cold start; nothing where none is known."""
    row = view.row
    if not row.endpoint.is_async or not row.endpoint.described:
        return
    found = cold_door.waking(row.endpoint.ref.name)
    if found is None:
        return
    if found.outlook is not None and row.verdict.state not in _SILENT:
        show(panel(found.outlook, zone, serves=bool(row.endpoint.current)), key="waking")
    elif found.last is not None:
        show(last(found.last, found, zone), key="waking")


def panel(outlook: Outlook, zone: tzinfo, *, serves: bool = False) -> Html:
    """The steps that have been and those to come, and what is expected when. `serves`: an instance is there now."""
    said = [text for text in (_first(outlook, zone), *_empty(outlook, zone)) if text]
    return html(
        '<section class="stack" aria-label="Waking"><h2>Waking</h2><ol class="steps">{steps}</ol>{said}'
        "{expiring}</section>",
        steps=joined(_step(step, outlook, zone, serves) for step in _STEPS if _belongs(step, outlook.start)),
        said=joined(html("<p>{text}</p>", text=text) for text in said),
        expiring=_expiring(outlook, zone),
    )


def last(start: ColdStart, view: WakingView, zone: tzinfo) -> Html:
    """One line: when it was, how long it took, and how that compares."""
    found = compared(start, view.kept)
    beside = f", {found.words}" if found.times is not None else ""
    if start.total_s is None:
        length = "its first result is not known yet"
    elif start.counted is Counted.WAIT:
        length = f"{took(start.total_s)} from the first waiting request to the first result{beside}"
    else:
        length = f"{took(start.total_s)} from the order until in service{beside}"
    return html(
        '<p class="small muted">Last cold start: {when}, {length}. <a class="go" href="./cold-starts?{query}" '
        'data-focus="cold-all">All cold starts of {name}</a></p>',
        when=link(start, html("{t}", t=fmt.moment(start.ordered, zone, view.as_of)), "last-cold"),
        length=length,
        query=f"{session.OF}={start.endpoint}",
        name=start.endpoint,
    )


def _belongs(step: Step, start: ColdStart) -> bool:
    """A wake that nobody waits for ends in service."""
    waited = start.waited != 0 or start.at(Step.QUEUED) is not None
    return waited or step in (Step.ORDERED, Step.SERVICE)


def _step(step: Step, outlook: Outlook, zone: tzinfo, serves: bool) -> Html:
    at = outlook.start.at(step)
    mark, tone, word = ("✓", "fine", _clock(at, zone)) if at is not None else ("○", "muted", "to come")
    if at is None and serves and step is Step.SERVICE:
        mark, tone, word = "✓", "fine", "just now"
    elif at is None and serves and step is Step.RESULT:
        word = "not seen yet"
    return html(
        '<li class="{tone}"><span aria-hidden="true">{mark}</span> {name} <span class="muted">{word}</span></li>',
        tone=tone,
        mark=mark,
        name=_NAMES[step],
        word=word,
    )


def _first(outlook: Outlook, zone: tzinfo) -> str:
    start = outlook.start
    if start.failed_attempts and start.at(Step.ORDERED) is None:
        return f"{_tries(start)} so far failed: when an instance comes cannot be told."
    if start.at(Step.RESULT) is not None:
        return f"The first result came about {_clock(start.at(Step.RESULT), zone)}."
    if not _belongs(Step.RESULT, start):
        return ""
    if outlook.first is None:
        kept = fmt.plural(outlook.told_by, "earlier cold start")
        return f"When the first result comes cannot be told: {kept} of it is too few, {FEW} are needed."
    return _by(
        "First result", outlook.first, outlook, zone, f"told by its {outlook.told_by} earlier cold starts"
    )


def _tries(start: ColdStart) -> str:
    return "The only attempt" if start.failed_attempts == 1 else f"All {start.failed_attempts} attempts"


def _by(what: str, expected: Expected, outlook: Outlook, zone: tzinfo, told: str) -> str:
    half, most = _clock(expected.median, zone), _clock(expected.p90, zone)
    if expected.p90 + LATE <= outlook.now:
        return f"{what}: later than usual; in 9 of 10 cold starts it had come by {most} ({told})."
    if expected.median <= outlook.now:
        return (
            f"{what}: not seen yet, and AWS tells it two to three minutes late; half had it by {half}, "
            f"9 of 10 by {most} ({told})."
        )
    return f"{what} expected about {half}, in 9 of 10 by {most} ({told})."


def _empty(outlook: Outlook, zone: tzinfo) -> list[str]:
    if outlook.empty is None:
        known = outlook.first is not None and outlook.backlog
        return (
            ["When the queue is empty cannot be told: too few cold starts had as much to do."]
            if known
            else []
        )
    said = [_by("Empty queue", outlook.empty, outlook, zone, "by the same")]
    if outlook.more_than_ever:
        said.append("More wait now than at any of those: emptying the queue may take longer.")
    return said


def _expiring(outlook: Outlook, zone: tzinfo) -> Html:
    """How many run out of time; requests may carry a shorter time than Ebb can see."""
    found = outlook.expiring
    if found is None:
        if outlook.oldest_expires is None:
            return Html("")
        said = f"The oldest request expires at {_clock(outlook.oldest_expires, zone)}"
    elif found.most == 0:
        said = "No request expires before that"
    else:
        if found.most is None:
            count = f"At least {fmt.plural(found.least, 'request')}"
        elif found.least == found.most:
            count = fmt.plural(found.least, "request")
        else:
            count = f"Between {fmt.count(found.least)} and {fmt.plural(found.most, 'request')}"
        said = f"{count} will expire before {_clock(found.until, zone)}"
    return html(
        '<p>{said} <span class="muted">at a time to live of {hours}. Requests sent with a shorter one expire '
        "earlier; Ebb cannot see which.</span></p>",
        said=said,
        hours=fmt.age(TTL_S),
    )


def _clock(moment: datetime | None, zone: tzinfo) -> str:
    return fmt.DASH if moment is None else f"{moment.astimezone(zone):%H:%M}"
