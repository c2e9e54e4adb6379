"""What SageMaker keeps on record: models, endpoint configurations, endpoints and their tags.

What moves (status, counts) lives in the fleet. Times are seconds since the epoch; parameters are the wire's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ops.local_aws.errors import validation
from ops.local_aws.physics import AsyncSettings, EndpointSpec
from ops.local_aws.pools import types_of

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]

DEFAULT_CONCURRENCY = 4
"""Requests per instance where the configuration names none. AWS "chooses an optimal value", undocumented."""
MAX_TAGS = 50


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    params: Params
    created: float


@dataclass(frozen=True, slots=True)
class Config:
    """An endpoint configuration. It never changes."""

    name: str
    params: Params
    created: float

    @property
    def variant(self) -> Params:
        """The first production variant, of which there is exactly one wherever an endpoint runs."""
        first: Params = self.params["ProductionVariants"][0]
        return first

    @property
    def async_config(self) -> Params | None:
        return self.params.get("AsyncInferenceConfig")


@dataclass(frozen=True, slots=True)
class Deployment:
    """What runs behind an endpoint, from the moment that its creation or update is through."""

    config: Config
    """Kept here, since a configuration may be deleted while an endpoint uses it."""
    images: tuple[tuple[str, str], ...]
    """(as the model names it, with the digest that it resolved to)."""
    resolved: float
    """When the images were resolved."""
    weight: float
    how: Params
    """The DeploymentConfig of the call."""


@dataclass(slots=True)
class Endpoint:
    name: str
    created: float
    deployment: Deployment
    pending: Deployment | None = None
    """What an update under way will put in its place."""

    @property
    def config(self) -> Config:
        return self.deployment.config


class Registry:
    """Records by name. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._models: dict[str, Model] = {}
        self._configs: dict[str, Config] = {}
        self._endpoints: dict[str, Endpoint] = {}
        self._tags: dict[str, dict[str, str]] = {}

    # Models and configurations

    def models(self) -> list[Model]:
        return list(self._models.values())

    def model(self, name: str) -> Model:
        if name not in self._models:
            raise validation(f'Could not find model "{self.arn("model", name)}".')
        return self._models[name]

    def add_model(self, params: Params, at: float) -> Model:
        """Record what CreateModel was given. Raises AwsError when the name is taken."""
        name = params["ModelName"]
        if name in self._models:
            raise validation(f'Cannot create already existing model "{self.arn("model", name)}".')
        self.add_tags(self.arn("model", name), params.get("Tags", ()))
        self._models[name] = Model(name, _without_tags(params), at)
        return self._models[name]

    def remove_model(self, name: str) -> None:
        self.model(name)
        del self._models[name]
        self._tags.pop(self.arn("model", name), None)

    def configs(self) -> list[Config]:
        return list(self._configs.values())

    def config(self, name: str) -> Config:
        if name not in self._configs:
            arn = self.arn("endpoint-config", name)
            raise validation(f'Could not find endpoint configuration "{arn}".')
        return self._configs[name]

    def add_config(self, params: Params, at: float) -> Config:
        """Record what CreateEndpointConfig was given. Raises AwsError when the name is taken."""
        name = params["EndpointConfigName"]
        arn = self.arn("endpoint-config", name)
        if name in self._configs:
            raise validation(f'Cannot create already existing endpoint configuration "{arn}".')
        self.add_tags(arn, params.get("Tags", ()))
        self._configs[name] = Config(name, _without_tags(params), at)
        return self._configs[name]

    def remove_config(self, name: str) -> None:
        self.config(name)
        del self._configs[name]
        self._tags.pop(self.arn("endpoint-config", name), None)

    # Endpoints

    def endpoints(self) -> list[Endpoint]:
        return list(self._endpoints.values())

    def endpoint(self, name: str) -> Endpoint:
        """Raises AwsError when there is no such endpoint."""
        if name not in self._endpoints:
            raise validation(f'Could not find endpoint "{self.arn("endpoint", name)}".')
        return self._endpoints[name]

    def add_endpoint(self, name: str, deployment: Deployment, at: float, tags: Iterable[Params] = ()) -> None:
        """Record the endpoint and set it going. Raises AwsError (name taken, quota, tags)."""
        arn = self.arn("endpoint", name)
        if name in self._endpoints:
            raise validation(f'Cannot create already existing endpoint "{arn}".')
        tagged = self._merged(arn, tags)
        self._world.fleet.create(self.spec(name, deployment.config), at)
        self._endpoints[name] = Endpoint(name, at, deployment)
        if tagged:
            self._tags[arn] = tagged

    def deployment(self, config: Config, at: float, weight: float | None, how: Params) -> Deployment:
        """Raises AwsError when the model is gone. `weight` None takes the configuration's."""
        given = float(config.variant["InitialVariantWeight"]) if weight is None else weight
        return Deployment(config, self._images(config), at, given, how)

    def endpoint_updated(self, name: str, config_name: str, at: float) -> None:
        """The fleet says: the update to this configuration is through."""
        endpoint = self.endpoint(name)
        if endpoint.pending is not None and endpoint.pending.config.name == config_name:
            endpoint.deployment = replace(endpoint.pending, resolved=at)
        endpoint.pending = None

    def endpoint_gone(self, name: str) -> None:
        """The fleet says: the endpoint is deleted."""
        self._endpoints.pop(name, None)
        self._tags.pop(self.arn("endpoint", name), None)

    def spec(self, name: str, config: Config) -> EndpointSpec:
        """What the fleet has to know of an endpoint called `name` with this configuration."""
        variant = config.variant
        wanted = config.async_config
        concurrency = DEFAULT_CONCURRENCY
        if wanted is not None:
            client = wanted.get("ClientConfig", {})
            concurrency = client.get("MaxConcurrentInvocationsPerInstance", DEFAULT_CONCURRENCY)
        metrics = config.params.get("MetricsConfig", {})
        return EndpointSpec(
            name=name,
            config_name=config.name,
            variant=variant["VariantName"],
            instance_type=types_of(variant)[0],
            initial_count=variant["InitialInstanceCount"],
            concurrency=concurrency,
            async_settings=None if wanted is None else _settings(wanted),
            publish_interval=metrics.get("MetricPublishFrequencyInSeconds", 60),
            pools=types_of(variant) if "InstancePools" in variant else (),
        )

    def _images(self, config: Config) -> tuple[tuple[str, str], ...]:
        params = self.model(config.variant["ModelName"]).params
        containers = params.get("Containers") or [params["PrimaryContainer"]]
        named = [container["Image"] for container in containers if "Image" in container]
        return tuple((image, _resolved(image)) for image in named)

    def backdate(self, at: float) -> None:
        """Everything that there is was created at `at` (epoch seconds)."""
        self._models = {name: replace(model, created=at) for name, model in self._models.items()}
        self._configs = {name: replace(config, created=at) for name, config in self._configs.items()}
        for endpoint in self._endpoints.values():
            endpoint.created = at
            config = self._configs[endpoint.config.name]
            endpoint.deployment = replace(endpoint.deployment, config=config, resolved=at)

    # Tags

    def arn(self, kind: str, name: str) -> str:
        """`kind` is endpoint, endpoint-config or model."""
        return self._world.arn("sagemaker", f"{kind}/{name}")

    def tags(self, arn: str) -> dict[str, str]:
        return dict(self._tags.get(arn, {}))

    def tagged(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Every resource that has tags or had them: (ARN, tags)."""
        for arn, tags in self._tags.items():
            yield arn, dict(tags)

    def add_tags(self, arn: str, tags: Iterable[Params]) -> dict[str, str]:
        """Add or overwrite. Raises AwsError for a reserved key or more than 50 tags on a resource."""
        merged = self._merged(arn, tags)
        if merged:
            self._tags[arn] = merged
        return dict(merged)

    def _merged(self, arn: str, tags: Iterable[Params]) -> dict[str, str]:
        merged = self.tags(arn)
        for tag in tags:
            if tag["Key"].lower().startswith("aws:"):
                raise validation(f'Tag keys that start with "aws:" are reserved: "{tag["Key"]}".')
            merged[tag["Key"]] = tag["Value"]
        if len(merged) > MAX_TAGS:
            raise validation(f"A resource can have at most {MAX_TAGS} tags.")
        return merged

    def remove_tags(self, arn: str, keys: Iterable[str]) -> None:
        for key in keys:
            self._tags.get(arn, {}).pop(key, None)


def _without_tags(params: Params) -> dict[str, Any]:
    return {name: value for name, value in params.items() if name != "Tags"}


def _resolved(image: str) -> str:
    repository = image.partition("@")[0]
    head, slash, tail = repository.rpartition("/")
    return f"{head}{slash}{tail.partition(':')[0]}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _settings(wanted: Params) -> AsyncSettings:
    output = wanted["OutputConfig"]
    notify = output.get("NotificationConfig", {})
    include = notify.get("IncludeInferenceResponseIn", ())
    return AsyncSettings(
        output_path=output.get("S3OutputPath", ""),
        failure_path=output.get("S3FailurePath"),
        success_topic=notify.get("SuccessTopic"),
        error_topic=notify.get("ErrorTopic"),
        include_success="SUCCESS_NOTIFICATION_TOPIC" in include,
        include_error="ERROR_NOTIFICATION_TOPIC" in include,
    )
