"""Which AWS is meant: an address given, the real one, or the embedded AWS that runs on this machine."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path

from ops import places_given
from ops.aws import profiles
from ops.aws.session import LOCAL, Patience, Where, is_loopback
from ops.config import Settings
from ops.core.errors import BadInput, Unreachable
from ops.places_given import PlaceGiven

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
    """The chosen of EBB_PLACES, else AWS_ENDPOINT_URL, else EBB_MODE=aws, else the running embedded AWS.

    Raises NotRunning without any, BadInput for places that make no sense.
    """
    given = place_of(settings)
    if given is not None:
        return at_place(settings, given)
    if settings.endpoint_url is not None:
        return _at_address(settings, settings.endpoint_url)
    if settings.mode == "aws":
        return _real(settings, None)
    running = read_state(settings)
    if running is None or not is_alive(running):
        raise NotRunning
    return _embedded(running.endpoint_url, running.region)


def places_of(settings: Settings) -> tuple[PlaceGiven, ...]:
    """All of EBB_PLACES, in their order; empty where it is not set. Raises BadInput."""
    given = settings.places
    if given is None:
        if settings.place is not None:
            raise BadInput(
                f"There is no place named {settings.place!r}: EBB_PLACES is not set.",
                "Set it: docs/places.md.",
            )
        return ()
    if settings.endpoint_url is not None:
        raise BadInput(
            "AWS_ENDPOINT_URL and EBB_PLACES are both set.",
            "Unset one: a place of the file may have an endpoint_url of its own.",
        )
    if not places_given.is_file(given):
        return places_given.of_list(given)
    path = Path(given.strip()).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"The file of places {path} cannot be read: {error}.", "Correct EBB_PLACES."
        ) from error
    return places_given.of_file(text)


def place_of(settings: Settings) -> PlaceGiven | None:
    """The one that is asked, the first where none is chosen; None where EBB_PLACES is not set. Raises BadInput."""
    given = places_of(settings)
    if not given:
        return None
    return given[0] if settings.place is None else places_given.chosen(given, settings.place)


def at_place(settings: Settings, given: PlaceGiven) -> Where:
    """The AWS that a place means. Raises NotRunning, BadInput where EBB_MODE or its profile forbids it."""
    if settings.mode == "embedded":
        if given.profile or (given.endpoint_url and not is_loopback(given.endpoint_url)):
            raise BadInput(
                f"The place {given.name} is real AWS, and EBB_MODE is embedded.",
                "Set EBB_MODE=aws to read it.",
            )
        where = _embedded_place(settings, given)
    else:
        where = _real_place(settings, given)
    return replace(where, role_arn=given.role_arn or None, external_id=given.external_id or None)


def _embedded_place(settings: Settings, given: PlaceGiven) -> Where:
    running = read_state(settings)
    if given.endpoint_url:
        known = running.region if running is not None and running.endpoint_url == given.endpoint_url else None
        where = _embedded(given.endpoint_url, given.region or known or settings.region or DEFAULT_REGION)
    elif running is None or not is_alive(running):
        raise NotRunning
    else:
        where = _embedded(running.endpoint_url, given.region or running.region)
    if given.write:
        return where
    return replace(where, writable=False, why_read_only=_off(given))


def _real_place(settings: Settings, given: PlaceGiven) -> Where:
    if given.endpoint_url and is_loopback(given.endpoint_url):
        raise BadInput(
            f"The place {given.name} is an address of this machine, and EBB_MODE is aws.",
            "Take it out of EBB_PLACES, or set EBB_MODE=embedded.",
        )
    own = profiles.read(given.profile) if given.profile and not given.region else None
    region = given.region or (own.region if own is not None else settings.region)
    chosen = settings.model_copy(
        update={"profile": given.profile or settings.profile, "region": region or None}
    )
    where = _real(chosen, given.endpoint_url or None)
    if where.writable and not given.write:
        where = replace(where, writable=False, why_read_only=_off(given))
    return where


def _off(given: PlaceGiven) -> str:
    return f"EBB_PLACES says write = false of {given.name}."


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
