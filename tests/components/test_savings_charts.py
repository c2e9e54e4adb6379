"""The charts of savings draw the numbers of the view and nothing else; what is not known is hatched, never low."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.charts import saving_calendar, saving_days, saving_forecast, saving_steps
from components.charts.grid import wall
from components.charts.saving_spark import day_bars
from components.theme import DARK
from ops.core.cost import Basis
from ops.core.periods import last_days
from ops.core.savings import SavedDay
from ops.core.savings_parts import Part, Spent, Step, calendar, spent, together
from tests.components.samples import NOW
from tests.components.savings_samples import DETAILS, DOC, FORECAST, LOST, PERIOD, lost, one, row, rows, view

BERLIN = ZoneInfo("Europe/Berlin")


def traces(figure: go.Figure, name: str) -> list[Any]:
    return [trace for trace in figure.data if trace.name == name]


def days_figure(found=None, zone=UTC, before=()):  # type: ignore[no-untyped-def]
    chosen = found or view()
    return saving_days.days_chart(chosen.total.days, chosen.query.period, chosen.total.basis, zone, before)


def test_the_bars_are_the_days_of_the_view() -> None:
    found = view()
    figure = days_figure(found)
    for name, values in (
        ("actual", [d.usd for d in found.total.days]),
        ("baseline", [d.baseline_usd for d in found.total.days]),
    ):
        (bars,) = traces(figure, name)
        assert list(bars.y) == pytest.approx([float(v) for v in values if v is not None])
        assert sum(bars.y) == pytest.approx(float(sum(v for v in values if v is not None)))
    assert figure.layout.barmode == "overlay"


def test_a_baseline_below_the_actual_is_still_seen() -> None:
    found = one(baseline="1")
    (edge,) = traces(days_figure(found), "baseline, its top")
    tops = [y for y in edge.y if y is not None]
    assert tops[::2] == pytest.approx([float(d.baseline_usd or 0) for d in found.total.days])


def test_an_unknown_day_is_hatched_and_has_no_bar() -> None:
    found = one(LOST)
    figure = days_figure(found)
    blind = [d for d in found.total.days if not d.known]
    assert len(blind) == 1
    assert len(traces(figure, "actual")[0].x) == len(found.total.days) - 1
    hatched = traces(figure, "not known")
    assert len(hatched) == sum(d.known < 1 for d in found.total.days)
    top = figure.layout.yaxis.range[1]
    whole = next(h for h in hatched if min(h.y) == 0)
    assert max(whole.y) == pytest.approx(top / 1.04)
    assert any("▨ not known" in (note.text or "") for note in figure.layout.annotations)
    assert not any("▨" in (note.text or "") for note in days_figure(one()).layout.annotations)


def test_the_period_before_is_a_faint_line_of_its_own_days() -> None:
    found = view()
    assert found.before is not None
    (line,) = traces(days_figure(found, before=found.before.days), "the period before")
    old = {day.day: day for day in found.before.days}
    drawn = {
        day.day: value for day, value in zip(found.total.days, line.y, strict=True) if not np.isnan(value)
    }
    assert drawn, "weekday lies on weekday"
    for day, value in drawn.items():
        assert value == pytest.approx(float(old[day - timedelta(days=28)].usd or 0))
    assert any(
        "┄ 4 weeks earlier" in (n.text or "")
        for n in days_figure(found, before=found.before.days).layout.annotations
    )
    assert traces(days_figure(found), "the period before") == []


def test_bars_stand_in_the_days_of_the_zone() -> None:
    found = one()
    (bars,) = traces(days_figure(found, BERLIN), "actual")
    first = found.query.period.start
    end = datetime(2026, 10, 22, tzinfo=UTC)
    assert bars.x[0] == pytest.approx((wall(first, BERLIN) + wall(end, BERLIN)) / 2)


def test_without_a_price_hours_are_drawn_and_said_to_be() -> None:
    days = tuple(replace(d, usd=None, baseline_usd=None) for d in one().total.days)
    figure = saving_days.days_chart(days, PERIOD, Basis.ESTIMATED, UTC)
    assert list(traces(figure, "actual")[0].y) == pytest.approx([float(d.hours or 0) for d in days])
    assert any(n.text == "instance-hours" for n in figure.layout.annotations)


def test_nothing_known_draws_words() -> None:
    blind = (SavedDay(one().total.days[1].day, 0.0, None, None, None, None),)
    figure = saving_days.days_chart(blind, PERIOD, Basis.ESTIMATED, UTC)
    assert any("Nothing is known of these days" in (n.text or "") for n in figure.layout.annotations)
    assert saving_days.described(blind, Basis.ESTIMATED) == "No cost by day is known."
    assert saving_days.words(blind[0], True).endswith("nothing is known of it")


def test_each_day_speaks_with_all_its_numbers() -> None:
    found = view()
    assert found.before is not None
    told = saving_days.words(found.total.days[1], True, found.before.days[1])
    day = found.total.days[1]
    assert day.usd is not None
    assert day.baseline_usd is not None
    assert f"actual ${day.usd:,.2f}" in told
    assert f"saved ${day.baseline_usd - day.usd:,.2f}" in told
    assert "instance-hours" in told
    (spoken,) = traces(days_figure(found), "words")
    assert len(spoken.text) == len(found.total.days)
    assert spoken.text[1].startswith("actual $"), "the box names the day already"


# -- when instances ran


def test_the_fields_are_the_hours_of_the_calendar() -> None:
    found = calendar(rows(), PERIOD)
    figure = saving_calendar.calendar_chart(found, "UTC")
    drawn = np.array([[np.nan if v is None else v for v in line] for line in figure.data[0].z], dtype=float)
    assert np.array_equal(drawn, found.hours, equal_nan=True)
    whole = sum(r.time.instance_hours for r in rows())
    assert np.nansum(drawn) == pytest.approx(whole)


def test_unknown_hours_are_hatched_and_not_a_field_of_zero() -> None:
    found = calendar((row(LOST, lost),), PERIOD)
    figure = saving_calendar.calendar_chart(found, "UTC")
    (hatched,) = traces(figure, "not known")
    corners = [(x, y) for x, y in zip(hatched.x, hatched.y, strict=True) if x is not None]
    assert len(corners) == 4 * 5, "two ends, a whole day, and six hours of another"
    gone = next(i for i, day in enumerate(found.days) if f"{day}" == "2026-10-27")
    assert all(line[gone] is None for line in figure.data[0].z)
    assert saving_calendar.words(found, 3, gone).endswith("<br>not known")
    assert len(saving_calendar.calendar_chart(calendar(one().rows, PERIOD), "UTC").data) == 1


def test_fields_say_asleep_or_how_much() -> None:
    found = calendar(one().rows, PERIOD)
    monday = next(i for i, day in enumerate(found.days) if day.weekday() == 0)
    assert saving_calendar.words(found, 3, monday).endswith("03:00 – 03:59<br>asleep")
    assert saving_calendar.words(found, 9, monday).endswith("<br>3 instance-hours")
    told = saving_calendar.described(found)
    assert told.endswith("of the hours of working days, 100 % of those of weekends.")


@pytest.mark.parametrize(("days", "told"), [(30, "Mon "), (365, "20")])
def test_the_axis_names_mondays_or_months(days: int, told: str) -> None:
    period = last_days(days, NOW)
    found = calendar((row(DOC, lambda at: 1.0, period=period),), period)
    axis = saving_calendar.calendar_chart(found, "UTC").layout.xaxis
    assert 3 <= len(axis.ticktext) <= 8
    assert all(told in each for each in axis.ticktext)


# -- from the baseline to the actual


@pytest.mark.parametrize("baseline", ["peak", "one", "max", "hours", "0"])
def test_the_steps_lead_from_the_baseline_to_the_actual(baseline: str) -> None:
    found = view(baseline=baseline)
    whole = found.total
    assert whole.baseline_usd is not None
    assert whole.usd is not None
    made = saving_steps.bars(whole.baseline_usd, together(found.rows, PERIOD), whole.usd, None, "baseline")
    assert (made[0].usd, made[-1].usd) == (whole.baseline_usd, whole.usd)
    assert abs(made[0].usd + sum(b.usd for b in made[1:-1]) - whole.usd) < Decimal("1e-12")
    for before, after in pairwise(made[1:-1]):
        assert before.end == after.begin


def test_the_actual_is_split_into_work_and_what_was_idle() -> None:
    found = view()
    whole = found.total
    assert whole.baseline_usd is not None
    assert whole.usd is not None
    left = spent(found.rows, DETAILS)
    made = saving_steps.bars(whole.baseline_usd, together(found.rows, PERIOD), whole.usd, left, "baseline")
    names = [b.name for b in made]
    after = made[names.index("actual") + 1 :]
    assert [b.name for b in after] == ["of it idle", "of it kept warm, idle", "of it in work"]
    assert abs(whole.usd + after[0].usd + after[1].usd - after[2].usd) < Decimal("1e-12")
    assert [b.hatched for b in after] == [True, True, False]
    assert all(saving_steps.money(b).startswith("$") for b in after), "shares of the actual, not taken off it"
    assert left is not None
    alone = saving_steps.bars(whole.baseline_usd, (), whole.usd, Spent(whole.usd, None, None), "baseline")
    assert [b.name for b in alone] == ["baseline", "actual"], "idle that is not known is not drawn"


amounts = some.decimals(Decimal("0.001"), Decimal(900), places=4)


@given(some.lists(amounts, min_size=1, max_size=5), amounts, amounts)
def test_the_cents_on_show_add_up(steps: list[Decimal], idle: Decimal, warm: Decimal) -> None:
    actual = idle + warm + 1
    parts = [Part(step, usd) for step, usd in zip(Step, steps, strict=False)]
    whole = actual + sum(steps, Decimal(0))
    made = saving_steps.bars(whole, parts, actual, Spent(Decimal(1), idle, warm), "baseline")
    at = [bar.name for bar in made].index("actual")
    assert made[0].shown + sum(bar.shown for bar in made[1:at]) == made[at].shown
    assert made[at].shown + sum(bar.shown for bar in made[at + 1 : -1]) == made[-1].shown
    assert all(abs(bar.shown - bar.usd) <= Decimal("0.01") for bar in made)


def test_the_figure_has_the_length_of_each_step() -> None:
    found = one(baseline="1")
    whole = found.total
    assert whole.baseline_usd is not None
    assert whole.usd is not None
    made = saving_steps.bars(
        whole.baseline_usd, together(found.rows, PERIOD), whole.usd, None, "baseline: one"
    )
    figure = saving_steps.steps_chart(made)
    assert list(figure.data[0].x) == pytest.approx([abs(float(b.usd)) for b in made])
    assert figure.layout.annotations[0].text == "baseline: one <b>$1,014.05</b>"
    assert "more instances than the baseline + $" in saving_steps.described(made)
    assert figure.layout.xaxis.range[1] >= float(max(b.end for b in made))


# -- the month's end


def test_the_forecast_draws_its_band_and_its_budget() -> None:
    figure = saving_forecast.forecast_chart(FORECAST, (), UTC)
    (expected,), (band,), (budget,) = (traces(figure, n) for n in ("expected", "between", "budget"))
    assert list(expected.y) == [800.0, *(float(v) for _, v, _, _ in FORECAST.by_day)]
    ends = [float(v) for _, _, low, high in FORECAST.by_day for v in (low, high)]
    assert sorted(band.y) == sorted([800.0, 800.0, *ends])
    assert set(budget.y) == {1300.0}
    (spent_so_far,) = traces(figure, "spent")
    assert (list(spent_so_far.y), spent_so_far.mode) == ([800.0], "markers"), (
        "no line where its days are not at hand"
    )
    assert any("● spent" in (n.text or "") for n in figure.layout.annotations)
    assert traces(saving_forecast.forecast_chart(replace(FORECAST, budget=None), (), UTC), "budget") == []


def test_what_was_spent_is_drawn_where_it_is_the_same_money() -> None:
    days = one().total.days
    mine = sum((d.usd or Decimal(0) for d in days if d.day.month == 11), Decimal(0))
    found = replace(FORECAST, spent=mine)
    at, sums = saving_forecast.spent_by(found, days, UTC)
    assert sums[0] == 0
    assert sums[-1] == pytest.approx(float(mine))
    assert at[0] == datetime(2026, 11, 1, tzinfo=UTC).timestamp()
    assert (np.diff(at) > 0).all()
    (line,) = traces(saving_forecast.forecast_chart(found, days, UTC), "spent")
    assert list(line.y) == pytest.approx(sums.tolist())
    assert saving_forecast.spent_by(FORECAST, days, UTC)[0].size == 0, "the sum is of other endpoints"
    assert saving_forecast.spent_by(found, days[20:], UTC)[0].size == 0, "the month does not begin with them"


# -- sparklines and colours


def test_a_sparkline_has_a_bar_for_each_day_that_ran_and_dots_where_nothing_is_known() -> None:
    days = one(LOST).rows[0].days
    text = day_bars(days, "lost-half: instance-hours by day")
    assert text.count("<rect") == sum(bool(d.known and d.hours) for d in days)
    assert text.count("stroke-dasharray") == 1
    assert 'aria-label="lost-half: instance-hours by day"' in text
    assert "no data" in day_bars((SavedDay(days[0].day, 0.0, None, None, None, None),), "x")
    asleep = (SavedDay(days[0].day, 1.0, Decimal(0), None, None, None),)
    assert "<rect" not in day_bars(asleep, "x")


def test_every_colour_has_a_dark_one() -> None:
    found = view()
    assert found.total.baseline_usd is not None
    assert found.total.usd is not None
    left = spent(found.rows, DETAILS)
    steps = saving_steps.bars(
        found.total.baseline_usd, together(found.rows, PERIOD), found.total.usd, left, "x"
    )
    figures = (
        days_figure(one(LOST)),
        saving_calendar.calendar_chart(calendar((row(LOST, lost),), PERIOD), "UTC"),
        saving_steps.steps_chart(steps),
        saving_forecast.forecast_chart(FORECAST, (), UTC),
    )
    for figure in figures:
        used = set(re.findall(r"#[0-9A-Fa-f]{6}|rgba\([\d.,]+\)", figure.to_json()))
        assert used - {"rgba(0,0,0,0)"} <= set(DARK), used - set(DARK)
