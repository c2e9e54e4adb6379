"""The default fleet and its history, served in this process; and bare servers that only look like AWS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ops.config import Settings
from ops.console import Console
from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions

TUESDAY = 1_792_504_800.0
"""2026-10-20 14:00 UTC, a Tuesday: business hours in Berlin."""


@contextmanager
def living(
    start: float = TUESDAY, *, empty: bool = False, scenarios: tuple[str, ...] = ()
) -> Iterator[tuple[LocalAws, SimClock]]:
    """A running embedded AWS whose time stands still until the clock is moved."""
    clock = SimClock(start, 1.0, lambda: 0.0)
    world = make_world(clock, WorldOptions(), empty=empty, scenarios=scenarios)
    server = LocalAws(world, ticking=False).start()
    try:
        yield server, clock
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
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
