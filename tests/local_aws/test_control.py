"""The control path: time and trouble on demand, and what it refuses."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws

JSON = {"Content-Type": "application/json"}


def ask(
    aws: SteppedAws, path: str, order: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """(status, answer); a POST where there is an order."""
    body = None if order is None else order if isinstance(order, bytes) else json.dumps(order).encode()
    request = urllib.request.Request(
        f"{aws.server.url}/_ebb/{path}", body, JSON if headers is None else headers
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def make_endpoint(aws: SteppedAws) -> None:
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model(
        ModelName="m",
        PrimaryContainer={"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/doc:1"},
        ExecutionRoleArn="arn:aws:iam::123456789012:role/sagemaker",
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName="c",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": "m",
                "InstanceType": "ml.g5.xlarge",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://out/"}},
    )
    sagemaker.create_endpoint(EndpointName="doc-async", EndpointConfigName="c")


def test_state_of_an_empty_world(aws: SteppedAws) -> None:
    status, state = ask(aws, "state")
    assert status == 200
    assert state == {
        "now": "2026-09-21T14:13:00+00:00",
        "epoch_s": aws.now(),
        "speed": 1.0,
        "seed": 7,
        "account": "123456789012",
        "region": "us-east-1",
        "endpoints": [],
    }


def test_speed_pause_and_jump(aws: SteppedAws) -> None:
    before = aws.now()
    assert ask(aws, "clock", {"speed": 60})[1]["speed"] == 60
    assert ask(aws, "clock", {"speed": 0})[1]["speed"] == 0
    status, state = ask(aws, "clock", {"jump_seconds": 600})
    assert status == 200
    assert state["epoch_s"] == before + 600
    assert aws.now() == before + 600


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"speed": -1},
        {"speed": 1e9},
        {"speed": "fast"},
        {"speed": True},
        {"speed": None},
        {"jump_seconds": -5},
        {"jump_seconds": 1e12},
        {"speed": 1, "jump_seconds": 1},
        {"pace": 1},
        [],
        b"not json",
        b'{"speed": 2}' + b" " * 70_000,
        b'{"speed": NaN}',
        b'{"jump_seconds": Infinity}',
    ],
)
def test_a_bad_order_to_the_clock_is_refused_with_a_sentence(aws: SteppedAws, order: Any) -> None:
    before = aws.now()
    status, answer = ask(aws, "clock", order)
    assert status == 400
    assert answer["error"].endswith(".")
    assert (aws.now(), aws.clock.speed) == (before, 1.0)


def test_only_json_is_taken_and_no_web_page_is_answered(aws: SteppedAws) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(aws, "clock", {"speed": 2}, form)[0] == 415
    assert ask(aws, "clock", {"speed": 2}, {"Content-Type": "text/plain"})[0] == 415
    assert ask(aws, "clock", {"speed": 2}, JSON | {"Origin": "http://example.com"})[0] == 403
    assert ask(aws, "state", headers={"Origin": "http://127.0.0.1:8501"})[0] == 403
    assert ask(aws, "state", headers={"Host": "rebound.example.com"})[0] == 403
    assert aws.clock.speed == 1.0


def test_other_paths_and_methods_are_refused(aws: SteppedAws) -> None:
    assert ask(aws, "reset")[0] == 404
    assert ask(aws, "endpoints/")[0] == 404
    assert ask(aws, "clock")[0] == 405
    assert ask(aws, "state", {})[0] == 405


def test_trouble_for_an_endpoint(aws: SteppedAws) -> None:
    make_endpoint(aws)
    assert ask(aws, "state")[1]["endpoints"] == [
        {
            "name": "doc-async",
            "status": "Creating",
            "instance_type": "ml.g5.xlarge",
            "current": 0,
            "desired": 1,
        }
    ]
    order = {
        "capacity_refused": True,
        "quota": 2,
        "profile": {"seconds": [1, 2.5], "error_rate": 0.5},
        "fail_deploy": False,
    }
    assert ask(aws, "endpoints/doc-async", order) == (200, {"endpoint": "doc-async", "applied": order})
    assert aws.world.quotas.limit("ml.g5.xlarge") == 2
    assert aws.world.fleet.profile("doc-async") == (1.0, 2.5, 0.5)
    assert ask(aws, "endpoints/doc-async", {"profile": None})[0] == 200
    assert aws.world.fleet.profile("doc-async") is None


def test_a_deployment_is_made_to_fail(aws: SteppedAws) -> None:
    make_endpoint(aws)
    ask(aws, "endpoints/doc-async", {"fail_deploy": True})
    aws.advance(3600)
    assert ask(aws, "state")[1]["endpoints"][0]["status"] == "Failed"


def test_an_unknown_endpoint_is_named(aws: SteppedAws) -> None:
    status, answer = ask(aws, "endpoints/nope", {"capacity_refused": True})
    assert (status, answer) == (404, {"error": "There is no endpoint named 'nope'."})


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"quota": -1},
        {"quota": 1.5},
        {"quota": "2"},
        {"capacity_refused": 1},
        {"fail_deploy": None},
        {"profile": 3},
        {"profile": {"seconds": [40, 12]}},
        {"profile": {"seconds": [1]}},
        {"profile": {"seconds": ["a", "b"]}},
        {"profile": {"error_rate": 0.5}},
        {"profile": {"seconds": [1, 2], "error_rate": 1.5}},
        {"profile": {"seconds": [1, 2], "mood": "bad"}},
        {"profiles": {}},
    ],
)
def test_bad_trouble_is_refused_with_a_sentence(aws: SteppedAws, order: dict[str, Any]) -> None:
    status, answer = ask(aws, "endpoints/doc-async", order)
    assert status == 400
    assert answer["error"].endswith(".")
