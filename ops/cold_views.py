"""Views of cold starts, made of what is kept: no call to AWS but for list prices, which are free and kept for a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from ops.aws.pricing import PriceList
from ops.core import metrics, spans
from ops.core.cold_start import ColdStart, Step, warm_cost, without_doubles
from ops.core.cold_start_outlook import outlook
from ops.core.cold_start_phases import Around, cold_start
from ops.core.cold_starts import Hints, Outcome, Wake, wakes
from ops.core.errors import UnknownEndpoint
from ops.core.names import nearest
from ops.core.types import Price, Problem, Window, utc
from ops.core.views_cold import ColdStartsView, WakingView
from ops.core.window import span_of_hours
from ops.episodes import Episodes
from ops.known import DAY, Known, State

RECENT = timedelta(hours=7)
"""A queue of the newest minutes, a little longer than any request may wait."""
UNDER_WAY = timedelta(hours=6)
"""A first result that did not come so long after the instance is not waited for any more."""
_WANTED = (
    metrics.BACKLOG,
    metrics.NO_CAPACITY,
    metrics.OLDEST,
    metrics.PROCESSED,
    metrics.FAILURES,
    metrics.EXPIRED,
    metrics.TIME_IN_BACKLOG_MAX,
)


def cold_starts(
    state: State,
    episodes: Episodes,
    prices: PriceList,
    names: Collection[str] | None,
    window: Window | None,
) -> ColdStartsView:
    """Those of the named endpoints, or of all; of a range, or all that are kept. Raises UnknownEndpoint."""
    every = [n for n, k in state.known.items() if k.endpoint.is_async and k.endpoint.described]
    asked = sorted(every if names is None else names)
    for name in asked:
        if name not in state.known:
            raise UnknownEndpoint(name, nearest(name, tuple(sorted(state.known))))
    kept: list[ColdStart] = []
    for name in asked:
        kept += _kept(state, state.known[name])
    kept.sort(key=lambda start: start.ordered, reverse=True)
    found = [s for s in kept if window is None or window.start <= s.ordered < window.end]
    listed, problems = _prices(state, prices, {s.instance_type for s in found})
    costs = {}
    for start in found:
        line = warm_cost(start, listed.get(start.instance_type or ""))
        if line is not None:
            costs[start.endpoint, start.id] = line
    never = [n for n in asked if not (state.known[n].endpoint.is_async and state.known[n].endpoint.described)]
    hidden = (p for n in never if not state.known[n].endpoint.described for p in state.known[n].problems)
    said = (*hidden, *episodes.problems(asked))
    history = (state.past.problem,) if state.past.problem is not None else ()
    return ColdStartsView(
        state.connection,
        state.now,
        tuple(asked),
        tuple(found),
        tuple(kept),
        listed,
        costs,
        window.start if window is not None else None,
        episodes.whole(asked) + len(never),
        (*said, *problems, *history),
    )


def waking(state: State, name: str) -> WakingView:
    """What is to be told of a wake under way, from what was read so far. Raises UnknownEndpoint."""
    known = state.known.get(name)
    if known is None:
        raise UnknownEndpoint(name, nearest(name, tuple(sorted(state.known))))
    kept = _kept(state, known)
    present = _present(state, known)
    last = next((s for s in kept if s.outcome is Outcome.SERVED), None)
    if present is not None and not _under_way(present):
        newer = last is None or present.ordered >= last.ordered
        last = present if newer and present.outcome is Outcome.SERVED else last
        present = None
    if present is None:
        return WakingView(state.now, None, last, kept)
    recent = state.past.read(name, _WANTED, Window.last(RECENT, state.now, 60))
    return WakingView(state.now, outlook(present, kept, recent, state.now), last, kept)


def _kept(state: State, known: Known) -> tuple[ColdStart, ...]:
    """Newest first; those of an earlier endpoint of the name are not among them."""
    return without_doubles(state.past.history.episodes(known.endpoint.ref.name, known.endpoint.created))


def _under_way(start: ColdStart) -> bool:
    """Whether an order runs, or who waited has no first result yet."""
    waits = bool(start.waited) and start.at(Step.RESULT) is None and not start.final
    return start.outcome is Outcome.RUNNING or waits


def _present(state: State, known: Known) -> ColdStart | None:
    """The newest cold start, made of the newest that is known: what is kept of it may lack what came since."""
    now, endpoint = state.now, known.endpoint
    moves = {a.id: a for a in (*known.record.known.values(), *known.moves)}
    hints = Hints(state.scaling.schedules.get(endpoint.ref.resource_id, ()))
    found = wakes((a for a in moves.values() if a.start >= now - DAY), now, hints=hints)
    wake = found[-1] if found else None
    if wake is None or wake.slept is not None or wake.outcome not in (Outcome.RUNNING, Outcome.SERVED):
        if endpoint.current != 0 or not _waits(state, known):
            return None
        wake = Wake("queued", now, None, None, None, Outcome.RUNNING)
    if wake.service is not None and now - wake.service > UNDER_WAY:
        return None
    wanted = [m for m in _WANTED if m.key not in known.denied]
    read = state.past.read(endpoint.ref.name, wanted, Window.last(RECENT, now, 60))
    return cold_start(
        wake, Around(endpoint.ref.name, endpoint.instance_type, now, endpoint.publish_interval, read, now)
    )


def _waits(state: State, known: Known) -> bool:
    """Whether requests were last seen to wait without an instance."""
    window = Window.last(timedelta(minutes=15), state.now, 60)
    read = state.past.read(known.endpoint.ref.name, (metrics.NO_CAPACITY,), window)
    return (read.get(metrics.NO_CAPACITY.key).last() or 0.0) >= 1


def _prices(
    state: State, prices: PriceList, types: Collection[str | None]
) -> tuple[dict[str, Price | None], tuple[Problem, ...]]:
    found: dict[str, Price | None] = {}
    problems: dict[Problem, None] = {}
    for kind in sorted(t for t in types if t):
        found[kind], problem = prices.quote(state.connection.region, kind)
        if problem is not None:
            problems[problem] = None
    return found, tuple(problems)


def pieces(days: float, now: datetime) -> tuple[Window, ...]:
    """The last `days` in pieces that are read by the minute as far as AWS keeps minutes. Raises BadInput."""
    window = Window.last(span_of_hours(days * 24), now, 3600)
    begin, end = int(window.start.timestamp()), int(window.end.timestamp())
    minutes = max(begin, end - 14 * 86_400)
    cut = spans.pieces((minutes, end), 3 * 86_400)
    if begin < minutes:
        cut = (*cut, *spans.pieces((begin, minutes), 30 * 86_400))
    return tuple(Window(utc(first), utc(last), 60 if first >= minutes else 300) for first, last in cut)
