"""Regions that an account has only where somebody enabled them, and what is said of credentials there."""

from __future__ import annotations

import boto3
import pytest

from ops.aws.calls import Reading
from ops.aws.regions import must_be_enabled, strange_region
from ops.aws.session import LOCAL, AwsSession, Where
from ops.core.errors import CredentialsProblem
from tests.living import answering, error


@pytest.mark.parametrize(
    "region", ["af-south-1", "ap-southeast-3", "eu-central-2", "me-south-1", "mx-central-1"]
)
def test_later_regions_are_off_until_they_are_enabled(region: str) -> None:
    assert must_be_enabled(region)


@pytest.mark.parametrize("region", ["us-east-1", "ap-northeast-3", "cn-north-1", "us-gov-west-1", "", None])
def test_early_ones_and_those_of_other_partitions_are_there(region: str | None) -> None:
    assert not must_be_enabled(region)


def test_botocore_knows_every_region_that_is_there_from_the_start() -> None:
    known = [r for r in boto3.Session().get_available_regions("sagemaker") if not must_be_enabled(r)]
    assert len(known) == 17


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"])
def test_unknown_credentials_may_mean_a_region_that_is_off(code: str) -> None:
    with answering(lambda target, body: error(code, status=403)) as url:
        for region in ("eu-west-1", "me-south-1"):
            where = Where("aws", region, url, loopback=True, patience=LOCAL)
            with pytest.raises(CredentialsProblem, match="AWS does not know these credentials") as caught:
                Reading(AwsSession(where)).ask("sagemaker", "ListEndpoints")
            assert caught.value.code == code
            assert ("not enabled this region" in caught.value.what) is (region == "me-south-1")
            assert ("enable-region --region-name me-south-1" in caught.value.hint) is (region == "me-south-1")
            assert "ign in again" in caught.value.hint


def test_what_is_asked_in_another_region_says_nothing_of_this_one() -> None:
    """Prices and bills are served in us-east-1."""
    with answering(lambda target, body: error("UnrecognizedClientException")) as url:
        where = Where("aws", "me-south-1", url, loopback=True, patience=LOCAL)
        with pytest.raises(CredentialsProblem) as caught:
            Reading(AwsSession(where)).ask("pricing", "GetProducts", ServiceCode="AmazonSageMaker")
    assert "me-south-1" not in caught.value.what


@pytest.mark.parametrize("region", [None, "", "us-east-1", "cn-north-1", "us-gov-west-1", "ap-northeast-3"])
def test_of_a_known_region_nothing_is_said(region: str | None) -> None:
    assert strange_region(region) == ""


def test_an_unknown_one_gets_a_hint_with_what_comes_close() -> None:
    said = strange_region("us-east-11")
    assert "knows no region us-east-11: did you mean us-east-1" in said
    assert "AWS_REGION" in said
    assert "is it written right?" in strange_region("zzzz-qqq-7")
