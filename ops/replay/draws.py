"""Times that are one number, or drawn from a lognormal distribution with a seed. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ops.core.errors import BadInput
from ops.core.types import FloatArray

MOST_SEED = 2**63
SERVICE, PROVISION, TRAFFIC = 1, 2, 3
"""What is drawn: each has random numbers of its own, so that more of one never moves another."""
PROVISIONS = 1024
"""Provisioning times that are drawn; then they begin again."""
_MOST_SIGMA = 10.0


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. `sigma` 0: always `median_s`; else the standard deviation of the logarithm."""

    median_s: float
    sigma: float = 0.0

    @property
    def mean_s(self) -> float:
        return self.median_s * math.exp(self.sigma**2 / 2)

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        if not self.sigma:
            return np.full(size, self.median_s)
        return self.median_s * np.exp(self.sigma * rng.standard_normal(size))


def generator(seed: int, what: int, number: int = 0) -> np.random.Generator:
    """The random numbers of one kind. The same seed gives the same numbers."""
    return np.random.default_rng((seed, what, number))


def times(text: str, what: str) -> Times:
    """ "31.6", or "lognormal:21,0.35" (median and sigma). `what` is named in an error. Raises BadInput."""
    typed = text.strip().lower()
    name, colon, rest = typed.partition(":")
    numbers = [_number(part) for part in (rest if colon else typed).split(",")]
    if colon and name == "lognormal" and len(numbers) == 2:
        median, sigma = numbers
        if median is not None and sigma is not None and median > 0 and 0 <= sigma <= _MOST_SIGMA:
            return Times(median, sigma)
    elif not colon and len(numbers) == 1 and numbers[0] is not None and numbers[0] >= 0:
        return Times(numbers[0])
    raise BadInput(
        f"{text!r} is no {what}.",
        "Give seconds such as 31.6, or lognormal:MEDIAN,SIGMA such as lognormal:21,0.35.",
    )


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
