"""What is taken back goes with all that belongs to it, and nothing of others: over an empty AWS that hurries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ops.console import Console
from ops.core.change import ChangePlan, Outcome
from ops.core.errors import BadInput
from ops.core.requests import Submission
from ops.core.types import Severity
from tests.living import error
from tests.test_deploying import ALL, WISH, client, inventory
from tests.test_lifecycle import BOSS, WHERE, WIDE, applied, bare, done, put_input, stage

TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
WAKE = "HasBacklogWithoutCapacity-ScalingPolicy"
SAID = "as far as known its requests are lost"


def put_alarm(url: str, name: str, actions: list[str], **looks_at: object) -> None:
    queue = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "in"}],
    }
    client(url, "cloudwatch").put_metric_alarm(
        AlarmName=name,
        AlarmActions=actions,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Period=60,
        Statistic="Maximum",
        **(queue | looks_at),
    )


def on_endpoint(url: str, name: str) -> None:
    put_alarm(
        url,
        name,
        [TOPIC],
        Namespace="AWS/SageMaker",
        MetricName="ApproximateBacklogSize",
        Dimensions=[{"Name": "EndpointName", "Value": "doc-new"}],
    )


def actions(url: str, name: str) -> list[str]:
    (found,) = client(url, "cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return [str(action) for action in found["AlarmActions"]]


def policy_arn(url: str) -> str:
    found = client(url, "application-autoscaling").describe_scaling_policies(
        ServiceNamespace="sagemaker", PolicyNames=[WAKE]
    )
    return str(found["ScalingPolicies"][0]["PolicyARN"])


def sentences(plan: ChangePlan) -> str:
    return " ".join(c.sentence for c in plan.cautions)


def waiting(console: Console, url: str) -> ChangePlan:
    """A deployment that cannot wake, with a request in its queue."""
    plan = console.plan_deploy(replace(WISH, wake=False))
    done(console, plan)
    console.submit(Submission("doc-new", put_input(url)), BOSS)
    return plan


def test_a_deployment_with_requests_in_its_queue_is_not_taken_back_without_a_word(tmp_path: Path) -> None:
    with stage(tmp_path, speed=60.0) as (console, url, _):
        plan = waiting(console, url)
        for back in (console.plan_undo(plan.id), console.plan_cleanup(plan.id)):
            assert [c.severity for c in back.cautions if SAID in c.sentence] == [Severity.CRITICAL]
            assert back.confirm == "doc-new"
            assert back.cost is not None
            assert back.cost.usd_per_day is None or back.cost.usd_per_day <= 0


def test_a_deployment_is_taken_back_with_what_was_made_since(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, gate):
        plan = console.plan_deploy(WISH)
        done(console, plan)
        on_endpoint(url, "later")
        put_alarm(url, "queue", [policy_arn(url), TOPIC])
        client(url, "application-autoscaling").put_scheduled_action(
            **WHERE,
            ScheduledActionName="nightly",
            Schedule="cron(0 20 1 1 ? *)",
            ScalableTargetAction={"MinCapacity": 0},
        )
        back = console.plan_undo(plan.id)
        assert "Made since, and goes with the endpoint: the scheduled action nightly and the alarm later" in (
            sentences(back)
        )
        gate.shut["DeleteEndpointConfig"] = error("AccessDeniedException", "no", 403)
        assert applied(console, back).entry.outcome is Outcome.PARTLY
        gate.shut.clear()
        (left,) = console.unfinished()
        done(console, console.plan_continue(left.last.id))
        assert inventory(url) == ["alarm queue"]
        assert actions(url, "queue") == [TOPIC]
        assert console.unfinished() == ()


def test_what_others_use_by_now_stays(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        plan = console.plan_deploy(WISH)
        done(console, plan)
        done(console, console.plan_deploy(replace(WISH, name="doc-two", model="doc-model")))
        back = console.plan_undo(plan.id)
        assert "What stays: model doc-model" in sentences(back)
        done(console, back)
        assert inventory(url)[0] == "model doc-model"
        assert "endpoint doc-two InService" in inventory(url)


def test_alarms_of_others_keep_what_they_tell_and_get_the_policy_back(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        put_alarm(url, "queue", [policy_arn(url), TOPIC])
        plan = console.plan_delete("doc-new", with_model=True)
        done(console, plan)
        assert inventory(url) == ["alarm queue"]
        assert actions(url, "queue") == [TOPIC]
        assert console.inventory("doc-new").empty
        assert console.inventories() == ()
        back = console.plan_undo(plan.id)
        assert back.cost is not None
        assert (back.cost.usd_per_day_least, back.cost.usd_per_day is not None) == (0, True)
        done(console, back)
        assert sorted(inventory(url)) == sorted([*ALL, "alarm queue"])
        assert sorted(actions(url, "queue")) == sorted([policy_arn(url), TOPIC])


def test_an_alarm_of_the_same_name_that_watches_something_else_is_refused(tmp_path: Path) -> None:
    name = "HasBacklogWithoutCapacity-doc-new"
    with stage(tmp_path) as (console, url, _):
        put_alarm(url, name, [TOPIC])
        with pytest.raises(BadInput, match=f"already an alarm {name}"):
            console.plan_deploy(WISH)
        client(url, "cloudwatch").delete_alarms(AlarmNames=[name])
        bare(console, url)
        put_alarm(url, name, [TOPIC])
        with pytest.raises(BadInput, match=f"already an alarm {name}"):
            console.plan_attach("doc-new", WIDE)
        assert actions(url, name) == [TOPIC]


def test_alarms_tell_a_topic_that_is_there(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        bare(console, url)
        with pytest.raises(BadInput, match="no SNS topic"):
            console.plan_attach("doc-new", replace(WIDE, topic=TOPIC))
        client(url, "sns").create_topic(Name="on-call")
        plan = console.plan_attach("doc-new", replace(WIDE, topic=TOPIC))
        assert "on-call has no subscription" in sentences(plan)


def test_a_policy_on_an_expression_is_put_back_by_the_undo_as_aws_told_it(tmp_path: Path) -> None:
    with stage(tmp_path) as (console, url, _):
        done(console, console.plan_deploy(WISH))
        metric = {
            "Metric": {
                "Namespace": "AWS/SageMaker",
                "MetricName": "ApproximateBacklogSize",
                "Dimensions": [{"Name": "EndpointName", "Value": "doc-new"}],
            },
            "Stat": "Average",
        }
        scaling = client(url, "application-autoscaling")
        scaling.put_scaling_policy(
            **WHERE,
            PolicyName="summed",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 4.0,
                "CustomizedMetricSpecification": {
                    "Metrics": [
                        {"Id": "m1", "MetricStat": metric, "ReturnData": False},
                        {"Id": "e1", "Expression": "m1 * 2", "ReturnData": True},
                    ]
                },
            },
        )

        def summed() -> object:
            (found,) = scaling.describe_scaling_policies(**WHERE, PolicyNames=["summed"])["ScalingPolicies"]
            rule = found["TargetTrackingScalingPolicyConfiguration"]
            return rule["TargetValue"], rule["CustomizedMetricSpecification"]

        before = summed()
        plan = console.plan_delete("doc-new", with_model=True)
        assert "An undo makes it anew from what is on record." in sentences(plan)
        done(console, plan)
        back = console.plan_undo(plan.id)
        assert "Not put back" not in sentences(back)
        done(console, back)
        assert summed() == before
        assert set(ALL) <= set(inventory(url))
