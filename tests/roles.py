"""Roles of the embedded AWS, and what trusts whom."""

from __future__ import annotations

import json
from typing import Any

from tests.local_aws.conftest import SteppedAws

Document = dict[str, Any]
ROLE = "arn:aws:iam::123456789012:role/ebb"


def trusting(principal: Any, external_id: str = "", **more: Any) -> Document:
    """A trust policy with one statement: for an account, an ARN, or what stands under Principal."""
    statement: Document = {
        "Effect": "Allow",
        "Principal": {"AWS": principal} if isinstance(principal, str | list) else principal,
        "Action": "sts:AssumeRole",
    }
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement | more]}


def make(iam: Any, trust: Document, name: str = "ebb", **more: Any) -> str:
    """The ARN of a new role."""
    given = {"RoleName": name, "AssumeRolePolicyDocument": json.dumps(trust), **more}
    return str(iam.create_role(**given)["Role"]["Arn"])


def assumed(aws: SteppedAws, trust: Document, *, session: str = "night", **more: Any) -> dict[str, Any]:
    """AssumeRole's answer, for a new role that trusts so."""
    arn = make(aws.client("iam"), trust)
    return dict(aws.client("sts").assume_role(RoleArn=arn, RoleSessionName=session, **more))
