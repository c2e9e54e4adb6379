"""CloudTrail: LookupEvents over the event history. Events show at once (AWS takes up to 15 minutes)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.core.types import utc
from ops.local_aws import tokens
from ops.local_aws.errors import AwsError
from ops.local_aws.trail import AUTOSCALING_HOST, AUTOSCALING_ROLE, Event

if TYPE_CHECKING:
    from ops.local_aws.role_sessions import Session
    from ops.local_aws.world import World

PAGE = 50
_BAD_TOKEN = "Invalid token."


class CloudTrail:
    def __init__(self, world: World) -> None:
        self._world = world

    def lookup_events(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Newest first, at most 50 a page, at most one lookup attribute (facts F.7)."""
        tokens.only(
            params,
            frozenset({"LookupAttributes", "StartTime", "EndTime", "MaxResults", "NextToken"}),
            "LookupEvents",
        )
        wanted = params.get("LookupAttributes") or []
        if len(wanted) > 1:
            raise AwsError("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
        start, end = params.get("StartTime"), params.get("EndTime")
        if start is not None and end is not None and start > end:
            raise AwsError("InvalidTimeRangeException", "The start time must not be later than the end time.")
        size = params.get("MaxResults", PAGE)
        token = params.get("NextToken")
        place = (
            tokens.unpack(token, ((int, float), int), "InvalidNextTokenException", _BAD_TOKEN)
            if token
            else None
        )
        found = [
            event
            for event in reversed(self._world.trail.events())
            if (start is None or event.at >= start)
            and (end is None or event.at <= end)
            and (place is None or (event.at, event.number) < (place[0], place[1]))
            and all(_matches(event, item["AttributeKey"], item["AttributeValue"]) for item in wanted)
        ]
        shown = found[:size]
        answer: dict[str, Any] = {"Events": [self._answer(event) for event in shown]}
        if len(found) > size:
            answer["NextToken"] = tokens.pack(shown[-1].at, shown[-1].number)
        return answer

    def _answer(self, event: Event) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "EventId": event.id,
            "EventName": event.name,
            "ReadOnly": _word(event.read_only),
            "EventTime": float(int(event.at)),
            "EventSource": event.source,
            "Username": event.username,
            "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in event.resources],
            "CloudTrailEvent": json.dumps(_record(event, self._world.account), separators=(",", ":")),
        }
        if event.access_key:
            answer["AccessKeyId"] = event.access_key
        return answer


def _matches(event: Event, key: str, value: str) -> bool:
    match key:
        case "EventId":
            return event.id == value
        case "EventName":
            return event.name == value
        case "ReadOnly":
            return _word(event.read_only) == value
        case "Username":
            return event.username == value
        case "EventSource":
            return event.source == value
        case "AccessKeyId":
            return event.access_key == value
        case "ResourceType":
            return any(kind == value for kind, _ in event.resources)
        case "ResourceName":
            return any(name == value for _, name in event.resources)
    raise AwsError("InvalidLookupAttributesException", f"{key} is not a lookup attribute.")


def _record(event: Event, account: str) -> dict[str, Any]:
    """The event as CloudTrail's record format has it."""
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(event, account),
        "eventTime": f"{utc(event.at):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": event.source,
        "eventName": event.name,
        "awsRegion": event.region,
        "sourceIPAddress": event.address,
        "userAgent": event.user_agent,
    }
    if event.error_code:
        record |= {"errorCode": event.error_code, "errorMessage": event.error_message}
    record |= {
        "requestParameters": json.loads(event.request),
        "responseElements": json.loads(event.response),
    }
    if event.service:
        record["additionalEventData"] = {"service": event.service}
    return record | {
        "eventID": event.id,
        "readOnly": event.read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }


def _identity(event: Event, account: str) -> dict[str, Any]:
    if event.session is not None:
        return _of_role(event.session, account)
    if event.user_type == "AWSService":
        return {"type": "AWSService", "invokedBy": event.address}
    if event.user_type == "AssumedRole":
        return {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE:{event.username}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{AUTOSCALING_ROLE}/{event.username}",
            "accountId": account,
            "invokedBy": AUTOSCALING_HOST,
        }
    return {
        "type": event.user_type,
        "principalId": "AIDAEXAMPLE",
        "arn": f"arn:aws:iam::{account}:user/{event.username}",
        "accountId": account,
        "accessKeyId": event.access_key,
        "userName": event.username,
    }


def _of_role(session: Session, account: str) -> dict[str, Any]:
    return {
        "type": "AssumedRole",
        "principalId": session.id,
        "arn": session.arn,
        "accountId": account,
        "accessKeyId": session.access_key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": session.role_id,
                "arn": session.role_arn,
                "accountId": account,
                "userName": session.role,
            },
            "attributes": {
                "creationDate": f"{utc(session.began):%Y-%m-%dT%H:%M:%SZ}",
                "mfaAuthenticated": "false",
            },
        },
    }


def _word(flag: bool) -> str:
    return "true" if flag else "false"
