"""Endpoints: ListEndpoints, DescribeEndpoint, DescribeEndpointConfig (immutable, so cached by name)."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from ops.aws.calls import Reading
from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.instance_types import Configured
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, Problem
from ops.core.words import listed

Described = tuple[Endpoint, tuple[Problem, ...]]
Wire = Mapping[str, Any]

UNDESCRIBED = "the endpoint itself"
CONFIG = "the endpoint's configuration"
VARIANTS = "the other variants"


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of ListEndpoints."""

    name: str
    arn: str
    status: str
    created: datetime
    modified: datetime


class EndpointReader:
    """Reads the endpoints of one account and region. A denied one is a problem on its row, no error."""

    def __init__(self, account: str, region: str, configs_kept: int = 2000) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._configs: LRUCache[str, Wire] = LRUCache(configs_kept)

    def names(self, reading: Reading) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(s.name for s in self.summaries(reading))

    def summaries(self, reading: Reading) -> tuple[Summary, ...]:
        """What ListEndpoints says, by name: free, and it shows which endpoints have changed."""
        wires = reading.pages("sagemaker", "ListEndpoints", "Endpoints", MaxResults=100)
        return tuple(sorted((_summary(w) for w in wires), key=lambda s: s.name))

    def some(self, reading: Reading, summaries: Iterable[Summary]) -> dict[str, Described]:
        """These endpoints, real-time ones too, by name; one that vanished meanwhile is left out."""
        asked = tuple(summaries)
        found = reading.each(lambda s: self._described(reading, s), asked)
        return {s.name: each for s, each in zip(asked, found, strict=True) if each is not None}

    def one(self, reading: Reading, name: str) -> Described | None:
        """One endpoint; None when AWS knows none of that name. Raises OpsError when it cannot be read."""
        try:
            wire = reading.ask("sagemaker", "DescribeEndpoint", EndpointName=name)
        except OpsError as error:
            if is_missing(error):
                return None
            raise
        return self._with_config(reading, wire)

    def _described(self, reading: Reading, summary: Summary) -> Described | None:
        try:
            return self.one(reading, summary.name)
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError as error:
            return undescribed(summary, self._ref(summary.name)), (problem_of(UNDESCRIBED, error),)

    def _with_config(self, reading: Reading, wire: Wire) -> Described:
        config: Wire = {}
        problems: tuple[Problem, ...] = ()
        try:
            config = self._config(reading, str(wire.get("EndpointConfigName") or ""))
        except (CredentialsProblem, Unreachable, Throttled):
            raise
        except OpsError as error:
            problems = (problem_of(CONFIG, error),)
        endpoint = parse_endpoint(wire, config, self._ref(str(wire["EndpointName"])))
        return endpoint, (*problems, *_not_looked_at(endpoint))

    def _config(self, reading: Reading, name: str) -> Wire:
        if not name:
            return {}
        with self._lock:
            known = self._configs.get(name)
        if known is None:
            known = reading.ask("sagemaker", "DescribeEndpointConfig", EndpointConfigName=name)
            with self._lock:
                self._configs[name] = known
        return known

    def _ref(self, name: str) -> EndpointRef:
        return EndpointRef(self._account, self._region, name)


def _summary(wire: Wire) -> Summary:
    return Summary(
        str(wire["EndpointName"]),
        str(wire.get("EndpointArn", "")),
        str(wire.get("EndpointStatus", "")),
        wire["CreationTime"],
        wire["LastModifiedTime"],
    )


def is_missing(error: OpsError) -> bool:
    """Whether AWS says that there is no such thing: a ValidationException, not a code of its own."""
    return (
        error.code in ("ValidationException", "ResourceNotFound") and "could not find" in error.what.lower()
    )


def problem_of(part: str, error: OpsError) -> Problem:
    """An error as a value: what could not be read, why, and what would mend it."""
    action = getattr(error, "action", "")
    return Problem(part, error.what, error.hint, str(action), error.retryable)


def _not_looked_at(endpoint: Endpoint) -> tuple[Problem, ...]:
    """A remark where there is more than the one variant that is shown."""
    if not endpoint.other_variants:
        return ()
    what = f"Only the variant {endpoint.ref.variant} is looked at, not {listed([*endpoint.other_variants])}."
    return (
        Problem(VARIANTS, what, "Look at the instances and the scaling of the others in the AWS console."),
    )


def described_config(reading: Reading, name: str) -> Configured:
    """The type and publish interval that a configuration names, also one that is not in use any more. Raises OpsError.

    Its first variant counts, as everywhere; one that is gone names none, one with pools their types by priority.
    """
    try:
        wire = reading.ask("sagemaker", "DescribeEndpointConfig", EndpointConfigName=name)
    except OpsError as error:
        if is_missing(error):
            return Configured(None)
        raise
    variant: Wire = (wire.get("ProductionVariants") or [{}])[0]
    pools = parse_pools(variant)
    return Configured(variant.get("InstanceType"), wire.get("CreationTime"), _publish_interval(wire), pools)


def undescribed(summary: Summary, ref: EndpointRef) -> Endpoint:
    """What ListEndpoints alone tells: whether it is asynchronous and how many instances run stays unknown."""
    return Endpoint(
        ref=ref,
        arn=summary.arn,
        status=summary.status,
        config_name="",
        instance_type=None,
        current=None,
        desired=None,
        created=summary.created,
        modified=summary.modified,
        async_config=None,
        described=False,
    )


def parse_endpoint(wire: Wire, config: Wire, ref: EndpointRef) -> Endpoint:
    """DescribeEndpoint and its configuration (may be empty) as one Endpoint: the first production variant."""
    variants = wire.get("ProductionVariants") or [{}]
    variant: Wire = variants[0]
    name = str(variant.get("VariantName") or ref.variant)
    configured = [v for v in config.get("ProductionVariants", ()) if v.get("VariantName") == name]
    source: Wire = configured[0] if configured else {}
    mix = tuple(
        (str(pool["InstanceType"]), int(pool["CurrentInstanceCount"]))
        for pool in variant.get("InstancePools") or ()
        if pool.get("CurrentInstanceCount") is not None
    )
    return Endpoint(
        ref=EndpointRef(ref.account, ref.region, ref.name, name),
        arn=str(wire.get("EndpointArn", "")),
        status=str(wire.get("EndpointStatus", "")),
        config_name=str(wire.get("EndpointConfigName", "")),
        instance_type=source.get("InstanceType"),
        current=variant.get("CurrentInstanceCount"),
        desired=variant.get("DesiredInstanceCount"),
        created=wire["CreationTime"],
        modified=wire["LastModifiedTime"],
        async_config=parse_async(wire.get("AsyncInferenceConfig")),
        failure_reason=str(wire.get("FailureReason", "")),
        publish_interval=_publish_interval(wire if wire.get("MetricsConfig") else config),
        config_created=config.get("CreationTime"),
        other_variants=tuple(str(v.get("VariantName", "")) for v in variants[1:]),
        pools=parse_pools(source) or tuple(kind for kind, _ in mix),
        mix=mix,
    )


def parse_pools(variant: Wire) -> tuple[str, ...]:
    """The types of a configured variant's instance pools, by priority; empty where it has none."""
    pools = sorted(variant.get("InstancePools") or (), key=lambda pool: int(pool.get("Priority") or 0))
    return tuple(str(pool["InstanceType"]) for pool in pools)


def _publish_interval(wire: Wire) -> int:
    """Of an endpoint or a configuration; 60 seconds where it says nothing."""
    return int((wire.get("MetricsConfig") or {}).get("MetricPublishFrequencyInSeconds") or 60)


def parse_async(wire: Wire | None) -> AsyncConfig | None:
    if wire is None:
        return None
    output: Wire = wire.get("OutputConfig") or {}
    topics: Wire = output.get("NotificationConfig") or {}
    client: Wire = wire.get("ClientConfig") or {}
    return AsyncConfig(
        output_path=output.get("S3OutputPath"),
        failure_path=output.get("S3FailurePath"),
        success_topic=topics.get("SuccessTopic"),
        error_topic=topics.get("ErrorTopic"),
        max_concurrent=client.get("MaxConcurrentInvocationsPerInstance"),
    )
