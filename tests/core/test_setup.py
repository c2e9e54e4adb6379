"""Laws of set-ups: steps lead where they should, and back; parts compare as AWS takes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.fix_calls import call
from ops.core.fixes import (
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.setup import OWNED, Setup, differences, put_alarm, replaced, touched
from ops.core.setup_steps import after, steps, way_back
from ops.core.types import (
    Alarm,
    Bounds,
    EndpointRef,
    MetricRef,
    ScalableTarget,
    ScheduledAction,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)

REF = EndpointRef("123456789012", "eu-central-1", "doc-async")
METRIC = MetricRef("AWS/SageMaker", "HasBacklogWithoutCapacity", (("EndpointName", "doc-async"),))
NAMES = st.sampled_from(("one", "two", "three"))


def arn(name: str) -> str:
    return f"arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:resource/x:policyName/{name}"


def alarm(name: str, *actions: str, threshold: float = 1.0) -> Alarm:
    return Alarm(
        name, "OK", "", None, METRIC, threshold, "GreaterThanThreshold", 60, 2, 2, "missing", actions, True
    )


def wake(name: str, by: int = 1) -> StepPolicy:
    return StepPolicy(name, arn(name), "ChangeInCapacity", (Step(0, None, by),))


bounds = st.tuples(st.integers(0, 3), st.integers(3, 8)).map(lambda pair: Bounds(*pair))
off = st.builds(Suspended, st.booleans(), st.booleans(), st.booleans())
targets = st.one_of(st.none(), st.builds(ScalableTarget, bounds, off))
tracking = st.builds(
    lambda name, target, fixed: TargetTrackingPolicy(name, arn(name), target, METRIC, disable_scale_in=fixed),
    NAMES,
    st.sampled_from((2.0, 5.0)),
    st.booleans(),
)
stepping = st.builds(wake, NAMES, st.integers(1, 3))
actions = st.builds(
    lambda name, low, end: ScheduledAction(
        name, "cron(0 8 ? * MON-FRI *)", "Europe/Berlin", low, None, None, end
    ),
    NAMES,
    st.integers(0, 2),
    st.one_of(st.none(), st.just(datetime(2027, 1, 1, tzinfo=UTC))),
)
alarms = st.builds(
    lambda name, acts, threshold: alarm(name, *acts, threshold=threshold),
    NAMES,
    st.lists(NAMES.map(arn), max_size=2, unique=True),
    st.sampled_from((1.0, 4.0)),
)


def named(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=3, unique_by=lambda each: each.name).map(tuple)  # type: ignore[attr-defined]


@st.composite
def setups(draw: st.DrawFn) -> Setup:
    """Policies and schedules are of a registered target alone."""
    target = draw(targets)
    if target is None:
        return Setup(None, (), (), draw(named(alarms)))  # type: ignore[arg-type]
    policies = draw(named(st.one_of(tracking, stepping)))
    return Setup(target, policies, draw(named(actions)), draw(named(alarms)))  # type: ignore[arg-type]


def alike(one: Setup, other: Setup) -> bool:
    return not differences(one, other, REF)


@settings(max_examples=150, derandomize=True)
@given(setups(), setups())
def test_steps_lead_from_any_setup_to_any_other_and_back(one: Setup, other: Setup) -> None:
    there = after(one, steps(one, other, REF))
    assert alike(there, other)
    assert alike(after(there, steps(there, one, REF)), one)


@settings(max_examples=100, derandomize=True)
@given(setups())
def test_no_step_leads_from_a_setup_to_itself(one: Setup) -> None:
    assert steps(one, one, REF) == ()


@settings(max_examples=100, derandomize=True)
@given(setups(), setups())
def test_steps_touch_what_differs_and_only_that_is_kept_of_a_plan(one: Setup, other: Setup) -> None:
    keys = set(touched(steps(one, other, REF), one))
    assert {d.part for d in differences(one, other, REF)} <= keys


@settings(max_examples=100, derandomize=True)
@given(setups(), setups(), setups())
def test_a_way_back_puts_back_what_was_changed_and_nothing_else(
    before: Setup, wanted: Setup, later: Setup
) -> None:
    back, lost = way_back(later, before, wanted, REF)
    keys = {d.part for d in differences(before, wanted, REF)}
    assert {d.part for d in lost} <= keys
    if later.target is not None and before.target is not None:
        assert not {d.part for d in differences(back, later, REF)} - keys
        own = keys - {"bounds", "suspended"}  # of these two only what was moved goes back
        assert not own & {d.part for d in differences(back, before, REF)}
    if alike(later, wanted):
        assert alike(back, before) or wanted.target is None or before.target is None
        assert lost == ()


@pytest.mark.parametrize(
    ("before", "after_it", "now", "back", "loses"),
    [
        ((1, 8), (1, 10), (0, 10), (0, 8), False),  # a window closed meanwhile: its minimum stays
        ((0, 8), (2, 8), (2, 4), (0, 4), False),
        ((0, 8), (2, 8), (3, 8), (0, 8), True),  # somebody moved what would go back
        ((0, 8), (0, 2), (0, 2), (0, 8), False),
        ((4, 8), (0, 8), (0, 2), (4, 8), False),  # no minimum above the maximum: both go back
    ],
)
def test_only_the_bound_that_was_moved_goes_back(
    before: tuple[int, int],
    after_it: tuple[int, int],
    now: tuple[int, int],
    back: tuple[int, int],
    loses: bool,
) -> None:
    old, new, present = (Setup(ScalableTarget(Bounds(*each))) for each in (before, after_it, now))
    wanted, lost = way_back(present, old, new, REF)
    assert wanted.target is not None
    assert wanted.target.bounds == Bounds(*back)
    assert bool(lost) is loses or before == (4, 8)


@settings(max_examples=60, derandomize=True)
@given(setups())
def test_replacing_nothing_changes_nothing(one: Setup) -> None:
    assert alike(replaced(one, Setup(), ()), one)


def test_bounds_are_registered_with_what_changes_only() -> None:
    one = Setup(ScalableTarget(Bounds(0, 8)))
    other = Setup(ScalableTarget(Bounds(0, 8), Suspended(scale_in=True)))
    assert steps(one, other, REF) == (RegisterTarget(REF, suspended=Suspended(scale_in=True)),)
    assert steps(other, Setup(ScalableTarget(Bounds(1, 8), Suspended(scale_in=True))), REF) == (
        RegisterTarget(REF, 1, 8),
    )


def test_a_policy_that_comes_back_takes_its_alarm_along() -> None:
    """Deleting a step policy leaves its alarm, and the policy comes back with another ARN (facts 0.1, number 8)."""
    whole = Setup(ScalableTarget(Bounds(0, 4)), (wake("wake"),), (), (alarm("rings", arn("wake")),))
    removed = after(whole, (DeletePolicy(REF, "wake"),))
    assert [a.name for a in removed.alarms] == ["rings"]
    assert touched((DeletePolicy(REF, "wake"),), whole) == ("alarm rings", "policy wake")
    back = steps(removed, whole, REF)
    assert [type(change) for change in back] == [PutPolicy, PutAlarm]
    assert back[1] == replace(put_alarm(alarm("rings")), actions=(PolicyArn("wake"),))


def test_an_alarm_that_was_not_made_yet_runs_the_policy_that_was() -> None:
    """By its ARN: nothing that is still to be done makes one, so that no stand-in would be filled."""
    policy = replace(wake("wake"), arn="")
    change = PutAlarm("rings", METRIC, 1.0, "GreaterThanThreshold", 60, 2, 2, "missing", (PolicyArn("wake"),))
    wanted = after(Setup(target=ScalableTarget(Bounds(0, 3))), (PutPolicy(REF, policy), change))
    assert steps(Setup(), wanted, REF)[-1] == change
    half = Setup(target=wanted.target, policies=(wake("wake"),))
    assert steps(half, wanted, REF) == (replace(change, actions=(arn("wake"),)),)


def test_alarms_of_target_tracking_come_and_go_with_their_policy() -> None:
    tracked = TargetTrackingPolicy("track", arn("track"), 5.0, METRIC, alarm_names=(f"{OWNED}x-High",))
    whole = Setup(ScalableTarget(Bounds(0, 4)), (tracked,), (), (alarm(f"{OWNED}x-High", arn("track")),))
    removed = after(whole, (DeletePolicy(REF, "track"),))
    assert removed.alarms == ()
    assert steps(removed, whole, REF) == (PutPolicy(REF, tracked),)
    assert steps(whole, removed, REF) == (DeletePolicy(REF, "track"),)


def test_deregistering_takes_everything_with_it() -> None:
    schedule = ScheduledAction("open", "cron(0 8 * * ? *)", "UTC", 1, None)
    whole = Setup(ScalableTarget(Bounds(0, 4)), (wake("w"),), (schedule,), (alarm("a", arn("w")),))
    assert after(whole, (DeregisterTarget(REF),)) == Setup(alarms=whole.alarms)
    assert set(touched((DeregisterTarget(REF),), whole)) == {
        "alarm a",
        "bounds",
        "policy w",
        "schedule open",
        "suspended",
    }


def test_a_first_registration_needs_both_bounds() -> None:
    with pytest.raises(BadInput, match="not registered"):
        after(Setup(), (RegisterTarget(REF, min=1),))


def test_an_alarm_on_an_expression_cannot_be_written_anew() -> None:
    with pytest.raises(BadInput, match="expression"):
        put_alarm(replace(alarm("sum"), metric=None))
    assert alike(
        Setup(alarms=(replace(alarm("sum"), metric=None),)),
        Setup(alarms=(replace(alarm("sum"), metric=None),)),
    )


def test_two_spellings_of_one_time_are_one() -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    one = Setup(
        ScalableTarget(Bounds(0, 1)), (), (ScheduledAction("a", "rate(1 day)", "UTC", 1, None, None, end),)
    )
    other = after(
        Setup(ScalableTarget(Bounds(0, 1))),
        (PutSchedule(REF, "a", "rate(1 day)", "UTC", 1, None, None, "2027-01-01T00:00:00Z"),),
    )
    assert alike(one, other)


def test_removed_alarms_are_put_as_they_were() -> None:
    whole = Setup(alarms=(alarm("a", arn("w")), alarm("b")))
    gone = after(whole, (DeleteAlarms(("a", "b")),))
    assert gone.alarms == ()
    assert [call(change).operation for change in steps(gone, whole, REF)] == ["PutMetricAlarm"] * 2


def test_what_closes_is_put_before_a_minimum_is_raised_and_a_minimum_falls_first() -> None:
    """Stopped half-way, an endpoint must not stay warm with nothing that closes it."""
    closes = ScheduledAction("close", "cron(0 18 ? * MON-FRI *)", "UTC", 0, None)
    shut, warm = Setup(ScalableTarget(Bounds(0, 8))), Setup(ScalableTarget(Bounds(1, 8)), (), (closes,))
    assert [type(change) for change in steps(shut, warm, REF)] == [PutSchedule, RegisterTarget]
    assert [type(change) for change in steps(warm, shut, REF)] == [RegisterTarget, DeleteSchedule]
