"""Live panels: they refresh by themselves, keep going after an error, and say how old what they show is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import streamlit as st

from components import notices, session

RATES: Mapping[str, float | None] = MappingProxyType({"5 s": 5.0, "15 s": 15.0, "60 s": 60.0, "paused": None})


def pick_rate(default: str) -> None:
    """How often the panels refresh; "paused" freezes what is on show."""
    st.selectbox(
        "Refresh",
        list(RATES),
        index=list(RATES).index(default),
        format_func=lambda r: f"⏸ {r}" if RATES[r] is None else f"↻ {r}",
        key=session.RATE,
        required=True,
        label_visibility="collapsed",
        persist_state="session",
        width=115,
        help="How often the page refreshes by itself",
    )


def every() -> float | None:
    """Seconds between two refreshes, None while paused."""
    return RATES.get(st.session_state.get(session.RATE, "15 s"), 15.0)


def live_panel(body: Callable[[], None], *, key: str, part: str = "", at_least: float = 0.0) -> None:
    """Run `body` now and again at the chosen rate, but not more often than each `at_least` seconds.

    An OpsError is drawn in place; the timer goes on.
    """
    rate = every()

    @st.fragment(run_every=None if rate is None else max(rate, at_least), key=key)
    def panel() -> None:
        with notices.guard(part):
            body()

    panel()
