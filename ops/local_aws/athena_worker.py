"""Answers one Athena statement with DuckDB, in a process of its own: the serving process never loads DuckDB.

Standard input: {"sql": …, "tables": {"database.table": "file.parquet"}} as JSON. Standard output: JSON, either
{"columns": [[name, DuckDB type], …], "rows": [[text or null, …], …]} or {"error": …}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb
import sqlglot


def answer(sql: str, tables: dict[str, str]) -> dict[str, Any]:
    """Run a statement in Athena's dialect (Trino) on Parquet files, one a table."""
    try:
        statement = sqlglot.transpile(sql, read="trino", write="duckdb")[0]
        with duckdb.connect() as connection:
            for name, path in tables.items():
                database, _, table = name.partition(".")
                connection.execute(f'create schema if not exists "{database}"')
                connection.execute(
                    f'create view "{database}"."{table}" as select * from read_parquet(?)'.replace(
                        "?", "'" + path.replace("'", "''") + "'"
                    )
                )
            found = connection.execute(statement)
            columns = [[each[0], str(each[1])] for each in found.description]
            rows = [[None if v is None else str(v) for v in row] for row in found.fetchall()]
    except (duckdb.Error, sqlglot.errors.SqlglotError) as error:
        return {"error": str(error)}
    return {"columns": columns, "rows": rows}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(answer(asked["sql"], asked["tables"]), sys.stdout)
