"""The trust policy of a role that Ebb assumes: who may, and with which external id. The other side of `policy`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ops.core.errors import BadInput
from ops.core.permissions.policy import VERSION, Document

_IAM = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(root|(user|role)/[\w+=,.@/-]+)", re.ASCII)
_SESSION = re.compile(r"arn:aws[a-z-]*:sts::\d{12}:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
"""As STS takes them."""


def trust(principals: Iterable[str], external_id: str = "") -> Document:
    """One statement that lets these assume the role, with this external id where one is given.

    `principals`: ARNs of users, roles, sessions of roles or accounts (`:root`), or an account's twelve digits.
    Raises BadInput.
    """
    named = tuple(dict.fromkeys(principals))
    if not named:
        raise BadInput("Nobody is named who may assume the role.", _WHO)
    for each in named:
        if not any(kind.fullmatch(each) for kind in (_IAM, _SESSION, _ACCOUNT)):
            raise BadInput(f"{each!r} is nobody whom a role can trust.", _WHO)
    if external_id and not _ID.fullmatch(external_id):
        raise BadInput(
            f"{external_id!r} cannot be an external id.",
            "It has 2 to 1,224 letters, digits and characters of +=,.@:/-_, and no spaces.",
        )
    statement: dict[str, Any] = {
        "Sid": "EbbAssumesThisRole",
        "Effect": "Allow",
        "Principal": {"AWS": named[0] if len(named) == 1 else list(named)},
        "Action": "sts:AssumeRole",
    }
    if external_id:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": VERSION, "Statement": [statement]}


def notes(document: Document) -> tuple[str, ...]:
    """What somebody has to know before such a document is used, in sentences."""
    (statement,) = document["Statement"]
    named = statement["Principal"]["AWS"]
    found = []
    for each in [named] if isinstance(named, str) else named:
        if _SESSION.fullmatch(each):
            found.append(
                f"{each} is one session alone: name the role itself where sessions have other names."
            )
        if _ACCOUNT.fullmatch(each) or each.endswith(":root"):
            found.append(
                f"{each} trusts everybody in that account who is allowed sts:AssumeRole on this role there."
            )
    if "Condition" not in statement:
        found.append("It asks for no external id: give --external-id for a role in somebody else's account.")
    return tuple(found)


_WHO = (
    "Give the ARN of a user or a role, such as arn:aws:iam::123456789012:role/ebb, or an account's twelve digits: "
    "`aws sts get-caller-identity` says who asks now."
)
