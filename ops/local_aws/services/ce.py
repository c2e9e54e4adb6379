"""Cost Explorer over the bill book: a day late, estimated until the month is closed, numbers as strings."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ops.local_aws import tokens
from ops.local_aws.bill_lines import HOUR_S
from ops.local_aws.constraints import check_constraints
from ops.local_aws.cost_periods import LAG_H, Periods, read
from ops.local_aws.cost_rows import Row, names_resources, offered, rows, test_of
from ops.local_aws.errors import AwsError, NotOffered, validation

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]
Keys = tuple[str, ...]

COSTS = ("UnblendedCost", "BlendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
"""All the same here: there is no savings plan, no reservation and no discount."""
METRICS = (*COSTS, "UsageQuantity", "NormalizedUsageAmount")
PAGE_GROUPS = 1000
"""A page ends with the period that brings it to so many groups."""
PAGE_VALUES = 1000
MOST_GROUPS_BY = 2
_BAD_TOKEN = ("InvalidNextTokenException", "The pagination token is invalid.")


@dataclass(slots=True)
class _Sum:
    quantity: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    units: set[str] = field(default_factory=set)

    def add(self, quantity: Decimal, cost: Decimal, unit: str) -> None:
        self.quantity += quantity if unit else 0
        self.cost += cost
        if unit:
            self.units.add(unit)

    def metric(self, name: str) -> dict[str, str]:
        if name in COSTS:
            return {"Amount": _plain(self.cost), "Unit": "USD"}
        if name == "UsageQuantity":
            return {"Amount": _plain(self.quantity), "Unit": next(iter(self.units)) if self._one else "N/A"}
        return {"Amount": "0", "Unit": "N/A"}

    @property
    def _one(self) -> bool:
        return len(self.units) == 1


class CostExplorer:
    def __init__(self, world: World) -> None:
        self._world = world

    def get_cost_and_usage(self, params: Params) -> dict[str, Any]:
        check_constraints("ce", "GetCostAndUsage", params)
        if names_resources(params.get("Filter")) or _groups_by(params, "RESOURCE_ID"):
            raise validation("RESOURCE_ID is a dimension of GetCostAndUsageWithResources only.")
        return self._answer(params, read(params["TimePeriod"], params["Granularity"], self._world.now()))

    def get_cost_and_usage_with_resources(self, params: Params) -> dict[str, Any]:
        """Days and months only: hourly resource data is Amazon EC2's alone."""
        check_constraints("ce", "GetCostAndUsageWithResources", params)
        if not names_resources(params["Filter"]) and not _groups_by(params, "RESOURCE_ID"):
            raise validation("Group by RESOURCE_ID, or filter by it.")
        if params["Granularity"] == "HOURLY":
            raise validation("Hourly resource-level data is available for Amazon EC2 only.")
        periods = read(params["TimePeriod"], params["Granularity"], self._world.now(), recent=True)
        return self._answer(params, periods)

    def get_dimension_values(self, params: Params) -> dict[str, Any]:
        check_constraints("ce", "GetDimensionValues", params)
        if params.get("Context", "COST_AND_USAGE") != "COST_AND_USAGE":
            raise NotOffered(f"the context {params['Context']} of GetDimensionValues")
        tokens.only(
            params,
            frozenset(
                {
                    "SearchString",
                    "TimePeriod",
                    "Dimension",
                    "Context",
                    "Filter",
                    "MaxResults",
                    "NextPageToken",
                }
            ),
            "GetDimensionValues",
        )
        dimension = offered(params["Dimension"])
        found = self._values(params, lambda row: [row.dims[dimension]], recent=dimension == "RESOURCE_ID")
        about = {"description": self._world.account} if dimension == "LINKED_ACCOUNT" else {}
        return self._listed(
            params, "DimensionValues", [{"Value": value, "Attributes": about} for value in found]
        )

    def get_tags(self, params: Params) -> dict[str, Any]:
        """The keys of cost-allocation tags, or the values of one; all keys are activated here."""
        check_constraints("ce", "GetTags", params)
        known = {"SearchString", "TimePeriod", "TagKey", "Filter", "MaxResults", "NextPageToken"}
        tokens.only(params, frozenset(known), "GetTags")
        key = params.get("TagKey")
        return self._listed(
            params,
            "Tags",
            self._values(params, lambda row: row.tags if key is None else [row.tags.get(key, "")]),
        )

    def _answer(self, params: Params, periods: Periods) -> dict[str, Any]:
        if params.get("BillingViewArn"):
            raise NotOffered("billing views")
        wanted, groups = _metrics(params), _groupings(params)
        digest = _digest(params)
        skip, until = self._place(params, digest)
        sums = self._sums(params, periods, groups, until)
        results: list[dict[str, Any]] = []
        shown, i, count = 0, skip, len(periods.edges) - 1
        while i < count and shown < PAGE_GROUPS:
            result: dict[str, Any] = {
                "TimePeriod": periods.text(i),
                "Total": {},
                "Groups": [],
                "Estimated": periods.estimated(i, self._world.now()),
            }
            if groups:
                result["Groups"] = [
                    {"Keys": list(keys), "Metrics": _shown(found, wanted)}
                    for keys, found in sorted(sums[i].items())
                ]
                shown += len(sums[i])
            else:
                result["Total"] = _shown(sums[i].get((), _Sum()), wanted)
            results.append(result)
            i += 1
        answer: dict[str, Any] = {"ResultsByTime": results, "DimensionValueAttributes": []}
        if groups:
            answer["GroupDefinitions"] = [dict(each) for each in params["GroupBy"]]
        return answer | ({"NextPageToken": tokens.pack(i, until, digest)} if i < count else {})

    def _place(self, params: Params, digest: str) -> tuple[int, int]:
        """(first period, epoch hour before which usage is known) of the page."""
        if not params.get("NextPageToken"):
            return 0, int(self._world.now() // HOUR_S) - LAG_H
        skip, until, of = tokens.unpack(params["NextPageToken"], (int, int, str), *_BAD_TOKEN)
        if of != digest:
            raise AwsError("RequestChangedException", "The request is not the one that the token is of.")
        return skip, until

    def _sums(
        self,
        params: Params,
        periods: Periods,
        groups: Sequence[Callable[[Row], str]],
        until: int,
    ) -> Mapping[int, dict[Keys, _Sum]]:
        passes = test_of(params.get("Filter"))
        sums: defaultdict[int, dict[Keys, _Sum]] = defaultdict(dict)
        for row in rows(self._world, periods.edges[0], periods.edges[-1], until):
            if passes(row):
                keys = tuple(group(row) for group in groups)
                for i, quantity, cost in row.sums(periods.edges):
                    sums[i].setdefault(keys, _Sum()).add(quantity, cost, row.unit)
        return sums

    def _values(
        self, params: Params, values: Callable[[Row], Iterable[str]], *, recent: bool = False
    ) -> list[str]:
        now = self._world.now()
        edges = read(params["TimePeriod"], "DAILY", now, recent=recent).edges
        passes, search = test_of(params.get("Filter")), params.get("SearchString", "").lower()
        found = {
            value
            for row in rows(self._world, edges[0], edges[-1], int(now // HOUR_S) - LAG_H)
            if passes(row) and row.ticks.any()
            for value in values(row)
        }
        return sorted(value for value in found if search in value.lower())

    def _listed(self, params: Params, name: str, found: Sequence[Any]) -> dict[str, Any]:
        size = params.get("MaxResults", PAGE_VALUES)
        if not 1 <= size <= PAGE_VALUES:
            raise validation(f"MaxResults must lie between 1 and {PAGE_VALUES}.")
        shown, token = tokens.page(found, params.get("NextPageToken"), size, *_BAD_TOKEN)
        answer = {name: shown, "ReturnSize": len(shown), "TotalSize": len(found)}
        return answer | ({"NextPageToken": token} if token else {})


def _metrics(params: Params) -> Sequence[str]:
    wanted: Sequence[str] = params.get("Metrics") or ("UnblendedCost",)
    for name in wanted:
        if name not in METRICS:
            raise validation(f"Metrics must be one of {', '.join(METRICS)}, not {name}.")
    return wanted


def _groupings(params: Params) -> Sequence[Callable[[Row], str]]:
    given = params.get("GroupBy") or ()
    if len(given) > MOST_GROUPS_BY:
        raise validation(f"GroupBy takes at most {MOST_GROUPS_BY} groups.")
    return [_grouping(each) for each in given]


def _grouping(each: Mapping[str, str]) -> Callable[[Row], str]:
    kind, key = each.get("Type", "DIMENSION"), each.get("Key", "")
    if not key:
        raise validation("A group needs a Key.")
    if kind == "TAG":
        return lambda row: f"{key}${row.tags.get(key, '')}"
    if kind != "DIMENSION":
        raise NotOffered(f"groups of type {kind}")
    offered(key)
    return lambda row: row.dims[key]


def _groups_by(params: Params, dimension: str) -> bool:
    return any(
        each.get("Type", "DIMENSION") == "DIMENSION" and each.get("Key") == dimension
        for each in params.get("GroupBy") or ()
    )


def _shown(found: _Sum, wanted: Sequence[str]) -> dict[str, dict[str, str]]:
    return {name: found.metric(name) for name in wanted}


def _plain(number: Decimal) -> str:
    """Without exponent and without zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") or "0" if "." in text else text


def _digest(params: Params) -> str:
    same = {k: v for k, v in params.items() if k != "NextPageToken"}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()[:16]
