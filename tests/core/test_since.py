"""Visits, and what happened on the fleet since the last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.core.moments import written
from ops.core.records import Change
from ops.core.since import GAP, Summary, Visit, dumped, happened, loaded, looked, summary
from ops.core.types import EndpointState, Severity
from ops.core.views import FleetRow
from tests.components.samples import NOW, STORIES, row

BEGIN = NOW - timedelta(hours=20)
NAMES = frozenset(story[0] for story in STORIES)
CALM = Summary(BEGIN, NAMES)
ROWS = tuple(row(*story) for story in STORIES)
"""ocr-legacy cannot wake and invoice-parse fails, since 21 minutes; three others are fine."""
FINE = tuple(r for r in ROWS if r.verdict.severity not in (Severity.CRITICAL, Severity.WARNING))


def seen(minutes: float) -> Summary:
    return Summary(NOW + timedelta(minutes=minutes), frozenset({f"at {minutes:g}"}))


@pytest.mark.parametrize(
    ("looks", "before"),
    [
        ((0,), None),
        ((0, 0.1, 5, 29), None),
        ((0, 29, 58, 87), None),
        ((0, 31), 0),
        ((0, 10, 60, 61), 10),
        ((0, 60, 120), 60),
        ((0, 60, 59, 61), 0),
    ],
)
def test_a_visit_ends_after_half_an_hour_without_a_look(
    looks: tuple[float, ...], before: float | None
) -> None:
    visit: Visit | None = None
    for minute in looks:
        visit = looked(visit, seen(minute), NOW + timedelta(minutes=minute))
        assert loaded(dumped(visit)) == visit
    assert visit is not None
    assert visit.before == (None if before is None else seen(before))
    assert timedelta(minutes=29) < GAP < timedelta(minutes=31)


@pytest.mark.parametrize(
    "text", [None, "", "null", "{", "[]", "7", "{}", '{"looked": 1, "now": 2, "before": null}',
             '{"looked": 1e30, "now": {"at": 1, "names": [], "loud": {}}, "before": null}',
             '{"looked": 1, "now": {"at": "x", "names": [], "loud": {}}, "before": null}',
             '{"looked": 1, "now": {"at": 1, "names": 3, "loud": {}}, "before": null}']
)  # fmt: skip
def test_a_memory_that_cannot_be_read_is_no_memory(text: str | None) -> None:
    assert loaded(text) is None


def news(
    before: Summary = CALM,
    rows: tuple[FleetRow, ...] = ROWS,
    changes: tuple[Change, ...] = (),
) -> list[str]:
    found = happened(before, rows, changes, 0, NOW)
    assert found.at == before.at
    return [f"{n.endpoint} {written(n.text)}".strip() for n in found.news]


def test_what_turned_loud_is_named_with_its_time_and_what_was_so_before_is_not() -> None:
    assert news() == ["ocr-legacy cannot wake since 13:41 UTC", "invoice-parse failing since 13:41 UTC"]
    assert news(replace(CALM, loud={"ocr-legacy": "wake_stuck"})) == ["invoice-parse failing since 13:41 UTC"]
    assert news(replace(CALM, loud={"ocr-legacy": "slow", "invoice-parse": "failing"})) == [
        "ocr-legacy cannot wake since 13:41 UTC"
    ]
    assert news(replace(CALM, at=NOW - timedelta(minutes=5)))[0] == "ocr-legacy cannot wake"


def test_calm_again_new_and_gone() -> None:
    before = Summary(
        BEGIN, frozenset({"doc-async", "night-batch", "lost"}), {"doc-async": "failing", "lost": "slow"}
    )
    assert news(before, FINE) == ["doc-async calm again, waking", "old-extract new", "lost is gone"]
    unknown = replace(FINE[0], verdict=replace(FINE[0].verdict, state=EndpointState.UNKNOWN))
    assert news(before, (unknown, FINE[1])) == ["lost is gone"]
    assert news(Summary(BEGIN, frozenset()), FINE) == ["3 endpoints new"]


def test_many_are_counted() -> None:
    rows = tuple(row(f"e{n}", *STORIES[0][1:]) for n in range(5))
    names = frozenset(r.endpoint.ref.name for r in rows)
    assert news(Summary(BEGIN, names), rows)[3:] == ["2 more endpoints in trouble"]
    fine = tuple(row(f"e{n}", *STORIES[3][1:]) for n in range(5))
    assert news(Summary(BEGIN, names, dict.fromkeys(names, "slow")), fine)[3:] == [
        "2 more endpoints calm again"
    ]


def change(operation: str, endpoint: str, who: str, hours: float = 2, **more: object) -> Change:
    found = Change(
        f"{operation}{endpoint}{hours}", NOW - timedelta(hours=hours), operation, who, endpoint, "x"
    )
    return replace(found, **more)  # type: ignore[arg-type]


def test_changes_are_told_by_who_made_them() -> None:
    assert news(
        rows=FINE,
        before=Summary(BEGIN, frozenset(r.endpoint.ref.name for r in FINE)),
        changes=(
            change("UpdateEndpoint", "doc-async", "jane"),
            change("UpdateEndpoint", "night-batch", "ci", 3),
            change("UpdateEndpoint", "old-extract", "ci", 4),
            change("UpdateEndpoint", "doc-async", "jane", 30),
            change("UpdateEndpoint", "doc-async", "eve", error="Denied"),
            change("RegisterScalableTarget", "doc-async", "sam"),
            change("RegisterScalableTarget", "doc-async", "auto", by_service=True),
            change("PutMetricAlarm", "doc-async", "sam"),
        ),
    ) == [
        "2 deploys by ci (2 endpoints)",
        "1 deploy by jane (doc-async)",
        "1 change of bounds by sam (doc-async)",
        "1 other change",
    ]


def test_cold_starts_are_counted_and_said_to_be_at_least_so_many_while_the_past_is_gone_through() -> None:
    before = Summary(BEGIN, frozenset(r.endpoint.ref.name for r in FINE))
    said = [
        [n.text for n in happened(before, FINE, (), woken, NOW, whole=whole).news]
        for woken, whole in ((0, True), (1, True), (2, True), (2, False), (0, False))
    ]
    assert said == [[], ["1 cold start"], ["2 cold starts"], ["at least 2 cold starts"], []]


def test_a_summary_holds_what_the_next_visit_compares() -> None:
    at: datetime = NOW
    assert summary(ROWS, at) == Summary(at, NAMES, {"ocr-legacy": "wake_stuck", "invoice-parse": "failing"})
