"""Requests that are submitted from Ebb: what to send, what became of it, and how that follows from what was seen.

Limits and error texts: facts C.1 to C.4. AWS can neither list nor cancel requests, and tells nothing of one before
its end: what lies between is concluded from the endpoint and said as such. Times are aware UTC, AWS's own clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from ops.core.errors import BadInput

CANNOT = (
    "AWS can neither list nor cancel requests that it has taken: "
    "Ebb knows those that it sent itself, and stopping ends only what was not sent yet."
)
TTL_S, TTL_RANGE_S = 21_600, (60, 21_600)
TIMEOUT_S, TIMEOUT_RANGE_S = 900, (1, 3_600)
MOST_COUNT = 10_000
"""Requests of one batch: each is a row on record before the first one is sent."""
RATE_RANGE = (0.1, 600.0)
"""Requests per minute of a paced run."""
CONFIRM_ABOVE = 20
"""More requests than that want an explicit yes."""
CONFIRM_USD = Decimal(5)
"""An estimate above that does, too."""
MOST_PAYLOAD = 1_073_741_824
"""Bytes of one input, facts C.2."""
MARGIN = timedelta(minutes=2)
"""After its last moment a result may still be on its way to S3."""
_KEY = re.compile(r"[A-Za-z0-9_-]{0,64}")
_ASCII = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")


class RequestState(StrEnum):
    PLANNED = "planned"
    """On record, not sent yet."""
    SENDING = "sending"
    """The call was begun; where the process ended then, nobody knows whether AWS took it."""
    QUEUED = "queued"
    WAKING = "waking"
    """AWS has it, and the endpoint is on its way from zero instances."""
    PROCESSING = "processing"
    """An instance is in service: queued or being processed. `Sent.processing` is set where that is shown."""
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """Its last moment has passed, and there is neither a result nor an error."""
    STOPPED = "stopped"
    """It was never sent."""

    @property
    def final(self) -> bool:
        return self in FINAL


FINAL = frozenset(
    {
        RequestState.DONE,
        RequestState.FAILED,
        RequestState.EXPIRED,
        RequestState.UNKNOWN,
        RequestState.STOPPED,
    }
)
_RANK = {
    RequestState.PLANNED: 0,
    RequestState.SENDING: 1,
    RequestState.QUEUED: 2,
    RequestState.WAKING: 2,
    RequestState.PROCESSING: 2,
    RequestState.UNKNOWN: 3,
    RequestState.EXPIRED: 4,
    RequestState.STOPPED: 5,
    RequestState.FAILED: 6,
    RequestState.DONE: 6,
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What to send. Raises BadInput with the way out."""

    endpoint: str
    input_uri: str
    content_type: str = "application/json"
    accept: str = ""
    attributes: str = ""
    ttl_s: int = TTL_S
    timeout_s: int = TIMEOUT_S
    inference_id: str = ""
    """For a single request; else each gets an id of its own, which begins with ebb-."""
    count: int = 1
    per_minute: float | None = None
    """A paced run; None: all at once, a few in flight at a time."""

    def __post_init__(self) -> None:
        if not self.endpoint:
            raise BadInput("No endpoint is named.", "Choose one.")
        check_input_uri(self.input_uri)
        _check_header("The content type", self.content_type)
        _check_header("The accepted type", self.accept)
        _check_header("The custom attributes", self.attributes)
        _check_whole("The time to live", self.ttl_s, TTL_RANGE_S, "seconds")
        _check_whole("The invocation timeout", self.timeout_s, TIMEOUT_RANGE_S, "seconds")
        _check_whole("The number of requests", self.count, (1, MOST_COUNT), "requests")
        if self.inference_id and (len(self.inference_id) > 64 or not _ASCII.fullmatch(self.inference_id)):
            raise BadInput(
                "This inference id is not possible.",
                "Give up to 64 plain characters (ASCII) without a space at either end.",
            )
        if self.inference_id and self.count > 1:
            raise BadInput(
                "One inference id cannot serve several requests.",
                "Leave it out: each request gets an id of its own, by which it is followed.",
            )
        low, high = RATE_RANGE
        if self.per_minute is not None and not low <= self.per_minute <= high:
            raise BadInput(
                f"A rate of {self.per_minute:g} requests per minute is not possible.",
                f"Give {low:g} to {high:g} per minute, or none to send all at once.",
            )

    @property
    def lasts(self) -> timedelta:
        """How long a request can take at most from when AWS takes it."""
        return timedelta(seconds=self.ttl_s + self.timeout_s)


@dataclass(frozen=True, slots=True)
class Batch:
    """One submission on record: a single request, a burst or a paced run."""

    id: str
    endpoint: str
    submission: Submission
    planned: int
    """How many requests it has."""
    sent: int
    """Of these, how many calls were begun."""
    stopped: bool
    actor: str
    at: datetime
    resubmit_of: str = ""
    """The batch whose failed requests it sends again."""
    open: bool = True
    """Whether something is still to be sent."""
    said: str = ""
    """Why it ended early, where it did."""
    lease: str = ""
    """Which process sends it, and until when (this machine's clock, epoch seconds)."""
    lease_until: float = 0.0
    via: str = "browser"
    key: str = ""
    """Of the form that it was submitted by: the same form makes one batch, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One request of a batch. None is *not known*."""

    id: str
    batch: str
    endpoint: str
    inference_id: str
    input_uri: str
    state: RequestState
    planned: datetime
    ttl_s: int = TTL_S
    timeout_s: int = TIMEOUT_S
    output_uri: str = ""
    """From the answer, or where it was asked for before the call; empty where neither is known."""
    failure_uri: str = ""
    sent: datetime | None = None
    """When AWS took it; for one in `sending`, when the call was begun."""
    accepted: bool = False
    """Whether AWS answered that it took it."""
    waiting: datetime | None = None
    """When it was first seen to wait for an endpoint without instances."""
    serving: datetime | None = None
    """When an instance was first seen in service while it was open: it may be queued or processed since."""
    processing: datetime | None = None
    """When it was first shown to have left the queue."""
    ended: datetime | None = None
    text: str = ""
    """What the failure object or the error message says, at most its beginning."""
    error: str = ""
    """What went wrong when it was sent."""
    request_id: str = ""
    """AWS's id of the call, for their support."""
    http_status: int | None = None
    resubmit_of: str = ""
    source: str = ""
    """What its state was concluded from, in a few words."""
    size: int | None = None
    """Bytes of the result."""

    @property
    def final(self) -> bool:
        return self.state.final

    @property
    def deadline(self) -> datetime:
        """After this moment AWS has either answered or dropped it: TTL + timeout, and a margin."""
        return (self.sent or self.planned) + timedelta(seconds=self.ttl_s + self.timeout_s) + MARGIN

    @property
    def expires(self) -> datetime:
        """When its time in the queue ends."""
        return (self.sent or self.planned) + timedelta(seconds=self.ttl_s)


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests to list, newest first. Empty: all."""

    endpoint: str = ""
    states: tuple[RequestState, ...] = ()
    batch: str = ""
    text: str = ""
    """Any part of ids, locations, attributes or error texts."""
    since: datetime | None = None
    limit: int = 50
    offset: int = 0


def check_input_uri(uri: str) -> None:
    """Raises BadInput."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri:
        raise BadInput("There is no input.", "Paste or upload one, or give the address of an object in S3.")
    if not uri.startswith("s3://") or not bucket or not key:
        raise BadInput(f"{uri!r} is not the address of an object.", "It should be like s3://bucket/key.")
    if len(uri) > 1024:
        raise BadInput(
            f"The address of the input has {len(uri)} characters.", "AWS takes up to 1,024 of them."
        )


def later(old: Sent, new: Sent) -> Sent:
    """What holds of two records of the same request: an end is never replaced by anything earlier.

    A result or an error beats what was only concluded (expired, unknown). What one knows besides is kept.
    """
    forward = _RANK[new.state] > _RANK[old.state] or (_RANK[new.state] == _RANK[old.state] and not old.final)
    first, second = (new, old) if forward else (old, new)
    return replace(
        first,
        output_uri=first.output_uri or second.output_uri,
        failure_uri=first.failure_uri or second.failure_uri,
        sent=new.sent if new.accepted and not old.accepted else old.sent or new.sent,
        accepted=old.accepted or new.accepted,
        waiting=_first(old.waiting, new.waiting),
        serving=_first(old.serving, new.serving),
        processing=_first(old.processing, new.processing),
        request_id=first.request_id or second.request_id,
        http_status=first.http_status if first.http_status is not None else second.http_status,
        error=first.error or (second.error if first.state is not RequestState.DONE else ""),
    )


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    times = [t for t in (one, other) if t is not None]
    return min(times, default=None)


def _check_header(what: str, value: str) -> None:
    if len(value) > 1024 or (value and not _ASCII.fullmatch(value)):
        raise BadInput(
            f"{what} cannot be sent like this.",
            "AWS takes up to 1,024 plain characters (ASCII) on one line, without a space at either end.",
        )


def _check_whole(what: str, value: int, bounds: tuple[int, int], unit: str) -> None:
    low, high = bounds
    if not low <= value <= high:
        raise BadInput(f"{what} cannot be {value:,} {unit}.", f"Give {low:,} to {high:,}.")


def check_key(key: str) -> None:
    """Raises BadInput where a submission cannot have this key."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "This key of a submission is not possible.", "Give up to 64 letters, digits, - and _, or none."
        )


def same_form(known: Batch, submission: Submission, actor: str) -> Batch:
    """The batch that a key is known by. Raises BadInput where it is of something else."""
    if (known.submission, known.actor) != (submission, actor):
        raise BadInput(
            f"This form was sent already, with other contents: see the batch {known.id}.",
            "To send another one, fill in a new form.",
        )
    return known
