"""What the doctor prints is true: run with the real AWS CLI, each fix makes its finding disappear, and what could not
wake wakes. All stories live in one embedded AWS; its time stands still until the fixes are made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ops.core.alarm_proposals import AlarmsThatMatter, proposals
from ops.core.fix_text import cli
from ops.core.types import EndpointState
from ops.local_aws.build import STORIES
from tests.e2e.conftest import Account, running

pytestmark = pytest.mark.e2e

NOW = "2026-10-20T14:00:00Z"
"""A Tuesday in business hours."""
TOPIC = "arn:aws:sns:us-east-1:123456789012:ops-alarms"
BY_HAND_ALONE = {"quota-refused", "no-capacity", "topic-without-subscriber"}
Found = dict[tuple[str, str], dict[str, Any]]
"""Findings by endpoint and code."""


@dataclass(frozen=True, slots=True)
class Ward:
    """Before the fixes, and right after them, at the same simulated moment."""

    account: Account
    before: dict[str, Any]
    after: dict[str, Any]


def found(document: dict[str, Any]) -> Found:
    return {(e["name"], f["code"]): f for e in document["endpoints"] for f in e["findings"]}


def state_of(document: dict[str, Any]) -> dict[str, str]:
    return {e["name"]: e["state"] for e in document["endpoints"]}


def curable(document: dict[str, Any]) -> Found:
    """Findings whose fix is a text to run."""
    return {key: finding for key, finding in found(document).items() if finding["fix"]["kind"] == "calls"}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory, aws_folder: Path) -> Iterator[Ward]:
    stories = ",".join(name for name in STORIES if name != "crowd")
    state = tmp_path_factory.mktemp("ward") / "state.json"
    with running(state, aws_folder, "--speed", "0", "--now", NOW, "--scenario", stories) as account:
        before = account.ops("doctor")
        texts = [finding["fix"]["cli"] for finding in curable(before).values()]
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(account.bash, texts))
        yield Ward(account, before, account.ops("doctor"))


def test_each_printed_fix_makes_its_finding_disappear(ward: Ward) -> None:
    cured = curable(ward.before)
    assert len(cured) >= 25
    assert [key for key in cured if key in found(ward.after)] == []


def test_a_fix_brings_up_no_new_trouble(ward: Ward) -> None:
    """But that what waits has not been started yet."""
    new = {key for key, f in found(ward.after).items() if f["severity"] == "critical"} - set(
        found(ward.before)
    )
    assert {code for _, code in new} <= {"nothing-starts"}


def test_where_no_call_can_help_the_step_is_named_and_no_command(ward: Ward) -> None:
    by_hand = {key: f["fix"] for key, f in found(ward.before).items() if f["fix"]["kind"] == "human"}
    assert {code for _, code in by_hand} >= BY_HAND_ALONE
    for key, fix in by_hand.items():
        assert set(fix) == {"kind", "step"}, key
        assert fix["step"].endswith("."), key
        assert "aws " not in fix["step"], key


def test_the_proposed_alarms_are_made_by_their_text_and_not_proposed_again(ward: Ward) -> None:
    def missing(name: str) -> AlarmsThatMatter:
        view = ward.account.console.endpoint(name)
        return proposals(view.row.endpoint.ref, view.alarms, view.row.ttl_s)

    for name in ("doc-async", "ocr-legacy"):
        wanted = missing(name)
        assert wanted.missing
        for proposal in wanted.missing:
            ward.account.bash(cli(proposal.fix, "us-east-1"), TOPIC_ARN=TOPIC)
        assert missing(name).missing == ()
        assert len(missing(name).covered) == 4


def test_what_could_not_wake_wakes_and_works_off_its_queue_and_what_never_slept_sleeps(ward: Ward) -> None:
    account, states, cured = ward.account, state_of(ward.before), curable(ward.before)
    stuck = {name for name, _ in cured if states[name] == EndpointState.WAKE_STUCK}
    sleepless = {name for name, _ in cured if states[name] == EndpointState.IDLE_PAID}
    assert len(stuck) >= 15
    assert len(sleepless) >= 8
    fixed = account.now()
    asleep: set[str] = set()
    for _ in range(6):
        account.jump(1800.0)
        rows = {row.endpoint.ref.name: row for row in account.console.fleet().rows}
        asleep |= {name for name, row in rows.items() if row.endpoint.current == 0}
        waiting = {name for name in stuck if rows[name].backlog != 0}
        if sleepless <= asleep and not waiting:
            break
    assert (sleepless - asleep, waiting) == (set(), set())
    for name in stuck:
        moves = [a for a in account.console.endpoint(name).activities if a.start.timestamp() >= fixed]
        assert any(a.desired and a.status == "Successful" for a in moves), name
    left = {(name, code) for name, code in found(account.ops("doctor")) if name in stuck | sleepless}
    assert {code for _, code in left} & {code for _, code in cured} == set(), left
    assert "nothing-starts" not in {code for _, code in left}
