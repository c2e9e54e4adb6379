"""A figure is made once for all who look at the same thing in the same view."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

DRAWN: list[str] = []


def page() -> None:
    import plotly.graph_objects as go
    import streamlit as st

    from components.live_plot import live_plot
    from tests.components.test_live_plot import DRAWN

    def draw() -> tuple[go.Figure, str]:
        DRAWN.append(st.session_state.zone)
        return go.Figure(layout={"height": 100, "title": st.session_state.zone}), "words"

    live_plot(draw, of=st.session_state.thing, key="plot", view=f"doc|3h|{st.session_state.zone}")


def look(thing: object, zone: str) -> str:
    at = AppTest.from_function(page)
    at.session_state["thing"] = thing
    at.session_state["zone"] = zone
    at.run()
    assert not at.exception
    return str(at.get("bidi_component")[0].proto)


def test_two_viewers_of_one_thing_share_the_figure_and_two_zones_do_not() -> None:
    DRAWN.clear()
    first, second = object(), object()
    for thing, zone in ((first, "UTC"), (first, "UTC"), (first, "Asia/Tokyo"), (second, "UTC")):
        assert zone in look(thing, zone)
    assert DRAWN == ["UTC", "Asia/Tokyo", "UTC"]
