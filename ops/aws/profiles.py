"""Profiles of the user's own AWS configuration: which account and region they lead to, as far as they say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

import botocore.session
from botocore import exceptions as boto

from ops.aws import codes
from ops.aws.session import LOCAL, Patience, Where, is_loopback
from ops.core.errors import BadInput

_ROLE = re.compile(r"^arn:[^:]*:iam::(\d{12}):role/")
READ_ONLY = "Profiles of EBB_SAVINGS_PROFILES are read for savings alone."


@dataclass(frozen=True, slots=True)
class Profile:
    """What a profile says. `account`: of its role or sign-in, "" where only AWS can tell."""

    name: str
    region: str
    account: str
    endpoint_url: str | None

    @property
    def words(self) -> str:
        """Where it leads, for people."""
        known = f"{self.region} of {self.account}" if self.account else self.region
        return f"profile {self.name} ({known})" if known else f"profile {self.name}"

    def where(self) -> Where:
        """The AWS that it means, read only. An address of this machine is taken for the embedded AWS."""
        loopback = is_loopback(self.endpoint_url)
        return Where(
            "embedded" if loopback else "aws",
            self.region,
            self.endpoint_url,
            None if loopback else self.name,
            loopback=loopback,
            writable=False,
            why_read_only=READ_ONLY,
            patience=LOCAL if loopback else Patience(),
            own_endpoints=not loopback and self.endpoint_url is None and "AWS_ENDPOINT_URL" in os.environ,
        )


def read(name: str) -> Profile:
    """A profile by its name. Raises BadInput where there is none, it names no region, or it asks for an MFA code."""
    session = botocore.session.Session(profile=name)
    try:
        said = session.get_scoped_config()
        code = codes.wanted(session)
    except boto.ProfileNotFound as error:
        raise BadInput(
            f"There is no AWS profile named {name}.", "See `aws configure list-profiles`."
        ) from error
    except (boto.ConfigNotFound, boto.ConfigParseError) as error:
        raise BadInput(f"The AWS configuration cannot be read: {error}", "Correct it.") from error
    if code and not is_loopback(said.get("endpoint_url")):  # an address of this machine needs no credentials
        raise BadInput(code, codes.HINT)
    region = str(said.get("region") or "").strip()
    if not region:
        raise BadInput(
            f"The AWS profile {name} names no region.", f"Run `aws configure set region … --profile {name}`."
        )
    role = _ROLE.match(str(said.get("role_arn") or ""))
    account = role[1] if role else str(said.get("sso_account_id") or "")
    return Profile(name, region, account, str(said.get("endpoint_url") or "").rstrip("/") or None)
