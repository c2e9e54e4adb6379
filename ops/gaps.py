"""The history's gaps: what AWS still keeps of an endpoint and nobody has read yet, the newest first.

Source of the edges: facts F.3: minutes for 15 days, five-minute steps for 63 days, hours for 455 days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops.aws.calls import Reading
from ops.core import pacing, spans
from ops.core.types import Endpoint
from ops.core.window import KEPT_DAYS
from ops.gather import Gatherer
from ops.instance_past import wanted
from ops.past import OVERLAP_S, Hole

LONGEST_S = {60: 3 * 86400, 300: 15 * 86400, 3600: 180 * 86400}
"""How much one call reads at most, so that viewers do not wait behind it."""
LAST_S, LAST_FOR_S = 7200, 86_400
"""So much of the end of a deleted endpoint is read after it, and so long it is tried."""
MARGIN_S = 7200
"""Kept clear of AWS's own edges, where an answer is empty rather than an error."""


class Gaps:
    """Closes the gaps of all endpoints, a piece at a time. Used by one thread."""

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer
        self._looked_at: dict[str, float] = {}
        self._whole: set[str] = set()
        self._tried: dict[tuple[str, int, Hole], float] = {}
        """When a hole was asked for last; one of other metrics in the same span is another one."""

    def progress(self) -> tuple[int, int]:
        """How many endpoints have all their history, of how many."""
        names = {e.ref.name for e in self._gatherer.endpoints()}
        return len(names & self._whole), len(names)

    def read_once(self, name: str) -> bool:
        """Whether all that AWS keeps of an endpoint was read, or tried in vain, at least once."""
        return name in self._looked_at

    def close_one(self, reading: Reading, first: Sequence[str] = ()) -> bool:
        """Read one piece, of the endpoints `first` before others. False when nothing is missing. OpsError."""
        if self._gatherer.now is None:
            return False
        now = self._gatherer.now.timestamp()
        endpoints = sorted(self._gatherer.endpoints(), key=lambda e: (e.ref.name not in first, e.ref.name))
        for endpoint in endpoints:
            name = endpoint.ref.name
            if now - self._looked_at.get(name, float("-inf")) < pacing.GAP_S / 2:
                continue
            whole = True
            for hole, period in self._missing(endpoint, now):
                whole = False
                key = (name, period, hole)
                if now - self._tried.get(key, float("-inf")) >= pacing.GAP_S:
                    self._tried = {k: at for k, at in self._tried.items() if now - at < pacing.GAP_S}
                    self._tried[key] = now
                    self._gatherer.fill(reading, endpoint, hole, period)
                    return True
            self._looked_at[name] = now
            if whole:
                self._whole.add(name)
        return self._read_last(reading, now)

    def _read_last(self, reading: Reading, now: float) -> bool:
        """Read what nobody had read yet when an endpoint was deleted: how many instances its last minutes had."""
        for gone in self._gatherer.gone():
            until = int(gone.until.timestamp()) // 60 * 60
            if not OVERLAP_S <= now - until < LAST_FOR_S:
                continue
            name, begin = gone.endpoint.ref.name, max(until - LAST_S, int(gone.endpoint.created.timestamp()))
            for hole in self._gatherer.past.holes(name, wanted(gone.endpoint), (begin // 60 * 60, until), 60):
                key = (name, 60, hole)
                if now - self._tried.get(key, float("-inf")) >= pacing.GAP_S:
                    self._tried[key] = now
                    self._gatherer.fill(reading, gone.endpoint, hole, 60)
                    return True
        return False

    def _missing(self, endpoint: Endpoint, now: float) -> Iterator[tuple[Hole, int]]:
        every = tuple(pacing.every(endpoint))
        end = int(now) - OVERLAP_S
        upper = end
        for period, days in KEPT_DAYS.items():
            oldest = -(-(int(now) - days * 86400 + MARGIN_S) // 3600) * 3600
            lower = max(oldest, int(endpoint.created.timestamp()) // 3600 * 3600)
            if lower < upper:
                for hole in self._gatherer.past.holes(endpoint.ref.name, every, (lower, upper), period):
                    tail = hole.span[1] == end and hole.span[1] - hole.span[0] < pacing.GAP_S
                    if not tail:
                        for piece in spans.pieces(hole.span, LONGEST_S[period]):
                            yield Hole(hole.name, hole.metrics, piece), period
            upper = min(upper, oldest)
