"""From and to, typed or picked, and the way back: beside the range picker."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import streamlit as st

from components import format as fmt
from components import session, zoom
from components.scope import Range, Zone
from ops.core.errors import BadInput
from ops.core.types import Window

STEP = timedelta(minutes=5)
"""Of the list of times; any minute can be typed."""
FIELD_PX = 250
"""A little wider than the calendar, so that it covers nothing beside the fields."""


def pick(shown: Range, zone: Zone) -> None:
    """A field for each end, in the zone of the page; while a part of one's own is on show, a way back."""
    which = f"{shown.view}|{zone.key}"
    ends = _ends(shown, zone, which)
    if ends is not None:
        with st.popover("from – to", key=f"custom-{which}"):
            _fields(which, ends, zone)
    if shown.part.window is not None:
        st.button(
            f"{shown.words(zone)} · back to {shown.key} ✕",
            key="back",
            on_click=zoom.clear,
            help="Shows the range that ends now; so does a double click on a chart",
        )


def _fields(which: str, ends: tuple[datetime, datetime], zone: Zone) -> None:
    """Beside the fields stand the button and what is wrong: above or below, the open calendar would hide them."""
    with st.container(horizontal=True, key="custom-fields"):
        fields, beside = st.container(width=FIELD_PX), st.container(width=FIELD_PX - 70)
    with fields:
        typed = [
            st.datetime_input(word, value=value, key=f"{name}-{which}", step=STEP, format="YYYY-MM-DD")
            for name, word, value in (("from", "From", ends[0]), ("to", "To", ends[1]))
        ]
    with beside:
        st.caption(f"Times in {fmt.zone_name(zone.info, ends[1].replace(tzinfo=zone.info))}")
        st.button("Show", key=f"show-{which}", on_click=_typed, args=(which, zone), type="primary")
        try:
            _window(typed, zone)
        except BadInput as error:
            st.warning(f"{error.what} {error.hint}", icon=":material/date_range:")


def _ends(shown: Range, zone: Zone, which: str) -> tuple[datetime, datetime] | None:
    """What the fields start with. It stays while the page refreshes: another value would be another field."""
    kept = st.session_state.get(session.TYPED)
    if kept is None or kept[0] != which:
        now, window = session.now(), shown.part.window
        if now is None and window is None:
            return None
        start, end = (window.start, window.end) if window else (now - shown.span, now)
        walls = tuple(
            at.astimezone(zone.info).replace(tzinfo=None, second=0, microsecond=0) for at in (start, end)
        )
        kept = st.session_state[session.TYPED] = (which, walls)
    return kept[1]


def _typed(which: str, zone: Zone) -> None:
    """Show what was typed; what is wrong with it stands above the fields already."""
    with suppress(BadInput):
        zoom.show(_window([st.session_state.get(f"{name}-{which}") for name in ("from", "to")], zone))


def _window(typed: Sequence[datetime | None], zone: Zone) -> Window:
    first, last = typed
    if first is None or last is None:
        raise BadInput("One end is missing.", "Give both.")
    start, end = (at.replace(tzinfo=zone.info).astimezone(UTC) for at in (first, last))
    return zoom.between(start, end)
