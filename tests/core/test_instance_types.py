"""The types of an endpoint over time, from deploys, sightings and configurations."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.instance_types import (
    Configured,
    Deploy,
    IntervalFrom,
    Sighting,
    assumed,
    assumed_interval,
    intervals_from,
    stretches,
    types_from,
)
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


def sees(begin: float, end: float, config: str, interval: int | None) -> Sighting:
    return Sighting(at(begin), at(end), config, "small", at(0), interval)


EVERY = {"c1": Configured("small", BORN, 60), "c2": Configured("small", BORN, 10), "old": Configured("small")}
OFTEN = [
    pytest.param([sees(50, 60, "c1", 60)], [], [(50, 60, None)], id="seen, and nothing else known"),
    pytest.param([sees(50, 60, "c1", None)], [], [(50, None, None)], id="seen by an older Ebb"),
    pytest.param(
        [sees(0, 30, "c1", 60), sees(30.2, 60, "c2", 10)],
        [CREATED, deploy(30.1, "c2")],
        [(0, 60, None), (30.2, 10, None)],
        id="seen when the update was done",
    ),
    pytest.param(
        [sees(50, 60, "c2", 10)],
        [CREATED, deploy(30, "c2")],
        [(0, 60, None), (30, 10, 31)],
        id="nobody saw when it was done",
    ),
    pytest.param(
        [sees(50, 60, "c2", 10)],
        [deploy(0, "old", first=True), deploy(30, "c2")],
        [(0, None, None), (30, 10, 31)],
        id="looked up by an older Ebb",
    ),
    pytest.param(
        [sees(0, 30, "c1", 60), sees(30.2, 60, "c3", 60)],
        [CREATED, deploy(30.1, "c3")],
        [(0, 60, None)],
        id="another configuration that publishes the same",
    ),
]


@pytest.mark.parametrize(("given_", "calls", "expected"), OFTEN)
def test_publish_intervals_over_time(
    given_: list[Sighting], calls: list[Deploy], expected: list[tuple[float, int | None, float | None]]
) -> None:
    found = intervals_from(BORN, given_, calls, EVERY)
    assert found == tuple(
        IntervalFrom(at(since), seconds, None if sure is None else at(sure))
        for since, seconds, sure in expected
    )


def test_time_is_cut_where_the_interval_changed_and_what_is_in_doubt_is_in_no_part() -> None:
    hour, day = 3600, int(BORN.timestamp())
    found = (IntervalFrom(at(10), 60), IntervalFrom(at(20), 10), IntervalFrom(at(30.005), 120, at(31.005)))

    def cut(first: float, last: float) -> list[tuple[int, float, float]]:
        parts = stretches(found, 30, day + int(first * hour), day + int(last * hour))
        return [(seconds, round((a - day) / hour, 3), round((b - day) / hour, 3)) for seconds, a, b in parts]

    assert cut(0, 40) == [(60, 0, 20), (10, 20, 30.017), (120, 31.017, 40)]
    assert cut(22, 25) == [(10, 22, 25)]
    assert cut(30.25, 30.5) == cut(5, 5) == []
    assert stretches((), 30, 0, 900) == ((30, 0, 900),)
    assert stretches((), 30, 900, 900) == ()
    unknown = (IntervalFrom(at(10), None), IntervalFrom(at(20), 30, at(21)))
    assert stretches(unknown, 30, day, day + 30 * hour) == ((30, day, day + 30 * hour),)


def test_an_interval_that_is_only_taken_is_said() -> None:
    found = (IntervalFrom(at(10), 60), IntervalFrom(at(20), None), IntervalFrom(at(30), 10))

    def said(begin: float, end: float) -> str:
        return written(assumed_interval(found, 10, at(begin), at(end), at(100)))

    assert said(0, 15).startswith(
        "How often its hosts published metrics before Thu 10:00 UTC is not on record;"
    )
    assert said(0, 15).endswith("every 60 seconds is taken.")
    assert "before Fri 06:00 UTC is not on record; every 10 seconds" in said(0, 40)
    assert said(12, 18) == said(30, 40) == ""
    assert "every 10 seconds" in written(assumed_interval((), 10, at(0), at(5), at(100)))
