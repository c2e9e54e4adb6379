"""Several accounts and regions: each page is of one, its link says which, and nothing of another one is ever shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from components import access, places_list, planner_door, readers, session
from components.readers import Reader
from ops.core.errors import Denied, OpsError
from ops.core.views import FleetView
from ops.core.views_places import PlaceView
from ops.places_given import PlaceGiven
from ops.store.history import Scope
from tests.components.plan_samples import QUERY, view
from tests.components.samples import EMBEDDED, SampleSource, fleet
from tests.pages.conftest import ROOT, markup, notices
from tests.pages.living_pages import words
from tests.pages.test_planner import Planning

HREF = re.compile(r'href="([^"]+)" data-focus="([^"]*)"')
ELSEWHERE = ("place:", "calm:", "aged:", "awaited:", "loud:", "table:")
"""How the focus of links begins that lead to other places on purpose."""


def fleet_of(account: str, region: str, *but: str) -> FleetView:
    """The sample fleet as that of another account, without some of its endpoints."""
    view = fleet()
    rows = tuple(row for row in view.rows if row.endpoint.ref.name not in but)
    return replace(view, rows=rows, connection=replace(EMBEDDED, account=account, region=region))


@pytest.fixture
def two() -> Iterator[dict[str, SampleSource]]:
    """A console with two places; `beside` has no doc-async."""
    sources = {
        "here": SampleSource(fleet_of("123456789012", "us-east-1")),
        "beside": SampleSource(fleet_of("222222222222", "eu-west-1", "doc-async")),
    }
    readers.connect_all({name: Reader(source) for name, source in sources.items()})
    yield sources
    readers.connect(None)


def opened(page: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page:
        app.switch_page(f"../pages/{page}.py").run()
    assert [e.message for e in app.exception] == []
    return app


def picker(app: AppTest) -> dict[str, object] | None:
    """What the picker of places is told; None where there is none."""
    told = [json.loads(c.proto.json) for c in app.get("bidi_component")]
    return next((data for data in told if data.get("kind") == "places"), None)


def place_of(app: AppTest) -> str:
    found = app.query_params.get("place")
    return found[0] if isinstance(found, list) else str(found)


def test_without_a_place_in_the_link_the_first_is_shown_and_the_link_says_so(
    two: dict[str, SampleSource],
) -> None:
    app = opened()
    assert "account 123456789012" in markup(app)
    assert place_of(app) == "here"
    assert picker(app) == {"kind": "places", "places": ["here", "beside"], "here": "here"}


def test_a_link_leads_to_its_place(two: dict[str, SampleSource]) -> None:
    app = opened(place="beside")
    shown = markup(app)
    assert "account 222222222222" in shown
    assert "account 123456789012" not in shown
    assert 'data-focus="row:doc-async"' not in shown


def test_every_link_of_every_page_stays_in_the_place(two: dict[str, SampleSource]) -> None:
    for page in access.PAGES:
        file = page.file.removeprefix("pages/").removesuffix(".py")
        app = opened(file if page.path else "", place="beside", endpoint="night-batch")
        links = [
            (urlsplit(unescape(href)), focus)
            for href, focus in HREF.findall(markup(app))
            if not href.startswith(("http", "#"))
        ]
        for link, focus in links:
            meant = "here" if focus.startswith(ELSEWHERE) else "beside"
            assert parse_qs(link.query).get("place") == [meant], (page.path, link.geturl(), focus)


def test_a_place_that_is_not_there_shows_nothing_of_another_one(two: dict[str, SampleSource]) -> None:
    app = opened(place="nowhere", endpoint="doc-async")
    assert "no place named 'nowhere'" in app.error[0].value
    assert "here, beside" in app.error[0].value
    assert "1234" not in markup(app)
    assert picker(app) is None
    app.button(key="place-instead").click().run()
    assert "account 123456789012" in markup(app)


def test_a_link_of_a_place_is_refused_where_there_is_one_alone() -> None:
    readers.connect(SampleSource())
    try:
        app = opened(place="beside", endpoint="doc-async")
        assert "reads one account and region alone" in app.error[0].value
        app.button(key="place-instead").click().run()
        assert "account 123456789012" in markup(app)
    finally:
        readers.connect(None)


def test_a_session_that_is_led_to_another_place_forgets_what_was_of_the_one_before(
    two: dict[str, SampleSource],
) -> None:
    app = opened("endpoint", place="here", endpoint="doc-async", zone="Asia/Kolkata")
    assert app.selectbox(key=session.ENDPOINT).value == "doc-async"
    app.session_state["under-review"] = "a plan of here"
    app.query_params["place"] = "beside"
    del app.query_params["endpoint"]
    app.run()
    assert place_of(app) == "beside"
    assert "account 222222222222" in markup(app)
    assert "under-review" not in app.session_state
    assert app.selectbox(key=session.ENDPOINT).value is None
    assert next(s for s in app.selectbox if s.label == "Zone").value == "Asia/Kolkata"


def test_one_that_is_denied_does_not_hide_the_others(two: dict[str, SampleSource]) -> None:
    two["here"].failure = Denied("sagemaker:ListEndpoints", "AWS refuses ListEndpoints.")
    assert "AWS refuses ListEndpoints" in notices(opened(place="here"))
    assert "account 222222222222" in markup(opened(place="beside"))


def test_outside_of_a_page_nobody_guesses_which_place_is_meant(two: dict[str, SampleSource]) -> None:
    with pytest.raises(OpsError, match="which account and region is meant"):
        session.source()
    with session.at("beside"):
        assert session.source() is two["beside"]
    with session.at("gone"), pytest.raises(OpsError, match="no place named gone"):
        session.source()


def test_it_is_well_while_any_place_is_read(two: dict[str, SampleSource]) -> None:
    two["here"].failure = Denied("sagemaker:ListEndpoints", "AWS refuses ListEndpoints.")
    assert readers.problem() == ""
    two["beside"].failure = OpsError("No answer.")
    assert readers.problem() == "here: AccessDenied; beside: OpsError"


def test_whoever_has_not_signed_in_is_told_no_arn(two: dict[str, SampleSource]) -> None:
    said = "User: arn:aws:sts::123456789012:assumed-role/hub/ann is not authorized"
    for source in two.values():
        source.failure = Denied("sts:AssumeRole", said)
    assert "arn:" not in readers.problem()
    readers.connect(two["here"])
    assert readers.problem() == "AccessDenied"


def test_places_that_lead_to_the_same_say_so(two: dict[str, SampleSource]) -> None:
    again = SampleSource(fleet_of("123456789012", "us-east-1"))
    readers.connect_all({name: Reader(source) for name, source in {**two, "again": again}.items()})
    here, beside, other = readers.all_places()
    assert (here.same_as, beside.same_as, other.same_as) == (("again",), (), ("here",))
    assert "leads to the same account and region as again: one of them alone sends" in here.sentence
    with session.at("beside"):
        assert readers.scope() == Scope("embedded", "222222222222", "eu-west-1", EMBEDDED.world)


def test_a_place_that_is_read_only_says_so_before_it_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "places.toml"
    file.write_text(
        "[[place]]\nname = 'open'\nendpoint_url = 'http://127.0.0.1:9'\n"
        "[[place]]\nname = 'shut'\nendpoint_url = 'http://127.0.0.1:9'\nwrite = false\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EBB_PLACES", str(file))
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
    for name in ("AWS_ENDPOINT_URL", "EBB_MODE", "EBB_PLACE"):
        monkeypatch.delenv(name, raising=False)
    try:
        readers.start()
        assert {n: each.wanted.writable for n, each in readers.places().items()} == {
            "open": True,
            "shut": False,
        }
    finally:
        readers.stop()


def test_the_fleet_says_what_the_other_places_need(two: dict[str, SampleSource]) -> None:
    shown = markup(opened(place="here"))
    elsewhere = shown[shown.index('<section class="stack elsewhere"') :]
    elsewhere = elsewhere[: elsewhere.index("</section>")]
    assert "eu-west-1 of 222222222222" in elsewhere
    assert two["beside"].view.headline.split(",")[0] in unescape(elsewhere)
    assert './?place=beside"' in elsewhere
    two["beside"].failure = Denied("sagemaker:ListEndpoints", "AWS refuses the list of endpoints.")
    app = opened(place="here")
    elsewhere = markup(app)
    assert "Cannot be read: AWS refuses the list of endpoints. (sagemaker:ListEndpoints)" in unescape(
        elsewhere
    )
    assert "account 123456789012" in elsewhere
    assert "row:doc-async" in elsewhere


def test_one_place_alone_says_nothing_of_others() -> None:
    readers.connect(SampleSource())
    try:
        app = opened()
        assert "elsewhere" not in markup(app)
        assert "place=" not in markup(app)
        assert "place" not in app.query_params
        assert picker(app) is None
    finally:
        readers.connect(None)


def test_the_settings_list_every_place_and_by_what_way_it_is_reached(two: dict[str, SampleSource]) -> None:
    two["beside"].failure = Denied("sagemaker:ListEndpoints", "AWS refuses the list of endpoints.")
    given = PlaceGiven("beside", "eu-west-1", "hub", "arn:aws:iam::222222222222:role/ebb", "ebb-1234")
    readers.connect_all({"here": Reader(two["here"]), "beside": Reader(two["beside"], given=given)})
    shown = unescape(markup(opened("settings", place="here")))
    assert "role ebb of 222222222222 by profile hub in eu-west-1" in shown
    assert "Cannot be read: AWS refuses the list of endpoints." in shown
    assert "ebb-1234" not in shown
    assert "(this page)" in shown


def test_a_search_in_the_background_stays_in_the_place_of_its_page(two: dict[str, SampleSource]) -> None:
    planning = Planning(view(), view=fleet_of("222222222222", "eu-west-1"))
    readers.connect_all({"here": Reader(two["here"]), "beside": Reader(planning)})
    app = opened("planner", place="beside", endpoint=QUERY.name, promise=QUERY.promise)
    with session.at("beside"):
        planner_door.searches().wait(planner_door.key(QUERY), 30.0)
    app.run()
    assert [e.message for e in app.exception] == []
    assert "Nobody has said" not in notices(app)
    assert "The cheapest policy that keeps the promise is" in words(app)


def test_a_link_with_a_place_that_is_no_name_is_shown_letter_by_letter(two: dict[str, SampleSource]) -> None:
    app = opened(place="[sign in](https://evil.example) ![x](https://evil.example/p.png)")
    assert "](" not in app.error[0].value.replace("\\(", "").replace("\\]", "")


def test_the_way_out_of_an_unknown_place_leads_to_the_first(two: dict[str, SampleSource]) -> None:
    app = opened(place="beside")
    app.query_params["place"] = "nope"
    app.run()
    app.button(key="place-instead").click().run()
    assert "account 123456789012" in markup(app)


def test_calm_of_an_hour_ago_is_said_with_its_age() -> None:
    calm = replace(fleet(), rows=(), realtime=(), headline="All is fine.")
    old = PlaceView("old", "", "", calm, age_s=3500.0)
    new = PlaceView("new", "", "", calm, age_s=20.0)
    told = places_list.elsewhere([old, new], UTC)
    assert "Fine when last read:" in told
    assert "(58 min ago)" in told
    assert re.search(r"Fine: <a [^>]*>new</a>\.", told)
