"""One piece of work for all who want the same thing at the same time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ops.core.errors import BadInput
from ops.flights import Flights


def test_who_comes_while_the_work_is_done_gets_what_it_comes_to() -> None:
    flights = Flights[str]()
    begun, looked, go_on = threading.Event(), threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        assert go_on.wait(10)
        return "read"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(flights.share, "a", work, lambda: None)
        assert begun.wait(10)
        second = pool.submit(flights.share, "a", lambda: "read again", looked.set)
        assert looked.wait(10)  # from then on it holds the lock until it has found the first one's work
        assert flights.share("a", lambda: "not waited", lambda: None, wait=False) == "not waited"
        assert flights.share("b", lambda: "another", lambda: None) == "another"
        go_on.set()
        assert (first.result(10), second.result(10)) == ("read", "read")


def test_what_is_kept_is_not_worked_for_again() -> None:
    flights, kept = Flights[int](), dict[str, int]()

    def work() -> int:
        kept["a"] = len(kept) + 1
        return kept["a"]

    for _ in range(3):
        assert flights.share("a", work, lambda: kept.get("a")) == 1


def test_a_failure_is_everybodys_and_the_next_one_begins_anew() -> None:
    flights = Flights[int]()

    def fail() -> int:
        raise BadInput("No.")

    with pytest.raises(BadInput):
        flights.share("a", fail, lambda: None)
    assert flights.share("a", lambda: 2, lambda: None) == 2
