"""The search: candidates as scenarios, the space around today's policy, and the same expansions for all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from ops.core.candidate import Candidate, Machine, SearchSpace, always_on
from ops.core.errors import BadInput
from ops.core.promise import Promise
from ops.core.search_ranges import ranges
from ops.core.types import Bounds
from ops.core.views_planner import Role, Weighed
from ops.core.warm import WarmPlan
from ops.replay.candidates import Ground, fitted, scenario, unlike
from ops.replay.noise import front
from ops.replay.promise import parse
from ops.replay.ranges import allows, narrowed
from ops.replay.scenario import Kind, Requests, Stepping, Tracking
from ops.replay.search import Today, Traffic, cost_of, fronts, search, weighed
from ops.replay.space import around, at_any_hour, busy_hours, demands, fixed, grid, neighbours
from ops.replay.sweep import Stopped, Tell
from tests.core.warm_samples import at, office
from tests.replay.played_samples import MACHINE

MONDAY = at("2026-11-02 00:00").timestamp()
DAY = 86_400.0
GROUND = Ground(MONDAY, MONDAY + DAY, (300.0, 240.0, 360.0))
PROMISE = parse("p95<=120s mon-fri 08-18; p95<=900s")


def bursts(seed: int, hours: range = range(8, 18), size: int = 4, hold_s: float = 20.0) -> Requests:
    """A burst an hour, each somewhere in its minute."""
    drawn = np.random.default_rng(seed)
    minutes = np.repeat([MONDAY + h * 3600 + 660 for h in hours], size)
    return Requests(np.sort(minutes + drawn.uniform(0, 60, len(minutes))), np.full(len(minutes), hold_s))


HEAVY = Traffic(tuple(bursts(seed, size=40, hold_s=90.0) for seed in (1, 2, 3)), (1, 2, 3))
"""Ten bursts of 40 requests, 90 s each."""
TRAFFIC = Traffic(tuple(bursts(seed) for seed in (1, 2, 3)), (1, 2, 3))
NO_SPACE = SearchSpace((), (), (), (), (), (), (), (), ())


def test_a_candidate_as_a_scenario() -> None:
    plan = office(zone="UTC", early=10)
    found = scenario(Candidate(0, 4, 2.5, 600, 60, 3, (plan,), MACHINE), GROUND)
    tracking, wake = found.policies
    assert isinstance(tracking, Tracking)
    assert (tracking.target, tracking.in_cooldown_s, tracking.out_cooldown_s) == (2.5, 600.0, 60.0)
    assert isinstance(wake, Stepping)
    assert wake.alarms[0].rule.periods == 3
    assert (found.bounds, found.initial, found.concurrency) == (Bounds(0, 4), 0, 2)
    assert [(e.at_s - MONDAY, e.kind, e.low, e.high) for e in found.events] == [
        (7.0 * 3600 + 50 * 60, Kind.SCHEDULED, 1, None),
        (18.0 * 3600, Kind.SCHEDULED, 0, None),
    ]
    assert (found.start_s, found.until_s) == (MONDAY, MONDAY + DAY)


def test_a_window_that_is_open_at_the_start_holds_from_the_start_on() -> None:
    ground = replace(GROUND, start_s=MONDAY + 9 * 3600)
    found = scenario(Candidate(0, 4, warm=(office(zone="UTC", ceiling=3, back_max=4),)), ground)
    assert (found.bounds, found.initial) == (Bounds(1, 3), 1)
    assert [(e.low, e.high) for e in found.events] == [(0, 4)]


def test_always_on_has_no_policy() -> None:
    found = scenario(always_on(3, MACHINE), GROUND)
    assert (found.bounds, found.initial, found.policies, found.events) == (Bounds(3, 3), 3, (), ())


@pytest.mark.parametrize(
    "made",
    [
        lambda: Candidate(3, 2),
        lambda: Candidate(-1, 2),
        lambda: Candidate(0, 2, 0.0),
        lambda: Candidate(0, 2, float("nan")),
        lambda: Candidate(0, 2, in_cooldown_s=-1),
        lambda: Candidate(0, 2, wake=0),
        lambda: Machine(speed=0.0),
        lambda: Machine(concurrency=0),
        lambda: Machine(usd_per_hour=Decimal("-1")),
    ],
)
def test_what_cannot_be_is_refused(made: object) -> None:
    with pytest.raises(BadInput):
        made()  # type: ignore[operator]


def test_plans_put_back_what_their_candidate_is_outside_of_them() -> None:
    plan = office(zone="UTC", floor=3, back_min=0)
    found = fitted(Candidate(2, 5, warm=(replace(plan, id=7),)))
    assert (found.warm[0].id, found.warm[0].back_min) == (1, 2)
    assert unlike([Candidate(2, 5, warm=(plan,)), found]) == (found,)


def test_how_many_instances_keep_up() -> None:
    # 4 requests of 20 s on 2 slots each: 40 s of an instance in an hour, and within a limit of 2 min.
    assert demands(bursts(1), PROMISE, GROUND, MACHINE) == (1,)
    heavy = bursts(1, size=40, hold_s=90.0)  # 15 instances in 2 min
    assert demands(heavy, PROMISE, GROUND, MACHINE)[-1] == 15
    assert demands(Requests(np.zeros(0), np.zeros(0)), PROMISE, GROUND, MACHINE) == (1,)


def test_the_space_holds_todays_values_the_promised_hours_and_always_on() -> None:
    today = Candidate(0, 3, 7.0, 600, 30, 3, machine=MACHINE)
    found = around(today, bursts(1, size=40, hold_s=90.0), PROMISE, GROUND, MACHINE, "UTC")
    assert found.highs[0] == 3
    assert found.targets[0] == 7.0
    assert (found.in_cooldowns_s, found.out_cooldowns_s) == ((600,), (30,))
    assert found.wakes == (3, 2, 1)
    assert found.warms[0] == ()
    assert {plan.floor for plans in found.warms[1:] for plan in plans} == {1, 4, 15}
    assert all(plan.early == 7 for plans in found.warms[1:] for plan in plans)  # 360 s and a minute more
    assert found.fixed[0] == 1
    assert found.fixed[-1] == 15
    capped = around(today, bursts(1, size=40, hold_s=90.0), PROMISE, replace(GROUND, quota=4), MACHINE, "UTC")
    assert max(capped.highs) == 4
    assert max(capped.fixed) == 4


def test_a_grid_stays_within_its_room_and_holds_no_candidate_twice() -> None:
    today = Candidate(0, 3, 7.0, machine=MACHINE)
    space = around(today, bursts(1, size=40, hold_s=90.0), PROMISE, GROUND, MACHINE, "UTC")
    whole = grid(space, 10_000)
    assert len(whole) == len(set(whole)) > 100
    for room in (1, 7, 60):
        few = grid(space, room)
        assert 0 < len(few) <= room
        assert set(few) <= set(whole)
    assert all(c.fixed is None for c in whole)
    assert all(plan.floor is not None and c.low < plan.floor <= c.high for c in whole for plan in c.warm)
    assert [c.fixed for c in fixed(space)] == list(space.fixed)


def test_neighbours_are_new_one_step_away_and_none_looks_above_what_was_reached() -> None:
    one = Candidate(0, 4, 5.0, machine=MACHINE)
    found = neighbours([(one, 4), (always_on(2, MACHINE), 2)], [one, always_on(3, MACHINE)], 100, quota=5)
    assert one not in found
    assert [c.fixed for c in found if c.fixed] == [1]
    assert {c.high for c in found} - {1} == {3, 4, 5}
    assert all(c == replace(one, high=3) for c in neighbours([(one, 3)], [one], 1))
    assert {c.high for c in neighbours([(one, 3)], [one], 100) if c.target == 5.0 and c.wake == 2} == {3, 4}
    assert neighbours([(one, 4)], [], 0) == ()


def test_busy_hours_are_found_in_the_traffic() -> None:
    found = busy_hours(bursts(1), "Europe/Berlin")
    assert found is not None
    (window,), zone = found
    assert (sorted(window.weekdays), window.start.hour, window.end.hour, zone) == (
        [0, 1, 2, 3, 4],
        9,
        19,
        "Europe/Berlin",
    )
    assert busy_hours(bursts(1, range(24)), "UTC") is None
    assert busy_hours(Requests(np.zeros(0), np.zeros(0)), "UTC") is None


@pytest.mark.parametrize(
    ("promise", "hours", "expected"),
    [
        ("p95<=60s", range(0, 24, 3), True),
        ("p95<=60s", range(0, 24, 4), False),
        ("p95<=60s", range(8, 18), False),
        ("p95<=60s mon-fri 08-18 UTC", range(8, 18), True),
        ("p95<=60s mon-fri 07-18 UTC", range(10, 18), False),
        ("p95<=60s daily 22-06 UTC", range(0, 24, 2), True),
        ("p95<=60s sun UTC", range(24), False),
    ],
)
def test_whether_requests_come_at_any_hour(promise: str, hours: range, expected: bool) -> None:
    assert at_any_hour(parse(promise).clauses[0], bursts(1, hours)) is expected


def test_a_search_plays_todays_own_always_on_and_found_ones_over_the_same_expansions() -> None:
    today = Candidate(0, 2, 5.0, machine=MACHINE)
    own = Candidate(1, 2, 3.0, machine=MACHINE)
    space = around(today, TRAFFIC.expansions[0], PROMISE, GROUND, MACHINE, "UTC")
    heard: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> bool:
        heard.append((done, of))
        return True

    found = search(TRAFFIC, GROUND, PROMISE, space, today=Today(today), own=(own,), most=24, tell=tell)
    assert [p.number for p in found] == list(range(len(found)))
    assert len(found) <= 24
    assert [found[0].role, found[1].role, found[2].role] == [Role.TODAY, Role.OWN, Role.FIXED]
    assert (found[0].candidate, found[1].candidate) == (today, own)
    assert len({p.candidate for p in found}) == len(found)
    assert all(len(p.kept) == 3 for p in found)
    assert heard == sorted(heard)
    assert {of for _, of in heard} == {24 * 3}
    one = next(p for p in found if p.candidate.fixed == 1)
    assert one.hours_month.values == (730.0, 730.0, 730.0)
    assert one.usd_month is not None
    assert one.usd_month.mid == Decimal("730.000000")
    assert all(one.kept)
    assert found[0].cold_starts_month.low > 0
    assert not all(found[0].kept)  # 2 min of promise against a cold start of 5
    again = search(TRAFFIC, GROUND, PROMISE, space, today=Today(today), own=(own,), most=24)
    assert str(again) == str(found)  # NaN is not itself


def test_fronts_name_candidates_that_none_beats_and_one_of_those_that_come_to_the_same() -> None:
    today = Candidate(0, 2, 5.0, machine=MACHINE)
    own = [
        replace(today, high=3),
        replace(today, high=4),
        replace(today, wake=1),
        Candidate(1, 2, machine=MACHINE),
    ]
    found = search(TRAFFIC, GROUND, PROMISE, NO_SPACE, today=Today(today), own=own, most=5)
    assert [p.candidate for p in found] == [today, *own]
    assert found[1].hours_month == found[0].hours_month  # it never needs a third one
    costs = [sum(cost_of(p)) for p in found]
    for by in Weighed:
        on = fronts(found)[by.value]
        assert 1 not in on
        assert set(on) <= {found[i].number for i in front(costs, [weighed(p, by) for p in found])}


def test_a_faster_machine_works_faster_and_costs_what_it_costs() -> None:
    quick = Machine("ml.g5.2xlarge", Decimal("3.00"), 4.0, 1)
    slow = Machine("ml.g5.xlarge", Decimal("1.00"), 1.0, 1)
    found = search(TRAFFIC, GROUND, PROMISE, NO_SPACE, own=(always_on(1, slow), always_on(1, quick)), most=2)
    assert found[1].max_s.high < found[0].max_s.high
    assert [p.usd_month.mid for p in found if p.usd_month] == [Decimal(730), Decimal(2190)]


def test_a_search_can_be_called_off() -> None:
    stop: Tell = lambda done, of: done < 2  # noqa: E731
    with pytest.raises(Stopped):
        search(TRAFFIC, GROUND, PROMISE, NO_SPACE, own=[always_on(n, MACHINE) for n in (1, 2, 3)], tell=stop)


def test_today_is_replayed_with_all_that_a_candidate_cannot_hold() -> None:
    today = Candidate(0, 2, 5.0, machine=MACHINE)
    exact = replace(scenario(today, GROUND), bounds=Bounds(2, 2), initial=2, start_s=None, until_s=None)
    found = search(TRAFFIC, GROUND, PROMISE, NO_SPACE, today=Today(today, exact), most=1)
    assert found[0].hours_month.values == (1460.0, 1460.0, 1460.0)
    assert found[0].candidate == today


def test_a_candidate_that_is_not_all_of_todays_set_up_does_not_stand_for_it() -> None:
    always = Candidate(1, 3, 5.0, machine=MACHINE)
    exact = replace(scenario(replace(always, low=0), GROUND), start_s=None, until_s=None)
    left = ("Scheduled actions that Ebb did not make: warm-open.",)
    for given in ((always,), (replace(always, low=2),)):
        found = search(
            TRAFFIC, GROUND, PROMISE, NO_SPACE, today=Today(always, exact, left), own=given, most=2
        )
        assert [p.role for p in found] == [Role.TODAY, Role.OWN]
        assert (found[0].left, found[1].left) == (left, ())
        assert found[0].hours_month.mid < found[1].hours_month.mid
    whole = search(TRAFFIC, GROUND, PROMISE, NO_SPACE, today=Today(always), own=(always,), most=2)
    assert [p.role for p in whole if p.candidate == always] == [Role.TODAY]


def test_a_promise_of_several_measures_is_kept_where_each_alone_is() -> None:
    texts = ("p95<=120s mon 08-12", "max<=400s mon 08-12", "p95<=900s", "mean<=200s")
    own = (Candidate(0, 2, 2.0, machine=MACHINE), Candidate(1, 2, machine=MACHINE), always_on(1, MACHINE))
    both = parse(f"{texts[0]} and max<=400s; {texts[2]} and {texts[3]}")
    heard: list[tuple[int, int]] = []

    def tell(done: int, of: int) -> bool:
        heard.append((done, of))
        return True

    found = search(TRAFFIC, GROUND, both, NO_SPACE, own=own, most=3, tell=tell)
    alone = [
        search(TRAFFIC, GROUND, parse(text), NO_SPACE, own=own, most=3)
        for text in (
            *(f"{text}; max<=30d" for text in texts[:2]),
            *(f"max<=30d mon 08-12; {t}" for t in texts[2:]),
        )
    ]
    for place, one in enumerate(found):
        parts = [each[place].clauses[0 if k < 2 else 1] for k, each in enumerate(alone)]
        assert [(c.requests, c.within, c.kept) for c in one.clauses] == [
            (c.requests, c.within, c.kept) for c in parts
        ]
        assert one.kept == tuple(all(c.kept[s] for c in parts) for s in range(3))
        short = search(TRAFFIC, GROUND, parse(f"{texts[0]}; {texts[3]}"), NO_SPACE, own=own, most=3)[place]
        assert one.over == short.over
    assert {all(p.kept) for p in found} == {True, False}
    assert heard == sorted(heard)
    assert all(done <= of for done, of in heard)


def test_requests_that_never_start_are_late_and_keep_no_promise() -> None:
    nobody = Candidate(0, 2, None, wake=None, machine=MACHINE)
    found = search(TRAFFIC, GROUND, parse("max<=900s"), NO_SPACE, own=(nobody,), most=1)[0]
    assert found.never.mid == 1.0
    assert found.over.mid == 1.0
    assert not any(found.kept)
    assert np.isnan(weighed(found, Weighed.P95))
    mean = search(TRAFFIC, GROUND, parse("mean<=900s"), NO_SPACE, own=(nobody,), most=1)[0]
    assert not any(mean.kept)


@pytest.mark.parametrize("promise", ["max<=900s", "max<=900s mon 00-12", "max<=400s and p95<=900s"])
def test_what_is_still_queued_when_the_span_ends_has_not_failed(promise: str) -> None:
    """A burst a minute before the end, finds it asleep: neither its limit nor its time in the queue is up."""
    early, late = bursts(1, hours=range(8, 9)), MONDAY + DAY - 60
    traffic = Requests(np.append(early.arrival_s, [late] * 4), np.append(early.hold_s, [20.0] * 4))
    asleep = Candidate(0, 2, 5.0, machine=MACHINE)
    found = search(Traffic((traffic,), (1,)), GROUND, parse(promise), NO_SPACE, own=(asleep,), most=1)[0]
    assert found.never.mid == 0
    hasty = replace(GROUND, ttl_s=30.0)
    gone = search(Traffic((traffic,), (1,)), hasty, parse(promise), NO_SPACE, own=(asleep,), most=1)[0]
    assert gone.never.mid == 1  # all have expired, also those that no clause holds for
    nobody = Candidate(0, 2, None, wake=None, machine=MACHINE)
    short = search(Traffic((traffic,), (1,)), GROUND, parse(promise), NO_SPACE, own=(nobody,), most=1)[0]
    assert short.never.mid == 0.5  # the first burst waits in vain, the second has time left


def test_the_search_looks_around_what_keeps_it_in_the_share_that_was_asked_for() -> None:
    """In one of three expansions a burst is too large for one instance: with two of three asked for it will do."""
    mixed = Traffic((bursts(1, size=2), bursts(2, size=2), bursts(3, size=12, hold_s=100.0)), (1, 2, 3))
    wide = replace(NO_SPACE, fixed=(1, 8), machines=(MACHINE,))
    tried = {
        sure: [
            p.candidate.fixed
            for p in search(mixed, GROUND, parse("max<=60s"), wide, most=30, sure=sure)
            if p.role is Role.FIXED
        ]
        for sure in (1.0, 0.6)
    }
    assert tried[0.6] == [1, 8]  # the ladder is closed already
    assert len(tried[1.0]) > 2


def test_a_warm_plan_of_another_zone_is_kept_by_the_wall_clock() -> None:
    plan = WarmPlan(1, office().windows, "Europe/Berlin")
    found = scenario(Candidate(0, 2, warm=(plan,)), Ground(MONDAY - 14 * DAY, MONDAY - 7 * DAY))
    opened = [e.at_s % DAY / 3600 for e in found.events if e.low == 1]
    assert opened == [6.0] * 5  # summer time until 25 October
    later = scenario(Candidate(0, 2, warm=(plan,)), GROUND)
    assert [e.at_s % DAY / 3600 for e in later.events] == [7.0, 17.0]


def test_the_fewest_instances_always_on_that_keep_the_promise_are_among_those_tried() -> None:
    """On two slots each some rung between 2 and 16 is the first that keeps it."""
    ladder = replace(NO_SPACE, fixed=(2, 16), machines=(MACHINE,))
    every = replace(NO_SPACE, fixed=tuple(range(2, 17)), machines=(MACHINE,))

    def fewest(space: SearchSpace) -> int | None:
        found = search(HEAVY, GROUND, PROMISE, space, today=None, most=30)
        return min(p.candidate.fixed for p in found if p.candidate.fixed and all(p.kept))

    assert fewest(ladder) == fewest(every)


def brute(
    traffic: Traffic, sizes: Iterable[int], promise: Promise = PROMISE, sure: float = 1.0
) -> int | None:
    """The smallest size that keeps the promise, every one tried."""
    own = [always_on(n, MACHINE) for n in sizes]
    found = search(traffic, GROUND, promise, NO_SPACE, own=own, most=len(own))
    return min((p.candidate.high for p in found if p.keeps(sure)), default=None)


def inside(text: str, promise: Promise = PROMISE, sure: float = 1.0) -> tuple[int | None, set[int]]:
    """(the smallest that a search inside a range of maxima found to keep it, all sizes always on that it tried)."""
    asked = ranges({"max": text})
    assert asked is not None
    space = narrowed(replace(NO_SPACE, fixed=(1, 2, 4, 8), machines=(MACHINE,)), asked)
    allowed = partial(allows, asked)
    found = search(HEAVY, GROUND, promise, space, most=30, inside=allowed, sure=sure)
    tried = {p.candidate.fixed: p.keeps(sure) for p in found if p.candidate.fixed is not None}
    return min((n for n, kept in tried.items() if kept), default=None), set(tried)


@pytest.mark.parametrize("promise", ["p95<=120s", "p95<=600s; mean<=60s", "max<=0s", "p99<=30s mon 08-12"])
@pytest.mark.parametrize("text", ["1-40", "2-16", "5-7", "3, 7, 13, 14, 30", "35-40", "1-10000"])
def test_inside_ranges_the_smallest_size_always_on_that_keeps_the_promise_is_found(
    text: str, promise: str
) -> None:
    asked = ranges({"max": text})
    assert asked is not None
    sizes = [n for n in range(1, 46) if allows(asked, always_on(n, MACHINE))]
    least, tried = inside(text, parse(promise))
    assert least == brute(HEAVY, sizes, parse(promise))
    assert all(allows(asked, always_on(n, MACHINE)) for n in tried)


def test_inside_ranges_in_which_no_size_always_on_keeps_the_promise_the_largest_was_tried() -> None:
    least, tried = inside("1-3")
    assert (least, max(tried)) == (None, 3)


def test_with_warm_windows_asked_for_none_is_always_on() -> None:
    asked = ranges({"warm": "yes", "max": "1-16"})
    assert asked is not None
    space = replace(NO_SPACE, machines=(MACHINE,))
    assert search(HEAVY, GROUND, PROMISE, space, most=30, inside=partial(allows, asked)) == ()


def test_a_promise_to_be_kept_in_some_of_the_expansions_may_do_with_fewer_instances() -> None:
    """As many as the calm expansions need; the third one has twice their bursts."""
    uneven = Traffic((*HEAVY.expansions[:2], bursts(3, size=80, hold_s=90.0)), (1, 2, 3))
    space = replace(NO_SPACE, fixed=(1, 32), machines=(MACHINE,))
    for sure in (0.6, 1.0):
        found = search(uneven, GROUND, PROMISE, space, most=30, sure=sure)
        least = min(p.candidate.fixed for p in found if p.candidate.fixed and p.keeps(sure))
        assert least == brute(uneven, range(1, 33), sure=sure)
    assert brute(uneven, range(1, 33), sure=0.6) != brute(uneven, range(1, 33))


def test_where_the_usual_sizes_do_not_do_larger_ones_are_tried_up_to_the_quota() -> None:
    space = replace(NO_SPACE, fixed=(1, 2), machines=(MACHINE,))
    found = search(HEAVY, GROUND, PROMISE, space, most=30)
    assert min(p.candidate.high for p in found if all(p.kept)) == brute(HEAVY, range(1, 41))
    short = search(HEAVY, replace(GROUND, quota=3), PROMISE, space, most=30)
    assert sorted({p.candidate.high for p in short}) == [1, 2, 3]
    assert not any(all(p.kept) for p in short)
