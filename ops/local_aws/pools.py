"""Instance pools: the types of a variant by priority, which one is given, and which instances leave last.

Source: developer guide, "Deploy to multiple instance types with instance pools"; docs/model.md says what is assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ops.local_aws.errors import validation

if TYPE_CHECKING:
    from ops.local_aws.physics import Instance

FALLBACK_S = 60.0
"""How long a pool without capacity is tried before the next one."""


def types_of(variant: Mapping[str, Any]) -> tuple[str, ...]:
    """The instance types of a production variant, by priority; its only one where it has no pools."""
    pools = sorted(variant.get("InstancePools", ()), key=lambda pool: int(pool["Priority"]))
    return tuple(pool["InstanceType"] for pool in pools) or (variant["InstanceType"],)


def check(variant: Mapping[str, Any]) -> None:
    """Raise AwsError for pools that AWS refuses. How many, and which priorities, the model's bounds say."""
    name, pools = variant["VariantName"], variant["InstancePools"]
    if "InstanceType" in variant:
        raise validation(f"InstanceType and InstancePools exclude each other (variant {name}).")
    for field in ("Priority", "InstanceType"):
        if len({pool[field] for pool in pools}) < len(pools):
            raise validation(f"Each pool needs its own {field} (variant {name}).")


def given(types: Sequence[str], refused: Collection[str]) -> tuple[str, float] | None:
    """(the first type that has capacity, seconds lost on those before it); None where no type has any."""
    for tried, each in enumerate(types):
        if each not in refused:
            return each, tried * FALLBACK_S
    return None


def by_priority(instances: Iterable[Instance], types: Sequence[str]) -> list[Instance]:
    """By the priority of their types, of one type in the order given: at a scale-in the last ones leave."""
    rank = {each: place for place, each in enumerate(types)}
    return sorted(instances, key=lambda i: rank.get(i.type, len(types)))


def mix(instances: Iterable[Instance], types: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """How many instances of each type there are, by priority; all types of the pools, also those with none."""
    counts = dict.fromkeys(types, 0)
    for each in instances:
        counts[each.type] = counts.get(each.type, 0) + 1
    return tuple(counts.items())
