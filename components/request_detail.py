"""One request: what became of it, where its time went, its result or its error, and sending it again."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import streamlit as st

from components import (
    access,
    failure_door,
    failure_parts,
    log_view,
    notices,
    request_door,
    request_words,
    session,
    zoom,
)
from components import format as fmt
from components.cards import endpoint_link
from components.failure_cards import when
from components.markup import Html, html, joined, show
from components.request_again import send_again
from components.request_controls import back, batch_link, link
from components.request_list import away, batch_words
from components.scope import Zone
from ops.core.requests import RequestState, Sent
from ops.core.views_requests import RequestView, Result

MARGIN = timedelta(minutes=2)
"""Around a request, in which its endpoint may have written of it."""


def detail(identity: str, zone: Zone) -> None:
    """Drawn anew with every refresh until the request has ended, and after."""
    told = request_door.request(identity)
    view, sent = told.value, told.value.sent
    away(told.error, view.as_of, zone)
    show(
        html(
            '<div class="stack"><p><a class="go" href="{back}" data-focus="back">← All requests</a></p>'
            '<div class="row"><h1 tabindex="-1">{id}</h1>{pill}</div><p class="lead">{said}</p>{bar}'
            '<p class="muted small">{known}</p></div>',
            back=back(),
            id=sent.inference_id or sent.id,
            pill=request_words.pill(sent),
            said=request_words.sentence(sent, view.timeline, view.as_of),
            bar=request_words.bar(view.timeline),
            known=f"How Ebb knows: {sent.source or 'its own record'}."
            + ("" if sent.final else f" {request_words.UNTOLD}"),
        ),
        key="request-story",
    )
    notices.problems(view.problems)
    if sent.state in (RequestState.DONE, RequestState.FAILED):
        with notices.guard("its result"):
            show(_result(request_door.result(identity).value, sent.state), key="request-result")
    if sent.state is RequestState.FAILED and sent.accepted:
        show(_onward(sent), key="request-onward")
    if sent.state in (*request_words.BAD, RequestState.STOPPED) and access.may(
        access.current_user(), "operator"
    ):
        send_again(identity, "this request", lambda: [identity])
    show(html('<div class="stack"><h2>On record</h2>{facts}</div>', facts=_facts(view, zone)), key="facts")


def _result(found: Result, state: RequestState) -> Html:
    content = found.text
    parts = [log_view.size(found.size)]
    if content.binary:
        parts.append("not text: its first bytes in hexadecimal")
    elif content.truncated:
        parts.append("only its beginning is shown")
    whole = (
        html(
            ' · <a href="{url}" target="_blank" rel="noopener noreferrer" data-focus="download">Download all of it '
            "↓</a>",
            url=found.url,
        )
        if found.url
        else Html("")
    )
    place = html("<code>{uri}</code><br>", uri=found.uri) if found.uri else Html("")
    body = (
        html('<pre class="object" tabindex="0">{text}</pre>', text=content.text)
        if content.text
        else html('<p class="muted">It is empty.</p>')
    )
    return html(
        '<div class="stack"><h2>{title}</h2><p class="small">{place}<span class="muted">{said}</span>{whole}</p>'
        "{body}</div>",
        title="Result" if state is RequestState.DONE else "What AWS says of the failure",
        place=place,
        said="; ".join(parts),
        whole=whole,
        body=body,
    )


def _onward(sent: Sent) -> Html:
    """From a failed request to what the endpoint's log says of it: on the Failures page, and in a search."""
    scope_of = {session.ENDPOINT: sent.endpoint}
    zone = str(st.query_params.get(session.ZONE, ""))
    scope_of |= {session.ZONE: zone} if zone else {}
    ended = sent.ended or sent.sent
    at = str(round(ended.timestamp() * 1000)) if ended is not None else ""
    searched = scope_of | {failure_door.PART: failure_parts.LOG, failure_door.TEXT: sent.inference_id}
    if sent.sent is not None and ended is not None:
        searched |= zoom.query(sent.sent - MARGIN, ended + MARGIN)
    return html(
        '<p class="small"><a class="go" href="{failures}" data-focus="to-failures">Its lines on the Failures page →</a>'
        ' · <a class="go" href="{log}" data-focus="to-log">Search the log for it →</a></p>',
        failures="./failures?"
        + urlencode(scope_of | {failure_door.REQUEST: sent.inference_id, failure_door.AT: at}),
        log="./failures?" + urlencode(searched),
    )


def _facts(view: RequestView, zone: Zone) -> Html:
    sent, batch = view.sent, view.batch
    given = batch.submission
    moments = (
        ("planned", sent.planned),
        ("taken by AWS" if sent.accepted else "call begun", sent.sent),
        ("first seen queued without an instance", sent.waiting),
        ("first seen with an instance", sent.serving),
        ("shown to have left the queue", sent.processing),
        ("ended", sent.ended),
    )
    rows: list[tuple[str, object]] = [
        ("endpoint", endpoint_link(sent.endpoint, html("{n}", n=sent.endpoint), focus="of")),
        (
            "batch",
            html(
                '<a class="go" href="{href}" data-focus="of-batch">{what}</a>',
                href=batch_link(batch.id),
                what=batch_words(batch),
            ),
        ),
        ("sent by", f"{batch.actor}, {batch.via}"),
    ]
    rows += [(name, when(at, zone.info, view.as_of)) for name, at in moments if at is not None]
    if view.timeline.cold_start:
        query = urlencode({session.OF: sent.endpoint})
        rows.append(
            (
                "cold start",
                html('<a class="go" href="./cold-starts?{q}" data-focus="cold">See it →</a>', q=query),
            )
        )
    rows += [("input", _code(sent.input_uri))]
    if sent.output_uri and sent.state is not RequestState.FAILED:
        rows.append(("result" if sent.final else "its result would be at", _code(sent.output_uri)))
    if sent.failure_uri and sent.state is not RequestState.DONE:
        rows.append(("failure object" if sent.final else "its failure would be at", _code(sent.failure_uri)))
    rows += [
        ("content type", given.content_type),
        ("custom attributes", given.attributes or "none"),
        ("waits at most", fmt.age(sent.ttl_s)),
        ("works at most", fmt.age(sent.timeout_s)),
    ]
    if not sent.final:
        rows.append(("decided at the latest", when(sent.deadline, zone.info, view.as_of)))
    if sent.request_id:
        rows.append(("AWS's id of the call", _code(sent.request_id)))
    if sent.error:
        rows.append(("when it was sent", sent.error))
    if sent.resubmit_of:
        rows.append(("sends again", _to(sent.resubmit_of)))
    if view.resubmitted:
        rows.append(("sent again as", joined(html("{a} ", a=_to(id)) for id in view.resubmitted)))
    items = joined(html("<dt>{name}</dt><dd>{value}</dd>", name=name, value=value) for name, value in rows)
    return html('<dl class="facts">{items}</dl>', items=items)


def _code(text: str) -> Html:
    return html("<code>{text}</code>", text=text)


def _to(identity: str) -> Html:
    return html(
        '<a class="go" href="{href}" data-focus="to:{id}"><code>{id}</code></a>',
        href=link(sent=identity),
        id=identity,
    )
