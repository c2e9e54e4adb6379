"""Where the console may listen: without sign-in on this machine alone. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

FILE = ".streamlit/secrets.toml"
SHARED = ("redirect_uri", "cookie_secret")
PROVIDER = ("client_id", "client_secret", "server_metadata_url")
"""Keys of an [auth] section: of all, and of each provider."""
CALLBACK = "/oauth2callback"
LEAST_SECRET = 32
"""Characters of a cookie secret: whoever guesses it signs in as anybody."""

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]+)?")


def is_loopback(address: str | None) -> bool:
    """Whether nobody but this machine reaches a server that listens there; no address at all means everywhere."""
    if not address:
        return False
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def names_this_machine(host: str) -> bool:
    """Whether a Host header names this machine itself, with or without a port.

    A page from elsewhere can have its own name lead here, but then the browser says that name.
    """
    found = _HOST.fullmatch(host)
    return found is not None and is_loopback(found["name"])


def providers(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that st.login knows the providers by; "" is the one without a name."""
    named = tuple(
        str(name) for name, value in auth.items() if isinstance(value, Mapping) and "client_id" in value
    )
    return (("",) if "client_id" in auth else ()) + named


def refusal(address: str | None, auth: Mapping[str, Any] | None) -> str:
    """Why the console must not start, with the way out; empty: it may. `auth`: the [auth] section, if there is one."""
    if auth:
        return _flaw(auth)
    if is_loopback(address):
        return ""
    where = f"on {address}" if address else "on every address of this machine"
    return (
        f"Ebb does not listen {where} without sign-in: whoever reaches it could change your endpoints.\n"
        f"Set up sign-in in an [auth] section of {FILE} (docs/sign-in.md shows how), or listen on this machine "
        "alone: --server.address 127.0.0.1."
    )


def _flaw(auth: Mapping[str, Any]) -> str:
    """What is wrong with an [auth] section; empty: nothing that can be seen."""
    start = f"Sign-in is set up in part: the [auth] section of {FILE}"
    missing = [key for key in SHARED if not auth.get(key)]
    names = providers(auth)
    if not names:
        missing += [key for key in PROVIDER if not auth.get(key)]
    if missing:
        return f"{start} lacks {', '.join(missing)}. docs/sign-in.md shows a whole one."
    for name in names:
        section, of = (auth[name], f" for {name}") if name else (auth, "")
        lacks = [key for key in PROVIDER if not section.get(key)]
        if lacks:
            return f"{start} lacks {', '.join(lacks)}{of}. docs/sign-in.md shows a whole one."
        if "_" in name:
            return f"{start} names a provider {name}: Streamlit takes no underscore there."
    if not str(auth["redirect_uri"]).endswith(CALLBACK):
        return f"{start} has a redirect_uri that does not end with {CALLBACK}."
    if len(str(auth["cookie_secret"])) < LEAST_SECRET:
        return (
            f"{start} has a cookie_secret of fewer than {LEAST_SECRET} characters. Make one with: "
            'python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return ""
