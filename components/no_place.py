"""What stands in place of a page whose link is of an account and region that this console does not read."""

from __future__ import annotations

import streamlit as st

from components import notices, place, readers
from components.readers import PLACE


def page() -> None:
    """In place of a page: its link is of a place that is not there. Nothing of another one is shown instead."""
    asked = str(st.query_params.get(PLACE) or "")[:80]
    if place.several():
        said = f"There is no place named {asked!r} in this console. There are {', '.join(readers.places())}."
    else:
        said = f"This link is of the place {asked!r}, and this console reads one account and region alone."
    st.error(notices.plain(said), icon=":material/wrong_location:")
    if st.button(f"Go to {readers.first()}" if place.several() else "Go on without it", key="place-instead"):
        st.query_params.from_dict({PLACE: readers.first()} if place.several() else {})
        st.rerun()
