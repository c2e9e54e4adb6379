"""The way to bills for processes that serve: nothing heavy is loaded, errors keep their type, time is bounded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ops.billing import door
from ops.billing.reading import read_bill
from ops.core.errors import BadInput, OpsError
from tests.billing import exports
from tests.billing.exports import account_bill

HEAVY = ("duckdb", "ibis", "pyathena", "pyarrow", "sqlglot", "pandas", "numpy")


def test_neither_the_door_nor_the_command_line_loads_an_engine() -> None:
    code = (
        "import json, sys, ops.billing.door; loaded = lambda names: [m for m in names if m in sys.modules]; "
        f"door = loaded({HEAVY!r}); import ops.__main__; print(json.dumps([door, loaded({HEAVY[:5]!r})]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == [[], []]


def test_a_bill_through_the_door_is_the_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = exports.cur2_parquet(tmp_path / "a.parquet", account_bill())
    monkeypatch.chdir(tmp_path)
    assert door.read_bill(["a.parquet"]) == read_bill([path])


def test_errors_come_back_as_what_they_were(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file") as caught:
        door.read_bill([tmp_path / "nothing.csv"])
    assert caught.value.hint == "Check the name and the folder."
    assert not caught.value.retryable


def test_a_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = exports.cur2_parquet(tmp_path / "a.parquet", account_bill())
    with pytest.raises(OpsError, match="not read within 0 seconds"):
        door.read_bill([path], timeout_s=0.05)


def test_a_reading_without_enough_memory_says_so(tmp_path: Path) -> None:
    path = exports.cur2_parquet(tmp_path / "a.parquet", account_bill() * 200)
    with pytest.raises(OpsError, match="more memory than Ebb allows itself"):
        door.read_bill([path], memory_mb=1)
