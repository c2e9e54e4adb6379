"""The chart of failures: stacked by cause, never told by colour alone, absent is not zero, silence is explained."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest

from components.charts.failures import LOOKS, UNREAD, described, failures_chart
from ops.core.failures import Cause
from ops.core.types import MetricSet, Problem, Series
from ops.core.views_failures import FailuresView, failures_of
from tests.components.samples import endpoint_view


def view(
    unread: frozenset[str] = frozenset(), span: timedelta = timedelta(hours=3), **counts: dict[int, float]
):
    seen = endpoint_view("invoice-parse", span)
    series = {}
    for name, at in counts.items():
        values = np.full(seen.window.size, np.nan)
        for place, number in at.items():
            values[place] = number
        series[name] = Series(name, seen.window, values)
    return failures_of(replace(seen, metrics=MetricSet(seen.window, series), unread=unread))


FULL = {
    "InvocationsProcessed": {3: 5.0, 8: 4.0},
    "InvocationFailures": {3: 2.0, 5: 3.0},
    "Invocation5XXErrors": {3: 2.0},
    "RequestDownloadFailures": {5: 1.0},
    "ExpiredRequests": {9: 4.0},
    "NotificationFailures": {8: 1.0},
}


def bars(of: FailuresView):
    return {t.name: t for t in failures_chart(of, UTC).data if t.type == "bar"}


def test_bars_add_up_to_the_totals_and_stack_on_one_panel():
    of = view(**FULL)
    found = bars(of)
    assert {name: float(np.sum(bar.y)) for name, bar in found.items()} == {
        "model 5xx": 2.0,
        "input not read": 1.0,
        "other": 2.0,
        "expired": 4.0,
        "processed": 9.0,
        "not sent": 1.0,
    }
    assert {bar.yaxis for name, bar in found.items() if name in ("model 5xx", "other", "expired")} == {"y"}
    assert failures_chart(of, UTC).layout.barmode == "stack"


def test_no_two_causes_are_told_by_colour_alone():
    looks = [(look.pattern, look.sign) for look in LOOKS.values()]
    assert len({pattern for pattern, _ in looks}) == len({sign for _, sign in looks}) == len(Cause)


def test_absent_is_no_bar_and_says_so_on_hover():
    figure = failures_chart(view(**FULL), UTC)
    words = [t for t in figure.data if t.name == "words"]
    assert words[0].text[3] == "2 model 5xx"
    assert words[0].text[0] == "none published"
    assert words[1].text[0] == "nothing published"
    assert words[1].text[3] == "5 processed"
    assert "not final yet" in words[0].text[-1]


@pytest.mark.parametrize(
    ("of", "says"),
    [
        (view(), "No request failed or expired in this range"),
        (view(unread=frozenset({"InvocationFailures"})), UNREAD),
        (
            view(unread=frozenset({"Invocation5XXErrors"}), InvocationFailures={3: 2.0}),
            "Why requests failed is not known",
        ),
    ],
)
def test_an_empty_panel_says_why(of, says):
    texts = [note.text for note in failures_chart(of, UTC).layout.annotations]
    assert says in texts


def test_unread_metrics_of_a_denied_call_are_not_known():
    seen = replace(endpoint_view("invoice-parse"), problems=(Problem("metrics", "denied", action="x"),))
    of = failures_of(replace(seen, metrics=MetricSet(seen.window)))
    assert set(of.split.unknown) == set(Cause)
    assert "not known" in described(of, UTC)


def test_a_long_range_is_drawn_in_coarser_steps_and_said_in_words():
    of = view(span=timedelta(days=1), **FULL)
    assert sum(len(bar.y) for bar in bars(of).values()) < 20
    titles = [note.text for note in failures_chart(of, UTC).layout.annotations]
    assert any(text.startswith("Failed or expired · each 5 min:") for text in titles)
    assert described(of, UTC).startswith("Failures of invoice-parse by cause, 1 d until")
    assert "4 expired" in described(of, UTC)
