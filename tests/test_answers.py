"""One question for all who ask the same, and the last good answer while AWS is away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.answers import LARGE, Answers
from ops.core.errors import BadInput, Unreachable
from tests.living import Hand


def failing(error: Exception) -> str:
    raise error


def test_an_answer_is_kept_for_its_time_and_then_asked_anew() -> None:
    hand, asked = Hand(), []
    answers = Answers(hand)
    for seconds in (0.0, 9.0, 1.0):
        hand.at += seconds
        told = answers.ask("a", lambda: asked.append(1) or len(asked), 10.0)
    assert (told.value, told.age_s, len(asked)) == (2, 0.0, 2)
    assert answers.ask("b", lambda: 7, 10.0).value == 7


def test_while_aws_is_away_the_last_good_answer_is_told_with_its_age_and_why() -> None:
    hand = Hand()
    answers = Answers(hand)
    answers.ask("a", lambda: "old", 5.0)
    hand.at += 60.0
    away = Unreachable("AWS is away.", "Wait.")
    told = answers.ask("a", lambda: failing(away), 5.0)
    assert (told.value, told.age_s, told.error) == ("old", 60.0, away)
    with pytest.raises(Unreachable):
        answers.ask("b", lambda: failing(away), 5.0)


def test_bad_input_is_never_covered_by_an_older_answer() -> None:
    hand = Hand()
    answers = Answers(hand)
    answers.ask("a", lambda: "old", 5.0)
    hand.at += 60.0
    with pytest.raises(BadInput):
        answers.ask("a", lambda: failing(BadInput("no such thing")), 5.0)


def test_who_asks_while_it_is_asked_waits_for_the_same_answer() -> None:
    answers, begun, go, count = Answers(), threading.Event(), threading.Event(), []

    def slow() -> int:
        begun.set()
        assert go.wait(10)
        count.append(1)
        return 5

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(answers.ask, "a", slow, 10.0)
        assert begun.wait(10)
        others = [pool.submit(answers.ask, "a", slow, 10.0) for _ in range(2)]
        go.set()
        assert [f.result(10).value for f in (first, *others)] == [5, 5, 5]
    assert count == [1]


def test_a_cleared_answer_is_asked_anew_and_one_on_its_way_is_not_kept() -> None:
    answers = Answers()

    def cleared_meanwhile() -> str:
        answers.clear()
        return "of another AWS"

    assert answers.ask("a", cleared_meanwhile, 10.0).value == "of another AWS"
    assert answers.ask("a", lambda: "fresh", 10.0).value == "fresh"
    answers.drop("a")
    assert answers.ask("a", lambda: "newer", 10.0).value == "newer"


def test_of_large_answers_few_are_kept_and_others_all_the_same() -> None:
    hand, asked = Hand(), []
    answers = Answers(hand)
    (kind, most), *_ = LARGE.items()
    for _ in range(2):
        for number in range(most + 1):
            answers.ask((kind, number), lambda: asked.append(1), 60.0)
        answers.ask(("other", 1), lambda: asked.append(1), 60.0)
    assert len(asked) == 2 * (most + 1) + 1
    answers.ask((kind, most), lambda: asked.append(1), 60.0)
    assert len(asked) == 2 * (most + 1) + 1
    answers.outdate()
    answers.ask((kind, most), lambda: asked.append(1), 60.0)
    answers.drop((kind, most))
    answers.ask((kind, most), lambda: asked.append(1), 60.0)
    answers.clear()
    answers.ask((kind, most), lambda: asked.append(1), 60.0)
    assert len(asked) == 2 * (most + 1) + 4
