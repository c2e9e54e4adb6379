"""What moves: requests, instances, and the specification of an endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AsyncSettings:
    output_path: str
    failure_path: str | None = None
    success_topic: str | None = None
    error_topic: str | None = None
    include_success: bool = False
    """Whether the inference response goes into the success message (IncludeInferenceResponseIn)."""
    include_error: bool = False


@dataclass(frozen=True, slots=True)
class EndpointSpec:
    """What an endpoint configuration says about its one variant."""

    name: str
    config_name: str
    variant: str
    instance_type: str
    initial_count: int
    concurrency: int
    """Requests per instance at a time (MaxConcurrentInvocationsPerInstance)."""
    async_settings: AsyncSettings | None
    publish_interval: int = 60


@dataclass(slots=True)
class Request:
    """One asynchronous request on its way. Times are epoch seconds."""

    id: str
    received: float
    service_s: float
    """What the container takes."""
    ttl_s: float = 21600.0
    timeout_s: float = 900.0
    input_location: str = ""
    output_location: str = ""
    failure_location: str = ""
    content_type: str = "application/json"
    accept: str = "application/json"
    custom_attributes: str = ""
    outcome: str = "ok"
    """What will become of it: ok | model_error | input_missing."""
    download_s: float = 0.2
    upload_s: float = 0.15
    started: float = 0.0
    story: bool = False
    """From the fleet's own traffic rather than from a client."""


@dataclass(slots=True)
class EndpointStatus:
    """What DescribeEndpoint tells. Times are epoch seconds."""

    name: str
    spec: EndpointSpec
    status: str
    current: int
    desired: int
    created: float
    modified: float
    failure_reason: str = ""
    variant_status: list[tuple[str, str, float]] = field(default_factory=list)
    """(status, message, start) of the variant, while something is under way."""
