"""The endpoints that exist: what belongs to each, and attaching, detaching, moving and deleting, each as a plan."""

from __future__ import annotations

import streamlit as st

from components import access, change_panel, life_forms, life_words, notices, unread
from components import format as fmt
from components.access import User
from components.life_door import PAGE, inventories, inventory
from components.markup import html
from components.markup import show as draw
from ops.core.errors import OpsError
from ops.core.inventory import Inventory
from ops.core.types import Problem

MANY = 8
"""From so many endpoints on there is a field to find one."""
_FIND, _SHOWN = "life-find", "life-shown"
PIECE = 20
"""Endpoints that are listed at first, and with each press of the button for more."""


def show(user: User | None) -> None:
    """Draw the section. Whoever may not change anything sees the same, and can copy every plan."""
    draw(html("<h2>Existing endpoints</h2>"), key="life-head")
    with notices.guard("the existing endpoints"):
        with st.spinner("Reading what there is …"):
            told = inventories()
        if told.error is not None:
            older = Problem(unread.OLDER, told.error.what, told.error.hint, retryable=told.error.retryable)
            notices.problems([older], fmt.plural(round(told.age_s), "second") + " ago")
        found = _wanted(told.value)
        if not told.value:
            said = "There is no endpoint here yet, and nothing is left of one."
            draw(html('<p class="muted">{said}</p>', said=said), key="life-none")
            return
        if not access.may(user, "admin"):
            said = "You may look: each plan can be reviewed and its commands copied. Applying one needs the role admin."
            draw(html('<p class="muted small">{said}</p>', said=said), key="life-role")
        shown = int(st.session_state.get(_SHOWN, PIECE))
        for each in found[:shown]:
            _one(each)
        if len(found) > shown:
            st.button(f"Show {min(PIECE, len(found) - shown)} more", key="life-more", on_click=_more)


def _more() -> None:
    st.session_state[_SHOWN] = int(st.session_state.get(_SHOWN, PIECE)) + PIECE


def _wanted(found: tuple[Inventory, ...]) -> tuple[Inventory, ...]:
    """Those whose name holds what was typed; what is left of others first."""
    ordered = tuple(sorted(found, key=lambda each: (each.endpoint is not None, each.ref.name)))
    if len(found) < MANY:
        return ordered
    typed = st.text_input("Find an endpoint", key=_FIND, placeholder="part of its name").strip().lower()
    matching = tuple(each for each in ordered if typed in each.ref.name.lower())
    if not matching:
        said = f"No endpoint has {typed!r} in its name."
        draw(html('<p class="muted">{said}</p>', said=said), key="life-no-match")
    return matching


def _one(listed: Inventory) -> None:
    name = listed.ref.name
    label = notices.plain(life_words.label(listed))
    panel = st.expander(label, key=f"life-{name}", on_change="rerun")
    if not panel.open:
        return
    with panel:
        try:
            found = inventory(name).value
        except OpsError as error:
            notices.show(error, f"what belongs to {name}")
            return
        notices.problems(found.problems)
        _buttons(found)
        draw(life_words.parts(found), key=f"life-parts-{name}")


def _buttons(found: Inventory) -> None:
    name = found.ref.name
    if found.endpoint is None:
        _delete(found, f"Delete what is left of {name}…")
        return
    ways = ["Delete"]
    if found.asynchronous is not None:
        ways = ["Attach", *(["Detach"] if found.setup.target is not None else []), *ways]
    elif not found.problems or found.setup.resources:
        ways = ["Move", *ways]
    way = st.segmented_control("What to do with it", ways, key=f"life-way-{name}")
    if way == "Attach":
        life_forms.attach(found)
    elif way == "Detach":
        said = (
            "Its policies, scheduled actions and bounds go; it goes on serving with the instances that it has, day and "
            "night. One that sleeps is woken first."
        )
        draw(html("<p>{said}</p>", said=said), key=f"life-detach-{name}")
        change_panel.review(
            "Review detaching…",
            lambda console: console.plan_detach(name),
            page=PAGE,
            key=f"life-detach-{name}",
        )
    elif way == "Move":
        life_forms.move(found)
    elif way == "Delete":
        _delete(found, "Review the deletion…")


def _delete(found: Inventory, word: str) -> None:
    name = found.ref.name
    too = st.checkbox(
        "Delete its models, too, where no other configuration names them",
        key=f"life-model-{name}",
        help="A model that another configuration names stays whatever is chosen. Inference components are not looked "
        "at: one that uses a model would lose it.",
    )
    change_panel.review(
        word,
        lambda console: console.plan_delete(name, with_model=too),
        page=PAGE,
        key=f"life-delete-{name}",
    )
