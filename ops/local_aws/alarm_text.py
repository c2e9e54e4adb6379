"""What CloudWatch writes about an alarm: reasons, reason data, history data, messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.core.autoscaling import ALARM, INSUFFICIENT, AlarmRule

if TYPE_CHECKING:
    from ops.local_aws.alarms import Alarm

LISTED = 5
"""Datapoints that a reason lists at most."""
MOST_POINTS = 15
"""Datapoints that reason data holds at most: AWS limits its length."""
UNCHECKED = "Unchecked: Initial alarm creation"
_WORDS = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {"breaching": "Breaching", "notBreaching": "NonBreaching"}
REGION_NAMES = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "eu-north-1": "EU (Stockholm)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
}


def stamp(seconds: float) -> str:
    """An instant as CloudWatch's JSON has it: 2026-09-21T14:13:00.000+0000."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def reason(rule: AlarmRule, window: Sequence[float | None], newest: float, period: int, state: str) -> str:
    """StateReason of an alarm that has come to `state`. `newest` is the start of the newest datapoint."""
    points = _evaluated(rule, window, newest, period)
    gaps = rule.periods - len(points)
    if state == INSUFFICIENT:
        return f"Insufficient Data: {_count(rule.periods)} {_was(rule.periods)} unknown."
    if not points:
        return (
            f"Threshold Crossed: no datapoints were received for {rule.periods} "
            f"period{'s' if rule.periods > 1 else ''} and {_count(gaps, 'missing ')} {_was(gaps)} "
            f"treated as [{_TREATED.get(rule.missing, 'Missing')}]."
        )
    chosen = [p for p in points if rule.breaches(p[1]) == (state == ALARM)] or points
    listed = ", ".join(
        f"{value} ({datetime.fromtimestamp(at, UTC):%d/%m/%y %H:%M:%S})"
        for at, value in chosen[: -LISTED - 1 : -1]
    )
    negation = "" if state == ALARM else "not "
    compared = f"{negation}{_WORDS[rule.comparison]} the threshold ({rule.threshold})"
    if rule.periods == 1:
        return f"Threshold Crossed: 1 datapoint [{listed}] was {compared}."
    needed = rule.datapoints if state == ALARM else rule.periods - rule.datapoints + 1
    change = "OK -> ALARM" if state == ALARM else "ALARM -> OK"
    if len(chosen) > LISTED:
        return (
            f"Threshold Crossed: {len(chosen)} datapoints were {compared}. "
            f"The most recent datapoints which crossed the threshold: [{listed}]."
        )
    text = (
        f"Threshold Crossed: {len(chosen)} out of the last {rule.periods} datapoints [{listed}] "
        f"{_was(len(chosen))} {compared} (minimum {_count(needed)} for {change} transition)"
    )
    if gaps > 0 and rule.missing in _TREATED:
        text += f" and {_count(gaps, 'missing ')} {_was(gaps)} treated as [{_TREATED[rule.missing]}]"
    return text + "."


def reason_data(alarm: Alarm, now: float) -> dict[str, Any]:
    """StateReasonData: the datapoints that decided, newest last."""
    rule = alarm.machine.rule
    period = alarm.period
    newest = alarm.newest
    points = _evaluated(rule, alarm.machine.window, newest, period)[-MOST_POINTS:]
    data: dict[str, Any] = {"version": "1.0", "queryDate": stamp(now)}
    if points:
        data["startDate"] = stamp(points[0][0])
    if alarm.unit is not None:
        data["unit"] = alarm.unit
    if alarm.statistic:
        data["statistic"] = alarm.statistic
    data |= {
        "period": period,
        "recentDatapoints": [value for _, value in points],
        "threshold": rule.threshold,
    }
    if points:
        data["evaluatedDatapoints"] = [{"timestamp": stamp(at), "value": v} for at, v in reversed(points)]
    return data


def state_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """HistoryData of a StateUpdate."""
    return {"version": "1.0", "oldState": dict(old), "newState": dict(new)}


def state_part(state: str, why: str, data: Mapping[str, Any] | None) -> dict[str, Any]:
    part: dict[str, Any] = {"stateValue": state, "stateReason": why}
    if data:
        part["stateReasonData"] = dict(data)
    return part


def notification(alarm: Alarm, old: str, account: str, region: str) -> tuple[str, str]:
    """(subject, message) that CloudWatch sends to SNS on a transition."""
    params = alarm.params
    where = REGION_NAMES.get(region, region)
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": params.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": stamp(alarm.configured),
        "NewStateValue": alarm.machine.state,
        "NewStateReason": alarm.reason,
        "StateChangeTime": stamp(alarm.updated),
        "Region": where,
        "AlarmArn": alarm.arn,
        "OldStateValue": old,
        "OKActions": list(params.get("OKActions", ())),
        "AlarmActions": list(params.get("AlarmActions", ())),
        "InsufficientDataActions": list(params.get("InsufficientDataActions", ())),
        "Trigger": _trigger(alarm),
    }
    return f'{alarm.machine.state}: "{alarm.name}" in {where}', json.dumps(message)


def _trigger(alarm: Alarm) -> dict[str, Any]:
    params = alarm.params
    trigger: dict[str, Any] = {
        "Period": alarm.period,
        "EvaluationPeriods": params["EvaluationPeriods"],
        "DatapointsToAlarm": alarm.machine.rule.datapoints,
        "ComparisonOperator": params["ComparisonOperator"],
        "Threshold": params["Threshold"],
        "TreatMissingData": params.get("TreatMissingData", "missing"),
        "EvaluateLowSampleCountPercentile": params.get("EvaluateLowSampleCountPercentile", ""),
    }
    if "Metrics" in params:
        return trigger | {"Metrics": params["Metrics"]}
    extended = "ExtendedStatistic" in params
    return trigger | {
        "MetricName": params["MetricName"],
        "Namespace": params["Namespace"],
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        "ExtendedStatistic" if extended else "Statistic": alarm.statistic.upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": d["Value"], "name": d["Name"]} for d in params.get("Dimensions", ())],
    }


def _evaluated(
    rule: AlarmRule, window: Sequence[float | None], newest: float, period: int
) -> list[tuple[float, float]]:
    """(start, value) of the datapoints that decide, oldest first: the newest N known ones."""
    values = list(window)
    first = newest - (len(values) - 1) * period
    known = [(first + i * period, v) for i, v in enumerate(values) if v is not None]
    return known[-rule.periods :]


def _count(n: int, kind: str = "") -> str:
    return f"{n} {kind}datapoint{'' if n == 1 else 's'}"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"
