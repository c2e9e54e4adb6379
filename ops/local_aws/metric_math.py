"""Metric math of GetMetricData and of math alarms, over aligned arrays where NaN is "no datapoint".

Expressions are parsed with Python's `ast` and walked over a white list; Python itself never evaluates them.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.metric_reduce import Floats
from ops.local_aws.metric_series import Grid

_TOKEN = re.compile(
    r"""(?P<string>"[^"]*"|'[^']*') | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)
      | (?P<op>&&|\|\||==|!=|<=|>=|[-+*/^<>(),\[\]]) | (?P<space>\s+)""",
    re.VERBOSE,
)
_WORDS = {"&&": " and ", "||": " or ", "^": "**"}
_BINARY: dict[type[ast.operator], Callable[[Floats, Floats], Floats]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Floats, Floats], Floats]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
NOT_OFFERED = (
    "SEARCH",
    "ANOMALY_DETECTION_BAND",
    "SERVICE_QUOTA",
    "INSIGHT_RULE_METRIC",
    "DB_PERF_INSIGHTS",
    "LAMBDA",
    "METRIC_COUNT",
    "SORT",
    "REMOVE_EMPTY",
    "SLICE",
    "DATE",
    "DAY",
    "EPOCH",
    "HOUR",
    "MINUTE",
    "MONTH",
    "YEAR",
    "DATAPOINT_COUNT",
)
DEPTH = 60


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


@dataclass(frozen=True, slots=True)
class Track:
    """One time series of an expression, named by the query that it came from."""

    id: str
    label: str
    values: Floats


@dataclass(frozen=True, slots=True)
class Tracks:
    """What AWS calls TS[]."""

    items: tuple[Track, ...]


Value = float | Track | Tracks
Lookup = Callable[[str], Track | Tracks]


def names_in(expression: str) -> set[str]:
    """The names that an expression uses, functions included. Raises AwsError ValidationError."""
    return {node.id[2:] for node in ast.walk(_parse(expression)) if isinstance(node, ast.Name)}


def uses_metrics(expression: str) -> bool:
    """Whether the expression calls METRICS(), and so takes every metric of the request."""
    return "METRICS" in names_in(expression)


class Evaluator:
    """Evaluates expressions of one request. `lookup` gives the result of another query by its id."""

    def __init__(
        self, grid: Grid, lookup: Lookup, metrics: Sequence[str], periods: Mapping[str, int]
    ) -> None:
        self._grid = grid
        self._lookup = lookup
        self._metrics = metrics
        self._periods = periods

    def run(self, id: str, expression: str) -> Track | Tracks:
        """The time series of an expression. Raises AwsError ValidationError."""
        with np.errstate(all="ignore"):
            value = self._visit(_parse(expression).body, 0)
        if isinstance(value, float):
            raise invalid(
                f"Error in expression '{id}': the result must be a time series, not a single value."
            )
        if isinstance(value, Tracks):
            return Tracks(tuple(Track(id, t.label, _finite(t.values)) for t in value.items))
        return Track(id, id, _finite(value.values))

    def _visit(self, node: ast.expr, depth: int) -> Value:
        if depth > DEPTH:
            raise invalid("The expression is nested too deeply.")
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name):
                return self._lookup(name[2:])
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _each(self._visit(operand, depth + 1), operator.neg)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._visit(operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _pair(self._visit(left, depth + 1), self._visit(right, depth + 1), _BINARY[type(op)])
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                compare = _COMPARE[type(op)]
                return _pair(self._visit(left, depth + 1), self._visit(right, depth + 1), _known(compare))
            case ast.BoolOp(op=op, values=values):
                both = isinstance(op, ast.And)
                result = self._visit(values[0], depth + 1)
                for value in values[1:]:
                    result = _pair(result, self._visit(value, depth + 1), _known(_and if both else _or))
                return result
            case ast.List(elts=elements) if elements:
                return self._list([self._visit(e, depth + 1) for e in elements])
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name[2:], args, depth + 1)
        raise invalid("The expression is not valid metric math.")

    def _list(self, values: list[Value]) -> Tracks:
        items: list[Track] = []
        for value in values:
            if isinstance(value, float):
                raise invalid("A list in an expression holds time series only.")
            items += value.items if isinstance(value, Tracks) else (value,)
        return Tracks(tuple(items))

    def _call(self, name: str, args: list[ast.expr], depth: int) -> Value:
        if name in NOT_OFFERED:
            raise NotOffered(f"the function {name} in metric math")
        if name == "METRICS":
            return self._all_metrics(args)
        if name == "FILL" and len(args) == 2:
            series, how = args
            word = how.id[2:] if isinstance(how, ast.Name) else ""
            filler = word if word in ("REPEAT", "LINEAR") else self._visit(how, depth)
            return _each(self._visit(series, depth), lambda x: _fill(x, filler), scalars=False)
        if name == "PERIOD" and len(args) == 1 and isinstance(args[0], ast.Name):
            id = args[0].id[2:]
            if id not in self._periods:
                raise invalid(f"PERIOD needs a metric of the request, not '{id}'.")
            return float(self._periods[id])
        values = [self._visit(a, depth) for a in args]
        if name == "IF" and len(values) in (2, 3):
            return _if(values)
        if name == "TIME_SERIES" and len(values) == 1 and isinstance(values[0], float):
            return Track("", "TIME_SERIES", np.full(self._grid.n, values[0]))
        if name in _REDUCE and len(values) == 1:
            return _reduce(name, values[0])
        if name in ("RATE", "DIFF", "RUNNING_SUM") and len(values) == 1:
            period = self._grid.period
            return _each(values[0], lambda x: _along(name, x, period), scalars=False)
        if name in _EACH and len(values) == 1:
            return _each(values[0], _EACH[name])
        if name in _REDUCE or name in _EACH or name in _OTHERS:
            raise invalid(f"The function {name} cannot be used with these arguments.")
        raise invalid(f"The function {name} is not known.")

    def _all_metrics(self, args: list[ast.expr]) -> Tracks:
        part = ""
        if args:
            if len(args) > 1 or not isinstance(args[0], ast.Constant) or not isinstance(args[0].value, str):
                raise invalid("METRICS takes one string at most.")
            part = args[0].value
        found = self._list([self._lookup(id) for id in self._metrics if part in id])
        if not found.items:
            raise invalid("METRICS() finds no metric in the request.")
        return found


def _parse(expression: str) -> ast.Expression:
    """The tree of an expression, its names prefixed so that none is a word of Python's."""
    text = expression.strip()
    if re.match(r"SELECT\s", text, re.IGNORECASE):
        raise NotOffered("Metrics Insights queries (SELECT …)")
    out, at = [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise invalid(f"Error in expression: unexpected character {text[at]!r}.")
        at = token.end()
        word = token.group()
        if token.lastgroup == "name":
            out.append(f" {word.lower()} " if word in ("AND", "OR") else f"v_{word}")
        elif token.lastgroup == "string":
            out.append(repr(word[1:-1]))
        elif token.lastgroup == "space":
            out.append(" ")
        else:
            out.append(_WORDS.get(word, word))
    try:
        return ast.parse("".join(out).strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise invalid(f"Error in expression '{expression[:200]}': syntax error.") from error


def _each(value: Value, how: Callable[[Floats], Floats], *, scalars: bool = True) -> Value:
    if isinstance(value, float):
        if not scalars:
            raise invalid("This function needs a time series.")
        return float(how(_number(value)))
    if isinstance(value, Tracks):
        return Tracks(tuple(Track(t.id, t.label, how(t.values)) for t in value.items))
    return Track(value.id, value.label, how(value.values))


def _pair(left: Value, right: Value, how: Callable[[Floats, Floats], Floats]) -> Value:
    if isinstance(left, float) and isinstance(right, float):
        return float(how(_number(left), _number(right)))
    if isinstance(left, Tracks) and isinstance(right, Tracks):
        raise invalid("Two lists of time series cannot be combined.")
    if isinstance(left, Tracks):
        return _each(left, lambda x: how(x, _operand(right)))
    if isinstance(right, Tracks):
        return _each(right, lambda x: how(_operand(left), x))
    return Track("", "", how(_operand(left), _operand(right)))


def _operand(value: Value) -> Floats:
    assert not isinstance(value, Tracks)
    return _number(value) if isinstance(value, float) else value.values


def _number(value: float) -> Floats:
    return np.asarray(value, np.float64)


def _known(how: Callable[[Floats, Floats], Floats]) -> Callable[[Floats, Floats], Floats]:
    """1 or 0, and no datapoint where either side has none."""
    return lambda a, b: np.where(np.isnan(a) | np.isnan(b), np.nan, how(a, b))


def _and(a: Floats, b: Floats) -> Floats:
    return np.asarray((a != 0) & (b != 0), np.float64)


def _or(a: Floats, b: Floats) -> Floats:
    return np.asarray((a != 0) | (b != 0), np.float64)


def _if(values: list[Value]) -> Value:
    if any(isinstance(v, Tracks) for v in values):
        raise invalid("IF takes single time series and numbers.")
    if all(isinstance(v, float) for v in values):
        raise invalid("IF needs at least one time series.")
    test, yes, *rest = (_operand(v) for v in values)
    no = rest[0] if rest else _number(np.nan)
    return Track("", "", np.where(np.isnan(test), np.nan, np.where(test != 0, yes, no)))


def _fill(x: Floats, how: Value | str) -> Floats:
    known = ~np.isnan(x)
    if isinstance(how, Tracks):
        raise invalid("FILL takes a number, a time series, REPEAT or LINEAR.")
    if not isinstance(how, str):
        return np.where(known, x, _operand(how))
    at = np.flatnonzero(known)
    if not len(at):
        return x
    grid = np.arange(len(x))
    if how == "LINEAR":
        return np.interp(grid, at, x[at], left=np.nan, right=np.nan)
    last = np.maximum.accumulate(np.where(known, grid, -1))
    return np.where(last >= 0, x[last], np.nan)


def _along(name: str, x: Floats, period: int) -> Floats:
    """DIFF, RATE and RUNNING_SUM: from each datapoint to the next that exists."""
    at = np.flatnonzero(~np.isnan(x))
    out = np.full(len(x), np.nan)
    if name == "RUNNING_SUM":
        out[at] = np.cumsum(x[at])
    elif len(at) > 1:
        change = np.diff(x[at])
        out[at[1:]] = change / (np.diff(at) * period) if name == "RATE" else change
    return out


def _reduce(name: str, value: Value) -> Value:
    """Of one time series its scalar; of several, one time series of what exists in each period."""
    if isinstance(value, float):
        return value
    how = _REDUCE[name]
    if isinstance(value, Track):
        known = value.values[~np.isnan(value.values)]
        return float(how(known[:, None])[0]) if len(known) else float("nan")
    stack = np.array([t.values for t in value.items])
    out = np.full(stack.shape[1], np.nan)
    some = ~np.isnan(stack).all(axis=0)
    out[some] = how(stack[:, some])
    return Track("", name, out)


def _finite(x: Floats) -> Floats:
    return np.where(np.isfinite(x), x, np.nan)


_REDUCE: dict[str, Callable[[Floats], Floats]] = {
    "SUM": lambda x: np.asarray(np.nansum(x, axis=0)),
    "AVG": lambda x: np.asarray(np.nanmean(x, axis=0)),
    "MIN": lambda x: np.asarray(np.nanmin(x, axis=0)),
    "MAX": lambda x: np.asarray(np.nanmax(x, axis=0)),
    "STDDEV": lambda x: np.asarray(np.nanstd(x, axis=0)),
}
_EACH: dict[str, Callable[[Floats], Floats]] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "LOG": np.log,
    "LOG10": np.log10,
}
_OTHERS = ("FILL", "IF", "PERIOD", "TIME_SERIES", "RATE", "DIFF", "RUNNING_SUM")
