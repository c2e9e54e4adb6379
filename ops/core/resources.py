"""What SageMaker holds for an endpoint: its models, its configuration, itself; each as a part of a set-up.

Parameters are those of CreateModel, CreateEndpointConfig and CreateEndpoint, without the name and without what AWS
takes anyway (its defaults), so that what was asked for and what is described compare. Source: the API reference of
SageMaker, facts A.6.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MODEL, CONFIG, ENDPOINT = "model", "endpoint-config", "endpoint"
KINDS = (MODEL, CONFIG, ENDPOINT)
"""In the order in which they are made; what is removed goes the other way."""
FAILED = "Failed"
UNSETTLED = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
"""What an endpoint is while AWS works on it: it can be neither scaled nor deleted then."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One of `KINDS`. `tags` (key, value) are given when it is made; they are not compared."""

    kind: str
    name: str
    parameters: Mapping[str, Any]
    tags: tuple[tuple[str, str], ...] = ()
    status: str = ""
    """Of an endpoint: its EndpointStatus where it was read."""
    reason: str = ""
    """Of an endpoint that has failed: what AWS says about it."""
    created: datetime | None = field(default=None, compare=False)
    """When it was made, where it was read."""

    @property
    def key(self) -> str:
        """Its name among the parts of a set-up: "endpoint doc-async"."""
        return f"{self.kind} {self.name}"

    @property
    def compared(self) -> dict[str, Any]:
        """What counts when two are compared: an endpoint that has failed is not one that serves."""
        failed = {"EndpointStatus": FAILED} if self.status == FAILED else {}
        return dict(self.parameters) | failed


@dataclass(frozen=True, slots=True)
class Container:
    """What a model runs: an image, where its weights lie, and its environment."""

    image: str
    model_data: str = ""
    environment: tuple[tuple[str, str], ...] = field(default=())


def model(name: str, container: Container, role: str, tags: Iterable[tuple[str, str]] = ()) -> Resource:
    """A model of one container. `role`: the ARN of the execution role."""
    holds: dict[str, Any] = {"Image": container.image}
    if container.model_data:
        holds["ModelDataUrl"] = container.model_data
    if container.environment:
        holds["Environment"] = dict(container.environment)
    return Resource(MODEL, name, {"PrimaryContainer": holds, "ExecutionRoleArn": role}, tuple(tags))


def endpoint_config(
    name: str,
    variant: Mapping[str, Any],
    asynchronous: Mapping[str, Any] | None = None,
    tags: Iterable[tuple[str, str]] = (),
) -> Resource:
    """A configuration with one production variant. `asynchronous`: its AsyncInferenceConfig; None is real-time."""
    parameters: dict[str, Any] = {"ProductionVariants": [dict(variant)]}
    if asynchronous is not None:
        parameters["AsyncInferenceConfig"] = dict(asynchronous)
    return Resource(CONFIG, name, parameters, tuple(tags))


def endpoint(name: str, config: str, tags: Iterable[tuple[str, str]] = ()) -> Resource:
    """An endpoint that runs a configuration."""
    return Resource(ENDPOINT, name, {"EndpointConfigName": config}, tuple(tags))


def of_kind(key: str) -> tuple[str, str] | None:
    """(kind, name) of a part that is a resource, else None."""
    kind, _, name = key.partition(" ")
    return (kind, name) if kind in KINDS and name else None
