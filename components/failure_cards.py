"""Failures in words: the sentence, a card for each cause, and the line that leads to the Failures page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from urllib.parse import urlencode

import streamlit as st

from components import cards, failure_door, scope, session
from components import format as fmt
from components.charts.failures import LOOKS
from components.fleet_list import hurt
from components.markup import Html, html, joined
from ops.core import moments
from ops.core.failures import MEANINGS, Cause
from ops.core.types import Severity
from ops.core.views import EndpointView, FleetRow
from ops.core.views_failures import FailuresView
from ops.core.words import listed

PAGE = "./failures"
_KEPT = (
    session.ENDPOINT,
    session.RANGE,
    session.ZONE,
    session.FROM,
    session.TO,
    failure_door.PART,
    failure_door.TEXT,
)


def headline(view: FailuresView, row: FleetRow, zone: tzinfo) -> Html:
    """The endpoint, its state, and what failed in a sentence."""
    name = view.endpoint.ref.name
    calm = view.split.failed == 0 and not view.split.some and not view.split.unknown
    mark = html('<span class="fine" aria-hidden="true">✓ </span>') if calm else Html("")
    return html(
        '<div class="stack"><div class="row"><h1 tabindex="-1">Failures of {link}</h1>{pill}</div>'
        '<p class="lead">{mark}{sentence}</p></div>',
        link=cards.endpoint_link(name, html("{n}", n=name), focus="failures-of"),
        pill=cards.pill(row.verdict),
        mark=mark,
        sentence=moments.written(view.sentence, zone),
    )


def causes(view: FailuresView) -> Html:
    """A card for each cause that occurred or is not known, and the others in one line."""
    split = view.split
    told = (*split.some, *split.unknown)
    none = [MEANINGS[c].many for c in Cause if c not in told]
    items = joined(_card(cause, split.totals[cause]) for cause in told)
    rest = html('<p class="muted small">None: {n}.</p>', n=listed(none)) if none else Html("")
    return html('<div class="stack"><div class="causes">{items}</div>{rest}</div>', items=items, rest=rest)


def _card(cause: Cause, total: float | None) -> Html:
    meaning, look = MEANINGS[cause], LOOKS[cause]
    return html(
        '<div class="card"><div class="label"><span class="{tone}" aria-hidden="true">{sign}</span> {name}</div>'
        '<div class="value {tone}">{value}</div><div class="note">{what}</div><div class="first">{first}</div></div>',
        tone=look.tone if total else "muted",
        sign=look.sign,
        name=meaning.many,
        value="not known" if total is None else fmt.count(total),
        what=meaning.what,
        first=meaning.first,
    )


def why_link(view: EndpointView) -> Html:
    """From the numbers of an endpoint to why its requests failed; nothing where none did."""
    row = view.row
    if not row.endpoint.is_async or not (row.failures_1h or row.expired_1h):
        return Html("")
    query = urlencode(scope.link(row.endpoint.ref.name))
    return html(
        '<p><a class="go" href="{page}?{query}" data-focus="why-failed">Why requests failed: causes, log lines, '
        "failure objects →</a></p>",
        page=PAGE,
        query=query,
    )


def link(**change: str) -> str:
    """The address of this page as it is now, with some parts of the query changed; empty ones left out."""
    kept: dict[str, str] = {key: str(st.query_params[key]) for key in _KEPT if key in st.query_params}
    name = st.session_state.get(session.ENDPOINT)
    if name:
        kept[session.ENDPOINT] = str(name)
    parts: Mapping[str, str] = {**kept, **change}
    return f"{PAGE}?{urlencode({key: value for key, value in parts.items() if value})}"


def choose(rows: Sequence[FleetRow]) -> Html:
    """While no endpoint is named: those that failed in the last hour first."""
    lost = {id(row): (row.failures_1h or 0.0) + (row.expired_1h or 0.0) for row in rows}
    ordered = sorted(rows, key=lambda row: (-lost[id(row)], hurt(row), row.endpoint.ref.name))
    items = joined(
        html(
            '<li><a class="go" href="{href}" data-focus="each:{name}">{name}</a> {pill} <span class="{tone}">'
            "{said}</span></li>",
            href=f"{PAGE}?{urlencode(scope.link(row.endpoint.ref.name))}",
            name=row.endpoint.ref.name,
            pill=cards.pill(row.verdict),
            tone="stuck" if row.verdict.severity is Severity.CRITICAL and lost[id(row)] else "muted small",
            said=_last_hour(row),
        )
        for row in ordered
    )
    return html(
        '<div class="stack"><h1 tabindex="-1">Failures of which endpoint?</h1>'
        '<ul class="plain each">{items}</ul></div>',
        items=items,
    )


def _last_hour(row: FleetRow) -> str:
    if row.failures_1h is None:
        return "failures of the last hour: not known"
    parts = [f"{fmt.count(row.failures_1h)} failed"] if row.failures_1h else []
    parts += [f"{fmt.count(row.expired_1h)} expired"] if row.expired_1h else []
    return f"{' and '.join(parts) or 'none failed'} in the last hour"


def when(at: datetime, zone: tzinfo, now: datetime) -> str:
    """A moment with its seconds: today 14:02:10."""
    return f"{fmt.moment(at, zone, now)}:{at.astimezone(zone):%S}"
