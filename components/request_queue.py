"""How Ebb learns of the ends of requests: through a queue of its own behind the endpoint's topics, or by looking."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from components import access, notices, request_door
from components import format as fmt
from components.markup import html, show
from ops.core.change import Actor
from ops.core.errors import OpsError
from ops.core.views_requests import QueueStatus

_TOLD, _SURE = "queue-said", "queue-sure"
LOOKING = (
    "Ebb looks into S3 for the result and for the failure object of each open request, seconds apart at first and "
    "half a minute apart later, until its time in the queue and its time on an instance have passed."
)
WHAT_IT_DOES = (
    "Ebb makes an SQS queue, lets the endpoint's topics alone send to it, and subscribes it to them. It hears of "
    "every result of this endpoint then, also of requests that others sent; those are thrown away. "
    "Messages stay in it for four days at most."
)
COSTS = (
    "AWS counts each look into the queue as a request: the first million a month of an account is free, "
    "more cost about $0.40 per million at list price, an estimate. The endpoint is not changed."
)


def panel(name: str) -> None:
    """How results of this endpoint are found, and a queue to make or to remove."""
    show(
        html(
            '<div class="stack"><h2>How Ebb follows</h2><p>AWS tells of a request only at its end: by an object in '
            "S3, and by a message where the endpoint has topics for success and error.</p><p>{looking}</p></div>",
            looking=LOOKING,
        ),
        key="follow-words",
    )
    if not name:
        st.caption("Choose an endpoint above to see whether it has topics, and whether Ebb listens to them.")
        return
    with notices.guard("Ebb's own queue"):
        _queue(request_door.queue_status(name).value)


def _queue(status: QueueStatus) -> None:
    mark, tone = ("✓", "fine") if status.exists and status.subscribed else ("·", "muted")
    waiting = "" if status.waiting is None else f" About {fmt.plural(status.waiting, 'message')} in it now."
    show(
        html(
            '<div class="stack"><p class="lead"><span class="{tone}" aria-hidden="true">{mark}</span> {said}{waiting}'
            '</p><p class="small muted">{topics}</p></div>',
            tone=tone,
            mark=mark,
            said=status.sentence,
            waiting=waiting,
            topics=f"Topics of {status.endpoint}: {', '.join(status.topics) or 'none'}. "
            f"The queue's name: {status.name}.",
        ),
        key="queue-words",
    )
    told = st.session_state.pop(f"{_TOLD}-{status.endpoint}", None)
    if isinstance(told, OpsError):
        notices.show(told)
    elif told:
        said = html('<p role="status"><span class="fine" aria-hidden="true">✓</span> {t}</p>', t=told)
        show(said, key="queue-told")
    why = request_door.why_read_only()
    if why:
        st.info(f"Nothing can be changed here: {notices_text(why)}.", icon=":material/visibility:")
        return
    if not access.may(access.current_user(), "operator"):
        st.caption("Making and removing the queue needs the role operator.")
        return
    if not status.topics and not status.exists:
        return
    with st.container(border=True, key="queue-change"):
        if not status.exists or len(status.subscribed) < len(status.topics):
            st.markdown(f"{WHAT_IT_DOES}  \n{COSTS.replace('$', chr(92) + '$')}")
            _button("Create the queue", _create, status.endpoint)
        if status.exists:
            st.markdown(
                f"Removing unsubscribes and deletes `{status.name}` with the messages in it. "
                "Requests are followed by looking into S3 after that."
            )
            _button("Remove the queue", _remove, status.endpoint)


def notices_text(text: str) -> str:
    """Markdown has no say in it."""
    return f"`{text.replace('`', chr(39))}`"


def _button(label: str, work: Callable[[str, Actor], str], endpoint: str) -> None:
    """A box to tick, and the button that does it."""
    sure = st.checkbox(f"Yes, {label[0].lower()}{label[1:]} of {endpoint}", key=f"{_SURE}-{label}-{endpoint}")
    st.button(
        label, key=f"queue-{label}-{endpoint}", on_click=_do, args=(work, endpoint, label), disabled=not sure
    )


def _do(work: Callable[[str, Actor], str], endpoint: str, label: str) -> None:
    st.session_state[f"{_SURE}-{label}-{endpoint}"] = False
    try:
        st.session_state[f"{_TOLD}-{endpoint}"] = work(endpoint, access.actor())
    except OpsError as error:
        st.session_state[f"{_TOLD}-{endpoint}"] = error


def _create(endpoint: str, actor: Actor) -> str:
    request_door.make_queue(endpoint, actor)
    return f"The queue is there and hears the topics of {endpoint}."


def _remove(endpoint: str, actor: Actor) -> str:
    request_door.remove_queue(endpoint, actor)
    return f"The queue of {endpoint} is gone."
