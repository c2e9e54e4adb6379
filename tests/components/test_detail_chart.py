"""The detail panels line up with the signature chart, take their units from the data, and say what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from itertools import pairwise

import numpy as np
import plotly.io as pio
import pytest

from components import theme
from components.charts.details import detail_chart
from components.charts.grid import BUCKETS, wall
from components.charts.panels import reach
from components.charts.signature import signature_chart
from ops.core import metrics
from ops.core.types import MetricSet, Problem, Series
from tests.components.samples import busy_view, endpoint_view

PANELS = {"requests": "y", "age": "y2", "wait": "y3", "model": "y4", "hosts": "y5"}


def on(figure, panel, name):
    (found,) = [t for t in figure.data if t.yaxis == PANELS[panel] and t.name == name]
    return found


def titles(figure):
    return [a.text for a in figure.layout.annotations]


def title(figure, start):
    (found,) = [t for t in titles(figure) if t.startswith(start)]
    return found


def test_the_minutes_line_up_with_the_signature_chart():
    view = busy_view()
    above, below = signature_chart(view, UTC).layout, detail_chart(view, UTC).layout
    assert above.xaxis.range == below.xaxis.range
    assert (above.margin.l, above.margin.r) == (below.margin.l, below.margin.r)
    domains = [below[f"yaxis{n}"].domain for n in ("", 2, 3, 4, 5)]
    assert all(upper[0] > lower[1] for upper, lower in pairwise(domains))


def test_requests_are_stacked_and_told_apart_without_colour():
    view = busy_view()
    figure = detail_chart(view, UTC)
    bars = [t for t in figure.data if t.type == "bar"]
    assert [b.name for b in bars] == ["processed", "failed", "expired"]
    assert figure.layout.barmode == "stack"
    assert bars[1].marker.color == bars[2].marker.color == theme.colour("stuck")
    assert bars[2].marker.pattern.shape == "/"
    assert not bars[1].marker.pattern.shape
    for bar, key in zip(bars, ("InvocationsProcessed", "InvocationFailures", "ExpiredRequests"), strict=True):
        assert np.sum(bar.y) == np.nansum(view.metrics.get(key).values)


def test_a_bar_begins_and_ends_with_its_minute():
    view = busy_view(timedelta(hours=1))
    bar = on(detail_chart(view, UTC), "requests", "processed")
    starts = np.array(bar.x) - np.array(bar.width) / 2
    assert starts[0] == wall(view.window.start, UTC)
    assert set(np.array(bar.width)) == {60_000.0}


@pytest.mark.parametrize(
    ("span", "period", "each"),
    [
        (timedelta(hours=3), 60, "each minute"),
        (timedelta(days=1), 60, "each 5 min"),
        (timedelta(days=7), 300, "each 30 min"),
        (timedelta(days=30), 300, "each 2 h"),
        (timedelta(days=455), 3600, "each 2 d"),
    ],
)
def test_long_ranges_name_their_step_and_lose_no_request_and_no_peak(span, period, each):
    view = busy_view(span, period=period)
    figure = detail_chart(view, UTC)
    assert each in title(figure, "Requests")
    assert max(len(t.x) for t in figure.data) <= BUCKETS
    processed = view.metrics.get("InvocationsProcessed").values
    assert np.sum(on(figure, "requests", "processed").y) == pytest.approx(np.nansum(processed))
    longest = view.metrics.get("TimeInBacklog Maximum").values
    assert np.nanmax(on(figure, "wait", "max").y) == pytest.approx(np.nanmax(longest) / 60e3)
    assert np.isnan(np.array(on(figure, "hosts", "CPU").y)).any()
    assert ("peaks of" in " ".join(titles(figure))) == (span > timedelta(hours=6))


@pytest.mark.parametrize("unit", ["Seconds", "Milliseconds", "Microseconds"])
def test_units_come_from_the_data(unit):
    view = busy_view(units={"TimeInBacklog": unit, "ModelLatency": unit, "ApproximateAge": unit})
    figure = detail_chart(view, UTC)
    assert title(figure, "Time in backlog").startswith("Time in backlog · min")
    assert title(figure, "Model time").startswith("Model time · s")
    assert title(figure, "Age").startswith("Age of the oldest request · min")
    assert np.nanmean(on(figure, "wait", "average").y) == pytest.approx(1.5, rel=0.1)
    assert np.nanmean(on(figure, "model", "average").y) == pytest.approx(12.0, rel=0.1)
    first = on(figure, "wait", "words").text[0]
    assert first.startswith("max ")
    assert "min" in first
    assert "s" in on(figure, "model", "words").text[0]


def test_a_unit_that_is_no_time_is_named_as_it_is():
    figure = detail_chart(busy_view(units={"ModelLatency": "Bytes"}), UTC)
    assert title(figure, "Model time").startswith("Model time · bytes")


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0.05, "ms"), (1.5, "ms"), (12.0, "s"), (170.0, "s"), (600.0, "min"), (20_000.0, "h")],
)
def test_an_axis_of_time_is_readable(seconds, unit):
    view = endpoint_view()
    flat = Series("ModelLatency", view.window, np.full(view.window.size, seconds * 1e6), "Microseconds")
    figure = detail_chart(replace(view, metrics=MetricSet(view.window, {"ModelLatency": flat})), UTC)
    assert title(figure, "Model time").startswith(f"Model time · {unit}:")
    axis = figure.layout.yaxis4
    assert 1 <= axis.range[1] / axis.dtick <= 6


def test_the_time_to_live_is_a_line_once_an_age_comes_near_it():
    calm, late = detail_chart(busy_view(), UTC), detail_chart(busy_view(least=18_000.0), UTC)
    assert not calm.layout.shapes
    assert "lost after 6 h" in titles(calm)
    (line,) = late.layout.shapes
    assert (line.yref, line.y0, line.y1) == ("y2", 6.0, 6.0)
    assert "lost after 6 h" in titles(late)
    assert line.y0 < late.layout.yaxis2.range[1]


def test_gaps_stay_gaps_and_a_lone_datapoint_is_a_dot():
    view = endpoint_view()
    values = np.full(view.window.size, np.nan)
    values[20] = 5e6
    lone = Series("ModelLatency", view.window, values, "Microseconds")
    figure = detail_chart(replace(view, metrics=MetricSet(view.window, {"ModelLatency": lone})), UTC)
    dot = on(figure, "model", "average, dots")
    assert list(dot.x) == [view.window.epochs()[20] * 1000]
    assert list(dot.y) == [5.0]


def test_a_panel_without_a_datapoint_says_why():
    view = endpoint_view()
    asleep = replace(view, metrics=MetricSet(view.window), instances=Series.absent("i", view.window))
    texts = titles(detail_chart(asleep, UTC))
    assert texts.count("No instance served in this range") == 3
    assert "Nothing waited in this range" in texts
    assert "No request finished, failed or expired in this range" in texts
    awake = replace(view, metrics=MetricSet(view.window))
    texts = titles(detail_chart(awake, UTC))
    assert texts.count("No request finished in this range") == 2
    assert "No host metric was published in this range" in texts


def test_a_silent_panel_is_low_and_has_no_scale():
    view = endpoint_view()
    full, asleep = (
        detail_chart(busy_view(), UTC),
        detail_chart(replace(view, metrics=MetricSet(view.window)), UTC),
    )
    assert asleep.layout.height < full.layout.height - 200
    assert asleep.layout.yaxis4.showticklabels is False
    assert "Model time" in titles(asleep)


def test_what_was_denied_is_not_called_empty():
    view = endpoint_view(problems=(Problem("metrics", "denied"),))
    texts = titles(detail_chart(replace(view, metrics=MetricSet(view.window)), UTC))
    assert texts.count("The metrics could not be read") == 5


def test_hosts_name_only_what_they_publish():
    view = busy_view()
    assert "GPU mem." in title(detail_chart(view, UTC), "Hosts")
    kept = {k: s for k, s in view.metrics.series.items() if not k.startswith("GPU")}
    figure = detail_chart(replace(view, metrics=MetricSet(view.window, kept)), UTC)
    assert "GPU" not in title(figure, "Hosts")
    assert "CPU" in title(figure, "Hosts")
    strokes = [on(figure, "hosts", name).line for name in ("CPU", "memory")]
    assert strokes[0].dash != strokes[1].dash


def test_hover_gives_value_and_unit_and_each_panel_its_own():
    view = busy_view()
    figure = detail_chart(view, UTC)
    loud = [t for t in figure.data if t.hoverinfo != "skip"]
    assert [t.yaxis for t in loud] == list(PANELS.values())
    assert {t.name for t in loud} == {"words"}
    assert "processed" in loud[0].text[0]
    assert "100 a core" in loud[4].text[0]
    gap = int(view.window.size * 0.2)
    assert loud[2].text[gap] == "nothing published"
    assert loud[0].text[-1].endswith("not final yet")


def test_every_panel_is_hatched_where_minutes_are_not_final():
    hatched = [t for t in detail_chart(busy_view(), UTC).data if t.name == "not final"]
    assert [t.yaxis for t in hatched] == list(PANELS.values())


def test_a_month_of_minutes_weighs_little():
    figure = detail_chart(busy_view(timedelta(days=30), period=60), UTC)
    assert len(pio.to_json(figure.to_dict(), validate=False)) < 240_000
    assert max(len(t.x) for t in figure.data) <= BUCKETS


def test_each_panel_is_hatched_from_its_own_last_reading() -> None:
    view = busy_view()
    late = view.provisional_from - timedelta(minutes=5)
    rest = dict.fromkeys((metrics.TIME_IN_BACKLOG.key, metrics.TIME_IN_BACKLOG_MAX.key), late)
    figure = detail_chart(replace(view, settled=rest), UTC)
    starts = {t.yaxis: t.x[0] for t in figure.data if t.name == "not final"}
    assert len(starts) == 5
    assert starts["y"] - starts["y3"] == 5 * 60_000
    assert len(set(starts.values())) == 2


def test_a_panel_that_aws_refuses_is_not_said_to_be_quiet() -> None:
    view = busy_view()
    nothing = replace(view, metrics=MetricSet(view.window), unread=frozenset(m.key for m in metrics.COUNTS))
    said = [a.text for a in detail_chart(nothing, UTC).layout.annotations]
    assert any("could not be read" in text for text in said)
    assert not any("No request finished, failed" in text for text in said)


@pytest.mark.parametrize("greatest", [1.0, 1.01, 2.4, 7.0, 14.0, 15.3, 99.0, 101.0, 860.0])
def test_the_last_tick_reaches_the_data_without_wasting_the_panel(greatest):
    top, step = reach(greatest, 92)
    assert greatest <= top < 1.6 * greatest
    assert top / step == pytest.approx(round(top / step))
    assert top / step <= 5
