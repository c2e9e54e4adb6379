"""CloudTrail's event history: who changed what, and when. 90 days, newest kept, bounded in memory.

What is recorded by itself: every mutating call that the gateway serves (`record`). What the services do among
themselves, e.g. a policy changing an endpoint's capacity, is added by them (`add`).
"""

from __future__ import annotations

import json
import uuid
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from ops.core.types import utc

if TYPE_CHECKING:
    from ops.local_aws.errors import AwsError
    from ops.local_aws.role_sessions import Session
    from ops.local_aws.wire import Call
    from ops.local_aws.world import World

MOST_EVENTS = 20_000
KEEP_S = 90 * 86_400.0
AUTOSCALING_USER = "AutoScaling-UpdateDesiredCapacity"
AUTOSCALING_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
AUTOSCALING_HOST = "application-autoscaling.amazonaws.com"

_READING = ("Describe", "List", "Get", "Filter", "Lookup", "Search", "Invoke", "BatchGet")
_DATA_PLANE = frozenset({"PutMetricData", "PutLogEvents"})  # not management events, as on AWS
# Application Auto Scaling's own events carry EC2 Auto Scaling's source (facts F.7).
_SOURCES = {
    "application-autoscaling": "autoscaling.amazonaws.com",
    "cloudwatch": "monitoring.amazonaws.com",
    "resourcegroupstaggingapi": "tagging.amazonaws.com",
}
# The members of a request that name a resource. AWS fills an event's resources less evenly than this.
_RESOURCES = {
    "EndpointName": "AWS::SageMaker::Endpoint",
    "EndpointConfigName": "AWS::SageMaker::EndpointConfig",
    "ModelName": "AWS::SageMaker::Model",
    "AlarmName": "AWS::CloudWatch::Alarm",
    "ResourceId": "AWS::ApplicationAutoScaling::ScalableTarget",
    "PolicyName": "AWS::ApplicationAutoScaling::ScalingPolicy",
    "logGroupName": "AWS::Logs::LogGroup",
}
_MOST_ITEMS = 100
_OMITTED = "***OMITTED***"
"""What CloudTrail shows of a statement sent to Athena."""


@dataclass(frozen=True, slots=True)
class Caller:
    access_key: str
    region: str
    user_agent: str
    address: str
    user: str = ""
    """The IAM user, where the access key does not tell."""
    session: Session | None = None
    """Of a role, where its credentials are used."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. `at` in seconds since the epoch; `request`, `response`: JSON text; `number` breaks ties."""

    at: float
    number: int
    id: str
    name: str
    source: str
    username: str
    user_type: str
    access_key: str
    region: str
    address: str
    user_agent: str
    request: str
    response: str
    resources: tuple[tuple[str, str], ...]
    """(type, name)."""
    error_code: str = ""
    error_message: str = ""
    service: str = ""
    """additionalEventData.service, where the source alone does not tell."""
    session: Session | None = None
    """Of the role that did it."""

    @property
    def read_only(self) -> bool:
        return self.name.startswith(_READING)


class Trail:
    """Events in the order of time. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._events: list[Event] = []
        self._count = 0
        self._ids = uuid.uuid5(uuid.NAMESPACE_URL, f"trail:{world.options.seed}")
        self._users: dict[str, str] = {}

    def record(
        self, caller: Caller, call: Call, answer: Mapping[str, Any] | None, error: AwsError | None
    ) -> None:
        """Keeps a call of the gateway if it is one that changes something; refused ones with their error."""
        operation = call.operation
        if operation.name.startswith(_READING) or operation.name in _DATA_PLANE:
            return
        request = camel(operation.input_shape, call.params)
        if "queryString" in request:
            request["queryString"] = _OMITTED
        self.add(
            event_name=operation.name,
            event_source=_SOURCES.get(call.service, f"{call.service}.amazonaws.com"),
            at=self._world.now(),
            username=caller.user or self._user(caller),
            request=request,
            response=camel(operation.output_shape, answer) if answer else None,
            resources=resources_of(call.params),
            error_code=error.code if error else "",
            error_message=error.message if error else "",
            access_key=caller.access_key,
            region=caller.region,
            address=caller.address or "127.0.0.1",
            user_agent=caller.user_agent,
            service="application-autoscaling" if call.service == "application-autoscaling" else "",
            session=caller.session,
        )

    def add(
        self,
        event_name: str,
        event_source: str,
        at: float,
        username: str = AUTOSCALING_USER,
        request: Mapping[str, Any] | None = None,
        response: Mapping[str, Any] | None = None,
        *,
        user_type: str = "",
        resources: Iterable[tuple[str, str]] = (),
        error_code: str = "",
        error_message: str = "",
        access_key: str = "",
        region: str = "",
        address: str = AUTOSCALING_HOST,
        user_agent: str = AUTOSCALING_HOST,
        service: str = "",
        session: Session | None = None,
    ) -> None:
        """Adds one event at `at` (seconds since the epoch, any order).

        `event_source` is e.g. "sagemaker.amazonaws.com"; `request` and `response` have CloudTrail's keys
        (first letter small); `resources` are (type, name). `user_type` is "IAMUser", "AssumedRole" (the
        service-linked role of Application Auto Scaling; the default where `username` is that role or its
        session) or "AWSService". `session`: of the role that did it, if it was one.
        """
        if username in (AUTOSCALING_ROLE, AUTOSCALING_USER):
            username, user_type = AUTOSCALING_USER, user_type or "AssumedRole"
        self._count += 1
        event = Event(
            at=at,
            number=self._count,
            id=str(uuid.uuid5(self._ids, str(self._count))),
            name=event_name,
            source=event_source,
            username=username,
            user_type=user_type or "IAMUser",
            access_key=access_key,
            region=region or self._world.region,
            address=address,
            user_agent=user_agent,
            request=_text(request),
            response=_text(response),
            resources=tuple(resources),
            error_code=error_code,
            error_message=error_message,
            service=service,
            session=session,
        )
        events = self._events
        if not events or (events[-1].at, events[-1].number) < (at, event.number):
            events.append(event)
        else:
            insort(events, event, key=_when)
        if len(events) > MOST_EVENTS + 1_000:
            del events[: len(events) - MOST_EVENTS]

    def backdate(self, at: float) -> None:
        """What was recorded so far happened at `at` (epoch seconds)."""
        self._events = [replace(event, at=at) for event in self._events]

    def events(self) -> list[Event]:
        """What is left of the last 90 days, oldest first."""
        since = self._world.now() - KEEP_S
        return [event for event in self._events if event.at >= since]

    def _user(self, caller: Caller) -> str:
        """The name that STS gives for the caller's key, so that both tell the same; of a role its session's."""
        if caller.session is not None:
            return caller.session.name
        if not caller.access_key:
            return "anonymous"
        found = self._users.get(caller.access_key)
        if found is None:
            from moto.sts.models import sts_backends  # slow to import; needed with the first write only

            backend = sts_backends[self._world.account]["aws"]
            _, arn, _ = backend.get_caller_identity(caller.access_key, caller.region or self._world.region)
            found = arn.rpartition("/")[2]
            if len(self._users) < 1_000:
                self._users[caller.access_key] = found
        return found


def _when(event: Event) -> tuple[float, int]:
    return event.at, event.number


def resources_of(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(type, name) of the resources that a request names."""
    return [(kind, str(params[member])) for member, kind in _RESOURCES.items() if params.get(member)]


def camel(shape: Shape | None, value: Any) -> Any:
    """`value` as CloudTrail writes it: members begin with a small letter, ISO times, long lists cut."""
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            name[:1].lower() + name[1:]: camel(shape.members.get(name), item) for name, item in value.items()
        }
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: camel(shape.value, item) for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [camel(shape.member, item) for item in value[:_MOST_ITEMS]]
    if shape is not None and shape.type_name == "timestamp" and isinstance(value, int | float):
        return f"{utc(value):%Y-%m-%dT%H:%M:%SZ}"
    return value


def _text(value: Mapping[str, Any] | None) -> str:
    return "null" if value is None else json.dumps(value, default=str, separators=(",", ":"))
