"""The Savings page over two accounts: pickers, the link, columns, a place that fails, and one that is being read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import session
from ops.config import Settings
from ops.console import Console
from ops.savings_places import SavingsPlaces
from ops.savings_sources import named
from tests.living import Gate, error
from tests.pages.conftest import Open, notices
from tests.pages.living_pages import Sky, Viewer, table_lines, words
from tests.small_worlds import NAME
from tests.two_worlds import HERE, THERE, Two, two


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    with two(1.0) as found:
        yield found


@pytest.fixture(scope="module")
def viewer(both: Two) -> Iterator[Viewer]:
    """Somebody whose console has read its own AWS."""
    found = Viewer(Sky(both.url, Gate(both.url), both.clock)).after()
    while found.reader.close_gap():
        pass
    yield found.after(30.0)
    found.reader.stop()


@pytest.fixture
def configured(both: Two, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(both.profiles(tmp_path / "config")))
    yield
    both.gate.shut.clear()


@contextmanager
def beside(viewer: Viewer, *names: str) -> Iterator[SavingsPlaces]:
    """The places of a process whose pages are answered by the viewer's reader."""
    reader = viewer.reader
    leads = [named(name) for name in names]
    with SavingsPlaces(leads, lambda lead: Console(lead.where()), lambda: reader.console) as places:
        yield places


def opened(
    open_page: Open, viewer: Viewer, places: SavingsPlaces, *, settle: bool = True, **query: str
) -> AppTest:
    """The page, once the background has read what it starts, unless that is not waited for."""
    app = open_page(viewer.reader, period="1d", **query)
    session.connect(viewer.reader, places=places)
    app.switch_page("../pages/savings.py").run()
    if settle:
        assert places.quiet(60.0)
        viewer.reader.act(lambda console: None)  # what was answered so far is old
        app.run()
    assert [e.message for e in app.exception] == []
    return app


def rows(app: AppTest) -> set[tuple[str, ...]]:
    """(endpoint, account, region) of the table by endpoint."""
    return {(line[0].split()[0], line[1], line[2]) for line in table_lines(app) if len(line) == 10}


@pytest.mark.usefixtures("configured")
def test_two_accounts_stand_in_one_table_and_pickers_narrow_them(
    open_page: Open, both: Two, viewer: Viewer
) -> None:
    with beside(viewer, "eu", "again") as places:
        app = opened(open_page, viewer, places)
        said = words(app)
        assert "2 endpoints in us-east-1 of 123456789012 and eu-west-1 of 222222222222 cost about $" in said
        assert "Accounts and regions: us-east-1 of 123456789012; eu-west-1 of 222222222222." in said
        assert (
            "Profile again leads to us-east-1 of 123456789012 like the console itself: it counts once."
            in said
        )
        assert rows(app) == {(NAME, *HERE), (NAME, *THERE)}
        assert notices(app) == ""
        assert app.multiselect(key="account").options == [HERE[0], THERE[0]]
        assert app.multiselect(key="region").options == [THERE[1], HERE[1]]
        app.multiselect(key="account").set_value([THERE[0]]).run()
        assert app.query_params["account"] in (THERE[0], [THERE[0]])
        assert f"{NAME} in eu-west-1 of 222222222222 cost about $" in words(app)
        assert "Account 222222222222, eu-west-1." in words(app)
        app.multiselect(key="account").set_value([]).run()
        assert not app.query_params.get("account")
        assert "2 endpoints in" in words(app)


@pytest.mark.usefixtures("configured")
def test_a_link_holds_account_region_and_endpoint(open_page: Open, viewer: Viewer) -> None:
    with beside(viewer, "eu") as places:
        app = opened(open_page, viewer, places, region=THERE[1], of=NAME)
        assert f"{NAME} in eu-west-1 of 222222222222 cost about $" in words(app)
        app = opened(open_page, viewer, places, account="999999999999")
        assert "Nothing Ebb knows fits this account and region." in words(app)
        assert app.multiselect(key="account").value == ["999999999999"], "the way back stays"


@pytest.mark.usefixtures("configured")
def test_a_place_that_fails_is_said_beside_the_numbers_of_the_others(
    open_page: Open, both: Two, viewer: Viewer
) -> None:
    both.gate.shut["*"] = error("ExpiredToken")
    with beside(viewer, "eu") as places:
        app = opened(open_page, viewer, places, settle=False)
        assert "Being read for the first time: profile eu (eu-west-1)." in notices(app)
        assert f"{NAME} cost about $" in words(app), "the rest is shown"
        app = opened(open_page, viewer, places)
        assert "The AWS credentials have expired." in notices(app)
        assert "Its endpoints are missing from all sums." in notices(app)
        assert "Missing from all sums, because it could not be read: profile eu (eu-west-1)." in words(app)
        assert "not complete: accounts or regions are missing" in words(app)


def test_with_one_place_there_is_nothing_to_pick(open_page: Open, viewer: Viewer) -> None:
    with beside(viewer) as places:
        app = opened(open_page, viewer, places)
        assert not {"account", "region"} & {picker.key for picker in app.multiselect}
        assert f"{NAME} cost about $" in words(app)


def test_profiles_come_from_one_setting() -> None:
    assert Settings(savings_profiles=" eu, us ,eu").profiles_of_savings == ("eu", "us")
    assert Settings().profiles_of_savings == ()
    with pytest.raises(ValueError, match="not a list of profiles"):
        Settings(savings_profiles="eu,,us")
