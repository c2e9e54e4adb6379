"""A search with its answer, for tests of the Planner page: played candidates as a test wants them, no AWS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from ops.core.baselines import Against, parse
from ops.core.candidate import Candidate
from ops.core.promise import Promise
from ops.core.types import EndpointRef, Price
from ops.core.views_planner import Course, PlanQuery, PlanSaving, PlanView, Played, Role, SavedScenario
from ops.replay.advice import Facts, advise
from ops.replay.promise import parse as promise_of
from ops.replay.search import fronts
from tests.components.samples import ACCOUNT, NOW, REGION
from tests.replay.played_samples import MACHINE, SEEDS, fixed, sample, sleeping

NAME = "doc-async"
TYPED = "p95<=120s"
QUERY = PlanQuery(NAME, TYPED)
FIRST = datetime(2026, 10, 21, tzinfo=UTC)
LAST = FIRST + timedelta(days=30)
PRICE = Price("ml.g5.xlarge", REGION, Decimal("1.408"), "list price", datetime(2026, 9, 28, tzinfo=UTC))
TRUST = "The replay can be trusted: it comes close to what really happened."
TODAY, BEST, CHEAP = sleeping(4), replace(sleeping(4, 2.0), wake=1), sleeping(2, 20.0)
AWAKE = Candidate(1, 4, 5.0, machine=MACHINE)
SAVED = SavedScenario(
    "a1",
    "two till six",
    NAME,
    BEST,
    TYPED,
    {"days": "15", "zone": "Europe/Berlin"},
    "ann",
    NOW - timedelta(days=2),
)


def played(promise: Promise) -> tuple[Played, ...]:
    """Today's breaks the promise, the third keeps it for the least, one that is always on keeps it for most."""
    return (
        sample(0, TODAY, 310, 0.08, p95=260, role=Role.TODAY, promise=promise, cold=90),
        sample(1, fixed(2), 1460, 0.0, p95=0.0, role=Role.FIXED, promise=promise, cold=0),
        sample(2, BEST, [300, 303, 306, 309, 312], 0.02, p95=84, promise=promise, cold=60),
        sample(3, CHEAP, 190, 0.31, p95=1900, promise=promise, cold=95),
        sample(4, AWAKE, 790, 0.0, p95=4.0, promise=promise, cold=0),
        sample(5, sleeping(8), 420, 0.03, p95=95, promise=promise, cold=70, kept=4),
        sample(6, sleeping(1), 170, 0.7, p95=9000, promise=promise, cold=40, never=0.3),
    )


def view(
    query: PlanQuery = QUERY,
    found: Sequence[Played] | None = None,
    *,
    trust: str = TRUST,
    requests: float = 12_000.0,
) -> PlanView:
    promise = promise_of(query.promise, query.zone)
    tried = tuple(played(promise) if found is None else found)
    facts = Facts(requests, float(query.days), 300.0, trust=trust, growth=query.growth)
    return PlanView(
        EndpointRef(ACCOUNT, REGION, NAME),
        NOW,
        query,
        promise,
        FIRST,
        LAST,
        requests,
        tuple(range(1, SEEDS + 1)),
        tried,
        next((p.number for p in tried if p.role is Role.TODAY), None),
        fronts(tried),
        advise(tried, promise, facts, savings),
        300.0,
        PRICE,
        trust,
        ("Requests are spread evenly within each minute.",),
    )


def savings(chosen: Played) -> tuple[PlanSaving, ...]:
    cost = Decimal(1460)
    against = Against(parse("peak"), Decimal(2), "p99 of 43,200 known minutes (asleep = 0) = 2")
    if chosen.usd_month is None:
        return (PlanSaving(against, None, None, None),)
    saved = cost - chosen.usd_month.mid
    return (PlanSaving(against, cost, saved, float(saved / cost)),)


def course(of: Played, seed: int = 1) -> Course:
    """Thirty days with one busy hour a day; the queue is as deep as the candidate is slow."""
    minutes = np.arange(30 * 1440)
    busy = (minutes % 1440 >= 480) & (minutes % 1440 < 540)
    backlog = np.where(busy, 5.0 + of.p95_s.mid / 10, 0.0)
    instances = np.where(busy, float(of.candidate.high), float(of.candidate.low))
    arrival = FIRST.timestamp() + 60.0 * np.flatnonzero(busy)
    waits = np.linspace(0.0, of.max_s.mid, len(arrival))
    days = range(30) if of.candidate.sleeps else ()
    return Course(
        of,
        seed,
        FIRST,
        backlog.astype(np.float64),
        instances,
        instances,
        waits,
        arrival,
        tuple(FIRST + timedelta(days=day, hours=8, minutes=6) for day in days),
    )
