"""CloudTrail LookupEvents: who changed what. 90 days of it, which AWS delivers some minutes late (facts F.7).

AWS allows two look-ups a second, fifty events each, by one attribute only. Events are looked up by their name: those
of Application Auto Scaling carry the event source of EC2 Auto Scaling.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ops.aws.audit_words import SAYS, first
from ops.aws.calls import Reading
from ops.core.records import Change

KEPT_DAYS = 90
PAGE = 50
NAMES = tuple(SAYS)
"""The events that are looked up, those that charts need first."""
DEPLOYS = ("UpdateEndpoint", "CreateEndpoint")
"""Those that give an endpoint a configuration."""
_SCALING_ROLE = "AWSServiceRoleFor"
_UNKNOWN = "somebody whom CloudTrail does not name"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, newest first. `oldest`: the time of its last event, None where it holds none."""

    changes: tuple[Change, ...]
    oldest: datetime | None
    token: str | None


def look_up(
    reading: Reading,
    name: str,
    start: datetime,
    end: datetime,
    alarms: Mapping[str, str],
    token: str | None = None,
) -> Page:
    """One page of the events called `name` in [start, end]. `alarms`: the endpoint of each alarm. Raises OpsError."""
    more = {"NextToken": token} if token else {}
    answer = reading.ask(
        "cloudtrail",
        "LookupEvents",
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
        StartTime=start,
        EndTime=end,
        MaxResults=PAGE,
        **more,
    )
    events = [e for e in answer.get("Events") or () if isinstance(e.get("EventTime"), datetime)]
    return Page(
        tuple(change for event in events for change in parse(event, alarms)),
        events[-1]["EventTime"] if events else None,
        answer.get("NextToken") or None,
    )


def parse(event: Mapping[str, Any], alarms: Mapping[str, str]) -> Iterator[Change]:
    """The changes of one event: one for each endpoint that it concerns, none where it concerns none.

    What is missing or oddly shaped is left out; nothing is invented for it.
    """
    record = _record(event)
    request = _dict(record.get("requestParameters"))
    name = str(event.get("EventName") or "")
    says = SAYS.get(name)
    if says is None:
        return
    identity = _dict(record.get("userIdentity"))
    for endpoint, of in _concerned(event, request, alarms):
        yield Change(
            id=str(event.get("EventId") or ""),
            at=event["EventTime"],
            operation=name,
            who=_who(event, identity),
            endpoint=endpoint,
            what=says(of),
            error=str(record.get("errorCode") or ""),
            by_service=_by_service(identity),
            alarm=str(first(of, "alarmName") or "") if name == "PutMetricAlarm" else "",
            request_id=str(record.get("requestID") or ""),
            config=str(first(of, "endpointConfigName") or "") if name in DEPLOYS else "",
        )


def _record(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event's own record: JSON inside the answer."""
    try:
        return _dict(json.loads(event.get("CloudTrailEvent") or "{}"))
    except (TypeError, ValueError, RecursionError):
        return {}


def _concerned(
    event: Mapping[str, Any], request: Mapping[str, Any], alarms: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each endpoint, and the part of the request that is about it."""
    name = first(request, "endpointName")
    if isinstance(name, str) and name:
        yield name, request
        return
    resource = _endpoint_of(first(request, "resourceId"))
    if resource:
        yield resource, request
        return
    dimensions = [d for part in _alarm_parts(request) for d in _list(first(part, "dimensions"))]
    watched = _endpoints_in(dimensions)
    if watched:
        yield from ((endpoint, request) for endpoint in watched)
        return
    listed = [first(request, "alarmName"), *_list(first(request, "alarmNames"))]
    by_endpoint: dict[str, list[str]] = {}
    for alarm in listed:
        if isinstance(alarm, str) and alarm in alarms:
            by_endpoint.setdefault(alarms[alarm], []).append(alarm)
    if by_endpoint:
        yield from ((endpoint, {**request, "alarmNames": own}) for endpoint, own in by_endpoint.items())
        return
    for each in _list(event.get("Resources")):
        kind, name = _dict(each).get("ResourceType"), _dict(each).get("ResourceName")
        if kind == "AWS::SageMaker::Endpoint" and isinstance(name, str) and name:
            yield name.rpartition("/")[2], request


def _alarm_parts(request: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The request of an alarm, and the metrics of an expression."""
    yield request
    for query in _list(first(request, "metrics")):
        stat = _dict(first(_dict(query), "metricStat"))
        yield _dict(first(stat, "metric"))


def _endpoints_in(dimensions: Iterable[Any]) -> list[str]:
    found = [first(_dict(d), "value") for d in dimensions if first(_dict(d), "name") == "EndpointName"]
    return list(dict.fromkeys(name for name in found if isinstance(name, str) and name))


def _endpoint_of(resource: Any) -> str:
    """endpoint/NAME/variant/VARIANT"""
    parts = resource.split("/") if isinstance(resource, str) else []
    return parts[1] if len(parts) == 4 and parts[0] == "endpoint" and parts[2] == "variant" else ""


def _who(event: Mapping[str, Any], identity: Mapping[str, Any]) -> str:
    """A user's name, role/session, or the service."""
    arn = str(identity.get("arn") or "")
    kind, _, tail = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role" and tail:
        return tail
    if identity.get("type") == "Root":
        return "the root user"
    for name in (identity.get("userName"), event.get("Username"), identity.get("invokedBy"), tail):
        if isinstance(name, str) and name:
            return name
    return _UNKNOWN


def _by_service(identity: Mapping[str, Any]) -> bool:
    """Whether a service did it on its own: as itself, or in its service-linked role."""
    issuer = _dict(_dict(identity.get("sessionContext")).get("sessionIssuer"))
    role = str(identity.get("arn") or "").partition(":assumed-role/")[2] or str(issuer.get("userName") or "")
    return identity.get("type") == "AWSService" or role.startswith(_SCALING_ROLE)


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
