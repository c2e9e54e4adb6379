"""Minutes into longer steps, as CloudWatch itself would have added them up.

Sums, counts and maxima are exact. An average is weighted: by finished requests for latencies, by samples for
host metrics, which is exact where that count is the metric's own SampleCount and very near it elsewhere.
A percentile cannot be rebuilt from percentiles: the weighted mean of the minutes' values stands in for it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ops.core import metrics
from ops.core.types import FloatArray

_ADDED = ("Sum", "SampleCount")


def weights_of(metric: metrics.Metric) -> tuple[metrics.Metric, ...]:
    """The counts that weigh the minutes of `metric`; none where a step needs no weights."""
    if metric.statistic in (*_ADDED, "Maximum"):
        return ()
    return (
        (metrics.CPU_SAMPLES,) if metric.namespace == metrics.HOST else (metrics.PROCESSED, metrics.FAILURES)
    )


def rolled(metric: metrics.Metric, known: Mapping[str, FloatArray], factor: int) -> FloatArray:
    """The values of `metric` in steps of `factor` cells; NaN where none of them has a datapoint.

    `known` holds the metric's own fine values and those of `weights_of`, all of one length that is a multiple
    of `factor`, by Metric.key.
    """
    fine = known[metric.key].reshape(-1, factor)
    there = ~np.isnan(fine)
    empty = ~there.any(axis=1)
    if metric.statistic in _ADDED:
        out = np.where(there, fine, 0.0).sum(axis=1)
    elif metric.statistic == "Maximum":
        out = np.where(there, fine, -np.inf).max(axis=1)
    else:
        weights = _weights(metric, known, factor)
        weights = np.where(there, np.where(weights > 0, weights, 0.0), 0.0)
        unweighted = weights.sum(axis=1) == 0
        weights[unweighted] = there[unweighted]
        weights = weights / weights.max(axis=1, keepdims=True, initial=np.finfo(np.float64).tiny)
        total = weights.sum(axis=1)
        out = (np.where(there, fine, 0.0) * weights).sum(axis=1) / np.where(total == 0, 1.0, total)
    return np.where(empty, np.nan, out)


def merged(
    coarse: FloatArray, fine: FloatArray, whole: NDArray[np.bool_], some: NDArray[np.bool_]
) -> FloatArray:
    """Steps from minutes where those are known: of a step that is `whole`, or that nothing else tells.

    `whole` and `some` say of each step whether all or any of its fine cells were read.
    """
    return np.where(whole | (some & np.isnan(coarse)), fine, coarse)


def _weights(metric: metrics.Metric, known: Mapping[str, FloatArray], factor: int) -> FloatArray:
    total = np.zeros_like(known[metric.key])
    for count in weights_of(metric):
        if count.key in known:
            total = total + np.nan_to_num(known[count.key])
    return total.reshape(-1, factor)
