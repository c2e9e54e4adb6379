"""What the Requests page asks and does, through the door of session.py: one function per question.

The ledger is asked with `recall`, which asks AWS for nothing: it is shown while AWS is away, too.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import count

from components import readers, session
from components.uploads import Grant
from ops.core.change import Actor
from ops.core.errors import ReadOnly
from ops.core.requests import Batch, RequestFilter, RequestState, Submission
from ops.core.views_requests import QueueStatus, Quote, RequestsView, RequestView, Result, Upload

LEDGER_S = 2.0
"""Seconds for which one look into the ledger serves everybody who asks the same."""
QUOTE_S = 30.0
RESULT_S = 900.0
"""So long the beginning of a result and its signed address serve: the address is good for an hour."""
QUEUE_S = 15.0
PIECE = 500
"""Rows that an export reads at once."""
KEPT = 500
_changes = count()
_seen = [next(_changes)]
"""Part of every key: what was read before something was changed here is not shown after it."""
UNDER_WAY = tuple(state for state in RequestState if not state.final)


def requests(wanted: RequestFilter) -> session.Told[RequestsView]:
    """One page of the ledger. Raises OpsError."""
    return session.source().recall(
        ("requests", _seen[0], wanted), lambda console: console.requests(wanted), LEDGER_S
    )


def request(identity: str) -> session.Told[RequestView]:
    """One request with its timeline. Raises OpsError."""
    return session.source().recall(
        ("request", _seen[0], identity), lambda console: console.request(identity), LEDGER_S
    )


def running() -> tuple[Batch, ...]:
    """The batches of which something is still to be sent, oldest first. Raises OpsError."""
    return (
        session.source()
        .recall(("running", _seen[0]), lambda console: console.records().ledger().open_batches(), LEDGER_S)
        .value
    )


def all_of(wanted: RequestFilter) -> Iterator[RequestsView]:
    """Everything that a filter wants, page by page, for an export. Raises OpsError."""
    offset = 0
    while True:
        page = RequestFilter(
            wanted.endpoint, wanted.states, wanted.batch, wanted.text, wanted.since, PIECE, offset
        )
        view = session.source().recall(
            ("export", page, secrets.token_hex(4)), lambda console, page=page: console.requests(page), 0.0
        )
        yield view.value
        offset += len(view.value.rows)
        if not view.value.rows or offset >= view.value.total:
            return


def result(identity: str) -> session.Told[Result]:
    """The beginning of a result or of a failure text. Raises OpsError."""
    return session.source().ask(("result", identity), lambda console: console.result(identity), RESULT_S)


def quote(submission: Submission) -> Quote:
    """What a submission comes to. Raises OpsError."""
    return (
        session.source().ask(("quote", submission), lambda console: console.quote(submission), QUOTE_S).value
    )


def submit(submission: Submission, actor: Actor, confirmed: bool, key: str) -> Batch:
    """Put a submission on record, once for the form of that key. Raises OpsError."""
    found = readers.act(lambda console: console.submit(submission, actor, confirmed=confirmed, key=key))
    _seen[0] = next(_changes)
    return found


def resubmit(ids: Sequence[str], actor: Actor, confirmed: bool) -> tuple[Batch, ...]:
    """Send failed requests again. Raises OpsError."""
    found = readers.act(lambda console: console.resubmit(ids, actor, confirmed=confirmed))
    _seen[0] = next(_changes)
    return found


def stop(batch: str, actor: Actor) -> Batch:
    """Send no more of a batch. Nothing is asked of AWS for it, so it is done while AWS is away, too."""
    key = ("stop", batch, secrets.token_hex(8))
    found = session.source().recall(key, lambda console: console.stop(batch, actor), 0.0).value
    _seen[0] = next(_changes)
    return found


def upload(grant: Grant, chunks: Iterator[bytes]) -> Upload:
    """Stream an input into S3, at the place of the page that asked. Raises OpsError."""
    with session.at(grant.place):
        return readers.act(
            lambda console: console.upload(
                grant.endpoint,
                grant.filename,
                chunks,
                grant.actor,
                size=grant.size,
                content_type=grant.content_type,
            ),
            changes=False,
            meant=grant.scope if isinstance(grant.scope, readers.Scope) else None,
        )


def put(endpoint: str, name: str, body: bytes, actor: Actor, content_type: str) -> Upload:
    """Put a small input, as it was typed, into S3. Raises OpsError."""
    return readers.act(
        lambda console: console.upload(
            endpoint, name, iter((body,)), actor, size=len(body), content_type=content_type
        ),
        changes=False,
    )


def queue_status(endpoint: str) -> session.Told[QueueStatus]:
    """Ebb's own queue behind the topics of an endpoint. Raises OpsError."""
    return session.source().ask(
        ("queue-status", endpoint), lambda console: console.queue_status(endpoint), QUEUE_S
    )


def make_queue(endpoint: str, actor: Actor) -> QueueStatus:
    """Make Ebb's own queue. Raises OpsError."""
    return readers.act(lambda console: console.make_queue(endpoint, actor))


def remove_queue(endpoint: str, actor: Actor) -> QueueStatus:
    """Remove Ebb's own queue. Raises OpsError."""
    return readers.act(lambda console: console.remove_queue(endpoint, actor))


def why_read_only() -> str:
    """Why nothing can be sent whoever asks; empty where it can."""
    known = session.connection()
    if known is None or known.writable:
        return ""
    return known.why_read_only or "changes are off"


def insist_on_writing() -> None:
    """Raises ReadOnly where nothing can be sent."""
    why = why_read_only()
    if why:
        raise ReadOnly(f"Nothing can be sent: {why}.", "It can be looked at.")


class Once:
    """What was done under a token is not done again: the same answer comes back. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: OrderedDict[str, tuple[Batch, ...]] = OrderedDict()
        self._locks: OrderedDict[str, threading.Lock] = OrderedDict()

    def do(self, token: str, work: Callable[[], tuple[Batch, ...]]) -> tuple[Batch, ...]:
        """Do the work of a token, or tell what it came to. Work that fails may be tried again."""
        with self._lock:
            mine = self._locks.setdefault(token, threading.Lock())
            while len(self._locks) > KEPT:
                self._locks.popitem(last=False)
        with mine:
            with self._lock:
                known = self._done.get(token)
            if known is not None:
                return known
            found = work()
            with self._lock:
                self._done[token] = found
                while len(self._done) > KEPT:
                    self._done.popitem(last=False)
            return found


once = Once()
"""The one of this process."""
