"""A time line as CSV, as JSON-ready values, and as lines for a terminal. Pure: times ISO 8601 in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ops.core.moments import moment
from ops.core.timeline import Event, Reach, Source, Timeline
from ops.core.words import count

COLUMNS = (
    "at", "endpoint", "kind", "source", "who", "as", "what", "outcome", "details", "times", "since", "request_ids",
    "entry",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be worked out by a spreadsheet."""


def as_csv(events: Sequence[Event]) -> str:
    """One line for each, with a head. Text that a spreadsheet would take for a formula gets an apostrophe."""
    rows: list[list[object]] = [list(COLUMNS)]
    for event in events:
        values = as_values(event) | {"request_ids": " ".join(event.request_ids)}
        rows.append([_safe(values[column]) for column in COLUMNS])
    return "".join(f"{','.join(_quoted(str(value)) for value in row)}\n" for row in rows)


def as_values(event: Event) -> dict[str, Any]:
    """One line by column, for JSON."""
    return {
        "at": _iso(event.at),
        "endpoint": event.endpoint,
        "kind": event.kind.value,
        "source": event.source.value,
        "who": event.who,
        "as": event.as_who or None,
        "what": event.what,
        "outcome": event.ended.value,
        "details": event.said or None,
        "times": event.times,
        "since": _iso(event.since),
        "request_ids": list(event.request_ids),
        "entry": event.entry or None,
        "can_be_undone": event.undoable,
    }


def as_document(view: Timeline, events: Sequence[Event]) -> dict[str, Any]:
    """The whole, for JSON: what was asked, the lines, and how far back each source tells."""
    return {
        "as_of": _iso(view.as_of),
        "account": view.connection.account,
        "region": view.connection.region,
        "endpoint": view.name,
        "start": _iso(view.start),
        "end": _iso(view.end),
        "events": [as_values(event) for event in events],
        "sources": [
            {
                "source": each.source.value,
                "known_since": _iso(each.since),
                "missing": each.problem.what if each.problem is not None else None,
                "allow": (each.problem.action or None) if each.problem is not None else None,
                "note": each.note or None,
            }
            for each in view.reaches
        ],
    }


def as_text(view: Timeline, events: Sequence[Event]) -> str:
    """For people: one line each, newest first, and what is missing."""
    width = max((len(e.endpoint) for e in events), default=0)
    lines = [_text(event, view, width) for event in events]
    if not lines:
        lines = ["Nothing matches." if view.events else "Nothing happened in this range."]
    return "\n".join([*lines, "", *(_reach(each, view) for each in view.reaches)])


def _text(event: Event, view: Timeline, width: int) -> str:
    when = moment(event.at, view.as_of)
    again = f" ({count(event.times, 'time')} since {moment(event.since, view.as_of)})" if event.since else ""
    name = f"{event.endpoint:<{width}}  " if view.name is None else ""
    undo = f"  [undo {event.entry[:8]}]" if event.undoable else ""
    said = f". {event.said}" if event.said else ""
    return f"{when:<18} {name}{event.kind:<9} {event.ended}: {event.what}, by {event.who}{again}{said}{undo}"


def _reach(each: Reach, view: Timeline) -> str:
    parts = [f"{each.source}:"]
    if each.problem is not None:
        parts.append(f"missing: {each.problem.what} {each.problem.hint}".strip())
    elif each.since is not None and each.since > view.start:
        parts.append(f"known since {moment(each.since, view.as_of)}")
    else:
        parts.append("all of this range" if not each.note else "")
    parts.append(f"({each.note})" if each.note else "")
    if each.source is Source.CLOUDTRAIL and each.problem is None:
        parts.append("(up to about 15 minutes late)")
    return " ".join(part for part in parts if part)


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def _safe(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _quoted(text: str) -> str:
    """One field as RFC 4180 has it."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n\r') else text
