"""Why a statement fails, in Athena's words: a code, the line and column where it has one, a sentence."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb
from sqlglot.errors import ParseError, SqlglotError

USER, SYSTEM = 2, 1
SYNTAX, SEMANTICS, DATA, INTERNAL = 1006, 1009, 1101, 1001
"""AthenaError's ErrorType; AWS lists hundreds, and clients go by the category."""


class Refused(Exception):
    """A statement that fails. `category`: 1 system, 2 user."""

    def __init__(self, message: str, kind: int = SEMANTICS, category: int = USER) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.category = category

    def said(self) -> dict[str, Any]:
        return {"message": self.message, "type": self.kind, "category": self.category}


def at(sql: str, offset: int) -> str:
    """ "line 2:7" of a place in the statement, both from 1."""
    before = sql[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def where(sql: str, name: str) -> str:
    """The first place of a word in the statement."""
    found = re.search(rf"(?<![\w]){re.escape(name)}(?![\w])", sql, re.IGNORECASE)
    return at(sql, found.start() if found else 0)


def of_parser(error: SqlglotError) -> Refused:
    first = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    line, column = first.get("line") or 1, first.get("col") or 1
    what = str(first.get("description") or error).splitlines()[0]
    near = f" near '{first['highlight']}'" if first.get("highlight") else ""
    return Refused(f"SYNTAX_ERROR: line {line}:{column}: {what}{near}", SYNTAX)


def of_duckdb(error: duckdb.Error, sql: str) -> Refused:
    """DuckDB's error, told of the statement as it was sent and not as DuckDB saw it."""
    found = re.search(r"\{.*\}", str(error), re.DOTALL)
    try:
        said = json.loads(found.group(0)) if found else {}
    except ValueError:
        said = {}
    what = str(said.get("exception_message", error)).splitlines()[0]
    name, kind = str(said.get("name", "")), str(said.get("type", ""))
    subtype = said.get("error_subtype")
    if subtype == "COLUMN_NOT_FOUND":
        return Refused(f"COLUMN_NOT_FOUND: {where(sql, name)}: Column '{name}' cannot be resolved")
    if subtype == "MISSING_ENTRY" and "Function" in kind:
        return Refused(f"FUNCTION_NOT_FOUND: {where(sql, name)}: Function '{name}' not registered")
    if isinstance(error, duckdb.PermissionException):
        return Refused(f"PERMISSION_DENIED: line 1:1: {what}")
    if isinstance(error, duckdb.OutOfRangeException):
        return Refused(f"NUMERIC_VALUE_OUT_OF_RANGE: {what}", DATA)
    if isinstance(error, duckdb.ConversionException):
        return Refused(f"INVALID_CAST_ARGUMENT: {what}", DATA)
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException | duckdb.ParserException):
        return Refused(f"SYNTAX_ERROR: {where(sql, name) if name else 'line 1:1'}: {what}", SYNTAX)
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return Refused(f"GENERIC_INTERNAL_ERROR: {what}", INTERNAL, SYSTEM)
    return Refused(f"GENERIC_USER_ERROR: {what}")
