"""A part of time of one's own: from a drag on a chart, typed in, or from a link; always in the URL as from and to.

The session holds what is on show, so that a refresh that was sent before the URL changed cannot undo it; each
run of the whole page reads the URL again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import streamlit as st

from components import session
from ops.core.errors import BadInput
from ops.core.types import Window
from ops.core.window import choose

LEAST = timedelta(minutes=5)
"""The shortest part shown: a drag of a few pixels on a long range still gives a chart."""
_WRITTEN = "%Y-%m-%dT%H:%MZ"
_EXAMPLE = "from=2026-11-22T14:00Z&to=2026-11-22T14:40Z"


@dataclass(frozen=True, slots=True)
class Zoom:
    """The part on show, or None; `refused` says why a link's own part is not shown."""

    window: Window | None = None
    refused: BadInput | None = None


NO_ZOOM = Zoom()


def read() -> Zoom:
    """What the URL asks for, kept for the refreshes until the next run of the whole page.

    What cannot be shown leaves the URL, and stays said until something else is picked or another page is open.
    """
    kept = shown()
    texts = [str(st.query_params.get(key, "")) for key in (session.FROM, session.TO)]
    found = Zoom(refused=kept.refused)
    if any(texts):
        try:
            found = Zoom(_checked(*(_parsed(text) for text in texts)))
        except BadInput as error:
            found = Zoom(refused=error)
            st.query_params.update({session.FROM: [], session.TO: []})
    st.session_state[session.ZOOM] = found
    return found


def shown() -> Zoom:
    """What the last read() or show() said."""
    kept = st.session_state.get(session.ZOOM)
    return kept if isinstance(kept, Zoom) else Zoom()


def show(window: Window) -> None:
    """Show `window` and put it into the URL: one entry in the browser's history."""
    st.session_state[session.ZOOM] = Zoom(window)
    st.query_params.update(_query(window))


def query(first: datetime, last: datetime) -> dict[str, str]:
    """What a link says that shows the whole minutes around two moments, at least LEAST long."""
    return _query(_minutes(min(first, last - LEAST), last))


def _query(window: Window) -> dict[str, str]:
    return {session.FROM: f"{window.start:{_WRITTEN}}", session.TO: f"{window.end:{_WRITTEN}}"}


def clear() -> None:
    """Back to the range of the picker."""
    st.session_state[session.ZOOM] = Zoom()
    if session.FROM in st.query_params or session.TO in st.query_params:
        st.query_params.update({session.FROM: [], session.TO: []})  # one message; two deletions would be two


def between(first: datetime, last: datetime) -> Window:
    """The whole minutes around two moments. BadInput when AWS cannot have them, or in the wrong order."""
    return _checked(first, last)


def of_wall(first_ms: float, last_ms: float, zone: tzinfo) -> Window:
    """The same from the wall-clock milliseconds of a chart (charts.grid.wall_ms), at least LEAST long."""
    start, end = (_at(ms, zone) for ms in (first_ms, last_ms))
    if end - start < LEAST:
        middle = start + (end - start) / 2
        start, end = middle - LEAST / 2, middle + LEAST / 2
    return _minutes(start, end)


def _at(wall_ms: float, zone: tzinfo) -> datetime:
    wall = datetime.fromtimestamp(wall_ms / 1000.0, UTC).replace(tzinfo=zone)
    return wall.astimezone(UTC)


def _parsed(text: str) -> datetime:
    """A moment as ISO 8601; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        said = f"“{text[:40]}” is not a time" if text else "Only one end of the range is given"
        raise BadInput(f"{said}.", f"Both ends are written like {_EXAMPLE}.") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _minutes(first: datetime, last: datetime) -> Window:
    start = first.astimezone(UTC).replace(second=0, microsecond=0)
    end = last.astimezone(UTC)
    whole = end.replace(second=0, microsecond=0)
    return Window(start, whole if whole == end else whole + timedelta(minutes=1))


def _checked(first: datetime, last: datetime) -> Window:
    try:
        window = _minutes(first, last)
    except OverflowError:
        raise BadInput("The range is outside of the calendar.", "Choose times before now.") from None
    now = session.now()
    if now is not None:
        choose(window, now)
    return window
