"""A change under way: what is done of it, that it lives, and whether it may go on; all through the journal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

from ops import clock
from ops.at_work import StopSign
from ops.aws.calls import Reading
from ops.core.change import Entry, Made, Outcome
from ops.core.deploy_progress import STOPPED
from ops.core.errors import OpsError
from ops.store.history import History

log = logging.getLogger(__name__)
HEART = timedelta(seconds=20)
"""A change that has told nothing for so long says that it lives before its next step."""
OVERTAKEN = "Another Ebb took this change for abandoned, and ended it: nothing more is done here."
FAULT = "Ebb itself failed on the way: what was made so far is there."


class Stopped(OpsError):
    """Somebody stopped a change on its way."""


class Overtaken(OpsError):
    """A change stood still for so long that another process took it for abandoned."""


@dataclass(slots=True)
class Course:
    """`entry`: as it was last written."""

    records: History
    entry: Entry
    stop: StopSign

    def go_on(self) -> None:
        """Raises Stopped, Overtaken, and OpsError where the journal cannot be written."""
        if self.stop.is_set():
            by = f" by {self.stop.by}" if self.stop.by else ""
            raise Stopped(f"{STOPPED} here{by}.", "What was made so far is there: continue, or clean up.")
        if self.entry.beat is None or clock.now() - self.entry.beat >= HEART:
            self._write(self.entry)

    def note(self, made: tuple[Made, ...], said: str = "") -> None:
        """Raises Overtaken, and OpsError where it cannot be put on record."""
        self._write(replace(self.entry, made=made, said=said))

    def close(self, closed: Entry) -> bool:
        """End the entry; False where another process has ended it: that stands, with what was made. Raises OpsError."""
        if self.records.exchange_entry(closed, self._is_mine):
            return True
        stands = self.records.entry(closed.id)
        if stands is not None:
            self.records.write_entry(replace(stands, made=closed.made))
        return False

    def _write(self, entry: Entry) -> None:
        told = replace(entry, beat=clock.now())
        if not self.records.exchange_entry(told, self._is_mine):
            raise Overtaken(OVERTAKEN, "Look at what became of it, and plan anew.")
        self.entry = told

    def _is_mine(self, stands: Entry) -> bool:
        return stands.outcome is Outcome.BEGUN and stands.process == self.entry.process


@contextmanager
def ended_whatever_happens(course: Course, reading: Reading) -> Iterator[None]:
    """A fault of Ebb's own ends the entry, too, and is in the log. Raises OpsError for it."""
    try:
        yield
    except OpsError:
        raise
    except Exception as error:
        log.exception("%s failed on the way", course.entry.title)
        said = f"{FAULT} ({type(error).__name__})"
        try:
            course.close(replace(course.entry, outcome=Outcome.UNCLEAR, said=said, ended=reading.now))
        except OpsError as trouble:
            log.warning("%s %s", trouble.what, trouble.hint)
        raise OpsError(said, "The log of Ebb has the details.") from error
