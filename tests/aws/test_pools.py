"""Instance pools as DescribeEndpoint and its configuration tell of them, and as they are remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ops.aws.endpoints import parse_endpoint
from ops.core.instance_mix import MixSeen
from ops.core.instance_types import assumed
from ops.core.types import Endpoint, EndpointRef, utc
from ops.type_memory import Remembered, from_text, to_text

BORN = utc(1_792_000_000)
G5, G4 = "ml.g5.xlarge", "ml.g4dn.xlarge"
CONFIG = {
    "ProductionVariants": [
        {
            "VariantName": "AllTraffic",
            "InitialInstanceCount": 1,
            "InstancePools": [{"InstanceType": G4, "Priority": 2}, {"InstanceType": G5, "Priority": 1}],
        }
    ],
    "CreationTime": BORN,
}


def wire(g5: int = 1, g4: int = 2, **more: Any) -> dict[str, Any]:
    pools = [
        {"InstanceType": G4, "CurrentInstanceCount": g4},
        {"InstanceType": G5, "CurrentInstanceCount": g5},
    ]
    variant = {"VariantName": "AllTraffic", "CurrentInstanceCount": g5 + g4, "InstancePools": pools}
    return {
        "EndpointName": "doc",
        "EndpointStatus": "InService",
        "EndpointConfigName": "pools",
        "ProductionVariants": [variant],
        "AsyncInferenceConfig": {"OutputConfig": {}},
        "CreationTime": BORN,
        "LastModifiedTime": BORN,
    } | more


def endpoint(**more: Any) -> Endpoint:
    return parse_endpoint(wire(**more), CONFIG, EndpointRef("1", "us-east-1", "doc"))


def at(minutes: float) -> datetime:
    return BORN + timedelta(minutes=minutes)


def test_pools_are_read_by_priority_with_what_runs_of_each() -> None:
    found = endpoint()
    assert (found.instance_type, found.pools) == (None, (G5, G4))
    assert found.type_words == f"{G5}, else {G4}"
    assert found.any_type == f"{G5} or {G4}"
    assert found.mix_words == f"2 × {G4}, 1 × {G5}"
    assert found.current == 3


def test_without_the_configuration_the_types_are_those_that_are_described() -> None:
    found = parse_endpoint(wire(), {}, EndpointRef("1", "us-east-1", "doc"))
    assert set(found.pools) == {G5, G4}


def test_a_single_type_has_no_pools() -> None:
    variant = {"VariantName": "AllTraffic", "InstanceType": G5, "InitialInstanceCount": 1}
    plain = wire()
    del plain["ProductionVariants"][0]["InstancePools"]
    found = parse_endpoint(plain, {"ProductionVariants": [variant]}, EndpointRef("1", "us-east-1", "doc"))
    assert (found.kinds, found.pools, found.mix, found.type_words) == ((G5,), (), (), G5)


def remembered(*looks: tuple[float, Endpoint]) -> Remembered:
    known = Remembered()
    for minutes, each in looks:
        known = known.noted([each], at(minutes))
    return known


def counts(g5: int, g4: int) -> tuple[tuple[str, int], ...]:
    return ((G4, g4), (G5, g5))


def test_a_settled_description_holds_back_to_when_the_endpoint_was_modified() -> None:
    present = endpoint(LastModifiedTime=at(40))
    (held,) = remembered((60, present)).of(present, at(60))
    assert held.pool == (G5, G4)
    assert held.seen == (MixSeen(at(40), at(60), counts(1, 2)),)


def test_while_it_is_updated_a_description_is_of_its_moment() -> None:
    first, moving = endpoint(), endpoint(g4=0, EndpointStatus="Updating", LastModifiedTime=at(70))
    (held,) = remembered((60, first), (75, moving), (80, moving)).of(first, at(80))
    assert held.seen == (
        MixSeen(at(0), at(60), counts(1, 2)),
        MixSeen(at(75), at(80), counts(1, 0)),
    )


def test_what_was_remembered_is_written_down_and_read_again() -> None:
    known = remembered((60, endpoint()), (200, endpoint(g4=0, LastModifiedTime=at(190))))
    assert from_text(to_text(known)) == known
    present = endpoint(g4=0, LastModifiedTime=at(190))
    assert len(from_text(to_text(known)).of(present, at(200))[0].seen) == 2


@pytest.mark.parametrize("change", ["to-pools", "from-pools"])
def test_pools_and_a_single_type_one_after_the_other(change: str) -> None:
    pooled = endpoint()
    single = replace(pooled, config_name="one", instance_type=G5, pools=(), mix=(), config_created=at(100))
    first, then = (single, pooled) if change == "to-pools" else (pooled, single)
    then = replace(then, config_created=at(100))
    types = remembered((60, first), (120, then)).of(then, at(120))
    assert [each.kinds for each in types] == [first.kinds, then.kinds]
    assert [bool(each.seen) for each in types] == [bool(each.pool) for each in types]


def test_what_is_assumed_of_the_time_before_names_the_pool() -> None:
    known = remembered((60, endpoint()))
    said = assumed(known.of(endpoint(), at(60)), BORN - timedelta(days=1), at(60))
    assert said.endswith(f"is not on record; it is counted as {G5}, else {G4}.")
