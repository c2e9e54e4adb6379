"""Which attachments of scale-to-zero ended on the way, by the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ops.core.change import Entry
from ops.core.deploy_progress import CLEANUP, NEVER_BEGUN, UNFINISHED

ATTACH, DETACH, UNDO = "attach", "detach", "undo"
_OVERTAKES = frozenset({"deploy", "move", "delete", DETACH})
"""Kinds of changes after which an attachment before them does not count any more."""


def root_id(entry: Entry) -> str:
    """The id of the entry that an attempt to finish it, or to take it back, belongs to; else its own."""
    if entry.continues:
        return entry.continues
    return entry.undo_of if entry.kind in (CLEANUP, UNDO) and entry.undo_of else entry.id


def open_attachments(journal: Iterable[Entry]) -> tuple[tuple[Entry, Entry], ...]:
    """(first entry, newest attempt) of each attachment whose newest attempt did not come to its end, newest first."""
    ordered = sorted((e for e in journal if e.outcome not in NEVER_BEGUN), key=lambda e: e.at, reverse=True)
    by_id = {e.id: e for e in ordered}
    found: list[tuple[Entry, Entry]] = []
    seen: set[str] = set()
    for last in ordered:
        root = _root(last, by_id)
        if last.ref.name in seen or (root.kind != ATTACH and last.kind not in _OVERTAKES):
            continue
        seen.add(last.ref.name)
        if root.kind == ATTACH and last.outcome in UNFINISHED:
            found.append((root, last))
    return tuple(found)


def _root(entry: Entry, by_id: Mapping[str, Entry]) -> Entry:
    return by_id.get(root_id(entry), entry)
