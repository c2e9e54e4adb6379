"""Instance pools: what AWS accepts, which type it gives, what it tells of the mix, and what it bills."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.local_aws import pools
from ops.local_aws.bill_book import charges, quantity
from ops.local_aws.physics import Instance
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import PROVISIONED_S, Account, refused
from tests.local_aws.test_control import ask

G5, G4, M5 = "ml.g5.xlarge", "ml.g4dn.xlarge", "ml.m5.xlarge"
POOLS = [{"InstanceType": G4, "Priority": 2}, {"InstanceType": G5, "Priority": 1}]


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


def variant(**more: Any) -> dict[str, Any]:
    given = {
        "VariantName": "AllTraffic",
        "ModelName": "doc-model",
        "InstancePools": POOLS,
        "InitialInstanceCount": 1,
    } | more
    return {name: value for name, value in given.items() if value is not None}


def config(account: Account, name: str = "pools", **more: Any) -> str:
    account.sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[variant(**more)],
        AsyncInferenceConfig={"OutputConfig": account.output()},
    )
    return name


def mix(account: Account) -> dict[str, int]:
    (shown,) = account.describe()["ProductionVariants"]
    told = {pool["InstanceType"]: pool["CurrentInstanceCount"] for pool in shown["InstancePools"]}
    assert sum(told.values()) == shown["CurrentInstanceCount"]
    assert list(told) == [G5, G4], "all of them, by priority"
    return told


def order(account: Account, count: int) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": count}],
    )


def settle(account: Account, count: int) -> None:
    order(account, count)
    account.aws.advance(PROVISIONED_S + 60)


def short(account: Account, what: Any) -> None:
    assert ask(account.aws, "endpoints/doc", {"capacity_refused": what})[0] == 200


def test_the_configuration_is_told_as_it_was_given(account: Account) -> None:
    config(account, VariantInstanceProvisionTimeoutInSeconds=600)
    (told,) = account.sagemaker.describe_endpoint_config(EndpointConfigName="pools")["ProductionVariants"]
    assert told["InstancePools"] == POOLS
    assert "InstanceType" not in told


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"InstanceType": G5}, "exclude each other"),
        ({"InstancePools": [POOLS[0], {"InstanceType": G5, "Priority": 2}]}, "its own Priority"),
        ({"InstancePools": [POOLS[0], {"InstanceType": G4, "Priority": 1}]}, "its own InstanceType"),
        ({"InstancePools": [{"InstanceType": G5, "Priority": 6}]}, "less than or equal to 5"),
        ({"InstancePools": [{"InstanceType": "ml.x1.huge", "Priority": 1}]}, "ml.x1.huge"),
        ({"InstancePools": [{"InstanceType": G5, "Priority": n} for n in range(1, 7)]}, "equal to 5"),
        ({"InstancePools": [POOLS[0] | {"ModelNameOverride": "no-such-model"}]}, "no-such-model"),
        ({"InitialInstanceCount": None}, "InitialInstanceCount is required"),
        ({"VariantInstanceProvisionTimeoutInSeconds": 3601}, "3600"),
    ],
)
def test_pools_that_cannot_be_are_refused(account: Account, wrong: dict[str, Any], why: str) -> None:
    call = account.sagemaker.create_endpoint_config
    assert why in refused(call, EndpointConfigName="bad", ProductionVariants=[variant(**wrong)])


def test_the_second_type_takes_over_while_the_first_has_no_capacity(account: Account) -> None:
    account.endpoint(config=config(account))
    assert mix(account) == {G5: 1, G4: 0}
    short(account, [G5])
    settle(account, 3)
    assert mix(account) == {G5: 1, G4: 2}
    short(account, False)
    settle(account, 4)
    assert mix(account) == {G5: 2, G4: 2}
    settle(account, 2)
    assert mix(account) == {G5: 2, G4: 0}, "the lowest priority leaves first"
    settle(account, 0)
    assert mix(account) == {G5: 0, G4: 0}


def test_without_capacity_of_any_type_the_order_fails(account: Account) -> None:
    account.endpoint(config=config(account))
    short(account, True)
    order(account, 2)
    account.aws.advance(PROVISIONED_S)
    assert account.status() == "Updating"
    account.aws.advance(PROVISIONED_S)
    assert (account.status(), account.counts()) == ("InService", (1, 1))


def test_the_quota_is_that_of_the_type_that_is_given(account: Account) -> None:
    account.endpoint(config=config(account))
    account.aws.world.quotas.set(G4, 1)
    short(account, [G5])
    settle(account, 2)
    assert mix(account) == {G5: 1, G4: 1}
    message = refused(
        account.sagemaker.update_endpoint_weights_and_capacities,
        "ResourceLimitExceeded",
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    assert f"'{G4} for endpoint usage' is 1 Instances, with current utilization of 1" in message


def test_host_metrics_count_all_instances_and_the_bill_each_by_its_type(account: Account) -> None:
    account.endpoint(config=config(account))
    short(account, [G5])
    settle(account, 3)
    begin = account.aws.now()
    account.aws.advance(3600)
    world = account.aws.world
    dims = {"EndpointName": "doc", "VariantName": "AllTraffic"}
    series = world.metrics.find("/aws/sagemaker/Endpoints", "CPUUtilization", dims)
    assert series is not None
    assert series.stat(int(begin // 60) + 30, "SampleCount") == 3
    found = world.ledger.between(np.array([begin, begin + 3600]))
    assert {key.instance_type: hours[0] for key, hours in found.items()} == {G5: 1.0, G4: 2.0}
    account.aws.advance(2 * 86_400)
    first = int(begin // 3600) + 1
    lines = [
        c for c in charges(world, first, first + 1) if c.item.instance_type and "doc" in c.item.resource_id
    ]
    billed = {c.item.usage_type: (quantity(c.ticks.sum()), c.item.rate) for c in lines}
    assert billed == {
        f"USE1-AsyncInf:{G5}": (Decimal(1), Decimal("1.4084")),
        f"USE1-AsyncInf:{G4}": (Decimal(2), Decimal("0.7364")),
    }
    cost = account.aws.client("ce").get_cost_and_usage(
        TimePeriod={"Start": "2026-09-21", "End": "2026-09-22"},
        Granularity="DAILY",
        Metrics=["UsageQuantity"],
        Filter={"Dimensions": {"Key": "INSTANCE_TYPE", "Values": [G5, G4]}},
        GroupBy=[{"Type": "DIMENSION", "Key": "INSTANCE_TYPE"}],
    )
    groups = {
        g["Keys"][0]: float(g["Metrics"]["UsageQuantity"]["Amount"])
        for g in cost["ResultsByTime"][0]["Groups"]
    }
    day = world.ledger.between(np.array([begin - begin % 86_400, begin - begin % 86_400 + 86_400]))
    assert groups == pytest.approx({k.instance_type: float(h[0]) for k, h in day.items()}, abs=0.001)


def test_a_pool_of_one_kind_gives_way_to_another_configuration(account: Account) -> None:
    account.endpoint(config=config(account))
    account.sagemaker.update_endpoint(EndpointName="doc", EndpointConfigName=account.config(instance_type=M5))
    account.aws.advance(PROVISIONED_S + 120)
    (shown,) = account.describe()["ProductionVariants"]
    assert ("InstancePools" in shown, shown["CurrentInstanceCount"]) == (False, 1)


@given(st.lists(st.sampled_from([G5, G4, M5]), max_size=8), st.integers(0, 8))
def test_who_leaves_is_never_of_a_higher_priority_than_who_stays(there: list[str], stays: int) -> None:
    types = (G5, G4, M5)
    instances = [Instance(str(n), float(n), 0.5, kind) for n, kind in enumerate(there)]
    ordered = pools.by_priority(instances, types)
    stay, gone = ordered[:stays], ordered[stays:]
    assert all(types.index(g.type) >= types.index(s.type) for g in gone for s in stay)
    for kind in types:
        alike = [i for i in ordered if i.type == kind]
        assert alike == sorted(alike, key=lambda i: i.since)
    assert Counter(dict(pools.mix(instances, types))) == Counter(there)
