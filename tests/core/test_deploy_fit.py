"""Good or poor fit, by what is known of the requests: verdict, reasons, ranges, and nothing that nobody said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ops.core.cost import ASYNC, HOST
from ops.core.deploy_fit import Advice, Load, Machine, check, judge, with_typed
from ops.core.errors import BadInput
from ops.core.types import Price
from ops.core.views_savings import Fit

DAY = datetime(2026, 9, 28, tzinfo=UTC)
PRICE = Price("ml.g5.xlarge", "us-east-1", Decimal("1.4084000000"), "list", DAY, ASYNC)
MACHINE = Machine(PRICE, replace(PRICE, component=HOST))
SPARSE = Load(payload_mb=2, processing_s=20, waits_s=1800, a_day=10, hours=10)


def row(advice: Advice, what: str) -> tuple[str, str, str]:
    found = next(r for r in advice.rows if r.what == what)
    return found.yours, found.realtime, found.asynchronous


@pytest.mark.parametrize(
    ("load", "fit", "says"),
    [
        (SPARSE, Fit.GOOD, "Its callers can wait 30 min".lower()),
        (
            replace(SPARSE, payload_mb=40),
            Fit.GOOD,
            "payloads of 40 MB are too large for a real-time endpoint",
        ),
        (replace(SPARSE, payload_mb=1001), Fit.POOR, "more than the 1 GB"),
        (replace(SPARSE, payload_mb=1000), Fit.GOOD, "payloads of 1 GB are too large"),
        (replace(SPARSE, processing_s=3601, waits_s=36_000), Fit.POOR, "longer than the hour"),
        (replace(SPARSE, processing_s=20, longest_s=4000), Fit.POOR, "longer than the hour"),
        (replace(SPARSE, waits_s=2), Fit.POOR, "or stay with real-time"),
        (replace(SPARSE, waits_s=2, processing_s=90), Fit.FAIR, "keep it warm in the hours"),
        (replace(SPARSE, waits_s=500), Fit.FAIR, "some starts come too late"),
        (replace(SPARSE, a_day=50_000, hours=24), Fit.POOR, "too even to gain by it"),
        (replace(SPARSE, waits_s=None), Fit.UNKNOWN, "can wait is not known"),
        (replace(SPARSE, a_day=None), Fit.UNKNOWN, "how many requests come is not known"),
        (Load(), Fit.UNKNOWN, "can wait is not known"),
    ],
)
def test_the_verdict_begins_with_its_weightiest_reason(load: Load, fit: Fit, says: str) -> None:
    found = judge(load, MACHINE)
    assert found.fit is fit, found
    assert says in found.sentence.lower() or says in found.sentence


def test_what_nobody_said_is_not_known_and_never_nothing() -> None:
    found = judge(Load(), Machine())
    for what in ("Payload", "Processing time", "Waiting for an answer"):
        assert row(found, what)[0] == "not known"
        assert next(r for r in found.rows if r.what == what).async_ok is None
    for what in ("Cold starts a day", "Asleep"):
        assert row(found, what)[2] == "not known"
    assert row(found, "Cost a month") == ("", "not known", "not known")


def test_ranges_go_from_one_batch_to_chance_and_their_ends_are_ordered() -> None:
    found = judge(SPARSE, MACHINE)
    assert row(found, "Cold starts a day") == (
        "of 10 requests",
        "0: at least one instance always runs",
        "1–8",
    )
    # by hand: 36,000 s x (1 - e^(-1,520 / 3,600)) and 1,500 s after the hours, of 86,400; 10 x e^(-900 / 3,600) starts
    assert row(found, "Asleep")[2] == "84–99 % of the time"
    yours, real, own = row(found, "Cost a month")
    assert yours == "$1.4084 an hour"
    assert real == "about $1,000, 1 always on"
    low, high = (float(part.replace(",", "")) for part in own.removeprefix("about $").split(" to $"))
    assert 730 * 1.4084 * 0.01 < low < high < 730 * 1.4084 * 0.17


def test_one_batch_a_day_is_the_least_whatever_the_traffic() -> None:
    for a_day in (1, 7, 40, 900, 20_000):
        found = judge(replace(SPARSE, a_day=a_day), MACHINE)
        starts = row(found, "Cold starts a day")[2].split("–")
        assert starts[0] == "1"
        assert float(starts[-1].replace(",", "")) <= a_day


def test_more_than_one_instance_is_needed_where_the_work_is_more_than_a_day_of_one() -> None:
    even = Load(processing_s=300, waits_s=36_000, a_day=2000)
    found = judge(even, MACHINE)
    assert row(found, "Cost a month")[1] == "about $7,200, 7 always on"
    four = judge(even, replace(MACHINE, concurrency=4))
    assert row(four, "Cost a month")[1] == "about $2,100, 2 always on"


def test_measured_sleep_is_one_number_and_what_is_typed_counts_instead() -> None:
    measured = Load(None, 20, 25, None, 100, asleep=0.8, late=0.05, source="Measured: 700 requests.")
    found = judge(with_typed(measured, Load(waits_s=1800)), MACHINE)
    assert found.fit is Fit.GOOD
    assert row(found, "Asleep")[2] == "80 % of the time"
    assert "Measured: 700 requests." in found.basis
    typed = judge(with_typed(measured, Load(waits_s=1800, a_day=10)), MACHINE)
    assert "–" in row(typed, "Asleep")[2]
    assert with_typed(measured, Load(processing_s=2)).longest_s is None


def test_limits_are_dated_and_name_their_source() -> None:
    basis = judge(SPARSE, MACHINE).basis
    assert "November 2026" in basis
    assert "developer guide" in basis
    assert "API reference of InvokeEndpoint" in basis
    assert "estimate" in basis


@pytest.mark.parametrize(
    "load",
    [
        Load(payload_mb=-1),
        Load(waits_s=float("inf")),
        Load(hours=0),
        Load(hours=25),
        Load(a_day=1e308, processing_s=1e308),
        Load(payload_mb=2e9),
        Load(payload_mb=float("nan")),
    ],
)
def test_numbers_that_make_no_sense_are_refused(load: Load) -> None:
    with pytest.raises(BadInput):
        check(load)


def test_what_becomes_of_a_request_whose_time_ran_out_is_not_claimed() -> None:
    """Whether a failure object or a message comes is not documented: only the metric is certain."""
    queue = row(judge(SPARSE, MACHINE), "Time in the queue")[2]
    assert "unanswered" not in queue
    assert queue == "up to 6 h, then it leaves the queue; only ExpiredRequests tells"
