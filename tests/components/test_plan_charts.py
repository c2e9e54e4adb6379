"""The planner's charts and files: typed data to figures, and what is not known is never drawn as zero."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as some

from components import planner_cards, planner_compare, planner_table
from components.charts import plan_axes, plan_back, plan_cold, plan_course, plan_front, plan_waits
from components.theme import DARK
from ops.core.types import Window
from ops.core.views_planner import PlanView, Played, RealtimeNow, Role, Spread, Weighed
from ops.replay.promise import parse
from tests.components.plan_samples import FIRST, course, played, view
from tests.replay.played_samples import PROMISE, SEEDS, sample, sleeping

NAN = float("nan")
UNKNOWN = Spread((NAN,) * SEEDS)


def traces(figure: go.Figure, name: str) -> list[Any]:
    return [t for t in figure.data if t.name == name]


def drawn(figure: go.Figure) -> set[int]:
    return {
        n for name in ("beaten", "on the front") for t in traces(figure, name) for n in t.customdata or ()
    }


def of(*found: Played) -> PlanView:
    return view(found=found)


# -- the front


@pytest.mark.parametrize("by", list(Weighed))
def test_every_candidate_with_a_cost_and_a_wait_is_one_point(by: Weighed) -> None:
    found = view()
    expected = {p.number for p in found.played}
    if by is not Weighed.OVER:
        expected -= {6}  # a third of its requests never start: the waits of the others mean nothing
    assert drawn(plan_front.front_chart(found, by)) == expected


def test_the_line_goes_through_the_front_the_cheapest_first() -> None:
    found = view()
    figure = plan_front.front_chart(found, Weighed.P95)
    (line,) = traces(figure, "front")
    assert list(traces(figure, "on the front")[0].customdata) == list(found.fronts["p95"])
    assert list(line.x) == sorted(line.x)
    assert list(line.y) == sorted(line.y, reverse=True)


def test_what_is_not_known_is_not_drawn_and_is_counted() -> None:
    lost = replace(sample(1, sleeping(2), 200), p95_s=UNKNOWN)
    found = of(sample(0, sleeping(4), 300, role=Role.TODAY), lost)
    figure = plan_front.front_chart(found, Weighed.P95, 1)
    assert drawn(figure) == {0}
    assert "1 without a wait to show" in plan_front.key(found, Weighed.P95)
    for each in figure.data:
        assert not any(math.isnan(v) for v in (*(each.x or ()), *(each.y or ())))


def test_filled_points_keep_the_promise_in_every_replay_and_hollow_ones_do_not() -> None:
    found = view()
    figure = plan_front.front_chart(found, Weighed.OVER)
    fills = {
        number: fill != "#FFFFFF"
        for name in ("beaten", "on the front")
        for t in traces(figure, name)
        for number, fill in zip(t.customdata, t.marker.color, strict=True)
    }
    assert fills == {p.number: all(p.kept) for p in found.played}


def test_more_cold_starts_make_a_larger_point_and_unknown_ones_the_least() -> None:
    few, many = sample(0, sleeping(1), 100, cold=1), sample(1, sleeping(2), 100, cold=100)
    sizes = [plan_front.size(p, 100) for p in (replace(few, cold_starts_month=UNKNOWN), few, many)]
    assert sizes == sorted(sizes)
    assert sizes[0] == plan_front.LEAST_PX
    assert plan_front.size(few, 0.0) == plan_front.LEAST_PX


def test_today_advised_and_selected_are_named_with_their_ranges() -> None:
    figure = plan_front.front_chart(view(), Weighed.P95, 3)
    said = [note.text for note in figure.layout.annotations]
    assert {"<b>today</b>", "<b>advised</b>", "<b>selected</b>"} <= set(said)
    assert len(traces(figure, "range")) == 3
    (best,) = [t for t in traces(figure, "range") if t.error_x.array[0] > 0]
    assert best.error_x.arrayminus[0] == pytest.approx(best.error_x.array[0])


def test_the_limits_of_the_promise_are_lines_where_they_are_of_what_is_weighed() -> None:
    both = parse("p95<=2min mon-fri 08-18; max<=15min", "Europe/Berlin")
    assert plan_front.limits(both, Weighed.P95) == [(120.0, "promised: 2 min, Mon-Fri 08:00-18:00")]
    assert plan_front.limits(both, Weighed.MAX) == [(900.0, "promised: 15 min")]
    assert plan_front.limits(both, Weighed.OVER) == [], "the clauses allow different shares"
    (allowed,) = plan_front.limits(parse("99% within 5 min"), Weighed.OVER)
    assert allowed == (pytest.approx(0.01), "promised: at most 1 %")
    assert plan_front.limits(parse("mean<=90s"), Weighed.P95) == []


def test_without_a_price_hours_stand_in_for_money() -> None:
    found = of(*(replace(p, usd_month=None) for p in played(PROMISE)))
    figure = plan_front.front_chart(found, Weighed.P95)
    assert "instance-hours a month (no price is known)" in figure.layout.xaxis.title.text
    assert "$" not in "".join(figure.layout.xaxis.ticktext)
    assert "no price is known" in plan_front.hover(found.played[0])


def test_hover_tells_the_policy_in_words_and_its_ranges_safely() -> None:
    said = plan_front.hover(view().played[2])
    assert said.startswith("<b>min 0, max 4, target 2, wakes after 1 min</b>")
    assert "$306 a month, estimated ($300 to $312)" in said
    assert "keeps the promise in 5 of 5 replays" in said
    odd = replace(sleeping(1).machine, instance_type="<b>ml</b>")
    assert "<b>ml" not in plan_front.hover(sample(0, replace(sleeping(1), machine=odd), 1))


def test_nothing_to_draw_is_said() -> None:
    lost = replace(sample(0, sleeping(2), 200), p95_s=UNKNOWN)
    assert plan_front.described(of(lost), Weighed.P95) == "No candidate has both a cost and a wait to show."
    assert plan_front.front_chart(of(lost), Weighed.P95).layout.height == plan_front.HEIGHT


# -- axes

waits = some.lists(some.floats(0, 1e6), min_size=1, max_size=30)


@given(waits)
def test_zero_and_hours_stand_on_one_axis_in_order(values: list[float]) -> None:
    scale = plan_axes.waits("wait", np.array(values))
    placed = [scale.at(v) for v in sorted(values)]
    assert placed == sorted(placed)
    assert scale.at(0.0) == 0.0
    axis = scale.axis()
    assert axis["range"][0] <= min(placed)
    assert axis["range"][1] >= max(placed)
    assert list(axis["tickvals"]) == sorted(axis["tickvals"])
    assert axis["ticktext"][0] == "0 s"


@given(some.lists(some.floats(0.01, 1e6), min_size=1, max_size=30))
def test_every_amount_is_on_the_axis_and_ticks_do_not_collide(values: list[float]) -> None:
    scale = plan_axes.amounts("cost", np.array(values), "$")
    axis = scale.axis()
    low, high = axis["range"]
    assert all(low <= scale.at(v) <= high for v in values)
    gaps = np.diff(axis["tickvals"])
    assert gaps.size == 0 or gaps.min() >= 0.9 * plan_axes.APART * (
        scale.at(scale.top) - scale.at(scale.bottom)
    )


def test_nan_has_no_place_on_an_axis() -> None:
    for scale in (
        plan_axes.waits("w", np.array([1.0, NAN])),
        plan_axes.shares("s", np.array([NAN])),
        plan_axes.amounts("a", np.array([NAN])),
    ):
        assert math.isnan(scale.at(NAN))
        assert all(math.isfinite(end) for end in scale.axis()["range"])


# -- courses


def two() -> list[plan_course.Named]:
    found = view().played
    return [("today", course(found[0])), ("advised", course(found[2]))]


def test_backlogs_and_instances_stand_on_common_axes() -> None:
    layout = plan_course.course_chart(two(), UTC).layout
    assert layout.yaxis.range == layout.yaxis2.range
    assert layout.yaxis3.range == layout.yaxis4.range
    titles = [note.text for note in layout.annotations]
    assert {"Backlog, today", "Backlog, advised", "Instances, today", "Instances, advised"} <= set(titles)


def test_minutes_that_a_course_does_not_reach_stay_empty() -> None:
    window = Window(FIRST - timedelta(minutes=2), FIRST + timedelta(minutes=6), 60)
    on = plan_course.on_grid(np.arange(4.0), FIRST, window)
    np.testing.assert_array_equal(on, [NAN, NAN, 0, 1, 2, 3, NAN, NAN])
    far = Window(FIRST - timedelta(days=2), FIRST - timedelta(days=1), 60)
    assert np.isnan(plan_course.on_grid(np.arange(4.0), FIRST, far)).all()
    figure = plan_course.course_chart(two(), UTC, far)
    assert "The replay does not reach this time" in [n.text for n in figure.layout.annotations]
    assert not [t for t in figure.data if t.name in ("backlog", "instances") and any(v == 0 for v in t.y)]


def test_a_part_of_time_is_drawn_by_the_minute() -> None:
    part = Window(FIRST + timedelta(hours=7), FIRST + timedelta(hours=10), 60)
    figure = plan_course.course_chart(two(), UTC, part)
    (first, *_) = traces(figure, "backlog")
    assert max(first.y) == pytest.approx(31.0)
    assert figure.layout.xaxis.range[0] == part.start.timestamp() * 1000


def test_the_peak_is_told_to_those_who_do_not_see_it() -> None:
    said = plan_course.described(two(), UTC)
    assert "30 days" in said
    assert "today: at most 31 waiting or in work, 4 instances" in said


# -- waits


def test_the_curve_rises_to_the_longest_wait() -> None:
    x, y = plan_waits.curve(np.array([0.0, 0.0, 10.0, 300.0]), 0.0)
    assert (x[0], x[-1]) == (0.0, 1.0)
    assert (y[0], y[-1]) == (0.0, 300.0)
    assert (np.diff(y) >= 0).all()


def test_requests_that_never_start_end_the_curve_before_a_hundred() -> None:
    lost = sample(0, sleeping(1), 100, never=0.2)
    figure = plan_waits.waits_chart([("today", course(lost))], PROMISE)
    assert max(figure.data[0].x) == pytest.approx(80.0)
    assert "20 % never start, today" in [note.text for note in figure.layout.annotations]


def test_no_wait_at_all_draws_no_curve() -> None:
    none = replace(course(view().played[0]), waits_s=np.empty(0), arrival_s=np.empty(0))
    figure = plan_waits.waits_chart([("today", none)], PROMISE)
    assert len(figure.data[0].x) == 0
    assert plan_waits.described([("today", none)]).endswith("today: no request started.")


# -- cold starts, the back-test


def test_cold_starts_are_counted_in_the_readers_zone() -> None:
    from zoneinfo import ZoneInfo

    at = [datetime(2026, 11, 16, 23, 30, tzinfo=UTC), datetime(2026, 11, 17, 0, 10, tzinfo=UTC)]
    hours = plan_cold.hours_of_week(at, ZoneInfo("Europe/Berlin"))
    assert len(hours) == 168
    assert {(h.weekday, h.hour): h.count for h in hours if h.count} == {(1, 0): 1, (1, 1): 1}


def test_the_back_test_leaves_unknown_minutes_empty() -> None:
    actual = np.array([1.0, NAN, NAN, 0.0, 2.0, 2.0])
    figure = plan_back.back_chart(FIRST, actual, np.ones(6), UTC)
    (happened,) = traces(figure, "happened")
    assert any(math.isnan(v) for v in happened.y)
    assert "alike in 25 % of minutes" in plan_back.described(actual, np.ones(6))
    lost = plan_back.back_chart(FIRST, np.full(6, NAN), np.ones(6), UTC)
    assert traces(lost, "happened") == []
    assert plan_back.described(np.full(6, NAN), np.ones(6)).endswith("nothing is known.")


# -- words


def test_differences_name_what_changes_and_put_aside_what_does_not() -> None:
    found = view().played
    said = _plain(planner_compare.differences(found[0], found[2], "advised"))
    assert "target for each instance 5 2" in said
    assert "wakes after 2 minutes after 1 minute" in said
    assert re.search(r"Alike: .*bounds 0 – 4", said)
    assert "95 of 100 waits under 4 min 20 s 1 min 24 s" in said


def test_numbers_that_are_not_known_are_dashes() -> None:
    lost = replace(
        sample(0, sleeping(2), 200),
        **dict.fromkeys(("p95_s", "max_s", "cold_starts_month", "never", "peak_instances"), UNKNOWN),
    )
    facts = planner_compare.facts(lost)
    for name in ("95 of 100 waits under", "longest wait", "cold starts a month", "most instances"):
        assert facts[name] == "–"
    assert "–" in planner_cards.numbers(replace(view(), played=(lost,), today=None), lost)


@pytest.mark.parametrize("order", planner_table.ORDERS)
@pytest.mark.parametrize("shows", planner_table.SHOWS)
def test_what_is_not_known_stands_last_in_every_order(order: str, shows: str) -> None:
    lost = replace(
        sample(7, sleeping(3), 250),
        clauses=(),
        **dict.fromkeys(("p95_s", "max_s", "cold_starts_month", "hours_month"), UNKNOWN),
        usd_month=None,
    )
    found = replace(view(), played=(*view().played, lost))
    rows = planner_table.chosen(found, order, planner_table.ALL, Weighed.P95)
    assert {p.number for p in rows} == {p.number for p in found.played}
    if order != planner_table.ORDERS[0]:
        assert rows[-1].number == 7
    assert {p.number for p in planner_table.chosen(found, order, shows, Weighed.P95)} <= {
        p.number for p in rows
    }


def test_every_colour_has_a_dark_one() -> None:
    found, both = view(), two()
    figures = (
        *(plan_front.front_chart(found, by, 3) for by in Weighed),
        plan_course.course_chart(both, UTC),
        plan_waits.waits_chart(both, found.promise),
        plan_back.back_chart(FIRST, np.ones(6), np.ones(6), UTC),
    )
    for figure in figures:
        used = set(re.findall(r"#[0-9A-Fa-f]{6}|rgba\([\d.,]+\)", figure.to_json()))
        assert used - {"rgba(0,0,0,0)"} <= set(DARK), used - set(DARK)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_a_real_time_endpoint_stands_in_the_front_with_what_it_costs_today() -> None:
    found = replace(view(), today=None, realtime=RealtimeNow(1460.0, Decimal("2055.68")))
    chart = plan_front.front_chart(found, Weighed.P95)
    mine = next(t for t in chart.data if t.name == "today")
    assert "no queue" in mine.text[0]
    assert any("today, real-time" in note.text for note in chart.layout.annotations)
    assert not any(
        "real-time" in note.text for note in plan_front.front_chart(view(), Weighed.P95).layout.annotations
    )
