"""A back-test: what is compared, over which minutes, and in which words it is judged."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ops.core.types import Bounds
from ops.replay.backtest import FAIR, GOOD, KNOWN_FAIR, KNOWN_GOOD, Actual, Trust, backtest, wakes
from ops.replay.oracle import replay
from ops.replay.scenario import Requests, Scenario, Tracking, wake_policy

START = 1_795_000_020.0 // 60 * 60
REQUESTS = Requests(START + np.array([30.0, 31.0, 7200.0]), np.array([20.0, 20.0, 20.0]))
SCENARIO = Scenario(
    Bounds(0, 2),
    0,
    1,
    (Tracking(5.0), wake_policy()),
    provision_s=(240.0,),
    start_s=START,
    until_s=START + 40 * 3600,
)


def happened(scenario: Scenario = SCENARIO) -> Actual:
    """What a replay of the scenario would have published."""
    run = replay(REQUESTS, scenario)
    assert run.timeline is not None
    waits = run.waits(REQUESTS.arrival_s)
    return Actual(
        START,
        run.timeline.instances,
        run.timeline.backlog,
        float(waits.mean()),
        float(waits.max()),
        len(waits),
    )


def test_what_happened_just_so_is_trusted() -> None:
    found = backtest(happened(), [REQUESTS] * 2, [SCENARIO] * 2, replay)
    assert (found.trust, found.same.mid, found.known_share, found.seeds) == (Trust.GOOD, 1.0, 1.0, 2)
    for figure in found.figures:
        assert figure.actual == figure.replayed.low == figure.replayed.high
    assert found.figure("cold starts").actual == 2
    assert found.sentences[0].startswith("The replay can be trusted")
    assert "cold starts 2 against 2" in found.sentences[1]
    assert found.judged == found.sentences


def test_another_policy_than_the_replayed_one_is_found_out() -> None:
    warm = replace(SCENARIO, bounds=Bounds(1, 2), initial=1)
    found = backtest(happened(warm), [REQUESTS], [SCENARIO], replay, ["The policy x is left out."])
    assert found.trust is Trust.POOR
    assert found.figure("instance-hours").trust is Trust.POOR
    assert found.sentences[0].startswith("The replay is off")
    assert "What disagrees most: instance-hours and mean wait." in found.sentences
    assert found.sentences[-1] == "The policy x is left out."


@pytest.mark.parametrize(
    ("lost", "trust"), [(0, Trust.GOOD), (400, Trust.FAIR), (900, Trust.POOR), (2400, Trust.UNKNOWN)]
)
def test_minutes_that_are_not_known_lower_the_trust(lost: int, trust: Trust) -> None:
    actual = happened()
    instances = actual.instances.copy()
    instances[2400 - lost :] = math.nan
    if lost == 2400:
        actual = replace(actual, mean_wait_s=math.nan, max_wait_s=math.nan)
    found = backtest(replace(actual, instances=instances), [REQUESTS], [SCENARIO], replay)
    assert found.trust is trust
    assert found.known_share == pytest.approx(1 - lost / 2400)
    if 0 < lost < 2400:
        assert any("of the minutes are known" in said for said in found.sentences)


def test_what_limits_the_verdict_stands_right_behind_it() -> None:
    actual = happened()
    short = replace(actual, instances=actual.instances[:154], backlog=actual.backlog[:154])
    warm = replace(SCENARIO, bounds=Bounds(1, 2), initial=1, until_s=short.until_s)
    found = backtest(short, [REQUESTS], [warm], replay, ["The policy x is left out."])
    assert found.judged[1].startswith("What disagrees most: instance-hours")
    assert found.judged[2] == "Only 2 h 34 min could be compared."
    assert found.judged[3].startswith("Replayed against actual")
    assert found.sentences == (*found.judged, "The policy x is left out.")


def test_where_nothing_ran_and_nothing_waited_nothing_is_judged() -> None:
    """Asleep on both sides: zero hours agree with zero hours, which tells nothing of how well a wake is replayed."""
    size = 3000
    asleep = Actual(START, np.zeros(size), np.zeros(size), math.nan, math.nan, 0)
    nothing = Requests(np.zeros(0), np.zeros(0))
    found = backtest(asleep, [nothing], [replace(SCENARIO, until_s=asleep.until_s)], replay)
    assert found.trust is Trust.UNKNOWN
    assert "no instance ran and nothing waited" in found.sentences[1]
    waited = replace(asleep, mean_wait_s=300.0, max_wait_s=300.0, waits=2)
    assert backtest(waited, [REQUESTS], [SCENARIO], replay).trust is Trust.FAIR


def test_less_than_a_day_is_never_called_good() -> None:
    short = replace(SCENARIO, until_s=START + 6 * 3600)
    found = backtest(happened(short), [REQUESTS], [short], replay)
    assert (found.trust, found.same.mid) == (Trust.FAIR, 1.0)
    assert "Only 6 h could be compared." in found.sentences


def test_the_range_is_over_the_seeds() -> None:
    slow = replace(SCENARIO, provision_s=(600.0,))
    found = backtest(happened(), [REQUESTS] * 3, [SCENARIO, SCENARIO, slow], replay)
    wait = found.figure("mean wait").replayed
    assert wait.low == wait.mid < wait.high
    assert found.figure("longest wait").trust is Trust.UNKNOWN


def test_wakes_across_unknown_minutes_are_not_counted() -> None:
    nan = math.nan
    assert wakes(np.array([0, 1, 1, 0, nan, 2, 0, 0, 3.0])) == 2


def test_the_thresholds_are_those_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "planner.md").read_text(encoding="utf-8")
    rows = text.split("<!-- thresholds -->")[1].split("\n\n")[0].strip().splitlines()[2:]
    told = {cells[0]: cells[1:] for cells in ([c.strip() for c in row.strip("|").split("|")] for row in rows)}
    for name in GOOD:
        for cell, rules in zip(told.pop(name), (GOOD, FAIR), strict=True):
            share, least = cell.removesuffix(" s").split(" % or ")
            assert (float(share) / 100, float(least)) == (rules[name].share, rules[name].least)
    assert told == {"known minutes": [f"at least {s * 100:.0f} %" for s in (KNOWN_GOOD, KNOWN_FAIR)]}
