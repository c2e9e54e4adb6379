"""What the façade does about requests: submit, follow, stop, send again, and Ebb's own queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from ops import clock, sender
from ops.aws import objects, requests
from ops.aws.calls import Reading
from ops.aws.session import Where
from ops.bill_source import BillPlaces
from ops.core import request_times
from ops.core.change import Actor
from ops.core.errors import BadInput, OpsError, Unconfirmed
from ops.core.own_prices import OwnPrices
from ops.core.plain_text import readable
from ops.core.requests import (
    CONFIRM_ABOVE,
    CONFIRM_USD,
    Batch,
    RequestFilter,
    RequestState,
    Sent,
    Submission,
    check_key,
    same_form,
)
from ops.core.types import Endpoint, Problem
from ops.core.views_requests import QueueStatus, Quote, RequestsView, RequestView, Result, Upload
from ops.core.words import count
from ops.follower import Follower, Sources
from ops.opened import IN_MEMORY
from ops.request_sources import RequestSources
from ops.sender import Sender

WEEK = timedelta(days=7)
_AGAIN = (RequestState.FAILED, RequestState.EXPIRED, RequestState.UNKNOWN, RequestState.STOPPED)


class Sending(RequestSources):
    """Every method raises OpsError: ReadOnly where the role or the settings forbid it, BadInput, Denied."""

    def __init__(
        self,
        where: Where,
        history_url: str = IN_MEMORY,
        records_url: str | None = None,
        bills: BillPlaces | None = None,
        own: OwnPrices | None = None,
        budget: Decimal | None = None,
    ) -> None:
        super().__init__(where, history_url, records_url, bills, own, budget)
        self._sender: Sender | None = None
        self._follower: Follower | None = None

    @property
    def holder(self) -> str:
        """Who holds the leases of the batches that are sent from here: this process, at its place."""
        return f"{sender.PROCESS}.{self._place}" if self._place else sender.PROCESS

    # -- submit ----------------------------------------------------------------------------------------

    def quote(self, submission: Submission) -> Quote:
        """What a submission comes to, and why it wants a yes, where it does. Sends nothing. Raises BadInput."""
        endpoint = self._async(self._reading(), submission.endpoint)
        view = self._viewed(submission.endpoint, timedelta(hours=3))
        before = self._ahead(submission.endpoint, submission.ttl_s)
        usd, basis = self._estimate(endpoint, submission.count, before, view)
        why = ""
        if submission.count > CONFIRM_ABOVE:
            why = f"These are {count(submission.count, 'request')}, more than {CONFIRM_ABOVE}."
        elif usd is not None and usd > CONFIRM_USD:
            why = f"This costs about ${usd:.2f}, an estimate at list price."
        return Quote(submission.count, usd, basis, why, before)

    def submit(
        self, submission: Submission, actor: Actor, *, confirmed: bool = False, key: str = ""
    ) -> Batch:
        """Put a submission on record; the sender of this process sends it (`send_step`).

        `key`: made when its form was drawn. What was submitted under it before is not put on record twice: its batch
        comes back. Raises Unconfirmed where a yes is wanted, ReadOnly, UnknownEndpoint, BadInput for an input that
        is not there.
        """
        check_key(key)
        known = self._ledger().keyed(key)
        if known is not None:
            return same_form(known, submission, actor.name)
        title = f"Sending {count(submission.count, 'request')} to {submission.endpoint}"
        with self._on_record(actor, submission.endpoint, "submit", title):
            reading = self._reading()
            endpoint = self._async(reading, submission.endpoint)
            self._check_input(reading, submission.input_uri)
            why = self.quote(submission).confirm
            if why and not confirmed:
                raise Unconfirmed(f"{why} Nothing was sent.", "Confirm it, or send fewer.")
            return self._plan(reading, endpoint, submission, actor, (), key)

    def resubmit(self, ids: Sequence[str], actor: Actor, *, confirmed: bool = False) -> tuple[Batch, ...]:
        """Send requests that did not end well again, with the input and the parameters of the originals.

        A batch for each submission that they come from. Raises BadInput for one that is open or done, Unconfirmed.
        """
        ledger = self._ledger()
        found = ledger.some(ids)
        name = found[0].endpoint if found else ""
        title = f"Sending {count(len(found), 'request')} again"
        with self._on_record(actor, name, "submit", title):
            reading = self._reading()
            missing = set(ids) - {sent.id for sent in found}
            if missing or not found:
                raise BadInput(
                    f"There is no request {next(iter(missing), '')!r} on record.", "Choose some of the list."
                )
            wrong = next((s for s in found if s.state not in _AGAIN), None)
            if wrong is not None:
                raise BadInput(
                    f"The request {wrong.id} is {wrong.state.value}.",
                    "Only what did not end well is sent again.",
                )
            if len(found) > CONFIRM_ABOVE and not confirmed:
                raise Unconfirmed(
                    f"These are {len(found)} requests, more than {CONFIRM_ABOVE}. Nothing was sent.",
                    "Confirm it.",
                )
            groups: dict[str, list[Sent]] = {}
            for sent in sorted(found, key=lambda s: s.id):
                groups.setdefault(sent.batch, []).append(sent)
            batches = ledger.batches(groups)
            planned = []
            for id, originals in groups.items():
                again = replace(batches[id].submission, count=len(originals), inference_id="")
                endpoint = self._async(reading, again.endpoint)
                self._check_input(reading, again.input_uri)
                planned.append((endpoint, again, originals))
            return tuple(self._plan(reading, e, s, actor, originals) for e, s, originals in planned)

    def stop(self, batch: str, actor: Actor) -> Batch:
        """Send no more of a batch; what AWS has taken goes on (ops.core.requests.CANNOT)."""
        ledger = self._ledger()
        endpoint = ledger.batch(batch).endpoint
        with self._on_record(actor, endpoint, "submit", f"Stopping the batch {batch}", writes=False):
            return ledger.stop(batch, self._told_now(self._reading()), f"stopped by {actor.name}")

    def send_step(self) -> float | None:
        """Send what is due now, a few requests at most; seconds until more is, None: nothing is left to send."""
        if not self.connection().writable:
            return None
        ledger = self._ledger()
        if ledger.open_batches():
            self._insist_on_the_same()
        with self._lock:
            if self._sender is None:
                self._sender = Sender(self._reading, ledger, holder=self.holder)
        return self._sender.step()

    # -- inputs ----------------------------------------------------------------------------------------

    def upload(
        self,
        endpoint: str,
        filename: str,
        chunks: Iterator[bytes],
        actor: Actor,
        *,
        size: int | None = None,
        content_type: str = "application/json",
        bucket: str = "",
    ) -> Upload:
        """Stream an input to S3 with flat memory: an iterator of byte chunks of any length, at most 1 GB.

        It goes to the bucket of the endpoint's output path under ebb-input/, or to `bucket`. What was begun is given
        up on any error. `size`: bytes, where known; a stream that ends before is refused. Raises Denied, BadInput.
        """
        with self._on_record(actor, endpoint, "upload", f"Uploading an input for {endpoint}") as attempt:
            reading = self._reading()
            uri = self._input_place(reading, endpoint, filename, bucket)
            given = attempt.begun_by(chunks)
            return Upload(uri, requests.put_stream(reading, uri, given, content_type, size))

    # -- what became of them ---------------------------------------------------------------------------

    def requests(self, wanted: RequestFilter) -> RequestsView:
        """One page of the ledger with counts by state; asks AWS for nothing."""
        ledger = self._ledger()
        rows, total = ledger.page(wanted)
        return RequestsView(
            self.connection(),
            self._last_now(rows),
            rows,
            total,
            ledger.counts(wanted),
            ledger.batches(sent.batch for sent in rows),
            self._troubles(wanted.endpoint, wanted.batch),
        )

    def request(self, id: str) -> RequestView:
        """One request with its batch and its timeline; asks AWS for nothing. Raises BadInput."""
        ledger = self._ledger()
        sent = ledger.request(id)
        now = self._last_now((sent,))
        starts = self._gatherer().past.history.episodes(sent.endpoint, sent.planned - WEEK)
        line = request_times.timeline(sent, starts, now)
        problems = self._troubles(sent.endpoint, sent.batch)
        batch = ledger.batch(sent.batch)
        return RequestView(self.connection(), now, sent, batch, line, ledger.again(id), problems)

    def batch(self, id: str) -> Batch:
        """One submission as it is now. Raises BadInput."""
        return self._ledger().batch(id)

    def result(self, id: str) -> Result:
        """The beginning of a result, or of a failure text, and a signed address of all of it.

        Raises BadInput while there is none, or where its object is gone; Denied.
        """
        sent = self._ledger().request(id)
        reading = self._reading()
        uri = {RequestState.DONE: sent.output_uri, RequestState.FAILED: sent.failure_uri}.get(sent.state, "")
        if not uri:
            said = sent.text or sent.error
            if not said:
                raise BadInput(
                    f"The request {id} is {sent.state.value}: it has no result.", "Wait for its end."
                )
            text = said.encode()
            return Result("", readable(text, len(text)), len(text), "")
        try:
            found = objects.read(reading, uri)
        except OpsError as error:
            if error.code not in objects.GONE:
                raise
            if sent.text or sent.error:
                text = (sent.text or sent.error).encode()
                return Result("", readable(text, len(text)), len(text), "")
            raise BadInput(
                f"There is nothing at {uri} any more.", "It was removed since, perhaps by a lifecycle rule."
            ) from error
        return Result(uri, found.content, found.object.size, objects.presign_get(reading, uri))

    def follow_step(self, *, everything: bool = False) -> int:
        """Look once for the ends of open requests; how many are still open. `everything`: due or not."""
        ledger = self._ledger()
        if ledger.open_requests(1):
            self._insist_on_the_same()
        with self._lock:
            if self._follower is None:
                sources = Sources(self._seen, self._heard, self._expired, self._installation)
                self._follower = Follower(self._reading, ledger, sources)
        return self._follower.step(everything=everything)

    # -- Ebb's own queue -------------------------------------------------------------------------------

    def queue_status(self, endpoint: str) -> QueueStatus:
        """Ebb's own queue behind the endpoint's topics, and what could be done. Raises UnknownEndpoint, Denied."""
        topics = self._topics(endpoint)
        own = self._installation()
        name = requests.queue_name(own, endpoint)
        found = requests.find_queue(self._reading(), own, endpoint, topics) if topics else None
        if found is None:
            said = (
                "Ebb looks for results in S3; with a queue of its own behind the topics it hears of them at once."
                if topics
                else "This endpoint has no SNS topic for its results, so Ebb looks for them in S3."
            )
            return QueueStatus(endpoint, topics, name, False, (), None, said)
        deaf = len(topics) - len(found.topics)
        said = (
            "Ebb hears of results through its own queue."
            if not deaf
            else f"Ebb's queue does not hear {count(deaf, 'topic')} of {len(topics)}: create it again to mend that."
        )
        return QueueStatus(endpoint, topics, name, True, found.topics, found.waiting, said, found.url)

    def make_queue(self, endpoint: str, actor: Actor) -> QueueStatus:
        """Make Ebb's own queue, to which the endpoint's topics alone may send, and subscribe it to them."""
        with self._on_record(actor, endpoint, "queue", f"Making a queue behind the topics of {endpoint}"):
            topics = self._topics(endpoint)
            if not topics:
                raise BadInput(
                    f"{endpoint} has no SNS topic for its results, so there is nothing to listen to.",
                    "Set a success and an error topic in its configuration, or let Ebb look for results in S3.",
                )
            requests.make_queue(self._reading(), self._installation(), endpoint, topics)
        if self._follower is not None:
            self._follower.forget_queue(endpoint)
        return self.queue_status(endpoint)

    def remove_queue(self, endpoint: str, actor: Actor) -> QueueStatus:
        """Unsubscribe and delete Ebb's own queue; results are found in S3 after that."""
        with self._on_record(
            actor, endpoint, "queue", f"Removing Ebb's queue behind the topics of {endpoint}"
        ):
            requests.drop_queue(self._reading(), self._installation(), endpoint, self._topics(endpoint))
        if self._follower is not None:
            self._follower.forget_queue(endpoint)
        return self.queue_status(endpoint)

    def _troubles(self, endpoint: str, batch: str = "") -> tuple[Problem, ...]:
        """What could not be looked at, and why batches are not sent now: of an endpoint or all, of one batch or all."""
        waits = self._sender.waits.copy() if self._sender is not None else {}
        unsent = [
            Problem(f"the batch {each.id}, not sent now", waits[each.id], retryable=True)
            for each in self._ledger().batches(waits).values()
            if endpoint in ("", each.endpoint) and batch in ("", each.id)
        ]
        return (*unsent, *(self._follower.problems if self._follower is not None else ()))

    def _plan(
        self,
        reading: Reading,
        endpoint: Endpoint,
        submission: Submission,
        actor: Actor,
        originals: Sequence[Sent],
        key: str = "",
    ) -> Batch:
        now = self._told_now(reading)
        asynchronous = endpoint.async_config
        batch, rows = sender.plan(
            submission,
            id=sender.new_id(now),
            at=now,
            actor=actor.name,
            via=actor.via,
            output_path=asynchronous.output_path if asynchronous is not None else None,
            wall=clock.timestamp(),
            originals=originals,
            key=key,
        )
        if (
            self._place
        ):  # it may send it: another place of the same account and region leaves it alone for a while
            batch = replace(batch, lease=self.holder, lease_until=batch.lease_until + sender.LEASE_S)
        return self._ledger().plan(batch, rows)
