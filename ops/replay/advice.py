"""The advice: which policy keeps a promise at the least cost, what the next cheaper one breaks, and how sure that is.

Pure. The order of the questions, and the thresholds: docs/planner-advice.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ops.core.promise import MEAN, SHARE, Clause, Promise, exactly
from ops.core.views_planner import Advice, Answer, ClausePlayed, PlanSaving, Played, Role
from ops.core.words import count, took
from ops.replay.advice_words import (
    beside,
    cost_range,
    costs,
    difference,
    held,
    kept_in,
    lost,
    missed,
    starts,
    tells,
    unopened,
    waits_line,
    waits_range,
)
from ops.replay.noise import compare
from ops.replay.search import cost_of

GAIN = 0.05
"""A policy that sleeps has to save this share of one that never does, or it is not worth its cold starts."""
FEW_TRIED = 30
"""Where fewer policies were tried, that is said."""
FEW = 60
"""With fewer requests a share of them says little."""
WIDE = 1.25
"""A cost that differs by more than this between expansions is explained."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the advice has to know besides the candidates."""

    requests: float
    """On average over the expansions."""
    days: float
    cold_start_s: float
    any_hour: bool = False
    """Whether requests come all through the hours that the clause with the shortest limit holds in."""
    sure: float = 1.0
    """In which share of the expansions the promise has to be kept."""
    trust: str = ""
    """What the back-test says, in a sentence."""
    growth: float = 1.0


@dataclass(frozen=True, slots=True)
class Decision:
    """`best`: what is advised, or, where nothing keeps the promise, what comes closest.

    `tied`: others that keep it and cost the same within the noise. `sleeper`: where something that never sleeps is
    advised, the cheapest that sleeps and keeps the promise.
    """

    answer: Answer
    best: Played | None
    today: Played | None
    tied: tuple[Played, ...] = ()
    sleeper: Played | None = None


def decide(found: Sequence[Played], facts: Facts) -> Decision:
    """Which answer it is. `found` may come in any order."""
    today = next((p for p in found if p.role is Role.TODAY), None)
    if not facts.requests or not found:
        return Decision(Answer.NO_TRAFFIC, None, today)
    keepers = [p for p in found if keeps(p, facts.sure)]
    if not keepers:
        closest = min(found, key=lambda p: (_gap(p), _mean(p), p.number))
        return Decision(Answer.NOTHING_KEEPS, closest, today)
    best, tied = cheapest(keepers)
    if best.role is Role.TODAY:
        return Decision(Answer.STAY, best, today, tied)
    if not best.candidate.sleeps:
        asleep = [p for p in keepers if p.candidate.sleeps]
        if not asleep:
            return Decision(Answer.ALWAYS_ON, best, today, tied)
        return Decision(Answer.NO_GAIN, best, today, tied, cheapest(asleep)[0])
    awake = [p for p in keepers if not p.candidate.sleeps]
    if awake:
        always, others = cheapest(awake)
        if gain(best, always) < GAIN:
            answer = Answer.STAY if always.role is Role.TODAY else Answer.NO_GAIN
            return Decision(answer, always, today, others, best)
    return Decision(Answer.CHANGE, best, today, tied)


def advise(
    found: Sequence[Played],
    promise: Promise,
    facts: Facts,
    savings: Callable[[Played], tuple[PlanSaving, ...]] = lambda chosen: (),
) -> Advice:
    """The decision with its sentence and what it rests on. `savings`: of the chosen one against the baselines."""
    made = decide(found, facts)
    best = made.best
    if best is None:
        return Advice(made.answer, _no_traffic(facts))
    cheaper = None if made.answer is Answer.NOTHING_KEEPS else next_cheaper(found, best, facts.sure)
    return Advice(
        made.answer,
        " ".join([_sentence(made, best, promise, facts, len(found)), *_lost(made, best)]),
        _evidence(made, best, facts, found),
        best.number,
        None if cheaper is None else cheaper.number,
        "" if made.answer is Answer.NOTHING_KEEPS else breaks(cheaper),
        tuple(p.number for p in made.tied),
        _how_sure(best, found, facts),
        savings(best),
    )


def keeps(one: Played, sure: float = 1.0) -> bool:
    """Whether it keeps every clause in enough of the expansions, fresh ones among them where it was tried on these."""
    return one.keeps(sure)


def cheapest(keepers: Sequence[Played]) -> tuple[Played, tuple[Played, ...]]:
    """(the one to choose, others that cost the same within the noise).

    Of those that cost the same today's policy goes first, then the one with the fewest late requests, the shortest
    waits, the fewest cold starts.
    """
    least = min(keepers, key=lambda p: (_mean(p), p.number))
    same = [p for p in keepers if p is least or compare(cost_of(least), cost_of(p)) == 0]

    best = min(same, key=lambda p: (p.role is not Role.TODAY, *_rank(p), p.number))
    return best, tuple(p for p in same if p is not best)


_CHOSEN_BY = (
    "the fewest late requests",
    "the shortest waits",
    "the fewest cold starts",
    "the least cost",
)
"""Of candidates that cost the same within the noise, in this order."""


def _rank(one: Played) -> tuple[float, ...]:
    """By what of them is chosen; see _CHOSEN_BY."""
    told = (one.over.mid, one.p95_s.mid, one.cold_starts_month.mid, _mean(one))
    return tuple(0.0 if v != v else v for v in told)


def next_cheaper(found: Sequence[Played], best: Played, sure: float = 1.0) -> Played | None:
    """The dearest of those that cost less beyond the noise and do not keep the promise; of several that cost the same
    the one that comes closest to it."""
    less = [p for p in found if not keeps(p, sure) and compare(cost_of(p), cost_of(best)) < 0]
    if not less:
        return None
    top = max(less, key=lambda p: (_mean(p), -p.number))
    near = [p for p in less if compare(cost_of(p), cost_of(top)) == 0]
    return min(near, key=lambda p: (_gap(p), -_mean(p), p.number))


def gain(sleeping: Played, awake: Played) -> float:
    """The share of the cost of `awake` that sleeping saves; 0 within the noise."""
    if compare(cost_of(sleeping), cost_of(awake)) >= 0:
        return 0.0
    return 1 - _mean(sleeping) / _mean(awake)


def tight(promise: Promise, cold_start_s: float) -> Clause | None:
    """The clause with the shortest limit, where that is shorter than a cold start."""
    shortest = min(promise.clauses, key=lambda c: c.limit_s)
    return shortest if shortest.limit_s < cold_start_s else None


def breaks(cheaper: Played | None) -> str:
    """What the next cheaper one would break, in words and numbers."""
    if cheaper is None:
        return "No candidate that costs less and breaks the promise was tried."
    head = f"The next cheaper one ({cheaper.candidate.words}), {costs(cheaper)}, breaks it"
    worst = _worst(cheaper)
    said = "" if worst is None else f": {missed(worst, cheaper)}"
    return f"{head}{said}. It keeps the promise in {kept_in(cheaper)}."


def _no_traffic(facts: Facts) -> str:
    return (
        f"No request came in the {facts.days:.0f} days that were looked at, so nothing tells one policy from another; "
        "a minimum of 0 costs nothing until one comes."
    )


def _sentence(made: Decision, best: Played, promise: Promise, facts: Facts, tried: int) -> str:
    what, today = best.candidate.words, made.today
    match made.answer:
        case Answer.NOTHING_KEEPS:
            worst = _worst(best)
            reached = missed(worst, best) if worst is not None else f"it is kept in {kept_in(best)}"
            return (
                f"{f'None of the {tried} policies tried' if tried > 1 else 'No policy that was tried'} keeps the "
                f"promise. The best, {what}, is {costs(best)}, and with it {reached}."
            )
        case Answer.STAY:
            more = ""
            if made.sleeper is not None:
                more = f" One that sleeps would save {_little(made.sleeper, best)}."
            return (
                f"Keep today's policy ({what}), {costs(best)}: it keeps the promise, and "
                f"{f'none of the {tried} policies tried does for less' if tried > 1 else 'no other was tried'}.{more}"
            )
        case Answer.ALWAYS_ON:
            return f"{_never_asleep(best)} is the answer, {costs(best)}: {_why_awake(promise, facts, tried)}."
        case Answer.NO_GAIN:
            assert made.sleeper is not None
            why = "sleeping gains next to nothing"
            if facts.any_hour:
                why = "requests come so thinly spread over all hours that it would hardly sleep between them"
            return (
                f"{_never_asleep(best)} is the answer, {costs(best)}: {why}. The cheapest policy that sleeps and keeps "
                f"the promise would save {_little(made.sleeper, best)}, with {starts(made.sleeper)}."
            )
        case _:
            said = f"The cheapest policy that keeps the promise is {what}, {costs(best)}"
            if today is None:
                return f"{said}."
            if keeps(today, facts.sure):
                return f"{said}: {difference(best, today)} less than today's."
            return f"{said}. Today's policy, {costs(today)}, does not keep it."


def _lost(made: Decision, best: Played) -> list[str]:
    """Of which policies some requests never start, in sentences."""
    shown = [("it", best)]
    if made.today is not None and made.today is not best:
        shown.append(("today's policy", made.today))
    return [f"With {name} {lost(one)}." for name, one in shown if lost(one)]


def _never_asleep(best: Played) -> str:
    words = best.candidate.words
    return (
        f"{words[:1].upper()}{words[1:]}" if best.candidate.fixed is not None else f"Never asleep ({words})"
    )


def _why_awake(promise: Promise, facts: Facts, tried: int) -> str:
    """What was not tried may keep it, so how many were is said."""
    none = f"of the {tried} {'policies' if tried > 1 else 'policy'} tried none that sleeps keeps the promise"
    shortest = tight(promise, facts.cold_start_s)
    if shortest is None:
        return none
    cold = took(facts.cold_start_s)
    why = f"{none}, and the promise ({exactly(shortest.limit_s)}) is shorter than a cold start ({cold})"
    if facts.any_hour:
        why += ", and requests come at any hour" + (" of it" if shortest.windows else "")
    return why


def _evidence(made: Decision, best: Played, facts: Facts, found: Sequence[Played]) -> tuple[str, ...]:
    lines = [f"With it: {waits_line(best)}; {starts(best)}."]
    today = made.today
    if today is not None and today is not best:
        worst = _worst(today)
        kept = "it keeps the promise" if keeps(today, facts.sure) or worst is None else missed(worst, today)
        lines.append(
            f"Today's policy ({today.candidate.words}): {costs(today)}; {waits_line(today)}; {starts(today)}; {kept}."
        )
    if made.tied:
        lines.append(_ties(best, made.tied))
    if today is not None and today.left:
        lines.append(f"Today's policy is more than its row says. {' '.join(today.left)}")
    if made.answer is Answer.NOTHING_KEEPS:
        top = max(p.candidate.high for p in found)
        lines.append(f"{count(len(found), 'candidate')} with up to {count(top, 'instance')} were tried.")
    always = [p for p in found if p.candidate.fixed is not None and keeps(p, facts.sure)]
    if always and best.candidate.sleeps:
        lines.append(_beside(min(always, key=lambda p: (_mean(p), p.number))))
    return tuple(lines)


def _beside(always: Played) -> str:
    words = always.candidate.words
    return f"{words[:1].upper()}{words[1:]} would keep the promise, too, for {costs(always)}."


def _ties(best: Played, tied: Sequence[Played]) -> str:
    """Those that are as good, and by what this one was chosen: the first thing in which any of them is behind it."""
    why = "needs no change" if best.role is Role.TODAY else _chosen_by(best, tied)
    one = len(tied) == 1
    return (
        f"{count(len(tied), 'other candidate')} {'keeps' if one else 'keep'} it and {'costs' if one else 'cost'} the "
        f"same within the noise, so any of them will do; this one {why}."
    )


def _chosen_by(best: Played, tied: Sequence[Played]) -> str:
    """ "has the fewest late requests, then the shortest waits": each only where it tells it from another one."""
    mine, others, said = _rank(best), [_rank(p) for p in tied], []
    for k, words in enumerate(_CHOSEN_BY):
        if any(other[k] > mine[k] for other in others):
            said.append(words)
            others = [other for other in others if other[k] <= mine[k]]
    return f"has {', then '.join(said)}" if said else "comes to the very same"


def _fallen(best: Played, found: Sequence[Played], facts: Facts) -> str:
    """Of those that cost less and kept it in the expansions of the search alone, in a sentence; empty without any."""
    fallen = [
        p for p in found if p.fresh and replace(p, fresh=()).keeps(facts.sure) and not keeps(p, facts.sure)
    ]
    less = [p for p in fallen if _mean(p) < _mean(best)]
    if not less:
        return ""
    many = count(len(less), "cheaper candidate")
    return f"{many} kept it in the expansions of the search, and not in enough fresh ones."


def _how_sure(best: Played, found: Sequence[Played], facts: Facts) -> tuple[str, ...]:
    n = len(best.kept)
    tried = len(found)
    lines = [
        f"Estimates: {facts.requests:,.0f} requests of {facts.days:.0f} days, placed within their minutes in "
        f"{count(n, 'way')}, the same for every candidate. The promise is kept in {kept_in(best)}."
    ]
    if tried < FEW_TRIED:
        said = f"Only {tried} policies were" if tried > 1 else "Only one policy was"
        lines.append(f"{said} tried: one that was not may keep the promise for less.")
    if facts.growth != 1:
        lines.append(f"The traffic was multiplied by {facts.growth:g}.")
        lines.append("The baselines of Savings are of the traffic as it was: it is not held against them.")
    ranges = [cost_range(best), *(_clause_range(part, best) for part in best.clauses if part.requests)]
    lines.append(f"Over these: {'; '.join(dict.fromkeys(r for r in ranges if r))}.")
    if best.candidate.warm and best.hours_month.high > WIDE * best.hours_month.low:
        lines.append(
            "Its cost differs that much by what happens at the edges of its windows: an instance that still works "
            "there stays until its scale-in alarm agrees."
        )
    if best.candidate.warm and best.role is Role.FOUND:
        lines.append(
            "Its windows lie where requests came in this traffic: they help as long as requests keep to those hours."
        )
    lines += filter(None, [unopened(best), _fallen(best, found, facts)])
    for part in best.clauses:
        if part.clause.measure == SHARE and part.requests < FEW:
            said = f"Only {count(part.requests, 'request')}" if part.requests >= 1 else "No request"
            lines.append(f"{said} came {held(part, best)}: that says little about a share of them.")
    lines.append(facts.trust or "How well a replay matches this endpoint was not tested.")
    return tuple(dict.fromkeys(lines))


def _clause_range(part: ClausePlayed, best: Played) -> str:
    when = beside(part, best)
    if not tells(best):
        return ""
    if part.clause.measure == MEAN:
        return waits_range(f"mean wait{when}", part.mean_s)
    if part.clause.share == 1:
        return waits_range(f"longest wait{when}", part.max_s)
    return waits_range(f"p95 wait{when}", part.p95_s)


def _worst(one: Played) -> ClausePlayed | None:
    """The clause that is missed by most; None where all are kept in every expansion."""
    broken = [c for c in one.clauses if not all(c.kept)]
    return max(broken, key=_clause_gap) if broken else None


def _gap(one: Played) -> float:
    """By how much the worst clause is missed; up to 0: none is."""
    return max((_clause_gap(c) for c in one.clauses if c.requests), default=float("-inf"))


def _clause_gap(part: ClausePlayed) -> float:
    if part.clause.measure == MEAN:
        mean, limit = part.mean_s.mid, max(part.clause.limit_s, 1.0)
        return 1.0 if mean != mean else min(1.0, mean / limit - 1)
    return 1 - part.within.mid - part.clause.allowed


def _little(sleeper: Played, awake: Played) -> str:
    return "nothing beyond the noise" if gain(sleeper, awake) <= 0 else difference(sleeper, awake)


def _mean(one: Played) -> float:
    values = cost_of(one)
    return sum(values) / len(values) if values else float("nan")
