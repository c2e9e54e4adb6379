"""ListModels, ListEndpointConfigs and ListEndpoints: filters, order, pages."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import PROVISIONED_S, Account, refused


@pytest.fixture
def account(aws: SteppedAws) -> Account:
    return Account(aws)


@pytest.fixture
def named(account: Account) -> Account:
    """Configurations c-00 … c-11, made a minute apart."""
    for number in range(12):
        account.aws.advance(60)
        account.config(f"c-{number:02d}")
    return account


def names(account: Account, **params: Any) -> list[str]:
    answer = account.sagemaker.list_endpoint_configs(**params)
    return [item["EndpointConfigName"] for item in answer["EndpointConfigs"]]


def test_the_newest_ten_come_first(named: Account) -> None:
    assert names(named) == [f"c-{number:02d}" for number in range(11, 1, -1)]


def test_pages_hold_everything_once(named: Account) -> None:
    pages = named.sagemaker.get_paginator("list_endpoint_configs").paginate(PaginationConfig={"PageSize": 5})
    found = [[item["EndpointConfigName"] for item in page["EndpointConfigs"]] for page in pages]
    assert [len(page) for page in found] == [5, 5, 2]
    assert sorted(itertools.chain(*found)) == [f"c-{number:02d}" for number in range(12)]


def test_a_page_goes_on_where_it_stopped_though_something_was_deleted(named: Account) -> None:
    first = named.sagemaker.list_endpoint_configs(MaxResults=3, SortBy="Name", SortOrder="Ascending")
    named.sagemaker.delete_endpoint_config(EndpointConfigName="c-01")
    rest = names(named, MaxResults=3, SortBy="Name", SortOrder="Ascending", NextToken=first["NextToken"])
    assert rest == ["c-03", "c-04", "c-05"]


def test_by_name_ascending(named: Account) -> None:
    found = names(named, SortBy="Name", SortOrder="Ascending", NameContains="C-1")
    assert found == ["c-10", "c-11"]


def test_by_time_of_creation(named: Account) -> None:
    told = named.sagemaker.describe_endpoint_config(EndpointConfigName="c-05")["CreationTime"]
    assert names(named, CreationTimeBefore=told) == [f"c-{number:02d}" for number in range(4, -1, -1)]
    assert names(named, CreationTimeAfter=told) == [f"c-{number:02d}" for number in range(11, 5, -1)]


def test_a_foreign_token_is_refused(named: Account) -> None:
    assert refused(named.sagemaker.list_endpoint_configs, NextToken="bm9uc2Vuc2U=")
    assert refused(named.sagemaker.list_endpoints, NextToken="x")


def test_a_page_holds_at_most_a_hundred(account: Account) -> None:
    message = refused(account.sagemaker.list_endpoints, MaxResults=101)
    assert message.endswith("Member must have value less than or equal to 100")


def test_endpoints_by_status_and_change(account: Account) -> None:
    account.endpoint("older")
    since = account.aws.now()
    account.aws.advance(60)
    account.sagemaker.create_endpoint(EndpointName="younger", EndpointConfigName="doc-config")
    lists = account.sagemaker.list_endpoints

    def found(**params: Any) -> list[str]:
        return [item["EndpointName"] for item in lists(**params)["Endpoints"]]

    assert found() == ["younger", "older"]
    assert found(StatusEquals="Creating") == ["younger"]
    assert found(StatusEquals="InService") == ["older"]
    assert found(SortBy="Status", SortOrder="Ascending") == ["younger", "older"]
    assert found(LastModifiedTimeAfter=datetime.fromtimestamp(since, UTC)) == ["younger"]
    account.aws.advance(PROVISIONED_S)
    assert found(StatusEquals="Creating") == []
    assert lists()["Endpoints"][0]["EndpointStatus"] == "InService"


def test_models_are_listed(account: Account) -> None:
    told = account.sagemaker.list_models(NameContains="doc")["Models"]
    assert [model["ModelName"] for model in told] == ["doc-model"]
    assert account.sagemaker.list_models(NameContains="nothing")["Models"] == []
