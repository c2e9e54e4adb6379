"""Where the rights of a policy reach: account, region, buckets, topics; and the ARNs that follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ops.core.errors import BadInput
from ops.core.fix_calls import DIMENSION, NAMESPACE
from ops.core.permissions.row import Scope

Condition = dict[str, dict[str, str]]

BUCKET, TOPIC = "YOUR-RESULT-BUCKET", "YOUR-TOPIC-OF-NOTICES"
EXPORT, ANSWERS = "YOUR-EXPORT-BUCKET", "YOUR-ATHENA-RESULTS-BUCKET"
DATABASE, TABLE = "YOUR-DATABASE", "YOUR-TABLE"
"""Stand in a policy for what was not named. No new bucket can be called so: capitals are not allowed."""
STAND_INS = (BUCKET, TOPIC, EXPORT, ANSWERS, DATABASE, TABLE)
_ACCOUNT, _REGION = re.compile(r"\d{12}", re.ASCII), re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")  # old ones may have capitals
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+", re.ASCII)
_LINKED = "sagemaker.application-autoscaling.amazonaws.com"
INPUTS = "ebb-input"
"""Prefix of the inputs that Ebb uploads, in the bucket of the endpoint's output path unless another is named."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the rights of a policy reach. `*` and empty: not named.

    `buckets`: of results and inputs, by name. `topic`: of notices, its ARN. `export`, `answers`: S3 addresses of the
    bill export and of Athena's answers. `table`: "database.table". `roles`: ARNs of execution roles. `assume`: ARNs of
    the roles that Ebb assumes; where none is named, nothing has to be allowed for it.
    """

    account: str = "*"
    region: str = "*"
    buckets: tuple[str, ...] = ()
    topic: str = ""
    export: str = ""
    answers: str = ""
    table: str = ""
    workgroup: str = "primary"
    roles: tuple[str, ...] = ()
    assume: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """Of AWS: China and GovCloud have their own ARNs."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def given(self, **better: str | tuple[str, ...]) -> Places:
        """The same with what is named here; what is empty stays as it was."""
        return replace(self, **{name: value for name, value in better.items() if value})  # type: ignore[arg-type]

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def s3(self, address: str) -> str:
        """The ARN of a bucket, or of objects in one."""
        return f"arn:{self.partition}:s3:::{address}"


def places_of(
    *,
    topic: str | None = None,
    export: str | None = None,
    answers: str | None = None,
    table: str | None = None,
    workgroup: str = "primary",
) -> Places:
    """What settings name; an export in files of this machine needs no right."""
    lies = export if export is not None and export.startswith("s3://") else ""
    return Places(
        topic=topic or "", export=lies, answers=answers or "", table=table or "", workgroup=workgroup
    )


def checked(places: Places) -> Places:
    """The same. Raises BadInput where a part of it cannot be."""
    roles = (*places.roles, *places.assume)
    wrong = [
        (places.account, _ACCOUNT, "an account", "Give its twelve digits, such as 123456789012."),
        (places.region, _REGION, "a region", "Give one such as eu-central-1."),
        (places.topic, _TOPIC, "the ARN of an SNS topic", "It begins with arn:aws:sns:."),
        *((b, _BUCKET, "the name of a bucket", "Give it without s3:// and without a path.") for b in places.buckets),
        *((r, _ROLE, "the ARN of a role", "It is like arn:aws:iam::123456789012:role/name.") for r in roles),
    ]  # fmt: skip
    for given, pattern, what, hint in wrong:
        if given not in ("", "*") and not pattern.fullmatch(given):
            raise BadInput(f"{given!r} is not {what}.", hint)
    for address in (places.export, places.answers):
        if address and not _BUCKET.fullmatch(_parts(address)[0]):
            raise BadInput(f"{address!r} is not an address in S3.", "Give one like s3://bucket/prefix/.")
    if places.table and places.table.count(".") != 1:
        raise BadInput(f"{places.table!r} is not a table.", "Give it as database.table.")
    return places


def reach(scope: Scope, places: Places) -> tuple[list[str], Condition]:
    """The resources of a scope, and the conditions that narrow it."""
    narrowed = _CONDITIONS.get(scope)
    return _RESOURCES[scope](places), narrowed(places) if narrowed is not None else {}


def _parts(address: str) -> tuple[str, str]:
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def _bucket(address: str, instead: str) -> Callable[[Places], list[str]]:
    def of(places: Places) -> list[str]:
        given = getattr(places, address)
        return [places.s3(_parts(given)[0] if given else instead)]

    return of


def _objects(address: str, instead: str) -> Callable[[Places], list[str]]:
    def of(places: Places) -> list[str]:
        given = getattr(places, address)
        bucket, prefix = _parts(given) if given else (instead, "")
        return [places.s3(f"{bucket}/{prefix}*")]

    return of


def _results(rest: str) -> Callable[[Places], list[str]]:
    return lambda p: [p.s3(f"{bucket}{rest}") for bucket in p.buckets or (BUCKET,)]


def _tables(places: Places) -> list[str]:
    """A table with what it is in; Athena looks into the database `default` as well."""
    database, _, table = (places.table or f"{DATABASE}.{TABLE}").partition(".")
    databases = dict.fromkeys(("default", database))
    rests = ("catalog", *(f"database/{name}" for name in databases), f"table/{database}/{table}")
    return [places.arn("glue", rest) for rest in rests]


def _of(service: str, *rests: str) -> Callable[[Places], list[str]]:
    return lambda places: [places.arn(service, rest) for rest in rests]


_RESOURCES: Mapping[Scope, Callable[[Places], list[str]]] = {
    Scope.ANY: lambda _: ["*"],
    Scope.ROLES: lambda p: [*p.assume],
    Scope.HOSTING: _of("sagemaker", "endpoint/*", "endpoint-config/*", "model/*"),
    Scope.ENDPOINTS: _of("sagemaker", "endpoint/*"),
    Scope.TARGETS: _of("application-autoscaling", "scalable-target/*"),
    Scope.ALARMS: _of("cloudwatch", "alarm:*"),
    Scope.LOGS: _of("logs", "log-group:/aws/sagemaker/Endpoints/*"),
    Scope.BUCKETS: _results(""),
    Scope.OBJECTS: _results("/*"),
    Scope.INPUTS: _results(f"/{INPUTS}/*"),
    Scope.TOPICS: _of("sns", "*"),
    Scope.SUBSCRIPTIONS: _of("sns", "*"),
    Scope.NOTICES: lambda p: [p.topic or p.arn("sns", TOPIC)],
    Scope.QUEUES: _of("sqs", "ebb-*"),
    Scope.EXECUTION: lambda p: [*p.roles] or [f"arn:{p.partition}:iam::{p.account}:role/*"],
    Scope.LINKED_ROLE: lambda p: [f"arn:{p.partition}:iam::{p.account}:role/aws-service-role/{_LINKED}/*"],
    Scope.EXPORT_BUCKET: _bucket("export", EXPORT),
    Scope.EXPORT: _objects("export", EXPORT),
    Scope.ANSWERS_BUCKET: _bucket("answers", ANSWERS),
    Scope.ANSWERS: _objects("answers", ANSWERS),
    Scope.WORKGROUP: lambda p: [p.arn("athena", f"workgroup/{p.workgroup}")],
    # both spellings: resources are compared to the letter, and PyAthena asks for the second one
    Scope.CATALOG: _of("athena", "datacatalog/AwsDataCatalog", "datacatalog/awsdatacatalog"),
    Scope.TABLES: _tables,
}
_CONDITIONS: Mapping[Scope, Callable[[Places], Condition]] = {
    Scope.TARGETS: lambda _: {
        "StringEquals": {
            "application-autoscaling:service-namespace": NAMESPACE,
            "application-autoscaling:scalable-dimension": DIMENSION,
        }
    },
    Scope.SUBSCRIPTIONS: lambda p: {
        "StringEquals": {"sns:Protocol": "sqs"},
        "StringLike": {"sns:Endpoint": p.arn("sqs", "ebb-*")},
    },
    Scope.EXECUTION: lambda _: {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    Scope.LINKED_ROLE: lambda _: {"StringEquals": {"iam:AWSServiceName": _LINKED}},
}
