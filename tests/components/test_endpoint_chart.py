"""The signature chart shows what there is, marks what is not final, and never invents a zero."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import plotly.io as pio
import pytest

from components import theme
from components.charts.endpoint import endpoint_chart
from components.charts.grid import LIMIT, wall
from components.charts.spark import sparkline
from components.charts.story import events, wakings
from ops.core.types import Bounds, MetricSet, ScalableTarget, Series
from tests.components.samples import endpoint_view, fleet

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def view():
    return endpoint_view()


def trace(figure, name):
    (found,) = [t for t in figure.data if t.name == name]
    return found


def notes(figure):
    return " | ".join(a.text for a in figure.layout.annotations)


def test_gaps_stay_gaps(view):
    backlog = view.metrics.get("ApproximateBacklogSize").values
    shown = np.array(trace(endpoint_chart(view, UTC), "backlog").y)
    assert np.isnan(backlog).any()
    assert np.array_equal(np.isnan(shown), np.isnan(backlog))
    assert trace(endpoint_chart(view, UTC), "backlog").connectgaps is False


def test_an_endpoint_that_published_nothing_draws_no_number(view):
    silent = replace(
        view, metrics=MetricSet(view.window), instances=Series.absent("instances", view.window), activities=()
    )
    figure = endpoint_chart(silent, UTC)
    for name in ("backlog", "instances", "failures", "age of oldest"):
        assert np.isnan(np.array(trace(figure, name).y)).all()
    assert notes(figure).count("no datapoint in this range") == 4


def test_times_are_plain_milliseconds_of_the_zone_on_show(view):
    for zone in (UTC, BERLIN):
        figure = endpoint_chart(view, zone)
        x = np.array(trace(figure, "backlog").x)
        assert x.dtype == np.float64
        assert x[0] == wall(view.window.start, zone)
    assert "time, Europe/Berlin (UTC+1)" in notes(endpoint_chart(view, BERLIN))
    text = pio.to_json(endpoint_chart(view, BERLIN).to_dict(), validate=False)
    assert not re.search(r"\d{4}-\d{2}-\d{2}T", text)


def test_the_newest_minutes_are_hatched_on_every_panel(view):
    hatched = [t for t in endpoint_chart(view, UTC).data if t.name == "not final"]
    assert {t.yaxis for t in hatched} == {"y", "y2", "y3", "y4"}
    for rectangle in hatched:
        assert min(rectangle.x) == wall(view.provisional_from, UTC)
        assert max(rectangle.x) == wall(view.window.end, UTC)
        assert rectangle.fillpattern.shape == "/"
    says = trace(endpoint_chart(view, UTC), "backlog").customdata
    assert says[-1].endswith("not final")
    assert says[0] == ""


def test_a_window_that_ended_long_ago_has_nothing_provisional(view):
    settled = replace(view, provisional_from=view.window.end + timedelta(hours=1))
    assert not [t for t in endpoint_chart(settled, UTC).data if t.name == "not final"]


@pytest.mark.parametrize(
    ("bounds", "texts"),
    [
        (Bounds(0, 8), ["max 8"]),
        (Bounds(2, 6), ["max 6", "min 2"]),
        (Bounds(0, 200), ["max 200 (above this axis)"]),
    ],
)
def test_bounds_carry_their_numbers(view, bounds, texts):
    figure = endpoint_chart(replace(view, target=ScalableTarget(bounds)), UTC)
    for text in texts:
        assert text in notes(figure)


def test_without_a_target_the_bounds_of_the_row_serve_and_without_both_there_is_no_band(view):
    bare = replace(view, target=None, row=replace(view.row, bounds=None))
    assert "max" not in notes(endpoint_chart(bare, UTC))
    assert "max 8" in notes(endpoint_chart(replace(view, target=None), UTC))


def test_wakings_are_bands_with_their_length(view):
    found = wakings(view)
    assert [w.done for w in found] == [True, False]
    assert found[0].seconds == pytest.approx(0.04 * 3 * 3600)
    figure = endpoint_chart(view, UTC)
    bands = [s for s in figure.layout.shapes if s.fillcolor == theme.tint("waking", 0.18)]
    assert {(b.x0, b.x1) for b in bands} == {(wall(w.start, UTC), wall(w.end, UTC)) for w in found}
    assert "◔ 7 min" in notes(figure)


def test_a_failed_attempt_is_no_waking(view):
    failed = tuple(replace(a, status="Failed") if a.desired else a for a in view.activities)
    assert wakings(replace(view, activities=failed)) == []
    marks = trace(endpoint_chart(replace(view, activities=failed), UTC), "scaling")
    assert set(marks.marker.symbol[:3]) == {"x"}


def test_scaling_events_tell_direction_and_cause(view):
    assert [(before, a.desired) for a, before in events(view)] == [(None, 2), (2, 4), (4, 2), (2, 0), (0, 2)]
    marks = trace(endpoint_chart(view, UTC), "scaling")
    assert list(marks.marker.symbol) == [
        "triangle-up", "triangle-up", "triangle-down", "triangle-down", "triangle-up",
    ]  # fmt: skip
    assert "scaling 0 → 2" in marks.text[-1]
    assert "wake-doc-async" in marks.text[-1]


def test_text_from_aws_cannot_become_markup(view):
    first, *rest = view.activities
    nasty = replace(view, activities=(replace(first, cause="<b onclick=x>"), *rest))
    assert "<b" not in "".join(trace(endpoint_chart(nasty, UTC), "scaling").text)


@pytest.mark.parametrize("days", [1, 7, 30])
def test_long_ranges_stay_small_and_keep_their_peak(days):
    view = endpoint_view(span=timedelta(days=days))
    figure = endpoint_chart(view, UTC)
    assert max(len(t.x) for t in figure.data) <= LIMIT
    assert np.nanmax(trace(figure, "backlog").y) == np.nanmax(
        view.metrics.get("ApproximateBacklogSize").values
    )
    failures = view.metrics.get("InvocationFailures").values
    assert np.nansum(trace(figure, "failures").y) == np.nansum(failures)


def test_every_colour_of_the_figure_has_its_dark_counterpart(view):
    text = pio.to_json(endpoint_chart(view, UTC).to_dict(), validate=False)
    used = set(re.findall(r"#[0-9A-Fa-f]{6}|rgba\([\d.,]+\)", text))
    assert len(used) > 8
    assert used <= set(theme.DARK)


def test_panels_share_one_axis_and_do_not_overlap(view):
    layout = endpoint_chart(view, UTC).layout
    domains = [layout[f"yaxis{n}"].domain for n in ("", 2, 3, 4)]
    assert layout.xaxis.anchor == "y4"
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))
    assert "xaxis2" not in layout.to_plotly_json()


def test_a_sparkline_keeps_its_gap_and_says_its_peak():
    spark = fleet().rows[0].spark
    drawn = sparkline(spark, "backlog")
    assert drawn.count("<polyline") == 2
    assert f"peak {np.nanmax(spark.values):.0f}" in drawn
    silent = Series.absent("x", spark.window)
    assert "no data" in sparkline(silent, "backlog")


def test_moments_before_the_window_do_not_shift_what_is_on_show():
    view = endpoint_view(span=timedelta(hours=1))
    early = replace(view.activities[-1], start=datetime(2026, 11, 1, tzinfo=UTC), end=None, desired=3)
    found = events(replace(view, activities=(*view.activities, early)))
    assert found[0][1] == 3
    assert all(a.start >= view.window.start for a, _ in found)
