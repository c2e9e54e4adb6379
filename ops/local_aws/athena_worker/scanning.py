"""How many bytes a statement reads: the column chunks of the files that are left after pruning, as on Athena."""

from __future__ import annotations

import json
from typing import Any

import duckdb

from ops.local_aws.athena_worker.binding import Bound


def scanned(connection: Any, sql: str, bound: Bound) -> int:
    """Compressed bytes of the columns and files that DuckDB's plan reads."""
    if not bound.files:
        return 0
    (plan,) = json.loads(connection.execute(f"explain (format json) {sql}").fetchall()[0][1])
    chunks = _chunks(connection, bound)
    return sum(_read(connection, node["extra_info"], chunks) for node in _scans(plan))


def _scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    found = [node] if str(node.get("extra_info", {}).get("Function", "")).startswith("READ_") else []
    return found + [each for child in node.get("children", []) for each in _scans(child)]


def _chunks(connection: Any, bound: Bound) -> dict[tuple[str, str], dict[str, dict[str, int]]]:
    """table -> path -> column -> bytes. A file that is not Parquet has one nameless column: all of it is read."""
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for path, key in bound.files.items():
        files = found.setdefault(key, {})
        if bound.tables[key]["format"] != "parquet":
            sizes = connection.execute("select size from read_blob(?)", [path]).fetchall()
            files[path] = {"": sizes[0][0]}
            continue
        rows = connection.execute(
            "select path_in_schema, sum(total_compressed_size)::bigint from parquet_metadata(?) group by all",
            [path],
        ).fetchall()
        columns = files[path] = {}
        for name, size in rows:
            top = name.partition(", ")[0].lower()  # the leaves of maps and structs lie under their column
            columns[top] = columns.get(top, 0) + size
    return found


def _read(
    connection: Any, info: dict[str, Any], chunks: dict[tuple[str, str], dict[str, dict[str, int]]]
) -> int:
    names = info.get("Projections", [])
    columns = {name.lower() for name in ([names] if isinstance(names, str) else names)} - {"filename"}
    files = _table_of(columns, info, chunks)
    left = _left(connection, list(files), info.get("File Filters"))
    return sum(size for path in left for name, size in files[path].items() if name == "" or name in columns)


def _table_of(
    columns: set[str], info: dict[str, Any], chunks: dict[tuple[str, str], dict[str, dict[str, int]]]
) -> dict[str, dict[str, int]]:
    """The plan does not name the table of a scan: it is the one with such columns and so many files."""
    total = str(info.get("Scanning Files", "")).rpartition("/")[2]
    fitting = [
        files
        for files in chunks.values()
        if any(columns <= set(each) or "" in each for each in files.values())
    ]
    of_that_many = [files for files in fitting if total == str(len(files))]
    return (of_that_many or fitting or list(chunks.values()))[0]


def _left(connection: Any, paths: list[str], filters: Any) -> list[str]:
    """The files that pass the plan's filters on file names, which are SQL themselves."""
    if not filters:
        return paths
    condition = " and ".join(f"({each})" for each in ([filters] if isinstance(filters, str) else filters))
    try:
        rows = connection.execute(
            f"select filename from (select unnest(?) as filename) where {condition}", [paths]
        ).fetchall()
    except duckdb.Error:
        return paths  # a plan that is not understood counts as one without pruning
    return [path for (path,) in rows]
