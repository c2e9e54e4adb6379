"""What is known of an endpoint's requests, for the question whether asynchronous inference fits: from what was read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from ops.core.deploy_fit import START_BASIS, START_S, Load
from ops.core.realtime_fit import Start, candidate, latency
from ops.core.types import Price, Window
from ops.core.words import count, duration
from ops.known import State
from ops.opened import Opened
from ops.savings_direct import usual_start
from ops.worked_past import from_to, steps_of

DAYS = 30
"""Looked back so far."""


def _unpriced(at: float) -> Price | None:
    """Money is told by the type that is to be deployed, not by the one that was measured."""
    return None


class Fitting(Opened):
    """The part of the façade that measures what a deployment would have to serve."""

    def load_of(self, name: str) -> Load:
        """The requests of an endpoint in the last days, as far as they were read; asks AWS for nothing.

        Raises UnknownEndpoint, and Unreachable before the first reading.
        """
        state = self._gatherer().state()
        seen, _, _ = state.judged(name)
        endpoint = seen.endpoint
        first, last = from_to(state.now - timedelta(days=DAYS), state.now, endpoint)
        known = state.known[name]
        pieces = steps_of(state.past, endpoint, first, last, known.denied) if last > first else ()
        start = self._usual_start(state)
        found = candidate(name, endpoint.instance_type, pieces, (first, last), _unpriced, _unpriced, start)
        known_s = sum(float((~np.isnan(steps.instances)).sum()) * steps.period for steps in pieces)
        requests = sum(float(steps.finished.sum()) for steps in pieces)
        took, longest = latency(pieces)
        return Load(
            processing_s=took,
            longest_s=longest,
            a_day=requests / known_s * 86_400 if known_s else None,
            start_s=START_S if start is None else (start.seconds + 120, start.seconds + 180),
            start_basis=START_BASIS
            if start is None
            else f"{start.basis}, and 2 to 3 min until its alarm asks",
            asleep=found.idle_share,
            late=found.waiting,
            source=(
                f"Measured: {count(requests, 'request')} of {name} in {duration(known_s)} of its last {DAYS} days that "
                "are known. Its largest payload cannot be seen from outside."
            ),
        )

    def find_load(self, name: str, days: float = 7.0) -> Load:
        """The same with everything read now that the last `days` lack: for a console without a past. OpsError."""
        gatherer, reading = self._gatherer(), self._reading()
        gatherer.look(reading, name, everything=True)
        gatherer.complete(reading, name, Window.last(timedelta(days=days), reading.now))
        return self.load_of(name)

    def _usual_start(self, state: State) -> Start | None:
        """The median cold start of the account's asynchronous endpoints, where enough are kept."""
        past = state.past.history
        direct = [k.endpoint for k in state.known.values() if k.endpoint.is_async]
        found = usual_start([s for e in direct for s in past.episodes(e.ref.name, e.created)])
        return found if found != Start() else None
