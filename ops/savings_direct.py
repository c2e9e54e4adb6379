"""Real-time endpoints: what asynchronous inference with scale-to-zero would save, from what was read of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ops.core.cold_start import ColdStart, served
from ops.core.cold_start_stats import FEW
from ops.core.instance_types import IntervalFrom
from ops.core.periods import Period
from ops.core.realtime_fit import Start, candidate
from ops.core.savings import TypeFrom
from ops.core.savings_lines import edges_of, price_at
from ops.core.types import Endpoint, Price
from ops.core.views_savings import Candidate
from ops.core.words import count
from ops.known import State
from ops.worked_past import from_to, steps_of


def candidate_of(
    state: State,
    endpoint: Endpoint,
    period: Period,
    types: Sequence[TypeFrom],
    hosting: Mapping[str, Price],
    asynchronous: Mapping[str, Price],
    start: Start,
    intervals: Sequence[IntervalFrom] = (),
) -> Candidate:
    """One real-time endpoint over a period. `hosting`, `asynchronous`: prices of its types for either kind."""
    known = state.known[endpoint.ref.name]
    first, last = from_to(period.start, period.until, endpoint)
    pieces = steps_of(state.past, endpoint, first, last, known.denied, intervals) if last > first else ()
    return candidate(
        endpoint.ref.name,
        endpoint.instance_type,
        pieces,
        edges_of(first, last, types),
        price_at(types, hosting),
        price_at(types, asynchronous),
        start,
    )


def usual_start(starts: Sequence[ColdStart]) -> Start:
    """How long the account's own cold starts took from the order to in service."""
    lengths = [s.start_s for s in served(starts) if s.start_s is not None]
    if len(lengths) < FEW:
        return Start()
    return Start(
        float(np.median(lengths)),
        f"the median of {count(len(lengths), 'cold start')} of this account's asynchronous endpoints",
    )
