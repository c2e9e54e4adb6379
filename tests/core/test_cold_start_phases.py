"""Phases of one wake from hand-made timelines: gaps, lag, failed attempts, schedules, bounds, retention edges."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ops.core.cold_start import Counted, Kind, Step, warm_cost
from ops.core.cold_start_phases import retold, to_ask
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.records import AlarmChange, LogStream
from tests.core.timelines import (
    ALARM,
    ASLEEP,
    BACKLOG,
    NAN,
    RANG,
    SERVED,
    SIGNAL,
    STREAM,
    at,
    grid,
    made,
    order,
    woken,
)


def minutes(start, step):
    """The best time of a step in minutes past noon; None where it is not known."""
    found = start.at(step)
    return None if found is None else round((found - at(0)).total_seconds() / 60, 2)


def test_every_phase_of_a_usual_wake_with_its_kind_and_source():
    start = made(read=woken())
    assert [p.step for p in start.phases] == list(Step)
    assert {p.step: p.kind for p in start.phases} == {
        Step.QUEUED: Kind.BOUNDED,
        Step.SIGNAL: Kind.BOUNDED,
        Step.ALARM: Kind.MEASURED,
        Step.ORDERED: Kind.MEASURED,
        Step.UP: Kind.BOUNDED,
        Step.SERVICE: Kind.MEASURED,
        Step.RESULT: Kind.BOUNDED,
        Step.EMPTY: Kind.BOUNDED,
    }
    assert [minutes(start, step) for step in Step] == [0.5, 1, 2.9, 3, 7, 7.33, 8.5, 10.5]
    assert all(p.source for p in start.phases)
    for phase in start.phases:
        assert phase.earliest is not None
        assert phase.latest is not None
        assert phase.earliest <= phase.at <= phase.latest
    assert (start.outcome, start.woken_by, start.who, start.final) == (
        Outcome.SERVED,
        WokenBy.REQUEST,
        ALARM,
        True,
    )
    assert (start.counted, start.total_s) == (Counted.WAIT, 480)
    assert start.start_s == pytest.approx(260)
    assert (start.waited, start.peak_backlog, start.expired, start.longest_wait_s) == (4, 4, 0, 410)


def test_without_an_age_the_first_minute_with_a_backlog_bounds_the_first_request():
    start = made(read=woken(oldest=dict.fromkeys(range(7), NAN)))
    phase = start.phase(Step.QUEUED)
    assert (phase.earliest, phase.at, phase.latest) == (at(-1), at(0.5), at(1))


def test_a_gap_before_the_first_request_widens_its_bounds():
    gap = dict.fromkeys(range(-5, 0), NAN)
    ages = dict.fromkeys(range(7), NAN)
    phase = made(read=woken(backlog=gap, signal=gap, oldest=ages)).phase(Step.QUEUED)
    assert (phase.earliest, phase.latest) == (at(-6), at(1)), "minute -6 was the last that was seen empty"
    longer = {**gap, 0: NAN}
    phase = made(read=woken(backlog=longer, signal=longer, oldest=ages)).phase(Step.QUEUED)
    assert (phase.earliest, phase.latest) == (at(-6), at(2))


def test_a_gap_within_the_wait_does_not_cut_it():
    gap = dict.fromkeys((3, 4), NAN)
    start = made(read=woken(backlog=gap, signal=gap, oldest=gap))
    assert minutes(start, Step.QUEUED) == 0.5
    assert start.waited == 4


def test_a_request_that_waited_for_hours_is_dated_by_its_age():
    """Nobody waits longer than six hours: an older queue has run out of time, and others wait now."""
    days = range(-420, 0)
    read = woken(
        backlog=dict.fromkeys(days, 2.0),
        signal=dict.fromkeys(days, 1.0),
        oldest={minute: 60.0 * 300 + 60 * minute for minute in range(7)},
    )
    phase = made(read=read).phase(Step.QUEUED)
    assert phase.at == at(-299), "as the age said when the first instance was ordered"


def test_an_empty_queue_at_the_order_is_a_wake_that_nobody_waited_for():
    schedule = (
        ASLEEP,
        order(
            3,
            3,
            None,
            cause="scheduled action name warm-open was triggered",
            description="Setting min capacity to 1",
        ),
        order(3, 7, 1, cause="minimum capacity was set to 1"),
    )
    read = grid(-420, 40, {BACKLOG: {30: 5}}, fill={BACKLOG: 0.0, SIGNAL: 0.0})
    start = made(schedule, read)
    assert [p.step for p in start.phases] == [Step.ORDERED, Step.UP, Step.SERVICE]
    assert (start.woken_by, start.who) == (WokenBy.SCHEDULE, "warm-open")
    assert (start.counted, start.total_s, start.waited) == (Counted.START, 240, 0)
    assert start.final


def test_requests_that_come_while_a_schedule_wakes_it_wait_too():
    bounds = (ASLEEP, order(3, 7 + 1 / 3, 1, cause="minimum capacity was set to 1"))
    early = dict.fromkeys(range(5), 0.0)
    start = made(
        bounds,
        woken(backlog=early, signal=early, oldest={**dict.fromkeys(range(5), NAN), 5: 15, 6: 75}),
    )
    assert (start.woken_by, start.counted) == (WokenBy.UNKNOWN, Counted.WAIT)
    assert minutes(start, Step.QUEUED) == 5.75
    assert start.phase(Step.ALARM) is None


def test_the_second_attempt_serves_and_the_failed_ones_are_told():
    tries = (
        ASLEEP,
        order(3, 3, 1, "Failed", message="quota 1"),
        order(4, 4, 1, "Failed", message="quota 2"),
        order(5, 9.5, 1),
    )
    read = woken(
        signal=dict.fromkeys(range(9), 1.0),
        oldest={m: 60.0 * m + 30 for m in range(9)},
        done={8: NAN, 9: NAN, 10: 1},
        backlog={8: 4, 9: 4, 10: 1},
    )
    start = made(tries, read)
    assert (start.ordered, start.failed_attempts, start.why_failed) == (at(5), 2, "quota 2")
    assert start.start_s == 270
    assert minutes(start, Step.QUEUED) == 0.5
    assert minutes(start, Step.ALARM) == 2.9, "the one before the first attempt"


def test_attempts_that_all_fail_are_one_wake_that_still_runs_and_then_has_failed():
    tries = (ASLEEP, *(order(3 + n, 3 + n, 1, "Failed", message="quota") for n in range(20)))
    read = woken(signal=dict.fromkeys(range(40), 1.0), backlog=dict.fromkeys(range(2, 40), 4.0))
    running = made(tries, read, now=30)
    assert (running.outcome, running.final, running.total_s) == (Outcome.RUNNING, False, None)
    assert running.phase(Step.ORDERED).at is None
    failed = made(tries, read, now=60)
    assert (failed.outcome, failed.counted, failed.total_s) == (Outcome.FAILED, Counted.ATTEMPT, 19 * 60)
    assert failed.final


def test_called_back_before_it_served_it_came_to_nothing():
    start = made((ASLEEP, order(3, 5, 1, "Overridden"), order(5, 6, 0)), woken())
    assert (start.outcome, start.total_s, start.phase(Step.SERVICE)) == (Outcome.NOTHING, 120, None)


@pytest.mark.parametrize(
    ("now", "read_to", "final"),
    [(8, 8, False), (10, 10, False), (10.9, 10.9, False), (11, 11, True), (60, 10, False), (60, 60, True)],
)
def test_final_two_minutes_after_the_first_result_and_only_when_read_so_far(now, read_to, final):
    """The result lies in minute 8, which ends at 9: with the lag, nothing changes after 11."""
    assert made(read=woken(last=max(12, int(now))), now=now, read_to=read_to).final is final


def test_datapoints_that_are_late_leave_the_result_open():
    late = woken(last=20, done={8: NAN, 9: NAN}, wait={8: NAN, 9: NAN})
    start = made(read=late, now=20)
    assert (start.at(Step.RESULT), start.total_s, start.final) == (None, None, False)
    assert start.longest_wait_s == 390, "as old as the oldest was when last seen"


def test_a_first_result_that_never_came_is_given_up_with_the_instance():
    silent = woken(last=80, done={8: NAN, 9: NAN}, wait={8: NAN, 9: NAN})
    start = made((*SERVED, order(50, 51, 0, cause="x")), silent, now=70)
    assert (start.final, start.total_s, start.warm_until) == (True, None, at(51))


def test_failures_are_answers_too():
    start = made(read=woken(done={8: NAN, 9: NAN}, failed={8: 3}))
    assert minutes(start, Step.RESULT) == 8.5
    assert "InvocationFailures" in start.phase(Step.RESULT).source


def test_requests_that_expired_meanwhile_have_waited_as_well():
    assert (made(read=woken(expired={3: 2})).waited, made(read=woken(expired={3: 2})).expired) == (6, 2)


def test_where_no_minute_is_kept_the_record_alone_tells():
    start = made(read=None, changes=None, streams=None)
    assert [p.step for p in start.phases] == [Step.ALARM, Step.ORDERED, Step.UP, Step.SERVICE]
    assert (start.counted, start.total_s) == (Counted.START, pytest.approx(260))
    assert (start.waited, start.peak_backlog, start.longest_wait_s) == (None, None, None)
    assert start.final


def test_metrics_of_another_time_are_none():
    empty = grid(-420, 40, {}, fill={BACKLOG: NAN})
    assert made(read=empty).waited is None


def test_alarm_history_that_is_gone_or_denied_leaves_bounds():
    for changes, why in ((None, "was not read"), ((), "no longer holds it")):
        phase = made(read=woken(), changes=changes).phase(Step.ALARM)
        assert (phase.kind, phase.at, phase.earliest, phase.latest) == (Kind.BOUNDED, None, at(0), at(3))
        assert why in phase.source


def test_only_its_own_alarm_and_the_newest_ring_before_the_order_count():
    others = (
        AlarmChange("another", at(2.95), "StateUpdate", "", "OK", "ALARM"),
        AlarmChange(ALARM, at(-30), "StateUpdate", "", "OK", "ALARM"),
        AlarmChange(ALARM, at(2.95), "StateUpdate", "", "ALARM", "OK"),
        AlarmChange(ALARM, at(20), "StateUpdate", "", "OK", "ALARM"),
        RANG,
    )
    assert made(read=woken(), changes=others).at(Step.ALARM) == RANG.at


def test_only_the_log_stream_of_the_new_instance_bounds_it():
    others = (
        LogStream("AllTraffic/i-0", at(-500), at(-500), at(-60)),
        LogStream("AllTraffic/i-1/data-log", at(5), at(5), at(9)),
        LogStream("AllTraffic/i-9", at(30), at(30), None),
        LogStream("AllTraffic/i-8", at(4), None, None),
        STREAM,
    )
    phase = made(read=woken(), streams=others).phase(Step.UP)
    assert (phase.earliest, phase.at, phase.latest) == (at(3), at(7), at(7))
    unknown = made(read=woken(), streams=()).phase(Step.UP)
    assert (unknown.at, unknown.earliest, unknown.latest) == (None, at(3), at(7 + 1 / 3))


def test_a_new_stream_whose_lines_aws_does_not_tell_of_yet_bounds_it_too():
    young = (LogStream("AllTraffic/i-1", at(6.5), None, None), LogStream("AllTraffic/i-0", at(2), None, None))
    phase = made(read=woken(), streams=young).phase(Step.UP)
    assert (phase.kind, phase.at, phase.latest) == (Kind.BOUNDED, at(6.5), at(6.5))
    assert "making of a new log stream" in phase.source


ASKED = {
    "all was told": (made(read=woken()), 60, set()),
    "nothing was read": (made(read=woken(), changes=None, streams=None), 60, {Step.ALARM, Step.UP}),
    "no stream yet, asked early": (made(read=woken(), streams=(), now=15), 20, set()),
    "no stream yet, an hour ago": (made(read=woken(), streams=(), now=15), 70, {Step.UP}),
    "no stream, asked late": (made(read=woken(), streams=(), now=70), 200, set()),
    "gone from the history": (made(read=woken(), changes=()), 60, set()),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_is_worth_asking_for_again(case):
    start, now, steps = ASKED[case]
    assert to_ask(start, at(now)) == steps


def test_what_was_asked_later_is_told_as_if_it_had_been_read_at_once():
    unread, whole = made(read=woken(), changes=None, streams=None), made(read=woken())
    assert retold(unread, at(70), (RANG,), (STREAM,)) == whole
    half = retold(unread, at(70), None, (STREAM,))
    assert to_ask(half, at(70)) == {Step.ALARM}
    assert retold(half, at(130), (RANG,), None) == whole
    assert retold(whole, at(130), (), ()) == whole
    late = retold(made(read=woken(), streams=(), now=15), at(70), None, ())
    assert to_ask(late, at(300)) == set(), "asked twice at most"


def test_five_minute_steps_bound_by_five_minutes():
    read = grid(
        -400,
        40,
        {BACKLOG: {0: 4, 5: 4, 10: 1}, SIGNAL: {0: 1, 5: 1}, "InvocationsProcessed": {5: 2, 10: 2}},
        fill={BACKLOG: 0.0, SIGNAL: 0.0},
        step=5,
    )
    start = made(read=read)
    result = start.phase(Step.RESULT)
    assert (result.earliest, result.latest) == (at(7 + 1 / 3), at(10))
    assert "five-minute" in result.source
    assert start.waited == 4


def test_a_wake_under_way_knows_what_has_been():
    start = made((ASLEEP, order(3, None, 1, "InProgress")), woken(last=6), now=5, changes=None, streams=None)
    assert [p.step for p in start.phases] == [Step.QUEUED, Step.SIGNAL, Step.ALARM, Step.ORDERED]
    assert (start.outcome, start.final, start.total_s, start.waited) == (Outcome.RUNNING, False, None, 4)


def test_the_warm_period_costs_what_its_hours_cost_and_unknown_stays_unknown():
    start = made(read=woken())
    assert warm_cost(start, None) is None


def test_began_is_the_first_that_waited_or_the_order():
    assert made(read=woken()).began == at(0.5)
    assert made(read=None).began == at(3)
    assert made(read=woken()).ended - at(8.5) == timedelta()
