"""Profiles that ask for an MFA code: botocore would ask for it on the terminal, and a server would wait for ever."""

from __future__ import annotations

from typing import Any

from ops.core.errors import CredentialsProblem

_STATIC = ("aws_access_key_id", "aws_secret_access_key")
HINT = (
    "Use a profile that signs in by IAM Identity Center (`aws configure sso`), one with a credential_process that asks "
    "for the code itself, or set the keys of a session that was opened with a code (`aws sts get-session-token`)."
)


class NoCodes:
    """Comes before botocore's own provider of assumed roles, and refuses a profile for which that would ask."""

    METHOD = "no-mfa-codes"
    CANONICAL_NAME = None

    def __init__(self, session: Any) -> None:
        self._session = session

    def load(self) -> None:
        """Raises CredentialsProblem; otherwise the next one in botocore's chain goes on."""
        found = wanted(self._session)
        if found:
            raise CredentialsProblem(found, HINT)


def wanted(session: Any) -> str:
    """What is wrong where the profile of a botocore session, or one that it rests on, asks for a code; else empty."""
    name = session.get_config_variable("profile") or "default"
    asks = _asks(session.full_config.get("profiles", {}), name)
    if asks is None:
        return ""
    beneath = "" if asks == name else f", which the profile {name} rests on,"
    return f"The AWS profile {asks}{beneath} asks for an MFA code (mfa_serial), and Ebb has nobody to ask."


def _asks(profiles: dict[str, dict[str, Any]], name: str) -> str | None:
    """The profile whose code botocore would ask for on the way down the source profiles."""
    seen: list[str] = []
    while name not in seen:
        profile = profiles.get(name, {})
        own_keys = bool(seen) and any(key in profile for key in _STATIC)  # those of the first one come later
        if own_keys or "role_arn" not in profile or "web_identity_token_file" in profile:
            return None
        if profile.get("mfa_serial"):
            return name
        seen.append(name)
        name = str(profile.get("source_profile", name))
    return None
