"""Finalists over expansions that the search has not seen: luck is found out, and the next one is advised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ops.core.candidate import Candidate, SearchSpace, always_on
from ops.core.views_planner import Answer, Played
from ops.replay.advice import Facts, advise, decide
from ops.replay.candidates import Ground, scenario
from ops.replay.confirmed import Fresh, confirmed
from ops.replay.promise import parse
from ops.replay.scenario import Requests
from ops.replay.search import Today, Traffic, search
from ops.replay.sweep import Stopped
from tests.core.warm_samples import at
from tests.replay.played_samples import MACHINE

MONDAY = at("2026-11-02 00:00").timestamp()
DAY = 86_400.0
GROUND = Ground(MONDAY, MONDAY + DAY)
PROMISE = parse("max<=60s")
NO_SPACE = SearchSpace((), (), (), (), (), (), (), (), ())
ALWAYS = [always_on(n, MACHINE) for n in (1, 2, 3, 4)]
ASLEEP = Candidate(0, 4, 1.0, machine=MACHINE)
FACTS = Facts(requests=40.0, days=1.0, cold_start_s=300.0)


def bursts(size: int) -> Requests:
    """So many requests of 50 s at once, every hour: two run on an instance, and the rest waits for them."""
    arrival = np.repeat(MONDAY + 3600.0 * np.arange(1, 23), size)
    return Requests(arrival, np.full(len(arrival), 50.0))


SEEN = Traffic((bursts(2), bursts(2)), (1, 2))


def fresh(*sizes: int) -> Fresh:
    return Fresh(lambda number: Traffic((bursts(sizes[number - 2]),), (number + 1,)), 2, len(sizes))


def tried(today: Today | None = None) -> tuple[Played, ...]:
    return search(SEEN, GROUND, PROMISE, NO_SPACE, today=today, own=(*ALWAYS, ASLEEP), most=6)


def test_the_cheapest_that_keeps_it_where_it_was_looked_for_falls_where_it_does_not_elsewhere() -> None:
    found = tried()
    assert decide(found, FACTS).best == found[0]  # one instance: two requests at once never wait
    made = confirmed(found, fresh(2, 5, 2, 2), GROUND, PROMISE, FACTS)
    assert [p.fresh for p in made[:2]] == [(True, False, True, True), (True,) * 4]
    told = advise(made, PROMISE, FACTS)
    assert (told.answer, told.chosen, told.cheaper) == (Answer.ALWAYS_ON, 1, 0)
    assert "kept in 2 of 2 expansions, and in 4 of 4 fresh ones that the search had not seen." in told.sure[0]
    assert any(
        line.startswith("1 cheaper candidate kept it in the expansions of the search") for line in told.sure
    )
    assert told.breaks.endswith("2 of 2 expansions, and in 3 of 4 fresh ones that the search had not seen.")
    assert [replace(p, fresh=()) for p in made[:4]] == list(found[:4])


def test_a_share_of_the_fresh_ones_is_enough_where_that_is_asked_for() -> None:
    facts = replace(FACTS, sure=0.75)
    made = confirmed(tried(), fresh(2, 5, 2, 2), GROUND, PROMISE, facts)
    assert decide(made, facts).best == made[0]


def test_todays_set_up_is_tried_as_it_is() -> None:
    """Its candidate is one instance, but a schedule holds four: the fresh burst of five keeps within the promise."""
    exact = replace(scenario(ALWAYS[3], GROUND), start_s=None, until_s=None)
    today = Today(Candidate(1, 1, 5.0, machine=MACHINE), exact, ("What a candidate cannot hold.",))
    made = confirmed(tried(today), fresh(5), GROUND, PROMISE, FACTS, today=today)
    assert made[0].fresh == (True,)


def test_where_nothing_keeps_it_any_more_that_is_the_answer() -> None:
    made = confirmed(tried(), fresh(2, 40), GROUND, PROMISE, FACTS)
    assert decide(made, FACTS).answer is Answer.NOTHING_KEEPS
    assert "in 1 of 2 fresh ones" in advise(made, PROMISE, FACTS).sentence


def test_it_can_be_called_off() -> None:
    with pytest.raises(Stopped):
        confirmed(tried(), fresh(2), GROUND, PROMISE, FACTS, tell=lambda done, of: False)
