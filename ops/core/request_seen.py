"""What was seen of a request or of its endpoint, and the state that follows from it. Pure tables, no guess.

AWS tells nothing of a request before its end. Until then its state is that of the endpoint it waits at, and
`processing` in words is "queued or processing" unless a metric shows that it has left the queue.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.core.plain_text import one_line
from ops.core.requests import RequestState, Sent, later
from ops.core.types import EndpointState

METRIC_LAG = timedelta(minutes=3)
"""After that a minute of metrics no longer changes."""
MOST_TEXT = 2_000
"""Characters of an error text that are kept."""
NO_TRACE = "there is neither a result nor an error after its last moment"
WORDS: Mapping[RequestState, str] = {
    RequestState.PLANNED: "not sent yet",
    RequestState.SENDING: "being sent",
    RequestState.QUEUED: "queued",
    RequestState.WAKING: "waiting for the cold start",
    RequestState.PROCESSING: "queued or processing",
    RequestState.DONE: "done",
    RequestState.FAILED: "failed",
    RequestState.EXPIRED: "expired",
    RequestState.UNKNOWN: "unknown",
    RequestState.STOPPED: "not sent",
}


@dataclass(frozen=True, slots=True)
class EndpointSeen:
    """What is known of an endpoint at `at`, as far as requests that wait there are concerned. None: not known."""

    at: datetime
    state: EndpointState
    current: int | None = None
    oldest_s: float | None = None
    """ApproximateAgeOfOldestRequest, seconds; None where nothing waits or nothing was published."""
    oldest_at: datetime | None = None
    """The end of the minute that `oldest_s` belongs to."""


@dataclass(frozen=True, slots=True)
class ObjectSeen:
    """An object that was found at the output or the failure location."""

    uri: str
    modified: datetime
    size: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of an endpoint's topics about one request, facts C.4."""

    inference_id: str
    endpoint: str
    failed: bool
    at: datetime | None
    received: datetime | None
    output_uri: str = ""
    failure_uri: str = ""
    reason: str = ""


def word(sent: Sent) -> str:
    """The state in a few words, the same on pages and on the command line."""
    if sent.state is RequestState.PROCESSING and sent.processing is not None:
        return "processing"
    return WORDS[sent.state]


def with_output(sent: Sent, found: ObjectSeen) -> Sent:
    """The result is there."""
    return later(
        sent,
        replace(
            sent,
            state=RequestState.DONE,
            output_uri=found.uri,
            ended=found.modified,
            size=found.size,
            accepted=True,
            source="its result in S3",
        ),
    )


def with_failure(sent: Sent, found: ObjectSeen) -> Sent:
    """The failure object is there."""
    return later(
        sent,
        replace(
            sent,
            state=RequestState.FAILED,
            failure_uri=found.uri,
            ended=found.modified,
            text=found.text[:MOST_TEXT] or sent.text,
            accepted=True,
            source="its failure object in S3",
        ),
    )


def with_message(sent: Sent, message: Message) -> Sent:
    """A topic told of its end."""
    return later(
        sent,
        replace(
            sent,
            state=RequestState.FAILED if message.failed else RequestState.DONE,
            output_uri=message.output_uri or sent.output_uri,
            failure_uri=message.failure_uri or sent.failure_uri,
            sent=message.received or sent.sent,
            ended=message.at or sent.ended,
            text=message.reason[:MOST_TEXT] or sent.text,
            accepted=True,
            source="a message of its topic",
        ),
    )


_ASLEEP = {EndpointState.ASLEEP, EndpointState.QUEUED, EndpointState.WAKE_STUCK}
_STARTING = {EndpointState.WAKING, EndpointState.WAKE_FAILING}


def with_endpoint(sent: Sent, seen: EndpointSeen) -> Sent:
    """The state while nothing of its end is to be seen. One that AWS did not answer for stays `sending`."""
    if sent.final or not sent.accepted or sent.sent is None or seen.at < sent.sent:
        return sent
    if seen.current is None and seen.state is EndpointState.UNKNOWN:
        return sent
    if seen.current:
        shown = sent.processing or _left_the_queue(sent, seen)
        return replace(
            sent,
            state=RequestState.PROCESSING,
            serving=sent.serving or seen.at,
            processing=shown,
            source="an instance is in service",
        )
    if seen.state in _STARTING:
        return replace(
            sent,
            state=RequestState.WAKING,
            waiting=sent.waiting or seen.at,
            source="its endpoint starts an instance",
        )
    waits = seen.current == 0 or seen.state in _ASLEEP
    return replace(
        sent,
        state=RequestState.QUEUED,
        waiting=sent.waiting or (seen.at if waits else None),
        source="its endpoint has no instance" if waits else "AWS took it",
    )


def _left_the_queue(sent: Sent, seen: EndpointSeen) -> datetime | None:
    """When the oldest request in the queue was younger than this one by a minute or more."""
    if seen.oldest_s is None or seen.oldest_at is None or sent.sent is None:
        return None
    oldest_since = seen.oldest_at - timedelta(seconds=seen.oldest_s)
    return seen.oldest_at if oldest_since > sent.sent + timedelta(minutes=1) else None


def at_its_time(sent: Sent, now: datetime, expired: float | None, current: int | None) -> Sent:
    """What holds once its times have run out; to be asked after its result and its failure object were looked for.

    `expired` is how many requests the endpoint dropped about when this one's time in the queue ended; None: unread.
    Where an instance served meanwhile, one may be at work on it: then its whole time must have passed.
    """
    if sent.final or sent.state is RequestState.PLANNED:
        return sent
    over = now >= sent.deadline
    never_served = sent.serving is None and current == 0
    if expired and now >= sent.expires + METRIC_LAG and (over or never_served):
        return replace(
            sent,
            state=RequestState.EXPIRED,
            ended=sent.expires,
            source="AWS dropped requests when its time in the queue ended, and it has no result",
        )
    if over:
        return replace(sent, state=RequestState.UNKNOWN, ended=sent.deadline, source=NO_TRACE)
    return sent


def whose(message: Message, candidates: Iterable[Sent]) -> Sent | None:
    """The request that a message is about, among those with its inference id, which need not be unique.

    One whose own place AWS named is not meant by a message about another; of several the one sent nearest before.
    """
    found = [
        sent
        for sent in candidates
        if sent.endpoint == message.endpoint
        and not (sent.accepted and message.output_uri and sent.output_uri not in ("", message.output_uri))
    ]
    exact = [sent for sent in found if message.output_uri and sent.output_uri == message.output_uri]
    if len(exact) == 1 or len(found) <= 1:
        return next(iter(exact or found), None)
    if message.received is None:
        return None
    near = timedelta(minutes=2)
    times = [(abs((sent.sent or sent.planned) - message.received), sent.id, sent) for sent in found]
    apart, _, nearest = min(times)
    return nearest if apart <= near else None


def message_of(body: str) -> Message | None:
    """The message in the body of a queue, wrapped by SNS or raw; None for anything that is no result (facts C.4)."""
    found = _loaded(body)
    if found is not None and isinstance(found.get("Message"), str):
        found = _loaded(found["Message"])
    if found is None or found.get("eventName") != "InferenceResult" or not found.get("inferenceId"):
        return None
    asked, answer = _part(found, "requestParameters"), _part(found, "responseParameters")
    return Message(
        str(found["inferenceId"]),
        str(asked.get("endpointName", "")),
        found.get("invocationStatus") != "Completed",
        _time(found.get("eventTime")),
        _time(found.get("receivedTime")),
        str(answer.get("outputLocation", "")),
        str(found.get("failureLocation") or answer.get("failureLocation") or ""),
        one_line(str(found.get("failureReason", "")), MOST_TEXT),
    )


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):  # no json, or nested so deeply that nobody means it
        return None
    return found if isinstance(found, dict) else None


def _part(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = found.get(name)
    return part if isinstance(part, dict) else {}


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
