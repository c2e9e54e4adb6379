"""The state of an alarm: the table for missing data, and the machine fed one datapoint at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.autoscaling import ALARM, INSUFFICIENT, OK, AlarmMachine, AlarmRule, alarm_state

STATES = (OK, ALARM, INSUFFICIENT)
RETAIN = "retain"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def rule(m: int, n: int, missing: str = "missing") -> AlarmRule:
    return AlarmRule("GreaterThanThreshold", 5.0, n, m, missing)


def values(picture: str) -> list[float | None]:
    return [{"0": 1.0, "X": 9.0, "-": None}[c] for c in picture.split()]


TABLE = [
    (3, "0 - X - X", (OK, OK, OK, OK)),
    (3, "0 - - - -", (OK, OK, OK, OK)),
    (3, "- - - - -", (INSUFFICIENT, RETAIN, ALARM, OK)),
    (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
    (3, "- - X - -", (ALARM, RETAIN, ALARM, OK)),
    (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
    (2, "0 - X - -", (OK, OK, ALARM, OK)),
    (2, "- - - - 0", (OK, OK, ALARM, OK)),
    (2, "- - - X -", (ALARM, RETAIN, ALARM, OK)),
]


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize(("m", "picture", "states"), TABLE)
def test_the_documented_table(m: int, picture: str, states: tuple[str, ...], before: str) -> None:
    for treatment, expected in zip(TREATMENTS, states, strict=True):
        state = alarm_state(values(picture), rule(m, 3, treatment), before)
        assert state == (before if expected == RETAIN else expected), treatment


@pytest.mark.parametrize("picture", ["- - - - X", "- - - X -"])
@pytest.mark.parametrize("before", STATES)
def test_no_premature_alarm_while_the_next_datapoint_may_still_be_fine(picture: str, before: str) -> None:
    assert alarm_state(values(picture), rule(3, 3), before) == before


def test_one_breach_of_three_is_enough_where_one_is_asked_for() -> None:
    assert alarm_state(values("- - X - 0"), rule(1, 3, "ignore"), OK) == ALARM


@pytest.mark.parametrize(
    ("comparison", "at", "above", "below"),
    [
        ("GreaterThanThreshold", False, True, False),
        ("GreaterThanOrEqualToThreshold", True, True, False),
        ("LessThanThreshold", False, False, True),
        ("LessThanOrEqualToThreshold", True, False, True),
    ],
)
def test_comparisons(comparison: str, at: bool, above: bool, below: bool) -> None:
    compared = AlarmRule(comparison, 5.0, 1, 1)
    assert (compared.breaches(5.0), compared.breaches(6.0), compared.breaches(4.0)) == (at, above, below)


@st.composite
def rules(draw: st.DrawFn) -> AlarmRule:
    n = draw(st.integers(1, 6))
    m = draw(st.integers(1, n))
    comparison = draw(st.sampled_from(["GreaterThanThreshold", "LessThanOrEqualToThreshold"]))
    return AlarmRule(comparison, 5.0, n, m, draw(st.sampled_from(TREATMENTS)))


datapoints = st.lists(st.sampled_from([None, 1.0, 5.0, 9.0, 9.5]), max_size=60)
# Long runs of one value, where the machine takes its short cut.
runs = st.lists(st.tuples(st.sampled_from([None, 1.0, 9.0]), st.integers(1, 15)), max_size=8).map(
    lambda parts: [value for value, times in parts for _ in range(times)]
)


@given(rules(), st.one_of(datapoints, runs), st.sampled_from(STATES))
def test_the_machine_agrees_with_the_rule_at_every_step(
    of: AlarmRule, points: list[float | None], before: str
) -> None:
    machine, state = AlarmMachine(of, before), before
    for i, value in enumerate(points, 1):
        state = alarm_state(points[max(0, i - of.range) : i], of, state)
        assert machine.push(value) == state
        assert machine.state == state


@given(rules(), st.one_of(datapoints, runs), st.sampled_from(STATES))
def test_a_settled_machine_stays_where_it_is(of: AlarmRule, points: list[float | None], before: str) -> None:
    machine = AlarmMachine(of, before)
    for value in points:
        machine.push(value)
    if machine.settled:
        state = machine.state
        assert [machine.push(points[-1]) for _ in range(of.range + 1)] == [state] * (of.range + 1)


@given(rules(), datapoints, st.sampled_from(STATES))
def test_looking_at_a_whole_range_is_the_same_rule(
    of: AlarmRule, points: list[float | None], before: str
) -> None:
    assert AlarmMachine(of, before).look(points) == alarm_state(points[-of.range :], of, before)


@given(rules(), datapoints, st.one_of(datapoints, runs), st.sampled_from(STATES))
def test_a_seeded_machine_goes_on_as_if_it_had_seen_it_all(
    of: AlarmRule, past: list[float | None], points: list[float | None], before: str
) -> None:
    machine, state = AlarmMachine(of, before), before
    machine.seed(past)
    assert machine.state == before
    seen = list(past)
    for value in points:
        seen.append(value)
        state = alarm_state(seen[-of.range :], of, state)
        assert machine.push(value) == state


def test_a_forced_state_lasts_until_the_next_datapoint() -> None:
    machine = AlarmMachine(rule(1, 1))
    for _ in range(10):
        machine.push(1.0)
    assert machine.settled
    machine.force(ALARM)
    assert machine.state == ALARM
    assert not machine.settled
    assert machine.push(1.0) == OK


def test_the_low_alarm_of_target_tracking_needs_fifteen_minutes() -> None:
    machine = AlarmMachine(AlarmRule("LessThanThreshold", 4.5, 15, 15))
    states = [machine.push(0.0) for _ in range(15)]
    assert states[:14] == [INSUFFICIENT] * 14
    assert states[14] == ALARM
