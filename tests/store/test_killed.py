"""kill -9 before any statement of a write or of a fold: the history is whole, with all of it or nothing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ops.store.history import History
from tests.store.killed_child import items
from tests.store.samples import DAY, MIDNIGHT, OURS, minutes, row

ROOT = Path(__file__).resolve().parents[2]


def all_values(history: History) -> set[float]:
    found: set[float] = set()
    for name in history.endpoints():
        grid = history.read(name, 60, ["a", "b"], MIDNIGHT, MIDNIGHT + 2 * DAY)
        for values in grid.values.values():
            found |= set(values[values == values].tolist())
    return found


@pytest.mark.parametrize(("work", "after"), [("write", 2.0), ("fold", 1.0)])
def test_a_killed_writer_leaves_all_or_nothing(work: str, after: float, tmp_path: Path) -> None:
    base = tmp_path / "history.db"
    history = History.open(f"sqlite:///{base}", OURS)
    history.write(items(1.0))
    history.write([("blob", minutes(MIDNIGHT + 3600, a=row(1, 1)))])
    history.close()

    command = [sys.executable, "-m", "tests.store.killed_child", str(base), work]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    codes = {int(number): int(code) for number, code in map(str.split, told.splitlines())}
    assert set(codes.values()) == {-signal.SIGKILL, 0}
    assert len(codes) >= 10

    for number, code in codes.items():
        path = f"{base}.{number}"
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
        history = History.open(f"sqlite:///{path}", OURS)
        assert all_values(history) == {1.0 if code else after}
        history.fold(MIDNIGHT + 2 * DAY)
        assert all_values(history) == {1.0 if code else after}
        assert history.coverage("blob", 60)["a"] == ((MIDNIGHT, MIDNIGHT + 60_000),)
        history.write(items(3.0))
        assert 3.0 in all_values(history)
        history.close()
