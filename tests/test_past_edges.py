"""Where AWS forgets, where two threads meet, and where another endpoint has the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pytest

from ops.core import metrics
from ops.core.spans import Span
from ops.core.types import FloatArray, utc
from ops.hot import Hot
from ops.past import Past
from ops.store.history import History, Scope
from tests.test_past import NAME, T0, answer, read, spans, window

DAY = 86_400
NAN = float("nan")
OURS = Scope("aws", "1", "us-east-1")
KEY = metrics.BACKLOG.key


@pytest.fixture
def past() -> Iterator[Past]:
    history = History.open("sqlite://", OURS)
    yield Past(history)
    history.close()


def test_what_aws_no_longer_keeps_is_not_said_to_be_known(past: Past) -> None:
    fives, minutes = window(0, 3600, 300), window(0, 3600)
    past.keep(answer(fives, fill=5.0), fives, T0 + 20 * DAY)
    past.keep(answer(minutes, NAN, 2.0, 3.0, fill=NAN), minutes, T0 + 20 * DAY)
    assert spans(past, 60) == [(60, 180)]
    assert read(past, minutes)[:4] == pytest.approx([NAN, 2.0, 3.0, NAN], nan_ok=True)
    assert read(past, fives) == [5.0] * 12


def test_within_the_last_days_that_aws_keeps_an_empty_answer_counts(past: Past) -> None:
    minutes = window(0, 3600)
    past.keep(answer(minutes, fill=NAN), minutes, T0 + 15 * DAY + 600)
    assert spans(past, 60) == [(720, 3600)]


def test_a_known_step_is_not_erased_by_minutes_that_say_nothing(past: Past) -> None:
    fives, minutes = window(0, 900, 300), window(0, 900)
    past.keep(answer(fives, fill=5.0), fives, T0 + 9000)
    past.keep(answer(minutes, fill=NAN), minutes, T0 + 9000)
    assert read(past, fives) == [5.0] * 3


def test_a_period_is_kept_only_where_all_metrics_reach_back(past: Past) -> None:
    long, short = window(0, 7200), window(3600, 7200)
    past.keep(answer(long), long, T0 + 8100)
    past.keep(answer(short, metric=metrics.CPU), short, T0 + 8100)
    now = utc(T0 + 8100)
    assert past.kept(NAME, KEY, now)[60] == utc(T0)
    assert past.kept(NAME, (KEY, metrics.CPU.key), now)[60] == utc(T0 + 3600)
    assert past.kept(NAME, (KEY, metrics.GPU.key), now) == {}
    assert past.kept(NAME, (), now) == {}


class Interrupted(History):
    """Something else happens right after its coverage was read."""

    then: Callable[[], None] | None = None

    def coverage(self, endpoint: str, resolution: int) -> Mapping[str, tuple[Span, ...]]:
        found = super().coverage(endpoint, resolution)
        then, self.then = self.then, None
        if then is not None:
            then()
        return found


def test_coverage_read_before_a_write_is_not_stored_after_it() -> None:
    history = Interrupted.open("sqlite://", OURS)
    assert isinstance(history, Interrupted)
    past, span = Past(history), window(0, 3600)
    history.then = lambda: past.keep(answer(span), span, T0 + 9000)
    past.covered(NAME, KEY, 60)
    assert spans(past, 60) == [(0, 3600)]
    history.close()


def test_minutes_that_come_in_while_the_newest_are_loaded_are_not_lost(past: Past) -> None:
    span, later = window(0, 3600), window(3600, 3900)
    past.keep(answer(span), span, T0 + 3600)

    def load(*asked: object) -> object:
        found = past.read(*asked)  # type: ignore[arg-type]
        values: Mapping[str, FloatArray] = {KEY: np.full(5, 7.0)}
        hot.put(NAME, 60, T0 + 3600, values)
        return found

    hot = Hot(load)  # type: ignore[arg-type]
    seen = hot.recent(NAME, (metrics.BACKLOG,), later).get(KEY).values
    assert seen.tolist() == [7.0] * 5
    steps = hot.day(NAME, (metrics.BACKLOG,), window(3600, 3900, 300)).get(KEY).values
    assert steps.tolist() == [7.0]


def test_a_forgotten_endpoint_is_read_anew(past: Past) -> None:
    span = window(0, 3600)
    past.keep(answer(span), span, T0 + 3600)
    past.hot.recent(NAME, (metrics.BACKLOG,), span)
    past.forget(NAME)
    assert np.isnan(read(past, span)[45:]).all(), "young cells were in memory alone"
    recent = past.hot.recent(NAME, (metrics.BACKLOG,), span).get(KEY).values
    assert np.isnan(recent[45:]).all()


@pytest.mark.parametrize("told", ["once", "each time"])
def test_nothing_older_than_the_endpoint_is_shown(past: Past, told: str) -> None:
    span = window(0, 3600)
    past.keep(answer(span, metric=metrics.PROCESSED), span, T0 + 9000)
    born = T0 + 1830.0
    if told == "once":
        past.began(NAME, born)
        minutes = read(past, span, metrics.PROCESSED)
        fives = read(past, window(0, 3600, 300), metrics.PROCESSED)
        recent = past.hot.recent(NAME, (metrics.PROCESSED,), span).get(metrics.PROCESSED.key).values
        assert recent.tolist() == pytest.approx(minutes, nan_ok=True)
    else:
        asked = (metrics.PROCESSED,)
        minutes = past.read(NAME, asked, span, born=born).get(metrics.PROCESSED.key).values.tolist()
        five = window(0, 3600, 300)
        fives = past.read(NAME, asked, five, born=born).get(metrics.PROCESSED.key).values.tolist()
    assert minutes == pytest.approx([NAN] * 30 + [1.0] * 30, nan_ok=True)
    assert fives == pytest.approx([NAN] * 6 + [5.0] * 6, nan_ok=True)


def test_told_again_when_it_began_nothing_is_read_anew(past: Past) -> None:
    span = window(0, 3600)
    past.began(NAME, T0)
    past.keep(answer(span), span, T0 + 3600)
    past.began(NAME, T0)
    assert read(past, span) == [1.0] * 60
