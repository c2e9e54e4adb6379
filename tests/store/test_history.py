"""What was written is read, whatever happened in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from ops.core.errors import BadInput
from ops.core.types import Activity
from ops.store.history import Grid, History, Scope
from tests.store.samples import DAY, MIDNIGHT, NAN, OURS, minutes, row, same


@pytest.fixture(params=["file", "memory"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    url = "sqlite://" if request.param == "memory" else f"sqlite:///{tmp_path}/deep/er/history.db"
    kept = History.open(url, OURS)
    yield kept
    kept.close()


def test_nothing_written_reads_as_nothing(history: History) -> None:
    grid = history.read("ocr", 60, ["CPUUtilization"], MIDNIGHT, MIDNIGHT + 180)
    assert (grid.resolution, grid.start) == (60, MIDNIGHT)
    assert same(grid.values["CPUUtilization"], row(NAN, NAN, NAN))
    assert history.coverage("ocr", 60) == {}
    assert history.endpoints() == ()
    assert history.fold(MIDNIGHT) == 0


def test_what_was_written_is_read(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(1, NAN, -0.0), b=row(0.1, 2, 3)))])
    grid = history.read("ocr", 60, ["b", "a", "c"], MIDNIGHT - 60, MIDNIGHT + 240)
    assert list(grid.values) == ["b", "a", "c"]
    assert same(grid.values["a"], row(NAN, 1, NAN, -0.0, NAN))
    assert same(grid.values["b"], row(NAN, 0.1, 2, 3, NAN))
    assert same(grid.values["c"], np.full(5, NAN))


def test_a_range_within_cells_is_widened_to_them(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(1, 2, 3)))])
    grid = history.read("ocr", 60, ["a"], MIDNIGHT + 61, MIDNIGHT + 121)
    assert grid.start == MIDNIGHT + 60
    assert same(grid.values["a"], row(2, 3))


@pytest.mark.parametrize("folded", [False, True])
def test_groups_of_metrics_written_at_different_times_both_stay(history: History, folded: bool) -> None:
    history.write([("ocr", minutes(MIDNIGHT, fast=row(1, 2)))])
    history.write([("ocr", minutes(MIDNIGHT, slow=row(7, 8)))])
    if folded:
        history.fold(MIDNIGHT + DAY)
    history.write([("ocr", minutes(MIDNIGHT + 60, fast=row(3)))])
    grid = history.read("ocr", 60, ["fast", "slow"], MIDNIGHT, MIDNIGHT + 120)
    assert same(grid.values["fast"], row(1, 3))
    assert same(grid.values["slow"], row(7, 8))


@pytest.mark.parametrize("folded", [False, True])
def test_groups_that_share_a_metric_keep_its_newest_value(history: History, folded: bool) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(1, 1), b=row(1, 1)))])
    history.write([("ocr", minutes(MIDNIGHT, b=row(2, 2), c=row(2, 2)))])
    history.write([("ocr", minutes(MIDNIGHT, a=row(3), b=row(NAN)))])
    if folded:
        assert history.fold(MIDNIGHT + DAY) == 1
    grid = history.read("ocr", 60, ["a", "b", "c"], MIDNIGHT, MIDNIGHT + 120)
    assert same(grid.values["a"], row(3, 1))
    assert same(grid.values["b"], row(NAN, 2))
    assert same(grid.values["c"], row(2, 2))


def test_later_items_of_one_write_lie_over_earlier_ones(history: History) -> None:
    day = np.arange(1440.0)
    late = minutes(MIDNIGHT + 60, a=row(-1))
    history.write([("ocr", late), ("ocr", minutes(MIDNIGHT, a=day)), ("ocr", minutes(MIDNIGHT, a=row(9)))])
    grid = history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 180)
    assert same(grid.values["a"], row(9, 1, 2))


def test_only_finished_chunks_are_folded(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT + DAY - 60, a=row(1, 2)))])
    assert history.fold(MIDNIGHT + DAY - 1) == 0
    assert history.fold(MIDNIGHT + DAY) == 1
    assert history.fold(MIDNIGHT + DAY) == 0
    assert history.fold(MIDNIGHT + 2 * DAY) == 1
    assert same(
        history.read("ocr", 60, ["a"], MIDNIGHT + DAY - 60, MIDNIGHT + DAY + 60).values["a"], row(1, 2)
    )


def test_a_late_minute_reaches_its_folded_day(history: History) -> None:
    day = np.arange(1440.0)
    history.write([("ocr", minutes(MIDNIGHT, a=day, b=day))])
    history.write([("ocr", minutes(MIDNIGHT + 600, a=row(NAN, -5)))])
    day[10:12] = NAN, -5
    for _ in range(2):
        grid = history.read("ocr", 60, ["a", "b"], MIDNIGHT, MIDNIGHT + DAY)
        assert same(grid.values["a"], day)
        assert same(grid.values["b"], np.arange(1440.0))
        history.fold(MIDNIGHT + DAY)


def test_coverage_says_what_was_read_whatever_was_published(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(NAN, NAN), b=row(1, 1)))])
    history.write([("ocr", minutes(MIDNIGHT + 120, a=row(1)))])
    history.write([("ocr", minutes(MIDNIGHT + 600, a=row(1)))])
    history.write([("ocr", Grid(300, MIDNIGHT, {"a": row(1)}))])
    assert history.coverage("ocr", 60) == {
        "a": ((MIDNIGHT, MIDNIGHT + 180), (MIDNIGHT + 600, MIDNIGHT + 660)),
        "b": ((MIDNIGHT, MIDNIGHT + 120),),
    }
    assert history.coverage("ocr", 300) == {"a": ((MIDNIGHT, MIDNIGHT + 300),)}
    history.write([("ocr", minutes(MIDNIGHT + 120, a=np.zeros(500)))])
    assert history.coverage("ocr", 60)["a"] == ((MIDNIGHT, MIDNIGHT + 120 + 500 * 60),)


def test_resolutions_do_not_mix(history: History) -> None:
    for seconds in (60, 300, 3600):
        history.write([("ocr", Grid(seconds, MIDNIGHT, {"a": row(seconds)}))])
    for seconds in (60, 300, 3600):
        grid = history.read("ocr", seconds, ["a"], MIDNIGHT, MIDNIGHT + seconds)
        assert same(grid.values["a"], row(seconds))


def test_scopes_do_not_mix(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    scopes = [OURS, *(Scope("embedded", OURS.account, OURS.region, world) for world in ("w1", "w2", "w3"))]
    for number, scope in enumerate(scopes):
        history = History.open(url, scope)
        assert history.endpoints() == ()
        history.write([("ocr", minutes(MIDNIGHT, a=row(number)))])
        history.close()
    for number, scope in enumerate(scopes):
        history = History.open(url, scope)
        assert same(history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60).values["a"], row(number))
        history.close()
    newest = History.open(url, scopes[3])
    assert newest.forget_worlds(keep=1) == 0, "another Ebb may still write to them"
    with sqlite3.connect(tmp_path / "history.db") as database:
        database.execute("UPDATE ebb_meta SET value = value - 86500 WHERE key LIKE 'written %'")
    database.close()
    assert newest.forget_worlds(keep=1) == 1
    newest.close()
    kept = []
    for scope in scopes:
        history = History.open(url, scope)
        kept.append(history.endpoints())
        history.close()
    assert kept == [("ocr",), (), ("ocr",), ("ocr",)]


def test_prune_forgets_whole_chunks_and_says_so_in_the_coverage(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT - DAY, a=np.arange(1440.0 * 2)))])
    history.write([("ocr", minutes(MIDNIGHT - 120, b=row(1, 2, 3)))])
    history.write([("ocr", Grid(3600, MIDNIGHT - DAY, {"a": row(1)}))])
    assert history.prune(MIDNIGHT + 3600, 60) == 3
    assert history.coverage("ocr", 60) == {
        "a": ((MIDNIGHT, MIDNIGHT + DAY),),
        "b": ((MIDNIGHT, MIDNIGHT + 60),),
    }
    grid = history.read("ocr", 60, ["a", "b"], MIDNIGHT - 60, MIDNIGHT + 60)
    assert same(grid.values["a"], row(NAN, 1440))
    assert same(grid.values["b"], row(NAN, 3))
    assert "a" in history.coverage("ocr", 3600)


def test_a_pruned_endpoint_is_gone(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(1)))])
    assert history.endpoints() == ("ocr",)
    assert history.prune(MIDNIGHT + 90 * DAY) == 1
    assert history.endpoints() == ()


@pytest.mark.parametrize(
    ("resolution", "start", "values"),
    [
        (61, 0, {}),
        (60, 59, {}),
        (60, 0, {"a": row(1), "b": row(1, 2)}),
        (60, 0, {"a": np.zeros((2, 2))}),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(resolution: int, start: int, values: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        Grid(resolution, start, values)  # type: ignore[arg-type]


def test_an_empty_write_changes_nothing(history: History) -> None:
    history.write([])
    history.write([("ocr", Grid(60, MIDNIGHT)), ("ocr", minutes(MIDNIGHT, a=row()))])
    assert history.endpoints() == ()


def activity(number: int, start: datetime, end: datetime | None, status: str) -> Activity:
    return Activity(f"id-{number}", start, end, status, "Setting to 1", "ümlaut", "", 1, ("reason",))


def test_activities_come_newest_first_and_the_ended_form_stays(history: History) -> None:
    begin = datetime(2026, 11, 20, 12, 0, 0, 123456, UTC)
    running = [activity(n, begin + timedelta(hours=n), None, "InProgress") for n in range(3)]
    ended = [
        activity(n, a.start, a.start + timedelta(minutes=5), "Successful") for n, a in enumerate(running)
    ]
    history.keep_activities("ocr", running)
    assert history.activities("ocr", begin) == tuple(reversed(running))
    history.keep_activities("ocr", [ended[0], running[0], *ended])
    history.keep_activities("ocr", running)
    history.keep_activities("asr", [running[1]])
    assert history.activities("ocr", begin) == tuple(reversed(ended))
    assert history.activities("ocr", begin + timedelta(hours=1)) == (ended[2], ended[1])
    assert history.activities("ocr", begin + timedelta(days=1)) == ()
    assert history.endpoints() == ("asr", "ocr")


def test_readings_together_are_of_one_state(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    history, other = History.open(url, OURS), History.open(url, OURS)
    history.write([("ocr", minutes(MIDNIGHT, a=row(1)))])
    with history.together():
        assert same(history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60).values["a"], row(1))
        other.write([("ocr", minutes(MIDNIGHT, a=row(2), b=row(3)))])
        assert same(history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60).values["a"], row(1))
        assert set(history.coverage("ocr", 60)) == {"a"}
        with ThreadPoolExecutor(1) as pool:
            of_another = pool.submit(history.read, "ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60).result()
        assert same(of_another.values["a"], row(2))
    assert same(history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60).values["a"], row(2))
    assert set(history.coverage("ocr", 60)) == {"a", "b"}
    history.close()
    other.close()


def test_the_coverage_of_many_at_once_is_that_of_each(history: History) -> None:
    history.write([("ocr", minutes(MIDNIGHT, a=row(1, 2), b=row(1, 1)))])
    history.write([("ocr", Grid(300, MIDNIGHT, {"a": row(1)})), ("asr", minutes(MIDNIGHT, a=row(1)))])
    found = history.coverages(["ocr", "asr", "none"])
    assert set(found) == {("ocr", 60), ("ocr", 300), ("asr", 60)}
    assert all(history.coverage(*place) == spans for place, spans in found.items())
    assert set(history.coverages([*(f"e{n}" for n in range(700)), "asr"])) == {("asr", 60)}
    with history.together():
        assert history.coverages(["ocr", "asr"]) == found


def test_threads_share_one_history(history: History) -> None:
    """Eight threads write their own endpoint and read it back, while days are folded below them."""

    def live(number: int) -> bool:
        name, fine = f"e{number}", True
        for minute in range(20):
            start = MIDNIGHT + DAY - 600 + minute * 60
            history.write([(name, minutes(start, a=row(number * 100 + minute), b=row(NAN)))])
            if minute % 5 == 4:
                history.fold(MIDNIGHT + DAY)
            read = history.read(name, 60, ["a"], start - 60 * minute, start + 60).values["a"]
            fine = fine and same(read, number * 100 + np.arange(minute + 1.0))
        return fine

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(live, range(8)))
    assert history.endpoints() == tuple(f"e{n}" for n in range(8))
