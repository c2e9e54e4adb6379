"""Which AWS is meant: an address given, the real one, or the embedded AWS that runs on this machine."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException

from ops.aws.session import LOCAL, Patience, Where, is_loopback
from ops.config import Settings
from ops.core.errors import Unreachable

START_IT = "Start it with `python -m ops local-aws` or `make run`; for real AWS set EBB_MODE=aws."
DEFAULT_REGION = "us-east-1"
_REAL = Patience()


class NotRunning(Unreachable):
    """There is no embedded AWS on this machine now; it may be started any moment."""

    def __init__(self) -> None:
        super().__init__("The embedded AWS is not running.", START_IT)
        self.code = "NotRunning"


@dataclass(frozen=True, slots=True)
class Running:
    """What the embedded AWS noted about itself."""

    endpoint_url: str
    pid: int
    region: str
    account: str


def choose(settings: Settings) -> Where:
    """AWS_ENDPOINT_URL if set, else EBB_MODE=aws, else the running embedded AWS; NotRunning without any."""
    if settings.endpoint_url is not None:
        return _at_address(settings, settings.endpoint_url)
    if settings.mode == "aws":
        return _real(settings, None)
    running = read_state(settings)
    if running is None or not is_alive(running):
        raise NotRunning
    return _embedded(running.endpoint_url, running.region)


def kind(settings: Settings) -> str:
    """ "embedded" or "aws": which kind the settings mean, known also while it does not answer."""
    away = settings.endpoint_url is not None and not is_loopback(settings.endpoint_url)
    return "aws" if settings.mode == "aws" or away else "embedded"


def read_state(settings: Settings) -> Running | None:
    """What the state file says, whether it is still true or not; None without a readable file."""
    try:
        noted = json.loads(settings.state_file.read_text(encoding="utf-8"))
        return Running(
            str(noted["endpoint_url"]), int(noted["pid"]), str(noted["region"]), str(noted["account_id"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_alive(running: Running, timeout_s: float = 3.0) -> bool:
    """Whether the process exists and its address answers HTTP."""
    if not _process_exists(running.pid):
        return False
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{running.endpoint_url}/", timeout=timeout_s):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError, HTTPException):
        return False


def _at_address(settings: Settings, url: str) -> Where:
    if not is_loopback(url) or settings.mode == "aws":
        return _real(settings, url)
    running = read_state(settings)
    known = running.region if running is not None and running.endpoint_url == url else None
    return _embedded(url, known or settings.region or DEFAULT_REGION)


def _embedded(url: str, region: str) -> Where:
    return Where("embedded", region, url, loopback=True, writable=True, patience=LOCAL)


def _real(settings: Settings, url: str | None) -> Where:
    loopback = is_loopback(url)
    return Where(
        "aws",
        settings.region or (DEFAULT_REGION if loopback else None),
        url,
        None if loopback else settings.profile,
        loopback=loopback,
        writable=settings.write,
        why_read_only="" if settings.write else "Real AWS is read-only here unless EBB_WRITE=1 is set.",
        patience=LOCAL if loopback else _REAL,
    )


def _process_exists(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
