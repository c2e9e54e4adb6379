"""Cold starts end to end: what the console finds out agrees with what really happened in the embedded AWS."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from ops.console import Console
from ops.core.cold_start import ColdStart, Kind, Step
from ops.core.cold_start_phases import to_ask
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.errors import UnknownEndpoint
from ops.core.types import Window
from ops.core.views_cold import ColdStartsView, WakingView
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import DAY, HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.local_aws.wakes import WakeTruth
from tests.living import console_at, error, gated
from tests.small_worlds import NAME, small, told

MINUTE_S = 60.0
Past = tuple[LocalAws, SimClock, Console, ColdStartsView]


def gone_through(console: Console) -> ColdStartsView:
    """Everything that a fresh console finds, as its collector does in the background."""
    console.read((), anybody=True)
    while console.close_gap() or console.keep_cold_starts():
        pass
    return console.cold_starts()


def truth_of(server: LocalAws, start: ColdStart) -> WakeTruth:
    return min(
        server.world.fleet.wakes(start.endpoint), key=lambda w: abs(w.ordered - start.ordered.timestamp())
    )


def off_by(start: ColdStart, truth: WakeTruth) -> dict[Step, float]:
    """Seconds between what was found out and what really happened, by step."""
    really = {
        Step.QUEUED: truth.first_queued,
        Step.ORDERED: truth.ordered,
        Step.UP: truth.provisioned,
        Step.SERVICE: truth.in_service,
        Step.RESULT: truth.first_result,
        Step.EMPTY: truth.queue_empty,
    }
    found = {step: start.at(step) for step in really}
    assert {s for s, at in found.items() if at is not None} == {
        s for s, at in really.items() if at is not None
    }
    return {
        step: abs(at.timestamp() - really[step])  # type: ignore[operator]
        for step, at in found.items()
        if at is not None
    }


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with small(2.0) as (server, clock), console_at(server.url) as console:
        yield server, clock, console, gone_through(console)


def test_every_wake_of_the_past_is_found_and_each_phase_agrees_within_a_minute(
    past: Past,
) -> None:
    server, _, _, view = past
    real = server.world.fleet.wakes(NAME)
    assert len(view.starts) == len(real) > 20
    for start in view.starts:
        truth = truth_of(server, start)
        assert start.outcome is Outcome.SERVED
        assert start.woken_by is WokenBy.REQUEST
        assert start.final
        off = off_by(start, truth)
        assert max(off.values()) <= MINUTE_S, (start.ordered, off)
        assert start.phase(Step.ALARM).kind is Kind.MEASURED  # type: ignore[union-attr]
        assert start.waited == truth.waited
        assert truth.first_result is not None
        assert truth.first_queued is not None
        assert start.total_s == pytest.approx(truth.first_result - truth.first_queued, abs=MINUTE_S)
        assert start.longest_wait_s == pytest.approx(start.total_s, abs=MINUTE_S)
    assert view.problems == ()
    assert view.whole == 1


def test_the_bounds_hold_the_truth(past: Past) -> None:
    server, _, _, view = past
    for start in view.starts:
        truth = truth_of(server, start)
        for step, really in ((Step.QUEUED, truth.first_queued), (Step.RESULT, truth.first_result)):
            phase = start.phase(step)
            assert phase is not None
            assert phase.earliest is not None
            assert phase.latest is not None
            assert really is not None
            assert phase.earliest.timestamp() - 1 <= really <= phase.latest.timestamp() + 1


def test_what_was_asked_once_is_not_asked_again(past: Past) -> None:
    _, _, console, view = past
    before = console.usage()
    while console.keep_cold_starts():
        pass
    assert console.usage().metrics == before.metrics
    assert console.usage().calls == before.calls
    calls = before.calls
    assert calls["cloudwatch:DescribeAlarmHistory"] <= 3
    assert calls["logs:DescribeLogStreams"] <= 5
    assert len(view.starts) > 20


def test_what_was_not_asked_does_not_stand_in_for_the_rest_of_the_past() -> None:
    with small(1.5, every_s=3000) as (server, clock), console_at(server.url) as console:
        console.read((), anybody=True)
        assert console.keep_cold_starts(), "more than one step takes"
        assert not any(start.final for start in console.cold_starts().starts), "no metrics yet"
        gone_through(console)
        for _ in range(2):
            clock.jump(960)
            server.world.catch_up()
            view = gone_through(console)
    assert sum(start.final for start in view.starts) > 40
    for start in (s for s in view.starts if s.final):
        assert start.phase(Step.ALARM).kind is Kind.MEASURED  # type: ignore[union-attr]
        assert start.at(Step.UP) is not None


def test_warm_periods_have_their_hours_and_cost(past: Past) -> None:
    _, _, _, view = past
    for start, following in zip(view.starts[1:], view.starts, strict=False):
        assert start.warm_until is not None
        assert start.at(Step.SERVICE) < start.warm_until < following.ordered  # type: ignore[operator]
        assert start.warm_hours is not None
        assert 0.3 < start.warm_hours < 3
        line = view.costs[NAME, start.id]
        assert line.price is not None
        assert float(line.usd) == pytest.approx(start.warm_hours * float(line.price.usd_per_hour), rel=0.01)


def test_a_range_and_names(past: Past) -> None:
    _, _, console, view = past
    day = console.cold_starts([NAME], Window.last(timedelta(days=1), view.as_of, 60))
    assert 0 < len(day.starts) < len(view.starts)
    assert day.usual == view.starts
    with pytest.raises(UnknownEndpoint):
        console.cold_starts(["nobody"])


def test_a_console_without_a_past_reads_what_a_range_needs(
    past: Past,
) -> None:
    server, _, _, view = past
    with console_at(server.url) as fresh:
        found = fresh.find_cold_starts([NAME], 1.0)
    newest = [s for s in view.starts if s.ordered >= found.starts[-1].ordered]
    assert [(s.id, s.total_s) for s in found.starts] == [(s.id, s.total_s) for s in newest]


def test_followed_live_it_is_seen_while_it_wakes_and_final_when_settled() -> None:
    with small(1.0) as (server, clock), console_at(server.url) as console:
        gone_through(console)
        seen: list[tuple[float, WakingView, ColdStart]] = []
        before = len(server.world.fleet.wakes(NAME))
        for _ in range(160):
            clock.jump(60)
            server.world.catch_up()
            console.read((NAME,), anybody=True)
            while console.keep_cold_starts():
                pass
            view = console.waking(NAME)
            if len(server.world.fleet.wakes(NAME)) > before:
                newest = console.cold_starts([NAME]).starts[0]
                seen.append((clock.now(), view, newest))
                if newest.final and newest.ordered.timestamp() == server.world.fleet.wakes(NAME)[-1].ordered:
                    break
        truth = server.world.fleet.wakes(NAME)[-1]
        assert truth.in_service is not None
        assert truth.first_result is not None
        waking = [v.outlook for at, v, _ in seen if at < truth.in_service and v.outlook is not None]
        assert waking, "it was said to wake"
        first = waking[0]
        assert first.first is not None
        assert first.told_by >= 5
        assert abs(first.first.median.timestamp() - truth.first_result) < 600
        assert first.first.median <= first.first.p90
        assert first.empty is not None
        assert first.empty.median > first.first.median
        assert first.expiring is not None
        assert (first.expiring.least, first.expiring.most) == (0, 0)
        running = [s for at, _, s in seen if at < truth.in_service]
        assert all(not s.final for s in running if s.ordered.timestamp() == truth.ordered)
        last = seen[-1][2]
        assert last.final
        assert max(v for s, v in off_by(last, truth).items() if s is not Step.EMPTY) <= MINUTE_S
        assert seen[-1][1].outlook is None, "nothing wakes any more"
        soon = [v for at, v, _ in seen if 240 <= at - truth.first_result <= 420]
        assert soon
        assert all(v.outlook is None and v.last is not None and v.last.total_s for v in soon)


def test_by_schedule_and_by_hand() -> None:
    def tell(kit: Kit, born: float) -> None:
        kit.quota("ml.g5.xlarge", 8)
        kit.config("warm", "warm-1", "ml.g5.xlarge", concurrency=2)
        kit.endpoint("warm", "warm-1", Traffic("warm", kit.seed, (5.0, 9.0), quiet))
        kit.bounds("warm", 0, 2)
        kit.track("warm")
        kit.wake("warm")
        kit.schedule("warm", "open", "cron(0 6 ? * * *)", "UTC", min=1)
        kit.schedule("warm", "close", "cron(0 8 ? * * *)", "UTC", min=0)
        kit.later(born + 1.88 * DAY, lambda: kit.bounds("warm", 1, 2))
        kit.later(born + 1.9 * DAY, lambda: kit.bounds("warm", 0, 2))

    with told(tell, 2.0) as (server, clock), console_at(server.url) as console:
        blind = gone_through(console)
        unknown = [s for s in blind.starts if s.woken_by is WokenBy.UNKNOWN]
        assert [s.who for s in unknown] == ["minimum capacity was set to 1; by whom is not known"]
        assert unknown[0].closed
        for _ in range(40):
            console.look_up(anybody=True)
        clock.jump(960)
        server.world.catch_up()
        view = gone_through(console)
        real = server.world.fleet.wakes("warm")
        assert len(view.starts) == len(real)
        by = [(s.woken_by, s.who) for s in view.starts]
        assert by[-1] == (WokenBy.SCHEDULE, "open")
        assert (WokenBy.OPERATOR, "minimum capacity was set to 1") in by
        for start in view.starts:
            assert max(off_by(start, truth_of(server, start)).values()) <= MINUTE_S
            assert start.waited == 0


def refused(kit: Kit, born: float) -> None:
    """The quota is taken away before the second batch and given back an hour later."""
    kit.quota("ml.g5.xlarge", 8)
    kit.config(NAME, f"{NAME}-1", "ml.g5.xlarge", concurrency=2)
    batches = (Batch(born + HOUR, 4 * HOUR, 5, 120.0),)
    kit.endpoint(NAME, f"{NAME}-1", Traffic(NAME, kit.seed, (20.0, 40.0), quiet, batches=batches))
    kit.bounds(NAME, 0, 3)
    kit.track(NAME)
    kit.wake(NAME)
    kit.later(born + 4.5 * HOUR, lambda: kit.quota("ml.g5.xlarge", 0))
    kit.later(born + 5.5 * HOUR, lambda: kit.quota("ml.g5.xlarge", 8))


def refused_for_good(kit: Kit, born: float) -> None:
    """The quota is taken away before the second batch, and not given back."""
    refused(kit, born)
    kit.later(born + 5.5 * HOUR, lambda: kit.quota("ml.g5.xlarge", 0))


def test_failed_attempts_push_no_cold_start_out_of_the_fleet() -> None:
    with told(refused_for_good, 5.2 / 24) as (server, clock), console_at(server.url) as console:
        gone_through(console)
        (row,) = console.fleet_of_memory().rows
        known = row.last_cold_start
        assert known is not None
        assert known.took_s is not None
        for _ in range(4):
            clock.jump(1800)
            server.world.catch_up()
            console.read((), anybody=True)
            (row,) = console.fleet_of_memory().rows
            assert row.last_cold_start == known
        with console_at(server.url) as fresh:
            fresh.read((), anybody=True)
            (row,) = fresh.fleet_of_memory().rows
            assert row.last_cold_start is None
            assert row.cold_starts_unread, "one page was read, and it is full"
            gone_through(fresh)
            (row,) = fresh.fleet_of_memory().rows
            assert row.last_cold_start == known
            assert not row.cold_starts_unread


def test_who_has_not_woken_yet_has_no_cold_start_and_nothing_is_left_to_read() -> None:
    with small(0.03) as (server, _), console_at(server.url) as console:
        console.read((), anybody=True)
        (row,) = console.fleet_of_memory().rows
        assert row.last_cold_start is None
        assert not row.cold_starts_unread, "all that AWS keeps was read"


def test_refused_for_an_hour_it_is_one_cold_start_with_its_attempts() -> None:
    with told(refused, 0.4) as (server, _), console_at(server.url) as console:
        view = gone_through(console)
        second = view.starts[-2]
        truth = truth_of(server, second)
        assert second.failed_attempts > 10
        assert "service limit" in second.why_failed
        assert max(off_by(second, truth).values()) <= MINUTE_S
        assert second.total_s == pytest.approx(truth.first_result - truth.first_queued, abs=MINUTE_S)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("operation", "step", "action"),
    [
        ("DescribeAlarmHistory", Step.ALARM, "cloudwatch:DescribeAlarmHistory"),
        ("DescribeLogStreams", Step.UP, "logs:DescribeLogStreams"),
    ],
)
def test_what_is_denied_leaves_its_phase_bounded_and_names_the_action(
    past: Past, operation: str, step: Step, action: str
) -> None:
    server, _, _, whole = past
    with gated(server.url) as (url, gate), console_at(url) as console:
        gate.shut[operation] = error("AccessDeniedException")
        view = gone_through(console)
    assert [p.action for p in view.problems] == [action]
    assert len(view.starts) == len(whole.starts)
    for start in view.starts:
        phase = start.phase(step)
        assert phase is not None
        assert (phase.kind, phase.at) == (Kind.BOUNDED, None)
        assert start.final


def later(server: LocalAws, clock: SimClock, console: Console, seconds: float) -> ColdStartsView:
    clock.jump(seconds)
    server.world.catch_up()
    return gone_through(console)


def test_what_was_denied_is_asked_again_once_an_hour_until_it_is_allowed() -> None:
    with small(0.25, every_s=3000) as (server, clock), gated(server.url) as (url, gate):
        with console_at(url) as console:
            gate.shut["DescribeAlarmHistory"] = error("AccessDeniedException")
            gate.shut["DescribeLogStreams"] = error("AccessDeniedException")
            blind = gone_through(console)
            assert len(blind.starts) > 3
            assert all(to_ask(s, blind.as_of) == {Step.ALARM, Step.UP} for s in blind.starts)
            before = console.usage().calls["cloudwatch:DescribeAlarmHistory"]
            for _ in range(8):
                later(server, clock, console, 900)
            settled = len(console.cold_starts().starts) - len(blind.starts)
            assert console.usage().calls["cloudwatch:DescribeAlarmHistory"] - before <= 3 + settled
            gate.shut.clear()
            view = later(server, clock, console, 3600)
        assert view.problems == ()
        assert {s.id for s in view.starts} >= {s.id for s in blind.starts}
        for start in (s for s in view.starts if s.final):
            assert start.phase(Step.ALARM).kind is Kind.MEASURED  # type: ignore[union-attr]
            assert max(off_by(start, truth_of(server, start)).values()) <= MINUTE_S


def test_after_an_error_that_passes_it_is_not_final_and_asked_again_soon() -> None:
    with small(0.25, every_s=3000) as (server, clock), gated(server.url) as (url, gate):
        with console_at(url) as console:
            gate.shut["DescribeAlarmHistory"] = error("InternalServiceFault", status=500)
            blind = gone_through(console)
            assert [p.retryable for p in blind.problems] == [True]
            newest, *older = blind.starts
            assert not newest.final
            assert all(s.final for s in older), "not waited for for ever"
            gate.shut.clear()
            view = later(server, clock, console, 130)
        found = next(s for s in view.starts if s.id == newest.id)
        assert found.final
        assert all(s.phase(Step.ALARM).kind is Kind.MEASURED for s in view.starts if s.final)  # type: ignore[union-attr]
        assert view.problems == ()


def test_a_log_stream_that_aws_does_not_tell_of_yet_is_asked_for_once_more() -> None:
    with small(0.25, every_s=3000) as (server, clock), gated(server.url) as (url, gate):
        with console_at(url) as console:
            nothing = (200, {"Content-Type": "application/x-amz-json-1.1"}, b'{"logStreams": []}')
            gate.shut["DescribeLogStreams"] = nothing
            newest = gone_through(console).starts[0]
            assert newest.final
            assert newest.at(Step.UP) is None
            gate.shut.clear()
            view = later(server, clock, console, 3600)
        found = next(s for s in view.starts if s.id == newest.id)
        assert max(off_by(found, truth_of(server, found)).values()) <= MINUTE_S


def test_without_activities_metrics_alone_tell_and_the_orders_replace_it_later(
    past: Past,
) -> None:
    server, clock, _, whole = past
    with gated(server.url) as (url, gate), console_at(url) as console:
        gate.shut["DescribeScalingActivities"] = error("AccessDeniedException")
        blind = gone_through(console)
        assert "application-autoscaling:DescribeScalingActivities" in {p.action for p in blind.problems}
        assert len(blind.starts) == len(whole.starts)
        for start in blind.starts:
            truth = truth_of(server, start)
            assert start.woken_by is WokenBy.UNKNOWN
            service = start.phase(Step.SERVICE)
            assert service is not None
            assert service.kind is Kind.BOUNDED
            assert truth.in_service is not None
            assert service.earliest.timestamp() - 60 <= truth.in_service <= service.latest.timestamp()  # type: ignore[union-attr]
        gate.shut.clear()
        clock.jump(960)
        server.world.catch_up()
        mended = gone_through(console)
        assert {s.id for s in mended.starts} >= {s.id for s in whole.starts}
        assert not [s for s in mended.starts if s.id.startswith("seen-")]
        assert mended.problems == ()


def test_before_the_minutes_that_aws_keeps_five_minute_steps_bound() -> None:
    with small(17.0, every_s=6 * HOUR) as (server, _), console_at(server.url) as console:
        view = gone_through(console)
        assert len(view.starts) == len(server.world.fleet.wakes(NAME))
        old = view.starts[-1]
        assert old.final
        result, alarm = old.phase(Step.RESULT), old.phase(Step.ALARM)
        assert result is not None
        assert "five-minute" in result.source
        truth = truth_of(server, old)
        assert truth.first_result is not None
        assert result.earliest.timestamp() <= truth.first_result <= result.latest.timestamp()  # type: ignore[union-attr]
        assert alarm is not None
        assert (alarm.kind, alarm.at) == (Kind.BOUNDED, None), "AWS keeps 14 days of alarm history"
