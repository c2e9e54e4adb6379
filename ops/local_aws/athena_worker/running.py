"""Runs one statement, and writes its result the way Athena writes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from ops.local_aws.athena_worker import changing, kinds, looking
from ops.local_aws.athena_worker.binding import Ask, connected, literal, quoted
from ops.local_aws.athena_worker.refusals import DATA, Refused, of_duckdb
from ops.local_aws.athena_worker.scanning import scanned
from ops.local_aws.athena_worker.statements import Change, Look, Query, understood

BATCH = 2_000
_ASKED = frozenset({"current_schema", "current_catalog", "current_user", "current_date", "current_timestamp"})


def answer(asked: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """See the package. Raises Refused."""
    out = Path(asked["out"])
    database = asked["database"].lower()
    statement = understood(asked["sql"], asked["parameters"], asked["now"])
    try:
        if isinstance(statement, Look):
            return looking.answer(statement, asked["catalog"], database, ask, out)
        if isinstance(statement, Change):
            return changing.answer(statement, asked["catalog"], database, ask)
        if statement.to:
            return _unload(statement, asked["catalog"], database, ask, out)
        return _select(statement, asked["catalog"], database, ask, out)
    except duckdb.Error as error:
        raise of_duckdb(error, asked["sql"]) from error


def _select(query: Query, catalog: Any, database: str, ask: Ask, out: Path) -> dict[str, Any]:
    connection, bound = connected(query, catalog, database, ask, ())
    with connection:
        sql = _named(query.tree).sql("duckdb")
        columns, wide = _columns(connection, sql)
        read = scanned(connection, sql, bound)
        found = connection.execute(sql)
        names = [column["name"] for column in columns]
        count = 0
        with (
            (out / "result.csv").open("w", encoding="utf-8", newline="") as csv,
            (out / "rows.jsonl").open("w", encoding="utf-8") as lines,
        ):
            csv.write(_csv_line(names))
            lines.write(json.dumps(names) + "\n")
            while rows := found.fetchmany(BATCH):
                for row in rows:
                    texts = [kinds.text(value) for value in row]
                    for place in wide:
                        _fits(row[place])
                    csv.write(_csv_line(texts))
                    lines.write(json.dumps(texts) + "\n")
                count += len(rows)
    return {
        "kind": "rows",
        "substatement": "SELECT",
        "columns": columns,
        "rows": count,
        "scanned": read,
    }


def _unload(query: Query, catalog: Any, database: str, ask: Ask, out: Path) -> dict[str, Any]:
    target = out / "result.parquet"
    connection, bound = connected(query, catalog, database, ask, (str(target),))
    with connection:
        sql = _named(query.tree).sql("duckdb")
        columns, wide = _columns(connection, sql)
        read = scanned(connection, sql, bound)
        names = [column["name"] for column in columns]
        if len(set(names)) < len(names) or "" in names:
            raise Refused("MISSING_COLUMN_NAME: line 1:1: UNLOAD needs a name of its own for every column")
        if wide:  # Parquet has no such integers, and DuckDB would write doubles
            shown = (
                f"#{n}::bigint as {quoted(name)}" if n - 1 in wide else f"#{n}"
                for n, name in enumerate(names, 1)
            )
            sql = f"select {', '.join(shown)} from ({sql})"
        written = connection.execute(
            f"copy ({sql}) to {literal(str(target))} (format parquet, compression snappy)"
        ).fetchall()
    return {
        "kind": "unload",
        "substatement": "UNLOAD",
        "columns": [],
        "rows": written[0][0],
        "scanned": read,
        "location": query.to,
    }


def _columns(connection: Any, sql: str) -> tuple[list[dict[str, Any]], list[int]]:
    """Columns as Athena tells of them, and which hold integers wider than Trino's."""
    described = connection.execute(f"select column_name, column_type from (describe {sql})").fetchall()
    columns = [kinds.column(name, kind) for name, kind in described]
    return columns, [number for number, (_, kind) in enumerate(described) if kind in kinds.WIDE]


def _named(tree: exp.Expr) -> exp.Expr:
    """The statement with Trino's names for what has none: _col0, _col1, … DuckDB would show the expression."""
    top = tree
    while isinstance(top, exp.SetOperation):
        top = top.this
    if isinstance(top, exp.Select):
        for number, item in enumerate(top.selects):
            asks = isinstance(item, exp.Column) and not item.table and item.name.lower() in _ASKED
            if asks or not isinstance(item, exp.Alias | exp.Column | exp.Dot | exp.Star):
                item.replace(exp.alias_(item.copy(), f"_col{number}"))
    return tree


def _fits(value: int | None) -> None:
    if value is not None and not -(1 << 63) <= value < 1 << 63:
        raise Refused(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: {value}", DATA)


def _csv_line(texts: list[str] | list[str | None]) -> str:
    return ",".join("" if text is None else '"' + text.replace('"', '""') + '"' for text in texts) + "\n"
