"""The readers of one process: a scope that two places lead to, places that are set up once, topics, and the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops import clock, collectors
from ops.config import Settings
from ops.core.change import Actor
from ops.core.errors import Stale, Unreachable
from ops.core.own_spending import Spending
from tests.living import Answer, answering
from tests.two_worlds import HERE, THERE, Two, two

ANN = Actor("ann", "operator")


@pytest.fixture(scope="module")
def both() -> Iterator[Two]:
    with two(0.5) as found:
        yield found


@pytest.fixture
def file(both: Two, tmp_path: Path) -> Iterator[Path]:
    """A file of places, not written yet; the readers are ended behind it."""
    yield tmp_path / "places.toml"
    collectors.stop()
    both.gate.shut.clear()


def place(name: str, url: str, region: str, more: str = "") -> str:
    return f"[[place]]\nname = '{name}'\nendpoint_url = '{url}'\nregion = '{region}'\n{more}\n"


def started(file: Path, *places: str, **more: object) -> dict[str, collectors.Reader]:
    file.write_text("".join(places), encoding="utf-8")
    given = {"places": str(file), "state_dir": file.parent, **more}
    return {each.name: each for each in collectors.start(Settings(**given))}  # type: ignore[arg-type]


def until(what: Callable[[], bool]) -> None:
    turn = threading.Event()
    for _ in range(400):
        if what():
            return
        turn.wait(0.05)
    raise AssertionError("It never was.")


def known(readers: dict[str, collectors.Reader]) -> None:
    until(lambda: all(each.collector.snapshot().fleet is not None for each in readers.values()))


def test_of_two_places_that_lead_to_one_scope_the_writable_one_alone_leads(both: Two, file: Path) -> None:
    readers = started(
        file,
        place("prod", both.url, HERE[1], "write = false"),
        place("prod-admin", both.url, HERE[1]),
        place("there", both.beside, THERE[1]),
    )
    known(readers)
    assert [collectors.leader(name) for name in readers] == ["prod-admin", "prod-admin", "there"]
    consoles = [each.collector.console for each in readers.values()]
    assert len({each.holder for each in consoles if each is not None}) == 3


def test_the_one_through_which_something_was_changed_leads(both: Two, file: Path) -> None:
    readers = started(file, place("viewer", both.url, HERE[1]), place("admin", both.url, HERE[1]))
    known(readers)
    assert collectors.leader("admin") == "viewer"
    readers["admin"].collector.act(lambda console: None)
    assert collectors.leader("viewer") == "admin"


def test_what_they_ask_is_counted_once_and_kept_by_the_one_that_leads(both: Two, file: Path) -> None:
    first, second = place("one", both.url, HERE[1]), place("two", both.url, HERE[1])
    readers = started(file, first, second)
    until(lambda: len(_spending(readers)) == 2)
    readers["one"].collector.read_once()  # both know of each other by now
    readers["two"].collector.read_once()
    assert [each.kept for each in _spending(readers).values()] == [True, False]


def test_a_file_of_places_that_was_edited_changes_no_running_console(both: Two, file: Path) -> None:
    readers = started(file, place("here", both.url, HERE[1], "write = false"))
    known(readers)
    file.write_text(place("here", both.beside, THERE[1]), encoding="utf-8")
    found = readers["here"].collector.open_anew().connection()
    assert (found.account, found.region, found.writable) == (*HERE, False)


def test_what_was_meant_for_another_scope_is_refused(both: Two, file: Path) -> None:
    readers = started(file, place("here", both.url, HERE[1]), place("there", both.beside, THERE[1]))
    known(readers)
    here, there = readers["here"].collector, readers["there"].collector
    assert here.act(lambda console: console.names(), meant=here.scope) == ("doc",)
    with pytest.raises(Stale, match=f"eu-west-1 of {THERE[0]}"):
        there.act(lambda console: console.make_queue("doc", ANN), meant=here.scope)


def test_a_topic_waits_for_its_place_and_goes_elsewhere_only_when_all_are_known(
    both: Two, file: Path
) -> None:
    both.gate.shut["*"] = (500, {"x-amzn-ErrorType": "InternalFailure"}, b"{}")
    readers = started(file, place("here", both.url, HERE[1]), place("there", both.beside, THERE[1]))
    here = readers["here"].collector
    until(lambda: here.snapshot().fleet is not None)
    topic = f"arn:aws:sns:{THERE[1]}:{THERE[0]}:told"
    with pytest.raises(Unreachable, match="there"):
        collectors.publisher(topic, here.console)
    assert collectors.publisher(f"arn:aws:sns:{HERE[1]}:{HERE[0]}:told", None) is here.console
    both.gate.shut.clear()
    readers["there"].collector.read_once()
    assert collectors.publisher(topic, here.console) is readers["there"].collector.console
    assert collectors.publisher("arn:aws:sns:us-west-2:444444444444:told", here.console) is here.console


def test_places_that_hang_are_ended_together(file: Path) -> None:
    asked, over = threading.Semaphore(0), threading.Event()

    def hanging(target: str, body: bytes) -> Answer:
        asked.release()
        over.wait(30)
        return 500, {}, b"{}"

    with answering(hanging) as url:
        started(file, *(place(f"p{n}", url, THERE[1]) for n in range(4)))
        try:
            for _ in range(4):
                assert asked.acquire(timeout=20)
            begun = clock.monotonic()
            collectors.stop()
            assert clock.monotonic() - begun < collectors.STOP_S + 3
        finally:
            over.set()


def _spending(readers: dict[str, collectors.Reader]) -> dict[str, Spending]:
    found = {name: each.collector.snapshot().spending for name, each in readers.items()}
    return {name: each for name, each in found.items() if each is not None}
