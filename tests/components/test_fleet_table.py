"""The fleet's lines: what is known, what is not, how old it is; and which lines are shown in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from components.fleet_list import ALL_STATES, NEEDS_YOU, SORTS, TROUBLE_FIRST, Choice, shown
from components.fleet_table import fleet_table, realtime_table
from ops.core.types import EndpointState, Problem, Severity, Verdict
from ops.core.views import LastColdStart
from tests.components.samples import NOW, fleet

STUCK, FAILING, WAKING, BUSY, ASLEEP = fleet().rows


def lines(*rows, zone=UTC):
    return fleet_table(rows, "Asynchronous endpoints", zone, NOW)


def names(choice, rows=None):
    return [row.endpoint.ref.name for row in choice.of_rows(fleet().rows if rows is None else rows)]


def test_a_cold_start_on_record_says_when_and_how_long():
    row = replace(ASLEEP, last_cold_start=LastColdStart(NOW - timedelta(hours=6), 305.0))
    assert "today 08:02<" in lines(row)
    assert ">instance after 5 min<" in lines(row)
    assert "From the order of the instance until it was in service" in lines(row)
    assert "first waiting request" in lines(row), "another measure than on Endpoint"
    assert "today 09:02<" in lines(row, zone=ZoneInfo("Europe/Berlin"))


def test_a_cold_start_under_way_says_since_when():
    row = replace(WAKING, last_cold_start=LastColdStart(NOW - timedelta(minutes=2), None))
    assert "under way since today 14:00" in lines(row)


def test_no_cold_start_on_record_is_a_dash_that_explains_itself():
    assert "No cold start is on record" in lines(ASLEEP)
    assert 'title="No cold start is on record in what was read; ' in lines(ASLEEP)


def test_what_was_not_read_yet_is_no_dash():
    text = lines(replace(ASLEEP, cold_starts_unread=True))
    assert ">not known yet<" in text
    assert "No cold start is on record" not in text
    denied = Problem("scaling activities", "AWS denied it.", "Allow it.")
    text = lines(replace(ASLEEP, problems=(denied,)))
    assert 'title="The scaling activities could not be read.">not known<' in text


def test_a_cold_start_of_which_metrics_alone_tell_is_not_under_way():
    row = replace(ASLEEP, last_cold_start=LastColdStart(NOW - timedelta(hours=6), None, over=True))
    assert "today 08:02<" in lines(row)
    assert "under way" not in lines(row)


def test_old_numbers_say_how_old_they_are_and_why():
    assert "read 22 min ago" in lines(replace(ASLEEP, read_at=NOW - timedelta(minutes=22)))
    assert "asked more rarely" in lines(replace(ASLEEP, read_at=NOW - timedelta(minutes=22)))
    assert "read " not in lines(replace(ASLEEP, read_at=NOW - timedelta(seconds=119)))
    assert "read " not in lines(ASLEEP)


def test_what_is_not_known_is_a_dash_and_never_zero():
    endpoint = replace(ASLEEP.endpoint, described=False, current=None, desired=None, instance_type=None)
    verdict = Verdict(EndpointState.UNKNOWN, Severity.WARNING, "AWS refused to describe it.")
    row = replace(
        ASLEEP,
        endpoint=endpoint,
        verdict=verdict,
        backlog=None,
        oldest_s=None,
        bounds=None,
        failures_1h=None,
    )
    text = lines(row)
    assert "instance type not known" in text
    assert "no target" not in text
    assert ">0<" not in text
    assert text.count("–") == 5


def test_an_empty_queue_has_no_oldest_and_an_old_request_stands_out():
    assert ">none<" in lines(ASLEEP)
    assert '<span class="waking">4 h</span>' in lines(replace(BUSY, oldest_s=14400.0))
    assert '<span class="">40 min</span>' in lines(BUSY)


def test_failed_and_expired_are_both_in_sight():
    text = lines(replace(FAILING, failures_1h=11.0, expired_1h=3.0))
    assert '<span class="stuck">11</span>' in text
    assert "3 expired" in text


def test_a_sentence_that_stands_above_the_table_is_not_repeated():
    assert STUCK.verdict.sentence not in lines(STUCK)
    assert BUSY.verdict.sentence in lines(BUSY)


def test_a_real_time_line_has_its_state_instances_and_errors():
    text = realtime_table(fleet().realtime, NOW)
    assert "Real-time endpoint, 1 instance." in text
    assert "5xx, 1 h" in text


def test_every_word_must_match_name_type_or_state():
    assert names(Choice.of("ASYNC g5", ALL_STATES, TROUBLE_FIRST)) == ["doc-async"]
    assert names(Choice.of("cannot wake", ALL_STATES, TROUBLE_FIRST)) == ["ocr-legacy"]
    assert names(Choice.of("ocr asleep", ALL_STATES, TROUBLE_FIRST)) == []
    assert len(names(Choice.of("  ", ALL_STATES, TROUBLE_FIRST))) == 5


def test_a_state_narrows_and_needs_you_means_trouble():
    assert names(Choice.of("", "asleep", TROUBLE_FIRST)) == ["old-extract"]
    assert names(Choice.of("", NEEDS_YOU, TROUBLE_FIRST)) == ["ocr-legacy", "invoice-parse"]


@pytest.mark.parametrize(
    ("sort", "first", "last"),
    [
        ("trouble first", "ocr-legacy", "old-extract"),
        ("name", "doc-async", "old-extract"),
        ("backlog", "night-batch", "old-extract"),
        ("oldest", "night-batch", "old-extract"),
        ("instances", "invoice-parse", "old-extract"),
        ("failures", "doc-async", "old-extract"),
        ("last cold start", "doc-async", "old-extract"),
    ],
)
def test_the_greatest_first_and_what_is_not_known_last(sort, first, last):
    assert sort in SORTS
    rows = [
        replace(r, failures_1h=4.0, last_cold_start=LastColdStart(NOW, None)) if r is WAKING else r
        for r in fleet().rows
    ]
    rows[-1] = replace(
        ASLEEP, backlog=None, failures_1h=None, endpoint=replace(ASLEEP.endpoint, current=None)
    )
    found = names(Choice.of("", ALL_STATES, sort), rows)
    assert found[0] == first
    if sort != "name":
        assert found[-1] == last


def test_how_many_are_shown_is_said_only_where_some_are_not():
    assert shown(7, 7, 7) == ""
    assert shown(12, 12, 207) == "12 of 207 shown"
    assert shown(50, 207, 207) == "50 of 207 shown"
    assert shown(50, 120, 1207) == "50 of 120 that match shown, 1,207 in all"
