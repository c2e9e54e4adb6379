"""A real-time endpoint has no queue: its chart shows requests, instances, errors and CPU."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest

from components.charts.grid import BUCKETS
from components.charts.realtime import realtime_chart
from components.charts.sentences import described
from ops.core.types import MetricSet, Series
from tests.components.samples import endpoint_view


def view(span: timedelta = timedelta(hours=3), period: int = 60):
    bare = endpoint_view("chat-live", span, period=period)
    size = bare.window.size
    values = {
        "Invocations": np.arange(size) % 50 + 1.0,
        "Invocation5XXErrors": np.where(np.arange(size) % 97 == 5, 2.0, np.nan),
        "CPUUtilization": np.full(size, 37.0),
    }
    found = {key: Series(key, bare.window, v) for key, v in values.items()}
    return replace(bare, metrics=MetricSet(bare.window, found), activities=())


def texts(figure):
    return " | ".join(a.text for a in figure.layout.annotations)


@pytest.mark.parametrize("days", [0.125, 1, 30])
def test_counts_are_kept_over_any_range(days):
    shown = view(timedelta(days=days), 60 if days < 3 else 300)
    figure = realtime_chart(shown, UTC)
    for name, key in (("requests", "Invocations"), ("errors", "Invocation5XXErrors")):
        (bars,) = [t for t in figure.data if t.name == name]
        assert np.sum(bars.y) == np.nansum(shown.metrics.get(key).values)
        assert len(bars.x) <= BUCKETS


def test_the_words_hold_all_four_and_nothing_else_speaks():
    figure = realtime_chart(view(), UTC)
    (words,) = [t for t in figure.data if t.hoverinfo != "skip"]
    first = words.text[0].split("<br>")
    assert first == ["1 requests", "– answered with 5xx", "– in service", "CPU 37 %"]
    assert words.text[-1].endswith("not final yet")


def test_what_was_not_published_is_said():
    bare = view()
    figure = realtime_chart(
        replace(bare, metrics=MetricSet(bare.window), instances=Series.absent("i", bare.window)), UTC
    )
    for text in ("No request came", "No instance reported", "No error was", "No host metric"):
        assert text in texts(figure)


def test_described_speaks_of_requests():
    said = described(view(), UTC)
    assert said.startswith("Requests and instances of chat-live")
    assert "the peak is 50 requests in 1 min" in said
    assert "cold start" not in said
