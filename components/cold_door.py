"""What is asked about cold starts, through the door of session.py, and the names of what its session and URL keep."""

from __future__ import annotations

from datetime import timedelta

from components import session
from ops.core.errors import OpsError
from ops.core.views_cold import ColdStartsView, WakingView

BACK = "back"
"""URL and session: how far back cold starts are shown, a key of cold_controls.SPANS."""
COLD_ROWS = "cold-rows"
"""Session: how many cold starts are listed at most."""
COLD_S, WAKING_S = 10.0, 5.0
"""So long what is kept of cold starts, and how far a wake is, serve everybody who asks the same."""


def cold_starts(name: str | None, span: timedelta | None) -> session.Told[ColdStartsView]:
    """The cold starts that are kept of one endpoint or all (None), in a span or ever (None). Raises OpsError."""
    of = None if name is None else (name,)
    return session.source().recall(
        ("cold-starts", name, span), lambda console: console.cold_starts(of, span), COLD_S
    )


def waking(name: str) -> WakingView | None:
    """How far a wake of an endpoint is, and what its past lets expect; None while nobody can say."""
    try:
        return session.source().recall(("waking", name), lambda console: console.waking(name), WAKING_S).value
    except OpsError:
        return None
