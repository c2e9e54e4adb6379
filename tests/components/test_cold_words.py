"""What is said of cold starts, and the file for other tools."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from components.cold_words import as_csv, beside, sentence, woken_by
from components.format import took
from ops.core.cold_starts import WokenBy
from tests.components.cold_samples import ALL, PAST, cold_view, failed, scheduled, under_way, waited
from tests.components.samples import NOW


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (45, "45 s"),
        (89, "1 min 29 s"),
        (444, "7.4 min"),
        (594, "9.9 min"),
        (596, "10 min"),
        (1370, "23 min"),
        (6540, "1 h 49 min"),
    ],
)
def test_lengths_have_two_digits(seconds, text):
    assert took(seconds) == text


SENTENCES = {
    "usual": (
        cold_view(),
        "9 cold starts in the last 30 days: half of the waits for a first result took under 8.1 min, the worst 19 min.",
        ("Together, the first requests waited 1 h 7 min in 7 cold starts", "2 more found nobody waiting"),
    ),
    "few": (
        cold_view(PAST[:2]),
        "2 cold starts in the last 30 days; the longest wait for a first result was 8.0 min.",
        ("The worst was doc-async's",),
    ),
    "nobody waited": (
        cold_view((scheduled(2),)),
        "1 cold start in the last 30 days; nobody waited.",
        ("1 more found nobody waiting",),
    ),
    "only failures": (
        cold_view((failed(2),)),
        "No instance came in the last 30 days.",
        ("1 wake brought no instance",),
    ),
    "under way": (
        cold_view((under_way(), *PAST)),
        "7 cold starts in the last 30 days",
        ("doc-async is waking now",),
    ),
    "none, but some before": (
        cold_view((), usual=PAST),
        "No cold start in the last 30 days.",
        ("The newest was doc-async's",),
    ),
    "none ever": (cold_view(()), "No cold start in the last 30 days.", ("None is on record",)),
    "still looking": (
        cold_view((), whole=2),
        "Cold starts are still being looked for.",
        ("The past of 2 of 7 endpoints",),
    ),
    "some found, still looking": (
        cold_view(PAST, whole=2),
        "7 cold starts",
        ("The past of 2 of 7 endpoints",),
    ),
    "metrics gone": (
        cold_view((replace(scheduled(3), waited=None),)),
        "1 cold start in the last 30 days.",
        ("whether somebody waited is not known",),
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_the_sentence(case):
    view, verdict, more = SENTENCES[case]
    said, rest = sentence(view, UTC, "the last 30 days")
    assert said.startswith(verdict)
    for part in more:
        assert part in rest


def test_where_it_is_not_known_whether_somebody_waited_nobody_is_not_said():
    said, _ = sentence(cold_view((replace(scheduled(3), waited=None),)), UTC, "the last 30 days")
    assert "nobody" not in said


def test_times_in_the_sentence_are_in_the_zone():
    utc, berlin = (sentence(cold_view(), zone, "x")[1] for zone in (UTC, ZoneInfo("Europe/Berlin")))
    assert utc != berlin


@pytest.mark.parametrize(
    ("by", "who", "text"),
    [
        (WokenBy.REQUEST, "alarm", "requests"),
        (WokenBy.SCHEDULE, "warm-open", "the schedule warm-open"),
        (WokenBy.OPERATOR, "minimum capacity was set to 1", "its bounds"),
        (WokenBy.UNKNOWN, "", "not known"),
    ],
)
def test_who_woke_it(by, who, text):
    assert woken_by(replace(PAST[0], woken_by=by, who=who)) == text


def test_beside_the_others():
    slow = next(s for s in ALL if s.total_s == 1152.0)
    assert beside(slow, cold_view()) == "2.4 × slower than usual"
    assert "fewer than 5" in beside(PAST[0], cold_view(PAST[:3]))
    assert beside(failed(1), cold_view()) == ""


def test_the_file_has_every_phase_with_kind_and_source():
    rows = list(csv.DictReader(io.StringIO(as_csv(cold_view()))))
    assert len(rows) == len(ALL)
    row = next(r for r in rows if r["total_s"] == "1152")
    assert row["endpoint"] == "doc-async"
    assert row["times_usual"] == "2.39"
    assert row["scaling_activity_at"] == row["ordered_at"]
    assert row["ordered_at"].endswith("Z")
    assert row["scaling_activity_kind"] == "measured"
    assert row["first_result_kind"] == "bounded"
    assert row["first_result_earliest"] < row["first_result_at"] < row["first_result_latest"]
    assert "InvocationsProcessed" in row["first_result_source"]
    assert row["warm_usd_estimated"] == "1.2600"
    unasked = next(r for r in rows if r["woken_by"] == "schedule")
    assert (unasked["first_queued_at"], unasked["first_queued_kind"], unasked["longest_wait_s"]) == (
        "",
        "",
        "",
    )
    running = next(r for r in rows if r["outcome"] == "still running")
    assert (running["total_s"], running["final"]) == ("", "no")


def test_unknown_stays_empty_and_no_text_becomes_a_formula():
    odd = waited(1, who="=cmd()", warm_hours=None, waited=None)
    (row,) = csv.DictReader(io.StringIO(as_csv(cold_view((odd,), price=None))))
    assert (row["who"], row["warm_usd_estimated"], row["waited"]) == ("'=cmd()", "", "")
    assert row["ordered_at"] == f"{NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
