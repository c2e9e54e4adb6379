"""The replay against the embedded AWS as a client sees it: real boto3, a clock that is jumped, what AWS publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from ops.core.autoscaling import AlarmRule
from ops.core.types import Bounds, Step
from ops.local_aws.physics import DOWNLOAD_S, UPLOAD_S
from ops.replay.oracle import replay
from ops.replay.scenario import AlarmSpec, Model, Requests, Scenario, Stepping, Tracking, Watched
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import Account
from tests.local_aws.scaling_hands import place, stepping, tracking
from tests.local_aws.test_control import ask

WAKE = "HasBacklogWithoutCapacity-doc"
BURSTS = ((50, 3), (75, 24), (170, 1))
"""(minute, requests), a few seconds apart; the endpoint has gone to sleep before the first."""
EVERY_S = 3.7
LASTS_S = 4.5 * 3600


@pytest.fixture
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    yield stepped
    stepped.server.stop()


def test_what_a_client_sees_is_what_the_replay_says(aws: SteppedAws) -> None:
    account, born = Account(aws), aws.now()
    account.sagemaker.create_endpoint(EndpointName="doc", EndpointConfigName=account.config(concurrency=2))
    owned = _scaling(account, aws)
    account.put_input()
    in_service = _in_service(account, aws)
    sent: list[str] = []
    for minute, size in BURSTS:
        for k in range(size):
            _jump_to(aws, born + minute * 60 + k * EVERY_S)
            sent.append(account.invoke(InferenceId=f"r{len(sent)}")["OutputLocation"])
    _jump_to(aws, born + LASTS_S)

    received, ended = _messages(account, len(sent))
    seconds = [json.loads(account.read(location))["seconds"] for location in sent]
    hold = DOWNLOAD_S + np.array(seconds) + UPLOAD_S
    orders = _orders(account)
    scenario = Scenario(
        Bounds(0, 3),
        1,
        2,
        (
            Tracking(5.0, 300, 60, alarm_names=owned),
            Stepping(
                "ChangeInCapacity",
                (Step(0, None, 1),),
                (
                    AlarmSpec(
                        WAKE, Watched.WITHOUT_CAPACITY, AlarmRule("GreaterThanOrEqualToThreshold", 1.0, 2, 2)
                    ),
                ),
                name="wake",
            ),
        ),
        provision_s=tuple(took for before, capacity, took in orders if capacity > before),
        start_s=in_service,
        until_s=born + LASTS_S,
        model=Model(billed_from="in_service"),
    )
    replayed = replay(Requests(received, hold), scenario)

    waits = ended - hold - received
    assert np.abs(waits - replayed.waits(received)).max() <= 5.0
    wakes = ask(aws, "endpoints/doc/wakes")[1]["wakes"]
    assert replayed.cold_starts == len(wakes) == 3
    timeline = replayed.timeline
    assert timeline is not None
    assert max(capacity for _, capacity, _ in orders) == 3
    instances = _instances(aws, timeline.first_minute, len(timeline))
    near = np.lib.stride_tricks.sliding_window_view(np.pad(timeline.instances, 1, mode="edge"), 3)
    assert (near == instances[:, None]).any(axis=1).all()
    hours = ask(aws, f"ledger?first={_iso(born)}&last={_iso(born + LASTS_S)}")[1]["lines"][0][
        "instance_hours"
    ]
    assert hours * 3600 == pytest.approx(replayed.billed_s, abs=60)


def _scaling(account: Account, aws: SteppedAws) -> tuple[str, str]:
    """The names of the two owned alarms."""
    scaling = account.scaling
    scaling.register_scalable_target(**place(), MinCapacity=0, MaxCapacity=3)
    made = scaling.put_scaling_policy(
        **place(),
        PolicyName="backlog",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking(5.0, ScaleInCooldown=300, ScaleOutCooldown=60),
    )
    wake = scaling.put_scaling_policy(
        **place(),
        PolicyName="wake",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=stepping(1, Cooldown=300),
    )
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=WAKE,
        Namespace="AWS/SageMaker",
        MetricName="HasBacklogWithoutCapacity",
        Dimensions=[{"Name": "EndpointName", "Value": "doc"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[wake["PolicyARN"]],
    )
    high, low = (alarm["AlarmName"] for alarm in made["Alarms"])
    return high, low


def _in_service(account: Account, aws: SteppedAws) -> float:
    """When the first instance came."""
    while account.status() == "Creating":
        ask(aws, "clock", {"jump_seconds": 60})
    return float(account.describe()["LastModifiedTime"].timestamp())


def _jump_to(aws: SteppedAws, moment: float) -> None:
    now = ask(aws, "state")[1]["epoch_s"]
    assert ask(aws, "clock", {"jump_seconds": moment - now})[0] == 200


def _messages(account: Account, count: int) -> tuple[np.ndarray, np.ndarray]:
    """When each request was received and when its result was told, epoch seconds, in the order of sending."""
    found = {m["inferenceId"]: m for m in account.messages() if m["eventName"] == "InferenceResult"}
    told = [found[f"r{k}"] for k in range(count)]
    received, ended = (
        np.array([datetime.fromisoformat(m[key]).timestamp() for m in told])
        for key in ("receivedTime", "eventTime")
    )
    return received, ended


def _orders(account: Account) -> list[tuple[int, int, float]]:
    """(capacity before, capacity set, seconds that it took) of every scaling activity, oldest first."""
    answer = account.scaling.describe_scaling_activities(ServiceNamespace="sagemaker")
    prefix = "Setting desired instance count to "
    before, found = 1, []
    for each in reversed(answer["ScalingActivities"]):
        if each["Description"].startswith(prefix):
            capacity = int(each["Description"].removeprefix(prefix).rstrip("."))
            found.append((before, capacity, (each["EndTime"] - each["StartTime"]).total_seconds()))
            before = capacity
    return found


def _instances(aws: SteppedAws, first: int, count: int) -> np.ndarray:
    """Instances in each minute, from the samples of CPUUtilization; shape (count,)."""
    metric = {
        "Namespace": "/aws/sagemaker/Endpoints",
        "MetricName": "CPUUtilization",
        "Dimensions": [
            {"Name": "EndpointName", "Value": "doc"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
    }
    answer = aws.client("cloudwatch").get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "SampleCount"}}
        ],
        StartTime=datetime.fromtimestamp(first * 60, UTC),
        EndTime=datetime.fromtimestamp((first + count) * 60, UTC),
    )["MetricDataResults"][0]
    found = np.zeros(count)
    for at, value in zip(answer["Timestamps"], answer["Values"], strict=True):
        found[int(at.timestamp() // 60) - first] = value
    return found


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
