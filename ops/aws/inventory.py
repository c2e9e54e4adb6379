"""Who uses which configuration and which model, and the tags of what would be deleted. Reads alone, all free."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from cachetools import LRUCache

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


class UserReader:
    """Looks at every configuration once: none of them ever changes. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: LRUCache[tuple[str, datetime], tuple[str, ...]] = LRUCache(2 * MOST_CONFIGS)

    def users(self, reading: Reading, configs: Mapping[str, str]) -> Users:
        """Who uses what. `configs`: that of every endpoint, by its name; empty where that is not known.

        What AWS does not let Ebb read is a problem in the answer. Raises CredentialsProblem, Unreachable, Throttled.
        """
        endpoints: dict[str, list[str]] = {}
        for name, config in sorted(configs.items()):
            endpoints.setdefault(config, []).append(name)
        running = {config: tuple(names) for config, names in endpoints.items() if config}
        try:
            pages = reading.pages("sagemaker", "ListEndpointConfigs", "EndpointConfigs", MaxResults=100)
            listed = [
                (str(w["EndpointConfigName"]), w["CreationTime"]) for w in islice(pages, MOST_CONFIGS + 1)
            ]
            looked_at = listed[:MOST_CONFIGS]
            models = reading.each(lambda key: self._named(reading, key), looked_at)
        except _FATAL:
            raise
        except OpsError as error:
            return Users(running, whole=False, problems=(problem_of("the other configurations", error),))
        named = {name: found for (name, _), found in zip(looked_at, models, strict=True)}
        used: dict[str, list[str]] = {}
        for name, found in named.items():
            for model in found:
                used.setdefault(model, []).append(name)
        by_model = {model: tuple(found) for model, found in used.items()}
        whole = all(configs.values()) and len(listed) <= MOST_CONFIGS
        return Users(running, by_model, named, whole)

    def _named(self, reading: Reading, key: tuple[str, datetime]) -> tuple[str, ...]:
        with self._lock:
            known = self._models.get(key)
        if known is None:
            known = models_of(_described(reading, key[0]))
            with self._lock:
                self._models[key] = known
        return known


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
    """These with their tags, which a description lacks; what could not be read of them. Raises as `UserReader`."""
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
