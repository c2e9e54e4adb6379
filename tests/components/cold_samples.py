"""Cold starts as the façade hands them out, for tests of pages: waits, a schedule, one under way, one failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.core.cold_start import ColdStart, Counted, Phase, Step, warm_cost
from ops.core.cold_start_outlook import Outlook, outlook
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.types import Price, Problem
from ops.core.views_cold import ColdStartsView, WakingView
from tests.components.samples import EMBEDDED, NOW
from tests.core.timelines import ASLEEP, at, made, order, woken

PRICE = Price("ml.g5.xlarge", "us-east-1", Decimal("1.40"), "the list", datetime(2026, 9, 28, tzinfo=UTC))
DOC, FORMS = "doc-async", "forms-berlin"


def moved(start: ColdStart, to: datetime, **changes: object) -> ColdStart:
    """The same cold start at another time."""
    by = to - start.ordered

    def shifted(moment: datetime | None) -> datetime | None:
        return None if moment is None else moment + by

    phases = tuple(
        replace(p, at=shifted(p.at), earliest=shifted(p.earliest), latest=shifted(p.latest))
        for p in start.phases
    )
    named = f"{changes.get('endpoint', start.endpoint)}-{to.isoformat()}"
    return replace(start, id=named, ordered=to, phases=phases, **changes)  # type: ignore[arg-type]


def waited(days_ago: float, seconds: float = 480.0, **changes: object) -> ColdStart:
    """One that requests waited for, served and slept again."""
    to = NOW - timedelta(days=days_ago)
    known: dict[str, object] = {
        "endpoint": DOC,
        "total_s": seconds,
        "warm_until": to + timedelta(hours=1),
        "warm_hours": 0.9,
    }
    return moved(made(read=woken()), to, **known | changes)


def scheduled(days_ago: float) -> ColdStart:
    """One by a schedule: nobody waited."""
    start = made(
        (ASLEEP, order(3, 7, 1, cause="scheduled action name warm-open was triggered")), woken(backlog={})
    )
    phases = tuple(p for p in start.phases if p.step in (Step.ORDERED, Step.UP, Step.SERVICE))
    nobody = replace(
        start,
        phases=phases,
        counted=Counted.START,
        total_s=240.0,
        waited=0,
        peak_backlog=0,
        longest_wait_s=None,
    )
    return moved(
        nobody, NOW - timedelta(days=days_ago), endpoint=FORMS, woken_by=WokenBy.SCHEDULE, who="warm-open"
    )


def failed(days_ago: float) -> ColdStart:
    start = made(
        (ASLEEP, *(order(3 + n, 3 + n, 1, "Failed", message="quota") for n in range(3))), woken(), now=90
    )
    assert start.outcome is Outcome.FAILED
    return moved(start, NOW - timedelta(days=days_ago), endpoint=DOC)


def under_way() -> ColdStart:
    read = woken(last=6)
    start = made((ASLEEP, order(3, None, 1, "InProgress")), read, now=6, changes=None, streams=None)
    return moved(start, NOW - timedelta(minutes=3), endpoint=DOC)


PAST = tuple(
    waited(n + 1.5, seconds) for n, seconds in enumerate((480.0, 470.0, 490.0, 1152.0, 500.0, 460.0, 485.0))
)
ALL = tuple(
    sorted((under_way(), *PAST, scheduled(2), scheduled(9), failed(4)), key=lambda s: s.ordered, reverse=True)
)


def cold_view(
    starts: Sequence[ColdStart] = ALL,
    *,
    usual: Sequence[ColdStart] | None = None,
    whole: int = 7,
    problems: tuple[Problem, ...] = (),
    price: Price | None = PRICE,
) -> ColdStartsView:
    costs = {(s.endpoint, s.id): line for s in starts if (line := warm_cost(s, price)) is not None}
    return ColdStartsView(
        EMBEDDED,
        NOW,
        tuple(f"e{n}" for n in range(7)),
        tuple(starts),
        tuple(starts if usual is None else usual),
        {"ml.g5.xlarge": price},
        costs,
        None,
        whole,
        problems,
    )


def waking_view(history: Sequence[ColdStart] = PAST, *, now: float = 6) -> WakingView:
    """A wake under way since three minutes, and what these cold starts let expect."""
    return WakingView(NOW, _outlook(history, now), history[0] if history else None, tuple(history))


def _outlook(history: Sequence[ColdStart], now: float) -> Outlook:
    read = woken(last=int(now))
    start = made((ASLEEP, order(3, None, 1, "InProgress")), read, now=now, changes=None, streams=None)
    earlier = [moved(s, at(3) - timedelta(days=n + 1)) for n, s in enumerate(history)]
    return outlook(replace(start, endpoint=DOC), earlier, read, at(now))


def phase(start: ColdStart, step: Step) -> Phase:
    found = start.phase(step)
    assert found is not None
    return found
