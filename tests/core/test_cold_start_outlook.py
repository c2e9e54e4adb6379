"""While it wakes: how far it is, what its own past lets expect, and who runs out of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.core.cold_start import ColdStart, Phase, Step
from ops.core.cold_start_outlook import Outlook, outlook
from ops.core.types import Activity, MetricSet
from tests.core.timelines import ASLEEP, BACKLOG, EXPIRED, OLDEST, SIGNAL, at, grid, made, order, woken

RUNNING = (ASLEEP, order(3, None, 1, "InProgress"))


def past(*minutes: float, peak: int = 4) -> list[ColdStart]:
    """Cold starts of earlier days whose first result came so many minutes after the order."""
    one = made(read=woken())
    found = []
    for day, length in enumerate(minutes, start=1):
        moved = [
            replace(p, at=p.at - timedelta(days=day))
            for p in one.phases
            if p.at is not None  # not their bounds
        ]
        shown = [p if p.step not in (Step.RESULT, Step.EMPTY) else _at(p, one, day, length) for p in moved]
        found.append(
            replace(
                one,
                id=f"p{day}",
                ordered=one.ordered - timedelta(days=day),
                phases=tuple(shown),
                peak_backlog=peak,
            )
        )
    return found


def _at(phase: Phase, one: ColdStart, day: int, length: float) -> Phase:
    more = 0 if phase.step is Step.RESULT else 10
    return replace(phase, at=one.ordered - timedelta(days=day) + timedelta(minutes=length + more))


def seen(
    history: Sequence[ColdStart],
    now: float = 5,
    activities: Sequence[Activity] = RUNNING,
    read: MetricSet | None = None,
) -> Outlook:
    read = read if read is not None else woken(last=int(now))
    return outlook(made(activities, read, now=now, changes=None, streams=None), history, read, at(now))


def test_from_the_order_on_its_own_past_tells() -> None:
    found = seen(past(5, 6, 6, 6, 10))
    assert (found.reached, found.told_by, found.backlog) == (Step.ORDERED, 5, 4)
    assert found.first is not None
    assert (found.first.median, found.first.p90) == (at(9), at(3 + 8.4))
    assert found.empty is not None
    assert found.empty.median == at(19)
    assert not found.more_than_ever


def test_with_too_little_past_nothing_is_expected() -> None:
    found = seen(past(5, 6, 6, 6))
    assert (found.first, found.empty, found.expiring, found.told_by) == (None, None, None, 4)
    assert found.oldest_expires == at(0.5 + 360)


def test_before_the_order_it_is_reckoned_from_the_first_request() -> None:
    read = woken(last=2)
    start = replace(
        made(RUNNING, read, now=5, changes=None, streams=None), phases=made(read=woken()).phases[:2]
    )
    found = outlook(start, past(5, 6, 6, 6, 10), read, at(2))
    assert found.reached is Step.SIGNAL
    assert found.first is not None
    assert found.first.median == at(9), "2.5 minutes from request to order, and 6 more"


def test_in_service_the_result_alone_is_open() -> None:
    read = woken(last=8, done={8: float("nan")})
    done = (ASLEEP, order(3, 7 + 1 / 3, 1))
    found = seen(past(5, 6, 6, 6, 10), 8, done, read)
    assert found.reached is Step.SERVICE
    assert found.first is not None
    assert found.first.median == at(9), "told from in service on: 1.67 min after 7.33"


def test_a_queue_longer_than_ever_is_said() -> None:
    assert seen(past(5, 6, 6, 6, 10, peak=3)).more_than_ever


def test_how_long_an_unusual_queue_takes_is_not_told_by_short_ones() -> None:
    found = seen(past(5, 6, 6, 6, 10, peak=1))
    assert found.first is not None
    assert found.empty is None
    assert seen(past(5, 6, 6, 6, 10, peak=40)).empty is not None


def test_refused_attempts_let_nothing_expect() -> None:
    tries = (ASLEEP, *(order(3 + n, 3 + n, 1, "Failed") for n in range(3)))
    found = seen(past(5, 6, 6, 6, 10), 6, tries)
    assert (found.first, found.empty, found.expiring) == (None, None, None)
    assert found.oldest_expires is not None


def test_nobody_expires_where_the_oldest_is_young() -> None:
    found = seen(past(5, 6, 6, 6, 10)).expiring
    assert found is not None
    assert (found.least, found.most) == (0, 0)


@pytest.mark.parametrize(
    ("queue", "least", "most"),
    [
        (dict.fromkeys(range(-400, -200), 2.0) | dict.fromkeys(range(-200, 5), 9.0), 2, 2),
        ({m: float(m + 401) for m in range(-400, 5)}, 51, 53),
    ],
    ids=["a level queue", "a growing queue"],
)
def test_who_came_six_hours_before_the_first_result_is_gone_by_then(
    queue: dict[int, float], least: int, most: int
) -> None:
    """Nine of ten first results come by 12:11.4: who came before 6:11.4 (minute -348.6) has expired."""
    read = grid(
        -420,
        5,
        {
            BACKLOG: queue,
            SIGNAL: dict.fromkeys(range(-400, 5), 1.0),
            OLDEST: {m: 60.0 * (m + 401) for m in range(-400, 5)} | {4: 21_500.0},
        },
        fill={BACKLOG: 0.0, SIGNAL: 0.0},
    )
    found = seen(past(5, 6, 6, 6, 10), 5, RUNNING, read).expiring
    assert found is not None
    assert (found.least, found.most) == (least, most)


def test_what_has_expired_already_is_not_counted_again() -> None:
    rows = {
        BACKLOG: dict.fromkeys(range(-400, 5), 5.0),
        SIGNAL: dict.fromkeys(range(-400, 5), 1.0),
        OLDEST: {4: 21_500.0},
        EXPIRED: {-10: 2.0},
    }
    found = seen(
        past(5, 6, 6, 6, 10), 5, RUNNING, grid(-420, 5, rows, fill={BACKLOG: 0.0, SIGNAL: 0.0})
    ).expiring
    assert found is not None
    assert (found.least, found.most) == (3, 5)
