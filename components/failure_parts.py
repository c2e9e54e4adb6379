"""What stands below the chart of the Failures page, each read when it is opened: requests, the log, objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import streamlit as st

from components import failure_door, log_view, notices, refused, session, unread
from components import format as fmt
from components.failure_cards import link, when
from components.markup import Html, html, joined, show
from components.scope import Range, Zone
from components.tables import cell, line, table
from ops.core.errors import OpsError
from ops.core.failures import MEANINGS
from ops.core.log_lines import FailedRequest, most_said
from ops.core.plain_text import one_line
from ops.core.types import Problem
from ops.core.views_failures import FailedRequests, FailureObject, LogQuery, Streams

REQUESTS, LOG, OBJECTS = "Failed requests", "Log", "Failure objects"
PARTS = (REQUESTS, LOG, OBJECTS)
LINES = 200
SHOWN = 25
"""Rows on show; older ones are folded away."""
_MOST_MS = 253_402_300_799_999


def pick(name: str, shown: Range, failed: float | None, zone: Zone) -> None:
    """The part that the viewer chose, read for this endpoint and range. `failed`: requests, as the metrics count."""
    for key, offered, word in (
        (failure_door.PART, PARTS, "part"),
        (failure_door.STREAMS, tuple(Streams), "streams"),
    ):
        asked = st.query_params.get(key)
        if asked and asked not in offered:
            refused.note(key, asked)
            notices.bad_choice(word, asked, offered)
    part = st.segmented_control(
        "Part",
        PARTS,
        default=REQUESTS,
        key=failure_door.PART,
        required=True,
        bind="query-params",
        label_visibility="collapsed",
    )
    with notices.guard(str(part).lower()), st.spinner("Reading …"):
        if part == LOG:
            _log(name, shown, zone)
        elif part == OBJECTS:
            _objects(name, zone)
        else:
            _requests(name, shown, failed, zone)


def _requests(name: str, shown: Range, failed: float | None, zone: Zone) -> None:
    told = failure_door.failed_requests(name, shown.asked)
    found = told.value
    _older(told.error, found.as_of, zone)
    notices.problems(found.problems)
    chosen, at = str(st.query_params.get(failure_door.REQUEST, "")), _asked_at()
    inside = any(_is(request, chosen, at) for request in found.requests)
    if chosen and at is not None and not inside:
        close = html('<p><a class="go" href="{href}" data-focus="close">Close ✕</a></p>', href=link())
        detail = _detail(name, chosen, at, zone, found.as_of)
        show(html("{detail}{close}", detail=detail, close=close), key="request-alone")
    if found.problems:
        return
    rows: list[Html] = []
    opened = 0
    for number, request in enumerate(found.requests):
        mine = _is(request, chosen, at)
        row = _request(request, zone, found.as_of, opened=mine)
        if mine:
            opened = number
            row = joined((row, _below(_detail(name, request.inference_id, request.at, zone, found.as_of), 5)))
        rows.append(row)
    heads = (("failed", ""), ("inference id", ""), ("cause", ""), ("what was said", ""), ("", ""))
    body = _folded(heads, rows, "Failed requests, newest first", opened) if rows else _none(found, failed)
    said = log_view.searched(found.search, name, zone.info, found.as_of)
    show(
        html('<div class="stack">{most}{body}{said}</div>', most=_told(found, failed), body=body, said=said),
        key="failed-requests",
    )
    _again(found.as_of, zone)


def _request(request: FailedRequest, zone: Zone, now: datetime, *, opened: bool) -> Html:
    stamp = str(round(request.at.timestamp() * 1000))
    href = link() if opened else link(**{failure_door.REQUEST: request.inference_id, failure_door.AT: stamp})
    status = f" ({request.status})" if request.status else ""
    name = MEANINGS[request.cause].name.partition(" (")[0]
    return line(
        cell(when(request.at, zone.info, now), "failed", "time"),
        cell(html("<code>{id}</code>", id=request.inference_id), "inference id"),
        cell(f"{name}{status}", "cause"),
        cell(one_line(request.message), "what was said", "wide"),
        cell(
            html(
                '<a class="go" href="{href}" data-focus="request:{id}:{stamp}" aria-expanded="{open}">{word}</a>',
                href=href,
                id=request.inference_id,
                stamp=stamp,
                open="true" if opened else "false",
                word="Close ✕" if opened else "Log lines →",
            ),
            "",
            "nowrap",
        ),
    )


def _below(detail: Html, columns: int) -> Html:
    """What stands below a row that is opened, as wide as the table."""
    return html(
        '<tr role="row"><td role="cell" colspan="{n}" class="wide">{detail}</td></tr>',
        n=columns,
        detail=detail,
    )


def _folded(heads: Sequence[tuple[str, str]], rows: Sequence[Html], caption: str, opened: int) -> Html:
    """A table whose rows beyond the newest are folded away, unless the one that is opened is among them."""
    body = table(heads, rows[:SHOWN], caption)
    if len(rows) <= SHOWN:
        return body
    return html(
        '{body}<details data-focus="older"{open}><summary data-focus="older-summary">{n} older</summary>{rest}'
        "</details>",
        body=body,
        open=Html(" open") if opened >= SHOWN else Html(""),
        n=fmt.count(len(rows) - SHOWN),
        rest=table(heads, rows[SHOWN:], f"{caption}, older"),
    )


def _told(found: FailedRequests, failed: float | None) -> Html:
    """What most of them say, and how many of the failures that the metrics count the log does not name."""
    number, parts = len(found.requests), []
    most = most_said(found.requests)
    if most is not None:
        text, times = most
        parts.append(f"{f'All {number}' if times == number else f'{times} of {number}'} say: “{text}”.")
    if failed and 0 < number < failed and found.search.complete:
        parts.append(
            f"The metrics count {fmt.plural(failed, 'failed request')} in this range, and the log names {number}: "
            "older lines may be gone from it."
        )
    return html("<p>{said}</p>", said=" ".join(parts)) if parts else Html("")


def _detail(name: str, inference_id: str, at: datetime, zone: Zone, now: datetime) -> Html:
    return log_view.request_detail(
        failure_door.request_log(name, inference_id, at).value, name, zone.info, now
    )


def _none(found: FailedRequests, failed: float | None) -> Html:
    if found.search.missing:
        return Html("")
    if failed and found.search.complete:
        counted = fmt.plural(failed, "failed request")
        return html(
            "<p>The metrics count {n} in this range, and the log names none: its lines may be gone, or written in "
            "a way that Ebb does not know.</p>",
            n=counted,
        )
    return html("<p>The log names no failed request in this range.</p>")


def _is(request: FailedRequest, chosen: str, at: datetime | None) -> bool:
    same = request.inference_id == chosen
    return same and at is not None and abs((request.at - at).total_seconds()) < 0.01


def _asked_at() -> datetime | None:
    """When the request of a link failed; None where the link does not say, or says nonsense."""
    text = str(st.query_params.get(failure_door.AT, ""))
    if not text.isascii() or not text.isdigit() or int(text) > _MOST_MS:
        return None
    return datetime.fromtimestamp(int(text) / 1000.0, UTC)


def _log(name: str, shown: Range, zone: Zone) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="log-controls"):
        text = st.text_input(
            "Search the log",
            key=failure_door.TEXT,
            type="search",
            placeholder="Lines that hold exactly this text",
            label_visibility="collapsed",
            max_chars=500,
            bind="query-params",
            width=420,
            help="Letter by letter, capitals count. Press Enter to search.",
        )
        streams = st.selectbox(
            "Streams",
            [str(s) for s in Streams],
            key=failure_door.STREAMS,
            required=True,
            label_visibility="collapsed",
            bind="query-params",
            width=210,
        )
    which = Streams(streams) if streams in tuple(Streams) else Streams.ALL
    told = failure_door.logs(name, LogQuery(shown.asked, str(text or ""), which, LINES))
    found = told.value
    _older(told.error, found.end, zone)
    if found.lines:
        number = fmt.plural(len(found.lines), "line")
        body = html(
            '<p class="muted small" role="status">{n}, newest first</p>{lines}',
            n=number,
            lines=log_view.lines(found.lines, zone.info, found.end),
        )
    elif found.missing:
        body = Html("")
    elif text:
        body = html('<p role="status">No line in this range holds “{text}”.</p>', text=one_line(text, 100))
    else:
        body = html('<p role="status">No line was written in this range.</p>')
    said = log_view.searched(found, name, zone.info, found.end)
    show(html('<div class="stack">{said}{body}</div>', body=body, said=said), key="log-lines")
    _again(found.end, zone)


def _objects(name: str, zone: Zone) -> None:
    told = failure_door.failure_objects(name)
    found = told.value
    now = session.now() or datetime.fromtimestamp(0, UTC)
    _older(told.error, now - timedelta(seconds=told.age_s), zone)
    notices.problems(found.problems)
    if found.path is None:
        show(
            html(
                "<p>This endpoint has no failure path, so its failures leave no object. <code>S3FailurePath</code> in "
                "its configuration sets one.</p>"
            ),
            key="no-path",
        )
        return
    if found.problems:
        return
    chosen = str(st.query_params.get(failure_door.OBJECT, ""))
    rows: list[Html] = []
    opened = 0
    for number, each in enumerate(found.objects):
        row = _object(each, zone, now, opened=each.key == chosen)
        if each.key == chosen:
            opened = number
            text = log_view.object_text(failure_door.failure_object(name, chosen).value, zone.info, now)
            row = joined((row, _below(text, 4)))
        rows.append(row)
    alone = Html("")
    if chosen and all(each.key != chosen for each in found.objects):
        alone = log_view.object_text(failure_door.failure_object(name, chosen).value, zone.info, now)
    heads = (("written", ""), ("object", ""), ("size", "num"), ("", ""))
    listed = (
        _folded(heads, rows, "Failure objects, newest first", opened)
        if rows
        else html("<p>There is no object under the failure path.</p>")
    )
    more = (
        f"The first {fmt.plural(found.seen, 'object')} by name were looked through; there are more, and newer ones "
        "may be among them."
        if found.more
        else f"Under {found.path}: {fmt.plural(found.seen, 'object')}"
        + (f", the newest {len(found.objects)} are shown." if found.seen > len(found.objects) else ".")
    )
    show(
        html(
            '<div class="stack">{alone}<p class="small {tone}">{more} The uuid in a key is not the inference id.</p>'
            "{table}</div>",
            alone=alone,
            tone="waking" if found.more else "muted",
            more=more,
            table=listed,
        ),
        key="failure-objects",
    )


def _object(each: FailureObject, zone: Zone, now: datetime, *, opened: bool) -> Html:
    return line(
        cell(when(each.modified, zone.info, now), "written", "time"),
        cell(html("<code>{key}</code>", key=each.key), "object", "wide"),
        cell(log_view.size(each.size), "size", "num"),
        cell(
            html(
                '<a class="go" href="{href}" data-focus="object:{key}" aria-expanded="{open}">{word}</a>',
                href=link() if opened else link(**{failure_door.OBJECT: each.key}),
                key=each.key,
                open="true" if opened else "false",
                word="Close ✕" if opened else "Show →",
            ),
            "",
            "nowrap",
        ),
    )


def _older(error: OpsError | None, as_of: datetime, zone: Zone) -> None:
    """That what is shown is the last good answer, where AWS was asked again in vain."""
    if error is not None:
        problem = Problem(unread.OLDER, error.what, error.hint, retryable=error.retryable)
        notices.problems([problem], fmt.clock(as_of, zone.info, seconds=True))


def _again(as_of: datetime, zone: Zone) -> None:
    """When this was read, and a button that reads again: logs are never read by a refresh."""
    with st.container(horizontal=True, vertical_alignment="center", key="read-again-line"):
        st.button("Read again", key="read-again", icon=":material/refresh:")
        st.caption(f"Read at {fmt.clock(as_of, zone.info, seconds=True)}; it does not refresh by itself.")
