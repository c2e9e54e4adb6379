"""Uploads of inputs from the browser: who may send what once, the bytes on their way, and what became of them.

A page makes a grant for an operator (`grant`), the browser sends the file to a route of app.py under its token, and
the page reads what became of it (`outcome`). Tokens cannot be guessed, serve once, end after minutes, and live in
memory alone. Custom routes are not behind Streamlit's sign-in: the token is all that lets an upload in.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.core.change import Actor, may
from ops.core.errors import BadInput, OpsError, ReadOnly
from ops.core.requests import MOST_PAYLOAD

LIVES_S = 300.0
"""Seconds within which an upload must begin."""
KEPT = 200
"""Grants and outcomes that are kept; the oldest go first."""
PIECE = 1 << 20
"""Bytes that are handed over at once."""
WAITING = 4
"""Pieces that may wait between the browser and AWS: memory stays flat however slow AWS is."""
_ODD = re.compile(r"[^A-Za-z0-9._-]+")
MOST_NAME = 80


@dataclass(frozen=True, slots=True)
class Grant:
    """That one upload is allowed: of this size, for this endpoint, in the name of this actor."""

    token: str
    endpoint: str
    actor: Actor
    filename: str
    """Safe as the last part of a key."""
    size: int
    """Bytes that the browser said; not one more is taken."""
    content_type: str
    until: float
    place: str = ""
    """The account and region of the page that asked, by its name where there are several."""
    scope: Hashable | None = None
    """What that name led to then, where it was known."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload: the address of the object, or why there is none."""

    grant: Grant
    uri: str = ""
    error: OpsError | None = None


class Broken(OpsError):
    """The browser ended an upload before its end. Nothing of it is kept."""


class Desk:
    """Grants and outcomes of this process. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._grants: OrderedDict[str, Grant] = OrderedDict()
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()

    def grant(
        self,
        endpoint: str,
        actor: Actor,
        filename: str,
        size: int,
        content_type: str = "application/json",
        place: str = "",
        scope: Hashable | None = None,
    ) -> Grant:
        """Allow one upload. Raises ReadOnly where the role is too small, BadInput for a size that AWS does not take."""
        if not may(actor.role, "operator"):
            raise ReadOnly(
                f"An upload needs the role operator; {actor.name} holds {actor.role}.",
                "Ask somebody who is operator.",
            )
        if not endpoint:
            raise BadInput("No endpoint is named.", "Choose one.")
        if size <= 0:
            raise BadInput("The file is empty.", "Give at least one byte.")
        if size > MOST_PAYLOAD:
            raise BadInput("The file is larger than 1 GB.", "SageMaker takes no larger input: split it.")
        given = Grant(
            secrets.token_urlsafe(32),
            endpoint,
            actor,
            safe_name(filename),
            size,
            content_type,
            self._monotonic() + LIVES_S,
            place,
            scope,
        )
        with self._lock:
            self._grants[given.token] = given
            _cut(self._grants)
        return given

    def take(self, token: str) -> Grant | None:
        """The grant of a token, once; None where there is none, or it was used, or its time has passed."""
        with self._lock:
            found = self._grants.pop(token, None)
        return found if found is not None and self._monotonic() <= found.until else None

    def note(self, outcome: Outcome) -> None:
        """Keep what became of an upload, for the page that granted it."""
        with self._lock:
            self._outcomes[outcome.grant.token] = outcome
            _cut(self._outcomes)

    def outcome(self, token: str) -> Outcome | None:
        """What became of an upload; None while it goes on, and for a token that nobody knows."""
        with self._lock:
            return self._outcomes.get(token)


desk = Desk()
"""The one of this process."""


def safe_name(filename: str) -> str:
    """The name of a file without its path, of letters, digits, dots, dashes and underscores; never empty."""
    last = re.split(r"[/\\]", filename)[-1]
    return _ODD.sub("-", last).strip("-.")[-MOST_NAME:].lstrip("-.") or "input"


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of ours, as far as the browser says. `headers`: names in lower case."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


class Pipe:
    """Bytes from the browser to AWS: the one who feeds waits while WAITING pieces are not taken yet."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._ended = False
        self._error: OpsError | None = None
        self._closed = False

    def feed(self, piece: bytes) -> bool:
        """Hand over a piece; False where nobody takes any more."""
        with self._change:
            self._change.wait_for(lambda: self._closed or len(self._pieces) < WAITING)
            if self._closed:
                return False
            self._pieces.append(piece)
            self._change.notify_all()
            return True

    def end(self, error: OpsError | None = None) -> None:
        """Nothing more comes; with `error`, what came is void, and whoever takes gets it raised."""
        with self._change:
            if not self._ended:
                self._ended, self._error = True, error
                self._change.notify_all()

    def close(self) -> None:
        """Nobody takes any more."""
        with self._change:
            self._closed = True
            self._pieces.clear()
            self._change.notify_all()

    def pieces(self) -> Iterator[bytes]:
        """What was fed, in order, until the end. Raises what the end was given."""
        while True:
            with self._change:
                self._change.wait_for(lambda: self._ended or self._pieces)
                if self._error is not None:
                    raise self._error
                if not self._pieces:
                    return
                piece = self._pieces.popleft()
                self._change.notify_all()
            yield piece


def _cut(kept: OrderedDict[str, object]) -> None:
    while len(kept) > KEPT:
        kept.popitem(last=False)
