"""What a statement asks for: rows, files (UNLOAD), a look at the catalog, or a change of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ops.local_aws.athena_worker.refusals import SYNTAX, Refused, at, of_parser

CATALOG = "awsdatacatalog"
_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<to>[^']*)'\s*(?:WITH\s*\((?P<options>.*)\)\s*)?;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_OPTION = re.compile(r"(\w+)\s*=\s*'([^']*)'")
_DECIMAL = re.compile(r"[+-]?(\d*)(?:\.(\d*))?")
_NAME = r"[`\"]?([\w$-]+)[`\"]?"
_DOTTED = rf"(?:{_NAME}\.)?{_NAME}"
_SHOW = (
    ("SHOW_DATABASES", re.compile(r"SHOW\s+(?:DATABASES|SCHEMAS)(?:\s+LIKE\s+'([^']*)')?", re.IGNORECASE)),
    (
        "SHOW_TABLES",
        re.compile(rf"SHOW\s+TABLES(?:\s+(?:IN|FROM)\s+{_NAME})?(?:\s+'([^']*)')?", re.IGNORECASE),
    ),
    ("SHOW_PARTITIONS", re.compile(rf"SHOW\s+PARTITIONS\s+{_DOTTED}", re.IGNORECASE)),
    ("SHOW_COLUMNS", re.compile(rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_DOTTED}", re.IGNORECASE)),
    ("DESCRIBE", re.compile(rf"(?:DESCRIBE|DESC)\s+(?:FORMATTED\s+|EXTENDED\s+)?{_DOTTED}", re.IGNORECASE)),
    ("REPAIR", re.compile(rf"MSCK\s+REPAIR\s+TABLE\s+{_DOTTED}", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Query:
    """A SELECT. With `to`: an UNLOAD to that s3:// address."""

    sql: str
    tree: exp.Expr
    now: float
    to: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """SHOW and DESCRIBE (and MSCK REPAIR TABLE). `names`: what the statement names, None where it does not."""

    what: str
    names: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """CREATE and DROP of databases, tables and views."""

    tree: exp.Create | exp.Drop
    now: float


def understood(sql: str, parameters: Sequence[str], now: float) -> Query | Look | Change:
    """`now`: what current_timestamp is, in seconds since the epoch.

    Raises Refused where Athena would not know, or the embedded one does not offer, the statement.
    """
    unload = _UNLOAD.fullmatch(sql)
    if unload:
        options = {key.lower(): value.upper() for key, value in _OPTION.findall(unload["options"] or "")}
        if options.pop("format", "") != "PARQUET":
            raise Refused("NOT_SUPPORTED: line 1:1: The embedded Athena unloads format = 'PARQUET' only")
        if options.pop("compression", "SNAPPY") not in ("SNAPPY", "GZIP", "ZSTD") or options:
            raise Refused(
                f"NOT_SUPPORTED: line 1:1: UNLOAD does not know {', '.join(options) or 'that compression'}"
            )
        before = re.sub(r"[^\n]", " ", sql[: unload.start("query")])  # so that lines and columns stay
        return Query(sql, _query(_one(before + unload["query"]), sql, parameters, now), now, unload["to"])
    plain = sql.strip().removesuffix(";").strip()
    for what, pattern in _SHOW:
        found = pattern.fullmatch(plain)
        if found:
            return Look(what, found.groups())
    tree = _one(sql)
    if isinstance(tree, exp.Create | exp.Drop):
        return Change(tree, now)
    return Query(sql, _query(tree, sql, parameters, now), now)


def _one(sql: str) -> exp.Expr:
    view = re.match(r"\s*(CREATE|DROP)\s+(OR\s+REPLACE\s+)?VIEW\b", sql, re.IGNORECASE)
    try:  # views are Trino's, tables Hive's: that decides about quotes
        trees = [tree for tree in sqlglot.parse(sql, read="trino" if view else "athena") if tree is not None]
    except SqlglotError as error:
        raise of_parser(error) from error
    if len(trees) != 1:
        raise Refused("SYNTAX_ERROR: line 1:1: Only one sql statement is allowed", SYNTAX)
    return trees[0]


def _query(tree: exp.Expr, sql: str, parameters: Sequence[str], now: float) -> exp.Expr:
    if not isinstance(tree, exp.Query | exp.Values):
        raise Refused(f"NOT_SUPPORTED: line 1:1: Queries of this type are not supported ({_first_word(sql)})")
    marks = list(tree.find_all(exp.Placeholder))
    if len(marks) != len(parameters):
        raise Refused(
            f"INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected {len(marks)} "
            f"but found {len(parameters)}"
        )
    for mark, given in zip(marks, parameters, strict=True):
        mark.replace(_one(f"SELECT {given}").expressions[0])
    for cast in tree.find_all(exp.Cast):
        _give_digits(cast)
    for asked in list(tree.find_all(*_TIMES)):
        asked.replace(_moment(asked, datetime.fromtimestamp(now, UTC)))
    return tree


def _moment(asked: exp.Expr, now: datetime) -> exp.Expr:
    """The world's time in place of this machine's."""
    kind = _TIMES[type(asked)]
    text = now.date().isoformat() if kind == "DATE" else now.isoformat(" ", "milliseconds")
    if kind == "TIMESTAMP":
        text = text[:23]
    moment = exp.cast(exp.Literal.string(text), kind)
    named = isinstance(asked.parent, exp.Select) and asked.arg_key == "expressions"
    return exp.alias_(moment, f"_col{asked.index or 0}") if named else moment


def _give_digits(cast: exp.Cast) -> None:
    """DECIMAL without digits: a literal has those that are written, a cast 38 of them; DuckDB would take 18 and 3."""
    if cast.to.this != exp.DType.DECIMAL or cast.to.expressions:
        return
    written = _DECIMAL.fullmatch(cast.this.name.strip()) if cast.this.is_string else None
    precision, scale = 38, 0
    if written:
        scale = len(written[2] or "")
        precision = max(1, len((written[1] or "").lstrip("0")) + scale)
    if precision > 38:
        raise Refused(f"NUMERIC_VALUE_OUT_OF_RANGE: Invalid decimal literal '{cast.this.name}'")
    cast.set("to", exp.DataType.build(f"DECIMAL({precision}, {scale})"))


def _first_word(sql: str) -> str:
    return (sql.split(maxsplit=1) or [""])[0].upper()


def table_names(tree: exp.Expr, sql: str, database: str) -> dict[tuple[str, str], exp.Table]:
    """(database, table) of everything read, in lower case. The tree's references are made to name both.

    Raises Refused for table functions (Trino has none that this catalog knows) and for other catalogs.
    """
    found: dict[tuple[str, str], exp.Table] = {}
    own = {each.alias.lower() for each in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier):
            name = table.this.name if isinstance(table.this, exp.Anonymous) else table.this.sql_name()
            raise Refused(
                f"FUNCTION_NOT_FOUND: {_near(table, sql)}: Table function '{name.lower()}' not registered"
            )
        name, schema, catalog = table.name.lower(), table.db.lower(), table.catalog.lower()
        if not schema and name in own:
            continue
        if catalog not in ("", CATALOG):
            raise Refused(f"CATALOG_NOT_FOUND: {_near(table, sql)}: Catalog '{catalog}' does not exist")
        schema = schema or database
        found.setdefault((schema, name), table)
        if schema == "information_schema":
            schema = INFORMATION
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", exp.to_identifier(schema, quoted=True))
        table.set("catalog", exp.to_identifier(CATALOG, quoted=True))
    return found


_TIMES: dict[type[exp.Expr], str] = {
    exp.CurrentTimestamp: "TIMESTAMPTZ",
    exp.Localtimestamp: "TIMESTAMP",
    exp.CurrentDate: "DATE",
}
INFORMATION = "$information_schema"


def _near(node: exp.Expr, sql: str) -> str:
    for each in node.walk():
        if "start" in each.meta:
            return at(sql, each.meta["start"])
    return "line 1:1"
