"""Which process carries out a change that has begun, and whether it still lives."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

from ops.core.change import Entry

ABANDONED, ABANDONED_LONG = timedelta(minutes=15), timedelta(hours=6)
"""An entry that has begun for longer belongs to no living process, whatever its number says. The long one: what makes
or deletes endpoints, and waits for them."""
_TOKEN = uuid.uuid4().hex[:8]
PROCESS = f"{socket.gethostname()}:{os.getpid()}:{_TOKEN}"
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
    return entry.id in _here if entry.process == PROCESS else alive(entry.process)


def abandoned(entry: Entry, now: datetime) -> bool:
    """Whether nobody carries out an entry that has begun any more."""
    if entry.process == PROCESS:
        return entry.id not in _here and now - entry.at >= ABANDONED
    slow = entry.before.resources or entry.after.resources
    return not alive(entry.process) or now - entry.at >= (ABANDONED_LONG if slow else ABANDONED)


def alive(process: str) -> bool:
    """Whether the process that wrote an entry still runs, as far as this machine can tell."""
    host, _, rest = process.partition(":")
    number, _, token = rest.partition(":")
    if host != socket.gethostname():
        return True  # another machine: only its age tells
    if not number.isdigit():
        return False
    if int(number) == os.getpid():
        return token == _TOKEN
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
