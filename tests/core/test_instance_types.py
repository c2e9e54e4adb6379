"""The types of an endpoint over time, from deploys, sightings and configurations."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.instance_types import Configured, Deploy, Sighting, assumed, types_from
from ops.core.moments import written
from ops.core.savings import TypeFrom

BORN = datetime(2026, 10, 1, tzinfo=UTC)
CONFIGS = {"c1": Configured("small", BORN), "c2": Configured("large", BORN), "c3": Configured("small", BORN)}


def at(hours: float) -> datetime:
    return BORN + timedelta(hours=hours)


def seen(begin: float, end: float, config: str, kind: str, made: float | None = 0.0) -> Sighting:
    return Sighting(at(begin), at(end), config, kind, None if made is None else at(made))


def deploy(hours: float, config: str, *, first: bool = False) -> Deploy:
    return Deploy(at(hours), config, first)


def told(found: tuple[TypeFrom, ...]) -> list[tuple[float, str | None]]:
    return [((each.since - BORN) / timedelta(hours=1), each.instance_type) for each in found]


CREATED = deploy(0, "c1", first=True)
CASES = [
    pytest.param([seen(50, 60, "c1", "small")], [], None, [(50, "small")], id="seen, and nothing else known"),
    pytest.param([seen(50, 60, "c1", "small")], [], 20, [(20, "small")], id="no deploy since then"),
    pytest.param([seen(50, 60, "c1", "small")], [], -20, [(0, "small")], id="no deploy in all its life"),
    pytest.param(
        [seen(50, 60, "c1", "small")], [CREATED], 20, [(0, "small")], id="its creation is on record"
    ),
    pytest.param(
        [seen(50, 60, "c2", "large")],
        [CREATED, deploy(30, "c2")],
        -20,
        [(0, "small"), (30, "large")],
        id="moved before it was ever seen",
    ),
    pytest.param(
        [seen(50, 60, "c2", "large")],
        [deploy(30, "c2")],
        20,
        [(30, "large")],
        id="what it was moved from is not on record",
    ),
    pytest.param(
        [seen(10, 30, "c1", "small"), seen(31, 60, "c2", "large")],
        [deploy(30.5, "c2")],
        None,
        [(10, "small"), (30.5, "large")],
        id="seen before and after: from the call on",
    ),
    pytest.param(
        [seen(10, 30, "c1", "small"), seen(48, 60, "c2", "large", made=40)],
        [],
        None,
        [(10, "small"), (40, "large")],
        id="no call on record: from when its configuration was made",
    ),
    pytest.param(
        [seen(10, 30, "c1", "small"), seen(48, 60, "c2", "large", made=5)],
        [],
        None,
        [(10, "small"), (30, "large")],
        id="an old configuration: from when the other was last seen",
    ),
    pytest.param(
        [seen(10, 30, "c1", "small"), seen(48, 60, "c2", "large", made=None)],
        [],
        None,
        [(10, "small"), (48, "large")],
        id="nothing else to go by: from when it was seen",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [CREATED, deploy(59, "c2")],
        -20,
        [(0, "small")],
        id="an update under way, or rolled back",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [CREATED, deploy(20, "c2"), deploy(30, "c1")],
        -20,
        [(0, "small"), (20, "large"), (30, "small")],
        id="there and back",
    ),
    pytest.param(
        [seen(50, 60, "c3", "small")],
        [CREATED, deploy(20, "c3")],
        -20,
        [(0, "small")],
        id="another configuration with the same type",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [CREATED, deploy(20, "gone"), deploy(30, "c1")],
        -20,
        [(0, "small"), (20, None), (30, "small")],
        id="a configuration that is gone",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [CREATED, deploy(20, "not looked up"), deploy(30, "c1")],
        10,
        [(0, "small")],
        id="one that was not looked up yet counts for nothing",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [deploy(-30, "c2", first=True), deploy(-20, "c2")],
        -40,
        [(0, "small")],
        id="of an earlier endpoint of the name",
    ),
    pytest.param(
        [seen(50, 60, "c1", "small")],
        [CREATED, deploy(20, "anew"), deploy(30, "c1")],
        -20,
        [(0, "small"), (20, None), (30, "small")],
        id="a configuration of that name was made later",
    ),
    pytest.param(
        [seen(50, 60, "anew", "huge", made=45)],
        [deploy(20, "anew")],
        -20,
        [(20, None), (50, "huge")],
        id="its configuration was made anew since, so another one was deployed",
    ),
    pytest.param([], [CREATED], 0, [], id="not described"),
]


@pytest.mark.parametrize(("sightings", "deploys", "complete", "wanted"), CASES)
def test_types(
    sightings: list[Sighting],
    deploys: list[Deploy],
    complete: float | None,
    wanted: list[tuple[float, str | None]],
) -> None:
    configs = {**CONFIGS, "gone": Configured(None), "anew": Configured("huge", at(45))}
    found = types_from(BORN, sightings, deploys, configs, None if complete is None else at(complete))
    assert told(found) == wanted


moments = st.integers(0, 99)
names = st.sampled_from(["c1", "c2", "c3", "gone", "unread"])


@given(
    st.lists(st.tuples(moments, names), max_size=6),
    st.lists(st.tuples(moments, st.sampled_from(["c1", "c2", "c3"])), min_size=1, max_size=4),
    st.one_of(st.none(), st.integers(-50, 99)),
)
def test_types_ascend_change_and_end_with_the_present_one(
    calls: list[tuple[int, str]], told_: list[tuple[int, str]], complete: int | None
) -> None:
    configs = {**CONFIGS, "gone": Configured(None)}
    sightings = []
    for number, (_, config) in enumerate(sorted(told_)):
        kind = configs[config].instance_type
        assert kind is not None
        sightings.append(seen(100 + number, 100.5 + number, config, kind))
    deploys = [deploy(hours, config) for hours, config in calls]
    since = None if complete is None else at(complete)
    found = types_from(BORN, sightings, deploys, configs, since)
    assert found[-1].instance_type == sightings[-1].instance_type
    assert all(a.since < b.since for a, b in itertools.pairwise(found))
    assert all(a.instance_type != b.instance_type for a, b in itertools.pairwise(found))
    assert found[0].since >= BORN


def test_what_is_only_assumed_is_said() -> None:
    types = (TypeFrom(at(30), "small"), TypeFrom(at(60), "large"))
    assert written(assumed(types, BORN, at(100))) == (
        "Which instance type it had before Fri 06:00 UTC is not on record; it is counted as small."
    )
    assert assumed(types, at(30), at(100)) == assumed(types, at(40), at(100)) == ""
    assert assumed((TypeFrom(at(30), None),), BORN, at(100)) == "", "nothing is counted as an unknown type"
    assert assumed((), BORN, at(100)) == ""
