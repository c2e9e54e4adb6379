"""Long questions in threads of their own: one search for all, progress, stopping, failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ops.core.errors import Unreachable
from ops.replay.sweep import Stopped, Tell
from ops.searches import AT_ONCE, KEPT_S, RETRY_S, Searches, when
from tests.living import Hand

LONG_S = 20.0


class Slow:
    """Work in two parts that waits for the test between them."""

    def __init__(self, answer: str = "found") -> None:
        self.answer = answer
        self.half, self.go = threading.Event(), threading.Event()
        self.begun = 0
        self.stopped = False

    def __call__(self, tell: Tell) -> str:
        self.begun += 1
        tell(1, 2)
        self.half.set()
        assert self.go.wait(LONG_S)
        if not tell(2, 2):
            self.stopped = True
            raise Stopped
        return self.answer


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def searches(hand: Hand) -> Iterator[Searches]:
    found = Searches(hand)
    yield found
    found.close()


def test_whoever_asks_the_same_waits_for_one_search(searches: Searches) -> None:
    work = Slow()
    assert searches.want("a", work, "ann").running
    assert work.half.wait(LONG_S)
    told = searches.want("a", work, "bo")
    assert (told.running, told.done, told.of, told.value) == (True, 1, 2, None)
    work.go.set()
    searches.wait("a", LONG_S)
    assert [searches.want("a", work, who).value for who in ("ann", "bo")] == ["found", "found"]
    assert work.begun == 1


def test_it_stops_when_nobody_wants_it_any_more(searches: Searches) -> None:
    work = Slow()
    searches.want("a", work, "ann")
    searches.want("a", work, "bo")
    assert work.half.wait(LONG_S)
    searches.leave("a", "ann")
    searches.leave("a", "bo")
    work.go.set()
    searches.wait("a", LONG_S)
    assert work.stopped
    told = searches.look("a")
    assert told is not None
    assert (told.running, told.value, told.error) == (False, None, None)


def test_it_goes_on_while_somebody_else_wants_it(searches: Searches) -> None:
    work = Slow()
    searches.want("a", work, "ann")
    searches.want("a", work, "bo")
    assert work.half.wait(LONG_S)
    searches.leave("a", "ann")
    work.go.set()
    searches.wait("a", LONG_S)
    assert searches.want("a", work, "bo").value == "found"


def test_another_question_takes_the_place_of_the_one_before(searches: Searches) -> None:
    first, second = Slow(), Slow("other")
    searches.want("a", first, "ann")
    assert first.half.wait(LONG_S)
    searches.want("b", second, "ann")
    for each, key in ((first, "a"), (second, "b")):
        each.go.set()
        searches.wait(key, LONG_S)
    assert first.stopped
    assert searches.want("b", second, "ann").value == "other"


def test_more_than_run_at_once_wait_for_their_turn(searches: Searches) -> None:
    running = [Slow() for _ in range(AT_ONCE)]
    for n, work in enumerate(running):
        searches.want(n, work, f"viewer {n}")
        assert work.half.wait(LONG_S)
    late = Slow("late")
    assert searches.want("late", late, "zoe").waiting
    running[0].go.set()
    assert late.half.wait(LONG_S)
    assert not searches.want("late", late, "zoe").waiting
    for work in (*running, late):
        work.go.set()
    searches.wait("late", LONG_S)
    assert searches.want("late", late, "zoe").value == "late"


def test_a_failure_is_told_and_tried_again_later_beside_the_old_answer(
    searches: Searches, hand: Hand
) -> None:
    answers: list[str | Unreachable] = ["first", Unreachable("AWS is away.", "Wait."), "second"]

    def work(tell: Tell) -> str:
        found = answers.pop(0)
        if isinstance(found, Unreachable):
            raise found
        return found

    def asked() -> tuple[str | None, bool]:
        searches.want("a", work, "ann")
        searches.wait("a", LONG_S)
        told = searches.want("a", work, "ann")
        return told.value, told.error is not None

    assert asked() == ("first", False)
    hand.at += KEPT_S + 1
    assert asked() == ("first", True)
    told = searches.look("a")
    assert told is not None
    assert told.age_s == KEPT_S + 1
    hand.at += RETRY_S
    assert asked() == ("second", False)


def test_asked_again_it_is_found_anew_and_the_old_answer_serves_meanwhile(searches: Searches) -> None:
    first, second = Slow("first"), Slow("second")
    first.go.set()
    searches.want("a", first, "ann")
    searches.wait("a", LONG_S)
    assert searches.want("a", first, "ann").value == "first"
    searches.again("a")
    told = searches.want("a", second, "ann")
    assert (told.running, told.value) == (True, "first")
    second.go.set()
    searches.wait("a", LONG_S)
    assert searches.want("a", second, "ann").value == "second"


def test_a_fault_is_not_kept_quiet(searches: Searches) -> None:
    def work(tell: Tell) -> str:
        raise ZeroDivisionError("a fault")

    searches.want("a", work, "ann")
    searches.wait("a", LONG_S)
    with pytest.raises(ZeroDivisionError, match="a fault"):
        searches.want("a", work, "ann")


def test_a_search_waits_until_what_it_needs_is_there() -> None:
    answers = [False, True]
    heard: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> bool:
        heard.append((done, of))
        return True

    when(lambda: answers.pop(0), tell, LONG_S)
    assert (answers, heard) == ([], [(0, 0)])
    when(lambda: False, tell, 0.0)


def test_a_search_that_waits_can_be_stopped() -> None:
    with pytest.raises(Stopped):
        when(lambda: False, lambda done, of: False, LONG_S)
