"""A picker tied to the URL by hand begins with what it shows, and is a new one when it has to show something else."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page() -> None:
    import streamlit as st

    from components import tied

    offered = ("red", "green", "blue")

    def chosen() -> None:
        picked = tied.picked("colour")
        st.session_state.told = [*st.session_state.get("told", []), picked.value if picked else None]
        if picked is not None:
            st.query_params["colour"] = str(picked.value)

    asked = st.query_params.get("colour") or "red"
    key = tied.key("colour", asked)
    st.selectbox("Colour", offered, index=offered.index(asked), key=key, on_change=chosen)
    st.write(f"{key} shows {tied.shown('colour')}")


def opened(colour: str) -> AppTest:
    app = AppTest.from_function(page)
    app.query_params["colour"] = colour
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    assert not app.warning
    return app


def test_each_message_of_the_picker_says_what_it_shows_by_itself() -> None:
    app = opened("blue")
    for _ in range(3):
        box = app.selectbox[0]
        assert (box.value, box.proto.default, box.proto.set_value) == ("blue", 2, False)
        ran(app)


def test_what_is_picked_stays_in_the_same_picker() -> None:
    app = opened("blue")
    app.selectbox(key="colour").set_value("green")
    ran(app)
    assert app.query_params["colour"] == "green"
    assert app.markdown[0].value == "colour shows green"
    assert app.session_state["told"] == ["green"]


def test_a_link_to_something_else_is_a_picker_of_its_own() -> None:
    app = opened("blue")
    app.query_params["colour"] = "green"
    ran(app)
    assert app.markdown[0].value == "colour-1 shows green"
    assert (app.selectbox[0].value, app.selectbox[0].proto.default) == ("green", 1)
    app.selectbox(key="colour-1").set_value("red")
    ran(app)
    assert app.markdown[0].value == "colour-1 shows red"
