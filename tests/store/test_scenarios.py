"""Scenarios of the planner: kept as they are, the newest first, by endpoint, and gone when they are forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from ops.core.candidate import Candidate, Machine, always_on
from ops.core.errors import OpsError
from ops.core.views_planner import SavedScenario
from ops.store.history import History
from ops.store.tables import connect
from tests.core.warm_samples import plan
from tests.store.samples import OURS

AT = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
LAST = date(2027, 6, 1)
WHOLE = SavedScenario(
    "one",
    "Tuesdays ☾",
    "doc-async",
    Candidate(
        0,
        4,
        2.5,
        600,
        60,
        None,
        (plan("mon-fri 08:00-18:00", "sat 22:00-06:00", holidays="DE-BY", until=LAST, ceiling=3, back_max=4),),
        Machine("ml.g5.xlarge", Decimal("1.4080"), 1.5, 4),
    ),
    "p95<=120s",
    {"days": "30", "growth": "2"},
    "anna",
    AT,
)  # fmt: skip


def test_what_is_kept_comes_back_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    history = History.open(url, OURS)
    kept = history.scenarios()
    later = replace(WHOLE, id="two", at=AT + timedelta(hours=1), candidate=always_on(2, Machine()))
    other = replace(WHOLE, id="three", endpoint="ocr")
    for each in (WHOLE, later, other):
        kept.keep(each)
    kept.keep(replace(WHOLE, name="Renamed"))
    history.close()
    again = History.open(url, OURS)
    assert again.scenarios().all("doc-async") == (later, replace(WHOLE, name="Renamed"))
    assert {each.id for each in again.scenarios().all()} == {"one", "two", "three"}
    assert again.scenarios().forget("one")
    assert not again.scenarios().forget("one")
    assert again.scenarios().all("doc-async") == (later,)
    again.close()


def test_scopes_are_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    ours, theirs = History.open(url, OURS), History.open(url, replace(OURS, account="999999999999"))
    ours.scenarios().keep(WHOLE)
    assert theirs.scenarios().all() == ()
    assert not theirs.scenarios().forget("one")
    assert len(ours.scenarios().all()) == 1
    ours.close()
    theirs.close()


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    history = History.open(url, OURS)
    history.scenarios().keep(WHOLE)
    engine = connect(url)
    with engine.begin() as connection:
        broken = {"was": '"low":0', "now": '"low":9'}
        connection.execute(text("update scenario set body = replace(body, :was, :now)"), broken)
    engine.dispose()
    with pytest.raises(OpsError, match="damaged"):
        history.scenarios().all()
    history.close()


def test_an_older_history_grows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    History.open(url, OURS).close()
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("drop table scenario"))
        connection.execute(text("update ebb_meta set value = '4' where key = 'schema'"))
    engine.dispose()
    history = History.open(url, OURS)
    history.scenarios().keep(WHOLE)
    assert history.scenarios().all() == (WHOLE,)
    history.close()


def test_a_file_of_arrivals_goes_with_the_last_scenario_that_is_of_it(tmp_path: Path) -> None:
    digest, body = "ab" * 16, b"timestamp\n" + b"2026-11-23T07:30:00Z\n" * 5000
    of_file = replace(WHOLE, traffic={"traffic": "file", "file": digest})
    history = History.open(f"sqlite:///{tmp_path}/history.db", OURS)
    kept = history.scenarios()
    assert kept.arrivals(digest) is None
    kept.keep(of_file, body)
    kept.keep(replace(of_file, id="two"), body)
    kept.keep(replace(WHOLE, id="three"))
    assert kept.arrivals(digest) == body
    kept.forget("three")
    kept.forget("one")
    assert kept.arrivals(digest) == body
    kept.forget("two")
    assert kept.arrivals(digest) is None
    history.close()


def test_a_history_without_files_of_arrivals_grows(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    first = History.open(url, OURS)
    first.scenarios().keep(WHOLE)
    first.close()
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text("drop table arrivals"))
        connection.execute(text("update ebb_meta set value = '5' where key = 'schema'"))
    engine.dispose()
    history = History.open(url, OURS)
    history.scenarios().keep(replace(WHOLE, id="two", traffic={"traffic": "file", "file": "cd" * 16}), b"t")
    assert history.scenarios().arrivals("cd" * 16) == b"t"
    assert {each.id for each in history.scenarios().all()} == {"one", "two"}
    history.close()
