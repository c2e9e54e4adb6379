"""The examination as a whole: order, what it leaves alone, and that verdict and doctor agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.doctor import CODES, Case, examine
from ops.core.states import judge, judge_realtime
from ops.core.types import EndpointState, Problem, Severity
from tests.core import observed
from tests.core.doctor.cases import ASLEEP, AWAKE, CONFIG, HEARD, case, said, target
from tests.core.observed import EMPTY, WAITING
from tests.core.test_states import CASES
from tests.core.test_states_awake import AWAKE as AWAKE_CASES

EVERYTHING = frozenset(
    ("metrics", "scaling", "alarms", "activities", "schedules", "topics", "quotas", "refusals", "jobs")
)
LOUD = (EndpointState.WAKE_STUCK, EndpointState.WAKE_FAILING, EndpointState.FAILING, EndpointState.BROKEN)
TABLES = CASES | {f"awake: {name}": each for name, each in AWAKE_CASES.items()}
FAULTY = replace(CONFIG, failure_path=None, error_topic=None)


def test_codes_are_names_of_their_own() -> None:
    assert len(set(CODES)) == len(CODES)
    assert all(code.replace("-", "").isalpha() and code.islower() for code in CODES)


def test_the_worst_comes_first() -> None:
    at = replace(ASLEEP, async_config=FAULTY)
    found = examine(case(WAITING, at=at, target=target(0, 0, scale_in=True))).findings
    assert [f.code for f in found] == ["maximum-zero", "scale-in-suspended", "failures-invisible"]


@pytest.mark.parametrize("at", [ASLEEP, AWAKE], ids=["asleep", "awake"])
def test_nothing_is_said_of_what_is_hidden(at: object) -> None:
    """With everything hidden only the configuration, which was read, is judged."""
    faulty = replace(at, async_config=FAULTY)  # type: ignore[type-var]
    broken = case(
        WAITING, at=faulty, target=target(0, 0, scale_in=True), policies=(), alarms=(), hidden=EVERYTHING
    )
    assert said(broken).keys() == {"failures-invisible"}
    assert not said(case(WAITING, at=at, target=None, policies=(), alarms=(), hidden=EVERYTHING))


def test_what_could_not_be_read_is_said() -> None:
    problem = Problem(
        "SNS topics", "AWS denied sns:ListSubscriptionsByTopic.", action="sns:ListSubscriptionsByTopic"
    )
    seen = case(EMPTY, hidden=frozenset({"topics"}))
    assert examine(replace(seen, unread=(problem,))).unchecked == (problem,)


@pytest.mark.parametrize("status", ["Creating", "Deleting"])
def test_what_comes_or_goes_is_left_alone(status: str) -> None:
    assert not said(case(EMPTY, at=replace(ASLEEP, status=status), target=None, policies=(), alarms=()))


def test_an_endpoint_that_could_not_be_described_is_left_alone() -> None:
    unknown = replace(ASLEEP, described=False, async_config=None, current=None, desired=None)
    assert not said(case(EMPTY, at=unknown, target=None, policies=(), alarms=()))


def test_of_a_real_time_endpoint_only_its_status_is_judged() -> None:
    at = replace(AWAKE, async_config=None)
    calm = case(EMPTY, at=at, target=None, policies=(), alarms=())
    assert not said(replace(calm, verdict=judge_realtime(calm.seen)))
    failed = case(EMPTY, at=replace(at, status="Failed"), target=None, policies=(), alarms=())
    assert said(replace(failed, verdict=judge_realtime(failed.seen))).keys() == {"broken"}


@pytest.mark.parametrize("name", TABLES)
def test_the_doctor_has_an_answer_to_every_loud_verdict(name: str) -> None:
    """And none that is louder than a verdict on what happens now, unless it surely would not wake."""
    each = TABLES[name]
    seen = observed.look(replace(each, at=replace(each.at, async_config=each.at.async_config and CONFIG)))
    verdict = judge(seen)
    found = examine(Case(seen, verdict, HEARD, usual_wake_s=seen.usual_start())).findings
    if verdict.state in LOUD and not seen.hidden:
        assert any(f.severity is verdict.severity for f in found), verdict.sentence
    if verdict.state is EndpointState.IDLE_PAID and not seen.hidden:
        assert found, verdict.sentence
    if any(f.severity is Severity.CRITICAL for f in found):
        assert verdict.severity in (Severity.CRITICAL, Severity.WARNING), (verdict.sentence, found)
