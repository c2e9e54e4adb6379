"""Good or poor fit, said before anything is deployed: what the viewer knows, or what was measured, and the verdict."""

from __future__ import annotations

import math

import streamlit as st

from components import deploy_door, deploy_words, notices, session
from components.deploy_fields import BEFORE
from components.markup import html, show
from ops.core import deploy_fit
from ops.core.deploy_fit import DAY_H, Load, Machine
from ops.core.errors import BadInput, OpsError

_FIELDS = (
    ("payload", "Largest payload (MB)", "not known", 160),
    ("takes", "Takes (s)", "not known", 130),
    ("waits", "Callers wait at most (min)", "not known", 200),
    ("requests", "Requests a day", "not known", 150),
    ("hours", "in so many hours of it", "24", 170),
)
LIKE = f"{BEFORE}like"


def section(machine: Machine | None) -> None:
    """The fields, the verdict, and real-time beside async with these numbers."""
    show(html("<h2>6 · Does it fit?</h2>"), key="deploy-h-fit")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _like()
        for name, label, blank, width in _FIELDS:
            st.text_input(
                label,
                key=BEFORE + name,
                placeholder=blank,
                width=width,
                max_chars=20,
                autocomplete="off",
                bind="query-params",
                persist_state="session",
            )
    load, wrong = _typed()
    for name, error in wrong:
        show(deploy_words.fault(error), key=f"fit-fault-{name}")
    show(deploy_words.fit(deploy_fit.judge(load, machine or Machine())), key="deploy-fit")


def _like() -> None:
    names = list(session.names())
    asked = st.query_params.get(LIKE) or st.session_state.get(LIKE)
    if asked and asked not in names:
        names.append(asked)
    st.selectbox(
        "Measured on",
        names,
        index=None,
        key=LIKE,
        placeholder="an endpoint that exists",
        width=230,
        bind="query-params",
        persist_state="session",
        help="Takes the measured numbers of an endpoint; what is typed beside it counts instead.",
    )


def _typed() -> tuple[Load, list[tuple[str, BadInput]]]:
    """What is known: the measured numbers, with what is typed in their place."""
    wrong = list[tuple[str, BadInput]]()
    found = {name: _number(name, label, wrong) for name, label, _, _ in _FIELDS}
    hours = found["hours"]
    try:
        deploy_fit.check(Load(hours=DAY_H if hours is None else hours))
    except BadInput as error:
        wrong.append(("hours", error))
        hours = None
    waits = found["waits"]
    typed = Load(
        found["payload"],
        found["takes"],
        None,
        None if waits is None else waits * 60,
        found["requests"],
        DAY_H if hours is None else hours,
    )
    return deploy_fit.with_typed(_measured(), typed), wrong


def longest_start_s() -> float | None:
    """The upper end of the starts that were measured, where an endpoint is chosen to be like; else None."""
    name = st.session_state.get(LIKE)
    try:
        return deploy_door.load(str(name)).longest_start_s if name else None
    except OpsError:
        return None  # the section says what is wrong


def _measured() -> Load:
    name = st.session_state.get(LIKE)
    if not name:
        return Load()
    try:
        return deploy_door.load(str(name))
    except OpsError as error:
        notices.show(error, f"the numbers of {name}")
        return Load()


def _number(name: str, label: str, wrong: list[tuple[str, BadInput]]) -> float | None:
    text = str(st.session_state.get(BEFORE + name) or "").strip().replace(",", "")
    if not text:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if 0 <= found <= deploy_fit.MOST:
        return found
    said = f"“{label}” cannot be {text}." if math.isfinite(found) else f"“{label}” is no number: {text!r}."
    hint = f"Give a number from 0 to {deploy_fit.MOST:,}, or leave it blank."
    wrong.append((name, BadInput(said, hint)))
    return None
