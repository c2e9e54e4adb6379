"""What the façade does about requests: submit, follow, stop, send again, and Ebb's own queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ops.core.change import Actor
from ops.core.requests import Batch, RequestFilter, Submission
from ops.core.views_requests import QueueStatus, Quote, RequestsView, RequestView, Result, Upload
from ops.opened import Opened


class Sending(Opened):
    """Every method raises OpsError: ReadOnly where the role or the settings forbid it, BadInput, Denied."""

    def quote(self, submission: Submission) -> Quote:
        """What a submission comes to, and why it wants a yes, where it does. Sends nothing."""
        raise NotImplementedError

    def submit(self, submission: Submission, actor: Actor, *, confirmed: bool = False) -> Batch:
        """Put a submission on record; the sender of this process sends it. Raises Unconfirmed, ReadOnly."""
        raise NotImplementedError

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
        """Stream an input to S3 with flat memory: a generator of byte chunks of any length, at most 1 GB."""
        raise NotImplementedError

    def upload_address(
        self,
        endpoint: str,
        filename: str,
        actor: Actor,
        *,
        content_type: str = "application/json",
        bucket: str = "",
    ) -> Upload:
        """A signed address to which a browser may PUT an input itself (its bucket needs a CORS rule)."""
        raise NotImplementedError

    def requests(self, wanted: RequestFilter) -> RequestsView:
        """One page of the ledger with counts by state; asks AWS for nothing."""
        raise NotImplementedError

    def request(self, id: str) -> RequestView:
        """One request with its batch and its timeline; asks AWS for nothing. Raises BadInput."""
        raise NotImplementedError

    def batch(self, id: str) -> Batch:
        """One submission as it is now. Raises BadInput."""
        raise NotImplementedError

    def result(self, id: str) -> Result:
        """The beginning of a result, or of a failure text, and a signed address of all of it. Raises BadInput."""
        raise NotImplementedError

    def stop(self, batch: str, actor: Actor) -> Batch:
        """Send no more of a batch; what AWS has taken goes on (ops.core.requests.CANNOT)."""
        raise NotImplementedError

    def resubmit(self, ids: Sequence[str], actor: Actor, *, confirmed: bool = False) -> tuple[Batch, ...]:
        """Send failed requests again with the input and the parameters of the originals, a batch per submission."""
        raise NotImplementedError

    def send_step(self) -> float | None:
        """Send what is due now, a few requests at most; seconds until more is, None: nothing is left to send."""
        raise NotImplementedError

    def follow_step(self) -> int:
        """Look once for the ends of open requests; how many are still open."""
        raise NotImplementedError

    def queue_status(self, endpoint: str) -> QueueStatus:
        """Ebb's own queue behind the endpoint's topics, and what could be done. Raises UnknownEndpoint."""
        raise NotImplementedError

    def create_queue(self, endpoint: str, actor: Actor) -> QueueStatus:
        """Make Ebb's own queue and subscribe it to the endpoint's topics."""
        raise NotImplementedError

    def remove_queue(self, endpoint: str, actor: Actor) -> QueueStatus:
        """Unsubscribe and delete Ebb's own queue; results are found in S3 after that."""
        raise NotImplementedError
