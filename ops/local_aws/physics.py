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
    pools: tuple[str, ...] = ()
    """Instance types by priority; empty where the variant has the one type alone."""

    @property
    def types(self) -> tuple[str, ...]:
        return self.pools or (self.instance_type,)


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
    mix: tuple[tuple[str, int], ...] = ()
    """(type, instances) of each pool, by priority."""


class Instance:
    """One ML instance in service. `busy` counts the requests that it works on."""

    __slots__ = ("busy", "draining", "id", "since", "spread", "type")

    def __init__(self, id: str, since: float, spread: float, type: str) -> None:
        self.id = id
        self.type = type
        self.since = since
        self.spread = spread  # 0..1, makes hosts differ a little in their utilisation
        self.busy = 0
        self.draining = False


class Job:
    """A request inside the event queue; `request` is None for the fleet's own traffic until it must be shown."""

    __slots__ = ("expires", "instance", "outcome", "received", "request", "seq", "service", "started")

    def __init__(self, received: float, service: float, seq: int, expires: float) -> None:
        self.received = received
        self.service = service
        self.seq = seq
        self.expires = expires
        self.request: Request | None = None
        self.outcome = "ok"
        self.instance: Instance | None = None
        self.started = 0.0


DOWNLOAD_S = 0.2
UPLOAD_S = 0.15
TTL_S = 21_600.0
TIMEOUT_S = 900.0
REMOVAL_S = 60.0
"""From the order to scale in until the instance is gone, if it has no work left."""

# Median seconds from order to in service, by family; everything else takes OTHER_PROVISION_S.
PROVISION_S = {
    "ml.g4dn": 255.0,
    "ml.g5": 270.0,
    "ml.g6": 270.0,
    "ml.g6e": 300.0,
    "ml.inf2": 300.0,
    "ml.m5": 180.0,
}
OTHER_PROVISION_S = 260.0
PROVISION_SIGMA = 0.28
PROVISION_RANGE_S = (90.0, 1500.0)
LOADING_S = 25.0
"""An instance writes its first line so long before it is in service."""
REFUSED_AFTER_S = 2040.0
"""How long an order without capacity stays in progress before it fails (34 min in one report)."""

NO_CAPACITY = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)


def provision_median(instance_type: str) -> float:
    return PROVISION_S.get(instance_type.rpartition(".")[0], OTHER_PROVISION_S)
