"""Savings over a living embedded AWS: every field is told from what was read, and no call is made for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods
from ops.core import savings_aside as aside
from ops.core import savings_story as story
from ops.core.cold_start import ColdStart
from ops.core.errors import UnknownEndpoint
from ops.core.periods import Period
from ops.core.views_savings import Fit, SavingsQuery, SavingsView
from ops.local_aws.story_kit import DAY, HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from tests.living import TUESDAY, error, gated
from tests.small_worlds import NAME, told

DAYS = 9.0
LAST = 8
SLEEPER, WARM, FORGOTTEN, DIRECT, EVEN = "sleeper", "warm", "forgotten", "direct", "even"


def tell(kit: Kit, born: float) -> None:
    """One that sleeps, one with warm windows, one with a forgotten minimum, and two real-time endpoints."""
    kit.quota("ml.g5.xlarge", 20)

    def endpoint(name: str, batches: tuple[Batch, ...], low: int = 0, **tags: str) -> None:
        kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
        kit.endpoint(name, f"{name}-1", Traffic(name, kit.seed, (20.0, 40.0), quiet, batches=batches), **tags)
        kit.bounds(name, low, 3)
        kit.track(name)
        kit.wake(name)

    endpoint(SLEEPER, (Batch(born + 2 * HOUR, 6 * HOUR, 12, 120.0),), team="docs", stage="live")
    endpoint(WARM, (Batch(born + HOUR, 3 * HOUR, 4, 60.0),), team="forms")
    kit.schedule(WARM, "open", "cron(0 6 * * ? *)", "UTC", min=1)
    kit.schedule(WARM, "close", "cron(0 18 * * ? *)", "UTC", min=0)
    endpoint(FORGOTTEN, (Batch(born + HOUR, 12 * HOUR, 2, 60.0),), low=1)
    for name, every, seconds in ((DIRECT, 8 * HOUR, (15.0, 25.0)), (EVEN, 600.0, (0.2, 0.4))):
        kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=None)
        kit.endpoint(
            name, f"{name}-1", Traffic(name, kit.seed, seconds, batches=(Batch(born + HOUR, every, 3, 60.0),))
        )

    def move() -> None:
        kit.config(EVEN, f"{EVEN}-2", "ml.g5.2xlarge", concurrency=None, image="2")
        kit.call("sagemaker", "UpdateEndpoint", EndpointName=EVEN, EndpointConfigName=f"{EVEN}-2")

    kit.quota("ml.g5.2xlarge", 4)
    kit.once_settled(EVEN, born + (DAYS - 4) * DAY, move)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with told(tell, DAYS) as (server, _):
        yield server.url


@pytest.fixture(scope="module")
def console(url: str) -> Iterator[Console]:
    """A console that has read everything once, as the collector does between two readings."""
    with Console.open(Settings(endpoint_url=url, budget_usd=Decimal(2000))) as found:
        read_all(found)
        yield found


def read_all(console: Console) -> None:
    console.read((), anybody=True)
    while console.close_gap() or console.keep_cold_starts():
        pass


def asked(console: Console, days: int = LAST, **more: object) -> SavingsView:
    now = console.fleet_of_memory().as_of
    query = SavingsQuery(periods.last_days(days, now), baselines.parse("peak"))
    return console.savings(replace(query, **more))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def view(console: Console) -> SavingsView:
    return asked(console)


def test_nothing_is_asked_of_aws_for_it(console: Console, view: SavingsView) -> None:
    before = console.usage()
    for days in (1, 7, LAST):
        asked(console, days)
    assert console.usage().calls == before.calls
    assert console.usage().metrics == before.metrics


def test_a_second_question_is_the_same(console: Console, view: SavingsView) -> None:
    again = asked(console)
    assert again.details == view.details
    assert again.forecast == view.forecast
    assert [r.usd for r in again.rows] == [r.usd for r in view.rows]


def test_the_waits_are_those_of_the_cold_starts(console: Console, view: SavingsView) -> None:
    waits = view.details[SLEEPER].waits
    assert waits is not None
    period = view.query.period
    starts = [
        s
        for s in console.cold_starts([SLEEPER]).starts
        if period.start <= s.began < period.until and s.woken_by.value == "request"
    ]
    assert waits.cold_starts == len(starts) > 25
    assert waits.requests == sum(s.waited or 0 for s in starts)
    assert waits.p95_s is not None
    assert 180 < waits.p95_s < 1500
    assert waits.since is None
    assert waits.expired == 0
    assert waits.request_minutes is not None
    assert waits.request_minutes < sum((s.waited or 0) * (s.total_s or 0) for s in starts) / 60
    assert waits.request_minutes > len(starts) * 12, "twelve came at once, and an instance takes minutes"
    whole = view.waits
    assert whole is not None
    parts = [view.details[n].waits for n in (SLEEPER, WARM, FORGOTTEN)]
    assert whole.cold_starts == sum(w.cold_starts or 0 for w in parts if w is not None)


def test_before_the_past_was_gone_through_waits_are_not_zero(url: str) -> None:
    with Console.open(Settings(endpoint_url=url)) as fresh:
        fresh.read((), anybody=True)
        while fresh.close_gap():
            pass
        found = asked(fresh)
        waits = found.details[SLEEPER].waits
        assert waits is not None
        assert (waits.cold_starts, waits.requests, waits.p95_s) == (None, None, None)
        assert found.details[SLEEPER].upper_usd is None
        assert found.waits is not None
        assert found.waits.left_out == 3


def test_idle_time_is_within_what_was_paid(view: SavingsView) -> None:
    for row in view.rows:
        idle = view.details[row.name].idle
        assert idle is not None
        assert idle.hours is not None
        assert row.hours is not None
        assert 0 < idle.hours + idle.unknown_hours <= row.hours + Decimal("0.001")
        assert idle.usd == idle.hours * row.prices[0].usd_per_hour


def test_who_never_sleeps_is_named(view: SavingsView) -> None:
    assert view.never_slept == (FORGOTTEN,)
    idle = view.details[FORGOTTEN].idle
    assert idle is not None
    assert idle.never_slept
    assert idle.longest_awake_h == pytest.approx(LAST * 24, abs=0.5)
    sleeper = view.details[SLEEPER].idle
    assert sleeper is not None
    assert sleeper.never_slept is False


def test_warm_windows_are_accounted_for_and_a_forgotten_minimum_is_none(view: SavingsView) -> None:
    warm = view.details[WARM].warm
    assert warm is not None
    assert warm.windows in (LAST, LAST + 1)
    assert warm.avoided is not None
    assert 20 <= warm.avoided <= 3 * LAST, "three times a day, but for the last and the first one"
    assert warm.hours is not None
    assert LAST * 6 < warm.hours < LAST * 12
    assert view.details[SLEEPER].warm is None
    assert view.details[FORGOTTEN].warm is None


def test_a_thousand_requests(view: SavingsView) -> None:
    found = view.details[SLEEPER].per_thousand
    row = next(r for r in view.rows if r.name == SLEEPER)
    assert found is not None
    assert found.usd is not None
    assert found.requests == pytest.approx(LAST * 4 * 12, rel=0.05)
    assert row.usd is not None
    assert float(found.usd) == pytest.approx(float(row.usd) * 1000 / found.requests, rel=0.01)
    few = view.details[FORGOTTEN].per_thousand
    assert few is not None
    assert (few.usd, few.few) == (None, True)


def test_the_upper_end_lies_above_the_estimate(view: SavingsView) -> None:
    for row in view.rows:
        upper = view.details[row.name].upper_usd
        assert upper is not None
        assert row.usd is not None
        assert row.usd <= upper < 2 * row.usd
    row = next(r for r in view.rows if r.name == SLEEPER)
    assert view.details[SLEEPER].upper_usd > row.usd  # type: ignore[operator]


def test_the_month_and_its_budget(view: SavingsView) -> None:
    found = view.forecast
    assert found is not None
    assert found.month == "2026-10"
    assert found.budget == 2000
    assert found.expected is not None
    assert found.low is not None
    assert found.high is not None
    assert found.spent is not None
    assert found.spent < found.low <= found.expected <= found.high
    assert found.days_left == pytest.approx(11.4, abs=0.1)
    a_day = (found.expected - found.spent) / Decimal(found.days_left)
    assert a_day == pytest.approx(view.total.usd / LAST, rel=Decimal("0.15"))  # type: ignore[operator]
    assert found.passes == "no"


def test_a_sparse_real_time_endpoint_might_sleep_and_an_even_one_not(view: SavingsView) -> None:
    by_name = {c.name: c for c in view.candidates}
    direct, even = by_name[DIRECT], by_name[EVEN]
    assert [c.name for c in view.candidates] == [DIRECT, EVEN]
    assert (direct.fit, even.fit) == (Fit.FAIR, Fit.POOR)
    assert direct.idle_share == pytest.approx(1 - 22 / 480, abs=0.02)
    assert direct.usd is not None
    assert direct.saved is not None
    assert direct.saved / direct.usd == pytest.approx(Decimal(direct.idle_share), abs=Decimal("0.001"))
    assert "of this account's asynchronous endpoints" in " ".join(direct.why)
    assert even.idle_share == pytest.approx(0, abs=0.001)
    assert "interactive" in " ".join(even.why)
    assert not {DIRECT, EVEN} & {r.name for r in view.rows}


def test_tags_filter_and_are_all_listed(console: Console, view: SavingsView) -> None:
    assert view.tag_values == {"stage": ("live",), "team": ("docs", "forms")}
    assert next(r for r in view.rows if r.name == SLEEPER).tags == {"team": "docs", "stage": "live"}
    found = asked(console, tags=(("team", "docs"),))
    assert [r.name for r in found.rows] == [SLEEPER]
    assert found.candidates == ()
    assert found.tag_values == view.tag_values
    assert asked(console, tags=(("team", "docs"), ("stage", "test"))).rows == ()
    nobody = asked(console, tags=(("team", "nobody"),))
    assert (nobody.rows, story.none(nobody)) == ((), "No endpoint has the tag team=nobody.")
    assert not aside.has_end(nobody)
    assert view.first == min(r.endpoint.created for r in console.fleet_of_memory().rows)
    either = asked(console, tags=(("team", "docs"), ("team", "forms")))
    assert {r.name for r in either.rows} == {SLEEPER, WARM}, "any value of one key"
    both = asked(console, tags=(("team", "docs"), ("team", "forms"), ("stage", "live")))
    assert [r.name for r in both.rows] == [SLEEPER], "and all keys"


def test_denied_tags_hide_the_filter_and_name_the_action(url: str) -> None:
    with gated(url) as (front, gate):
        gate.shut["GetResources"] = error("AccessDeniedException")
        with Console.open(Settings(endpoint_url=front)) as found:
            found.read((), anybody=True)
            seen = asked(found, 1)
    assert [p.action for p in seen.problems if p.part == "tags"] == ["tag:GetResources"]
    assert seen.tag_values == {}
    assert {r.tags for r in seen.rows} == {None}


def test_one_endpoint_alone(console: Console) -> None:
    found = asked(console, names=(SLEEPER,))
    assert set(found.details) == {SLEEPER}
    assert found.candidates == ()
    with pytest.raises(UnknownEndpoint):
        asked(console, names=("nobody",))


def test_own_prices_are_used_everywhere_and_named(url: str, tmp_path: Path) -> None:
    with Console.open(Settings(endpoint_url=url, rates="ml.g5.xlarge=1")) as own:
        own.read((), anybody=True)
        while own.close_gap():
            pass
        seen = asked(own)
        assert {p.source for p in seen.prices} == {"own rate"}
        assert seen.total.usd == seen.total.hours
        candidate = next(c for c in seen.candidates if c.name == DIRECT)
        assert candidate.usd is not None
        assert math.isclose(candidate.usd, LAST * 24, abs_tol=1)
        assert own.usage().calls["pricing:GetProducts"] == 1, "for the one type without a rate of its own"
    with Console.open(Settings(endpoint_url=url, discount="50%")) as less:
        less.read((), anybody=True)
        (price,) = asked(less, 1).prices
        assert price.source.endswith(" less 50 %")
        assert price.usd_per_hour == Decimal("1.4084") / 2


def test_a_command_line_reads_what_it_needs(url: str, console: Console, view: SavingsView) -> None:
    with Console.open(Settings(endpoint_url=url)) as bare:
        now: datetime = bare.fleet().as_of
        query = SavingsQuery(periods.last_days(LAST, now), baselines.parse("peak"))
        found = bare.find_savings(query)
    assert found.total.usd == view.total.usd
    for name, details in found.details.items():
        mine = view.details[name]
        assert details.idle == mine.idle
        assert details.per_thousand == mine.per_thousand
        assert details.waits == mine.waits
    known = {c.name: c for c in found.candidates}
    assert known[DIRECT].saved == next(c.saved for c in view.candidates if c.name == DIRECT)
    half = 4 * 24
    usd = known[EVEN].usd
    assert usd is not None
    assert float(usd) == pytest.approx(half * 1.4084 + half * 1.515, rel=0.01), (
        "it was of another type before"
    )


def test_the_waits_of_a_new_minute_do_not_wait_for_the_memo(url: str) -> None:
    """A gap that is closed shows at once, although an answer was kept before."""
    with Console.open(Settings(endpoint_url=url)) as found:
        found.read((), anybody=True)
        early = asked(found)
        while found.close_gap():
            pass
        late = asked(found)
    idle = late.details[SLEEPER].idle
    assert idle is not None
    assert idle != early.details[SLEEPER].idle
    assert late.query.period.until - late.query.period.start == timedelta(days=LAST)


def one_at_most(kit: Kit, born: float) -> None:
    kit.quota("ml.g5.xlarge", 8)
    kit.config(NAME, f"{NAME}-1", "ml.g5.xlarge", concurrency=2)
    batches = (Batch(born + HOUR, 5400.0, 12, 240.0),)
    kit.endpoint(NAME, f"{NAME}-1", Traffic(NAME, kit.seed, (20.0, 70.0), quiet, batches=batches))
    kit.bounds(NAME, 0, 1)
    kit.track(NAME)
    kit.wake(NAME)


def newest_wait(view: SavingsView) -> ColdStart:
    return max((each.start for each in view.heard[0].waited), key=lambda start: start.ordered)


def test_what_becomes_of_a_cold_start_does_not_wait_for_the_memo() -> None:
    """Nothing else that the answer rests on has changed: neither what was read of the period, nor the activities."""
    at = TUESDAY + 12 * 60  # batches come 12 min after the hour, and periods end at its quarters
    with (
        told(one_at_most, 0.25, start=at) as (server, clock),
        Console.open(Settings(endpoint_url=server.url)) as found,
    ):
        wakes = server.world.fleet.wakes
        before = len(wakes(NAME))
        while len(wakes(NAME)) == before or wakes(NAME)[-1].in_service is None:
            clock.jump(20)
            server.world.catch_up()
        began = wakes(NAME)[-1].first_queued
        assert began is not None
        found.find_cold_starts([NAME], 1)
        until = datetime.fromtimestamp(-(-began // 900) * 900, UTC)
        assert until < found.fleet_of_memory().as_of
        period = Period(until - timedelta(days=1), until, until, "UTC", "in the last day")
        query = SavingsQuery(period, baselines.parse("peak"))
        early = newest_wait(found.savings(query))
        assert early.warm_hours is None, "it has just come into service"
        clock.jump(700)
        server.world.catch_up()
        found.find_cold_starts([NAME], 1)
        late = newest_wait(found.savings(query))
    assert late.id == early.id
    assert late.warm_hours is not None
