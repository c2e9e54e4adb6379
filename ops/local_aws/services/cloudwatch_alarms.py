"""Alarms: put, describe, delete, their history, their state and tags."""

from __future__ import annotations

import json
from typing import Any

from ops.local_aws import alarm_rules
from ops.local_aws.alarm_history import Item
from ops.local_aws.alarms import Alarm
from ops.local_aws.errors import AwsError, NotOffered
from ops.local_aws.metric_query import dimensions
from ops.local_aws.services.cloudwatch_base import Base, page, seconds

DEFAULT_RECORDS = 50
MOST_TAGS = 50
_GIVEN = (
    "AlarmDescription",
    "MetricName",
    "Namespace",
    "Statistic",
    "ExtendedStatistic",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
    "EvaluateLowSampleCountPercentile",
    "Metrics",
)


class Alarms(Base):
    def put_metric_alarm(self, params: dict[str, Any]) -> None:
        book, now = self._world.alarms, self._world.now()
        alarm_rules.check(params, self._world.metrics, self._world.account, now)
        _check_tags(params.get("Tags", ()))
        new = book.get(params["AlarmName"]) is None
        if new and len(book.all()) >= alarm_rules.MOST_ALARMS:
            raise AwsError("LimitExceeded", f"The account has {alarm_rules.MOST_ALARMS} alarms already.")
        book.put(params, now)

    def describe_alarms(self, params: dict[str, Any]) -> dict[str, Any]:
        for name in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
            if params.get(name):
                raise NotOffered(f"{name}: composite alarms")
        names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix")
        if names and prefix:
            raise AwsError("ValidationError", "AlarmNames and AlarmNamePrefix exclude each other.")
        found = [] if "MetricAlarm" not in (params.get("AlarmTypes") or ["MetricAlarm"]) else self._all()
        if names:
            found = [alarm for alarm in found if alarm.name in names]
        if prefix:
            found = [alarm for alarm in found if alarm.name.startswith(prefix)]
        if "StateValue" in params:
            found = [alarm for alarm in found if alarm.machine.state == params["StateValue"]]
        if "ActionPrefix" in params:
            found = [a for a in found if any(x.startswith(params["ActionPrefix"]) for x in _all_actions(a))]
        size = params.get("MaxRecords", DEFAULT_RECORDS)
        items, more = page(found, params.get("NextToken"), size)
        answer = {"MetricAlarms": [_described(alarm) for alarm in items], "CompositeAlarms": []}
        return answer | ({"NextToken": more} if more else {})

    def describe_alarms_for_metric(self, params: dict[str, Any]) -> dict[str, Any]:
        dims = dimensions(params.get("Dimensions", ()))
        same = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit")
        found = [
            alarm
            for alarm in self._all()
            if "Metrics" not in alarm.params
            and alarm.dimensions == dims
            and all(name not in params or alarm.params.get(name) == params[name] for name in same)
        ]
        return {"MetricAlarms": [_described(alarm) for alarm in found]}

    def delete_alarms(self, params: dict[str, Any]) -> None:
        self._world.alarms.delete(params["AlarmNames"], self._world.now())

    def describe_alarm_history(self, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("AlarmContributorId"):
            raise NotOffered("AlarmContributorId: alarms over queries")
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        first = seconds(params["StartDate"]) if "StartDate" in params else float("-inf")
        last = seconds(params["EndDate"]) if "EndDate" in params else float("inf")
        if first > last:
            raise AwsError("ValidationError", "StartDate must not be after EndDate.")
        name, kind = params.get("AlarmName"), params.get("HistoryItemType")
        found = [
            item
            for item in (self._world.alarms.history if "MetricAlarm" in types else ())
            if (name is None or item.alarm == name)
            and (kind is None or item.kind == kind)
            and first <= item.at <= last
        ]
        if params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            found.reverse()
        items, more = page(found, params.get("NextToken"), params.get("MaxRecords", 100))
        answer: dict[str, Any] = {"AlarmHistoryItems": [_told(item) for item in items]}
        return answer | ({"NextToken": more} if more else {})

    def set_alarm_state(self, params: dict[str, Any]) -> None:
        alarm = self._world.alarms.get(params["AlarmName"])
        if alarm is None:
            raise AwsError("ResourceNotFound", f"Alarm not found: {params['AlarmName']}", 404)
        data = None
        if params.get("StateReasonData"):
            try:
                data = json.loads(params["StateReasonData"])
            except ValueError as error:
                raise AwsError("InvalidFormat", "StateReasonData is not JSON.") from error
            if not isinstance(data, dict):
                raise AwsError("InvalidFormat", "StateReasonData is not a JSON object.")
        book = self._world.alarms
        book.set_state(alarm, params["StateValue"], params["StateReason"], data, self._world.now())

    def enable_alarm_actions(self, params: dict[str, Any]) -> None:
        self._switch(params["AlarmNames"], True)

    def disable_alarm_actions(self, params: dict[str, Any]) -> None:
        self._switch(params["AlarmNames"], False)

    def list_tags_for_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        tags = self._tagged(params["ResourceARN"]).tags
        return {"Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}

    def tag_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        alarm = self._tagged(params["ResourceARN"])
        _check_tags(params["Tags"])
        tags = alarm.tags | {tag["Key"]: tag["Value"] for tag in params["Tags"]}
        if len(tags) > MOST_TAGS:
            raise AwsError("InvalidParameterValue", f"A resource has at most {MOST_TAGS} tags.")
        alarm.tags = tags
        return {}

    def untag_resource(self, params: dict[str, Any]) -> dict[str, Any]:
        alarm = self._tagged(params["ResourceARN"])
        alarm.tags = {k: v for k, v in alarm.tags.items() if k not in params["TagKeys"]}
        return {}

    def _all(self) -> list[Alarm]:
        return self._world.alarms.all()

    def _switch(self, names: list[str], on: bool) -> None:
        """AWS passes over names that do not exist."""
        for name in names:
            self._world.alarms.enable(name, on, self._world.now())

    def _tagged(self, arn: str) -> Alarm:
        alarm = self._world.alarms.by_arn(arn)
        if alarm is None:
            raise AwsError(
                "ResourceNotFoundException",
                f"The resource {arn} does not exist.",
                404,
                ResourceType="Alarm",
                ResourceId=arn,
            )
        return alarm


def _check_tags(tags: Any) -> None:
    if len(tags) > MOST_TAGS:
        raise AwsError("InvalidParameterValue", f"A resource has at most {MOST_TAGS} tags.")
    for tag in tags:
        if tag["Key"].lower().startswith("aws:"):
            raise AwsError("InvalidParameterValue", f"The tag key {tag['Key']} is reserved for AWS.")


def _all_actions(alarm: Alarm) -> list[str]:
    names = ("OKActions", "AlarmActions", "InsufficientDataActions")
    return [action for name in names for action in alarm.params.get(name, ())]


def _described(alarm: Alarm) -> dict[str, Any]:
    """A MetricAlarm of AWS."""
    params = alarm.params
    answer = {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.arn,
        "AlarmConfigurationUpdatedTimestamp": alarm.configured,
        "ActionsEnabled": alarm.actions_enabled,
        "OKActions": list(params.get("OKActions", ())),
        "AlarmActions": list(params.get("AlarmActions", ())),
        "InsufficientDataActions": list(params.get("InsufficientDataActions", ())),
        "StateValue": alarm.machine.state,
        "StateReason": alarm.reason[:1023],
        "StateUpdatedTimestamp": alarm.updated,
        "StateTransitionedTimestamp": alarm.transitioned,
        "Dimensions": list(params.get("Dimensions", ())),
    }
    answer |= {name: params[name] for name in _GIVEN if name in params}
    if alarm.data:
        answer["StateReasonData"] = json.dumps(alarm.data)[:4000]
    return answer


def _told(item: Item) -> dict[str, Any]:
    return {
        "AlarmName": item.alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary[:255],
        "HistoryData": item.json(),
    }
