"""What operators and admins ask of AWS: calls that change something, and what AWS checks beside them."""

from __future__ import annotations

from ops.core.permissions.row import Declared, Scope

_AAS, _CW, _SM = "application-autoscaling", "cloudwatch", "sagemaker"
_MADE = ("sagemaker:CreateModel", "sagemaker:CreateEndpointConfig", "sagemaker:CreateEndpoint")


def _operator(
    service: str, operation: str, scope: Scope, needed_for: str, without: str, action: str = ""
) -> Declared:
    named = action or f"{service}:{operation}"
    return Declared(service, operation, named, "operator", scope, needed_for, without, writes=True)


def _admin(service: str, operation: str, scope: Scope, needed_for: str, without: str) -> Declared:
    action = f"{service}:{operation}"
    return Declared(service, operation, action, "admin", scope, needed_for, without, writes=True)


def _beside(role: str, action: str, scope: Scope, needed_for: str, without: str, *calls: str) -> Declared:
    service = action.partition(":")[0]
    return Declared(service, "", action, role, scope, needed_for, without, with_calls=calls, writes=True)


_OPERATE = (
    _operator(
        _AAS,
        "RegisterScalableTarget",
        Scope.TARGETS,
        "bounds, waking, putting to sleep, suspending",
        "Capacity: bounds",
    ),
    _operator(_AAS, "PutScheduledAction", Scope.TARGETS, "warm windows", "Capacity: warm windows"),
    _operator(_AAS, "DeleteScheduledAction", Scope.TARGETS, "removing schedules", "Capacity: warm windows"),
    _operator(_CW, "PutMetricAlarm", Scope.ALARMS, "alarms worth having", "Alarms and Doctor: fixes"),
    _operator(
        _CW, "EnableAlarmActions", Scope.ALARMS, "alarms that were switched off", "Alarms and Doctor: fixes"
    ),
    _operator(
        "sagemaker-runtime",
        "InvokeEndpointAsync",
        Scope.ENDPOINTS,
        "sending requests",
        "Requests: sending",
        "sagemaker:InvokeEndpointAsync",
    ),
    *(
        _operator("s3", operation, Scope.INPUTS, "uploading inputs", "Requests: uploads", "s3:PutObject")
        for operation in ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
    ),
    _operator(
        "s3", "AbortMultipartUpload", Scope.INPUTS, "clearing uploads that broke off", "Requests: uploads"
    ),
    *(
        _operator("sqs", operation, Scope.QUEUES, "a queue that hears of results", "Requests: the queue")
        for operation in ("CreateQueue", "SetQueueAttributes", "DeleteQueue", "ReceiveMessage")
    ),
    _operator(
        "sqs",
        "DeleteMessageBatch",
        Scope.QUEUES,
        "taking out what was read",
        "Requests: the queue",
        "sqs:DeleteMessage",
    ),
    _operator("sns", "Subscribe", Scope.SUBSCRIPTIONS, "that queue hears its topics", "Requests: the queue"),
    _operator("sns", "Unsubscribe", Scope.TOPICS, "removing that queue", "Requests: the queue"),
    _beside(
        "operator",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
        Scope.ENDPOINTS,
        "AWS checks that whoever sets bounds may change instances",
        "Capacity: bounds",
        "application-autoscaling:RegisterScalableTarget",
    ),
    _beside(
        "operator",
        "iam:CreateServiceLinkedRole",
        Scope.LINKED_ROLE,
        "the first scalable target of an account",
        "Capacity: bounds, where none was ever set in the account",
        "application-autoscaling:RegisterScalableTarget",
    ),
)

_ADMINISTER = (
    _admin(_AAS, "PutScalingPolicy", Scope.TARGETS, "scaling policies", "Capacity, Doctor, Deploy: policies"),
    _admin(_AAS, "DeleteScalingPolicy", Scope.TARGETS, "removing policies", "Capacity: policies"),
    _admin(_AAS, "DeregisterScalableTarget", Scope.TARGETS, "ending scaling", "Capacity: targets"),
    _admin(_CW, "DeleteAlarms", Scope.ALARMS, "alarms that were left behind", "Doctor: fixes"),
    *(
        _admin(_SM, f"{verb}{kind}", Scope.HOSTING, why, "Deploy: all of it")
        for verb, why in (("Create", "deploying"), ("Delete", "deleting what was deployed"))
        for kind in ("Model", "EndpointConfig", "Endpoint")
    ),
    _beside(
        "admin",
        "sagemaker:AddTags",
        Scope.HOSTING,
        "tags of what is deployed",
        "Deploy: tags",
        *_MADE,
    ),
    _beside(
        "admin",
        "iam:PassRole",
        Scope.EXECUTION,
        "giving a model its execution role",
        "Deploy: new models",
        "sagemaker:CreateModel",
    ),
    _beside(
        "admin",
        "sns:Publish",
        Scope.TOPICS,
        "AWS checks it of whoever makes an endpoint with topics",
        "Deploy: topics",
        "sagemaker:CreateEndpoint",
    ),
)

WRITES: tuple[Declared, ...] = (*_OPERATE, *_ADMINISTER)
