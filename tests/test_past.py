"""What was read, kept and put together: settled and younger cells, incomplete answers, three resolutions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ops.aws.metrics import Answer
from ops.core import metrics
from ops.core.metrics import Metric
from ops.core.types import MetricSet, Series, Window, utc
from ops.past import OVERLAP_S, Past
from ops.store.history import History, Scope

T0 = 1_792_504_800
"""A whole hour."""
NAME = "doc"


@pytest.fixture
def past() -> Iterator[Past]:
    history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    yield Past(history)
    history.close()


def window(start: int, end: int, period: int = 60) -> Window:
    return Window(utc(T0 + start), utc(T0 + end), period)


def answer(
    span: Window,
    *values: float,
    metric: Metric = metrics.BACKLOG,
    incomplete: bool = False,
    fill: float = 1.0,
) -> Answer:
    """`values` first, then `fill`."""
    given = np.full(span.size, fill)
    given[: len(values)] = values
    found = {NAME: MetricSet(span, {metric.key: Series(metric.key, span, given, metric.unit)})}
    pairs = frozenset({(NAME, metric.key)}) if incomplete else frozenset()
    return Answer(found, (), pairs)


def read(past: Past, span: Window, metric: Metric = metrics.BACKLOG) -> list[float]:
    return past.read(NAME, (metric,), span).get(metric.key).values.tolist()


def spans(past: Past, coarsest: int = 60, key: str = metrics.BACKLOG.key) -> list[tuple[int, int]]:
    return [(a - T0, b - T0) for a, b in past.covered(NAME, key, coarsest)]


def test_young_cells_are_shown_but_stay_missing(past: Past) -> None:
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 3600)
    assert read(past, span) == [1.0] * 60
    assert spans(past) == [(0, 3600 - OVERLAP_S)]
    holes = past.holes(NAME, (metrics.BACKLOG,), (T0, T0 + 3600), 60)
    assert [(h.span[0] - T0, h.span[1] - T0) for h in holes] == [(2700, 3600)]


def test_young_cells_do_not_outlive_the_process(past: Past) -> None:
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 3600)
    again = Past(past.history)
    assert np.isnan(read(again, span)[45:]).all()
    assert read(again, span)[:45] == [1.0] * 45


def test_a_later_reading_corrects_what_was_young(past: Past) -> None:
    first, later = window(0, 3600), window(2400, 7200)
    past.keep(answer(first, fill=float("nan")), first, T0 + 3600)
    past.keep(answer(later, fill=7.0), later, T0 + 7200)
    found = read(past, window(0, 7200))
    assert np.isnan(found[:40]).all()
    assert found[40:] == [7.0] * 80


def test_an_older_stretch_does_not_hide_the_newest_minutes(past: Past) -> None:
    newest, older = window(3600, 7200), window(0, 3600)
    past.keep(answer(newest, fill=2.0), newest, T0 + 7200)
    past.keep(answer(older), older, T0 + 7200)
    assert read(past, window(0, 7200)) == [1.0] * 60 + [2.0] * 60


def test_of_an_incomplete_answer_what_came_is_shown_and_all_of_it_is_asked_for_again(past: Past) -> None:
    span = window(0, 3600)
    nan = float("nan")
    past.keep(answer(span, 5.0, 6.0, fill=nan, incomplete=True), span, T0 + 9000)
    assert read(past, window(0, 240)) == pytest.approx([5.0, 6.0, nan, nan], nan_ok=True)
    assert spans(past) == []
    past.keep(answer(span, nan, nan, 4.0, fill=nan, incomplete=True), span, T0 + 9000)
    assert read(past, window(0, 240)) == pytest.approx([5.0, 6.0, 4.0, nan], nan_ok=True)
    assert spans(past) == []
    past.keep(answer(span, 5.0, 6.0, 4.0, 3.0), span, T0 + 9000)
    assert read(past, window(0, 240)) == [5.0, 6.0, 4.0, 3.0]
    assert spans(past) == [(0, 3600)]


def test_what_is_known_is_never_overwritten_with_nothing(past: Past) -> None:
    """Neither in the history nor among the newest minutes that a verdict looks at."""
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 9000)
    recent = past.hot.recent(NAME, (metrics.BACKLOG,), span)
    assert recent.get(metrics.BACKLOG.key).values.tolist() == [1.0] * 60
    past.keep(answer(span, fill=float("nan"), incomplete=True), span, T0 + 9000)
    assert read(past, span) == [1.0] * 60
    recent = past.hot.recent(NAME, (metrics.BACKLOG,), span)
    assert recent.get(metrics.BACKLOG.key).values.tolist() == [1.0] * 60


def test_the_newest_minutes_in_memory_follow_every_reading(past: Past) -> None:
    span, later = window(0, 3600), window(2700, 3900)
    past.keep(answer(span), span, T0 + 3600)
    assert past.hot.recent(NAME, (metrics.BACKLOG,), span).get(metrics.BACKLOG.key).last() == 1.0
    past.keep(answer(later, fill=9.0), later, T0 + 3900)
    seen = past.hot.recent(NAME, (metrics.BACKLOG,), window(0, 3900)).get(metrics.BACKLOG.key)
    assert seen.values.tolist() == read(past, window(0, 3900)) == [1.0] * 45 + [9.0] * 20
    steps = past.hot.day(NAME, (metrics.BACKLOG,), window(0, 3900, 300)).get(metrics.BACKLOG.key)
    assert steps.values.tolist() == [1.0] * 9 + [9.0] * 4


def test_an_answer_that_is_empty_but_complete_says_that_nothing_was_published(past: Past) -> None:
    span = window(0, 3600)
    past.keep(answer(span, fill=float("nan")), span, T0 + 9000)
    assert np.isnan(read(past, span)).all()
    assert spans(past) == [(0, 3600)]
    assert past.holes(NAME, (metrics.BACKLOG,), (T0, T0 + 3600), 60) == ()


def test_metrics_with_the_same_gap_are_asked_for_together(past: Past) -> None:
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 9000)
    wanted = (metrics.BACKLOG, metrics.PROCESSED, metrics.FAILURES)
    holes = past.holes(NAME, wanted, (T0, T0 + 7200), 60)
    assert {(h.span[0] - T0, h.span[1] - T0): tuple(m.key for m in h.metrics) for h in holes} == {
        (3600, 7200): ("ApproximateBacklogSize",),
        (0, 7200): ("InvocationsProcessed", "InvocationFailures"),
    }


def test_finer_values_close_a_gap_and_coarser_ones_do_not(past: Past) -> None:
    hours, minutes = window(0, 7200, 3600), window(7200, 10800)
    past.keep(answer(hours), hours, T0 + 99999)
    past.keep(answer(minutes), minutes, T0 + 99999)
    assert spans(past, 3600) == [(0, 10800)]
    assert spans(past, 60) == [(7200, 10800)]
    holes = past.holes(NAME, (metrics.BACKLOG,), (T0, T0 + 10800), 300)
    assert [(h.span[0] - T0, h.span[1] - T0) for h in holes] == [(0, 7200)]


def test_three_resolutions_stand_in_one_window(past: Past) -> None:
    """Hours at first, then five-minute steps, then minutes: one window of hours, sums added up."""
    metric = metrics.PROCESSED
    for begin, end, period, value in (
        (0, 7200, 3600, 60.0),
        (7200, 10800, 300, 5.0),
        (10800, 14400, 60, 1.0),
    ):
        span = window(begin, end, period)
        past.keep(answer(span, metric=metric, fill=value), span, T0 + 99999)
    assert read(past, window(0, 14400, 3600), metric) == [60.0] * 4
    fives = read(past, window(0, 14400, 300), metric)
    assert np.isnan(fives[:24]).all()
    assert fives[24:] == [5.0] * 24


def test_a_step_known_in_part_is_told_by_the_coarser_value_until_it_is_whole(past: Past) -> None:
    metric = metrics.PROCESSED
    step, some, rest = window(0, 300, 300), window(0, 180), window(180, 300)
    past.keep(answer(step, metric=metric, fill=10.0), step, T0 + 99999)
    past.keep(answer(some, metric=metric), some, T0 + 99999)
    assert read(past, step, metric) == [10.0]
    past.keep(answer(rest, metric=metric), rest, T0 + 99999)
    assert read(past, step, metric) == [5.0]


def test_the_newest_step_is_made_of_the_minutes_there_are(past: Past) -> None:
    span = window(0, 420)
    past.keep(answer(span, metric=metrics.PROCESSED), span, T0 + 400)
    assert read(past, window(0, 900, 300), metrics.PROCESSED)[:2] == [5.0, 2.0]
    assert np.isnan(read(past, window(0, 900, 300), metrics.PROCESSED)[2])


def read_in(past: Past, resolution: int = 60, *keys: str) -> list[tuple[int, int]]:
    wanted = keys or (metrics.BACKLOG.key, metrics.CPU_SAMPLES.key)
    return [(a - T0, b - T0) for a, b in past.read_in(NAME, wanted, resolution)]


def test_what_was_read_of_all_of_several_metrics(past: Past) -> None:
    assert read_in(past) == []
    for span, metric in (
        (window(0, 3600), metrics.BACKLOG),
        (window(1800, 5400), metrics.CPU_SAMPLES),
        (window(7200, 9000), metrics.CPU_SAMPLES),
    ):
        past.keep(answer(span, metric=metric), span, T0 + 99_999)
    assert read_in(past) == [(1800, 3600)]
    assert read_in(past, 60, metrics.BACKLOG.key) == [(0, 3600)]
    assert read_in(past, 60, metrics.CPU_SAMPLES.key) == [(1800, 5400), (7200, 9000)]
    assert read_in(past, 300) == []
    assert past.read_in(NAME, (), 60) == ()


def test_the_newest_minutes_count_as_read_and_incomplete_ones_do_not(past: Past) -> None:
    for metric in (metrics.BACKLOG, metrics.CPU_SAMPLES):
        past.keep(answer(window(0, 3600), metric=metric), window(0, 3600), T0 + 3600)
    assert read_in(past) == [(0, 3600)]
    span = window(3600, 4200)
    past.keep(answer(span, metric=metrics.CPU_SAMPLES, incomplete=True), span, T0 + 4200)
    assert read_in(past)[-1][1] <= 3600
