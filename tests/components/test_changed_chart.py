"""Changes on charts: an icon for each kind, a line through the panels, who and what on hover, many as one."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from components import theme
from components.charts.changed import CLOSEST, ICONS, MOST_DOTTED, MOST_RUNS, ROW_PX, key_of
from components.charts.cold_weeks import weeks_chart
from components.charts.details import detail_chart
from components.charts.failures import failures_chart
from components.charts.grid import wall
from components.charts.realtime import realtime_chart
from components.charts.sentences import described
from components.charts.signature import signature_chart
from components.charts.story import edges
from ops.core.cold_start_stats import by_week
from ops.core.marks import Mark, MarkKind
from ops.core.types import Activity
from ops.core.views import EndpointView
from ops.core.views_failures import failures_of
from tests.components.cold_samples import ALL
from tests.components.samples import NOW, endpoint_view

BERLIN = ZoneInfo("Europe/Berlin")


def of_failures(view, zone):
    return failures_chart(failures_of(view), zone)


CHARTS = [signature_chart, detail_chart, realtime_chart, of_failures]


def mark(
    minutes: float, kind: MarkKind = MarkKind.DEPLOY, sentence: str = "deploy of doc-12", **more: str
) -> Mark:
    return Mark(NOW - timedelta(minutes=minutes), kind, sentence, **{"who": "jane", **more})


def with_changes(*marks: Mark, **more: object) -> EndpointView:
    changes = tuple(sorted(marks, key=lambda m: m.at))
    return replace(endpoint_view(), changes=changes, **more)  # type: ignore[arg-type]


def icons(figure):
    return [a for a in figure.layout.annotations if a.hovertext]


def upright(figure):
    return [s for s in figure.layout.shapes if s.type == "line" and s.x0 == s.x1 and s.yref == "paper"]


def words(figure):
    return [t.text for t in figure.data if t.name == "words"]


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_marks_a_change_with_icon_line_and_words(chart) -> None:
    plain, figure = chart(endpoint_view(), BERLIN), chart(with_changes(mark(90)), BERLIN)
    (icon,) = icons(figure)
    (line,) = upright(figure)
    assert icon.text == "◆"
    assert icon.hovertext == "today 13:32 · deploy of doc-12 by jane"
    assert icon.x == line.x0 == wall(NOW - timedelta(minutes=90), BERLIN)
    assert (line.y0, line.y1) == (0, 1)
    assert sum("◆ deploy of doc-12 by jane" in text for said in words(figure) for text in said) == 1
    assert figure.layout.height == plain.layout.height + ROW_PX
    assert figure.layout.margin.t == plain.layout.margin.t + ROW_PX
    assert figure.layout.meta["row"] == ROW_PX
    assert not icons(plain)
    assert plain.layout.meta is None


def test_each_kind_has_an_icon_of_its_own_and_the_key_names_those_on_show() -> None:
    assert len({icon for icon, _ in ICONS.values()}) == len(MarkKind) == len(ICONS)
    assert key_of([mark(9), mark(8, MarkKind.ALARM), mark(7)]) == "◆ deploy, ⚑ alarm"
    assert key_of([mark(9, refused="Denied")]) == ""


def test_what_was_refused_is_not_drawn() -> None:
    figure = signature_chart(with_changes(mark(90, refused="ValidationException")), UTC)
    assert not icons(figure)
    assert not upright(figure)
    assert "doc-12" not in str(words(figure))


def test_marks_close_together_are_one_with_their_count() -> None:
    close = 180 * CLOSEST / 10
    many = [
        mark(90 - n * close, kind, f"change {n}")
        for n, kind in enumerate(list(MarkKind) + list(MarkKind)[:3])
    ]
    figure = signature_chart(with_changes(*many), UTC)
    (icon,) = icons(figure)
    assert icon.text == "◆↕9"
    assert icon.hovertext.count("<br>") >= 5
    assert icon.hovertext.endswith("and 4 more")
    assert len(upright(figure)) == 9
    apart = [icon.x for icon in icons(signature_chart(with_changes(*(mark(3 * n) for n in range(55))), UTC))]
    assert min(b - a for a, b in pairwise(apart)) >= 180 * 60_000 * CLOSEST


@pytest.mark.parametrize("chart", CHARTS)
def test_a_label_at_the_right_edge_reaches_to_the_left_and_is_whole(chart) -> None:
    newest = [mark(n / 4, kind) for n, kind in enumerate([MarkKind.BOUNDS, MarkKind.POLICY] * 8)]
    figure = chart(with_changes(*newest, mark(100, MarkKind.ALARM)), UTC)
    early, late = sorted(icons(figure), key=lambda icon: icon.x)
    assert (early.xanchor, early.xshift or 0) == ("center", 0)
    assert late.text.endswith("16")
    assert late.xanchor == "right"
    assert 0 <= late.xshift <= figure.layout.margin.r - 4, "some room is left for the edge of the glyph"


def test_many_runs_of_schedules_hide_nothing() -> None:
    runs = [mark(3 * n, MarkKind.SCHEDULE, f"run {n}", who="") for n in range(1, MOST_DOTTED + 2)]
    few = detail_chart(with_changes(*runs[:MOST_RUNS]), UTC)
    some = detail_chart(with_changes(*runs[: MOST_RUNS + 1]), UTC)
    many = detail_chart(with_changes(*runs, mark(100)), UTC)
    assert icons(few)
    assert (len(icons(some)), len(upright(some))) == (0, MOST_RUNS + 1)
    assert {line.line.dash for line in upright(some)} == {"dot"}
    assert (len(icons(many)), len(upright(many))) == (1, 1)
    assert "run 3" in str(words(many))


def test_a_run_that_has_its_edge_already_gets_no_second_line_and_is_told_once() -> None:
    at = NOW - timedelta(minutes=60)
    cause = "scheduled action name office was triggered"
    ran = Activity("s1", at, at, "Successful", "Setting min capacity to 1", cause)
    view = with_changes(mark(60, MarkKind.SCHEDULE, "schedule office: minimum 1", who=""), activities=(ran,))
    assert len(edges(view)) == 1
    figure = signature_chart(view, UTC)
    assert len(upright(figure)) == 1
    assert str(words(figure)).count("office") == 1
    assert [icon.text for icon in icons(figure)] == ["◷"]


def test_text_from_aws_cannot_become_markup() -> None:
    evil = "<a href='javascript:1'>x</a>" + "y" * 300
    for chart in CHARTS:
        figure = chart(with_changes(mark(90, sentence=evil, who="<b>")), UTC)
        (icon,) = icons(figure)
        told = icon.hovertext + str(words(figure))
        assert "<a" not in told
        assert "<b>" not in told
        assert max(len(part) for part in re.split("<br>", icon.hovertext)) < 140


def test_every_colour_has_its_dark_counterpart() -> None:
    figure = signature_chart(with_changes(mark(90), mark(50, MarkKind.SCHEDULE)), UTC)
    used = {s.line.color for s in upright(figure)} | {a.font.color for a in icons(figure)}
    used |= {
        c
        for a in icons(figure)
        for c in (a.hoverlabel.bgcolor, a.hoverlabel.bordercolor, a.hoverlabel.font.color)
    }
    assert used <= set(theme.DARK)


def test_who_cannot_see_the_chart_is_told_the_newest_change() -> None:
    view = with_changes(mark(90), mark(30, MarkKind.BOUNDS, "bounds to 1–4"), mark(5, refused="Denied"))
    assert "2 changes marked, the newest: bounds to 1–4 by jane, today 13:32." in described(view, UTC)
    assert "marked" not in described(endpoint_view(), UTC)


def test_the_weeks_of_cold_starts_carry_marks_where_they_are_of_one_endpoint() -> None:
    weeks = by_week(ALL, UTC)
    deploy = Mark(NOW - timedelta(days=2), MarkKind.DEPLOY, "deploy of doc-12", "jane")
    figure = weeks_chart(weeks, UTC, (deploy,))
    (icon,) = icons(figure)
    assert "deploy of doc-12 by jane" in icon.hovertext
    assert sum("deploy of doc-12" in text for said in words(figure) for text in said) == 1
    assert not icons(weeks_chart(weeks, UTC))
