"""What leaves the endpoints: objects in S3 and messages through SNS, by way of moto's in-process backends.

Message shapes and object keys: docs/model.md, "Results". Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.s3.models import s3_backends

from ops.local_aws.physics import Request
from ops.local_aws.topics import Topics

if TYPE_CHECKING:
    from ops.local_aws.physics import AsyncSettings, EndpointSpec, Job
    from ops.local_aws.world import World

log = logging.getLogger(__name__)

RESPONSE_LIMIT = 128 * 1024
"""Bytes of an inference response that still fit into a notification."""
CONTENT_TYPE = "application/json"
STORY_OBJECTS = 6000
"""How many objects of the fleet's own traffic stay in S3; the oldest go first."""
_MOTO_ERRORS = (ServiceException,)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a result. False = it was due and could not be done."""

    uploaded: bool
    notified: bool
    reason: str = ""
    """Why the request counts as failed although the model answered (a missing output bucket)."""


def split_uri(uri: str) -> tuple[str, str] | None:
    """(bucket, key) of an s3:// address; None for anything else."""
    if not uri.startswith("s3://"):
        return None
    bucket, _, key = uri[len("s3://") :].partition("/")
    return (bucket, key) if bucket else None


class Delivery:
    def __init__(self, world: World) -> None:
        self._world = world
        self._topics = Topics(world)
        self._story_objects: deque[str] = deque()

    # Objects

    def input_exists(self, uri: str) -> bool:
        return self._key(uri) is not None

    def get_input(self, uri: str) -> bytes | None:
        """The object's bytes, or None where bucket or object is missing."""
        key = self._key(uri)
        return None if key is None else bytes(key.value)

    def put_object(self, uri: str, body: bytes, at: float, content_type: str = CONTENT_TYPE) -> bool:
        """Write an object dated `at`. False where the bucket is missing."""
        place = split_uri(uri)
        if place is None:
            return False
        try:
            written = self._s3().put_object(place[0], place[1], body)
        except _MOTO_ERRORS as error:
            log.debug("no object at %s: %s", uri, error)
            return False
        written.last_modified = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
        written.set_metadata({"Content-Type": content_type}, replace=True)
        return True

    # Messages

    def topic_exists(self, topic_arn: str) -> bool:
        return self._topics.exists(topic_arn)

    def publish(self, topic_arn: str, subject: str | None, message: str) -> bool:
        """Hand a message to every subscription of the topic. False where there is no such topic.

        History before `fleet.deliver_from` sends nothing: nobody was there to receive it.
        """
        if self._world.now() < self._world.fleet.deliver_from:
            return True
        return self._topics.publish(topic_arn, subject, message)

    def test_notification(self, spec: EndpointSpec, at: float) -> None:
        """What AWS sends to both topics on create, update and every change of weights or capacities."""
        settings = spec.async_settings
        if settings is None or at < self._world.fleet.deliver_from:
            return
        message = json.dumps(_EVENT | {"eventName": "TestNotification"})
        for topic in dict.fromkeys((settings.success_topic, settings.error_topic)):
            if topic:
                self.publish(topic, None, message)

    # Results

    def deliver(
        self,
        spec: EndpointSpec,
        request: Request,
        at: float,
        ok: bool,
        reason: str = "",
        status_code: int = 0,
    ) -> Delivered:
        """Write the result of a finished or failed request, and tell the topic.

        `reason` is the sentence that AWS gives as failureReason, `status_code` the container's HTTP status
        (0 where the container was not reached). A result that cannot be uploaded becomes a failure.
        """
        settings = spec.async_settings
        if settings is None:
            return Delivered(uploaded=True, notified=True)
        if ok:
            body = _result(spec, request)
            if not request.output_location or self.put_object(request.output_location, body, at):
                return Delivered(True, self._tell_success(spec, settings, request, at, body))
            failure = (
                f"ClientError: Unable to upload the response to {request.output_location}. "
                "Check that the bucket exists and that the execution role may write to it."
            )
            self._write_failure(request, failure, at)
            return Delivered(False, self._tell_failure(spec, settings, request, at, failure, 200), failure)
        written = self._write_failure(request, reason, at)
        return Delivered(written, self._tell_failure(spec, settings, request, at, reason, status_code))

    def story_request(self, spec: EndpointSpec, job: Job, seed: int) -> Request:
        """The fleet's own request as a client would have sent it, with its input object in place."""
        draw = random.Random(f"{seed}:{spec.name}:{job.seq}")
        inference_id, result = (str(uuid.UUID(int=draw.getrandbits(128), version=4)) for _ in range(2))
        request = Request(id=inference_id, received=job.received, service_s=job.service, story=True)
        settings = spec.async_settings
        place = split_uri(settings.output_path) if settings is not None else None
        if settings is None or place is None:
            return request
        request.input_location = f"s3://{place[0]}/{spec.name}/in/{inference_id}.json"
        request.output_location = f"{settings.output_path.rstrip('/')}/{result}.out"
        if settings.failure_path:
            request.failure_location = f"{settings.failure_path.rstrip('/')}/{result}-error.out"
        document = json.dumps({"document": inference_id[:8], "pages": 1 + draw.randrange(40)})
        self.put_object(request.input_location, document.encode(), job.received)
        self._keep(request.input_location, request.output_location, request.failure_location)
        return request

    def _keep(self, *uris: str) -> None:
        """Bound what the fleet's own traffic leaves behind."""
        self._story_objects.extend(uri for uri in uris if uri)
        while len(self._story_objects) > STORY_OBJECTS:
            place = split_uri(self._story_objects.popleft())
            bucket = self._s3().buckets.get(place[0]) if place else None
            if bucket is not None and place is not None and place[1] in bucket.keys:
                bucket.keys.pop(place[1])

    def _write_failure(self, request: Request, reason: str, at: float) -> bool:
        if not request.failure_location:
            return True
        return self.put_object(request.failure_location, reason.encode(), at, "text/plain")

    def _tell_success(
        self, spec: EndpointSpec, settings: AsyncSettings, request: Request, at: float, body: bytes
    ) -> bool:
        if not settings.success_topic:
            return True
        message = self._message(spec, request, at, "Completed")
        answer: dict[str, Any] = {"contentType": CONTENT_TYPE}
        if request.output_location:
            answer["outputLocation"] = request.output_location
        if settings.include_success and len(body) <= RESPONSE_LIMIT:
            answer["responseBody"] = {"content": body.decode(), "encoding": "UTF-8"}
        message["responseParameters"] = answer
        return self.publish(settings.success_topic, None, json.dumps(message))

    def _tell_failure(
        self,
        spec: EndpointSpec,
        settings: AsyncSettings,
        request: Request,
        at: float,
        reason: str,
        status_code: int,
    ) -> bool:
        if not settings.error_topic:
            return True
        message = self._message(spec, request, at, "Failed")
        message["failureReason"] = reason
        if settings.include_error and status_code >= 400:
            body = json.dumps({"code": status_code, "message": reason})
            message["responseParameters"] = {
                "contentType": CONTENT_TYPE,
                "responseBody": {"content": body, "encoding": "UTF-8"},
            }
        return self.publish(settings.error_topic, None, json.dumps(message))

    def _message(self, spec: EndpointSpec, request: Request, at: float, status: str) -> dict[str, Any]:
        asked = {
            "contentType": request.content_type,
            "accept": request.accept,
            "customAttributes": request.custom_attributes,
            "endpointName": spec.name,
            "inputLocation": request.input_location,
        }
        return {
            "awsRegion": self._world.region,
            "eventTime": _iso(at),
            "receivedTime": _iso(request.received),
            "invocationStatus": status,
            "requestParameters": {name: value for name, value in asked.items() if value},
            "inferenceId": request.id,
            "eventName": "InferenceResult",
            **_EVENT,
        }

    # moto

    def _s3(self) -> Any:
        return s3_backends[self._world.account]["aws"]

    def _key(self, uri: str) -> Any:
        place = split_uri(uri)
        if place is None:
            return None
        try:
            return self._s3().get_object(*place)
        except _MOTO_ERRORS:
            return None


_EVENT = {"eventVersion": "1.0", "eventSource": "aws:sagemaker"}


def _result(spec: EndpointSpec, request: Request) -> bytes:
    answer = {"inferenceId": request.id, "endpoint": spec.name, "seconds": round(request.service_s, 3)}
    return json.dumps(answer).encode()


def _iso(seconds: float) -> str:
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
