"""How many instances of a type the account may run for endpoints: "<type> for endpoint usage"."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

import botocore.loaders
from botocore.model import ServiceModel

if TYPE_CHECKING:
    from ops.local_aws.world import World

# Plausible account defaults by family; AWS's own differ by account and age. Families not named: 0, as AWS
# has it for the scarce large GPUs (facts E.7).
_FAMILIES = {
    "g5": 16, "g4dn": 8, "g6": 8, "inf1": 4, "inf2": 4, "trn1": 1, "p2": 1, "p3": 1, "p3dn": 0,
    "t2": 20, "m4": 20, "m5": 20, "m5d": 20, "m6g": 20, "m6gd": 20, "m6i": 20, "m7i": 20,
    "c4": 20, "c5": 20, "c5d": 20, "c6g": 20, "c6gd": 20, "c6gn": 20, "c6i": 20, "c6in": 20,
    "c7g": 20, "c7i": 20,
    "r5": 10, "r5d": 10, "r6g": 10, "r6gd": 10, "r6i": 10, "r7i": 10,
}  # fmt: skip
_LARGE = ("12xlarge", "16xlarge", "24xlarge", "32xlarge", "48xlarge", "metal")


@cache
def hosted_types() -> tuple[str, ...]:
    """Every instance type that botocore's model knows for endpoints, by name."""
    model = ServiceModel(botocore.loaders.Loader().load_service_model("sagemaker", "service-2"), "sagemaker")
    return tuple(sorted(model.shape_for("ProductionVariantInstanceType").enum))


def default_limit(instance_type: str) -> int:
    """The limit of a fresh account."""
    _, family, size = instance_type.split(".", 2)
    limit = _FAMILIES.get(family, 0)
    return min(limit, 2) if size in _LARGE else limit


def quota_name(instance_type: str) -> str:
    return f"{instance_type} for endpoint usage"


def quota_code(instance_type: str) -> str:
    """Stable and unique here; not AWS's own code."""
    return "L-" + hashlib.sha256(quota_name(instance_type).encode()).hexdigest()[:8].upper()


class QuotaBook:
    """The account's applied limits. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._set: dict[str, int] = {}

    def limit(self, instance_type: str) -> int:
        """Most instances of `instance_type` that all endpoints together may run."""
        found = self._set.get(instance_type)
        return default_limit(instance_type) if found is None else found

    def set(self, instance_type: str, limit: int) -> None:
        """A limit of the account's own (stories, the control path)."""
        if limit < 0:
            raise ValueError("a quota cannot be negative")
        if len(instance_type.split(".")) != 3:
            raise ValueError(f"{instance_type!r} is not an instance type like ml.g5.xlarge")
        self._set[instance_type] = limit

    def types(self) -> list[str]:
        """All types with a limit, by name."""
        return sorted({*hosted_types(), *self._set})
