"""Which process carries out a change that has begun, and whether it still lives."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from ops import clock
from ops.core.change import Entry

ABANDONED, ABANDONED_LONG = timedelta(minutes=15), timedelta(hours=6)
"""An entry that has begun for longer, and tells nothing of its life, belongs to no living process. The long one: what
makes or deletes endpoints, and waits for them."""
SILENT = timedelta(minutes=5)
"""A change tells every few seconds that its process lives; after so long without a word, by this machine's time, it
has none any more."""


def _started(number: int | str) -> str:
    """When a process of this machine was started, as Linux counts it; empty where that is not known."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


_TOKEN = uuid.uuid4().hex[:8]
PROCESS = f"{socket.gethostname()}:{os.getpid()}:{_TOKEN}:{_started(os.getpid())}"
"""Host, number, a word of its own, and when it was started: numbers are used again."""
_here: set[str] = set()
"""The entries that this process carries out now, by their ids."""


class StopSign(Event):
    """Asks a change to end before its next step. `by`: who wants that; empty where nobody did."""

    by = ""


@contextmanager
def carrying_out(identity: str) -> Iterator[None]:
    """This process is at an entry as long as the block takes."""
    _here.add(identity)
    try:
        yield
    finally:
        _here.discard(identity)


def under_way(entry: Entry) -> bool:
    """Whether an entry that has begun is a change of the set-up that a living process is making."""
    if entry.before == entry.after:
        return False
    if entry.process == PROCESS:
        return entry.id in _here
    return alive(entry.process) and not silent(entry)


def abandoned(entry: Entry, now: datetime) -> bool:
    """Whether nobody carries out an entry that has begun any more. `now`: AWS's time."""
    if entry.process == PROCESS:
        return entry.id not in _here and now - entry.at >= ABANDONED
    if not alive(entry.process):
        return True
    if entry.beat is not None:
        return silent(entry)
    slow = entry.before.resources or entry.after.resources
    return now - entry.at >= (ABANDONED_LONG if slow else ABANDONED)


def silent(entry: Entry) -> bool:
    """Whether the process of an entry has told nothing of its life for too long."""
    return entry.beat is not None and clock.now() - entry.beat >= SILENT


def alive(process: str) -> bool:
    """Whether the process that wrote an entry still runs, as far as this machine can tell."""
    host, number, token, started = (*process.split(":", 3), "", "", "")[:4]
    if host and host != socket.gethostname():
        return True  # another machine: only its silence tells, or its age
    if not number.isdigit():
        return False
    if int(number) == os.getpid():
        return token == _TOKEN
    if started and (now := _started(number)) and now != started:
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
