"""Which regions an account has from the start, and which somebody has to enable.

Source: AWS Account Management Reference Guide, "Enable or disable AWS Regions in your account": regions launched before
20 March 2019 are enabled by default, later ones are off until they are enabled. Osaka was a part of Tokyo until 2021.
"""

from __future__ import annotations

from functools import cache

import botocore.session

from ops.core.names import nearest

_FROM_THE_START = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1"),
    *("eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2"),
)
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
"""Accounts there are of another kind, and have all their regions."""


def must_be_enabled(region: str | None) -> bool:
    """Whether this is an opt-in region: off in an account until somebody enables it there."""
    return bool(region) and region not in _FROM_THE_START and not str(region).startswith(_OTHER_PARTITIONS)


@cache
def _known() -> frozenset[str]:
    """Every region that the installed botocore has heard of, in all partitions."""
    data = botocore.session.Session().get_component("data_loader").load_data("partitions")
    return frozenset(region for partition in data["partitions"] for region in partition["regions"])


def strange_region(region: str | None) -> str:
    """A hint where botocore does not know a region: it may be a slip, or newer than botocore. Empty where it does."""
    if not region or region in _known():
        return ""
    close = nearest(region, _known())
    meant = f"did you mean {' or '.join(close)}?" if close else "is it written right?"
    return f"This version of the AWS client knows no region {region}: {meant} Set AWS_REGION, or correct the profile."
