"""The charts of cold starts: what is bounded looks different, nothing known is drawn as nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np

from components.charts import cold_hours, cold_waterfall, cold_weeks
from components.charts.cold_waterfall import MOST, doubts, parts, waterfall
from components.theme import colour
from ops.core.cold_start_stats import by_hour, by_week
from tests.components.cold_samples import ALL, PAST, failed, scheduled, under_way, waited
from tests.components.samples import NOW

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_parts_of_a_wait_follow_each_other_without_a_gap():
    found = parts(PAST[0], NOW)
    assert [p.name for p in found] == ["noticed", "alarm and order", "instance", "model", "first result"]
    assert found[0].begin == 0
    assert all(a.end == b.begin for a, b in pairwise(found))
    assert found[-1].end == 480


def test_a_moment_that_is_not_known_joins_two_parts():
    unknown = ("wake signal", "instance up")
    start = waited(1)
    start = replace(start, phases=tuple(p for p in start.phases if p.step.value not in unknown))
    assert [p.name for p in parts(start, NOW)] == ["alarm and order", "instance and model", "first result"]


def test_without_requests_it_begins_with_the_order():
    assert [p.name for p in parts(scheduled(1), NOW)] == ["instance"]


def test_under_way_it_reaches_now_and_failed_it_shows_its_attempts():
    running = parts(under_way(), NOW)
    assert running[-1].name == "so far"
    assert running[-1].end == (NOW - under_way().began).total_seconds()
    assert parts(failed(1), NOW)[-1].name == "attempts"


def test_attempts_that_failed_are_not_laid_to_the_alarm():
    start = replace(PAST[0], failed_attempts=2)
    found = parts(start, NOW)
    assert [p.name for p in found][1:3] == ["attempts that failed", "instance"]
    assert found[1].tone == "stuck"


def test_only_what_is_bounded_is_striped():
    start = PAST[0]
    found = doubts(start)
    assert len(found) == 3, "signal, instance up and result; what is before the first request is not drawn"
    assert all(0 <= begin < end <= 480 for begin, end in found)
    figure = waterfall([start], UTC, NOW, named=True)
    stripes = next(t for t in figure.data if t.name == "bounded")
    assert stripes.marker.pattern.shape == "/"
    assert {t.marker.color for t in figure.data if t.type == "bar" and t is not stripes} == {
        colour(tone) for tone in ("muted", "backlog", "waking", "warm", "fine")
    }


def test_the_waterfall_shows_the_newest_with_their_names_and_lengths():
    many = [waited(n / 10) for n in range(40)]
    figure = waterfall(many, UTC, NOW, named=True)
    assert len(figure.layout.yaxis.ticktext) == MOST
    assert all("doc-async" in text for text in figure.layout.yaxis.ticktext)
    assert "doc-async" not in waterfall(many, UTC, NOW, named=False).layout.yaxis.ticktext[0]
    lengths = next(t for t in figure.data if t.name == "lengths")
    assert set(lengths.text) == {" 8.0 min"}
    assert waterfall(many, BERLIN, NOW, named=False).layout.yaxis.ticktext != figure.layout.yaxis.ticktext


def test_one_very_long_one_is_cut_and_says_how_long_it_was():
    late = list(waited(0.5).phases)
    late[6] = type(late[6])(
        late[6].step, late[6].kind, late[6].at + timedelta(hours=3), late[6].earliest, late[6].latest, ""
    )
    figure = waterfall([replace(waited(0.5), phases=tuple(late)), *PAST], UTC, NOW, named=False)
    lengths = next(t for t in figure.data if t.name == "lengths")
    assert any("▸" in text and "h" in text for text in lengths.text)
    assert figure.layout.xaxis.range[1] < 60


def test_weeks_hold_half_nine_of_ten_and_the_worst():
    weeks = by_week(ALL, UTC)
    figure = cold_weeks.weeks_chart(weeks, UTC)
    drawn = {t.name: t for t in figure.data}
    assert {"half", "9 of 10", "worst", "served", "failed"} <= drawn.keys()
    assert len(drawn["half"].x) == len(weeks)
    assert sum(drawn["served"].y) == 9
    assert sum(drawn["failed"].y) == 1
    assert drawn["failed"].marker.pattern.shape == "/"
    assert "week of" in cold_weeks.described(weeks)


def test_weeks_without_a_wait_say_so():
    figure = cold_weeks.weeks_chart(by_week([scheduled(2)], UTC), UTC)
    assert any("Nobody waited" in note.text for note in figure.layout.annotations)
    assert np.isnan(next(t for t in figure.data if t.name == "half").y).all()


def test_hours_are_those_of_the_zone_and_empty_ones_stay_empty():
    utc, berlin = (cold_hours.hours_chart(by_hour(ALL, zone), zone, NOW) for zone in (UTC, BERLIN))
    cells = [cell for row in utc.data[0].z for cell in row]
    assert sum(cell or 0 for cell in cells) == len(ALL)
    assert None in cells
    assert 0 not in cells
    assert utc.data[0].z != berlin.data[0].z
    assert "Europe/Berlin" in berlin.layout.xaxis.title.text
    assert "Most" in cold_hours.described(by_hour(ALL, UTC))
    assert "No cold start" in cold_hours.described(by_hour((), UTC))


def test_the_waterfall_is_told_in_words_too():
    said = cold_waterfall.described(ALL, UTC, NOW)
    assert "doc-async" in said
    assert "first result" in said
