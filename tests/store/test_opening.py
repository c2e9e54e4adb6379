"""What cannot be opened says why, and what to do."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ops.core.errors import BadInput, OpsError
from ops.store.history import History, Scope
from tests.store.samples import MIDNIGHT, OURS, minutes, row


def refused(url: str) -> OpsError:
    with pytest.raises(OpsError) as said:
        History.open(url, OURS)
    assert said.value.what
    assert said.value.hint
    return said.value


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(b"no database, but long enough to be looked at " * 100)
    error = refused(f"sqlite:///{path}")
    assert "not a database" in error.what
    assert "Move it away" in error.hint


def test_a_folder_in_which_nothing_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refused(f"sqlite:///{tmp_path}/file/history.db")
    assert "cannot be made" in error.what
    assert "folder" in error.hint


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    assert "cannot be written" in refused(f"sqlite:///{tmp_path}").what


def test_a_history_that_can_only_be_read_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History.open(f"sqlite:///{path}", OURS)
    history.write([("ocr", minutes(MIDNIGHT, a=row(1)))])
    history.close()
    url = f"sqlite:///file:{path}?mode=ro&uri=true"
    reader = History.open(url, OURS)
    assert reader.endpoints() == ("ocr",)
    with pytest.raises(OpsError, match="cannot be written"):
        reader.write([("ocr", minutes(MIDNIGHT, a=row(2)))])
    reader.close()
    with pytest.raises(OpsError, match="cannot be written"):
        History.open(url, Scope("aws", "another", "us-east-1"))


def test_a_schema_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    History.open(f"sqlite:///{path}", OURS).close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE ebb_meta SET value = '99' WHERE key = 'schema'")
    database.close()
    error = refused(f"sqlite:///{path}")
    assert "schema 99" in error.what


def test_an_older_schema_grows_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = History.open(f"sqlite:///{path}", OURS)
    history.write([("ocr", minutes(MIDNIGHT, a=row(1)))])
    history.close()
    with sqlite3.connect(path) as database:
        for table in ("episode", "memo"):
            database.execute(f"DROP TABLE {table}")
        database.execute("UPDATE ebb_meta SET value = '1' WHERE key = 'schema'")
    database.close()
    grown = History.open(f"sqlite:///{path}", OURS)
    grown.remember("seen", '"yes"')
    assert grown.memo("seen") == '"yes"'
    assert grown.endpoints() == ("ocr",)
    grown.close()


def test_what_is_remembered_belongs_to_its_scope(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'history.db'}"
    ours, theirs = History.open(url, OURS), History.open(url, Scope("aws", "another", "us-east-1"))
    ours.remember("visit", '"a"')
    ours.remember("visit", '"b"')
    assert ours.memo("visit") == '"b"'
    assert theirs.memo("visit") is None
    ours.close()
    theirs.close()


def test_a_database_of_something_else(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE songs (title)")
    database.close()
    assert "something else" in refused(f"sqlite:///{path}").what


@pytest.mark.parametrize("url", ["", "history.db", "nosuch://host/db"])
def test_an_address_of_no_database(url: str) -> None:
    assert refused(url)


def test_an_address_that_cannot_be_read_is_bad_input() -> None:
    with pytest.raises(BadInput):
        History.open("history.db", OURS)


@pytest.mark.parametrize("damage", [b"\x09", b"\x01\x01\x00", b"\x01\x01\x00\x01\x00\x00\x03\x00abc"])
def test_a_damaged_blob_is_said(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "history.db"
    history = History.open(f"sqlite:///{path}", OURS)
    history.write([("ocr", minutes(MIDNIGHT, a=row(1)))])
    history.fold(MIDNIGHT + 86_400)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE chunk SET data = ?", (damage,))
    database.close()
    with pytest.raises(OpsError, match="damaged"):
        history.read("ocr", 60, ["a"], MIDNIGHT, MIDNIGHT + 60)
    history.close()


def test_many_open_a_new_history_at_once(tmp_path: Path) -> None:
    def begin(number: int) -> None:
        history = History.open(f"sqlite:///{tmp_path}/history.db", Scope("aws", str(number % 3), "eu-west-1"))
        history.write([(f"e{number}", minutes(MIDNIGHT, a=row(1)))])
        history.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(16)))
    history = History.open(f"sqlite:///{tmp_path}/history.db", Scope("aws", "0", "eu-west-1"))
    assert len(history.endpoints()) == 6
    history.close()
