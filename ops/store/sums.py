"""What finished days of minutes come to: sums of instance samples by the quarter hour, kept beside their chunks.

A day's sums are never out of step with its minutes: they are made wherever a chunk of minutes becomes a blob, and
struck out where a row is written over it; a day without them is read from its minutes. They are kept by blocks of
32 days, so that years of many endpoints are few rows. The caller holds the transaction.

A row is: `present`, one bit a day; `data`, compressed: the form of the sums (a byte), how many levels each day has (two
bytes each), 32 x 96 sums of samples in the smallest form that is exact, the levels (pairs of samples and of how many
minutes of the day had so many), and the gaps: quarter hours of the block of which not all 15 minutes are known (where,
how many).
"""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BindParameter, Connection, bindparam, delete, select, update

from ops.core import metrics
from ops.core.types import FloatArray
from ops.store.grid import CHUNK
from ops.store.packing import Damaged, opened, sections_of
from ops.store.tables import CHUNK_BLOB, DAY_SUMS, ENDPOINT, META, METRIC, ROW, add_missing, put

MINUTE = 60
QUARTERS = 96
BLOCK = 32
"""Days of one row."""
SAMPLES, ALIVE = metrics.CPU_SAMPLES.key, metrics.BACKLOG.key
"""A minute is known where it has samples of a host, or none while the queue's own metric was published."""
KEYS = (SAMPLES, ALIVE)
DAY_S = CHUNK * MINUTE
MOST_NAMED = 500
"""So many endpoints are named in one statement at most."""
LEVEL = np.dtype([("samples", "<f8"), ("minutes", "<u2")])
GAP = np.dtype([("at", "<u2"), ("minutes", "<u1")])
_KINDS = tuple(np.dtype(kind) for kind in ("<u1", "<u2", "<f8"))
_COUNT = struct.Struct(f"<{BLOCK}H")
_COUNTS = 1 + _COUNT.size
_WIDTH = CHUNK // QUARTERS
log = logging.getLogger(__name__)
_MADE = "sums "
"""Under this and the number of a scope it is said that its old days have had their sums made."""


@dataclass(frozen=True, slots=True, eq=False)
class DaySums:
    """Days of one endpoint, ascending: those of which sums are kept."""

    days: NDArray[np.int64]
    """Shape (days,): epoch seconds of each day's beginning, in UTC."""
    samples: NDArray[Any]
    """Shape (days, 96): the sum of instance samples (SampleCount of a host metric) in each quarter hour,
    in the smallest form that holds them."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Day:
    """`samples` and `known` of shape (96,), `levels` of LEVEL."""

    samples: FloatArray
    known: NDArray[np.uint8]
    levels: NDArray[np.void]


def summed(samples: FloatArray, alive: FloatArray) -> Day:
    """What the 1,440 minutes of a day come to."""
    there = ~np.isnan(samples)
    known = there | ~np.isnan(alive)
    values = np.where(there, samples, 0.0) + 0.0  # no negative zero
    with np.errstate(invalid="ignore", over="ignore"):  # infinite samples are no reason to fail
        sums = values.reshape(QUARTERS, _WIDTH).sum(axis=1)
    found, minutes = np.unique(values[known], return_counts=True)
    levels = np.empty(len(found), LEVEL)
    levels["samples"], levels["minutes"] = found, minutes
    return Day(sums, known.reshape(QUARTERS, _WIDTH).sum(axis=1).astype(np.uint8), levels)


@dataclass(frozen=True, slots=True)
class Packed:
    """The parts of a block as they are kept, of all 32 days; what is not among those of `present` says nothing."""

    form: int
    counts: bytes
    sums: bytes
    levels: bytes
    gaps: bytes

    @classmethod
    def opened(cls, data: bytes) -> Packed:
        """Raises Damaged."""
        try:
            raw = zlib.decompress(data)
        except zlib.error as error:
            raise Damaged(f"sums of days ({error})") from error
        if not raw or raw[0] >= len(_KINDS) or len(raw) < _COUNTS:
            raise Damaged("sums of days in no known form")
        counts = raw[1:_COUNTS]
        at = _COUNTS + BLOCK * QUARTERS * _KINDS[raw[0]].itemsize
        end = at + LEVEL.itemsize * sum(_COUNT.unpack(counts))
        if end > len(raw) or (len(raw) - end) % GAP.itemsize:
            raise Damaged("sums of days are cut off")
        if len(raw) > end and np.frombuffer(raw[end:], GAP)["at"].max() >= BLOCK * QUARTERS:
            raise Damaged("a gap of no day")
        return cls(raw[0], counts, raw[_COUNTS:at], raw[at:end], raw[end:])


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days in a row, `BLOCK` or a multiple of it."""

    samples: NDArray[Any]
    """Shape (days, 96)."""
    known: NDArray[np.uint8]
    """Shape (days, 96)."""
    counts: NDArray[np.int64]
    """Shape (days,): how many of `levels` each day has."""
    levels: NDArray[np.void]

    @classmethod
    def empty(cls) -> Days:
        known = np.full((BLOCK, QUARTERS), _WIDTH, np.uint8)
        return cls(np.zeros((BLOCK, QUARTERS)), known, np.zeros(BLOCK, np.int64), np.empty(0, LEVEL))

    @classmethod
    def of(cls, blocks: Sequence[Packed]) -> Days:
        """Those of several blocks, one after the other."""
        sums = [np.frombuffer(block.sums, _KINDS[block.form]) for block in blocks]
        counts = np.frombuffer(b"".join(block.counts for block in blocks), "<u2").astype(np.int64)
        levels = np.frombuffer(b"".join(block.levels for block in blocks), LEVEL)
        known = np.full((len(blocks), BLOCK * QUARTERS), _WIDTH, np.uint8)
        for number, block in enumerate(blocks):
            if block.gaps:
                gaps = np.frombuffer(block.gaps, GAP)
                known[number, gaps["at"]] = gaps["minutes"]
        samples = np.concatenate(sums)
        return cls(samples.reshape(-1, QUARTERS), known.reshape(-1, QUARTERS), counts, levels)

    def replaced(self, number: int, day: Day) -> Days:
        """With another day in that place."""
        samples, known, counts = self.samples.astype(np.float64), self.known.copy(), self.counts.copy()
        samples[number], known[number], counts[number] = day.samples, day.known, len(day.levels)
        begin = int(self.counts[:number].sum())
        end = begin + int(self.counts[number])
        levels = np.concatenate([self.levels[:begin], day.levels, self.levels[end:]])
        return Days(samples, known, counts, levels)

    def pack(self) -> bytes:
        """As one block."""
        form, sums = 2, self.samples
        if (
            np.isfinite(sums).all()
            and (sums == np.floor(sums)).all()
            and sums.min() >= 0
            and sums.max() < 65_536
        ):
            form = 0 if sums.max() < 256 else 1
        at = np.flatnonzero(self.known != _WIDTH)
        gaps = np.empty(len(at), GAP)
        gaps["at"], gaps["minutes"] = at, self.known.ravel()[at]
        parts = (self.counts.astype("<u2"), sums.astype(_KINDS[form]), self.levels, gaps)
        return zlib.compress(bytes([form]) + b"".join(part.tobytes() for part in parts), 6)


def ids(connection: Connection) -> dict[str, int]:
    """The metric ids of KEYS, as far as they were ever kept."""
    return dict(connection.execute(select(METRIC.c.key, METRIC.c.id).where(METRIC.c.key.in_(KEYS))).all())


def keep(
    connection: Connection,
    endpoint: int,
    days: Mapping[int, Mapping[int, tuple[int, bytes]]],
    numbers: Mapping[str, int],
) -> None:
    """Keep the sums of chunks of minutes: by chunk, its sections by metric id. `numbers`: see `ids`."""
    blocks: dict[int, list[int]] = {}
    for chunk in sorted(days):
        blocks.setdefault(chunk // BLOCK, []).append(chunk)
    for block, chunks in blocks.items():
        row = connection.execute(
            select(DAY_SUMS.c.present, DAY_SUMS.c.data).filter_by(endpoint_id=endpoint, block=block)
        ).one_or_none()
        present, kept = (row[0] if row is not None else 0), Days.empty()
        if row is not None:
            try:
                kept = Days.of([Packed.opened(row[1])])
            except Damaged:
                renew(connection, endpoint, block)
                continue
        for chunk in chunks:
            values = {key: np.full(CHUNK, np.nan) for key in KEYS}
            for key, out in values.items():
                found = days[chunk].get(numbers.get(key, -1))
                if found is not None:
                    opened(*found, out)
            kept = kept.replaced(chunk % BLOCK, summed(values[SAMPLES], values[ALIVE]))
            present |= 1 << chunk % BLOCK
        fresh = {"endpoint_id": endpoint, "block": block, "present": present, "data": kept.pack()}
        put(connection, DAY_SUMS, ("endpoint_id", "block"), [fresh])


def strike_out(connection: Connection, days: Iterable[tuple[int, int]]) -> None:
    """Minutes of these (endpoint id, chunk) are written over: their sums are no longer true."""
    gone = [{"e": endpoint, "b": chunk // BLOCK, "bit": 1 << chunk % BLOCK} for endpoint, chunk in days]
    if gone:
        bit: BindParameter[int] = bindparam("bit")
        connection.execute(
            update(DAY_SUMS)
            .where(DAY_SUMS.c.endpoint_id == bindparam("e"), DAY_SUMS.c.block == bindparam("b"))
            .where(DAY_SUMS.c.present.op("&")(bit) != 0)
            .values(present=DAY_SUMS.c.present - bit),
            gone,
        )


def prune(connection: Connection, scope: int, chunk: int) -> None:
    """Forget the days before `chunk`."""
    mine = DAY_SUMS.c.endpoint_id.in_(select(ENDPOINT.c.id).where(ENDPOINT.c.scope_id == scope))
    connection.execute(delete(DAY_SUMS).where(mine, DAY_SUMS.c.block < chunk // BLOCK))
    rest = -(1 << chunk % BLOCK)
    connection.execute(
        update(DAY_SUMS)
        .where(mine, DAY_SUMS.c.block == chunk // BLOCK)
        .values(present=DAY_SUMS.c.present.op("&")(rest))
    )


def made(connection: Connection, scope: int) -> bool:
    """Whether the days of a scope that an older Ebb folded have had their sums made."""
    return connection.execute(select(META.c.key).where(META.c.key == f"{_MADE}{scope}")).scalar() is not None


def note_made(connection: Connection, scope: int) -> None:
    add_missing(connection, META, [{"key": f"{_MADE}{scope}", "value": "made"}])


def forget(connection: Connection, scopes: Iterable[int]) -> None:
    """These scopes are gone."""
    connection.execute(delete(META).where(META.c.key.in_([f"{_MADE}{scope}" for scope in scopes])))


def lacking(connection: Connection, scope: int) -> dict[int, list[int]]:
    """The chunks of minutes without sums, by endpoint id: an older Ebb made them, or late rows lie over them."""
    mine = select(ENDPOINT.c.id).where(ENDPOINT.c.scope_id == scope)
    rows = connection.execute(select(DAY_SUMS.c.endpoint_id, DAY_SUMS.c.block, DAY_SUMS.c.present))
    present = {(endpoint, block): bits for endpoint, block, bits in rows}
    found = connection.execute(
        select(CHUNK_BLOB.c.endpoint_id, CHUNK_BLOB.c.chunk)
        .where(CHUNK_BLOB.c.resolution == MINUTE, CHUNK_BLOB.c.endpoint_id.in_(mine))
        .order_by(CHUNK_BLOB.c.endpoint_id, CHUNK_BLOB.c.chunk)
    )
    out: dict[int, list[int]] = {}
    for endpoint, chunk in found:
        if not present.get((endpoint, chunk // BLOCK), 0) >> chunk % BLOCK & 1:
            out.setdefault(endpoint, []).append(chunk)
    return out


def make(connection: Connection, endpoint: int, wanted: Sequence[int]) -> None:
    """Make the sums of chunks of one endpoint that lack them; those with rows over their blob wait for their fold."""
    numbers = ids(connection)
    first, last = min(wanted), max(wanted)
    cells = connection.execute(
        select(ROW.c.cell)
        .where(ROW.c.endpoint_id == endpoint, ROW.c.resolution == MINUTE)
        .where(ROW.c.cell >= first * CHUNK, ROW.c.cell < (last + 1) * CHUNK)
    )
    missing = set(wanted) - {cell // CHUNK for cell in cells.scalars()}
    blobs = connection.execute(
        select(CHUNK_BLOB.c.chunk, CHUNK_BLOB.c.data)
        .where(CHUNK_BLOB.c.endpoint_id == endpoint, CHUNK_BLOB.c.resolution == MINUTE)
        .where(CHUNK_BLOB.c.chunk.between(first, last))
    )
    days = {chunk: sections_of(blob, numbers.values()) for chunk, blob in blobs if chunk in missing}
    keep(connection, endpoint, days, numbers)


def read(
    connection: Connection, scope: int, endpoints: Collection[str], start: int, end: int
) -> tuple[dict[str, DaySums], tuple[tuple[int, int], ...]]:
    """By name, the sums of the days that lie wholly in [start, end); an endpoint without any is left out.

    And which blocks, (endpoint id, block), are damaged: their days are left out.
    """
    first, last = -(-start // DAY_S), end // DAY_S
    asked = (
        select(ENDPOINT.c.name, DAY_SUMS.c.block, DAY_SUMS.c.present, DAY_SUMS.c.data, ENDPOINT.c.id)
        .join(ENDPOINT, ENDPOINT.c.id == DAY_SUMS.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope)
        .where(DAY_SUMS.c.block.between(first // BLOCK, (last - 1) // BLOCK))
        .order_by(DAY_SUMS.c.endpoint_id, DAY_SUMS.c.block)
    )
    if len(endpoints) <= MOST_NAMED:
        asked = asked.where(ENDPOINT.c.name.in_(sorted(endpoints)))
    found: dict[str, list[tuple[int, int, Packed]]] = {}
    damaged = []
    for name, block, present, data, number in connection.execute(asked):
        if name not in endpoints:
            continue
        try:
            found.setdefault(name, []).append((block, present, Packed.opened(data)))
        except Damaged as error:
            log.warning("The history's %s of %s are read from their minutes: damaged.", error, name)
            damaged.append((number, block))
    out = {name: _joined(blocks, first, last) for name, blocks in found.items() if blocks}
    return {name: sums for name, sums in out.items() if len(sums.days)}, tuple(damaged)


def renew(connection: Connection, endpoint: int, block: int) -> None:
    """Make the sums of a damaged block anew from the minutes of its days."""
    mine = (DAY_SUMS.c.endpoint_id == endpoint) & (DAY_SUMS.c.block == block)
    connection.execute(delete(DAY_SUMS).where(mine))
    kept = connection.execute(
        select(CHUNK_BLOB.c.chunk)
        .where(CHUNK_BLOB.c.endpoint_id == endpoint, CHUNK_BLOB.c.resolution == MINUTE)
        .where(CHUNK_BLOB.c.chunk.between(block * BLOCK, (block + 1) * BLOCK - 1))
    )
    wanted = sorted(kept.scalars())
    if wanted:
        make(connection, endpoint, wanted)


def _joined(blocks: Sequence[tuple[int, int, Packed]], first: int, last: int) -> DaySums:
    """The days of [first, last) that are present, of (block, present, its parts)."""
    kept = Days.of([packed for _, _, packed in blocks])
    numbers = np.array([block for block, _, _ in blocks], np.int64)
    chunks = (numbers[:, np.newaxis] * BLOCK + np.arange(BLOCK)).ravel()
    bits = np.array([present for _, present, _ in blocks], np.int64)
    present = (bits[:, np.newaxis] >> np.arange(BLOCK) & 1).astype(np.bool_).ravel()
    every = DaySums(
        chunks * DAY_S,
        kept.samples,
        kept.known,
        np.repeat(np.arange(len(chunks)), kept.counts),
        kept.levels["samples"],
        kept.levels["minutes"].astype(np.float64),
    )
    return every.only(present & (chunks >= first) & (chunks < last))
