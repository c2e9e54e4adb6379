"""`python -m ops bounds` and `undo`: the plan printed, applied with --yes, exit codes, one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from ops.cli_change import cost_text
from ops.core.change import CostEffect
from tests.small_worlds import NAME, small

Out = pytest.CaptureFixture[str]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    with small(0.5) as (server, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
        monkeypatch.delenv("EBB_MODE", raising=False)
        monkeypatch.delenv("EBB_ROLE", raising=False)
        yield server.url


def asked(capsys: Out, *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_what_ends_by_itself_costs_once() -> None:
    once = CostEffect(None, None, "Estimate: x.", Decimal("24.06"))
    assert cost_text(once) == "Cost: about $24.06 once, an estimate. Estimate: x."
    assert (
        cost_text(replace(once, usd_once=Decimal(-3)))
        == "Cost: about $3.00 less once, an estimate. Estimate: x."
    )
    assert cost_text(replace(once, usd_once=Decimal(0))) == "Cost: nothing more. Estimate: x."


def test_a_plan_is_only_shown_until_yes_is_said(at: str, capsys: Out) -> None:
    assert main(["bounds", NAME, "--min", "1"]) == 0
    shown = capsys.readouterr().out
    assert "Bounds: 0–3 instances → 1–3 instances" in shown
    assert "register-scalable-target" in shown
    assert "Nothing was changed. To apply it, repeat the command with --yes." in shown
    assert asked(capsys, "bounds", NAME)[1]["min"] == 0
    for language, words in (
        ("boto3", "scaling.register_scalable_target("),
        ("terraform", 'resource "aws_appautoscaling_target"'),
        ("cloudformation", "AWS::ApplicationAutoScaling::ScalableTarget"),
    ):
        assert main(["bounds", NAME, "--min", "1", "--text", language]) == 0
        said = capsys.readouterr().out
        assert words in said
        assert "--text cli" in said
        assert words in asked(capsys, "bounds", NAME, "--min", "1")[1]["plan"][language]
    assert main(["bounds", NAME, "--min", "1", "--text", "pulumi"]) == 2

    code, done = asked(capsys, "bounds", NAME, "--min", "1", "--yes", "--why", "demo")
    assert (code, done["applied"], done["entry"]["outcome"], done["entry"]["why"]) == (
        0,
        True,
        "done",
        "demo",
    )
    assert done["plan"]["cost"]["estimate"] is True
    assert asked(capsys, "bounds", NAME)[1]["min"] == 1

    assert main(["bounds", NAME, "--min", "1", "--yes"]) == 0
    assert "nothing to change" in capsys.readouterr().out

    identity = done["entry"]["id"]
    code, plan = asked(capsys, "undo", identity[:8])
    assert (code, plan["applied"]) == (0, False)
    assert main(["undo", identity[:8], "--yes"]) == 0
    assert "In the journal as" in capsys.readouterr().out
    assert asked(capsys, "bounds", NAME)[1]["min"] == 0


def test_what_is_refused_ends_with_three_and_bad_words_with_two(
    at: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["bounds", NAME, "--max", "0", "--yes"]) == 3
    assert f"type '{NAME}' to confirm it" in capsys.readouterr().err
    assert main(["bounds", NAME, "--max", "0", "--yes", "--confirm", NAME]) == 0
    assert main(["undo", "nothing"]) == 2
    assert main(["bounds", NAME, "--min", "two"]) == 2
    assert main(["bounds", NAME, "--min", "4", "--max", "1"]) == 2
    assert main(["bounds", "no-such", "--min", "1"]) == 2
    monkeypatch.setenv("EBB_ROLE", "viewer")
    capsys.readouterr()
    assert main(["bounds", NAME, "--max", "3", "--yes"]) == 3
    assert "needs the role operator" in capsys.readouterr().err


def test_drift_is_shown_with_the_bounds(at: str, capsys: Out) -> None:
    import boto3

    assert main(["bounds", NAME]) == 0
    boto3.client(
        "application-autoscaling",
        "us-east-1",
        endpoint_url=at,
        aws_access_key_id="x",
        aws_secret_access_key="y",
    ).register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{NAME}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MaxCapacity=2,
    )
    capsys.readouterr()
    assert main(["bounds", NAME]) == 0
    said = capsys.readouterr().out
    assert "Changed elsewhere" in said
    assert "0–3 instances → 0–2 instances" in said
    assert "CloudTrail" in said
