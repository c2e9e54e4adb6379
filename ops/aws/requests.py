"""Requests on their way: inputs into S3, InvokeEndpointAsync, and Ebb's own queue behind topics. Source: facts C.

InvokeEndpointAsync is not idempotent, so it is called once: what became of a call is one of `Accepted`, `Refused`,
`NotSent` and `Unclear`, and of those only what was certainly not sent may be sent again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

from botocore import exceptions as boto

from ops.aws.calls import Reading
from ops.aws.objects import object_of
from ops.core.errors import BadInput, CredentialsProblem, Denied, OpsError, Throttled
from ops.core.requests import MOST_PAYLOAD, Sent, Submission

PART = 8 * 1024 * 1024
"""Bytes of one part: 1 GB are 128 of them, and a stream of unknown length fits into the 10,000 that S3 takes."""
KEEPS_S = 4 * 86_400
"""Messages stay so long in Ebb's own queue while nobody fetches them."""
_NO_QUEUE = ("NonExistentQueue", "QueueDoesNotExist")
_NOT_CONNECTED = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
_CHOSEN_PLACE = ("S3OutputPathExtension", "Filename")


@dataclass(frozen=True, slots=True)
class Accepted:
    """AWS took it. `placed`: the result will be where it was asked for."""

    at: datetime
    inference_id: str
    output_uri: str
    failure_uri: str
    request_id: str
    status: int
    placed: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """AWS answered that it does not take it: nothing was sent."""

    error: OpsError
    request_id: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The call did not reach AWS, or AWS asked to slow down: it may be sent later."""

    error: OpsError


@dataclass(frozen=True, slots=True)
class Unclear:
    """There was no answer, or one that does not say: it may have been taken."""

    error: OpsError


Called = Accepted | Refused | NotSent | Unclear


def invoke(reading: Reading, sent: Sent, submission: Submission, place: tuple[str, str] | None) -> Called:
    """Send one request. `place`: the extension of the output path and the file name to ask for (since 2026-02-20);
    where AWS does not know these parameters it is sent without them."""
    called = _invoke(reading, sent, submission, place)
    if place is not None and isinstance(called, Refused) and _knows_no_place(called.error):
        return _invoke(reading, sent, submission, None)
    return called


def _invoke(reading: Reading, sent: Sent, submission: Submission, place: tuple[str, str] | None) -> Called:
    given = {
        "EndpointName": sent.endpoint,
        "InputLocation": sent.input_uri,
        "InferenceId": sent.inference_id,
        "ContentType": submission.content_type,
        "Accept": submission.accept,
        "CustomAttributes": submission.attributes,
        "RequestTTLSeconds": sent.ttl_s,
        "InvocationTimeoutSeconds": sent.timeout_s,
    }
    if place is not None:
        given |= {"S3OutputPathExtension": place[0], "Filename": place[1]}
    asked = {name: value for name, value in given.items() if value not in ("", None)}
    try:
        answer = reading.ask("sagemaker-runtime", "InvokeEndpointAsync", **asked)
    except OpsError as error:
        return _not_taken(error)
    meta = answer.get("ResponseMetadata", {})
    return Accepted(
        _date(meta) or reading.now,
        str(answer.get("InferenceId", sent.inference_id)),
        str(answer.get("OutputLocation", "")),
        str(answer.get("FailureLocation", "")),
        str(meta.get("RequestId", "")),
        int(meta.get("HTTPStatusCode", 0)),
        place is not None,
    )


def _not_taken(error: OpsError) -> Called:
    cause = error.__cause__
    if isinstance(error, Throttled | CredentialsProblem) or isinstance(cause, _NOT_CONNECTED):
        return NotSent(error)
    if isinstance(cause, boto.ClientError):
        meta = cause.response.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode", 0))
        if status < 500 or status == 501:
            return Refused(error, str(meta.get("RequestId", "")), status)
        return Unclear(error)
    if isinstance(cause, boto.ParamValidationError | boto.UnknownParameterError | boto.NoRegionError):
        return Refused(error)
    return Unclear(error)


def _knows_no_place(error: OpsError) -> bool:
    """Whether AWS, or an older client of it, refuses the parameters of the output's place."""
    return not isinstance(error, Denied) and any(name in error.what for name in _CHOSEN_PLACE)


def _date(meta: Mapping[str, Any]) -> datetime | None:
    text = meta.get("HTTPHeaders", {}).get("date")
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except ValueError:
        return None


# -- inputs ----------------------------------------------------------------------------------------------


def put_stream(
    reading: Reading, uri: str, chunks: Iterable[bytes], content_type: str, size: int | None = None
) -> int:
    """Write an object from chunks of any length, holding no more than a part of it; the bytes written.

    What was begun is given up on any error, one of the chunks' own included. Raises BadInput for nothing, for more
    than 1 GB, or where `size` was promised and not met; Denied, OpsError.
    """
    bucket, key = object_of(uri)
    if size is not None:
        _check_size(size)
    place = {"Bucket": bucket, "Key": key}
    parts = _parts(chunks)
    first, second = next(parts, b""), next(parts, None)
    if second is None:
        _check_whole(len(first), size)
        reading.ask("s3", "PutObject", **place, Body=first, ContentType=content_type)
        return len(first)
    begun = reading.ask("s3", "CreateMultipartUpload", **place, ContentType=content_type)
    upload = place | {"UploadId": begun["UploadId"]}
    done: list[dict[str, Any]] = []
    written = 0
    try:
        for number, part in enumerate(chain((first, second), parts), start=1):
            written += len(part)
            _check_size(written)
            answer = reading.ask("s3", "UploadPart", **upload, PartNumber=number, Body=part)
            done.append({"PartNumber": number, "ETag": answer["ETag"]})
        _check_whole(written, size)
        reading.ask("s3", "CompleteMultipartUpload", **upload, MultipartUpload={"Parts": done})
    except BaseException:
        _abort(reading, upload)
        raise
    return written


def _abort(reading: Reading, upload: Mapping[str, Any]) -> None:
    try:
        reading.ask("s3", "AbortMultipartUpload", **upload)
    except OpsError:  # the first error is the one to tell; a lifecycle rule of the bucket may clear the parts
        return


def _parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Chunks put together into parts, cut where they are longer."""
    held = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        while len(view):
            take = PART - len(held)
            held += view[:take]
            view = view[take:]
            if len(held) == PART:
                yield bytes(held)
                held.clear()
    if held:
        yield bytes(held)


def _check_size(size: int) -> None:
    if size > MOST_PAYLOAD:
        raise BadInput("The input is larger than 1 GB.", "SageMaker takes no larger one: split it.")


def _check_whole(written: int, size: int | None) -> None:
    if not written:
        raise BadInput("The input is empty.", "Give at least one byte.")
    if size is not None and written != size:
        raise BadInput(
            f"The upload ended after {written:,} of {size:,} bytes.",
            "Nothing was kept of it: upload it again.",
        )


# -- Ebb's own queue -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue that is there. `topics`: the ARNs of those that it hears."""

    url: str
    arn: str
    topics: tuple[str, ...]
    waiting: int


def queue_name(own: str, endpoint: str) -> str:
    """`own`: which installation of Ebb it belongs to, since each takes out of its queue what comes. At most 80 long."""
    return f"ebb-{own}-{endpoint}"


def find_queue(reading: Reading, own: str, endpoint: str, topics: Iterable[str]) -> Queue | None:
    """Ebb's queue of an endpoint, None where there is none of this installation's own. Raises Denied, OpsError."""
    found = _held(reading, own, endpoint)
    if found is None or not found[1]:
        return None
    url, _, attributes = found
    arn = str(attributes["QueueArn"])
    heard = tuple(topic for topic in topics if any(_subscriptions(reading, topic, arn)))
    return Queue(url, arn, heard, int(attributes.get("ApproximateNumberOfMessages", 0)))


def make_queue(reading: Reading, own: str, endpoint: str, topics: Iterable[str]) -> None:
    """Make the queue and subscribe it to the topics, which alone may send to it. Twice does no harm.

    Raises BadInput where a queue of that name is not Ebb's own, Denied, OpsError; what was done before that stays,
    and can be done again or removed.
    """
    wanted = tuple(dict.fromkeys(topics))
    name = queue_name(own, endpoint)
    held = _held(reading, own, endpoint)
    _insist_on_own(held, name)
    url = held[0] if held else str(reading.ask("sqs", "CreateQueue", QueueName=name)["QueueUrl"])
    answer = reading.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["QueueArn"])
    arn = str(answer["Attributes"]["QueueArn"])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": _mark(own),
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": list(wanted)}},
            }
        ],
    }
    attributes = {"Policy": json.dumps(policy), "MessageRetentionPeriod": str(KEEPS_S)}
    reading.ask("sqs", "SetQueueAttributes", QueueUrl=url, Attributes=attributes)
    for topic in wanted:
        reading.ask(
            "sns",
            "Subscribe",
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )


def drop_queue(reading: Reading, own: str, endpoint: str, topics: Iterable[str]) -> None:
    """Unsubscribe the queue from the topics and delete it; does nothing where there is none.

    Raises BadInput where the queue of that name is not Ebb's own, Denied.
    """
    held = _held(reading, own, endpoint)
    if held is None:
        return
    _insist_on_own(held, queue_name(own, endpoint))
    for topic in dict.fromkeys(topics):
        for subscription in _subscriptions(reading, topic, str(held[2]["QueueArn"])):
            reading.ask("sns", "Unsubscribe", SubscriptionArn=subscription)
    reading.ask("sqs", "DeleteQueue", QueueUrl=held[0])


def _mark(own: str) -> str:
    """What the policy of a queue names its statement by: so Ebb knows its own."""
    return f"EbbHearsTopics{own}"


def _held(reading: Reading, own: str, endpoint: str) -> tuple[str, bool, Mapping[str, Any]] | None:
    """The queue of that name: its address, whether it is Ebb's own, its attributes. None where there is none.

    One without a policy, to which nobody else may send, was left half-made.
    """
    try:
        url = str(reading.ask("sqs", "GetQueueUrl", QueueName=queue_name(own, endpoint))["QueueUrl"])
        names = ["QueueArn", "ApproximateNumberOfMessages", "Policy"]
        found = reading.ask("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=names)["Attributes"]
    except OpsError as error:
        if error.code.rpartition(".")[2] in _NO_QUEUE:
            return None
        raise
    policy = str(found.get("Policy") or "")
    return url, not policy or f'"{_mark(own)}"' in policy, found


def _insist_on_own(held: tuple[str, bool, Mapping[str, Any]] | None, name: str) -> None:
    if held is not None and not held[1]:
        raise BadInput(
            f"The queue {name} was not made by this Ebb, so it is left alone.",
            "Remove or rename it; until then Ebb looks for results in S3.",
        )


def receive(reading: Reading, url: str, wait_s: int = 0) -> tuple[tuple[str, str], ...]:
    """Up to ten messages as (receipt, body). They come again unless they are deleted. Raises OpsError."""
    answer = reading.ask(
        "sqs", "ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait_s
    )
    return tuple((str(m["ReceiptHandle"]), str(m.get("Body", ""))) for m in answer.get("Messages", ()))


def delete(reading: Reading, url: str, receipts: Iterable[str]) -> None:
    """Take up to ten messages that were received out of the queue. Raises OpsError."""
    entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(receipts)]
    if entries:
        reading.ask("sqs", "DeleteMessageBatch", QueueUrl=url, Entries=entries)


def _subscriptions(reading: Reading, topic: str, queue_arn: str) -> tuple[str, ...]:
    """The ARNs of the subscriptions of a queue to a topic; none where the topic is gone."""
    try:
        found = reading.pages("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=topic)
        return tuple(str(s["SubscriptionArn"]) for s in found if s.get("Endpoint") == queue_arn)
    except OpsError as error:
        if error.code in ("NotFound", "NotFoundException"):
            return ()
        raise
