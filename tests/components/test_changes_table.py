"""The table of changes says who, or that nobody knows; and what it may lack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from components.changes import MOST, changes_table
from ops.core.marks import Audit, Mark, MarkKind
from ops.core.types import Problem
from tests.components.samples import NOW, endpoint_view

READ = Audit(NOW - timedelta(days=90), NOW - timedelta(days=90))


def shown(*marks: Mark, audit: Audit = READ) -> str:
    return changes_table(replace(endpoint_view(), changes=marks, audit=audit), UTC)


def mark(minutes: float, sentence: str, **more: str) -> Mark:
    return Mark(NOW - timedelta(minutes=minutes), MarkKind.BOUNDS, sentence, **more)


def test_newest_first_with_who_and_outcome() -> None:
    text = shown(
        mark(50, "bounds to 0–4", who="jane"),
        mark(40, "minimum to 9", who="eve", refused="ValidationException"),
        mark(30, "minimum set to 1"),
        Mark(NOW, MarkKind.SCHEDULE, "schedule office: minimum 1"),
    )
    order = [text.index(word) for word in ("office", "minimum set to 1", "minimum to 9", "bounds to 0–4")]
    assert order == sorted(order)
    for word in ("jane", "refused", "ValidationException", "not known", "its schedule", "today 13:12"):
        assert word in text
    assert text.count("✓") == 3


def test_older_ones_are_folded_away() -> None:
    text = shown(*(mark(n, f"change {n}") for n in range(MOST + 5)))
    assert "5 older in this range" in text
    assert text.count('<tr role="row"><td') == MOST + 5


@pytest.mark.parametrize(
    ("audit", "says", "not_said"),
    [
        (READ, "Nothing was changed in this range.", "back to"),
        (Audit(), "CloudTrail is still being read.", "Nothing was changed"),
        (
            Audit(problem=Problem("who", "AWS denied it.", "", "cloudtrail:LookupEvents")),
            "Allow <code>cloudtrail:LookupEvents</code>",
            "Nothing was changed",
        ),
        (Audit(problem=Problem("who", "AWS is slow.", "Wait.", "", True)), "AWS is slow. Wait.", "Allow"),
        (Audit(NOW, NOW), "It was read back to today 14:02.", "still being read"),
        (Audit(NOW - timedelta(days=90), NOW), "Capacity set by hand is known since today 14:02.", "back to"),
    ],
)
def test_what_is_not_known_is_said(audit: Audit, says: str, not_said: str) -> None:
    text = shown(audit=audit)
    assert says in text
    assert not_said not in text


def test_text_from_aws_is_text() -> None:
    text = shown(mark(5, "<script>", who="<b>", refused='"><i>'))
    assert not any(tag in text for tag in ("<script>", "<b>", "<i>"))
    assert "&lt;script&gt;" in text
