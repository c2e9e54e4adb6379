"""From and to, typed or picked, and the way back: beside the range picker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st

from components import format as fmt
from components import session, zoom
from components.scope import Range, Zone
from ops.core.errors import BadInput

STEP = timedelta(minutes=5)
"""Of the list of times; any minute can be typed."""


def pick(shown: Range, zone: Zone) -> None:
    """A field for each end, in the zone of the page; while a part of one's own is on show, a way back."""
    which = f"{shown.view}|{zone.key}"
    ends = _ends(shown, zone, which)
    if ends is not None:
        with st.popover("from – to", key=f"custom-{which}", help="Choose both ends of the range"):
            _form(which, ends, zone)
    if shown.part.window is not None:
        st.button(
            f"{shown.words(zone)} · back to {shown.key} ✕",
            key="back",
            on_click=zoom.clear,
            help="Shows the range that ends now; so does a double click on a chart",
        )


def _form(which: str, ends: tuple[datetime, datetime], zone: Zone) -> None:
    with st.form(f"custom-form-{which}", border=False):
        st.caption(f"Times in {fmt.zone_name(zone.info, ends[1].replace(tzinfo=zone.info))}")
        for name, word, value in (("from", "From", ends[0]), ("to", "To", ends[1])):
            st.datetime_input(word, value, key=f"{name}-{which}", step=STEP, format="YYYY-MM-DD")
        st.form_submit_button("Show", on_click=_typed, args=(which, zone), type="primary")
        error = st.session_state.get(session.TYPED_ERROR)
        if error is not None and error[0] == which:
            st.warning(error[1], icon=":material/date_range:")


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
    """Show what was typed, or keep why not."""
    first, last = (st.session_state.get(f"{name}-{which}") for name in ("from", "to"))
    try:
        if first is None or last is None:
            raise BadInput("One end is missing.", "Give both.")
        start, end = (at.replace(tzinfo=zone.info).astimezone(UTC) for at in (first, last))
        zoom.show(zoom.between(start, end))
        st.session_state[session.TYPED_ERROR] = None
    except BadInput as error:
        st.session_state[session.TYPED_ERROR] = (which, f"{error.what} {error.hint}")
