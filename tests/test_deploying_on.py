"""Deployments that end on the way: attempts in a row, a killed process, a journal that fails; and what is refused."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor, Outcome
from ops.core.deploy_progress import At, open_ends, steps
from ops.core.errors import BadInput, OpsError
from ops.deployments import Deployments
from tests.living import Gate, error, gated, hurrying
from tests.test_deploying import ALL, BOSS, IMAGE, ROLE, WISH, client, inventory, opened

DENIED = error("AccessDeniedException", "not authorized to perform: sagemaker:x", 403)
TOPIC = "arn:aws:sns:us-east-1:123456789012:nowhere"


def partly(console: Console, gate: Gate, step: str) -> str:
    """Deploys up to a step that is refused; the id of the entry."""
    gate.shut[step] = DENIED
    entry = console.apply(console.plan_deploy(WISH), BOSS).entry
    gate.shut.clear()
    assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
    return entry.id


def test_cleaning_up_takes_what_all_attempts_have_made(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        first = partly(console, gate, "CreateEndpoint")
        assert [(u.root.id, u.exist) for u in console.unfinished()] == [
            (first, ("model doc-model", "endpoint-config doc-new"))
        ]
        gate.shut["PutScalingPolicy"] = DENIED
        second = console.apply(console.plan_continue(first), BOSS).entry
        gate.shut.clear()
        assert (second.outcome, second.continues) == (Outcome.PARTLY, first)
        assert [(u.root.id, u.last.id) for u in console.unfinished()] == [(first, second.id)]
        gate.shut["DeleteEndpointConfig"] = DENIED
        back = console.plan_cleanup(second.id)
        third = console.apply(back, BOSS, typed=back.confirm).entry
        gate.shut.clear()
        assert third.outcome is Outcome.PARTLY
        found = console.unfinished()
        assert [(u.root.id, u.last.id, u.cleans) for u in found] == [(first, third.id, True)]
        rest = console.plan_continue(third.id)
        assert rest.kind == "cleanup"
        assert console.apply(rest, BOSS, typed=rest.confirm).entry.outcome is Outcome.DONE
        assert (inventory(url), console.unfinished()) == ([], ())


def test_what_is_finished_is_unfinished_no_more_and_can_be_undone_as_a_whole(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        first = partly(console, gate, "RegisterScalableTarget")
        second = console.apply(console.plan_continue(first), BOSS).entry
        assert second.outcome is Outcome.DONE
        assert (inventory(url), console.unfinished()) == (ALL, ())
        with pytest.raises(BadInput, match="Nothing is left to do"):
            console.plan_continue(first)
        back = console.plan_undo(second.id)
        assert back.confirm == "doc-new"
        said = [c.sentence for c in back.cautions]
        assert any(each.startswith("The journal keeps no values of environment variables") for each in said)
        assert not [each for each in said if "changed since" in each or "tags" in each]
        assert console.apply(back, BOSS, typed="doc-new").entry.outcome is Outcome.DONE
        assert inventory(url) == []
        with pytest.raises(BadInput, match="Nothing is left of it"):
            console.plan_cleanup(first)


def test_a_failed_first_step_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        first = partly(console, gate, "CreateModel")
        assert console.unfinished() == ()
        assert console.apply(console.plan_continue(first), BOSS).entry.outcome is Outcome.DONE
        assert inventory(url) == ALL


def test_the_steps_are_on_record_with_what_became_of_them(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        entry = console.entry(partly(console, gate, "CreateEndpoint"))
        assert entry is not None
        found = steps(entry)
        assert [(s.words, s.at) for s in found] == [
            ("Create the model doc-model", At.DONE),
            ("Create the endpoint configuration doc-new", At.DONE),
            ("Create the endpoint doc-new", At.FAILED),
            ("Wait until doc-new is in service", At.NOT_DONE),
            ("Let it scale from 0 to 3 instances", At.NOT_DONE),
            ("Put the policy HasBacklogWithoutCapacity-ScalingPolicy", At.NOT_DONE),
            ("Put the alarm HasBacklogWithoutCapacity-doc-new", At.NOT_DONE),
            ("Put the policy Backlog-ScalingPolicy", At.NOT_DONE),
        ]
        assert all(s.since is not None for s in found[:3])
        assert "sagemaker:" in found[2].said


CHILD = """
import sys
from pathlib import Path
from ops.config import Settings
from ops.console import Console
from tests.test_deploying import BOSS, WISH
with Console.open(Settings(endpoint_url=sys.argv[1], state_dir=Path(sys.argv[2]))) as console:
    plan = console.plan_deploy(WISH)
    print(plan.id, flush=True)
    sys.stdin.readline()
    console.apply(plan, BOSS)
"""


@pytest.mark.parametrize("at", ["CreateModel", "CreateEndpoint", "PutScalingPolicy"])
@pytest.mark.parametrize("way", ["continue", "clean up"])
def test_one_killed_on_the_way_is_named_at_the_next_start(tmp_path: Path, at: str, way: str) -> None:
    with hurrying() as behind:
        with gated(behind) as (url, gate):
            child = subprocess.Popen(
                [sys.executable, "-c", CHILD, url, str(tmp_path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert child.stdin is not None
            assert child.stdout is not None
            identity = child.stdout.readline().strip()
            gate.after[at] = lambda: os.kill(child.pid, signal.SIGKILL)
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.wait(timeout=60) == -signal.SIGKILL
        with Console.open(Settings(endpoint_url=behind, state_dir=tmp_path)) as later:
            entry = later.entry(identity)
            assert entry is not None
            assert entry.outcome is Outcome.BEGUN
            with pytest.raises(BadInput, match="still under way"):
                later.plan_continue(identity)
            ended = later.reconcile()
            assert [(e.id, e.outcome) for e in ended] == [(identity, Outcome.UNCLEAR)]
            assert "AWS holds a part of it" in ended[0].said
            found = later.unfinished()
            assert [u.root.id for u in found] == [identity]
            assert found[0].exist
            if way == "continue":
                assert later.apply(later.plan_continue(identity), BOSS).entry.outcome is Outcome.DONE
                assert inventory(behind) == ALL
            else:
                back = later.plan_cleanup(identity)
                assert later.apply(back, BOSS, typed=back.confirm).entry.outcome is Outcome.DONE
                assert inventory(behind) == []
            assert later.unfinished() == ()


def test_a_journal_that_fails_on_the_way_ends_it_and_is_closed_later(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        plan = console.plan_deploy(WISH)
        console.records()
        (database,) = tmp_path.glob("*.db")

        def named(old: str, new: str) -> None:
            with closing(sqlite3.connect(database)) as other:
                other.execute(f"ALTER TABLE {old} RENAME TO {new}")

        gate.after["CreateModel"] = lambda: named("journal", "away")
        receipt = console.apply(plan, BOSS)
        assert receipt.entry.outcome is Outcome.PARTLY
        assert [m.operation for m in receipt.entry.made] == ["CreateModel"]
        assert "journal could not be closed" in receipt.notes[0]
        assert inventory(url) == ["model doc-model"]
        named("away", "journal")
        for ended in (console.reconcile() for _ in range(1000)):  # 15 min pass in a quarter of a second
            if ended:
                break
        assert [(e.id, e.outcome) for e in ended] == [(plan.id, Outcome.UNCLEAR)]
        assert console.unfinished()[0].root.id == plan.id


def test_trouble_that_passes_ends_no_waiting(tmp_path: Path) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        away = error("ServiceUnavailable", "not now", 503)
        gate.after["CreateEndpoint"] = lambda: gate.shut.update({"DescribeEndpoint": away})
        runs, plan = Deployments(), console.plan_deploy(WISH)
        runs.begin(console.apply, plan, BOSS)
        said = ""
        for _ in range(600):
            entry = console.entry(plan.id)
            said = entry.said if entry is not None else ""
            if "It is asked again." in said or runs.ended(plan.id, 0.05):
                break
        assert "It is asked again." in said
        gate.shut.clear()
        assert runs.ended(plan.id, 30)
        entry = console.entry(plan.id)
        assert entry is not None
        assert (entry.outcome, entry.said) == (Outcome.DONE, "")
        assert inventory(url) == ALL


def test_only_one_change_of_an_endpoint_is_made_at_a_time_and_a_second_press_makes_none(
    tmp_path: Path,
) -> None:
    with hurrying(speed=30.0) as url, Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console:
        runs, plan = Deployments(), console.plan_deploy(WISH)
        runs.begin(console.apply, plan, BOSS)
        runs.begin(console.apply, plan, BOSS)
        for _ in range(400):
            entry = console.entry(plan.id)
            if entry is not None and entry.said:
                break
            runs.ended(plan.id, 0.05)
        assert not console.apply(plan, BOSS).fresh
        assert console.reconcile() == ()
        assert open_ends(console.journal()) == ()
        runs.close(30)
        ended = console.entry(plan.id)
        assert ended is not None
        assert ended.outcome is Outcome.PARTLY
        assert inventory(url)[0] == "model doc-model"


def test_what_cannot_work_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        with pytest.raises(BadInput, match=r"no instance type 'ml\.g5\.xlarg'"):
            console.plan_deploy(replace(WISH, instance_type="ml.g5.xlarg"))
        with pytest.raises(BadInput, match="no SNS topic"):
            console.plan_deploy(replace(WISH, error_topic=TOPIC))
        with pytest.raises(BadInput, match="may run"):
            console.plan_deploy(replace(WISH, high=5000))
        assert inventory(url) == []
        made = client(url, "sns").create_topic(Name="on-call")["TopicArn"]
        plan = console.plan_deploy(replace(WISH, error_topic=made))
        assert any("no subscription" in c.sentence for c in plan.cautions)


def test_an_alarm_that_was_left_behind_is_told_before_it_is_replaced(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        client(url, "cloudwatch").put_metric_alarm(
            AlarmName="HasBacklogWithoutCapacity-doc-new",
            Namespace="AWS/SageMaker",
            MetricName="HasBacklogWithoutCapacity",
            Dimensions=[{"Name": "EndpointName", "Value": "doc-new"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=9,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        plan = console.plan_deploy(WISH)
        assert "Left over from an earlier endpoint" in plan.cautions[0].sentence


def test_models_are_read_page_by_page_the_newest_first(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        assert console.models() == ()
        names = [f"m-{number:03}" for number in range(101)]
        for name in names:
            client(url, "sagemaker").create_model(
                ModelName=name, PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
            )
        assert [m.name for m in console.models()] == names[::-1]
        kinds = console.instance_types()
        may = [bool(console.quota(kind)) for kind in kinds]
        assert may == sorted(may, reverse=True)
        assert "ml.g5.xlarge" in kinds


def test_someone_without_the_right_role_undoes_no_deployment(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        entry = console.apply(console.plan_deploy(WISH), BOSS).entry
        back = console.plan_undo(entry.id)
        with pytest.raises(OpsError, match="needs the role admin"):
            console.apply(back, Actor("anna", "operator"), typed="doc-new")
        assert inventory(url) == ALL
