"""Deployments through the write gate over an empty embedded AWS whose time hurries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor, ChangePlan, Outcome
from ops.core.deployment import Deployment, NewModel
from ops.core.errors import BadInput, ReadOnly
from ops.core.fixes import Await
from ops.core.resources import Container
from ops.deployments import Deployments
from tests.living import error, gated, hurrying

BOSS = Actor("boss", "admin")
ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:3"
WISH = Deployment(
    "doc-new",
    NewModel("doc-model", Container(IMAGE, "s3://models/doc.tar.gz", (("BATCH", "4"),)), ROLE),
    "ml.g5.xlarge",
    "s3://results/out/",
    "s3://results/failed/",
    concurrency=2,
    high=3,
    tags=(("team", "documents"),),
)


@lru_cache(maxsize=64)
def client(url: str, service: str) -> Any:
    return boto3.client(
        service, "us-east-1", endpoint_url=url, aws_access_key_id="x", aws_secret_access_key="y"
    )


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Console, str]]:
    with hurrying() as url, Console.open(Settings(endpoint_url=url, state_dir=folder)) as console:
        yield console, url


def inventory(url: str) -> list[str]:
    sagemaker, scaling = client(url, "sagemaker"), client(url, "application-autoscaling")
    found = [f"model {m['ModelName']}" for m in sagemaker.list_models()["Models"]]
    found += [
        f"config {c['EndpointConfigName']}" for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]
    ]
    found += [
        f"endpoint {e['EndpointName']} {e['EndpointStatus'].replace('Updating', 'InService')}"
        for e in sagemaker.list_endpoints()["Endpoints"]  # it may be falling asleep already
    ]
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    found += [f"target {t['MinCapacity']}-{t['MaxCapacity']}" for t in targets]
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    found += sorted(f"policy {p['PolicyName']}" for p in policies)
    alarms = client(url, "cloudwatch").describe_alarms()["MetricAlarms"]
    return found + [
        f"alarm {a['AlarmName'].partition('-AlarmHigh')[0].partition('-AlarmLow')[0]}" for a in alarms
    ]


ALL = [
    "model doc-model",
    "config doc-new",
    "endpoint doc-new InService",
    "target 0-3",
    "policy Backlog-ScalingPolicy",
    "policy HasBacklogWithoutCapacity-ScalingPolicy",
    "alarm HasBacklogWithoutCapacity-doc-new",
    "alarm TargetTracking-endpoint/doc-new/variant/AllTraffic",
    "alarm TargetTracking-endpoint/doc-new/variant/AllTraffic",
]


def test_a_deployment_makes_all_of_it(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        plan = console.plan_deploy(WISH)
        assert plan.needs == "admin"
        receipt = console.apply(plan, BOSS)
        assert receipt.entry.outcome is Outcome.DONE, receipt.entry.said
        assert receipt.missing == ()
        assert inventory(url) == ALL
        arn = client(url, "sagemaker").describe_endpoint(EndpointName="doc-new")["EndpointArn"]
        tags = client(url, "sagemaker").list_tags(ResourceArn=arn)["Tags"]
        assert tags == [{"Key": "team", "Value": "documents"}]


def test_names_that_exist_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        client(url, "sagemaker").create_model(
            ModelName="doc-model", PrimaryContainer={"Image": IMAGE}, ExecutionRoleArn=ROLE
        )
        with pytest.raises(BadInput, match="already the model doc-model"):
            console.plan_deploy(WISH)
        with pytest.raises(BadInput, match="no model 'other'"):
            console.plan_deploy(replace(WISH, model="other"))
        assert inventory(url) == ["model doc-model"]


def test_a_bucket_that_is_not_there_is_told_before_anything_is_made(tmp_path: Path) -> None:
    def told(plan: ChangePlan) -> list[str]:
        return [c.sentence for c in plan.cautions if "There is no bucket" in c.sentence]

    with opened(tmp_path) as (console, url):
        (said,) = told(console.plan_deploy(WISH))
        assert "There is no bucket results: AWS makes the endpoint all the same" in said
        assert "aws s3 mb s3://results" in said
        client(url, "s3").create_bucket(Bucket="results")
        assert told(console.plan_deploy(WISH)) == []
        (said,) = told(console.plan_deploy(replace(WISH, failure_path="s3://elsewhere/failed/")))
        assert "There is no bucket elsewhere" in said


def test_an_operator_deploys_nothing(tmp_path: Path) -> None:
    with opened(tmp_path) as (console, url):
        with pytest.raises(ReadOnly):
            console.apply(console.plan_deploy(WISH), Actor("anna", "operator"))
        assert inventory(url) == []


STEPS = (
    "CreateModel",
    "CreateEndpointConfig",
    "CreateEndpoint",
    "DescribeEndpoint",
    "RegisterScalableTarget",
    "PutScalingPolicy",
    "PutMetricAlarm",
)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", ["continue", "clean up"])
def test_whatever_step_fails_it_is_named_and_finished_or_cleaned(tmp_path: Path, step: str, way: str) -> None:
    with (
        hurrying() as behind,
        gated(behind) as (url, gate),
        Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console,
    ):
        plan = console.plan_deploy(WISH)
        refusal = error("AccessDeniedException", f"not authorized to perform: x:{step}", 403)
        if step == "DescribeEndpoint":  # without it nothing is begun: it is lost on the way
            gate.after["CreateEndpoint"] = lambda: gate.shut.update({step: refusal})
        else:
            gate.shut[step] = refusal
        entry = console.apply(plan, BOSS).entry
        gate.shut.clear()
        assert entry.outcome in (Outcome.PARTLY, Outcome.FAILED)
        left = console.left_of(entry.id)
        there = inventory(url)
        assert len(left.resources) == sum(
            line.split()[0] in ("model", "config", "endpoint") for line in there
        )
        if way == "continue":
            done = console.apply(console.plan_continue(entry.id), BOSS).entry
            assert done.outcome is Outcome.DONE, done.said
            assert inventory(url) == ALL
        elif there:
            back = console.plan_cleanup(entry.id)
            done = console.apply(back, BOSS, typed=back.confirm).entry
            assert done.outcome is Outcome.DONE, done.said
            assert inventory(url) == []
        else:
            with pytest.raises(BadInput, match="Nothing is left"):
                console.plan_cleanup(entry.id)


def test_it_can_be_stopped_while_it_waits_and_gone_on_with(tmp_path: Path) -> None:
    with hurrying(speed=30.0) as url, Console.open(Settings(endpoint_url=url, state_dir=tmp_path)) as console:
        runs, plan = Deployments(), console.plan_deploy(WISH)
        runs.begin(console.apply, plan, BOSS)
        for _ in range(400):
            entry = console.entry(plan.id)
            if entry is not None and "Creating" in entry.said:
                break
            runs.ended(plan.id, 0.05)
        assert entry is not None
        assert [made.operation for made in entry.made] == [
            "CreateModel",
            "CreateEndpointConfig",
            "CreateEndpoint",
        ]
        assert runs.stop(plan.id)
        assert runs.ended(plan.id, 20)
        entry = console.entry(plan.id)
        assert entry is not None
        assert entry.outcome is Outcome.PARTLY
        assert "stopped" in entry.said
        rest = console.plan_continue(plan.id)
        assert isinstance(rest.changes[0], Await)
        assert inventory(url)[2] == "endpoint doc-new Creating"
