"""Which calls the tests make through Ebb's own sessions, put together over all workers at the end of a whole run.

Each process writes the calls that it has seen into a file of its own, in a folder that the controller made. At the end
of a run of the whole suite every declared call must have been made, so that no policy holds an action which nothing
uses; and a call that the table does not have must not have been tried by any test.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ops.core.permissions import READS, TABLE, of_role
from ops.core.permissions.policy import Places, actions, documents

LOG = logging.getLogger("ops.calls")
MADE, REFUSED = "made", "refused"
NAMED = Places(assume=("arn:aws:iam::123456789012:role/ebb",))
"""With a role to assume: where none is named, no policy allows to assume one."""


class Recorder(logging.Filter):
    """Keeps each call once, in memory and in a file, and keeps them out of what pytest captures."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._guard = threading.Lock()
        self._seen: set[tuple[str, str]] = set()
        self._refused: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        kind = REFUSED if record.levelno >= logging.ERROR else MADE
        call = record.getMessage()
        with self._guard:
            if kind == REFUSED:
                self._refused.append(call)
            if (kind, call) not in self._seen:
                self._seen.add((kind, call))
                with suppress(FileNotFoundError), self._file.open("a", encoding="utf-8") as out:
                    out.write(f"{kind} {call}\n")  # the folder goes with the run: a late thread finds it gone
        return kind == REFUSED

    def take_refused(self) -> list[str]:
        """What was refused since this was last asked."""
        with self._guard:
            found, self._refused = self._refused, []
        return found


def watch(file: Path) -> Recorder:
    """Record the calls of this process from now on."""
    recorder = Recorder(file)
    LOG.setLevel(logging.DEBUG)
    LOG.addFilter(recorder)
    return recorder


def gathered(folder: Path) -> tuple[set[str], set[str]]:
    """(made, refused) over all processes."""
    lines = {line for file in folder.glob("*.calls") for line in file.read_text("utf-8").splitlines()}
    made, refused = (
        {line.partition(" ")[2] for line in lines if line.startswith(f"{kind} ")} for kind in (MADE, REFUSED)
    )
    return made, refused


def faults(made: Iterable[str], refused: Iterable[str]) -> list[str]:
    """What is wrong between the calls that were made, the table and the generated policies, as sentences."""
    made = set(made)
    found = [f"{call} was tried, and is not in ops/core/permissions" for call in sorted(refused)]
    known = {row.call for row in TABLE if row.call}
    found += [f"{call} was made, and is not in ops/core/permissions" for call in sorted(made - known)]
    found += [f"{call} is declared, and no test makes it" for call in sorted(known - made)]
    for role in READS:
        allowed = {action for document in documents(role, NAMED) for action in actions(document)}
        needed = {row.action for row in of_role(role) if row.scope.action_needed}
        found += [f"the policy of {role} lacks {action}" for action in sorted(needed - allowed)]
        found += [
            f"the policy of {role} allows {action}, which no call needs"
            for action in sorted(allowed - needed)
        ]
    beside = [row for row in TABLE if not row.operation and not made & set(row.with_calls)]
    found += [f"{row.action} ({row.role}) is declared for calls that no test makes" for row in beside]
    return found
