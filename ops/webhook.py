"""A notice by webhook: one POST of JSON, with a time-out, to https or this machine, and never to where it is sent on.

An address may hold a secret: no error and no log names more of it than its host.
"""

from __future__ import annotations

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from ops.core.errors import BadInput, OpsError

TIMEOUT_S = 5.0
HERE = ("localhost", "127.0.0.1", "::1")


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the notice was meant for the address that was set."""

    def redirect_request(self, *_: Any) -> None:
        return None


def check(url: str) -> None:
    """Raises BadInput for an address that no notice may go to."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadInput("The address of the webhook cannot be read.", "It begins with https://.") from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput("The address of the webhook cannot be read.", "It begins with https://.")
    try:
        url.encode("ascii")
        host.encode("idna")
    except UnicodeError:
        hint = "Write letters such as ä as %C3%A4, and a host that has them in its xn-- form."
        raise BadInput("The address of the webhook holds letters that no address may hold.", hint) from None
    if parts.scheme == "http" and host not in HERE:
        raise BadInput("The webhook is not encrypted.", "Use https:// beyond this machine.")


def shown(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}/…"


def post(url: str, document: Mapping[str, Any], timeout_s: float = TIMEOUT_S) -> None:
    """Send one document. Raises OpsError, retryable where another attempt may help."""
    check(url)
    host = urlsplit(url).hostname
    request = urllib.request.Request(
        url,
        data=json.dumps(document, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "ebb"},
        method="POST",
    )
    handlers: list[urllib.request.BaseHandler] = [
        _Stay(),
        urllib.request.HTTPSHandler(context=ssl.create_default_context()),
    ]
    if host in HERE:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=timeout_s) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        status = error.code
        error.close()
        if 300 <= status < 400:
            raise OpsError(f"{host} sends on to another address ({status}).", "Set the final one.") from None
        passes = status >= 500 or status in (408, 425, 429)
        raise OpsError(f"{host} answered {status}.", retryable=passes, code=str(status)) from None
    except (TimeoutError, urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        why = getattr(error, "reason", None) or error
        raise OpsError(f"{host} could not be reached: {_why(why)}.", retryable=True) from None


def _why(error: object) -> str:
    """In words, and without the address, which may be secret."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, socket.gaierror):
        return "no address is known for this name (DNS)"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "no secure connection could be made"
    if isinstance(error, ConnectionError | HTTPException):
        return "the connection was cut off"
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else type(error).__name__
