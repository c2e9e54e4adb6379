"""SHOW, DESCRIBE and MSCK REPAIR TABLE: what the catalog holds, as tab-separated text."""

from __future__ import annotations

import fnmatch
import json
import re
from pathlib import Path
from typing import Any

from ops.local_aws.athena_worker import kinds
from ops.local_aws.athena_worker.binding import Ask, Catalog
from ops.local_aws.athena_worker.refusals import Refused
from ops.local_aws.athena_worker.statements import CATALOG, Look

WIDTH = 20
"""Hive pads what DESCRIBE tells to this many characters."""


def answer(look: Look, catalog: Catalog, database: str, ask: Ask, out: Path) -> dict[str, Any]:
    if look.what == "SHOW_PARTITIONS":
        columns, lines = _partitions(look, catalog, database, ask)
    else:
        columns, lines = _TOLD[look.what](look, catalog, database)
    (out / "result.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (out / "rows.jsonl").write_text("".join(json.dumps([line]) + "\n" for line in lines), encoding="utf-8")
    answer: dict[str, Any] = {
        "kind": "text",
        "substatement": look.what,
        "columns": [kinds.column(name, "VARCHAR") | {"type": "string", "precision": 0} for name in columns],
        "rows": len(lines),
        "scanned": 0,
    }
    if look.what == "REPAIR":
        schema, name, _ = _named(look, catalog, database)
        return answer | {
            "kind": "catalog",
            "substatement": "MSCK_REPAIR",
            "order": {"repair": [schema, name]},
        }
    return answer


def _databases(look: Look, catalog: Catalog, _database: str) -> tuple[list[str], list[str]]:
    return ["database_name"], [name for name in sorted(catalog) if _like(name, look.names[0])]


def _tables(look: Look, catalog: Catalog, database: str) -> tuple[list[str], list[str]]:
    schema = (look.names[0] or database).lower()
    if schema not in catalog:
        raise Refused(f"FAILED: SemanticException [Error 10072]: Database does not exist: {schema}")
    return ["tab_name"], [name for name in sorted(catalog[schema]) if _like(name, look.names[1])]


def _partitions(look: Look, catalog: Catalog, database: str, ask: Ask) -> tuple[list[str], list[str]]:
    schema, name, table = _named(look, catalog, database)
    if not table["partition_keys"]:
        raise Refused(f"FAILED: Execution Error: Table {schema}.{name} is not a partitioned table")
    keys = [key for key, _ in table["partition_keys"]]
    files = ask({"need": [[schema, name]]})["files"][f"{schema}.{name}"]
    found = sorted({tuple(each["values"]) for each in files})
    return ["partition"], [
        "/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True)) for values in found
    ]


def _columns(look: Look, catalog: Catalog, database: str) -> tuple[list[str], list[str]]:
    _, _, table = _named(look, catalog, database)
    return ["field"], [f"{name:{WIDTH}}" for name, _ in (*table["columns"], *table["partition_keys"])]


def _describe(look: Look, catalog: Catalog, database: str) -> tuple[list[str], list[str]]:
    _, _, table = _named(look, catalog, database)
    keys = [_line(*each) for each in table["partition_keys"]]
    lines = [*(_line(*each) for each in table["columns"]), *keys]
    if keys:
        head = "\t".join(f"{word:{WIDTH}}" for word in ("# col_name", "data_type", "comment"))
        empty = "\t".join((" " * WIDTH,) * 3).rstrip("\n")
        lines += [
            empty,
            "\t".join((f"{'# Partition Information':{WIDTH}}", " " * WIDTH, " " * WIDTH)),
            head,
            empty,
            *keys,
        ]
    return ["col_name", "data_type", "comment"], lines


def _repair(look: Look, catalog: Catalog, database: str) -> tuple[list[str], list[str]]:
    _named(look, catalog, database)
    return [], []


_TOLD = {
    "SHOW_DATABASES": _databases,
    "SHOW_TABLES": _tables,
    "SHOW_COLUMNS": _columns,
    "DESCRIBE": _describe,
    "REPAIR": _repair,
}


def _named(look: Look, catalog: Catalog, database: str) -> tuple[str, str, Any]:
    schema, name = (look.names[0] or database).lower(), (look.names[1] or "").lower()
    table = catalog.get(schema, {}).get(name)
    if table is None:
        raise Refused(f"FAILED: SemanticException [Error 10001]: Table not found {CATALOG}.{schema}.{name}")
    return schema, name, table


def _line(name: str, kind: str) -> str:
    return f"{name:{WIDTH}}\t{kind:{WIDTH}}\t{'':{WIDTH}}"


def _like(name: str, pattern: str | None) -> bool:
    """Hive's patterns: * for anything, | between choices."""
    return pattern is None or any(
        re.fullmatch(fnmatch.translate(each), name) for each in re.split(r"\|", pattern.lower())
    )
