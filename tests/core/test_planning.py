"""Tables of plans: what happens next, what it costs, what is said before, who may do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ops.core import planning
from ops.core.change import ChangePlan
from ops.core.errors import BadInput
from ops.core.fixes import DeletePolicy, DeregisterTarget, PutPolicy, PutSchedule, RegisterTarget
from ops.core.moments import written
from ops.core.plan_cautions import guard, lowers
from ops.core.plan_effects import Around, InFlight
from ops.core.setup import Setup
from ops.core.types import (
    AsyncConfig,
    Bounds,
    Endpoint,
    EndpointRef,
    MetricRef,
    Price,
    ScalableTarget,
    ScheduledAction,
    Severity,
    Step,
    StepPolicy,
    Suspended,
    TargetTrackingPolicy,
)
from ops.core.warm_actions import expand
from ops.core.warm_names import KeepName, keep_name
from tests.core.warm_samples import made as made_actions
from tests.core.warm_samples import plan as warm_plan

NOW = datetime(2026, 11, 26, 14, 2, tzinfo=UTC)
REF = EndpointRef("123456789012", "eu-central-1", "doc-async")
PRICE = Price("ml.g5.xlarge", "eu-central-1", Decimal("1.41"), "AWS Price List", NOW)
BUSY = InFlight(backlog=3, completed=12, window_s=900, utilisation=0.84, unanswered=2)
QUIET = InFlight(backlog=0, completed=0, window_s=900, utilisation=0.0, unanswered=0)
METRIC = MetricRef("AWS/SageMaker", "ApproximateBacklogSizePerInstance", (("EndpointName", "doc-async"),))
TRACK = TargetTrackingPolicy("track", "arn:track", 5.0, METRIC)
WAKE = StepPolicy("wake", "arn:wake", "ChangeInCapacity", (Step(0, None, 1),))


def around(current: int | None = 0, *, queued: bool = True, work: InFlight = QUIET, **more: object) -> Around:
    endpoint = Endpoint(
        REF,
        "arn",
        "InService",
        "doc-1",
        "ml.g5.xlarge",
        current,
        current,
        NOW,
        NOW,
        AsyncConfig("s3://b/out", None, None, None, 2) if queued else None,
    )
    return Around(endpoint, NOW, **({"price": PRICE, "quota": 16, "start_s": 300.0, "work": work} | more))  # type: ignore[arg-type]


def held(low: int, high: int, off: Suspended | None = None, *more: object) -> Setup:
    return Setup(ScalableTarget(Bounds(low, high), off or Suspended()), (TRACK, WAKE), more)  # type: ignore[arg-type]


def bounds(before: Setup, low: int, high: int, seen: Around) -> ChangePlan:
    changes = planning.new_bounds(before, seen, low, high)
    return planning.make("id", "bounds", "t", changes, before, seen)


@pytest.mark.parametrize(
    ("before", "current", "low", "high", "said"),
    [
        ((0, 8), 0, 1, 8, "A minimum of 1 starts 1 instance at once, about 5 min, $1.41 an hour each."),
        ((0, 8), 1, 3, 8, "A minimum of 3 starts 2 instances at once, about 5 min, $1.41 an hour each."),
        ((0, 8), 2, 1, 8, "No instance starts or leaves now. It stays awake from now on, day and night"),
        ((1, 8), 1, 0, 8, "may fall asleep once its scale-in alarm agrees"),
        ((0, 8), 6, 0, 4, "A maximum of 4 takes 2 instances away at once."),
        ((0, 8), 0, 0, 0, "With a maximum of 0, no request wakes it"),
        ((0, 8), 2, 0, 0, "all 2 instances leave at once, and no request wakes it"),
        ((0, 8), 0, 0, 4, "A backlog scales it less far out: to 4 instead of 8."),
        ((0, 4), 0, 0, 8, "A backlog scales it further out: to 8 instead of 4."),
        ((0, 8), None, 1, 8, "How many instances it has now is not known"),
    ],
)
def test_what_happens_next(
    before: tuple[int, int], current: int | None, low: int, high: int, said: str
) -> None:
    assert said in bounds(held(*before), low, high, around(current)).effect


@pytest.mark.parametrize(
    ("before", "low", "high", "a_day"),
    [
        ((0, 8), 1, 8, "33.84"),
        ((2, 8), 0, 8, "-67.68"),
        ((0, 8), 0, 4, "0"),
        ((1, 1), 3, 3, "67.68"),
    ],
)
def test_what_it_costs_is_an_estimate_that_says_its_price(
    before: tuple[int, int], low: int, high: int, a_day: str
) -> None:
    cost = bounds(held(*before), low, high, around()).cost
    assert cost is not None
    assert cost.usd_per_day == Decimal(a_day)
    assert "AWS Price List" in cost.basis
    assert ("Estimate" in cost.basis) == (Decimal(a_day) != 0)


def test_without_a_price_no_money_is_told() -> None:
    cost = bounds(held(0, 8), 1, 8, around(price=None)).cost
    assert cost is not None
    assert (cost.usd_per_day, cost.usd_per_month) == (None, None)
    assert "No list price" in cost.basis


@pytest.mark.parametrize(
    ("low", "high", "seen", "said"),
    [
        (-1, 8, around(), "minimum cannot be negative"),
        (0, -1, around(), "maximum cannot be negative"),
        (5, 2, around(), "minimum (5) is above the maximum (2)"),
        (0, 17, around(), "above the account's quota: 16 × ml.g5.xlarge"),
        (0, 99_999, around(quota=None), "is a slip"),
        (0, 8, around(queued=False), "real-time endpoint: AWS keeps at least 1"),
    ],
)
def test_bounds_that_cannot_be(low: int, high: int, seen: Around, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        planning.new_bounds(held(1, 8), seen, low, high)
    assert said in refused.value.what
    assert refused.value.hint


@pytest.mark.parametrize(
    ("before", "low", "high", "expected"),
    [
        (held(0, 8), 0, 8, ()),
        (held(0, 8), 1, 8, (RegisterTarget(REF, min=1),)),
        (held(0, 8), 0, 4, (RegisterTarget(REF, max=4),)),
        (Setup(), 0, 4, (RegisterTarget(REF, 0, 4),)),
    ],
)
def test_only_what_changes_is_sent(before: Setup, low: int, high: int, expected: tuple[object, ...]) -> None:
    assert planning.new_bounds(before, around(), low, high) == expected


@pytest.mark.parametrize(
    ("before", "wanted", "current", "is_lower"),
    [
        (held(1, 8), held(0, 8), 1, True),
        (held(0, 8), held(0, 4), 6, True),
        (held(0, 8), held(0, 4), 2, False),
        (held(0, 8), held(1, 8), 0, False),
        (held(0, 8), held(0, 4), None, True),
        (held(0, 8, Suspended(scale_in=True)), held(0, 8), 2, True),
        (held(0, 8), held(0, 8, Suspended(scale_in=True)), 2, False),
    ],
)
def test_what_lowers_capacity(before: Setup, wanted: Setup, current: int | None, is_lower: bool) -> None:
    assert lowers(before, wanted, current) is is_lower
    plan_work = around(current, work=BUSY)
    changes = (
        RegisterTarget(REF, wanted.target.bounds.min, wanted.target.bounds.max, wanted.target.suspended),
    )  # type: ignore[union-attr]
    plan = planning.make("id", "bounds", "t", changes, before, plan_work)
    assert any("At work now: a backlog of 3 requests" in c.sentence for c in plan.cautions) is is_lower


def test_the_guard_warns_and_never_promises() -> None:
    busy = guard(BUSY, at_once=True)
    assert busy.severity is Severity.CRITICAL
    for part in (
        "a backlog of 3 requests (it may miss those in process)",
        "12 finished in the last 15 min",
        "CPU or GPU at 84 %",
        "2 requests submitted from Ebb without an answer",
        "AWS documents no protection",
    ):
        assert part in busy.sentence
    assert guard(BUSY, at_once=False).severity is Severity.WARNING
    quiet = guard(QUIET, at_once=True)
    assert quiet.severity is Severity.INFO
    assert "no proof that nothing is in process" in quiet.sentence
    for part in ("backlog", "completed", "utilisation"):
        assert guard(replace(QUIET, **{part: None}), at_once=True).severity is Severity.CRITICAL, part
    unknown = guard(InFlight(), at_once=True)
    assert unknown.severity is Severity.CRITICAL
    assert "is not known" in unknown.sentence


@pytest.mark.parametrize(
    ("changes", "needs", "confirm"),
    [
        ((RegisterTarget(REF, min=1),), "operator", False),
        ((RegisterTarget(REF, 0, 0),), "operator", True),
        ((RegisterTarget(REF, suspended=Suspended(scale_out=True)),), "operator", True),
        ((RegisterTarget(REF, suspended=Suspended(scale_in=True)),), "operator", False),
        ((PutPolicy(REF, replace(TRACK, target=2.0)),), "admin", False),
        ((PutPolicy(REF, replace(TRACK, disable_scale_in=True)),), "admin", False),
        ((DeletePolicy(REF, "wake"),), "admin", True),
        ((DeletePolicy(REF, "track"),), "admin", True),
        ((DeregisterTarget(REF),), "admin", True),
    ],
)
def test_who_may_and_what_wants_a_typed_word(
    changes: tuple[RegisterTarget, ...], needs: str, confirm: bool
) -> None:
    plan = planning.make("id", "x", "t", changes, held(0, 8), around(2, work=BUSY))
    assert plan.needs == needs
    assert plan.confirm == ("doc-async" if confirm else "")


def test_bounds_beside_schedules_say_how_long_they_hold() -> None:
    opens = ScheduledAction("open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, None)
    said = [c.sentence for c in bounds(held(0, 8, None, opens), 2, 8, around()).cautions]
    assert any("Scheduled actions overwrite the bounds when they run: open." in s for s in said)


def test_only_schedules_that_will_set_the_moved_bound_are_named() -> None:
    opens = ScheduledAction("open", "cron(45 7 ? * MON-FRI *)", "Europe/Berlin", 1, None)
    once = ScheduledAction("once", "at(2026-11-01T08:00:00)", "UTC", 2, 6)
    before = held(0, 8, None, opens, once)
    assert not any("overwrite" in c.sentence for c in bounds(before, 0, 6, around()).cautions)
    said = [c.sentence for c in bounds(before, 2, 8, around()).cautions if "overwrite" in c.sentence]
    assert len(said) == 1
    assert "run: open." in said[0]


def test_without_its_wake_policy_it_stays_asleep_also_where_a_schedule_lets_it_sleep_later() -> None:
    closes = ScheduledAction("close", "cron(0 18 ? * MON-FRI *)", "UTC", 0, None)
    for before, warns in ((held(1, 8, None, closes), True), (held(1, 8), False), (held(0, 8), True)):
        plan = planning.make("id", "policy", "t", (DeletePolicy(REF, "wake"),), before, around(1))
        assert any("nothing starts the first instance" in c.sentence for c in plan.cautions) is warns


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (replace(TRACK, target=0.0), "target must be above 0"),
        (replace(TRACK, target=float("nan")), "target must be above 0"),
        (replace(TRACK, scale_in_cooldown=-1), "cooldown"),
        (replace(WAKE, cooldown=90_000), "cooldown"),
        (replace(WAKE, steps=()), "at least one step"),
    ],
)
def test_policies_that_cannot_be(policy: TargetTrackingPolicy, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        planning.new_policy(held(0, 8), around(), policy)


def test_a_policy_as_it_is_and_one_without_bounds() -> None:
    assert planning.new_policy(held(0, 8), around(), TRACK) == ()
    with pytest.raises(BadInput, match="needs bounds"):
        planning.new_policy(Setup(), around(), TRACK)
    with pytest.raises(BadInput, match="not registered"):
        planning.suspension(Setup(), around(), Suspended(scale_in=True))
    assert planning.suspension(held(0, 8), around(), Suspended()) == ()


def test_a_first_minimum_costs_from_nothing() -> None:
    cost = bounds(Setup(), 1, 4, around()).cost
    assert cost is not None
    assert cost.usd_per_day == Decimal("33.84")


def test_a_policy_that_tracks_an_expression_cannot_come_back() -> None:
    odd = TargetTrackingPolicy("odd", "arn:odd", 5.0, None)
    before = Setup(ScalableTarget(Bounds(0, 8)), (odd, WAKE))
    plan = planning.make("id", "policy", "t", (DeletePolicy(REF, "odd"),), before, around())
    assert any("cannot put it back" in c.sentence for c in plan.cautions)


def test_scheduled_actions_rest_on_each_other_and_on_the_bounds() -> None:
    other = ScheduledAction("other", "cron(0 8 ? * MON-FRI *)", "UTC", 1, None)
    opens = PutSchedule(REF, "mine", "cron(0 9 ? * MON-FRI *)", "UTC", 1)
    plan = planning.make("id", "warm", "t", (opens,), held(0, 8, None, other), around())
    assert plan.rests_on == ("bounds", "suspended", "schedule *")
    assert plan.before.schedules == (other,)
    assert [d.part for d in plan.differences] == ["schedule mine"]


def test_disabled_scale_in_warns_that_instances_stay() -> None:
    plan = planning.make(
        "id", "policy", "t", (PutPolicy(REF, replace(TRACK, disable_scale_in=True)),), held(0, 8), around()
    )
    assert any("never scales in" in c.sentence for c in plan.cautions)
    assert "instances do not move at once" in plan.effect


def test_a_plan_holds_what_it_touches_and_no_more() -> None:
    plan = bounds(held(0, 8), 1, 8, around())
    assert plan.before.policies == plan.after.policies == ()
    assert [d.part for d in plan.differences] == ["bounds"]
    assert not plan.empty
    assert bounds(held(0, 8), 0, 8, around()).empty


def _warm(*windows: str, **more: object) -> tuple[ScheduledAction, ...]:
    """At NOW, a Thursday, 15:02 in Berlin."""
    return made_actions(expand(warm_plan(*windows, **more), REF, NOW).actions)


def _kept(made: datetime) -> ScheduledAction:
    name = keep_name(KeepName(1, 2, 0, made, True))
    return ScheduledAction(name, "at(2026-11-26T18:00:00)", "UTC", 0, None)


@pytest.mark.parametrize(
    ("schedules", "said"),
    [
        (
            (_kept(NOW),),
            ["Ebb's keep-warm-until 1 does not end at 18:00 UTC", "The minimum stays at 2"],
        ),
        (
            _warm("thu 08:00-18:00"),
            ["Ebb's warm plan 1 does not end at 17:00 UTC", "The minimum stays at 1"],
        ),
        (
            _warm("thu 08:00-18:00", floor=None, ceiling=1, back_min=None, back_max=4),
            ["Ebb's warm plan 1 does not end at 17:00 UTC", "The maximum stays at 1"],
        ),
        (_warm("fri 08:00-18:00"), []),
        ((ScheduledAction("night", "cron(0 22 ? * * *)", "UTC", 0, None),), []),
    ],
)
def test_suspended_schedules_end_nothing_that_is_kept_warm(
    schedules: tuple[ScheduledAction, ...], said: list[str]
) -> None:
    before = replace(held(2, 4), schedules=schedules)
    changes = planning.suspension(before, around(), Suspended(scheduled=True))
    plan = planning.make("1", "suspend", "Suspend", changes, before, around())
    found = [written(c.sentence) for c in plan.cautions if c.severity is Severity.CRITICAL]
    assert bool(found) is bool(said)
    assert all(part in found[0] for part in said)
    assert bool(plan.confirm) is bool(said)
    already = replace(before, target=ScalableTarget(Bounds(2, 4), Suspended(scheduled=True)))
    wider = planning.suspension(already, around(), Suspended(scheduled=True, scale_in=True))
    assert planning.make("1", "suspend", "Suspend", wider, already, around()).confirm == ""
