"""The bill as Cost Explorer sees it: rows with dimensions and tags, filtered by expressions, summed by periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ops.local_aws.bill_book import charges, monthly
from ops.local_aws.bill_lines import quantity
from ops.local_aws.errors import NotOffered, validation

if TYPE_CHECKING:
    from ops.local_aws.world import World

SERVICES = {
    "AmazonSageMaker": "Amazon SageMaker",
    "AmazonS3": "Amazon Simple Storage Service",
    "AmazonCloudWatch": "AmazonCloudWatch",
}
ABSENT = {
    "USAGE_TYPE": "NoUsageType",
    "OPERATION": "NoOperation",
    "INSTANCE_TYPE": "NoInstanceType",
    "RESOURCE_ID": "NoResourceId",
}
"""What Cost Explorer writes where a line has no such value."""
DIMENSIONS = (
    "SERVICE",
    "SERVICE_CODE",
    "USAGE_TYPE",
    "OPERATION",
    "REGION",
    "LINKED_ACCOUNT",
    "RECORD_TYPE",
    "INSTANCE_TYPE",
    "RESOURCE_ID",
)


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that differ in their hour alone. `ticks`: 10⁻¹⁰ units of quantity, from epoch hour `first` on."""

    dims: Mapping[str, str]
    tags: Mapping[str, str]
    unit: str
    first: int
    ticks: npt.NDArray[np.int64]
    rate: Decimal

    def sums(self, edges: Sequence[int]) -> Iterator[tuple[int, Decimal, Decimal]]:
        """(i, quantity, cost) of the periods between `edges` (epoch hours) in which there is any."""
        passed = np.concatenate([[0], np.cumsum(self.ticks)])
        at = np.clip(np.array(edges) - self.first, 0, len(self.ticks))
        found = np.diff(passed[at])
        for i in np.flatnonzero(found).tolist():
            amount = quantity(found[i])
            yield i, amount, amount * self.rate


Test = Callable[[Row], bool]


def rows(world: World, first: int, last: int, until: int) -> Iterator[Row]:
    """What the bill says of the epoch hours [first, last), as far as it is known: before `until`."""
    for charge in charges(world, first, min(last, until)):
        item = charge.item
        dims = _dims(world, item.product_code, "Usage", item.usage_type, item.operation)
        dims |= {"INSTANCE_TYPE": item.instance_type, "RESOURCE_ID": item.resource_id}
        yield Row(_named(dims), item.tags, item.unit, charge.first, charge.ticks, item.rate)
    for line in monthly(world, first, last, until):
        dims = _dims(world, line.product_code, line.line_type, line.usage_type, line.operation)
        one = np.array([10**10], np.int64)
        yield Row(_named(dims), line.tags, "", line.start // 3600, one, line.cost)


def test_of(expression: Mapping[str, Any] | None) -> Test:
    """Whether a row passes a Filter. Raises AwsError for what Cost Explorer refuses."""
    if not expression:
        return lambda row: True
    if len(expression) != 1:
        raise validation(
            "A filter expression has exactly one of And, Or, Not, Dimensions, Tags and CostCategories."
        )
    ((kind, given),) = expression.items()
    if kind in ("And", "Or"):
        if len(given) < 2:
            raise validation(f"{kind} needs at least two expressions.")
        tests = [test_of(each) for each in given]
        join = all if kind == "And" else any
        return lambda row: join(test(row) for test in tests)
    if kind == "Not":
        inner = test_of(given)
        return lambda row: not inner(row)
    if kind == "Dimensions":
        return _dimension_test(given)
    if kind == "Tags":
        return _tag_test(given)
    raise NotOffered(f"filters by {kind}")


def names_resources(expression: Mapping[str, Any] | None) -> bool:
    """Whether a Filter looks at RESOURCE_ID anywhere."""
    if not expression:
        return False
    inside = [*expression.get("And", ()), *expression.get("Or", ())]
    if "Not" in expression:
        inside.append(expression["Not"])
    own = expression.get("Dimensions", {}).get("Key") == "RESOURCE_ID"
    return own or any(names_resources(each) for each in inside)


def offered(dimension: str) -> str:
    if dimension not in DIMENSIONS:
        raise NotOffered(f"the dimension {dimension} of Cost Explorer")
    return dimension


def _dimension_test(given: Mapping[str, Any]) -> Test:
    if "Key" not in given or not given.get("Values"):
        raise validation("A dimension filter needs a Key and Values.")
    key, values = offered(given["Key"]), frozenset(given["Values"])
    _check_match(given, ("EQUALS", "CASE_SENSITIVE"))
    return lambda row: row.dims[key] in values


def _tag_test(given: Mapping[str, Any]) -> Test:
    if "Key" not in given:
        raise validation("A tag filter needs a Key.")
    key, values = given["Key"], frozenset(given.get("Values", ()))
    options = _check_match(given, ("EQUALS", "CASE_SENSITIVE", "ABSENT"))
    if "ABSENT" in options:
        return lambda row: not row.tags.get(key)
    if not values:
        raise validation("A tag filter needs Values, or the match option ABSENT.")
    return lambda row: row.tags.get(key, "") in values


def _check_match(given: Mapping[str, Any], known: Sequence[str]) -> Sequence[str]:
    options: Sequence[str] = given.get("MatchOptions") or ()
    for option in options:
        if option not in known:
            raise validation(f"MatchOptions {option} is not supported here; supported: {', '.join(known)}.")
    return options


def _dims(world: World, code: str, record: str, usage: str, operation: str) -> dict[str, str]:
    return {
        "SERVICE": "Tax" if record == "Tax" else SERVICES[code],
        "SERVICE_CODE": code,
        "USAGE_TYPE": usage,
        "OPERATION": operation,
        "REGION": world.region,
        "LINKED_ACCOUNT": world.account,
        "RECORD_TYPE": record,
        "INSTANCE_TYPE": "",
        "RESOURCE_ID": "",
    }


def _named(dims: Mapping[str, str]) -> dict[str, str]:
    return {key: value or ABSENT.get(key, "") for key, value in dims.items()}
