"""`python -m ops usage`: what the console counted, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.own_spending import Spending
from ops.local_aws.clock import SimClock
from tests.living import Hand
from tests.small_worlds import small


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[str, SimClock]]:
    with small(0.25) as (server, clock):
        yield server.url, clock


@pytest.fixture
def url(world: tuple[str, SimClock], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", world[0])
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
    return world[0]


def counted(clock: SimClock) -> Spending:
    """An hour of a console on the same history."""
    hand = Hand()
    reader = Collector(lambda: Console.open(Settings.load(), keep=True), lambda kind: 60.0, hand)
    for _ in range(12):
        reader.snapshot()
        reader.read_once()
        clock.jump(300)
        hand.at += 30
    found = reader.snapshot().spending
    assert found is not None
    reader.stop()
    return found


@pytest.mark.usefixtures("url")
def test_before_anything_is_counted_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["usage"]) == 0
    assert "Nothing is counted yet." in capsys.readouterr().out
    assert main(["usage", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counted"] is False


@pytest.mark.usefixtures("url")
def test_what_the_console_counted_is_told_and_a_budget_that_will_not_do_is_a_finding(
    world: tuple[str, SimClock], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = counted(world[1])
    assert main(["usage", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["estimate"] is True
    assert said["usd"] == str(found.counted.usd)
    assert {each["call"]: each["calls"] for each in said["operations"]} == dict(found.counted.calls)
    assert main(["usage"]) == 0
    out = capsys.readouterr().out
    assert "an estimate at list price" in out
    assert "cloudwatch:GetMetricData" in out
    monkeypatch.setenv("EBB_OWN_BUDGET_USD", "0.001")
    assert main(["usage"]) == 1
    assert "EBB_OWN_BUDGET_USD" in capsys.readouterr().out
