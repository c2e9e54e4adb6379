"""What a finished day of minutes comes to: sums of instance samples by the quarter hour, kept beside its chunk.

A day's sums are never out of step with its minutes: they are made wherever a chunk of minutes becomes a blob,
dropped where a row is written over it, and a day without them is read from its minutes. The caller holds the
transaction.

A row is: `data`, 96 sums of samples in the smallest form that is exact, and behind them, where not all minutes are
known, 96 counts of known minutes (a byte each); `levels`, pairs of samples and of how many minutes had so many.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, delete, exists, select

from ops.core import metrics
from ops.core.types import FloatArray
from ops.store.grid import CHUNK
from ops.store.packing import Damaged, opened, sections_of
from ops.store.tables import CHUNK_BLOB, DAY_SUM, ENDPOINT, METRIC, ROW, put

MINUTE = 60
QUARTERS = 96
SAMPLES, ALIVE = metrics.CPU_SAMPLES.key, metrics.BACKLOG.key
"""A minute is known where it has samples of a host, or none while the queue's own metric was published."""
KEYS = (SAMPLES, ALIVE)
DAY_S = CHUNK * MINUTE
MOST_NAMED = 500
"""So many endpoints are named in one statement at most."""
_KINDS = ("<u1", "<u2", "<f8")
_SOME = 4
"""Set in the form of a day of which some minutes are not known."""
_WIDTH = CHUNK // QUARTERS
LEVEL = np.dtype([("samples", "<f8"), ("minutes", "<u2")])


@dataclass(frozen=True, slots=True, eq=False)
class DaySums:
    """Days of one endpoint, ascending: those of which sums are kept."""

    days: NDArray[np.int64]
    """Shape (days,): epoch seconds of each day's beginning, in UTC."""
    samples: FloatArray
    """Shape (days, 96): the sum of instance samples (SampleCount of a host metric) in each quarter hour."""
    known: NDArray[np.uint8]
    """Shape (days, 96): known minutes of each quarter hour."""
    level_day: NDArray[np.int64]
    """Shape (levels,): which of `days` a level is of."""
    level_samples: FloatArray
    """Shape (levels,): samples in a minute."""
    level_minutes: FloatArray
    """Shape (levels,): known minutes of that day with so many."""

    def only(self, wanted: NDArray[np.bool_]) -> DaySums:
        """The days that a mask of shape (days,) picks."""
        if wanted.all():
            return self
        place = np.cumsum(wanted) - 1
        levels = wanted[self.level_day]
        return DaySums(
            self.days[wanted],
            self.samples[wanted],
            self.known[wanted],
            place[self.level_day[levels]],
            self.level_samples[levels],
            self.level_minutes[levels],
        )


def packed(samples: FloatArray, alive: FloatArray) -> dict[str, object]:
    """The columns of a day, of its 1,440 minutes."""
    there = ~np.isnan(samples)
    known = there | ~np.isnan(alive)
    values = np.where(there, samples, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite samples are no reason to fail
        sums = values.reshape(QUARTERS, _WIDTH).sum(axis=1)
    counts = known.reshape(QUARTERS, _WIDTH).sum(axis=1).astype(np.uint8)
    form = 2
    if np.isfinite(sums).all() and (sums == np.floor(sums)).all() and sums.min() >= 0 and sums.max() < 65_536:
        form = 0 if sums.max() < 256 else 1
    data = sums.astype(_KINDS[form]).tobytes()
    if (counts != _WIDTH).any():
        form |= _SOME
        data += counts.tobytes()
    found, minutes = np.unique(values[known], return_counts=True)
    levels = np.empty(len(found), LEVEL)
    levels["samples"], levels["minutes"] = found, minutes
    return {"form": form, "data": data, "levels": levels.tobytes()}


def ids(connection: Connection) -> dict[str, int]:
    """The metric ids of KEYS, as far as they were ever kept."""
    return dict(connection.execute(select(METRIC.c.key, METRIC.c.id).where(METRIC.c.key.in_(KEYS))).all())


def keep(
    connection: Connection,
    endpoint: int,
    chunk: int,
    kept: Mapping[int, tuple[int, bytes]],
    numbers: Mapping[str, int],
) -> None:
    """Keep the sums of a chunk of minutes. `kept`: its sections by metric id; `numbers`: see `ids`."""
    day = {key: np.full(CHUNK, np.nan) for key in KEYS}
    for key, values in day.items():
        found = kept.get(numbers.get(key, -1))
        if found is not None:
            opened(*found, values)
    row = {"endpoint_id": endpoint, "chunk": chunk, **packed(day[SAMPLES], day[ALIVE])}
    put(connection, DAY_SUM, ("endpoint_id", "chunk"), [row])


def outdated(connection: Connection, days: Iterable[tuple[int, int]]) -> None:
    """Minutes of these (endpoint id, chunk) are written over: their sums are no longer true."""
    by_chunk: dict[int, list[int]] = {}
    for endpoint, chunk in days:
        by_chunk.setdefault(chunk, []).append(endpoint)
    for chunk, endpoints in by_chunk.items():
        for at in range(0, len(endpoints), MOST_NAMED):
            some = DAY_SUM.c.endpoint_id.in_(endpoints[at : at + MOST_NAMED])
            connection.execute(delete(DAY_SUM).where(DAY_SUM.c.chunk == chunk, some))


def lacking(connection: Connection, scope: int) -> dict[int, list[int]]:
    """The chunks of minutes without sums, by endpoint id: those that an older Ebb made, or with late rows over them."""
    same = and_(DAY_SUM.c.endpoint_id == CHUNK_BLOB.c.endpoint_id, DAY_SUM.c.chunk == CHUNK_BLOB.c.chunk)
    found = connection.execute(
        select(CHUNK_BLOB.c.endpoint_id, CHUNK_BLOB.c.chunk)
        .join(ENDPOINT, ENDPOINT.c.id == CHUNK_BLOB.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope, CHUNK_BLOB.c.resolution == MINUTE)
        .where(~exists().where(same))
        .order_by(CHUNK_BLOB.c.endpoint_id, CHUNK_BLOB.c.chunk)
    )
    out: dict[int, list[int]] = {}
    for endpoint, chunk in found:
        out.setdefault(endpoint, []).append(chunk)
    return out


def make(connection: Connection, endpoint: int, wanted: Sequence[int]) -> None:
    """Make the sums of chunks of one endpoint that lack them; those with rows over their blob wait for their fold."""
    numbers = ids(connection)
    here = (ROW.c.endpoint_id == endpoint, ROW.c.resolution == MINUTE)
    cells = connection.execute(
        select(ROW.c.cell).where(
            *here, ROW.c.cell >= wanted[0] * CHUNK, ROW.c.cell < (wanted[-1] + 1) * CHUNK
        )
    )
    missing = set(wanted)
    late = {cell // CHUNK for cell in cells.scalars()}
    blobs = connection.execute(
        select(CHUNK_BLOB.c.chunk, CHUNK_BLOB.c.data)
        .where(CHUNK_BLOB.c.endpoint_id == endpoint, CHUNK_BLOB.c.resolution == MINUTE)
        .where(CHUNK_BLOB.c.chunk.between(wanted[0], wanted[-1]))
    )
    for chunk, blob in blobs:
        if chunk in missing and chunk not in late:
            keep(connection, endpoint, chunk, sections_of(blob, numbers.values()), numbers)


def read(
    connection: Connection, scope: int, endpoints: Collection[str], start: int, end: int
) -> dict[str, DaySums]:
    """By name, the sums of the days that lie wholly in [start, end); an endpoint without any is left out."""
    wanted = (
        select(ENDPOINT.c.name, DAY_SUM.c.chunk, DAY_SUM.c.form, DAY_SUM.c.data, DAY_SUM.c.levels)
        .join(ENDPOINT, ENDPOINT.c.id == DAY_SUM.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope)
        .where(DAY_SUM.c.chunk.between(-(-start // DAY_S), end // DAY_S - 1))
        .order_by(DAY_SUM.c.endpoint_id, DAY_SUM.c.chunk)
    )
    if len(endpoints) <= MOST_NAMED:
        wanted = wanted.where(ENDPOINT.c.name.in_(sorted(endpoints)))
    rows = connection.execute(wanted).all()
    return {name: sums for name, sums in by_name(rows) if name in endpoints}


def by_name(rows: Sequence[Sequence[Any]]) -> Iterator[tuple[str, DaySums]]:
    """Rows of (name, chunk, form, data, levels), those of a name together and its chunks ascending. Raises Damaged."""
    if not rows:
        return
    names, chunks, forms, data, levels = zip(*rows, strict=True)
    samples = np.empty((len(rows), QUARTERS))
    known = np.full((len(rows), QUARTERS), _WIDTH, np.uint8)
    kinds = np.array(forms)
    for form in np.unique(kinds).tolist():
        at = np.flatnonzero(kinds == form)
        _fill(form, [data[i] for i in at.tolist()], at, samples, known)
    sizes = np.fromiter(map(len, levels), np.int64, len(rows))
    if (sizes % LEVEL.itemsize).any():
        raise Damaged("the levels of a day are cut off")
    pairs = np.frombuffer(b"".join(levels), LEVEL)
    level_row = np.repeat(np.arange(len(rows)), sizes // LEVEL.itemsize)
    level_samples, level_minutes = pairs["samples"].copy(), pairs["minutes"].astype(np.float64)
    days = np.array(chunks, np.int64) * DAY_S
    first = 0
    while first < len(rows):
        last = first + 1
        while last < len(rows) and names[last] == names[first]:
            last += 1
        a, b = np.searchsorted(level_row, (first, last)).tolist()
        yield (
            names[first],
            DaySums(
                days[first:last],
                samples[first:last],
                known[first:last],
                level_row[a:b] - first,
                level_samples[a:b],
                level_minutes[a:b],
            ),
        )
        first = last


def _fill(
    form: int, data: Sequence[bytes], at: NDArray[np.int64], samples: FloatArray, known: NDArray[np.uint8]
) -> None:
    """Write the days of one form into their places. Raises Damaged."""
    if not 0 <= form < len(_KINDS) + _SOME or form & ~_SOME >= len(_KINDS):
        raise Damaged(f"sums of a day in form {form}")
    kind = np.dtype(_KINDS[form & ~_SOME])
    size = QUARTERS * kind.itemsize
    joined = b"".join(data)
    width = size + (QUARTERS if form & _SOME else 0)
    if len(joined) != width * len(data) or any(len(one) != width for one in data):
        raise Damaged("the sums of a day are cut off")
    raw = np.frombuffer(joined, np.uint8).reshape(len(data), width)
    samples[at] = np.ascontiguousarray(raw[:, :size]).view(kind)
    if form & _SOME:
        known[at] = raw[:, size:]
