"""Batches on their way to AWS: a few calls at a time, at their pace, and none twice.

Every request is on record as `sending` before its call. A process that ends then leaves it so: nobody sends it
again, because AWS may have taken it (InvokeEndpointAsync is not idempotent). `ops.follower` looks for its result at
the place that was asked for before the call, and for a message about its inference id.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Sequence, Set
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ops import clock
from ops.aws.calls import Reading
from ops.aws.requests import Accepted, Called, NotSent, Refused, Unclear, invoke
from ops.core.errors import OpsError
from ops.core.requests import Batch, RequestState, Sent, Submission
from ops.store.ledger import Ledger

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Calls of one batch in flight at a time."""
LEASE_S = 20.0
"""So long a process that sends a batch may be silent before another one goes on with it."""
STALE_S = 3600.0
"""A batch that nobody sent for so long is not taken up again: whoever wanted it does not expect it any more."""
TOO_OLD = "Ebb was away for more than an hour: the rest was not sent."
PAUSES_S = (2.0, 60.0)
"""The first and the longest pause of a batch that AWS does not take now."""
MOST_DOUBTS = 8
"""After so many steps in a row of which AWS did not say what became of them, no more of the batch is sent: minutes."""
SILENT = "AWS did not say for minutes whether it took requests of this batch: the rest was not sent."
CATCH_UP_S = 2.0
"""A paced run that is behind by more than that, and by more than one request, takes up its pace anew."""
FOLDER = "ebb"
"""Under the endpoint's output path: results of a batch lie in a folder of their own below it."""
PROCESS = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class _Pace:
    """Since when a paced run is sent here, and how many went since."""

    since: float
    sent: int = 0


class Sender:
    """Thread-safe: one step at a time. Times of the ledger are AWS's, pauses and paces are of this machine."""

    def __init__(
        self,
        reading: Callable[[], Reading],
        ledger: Ledger,
        *,
        holder: str = PROCESS,
        lease_s: float = LEASE_S,
        monotonic: Callable[[], float] = clock.monotonic,
        wall: Callable[[], float] = clock.timestamp,
    ) -> None:
        self._reading = reading
        self._ledger = ledger
        self._holder = holder
        self._lease_s = lease_s
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._paces: dict[str, _Pace] = {}
        self._rests: dict[str, tuple[float, float]] = {}
        """By batch: until when it is left alone, and how long the next pause is."""
        self._doubts: dict[str, int] = {}
        """By batch, how many steps in a row left it open whether AWS took what was sent."""
        self._unwritten: list[Sent] = []
        """What became of calls, until it is on record."""
        self._unsent: list[Sent] = []
        """What is marked as being sent and certainly was not, until it is planned again."""
        self.waits: dict[str, str] = {}
        """By batch, why it is not sent now."""

    def step(self) -> float | None:
        """Send what is due of every open batch, a few requests of each; seconds until more is, None: nothing is left.

        Raises OpsError where the ledger or AWS's clock cannot be read.
        """
        with self._lock:
            self._write()
            batches = self._ledger.open_batches()
            self._forget_all_but({batch.id for batch in batches})
            return min([self._step(batch) for batch in batches], default=None)

    def _write(self) -> None:
        """Put on record what the last calls came to. Raises OpsError; what is left is written at the next step."""
        self._ledger.update(self._unwritten)
        self._unwritten.clear()
        if self._unsent:
            self._ledger.unclaim(self._unsent)
            self._unsent.clear()

    def _forget_all_but(self, open: Set[str]) -> None:
        kept: tuple[dict[str, Any], ...] = (self._paces, self._rests, self._doubts, self.waits)
        for each in kept:
            for id in each.keys() - open:
                del each[id]

    def _step(self, batch: Batch) -> float:
        until, _ = self._rests.get(batch.id, (0.0, 0.0))
        rest = until - self._monotonic()
        if rest > 0:
            return rest
        now = self._wall()
        if now - batch.lease_until > STALE_S:
            reading = self._reading()
            reading.ask("sts", "GetCallerIdentity")
            self._ledger.stop(batch.id, reading.now, TOO_OLD)
            return 0.0
        since = float("inf") if _is_gone(batch.lease) else now  # its lease has run out with it
        if not self._ledger.lease(batch.id, self._holder, since, now + self._lease_s):
            return self._lease_s / 4
        due, wait = self._due(batch)
        if due <= 0:
            return wait
        reading = self._reading()
        reading.ask("sts", "GetCallerIdentity")  # AWS's time, for the record that is written before the calls
        claimed = self._ledger.claim(batch.id, self._holder, due, reading.now)
        if not claimed:
            return 0.0
        if batch.id in self._paces:
            self._paces[batch.id].sent += len(claimed)
        calls = _Calls(reading, batch.submission)
        return self._note(batch, claimed, calls.make(claimed), reading.now)

    def _due(self, batch: Batch) -> tuple[int, float]:
        """How many requests of a batch may go now, and seconds until the next may where none does."""
        most = 1 if batch.id in self._doubts else AT_ONCE  # one is enough to see whether it has passed
        rate = batch.submission.per_minute
        if rate is None:
            return most, 0.0
        now = self._monotonic()
        pace = self._paces.setdefault(batch.id, _Pace(now))
        passed = (now - pace.since) * rate / 60.0
        if passed - pace.sent > max(1.0, CATCH_UP_S * rate / 60.0):
            pace = self._paces[batch.id] = _Pace(now)
            passed = 0.0
        due = int(passed) + 1 - pace.sent
        return min(due, most), max(0.0, (pace.sent - passed) * 60.0 / rate)

    def _note(self, batch: Batch, claimed: Sequence[Sent], called: Sequence[Called], now: datetime) -> float:
        """Write what became of the calls; seconds until the batch may go on."""
        no: OpsError | None = None
        pause: OpsError | None = None
        doubt: OpsError | None = None
        unsent = 0
        for sent, found in zip(claimed, called, strict=True):
            match found:
                case Accepted():
                    self._unwritten.append(_accepted(sent, found))
                case Refused(error=error):
                    no = no or error
                    self._unwritten.append(_refused(sent, found, now))
                case NotSent(error=error):
                    pause = error
                    unsent += 1
                    self._unsent.append(sent)
                case Unclear(error=error):
                    doubt = error
                    self._unwritten.append(
                        replace(sent, error=said(error), source="AWS did not answer the call")
                    )
        doubts = self._doubts.pop(batch.id, 0) + 1
        if doubt is not None:
            self._doubts[batch.id] = doubts
        if batch.id in self._paces and (doubt or pause) is not None:
            self._paces[batch.id] = _Pace(self._monotonic(), int(unsent < len(claimed)))
        self._write()
        if no is not None:
            self._ledger.stop(batch.id, now, said=said(no))
            return 0.0
        if doubt is not None and doubts >= MOST_DOUBTS:
            self._ledger.stop(batch.id, now, said=SILENT)
            return 0.0
        wait = doubt or pause
        if wait is not None:
            return self._rest(batch.id, wait)
        self._rests.pop(batch.id, None)
        self.waits.pop(batch.id, None)
        return self._due(batch)[1]

    def _rest(self, id: str, error: OpsError) -> float:
        log.warning("Batch %s waits: %s", id, error.what)
        first, longest = PAUSES_S
        _, pause = self._rests.get(id, (0.0, first))
        self._rests[id] = (self._monotonic() + pause, min(longest, pause * 2))
        self.waits[id] = said(error)
        return pause


class _Calls:
    """The calls of one step, several at a time. What had not begun when the connection was let go of was not sent."""

    def __init__(self, reading: Reading, submission: Submission) -> None:
        self._reading = reading
        self._submission = submission
        self._change = threading.Condition()
        self._begun: set[str] = set()
        self._over: set[str] = set()
        self._called: dict[str, Called] = {}
        self._shut = False

    def make(self, claimed: Sequence[Sent]) -> list[Called]:
        """What became of each, in order; waits for those that have begun."""
        try:
            self._reading.each(self._one, claimed)
        except (RuntimeError, CancelledError) as error:  # the session's pool was shut meanwhile
            log.info("Calls were cut off: %s", error)
        with self._change:
            self._shut = True
            self._change.wait_for(lambda: self._begun == self._over)
        return [self._called.get(sent.id) or self._lost(sent) for sent in claimed]

    def _lost(self, sent: Sent) -> Called:
        if sent.id in self._begun:
            return Unclear(OpsError("The call broke off."))
        return NotSent(OpsError("Ebb let go of its connection to AWS.", "It goes on with a new one."))

    def _one(self, sent: Sent) -> None:
        with self._change:
            if self._shut:
                return
            self._begun.add(sent.id)
        try:
            place = place_of(sent) if sent.output_uri else None
            self._called[sent.id] = invoke(self._reading, sent, self._submission, place)
        finally:
            with self._change:
                self._over.add(sent.id)
                self._change.notify_all()


def plan(
    submission: Submission,
    *,
    id: str,
    at: datetime,
    actor: str,
    via: str,
    output_path: str | None,
    wall: float,
    originals: Sequence[Sent] = (),
    key: str = "",
) -> tuple[Batch, tuple[Sent, ...]]:
    """A submission as it is put on record. `wall`: this machine's clock, epoch seconds.

    `originals`: what it sends again, one for each request.
    """
    batch = Batch(
        id,
        submission.endpoint,
        submission,
        submission.count,
        0,
        False,
        actor,
        at,
        resubmit_of=originals[0].batch if originals else "",
        lease_until=wall,
        via=via,
        key=key,
    )
    folder = f"{output_path.rstrip('/')}/{FOLDER}/{id}" if output_path else ""
    requests = tuple(
        Sent(
            f"{id}-{number:05d}",
            id,
            submission.endpoint,
            submission.inference_id or f"{FOLDER}-{id}-{number:05d}",
            submission.input_uri,
            RequestState.PLANNED,
            at,
            submission.ttl_s,
            submission.timeout_s,
            output_uri=f"{folder}/{number:05d}.out" if folder else "",
            resubmit_of=originals[number - 1].id if originals else "",
        )
        for number in range(1, submission.count + 1)
    )
    return batch, requests


def new_id(at: datetime) -> str:
    return f"{at:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def place_of(sent: Sent) -> tuple[str, str]:
    """The extension of the output path and the file name that put a result where `plan` wants it."""
    return f"{FOLDER}/{sent.batch}", sent.output_uri.rpartition("/")[2]


def _is_gone(holder: str) -> bool:
    """Whether the process that holds a lease ran on this machine and does not any more."""
    host, _, pid = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def said(error: OpsError) -> str:
    return f"{error.what} {error.hint}".strip()


def _accepted(sent: Sent, found: Accepted) -> Sent:
    return replace(
        sent,
        state=RequestState.QUEUED,
        sent=found.at,
        accepted=True,
        inference_id=sent.inference_id,
        output_uri=found.output_uri or sent.output_uri,
        failure_uri=found.failure_uri,
        request_id=found.request_id,
        http_status=found.status,
        source="AWS took it",
    )


def _refused(sent: Sent, found: Refused, now: datetime) -> Sent:
    return replace(
        sent,
        state=RequestState.FAILED,
        ended=now,
        error=said(found.error),
        request_id=found.request_id,
        http_status=found.status,
        source="AWS refused it",
    )
