"""The catalog inside DuckDB: tables over their own files, views, information_schema; and no way to other files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import duckdb

from ops.local_aws.athena_worker import kinds
from ops.local_aws.athena_worker.refusals import Refused, where
from ops.local_aws.athena_worker.statements import CATALOG, INFORMATION, Query, table_names, understood

Catalog = Mapping[str, Mapping[str, Mapping[str, Any]]]
Ask = Callable[[dict[str, Any]], dict[str, Any]]

_INFORMATION = {
    "schemata": ("catalog_name", "schema_name"),
    "tables": ("table_catalog", "table_schema", "table_name", "table_type"),
    "columns": (
        "table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "column_default",
        "is_nullable", "data_type", "comment", "extra_info",
    ),
}  # fmt: skip

_SETTINGS = (
    ("TimeZone", "'UTC'"),
    ("integer_division", "true"),  # as Trino divides
    ("errors_as_json", "true"),
    ("memory_limit", "'1GB'"),
    ("threads", "2"),
    ("temp_directory", "''"),  # no file but the result's
)


@dataclass(slots=True)
class Bound:
    """What a statement reads. `files`: path -> the table it belongs to; `queries`: the views' own statements."""

    tables: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    order: list[tuple[str, str]] = field(default_factory=list)
    """Tables and views, each after what it reads."""
    queries: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[str, tuple[str, str]] = field(default_factory=dict)


def connected(
    query: Query, catalog: Catalog, database: str, ask: Ask, writes: Iterable[str]
) -> tuple[Any, Bound]:
    """A DuckDB in which the statement's tables exist and nothing else can be read or, but for `writes`, written.

    Raises Refused for what the catalog does not know.
    """
    bound = Bound()
    _collect(query, catalog, database, bound)
    wanted = [key for key in bound.order if key in bound.tables]
    given = ask({"need": [list(key) for key in wanted]})["files"] if wanted else {}
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )
    connection.execute("set python_enable_replacements = false")
    connection.execute(f"attach ':memory:' as {CATALOG}")
    for name in {database, INFORMATION, *catalog}:
        connection.execute(f"create schema if not exists {CATALOG}.{quoted(name)}")
    for key in bound.order:
        if key in bound.queries:
            connection.execute(f"create view {_dotted(key)} as {bound.queries[key]}")
            continue
        files = given[".".join(key)]
        bound.files |= {each["path"]: key for each in files}
        connection.execute(_table(connection, key, bound.tables[key], files))
    _inform(connection, catalog)
    connection.execute(f"use {CATALOG}.{quoted(database)}")
    for name, value in _SETTINGS:
        connection.execute(f"set {name} = {value}")
    paths = ", ".join(literal(path) for path in (*bound.files, *writes))
    connection.execute(f"set allowed_paths = [{paths}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection, bound


def _collect(query: Query, catalog: Catalog, database: str, bound: Bound) -> None:
    for (schema, name), node in table_names(query.tree, query.sql, database).items():
        if schema == "information_schema" and name in _INFORMATION:
            continue
        if (schema, name) in bound.tables or (schema, name) in bound.queries:
            continue
        place = where(query.sql, node.name)
        if schema not in catalog:
            raise Refused(f"SCHEMA_NOT_FOUND: {place}: Schema '{schema}' does not exist")
        table = catalog[schema].get(name)
        if table is None:
            raise Refused(f"TABLE_NOT_FOUND: {place}: Table '{CATALOG}.{schema}.{name}' does not exist")
        if table["view"] is not None:
            inner = understood(table["view"], (), query.now)
            if not isinstance(inner, Query):
                raise Refused(f"INVALID_VIEW: {place}: '{name}' is no SELECT")
            _collect(inner, catalog, schema, bound)
            bound.queries[schema, name] = inner.tree.sql("duckdb")
        else:
            bound.tables[schema, name] = table
        bound.order.append((schema, name))


def _table(
    connection: Any, key: tuple[str, str], table: Mapping[str, Any], files: list[dict[str, Any]]
) -> str:
    """A view over the files: the declared columns by name and type, null where a file has them not."""
    columns = [(name.lower(), kinds.of_hive(kind)) for name, kind in table["columns"]]
    keys = [(name.lower(), kinds.of_hive(kind)) for name, kind in table["partition_keys"]]
    if not files:
        nothing = ", ".join(f"null::{kind} as {quoted(name)}" for name, kind in (*columns, *keys))
        return f"create view {_dotted(key)} as select {nothing} where false"
    paths = ", ".join(literal(each["path"]) for each in files)
    if table["format"] == "csv":
        named = ", ".join(f"{literal(name)}: 'VARCHAR'" for name, _ in columns)
        source = (
            f"read_csv([{paths}], filename = true, header = false, auto_detect = false, delim = ',', quote = '\"', "
            f"escape = '\"', skip = {int(table['header_lines'])}, null_padding = true, "
            f"nullstr = '\\x01', columns = {{{named}}})"
        )
    else:
        source = f"read_parquet([{paths}], filename = true, union_by_name = true, hive_partitioning = false)"
    described = connection.execute(f"select column_name from (describe select * from {source})").fetchall()
    there = {name.lower(): name for (name,) in described}
    shown = [
        f"{quoted(there[name])}::{kind} as {quoted(name)}"
        if name in there
        else f"null::{kind} as {quoted(name)}"
        for name, kind in columns
    ]
    for number, (name, kind) in enumerate(keys):
        cases = " ".join(
            f"when {literal(each['path'])} then {literal(each['values'][number])}" for each in files
        )
        shown.append(f"(case filename {cases} end)::{kind} as {quoted(name)}")
    return f"create view {_dotted(key)} as select {', '.join(shown)} from {source}"


def _inform(connection: Any, catalog: Catalog) -> None:
    """information_schema as Trino has it."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _INFORMATION}
    for schema, tables in catalog.items():
        rows["schemata"].append((CATALOG, schema))
        for name, table in tables.items():
            kind = "BASE TABLE" if table["view"] is None else "VIEW"
            rows["tables"].append((CATALOG, schema, name, kind))
            keys = {key for key, _ in table["partition_keys"]}
            for number, (column, declared) in enumerate([*table["columns"], *table["partition_keys"]], 1):
                extra = "partition key" if column in keys else None
                kind = kinds.in_trino(declared)
                rows["columns"].append(
                    (CATALOG, schema, name, column.lower(), number, None, "YES", kind, None, extra)
                )
    for name, columns in _INFORMATION.items():
        declared = ", ".join(
            f"{each} {'bigint' if each == 'ordinal_position' else 'varchar'}" for each in columns
        )
        place = f'{CATALOG}."{INFORMATION}".{name}'
        connection.execute(f"create table {place} ({declared})")
        if rows[name]:
            marks = ", ".join("?" for _ in columns)
            connection.executemany(f"insert into {place} values ({marks})", rows[name])


def _dotted(key: tuple[str, str]) -> str:
    return f"{CATALOG}.{quoted(key[0])}.{quoted(key[1])}"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
