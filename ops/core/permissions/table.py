"""Every call that Ebb makes. What is not here is not made: `ops.aws.session` and `ops.billing.engine` see to it.

Sources: facts G (scopes), B.10 and C.3 (what AWS checks beside a call).
"""

from __future__ import annotations

from ops.core.permissions.billing import BILLS
from ops.core.permissions.row import Declared, Scope
from ops.core.permissions.writes import WRITES

_AAS, _CW, _SM = "application-autoscaling", "cloudwatch", "sagemaker"
_VIEWER = "viewer"


def _read(service: str, operation: str, action: str, scope: Scope, needed_for: str, without: str) -> Declared:
    return Declared(service, operation, action, _VIEWER, scope, needed_for, without)


_WATCHED = (
    _read(
        "sts",
        "GetCallerIdentity",
        "sts:GetCallerIdentity",
        Scope.NOTHING,
        "which account this is, and AWS's time",
        "every page; AWS lets everybody ask",
    ),
    _read(
        "sts",
        "AssumeRole",
        "sts:AssumeRole",
        Scope.ROLES,
        "reading as a role of another account, where one is named",
        "every page of the places that name a role",
    ),
    _read(
        _SM,
        "ListEndpoints",
        "sagemaker:ListEndpoints",
        Scope.ANY,
        "which endpoints there are",
        "every page: without it there is nothing to show",
    ),
    _read(
        _SM,
        "ListModels",
        "sagemaker:ListModels",
        Scope.ANY,
        "which models there are to deploy",
        "Deploy: the model's name has to be typed",
    ),
    _read(
        _SM,
        "DescribeEndpoint",
        "sagemaker:DescribeEndpoint",
        Scope.HOSTING,
        "instances, status and queue settings of an endpoint",
        "Fleet and Endpoint: the state of an endpoint is unknown",
    ),
    _read(
        _SM,
        "DescribeEndpointConfig",
        "sagemaker:DescribeEndpointConfig",
        Scope.HOSTING,
        "the instance type, and with it the price",
        "Endpoint, Savings and Planner: type and cost are unknown",
    ),
    _read(
        _SM,
        "DescribeModel",
        "sagemaker:DescribeModel",
        Scope.HOSTING,
        "whether a model is there, before a deployment",
        "Deploy: no plan can be made",
    ),
    _read(
        _SM,
        "ListEndpointConfigs",
        "sagemaker:ListEndpointConfigs",
        Scope.ANY,
        "which other configurations use a model",
        "Deploy, existing endpoints: a model cannot be deleted with its endpoint",
    ),
    _read(
        _SM,
        "ListTags",
        "sagemaker:ListTags",
        Scope.HOSTING,
        "the tags of what is to be deleted",
        "Deploy, existing endpoints: undoing a deletion brings no tags back",
    ),
    _read(
        _AAS,
        "DescribeScalableTargets",
        "application-autoscaling:DescribeScalableTargets",
        Scope.ANY,
        "the least and most instances of an endpoint",
        "Fleet, Endpoint and Capacity: bounds are unknown",
    ),
    _read(
        _AAS,
        "DescribeScalingPolicies",
        "application-autoscaling:DescribeScalingPolicies",
        Scope.ANY,
        "what wakes an endpoint and lets it sleep",
        "Endpoint, Capacity and Doctor: policies are unknown",
    ),
    _read(
        _AAS,
        "DescribeScheduledActions",
        "application-autoscaling:DescribeScheduledActions",
        Scope.ANY,
        "warm windows and other schedules",
        "Capacity: the calendar",
    ),
    _read(
        _AAS,
        "DescribeScalingActivities",
        "application-autoscaling:DescribeScalingActivities",
        Scope.ANY,
        "when and why an endpoint woke or fell asleep",
        "Endpoint: scaling activity; Cold starts: all of it",
    ),
    _read(
        _CW,
        "GetMetricData",
        "cloudwatch:GetMetricData",
        Scope.ANY,
        "backlog, instances, failures and latency",
        "all charts, and every state that rests on them",
    ),
    _read(
        _CW,
        "DescribeAlarms",
        "cloudwatch:DescribeAlarms",
        Scope.ANY,
        "the alarms that run policies or tell people",
        "Alarms: all of it; Doctor: the rules about alarms",
    ),
    _read(
        _CW,
        "DescribeAlarmHistory",
        "cloudwatch:DescribeAlarmHistory",
        Scope.ANY,
        "what alarms went through",
        "Alarms: the history; Cold starts: when the alarm fired",
    ),
    _read(
        "logs",
        "DescribeLogStreams",
        "logs:DescribeLogStreams",
        Scope.LOGS,
        "when each instance of a cold start first wrote",
        "Cold starts: the phases of a start",
    ),
    _read(
        "logs",
        "FilterLogEvents",
        "logs:FilterLogEvents",
        Scope.LOGS,
        "what an endpoint's log says of failed requests",
        "Failures: the log, and the requests that failed",
    ),
    _read(
        "cloudtrail",
        "LookupEvents",
        "cloudtrail:LookupEvents",
        Scope.ANY,
        "who changed what outside Ebb",
        "Activity and the marks on charts: changes made elsewhere",
    ),
    _read(
        "pricing",
        "GetProducts",
        "pricing:GetProducts",
        Scope.ANY,
        "list prices of instances",
        "Savings and Planner: today's prices; a built-in table serves",
    ),
    _read(
        "service-quotas",
        "ListServiceQuotas",
        "servicequotas:ListServiceQuotas",
        Scope.ANY,
        "how many instances the account may run",
        "Doctor and Capacity: whether a quota is in the way",
    ),
    _read(
        "resourcegroupstaggingapi",
        "GetResources",
        "tag:GetResources",
        Scope.ANY,
        "tags of endpoints",
        "Savings: sums by tag",
    ),
    _read(
        "sns",
        "ListSubscriptionsByTopic",
        "sns:ListSubscriptionsByTopic",
        Scope.TOPICS,
        "whether anybody hears of results",
        "Doctor: the rules about topics; Requests: the queue",
    ),
    _read(
        "s3",
        "ListObjectsV2",
        "s3:ListBucket",
        Scope.BUCKETS,
        "which failure objects there are, and whether a result is there yet",
        "Failures: failure objects; Requests: results that are missing",
    ),
    _read(
        "s3",
        "GetObject",
        "s3:GetObject",
        Scope.OBJECTS,
        "results and failure objects, to read and to download",
        "Requests and Failures: their content",
    ),
    _read(
        "s3",
        "HeadObject",
        "s3:GetObject",
        Scope.OBJECTS,
        "whether a result is there, and its size",
        "Requests: how far a request is, where no message tells",
    ),
    _read(
        "sqs",
        "GetQueueUrl",
        "sqs:GetQueueUrl",
        Scope.QUEUES,
        "whether Ebb has a queue that hears of results",
        "Requests: the queue; results are looked for in S3",
    ),
    _read(
        "sqs",
        "GetQueueAttributes",
        "sqs:GetQueueAttributes",
        Scope.QUEUES,
        "how many messages wait in it",
        "Requests: the queue; results are looked for in S3",
    ),
    Declared(
        "sns",
        "Publish",
        "sns:Publish",
        _VIEWER,
        Scope.NOTICES,
        "notices, where a topic is set for them",
        "Settings: notices to that topic",
        writes=True,
    ),
)

TABLE: tuple[Declared, ...] = (*_WATCHED, *WRITES, *BILLS)
