"""`python -m ops cold-starts`: the cold starts that AWS still tells of, as text or as one JSON document."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

from ops.cli_show import plain, write
from ops.config import Settings
from ops.console import Console
from ops.core.cold_start import ColdStart, Counted, served
from ops.core.cold_start_stats import Spread, compared, spread, waits
from ops.core.cold_starts import Outcome, WokenBy
from ops.core.errors import BadInput
from ops.core.moments import moment
from ops.core.views_cold import ColdStartsView
from ops.core.words import count, took

MOST_DAYS = 63
"""AWS keeps five-minute steps for so long; before that there is nothing to find a cold start in."""
LISTED = 40


def cold_starts(name: str | None, days: str, as_json: bool) -> int:
    """Print them; the exit code. Raises OpsError."""
    span = _days(days)
    with Console.open(Settings.load()) as console:
        view = console.find_cold_starts(None if name is None else (name,), span)
    write(document(view, span) if as_json else text(view, span))
    return 0


def document(view: ColdStartsView, days: float) -> str:
    """One JSON document: times ISO 8601 in UTC, lengths in seconds, null = not known."""
    lengths = spread(s.total_s for s in waits(view.starts))
    found = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "days": days,
        "endpoints": list(view.names),
        "waits": plain(lengths),
        "cold_starts": [_start(start, view) for start in view.starts],
        "problems": plain(view.problems),
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _start(start: ColdStart, view: ColdStartsView) -> dict[str, Any]:
    beside, cost = compared(start, view.usual), view.costs.get((start.endpoint, start.id))
    more = {
        "usual_s": beside.usual_s,
        "times_usual": None if beside.times is None else round(beside.times, 2),
        "warm_usd_estimated": None if cost is None else float(round(cost.usd, 4)),
    }
    known: dict[str, Any] = plain(start)
    return known | more


def text(view: ColdStartsView, days: float) -> str:
    """For people: the numbers first, then the newest ones line by line."""
    starts = view.starts
    span = "day" if days == 1 else f"{days:g} days"
    lines = [
        f"{count(len(served(starts)), 'cold start')} in the last {span}, as of {view.as_of:%Y-%m-%d %H:%M} UTC"
    ]
    lengths = spread(s.total_s for s in waits(starts))
    if lengths is not None:
        lines.append(_lengths(lengths))
    lines += [""] if starts else []
    width = max((len(s.endpoint) for s in starts), default=0)
    lines += [_line(start, view, width) for start in starts[:LISTED]]
    if len(starts) > LISTED:
        lines.append(f"and {len(starts) - LISTED} older; --json writes them all")
    for problem in view.problems:
        lines += ["", f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip()]
    return "\n".join(lines)


def _lengths(found: Spread) -> str:
    if found.few:
        return f"Waits for a first result: {found.count}, the longest {took(found.worst)}."
    return (
        f"Waits for a first result: {found.count}; half under {took(found.p50)}, "
        f"9 of 10 under {took(found.p90)}, 99 of 100 under {took(found.p99)}, "
        f"the worst {took(found.worst)}."
    )


def _line(start: ColdStart, view: ColdStartsView, width: int) -> str:
    return f"{_when(start.ordered, view.as_of):<17} {start.endpoint:<{width}}  {_said(start, view)}"


def _when(at: datetime, now: datetime) -> str:
    return moment(at, now)


def _said(start: ColdStart, view: ColdStartsView) -> str:
    if start.outcome is not Outcome.SERVED:
        tries = f", {count(start.failed_attempts, 'attempt')} failed" if start.failed_attempts else ""
        return f"{start.outcome.value}{tries}"
    if start.total_s is None:
        return "in service; no first result yet"
    beside = compared(start, view.usual)
    what = "to the first result" if start.counted is Counted.WAIT else "until in service"
    parts = [f"{took(start.total_s)} {what}"]
    if beside.times is not None and beside.words != "as usual":
        parts.append(beside.words)
    if start.waited:
        parts.append(f"{count(start.waited, 'request')} waited")
    if start.woken_by is not WokenBy.REQUEST:
        parts.append(f"woken by {_BY[start.woken_by]}")
    return ", ".join(parts)


_BY = {
    WokenBy.SCHEDULE: "a schedule",
    WokenBy.OPERATOR: "its bounds",
    WokenBy.UNKNOWN: "what is not known",
    WokenBy.REQUEST: "requests",
}


def _days(typed: str) -> float:
    try:
        days = float(typed)
    except ValueError as error:
        raise BadInput(f"{typed!r} is not a number of days.", "Give a number above 0, such as 7.") from error
    if not math.isfinite(days) or not 0 < days <= MOST_DAYS:
        hint = f"Give a number above 0 and up to {MOST_DAYS}: AWS keeps nothing finer than hours for longer."
        raise BadInput(f"A range of {typed} days is not possible.", hint)
    return days
