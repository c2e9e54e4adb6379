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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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
        self._unwritten: list[Sent] = []
        """What became of calls while the ledger could not be written."""
        self.waits: dict[str, str] = {}
        """By batch, why it is not sent now."""

    def step(self) -> float | None:
        """Send what is due of every open batch, a few requests of each; seconds until more is, None: nothing is left.

        Raises OpsError where the ledger or AWS's clock cannot be read.
        """
        with self._lock:
            if self._unwritten:
                self._ledger.update(self._unwritten)
                self._unwritten.clear()
            waits = [self._step(batch) for batch in self._ledger.open_batches()]
            return min(waits, default=None)

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
        called = reading.each(lambda sent: self._call(sent, batch.submission), claimed)
        return self._note(batch, claimed, called, reading.now)

    def _due(self, batch: Batch) -> tuple[int, float]:
        """How many requests of a batch may go now, and seconds until the next may where none does."""
        rate = batch.submission.per_minute
        if rate is None:
            return AT_ONCE, 0.0
        pace = self._paces.setdefault(batch.id, _Pace(self._monotonic()))
        passed = (self._monotonic() - pace.since) * rate / 60.0
        due = int(passed) + 1 - pace.sent
        return min(due, AT_ONCE), max(0.0, (pace.sent - passed) * 60.0 / rate)

    def _call(self, sent: Sent, submission: Submission) -> Called:
        reading = self._reading()
        return invoke(reading, sent, submission, place_of(sent) if sent.output_uri else None)

    def _note(self, batch: Batch, claimed: Sequence[Sent], called: Sequence[Called], now: datetime) -> float:
        """Write what became of the calls; seconds until the batch may go on."""
        known: list[Sent] = []
        again: list[Sent] = []
        no: OpsError | None = None
        pause: OpsError | None = None
        for sent, found in zip(claimed, called, strict=True):
            match found:
                case Accepted():
                    known.append(_accepted(sent, found))
                case Refused(error=error):
                    no = no or error
                    known.append(_refused(sent, found, now))
                case NotSent(error=error):
                    pause = error
                    again.append(sent)
                case Unclear(error=error):
                    known.append(replace(sent, error=said(error), source="AWS did not answer the call"))
        try:
            self._ledger.update(known)
        except OpsError:
            self._unwritten += known
            raise
        if again:
            self._ledger.unclaim(again)
            if batch.id in self._paces:
                self._paces[batch.id].sent -= len(again)
        if no is not None:
            self._ledger.stop(batch.id, now, said=said(no))
            return 0.0
        if pause is not None:
            return self._rest(batch.id, pause)
        self._rests.pop(batch.id, None)
        self.waits.pop(batch.id, None)
        return self._due(replace(batch))[1]

    def _rest(self, id: str, error: OpsError) -> float:
        log.warning("Batch %s waits: %s", id, error.what)
        first, longest = PAUSES_S
        _, pause = self._rests.get(id, (0.0, first))
        self._rests[id] = (self._monotonic() + pause, min(longest, pause * 2))
        self.waits[id] = said(error)
        return pause


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
