"""Uploads over HTTP into the S3 of an embedded AWS: flat memory, one use, the size, and ends before the end."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from components.receiving import AT_ONCE
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account

ROOT = Path(__file__).resolve().parent.parent
MB = 1_000_000
FLAT = 64 * 1024
"""kB that the process may grow by while 200 MB pass through it."""


class Receiver:
    """The process with the route, and an account with an endpoint behind it."""

    def __init__(self, port: int, child: subprocess.Popen[str], account: Account) -> None:
        self.port, self.child, self.account = port, child, account

    def get(self, path: str) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse().read().decode()
        connection.close()
        return answer

    def grant(self, size: int, name: str = "big.bin") -> str:
        return self.get(f"/grant?size={size}&name={name}")

    def post(self, token: str, body: object, **headers: str) -> tuple[int, dict[str, str]]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        chunked = "Transfer-Encoding" in headers
        connection.request("POST", f"/upload/{token}", body, headers, encode_chunked=chunked)  # type: ignore[arg-type]
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def deny(self, *actions: str) -> None:
        order = json.dumps({"actions": actions}).encode()
        url = f"{self.account.aws.server.url}/_ebb/denied"
        urllib.request.urlopen(
            urllib.request.Request(url, order, {"Content-Type": "application/json"})
        ).close()

    def kept(self) -> list[int]:
        """Sizes of the objects that lie where inputs are put."""
        listed = self.account.s3.list_objects_v2(Bucket=BUCKET, Prefix="ebb-input/")
        return [each["Size"] for each in listed.get("Contents", ())]

    def begun(self) -> int:
        """Multipart uploads that were begun and neither completed nor given up."""
        return len(self.account.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ()))

    def peak(self) -> int:
        """The most memory that the process ever held, in kB."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1])  # type: ignore[index]


@pytest.fixture(scope="module")
def process() -> Iterator[Receiver]:
    aws = SteppedAws()
    account = Account(aws)
    account.endpoint()
    command = [sys.executable, "-m", "tests.upload_child", aws.server.url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        yield Receiver(int(child.stdout.readline()), child, account)
        child.terminate()
    aws.server.stop()


@pytest.fixture
def receiver(process: Receiver) -> Receiver:
    for each in process.account.s3.list_objects_v2(Bucket=BUCKET, Prefix="ebb-input/").get("Contents", ()):
        process.account.s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    return process


def pieces(size: int) -> Iterator[bytes]:
    piece = b"e" * MB
    for _ in range(size // MB):
        yield piece


def test_200_mb_pass_with_flat_memory_and_lie_in_s3_as_they_were(receiver: Receiver) -> None:
    receiver.post(receiver.grant(20 * MB), pieces(20 * MB), **{"Content-Length": str(20 * MB)})
    before = receiver.peak()
    size = 200 * MB
    status, told = receiver.post(receiver.grant(size), pieces(size), **{"Content-Length": str(size)})
    assert status == 200
    assert told["uri"].startswith(f"s3://{BUCKET}/ebb-input/doc/")
    assert told["uri"].endswith("-big.bin")
    assert receiver.peak() - before < FLAT
    assert sorted(receiver.kept()) == [20 * MB, size]
    assert receiver.begun() == 0


def test_a_token_serves_once_and_nobody_gets_in_without_one(receiver: Receiver) -> None:
    token = receiver.grant(3)
    assert receiver.post(token, b"abc")[0] == 200
    for used in (token, "nonsense"):
        status, told = receiver.post(used, b"abc")
        assert status == 403
        assert "not allowed" in told["error"]
    assert receiver.kept() == [3]


def test_a_page_of_somebody_else_gets_nothing_and_uses_nothing_up(receiver: Receiver) -> None:
    token = receiver.grant(3)
    assert receiver.post(token, b"abc", Origin="http://elsewhere.example")[0] == 403
    assert receiver.post(token, b"abc")[0] == 200


@pytest.mark.parametrize("declared", [True, False])
def test_more_than_was_said_is_refused_and_not_kept(receiver: Receiver, declared: bool) -> None:
    size = 20 * MB
    headers = {"Content-Length": str(size)} if declared else {"Transfer-Encoding": "chunked"}
    body = b"e" * size if declared else pieces(size)
    token = receiver.grant(size - 1)
    try:
        status, told = receiver.post(token, body, **headers)
    except (BrokenPipeError, ConnectionResetError):  # it answered before all was sent, and closed
        told = {"error": receiver.get(f"/outcome?token={token}")}
        status = 413
    assert status == 413
    assert "larger than was said" in told["error"]
    assert receiver.kept() == []
    assert receiver.begun() == 0


def test_less_than_was_said_is_not_kept(receiver: Receiver) -> None:
    status, told = receiver.post(receiver.grant(10), b"four")
    assert status == 400
    assert "ended after 4 of 10 bytes" in told["error"]
    assert receiver.kept() == []


def test_a_browser_that_leaves_half_way_leaves_nothing(receiver: Receiver) -> None:
    size, token = 40 * MB, receiver.grant(40 * MB)
    connection = HTTPConnection("127.0.0.1", receiver.port, timeout=60)
    connection.putrequest("POST", f"/upload/{token}")
    connection.putheader("Content-Length", str(size))
    connection.endheaders()
    for piece in pieces(30 * MB):
        connection.send(piece)
    connection.close()
    pause = threading.Event()
    for _ in range(200):
        told = receiver.get(f"/outcome?token={token}")
        if told:
            break
        pause.wait(0.05)
    assert "ended before its end" in told
    assert receiver.kept() == []
    assert receiver.begun() == 0


def test_several_go_on_at_once_and_one_too_many_is_told_so(receiver: Receiver) -> None:
    size, half = 4 * MB, 2 * MB
    begun = []
    for _ in range(AT_ONCE):
        connection = HTTPConnection("127.0.0.1", receiver.port, timeout=60)
        connection.putrequest("POST", f"/upload/{receiver.grant(size)}")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        connection.send(b"e" * half)
        begun.append(connection)
    status, told = receiver.post(receiver.grant(3), b"abc")
    assert status == 503
    assert "no more at once" in told["error"]
    for connection in begun:
        connection.send(b"e" * half)
        assert connection.getresponse().status == 200
        connection.close()
    assert receiver.kept() == [size] * AT_ONCE
    assert receiver.post(receiver.grant(3), b"abc")[0] == 200


def test_what_aws_denies_is_said(receiver: Receiver) -> None:
    receiver.deny("s3:PutObject")
    status, told = receiver.post(receiver.grant(3), b"abc")
    receiver.deny()
    assert status == 400
    assert "s3:PutObject" in told["error"] + told["hint"]
    assert receiver.kept() == []
