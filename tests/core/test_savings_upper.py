"""The upper end of an estimate: instances on their way in and out."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ops.core.cost import hours_of
from ops.core.savings_upper import Moving, moving, unseen_usd
from ops.core.types import Activity, Price
from tests.core.money_samples import DAY, price

UNTIL = DAY + timedelta(days=1)


def costs(at: int) -> Price | None:
    return price(usd="6")


def move(count: int | None, at: float, minutes: float | None = 12, status: str = "Successful") -> Activity:
    """`at`: hours after the start of the period."""
    start = DAY + timedelta(hours=at)
    end = start + timedelta(minutes=minutes) if minutes is not None else None
    return Activity(f"{at}", start, end, status, "", "", desired=count)


def hours(*moves: Activity) -> Decimal:
    return moving(moves, DAY, UNTIL).hours


def test_what_was_added_and_taken_away() -> None:
    moves = [move(0, -5), move(1, 1), move(4, 2, 6), move(0, 5, 15)]
    assert hours(*moves) == Decimal("1.5")
    assert unseen_usd(moves, DAY, UNTIL, costs) == 9


def test_in_any_order() -> None:
    moves = [move(0, 5, 15), move(1, 1), move(0, -5), move(4, 2, 6)]
    assert hours(*moves) == Decimal("1.5")


def test_without_the_change_before_all_of_the_first_is_counted() -> None:
    assert hours(move(3, 1)) == Decimal("0.6")


@pytest.mark.parametrize("status", ["Failed", "Unfulfilled"])
def test_what_came_to_nothing_took_no_instance(status: str) -> None:
    assert hours(move(0, -1), move(2, 1, status=status), move(1, 2)) == Decimal("0.2")


def test_what_was_overridden_was_on_its_way_until_then() -> None:
    assert hours(move(0, -1), move(2, 1, 9, "Overridden"), move(1, 2)) == Decimal("0.5")


def test_what_is_under_way_counts_until_now() -> None:
    assert hours(move(0, -1), move(1, 23.5, None, "InProgress")) == Decimal("0.5")


def test_edges_cut() -> None:
    assert hours(move(0, -2), move(1, -0.5, 60), move(2, 23.5, 60)) == 1


def test_other_records_move_nothing() -> None:
    bounds = move(None, 1)
    held = Activity(
        "x", DAY + timedelta(hours=2), None, "Successful", "", "", desired=3, not_scaled=("AtMax",)
    )
    assert hours(move(0, -1), bounds, held) == 0


def test_without_a_price_there_is_no_upper_end() -> None:
    assert unseen_usd([move(1, 1)], DAY, UNTIL, lambda at: None) is None
    assert unseen_usd([], DAY, UNTIL, lambda at: None) == 0


def test_the_price_of_its_time() -> None:
    change = (DAY + timedelta(hours=12)).timestamp()

    def by_time(at: int) -> Price | None:
        return price(usd="6") if at < change else price(usd="60")

    assert unseen_usd([move(0, -1), move(1, 1), move(2, 13)], DAY, UNTIL, by_time) == Decimal("13.2")


def test_times_are_dates_with_parts_of_seconds() -> None:
    at = datetime.fromisoformat("2026-11-02T01:00:00.250+00:00")
    one = Activity("1", at, at + timedelta(seconds=1.5), "Successful", "", "", desired=1)
    assert moving([one], DAY, UNTIL) == Moving(hours_of(0.025), 1)
