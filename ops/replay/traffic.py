"""Arrivals reconstructed from what an endpoint published, and requests made of them. Pure.

In a minute arrived what was finished (processed, failed, expired) and what the queue grew by: facts A.1, A.5. Within
its minute nobody knows when; requests are placed there at random with a seed, several times over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.core.worked import Steps
from ops.replay.clusters import Placing
from ops.replay.draws import SERVICE, TRAFFIC, Times, generator
from ops.replay.refined import refined
from ops.replay.scenario import Requests

EXPANSIONS = 5
"""So often requests are placed anew, at least."""
SPREAD_S = 300
"""A gap in the backlog up to this long is bridged: what arrived over it is known in sum, and spread evenly."""
MINUTE_S = 60


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Requests that arrived, by cell; ascending, without overlap. Arrays of one length.

    `start_s`: seconds since the epoch; `length_s`: 60, 300 or 3600; `count`: NaN where it is not known.
    """

    start_s: FloatArray
    length_s: FloatArray
    count: FloatArray
    first_s: float
    """The span that was asked for; what no cell of it covers is not known either."""
    until_s: float
    carried: float = 0.0
    """Requests by which cells came out below zero, taken from cells beside them."""
    unplaced: float = 0.0
    """Of these, what no cell had room for: the metrics contradict each other by so many."""
    spread_s: float = 0.0
    """Seconds over which only the sum was known."""

    def __len__(self) -> int:
        return len(self.count)

    @property
    def total(self) -> float:
        return float(np.nansum(self.count))

    @property
    def known(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.count)

    @property
    def unknown_s(self) -> float:
        """Seconds of the span in which nobody knows what arrived."""
        return self.until_s - self.first_s - float(self.length_s[self.known].sum())

    @property
    def known_share(self) -> float:
        span = self.until_s - self.first_s
        return 1 - self.unknown_s / span if span > 0 else 0.0

    @property
    def coarse_s(self) -> float:
        """Seconds that are known only in steps longer than a minute."""
        return float(self.length_s[self.known & (self.length_s > MINUTE_S)].sum())


def of_queue(pieces: Sequence[Steps], first_s: float, until_s: float) -> Arrivals:
    """Of an asynchronous endpoint. `pieces`: ascending, without overlap; unknown is NaN in them.

    The sum over a stretch without a gap is what was finished in it and what the queue grew by from the end of its
    first cell. That first cell, and the first after a gap that is not bridged, have nothing to be compared with.
    """
    starts, lengths, found = [], [], []
    before = np.nan  # the backlog at the end of what came before
    end, spread = -np.inf, 0.0
    for piece, later in zip_longest(pieces, pieces[1:]):
        if piece.start != end:
            before = np.nan
        near = later is not None and later.start == piece.end and len(later.backlog)
        level = _at_the_end(piece, float(later.backlog[0]) if later is not None and near else np.nan)
        done = piece.succeeded + piece.failed + piece.expired
        counts, bridged = _grown(level, done, before, piece.period)
        spread += bridged * piece.period
        starts.append(piece.at)
        lengths.append(np.full(len(level), float(piece.period)))
        found.append(counts)
        before, end = level[-1] if len(level) else before, piece.end
    return _carried(_joined(starts), _joined(lengths), _joined(found), first_s, until_s, spread)


def of_invocations(pieces: Sequence[Steps], first_s: float, until_s: float) -> Arrivals:
    """Of a real-time endpoint: its invocations, as they came."""
    return Arrivals(
        _joined([p.at for p in pieces]),
        _joined([np.full(len(p.backlog), float(p.period)) for p in pieces]),
        _joined([p.succeeded for p in pieces]),
        first_s,
        until_s,
    )


def _at_the_end(piece: Steps, following: float) -> FloatArray:
    """The backlog at the end of each cell. A minute has one sample, taken there.

    Of longer steps the largest sample is known; at their end it is at most that, and about the largest of the next
    step where the queue falls: the smaller of the two. Exact wherever it was empty.
    """
    if piece.period == MINUTE_S:
        return piece.backlog
    ahead = np.append(piece.backlog[1:], following)
    level: FloatArray = np.fmin(piece.backlog, ahead)
    level[np.isnan(piece.backlog)] = np.nan
    return level


def _grown(level: FloatArray, done: FloatArray, before: float, period: int) -> tuple[FloatArray, int]:
    """(what arrived in each cell, how many cells share a sum). Below zero where the metrics say so."""
    with_before = np.concatenate([[before], level])
    counts: FloatArray = done + np.diff(with_before)
    bridged = 0
    known = np.flatnonzero(~np.isnan(with_before))
    for gap in np.flatnonzero(np.diff(known) > 1):
        left, right = int(known[gap]), int(known[gap + 1])
        cells = slice(left, right)  # with_before is one longer: cell i ends at i + 1
        size = right - left
        if size * period > SPREAD_S or np.isnan(done[cells]).any():
            continue
        total = done[cells].sum() + with_before[right] - with_before[left]
        counts[cells] = np.diff(np.floor(np.linspace(0, total, size + 1) + 0.5))
        bridged += size
    return counts, bridged


def _carried(
    starts: FloatArray, lengths: FloatArray, raw: FloatArray, first_s: float, until_s: float, spread_s: float
) -> Arrivals:
    """Cells below zero take from the ones after them, then from those before: the sum stays."""
    counts = raw.copy()
    known = np.flatnonzero(~np.isnan(counts))
    carried = abs(float(counts[known][counts[known] < 0].sum()))
    owed = 0.0
    for order in (known, known[::-1]):
        if owed == 0 and not (counts[known] < 0).any():
            break
        for i in order:
            left = counts[i] + owed
            counts[i], owed = max(left, 0.0), min(left, 0.0)
    return Arrivals(starts, lengths, counts, first_s, until_s, carried, abs(owed), spread_s)


def _joined(parts: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0)


def expanded(
    arrivals: Arrivals, service: Times, seed: int, number: int = 0, placing: Placing | None = None
) -> Requests:
    """One way in which it may have been. Every candidate is replayed over the same ones: common seeds.

    Times are seconds since the epoch. Longer steps are cut into minutes first. Within its minute a request lies as the
    queue suggests that `placing` holds; without one anywhere with the same chance.
    """
    rng = generator(seed, TRAFFIC, number)
    minutes = refined(arrivals.start_s, arrivals.length_s, arrivals.count, rng)
    begins = np.repeat(minutes.start_s, minutes.count)
    if placing is None or not len(begins):
        into = rng.random(len(begins)) * MINUTE_S
    else:
        into = placing.at(minutes.cell).offsets(minutes.count, service, rng)
    last = np.nextafter(begins + MINUTE_S, 0)  # rounding may reach the next minute
    at: FloatArray = np.sort(np.minimum(begins + into, last))
    return Requests(at, service.draw(len(at), generator(seed, SERVICE, number)))


def expansions(
    arrivals: Arrivals, service: Times, seed: int, size: int = EXPANSIONS, placing: Placing | None = None
) -> tuple[Requests, ...]:
    return tuple(expanded(arrivals, service, seed, number, placing) for number in range(size))
