"""Failure objects on the embedded AWS: newest first within bounds, hostile content, denied, missing, empty."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ops.aws import results
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.plain_text import SHOWN_BYTES
from tests.local_aws.conftest import SteppedAws

BUCKET, PATH = "ebb-failures", "s3://ebb-failures/doc/fail/"


@pytest.fixture(scope="module")
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    stepped.client("s3").create_bucket(Bucket=BUCKET)
    yield stepped
    stepped.server.stop()


@pytest.fixture(scope="module")
def reading(aws: SteppedAws) -> Reading:
    return reading_at(aws.server.url)


def reading_at(url: str) -> Reading:
    return Reading(AwsSession(Where("embedded", "us-east-1", url, loopback=True)))


def put(aws: SteppedAws, key: str, body: bytes, **more: Any) -> str:
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body, **more)
    return key


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("s3://b/x/y/", ("b", "x/y/")),
        ("s3://b/x/y", ("b", "x/y/")),
        ("s3://b", ("b", "")),
        ("s3://b/", ("b", "")),
    ],
)
def test_a_path_in_parts(path: str, place: tuple[str, str]) -> None:
    assert results.place_of(path) == place


@pytest.mark.parametrize("path", ["", "https://b/x", "s3://", "b/x"])
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(BadInput):
        results.place_of(path)


@pytest.mark.parametrize(
    "odd", [{"Key": None}, {"LastModified": None}, {"LastModified": "today"}, {"Key": ""}]
)
def test_an_item_without_a_key_or_a_time_is_none(odd: dict[str, object]) -> None:
    whole = {"Key": "a/b", "LastModified": datetime(2026, 11, 20, tzinfo=UTC)}
    assert results.parse_object("b", whole) is not None
    assert results.parse_object("b", whole | odd) is None
    (name,) = odd
    assert results.parse_object("b", {k: v for k, v in whole.items() if k != name}) is None


def test_the_newest_come_first_whatever_their_keys(aws: SteppedAws, reading: Reading) -> None:
    for n in (3, 1, 2):
        aws.advance(60)
        put(aws, f"order/{n}-error.out", b"x")
    found = results.newest(reading, f"s3://{BUCKET}/order", 2)
    assert [each.key for each in found.objects] == ["order/2-error.out", "order/1-error.out"]
    assert (found.seen, found.more) == (3, False)
    assert found.objects[0].uri == f"s3://{BUCKET}/order/2-error.out"


def test_more_than_the_pages_hold_is_said(aws: SteppedAws, reading: Reading) -> None:
    for n in range(1005):
        aws.world.delivery.put_object(f"s3://{BUCKET}/many/{n:04d}", b"x", aws.now() - n)
    assert results.newest(reading, f"s3://{BUCKET}/many", 1, pages=1).more
    whole = results.newest(reading, f"s3://{BUCKET}/many", 1)
    assert (whole.seen, whole.more, whole.objects[0].key) == (1005, False, "many/0000")


@pytest.mark.parametrize(
    ("body", "binary", "truncated", "begins"),
    [
        (b"ClientError: boom", False, False, "ClientError: boom"),
        (b"<script>alert(1)</script>", False, False, "<script>"),
        (b"\x1b[31mred\x1b[0m\x07", False, False, "␛[31mred␛[0m␇"),
        (b"", False, False, ""),
        (bytes(range(256)), True, False, "0000  00 01"),
        (b"x" * 1_000_000, False, True, "xxx"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200_000), True, True, "0000  89 50 4e 47"),
        ("ü".encode() * 40_000, False, True, "üü"),
    ],
)
def test_what_an_object_holds(
    aws: SteppedAws, reading: Reading, body: bytes, binary: bool, truncated: bool, begins: str
) -> None:
    key = put(aws, "doc/fail/one-error.out", body, ContentType="text/html")
    found = results.read(reading, PATH, key)
    assert found.object.size == len(body)
    assert (found.content.binary, found.content.truncated) == (binary, truncated)
    assert found.content.text.startswith(begins)
    assert len(found.content.text) <= SHOWN_BYTES


@pytest.mark.parametrize("key", ["doc/in/secret.json", "doc/fail/", "../doc/fail/x", "doc/failure/x", ""])
def test_nothing_outside_the_failure_path_is_read(aws: SteppedAws, reading: Reading, key: str) -> None:
    put(aws, "doc/in/secret.json", b"secret")
    with pytest.raises(BadInput, match="failure path"):
        results.read(reading, PATH, key)


def test_an_object_or_a_bucket_that_is_gone(reading: Reading) -> None:
    with pytest.raises(OpsError, match="key"):
        results.read(reading, PATH, "doc/fail/none")
    with pytest.raises(OpsError, match="bucket"):
        results.newest(reading, "s3://no-such-bucket-of-ours/x", 5)


@contextmanager
def denying() -> Iterator[str]:
    """An S3 that denies everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            self.send_response(403)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


def test_a_denial_names_the_action_that_iam_knows() -> None:
    with denying() as url:
        reading = reading_at(url)
        with pytest.raises(Denied) as listing:
            results.newest(reading, PATH, 5)
        with pytest.raises(Denied) as getting:
            results.read(reading, PATH, "doc/fail/x")
    assert (listing.value.action, getting.value.action) == ("s3:ListBucket", "s3:GetObject")
