"""CREATE and DROP of databases, external tables and views, read into orders for the serving process's catalog."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from ops.local_aws.athena_worker.binding import Ask, Catalog, connected
from ops.local_aws.athena_worker.kinds import in_hive
from ops.local_aws.athena_worker.refusals import Refused
from ops.local_aws.athena_worker.statements import Change, Query, understood


def answer(change: Change, catalog: Catalog, database: str, ask: Ask) -> dict[str, Any]:
    """{"kind": "catalog", "order": …}: one of create_database, drop_database, create_table, create_view, drop."""
    tree = change.tree
    what = str(tree.kind or "").upper()
    told = _TOLD.get((type(tree), "DATABASE" if what == "SCHEMA" else what))
    if told is None:
        raise Refused(f"NOT_SUPPORTED: line 1:1: Queries of this type are not supported ({what})")
    order = told(change, catalog, database, ask)
    name = f"{'DROP' if isinstance(tree, exp.Drop) else 'CREATE'}_{'DATABASE' if what == 'SCHEMA' else what}"
    return {"kind": "catalog", "substatement": name, "columns": [], "rows": 0, "scanned": 0, "order": order}


def _create_database(change: Change, catalog: Catalog, _database: str, _ask: Ask) -> dict[str, Any]:
    tree = change.tree
    name = (_target(tree).name or _target(tree).db).lower()
    if name in catalog and not tree.args.get("exists"):
        raise Refused(f"FAILED: Execution Error: AlreadyExistsException: Database {name} already exists")
    return {"create_database": name}


def _drop_database(change: Change, catalog: Catalog, _database: str, _ask: Ask) -> dict[str, Any]:
    tree = change.tree
    name = (_target(tree).name or _target(tree).db).lower()
    if name not in catalog and not tree.args.get("exists"):
        raise Refused(f"FAILED: SemanticException [Error 10072]: Database does not exist: {name}")
    if catalog.get(name) and not tree.args.get("cascade"):
        raise Refused(f"FAILED: Execution Error: InvalidOperationException: Database {name} is not empty")
    return {"drop_database": name}


def _create_table(change: Change, catalog: Catalog, database: str, _ask: Ask) -> dict[str, Any]:
    tree = change.tree
    place = _place(_target(tree), database)
    there = _check_place(place, catalog, bool(tree.args.get("exists")))
    if tree.expression:
        raise Refused("NOT_SUPPORTED: line 1:1: CREATE TABLE AS SELECT is not offered by the embedded Athena")
    properties = list(tree.args["properties"].expressions) if tree.args.get("properties") else []
    location = next((each.name for each in properties if isinstance(each, exp.LocationProperty)), "")
    if not location.startswith("s3://"):
        raise Refused("FAILED: SemanticException: LOCATION must be an s3:// address")
    told = {each.name: each.args["value"].name for each in properties if type(each) is exp.Property}
    keys = next((each.this for each in properties if isinstance(each, exp.PartitionedByProperty)), None)
    schema = tree.this
    if not isinstance(schema, exp.Schema):
        raise Refused("FAILED: SemanticException: a table needs columns")
    return {
        "create_table": list(place),
        "exists": there,
        "columns": [_declared(each) for each in schema.expressions],
        "partition_keys": [_declared(each) for each in keys.expressions] if keys is not None else [],
        "location": location,
        "format": _format(properties),
        "header_lines": int(told.get("skip.header.line.count", "0")),
    }


def _create_view(change: Change, catalog: Catalog, database: str, ask: Ask) -> dict[str, Any]:
    tree = change.tree
    place = _place(_target(tree), database)
    if not tree.args.get("replace"):
        _check_place(place, catalog, False)
    sql = tree.expression.sql("trino")
    query = understood(sql, (), change.now)
    if not isinstance(query, Query):
        raise Refused("NOT_SUPPORTED: line 1:1: a view is a SELECT")
    connection, _ = connected(query, catalog, database, ask, ())
    with connection:
        described = connection.execute(
            f"select column_name, column_type from (describe {query.tree.sql('duckdb')})"
        ).fetchall()
    columns = [[name, in_hive(exp.DataType.build(kind, dialect="duckdb"))] for name, kind in described]
    return {"create_view": list(place), "columns": columns, "sql": sql}


def _drop_table(change: Change, catalog: Catalog, database: str, _ask: Ask) -> dict[str, Any]:
    tree = change.tree
    schema, name = _place(_target(tree), database)
    if name not in catalog.get(schema, {}) and not tree.args.get("exists"):
        raise Refused(f"FAILED: SemanticException [Error 10001]: Table not found {schema}.{name}")
    return {"drop": [schema, name]}


_TOLD: dict[tuple[type, str], Any] = {
    (exp.Create, "DATABASE"): _create_database,
    (exp.Drop, "DATABASE"): _drop_database,
    (exp.Create, "TABLE"): _create_table,
    (exp.Drop, "TABLE"): _drop_table,
    (exp.Create, "VIEW"): _create_view,
    (exp.Drop, "VIEW"): _drop_table,
}


def _target(tree: exp.Expr) -> exp.Table:
    found = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if isinstance(tree, exp.Drop):
        found = (tree.args.get("tables") or [None])[0]
    if not isinstance(found, exp.Table):
        raise Refused("SYNTAX_ERROR: line 1:1: the statement names no table")
    return found


def _place(table: exp.Table, database: str) -> tuple[str, str]:
    return (table.db or database).lower(), table.name.lower()


def _check_place(place: tuple[str, str], catalog: Catalog, may_exist: bool) -> bool:
    """Whether the table is there already."""
    schema, name = place
    if schema not in catalog:
        raise Refused(f"FAILED: SemanticException [Error 10072]: Database does not exist: {schema}")
    if name in catalog[schema] and not may_exist:
        raise Refused(f"FAILED: Execution Error: AlreadyExistsException: Table {name} already exists")
    return name in catalog[schema]


def _declared(column: exp.Expr) -> list[str]:
    kind = column.args.get("kind")
    if not isinstance(column, exp.ColumnDef) or kind is None:
        raise Refused(f"FAILED: ParseException: a column needs a type: {column.sql('hive')}")
    return [column.name.lower(), in_hive(kind)]


def _format(properties: list[exp.Expr]) -> str:
    for each in properties:
        said = each.sql("hive").lower()
        if isinstance(each, exp.FileFormatProperty) and "parquet" in said:
            return "parquet"
        if isinstance(each, exp.RowFormatSerdeProperty) and ("parquet" in said or "opencsv" in said):
            return "parquet" if "parquet" in said else "csv"
    raise Refused("NOT_SUPPORTED: the embedded Athena reads STORED AS PARQUET and OpenCSVSerde only")
