"""Would a real-time endpoint do as an asynchronous one, and what would that save?"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.realtime_fit import HOLD_S, NOT_SEEN, Start, candidate
from ops.core.types import FloatArray, Price
from ops.core.views_savings import Candidate, Fit
from tests.core.money_samples import DAY, price, steps

FIRST = int(DAY.timestamp())
WEEK = 7 * 1440
EDGES = (FIRST, FIRST + 7 * 86_400)


def hosting(at: int) -> Price | None:
    return price(usd="2")


def cheaper(at: int) -> Price | None:
    return price(usd="1")


def calls(every: int, size: float = 1.0, first: int = 0) -> FloatArray:
    """Calls in one minute of so many, over a week."""
    out = np.zeros(WEEK)
    out[first::every] = size
    return out


def judged(
    invocations: FloatArray,
    took_s: float | None = 30.0,
    instances: float = 1.0,
    *,
    known: int = WEEK,
    would: object = hosting,
    period: int = 60,
) -> Candidate:
    count = np.full(len(invocations), instances)
    count[known:] = np.nan
    took = np.where(invocations > 0, took_s if took_s is not None else np.nan, np.nan)
    one = steps(count, succeeded=invocations, took_s=took, period=period)
    return candidate("direct", "ml.g5.xlarge", [one], EDGES, hosting, would)  # type: ignore[arg-type]


def test_one_call_in_six_hours() -> None:
    found = judged(calls(360))
    awake = (1 + HOLD_S / 60) / 360
    assert (found.fit, found.coverage) == (Fit.FAIR, 1.0)
    assert found.usd == 336
    assert found.idle_share == pytest.approx(1 - awake)
    assert found.would_cost is not None
    assert float(found.would_cost) == pytest.approx(336 * awake)
    assert found.saved == found.usd - found.would_cost
    assert found.waiting == pytest.approx(27 / 28), "whether the first one met it asleep, nobody knows"
    assert "too sparse to keep one warm, so nearly every caller waits" in " ".join(found.why)


def test_bursts_of_slow_answers_with_nights_between_fit_well() -> None:
    busy = np.zeros(WEEK)
    for day in range(7):
        busy[day * 1440 + 540 : day * 1440 + 720] = 2.0
    found = judged(busy)
    assert found.fit is Fit.GOOD
    assert found.waiting == pytest.approx(7 / 180, abs=0.001), (
        "seven minutes of a start at each of seven bursts"
    )
    assert found.why[0] == "It would have slept 86 % of the time."
    assert found.why[-1] == NOT_SEEN


@pytest.mark.parametrize(
    ("took_s", "fit", "said"),
    [
        (0.2, Fit.POOR, "It answers in 200 ms on average: that looks interactive"),
        (4.0, Fit.FAIR, "It answers in 4.0 s on average"),
        (45.0, Fit.GOOD, "Its answers take 45 s on average"),
        (None, Fit.UNKNOWN, "How long its answers take is not known."),
        (4000.0, Fit.POOR, "longer than the hour"),
    ],
)
def test_how_long_answers_take_decides(took_s: float | None, fit: Fit, said: str) -> None:
    busy = np.zeros(WEEK)
    busy[0:2000] = 5.0
    found = judged(busy, took_s)
    assert found.fit is fit
    assert said in " ".join(found.why)


def test_even_traffic_saves_nothing() -> None:
    found = judged(calls(15))
    assert (found.fit, found.idle_share, found.saved) == (Fit.POOR, 0.0, 0)
    assert "so even that it would have slept 0 % of the time" in found.why[0]


def test_nobody_calls_it_at_all() -> None:
    found = judged(np.zeros(WEEK))
    assert found.would_cost == pytest.approx(Decimal(2) / 3), "somebody may have called shortly before"
    assert (found.saved, found.waiting) == (336 - found.would_cost, None)
    assert found.why[0] == "Nobody called it in the known time: perhaps it is not needed at all."


def test_as_many_instances_as_there_were() -> None:
    assert judged(calls(360), instances=3.0).saved == 3 * (judged(calls(360)).saved or 0)


def test_other_prices_for_the_other_kind() -> None:
    dear, cheap = judged(calls(360)), judged(calls(360), would=cheaper)
    assert cheap.usd == dear.usd
    assert cheap.would_cost is not None
    assert cheap.would_cost * 2 == dear.would_cost


def test_without_a_price_no_number_but_the_reasons() -> None:
    found = judged(calls(360), would=lambda at: None)
    assert (found.usd, found.would_cost, found.saved) == (None, None, None)
    assert found.idle_share is not None
    assert "no price" in " ".join(found.why)


@pytest.mark.parametrize("known", [0, 1440, WEEK - 1])
def test_with_too_little_known_there_is_no_number(known: int) -> None:
    found = judged(calls(360), known=known)
    assert (found.fit, found.usd, found.saved, found.idle_share) == (Fit.UNKNOWN, None, None, None)
    assert found.coverage == pytest.approx(known / WEEK)
    assert "it takes 7 days" in found.why[0]


def test_half_of_a_longer_period_is_the_least() -> None:
    one = steps(np.ones(WEEK), succeeded=calls(360))
    edges = (FIRST, FIRST + 15 * 86_400)
    found = candidate("direct", None, [one], edges, hosting, hosting)
    assert (found.fit, found.saved) == (Fit.UNKNOWN, None)


def test_hours_count_whole() -> None:
    """With hours alone less sleep is seen, never more."""
    fine = judged(calls(360))
    found = judged(calls(6, first=0)[:168], period=3600)
    assert found.idle_share is not None
    assert fine.idle_share is not None
    assert found.idle_share < fine.idle_share


def test_what_a_start_takes_is_the_accounts_own_where_it_is_measured() -> None:
    one = steps(np.ones(WEEK), succeeded=calls(360), took_s=30.0)
    start = Start(240.0, "the median of 9 cold starts")
    found = candidate("direct", None, [one], EDGES, hosting, hosting, start)
    assert "about 4.0 min: too sparse" in " ".join(found.why)
    assert "(the median of 9 cold starts)" in " ".join(found.why)


@given(
    st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 9.0]), min_size=336, max_size=336),
    st.sampled_from([1.0, 2.5]),
)
def test_laws(found: list[float], instances: float) -> None:
    """Half-hours of a week: it never saves more than it costs, and sleep is what it saves."""
    busy = np.repeat(np.array(found), 30) * (np.arange(WEEK) % 30 == 0)
    got = judged(busy, instances=instances)
    assert got.usd is not None
    assert got.would_cost is not None
    assert 0 <= got.would_cost <= got.usd
    assert got.saved == got.usd - got.would_cost
    assert got.idle_share is not None
    assert float(got.saved / got.usd) == pytest.approx(got.idle_share, abs=1e-6)
