"""The signature chart shows what there is, marks what is not final, and never invents a zero."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import plotly.io as pio
import pytest

from components import theme
from components.charts.grid import BUCKETS, LIMIT, wall
from components.charts.sentences import described, why
from components.charts.signature import signature_chart
from components.charts.story import desired, edges, events, in_service, wakings
from ops.core.types import Activity, Bounds, MetricSet, ScalableTarget, Series, Window
from tests.components.samples import NOW, busy_view, endpoint_view

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def view():
    return endpoint_view()


def traces(figure, name):
    return [t for t in figure.data if t.name == name]


def trace(figure, name):
    (found,) = traces(figure, name)
    return found


def notes(figure):
    return " | ".join(a.text for a in figure.layout.annotations)


def said(figure):
    return list(trace(figure, "words").text)


def at(view, share):
    return view.window.start + (view.window.end - view.window.start) * share


def test_gaps_stay_gaps(view):
    backlog = view.metrics.get("ApproximateBacklogSize").values
    line = trace(signature_chart(view, UTC), "backlog")
    epochs = view.window.epochs() * 1000
    holes = epochs[np.isnan(backlog)]
    drawn, values = np.array(line.x), np.array(line.y)
    assert holes.size
    assert holes[0] in drawn[np.isnan(values)]
    assert not np.isin(drawn[~np.isnan(values)], holes).any()
    assert line.connectgaps is False


def test_a_flat_stretch_costs_two_points_and_loses_none_of_its_words(view):
    figure = signature_chart(view, UTC)
    assert len(trace(figure, "backlog").x) < view.window.size
    assert len(said(figure)) == view.window.size


def test_an_instance_serves_until_the_end_of_its_last_minute(view):
    values = view.instances.values
    last = np.flatnonzero(~np.isnan(values))[-1]
    line = trace(signature_chart(view, UTC), "instances")
    assert max(line.x) == (view.window.epochs()[last] + view.window.period) * 1000
    assert line.line.shape == "hv"


def test_what_was_not_published_is_said_in_words(view):
    silent = replace(
        view, metrics=MetricSet(view.window), instances=Series.absent("instances", view.window), activities=()
    )
    figure = signature_chart(silent, UTC)
    assert "AWS published no backlog in this range" in notes(figure)
    assert "No instance reported in this range" in notes(figure)
    assert all(text.startswith("– waiting<br>– in service") for text in said(figure))
    assert not traces(figure, "desired")


def test_times_are_plain_milliseconds_of_the_zone_on_show(view):
    for zone in (UTC, BERLIN):
        x = np.array(trace(signature_chart(view, zone), "words").x)
        assert x.dtype == np.float64
        assert x[0] == wall(view.window.start, zone)
    assert "time, Europe/Berlin (UTC+1)" in notes(signature_chart(view, BERLIN))
    text = pio.to_json(signature_chart(view, BERLIN).to_dict(), validate=False)
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", text)


def test_the_newest_minutes_are_hatched_and_said_to_be(view):
    figure = signature_chart(view, UTC)
    hatched = traces(figure, "not final")
    assert {t.yaxis for t in hatched} == {"y", "y2"}
    for rectangle in hatched:
        assert min(rectangle.x) == wall(view.provisional_from, UTC)
        assert max(rectangle.x) == wall(view.window.end, UTC)
        assert rectangle.fillpattern.shape == "/"
    assert "not final or not read yet" in notes(figure)
    late = [text.endswith("not final yet") for text in said(figure)]
    first = int((view.provisional_from - view.window.start).total_seconds() // 60)
    assert late == [False] * first + [True] * (view.window.size - first)


def test_a_window_that_ended_long_ago_has_nothing_provisional(view):
    settled = replace(view, provisional_from=view.window.end + timedelta(hours=1))
    figure = signature_chart(settled, UTC)
    assert not traces(figure, "not final")
    assert "not final" not in notes(figure)
    assert not any("not final" in text for text in said(figure))


@pytest.mark.parametrize(
    ("bounds", "texts"),
    [
        (Bounds(0, 8), ["max 8"]),
        (Bounds(2, 6), ["max 6", "min 2"]),
        (Bounds(0, 200), ["max 200 (above this axis)"]),
        (Bounds(0, 0), ["max 0"]),
    ],
)
def test_bounds_carry_their_numbers(view, bounds, texts):
    figure = signature_chart(replace(view, target=ScalableTarget(bounds)), UTC)
    for text in texts:
        assert text in notes(figure)
    band = next(s for s in figure.layout.shapes if s.fillcolor == theme.tint("warm", 0.08))
    assert band.yref == "y2"
    assert band.y1 <= figure.layout.yaxis2.range[1]


def test_without_a_target_the_bounds_of_the_row_serve_and_without_both_there_is_no_band(view):
    bare = replace(view, target=None, row=replace(view.row, bounds=None))
    assert "max" not in notes(signature_chart(bare, UTC))
    assert "max 8" in notes(signature_chart(replace(view, target=None), UTC))


def test_cold_starts_are_bands_through_both_panels_with_their_length(view):
    found = wakings(view)
    assert [w.done for w in found] == [True, False]
    figure = signature_chart(view, UTC)
    bands = traces(figure, "cold starts")
    assert [b.yaxis for b in bands] == ["y", "y2"]
    for band in bands:
        starts = np.array(band.x) - np.array(band.width) / 2
        assert starts == pytest.approx([wall(w.start, UTC) for w in found])
        assert np.array(band.width) == pytest.approx([w.seconds * 1000 for w in found])
    assert "◔ 7 min" in notes(figure)
    assert "so far" in notes(figure)
    assert "◔ 2 cold starts" in notes(figure)
    assert any("cold start, took 7 min" in text for text in said(figure))


def test_labels_of_cold_starts_keep_their_distance(view):
    def woken(share):
        start = at(view, share)
        return (
            Activity(f"u{share}", start, start + timedelta(minutes=4), "Successful", "", "", desired=1),
            Activity(f"d{share}", start + timedelta(minutes=5), start, "Successful", "", "", desired=0),
        )

    moves = tuple(a for share in (0.1, 0.15, 0.2, 0.5, 0.95) for a in woken(share))
    silent = Series.absent("instances", view.window)
    figure = signature_chart(replace(view, activities=moves, instances=silent), UTC)
    labels = [a for a in figure.layout.annotations if a.text == "◔ 4 min"]
    assert len(labels) == 3
    assert [a.xanchor for a in labels] == ["right", "left", "left"]
    assert len(trace_of(figure, "y", "cold starts").x) == 5


def trace_of(figure, axis, name):
    return next(t for t in figure.data if t.name == name and t.yaxis == axis)


def test_a_failed_attempt_is_no_cold_start(view):
    failed = tuple(replace(a, status="Failed") if a.desired else a for a in view.activities)
    figure = signature_chart(replace(view, activities=failed), UTC)
    assert not traces(figure, "cold starts")
    assert trace(figure, "scaling failed").marker.symbol == "x"
    assert len(trace(figure, "scaling failed").x) == 4
    assert "✕ 4 failed attempts" in notes(figure)


def test_scaling_marks_tell_direction_and_capacity(view):
    figure = signature_chart(view, UTC)
    up, down = trace(figure, "scaling up"), trace(figure, "scaling down")
    assert (up.marker.symbol, list(up.y)) == ("triangle-up", [2, 4, 2])
    assert (down.marker.symbol, list(down.y)) == ("triangle-down", [2, 0])
    assert up.x[0] == wall(view.activities[-1].start, UTC)


def test_desired_is_drawn_from_where_the_record_begins(view):
    moves = desired(view)
    assert [n for _, n in moves] == [2, 4, 2, 0, 2]
    line = trace(signature_chart(view, UTC), "desired")
    assert line.x[0] == wall(moves[0][0], UTC)
    assert line.line.dash == "dot"
    early = replace(view.activities[-1], start=view.window.start - timedelta(days=2), desired=3)
    known = desired(replace(view, activities=(*view.activities, early)))
    assert known[0] == (view.window.start, 3)


def test_a_schedule_that_ran_is_an_edge_with_what_it_set(view):
    when = at(view, 0.4)
    ran = Activity(
        "s", when, when, "Successful", "Setting min capacity to 1",
        "scheduled action name office was triggered",
    )  # fmt: skip
    shown = replace(view, activities=(*view.activities, ran))
    assert [(e.at, e.name, e.sets) for e in edges(shown)] == [(when, "office", "min 1")]
    figure = signature_chart(shown, UTC)
    assert "min 1" in notes(figure)
    assert any(s.type == "line" and s.x0 == wall(when, UTC) for s in figure.layout.shapes)
    assert any("schedule office: min 1" in text for text in said(figure))
    assert edges(view) == []


@pytest.mark.parametrize(
    ("change", "before", "waiting", "sentence"),
    [
        ({}, 0, 43.0, "0 → 2: woken by 43 waiting requests"),
        ({}, 0, 1.0, "0 → 2: woken by 1 waiting request"),
        ({}, 0, None, "0 → 2: woken by policy wake"),
        ({}, 1, 9.0, "1 → 2: 9 waiting requests, policy wake"),
        ({"desired": 0}, 3, 0.0, "3 → 0: policy wake"),
        ({"cause": "minimum capacity was set to 2"}, None, 5.0, "2: minimum set to 2"),
        ({"cause": ""}, 1, None, "1 → 2: cause not told"),
        (
            {"status": "Failed", "message": "No. Reason: quota 1."},
            0,
            3.0,
            "could not start 2 instances: quota 1.",
        ),
        (
            {"status": "Failed", "desired": 1, "cause": ""},
            0,
            3.0,
            "could not start 1 instance: no reason told",
        ),
    ],
)
def test_the_sentence_of_an_event(change, before, waiting, sentence):
    cause = "monitor alarm wake-x in state ALARM triggered policy wake"
    activity = replace(Activity("a", NOW, None, "Successful", "", cause, desired=2), **change)
    assert why(activity, before, waiting) == sentence


def test_the_words_carry_the_event_of_their_minute_once(view):
    texts = said(signature_chart(view, UTC))
    assert sum("2 → 4" in text for text in texts) == 1
    assert sum("woken by" in text for text in texts) == 1
    assert all(len(set(text.split("<br>"))) == len(text.split("<br>")) for text in texts)
    assert max(len(line) for text in texts for line in text.split("<br>")) <= 44


def test_text_from_aws_cannot_become_markup(view):
    first, *rest = view.activities
    nasty = replace(view, activities=(replace(first, cause="<b onclick=x>"), *rest))
    assert "<b " not in "".join(said(signature_chart(nasty, UTC)))
    assert any("&lt;b" in text for text in said(signature_chart(nasty, UTC)))


@pytest.mark.parametrize(
    ("span", "period"),
    [
        (timedelta(minutes=20), 60),
        (timedelta(hours=13), 60),
        (timedelta(days=3), 60),
        (timedelta(days=30), 60),
        (timedelta(days=30), 300),
        (timedelta(days=455), 3600),
    ],
)
def test_any_range_stays_small_and_keeps_its_extremes(span, period):
    view = busy_view(span, period=period)
    figure = signature_chart(view, UTC)
    backlog = view.metrics.get("ApproximateBacklogSize").values
    assert max(len(t.x) for t in figure.data) <= LIMIT
    assert len(said(figure)) <= BUCKETS
    assert np.nanmax(trace(figure, "backlog").y) == pytest.approx(np.nanmax(backlog))
    assert np.nanmax(trace(figure, "instances").y) == np.nanmax(view.instances.values)
    assert np.isnan(np.array(trace(figure, "backlog").y)).any() == np.isnan(backlog).any()


def test_a_month_of_minutes_weighs_little():
    figure = signature_chart(busy_view(timedelta(days=30), period=60), UTC)
    assert len(pio.to_json(figure.to_dict(), validate=False)) < 60_000


def test_every_colour_of_the_figure_has_its_dark_counterpart(view):
    text = pio.to_json(signature_chart(view, UTC).to_dict(), validate=False)
    used = set(re.findall(r"#[0-9A-Fa-f]{6}|rgba\([\d.,]+\)", text))
    assert len(used) > 8
    assert used <= set(theme.DARK)


def test_panels_share_one_axis_and_do_not_overlap(view):
    layout = signature_chart(view, UTC).layout
    domains = [layout[f"yaxis{n}"].domain for n in ("", 2)]
    assert layout.xaxis.anchor == "y2"
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))
    assert layout.height <= 460


def test_only_the_words_speak_on_hover(view):
    loud = [t.name for t in signature_chart(view, UTC).data if t.hoverinfo != "skip"]
    assert loud == ["words"]


def test_described_says_peak_instances_and_cold_starts(view):
    text = described(view, BERLIN)
    assert text.startswith("Backlog and instances of doc-async, 3 h until today 15:03 Europe/Berlin (UTC+1)")
    assert "the peak is 60 waiting, today 12:4" in text
    assert "Now 0 instances in service, 2 desired" in text
    assert "2 cold starts" in text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [(np.nan, "AWS published no backlog in this range"), (0.0, "nothing waited")],
)
def test_described_does_not_mistake_a_gap_for_a_zero(view, values, sentence):
    backlog = Series("ApproximateBacklogSize", view.window, np.full(view.window.size, values))
    flat = replace(view, metrics=MetricSet(view.window, {"ApproximateBacklogSize": backlog}), activities=())
    assert sentence in described(flat, UTC)
    assert "no cold starts" in described(flat, UTC)


def test_a_record_that_begins_late_is_said_to(view):
    window = Window.last(timedelta(days=30), NOW, 300)
    values = np.full(window.size, np.nan)
    values[10:20] = values[4000:4010] = 1.0
    start = window.start + (window.end - window.start) * 0.46
    moves = (
        Activity("u", start, start + timedelta(minutes=5), "Successful", "", "", desired=1),
        Activity(
            "d", start - timedelta(hours=1), start - timedelta(hours=1), "Successful", "", "", desired=0
        ),
    )
    late = replace(
        view,
        window=window,
        metrics=MetricSet(window),
        instances=Series("instances", window, values),
        activities=moves,
    )
    assert "1 cold start since" in notes(signature_chart(late, UTC))
    assert "where the scaling record begins" in described(late, UTC)


def test_moments_before_the_window_do_not_shift_what_is_on_show():
    view = endpoint_view(span=timedelta(hours=1))
    early = replace(view.activities[-1], start=view.window.start - timedelta(days=9), end=None, desired=3)
    found = events(replace(view, activities=(*view.activities, early)))
    assert found[0][1] == 3
    assert all(a.start >= view.window.start for a, _ in found)


def test_a_long_period_that_is_not_final_says_nothing_of_instances():
    view = endpoint_view(span=timedelta(days=7), period=300)
    some = replace(view, instances=Series("instances", view.window, np.full(view.window.size, 1.0)))
    late = view.window.epochs() + 300 > view.provisional_from.timestamp()
    assert late.sum() in (1, 2)
    assert np.array_equal(np.isnan(in_service(some)), late)
    assert said(signature_chart(some, UTC))[0].endswith("1 in service")
    minutes = endpoint_view()
    assert in_service(minutes) is minutes.instances.values


@pytest.mark.parametrize(
    ("span", "period", "heading"),
    [
        (timedelta(hours=3), 60, "%a %-d %b %H:%M"),
        (timedelta(days=1), 60, "%a %-d %b, 5 min from %H:%M"),
        (timedelta(days=30), 300, "%a %-d %b, 2 h from %H:%M"),
    ],
)
def test_a_box_on_hover_says_how_long_its_step_is(span, period, heading):
    assert signature_chart(busy_view(span, period=period), UTC).layout.xaxis.hoverformat == heading


def test_many_cold_starts_are_ticks_that_leave_the_backlog_in_sight(view):
    def woken(n):
        start = view.window.start + timedelta(minutes=2 * n)
        return (
            Activity(f"u{n}", start, start + timedelta(minutes=1), "Successful", "", "", desired=1),
            Activity(f"d{n}", start + timedelta(minutes=1), start, "Successful", "", "", desired=0),
        )

    activities = tuple(a for n in range(70) for a in woken(n))
    ticks = traces(signature_chart(replace(view, activities=activities), UTC), "cold starts")
    assert [t.type for t in ticks] == ["scatter", "scatter"]
    assert np.nanmin(np.array(ticks[0].y)) > 0.9 * np.nanmax(np.array(ticks[0].y))


def test_a_hatch_too_narrow_to_see_is_not_explained(view):
    narrow = view.window.end - (view.window.end - view.window.start) / 1000
    assert "not read yet" not in notes(signature_chart(replace(view, provisional_from=narrow), UTC))
