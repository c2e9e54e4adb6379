"""Several accounts and regions at a glance: who needs somebody, in which order, in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.errors import Denied, OpsError, Unreachable
from ops.core.types import Severity
from ops.core.views import FleetView
from ops.core.views_places import PlaceView, headline, worst_first
from tests.components.samples import fleet


def of(severity: Severity | None) -> FleetView:
    """A fleet whose gravest endpoint is of this severity; without any where it is None."""
    view = fleet()
    row = view.rows[0]
    rows = () if severity is None else (replace(row, verdict=replace(row.verdict, severity=severity)),)
    return replace(view, rows=rows, realtime=(), headline="What it says.")


AWAY = Unreachable("No answer.", "Wait.")
CRITICAL = PlaceView("critical", "", "", of(Severity.CRITICAL))
WARNING = PlaceView("warning", "", "", of(Severity.WARNING))
CALM = PlaceView("calm", "", "", of(Severity.OK))
EMPTY = PlaceView("empty", "", "", of(None))
DARK = PlaceView("dark", "", "eu-west-1", error=AWAY)
DIMMED = PlaceView("dimmed", "", "", of(Severity.CRITICAL), AWAY)
AWAITED = PlaceView("awaited", "", "")


@pytest.mark.parametrize(
    ("place", "worst", "needs"),
    [
        (CRITICAL, Severity.CRITICAL, True),
        (WARNING, Severity.WARNING, True),
        (CALM, Severity.OK, False),
        (EMPTY, Severity.OK, False),
        (DARK, None, True),
        (DIMMED, Severity.CRITICAL, True),
        (AWAITED, None, False),
    ],
)
def test_who_needs_somebody(place: PlaceView, worst: Severity | None, needs: bool) -> None:
    assert place.worst is worst
    assert place.needs_you is needs


def test_the_worst_come_first_and_those_that_cannot_be_read_before_warnings() -> None:
    every = (CALM, AWAITED, WARNING, DARK, CRITICAL, EMPTY, DIMMED)
    names = [place.name for place in worst_first(every)]
    assert names == ["critical", "dimmed", "dark", "warning", "calm", "awaited", "empty"]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ((CALM, EMPTY), "All 2 places are fine."),
        ((CALM, WARNING, DARK), "dark and warning need you; 1 is fine."),
        ((CRITICAL, CALM, EMPTY), "critical needs you; 2 are fine."),
        ((AWAITED, CALM), "awaited is not read yet; 1 is fine."),
        ((AWAITED, CRITICAL), "critical needs you."),
    ],
)
def test_the_headline(places: tuple[PlaceView, ...], said: str) -> None:
    assert headline(places) == said


def test_what_is_said_of_one() -> None:
    assert CALM.sentence == "What it says."
    assert AWAITED.sentence == "Not read yet."
    assert DARK.sentence == "Cannot be read: No answer."
    assert DIMMED.sentence == "Cannot be read: No answer. Before that: What it says."
    denied = replace(DARK, error=Denied("sts:AssumeRole", "The role cannot be assumed."))
    assert denied.sentence == "Cannot be read: The role cannot be assumed. (sts:AssumeRole)"
    assert replace(DARK, error=OpsError("It broke.")).needs_you


def test_where_it_is() -> None:
    assert CALM.where == "us-east-1 of 123456789012"
    assert DARK.where == "eu-west-1"
    assert AWAITED.where == "region not known yet"
    assert (CALM.endpoints, EMPTY.endpoints, DARK.endpoints) == ("1 endpoint", "0 endpoints", "")
