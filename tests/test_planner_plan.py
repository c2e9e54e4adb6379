"""Take to Capacity: a candidate becomes one plan, and the embedded AWS then holds that candidate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.config import Settings
from ops.console import Console
from ops.core.candidate import Candidate, Machine, always_on
from ops.core.candidate_setup import AsCandidate, read
from ops.core.change import Actor, ChangePlan, Outcome
from ops.core.errors import BadInput
from ops.core.fixes import PutSchedule
from ops.core.setup import Setup
from ops.core.setup_steps import after
from ops.core.types import MetricRef, ScheduledAction, Severity, StepPolicy, Suspended, TargetTrackingPolicy
from ops.core.warm_actions import recognised
from ops.local_aws.server import LocalAws
from ops.planner_plan import take
from ops.replay.candidates import Ground, fitted, scenario
from ops.replay.of_setup import of_setup
from ops.warming import WarmWish
from tests.core.test_planning import NOW, around, held
from tests.core.warm_samples import office, plan, window
from tests.small_worlds import NAME, small

ADMIN = Actor("mira", "admin", "command line")
TARGET = f"endpoint/{NAME}/variant/AllTraffic"
MACHINE = Machine("ml.g5.xlarge", None, 1.0, 2)


class Hands:
    """An endpoint with the guide's two policies, and who changes it."""

    def __init__(self, server: LocalAws, folder: Path) -> None:
        self.console = Console.open(Settings(endpoint_url=server.url, state_dir=folder))
        self.server = server

    def take(self, candidate: Candidate) -> ChangePlan:
        made = self.console.plan_candidate(NAME, candidate)
        receipt = self.console.apply(made, ADMIN, typed=made.confirm)
        assert receipt.entry.outcome is Outcome.DONE, receipt.entry.said
        assert receipt.missing == ()
        return made

    @property
    def holds(self) -> Candidate:
        found = read(self.console.setup(NAME), MACHINE, self.console.warm_now(NAME))
        assert found.left == ()
        return found.candidate


@pytest.fixture
def hands(tmp_path: Path) -> Iterator[Hands]:
    with small(0.5) as (server, _):
        found = Hands(server, tmp_path)
        yield found
        found.console.close()


CANDIDATES = [
    Candidate(0, 4, 2.5, 600, 60, 1, (), MACHINE),
    Candidate(
        0, 4, 2.5, 600, 60, 1, (office(early=8),), MACHINE
    ),  # its window is open: a Tuesday, 16:00 in Berlin
    Candidate(1, 3, 7.0, machine=MACHINE),
    Candidate(
        0, 6, 1.0, 300, 300, 3, (plan("mon-fri 07:00-19:00", floor=2), plan("sat 10:00-14:00", id=2)), MACHINE
    ),
    Candidate(0, 2, None, wake=2, machine=MACHINE),
    always_on(2, MACHINE),
    Candidate(0, 5, 5.0, 300, 300, 2, (office(),), MACHINE),
]


def test_one_candidate_after_another_is_what_the_embedded_aws_holds(hands: Hands) -> None:
    for candidate in CANDIDATES:
        hands.take(candidate)
        assert hands.holds == candidate
        again = hands.console.plan_candidate(NAME, candidate)
        assert again.empty, again.changes


def test_the_set_up_is_replayed_as_the_candidate_was(hands: Hands) -> None:
    for candidate in CANDIDATES[1::2]:
        hands.take(candidate)
        now = hands.console.warm_now(NAME)
        start = (now + timedelta(days=14)).timestamp()
        ground = Ground(start, start + 7 * 86_400)
        wanted = scenario(candidate, ground)
        setup = hands.console.setup(NAME)
        found = of_setup(setup, ground.start_s, ground.until_s)
        assert found.left_out == ()
        assert found.bounds == wanted.bounds
        assert [(e.at_s, e.low, e.high) for e in found.events] == [
            (e.at_s, e.low, e.high) for e in wanted.events
        ]
        acts = {type(p): p for p in found.policies}
        for policy in wanted.policies:
            there = acts[type(policy)]
            rules = [(a.watched, a.rule) for a in policy.alarms]
            assert [(a.watched, a.rule) for a in there.alarms] == rules
            assert replace(there, name="", **_names(there)) == replace(policy, name="", **_names(there))


def _names(policy: object) -> dict[str, object]:
    """What is called otherwise, and what says the same by another word."""
    if hasattr(policy, "steps"):
        return {"alarms": ()}
    return {"alarm_names": ("high", "low"), "high_datapoints": None, "low_datapoints": None}


def test_what_contradicts_goes_in_the_same_plan_and_comes_back_by_undo(hands: Hands) -> None:
    console = hands.console
    metric = MetricRef("AWS/SageMaker", "ApproximateBacklogSize", (("EndpointName", NAME),))
    console.apply(console.plan_policy(NAME, TargetTrackingPolicy("second", "", 9.0, metric)), ADMIN)
    action = PutSchedule(console.reference(NAME), "nightly", "cron(0 22 * * ? *)", "UTC", 0, 1)
    console.apply(console.plan_changes(NAME, "policy", "Nightly", (action,)), ADMIN)
    console.apply(console.plan_suspended(NAME, Suspended(scale_in=True)), ADMIN)
    console.apply(console.plan_keep_warm(NAME, span=timedelta(hours=3)), ADMIN)
    console.apply(console.plan_warm(NAME, WarmWish((window("sun 08:00-12:00"),), "UTC")), ADMIN)
    before = console.setup(NAME)
    left = read(before, MACHINE, console.warm_now(NAME)).left
    assert [line.partition(":")[0] for line in left] == [
        "Scheduled actions that Ebb did not make",
        "It is kept warm until some time.",
        "Scaling is suspended in part.",
        "Policies besides target tracking and waking",
    ]
    made = hands.take(CANDIDATES[0])
    assert hands.holds == CANDIDATES[0]
    assert recognised(console.setup(NAME).schedules).plans == ()
    warned = [c.sentence for c in made.cautions if c.severity is Severity.WARNING]
    assert (
        "What contradicts this goes: policy second and scheduled action nightly. Undo puts it back." in warned
    )
    entry = console.journal(NAME)[0]
    undo = console.plan_undo(entry.id)
    assert console.apply(undo, ADMIN, typed=undo.confirm).entry.outcome is Outcome.DONE
    names = {p.name for p in console.setup(NAME).policies}
    assert names == {p.name for p in before.policies}
    assert {s.name for s in console.setup(NAME).schedules} == {s.name for s in before.schedules}


def test_what_is_there_and_works_stays_as_it_is(hands: Hands) -> None:
    before = hands.console.setup(NAME)
    now = read(before, MACHINE, hands.console.warm_now(NAME)).candidate
    made = hands.console.plan_candidate(NAME, replace(now, high=now.high + 1))
    assert [d.part for d in made.differences] == ["bounds"]
    tuned = hands.console.plan_candidate(NAME, replace(now, wake=3))
    assert [d.part.partition(" ")[0] for d in tuned.differences] == ["alarm"]
    hands.take(replace(now, wake=None))
    assert not any(isinstance(p, StepPolicy) for p in hands.console.setup(NAME).policies)


def test_an_endpoint_without_any_scaling_gets_all_of_it(hands: Hands) -> None:
    with hands.server.world.lock:
        hands.server.world.scaling.targets.pop(TARGET)
    assert read(hands.console.setup(NAME), MACHINE, hands.console.warm_now(NAME), 2).candidate == always_on(
        2, MACHINE
    )
    hands.take(CANDIDATES[3])
    assert hands.holds == CANDIDATES[3]


def test_what_a_plan_cannot_do_is_said(hands: Hands) -> None:
    other = Machine("ml.g5.2xlarge", Decimal("1.515"), 1.4, 4)
    made = hands.console.plan_candidate(NAME, Candidate(0, 4, machine=other))
    said = " ".join(c.sentence for c in made.cautions)
    assert "does not change the instance type (now ml.g5.xlarge, planned ml.g5.2xlarge)" in said
    assert "does not change how many requests an instance works on at once (now 2, planned 4)" in said
    assert made.needs == "admin"
    with pytest.raises(BadInput, match="quota"):
        hands.console.plan_candidate(NAME, Candidate(0, 40, machine=MACHINE))


WEEKDAYS = (("mon-fri 08:00-18:00",), ("mon-fri 09:00-12:00", "sat 10:00-14:00"), ("thu 13:00-16:00",))
"""The first and the last are open now: NOW is a Thursday."""
NIGHTS = ("sun 22:00-06:00",)


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    low, more = draw(st.integers(0, 3)), draw(st.integers(0, 8))
    windows = [
        w for w in (draw(st.sampled_from((None, *WEEKDAYS))), draw(st.sampled_from((None, NIGHTS)))) if w
    ]
    if not more:
        return always_on(low, MACHINE)
    floor = draw(st.integers(1, more))
    plans = [
        plan(*each, id=n, floor=low + floor, early=draw(st.sampled_from([0, 7])))
        for n, each in enumerate(windows, 1)
    ]
    target = draw(st.one_of(st.none(), st.sampled_from([0.5, 2.0, 5.0, 17.5])))
    cooldowns = (draw(st.integers(0, 900)), draw(st.integers(0, 900))) if target is not None else (300, 300)
    wake = draw(st.one_of(st.none(), st.integers(1, 5))) if low == 0 else 2
    return fitted(Candidate(low, low + more, target, *cooldowns, wake, tuple(plans), MACHINE))


def in_aws(setup: Setup) -> Setup:
    """As AWS holds it: policies have ARNs, and alarms name them."""
    arns = {p.name: p.arn or f"arn:aws:autoscaling:policyName/{p.name}" for p in setup.policies}
    named = {f"policy {name}": arn for name, arn in arns.items()}
    return replace(
        setup,
        policies=tuple(replace(p, arn=arns[p.name]) for p in setup.policies),
        alarms=tuple(replace(a, actions=tuple(named.get(x, x) for x in a.actions)) for a in setup.alarms),
    )


@settings(max_examples=60)
@given(st.lists(candidates(), min_size=1, max_size=3))
def test_whatever_was_there_the_set_up_is_the_candidate_afterwards(wanted: list[Candidate]) -> None:
    seen = around()
    setup = held(0, 4, None, ScheduledAction("theirs", "cron(0 6 * * ? *)", "UTC", 1, None))
    for candidate in wanted:
        setup = in_aws(after(setup, take(setup, seen, candidate, "").changes))
        assert read(setup, MACHINE, NOW) == AsCandidate(candidate)
        assert take(setup, seen, candidate, "").changes == ()
