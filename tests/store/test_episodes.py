"""Cold starts in the history: kept whole, final ones for good, pruned with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, timedelta

import pytest

from ops.core.cold_start import ColdStart
from ops.held import Held
from ops.store import episodes
from ops.store.history import History, Scope
from ops.store.packing import Damaged
from tests.core.timelines import NOON, made, woken

OURS = Scope("aws", "1", "us-east-1")
WAITED = replace(made(read=woken()), warm_until=NOON + timedelta(hours=2), warm_hours=1.5)
UNKNOWN = replace(made(read=None, changes=None, streams=None), id="b", warm_hours=None)


@pytest.fixture
def history() -> Iterator[History]:
    found = History.open("sqlite://", OURS)
    yield found
    found.close()


@pytest.mark.parametrize("start", [WAITED, UNKNOWN], ids=["all known", "little known"])
def test_what_was_kept_is_read(history: History, start: ColdStart) -> None:
    history.keep_episodes("doc", [start])
    assert history.episodes("doc", NOON) == (start,)
    assert history.episodes("doc", NOON)[0].ordered.tzinfo is UTC
    assert history.episodes("other", NOON) == ()


def test_newest_first_and_from_a_moment_on(history: History) -> None:
    days = [replace(WAITED, id=str(n), ordered=NOON + timedelta(days=n)) for n in range(3)]
    history.keep_episodes("doc", days)
    assert [s.id for s in history.episodes("doc", NOON + timedelta(days=1))] == ["2", "1"]


def test_a_final_record_is_replaced_by_final_ones_only(history: History) -> None:
    running = replace(WAITED, final=False, total_s=None)
    history.keep_episodes("doc", [running])
    assert history.episodes("doc", NOON) == (running,)
    history.keep_episodes("doc", [WAITED, running])
    history.keep_episodes("doc", [running])
    history.keep_episodes("doc", [replace(running, ordered=running.ordered + timedelta(minutes=4))])
    assert history.episodes("doc", NOON) == (WAITED,)
    longer = replace(WAITED, warm_hours=9.0)
    history.keep_episodes("doc", [longer])
    assert history.episodes("doc", NOON) == (longer,)


def test_an_empty_write_changes_nothing(history: History) -> None:
    history.keep_episodes("doc", [])
    assert history.episodes("doc", NOON) == ()


def test_they_go_with_what_is_pruned(history: History) -> None:
    old = replace(WAITED, id="old", ordered=NOON - timedelta(days=500))
    history.keep_episodes("doc", [old, WAITED])
    assert history.prune(int((NOON - timedelta(days=455)).timestamp()), 60) == 0
    history.prune(int((NOON - timedelta(days=455)).timestamp()))
    assert history.episodes("doc", NOON - timedelta(days=1000)) == (WAITED,)


def test_worlds_do_not_mix() -> None:
    one = History.open("sqlite://", Scope("embedded", "1", "us-east-1", "w1"))
    one.keep_episodes("doc", [WAITED])
    assert one.episodes("doc", NOON) == (WAITED,)
    one.close()


def test_what_a_later_ebb_wrote_besides_is_passed_over_and_damage_is_said() -> None:
    text = episodes.to_json(WAITED)
    assert episodes.from_json(text.replace("{", '{"mood":"calm",', 1)) == WAITED
    for name in (f.name for f in fields(ColdStart)):
        assert f'"{name}"' in text
    for broken in ("", "[]", "{}", text.replace("served", "eaten")):
        with pytest.raises(Damaged):
            episodes.from_json(broken)


def test_held_shows_what_the_database_does_not_have_yet(history: History) -> None:
    held = Held(history)
    history.close()
    held.keep_episodes("doc", [WAITED])
    held.keep_episodes("doc", [replace(WAITED, final=False)])
    assert held.episodes("doc", NOON) == (WAITED,)
    assert held.episodes("doc", NOON + timedelta(days=1)) == ()
