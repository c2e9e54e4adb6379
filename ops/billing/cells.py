"""Cells of an export as typed expressions: text, money, moments. What is missing becomes null, never zero.

Everything here compiles for DuckDB and for Athena; regular expressions keep to what RE2 and Java read alike.
"""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import BooleanValue, DecimalValue, StringValue, TimestampValue, Value

MONEY = dt.Decimal(38, 18)
"""18 decimals: more than AWS writes. 20 digits before the point."""
_SHORT = dt.Decimal(18, 10)
MISSING = ("", "null", "none", "nan", "n/a", "\\n", "-")
_STAMP = r"^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}))?"


def nothing(kind: dt.DataType | str) -> Value:
    """A null of that type."""
    return ibis.null(kind)


def text(cell: Value) -> StringValue:
    """Trimmed text; what stands for a missing value is null."""
    said = (cell if cell.type().is_string() else cell.cast("string")).strip()
    return ibis.ifelse(said.lower().isin(MISSING), nothing("string"), said)


def money(cell: Value, decorated: bool = False, decimal_comma: bool = False) -> DecimalValue:
    """An exact decimal, null where it is missing or no number.

    A double is read with its shortest decimal form, as it is written in text. `decorated`: a currency, a unit
    and thousands separators may stand around the number ("USD 1,204.50", "8.2 Hrs").
    """
    kind = cell.type()
    if kind.is_decimal() or kind.is_integer():
        return cell.cast(MONEY)
    if kind.is_floating():
        return ibis.ifelse(
            _short(cell), cell.try_cast(_SHORT).cast(MONEY), cell.cast("string").try_cast(MONEY)
        )
    said = text(cell)
    return (_bare(said, decimal_comma) if decorated else said).try_cast(MONEY)


def _short(cell: Value) -> BooleanValue:
    """Whether a double is a decimal of at most 15 digits, 10 of them decimals.

    Then it is its shortest form, for no two such decimals are the same double: most amounts need no text.
    """
    short = cell.try_cast(_SHORT)
    return ((short.cast("float64") == cell) & (cell.abs() < 1e5)).fill_null(False)


def unreadable(cell: Value, read: DecimalValue) -> BooleanValue:
    """Whether something stands in the cell, and it is no number."""
    kind = cell.type()
    if kind.is_decimal() or kind.is_integer():
        return ibis.literal(False)
    there = cell.notnull() & ~cell.isnan() if kind.is_floating() else text(cell).notnull()
    return there & read.isnull()


def more_digits(cell: Value, read: DecimalValue) -> BooleanValue:
    """Whether the cell holds more than 18 decimals, which were rounded."""
    kind = cell.type()
    if kind.is_floating():
        return ibis.ifelse(_short(cell), False, (read.cast("float64") != cell).fill_null(False))
    if kind.is_string():
        return text(cell).re_search(r"\.\d{18}\d*[1-9]").fill_null(False)
    return ibis.literal(False)


def moment(cell: Value) -> TimestampValue:
    """A UTC moment of a timestamp, a date, or text such as 2026-11-01T00:00:00Z; null where it is neither."""
    kind = cell.type()
    if kind.is_timestamp() or kind.is_date():
        return cell.cast("timestamp")
    said = text(cell).replace("/", "-")
    day, time = said.re_extract(_STAMP, 1), said.re_extract(_STAMP, 2)
    hour = ibis.ifelse(time.notnull() & (time != ""), time, "00:00:00")
    return ibis.ifelse(said.re_search(_STAMP), day + " " + hour, nothing("string")).try_cast("timestamp")


def found(said: StringValue, pattern: str, group: int = 1) -> StringValue:
    """A group of a regular expression; null, on both engines, where it does not match."""
    return ibis.ifelse(said.re_search(pattern), said.re_extract(pattern, group), nothing("string")).nullif("")


def has(said: StringValue, pattern: str) -> BooleanValue:
    """Whether the expression matches; False for missing text."""
    return said.re_search(pattern).fill_null(False)


def _bare(said: StringValue, decimal_comma: bool) -> StringValue:
    """The number itself: without currency and unit, parentheses as a minus, a point before the decimals."""
    negative = said.re_search(r"^\(.*\)$|^[^0-9]*-")
    digits = said.re_extract(r"([0-9][0-9.,' ]*(?:[eE][+-]?[0-9]+)?)", 1).replace(" ", "").replace("'", "")
    if decimal_comma:
        with_comma = digits.replace(".", "").replace(",", ".")
        digits = ibis.ifelse(digits.contains(","), with_comma, digits)
    else:
        digits = digits.replace(",", "")
    lone = said.re_search(r"^[^0-9]*[0-9][0-9.,' ]*(?:[eE][+-]?[0-9]+)?[^0-9]*$")
    bare = ibis.ifelse(negative, ibis.literal("-") + digits, digits)
    return ibis.ifelse(lone, bare, said)
