"""DuckDB's types and values as Athena names and writes them."""

from __future__ import annotations

import math
import re
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlglot import exp

LONGEST = 2_147_483_647
_PLAIN = {
    "BOOLEAN": ("boolean", 0), "TINYINT": ("tinyint", 3), "SMALLINT": ("smallint", 5),
    "INTEGER": ("integer", 10), "BIGINT": ("bigint", 19), "HUGEINT": ("bigint", 19),
    "UTINYINT": ("smallint", 5), "USMALLINT": ("integer", 10), "UINTEGER": ("bigint", 19),
    "UBIGINT": ("bigint", 19), "UHUGEINT": ("bigint", 19), "FLOAT": ("float", 17), "DOUBLE": ("double", 17),
    "VARCHAR": ("varchar", LONGEST), "BLOB": ("varbinary", 1_073_741_824), "DATE": ("date", 0),
    "TIMESTAMP": ("timestamp", 3), "TIMESTAMP_S": ("timestamp", 3), "TIMESTAMP_MS": ("timestamp", 3),
    "TIMESTAMP_NS": ("timestamp", 3), "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3),
    "TIME": ("time", 3), "JSON": ("json", 0), "UUID": ("uuid", 0), "INTERVAL": ("interval day to second", 0),
    '"NULL"': ("unknown", 0),
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")
WIDE = frozenset({"HUGEINT", "UHUGEINT", "UBIGINT"})
"""DuckDB's integers that Trino has not: sums of integers, which are bigint there."""


def column(name: str, kind: str) -> dict[str, Any]:
    """{name, type, precision, scale} of a result's column, from DuckDB's name of its type."""
    decimal = _DECIMAL.fullmatch(kind)
    if decimal:
        return _column(name, "decimal", int(decimal[1]), int(decimal[2]))
    if kind.endswith("]"):
        return _column(name, "array")
    if kind.startswith(("MAP(", "STRUCT(")):
        return _column(name, "map" if kind.startswith("MAP") else "row")
    plain = _PLAIN.get(kind, ("varchar", LONGEST))
    return _column(name, plain[0], plain[1])


def _column(name: str, kind: str, precision: int = 0, scale: int = 0) -> dict[str, Any]:
    return {"name": name, "type": kind, "precision": precision, "scale": scale}


def of_hive(kind: str) -> str:
    """DuckDB's type for a column declared in Hive's words."""
    return exp.DataType.build(kind, dialect="hive").sql("duckdb")


def in_trino(kind: str) -> str:
    """Trino's type for a column declared in Hive's words, as information_schema says it."""
    written = exp.DataType.build(kind, dialect="hive").sql("trino").lower()
    return re.sub(r"\btimestamp\b(?!\()", "timestamp(3)", re.sub(r"(decimal\(\d+), ", r"\1,", written))


def in_hive(kind: exp.Expr) -> str:
    """Hive's words for a type, as Glue keeps them."""
    return kind.sql("hive").lower().replace(", ", ",").replace(": ", ":")


def text(value: Any) -> str | None:
    """A value as it stands in a result file; None for null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        written = value.isoformat(" ", "milliseconds")
        return written if value.tzinfo is None else f"{written[:23]} UTC"
    if isinstance(value, time):
        return value.isoformat("milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_inner(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_inner(key)}={_inner(each)}' for key, each in value.items())}}}"
    return str(value)


def _inner(value: Any) -> str:
    written = text(value)
    return "null" if written is None else written


def _double(value: float) -> str:
    """As Java writes a double."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    written = "".join(map(str, digits))
    power = len(written) - 1 + int(exponent)
    written = written.rstrip("0") or "0"
    return f"{'-' if sign else ''}{written[0]}.{written[1:] or '0'}E{power}"
