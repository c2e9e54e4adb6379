"""A webhook on loopback: what is sent, what is refused, what is never told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops import webhook
from ops.core.errors import BadInput, OpsError

SECRET = "T0P-S3CRET"


class Receiver:
    """What came in, and what is answered: a status and, for a redirect, where to."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, object]] = []
        self.paths: list[str] = []
        self.status = 200
        self.location = ""
        self.url = ""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.paths.append(self.path)
            receiver.bodies.append(json.loads(body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook/{SECRET}"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def test_one_post_of_json() -> None:
    with receiving() as receiver:
        webhook.post(receiver.url, {"text": "ünïcode ✓"})
    assert receiver.bodies == [{"text": "ünïcode ✓"}]
    assert receiver.paths == [f"/hook/{SECRET}"]


@pytest.mark.parametrize(
    ("status", "passes"), [(500, True), (503, True), (429, True), (404, False), (403, False)]
)
def test_a_refusal_says_the_status_and_whether_to_try_again(status: int, passes: bool) -> None:
    with receiving() as receiver:
        receiver.status = status
        with pytest.raises(OpsError) as caught:
            webhook.post(receiver.url, {})
    assert caught.value.retryable is passes
    assert str(status) in caught.value.what
    assert SECRET not in caught.value.what + caught.value.hint


def test_a_redirect_is_not_followed() -> None:
    with receiving() as other, receiving() as receiver:
        receiver.status, receiver.location = 307, other.url
        with pytest.raises(OpsError, match="another address") as caught:
            webhook.post(receiver.url, {"text": "secret"})
        assert other.bodies == []
    assert not caught.value.retryable


def test_nobody_there_may_pass_and_names_only_the_host() -> None:
    with receiving() as gone:
        pass
    with pytest.raises(OpsError) as caught:
        webhook.post(gone.url, {})
    assert caught.value.retryable
    assert "could not be reached: nothing listens there." in caught.value.what
    assert SECRET not in repr(caught.value.args) + caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "https://",
        "hooks.example.com",
        "http://127.0.0.1.example.com/",
        "https://[bad",
        "https://hooks.example.com/ä",
        "https://.example.com/x",
        f"https://{'a' * 64}.example.com/x",
        "",
    ],
)
def test_addresses_that_no_notice_goes_to(url: str) -> None:
    with pytest.raises(BadInput):
        webhook.check(url)
    with pytest.raises(BadInput):
        webhook.post(url, {})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://hooks.example.com/services/{SECRET}?token={SECRET}", "https://hooks.example.com/…"),
        (f"https://user:{SECRET}@hooks.example.com:8443/x", "https://hooks.example.com:8443/…"),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9/…"),
    ],
)
def test_an_address_is_shown_without_its_secret(url: str, shown: str) -> None:
    webhook.check(url)
    assert webhook.shown(url) == shown


def test_a_name_without_an_address_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(OpsError) as caught:
        webhook.post("https://hooks.invalid/x", {})
    assert caught.value.what == "hooks.invalid could not be reached: no address is known for this name (DNS)."
