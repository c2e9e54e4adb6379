"""A request that was sent from Ebb in words, its state with an icon, and its life as a bar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from components import cards, scope
from components import format as fmt
from components.markup import Html, html, joined
from ops.core.plain_text import one_line
from ops.core.request_seen import WORDS, word
from ops.core.request_times import Part, Timeline
from ops.core.requests import Batch, RequestState, Sent
from ops.core.views import FleetRow
from ops.core.words import listed

LOOKS: Mapping[RequestState, tuple[str, str]] = {
    RequestState.PLANNED: ("·", "muted"),
    RequestState.SENDING: ("◔", "backlog"),
    RequestState.QUEUED: ("◔", "backlog"),
    RequestState.WAKING: ("☾", "waking"),
    RequestState.PROCESSING: ("●", "warm"),
    RequestState.DONE: ("✓", "fine"),
    RequestState.FAILED: ("✕", "stuck"),
    RequestState.EXPIRED: ("✕", "stuck"),
    RequestState.UNKNOWN: ("?", "muted"),
    RequestState.STOPPED: ("∅", "muted"),
}
"""Icon and tone of each state."""
BAD = (RequestState.FAILED, RequestState.EXPIRED, RequestState.UNKNOWN)
"""Ends after which a request may be sent again."""
UNTOLD = "AWS tells nothing of a request before its end; until then its state is that of its endpoint."


def pill(sent: Sent) -> Html:
    icon, tone = LOOKS[sent.state]
    return html(
        '<span class="pill {tone}" title="{source}"><span aria-hidden="true">{icon}</span>{word}</span>',
        tone=tone,
        icon=icon,
        word=word(sent),
        source=sent.source,
    )


def headline(counts: Mapping[RequestState, int], name: str) -> str:
    """How many are on their way, and how the others ended."""
    total = sum(counts.values())
    if not total:
        return (
            f"Nothing was sent to {name} from here yet."
            if name
            else "Nothing was sent from here yet. Requests that are sent from Ebb are followed to their end here."
        )
    way = [
        f"{fmt.count(counts[state])} {WORDS[state]}"
        for state in RequestState
        if not state.final and counts[state]
    ]
    ended = [
        f"{fmt.count(counts[state])} {WORDS[state]}"
        for state in RequestState
        if state.final and counts[state]
    ]
    under = sum(n for state, n in counts.items() if not state.final)
    first = (
        f"{fmt.plural(under, 'request')} under way: {listed(way)}."
        if way
        else f"Nothing is under way; {fmt.plural(total, 'request')} on record."
    )
    return f"{first} Ended: {listed(ended)}." if ended else first


def took_s(sent: Sent, now: datetime) -> float | None:
    """Seconds from when AWS took it until its end, or until now."""
    if sent.sent is None or sent.state in (RequestState.PLANNED, RequestState.STOPPED):
        return None
    return max(0.0, ((sent.ended or now) - sent.sent).total_seconds())


def lasted(sent: Sent, now: datetime) -> str:
    """How long it took, or "so far 1 min 3 s" of one that is open."""
    took = fmt.duration(took_s(sent, now))
    return took if sent.final or took == fmt.DASH else f"so far {took}"


def sentence(sent: Sent, line: Timeline, now: datetime) -> str:
    """What became of it, how long it took, and how much of that was the cold start."""
    took = fmt.duration(took_s(sent, now))
    if sent.state is RequestState.PLANNED:
        return "It is on record and not sent yet: its turn comes."
    if sent.state is RequestState.STOPPED:
        return "It was never sent: its batch was stopped before its turn."
    if sent.state is RequestState.SENDING:
        return (
            "Its call was begun. Whether AWS took it is not known yet; if it did, its result will be found."
        )
    if sent.state is RequestState.DONE:
        return f"Done {took} after AWS took it{_cold(line)}."
    if sent.state is RequestState.FAILED and not sent.accepted:
        return "AWS refused it when it was sent."
    if sent.state is RequestState.FAILED:
        return f"Failed {took} after AWS took it{_cold(line)}."
    if sent.state is RequestState.EXPIRED:
        return (
            f"Expired: its {fmt.age(sent.ttl_s)} in the queue passed before an instance took it{_cold(line)}."
        )
    if sent.state is RequestState.UNKNOWN:
        return "Unknown: its last moment has passed, and there is neither a result nor an error."
    doing = word(sent)
    return f"{doing[:1].upper()}{doing[1:]}; AWS took it {took} ago{_so_far(line)}."


def _cold(line: Timeline) -> str:
    if line.cold_s is None:
        return "" if line.total_s is None else "; how much of it was a cold start is not known"
    if line.cold_s <= 0:
        return ", without a cold start"
    return f", of which {fmt.duration(line.cold_s)} ({fmt.percent(line.share)}) was the cold start"


def said(sent: Sent, most: int = 160) -> str:
    """What went wrong, on one line; empty where nothing did."""
    return one_line(sent.text or sent.error, most) if sent.text or sent.error else ""


def _so_far(line: Timeline) -> str:
    if not line.cold_s:
        return ""
    return f". Of that, {fmt.duration(line.cold_s)} so far was the cold start"


_TONES = {
    "queued": "backlog",
    "processing": "warm",
    "queued or processing": "warm",
    "waiting for the cold start": "waking",
}


def bar(line: Timeline) -> Html:
    """The parts of its life side by side, as long as they took, and the same in words."""
    parts = [p for p in line.parts if p.end > p.start]
    total = sum(_length(p) for p in parts)
    if not total:
        return Html("")
    stripes = joined(
        html(
            '<span class="part {tone}" style="flex-grow:{grow}" title="{label}: {took}"></span>',
            tone=_tone(part),
            grow=f"{max(_length(part) / total, 0.004):.4f}",
            label=part.label,
            took=fmt.duration(_length(part)),
        )
        for part in parts
    )
    legend = joined(
        html(
            '<li><span class="{tone}" aria-hidden="true">■</span> {label}: {took}</li>',
            tone=_tone(part),
            label=part.label,
            took=fmt.duration(_length(part)),
        )
        for part in parts
    )
    return html(
        '<div class="life" aria-hidden="true">{stripes}</div><ul class="steps small">{legend}</ul>',
        stripes=stripes,
        legend=legend,
    )


def _length(part: Part) -> float:
    return (part.end - part.start).total_seconds()


def _tone(part: Part) -> str:
    return "waking" if part.cold else _TONES.get(part.label, "muted")


def progress(batch: Batch, counts: Mapping[RequestState, int]) -> Html:
    """How far a batch is: a bar, and the running total."""
    bad = sum(counts[state] for state in BAD)
    unsent = counts[RequestState.PLANNED]
    under_way = sum(n for state, n in counts.items() if not state.final) - unsent
    done, stopped = counts[RequestState.DONE], counts[RequestState.STOPPED]
    sent = max(0, batch.planned - unsent - stopped)
    shares = (("fine", done), ("stuck", bad), ("backlog", under_way), ("rest", unsent + stopped))
    stripes = joined(
        html('<span class="part {tone}" style="flex-grow:{n}"></span>', tone=tone, n=number)
        for tone, number in shares
        if number
    )
    words = [f"{fmt.count(sent)} of {fmt.count(batch.planned)} sent", f"{fmt.count(done)} done"]
    words += [f"{fmt.count(bad)} failed"] if bad else []
    words += [f"{fmt.count(under_way)} under way"] if under_way else []
    words += [f"{fmt.count(stopped)} {WORDS[RequestState.STOPPED]}"] if stopped else []
    ended = round(100 * (done + bad + stopped) / batch.planned) if batch.planned else 0
    return html(
        '<div class="life" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{now}" '
        'aria-label="{said}">{stripes}</div><p class="small">{said}</p>',
        now=ended,
        said=" · ".join(words),
        stripes=stripes,
    )


def requests_link(row: FleetRow) -> Html:
    """From another page to the requests of an endpoint; nothing for one without a queue."""
    if not row.endpoint.is_async:
        return Html("")
    name = row.endpoint.ref.name
    inner = html("Send requests, and follow those that were sent from Ebb →")
    link = cards.page_link("requests", scope.link(name), inner, focus="to-requests")
    return html('<p class="small">{link}</p>', link=link)
