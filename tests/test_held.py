"""A history whose database fails, vanishes or is busy: what was read stays in sight, and why is said."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from ops.core import metrics
from ops.core.types import Activity, utc
from ops.held import REST_S, Held
from ops.past import Past
from ops.store.history import History, Scope
from tests.test_past import NAME, T0, answer, read, spans, window

OURS = Scope("aws", "1", "us-east-1")


@dataclass
class Steps:
    """A clock that moves when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """A history in a file, and one hour of it already written."""

    path: Path
    history: History
    past: Past
    clock: Steps


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    path, clock = tmp_path / "st" / "history.db", Steps()
    history = History.open(f"sqlite:///{path}", OURS)
    past = Past(Held(history, clock))
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 9000)
    past.hot.recent(NAME, (metrics.BACKLOG,), span)
    assert past.problem is None
    yield Kept(path, history, past, clock)
    history.close()


def corrupt(kept: Kept) -> None:
    kept.history.close()
    size = kept.path.stat().st_size
    kept.path.write_bytes(np.random.default_rng(7).bytes(size))


def delete_files(kept: Kept) -> None:
    for path in kept.path.parent.iterdir():
        path.unlink()
    kept.history.close()


def delete_folder(kept: Kept) -> None:
    shutil.rmtree(kept.path.parent)
    kept.history.close()


LOST = [corrupt, delete_files, delete_folder]


@pytest.mark.parametrize("lose", LOST)
def test_a_database_that_is_lost_ends_no_reading(kept: Kept, lose: Callable[[Kept], None]) -> None:
    lose(kept)
    later = window(3600, 7200)
    kept.past.keep(answer(later, fill=2.0), later, T0 + 9000)
    assert read(kept.past, later) == [2.0] * 60
    assert spans(kept.past) == [(3600, 7200)]
    recent = kept.past.hot.recent(NAME, (metrics.BACKLOG,), window(0, 7200)).get(metrics.BACKLOG.key)
    assert recent.values.tolist() == [1.0] * 60 + [2.0] * 60, "what was in memory stays there"
    problem = kept.past.problem
    assert problem is not None
    assert problem.part == "the history"
    assert "memory only" in problem.hint


@pytest.mark.parametrize("lose", LOST)
def test_a_view_of_a_lost_database_asks_for_what_it_lacks(kept: Kept, lose: Callable[[Kept], None]) -> None:
    kept.past.forget(NAME)
    lose(kept)
    holes = kept.past.holes(NAME, (metrics.BACKLOG,), (T0, T0 + 3600), 60)
    assert [hole.span for hole in holes] == [(T0, T0 + 3600)]
    assert np.isnan(read(kept.past, window(0, 3600))).all()
    assert kept.past.problem is not None


def test_what_a_busy_database_missed_is_written_at_the_next_reading(kept: Kept) -> None:
    other = sqlite3.connect(kept.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    later = window(3600, 7200)
    kept.past.keep(answer(later, fill=2.0), later, T0 + 9000)
    problem = kept.past.problem
    assert problem is not None
    assert problem.retryable
    assert "busy" in problem.what
    assert read(kept.past, window(0, 7200)) == [1.0] * 60 + [2.0] * 60
    assert spans(kept.past) == [(0, 7200)]
    other.rollback()
    other.close()
    kept.clock.now += REST_S
    more = window(7200, 7260)
    kept.past.keep(answer(more, fill=3.0), more, T0 + 9000)
    assert kept.past.problem is None
    again = Past(kept.history)
    assert read(again, window(0, 7260)) == [1.0] * 60 + [2.0] * 60 + [3.0]
    assert spans(again) == [(0, 7260)]


def test_a_database_that_cannot_be_read_for_a_while_makes_nobody_ask_for_all_of_it(kept: Kept) -> None:
    held, asked = Held(kept.history, kept.clock), (metrics.BACKLOG,)
    past = Past(held)
    kept.history.close()
    other = sqlite3.connect(kept.path, isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("UPDATE write_counter SET n = n")
    span = window(0, 3600)
    assert past.holes(NAME, asked, (T0, T0 + 7200), 60) == ()
    assert np.isnan(past.hot.recent(NAME, asked, span).get(metrics.BACKLOG.key).values).all()
    assert past.problem is not None
    assert past.problem.retryable
    other.rollback()
    other.close()
    kept.clock.now += REST_S
    assert read(past, span) == [1.0] * 60
    assert past.problem is None
    recent = past.hot.recent(NAME, asked, span).get(metrics.BACKLOG.key).values
    assert recent.tolist() == [1.0] * 60, "it is loaded anew"


@pytest.mark.parametrize("lose", LOST)
def test_activities_outlive_the_database(kept: Kept, lose: Callable[[Kept], None]) -> None:
    lose(kept)
    begin = utc(T0)
    moves = [Activity(f"id-{n}", begin + timedelta(hours=n), None, "InProgress", "", "") for n in range(3)]
    kept.past.history.keep_activities(NAME, moves)
    found = kept.past.history.activities(NAME, begin + timedelta(hours=1))
    assert [a.id for a in found] == ["id-2", "id-1"]


@pytest.mark.parametrize("lose", LOST)
def test_tidying_a_lost_database_gives_it_up(kept: Kept, lose: Callable[[Kept], None]) -> None:
    lose(kept)
    assert kept.past.history.fold(T0 + 999_999) == 0
    assert kept.past.problem is not None


def test_what_is_kept_beside_the_history(kept: Kept) -> None:
    held = kept.past.history
    assert held.memo("notices") == ""
    assert held.remember("notices", "{}")
    assert held.memo("notices") == "{}"
    again = History.open(f"sqlite:///{kept.path}", OURS)
    assert again.memo("notices") == "{}"
    again.close()


def test_a_lost_database_keeps_nothing_and_says_so(kept: Kept) -> None:
    corrupt(kept)
    held = kept.past.history
    assert not held.remember("notices", "{}")
    assert held.problem is not None
    assert held.remember("notices", "{}")  # in memory from now on
    assert held.memo("notices") == "{}"
