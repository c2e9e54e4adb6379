"""Deploy, use, sleep, wake, attach, detach and delete through the gate over an empty embedded AWS that hurries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ops import clock
from ops.config import Settings
from ops.console import Console
from ops.core.attaching import Attachment
from ops.core.change import Actor, ChangePlan, Outcome, Receipt
from ops.core.errors import BadInput, ReadOnly, Unconfirmed, UnknownEndpoint
from ops.core.fix_calls import calls
from ops.core.fixes import Calls
from ops.core.inventory import Fate, items, tags_of
from ops.core.requests import RequestFilter, RequestState, Submission
from ops.core.types import Severity
from tests.living import Gate, error, gated, hurrying
from tests.test_deploying import ALL, BOSS, WISH, client, inventory

VIEWER = Actor("vic", "viewer")
WIDE = Attachment(3)
TAGGED = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/doc-new"


@contextmanager
def stage(folder: Path, speed: float = 3600.0) -> Iterator[tuple[Console, str, Gate]]:
    """A console behind a gate, and the address behind that, which nothing is shut at."""
    with (
        hurrying(speed) as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=folder)) as console,
    ):
        yield console, behind, gate


def applied(console: Console, plan: ChangePlan) -> Receipt:
    return console.apply(plan, BOSS, typed=plan.confirm)


def done(console: Console, plan: ChangePlan) -> None:
    receipt = applied(console, plan)
    assert receipt.entry.outcome is Outcome.DONE, receipt.entry.said
    assert receipt.missing == ()


def until(work: Callable[[], bool], tries: int = 400) -> None:
    """AWS's time goes on meanwhile: three minutes between two looks."""
    for _ in range(tries):
        if work():
            return
        clock.pause(0.05)
    raise AssertionError("it never came to that")


def instances(url: str, name: str = "doc-new") -> int:
    found = client(url, "sagemaker").describe_endpoint(EndpointName=name)
    return int(found["ProductionVariants"][0]["CurrentInstanceCount"])


def put_input(url: str) -> str:
    s3 = client(url, "s3")
    for bucket in ("results", "inputs"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="inputs", Key="1.json", Body=b"{}")
    return "s3://inputs/1.json"


def answered(console: Console, batch: str) -> bool:
    console.send_step()
    console.follow_step(everything=True)
    states = [r.state for r in console.requests(RequestFilter(batch=batch)).rows]
    assert RequestState.FAILED not in states
    return states == [RequestState.DONE]


def test_from_a_model_to_nothing_left(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        source = put_input(url)
        until(lambda: instances(url) == 0)
        batch = console.submit(Submission("doc-new", source), BOSS)
        until(lambda: answered(console, batch.id))
        found = {(i.kind, i.name): i.fate for i in items(console.inventory("doc-new"))}
        assert found["model", "doc-model"] is Fate.ASKED
        assert found["configuration", "doc-new"] is Fate.GOES
        assert found["S3 results", "s3://results/out/"] is Fate.STAYS
        assert found["log group", "/aws/sagemaker/Endpoints/doc-new"] is Fate.STAYS
        plan = console.plan_delete("doc-new", with_model=True)
        assert plan.confirm == "doc-new"
        assert plan.needs == "admin"
        with pytest.raises(Unconfirmed):
            console.apply(plan, BOSS)
        done(console, plan)
        assert inventory(url) == []
        assert console.inventory("doc-new").empty
        assert console.inventories() == ()
        with pytest.raises(BadInput, match="Nothing is left of doc-new"):
            console.plan_delete("doc-new")


def test_a_deletion_undone_makes_it_anew_with_tags_and_scaling(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        plan = console.plan_delete("doc-new", with_model=True)
        done(console, plan)
        back = console.plan_undo(plan.id)
        assert "does not come back" in back.effect
        done(console, back)
        assert inventory(url) == ALL
        arn = client(url, "sagemaker").describe_endpoint(EndpointName="doc-new")["EndpointArn"]
        assert client(url, "sagemaker").list_tags(ResourceArn=arn)["Tags"] == [
            {"Key": "team", "Value": "documents"}
        ]
        with pytest.raises(BadInput, match="undone already"):
            console.plan_undo(plan.id)


def test_a_model_that_others_use_stays_and_so_does_a_configuration_that_others_run(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        done(console, console.plan_deploy(replace(WISH, name="doc-two", model="doc-model")))
        plan = console.plan_delete("doc-new", with_model=True)
        assert any("also used" not in c.sentence and "model doc-model" in c.sentence for c in plan.cautions)
        done(console, plan)
        left = inventory(url)
        assert "model doc-model" in left
        assert "config doc-two" in left
        client(url, "sagemaker").create_endpoint(EndpointName="doc-three", EndpointConfigName="doc-two")
        until(lambda: "endpoint doc-three InService" in inventory(url))
        done(console, console.plan_delete("doc-two", with_model=True))
        assert [line for line in inventory(url) if line.startswith(("model", "config"))] == [
            "model doc-model",
            "config doc-two",
        ]


def test_requests_that_wait_make_it_critical(tmp_path: Path) -> None:
    with stage(tmp_path, speed=60.0) as (console, url, _):
        plan = console.plan_deploy(replace(WISH, wake=False))
        done(console, plan)
        source = put_input(url)
        console.submit(Submission("doc-new", source), BOSS)
        said = console.plan_delete("doc-new").cautions
        lost = [c for c in said if "as far as known its requests are lost" in c.sentence]
        assert [c.severity for c in lost] == [Severity.CRITICAL]


WHERE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/doc-new/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
DELETING = (
    "DeleteScalingPolicy",
    "DeleteScheduledAction",
    "DeregisterScalableTarget",
    "DeleteAlarms",
    "DeleteEndpoint",
    "DeleteEndpointConfig",
    "DeleteModel",
)


@pytest.mark.parametrize("step", [*DELETING, "DescribeEndpoint"])
@pytest.mark.parametrize("way", ["again", "continue", "undo"])
def test_whatever_step_of_a_deletion_fails_it_is_finished_or_taken_back(
    tmp_path: Path, step: str, way: str
) -> None:
    with stage(tmp_path) as (console, url, gate):
        done(console, console.plan_deploy(WISH))
        client(url, "application-autoscaling").put_scheduled_action(
            **WHERE,
            ScheduledActionName="nightly",
            Schedule="cron(0 20 1 1 ? *)",
            ScalableTargetAction={"MinCapacity": 0},
        )
        plan = console.plan_delete("doc-new", with_model=True)
        refusal = error("AccessDeniedException", f"not authorized to perform: x:{step}", 403)
        if step == "DescribeEndpoint":  # lost while it is waited for
            gate.after["DeleteEndpoint"] = lambda: gate.shut.update({step: refusal})
        else:
            gate.shut[step] = refusal
        entry = applied(console, plan).entry
        gate.shut.clear()
        assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
        named = console.inventory("doc-new")
        assert not named.empty or step == "DeleteModel"
        if way == "undo":
            if entry.outcome is Outcome.FAILED:
                with pytest.raises(BadInput, match="nothing to undo"):
                    console.plan_undo(entry.id)
            else:
                done(console, console.plan_undo(entry.id))
            assert inventory(url) == ALL
            return
        again = (
            console.plan_delete("doc-new", with_model=True)
            if way == "again"
            else console.plan_continue(entry.id)
        )
        done(console, again)
        assert inventory(url) == []


def bare(console: Console, url: str) -> None:
    """The deployed endpoint without any scaling, awake."""
    done(console, console.plan_deploy(WISH))
    done(console, console.plan_detach("doc-new"))
    assert inventory(url) == ALL[:3]


def test_detaching_wakes_a_sleeping_endpoint_first_and_leaves_it_serving(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        until(lambda: instances(url) == 0)
        plan = console.plan_detach("doc-new")
        assert any("It sleeps: it is woken first" in c.sentence for c in plan.cautions)
        assert plan.cost is not None
        assert plan.cost.usd_per_day is not None
        assert plan.cost.usd_per_day > 0
        done(console, plan)
        assert inventory(url) == ALL[:3]
        assert instances(url) == 1
        with pytest.raises(BadInput, match="nothing to detach"):
            console.plan_detach("doc-new")
        done(console, console.plan_undo(plan.id))
        assert inventory(url) == ALL


@pytest.mark.parametrize(
    "step",
    [
        "RegisterScalableTarget",
        "DescribeEndpoint",
        "DeleteScalingPolicy",
        "DeregisterScalableTarget",
        "DeleteAlarms",
    ],
)
@pytest.mark.parametrize("way", ["again", "undo"])
def test_whatever_step_of_detaching_fails_it_never_sleeps_for_ever(
    tmp_path: Path, step: str, way: str
) -> None:
    with stage(tmp_path) as (console, url, gate):
        done(console, console.plan_deploy(WISH))
        until(lambda: instances(url) == 0)
        plan = console.plan_detach("doc-new")
        refusal = error("AccessDeniedException", f"not authorized to perform: x:{step}", 403)
        if step == "DescribeEndpoint":
            gate.after["RegisterScalableTarget"] = lambda: gate.shut.update({step: refusal})
        else:
            gate.shut[step] = refusal
        entry = applied(console, plan).entry
        gate.shut.clear()
        assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
        target = console.inventory("doc-new").setup.target
        wakes = any(line.startswith("policy Has") for line in inventory(url))
        assert wakes or instances(url) == 1 or (target is not None and target.bounds.min == 1)
        if way == "undo" and entry.outcome is Outcome.PARTLY:
            done(console, console.plan_undo(entry.id))
            assert inventory(url) == ALL
        else:
            done(console, console.plan_detach("doc-new"))
            assert inventory(url) == ALL[:3]
            assert instances(url) == 1


def test_attaching_makes_what_is_missing_and_no_more(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        bare(console, url)
        done(console, console.plan_attach("doc-new", Attachment(3)))
        assert inventory(url) == ALL
        assert console.plan_attach("doc-new", Attachment(3)).empty
        client(url, "application-autoscaling").delete_scaling_policy(
            **WHERE, PolicyName="HasBacklogWithoutCapacity-ScalingPolicy"
        )
        client(url, "cloudwatch").delete_alarms(AlarmNames=["HasBacklogWithoutCapacity-doc-new"])
        plan = console.plan_attach("doc-new", Attachment(8))
        assert {d.part for d in plan.differences} == {
            "policy HasBacklogWithoutCapacity-ScalingPolicy",
            "alarm HasBacklogWithoutCapacity-doc-new",
        }
        assert any("bounds exist and stay: 0–3" in c.sentence for c in plan.cautions)
        done(console, plan)
        assert inventory(url) == ALL


def test_what_contradicts_is_named_and_mended_only_where_asked(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        bare(console, url)
        scaling = client(url, "application-autoscaling")
        scaling.register_scalable_target(**WHERE, MinCapacity=1, MaxCapacity=4)
        scaling.put_scaling_policy(
            **WHERE,
            PolicyName="by-calls",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
            },
        )
        named = console.plan_attach("doc-new", Attachment(4))
        said = " ".join(c.sentence for c in named.cautions if c.severity is Severity.WARNING)
        assert "its minimum is 1" in said
        assert "asynchronous endpoints never publish" in said
        assert "bounds" not in {d.part for d in named.differences}
        done(console, console.plan_attach("doc-new", Attachment(4), mend=True))
        again = console.plan_attach("doc-new", Attachment(4))
        assert again.empty
        assert again.cautions == ()
        until(lambda: instances(url) == 0)


@pytest.mark.parametrize(
    ("after", "step", "left"),
    [
        ("", "RegisterScalableTarget", 0),
        ("", "PutScalingPolicy", 1),
        ("", "PutMetricAlarm", 2),
        ("PutMetricAlarm", "PutScalingPolicy", 3),
    ],
)
@pytest.mark.parametrize("way", ["again", "continue", "clean up"])
def test_whatever_step_of_attaching_fails_it_never_sleeps_for_ever(
    tmp_path: Path, after: str, step: str, left: int, way: str
) -> None:
    with stage(tmp_path) as (console, url, gate):
        bare(console, url)
        plan = console.plan_attach("doc-new", Attachment(3))
        refusal = error("AccessDeniedException", f"not authorized to perform: x:{step}", 403)
        if after:
            gate.after[after] = lambda: gate.shut.update({step: refusal})
        else:
            gate.shut[step] = refusal
        entry = applied(console, plan).entry
        gate.shut.clear()
        assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
        wakes_first = [ALL[3], ALL[5], ALL[6]]
        assert inventory(url)[3:] == wakes_first[:left]
        assert [(u.root.id, len(u.exist) > 0) for u in console.unfinished()] == [(plan.id, True)] * (left > 0)
        if way == "clean up" and left:
            done(console, console.plan_cleanup(entry.id))
            assert inventory(url) == ALL[:3]
            assert instances(url) == 1
        else:
            on = way == "continue" and left
            done(console, console.plan_continue(entry.id) if on else console.plan_attach("doc-new", WIDE))
            assert inventory(url) == ALL
        assert console.unfinished() == ()


def test_an_attachment_that_is_taken_back_leaves_it_awake(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        bare(console, url)
        plan = console.plan_attach("doc-new", WIDE)
        done(console, plan)
        until(lambda: instances(url) == 0)
        back = console.plan_undo(plan.id)
        assert any("It sleeps: it is woken first" in c.sentence for c in back.cautions)
        gate.shut["DeregisterScalableTarget"] = error("AccessDeniedException", "no", 403)
        assert applied(console, back).entry.outcome is Outcome.PARTLY
        gate.shut.clear()
        assert instances(url) == 1
        assert inventory(url)[3] == "target 1-3"
        (left,) = console.unfinished()
        done(console, console.plan_cleanup(left.root.id))
        assert inventory(url) == ALL[:3]
        assert console.unfinished() == ()
        with pytest.raises(BadInput, match="nothing to undo"):
            console.plan_cleanup(left.root.id)


def test_a_viewer_and_an_operator_change_nothing(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        refused(console, console.plan_delete("doc-new"), console.plan_detach("doc-new"))
        assert inventory(url) == ALL
        done(console, console.plan_detach("doc-new"))
        refused(console, console.plan_attach("doc-new", WIDE))
        assert inventory(url) == ALL[:3]


def refused(console: Console, *plans: ChangePlan) -> None:
    for plan in plans:
        for who in (VIEWER, Actor("oli", "operator")):
            with pytest.raises(ReadOnly):
                console.apply(plan, who, typed=plan.confirm)


def test_an_unknown_endpoint_has_no_inventory(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, _, _gate), pytest.raises(UnknownEndpoint):
        console.inventory("nobody")


def test_configurations_are_looked_at_once_and_what_cannot_be_told_keeps_the_model(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, _, gate):
        done(console, console.plan_deploy(WISH))
        (found,) = console.inventories()
        assert {r.kind for r in found.setup.resources} == {"endpoint", "endpoint-config", "model"}
        assert tags_of(found) == (("team", "documents"),)
        gate.shut["DescribeEndpointConfig"] = error("AccessDeniedException", "no", 403)
        (again,) = console.inventories()
        assert [(r.key, r.parameters, r.tags) for r in again.setup.resources] == [
            (r.key, r.parameters, r.tags) for r in found.setup.resources
        ]
        assert (again.uses, again.problems) == (found.uses, found.problems)
        gate.shut.clear()
        gate.shut["ListEndpointConfigs"] = error("AccessDeniedException", "no", 403)
        plan = console.plan_delete("doc-new", with_model=True)
        assert "DeleteModel" not in {c.operation for c in calls(Calls(plan.changes, ""))}
        assert any("sagemaker:ListEndpointConfigs" in c.sentence for c in plan.cautions)


def test_models_and_tags_that_may_not_be_read_are_said_and_the_rest_can_go(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        done(console, console.plan_deploy(WISH))
        for operation in ("DescribeModel", "ListTags"):
            gate.shut[operation] = error("AccessDeniedException", "no", 403)
        plan = console.plan_delete("doc-new", with_model=True)
        said = " ".join(c.sentence for c in plan.cautions)
        assert "sagemaker:DescribeModel" in said
        assert "sagemaker:ListTags" in said
        done(console, plan)
        assert inventory(url) == ["model doc-model"]
