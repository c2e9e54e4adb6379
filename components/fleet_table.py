"""The fleet as a table: one line per endpoint. On a narrow page each line becomes a card (markup.css)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from components import format as fmt
from components.cards import NOT_YET, endpoint_link, pill
from components.charts.spark import sparkline
from components.fleet_list import TROUBLE
from components.markup import Html, html
from components.tables import cell, line, table
from components.unread import ACTIVITIES, TARGETS, is_unread
from ops.core import moments
from ops.core.types import EndpointState, Problem, Series
from ops.core.views import FleetRow

OLD = timedelta(minutes=2)
"""A line says how old its numbers are when they are this much older than the page."""
NO_COLD_START = "No cold start is on record in what was read; AWS keeps scaling activities for six weeks."
OLDER_UNREAD = "None among the newest scaling activities; older ones are still being read."
RECORD_UNREAD = "The scaling activities could not be read."
MEASURED = (
    "From the order of the instance until it was in service. "
    "The pages Endpoint and Cold starts count from the first waiting request to the first result."
)
BOUNDS_UNREAD = "The bounds could not be read."
ASKED_RARELY = "An endpoint that sleeps or that nobody watches is asked more rarely."

_HEADS = (
    ("endpoint", ""),
    ("state", ""),
    ("backlog, 24 h", ""),
    ("waiting", "num"),
    ("oldest", "num"),
    ("instances", "num"),
    ("last cold start", ""),
    ("failed, 1 h", "num"),
)


@dataclass(frozen=True, slots=True)
class _When:
    """The page's instant, the zone its times are shown in, whether the bounds could not be read, and which
    endpoints in trouble are not told above the table."""

    as_of: datetime
    zone: tzinfo
    bounds_unread: bool = False
    untold: frozenset[str] = frozenset()


def fleet_table(
    rows: Iterable[FleetRow],
    caption: str,
    zone: tzinfo,
    as_of: datetime,
    problems: Sequence[Problem] = (),
    untold: frozenset[str] = frozenset(),
) -> Html:
    """Asynchronous endpoints: state, backlog, oldest against its time to live, instances, cold start, failures.

    `problems`: what could not be read of the whole fleet. `untold`: endpoints in trouble that are not told above
    the table; each says here why.
    """
    when = _When(as_of, zone, is_unread(TARGETS, problems), untold)
    return table(_HEADS, (_line(row, when) for row in rows), caption)


def realtime_table(
    rows: Iterable[FleetRow], as_of: datetime, zone: tzinfo = UTC, untold: frozenset[str] = frozenset()
) -> Html:
    """Real-time endpoints have no queue: state, instances and failures only."""
    heads = (("endpoint", ""), ("state", ""), ("instances", "num"), ("5xx, 1 h", "num"))
    lines = (
        line(
            _name(row),
            _says(row, _When(as_of, zone, untold=untold), "wide"),
            cell(_instances(row), "instances", "num"),
            cell(_count(row.failures_1h), "5xx, 1 h", "num"),
        )
        for row in rows
    )
    return table(heads, lines, "Real-time endpoints")


def _line(row: FleetRow, when: _When) -> Html:
    return line(
        _name(row),
        _says(row, when, "wide says"),
        cell(html('<div class="backlog">{spark}</div>', spark=_spark(row.spark)), "backlog, 24 h", "wide"),
        cell(fmt.count(row.backlog), "waiting", "num"),
        cell(_oldest(row), "oldest", "num"),
        cell(_instances(row, when.bounds_unread), "instances", "num"),
        cell(_cold_start(row, when), "last cold start", "woken"),
        cell(_failed(row), "failed, 1 h", "num"),
    )


@lru_cache(maxsize=512)
def _spark(series: Series) -> Html:
    """Drawn once for all viewers: a sleeping endpoint keeps its series over many refreshes."""
    return Html(sparkline(series, "backlog of the last 24 hours"))


def _name(row: FleetRow) -> Html:
    name = row.endpoint.ref.name
    return cell(
        html(
            '{link}<div class="muted small">{kind}</div>',
            link=endpoint_link(name, html("{name}", name=name), focus="row"),
            kind=row.endpoint.type_words or "instance type not known",
        ),
        css="name wide",
    )


def _says(row: FleetRow, when: _When, css: str) -> Html:
    """The state; its sentence unless that stands above the table already; the age of old numbers."""
    name = row.endpoint.ref.name
    told = row.verdict.severity in TROUBLE and name not in when.untold
    read = row.read_at
    age = (
        html(
            ' <span class="muted small nowrap" title="{why}">read {age} ago</span>',
            why=ASKED_RARELY,
            age=fmt.age((when.as_of - read).total_seconds()),
        )
        if read is not None and when.as_of - read > OLD and row.verdict.state is not EndpointState.UNKNOWN
        else Html("")
    )
    return cell(
        html(
            "{pill}<div>{sentence}{age}</div>",
            pill=pill(row.verdict),
            sentence="" if told else moments.sentence(row.verdict, when.zone),
            age=age,
        ),
        css=css,
    )


def _oldest(row: FleetRow) -> Html:
    if not row.oldest_s:
        word = "none" if row.backlog == 0 else NOT_YET if row.backlog else fmt.DASH
        return html('<span class="none">{word}</span>', word=word)
    late = row.oldest_s > row.ttl_s / 2
    return html(
        '<span class="{tone}">{age}</span> <span class="muted small">of {ttl}</span>',
        tone="waking" if late else "",
        age=fmt.age(row.oldest_s),
        ttl=fmt.age(row.ttl_s),
    )


def _instances(row: FleetRow, unread: bool = False) -> Html:
    endpoint = row.endpoint
    if not endpoint.described:
        bounds = ""
    elif row.bounds is None:
        bounds = "" if not endpoint.is_async else "?–?" if unread else "no target"
    else:
        bounds = f"{row.bounds.min}–{row.bounds.max}"
    return html(
        '{n} <span class="muted small"{why}>{bounds}</span>',
        why=html(' title="{why}"', why=BOUNDS_UNREAD) if bounds == "?–?" else Html(""),
        n=fmt.instances(endpoint.current, endpoint.desired),
        bounds=bounds,
    )


def _cold_start(row: FleetRow, when: _When) -> Html:
    found = row.last_cold_start
    if found is None:
        why, word = NO_COLD_START, fmt.DASH
        if is_unread(ACTIVITIES, row.problems):
            why, word = RECORD_UNREAD, "not known"
        elif row.cold_starts_unread:
            why, word = OLDER_UNREAD, NOT_YET
        return html('<span class="none" title="{why}">{word}</span>', why=why, word=word)
    moment = fmt.moment(found.at, when.zone, when.as_of)
    if found.took_s is None:
        said = '<span class="nowrap">{moment}</span>' if found.over else "under way since {moment}"
        return html(f'<span class="{"" if found.over else "waking"}">{said}</span>', moment=moment)
    return html(
        '<span class="nowrap">{moment}</span><div class="muted small nowrap" title="{why}">instance after {took}</div>',
        moment=moment,
        why=MEASURED,
        took=fmt.age(found.took_s),
    )


def _count(failed: float | None) -> Html:
    return html('<span class="{tone}">{n}</span>', tone="stuck" if failed else "", n=fmt.count(failed))


def _failed(row: FleetRow) -> Html:
    expired = (
        html('<div class="stuck small">{n} expired</div>', n=fmt.count(row.expired_1h))
        if row.expired_1h
        else Html("")
    )
    return html("{failed}{expired}", failed=_count(row.failures_1h), expired=expired)
