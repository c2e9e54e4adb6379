"""The write gate over an embedded AWS: once, compared, on record, read back, undone; refused below the pages."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.aws.session import Where
from ops.config import Settings
from ops.console import Console
from ops.core.alarm_proposals import proposals
from ops.core.change import Actor, ChangePlan, Entry, Outcome
from ops.core.change_words import line
from ops.core.errors import BadInput, OpsError, ReadOnly, Stale, Unconfirmed
from ops.core.fixes import (
    DeleteAlarms,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutSchedule,
)
from ops.core.setup import put_alarm
from ops.core.types import Bounds, StepPolicy, Suspended, TargetTrackingPolicy
from tests.living import error, gated, living
from tests.small_worlds import NAME, small

ANNA = Actor("anna", "operator")
BOSS = Actor("boss", "admin")
WRITES = (
    "RegisterScalableTarget",
    "DeregisterScalableTarget",
    "PutScalingPolicy",
    "DeleteScalingPolicy",
    "PutScheduledAction",
    "DeleteScheduledAction",
)


@pytest.fixture
def world() -> Iterator[str]:
    with small(0.5) as (server, _):
        yield server.url


@contextmanager
def console_of(url: str, folder: Path) -> Iterator[Console]:
    with Console.open(Settings(endpoint_url=url, state_dir=folder)) as console:
        yield console


def client(url: str, service: str = "application-autoscaling") -> Any:
    return boto3.client(
        service, "us-east-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y"
    )


def bounds_at(url: str) -> tuple[int, int]:
    found = client(url).describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    target = next(t for t in found if t["ResourceId"] == f"endpoint/{NAME}/variant/AllTraffic")
    return target["MinCapacity"], target["MaxCapacity"]


def set_elsewhere(url: str, low: int, high: int) -> None:
    client(url).register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{NAME}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=low,
        MaxCapacity=high,
    )


def registrations(url: str) -> int:
    """Calls that CloudTrail holds, whoever made them."""
    found = client(url, "cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "RegisterScalableTarget"}]
    )
    return len(found["Events"])


def test_bounds_are_planned_applied_read_back_and_undone(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 1, 4)
        assert (plan.needs, plan.confirm) == ("operator", "")
        assert [d.part for d in plan.differences] == ["bounds"]
        assert "at once" in plan.effect or "stays awake" in plan.effect
        assert plan.cost is not None
        assert plan.cost.usd_per_day is not None
        assert "stimate" in plan.cost.basis
        receipt = console.apply(plan, ANNA, "demo at ten")
        assert receipt.entry.outcome is Outcome.DONE
        assert receipt.missing == ()
        assert bounds_at(world) == (1, 4)
        made = receipt.entry.made
        assert [(m.operation, bool(m.request_id), m.error) for m in made] == [
            ("RegisterScalableTarget", True, "")
        ]
        assert console.view(NAME, console.endpoint(NAME).window).target is not None
        undo = console.plan_undo(receipt.entry.id[:8])
        console.apply(undo, ANNA, "over", undo.confirm)
        assert bounds_at(world) == (0, 3)
        with pytest.raises(BadInput, match="undone already"):
            console.plan_undo(receipt.entry.id)
    with console_of(world, tmp_path) as later:  # the journal outlives the process
        newest, oldest = later.journal(NAME)
        assert (newest.kind, newest.undo_of) == ("undo", oldest.id)
        assert (oldest.actor, oldest.why, oldest.undone_by) == (ANNA, "demo at ten", newest.id)


def test_pressed_twice_it_is_written_once(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan, before = console.plan_bounds(NAME, 1, 3), registrations(world)
        receipts = []
        barrier = threading.Barrier(4)

        def press() -> None:
            barrier.wait(timeout=20)
            receipts.append(console.apply(plan, ANNA))

        threads = [threading.Thread(target=press) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(receipts) == 4
        assert sum(receipt.fresh for receipt in receipts) == 1
        assert registrations(world) == before + 1
        assert not console.apply(plan, ANNA).fresh
        assert len(console.journal(NAME)) == 1


def test_what_changed_since_the_review_is_refused_and_says_by_whom(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 1, 3)
        set_elsewhere(world, 0, 2)
        with pytest.raises(Stale) as refused:
            console.apply(plan, ANNA)
        assert "0–3 instances → 0–2 instances" in refused.value.what
        assert "CloudTrail" in refused.value.what
        assert bounds_at(world) == (0, 2)
        entry = console.journal(NAME)[0]
        assert entry.outcome is Outcome.STALE
        other = console.plan_bounds(NAME, 1, 2)
        console.apply(console.plan_bounds(NAME, 0, 3), replace(ANNA, name="otto"))
        with pytest.raises(Stale, match="otto did it through Ebb"):
            console.apply(other, ANNA)


def test_a_viewer_and_a_read_only_aws_are_refused_below_the_pages(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 1, 3)
        with pytest.raises(ReadOnly, match="needs the role operator"):
            console.apply(plan, Actor("eve", "viewer"))
        policy = next(p for p in console.setup(NAME).policies if isinstance(p, TargetTrackingPolicy))
        with pytest.raises(ReadOnly, match="needs the role admin"):
            console.apply(console.plan_policy(NAME, replace(policy, target=9.0)), ANNA)
        assert [e.outcome for e in console.journal()] == [Outcome.REFUSED] * 2
        assert {e.actor.name for e in console.journal()} == {"eve", "anna"}
    where = Where("aws", "us-east-1", world, loopback=True, writable=False, why_read_only="Set EBB_WRITE=1.")
    with Console(where) as real:
        with pytest.raises(ReadOnly, match="EBB_WRITE"):
            real.apply(real.plan_bounds(NAME, 1, 3), BOSS)
        assert real.journal()[0].outcome is Outcome.REFUSED
    assert bounds_at(world) == (0, 3)


def test_a_plan_of_another_aws_of_the_same_account_and_region_is_refused(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan, here = console.plan_bounds(NAME, 1, 3), console.scope
        assert here is not None
        for kind, other in ((here.kind, "another"), ("aws", here.world)):
            with pytest.raises(Stale, match="another AWS"):
                console.apply(replace(plan, made_in=(kind, other)), ANNA)
        before = registrations(world)
        console.apply(replace(plan, made_in=(here.kind, here.world)), ANNA)
        assert registrations(world) == before + 1


def test_what_can_hurt_wants_the_name_typed(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 0, 0)
        assert plan.confirm == NAME
        assert any("AWS documents no protection" in c.sentence for c in plan.cautions) or (
            console.endpoint(NAME).row.endpoint.current == 0
        )
        for typed in ("", "yes", NAME.upper()):
            with pytest.raises(Unconfirmed, match="can hurt"):
                console.apply(plan, ANNA, "", typed)
        assert bounds_at(world) == (0, 3)
        assert console.apply(plan, ANNA, "", f" {NAME} ").entry.outcome is Outcome.DONE
        assert bounds_at(world) == (0, 0)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-1, 3, "cannot be negative"),
        (3, 2, "above the maximum"),
        (0, 9, "above the account's quota"),
        (0, 100_000, "is a slip"),
    ],
)
def test_bounds_that_cannot_be_have_each_their_own_answer(
    world: str, tmp_path: Path, low: int, high: int, said: str
) -> None:
    with console_of(world, tmp_path) as console, pytest.raises(BadInput, match=said):
        console.plan_bounds(NAME, low, high)


def test_the_same_bounds_are_nothing_to_change(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 0, 3)
        assert plan.empty
        with pytest.raises(BadInput, match="nothing to change"):
            console.apply(plan, ANNA)
        assert console.journal() == ()


def test_each_direction_is_suspended_and_resumed(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        out = console.plan_suspended(NAME, Suspended(scale_out=True))
        assert out.confirm == NAME
        assert "does not wake" in out.effect
        console.apply(out, ANNA, "", NAME)
        assert console.setup(NAME).target == replace(
            console.setup(NAME).target, suspended=Suspended(scale_out=True)
        )
        back = console.plan_suspended(NAME, Suspended())
        assert "act at once" in back.effect
        console.apply(back, ANNA, "", back.confirm)
        held = console.setup(NAME).target
        assert held is not None
        assert held.suspended == Suspended()


def test_a_policy_is_set_and_removed_and_comes_back_with_its_alarm(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        before = console.setup(NAME)
        policy = next(p for p in before.policies if isinstance(p, StepPolicy))
        removal = console.plan_policy_removed(NAME, policy.name)
        assert removal.confirm == NAME
        assert any("nothing starts the first instance" in c.sentence for c in removal.cautions)
        gone = console.apply(removal, BOSS, "", NAME)
        assert all(p.name != policy.name for p in console.setup(NAME).policies)
        undo = console.plan_undo(gone.entry.id)
        assert console.apply(undo, BOSS, "", undo.confirm).entry.outcome is Outcome.DONE
        again = next(p for p in console.setup(NAME).policies if p.name == policy.name)
        assert again.alarm_names == policy.alarm_names
        view = console.endpoint(NAME)
        rings = next(a for a in view.alarms if a.name in policy.alarm_names)
        assert again.arn in rings.actions


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"),
        ("PutScalingPolicy", "application-autoscaling:PutScalingPolicy"),
        ("DeleteScalingPolicy", "application-autoscaling:DeleteScalingPolicy"),
        ("PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
        ("DeleteAlarms", "cloudwatch:DeleteAlarms"),
        ("EnableAlarmActions", "cloudwatch:EnableAlarmActions"),
        ("PutScheduledAction", "application-autoscaling:PutScheduledAction"),
        ("DeleteScheduledAction", "application-autoscaling:DeleteScheduledAction"),
        ("DeregisterScalableTarget", "application-autoscaling:DeregisterScalableTarget"),
    ],
)
def test_a_denied_write_names_the_iam_action_and_is_on_record(
    world: str, tmp_path: Path, operation: str, action: str
) -> None:
    with gated(world) as (url, gate), console_of(url, tmp_path) as console:
        alarm = next(a for a in console.endpoint(NAME).alarms if not a.name.startswith("TargetTracking"))
        policy = next(p for p in console.setup(NAME).policies if isinstance(p, StepPolicy))
        ref = console.reference(NAME)
        opens = PutSchedule(ref, "open", "cron(0 8 ? * MON-FRI *)", "UTC", 1)
        plan = {
            "RegisterScalableTarget": lambda: console.plan_bounds(NAME, 1, 3),
            "PutScalingPolicy": lambda: console.plan_policy(NAME, replace(policy, cooldown=120)),
            "DeleteScalingPolicy": lambda: console.plan_policy_removed(NAME, policy.name),
            "PutMetricAlarm": lambda: console.plan_alarm(NAME, _other(put_alarm(alarm))),
            "DeleteAlarms": lambda: console.plan_changes(
                NAME, "alarm", "Remove", (DeleteAlarms((alarm.name,)),)
            ),
            "EnableAlarmActions": lambda: console.plan_changes(
                NAME, "alarm", "Enable", (EnableAlarmActions(alarm.name),)
            ),
            "PutScheduledAction": lambda: console.plan_changes(NAME, "warm", "Open", (opens,)),
            "DeleteScheduledAction": lambda: console.plan_changes(
                NAME, "warm", "Remove", (DeleteSchedule(ref, "open"),)
            ),
            "DeregisterScalableTarget": lambda: console.plan_changes(
                NAME, "fix", "Deregister", (DeregisterTarget(ref),)
            ),
        }[operation]()
        gate.shut[operation] = error("AccessDeniedException", "no identity-based policy allows it")
        receipt = console.apply(plan, BOSS, "", plan.confirm)
        assert receipt.action == action
        assert receipt.entry.outcome is Outcome.FAILED
        assert action in receipt.entry.said
        assert console.journal()[0] == receipt.entry


def _other(alarm: PutAlarm) -> PutAlarm:
    return replace(alarm, threshold=alarm.threshold + 1)


def test_a_change_that_fails_half_way_says_what_was_done_and_can_be_undone(
    world: str, tmp_path: Path
) -> None:
    with gated(world) as (url, gate), console_of(url, tmp_path) as console:
        alarm = next(a for a in console.endpoint(NAME).alarms if not a.name.startswith("TargetTracking"))
        bounds = console.plan_bounds(NAME, 1, 3).changes
        plan = console.plan_changes(NAME, "fix", "Two things", (*bounds, _other(put_alarm(alarm))))
        gate.shut["PutMetricAlarm"] = error("AccessDeniedException")
        receipt = console.apply(plan, BOSS)
        assert receipt.entry.outcome is Outcome.PARTLY
        assert [bool(m.error) for m in receipt.entry.made] == [False, True]
        assert receipt.missing == ()
        gate.shut.clear()
        undo = console.plan_undo(receipt.entry.id)
        console.apply(undo, BOSS, "", undo.confirm)
        assert bounds_at(world) == (0, 3)


CHILD = """
import sys
from pathlib import Path
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
with Console.open(Settings(endpoint_url=sys.argv[1], state_dir=Path(sys.argv[2]))) as console:
    plan = console.plan_bounds(sys.argv[3], 1, 3)
    print("planned", flush=True)
    sys.stdin.readline()
    console.apply(plan, Actor("kim", "operator"))
"""


@pytest.mark.parametrize("done", [True, False])
def test_a_process_killed_on_the_way_is_found_out_at_the_next_start(
    world: str, tmp_path: Path, done: bool
) -> None:
    with gated(world) as (url, gate):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, url, str(tmp_path), NAME],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "planned\n"

        def kill() -> None:
            os.kill(child.pid, signal.SIGKILL)

        (gate.after if done else gate.before)["RegisterScalableTarget"] = kill
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.wait(timeout=60) == -signal.SIGKILL
    assert bounds_at(world) == ((1, 3) if done else (0, 3))
    with console_of(world, tmp_path) as later:
        assert [e.outcome for e in later.journal()] == [Outcome.BEGUN]
        ended = later.reconcile()
        assert [e.outcome for e in ended] == [Outcome.DONE if done else Outcome.FAILED]
        assert "AWS holds all" in ended[0].said if done else "AWS holds none" in ended[0].said
        assert later.reconcile() == ()
        assert later.journal()[0] == ended[0]


def test_what_is_set_elsewhere_is_drift_told_by_whom_and_restored(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        assert console.drift(NAME) is None
        set_elsewhere(world, 2, 3)
        found = console.drift(NAME)
        assert found is not None
        assert [d.part for d in found.differences] == ["bounds"]
        assert "CloudTrail" in found.who
    with console_of(world, tmp_path) as later:
        plan = later.plan_restore(NAME)
        later.apply(plan, ANNA, "", plan.confirm)
        assert bounds_at(world) == (0, 3)
        assert later.drift(NAME) is None
        set_elsewhere(world, 1, 2)
        assert later.drift(NAME) is not None
        later.accept(NAME, ANNA)
        assert later.drift(NAME) is None
        console_set = later.plan_bounds(NAME, 0, 2)
        later.apply(console_set, ANNA, "", console_set.confirm)
        assert later.drift(NAME) is None
        assert later.setup(NAME).target == replace(later.setup(NAME).target, bounds=Bounds(0, 2))


def test_nothing_is_changed_where_the_journal_cannot_be_kept(world: str, tmp_path: Path) -> None:
    broken = tmp_path / "history.db"
    broken.write_bytes(b"this is no database" * 100)
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 1, 3)
        with pytest.raises(OpsError, match="journal cannot be kept"):
            console.apply(plan, ANNA)
    assert bounds_at(world) == (0, 3)


def test_a_fix_of_the_doctors_goes_through_the_gate_and_the_finding_goes(tmp_path: Path) -> None:
    code = "no-wake-policy"
    with living(empty=True, scenarios=(code,)) as (server, _), console_of(server.url, tmp_path) as console:
        plan = console.plan_fix(code, code)
        assert plan.needs == "admin"
        receipt = console.apply(plan, BOSS, "the doctor says so", plan.confirm)
        assert (receipt.entry.outcome, receipt.missing) == (Outcome.DONE, ())
        assert [m.operation for m in receipt.entry.made] == ["PutScalingPolicy", "PutMetricAlarm"]
        arn = receipt.entry.made[1].parameters["AlarmActions"][0]
        assert arn in {policy.arn for policy in console.setup(code).policies}
        assert all(f.code != code for e in console.doctor(code).examined for f in e.findings)
        with pytest.raises(BadInput, match="does not find"):
            console.plan_fix(code, code)
        undo = console.plan_undo(receipt.entry.id)
        console.apply(undo, BOSS, "", undo.confirm)
        assert any(f.code == code for e in console.doctor(code).examined for f in e.findings)


def test_an_alarm_that_is_proposed_wants_somebody_to_tell(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        view = console.endpoint(NAME)
        proposed = proposals(view.row.endpoint.ref, view.alarms, view.row.ttl_s).missing[0].alarm
        with pytest.raises(BadInput, match="needs somebody to tell"):
            console.plan_alarm(NAME, proposed)
        for wrong in (
            "hello",
            "arn:aws:sqs:us-east-1:123456789012:on-call",
            "arn:aws:sns:us-east-1:1:on-call",
        ):
            with pytest.raises(BadInput, match="is not the ARN of an SNS topic"):
                console.plan_alarm(NAME, proposed, wrong)
        topic = client(world, "sns").create_topic(Name="on-call")["TopicArn"]
        plan = console.plan_alarm(NAME, proposed, topic)
        assert line(plan.differences[0]).endswith(", tells on-call")
        receipt = console.apply(plan, ANNA)
        assert receipt.entry.outcome is Outcome.DONE
        assert any(topic in a.actions for a in console.endpoint(NAME).alarms)


def test_a_change_whose_answer_is_lost_is_judged_by_what_aws_holds(world: str, tmp_path: Path) -> None:
    with gated(world) as (url, gate), console_of(url, tmp_path) as console:
        plan = console.plan_bounds(NAME, 1, 3)

        def lose() -> None:
            gate.shut["RegisterScalableTarget"] = error("ServiceUnavailable", status=503)
            raise ConnectionError("the answer is lost on its way")

        gate.after["RegisterScalableTarget"] = lose
        receipt = console.apply(plan, ANNA)
        assert receipt.entry.outcome is Outcome.DONE
        assert "did not answer, but read back it holds all of it" in receipt.entry.said
        assert bounds_at(world) == (1, 3)
        never = console.plan_bounds(NAME, 2, 3)
        assert console.apply(never, ANNA).entry.outcome is Outcome.FAILED  # 503 before it got there
        gate.shut.clear()
        undo = console.plan_undo(receipt.entry.id)
        console.apply(undo, ANNA, "", undo.confirm)
        assert bounds_at(world) == (0, 3)


def test_two_changes_of_one_endpoint_do_not_meet(world: str, tmp_path: Path) -> None:
    with gated(world) as (url, gate), console_of(url, tmp_path) as one, console_of(world, tmp_path) as two:
        first, second = one.plan_bounds(NAME, 1, 3), two.plan_bounds(NAME, 0, 2)
        met: list[str] = []

        def press() -> None:
            try:
                two.apply(second, BOSS, "", second.confirm)
            except OpsError as refused:
                met.append(refused.what)

        gate.after["RegisterScalableTarget"] = press
        assert one.apply(first, ANNA).entry.outcome is Outcome.DONE
        assert met == [f"Another change of {NAME} is being made at this moment."]
        assert bounds_at(world) == (1, 3)
        with pytest.raises(Stale):
            two.apply(second, BOSS, "", second.confirm)


def test_a_plan_that_says_less_than_its_changes_need_is_refused(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        forged = replace(console.plan_bounds(NAME, 1, 3), needs="viewer")
        with pytest.raises(ReadOnly, match="needs the role operator"):
            console.apply(forged, Actor("eve", "viewer"))
        removal = replace(_removal(console), needs="viewer", confirm="")
        with pytest.raises(ReadOnly, match="needs the role admin"):
            console.apply(removal, ANNA)
        with pytest.raises(Unconfirmed):
            console.apply(removal, BOSS)
        assert bounds_at(world) == (0, 3)


def _removal(console: Console) -> ChangePlan:
    policy = next(p for p in console.setup(NAME).policies if isinstance(p, StepPolicy))
    return console.plan_policy_removed(NAME, policy.name)


def test_drift_is_accepted_by_operators_and_on_record(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        assert console.drift(NAME) is None
        set_elsewhere(world, 1, 2)
        with pytest.raises(ReadOnly):
            console.accept(NAME, Actor("eve", "viewer"))
        assert console.drift(NAME) is not None
        console.accept(NAME, ANNA)
        assert console.drift(NAME) is None
        assert [(e.kind, e.outcome) for e in console.journal()] == [
            ("accept", Outcome.DONE),
            ("accept", Outcome.REFUSED),
        ]


def test_an_alarm_whose_policy_is_gone_meanwhile_is_stale(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        alarm = next(a for a in console.endpoint(NAME).alarms if not a.name.startswith("TargetTracking"))
        policy = next(p for p in console.setup(NAME).policies if isinstance(p, StepPolicy))
        again = replace(_other(put_alarm(alarm)), actions=(PolicyArn(policy.name),))
        plan = console.plan_alarm(NAME, again)
        client(world).delete_scaling_policy(
            PolicyName=policy.name,
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{NAME}/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )
        with pytest.raises(Stale, match=policy.name):
            console.apply(plan, ANNA)
        assert [e.outcome for e in console.journal()] == [Outcome.STALE]


def test_what_was_killed_and_done_is_no_drift(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        assert console.drift(NAME) is None
        plan = console.plan_bounds(NAME, 1, 3)
        begun = Entry(
            plan.id,
            plan.made_at,
            ANNA,
            plan.ref,
            plan.kind,
            plan.title,
            "",
            plan.before,
            plan.after,
            Outcome.BEGUN,
            process=f"{socket.gethostname()}:999999999:gone",
        )
        console.records().claim(begun)
        set_elsewhere(world, 1, 3)  # what the killed process had sent
        assert [e.outcome for e in console.reconcile()] == [Outcome.DONE]
        assert console.drift(NAME) is None


def test_an_older_console_goes_on_with_its_records(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as older, console_of(world, tmp_path) as newer:
        older.apply(older.plan_bounds(NAME, 1, 3), ANNA)
        assert newer.adopt(older)
        assert older.journal() == newer.journal() != ()


def test_two_plans_of_scheduled_actions_do_not_both_go_through(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        ref = console.reference(NAME)
        one, other = (
            console.plan_changes(
                NAME,
                "warm",
                f"Open at {hour}",
                (PutSchedule(ref, f"at-{hour}", f"cron(0 {hour} * * ? *)", "UTC", 1),),
            )
            for hour in (8, 9)
        )
        console.apply(one, ANNA)
        with pytest.raises(Stale, match="anna did it through Ebb"):
            console.apply(other, ANNA)
        late = console.plan_changes(NAME, "warm", "Remove", (DeleteSchedule(ref, "at-8"),))
        set_elsewhere(world, 2, 3)
        with pytest.raises(Stale, match="0–3 instances → 2–3 instances"):
            console.apply(late, ANNA)


def test_each_part_of_drift_has_its_own_author_and_ebb_is_not_taken_for_another(
    world: str, tmp_path: Path
) -> None:
    with console_of(world, tmp_path) as console:
        assert console.drift(NAME) is None
        set_elsewhere(world, 0, 2)
        policy = next(p for p in console.setup(NAME).policies if isinstance(p, StepPolicy))
        client(world).delete_scaling_policy(
            PolicyName=policy.name,
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{NAME}/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )
        jump(world, 600)
        console.apply(console.plan_suspended(NAME, Suspended(scale_in=True)), ANNA)
        found = console.drift(NAME)
        assert found is not None
        assert [d.part for d in found.differences] == ["bounds", f"policy {policy.name}"]
        assert "bounds to 0–2, by" in found.who
        assert policy.name in found.who
        assert "suspended" not in found.who


def jump(url: str, seconds: float) -> None:
    """Let simulated time pass."""
    body = json.dumps({"jump_seconds": seconds}).encode()
    request = urllib.request.Request(f"{url}/_ebb/clock", body, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20):
        pass


def test_a_plan_for_another_account_or_region_is_refused(world: str, tmp_path: Path) -> None:
    with console_of(world, tmp_path) as console:
        plan = console.plan_bounds(NAME, 0, 2)
        for other in ({"account": "222222222222"}, {"region": "eu-west-1"}):
            elsewhere = replace(plan, ref=replace(plan.ref, **other))
            with pytest.raises(Stale, match=r"The plan is for .*, and this is us-east-1 of 123456789012"):
                console.apply(elsewhere, BOSS, typed=NAME)
        assert console.setup(NAME).target == plan.before.target
