"""The default fleet and its history, served in this process; and bare servers that only look like AWS."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from urllib.parse import parse_qs, urlsplit

from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from ops.config import Settings
from ops.console import Console
from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions

TUESDAY = 1_792_504_800.0
"""2026-10-20 14:00 UTC, a Tuesday: business hours in Berlin."""


class Hand:
    """A clock moved by the test."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@contextmanager
def living(
    start: float = TUESDAY, *, empty: bool = False, scenarios: tuple[str, ...] = (), days: int = 30
) -> Iterator[tuple[LocalAws, SimClock]]:
    """A running embedded AWS whose time stands still until the clock is moved, with so many days of history."""
    for backends in (iam_backends, s3_backends, sns_backends, sqs_backends):
        backends.reset()  # moto's are the process's own
    clock = SimClock(start, 1.0, lambda: 0.0)
    world = make_world(clock, WorldOptions(history_days=days), empty=empty, scenarios=scenarios)
    server = LocalAws(world, ticking=False).start()
    try:
        yield server, clock
    finally:
        server.stop()


@contextmanager
def hurrying(speed: float = 3600.0, start: float = TUESDAY) -> Iterator[str]:
    """The address of an empty embedded AWS in which an hour passes within a second."""
    for backends in (iam_backends, s3_backends, sns_backends, sqs_backends):
        backends.reset()  # moto's are the process's own
    world = make_world(SimClock(start, speed, time.monotonic), WorldOptions(), empty=True)
    server = LocalAws(world).start()
    try:
        yield server.url
    finally:
        server.stop()


def console_at(url: str) -> Console:
    return Console.open(Settings(endpoint_url=url))


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def answering(answer: Callable[[str, bytes], Answer]) -> Iterator[str]:
    """A bare HTTP server on loopback: `answer` gets the X-Amz-Target (or the form body) of every request."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target") or self.path
            status, headers, payload = answer(target, body)
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _serving(Handler) as url:
        yield url


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        with suppress(OSError):  # wakes it, so that it need not look up by itself
            server.socket.shutdown(SHUT_RDWR)
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class Gate:
    """What a gate in front of an AWS lets through. `shut` maps an operation to the error it gets instead."""

    def __init__(self, behind: str) -> None:
        self.behind = behind
        self.shut: dict[str, Answer] = {}
        self.before: dict[str, Callable[[], None]] = {}
        """Called once when an operation comes by; it is not passed on then."""
        self.after: dict[str, Callable[[], None]] = {}
        """Called once when an operation has been answered, before its answer is passed back."""
        self.passed = 0


@contextmanager
def gated(behind: str) -> Iterator[tuple[str, Gate]]:
    """A gate in front of a running AWS: passes every request on, but answers itself for what is shut."""
    gate = Gate(behind)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target") or self.path
            action = parse_qs(body.decode()).get("Action", [""])[0] if target == "/" else ""
            named = re.split("[./]", target)[-1]
            early, late = gate.before.pop(named, None), gate.after.pop(named, None)
            if early is not None:
                early()
                return
            answer_length = "0"
            closed = gate.shut.get("*") or gate.shut.get(named) or gate.shut.get(action)
            if closed is not None:
                status, headers, payload = closed
                if target == "/":  # STS and SNS speak XML
                    code = headers["x-amzn-ErrorType"]
                    text = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
                    headers, payload = {"Content-Type": "text/xml"}, text.encode()
            else:
                address = urlsplit(gate.behind)
                onward = HTTPConnection(address.hostname or "", address.port, timeout=20)
                onward.request(self.command, self.path, body, dict(self.headers))
                answer = onward.getresponse()
                status, headers, payload = answer.status, dict(answer.getheaders()), answer.read()
                answer_length = answer.getheader("Content-Length") or "0"
                onward.close()
                gate.passed += 1
                if late is not None:
                    late()
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            length = answer_length if self.command == "HEAD" else str(len(payload))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # S3

        def log_message(self, format: str, *args: object) -> None:
            pass

    with _serving(Handler) as url:
        yield url, gate


def error(code: str, message: str = "said so", status: int = 400) -> Answer:
    """An error as AWS's JSON services and CloudWatch's CBOR both have it understood."""
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
    return status, headers, json.dumps({"__type": code, "message": message}).encode()
