"""Live panels: they refresh by themselves, keep going after an error, and say how old what they show is.

When to ask is decided in the browser (live.js): at the rate picked there, not in a hidden tab, and one question
at a time for each panel. A question reruns the panel's own fragment and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from components import access, notices

RATES: tuple[tuple[int, str], ...] = ((0, "⏸ off"), (5, "↻ 5 s"), (15, "↻ 15 s"), (60, "↻ 60 s"))
"""Seconds between two refreshes, and the word in the picker; 0 freezes what is on show."""

_FILES = Path(__file__).parent
_component = st.components.v2.component(
    "ebb_live",
    js=(_FILES / "live.js").read_text(encoding="utf-8"),
    css=(_FILES / "live.css").read_text(encoding="utf-8"),
    html="<div class='live'></div>\n",
)


def pick_rate(preset: int) -> None:
    """How often the panels refresh, `preset` until this browser chooses. The server is never told."""
    _component(
        key="rate",
        data={"kind": "rate", "choices": [list(rate) for rate in RATES], "preset": preset},
        width=96,
    )


def pick_place(names: Sequence[str], here: str) -> None:
    """The account and region of the page, to be changed for another page from the ground up."""
    _component(key="place", data={"kind": "places", "places": list(names), "here": here}, width=200)


def live_panel(
    body: Callable[[], None],
    *,
    key: str,
    part: str = "",
    at_least: float | Callable[[], float] = 0.0,
) -> None:
    """Run `body` now and again at the rate of the browser, but not more often than each `at_least` seconds.

    An OpsError is drawn in place, with the words `part` for what is missing; the refreshes go on.
    """

    @st.fragment(key=key)
    def panel() -> None:
        if access.current_user() is None:
            st.rerun()  # the sign-in has ended since the page was drawn: the frame says so
        clock = st.container(key=f"clock-{key}")
        try:
            with notices.guard(part):
                body()
        except Exception:
            _answer(clock, key, at_least)
            raise
        _answer(clock, key, at_least)

    panel()


def _answer(
    clock: st.delta_generator.DeltaGenerator, key: str, at_least: float | Callable[[], float]
) -> None:
    """Tell the browser that this question is answered, so that it may ask the next."""
    least = at_least() if callable(at_least) else at_least
    with clock:
        _component(
            key=f"tick-{key}",
            data={"kind": "panel", "panel": key, "token": secrets.token_hex(4), "at_least": least},
            on_tick_change=_nothing,
        )


def _nothing() -> None:
    """The trigger only reruns the fragment."""
