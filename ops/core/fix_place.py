"""Which account, region and endpoint a fix is meant for. Its texts say so, and those that run look first.

With the credentials of another account a text would reach an endpoint of the same name there.
"""

from __future__ import annotations

import re

from ops.core.fixes import (
    Calls,
    Create,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.resources import ENDPOINT

_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_SCALES = (RegisterTarget, DeregisterTarget, PutPolicy, DeletePolicy, PutSchedule, DeleteSchedule)
"""The changes that say of which account and endpoint they are."""


def account_of(fix: Calls) -> str:
    """The twelve digits of the account, where a change tells it; else empty."""
    found = next((change.ref.account for change in fix.changes if isinstance(change, _SCALES)), "")
    return found if _ACCOUNT.fullmatch(found) else ""


def endpoint_of(fix: Calls) -> str:
    """The name of the endpoint, where a change tells it; else empty."""
    for change in fix.changes:
        if isinstance(change, _SCALES):
            return change.ref.name
        if isinstance(change, Create) and change.resource.kind == ENDPOINT:
            return change.resource.name
    watched = (c.metric for c in fix.changes if isinstance(c, PutAlarm) and c.metric is not None)
    return next((v for metric in watched for k, v in metric.dimensions if k == "EndpointName"), "")


def owner_of(fix: Calls, policy: str) -> str:
    """The endpoint of a policy that is meant by its name alone: of the one that the fix puts, else its own."""
    named = (c.ref.name for c in fix.changes if isinstance(c, PutPolicy) and c.policy.name == policy)
    return next(named, "") or endpoint_of(fix)


def known(account: str) -> bool:
    """Whether it can be looked for: AWS's accounts are twelve digits."""
    return _ACCOUNT.fullmatch(account) is not None


def meant_for(region: str, account: str) -> str:
    """The first words of a text."""
    return f"For account {account}, region {region}."


def other(account: str) -> str:
    """What a text says that is run with the credentials of another account."""
    return f"These credentials are not of account {account}: nothing was done."
