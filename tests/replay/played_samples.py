"""Candidates that were played, made up: costs and shares as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ops.core.candidate import Candidate, Machine, always_on
from ops.core.promise import Promise
from ops.core.views_planner import ClausePlayed, Played, Role, Spread
from ops.replay.promise import parse
from ops.replay.search import dollars

PRICE = Decimal("1.00")
MACHINE = Machine("ml.g5.xlarge", PRICE, 1.0, 2)
PROMISE = parse("p95<=120s")
SEEDS = 5


def spread(value: float, noise: float = 0.0) -> Spread:
    return Spread(tuple(value + noise * k for k in (-2, -1, 0, 1, 2)))


def sample(
    number: int,
    candidate: Candidate,
    cost: float | Sequence[float],
    late: float | Sequence[float] = 0.01,
    *,
    p95: float = 60.0,
    role: Role = Role.FOUND,
    promise: Promise = PROMISE,
    kept: int | None = None,
    cold: float = 10.0,
    requests: float = 1000.0,
    price: Decimal | None = PRICE,
    never: float = 0.0,
) -> Played:
    """`cost`: instance-hours a month (dollars, at a price of 1), of all or of each expansion; `late`: of each clause.

    `kept`: in how many expansions; else as `late` says.
    """
    hours = spread(cost) if isinstance(cost, float | int) else Spread(tuple(cost))
    shares = [late] * len(promise.clauses) if isinstance(late, float | int) else list(late)
    n = len(hours.values)
    parts = []
    for clause, share in zip(promise.clauses, shares, strict=True):
        good = n if share <= clause.allowed + 1e-9 else 0
        good = good if kept is None else kept
        flat = Spread((p95,) * n)
        parts.append(
            ClausePlayed(
                clause,
                requests,
                Spread((1 - share,) * n),
                Spread((p95 / 3,) * n),
                flat,
                Spread((p95 * 1.5,) * n),
                tuple(k < good for k in range(n)),
            )
        )
    return Played(
        number,
        role,
        candidate,
        dollars(hours, price),
        hours,
        Spread((cold,) * n),
        Spread((cold,) * n),
        Spread((p95,) * n),
        Spread((p95 / 3,) * n),
        Spread((p95 * 1.5,) * n),
        Spread((float(candidate.high),) * n),
        Spread((never,) * n),
        tuple(parts),
        tuple(all(part.kept[k] for part in parts) for k in range(n)),
    )


def sleeping(high: int, target: float = 5.0) -> Candidate:
    return Candidate(0, high, target, machine=MACHINE)


def fixed(instances: int) -> Candidate:
    return always_on(instances, MACHINE)
