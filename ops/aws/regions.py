"""Which regions an account has from the start, and which somebody has to enable.

Source: AWS Account Management Reference Guide, "Enable or disable AWS Regions in your account": regions launched before
20 March 2019 are enabled by default, later ones are off until they are enabled. Osaka was a part of Tokyo until 2021.
"""

from __future__ import annotations

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
