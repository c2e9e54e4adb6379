"""Writing metric grids into the tables: rows of new cells, blobs of many, and which spans count as read.

The caller holds the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from sqlalchemy import Connection, delete, select, update

from ops.core.spans import Span, union
from ops.core.types import FloatArray
from ops.store import chunks, sums
from ops.store.chunks import Keysets
from ops.store.grid import CHUNK, Grid
from ops.store.tables import COUNTER, COVERED, ENDPOINT, ROW, add_missing, put

FEW_CELLS = 60
"""Up to so many cells of a chunk are written as rows, more of them straight into its blob."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One grid to write, with the ids of its endpoint and key set."""

    endpoint: int
    keyset: int
    keys: tuple[str, ...]
    grid: Grid
    written: int

    @property
    def series(self) -> tuple[int, int]:
        return self.endpoint, self.grid.resolution

    @property
    def matrix(self) -> FloatArray:
        """[cells, metrics]"""
        return np.stack([np.asarray(self.grid.values[key], "<f8") for key in self.keys], axis=1)


def endpoint_ids(connection: Connection, scope: int, names: Iterable[str]) -> dict[str, int]:
    """The ids of endpoints by name, made where they are not there."""
    find = select(ENDPOINT.c.name, ENDPOINT.c.id).where(ENDPOINT.c.scope_id == scope)
    ids = dict(connection.execute(find).all())
    missing = sorted(set(names) - ids.keys())
    if missing:
        add_missing(connection, ENDPOINT, [{"scope_id": scope, "name": name} for name in missing])
        ids = dict(connection.execute(find).all())
    return ids


def put_grids(connection: Connection, scope: int, given: Sequence[tuple[str, Grid]]) -> None:
    """Write (endpoint, grid) pairs, later ones over earlier ones; their spans count as read."""
    ids = endpoint_ids(connection, scope, (name for name, _ in given))
    keysets = Keysets.load(connection)
    keysets.add(connection, (tuple(sorted(grid.values)) for _, grid in given))
    last = cast(int, connection.execute(select(COUNTER.c.n)).scalar_one())
    connection.execute(update(COUNTER).values(n=last + len(given)))
    items = [
        _Item(ids[name], keysets.id_of(grid.values), tuple(sorted(grid.values)), grid, last + number)
        for number, (name, grid) in enumerate(given)
    ]
    _cover(connection, items)
    rows: dict[tuple[int, int, int, int], dict[str, object]] = {}
    bulk: dict[tuple[tuple[int, int], int], list[chunks.Part]] = defaultdict(list)
    for item in items:
        matrix = item.matrix
        first = item.grid.first_cell
        for chunk in range(first // CHUNK, (first + len(matrix) - 1) // CHUNK + 1):
            begin = max(first, chunk * CHUNK)
            part = matrix[begin - first : (chunk + 1) * CHUNK - first]
            key = (item.series, chunk)
            if key in bulk or len(part) > FEW_CELLS:
                bulk[key].append(chunks.Part(item.keys, begin - chunk * CHUNK, part))
                continue
            for cell, line in enumerate(part, begin):
                rows[(*item.series, item.keyset, cell)] = {
                    "endpoint_id": item.endpoint,
                    "resolution": item.grid.resolution,
                    "keyset_id": item.keyset,
                    "cell": cell,
                    "written": item.written,
                    "data": line.tobytes(),
                }
    put(connection, ROW, ("endpoint_id", "resolution", "keyset_id", "cell"), list(rows.values()))
    sums.strike_out(connection, {(e, cell // CHUNK) for e, step, _, cell in rows if step == sums.MINUTE})
    for (series, chunk), parts in bulk.items():
        chunks.merge(connection, series, chunk, keysets, parts)


def _cover(connection: Connection, items: Sequence[_Item]) -> None:
    """Join the spans of the items with those that are kept and touch them."""
    low = min(item.grid.start for item in items)
    high = max(item.grid.end for item in items)
    kept = connection.execute(
        select(COVERED)
        .where(COVERED.c.endpoint_id.in_(sorted({item.endpoint for item in items})))
        .where(COVERED.c.begin <= high, COVERED.c.end >= low)
    )
    spans: dict[tuple[int, int, int], set[Span]] = defaultdict(set)
    for row in kept:
        spans[row.endpoint_id, row.resolution, row.keyset_id].add((row.begin, row.end))
    fresh: dict[tuple[int, int, int], list[Span]] = defaultdict(list)
    for item in items:
        fresh[item.endpoint, item.grid.resolution, item.keyset].append((item.grid.start, item.grid.end))
    names = ("endpoint_id", "resolution", "keyset_id")
    changed = []
    for key, new in fresh.items():
        after = union([*spans[key], *new])
        begins = {begin for begin, _ in after}
        for begin, _ in spans[key]:
            if begin not in begins:
                where = [COVERED.c[name] == part for name, part in zip(names, key, strict=True)]
                connection.execute(delete(COVERED).where(*where, COVERED.c.begin == begin))
        changed += [
            {**dict(zip(names, key, strict=True)), "begin": begin, "end": end}
            for begin, end in after
            if (begin, end) not in spans[key]
        ]
    put(connection, COVERED, (*names, "begin"), changed)
