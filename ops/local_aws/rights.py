"""Which IAM rights a request asks for: its own action and resource, and what AWS checks beside it (facts B.10, C.3)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from ops.local_aws.errors import AwsError
from ops.local_aws.iam_policy import Right

if TYPE_CHECKING:
    from ops.local_aws.wire import Call
    from ops.local_aws.world import World

PREFIXES = {
    "application-autoscaling": "application-autoscaling",
    "athena": "athena",
    "bcm-data-exports": "bcm-data-exports",
    "ce": "ce",
    "cloudtrail": "cloudtrail",
    "cloudwatch": "cloudwatch",
    "logs": "logs",
    "pricing": "pricing",
    "resourcegroupstaggingapi": "tag",
    "sagemaker": "sagemaker",
    "service-quotas": "servicequotas",
    "s3": "s3",
    "sns": "sns",
    "sqs": "sqs",
    "sts": "sts",
}
"""Services whose calls are checked, by botocore's name, as IAM calls them."""
_IAM = {"DeleteMessageBatch": "DeleteMessage", "SendMessageBatch": "SendMessage"}
"""Operations that IAM calls by another name."""
_HOSTING = (("EndpointName", "endpoint"), ("EndpointConfigName", "endpoint-config"), ("ModelName", "model"))
_TAGGED = ("CreateModel", "CreateEndpointConfig", "CreateEndpoint")


class Rights:
    """Of requests to one world. The caller holds its lock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def of_call(self, call: Call) -> tuple[Right, ...]:
        """Of a call to a service of our own."""
        name, given = call.operation.name, call.params
        if name == "GetCallerIdentity":
            return ()  # nobody can be denied that
        action = f"{PREFIXES[call.service]}:{name}"
        return (
            *(Right(action, r, self._context(call)) for r in self._resources(call.service, name, given)),
            *self._beside(call.service, name, given),
        )

    def of_invocation(self, endpoint: str) -> tuple[Right, ...]:
        return (
            Right("sagemaker:InvokeEndpointAsync", self._arn("sagemaker", f"endpoint/{endpoint.lower()}")),
        )

    def of_request(self, environ: dict[str, Any], service: str) -> tuple[Right, ...]:
        """Of a request that is passed on. The body of SNS and SQS can be read again afterwards."""
        if service == "s3":
            return self._of_s3(environ)
        if service not in ("sns", "sqs"):
            return ()
        name, given = _message(environ)
        resource = self._queue(given) if service == "sqs" else self._topic(given)
        context = {"sns:protocol": given.get("Protocol", ""), "sns:endpoint": given.get("Endpoint", "")}
        return (Right(f"{service}:{_IAM.get(name, name)}", resource, context),)

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:aws:{service}:{self._world.region}:{self._world.account}:{rest}"

    def _resources(self, service: str, name: str, given: Mapping[str, Any]) -> Iterable[str]:
        if service == "sts":
            return [given["RoleArn"]] if "RoleArn" in given else ["*"]
        if service == "sagemaker" and "ResourceArn" in given:
            return [given["ResourceArn"]]
        if service == "sagemaker" and not name.startswith("List"):
            found = [
                self._arn("sagemaker", f"{kind}/{given[key].lower()}")
                for key, kind in _HOSTING
                if key in given
            ]
            return found or ["*"]
        if service == "application-autoscaling" and not name.startswith("Describe"):
            return [self._arn(service, "scalable-target/0a1b2c3d4e5f")]  # nobody knows the id beforehand
        if service == "cloudwatch":
            names = [*given.get("AlarmNames", ()), *([given["AlarmName"]] if "AlarmName" in given else ())]
            return [self._arn(service, f"alarm:{each}") for each in names] or ["*"]
        if service == "logs" and "logGroupName" in given:
            return [self._arn(service, f"log-group:{given['logGroupName']}:*")]
        if service == "athena":
            if "CatalogName" in given:
                return [self._arn(service, f"datacatalog/{given['CatalogName']}")]
            return [self._arn(service, f"workgroup/{given.get('WorkGroup', 'primary')}")]
        return ["*"]

    def _context(self, call: Call) -> dict[str, str]:
        if call.service != "application-autoscaling":
            return {}
        return {
            "application-autoscaling:service-namespace": str(call.params.get("ServiceNamespace", "")),
            "application-autoscaling:scalable-dimension": str(call.params.get("ScalableDimension", "")),
        }

    def _beside(self, service: str, name: str, given: Mapping[str, Any]) -> Iterator[Right]:
        """What AWS checks of whoever calls, beside the call itself."""
        if name == "RegisterScalableTarget":
            named = str(given.get("ResourceId", "")).removeprefix("endpoint/").partition("/")[0]
            endpoint = self._arn("sagemaker", f"endpoint/{named.lower()}")
            yield Right("sagemaker:DescribeEndpoint", endpoint)
            yield Right("sagemaker:UpdateEndpointWeightsAndCapacities", endpoint)
            yield Right("sagemaker:DescribeEndpointConfig", self._arn("sagemaker", "endpoint-config/any"))
        if name == "PutScalingPolicy":
            alarm = self._arn("cloudwatch", f"alarm:TargetTracking-{given.get('ResourceId', '')}-AlarmHigh")
            for each in ("PutMetricAlarm", "DescribeAlarms", "DeleteAlarms"):
                yield Right(f"cloudwatch:{each}", alarm)
        if service == "sagemaker" and name in _TAGGED and given.get("Tags"):
            for resource in self._resources(service, name, given):
                yield Right("sagemaker:AddTags", resource)
        if service == "sagemaker" and name == "CreateModel" and given.get("ExecutionRoleArn"):
            yield Right(
                "iam:PassRole", given["ExecutionRoleArn"], {"iam:passedtoservice": "sagemaker.amazonaws.com"}
            )
        if service == "sagemaker" and name == "CreateEndpoint":
            for topic in self._topics(str(given.get("EndpointConfigName", ""))):
                yield Right("sns:Publish", topic)
        if name == "StartQueryExecution":
            output = str((given.get("ResultConfiguration") or {}).get("OutputLocation", ""))
            bucket, _, prefix = output.removeprefix("s3://").partition("/")
            if bucket:
                yield Right("s3:GetBucketLocation", f"arn:aws:s3:::{bucket}")
                yield Right("s3:PutObject", f"arn:aws:s3:::{bucket}/{prefix}answer.csv")

    def _topics(self, config: str) -> list[str]:
        try:
            settings = self._world.registry.config(config).async_config
        except AwsError:  # the call itself will say that there is none
            return []
        named = ((settings or {}).get("OutputConfig") or {}).get("NotificationConfig") or {}
        return [named[key] for key in ("SuccessTopic", "ErrorTopic") if named.get(key)]

    def _of_s3(self, environ: dict[str, Any]) -> tuple[Right, ...]:
        method, asked = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
        bucket, _, key = unquote(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
        if not bucket:
            return (Right("s3:ListAllMyBuckets"),)
        whole = f"arn:aws:s3:::{bucket}"
        if not key:
            if method == "PUT":
                return (Right("s3:CreateBucket", whole),)
            if method == "DELETE":
                return (Right("s3:DeleteBucket", whole),)
            return (Right("s3:GetBucketLocation" if "location" in asked else "s3:ListBucket", whole),)
        if method == "DELETE":
            action = "s3:AbortMultipartUpload" if "uploadId" in asked else "s3:DeleteObject"
        else:
            action = "s3:PutObject" if method in ("PUT", "POST") else "s3:GetObject"
        return (Right(action, f"{whole}/{key}"),)

    def _queue(self, given: Mapping[str, str]) -> str:
        name = given.get("QueueName") or given.get("QueueUrl", "").rpartition("/")[2]
        return self._arn("sqs", name) if name else "*"

    def _topic(self, given: Mapping[str, str]) -> str:
        named = given.get("TopicArn") or given.get("SubscriptionArn")
        return named or (self._arn("sns", given["Name"]) if "Name" in given else "*")


def _message(environ: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """(operation, its text parameters) of a request to SNS or SQS."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if target:
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            given = {}
        return target, {k: v for k, v in given.items() if isinstance(v, str)} if isinstance(
            given, dict
        ) else {}
    fields = {k: v[0] for k, v in parse_qs(body.decode("utf-8", "replace")).items()}
    return fields.get("Action", ""), fields
