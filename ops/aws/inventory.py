"""Who uses which configuration and which model, and the tags of what would be deleted. Reads alone, all free."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from ops.aws.calls import Reading
from ops.aws.endpoints import is_missing, problem_of
from ops.core.errors import CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource
from ops.core.types import Problem

MOST_CONFIGS = 1000
"""Configurations that are looked at; an account that keeps more of them is not looked at as a whole."""
_FATAL = (CredentialsProblem, Unreachable, Throttled)
_DESCRIBE = {
    MODEL: ("DescribeModel", "ModelName", "ModelArn"),
    CONFIG: ("DescribeEndpointConfig", "EndpointConfigName", "EndpointConfigArn"),
    ENDPOINT: ("DescribeEndpoint", "EndpointName", "EndpointArn"),
}


@dataclass(frozen=True, slots=True)
class Users:
    """Of an account and region: endpoints by configuration, configurations by model."""

    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    configs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By configuration: those that it names."""
    whole: bool = True
    problems: tuple[Problem, ...] = ()


def users(reading: Reading, configs: Mapping[str, str]) -> Users:
    """Who uses what. `configs`: the configuration of every endpoint, by its name; empty where that is not known.

    What AWS does not let Ebb read is a problem in the answer. Raises CredentialsProblem, Unreachable, Throttled.
    """
    endpoints: dict[str, list[str]] = {}
    for name, config in sorted(configs.items()):
        endpoints.setdefault(config, []).append(name)
    running = {config: tuple(names) for config, names in endpoints.items() if config}
    known = all(configs.values())
    try:
        listed = reading.pages("sagemaker", "ListEndpointConfigs", "EndpointConfigs", MaxResults=100)
        names = [str(wire["EndpointConfigName"]) for wire in islice(listed, MOST_CONFIGS + 1)]
        models = reading.each(lambda name: models_of(_described(reading, name)), names[:MOST_CONFIGS])
    except _FATAL:
        raise
    except OpsError as error:
        return Users(running, whole=False, problems=(problem_of("the other configurations", error),))
    used: dict[str, list[str]] = {}
    for name, found in zip(names, models, strict=False):
        for model in found:
            used.setdefault(model, []).append(name)
    by_model = {model: tuple(found) for model, found in used.items()}
    named = dict(zip(names, models, strict=False))
    return Users(running, by_model, named, whole=known and len(names) <= MOST_CONFIGS)


def models_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The models that a configuration names, each once."""
    variants = [*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ())]
    return tuple(dict.fromkeys(str(v["ModelName"]) for v in variants if v.get("ModelName")))


def _described(reading: Reading, config: str) -> Mapping[str, Any]:
    try:
        return reading.ask("sagemaker", "DescribeEndpointConfig", EndpointConfigName=config)
    except OpsError as error:
        if is_missing(error):  # deleted since it was listed
            return {}
        raise


def tagged(
    reading: Reading, resources: Iterable[Resource]
) -> tuple[tuple[Resource, ...], tuple[Problem, ...]]:
    """These with their tags, which a description lacks; what could not be read of them. Raises as `users`."""
    found: list[Resource] = []
    problems: list[Problem] = []
    for each in resources:
        operation, key, arn = _DESCRIBE[each.kind]
        try:
            wire = reading.ask("sagemaker", operation, **{key: each.name})
            pages = reading.pages("sagemaker", "ListTags", "Tags", ResourceArn=str(wire[arn]))
            tags = tuple((str(tag["Key"]), str(tag["Value"])) for tag in pages)
        except _FATAL:
            raise
        except OpsError as error:
            found.append(each)
            problems.append(problem_of("tags", error))
            continue
        own = tuple((key, value) for key, value in tags if not key.lower().startswith("aws:"))
        found.append(replace(each, tags=own))
    return tuple(found), tuple(dict.fromkeys(problems))
