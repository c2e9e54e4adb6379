"""What the search of the Planner page may change: fields that fold out, in the link as they are typed."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from components import notices, planner_door
from components.markup import Html, html, joined, show
from ops.core import search_ranges
from ops.core.errors import BadInput
from ops.core.search_ranges import Ranges
from ops.core.views_planner import SEEDS

MOST_TYPED = 60
"""Characters of a range."""
_EVERY = "in every expansion"
_FIELDS = (
    ("min", "Minimum", "0-2", "Instances that stay, such as 0 or 0-2"),
    ("max", "Maximum", "1-8", "Such as 1-8, or 2, 4, 8 for these alone"),
    ("target", "Target for each instance", "0.5, 1, 2, 5", "none: no target tracking"),
    ("out", "Cooldown out (s)", "60, 300", "Seconds"),
    ("in", "Cooldown in (s)", "60-600", "Seconds"),
)
_WORDS: Mapping[str, Mapping[str, str]] = {
    "wake": {"": "around today's", "yes": "with one", "no": "without", "either": "either"},
    "warm": {"": "either", "yes": "with some", "no": "without"},
}
_SHARES: Mapping[float, str] = {1.0: _EVERY, 0.8: f"in {round(0.8 * len(SEEDS))} of {len(SEEDS)}"}


def asked() -> dict[str, str]:
    """By the keys of the link: what it says of each part; empty: nothing."""
    return {key: (st.query_params.get(key) or "")[:MOST_TYPED] for key in search_ranges.KEYS}


def read() -> tuple[Ranges | None, list[tuple[str, BadInput]]]:
    """What the link says, and what of it makes no sense, each with the key of its field."""
    typed, wrong = asked(), list[tuple[str, BadInput]]()
    for key, text in typed.items():
        try:
            search_ranges.ranges({key: text})
        except BadInput as error:
            wrong.append((key, error))
    if wrong:
        return None, wrong
    try:
        return search_ranges.ranges(typed), []
    except BadInput as error:
        return None, [("max", error)]


def fields(typed: str) -> None:
    """To be drawn in the form of the question. `typed`: before the keys of what is typed so far."""
    space, wrong = read()
    with st.expander(
        summary(space),
        key="planner-ranges",
        icon=":material/tune:",
        expanded=bool(wrong),
    ):
        show(
            html(
                '<p class="muted small">The search stays inside: 1-8 is a range, 0.5, 1, 2, 5 are these alone. What is '
                "empty is chosen around today's policy and the traffic. Today's policy and those made by hand are "
                "replayed in any case.</p>"
            ),
            key="planner-ranges-says",
        )
        with st.container(horizontal=True, key="planner-ranges-numbers"):
            for key, label, example, told in _FIELDS:
                st.text_input(
                    label,
                    key=typed + key,
                    placeholder=example,
                    help=told,
                    max_chars=MOST_TYPED,
                    width=190 if key == "target" else 150,
                    autocomplete="off",
                )
        with st.container(horizontal=True, key="planner-ranges-choices"):
            for key, label in (("wake", "Wake policy"), ("warm", "Warm windows")):
                words = _WORDS[key]
                st.selectbox(label, list(words), key=typed + key, format_func=words.__getitem__, width=230)
            st.selectbox(
                "The promise has to be kept",
                list(_SHARES),
                key=typed + planner_door.SURE,
                format_func=_SHARES.__getitem__,
                width=230,
                help=f"The traffic is replayed {len(SEEDS)} times, its requests elsewhere in their minute each time.",
            )


def summary(space: Ranges | None) -> str:
    """Of the fold: what is said already."""
    said = [f"{key} {text}" for key, text in asked().items() if text] if space is not None else []
    share = sure(st.query_params.get(planner_door.SURE) or "1")
    said += [] if share in (None, 1.0) else [f"kept {_SHARES[share]}"]
    return notices.plain(f"What may change: {', '.join(said)}" if said else "What may change")


def refused() -> bool:
    """Says what of the link makes no sense; whether there is any."""
    _, wrong = read()
    if wrong:
        body = html('<ul class="plain" role="alert">{items}</ul>', items=joined(_line(e) for _, e in wrong))
        show(body, key="planner-ranges-refused")
    return bool(wrong)


def _line(error: BadInput) -> Html:
    return html(
        '<li><span class="stuck"><span aria-hidden="true">▲</span> {what}</span> {hint}</li>',
        what=error.what,
        hint=error.hint,
    )


def choices(key: str, text: str) -> str:
    """What a picker shows for what the link says: nothing where that is not offered."""
    return text.lower() if text.lower() in _WORDS[key] else ""


def sure(text: str) -> float | None:
    """The share that a link asks for; None where it is not offered."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if found in _SHARES else None
