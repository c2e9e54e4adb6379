"""One reader for all: pace, pause, single flight, the last good answer, AWS away and back. No test waits for time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import numpy as np
import pytest

from ops.collector import Collector
from ops.core.errors import CredentialsProblem, OpsError, Throttled, UnknownEndpoint, Unreachable
from ops.pace import AWAY_S, IDLE_S, SLOWEST_S, Pace
from tests.living import Gate, Hand, console_at, error, gated, living


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with living(days=3) as (server, _):
        yield server.url


@pytest.fixture
def gate(aws: str) -> Iterator[tuple[str, Gate]]:
    with gated(aws) as found:
        yield found


def collector(url: str, hand: Hand) -> Collector:
    return Collector(lambda: console_at(url), lambda kind: 2.0, hand)


def test_pace() -> None:
    pace = Pace(15.0)
    assert pace.wait(0.0, None, None) == 0.0  # the first reading waits for nobody: it begins the history
    assert pace.wait(0.0, None, 0.0) == 0.0
    assert pace.wait(5.0, 0.0, 1.0) == 10.0
    assert pace.wait(20.0, 0.0, 1.0) == 0.0
    assert pace.wait(62.0, 50.0, 1.0) == 3588.0  # nobody asked for a minute: gaps are closed once an hour
    assert pace.wait(3650.0, 50.0, None) == 0.0


def test_throttling_slows_down_and_success_speeds_up_again() -> None:
    pace = Pace(15.0)
    pace.failed(Throttled("slow down"))
    assert pace.interval == 30.0
    for _ in range(9):
        pace.failed(Throttled("slow down"))
    assert pace.interval == SLOWEST_S
    for _ in range(9):
        pace.succeeded()
    assert pace.interval == 15.0


def test_an_aws_that_is_away_is_asked_less_often_but_not_rarely() -> None:
    pace = Pace(2.0)
    for _ in range(20):
        pace.failed(Unreachable("gone", ""))
    assert pace.interval == AWAY_S


def test_the_last_good_fleet_stays_with_the_reason(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    hand = Hand()
    reader = collector(url, hand)
    reader.read_once()
    good = reader.fleet()
    assert good.problems == ()
    closed.shut["*"] = error("ThrottlingException")
    hand.at += 5
    reader.read_once()
    kept = reader.fleet()
    assert kept.rows == good.rows
    assert [p.retryable for p in kept.problems] == [True]
    assert "slow down" in kept.problems[0].what
    seen = reader.snapshot()
    assert isinstance(seen.error, Throttled)
    assert (seen.age_s, seen.interval_s, seen.number) == (5.0, 4.0, 2)
    closed.shut.clear()
    reader.read_once()
    assert reader.fleet().problems == ()
    assert reader.snapshot().error is None


def test_expired_credentials_keep_the_last_good_fleet_too(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    reader = collector(url, Hand())
    reader.read_once()
    closed.shut["*"] = error("ExpiredTokenException")
    reader.read_once()
    kept = reader.fleet()
    assert len(kept.rows) == 7
    assert "expired" in kept.problems[0].what


def test_never_a_good_one_raises_what_went_wrong(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    closed.shut["*"] = error("ExpiredTokenException")
    reader = collector(url, Hand())
    reader.read_once()
    with pytest.raises(CredentialsProblem):
        reader.fleet()


def test_aws_away_and_back_at_another_address(aws: str) -> None:
    """After an answer fails to come, the address is looked up anew."""
    addresses: list[str] = []
    reader = Collector(lambda: console_at(addresses[-1]), lambda kind: 2.0, Hand())
    with gated(aws) as (url, _):
        addresses.append(url)
        reader.read_once()
        assert len(reader.fleet().rows) == 7
    reader.read_once()
    assert "cannot be reached" in reader.fleet().problems[0].what
    addresses.append(aws)
    reader.read_once()
    assert reader.fleet().problems == ()
    assert reader.connection().endpoint_url == aws


def test_many_viewers_of_one_endpoint_cost_one_reading(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    hand = Hand()
    reader = collector(url, hand)
    reader.endpoint("doc-async")
    hand.at += 10
    before = closed.passed
    barrier = threading.Barrier(8)

    def look() -> int:
        barrier.wait()
        return id(reader.endpoint("doc-async"))

    with ThreadPoolExecutor(8) as pool:
        seen = {f.result() for f in [pool.submit(look) for _ in range(8)]}
    assert len(seen) == 1
    once = closed.passed - before
    assert once <= 12
    hand.at += 1.9
    reader.endpoint("doc-async")
    assert closed.passed - before == once
    hand.at += 0.2
    reader.endpoint("doc-async")
    assert closed.passed - before > once


def test_different_ranges_are_different_views(aws: str) -> None:
    reader = collector(aws, Hand())
    short, long = reader.endpoint("doc-async"), reader.endpoint("doc-async", timedelta(hours=12))
    assert (short.window.size, long.window.size) == (180, 720)


def test_the_last_good_endpoint_view_stays(gate: tuple[str, Gate]) -> None:
    url, closed = gate
    hand = Hand()
    reader = collector(url, hand)
    good = reader.endpoint("doc-async")
    closed.shut["*"] = error("ThrottlingException")
    hand.at += 10
    kept = reader.endpoint("doc-async")
    for key, series in good.metrics.series.items():
        np.testing.assert_array_equal(kept.metrics.get(key).values, series.values)
    assert kept.row.verdict == good.row.verdict
    assert "slow down" in kept.problems[-1].what
    with pytest.raises(OpsError):
        reader.endpoint("ocr-legacy")


def test_errors_reach_every_viewer_and_are_not_kept(aws: str) -> None:
    reader = collector(aws, Hand())
    for _ in range(2):
        with pytest.raises(UnknownEndpoint):
            reader.endpoint("doc-asinc")


def test_the_thread_reads_when_somebody_asks_and_ends_when_told(aws: str) -> None:
    hand = Hand()
    reader = collector(aws, hand).start()
    try:
        first = reader.fleet()  # waits for the first reading
        assert len(first.rows) == 7
        read = reader.snapshot().number
        hand.at += IDLE_S * 3  # a pause: the next viewer gets a fresh one
        again = reader.fleet()
        assert again is not first
        assert reader.snapshot().number > read
    finally:
        reader.stop()
    assert "collector" not in {t.name for t in threading.enumerate()}
    reader.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ebbs_own_is_said_and_nobody_waits_for_it(aws: str) -> None:
    def faulty(_kind: str) -> float:
        raise ZeroDivisionError

    begun = threading.Event()

    def interval(kind: str) -> float:
        if begun.is_set():
            return faulty(kind)
        begun.set()
        return 2.0

    reader = Collector(lambda: console_at(aws), interval).start()
    try:
        for _ in range(2):
            with pytest.raises(OpsError, match="fault in Ebb"):
                reader.fleet()
    finally:
        ending = [t for t in threading.enumerate() if t.name.startswith("collector")]
        reader.stop()
        for thread in ending:  # its last words belong to this test
            thread.join(timeout=20)
