"""Rows and blobs of one series (endpoint and resolution) in the tables. The caller holds the transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, ScalarSelect, bindparam, delete, func, select

from ops.core.types import FloatArray
from ops.store import sums
from ops.store.grid import CHUNK
from ops.store.packing import Damaged, opened, pack, section, sections_of
from ops.store.tables import CHUNK_BLOB, COVERED, ENDPOINT, KEYSET, METRIC, ROW, add_missing, put

CellArray = NDArray[np.int64]
Series = tuple[int, int]
"""(endpoint id, resolution)"""

# Built once: to build a statement takes longer than to run it.
_METRICS = select(METRIC.c.key, METRIC.c.id)
_BLOBS = (
    select(CHUNK_BLOB.c.chunk, CHUNK_BLOB.c.data)
    .where(
        CHUNK_BLOB.c.endpoint_id == bindparam("endpoint"), CHUNK_BLOB.c.resolution == bindparam("resolution")
    )
    .where(CHUNK_BLOB.c.chunk.between(bindparam("first"), bindparam("last")))
)
_ROWS = (
    select(ROW.c.keyset_id, ROW.c.cell, ROW.c.written, ROW.c.data)
    .where(ROW.c.endpoint_id == bindparam("endpoint"), ROW.c.resolution == bindparam("resolution"))
    .where(ROW.c.keyset_id.in_(bindparam("wanted", expanding=True)))
    .where(ROW.c.cell.between(bindparam("first"), bindparam("last")))
)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some cells of one chunk: [cells, metrics] from the cell `at` of the chunk on."""

    keys: tuple[str, ...]
    at: int
    values: FloatArray


class Keysets:
    """The key sets of the store, by id and by keys."""

    def __init__(self, by_id: dict[int, tuple[str, ...]]) -> None:
        self.by_id = by_id
        self._ids = {keys: number for number, keys in by_id.items()}

    @classmethod
    def load(cls, connection: Connection) -> Keysets:
        found = connection.execute(select(KEYSET.c.id, KEYSET.c["keys"]))
        return cls({number: tuple(json.loads(keys)) for number, keys in found})

    def id_of(self, keys: Iterable[str]) -> int:
        return self._ids[tuple(sorted(keys))]

    def add(self, connection: Connection, wanted: Iterable[tuple[str, ...]]) -> None:
        """Make those that are not there; keys come sorted."""
        missing = sorted(set(wanted) - self._ids.keys())
        if missing:
            add_missing(connection, KEYSET, [{"keys": json.dumps(keys)} for keys in missing])
            fresh = Keysets.load(connection)
            self.by_id, self._ids = fresh.by_id, fresh._ids


def with_rows(connection: Connection, scope: int, now: int) -> list[tuple[Series, int]]:
    """The chunks of the scope that ended by `now` and still have rows."""
    written = (
        select(COVERED.c.endpoint_id, COVERED.c.resolution, COVERED.c.keyset_id)
        .join(ENDPOINT, ENDPOINT.c.id == COVERED.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope)
        .distinct()
        .subquery()
    )
    oldest: ScalarSelect[int] = (
        select(func.min(ROW.c.cell))
        .where(
            ROW.c.endpoint_id == written.c.endpoint_id,
            ROW.c.resolution == written.c.resolution,
            ROW.c.keyset_id == written.c.keyset_id,
        )
        .scalar_subquery()
    )
    out = set()
    for endpoint, resolution, keyset, cell in connection.execute(select(written, oldest)).all():
        done = now // (resolution * CHUNK) * CHUNK
        if cell is None or cell >= done:
            continue
        cells = connection.execute(
            select(ROW.c.cell).where(
                ROW.c.endpoint_id == endpoint,
                ROW.c.resolution == resolution,
                ROW.c.keyset_id == keyset,
                ROW.c.cell < done,
            )
        ).scalars()
        out |= {((endpoint, resolution), each // CHUNK) for each in cells}
    return sorted(out)


def merge(
    connection: Connection, series: Series, chunk: int, keysets: Keysets, parts: Sequence[Part]
) -> None:
    """Make one blob of the chunk's blob, its rows over that, and `parts` over both; the rows go.

    The sums of a day of minutes are made with it.
    """
    first = chunk * CHUNK
    here = (ROW.c.endpoint_id == series[0], ROW.c.resolution == series[1])
    cells = ROW.c.cell.between(first, first + CHUNK - 1)
    layers = _row_parts(
        connection.execute(
            select(ROW.c.keyset_id, ROW.c.cell, ROW.c.written, ROW.c.data).where(*here, cells)
        ).all(),
        keysets,
    )
    fresh: dict[str, list[tuple[CellArray, FloatArray]]] = {}
    for keys, at, values in layers:
        for number, key in enumerate(keys):
            fresh.setdefault(key, []).append((at - first, values[:, number]))
    for part in parts:
        at = np.arange(part.at, part.at + len(part.values))
        for number, key in enumerate(part.keys):
            fresh.setdefault(key, []).append((at, part.values[:, number]))
    if not fresh:
        return
    blob = connection.execute(
        select(CHUNK_BLOB.c.data).filter_by(endpoint_id=series[0], resolution=series[1], chunk=chunk)
    ).scalar()
    kept = sections_of(blob) if blob is not None else {}
    ids = _metric_ids(connection, fresh)
    for key, pieces in fresh.items():
        values = np.full(CHUNK, np.nan)
        before = kept.pop(ids[key], None)
        if before is not None:
            opened(*before, values)
        for at, piece in pieces:
            values[at] = piece
        packed = section(values)
        if packed is not None:
            kept[ids[key]] = packed
    row = {"endpoint_id": series[0], "resolution": series[1], "chunk": chunk, "data": pack(kept)}
    put(connection, CHUNK_BLOB, ("endpoint_id", "resolution", "chunk"), [row])
    connection.execute(delete(ROW).where(*here, cells))
    if series[1] == sums.MINUTE:
        sums.keep(connection, series[0], {chunk: kept}, sums.ids(connection))


def metric_ids(connection: Connection) -> dict[str, int]:
    """The ids of all metrics that were ever kept, by key."""
    return dict(connection.execute(_METRICS).all())


def read_blobs(
    connection: Connection,
    series: Series,
    first: int,
    last: int,
    into: Mapping[str, FloatArray],
    metrics: Mapping[str, int],
) -> None:
    """Write the blobs' values of the cells [first, last) into the arrays, by key. `metrics`: see `metric_ids`."""
    ids = {metrics[key]: values for key, values in into.items() if key in metrics}
    where = {
        "endpoint": series[0],
        "resolution": series[1],
        "first": first // CHUNK,
        "last": (last - 1) // CHUNK,
    }
    found = connection.execute(_BLOBS, where)
    for chunk, blob in found:
        begin = chunk * CHUNK - first
        whole = begin >= 0 and begin + CHUNK <= last - first
        for metric, (form, data) in sections_of(blob, ids).items():
            out = ids[metric]
            if whole:
                opened(form, data, out[begin : begin + CHUNK])
                continue
            values = np.full(CHUNK, np.nan)
            opened(form, data, values)
            low, high = max(0, begin), min(last - first, begin + CHUNK)
            out[low:high] = values[low - begin : high - begin]


def read_rows(
    connection: Connection,
    series: Series,
    first: int,
    last: int,
    into: Mapping[str, FloatArray],
    keysets: Keysets,
) -> None:
    """Write the rows' values of the cells [first, last) into the arrays, by key, the newest last."""
    wanted = [number for number, keys in keysets.by_id.items() if not into.keys().isdisjoint(keys)]
    where = {
        "endpoint": series[0],
        "resolution": series[1],
        "first": first,
        "last": last - 1,
        "wanted": wanted,
    }
    found = connection.execute(_ROWS, where).all()
    for keys, at, values in _row_parts(found, keysets):
        for number, key in enumerate(keys):
            if key in into:
                into[key][at - first] = values[:, number]


def _row_parts(
    rows: Sequence[Row[int, int, int, bytes]], keysets: Keysets
) -> list[tuple[tuple[str, ...], CellArray, FloatArray]]:
    """(keys, cells, values [cells, metrics]) to be laid over each other in this order.

    `rows` are (key set, cell, written, data). One layer a key set, but where key sets share keys: then one a
    run of writes, so that the newest value of each key comes last.
    """
    groups: dict[object, list[Row[int, int, int, bytes]]] = {}
    present = {row[0] for row in rows}
    shared = sum(len(keysets.by_id[number]) for number in present) > len(
        {key for number in present for key in keysets.by_id[number]}
    )
    if shared:
        run, before = 0, -1
        for row in sorted(rows, key=lambda row: row[2]):
            run += row[0] != before
            before = row[0]
            groups.setdefault(run, []).append(row)
    else:
        for row in rows:
            groups.setdefault(row[0], []).append(row)
    layers = []
    for group in groups.values():
        keys = keysets.by_id[group[0][0]]
        data = b"".join(row[3] for row in group)
        if len(data) != 8 * len(keys) * len(group):
            raise Damaged("a row does not hold its metrics")
        values = np.frombuffer(data, "<f8").reshape(len(group), len(keys))
        layers.append((keys, np.array([row[1] for row in group], np.int64), values))
    return layers


def _metric_ids(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    wanted = sorted(set(keys))
    find = select(METRIC.c.key, METRIC.c.id).where(METRIC.c.key.in_(wanted))
    ids = dict(connection.execute(find).all())
    if len(ids) < len(wanted):
        add_missing(connection, METRIC, [{"key": key} for key in wanted if key not in ids])
        ids = dict(connection.execute(find).all())
    return ids
