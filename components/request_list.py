"""The ledger: every request that was sent from Ebb, newest first; the batches that run; what a batch came to."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from datetime import datetime, tzinfo

import streamlit as st

from components import access, notices, request_door, request_export, request_words, session, unread
from components import format as fmt
from components.failure_cards import when
from components.markup import Html, html, joined, show
from components.request_again import send_again
from components.request_controls import ROWS, Asked, batch_link, link
from components.scope import Zone
from components.tables import cell, line, table
from ops.core.errors import OpsError
from ops.core.requests import CANNOT, Batch, RequestFilter, Sent
from ops.core.types import Problem
from ops.core.views_requests import RequestsView

_STOP = "stop-wrong"
BATCHES = 5
"""Batches under way that are shown; of more their number is told."""


def story(name: str, zone: Zone) -> None:
    """What is under way and how it ended, in a sentence, and the batches that run."""
    told = request_door.requests(RequestFilter(name, limit=1))
    away(told.error, told.value.as_of, zone)
    fault = session.requests_problem()
    if fault:
        st.error(fault, icon=":material/error:")
    notices.problems(told.value.problems)
    title = html("Requests to {name}", name=name) if name else html("Requests sent from Ebb")
    show(
        html(
            '<div class="stack"><h1 tabindex="-1">{title}</h1><p class="lead">{said}</p>'
            '<p class="muted small">{cannot}</p></div>',
            title=title,
            said=request_words.headline(told.value.counts, name),
            cannot=CANNOT,
        ),
        key="requests-story",
    )
    _running(name, zone, told.value.as_of)


def away(error: OpsError | None, as_of: datetime, zone: Zone) -> None:
    """That AWS does not answer: the ledger is as it was, and nothing is followed now."""
    if error is None:
        return
    older = Problem(unread.OLDER, error.what, error.hint, retryable=error.retryable)
    notices.problems([older], fmt.clock(as_of, zone.info, seconds=True))
    st.caption("The requests are shown as Ebb last saw them: nothing is sent or followed until AWS answers.")


def _running(name: str, zone: Zone, now: datetime) -> None:
    """Batches of which something is to be sent or awaited."""
    unsent = request_door.running()
    newest = request_door.requests(RequestFilter(name, request_door.UNDER_WAY, limit=50)).value
    known = {batch.id: batch for batch in (*unsent, *newest.batches.values())}
    below = st.query_params.get(session.BATCH)  # it stands above its list already
    shown = [
        b for b in known.values() if (not name or b.endpoint == name) and b.planned > 1 and b.id != below
    ]
    for batch in shown[:BATCHES]:
        counts = request_door.requests(RequestFilter(batch=batch.id, limit=1)).value.counts
        with st.container(border=True, key=f"batch-{batch.id}"):
            show(
                html(
                    '<div class="stack"><div class="row"><a class="go" href="{href}" data-focus="running:{id}">'
                    '<b>{what}</b></a><span class="muted small">{who}</span></div>{bar}</div>',
                    href=batch_link(batch.id),
                    id=batch.id,
                    what=batch_words(batch),
                    who=f"{batch.actor}, {fmt.moment(batch.at, zone.info, now)}",
                    bar=request_words.progress(batch, counts),
                ),
                key=f"progress-{batch.id}",
            )
            _stop(batch)
    if len(shown) > BATCHES:
        st.caption(f"{len(shown) - BATCHES} more batches are under way; the list below has them all.")


def _stop(batch: Batch) -> None:
    if not batch.open or not access.may(access.current_user(), "operator"):
        return
    st.button(
        "Stop sending",
        key=f"stop-{batch.id}",
        icon=":material/stop_circle:",
        on_click=_stopped,
        args=(batch.id,),
    )
    wrong = st.session_state.get(f"{_STOP}-{batch.id}")
    if wrong is not None:
        notices.show(wrong)


def _stopped(identity: str) -> None:
    wrong: OpsError | None = None
    try:
        request_door.stop(identity, access.actor())
    except OpsError as error:
        wrong = error
    st.session_state[f"{_STOP}-{identity}"] = wrong


def batch_words(batch: Batch) -> str:
    """500 requests to doc-async, 60 a minute."""
    rate = batch.submission.per_minute
    pace = f", {rate:g} a minute" if rate is not None else ""
    return f"{fmt.plural(batch.planned, 'request')} to {batch.endpoint}{pace}"


def ledger(asked: Asked, zone: Zone) -> None:
    """The list with its pages, its export, and what belongs to the batch that it is narrowed to."""
    key = f"{session.REQUEST_PAGE}-{zlib.crc32(repr(asked).encode())}"
    page = int(st.session_state.get(key) or 1)
    told = request_door.requests(asked.wanted(page))
    view = told.value
    pages = max(1, math.ceil(view.total / ROWS))
    if page > pages:
        view = request_door.requests(asked.wanted(pages)).value
    if asked.batch:
        _batch(asked.batch, zone)
    if not view.total:
        show(html("<p>{said}</p>", said=_none(asked)), key="requests-none")
        return
    show(_table(view.rows, view, zone.info, named=not asked.name), key="requests-table")
    with st.container(horizontal=True, vertical_alignment="center", key="requests-pages"):
        if pages > 1:
            st.pagination(pages, key=key)
        st.caption(f"{fmt.plural(view.total, 'request')}, the newest first")
        _downloads(asked, view)


def _downloads(asked: Asked, view: RequestsView) -> None:
    wanted = asked.wanted()
    for name, make, mime in (
        ("CSV", request_export.as_csv, "text/csv"),
        ("JSON", request_export.as_json, "application/json"),
    ):
        st.download_button(
            name,
            lambda make=make: make(request_door.all_of(wanted)),
            file_name=f"requests-{view.as_of:%Y-%m-%d}.{name.lower()}",
            mime=mime,
            icon=":material/download:",
            on_click="ignore",
            key=f"requests-{name.lower()}",
            help="All requests that the filters leave: times in UTC, lengths in seconds",
        )


def _none(asked: Asked) -> str:
    if asked.narrowed:
        return "No request on record is like that. Clear a filter to see more."
    return f"No request is on record{f' for {asked.name}' if asked.name else ''}. Send one under Submit."


def _batch(identity: str, zone: Zone) -> None:
    """The batch that the list is narrowed to: what it was, how it goes, and what may be sent again."""
    view = request_door.requests(RequestFilter(batch=identity, limit=1)).value
    batch = view.batches.get(identity)
    if batch is None:
        st.info("No batch on record has this id.", icon=":material/search_off:")
        return
    said = f" {batch.said}" if batch.said else ""
    again = (
        html(
            ' Sends <a class="go" href="{href}" data-focus="again-of">an earlier batch</a> again.',
            href=batch_link(batch.resubmit_of),
        )
        if batch.resubmit_of
        else Html("")
    )
    with st.container(border=True, key="batch-shown"):
        show(
            html(
                '<div class="stack"><div class="row"><h2>{what}</h2><a class="go" href="{all}" data-focus="close">'
                'All batches ✕</a></div><p class="small muted">{who}, {at}. Input <code>{uri}</code>.{said}{again}'
                "</p>{bar}</div>",
                what=batch_words(batch),
                all=link(batch=""),
                who=batch.actor,
                at=when(batch.at, zone.info, view.as_of),
                uri=batch.submission.input_uri,
                said=said,
                again=again,
                bar=request_words.progress(batch, view.counts),
            ),
            key="batch-words",
        )
        _stop(batch)
        bad = sum(view.counts[state] for state in request_words.BAD)
        if bad and access.may(access.current_user(), "operator"):
            wanted = RequestFilter(batch=identity, states=request_words.BAD)
            send_again(
                identity,
                fmt.plural(bad, "failed request"),
                lambda: [sent.id for each in request_door.all_of(wanted) for sent in each.rows],
            )


def _table(rows: Sequence[Sent], view: RequestsView, zone: tzinfo, *, named: bool) -> Html:
    heads = (("sent", ""), ("request", ""), ("state", ""), ("took", ""), ("input", ""), ("batch", ""))
    return table(
        heads,
        (_row(sent, view, zone, named=named) for sent in rows),
        "Requests sent from Ebb, the newest first",
    )


def _row(sent: Sent, view: RequestsView, zone: tzinfo, *, named: bool) -> Html:
    batch = view.batches.get(sent.batch)
    where = html('<div class="small muted">{name}</div>', name=sent.endpoint) if named else Html("")
    opened = html(
        '<a class="go" href="{href}" data-focus="sent:{id}"><code>{shown}</code></a>{where}',
        href=link(sent=sent.id),
        id=sent.id,
        shown=sent.inference_id or sent.id,
        where=where,
    )
    wrong = request_words.said(sent)
    state = joined(
        (
            request_words.pill(sent),
            html('<div class="small muted">{wrong}</div>', wrong=wrong) if wrong else Html(""),
        )
    )
    many = batch is not None and batch.planned > 1
    return line(
        cell(
            when(sent.sent, zone, view.as_of)
            if sent.sent is not None
            else html('<span class="none">not sent</span>'),
            "sent",
            "time",
        ),
        cell(opened, "", "wide"),
        cell(state, "state"),
        cell(request_words.lasted(sent, view.as_of), "took" if sent.final else "", "nowrap"),
        cell(html("<code>{name}</code>", name=sent.input_uri.rpartition("/")[2]), "input", "wide"),
        cell(
            html(
                '<a class="go" href="{href}" data-focus="batch:{id}">of {n}</a>',
                href=batch_link(sent.batch),
                id=sent.id,
                n=fmt.count(batch.planned) if batch is not None else "",
            )
            if many
            else html('<span class="none">single</span>'),
            "batch",
        ),
    )
