"""The pages in every kind of weather: denied calls, throttling, expired credentials, AWS away and back; in numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from components import fleet_controls, session
from ops.config import Settings
from tests.living import error
from tests.pages.conftest import figures, markup, notices
from tests.pages.living_pages import (
    SETTLE_S,
    Sky,
    Viewer,
    calm,
    crowded,
    points,
    sky_over,
    table_lines,
    words,
)

DENIED = error("AccessDeniedException")
OLD = "Older numbers"


@pytest.fixture(scope="module")
def weather() -> Iterator[Sky]:
    with sky_over(days=3) as sky:
        yield sky


@pytest.fixture
def sky(weather: Sky) -> Iterator[Sky]:
    yield weather
    weather.gate.shut.clear()


@pytest.fixture
def viewer(sky: Sky) -> Iterator[Viewer]:
    viewer = Viewer(sky)
    yield viewer
    viewer.reader.stop()


# ---- one call denied

HIDES = {
    "DescribeEndpointConfig": ("sagemaker", "ml.g4dn.xlarge", "instance type not known"),
    "DescribeScalableTargets": ("application-autoscaling", "does not touch", "The bounds could not be read"),
    "DescribeScalingPolicies": (
        "application-autoscaling",
        "No scaling policy.",
        "Scaling policies could not be read",
    ),
    "DescribeScheduledActions": (
        "application-autoscaling",
        "No scheduled action.",
        "Scheduled actions could not be read",
    ),
    "DescribeScalingActivities": (
        "application-autoscaling",
        "No scaling activity",
        "The scaling activities could not be read",
    ),
    "DescribeAlarms": ("cloudwatch", "No alarm watches", "Alarms could not be read"),
    "GetMetricData": ("cloudwatch", "expired", "its metrics cannot be read"),
}
"""Operation → its service, what must not be claimed then, and what is said instead."""
ON_THE_FLEET = {
    "DescribeScalableTargets": ("no target", 'title="The bounds could not be read."'),
    "DescribeScalingActivities": (
        "No cold start is on record",
        'title="The scaling activities could not be read."',
    ),
}
"""The same for the table of the fleet."""


@pytest.mark.parametrize("operation", HIDES)
def test_one_denied_call_hides_its_part_names_the_action_and_comes_back(open_page, sky, viewer, operation):
    service, never, instead = HIDES[operation]
    sky.gate.shut[operation] = DENIED
    viewer.after()
    fleet = open_page(viewer.reader)
    page = open_page(viewer.reader, "endpoint", endpoint="ocr-legacy")
    for app in (fleet, page):
        assert f"Allow `{service}:{operation}`, and Ebb shows it by itself." in app.info[0].value
        assert len(app.info) + len(app.warning) == 1
    assert instead in words(page)
    assert never not in words(page)
    if operation in ON_THE_FLEET:
        claimed, said = ON_THE_FLEET[operation]
        assert claimed not in markup(fleet)
        assert said in markup(fleet)
    if operation == "GetMetricData":
        assert all((cells[3], cells[4], cells[7]) == ("–", "–", "–") for cells in table_lines(fleet)[:7])
    assert len(table_lines(fleet)) == 8
    assert len(figures(page)) == 2
    sky.gate.shut.clear()
    viewer.after(SETTLE_S)
    assert calm(open_page(viewer.reader))
    app = open_page(viewer.reader, "endpoint", endpoint="ocr-legacy")
    assert calm(app), notices(app)
    assert instead not in words(app)


def test_without_descriptions_every_endpoint_says_so(open_page, sky, viewer):
    sky.gate.shut["DescribeEndpoint"] = DENIED
    app = open_page(viewer.after().reader)
    assert "Allow the IAM action sagemaker:DescribeEndpoint." in words(app)
    for cells in table_lines(app):
        assert cells[3:] == ["–"] * 5
    page = open_page(viewer.reader, "endpoint", endpoint="ocr-legacy")
    assert "Allow the IAM action sagemaker:DescribeEndpoint." in notices(page)
    sky.gate.shut.clear()
    viewer.after(SETTLE_S)
    assert calm(open_page(viewer.reader))
    assert calm(open_page(viewer.reader, "endpoint", endpoint="ocr-legacy"))


@pytest.mark.parametrize(
    ("operation", "action"),
    [("ListEndpoints", "sagemaker:ListEndpoints"), ("", "sts:GetCallerIdentity")],
)
def test_without_the_first_calls_one_notice_stands_in_place_of_the_fleet(
    open_page, sky, viewer, operation, action
):
    sky.gate.shut[operation] = DENIED
    app = open_page(viewer.after().reader)
    assert [action in n.value.replace("\\", "") for n in (*app.warning, *app.info)] == [True]
    assert "Not shown: the fleet." in notices(app)
    assert table_lines(app) == []
    sky.gate.shut.clear()
    viewer.after(5)
    app.run()
    assert app.exception.len == 0
    assert calm(app)
    assert len(table_lines(app)) == 8


def test_several_denied_calls_are_one_notice(open_page, sky, viewer):
    sky.gate.shut |= dict.fromkeys(("DescribeAlarms", "DescribeScalingPolicies", "GetMetricData"), DENIED)
    for asks in ({}, {"endpoint": "ocr-legacy"}):
        app = open_page(viewer.after().reader, "endpoint" if asks else "", **asks)
        (notice,) = (n.value for n in app.info)
        assert notice.startswith("Not shown, because AWS denied it: ")
        assert all(f":{operation}`" in notice for operation in sky.gate.shut)
        assert "\\:" not in notice.split("Allow")[1]


# ---- foul weather

FOUL = {
    "throttled": (error("ThrottlingException"), "asks to slow down", "tries again"),
    "internal": (error("InternalFailure", status=500), "has an internal problem", "tries again"),
    "expired": (error("ExpiredTokenException"), "credentials have expired", "Sign in again"),
}


@pytest.mark.parametrize("kind", FOUL)
def test_at_the_start_foul_weather_is_one_notice_and_passes(open_page, sky, viewer, kind):
    answer, what, hint = FOUL[kind]
    sky.gate.shut["*"] = answer
    viewer.after()
    pages = [open_page(viewer.reader), open_page(viewer.reader, "endpoint", endpoint="doc-async")]
    for app in pages:
        (notice,) = (n.value for n in (*app.warning, *app.info))
        assert what in notice
        assert hint in notice
        assert notice.count("tries again") <= 1
        assert "account not known" in words(app)
    sky.gate.shut.clear()
    viewer.after(5)
    for app in pages:
        session.connect(viewer.reader)
        app.run()
        assert app.exception.len == 0
        assert calm(app), notices(app)
    assert len(table_lines(pages[0])) == 8
    assert len(figures(pages[1])) == 2


@pytest.mark.parametrize("kind", FOUL)
def test_older_numbers_stay_say_how_old_and_why_and_then_are_new(open_page, sky, viewer, kind):
    answer, what, hint = FOUL[kind]
    viewer.after()
    before = table_lines(open_page(viewer.reader))
    page = open_page(viewer.reader, "endpoint", endpoint="doc-async")
    drawn = points(page)
    read = viewer.reader.fleet().as_of
    sky.gate.shut["*"] = answer
    viewer.after(130)
    fleet = open_page(viewer.reader)
    assert table_lines(fleet) == before
    (notice,) = (n.value.replace("\\", "") for n in fleet.warning)
    assert notice.startswith(f"{OLD}, as of {read:%H:%M:%S} UTC: ")
    assert what in notice
    assert hint in notice
    assert "not refreshed" in words(fleet)
    assert 'data-age="30"' in markup(fleet)
    page.run()
    assert page.exception.len == 0
    assert notices(page).startswith(OLD)
    assert points(page) == drawn
    sky.gate.shut.clear()
    viewer.after(130)
    for app in (fleet, page):
        app.run()
        assert app.exception.len == 0
        assert calm(app), notices(app)
    assert viewer.reader.fleet().as_of > read


def test_away_and_back_at_another_address(open_page, sky, viewer):
    addresses = [sky.url]
    viewer = Viewer(sky, lambda: Settings(endpoint_url=addresses[-1])).after()
    fleet = open_page(viewer.reader)
    before = table_lines(fleet)
    page = open_page(viewer.reader, "endpoint", endpoint="doc-async")
    sky.gate.shut["*"] = (200, {"Content-Type": "text/html", "x-amzn-ErrorType": ""}, b"<html>no AWS</html>")
    viewer.after(60)
    for app in (fleet, page):
        app.run()
        assert app.exception.len == 0
        assert notices(app).startswith(OLD)
        assert "answers, but not like AWS" in notices(app)
    assert table_lines(fleet) == before
    addresses.append(sky.gate.behind)
    viewer.after(60)
    for app in (fleet, page):
        app.run()
        assert app.exception.len == 0
        assert calm(app), notices(app)
    assert viewer.reader.connection().endpoint_url == sky.gate.behind
    viewer.reader.stop()


def test_an_address_where_nothing_listens(open_page, sky):
    viewer = Viewer(sky, lambda: Settings(endpoint_url="http://127.0.0.1:1")).after()
    for page, part in (("", "the fleet"), ("endpoint", "the endpoint")):
        app = open_page(viewer.reader, page)
        (notice,) = (n.value.replace("\\", "") for n in app.warning)
        assert "cannot be reached" in notice
        assert "`make run`" in notice
        assert f"Not shown: {part}." in notice
        assert "no connection" in words(app)


# ---- how many


def test_an_empty_account_in_fair_and_foul_weather(open_page):
    with sky_over(empty=True) as sky:
        viewer = Viewer(sky).after()
        app = open_page(viewer.reader)
        assert "There are no endpoints in this account and region yet." in words(app)
        assert "appears here by itself" in notices(app)
        assert table_lines(app) == []
        assert "There are no endpoints" in words(open_page(viewer.reader, "endpoint"))
        lost = open_page(viewer.reader, "endpoint", endpoint="doc-async")
        assert "no endpoint named 'doc-async'" in notices(lost)
        assert "See all endpoints" in words(lost)
        for shut in ("DescribeAlarms", "GetMetricData", "*"):
            sky.gate.shut[shut] = DENIED
            app = open_page(viewer.after(60).reader)
            assert "There are no endpoints" in words(app)
            sky.gate.shut.clear()
        app = open_page(viewer.after(60).reader)
        assert OLD not in notices(app)
        viewer.reader.stop()


def test_two_hundred_endpoints(open_page):
    with crowded() as sky:
        viewer = Viewer(sky).after()
        app = open_page(viewer.reader)
        assert calm(app), notices(app)
        assert "50 of 200 shown" in words(app)
        assert len(table_lines(app)) == fleet_controls.PAGE
        app.text_input(key=session.QUERY).set_value("crowd-19").run()
        assert len(table_lines(app)) == 10
        page = open_page(viewer.reader, "endpoint", endpoint="crowd-199", range="30d")
        assert calm(page), notices(page)
        assert len(figures(page)) == 2
        viewer.reader.stop()
