"""The Price List through a real client: filters, item shape, paging, typed refusals."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws


def term(field: str, value: str, kind: str = "TERM_MATCH") -> dict[str, str]:
    return {"Type": kind, "Field": field, "Value": value}


def listed(aws: SteppedAws, *filters: dict[str, str]) -> list[dict[str, Any]]:
    pages = aws.client("pricing").get_paginator("get_products")
    found = pages.paginate(ServiceCode="AmazonSageMaker", Filters=list(filters))
    return [json.loads(item) for page in found for item in page["PriceList"]]


def usages(items: list[dict[str, Any]]) -> set[str]:
    return {item["product"]["attributes"]["usagetype"] for item in items}


def dollars(item: dict[str, Any]) -> Decimal:
    (offer,) = item["terms"]["OnDemand"].values()
    (rate,) = offer["priceDimensions"].values()
    assert rate["unit"] == "Hrs"
    return Decimal(rate["pricePerUnit"]["USD"])


VIRGINIA = term("regionCode", "us-east-1")


def test_an_instance_type_is_listed_for_async_inference_and_for_hosting(aws: SteppedAws) -> None:
    items = listed(aws, VIRGINIA, term("instanceName", "ml.g5.xlarge"), term("productFamily", "ML Instance"))
    assert usages(items) == {"USE1-AsyncInf:ml.g5.xlarge", "USE1-Host:ml.g5.xlarge"}
    assert {dollars(item) for item in items} == {Decimal("1.4084")}


def test_the_verified_product_is_as_aws_lists_it(aws: SteppedAws) -> None:
    (item,) = listed(aws, VIRGINIA, term("usagetype", "USE1-Host:ml.m5.xlarge"))
    assert item["product"]["sku"] == "JDZQJFUVUR8SUWHS"
    assert item["product"]["attributes"]["instanceType"] == "ml.m5.xlarge-Hosting"
    assert item["publicationDate"] == "2026-06-27T00:00:00Z"
    rate = item["terms"]["OnDemand"]["JDZQJFUVUR8SUWHS.JRTCKXETXF"]["priceDimensions"]
    assert rate["JDZQJFUVUR8SUWHS.JRTCKXETXF.6YS6EN2CT7"]["pricePerUnit"] == {"USD": "0.2300000000"}
    assert rate["JDZQJFUVUR8SUWHS.JRTCKXETXF.6YS6EN2CT7"]["description"] == (
        "$0.23 per Hosting ml.m5.xlarge hour in US East (N. Virginia)"
    )


@pytest.mark.parametrize(
    ("instance_type", "usd"),
    [
        ("ml.m5.2xlarge", "0.461"),
        ("ml.g6e.2xlarge", "2.8026"),
        ("ml.g5.48xlarge", "20.36"),
        ("ml.inf2.xlarge", "0.99"),
    ],
)
def test_prices_of_virginia(aws: SteppedAws, instance_type: str, usd: str) -> None:
    items = listed(aws, VIRGINIA, term("instanceName", instance_type))
    assert {dollars(item) for item in items} == {Decimal(usd)}


def test_some_types_are_not_listed_for_async_inference(aws: SteppedAws) -> None:
    items = listed(aws, VIRGINIA, term("instanceName", "ml.g4dn.xlarge"))
    assert usages(items) == {"USE1-Host:ml.g4dn.xlarge"}
    assert listed(aws, VIRGINIA, term("instanceName", "ml.p6-b200.48xlarge")) == []
    assert listed(aws, term("regionCode", "sa-east-1")) == []


def test_each_type_of_filter(aws: SteppedAws) -> None:
    assert usages(listed(aws, VIRGINIA, term("usagetype", "AsyncInf:ml.g5.2x", "CONTAINS"))) == {
        "USE1-AsyncInf:ml.g5.2xlarge"
    }
    one = term("usagetype", "USE1-Host:ml.g5.xlarge", "EQUALS")
    assert len(listed(aws, one)) == 1
    two = term("instanceName", "ml.g5.xlarge, ml.g5.2xlarge", "ANY_OF")
    assert len(listed(aws, VIRGINIA, two)) == 4
    assert len(listed(aws, VIRGINIA, two, term("instanceName", "ml.g5.xlarge", "NONE_OF"))) == 2
    assert listed(aws, term("noSuchField", "x")) == []


def test_products_come_in_pages_without_loss(aws: SteppedAws) -> None:
    pricing = aws.client("pricing", region="ap-south-1")
    pages = pricing.get_paginator("get_products").paginate(
        ServiceCode="AmazonSageMaker", PaginationConfig={"PageSize": 7}
    )
    skus = [json.loads(item)["product"]["sku"] for page in pages for item in page["PriceList"]]
    assert len(skus) == len(set(skus)) > 50


def test_attribute_values_and_services(aws: SteppedAws) -> None:
    pricing = aws.client("pricing")
    pages = pricing.get_paginator("get_attribute_values").paginate(
        ServiceCode="AmazonSageMaker", AttributeName="regionCode", PaginationConfig={"PageSize": 2}
    )
    regions = [value["Value"] for page in pages for value in page["AttributeValues"]]
    assert regions == ["ap-northeast-1", "eu-west-1", "eu-west-3", "us-east-1", "us-east-2"]
    (service,) = pricing.describe_services()["Services"]
    assert service["ServiceCode"] == "AmazonSageMaker"
    assert {"usagetype", "regionCode", "productFamily"} <= set(service["AttributeNames"])


def test_refusals_are_typed(aws: SteppedAws) -> None:
    pricing = aws.client("pricing")
    known = {"ServiceCode": "AmazonSageMaker"}
    with pytest.raises(pricing.exceptions.NotFoundException):
        pricing.get_products(ServiceCode="AmazonEC2")
    with pytest.raises(pricing.exceptions.NotFoundException):
        pricing.describe_services(ServiceCode="AmazonEC2")
    with pytest.raises(pricing.exceptions.NotFoundException):
        pricing.get_attribute_values(**known, AttributeName="colour")
    with pytest.raises(pricing.exceptions.InvalidParameterException):
        pricing.get_products(**known, FormatVersion="aws_v2")
    with pytest.raises(ClientError, match="ValidationException"):
        pricing.get_products(**known, MaxResults=101)
    with pytest.raises(pricing.exceptions.InvalidParameterException):
        pricing.get_products(**known, Filters=[term("regionCode", "none"), term("x", "y", "LIKE")])
    with pytest.raises(pricing.exceptions.InvalidNextTokenException):
        pricing.get_products(**known, NextToken="nonsense")
