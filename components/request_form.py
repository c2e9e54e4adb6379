"""The form that sends requests. It stands outside the live panels, and nothing that was typed is lost by an error."""

from __future__ import annotations

import secrets

import streamlit as st

from components import access, log_view, request_again, request_door, session, upload
from components import format as fmt
from components.cards import doctor_link
from components.markup import Html, html, show
from components.request_controls import batch_link
from components.request_draft import (
    ADDRESS,
    BURST,
    MOST_PASTED,
    ONCE,
    PACED,
    PASTE,
    UPLOAD,
    Draft,
    not_json,
    type_of,
)
from ops.core.errors import OpsError, Unconfirmed
from ops.core.requests import MOST_COUNT, RATE_RANGE, TIMEOUT_S, TTL_S, Batch
from ops.core.views_requests import Quote

TYPES = (
    "application/json",
    "application/jsonlines",
    "text/csv",
    "text/plain",
    "application/octet-stream",
    "application/x-npy",
    "image/jpeg",
    "image/png",
    "application/pdf",
)


def form(name: str) -> None:
    """What to send to this endpoint; says why nothing can be sent where that is so."""
    why = request_door.why_read_only()
    if why:
        st.info(
            "This AWS is read-only here, so nothing can be sent. What was sent before is listed under Requests.",
            icon=":material/visibility:",
        )
        return
    if not access.may(access.current_user(), "operator"):
        st.info(
            "Sending needs the role operator. What was sent is listed under Requests.", icon=":material/lock:"
        )
        return
    if not name:
        st.info("Choose the endpoint above.", icon=":material/arrow_upward:")
        return
    if _is_realtime(name):
        st.info(
            "A real-time endpoint answers its callers itself and has no queue: Ebb sends to asynchronous endpoints.",
            icon=":material/bolt:",
        )
        return
    _fields(name)
    _quote_and_send(drafted(name))


def _is_realtime(name: str) -> bool:
    newest = session.newest()
    return newest is not None and any(row.endpoint.ref.name == name for row in newest[0].realtime)


def drafted(name: str) -> Draft:
    """What the form holds now, also while a press is handled: the fields of the last run may be older than it."""
    kept = st.session_state
    how = str(kept.get("send-how") or ONCE)
    found: upload.Uploaded | None = kept.get(session.UPLOADED)
    return Draft(
        name,
        str(kept.get("send-source") or PASTE),
        str(kept.get("send-pasted") or ""),
        found.uri if found is not None and found.endpoint == name else "",
        str(kept.get("send-address") or ""),
        str(kept.get("send-type") or ""),
        how,
        kept.get("send-count", 1),
        kept.get("send-pace"),
        kept.get("send-ttl", TTL_S),
        kept.get("send-timeout", TIMEOUT_S),
        str(kept.get("send-attributes") or ""),
        str(kept.get("send-inference-id") or "") if how == ONCE else "",
        bool(kept.get("send-as-is")),
    )


def _fields(name: str) -> None:
    kept = {"persist_state": "session"}
    source = st.segmented_control(
        "Input", (PASTE, UPLOAD, ADDRESS), default=PASTE, key="send-source", required=True, **kept
    )
    content_type = st.selectbox(
        "Content type",
        TYPES,
        key="send-type",
        accept_new_options=True,
        help="What the model is told that the input is. Type another one if yours is not listed.",
        width=320,
        on_change=_type_chosen,
        **kept,
    )
    guessed = st.session_state.get(session.TYPE_TOLD)
    if source == UPLOAD and guessed is not None and content_type == guessed[1]:
        st.caption(f"Told by the name of {guessed[0]}; choose another if that is wrong.")
    if source == UPLOAD:
        _upload(name)
    elif source == ADDRESS:
        st.text_input(
            "Address of an object that is in S3", key="send-address", placeholder="s3://bucket/key", **kept
        )
    else:
        st.text_area(
            "The input",
            key="send-pasted",
            height=160,
            max_chars=MOST_PASTED,
            placeholder='{"document": "…"}',
            help="It is put into S3 when you send. Larger inputs go by upload.",
            **kept,
        )
        _checked(drafted(name))
    how = st.segmented_control(
        "How many", (ONCE, BURST, PACED), default=ONCE, key="send-how", required=True, **kept
    )
    if how != ONCE:
        with st.container(horizontal=True, vertical_alignment="bottom", key="send-many"):
            st.number_input("Requests", 1, MOST_COUNT, value=10, step=1, key="send-count", width=160, **kept)
            if how == PACED:
                low, high = RATE_RANGE
                st.number_input(
                    "Per minute",
                    low,
                    high,
                    value=10.0,
                    step=1.0,
                    format="%g",
                    key="send-pace",
                    width=160,
                    **kept,
                )
    with st.expander("More: times, attributes, inference id"):
        _more(one=how == ONCE)


def _more(*, one: bool) -> None:
    """What has a default that serves nearly always."""
    kept = {"persist_state": "session"}
    st.number_input(
        "Waits in the queue at most, seconds",
        value=TTL_S,
        step=60,
        key="send-ttl",
        help="60 to 21,600. After that AWS drops it without an answer. Default: 6 h, the most there is.",
        **kept,
    )
    st.number_input(
        "Works at most, seconds",
        value=TIMEOUT_S,
        step=60,
        key="send-timeout",
        help="1 to 3,600. After that the model is cut off and the request has failed. Default: 15 min.",
        **kept,
    )
    st.text_input(
        "Custom attributes",
        key="send-attributes",
        help="Handed to the model as a header. Default: none. Visible ASCII, at most 1,024 characters.",
        **kept,
    )
    st.text_input(
        "Inference id",
        key="send-inference-id",
        help="Default: one that begins with ebb-. Only a single request may have one of your own.",
        disabled=not one,
        **kept,
    )
    st.checkbox("Send what is pasted even where it is no JSON", key="send-as-is", **kept)


def _checked(draft: Draft) -> None:
    """What was pasted, as far as it can be checked: one line, so that the button below stays where it is."""
    tone, said = "muted", "Nothing pasted yet."
    if draft.pasted.strip():
        wrong = not_json(draft.pasted) if draft.wants_json else ""
        size = log_view.size(len(draft.pasted.encode()))
        tone = "waking" if wrong else "muted"
        said = f"▲ {wrong}" if wrong else f"✓ JSON, {size}" if draft.wants_json else size
    show(html('<p class="small {tone}">{said}</p>', tone=tone, said=said), key="pasted-check")


def _type_chosen() -> None:
    """The content type was chosen by hand: no name of a file changes it any more."""
    st.session_state[session.TYPE_CHOSEN] = True
    st.session_state[session.TYPE_TOLD] = None


def type_told(filename: str) -> str:
    """The content type of a file that was chosen: by its name, unless one was chosen by hand."""
    kept = st.session_state
    if not kept.get(session.TYPE_CHOSEN):
        kept["send-type"] = type_of(filename)
        kept[session.TYPE_TOLD] = (filename, kept["send-type"])
    return str(kept.get("send-type") or "")


def _upload(name: str) -> None:
    found = upload.pick(name, type_told)
    if found is None:
        return
    if found.endpoint != name:
        st.caption(f"{found.name} was uploaded for {found.endpoint}. Upload it again for {name}.")
        return
    show(
        html(
            '<p class="small"><span class="fine" aria-hidden="true">✓</span> <b>{name}</b>, {size}, is at '
            "<code>{uri}</code></p>",
            name=found.name,
            size=log_view.size(found.size),
            uri=found.uri,
        ),
        key="uploaded-told",
    )


def _quote_and_send(draft: Draft) -> None:
    """What it comes to, the yes that it may want, and the button. Pressing it twice sends once."""
    token = st.session_state.setdefault(session.SUBMISSION, secrets.token_hex(8))
    said = html('<p class="muted">What it comes to is told here as soon as there is an input.</p>')
    confirm = ""
    try:
        if draft.ready:
            quote = request_door.quote(draft.submission(draft.input_uri()))
            confirm = quote.confirm
            said = html(
                '<p>It comes to <b>{count}</b> to {name}, {lasts}, <span class="money">{usd}</span>. '
                '<span class="small muted">{basis}</span></p>{ahead}',
                count=fmt.plural(quote.count, "request"),
                name=draft.endpoint,
                lasts=draft.lasts(),
                usd=quote.price,
                basis=quote.basis,
                ahead=_ahead(draft.endpoint, quote),
            )
    except OpsError as error:
        pressed = st.session_state.get(session.SUBMITTED)
        again = isinstance(pressed, tuple) and pressed[1] == draft  # it stands below the button already
        said = (
            Html("")
            if again
            else html(
                '<p class="waking"><span aria-hidden="true">▲</span> {what} {hint}</p>',
                what=error.what,
                hint=error.hint,
            )
        )
    show(said, key="quote")
    if confirm:
        st.checkbox(f"{confirm} Yes, send them.".replace("$", "\\$"), key=f"send-confirm-{token}")
    words = "Send" if draft.requests == 1 else f"Send {fmt.plural(draft.requests, 'request')}"
    st.button(
        words,
        key=f"send-{token}",
        type="primary",
        icon=":material/send:",
        on_click=_send,
        args=(token, draft.endpoint),
    )
    _told(draft)


def _ahead(name: str, quote: Quote) -> Html:
    """What the endpoint's state means for what is sent now; a warning leads on to the doctor."""
    if not quote.ahead.said:
        return Html("")
    if not quote.ahead.warns:
        return html('<p><span aria-hidden="true">☾</span> {said}</p>', said=quote.ahead.said)
    return html(
        '<p class="waking" role="alert"><span aria-hidden="true">▲</span> {said} {doctor}</p>',
        said=quote.ahead.said,
        doctor=doctor_link(name, html("Ask the doctor →"), focus="cannot-wake"),
    )


def _send(token: str, name: str) -> None:
    """Done once for a token, however often it is pressed; an error leaves everything as it was typed."""
    draft, confirmed = drafted(name), bool(st.session_state.get(f"send-confirm-{token}"))
    try:
        actor = access.actor()

        def work() -> tuple[Batch, ...]:
            uri = draft.input_uri()
            submission = draft.submission(uri)
            if draft.source == PASTE:
                suffix = "json" if draft.wants_json else "txt"
                body = draft.checked_paste()
                why = "" if confirmed else request_door.quote(submission).confirm
                if why:  # asked before anything is put into S3
                    raise Unconfirmed(f"{why} Nothing was sent.", "Confirm it, or send fewer.")
                put = request_door.put(draft.endpoint, f"pasted.{suffix}", body, actor, draft.content_type)
                submission = draft.submission(put.uri)
            return (request_door.submit(submission, actor, confirmed, token),)

        st.session_state[session.SUBMITTED] = request_door.once.do(token, work)[0]
        st.session_state[session.SUBMISSION] = secrets.token_hex(8)
    except OpsError as error:
        st.session_state[session.SUBMITTED] = (error, draft)


def _told(draft: Draft) -> None:
    """What became of the last press; an error no longer once something else is typed."""
    told = st.session_state.get(session.SUBMITTED)
    if isinstance(told, tuple):
        if told[1] == draft:
            request_again.refused(told[0])
    elif isinstance(told, Batch):
        show(
            html(
                '<p role="status"><span class="fine" aria-hidden="true">✓</span> On record and on its way: {n} to '
                '{name}. <a class="go" href="{href}" data-focus="follow">Follow →</a></p>',
                n=fmt.plural(told.planned, "request"),
                name=told.endpoint,
                href=batch_link(told.id),
            ),
            key="submitted-told",
        )
