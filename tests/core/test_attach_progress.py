"""Tables: which attachments count as unfinished, by the journal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.core.attach_progress import open_attachments, root_id
from ops.core.change import Actor, Entry, Outcome
from ops.core.setup import Setup
from tests.core.life_samples import REF

NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)


def entry(
    identity: str,
    kind: str = "attach",
    outcome: Outcome = Outcome.PARTLY,
    minutes: int = 0,
    **more: str,
) -> Entry:
    at = NOW + timedelta(minutes=minutes)
    return Entry(
        identity, at, Actor("boss", "admin"), REF, kind, kind, "", Setup(), Setup(), outcome, (), **more
    )


FIRST = entry("1")


@pytest.mark.parametrize(
    ("later", "found"),
    [
        ((), [("1", "1")]),
        ((entry("2", outcome=Outcome.DONE, minutes=1, continues="1"),), []),
        ((entry("2", outcome=Outcome.FAILED, minutes=1, continues="1"),), [("1", "2")]),
        ((entry("2", outcome=Outcome.DONE, minutes=1),), []),
        ((entry("2", minutes=1),), [("2", "2")]),
        ((entry("2", "cleanup", minutes=1, undo_of="1"),), [("1", "2")]),
        ((entry("2", "undo", Outcome.DONE, minutes=1, undo_of="1"),), []),
        ((entry("2", "cleanup", minutes=1, undo_of="0"),), [("1", "1")]),
        ((entry("2", "bounds", Outcome.DONE, minutes=1),), [("1", "1")]),
        ((entry("2", "detach", minutes=1),), []),
        ((entry("2", "delete", Outcome.DONE, minutes=1),), []),
        ((entry("2", "delete", Outcome.REFUSED, minutes=1),), [("1", "1")]),
        ((entry("2", outcome=Outcome.BEGUN, minutes=1, continues="1"),), []),
    ],
)
def test_what_is_unfinished(later: tuple[Entry, ...], found: list[tuple[str, str]]) -> None:
    assert [(root.id, last.id) for root, last in open_attachments((*later, FIRST))] == found


def test_endpoints_are_apart_and_an_attempt_knows_its_first() -> None:
    other = replace(entry("3", minutes=2), ref=replace(REF, name="other"))
    assert [root.id for root, _ in open_attachments((FIRST, other))] == ["3", "1"]
    assert root_id(entry("2", continues="1")) == "1"
    assert root_id(entry("2", "undo", undo_of="1")) == "1"
    assert root_id(entry("2", "bounds", undo_of="1")) == "2"
