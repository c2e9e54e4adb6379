"""Visits are kept by viewer and outlive the process; a busy or missing database makes no visit new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from ops.core.since import GAP, Summary
from ops.held import Held
from ops.store.history import History, Scope
from ops.visits import Visits

START = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
FAST = timedelta(days=1)
"""AWS's time may run faster than the viewer's: a visit lasts in the viewer's."""


class Wall:
    """This machine's clock in the test's hands."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def history() -> Iterator[History]:
    opened = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    yield opened
    opened.close()


def seen(number: int) -> Summary:
    return Summary(START + number * FAST, frozenset({f"e{number}"}))


def test_each_viewer_has_visits_of_their_own(history: History) -> None:
    wall = Wall()
    visits = Visits(Held(history), wall)
    assert visits.looked("jane", seen(0)).before is None
    wall.at += GAP / 2
    assert visits.looked("sam", seen(1)).before is None
    wall.at += GAP * 2 / 3
    assert visits.looked("jane", seen(2)).before == seen(0)
    assert visits.looked("sam", seen(2)).before is None
    wall.at += GAP / 2
    assert visits.looked("jane", seen(3)).before == seen(0)  # a reload is no new visit


def test_a_restart_is_no_new_visit_and_forgets_none(history: History) -> None:
    wall = Wall()
    Visits(Held(history), wall).looked("jane", seen(0))
    wall.at += GAP / 2
    assert Visits(Held(history), wall).looked("jane", seen(1)).before is None
    wall.at += 2 * GAP
    assert Visits(Held(history), wall).looked("jane", seen(2)).before == seen(1)
    assert Visits(Held(history), wall).looked("jane", seen(2)).before == seen(1)


def test_a_visit_that_goes_on_is_written_down_now_and_then(history: History) -> None:
    wall = Wall()
    visits = Visits(Held(history), wall)
    for number in range(30):
        visits.looked("jane", seen(number))
        wall.at += timedelta(seconds=5)
    wall.at += 2 * GAP
    before = Visits(Held(history), wall).looked("jane", seen(99)).before
    assert before in [seen(number) for number in range(17, 30)]  # a minute at most was lost


def test_a_history_that_is_gone_takes_nothing_with_it(history: History) -> None:
    wall = Wall()
    visits = Visits(Held(history), wall)
    visits.looked("jane", seen(0))
    history.close()
    wall.at += 2 * GAP
    assert visits.looked("jane", seen(1)).before == seen(0)
