"""Alarm history: its parser, leniently, and the reader against the embedded AWS over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.aws import alarm_history
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import Denied
from ops.core.types import utc
from tests.living import TUESDAY, error, gated
from tests.small_worlds import NAME, small

T = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
WAKE = f"HasBacklogWithoutCapacity-{NAME}"
DATA = (
    '{"version":"1.0","oldState":{"stateValue":"OK","stateReason":"calm"},'
    '"newState":{"stateValue":"ALARM","stateReason":"Threshold Crossed"}}'
)


def wire(**more: Any) -> dict[str, Any]:
    plain = {
        "AlarmName": "a",
        "Timestamp": T,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": "Alarm updated from OK to ALARM",
        "HistoryData": DATA,
    }
    return plain | more


def test_a_state_change_with_its_states_and_reason() -> None:
    change = alarm_history.parse_change(wire())
    assert change is not None
    assert (change.alarm, change.at, change.kind) == ("a", T, "StateUpdate")
    assert (change.before, change.after, change.reason) == ("OK", "ALARM", "Threshold Crossed")


ODD = ["", "{", "{}", '{"oldState": "OK", "newState": []}', None, "[1]", '"text"', "3", "[" * 100_000, 7]


@pytest.mark.parametrize("data", ODD, ids=range(len(ODD)))
def test_data_that_cannot_be_read_leaves_the_states_unknown(data: object) -> None:
    change = alarm_history.parse_change(wire(HistoryData=data))
    assert change is not None
    assert (change.before, change.after, change.reason) == (None, None, "")
    assert change.summary == "Alarm updated from OK to ALARM"


@pytest.mark.parametrize("when", [None, "2026-11-20T14:00:00Z", 7, datetime(2026, 11, 20)])  # noqa: DTZ001
def test_an_item_without_a_time_is_none(when: object) -> None:
    assert alarm_history.parse_change(wire(Timestamp=when)) is None
    timeless = wire()
    del timeless["Timestamp"]
    assert alarm_history.parse_change(timeless) is None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with small(1.0, every_s=1800) as (server, _):
        yield server.url


@pytest.fixture(scope="module")
def reading(url: str) -> Iterator[Reading]:
    session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
    yield Reading(session)
    session.close()


NOW = utc(TUESDAY)


def test_what_an_alarm_went_through_newest_first_page_by_page(reading: Reading) -> None:
    found = alarm_history.read(reading, WAKE, NOW - timedelta(days=1), NOW)
    assert [c.at for c in found] == sorted((c.at for c in found), reverse=True)
    rang = [c for c in found if c.after == "ALARM"]
    assert rang
    assert all(c.before in ("OK", "INSUFFICIENT_DATA") and c.reason and c.kind == "StateUpdate" for c in rang)
    few = alarm_history.read(reading, WAKE, NOW - timedelta(days=1), NOW, most=3)
    assert few == found[:3]


def test_every_kind_and_a_part_of_the_time(reading: Reading) -> None:
    everything = alarm_history.read(reading, WAKE, NOW - timedelta(days=2), NOW, kind=None)
    assert {c.kind for c in everything} >= {"StateUpdate", "ConfigurationUpdate"}
    middle = everything[len(everything) // 2].at
    late = alarm_history.read(reading, WAKE, middle, NOW, kind=None)
    assert late == tuple(c for c in everything if c.at >= middle)


def test_several_alarms_and_one_that_nobody_knows(reading: Reading) -> None:
    found = alarm_history.read_all(reading, [WAKE, "nobody", WAKE], NOW - timedelta(hours=3), NOW)
    assert list(found) == [WAKE, "nobody"]
    assert found["nobody"] == ()


def test_denied_names_its_action(url: str) -> None:
    with gated(url) as (behind, gate):
        gate.shut["DescribeAlarmHistory"] = error("AccessDenied")
        session = AwsSession(Where("embedded", "us-east-1", behind, loopback=True))
        with pytest.raises(Denied) as refused:
            alarm_history.read(Reading(session), WAKE, NOW - timedelta(hours=3), NOW)
        assert refused.value.action == "cloudwatch:DescribeAlarmHistory"
        session.close()
