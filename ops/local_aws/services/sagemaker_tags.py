"""Tags of models, endpoint configurations and endpoints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.local_aws.constraints import check_constraints
from ops.local_aws.errors import validation

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = dict[str, Any]

_ARN = re.compile(r"arn:aws:sagemaker:([^:]+):(\d{12}):(model|endpoint-config|endpoint)/(.+)")


class Tags:
    def __init__(self, world: World) -> None:
        self._world = world
        self._registry = world.registry

    def add_tags(self, params: Params) -> Params:
        """Adds, and overwrites the value of a key that is there already."""
        check_constraints("sagemaker", "AddTags", params)
        arn = self._known(params["ResourceArn"])
        return {"Tags": _pairs(self._registry.add_tags(arn, params["Tags"]))}

    def list_tags(self, params: Params) -> Params:
        """One page holds them all: a resource has at most 50 tags."""
        check_constraints("sagemaker", "ListTags", params)
        return {"Tags": _pairs(self._registry.tags(self._known(params["ResourceArn"])))}

    def delete_tags(self, params: Params) -> Params:
        check_constraints("sagemaker", "DeleteTags", params)
        self._registry.remove_tags(self._known(params["ResourceArn"]), params["TagKeys"])
        return {}

    def _known(self, arn: str) -> str:
        found = _ARN.fullmatch(arn)
        if found is None or found[1] != self._world.region or found[2] != self._world.account:
            raise validation(f'Could not find resource "{arn}".')
        look_up = {
            "model": self._registry.model,
            "endpoint-config": self._registry.config,
            "endpoint": self._registry.endpoint,
        }
        look_up[found[3]](found[4])
        return arn


def _pairs(tags: dict[str, str]) -> list[Params]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
