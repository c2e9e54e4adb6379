"""Service Quotas through a real client."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.conftest import SteppedAws

QUOTAS = {"ServiceCode": "sagemaker"}


def by_name(aws: SteppedAws, operation: str = "list_service_quotas") -> dict[str, dict[str, Any]]:
    pages = aws.client("service-quotas").get_paginator(operation).paginate(**QUOTAS)
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def test_every_hosted_type_has_a_quota_for_endpoints(aws: SteppedAws) -> None:
    found = by_name(aws)
    assert len(found) > 200
    assert len({quota["QuotaCode"] for quota in found.values()}) == len(found)
    assert found["ml.g5.xlarge for endpoint usage"]["Value"] >= 8
    assert found["ml.g6e.2xlarge for endpoint usage"]["Value"] == 0
    quota = found["ml.g5.xlarge for endpoint usage"]
    assert quota["QuotaArn"] == f"arn:aws:servicequotas:us-east-1:123456789012:sagemaker/{quota['QuotaCode']}"
    assert quota["QuotaAppliedAtLevel"] == "ACCOUNT"


def test_quotas_come_in_pages(aws: SteppedAws) -> None:
    quotas = aws.client("service-quotas")
    first = quotas.list_service_quotas(**QUOTAS, MaxResults=3)
    second = quotas.list_service_quotas(**QUOTAS, MaxResults=3, NextToken=first["NextToken"])
    names = [quota["QuotaName"] for page in (first, second) for quota in page["Quotas"]]
    assert len(names) == len(set(names)) == 6


def test_a_quota_of_the_accounts_own_differs_from_the_default(aws: SteppedAws) -> None:
    code = by_name(aws)["ml.g5.2xlarge for endpoint usage"]["QuotaCode"]
    aws.world.quotas.set("ml.g5.2xlarge", 1)
    quotas = aws.client("service-quotas")
    assert quotas.get_service_quota(**QUOTAS, QuotaCode=code)["Quota"]["Value"] == 1
    assert quotas.get_aws_default_service_quota(**QUOTAS, QuotaCode=code)["Quota"]["Value"] == 16
    assert by_name(aws, "list_aws_default_service_quotas")["ml.g5.2xlarge for endpoint usage"]["Value"] == 16
    (only,) = quotas.list_service_quotas(**QUOTAS, QuotaCode=code)["Quotas"]
    assert (only["QuotaName"], only["Value"]) == ("ml.g5.2xlarge for endpoint usage", 1)
    assert quotas.list_service_quotas(**QUOTAS, QuotaAppliedAtLevel="RESOURCE")["Quotas"] == []


def test_refusals_are_typed(aws: SteppedAws) -> None:
    quotas = aws.client("service-quotas")
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.get_service_quota(**QUOTAS, QuotaCode="L-00000000")
    with pytest.raises(quotas.exceptions.NoSuchResourceException):
        quotas.list_service_quotas(ServiceCode="ec2")
    with pytest.raises(quotas.exceptions.InvalidPaginationTokenException):
        quotas.list_service_quotas(**QUOTAS, NextToken="nonsense")
    with pytest.raises(ClientError, match="ValidationException"):
        quotas.list_service_quotas(**QUOTAS, MaxResults=101)


def test_a_limit_must_make_sense(aws: SteppedAws) -> None:
    for instance_type, limit in (("ml.g5.xlarge", -1), ("g5", 1)):
        with pytest.raises(ValueError, match=r"quota|instance type"):
            aws.world.quotas.set(instance_type, limit)
