"""Taking back deployments that ended on the way: what AWS is at work on, what others use, what Ebb never made."""

from __future__ import annotations

import json
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest

from ops import at_work, clock
from ops.at_work import StopSign
from ops.console import Console
from ops.core.change import ChangePlan, Outcome, Receipt
from ops.core.deployment import Deployment
from ops.core.errors import BadInput, OpsError
from ops.core.fix_texts import of_plan
from ops.core.setup import Setup
from ops.deployments import Deployments
from tests.living import Gate, error
from tests.test_deploying import ALL, BOSS, IMAGE, ROLE, WISH, client, inventory
from tests.test_lifecycle import applied, done, stage, until
from tests.test_moving import WISH as MOVE
from tests.test_moving import real_time


def trouble(url: str, name: str, **order: object) -> None:
    asked = urllib.request.Request(
        f"{url}/_ebb/endpoints/{name}",
        json.dumps(order).encode(),
        {"Content-Type": "application/json"},
        method="POST",
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status == 200


def stopped_while_creating(console: Console) -> str:
    """The id of a deployment that was stopped while its endpoint was created."""
    runs, plan = Deployments(), console.plan_deploy(WISH)
    runs.begin(console.apply, plan, BOSS)
    for _ in range(400):
        entry = console.entry(plan.id)
        if entry is not None and "Creating" in entry.said:
            break
        runs.ended(plan.id, 0.05)
    assert runs.stop(plan.id)
    assert runs.ended(plan.id, 20)
    return plan.id


def test_an_endpoint_that_fails_while_its_clean_up_waits_goes_all_the_same(tmp_path: Path) -> None:
    with stage(tmp_path, speed=30.0) as (console, url, _):
        identity = stopped_while_creating(console)
        trouble(url, "doc-new", fail_deploy=True)
        back = console.plan_cleanup(identity)
        assert inventory(url)[2] == "endpoint doc-new Creating"
        entry = applied(console, back).entry
        assert (entry.outcome, entry.said) == (Outcome.DONE, "")
        assert inventory(url) == []


def test_an_endpoint_that_begins_to_scale_during_its_deletion_is_waited_for(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        done(console, console.plan_deploy(WISH))
        assert inventory(url) == ALL

        def scale() -> None:
            client(url, "sagemaker").update_endpoint_weights_and_capacities(
                EndpointName="doc-new",
                DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
            )

        plan = console.plan_delete("doc-new")
        gate.after["DeleteAlarms"] = scale
        done(console, plan)
        assert inventory(url) == ["model doc-model"]


def refused(console: Console, gate: Gate, step: str, wish: Deployment = WISH) -> str:
    """The id of a deployment that ended at a step that AWS denied."""
    gate.shut[step] = error("AccessDeniedException", f"not authorized to perform: sagemaker:{step}", 403)
    entry = console.apply(console.plan_deploy(wish), BOSS).entry
    gate.shut.clear()
    assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
    return entry.id


def by_hand(url: str, **more: str) -> None:
    """The model of the deployment, as somebody else makes it, and an endpoint of theirs that runs it."""
    sagemaker = client(url, "sagemaker")
    container = {
        "Image": IMAGE,
        "ModelDataUrl": "s3://models/doc.tar.gz",
        "Environment": {"BATCH": "4"},
    } | more
    sagemaker.create_model(ModelName="doc-model", PrimaryContainer=container, ExecutionRoleArn=ROLE)
    configured(url, "prod", "doc-model")
    sagemaker.create_endpoint(EndpointName="prod", EndpointConfigName="prod")


def configured(url: str, name: str, model: str) -> None:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": model,
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": 1,
    }
    client(url, "sagemaker").create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])


def kinds(url: str) -> list[str]:
    return [line.rpartition(" ")[0] if line.startswith("endpoint") else line for line in inventory(url)]


def said(plan: ChangePlan) -> str:
    return " ".join(c.sentence for c in plan.cautions)


def test_a_model_that_a_later_deployment_uses_stays(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        first = console.plan_deploy(WISH)
        done(console, first)
        done(console, console.plan_deploy(replace(WISH, name="doc-two", model="doc-model")))
        back = console.plan_undo(first.id)
        assert "The model doc-model is kept: the endpoint configuration doc-two names it." in said(back)
        done(console, back)
        assert kinds(url)[:3] == ["model doc-model", "config doc-two", "endpoint doc-two"]
        with pytest.raises(BadInput, match="Nothing is left of it that could go: the model doc-model stays"):
            console.plan_cleanup(first.id)
        assert console.unfinished() == ()


@pytest.mark.parametrize("image", [IMAGE, f"{IMAGE}-other"])
def test_what_somebody_made_by_hand_is_named_and_kept(tmp_path: Path, image: str) -> None:
    with stage(tmp_path) as (console, url, gate):
        identity = refused(console, gate, "CreateModel")
        by_hand(url, Image=image)
        there = kinds(url)
        assert console.unfinished() == ()
        assert console.left_of(identity).resources == ()
        with pytest.raises(BadInput, match="the model doc-model stays") as failed:
            console.plan_cleanup(identity)
        assert "this deployment did not make it" in failed.value.hint
        with pytest.raises(BadInput, match="already the model doc-model, which this deployment did not make"):
            console.plan_continue(identity)
        assert kinds(url) == there


def test_a_part_that_was_deleted_and_made_anew_by_hand_is_its_maker_s(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        identity = refused(console, gate, "CreateEndpoint")
        client(url, "sagemaker").delete_model(ModelName="doc-model")
        by_hand(url)
        (found,) = console.unfinished()
        assert (found.exist, found.foreign) == (("endpoint-config doc-new",), ("model doc-model",))
        with pytest.raises(BadInput, match="already the model doc-model"):
            console.plan_continue(identity)
        back = console.plan_cleanup(identity)
        assert "The model doc-model is kept: this deployment did not make it." in said(back)
        assert "nobody else uses" in back.effect
        done(console, back)
        assert kinds(url)[:3] == ["model doc-model", "config prod", "endpoint prod"]


def test_an_endpoint_made_by_hand_keeps_its_scaling_and_the_configuration_that_it_runs(
    tmp_path: Path,
) -> None:
    with stage(tmp_path) as (console, url, gate):
        identity = refused(console, gate, "CreateEndpoint")
        client(url, "sagemaker").create_endpoint(EndpointName="doc-new", EndpointConfigName="doc-new")
        client(url, "sagemaker").create_endpoint(EndpointName="prod", EndpointConfigName="doc-new")
        client(url, "application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/doc-new/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=1,
            MaxCapacity=2,
        )
        (found,) = console.unfinished()
        assert found.exist == ("model doc-model", "endpoint-config doc-new")
        assert "endpoint doc-new" in found.foreign
        with pytest.raises(BadInput, match="could go") as failed:
            console.plan_cleanup(identity)
        assert "the endpoint doc-new and prod runs it" in failed.value.hint
        with pytest.raises(BadInput, match="already the endpoint doc-new"):
            console.plan_continue(identity)


def test_an_alarm_of_somebody_else_is_never_replaced_and_kept(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        identity = refused(console, gate, "PutMetricAlarm")
        name = "HasBacklogWithoutCapacity-doc-new"
        client(url, "cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="HasBacklogWithoutCapacity",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=9,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
        with pytest.raises(BadInput, match="which is not one of doc-new"):
            console.plan_continue(identity)
        back = console.plan_cleanup(identity)
        assert f"The alarm {name} is kept: this deployment did not make it." in said(back)
        done(console, back)
        assert inventory(url) == [f"alarm {name}"]


def test_a_failed_endpoint_is_said_to_be_made_anew(tmp_path: Path) -> None:
    with stage(tmp_path, speed=60.0) as (console, url, _):
        identity = stopped_while_creating(console)
        trouble(url, "doc-new", fail_deploy=True)
        until(lambda: "endpoint doc-new Failed" in inventory(url), 4000)
        rest = console.plan_continue(identity)
        assert "The endpoint doc-new failed: it is deleted and made anew." in rest.effect
        assert "What else exists stays as it is" in rest.effect
        assert rest.confirm == "doc-new"


def test_a_move_that_has_gone_on_takes_no_other_output_path(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        real_time(url)
        done(console, console.plan_move(MOVE))
        with pytest.raises(BadInput, match="doc-async is there already, and InService"):
            console.plan_move(replace(MOVE, output_path="s3://results/other/"))
        told = client(url, "sagemaker").describe_endpoint(EndpointName="doc-async")
        assert told["AsyncInferenceConfig"]["OutputConfig"]["S3OutputPath"] == MOVE.output_path


def test_an_unfinished_deployment_is_found_behind_any_number_of_other_entries(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, _, gate):
        identity = refused(console, gate, "CreateEndpoint")
        first = console.entry(identity)
        assert first is not None
        other = replace(
            first, before=Setup(), after=Setup(), kind="bounds", outcome=Outcome.DONE, why='"resources":[{'
        )
        for number in range(600):
            console.records().write_entry(replace(other, id=f"other-{number}"))
        assert [u.root.id for u in console.unfinished()] == [identity]
        assert [e.id for e in console.deployments()] == [identity]


ELSEWHERE = "a-container-that-was-replaced:7:abcdef01:12345"


def test_a_change_whose_container_was_replaced_is_gone_on_with_after_some_minutes(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        identity = refused(console, gate, "CreateEndpoint")
        entry = console.entry(identity)
        assert entry is not None
        begun = replace(
            entry, outcome=Outcome.BEGUN, made=entry.made[:2], process=ELSEWHERE, beat=clock.now()
        )
        console.records().write_entry(begun)
        assert console.reconcile() == ()
        with pytest.raises(BadInput, match="still under way") as told:
            console.plan_continue(identity)
        assert "five minutes" in told.value.hint
        console.records().write_entry(replace(begun, beat=clock.now() - at_work.SILENT))
        assert [e.outcome for e in console.reconcile()] == [Outcome.UNCLEAR]
        done(console, console.plan_continue(identity))
        assert inventory(url) == ALL


def test_a_change_that_others_took_for_abandoned_does_nothing_more(tmp_path: Path) -> None:
    with stage(tmp_path, speed=30.0) as (console, url, _):
        runs, plan = Deployments(), console.plan_deploy(WISH)
        runs.begin(console.apply, plan, BOSS)
        until(
            lambda: (
                ((e := console.entry(plan.id)) is not None and "Creating" in e.said)
                or runs.ended(plan.id, 0.05)
            )
        )
        entry = console.entry(plan.id)
        assert entry is not None
        assert entry.beat is not None
        ended = replace(entry, outcome=Outcome.UNCLEAR, said="It was found abandoned.")
        console.records().write_entry(ended)
        assert runs.ended(plan.id, 30)
        found = runs.outcome(plan.id)
        assert isinstance(found, Receipt)
        assert "took this change for abandoned" in found.entry.said
        assert "meanwhile" in found.notes[0]
        stands = console.entry(plan.id)
        assert stands is not None
        assert (stands.outcome, stands.said) == (ended.outcome, ended.said)
        assert [m.operation for m in stands.made if not m.error] == [m.operation for m in entry.made]
        assert [line for line in inventory(url) if line.startswith("target")] == []


class Breaks(StopSign):
    """What nobody has thought of, before the third step."""

    looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        if self.looks == 3:
            raise RuntimeError("nobody thought of this")
        return False


def test_a_fault_of_ebb_itself_ends_the_entry_with_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with stage(tmp_path) as (console, url, _):
        plan = console.plan_deploy(WISH)
        with pytest.raises(OpsError, match="Ebb itself failed on the way"):
            console.apply(plan, BOSS, stop=Breaks())
        assert "nobody thought of this" in caplog.text
        entry = console.entry(plan.id)
        assert entry is not None
        assert entry.outcome is Outcome.UNCLEAR
        assert "Ebb itself failed on the way" in entry.said
        assert [m.operation for m in entry.made] == ["CreateModel", "CreateEndpointConfig"]
        done(console, console.plan_continue(plan.id))
        assert inventory(url) == ALL


def test_expressions_are_put_back_as_they_were(tmp_path: Path) -> None:
    """Ebb knows no parts of them: it keeps them as AWS told them."""
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        names = [{"Name": "EndpointName", "Value": "doc-new"}]
        metric = {"Namespace": "AWS/SageMaker", "MetricName": "ApproximateBacklogSize", "Dimensions": names}
        half = {"Id": "half", "Expression": "all / 2", "ReturnData": True}
        summed = {"Id": "all", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": False}
        scaling = client(url, "application-autoscaling")
        put = scaling.put_scaling_policy(
            PolicyName="half",
            ServiceNamespace="sagemaker",
            ResourceId="endpoint/doc-new/variant/AllTraffic",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": {"Metrics": [summed, half]},
            },
        )
        assert put["PolicyARN"]
        wake = next(p for p in console.setup("doc-new").policies if p.name.startswith("HasBacklog"))
        client(url, "cloudwatch").put_metric_alarm(
            AlarmName="half-full",
            Metrics=[summed | {"MetricStat": summed["MetricStat"] | {"Period": 60}}, half],
            EvaluationPeriods=3,
            Threshold=7,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[wake.arn],
        )

        def written() -> tuple[object, object]:
            policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
            found = next(p for p in policies if p["PolicyName"] == "half")
            (alarm,) = client(url, "cloudwatch").describe_alarms(AlarmNames=["half-full"])["MetricAlarms"]
            told = {k: alarm[k] for k in ("Metrics", "Threshold", "EvaluationPeriods", "ComparisonOperator")}
            rule = found["TargetTrackingScalingPolicyConfiguration"]
            return rule["CustomizedMetricSpecification"], told

        before = written()
        gone = console.plan_delete("doc-new")
        done(console, gone)
        back = console.plan_undo(gone.id)
        assert all("all / 2" in text for text in of_plan(back).values())
        done(console, back)
        assert written() == before
