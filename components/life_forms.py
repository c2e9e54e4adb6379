"""What has to be typed before an endpoint is given scale-to-zero, or is moved to an asynchronous one."""

from __future__ import annotations

import mimetypes

import streamlit as st

from components import access, change_panel, life_words, notices
from components.life_door import PAGE, test_move
from components.life_door import move as asked_move
from components.markup import html, show
from ops.core.attaching import Attachment
from ops.core.errors import OpsError
from ops.core.inventory import Inventory
from ops.core.moving import Move, Standing, Step

MOST_MB = 50
"""A test payload through the browser; a larger one goes by `python -m ops move --test-payload`."""


def attach(found: Inventory) -> None:
    """The most instances, whom alarms tell, and whether what contradicts is mended."""
    name, target = found.ref.name, found.setup.target
    with st.container(horizontal=True, vertical_alignment="bottom"):
        high = st.number_input(
            "Most instances",
            min_value=1,
            max_value=10_000,
            value=target.bounds.max if target is not None and target.bounds.max else 2,
            key=f"life-high-{name}",
            help="The fewest are 0. Bounds that exist stay as they are.",
        )
        topic = st.text_input(
            "SNS topic for alarms (optional)",
            key=f"life-topic-{name}",
            placeholder="arn:aws:sns:…",
            help="With a topic, the alarms worth having are put, too.",
        )
    mend = st.checkbox(
        "Mend what contradicts it, too, as the doctor would",
        key=f"life-mend-{name}",
        help="Without it, what exists stays, and what works against sleeping and waking is only named.",
    )
    change_panel.review(
        "Review attaching…",
        lambda console: console.plan_attach(name, Attachment(int(high), topic=topic.strip()), mend=mend),
        page=PAGE,
        key=f"life-attach-{name}",
    )


def move(found: Inventory) -> None:
    """How far the move is, and the form of its next step."""
    name = found.ref.name
    to = st.text_input(
        "Name of the new endpoint",
        key=f"life-to-{name}",
        placeholder=f"{name}-async",
        help="The old one keeps its name and stays until the new one has answered.",
    ).strip()
    try:
        at = asked_move(name, to).value
    except OpsError as error:
        notices.show(error)
        return
    show(life_words.steps(at), key=f"life-steps-{name}")
    if at.waits:
        st.button("Look again", key=f"life-again-{name}")
    elif at.next is Step.CREATE:
        _create(at)
    elif at.next is Step.TEST:
        _test(at)
    elif at.next in (Step.ATTACH, Step.DELETE):
        _on(at)


def _create(at: Standing) -> None:
    name = at.name
    output = st.text_input(
        "S3 path for results", key=f"life-output-{name}", placeholder="s3://bucket/results/"
    )
    failures = st.text_input(
        "S3 path for failures (optional)", key=f"life-failures-{name}", placeholder="s3://bucket/failed/"
    )
    with st.container(horizontal=True):
        success = st.text_input(
            "Topic for results (optional)", key=f"life-success-{name}", placeholder="arn:aws:sns:…"
        )
        error = st.text_input(
            "Topic for failures (optional)", key=f"life-error-{name}", placeholder="arn:aws:sns:…"
        )
    wish = Move(
        name, at.to, output.strip(), failures.strip(), success.strip(), error.strip(), high=_most(name)
    )
    change_panel.review(
        "Review the new endpoint…",
        lambda console: console.plan_move(wish),
        page=PAGE,
        key=f"life-move-{name}",
        primary=True,
    )


def _most(name: str) -> int:
    high = st.number_input(
        "Most instances of the new one", min_value=1, max_value=10_000, value=2, key=f"life-most-{name}"
    )
    return int(high)


def _test(at: Standing) -> None:
    name, refused = at.name, f"refused-life-test-{at.name}"
    given = st.file_uploader(
        "A payload that the old endpoint answers well",
        key=f"life-payload-{name}",
        max_upload_size=MOST_MB,
    )
    guessed = mimetypes.guess_type(given.name)[0] if given is not None else None
    kind = st.text_input(
        "Content type", value=guessed or "application/json", key=f"life-kind-{name}-{guessed}"
    )
    may = access.may(access.current_user(), "operator")
    off = given is None or not may
    said = None if may else "It needs the role operator."
    if st.button("Send it to the new endpoint", key=f"life-send-{name}", disabled=off, help=said) and given:
        st.session_state.pop(refused, None)
        try:
            test_move(name, at.to, given.name, given.getvalue(), kind.strip())
        except OpsError as error:
            st.session_state[refused] = error
        else:
            st.rerun()
    failed = st.session_state.get(refused)
    if isinstance(failed, OpsError):
        notices.show(failed)


def _on(at: Standing) -> None:
    name = at.name
    if at.next is Step.DELETE:
        said = f"{at.to} has answered and sleeps and wakes. The old endpoint can go when its callers have changed."
        show(html("<p>{said}</p>", said=said), key=f"life-ready-{name}")
    high = _most(name) if at.next is Step.ATTACH else 1
    word = "Review its scaling…" if at.next is Step.ATTACH else f"Review deleting {name}…"
    change_panel.review(
        notices.plain(word),
        lambda console: console.plan_move_on(name, at.to, high=high),
        page=PAGE,
        key=f"life-on-{name}-{at.next.value}",
        primary=True,
    )
