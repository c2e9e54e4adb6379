"""Preflight: every read that a role needs is tried once with the present credentials, bounded and cheap.

IAM is asked before a service looks whether there is such a thing: "could not find" therefore means allowed. What would
change something, take a message away, or cost money without the word for it, is not tried, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ops.aws.calls import MISSING, Reading
from ops.aws.requests import queue_name
from ops.bill_source import BillPlaces
from ops.core.errors import BadInput, CredentialsProblem, Denied, OpsError, Throttled, Unreachable
from ops.core.names import log_group
from ops.core.permissions import BILLING, READS, Declared, of_role
from ops.core.permissions.billing import CENT
from ops.core.preflight import Answer, Preflight, Tried
from ops.core.types import Connection
from ops.core.words import count

LOOKED_AT = 5
"""Endpoints that are described to find a bucket and a topic to try."""
NOBODY = "ebb-preflight"
"""The name of something that is not there."""
_CHANGES = "It changes something."
_BESIDE = "AWS checks it beside other calls, and no call of its own tells."
_AS_ITSELF = "No role is named here: the credentials are used as they are."
_UNPAID = "AWS bills it ({price}): tried only on demand, with --paid."
Params = dict[str, Any]


class NotNow(Exception):
    """A call cannot be tried here, and why."""


@dataclass
class Known:
    """What was found on the way to try calls on."""

    reading: Reading
    connection: Connection
    bills: BillPlaces
    paid: bool
    installation: str
    endpoint: str = NOBODY
    config: str = NOBODY
    paths: list[str] = field(default_factory=list)
    topic: str = ""
    key: tuple[str, str] | None = None
    """Bucket and key of an object to read: one that is there, else one that is not in a bucket that may be listed."""
    statement: str = ""
    asked: int = 0
    """Calls at a cent each."""


Probe = Callable[[Known], Params]


def run(
    reading: Reading,
    connection: Connection,
    role: str,
    *,
    paid: bool = False,
    bills: BillPlaces | None = None,
    installation: str = "",
) -> Preflight:
    """Try what a role needs. `paid`: also what AWS bills for. `installation`: of Ebb's own queues.

    Raises BadInput for an unknown role; CredentialsProblem, Unreachable, Throttled where AWS cannot be asked at all.
    """
    if role not in READS:
        raise BadInput(f"There is no role {role!r}.", f"The roles are {', '.join(READS)}.")
    known = Known(reading, connection, bills or BillPlaces(), paid, installation)
    reading.ask("sts", "GetCallerIdentity")
    _look_around(known)
    tried = tuple(_try(known, row) for row in of_role(role))
    return Preflight(connection, reading.now, role, tried, _spent(known))


def _spent(known: Known) -> str:
    if not known.asked:
        return ""
    calls = count(known.asked, "call")
    if known.connection.kind == "embedded":
        return f"Real AWS bills {calls} of these with $0.01 each; this one is free."
    return f"AWS bills {calls} of these with $0.01 each."


def _look_around(known: Known) -> None:
    """Names to try calls on; what may not be read leaves them as they are."""
    try:
        listed = known.reading.ask("sagemaker", "ListEndpoints", MaxResults=LOOKED_AT)["Endpoints"]
        for each in listed:
            wire = known.reading.ask("sagemaker", "DescribeEndpoint", EndpointName=each["EndpointName"])
            output = (wire.get("AsyncInferenceConfig") or {}).get("OutputConfig") or {}
            if not output:
                continue
            known.endpoint = str(each["EndpointName"])
            known.config = str(wire.get("EndpointConfigName") or NOBODY)
            known.paths += [output[key] for key in ("S3OutputPath", "S3FailurePath") if output.get(key)]
            topics = output.get("NotificationConfig") or {}
            known.topic = known.topic or topics.get("SuccessTopic") or topics.get("ErrorTopic") or ""
    except (CredentialsProblem, Unreachable, Throttled):
        raise
    except OpsError:
        return


def _try(known: Known, row: Declared) -> Tried:
    if not row.operation:
        return Tried(row, Answer.NOT_TRIED, _BESIDE)
    if row.writes:
        return Tried(row, Answer.NOT_TRIED, _CHANGES)
    if row.operation == "AssumeRole":
        return _as_a_role(known, row)
    if row.price and not known.paid:
        return Tried(row, Answer.NOT_TRIED, _UNPAID.format(price=row.price))
    try:
        params = _PROBES[row.role == BILLING, row.service, row.operation](known)
    except NotNow as why:
        return Tried(row, Answer.NOT_TRIED, str(why))
    except OpsError as error:
        return Tried(row, Answer.UNCLEAR, error.what)
    if row.price == CENT:
        known.asked += 1
    try:
        answer = known.reading.ask(row.service, row.operation, **params)
    except Denied as error:
        other = error.action if error.action != row.action else ""
        return Tried(row, Answer.DENIED, error.what, other)
    except (CredentialsProblem, Unreachable, Throttled) as error:
        return Tried(row, Answer.UNCLEAR, error.what)
    except OpsError as error:
        return _refused(row, error)
    _note(known, row, answer)
    return Tried(row, Answer.ALLOWED)


def _as_a_role(known: Known, row: Declared) -> Tried:
    """Whoever answered at all answered to the role, where one is named."""
    if known.reading.session.where.role_arn is None:
        return Tried(row, Answer.NOT_TRIED, _AS_ITSELF)
    return Tried(row, Answer.ALLOWED)


def _refused(row: Declared, error: OpsError) -> Tried:
    """AWS looked at the call itself, so it let it pass; a fault of its own says nothing."""
    if error.retryable or (
        row.service == "s3" and error.code not in (MISSING, "NoSuchKey", "NoSuchBucket", "InvalidRange")
    ):
        return Tried(row, Answer.UNCLEAR, error.what)
    return Tried(row, Answer.ALLOWED)


def _note(known: Known, row: Declared, answer: Mapping[str, Any]) -> None:
    if row.operation == "ListObjectsV2":
        first = next(iter(answer.get("Contents") or ()), None)
        known.key = str(answer["Name"]), str(first["Key"] if first else f"{answer.get('Prefix', '')}{NOBODY}")
    if row.operation == "GetObject":
        answer["Body"].close()
    if row.operation == "StartQueryExecution":
        known.statement = str(answer["QueryExecutionId"])


# --- how each call is tried ---


def _fixed(**params: Any) -> Probe:
    return lambda _: params


def _bucket(known: Known) -> Params:
    if not known.paths:
        raise NotNow("No endpoint here names a bucket of results.")
    return _listing(known, known.paths[0])


def _export(known: Known) -> Params:
    export = known.bills.export or ""
    known.key = None
    if not export.startswith("s3://"):
        raise NotNow("No bill export in S3 is set (EBB_BILL_EXPORT).")
    return _listing(known, export)


def _listing(known: Known, address: str) -> Params:
    known.key = None
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Prefix": prefix, "MaxKeys": 1}


def _object(known: Known) -> Params:
    if known.key is None:
        raise NotNow(
            "No bucket could be listed to try it on: S3 would not tell a missing object from a denied one."
        )
    return {"Bucket": known.key[0], "Key": known.key[1]}


def _first_byte(known: Known) -> Params:
    return _object(known) | {"Range": "bytes=0-0"}


def _topic(known: Known) -> Params:
    if not known.topic:
        raise NotNow("No endpoint here tells a topic of its results.")
    return {"TopicArn": known.topic}


def _queue(known: Known) -> Params:
    return {"QueueName": queue_name(known.installation or NOBODY, known.endpoint)}


def _queue_url(known: Known) -> Params:
    try:
        found = known.reading.ask("sqs", "GetQueueUrl", **_queue(known))
    except Denied as error:
        raise NotNow("Whether there is a queue is denied.") from error
    except OpsError as error:
        raise NotNow(f"Ebb has no queue for {known.endpoint} to try it on.") from error
    return {"QueueUrl": found["QueueUrl"], "AttributeNames": ["QueueArn"]}


def _span(known: Known) -> Params:
    now = known.reading.now
    return {"StartTime": now - timedelta(minutes=5), "EndTime": now}


def _metric(known: Known) -> Params:
    dimensions = [{"Name": "EndpointName", "Value": known.endpoint}]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "ApproximateBacklogSize", "Dimensions": dimensions}
    known.reading.session.asked_metrics(1)
    query = {"Id": "m0", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
    return {"MetricDataQueries": [query], **_span(known)}


def _log(known: Known) -> Params:
    now = round(known.reading.now.timestamp() * 1000)
    span = {"startTime": now - 60_000, "endTime": now, "limit": 1}
    return {"logGroupName": log_group(known.endpoint), **span}


def _costs(known: Known) -> Params:
    today = known.reading.now.date()
    return {
        "TimePeriod": {
            "Start": (today - timedelta(days=2)).isoformat(),
            "End": (today - timedelta(days=1)).isoformat(),
        },
        "Granularity": "DAILY",
        "Metrics": ["UnblendedCost"],
        "Filter": {"Dimensions": {"Key": "SERVICE", "Values": ["Amazon SageMaker"]}},
    }


def _costs_of_resources(known: Known) -> Params:
    return _costs(known) | {"GroupBy": [{"Type": "DIMENSION", "Key": "RESOURCE_ID"}]}


def _lake(known: Known) -> tuple[str, str]:
    database, _, table = (known.bills.table or "").partition(".")
    if not table:
        raise NotNow("No bill export in Athena is set (EBB_BILL_TABLE).")
    return database, table


def _table(known: Known) -> Params:
    database, table = _lake(known)
    return {"CatalogName": "AwsDataCatalog", "DatabaseName": database, "TableName": table}


def _statement(known: Known) -> Params:
    database, _ = _lake(known)
    output = {"ResultConfiguration": {"OutputLocation": known.bills.output}} if known.bills.output else {}
    return {
        "QueryString": "SELECT 1",
        "QueryExecutionContext": {"Database": database},
        "WorkGroup": known.bills.workgroup,
        **output,
    }


def _answer(known: Known) -> Params:
    _lake(known)
    if not known.statement:
        raise NotNow("It is about a statement, and none was sent: AWS bills those, so they want --paid.")
    return {"QueryExecutionId": known.statement}


_PAGE = {"ServiceNamespace": "sagemaker", "MaxResults": 1}
_WATCHED: Mapping[tuple[str, str], Probe] = {
    ("sts", "GetCallerIdentity"): _fixed(),
    ("sagemaker", "ListEndpoints"): _fixed(MaxResults=1),
    ("sagemaker", "ListModels"): _fixed(MaxResults=1),
    ("sagemaker", "DescribeEndpoint"): lambda k: {"EndpointName": k.endpoint},
    ("sagemaker", "DescribeEndpointConfig"): lambda k: {"EndpointConfigName": k.config},
    ("sagemaker", "DescribeModel"): _fixed(ModelName=NOBODY),
    ("sagemaker", "ListEndpointConfigs"): _fixed(MaxResults=1),
    ("sagemaker", "ListTags"): lambda k: {
        "ResourceArn": f"arn:aws:sagemaker:{k.connection.region}:{k.connection.account}:endpoint/{k.endpoint}"
    },
    ("application-autoscaling", "DescribeScalableTargets"): _fixed(**_PAGE),
    ("application-autoscaling", "DescribeScalingPolicies"): _fixed(**_PAGE),
    ("application-autoscaling", "DescribeScheduledActions"): _fixed(**_PAGE),
    ("application-autoscaling", "DescribeScalingActivities"): _fixed(**_PAGE),
    ("cloudwatch", "GetMetricData"): _metric,
    ("cloudwatch", "DescribeAlarms"): _fixed(MaxRecords=1),
    ("cloudwatch", "DescribeAlarmHistory"): _fixed(MaxRecords=1),
    ("logs", "DescribeLogStreams"): lambda k: {"logGroupName": log_group(k.endpoint), "limit": 1},
    ("logs", "FilterLogEvents"): _log,
    ("cloudtrail", "LookupEvents"): _fixed(MaxResults=1),
    ("pricing", "GetProducts"): _fixed(ServiceCode="AmazonSageMaker", MaxResults=1),
    ("service-quotas", "ListServiceQuotas"): _fixed(ServiceCode="sagemaker", MaxResults=1),
    ("resourcegroupstaggingapi", "GetResources"): _fixed(ResourceTypeFilters=["sagemaker:endpoint"]),
    ("sns", "ListSubscriptionsByTopic"): _topic,
    ("s3", "ListObjectsV2"): _bucket,
    ("s3", "GetObject"): _first_byte,
    ("s3", "HeadObject"): _object,
    ("sqs", "GetQueueUrl"): _queue,
    ("sqs", "GetQueueAttributes"): _queue_url,
}
_BILLS: Mapping[tuple[str, str], Probe] = {
    ("ce", "GetCostAndUsage"): _costs,
    ("ce", "GetCostAndUsageWithResources"): _costs_of_resources,
    ("s3", "ListObjectsV2"): _export,
    ("s3", "GetObject"): _first_byte,
    ("s3", "HeadObject"): _object,
    ("athena", "GetTableMetadata"): _table,
    ("athena", "StartQueryExecution"): _statement,
    ("athena", "GetQueryExecution"): _answer,
    ("athena", "GetQueryResults"): _answer,
    ("athena", "StopQueryExecution"): _answer,
}
_PROBES: Mapping[tuple[bool, str, str], Probe] = {
    (False, *call): probe for call, probe in _WATCHED.items()
} | {(True, *call): probe for call, probe in _BILLS.items()}
