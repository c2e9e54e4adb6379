"""The advice: every honest answer, ties within the noise, what the next cheaper one breaks, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from ops.core.candidate import Candidate
from ops.core.views_planner import Answer, Played, Role, Spread
from ops.replay.advice import Facts, advise, breaks, cheapest, decide, next_cheaper
from ops.replay.promise import parse
from tests.core.warm_samples import office
from tests.replay.played_samples import MACHINE, PROMISE, fixed, sample, sleeping

FACTS = Facts(requests=1000.0, days=30.0, cold_start_s=300.0)
TODAY = Role.TODAY
ONE_WARM = Candidate(1, 4, 5.0, machine=MACHINE)


def said(found: Sequence[Played], facts: Facts = FACTS) -> tuple[Answer, int | None, str]:
    advice = advise(found, PROMISE, facts)
    return advice.answer, advice.chosen, advice.sentence


@pytest.mark.parametrize(
    ("found", "facts", "answer", "chosen", "sentence"),
    [
        pytest.param(
            [
                sample(0, sleeping(4), 400, role=TODAY),
                sample(1, sleeping(2), 300),
                sample(2, sleeping(1), 200, 0.2),
            ],
            FACTS,
            Answer.CHANGE,
            1,
            "The cheapest policy that keeps the promise is min 0, max 2, target 5, wakes after 2 min, about $300 a "
            "month: about $100 a month (25 %) less than today's.",
            id="a cheaper policy keeps it",
        ),
        pytest.param(
            [sample(0, sleeping(1), 200, 0.2, role=TODAY), sample(1, sleeping(2), 300)],
            FACTS,
            Answer.CHANGE,
            1,
            "The cheapest policy that keeps the promise is min 0, max 2, target 5, wakes after 2 min, about $300 a "
            "month. Today's policy, about $200 a month, does not keep it.",
            id="today's does not keep it",
        ),
        pytest.param(
            [sample(0, sleeping(2), 300), sample(1, sleeping(1), 200, 0.2)],
            FACTS,
            Answer.CHANGE,
            0,
            "The cheapest policy that keeps the promise is min 0, max 2, target 5, wakes after 2 min, about $300 a "
            "month.",
            id="today's is not known",
        ),
        pytest.param(
            [
                sample(0, sleeping(2), 300, role=TODAY),
                sample(1, sleeping(4), 400),
                sample(2, sleeping(1), 200, 0.2),
            ],
            FACTS,
            Answer.STAY,
            0,
            "Keep today's policy (min 0, max 2, target 5, wakes after 2 min), about $300 a month: it keeps the "
            "promise, and none of the 3 policies tried does for less.",
            id="today's is the cheapest",
        ),
        pytest.param(
            [
                sample(0, sleeping(2), [300, 310, 290, 305, 295], role=TODAY, p95=90.0),
                sample(1, sleeping(4), [305, 300, 295, 296, 299], p95=10.0),
            ],
            FACTS,
            Answer.STAY,
            0,
            "Keep today's policy (min 0, max 2, target 5, wakes after 2 min), about $300 a month: it keeps the "
            "promise, and none of the 2 policies tried does for less.",
            id="today's is as cheap within the noise, although it waits longer",
        ),
        pytest.param(
            [
                sample(0, sleeping(4), 400, 0.4, role=TODAY),
                sample(1, fixed(1), 730, 0.2),
                sample(2, fixed(2), 1460),
            ],
            replace(FACTS, any_hour=True),
            Answer.ALWAYS_ON,
            2,
            "Always on at 2 instances is the answer, about $1,460 a month: of the 3 policies tried none that sleeps "
            "keeps the promise, and the promise (2 min) is shorter than a cold start (5.0 min), and requests come at "
            "any hour.",
            id="always on: a promise below the cold start, at any hour",
        ),
        pytest.param(
            [
                sample(0, sleeping(4), 400, 0.4, role=TODAY),
                sample(1, ONE_WARM, 800),
                sample(2, fixed(2), 1460),
            ],
            replace(FACTS, any_hour=True, cold_start_s=60.0),
            Answer.ALWAYS_ON,
            1,
            "Never asleep (min 1, max 4, target 5) is the answer, about $800 a month: of the 3 policies tried none "
            "that sleeps keeps the promise.",
            id="never asleep, for another reason",
        ),
        pytest.param(
            [
                sample(0, sleeping(8), 2000, role=TODAY),
                sample(1, sleeping(2), 715, cold=41.0),
                sample(2, fixed(1), 730, cold=0.0),
            ],
            replace(FACTS, any_hour=True),
            Answer.NO_GAIN,
            2,
            "Always on at 1 instance is the answer, about $730 a month: requests come so thinly spread over all "
            "hours that it would hardly sleep between them. The cheapest policy that sleeps and keeps the promise "
            "would save about $15.00 a month (2 %), with 41 cold starts a month.",
            id="too sparse to gain",
        ),
        pytest.param(
            [
                sample(0, sleeping(2), [729, 733, 727, 731, 730], cold=41.0),
                sample(1, fixed(1), 731, cold=0.0),
            ],
            FACTS,
            Answer.NO_GAIN,
            1,
            "Always on at 1 instance is the answer, about $731 a month: sleeping gains next to nothing. The cheapest "
            "policy that sleeps and keeps the promise would save nothing beyond the noise, with 41 cold starts a "
            "month.",
            id="sleeping gains nothing beyond the noise",
        ),
        pytest.param(
            [sample(0, fixed(1), 730, role=TODAY, cold=0.0), sample(1, sleeping(2), 715, cold=41.0)],
            FACTS,
            Answer.STAY,
            0,
            "Keep today's policy (always on at 1 instance), about $730 a month: it keeps the promise, and none of "
            "the 2 policies tried does for less. One that sleeps would save about $15.00 a month (2 %).",
            id="too sparse to gain, and always on already",
        ),
        pytest.param(
            [sample(0, sleeping(4), 400, 0.4, role=TODAY), sample(1, fixed(8), 5840, 0.12, p95=150.0)],
            FACTS,
            Answer.NOTHING_KEEPS,
            1,
            "None of the 2 policies tried keeps the promise. The best, always on at 8 instances, is about $5,840 a "
            "month, and with it 12 % of requests wait longer than 2 min, where 5 % may; p95 is 2.5 min.",
            id="nothing keeps it",
        ),
        pytest.param(
            [sample(0, sleeping(4), 400, role=TODAY)],
            replace(FACTS, requests=0.0),
            Answer.NO_TRAFFIC,
            None,
            "No request came in the 30 days that were looked at, so nothing tells one policy from another; a minimum "
            "of 0 costs nothing until one comes.",
            id="no traffic",
        ),
    ],
)
def test_every_honest_answer(
    found: list[Played], facts: Facts, answer: Answer, chosen: int | None, sentence: str
) -> None:
    assert said(found, facts) == (answer, chosen, sentence)


def test_the_answer_does_not_depend_on_the_order() -> None:
    found = [
        sample(0, sleeping(4), 400, role=TODAY),
        sample(1, sleeping(2), 300),
        sample(2, sleeping(3), 300, p95=59.0),
        sample(3, sleeping(1), 200, 0.2),
        sample(4, fixed(1), 730),
    ]
    assert {decide(order, FACTS).best.number for order in permutations(found)} == {2}  # type: ignore[union-attr]
    assert {next_cheaper(order, found[2]).number for order in permutations(found)} == {3}  # type: ignore[union-attr]


def test_of_those_that_cost_the_same_the_one_with_the_shortest_waits_is_advised_and_the_others_are_named() -> (
    None
):
    alike = [
        sample(0, sleeping(2), [300, 310, 290, 305, 295], 0.04),
        sample(1, sleeping(3), [305, 300, 295, 296, 299], 0.02, p95=50.0),
        sample(2, sleeping(4), [304, 301, 294, 297, 298], 0.02, p95=40.0),
        sample(3, sleeping(5), [340, 350, 330, 345, 335], 0.0),
    ]
    best, tied = cheapest(alike)
    assert (best.number, [p.number for p in tied]) == (2, [0, 1])
    advice = advise(alike, PROMISE, FACTS)
    assert advice.tied == (0, 1)
    assert any(
        line.startswith(
            "2 other candidates keep it and cost the same within the noise, so any of them will do"
        )
        and line.endswith("this one has the fewest late requests, then the shortest waits.")
        for line in advice.evidence
    ), advice.evidence
    late = [alike[0], sample(1, sleeping(3), [305, 300, 295, 296, 299], 0.02, p95=90.0), alike[3]]
    assert advise(late, PROMISE, FACTS).chosen == 1
    assert any(
        "this one has the fewest late requests" in line for line in advise(late, PROMISE, FACTS).evidence
    )


def test_one_expansion_that_breaks_it_is_enough_unless_less_is_asked_for() -> None:
    found = [sample(0, sleeping(4), 400), sample(1, sleeping(2), 300, kept=4)]
    assert decide(found, FACTS).best == found[0]
    assert decide(found, replace(FACTS, sure=0.8)).best == found[1]


def test_what_the_next_cheaper_one_would_break() -> None:
    promise = parse("p95<=120s mon-fri 08-18 Europe/Berlin; max<=900s")
    found = [
        sample(0, sleeping(4), 400, promise=promise, late=(0.0, 0.0)),
        sample(1, sleeping(3), 300, promise=promise, late=(0.082, 0.0), p95=246.0),
        sample(2, sleeping(2), 300.2, promise=promise, late=(0.3, 0.0)),
        sample(3, sleeping(1), 100, promise=promise, late=(0.0, 0.3)),
    ]
    cheaper = next_cheaper(found, found[0])
    assert cheaper is not None
    assert cheaper.number == 1
    assert breaks(cheaper) == (
        "The next cheaper one (min 0, max 3, target 5, wakes after 2 min), about $300 a month, breaks it: 8.2 % of "
        "requests wait longer than 2 min Mon-Fri 08:00-18:00 (Europe/Berlin), where 5 % may; p95 is 4.1 min. It "
        "keeps the promise in 0 of 5 expansions."
    )
    assert (
        "30 % of requests wait longer than 15 min at other times, where none may; the longest wait is"
        in breaks(found[3])
    )
    assert (
        breaks(next_cheaper(found[:1], found[0]))
        == "No candidate that costs less and breaks the promise was tried."
    )


def test_what_keeps_the_promise_is_never_the_next_cheaper_one() -> None:
    """B costs the same as A within the noise, waits less, and costs more than C beyond it: ties are not transitive."""
    a = sample(0, sleeping(2), [300, 330, 270, 315, 285], 0.04)
    b = sample(1, sleeping(3), [312, 310, 311, 313, 309], 0.01, p95=20.0)
    c = sample(2, sleeping(4), [301, 299, 300, 302, 298], 0.03)
    d = sample(3, sleeping(5), 290, 0.2)
    advice = advise([a, b, c, d], PROMISE, FACTS)
    assert advice.chosen is not None
    assert advice.cheaper == 3


def test_what_is_kept_on_average_and_not_in_every_expansion_is_told_by_the_worst() -> None:
    one = sample(0, sleeping(2), 300, 0.04, kept=4)
    part = replace(one.clauses[0], within=Spread((0.96, 0.97, 0.96, 0.98, 0.946)))
    told = breaks(replace(one, clauses=(part,)))
    assert "up to 5.4 % of requests wait longer than 2 min, where 5 % may" in told
    assert told.endswith("It keeps the promise in 4 of 5 expansions.")


def test_what_is_known_of_today_and_how_sure_it_is() -> None:
    found = [
        sample(0, sleeping(1), 200, 0.2, role=TODAY, p95=600.0),
        sample(1, sleeping(2), [301, 305, 312, 308, 304], cold=12.0, requests=14.0),
    ]
    facts = replace(
        FACTS, trust="The replay of the last 30 days met its cost within 3 %.", growth=2.0, requests=14.0
    )
    advice = advise(found, PROMISE, facts)
    assert advice.evidence == (
        "With it: p95 wait 1 min, longest 1.5 min; 12 cold starts a month.",
        "Today's policy (min 0, max 1, target 5, wakes after 2 min): about $200 a month; p95 wait 10 min, longest 15 "
        "min; 10 cold starts a month; 20 % of requests wait longer than 2 min, where 5 % may; p95 is 10 min.",
    )
    assert advice.sure == (
        "Estimates: 14 requests of 30 days, placed within their minutes in 5 ways, the same for every candidate. The "
        "promise is kept in 5 of 5 expansions.",
        "Only 2 policies were tried: one that was not may keep the promise for less.",
        "The traffic was multiplied by 2.",
        "The baselines of Savings are of the traffic as it was: it is not held against them.",
        "Over these: cost $301-312 a month; p95 wait 1 min.",
        "Only 14 requests came at all times: that says little about a share of them.",
        "The replay of the last 30 days met its cost within 3 %.",
    )


def test_without_a_price_instance_hours_are_compared() -> None:
    found = [
        sample(0, sleeping(4), 400, role=TODAY, price=None),
        sample(1, sleeping(2), 300, price=None),
    ]
    for one in found:
        object.__setattr__(
            one, "candidate", replace(one.candidate, machine=replace(MACHINE, usd_per_hour=None))
        )
    advice = advise(found, PROMISE, FACTS)
    assert advice.sentence.endswith(
        "about 300 instance-hours a month (no price is known): about 100 instance-hours a month less than today's."
    )


def test_always_on_is_shown_beside_a_policy_that_sleeps() -> None:
    found = [sample(0, sleeping(2), 300), sample(1, fixed(1), 730, cold=0.0)]
    advice = advise(found, PROMISE, FACTS)
    assert advice.answer is Answer.CHANGE
    assert advice.evidence[1] == (
        "Always on at 1 instance would keep the promise, too, for about $730 a month."
    )


def test_openings_that_met_an_endpoint_being_updated_are_told_with_what_is_not_known() -> None:
    warm = replace(sleeping(3), warm=(office(),))
    good = sample(0, warm, [300, 310, 305, 302, 306])
    met = replace(good, openings=22, failed_openings=Spread((4.0, 4.0, 3.0, 4.0, 4.0)))
    said = advise([met], PROMISE, FACTS).sure
    assert any(
        line.startswith("At 3 to 4 of 22 openings of its windows the endpoint was being") for line in said
    )
    assert not any("being updated" in line for line in advise([good], PROMISE, FACTS).sure)


def test_a_cost_that_differs_much_by_the_edges_of_windows_is_explained() -> None:
    warm = replace(sleeping(3), warm=(office(),))
    calm = advise([sample(0, warm, [300, 310, 305, 302, 306])], PROMISE, FACTS)
    wild = advise([sample(0, warm, [300, 310, 305, 302, 700])], PROMISE, FACTS)
    assert not any("edges of its windows" in line for line in calm.sure)
    assert any("edges of its windows" in line for line in wild.sure)


def test_requests_that_never_start_stand_in_the_answer_and_hide_no_percentile() -> None:
    found = [
        sample(0, sleeping(1), 200, 0.6, role=TODAY, p95=6420.0, never=0.5),
        sample(1, sleeping(2), 300, never=0.02),
    ]
    advice = advise(found, PROMISE, FACTS)
    assert advice.sentence.endswith(
        "With it 2 % of requests expire or never start. With today's policy 50 % of requests expire or never start."
    )
    today = advice.evidence[1]
    assert "p95" not in today
    assert "longest" not in today
    assert "50 % of requests expire or never start; 10 cold starts a month; 60 % of requests wait" in today
    assert advice.evidence[0] == (
        "With it: p95 wait 1 min, longest 1.5 min; 2 % of requests expire or never start; 10 cold starts a month."
    )
    assert "p95" not in breaks(found[0])
    nothing = advise(found[:1], PROMISE, FACTS)
    assert nothing.answer is Answer.NOTHING_KEEPS
    assert "p95" not in " ".join((nothing.sentence, *nothing.evidence, *nothing.sure))


def test_what_todays_row_leaves_out_stands_in_the_evidence() -> None:
    today = replace(sample(0, sleeping(1), 200, 0.2, role=TODAY), left=("Scaling is suspended in part.",))
    for found in ([today], [today, sample(1, sleeping(2), 300)]):
        said_ = advise(found, PROMISE, FACTS).evidence
        assert "Today's policy is more than its row says. Scaling is suspended in part." in said_


def test_several_measures_of_the_same_hours_are_told_together() -> None:
    both = parse("p95<=2min; p99<=10min")
    one = sample(0, sleeping(2), 300, promise=both, late=(0.02, 0.0), requests=12.0)
    advice = advise([one], both, FACTS)
    assert advice.evidence[0].startswith("With it: p95 wait 1 min, longest 1.5 min; ")
    assert sum("p95 wait 1 min" in line for line in advice.sure) == 1
    assert sum("Only 12 requests came at all times" in line for line in advice.sure) == 1
    office_ = parse("p95<=2min and max<=10min mon-fri 8-18 UTC; max<=1h")
    told = advise([sample(0, sleeping(2), 300, promise=office_, late=(0.02, 0.0, 0.0))], office_, FACTS)
    assert told.evidence[0] == (
        "With it: Mon-Fri 08:00-18:00 (UTC) p95 1 min, 98 % within 2 min, 100 % within 10 min; at other times p95 1 "
        "min, 100 % in time; 10 cold starts a month."
    )


def test_a_clause_for_all_other_times_is_called_so_wherever_it_is_told() -> None:
    promise = parse("p95<=120s mon-fri 08-18; p95<=900s")
    found = [
        sample(0, sleeping(4), 400, [0.0, 0.2], promise=promise, role=TODAY),
        sample(1, sleeping(2), 500, [0.0, 0.0], promise=promise, requests=10.0),
    ]
    told = advise(found, promise, FACTS)
    assert told.breaks.count("wait longer than 15 min at other times, where 5 % may") == 1
    assert any("longer than 15 min at other times" in line for line in told.evidence)
    assert any(line.startswith("Only 10 requests came at other times") for line in told.sure)
    alone = [sample(0, sleeping(4), 400, 0.2), sample(1, sleeping(2), 500)]
    assert "wait longer than 2 min, where" in advise(alone, PROMISE, FACTS).breaks
