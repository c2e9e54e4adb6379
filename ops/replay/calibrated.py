"""How long a request holds its slot, how many slots an instance has, how long a new instance takes: from what an
endpoint published, each with how sure that is. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.replay.draws import PROVISION, PROVISIONS, Times, generator

FEW = 5
"""With fewer observations nothing is told of a spread."""
ASSUMED_PROVISION_S = 300.0
ASSUMED_CONCURRENCY = 4
SATURATED = 5
"""So many minutes with a waiting queue at least tell how many requests an instance works on at once."""
MOST_SIGMA = 1.5


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds over `count` observations; NaN without any. `error_s`: standard error of the mean, NaN where unknown."""

    count: int
    mean_s: float
    error_s: float
    p10_s: float
    p50_s: float
    p90_s: float


@dataclass(frozen=True, slots=True)
class Service:
    """What a request takes. `times` is what is drawn; None where no request finished, so that nothing is known."""

    times: Times | None
    spread: Spread
    requests: int
    source: str


@dataclass(frozen=True, slots=True)
class Slots:
    """Requests that an instance works on at once. `measured`: what full minutes say; None where too few were full."""

    concurrency: int
    source: str
    measured: float | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Provision:
    """Seconds from an order to in service. `seen_s`: the endpoint's own, oldest first; empty: it is assumed."""

    seen_s: tuple[float, ...]
    spread: Spread
    source: str

    def draws(self, seed: int, number: int = 0) -> tuple[float, ...]:
        """What new instances take: the own ones, drawn with repetition."""
        if not self.seen_s:
            return (ASSUMED_PROVISION_S,)
        if len(self.seen_s) < FEW:
            return (float(np.median(self.seen_s)),)
        rng = generator(seed, PROVISION, number)
        return tuple(rng.choice(np.array(self.seen_s), PROVISIONS).tolist())


def service_of(means_s: FloatArray, counts: FloatArray, source: str) -> Service:
    """Of cells with the mean of so many requests each; NaN and cells without requests are left out.

    The spread of single requests follows from that of the means (the mean of n varies by 1/n of the variance); a
    lognormal distribution with the same mean and variance is drawn from.
    """
    use = ~np.isnan(means_s) & ~np.isnan(counts) & (counts > 0) & (means_s >= 0)
    values, weights = means_s[use], counts[use]
    total = float(weights.sum())
    if not total:
        return Service(None, _nothing(), 0, source)
    mean = float((values * weights).sum() / total)
    cells = len(values)
    variance = float((weights * (values - mean) ** 2).sum() / (cells - 1)) if cells >= FEW else 0.0
    sigma = math.sqrt(math.log1p(variance / mean**2)) if mean > 0 else 0.0
    sigma = min(sigma, MOST_SIGMA)
    error = math.sqrt(variance / total) if cells >= FEW else math.nan
    p10, p50, p90 = _quantiles(values, weights)
    spread = Spread(int(total), mean, error, p10, p50, p90)
    return Service(Times(mean * math.exp(-(sigma**2) / 2), sigma), spread, int(total), source)


def slots_of(
    configured: int | None,
    instances: FloatArray,
    finished: FloatArray,
    waiting: NDArray[np.bool_],
    service_s: float,
    period_s: float = 60.0,
) -> Slots:
    """`configured`: MaxConcurrentInvocationsPerInstance. Cells in which a queue `waiting` kept every slot full say
    finished × seconds ÷ instance-seconds."""
    steady = np.zeros(len(instances), np.bool_)
    if len(instances) > 2:
        steady[1:-1] = (instances[1:-1] == instances[:-2]) & (instances[1:-1] == instances[2:])
    full = waiting & steady & (instances > 0) & ~np.isnan(finished)
    minutes = int(full.sum())
    measured = None
    if minutes >= SATURATED and service_s > 0:
        measured = float(finished[full].sum()) * service_s / (float(instances[full].sum()) * period_s)
    if configured is not None:
        return Slots(
            configured, "MaxConcurrentInvocationsPerInstance of the configuration", measured, minutes
        )
    if measured is not None and measured > 0:
        return Slots(
            max(1, round(measured)), f"measured in {minutes} minutes with a waiting queue", measured, minutes
        )
    return Slots(
        ASSUMED_CONCURRENCY, "assumed: the configuration names none, and no queue waited long enough to tell"
    )


def provision_of(seen_s: Sequence[float], whose: str) -> Provision:
    values = np.array([s for s in seen_s if math.isfinite(s) and s >= 0], np.float64)
    if not len(values):
        source = f"assumed: {ASSUMED_PROVISION_S:g} s, since no cold start is known"
        return Provision((), Spread(0, ASSUMED_PROVISION_S, math.nan, *([ASSUMED_PROVISION_S] * 3)), source)
    error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) >= FEW else math.nan
    p10, p50, p90 = (float(v) for v in np.quantile(values, (0.1, 0.5, 0.9)))
    return Provision(
        tuple(values.tolist()), Spread(len(values), float(values.mean()), error, p10, p50, p90), whose
    )


def _quantiles(values: FloatArray, weights: FloatArray) -> tuple[float, float, float]:
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    p10, p50, p90 = (float(values[order][np.searchsorted(reached, q - 1e-12)]) for q in (0.1, 0.5, 0.9))
    return p10, p50, p90


def _nothing() -> Spread:
    return Spread(0, math.nan, math.nan, math.nan, math.nan, math.nan)
