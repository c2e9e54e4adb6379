"""Calls that send: inputs in parts, signed addresses, denials by their IAM action, and flat memory."""

from __future__ import annotations

import hashlib
import itertools
import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.aws import objects, requests
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import BadInput, Denied
from ops.core.requests import RequestState, Sent, Submission
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
URI = f"s3://{BUCKET}/ebb-input/doc/x.bin"
INPUT = f"s3://{BUCKET}/in/1.json"
OWN = "a1b2c3"
SENT = Sent(
    "b-00001", "b", "doc", "ebb-b-00001", INPUT, RequestState.SENDING, datetime(2026, 11, 20, tzinfo=UTC)
)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    aws = SteppedAws()
    made = Account(aws)
    made.endpoint()
    made.put_input()
    yield made
    aws.server.stop()


@pytest.fixture
def reading(account: Account) -> Iterator[Reading]:
    yield Reading(AwsSession(Where("embedded", "us-east-1", account.aws.server.url, loopback=True)))
    deny(account)


def deny(account: Account, *actions: str) -> None:
    body = json.dumps({"actions": actions}).encode()
    url = f"{account.aws.server.url}/_ebb/denied"
    with urllib.request.urlopen(urllib.request.Request(url, body, {"Content-Type": "application/json"})):
        pass


def read_all(account: Account, uri: str = URI) -> bytes:
    bucket, key = objects.object_of(uri)
    return bytes(account.s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def uploads(account: Account) -> int:
    return len(account.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []))


@pytest.mark.parametrize("sizes", [[1], [5 * MIB], [8 * MIB, 1], [3 * MIB] * 7, [20 * MIB], [100] * 50])
def test_chunks_of_any_length_arrive_as_they_were(
    account: Account, reading: Reading, sizes: list[int]
) -> None:
    whole = bytes(n % 251 for n in range(997)) * (sum(sizes) // 997 + 1)
    whole = whole[: sum(sizes)]
    cuts = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    chunks = (whole[a:b] for a, b in itertools.pairwise(cuts))
    assert requests.put_stream(reading, URI, chunks, "image/png", len(whole)) == len(whole)
    assert hashlib.sha256(read_all(account)).digest() == hashlib.sha256(whole).digest()
    assert account.s3.head_object(Bucket=BUCKET, Key=objects.object_of(URI)[1])["ContentType"] == "image/png"
    assert uploads(account) == 0


def test_what_breaks_off_is_given_up(account: Account, reading: Reading) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(20 * MIB)
        raise OSError("the browser went away")

    with pytest.raises(OSError, match="went away"):
        requests.put_stream(reading, URI, broken(), "a/b")
    with pytest.raises(BadInput, match="ended after"):
        requests.put_stream(reading, URI, iter([bytes(20 * MIB)]), "a/b", 21 * MIB)
    with pytest.raises(BadInput, match="empty"):
        requests.put_stream(reading, URI, iter([]), "a/b")
    with pytest.raises(BadInput, match="1 GB"):
        requests.put_stream(reading, URI, iter([b"x"]), "a/b", 2**30 + 1)
    assert uploads(account) == 0


def test_a_signed_address_gives(account: Account, reading: Reading) -> None:
    assert requests.put_stream(reading, URI, iter([b"hello"]), "text/plain") == 5
    with urllib.request.urlopen(objects.presign_get(reading, URI)) as answer:
        assert answer.read() == b"hello"


def test_an_object_is_there_or_not_or_hidden(account: Account, reading: Reading) -> None:
    found = objects.head(reading, INPUT)
    assert found is not None
    assert found.size > 0
    assert objects.head(reading, f"s3://{BUCKET}/none") is None
    assert objects.head(reading, "s3://no-such-bucket-here/none") is None
    account.s3.put_object(Bucket=BUCKET, Key="page", Body=b"<p>", ContentType="text/html")
    assert objects.head(reading, f"s3://{BUCKET}/page") is not None
    deny(account, "s3:GetObject")
    with pytest.raises(Denied) as caught:
        objects.head(reading, INPUT)
    assert caught.value.action == "s3:GetObject"
    assert "s3:ListBucket" in caught.value.hint


def invoked(reading: Reading) -> object:
    called = requests.invoke(reading, SENT, Submission("doc", INPUT), None)
    assert isinstance(called, requests.Refused)
    raise called.error


WRITES: list[tuple[str, Callable[[Reading, Account], object]]] = [
    ("s3:PutObject", lambda r, a: requests.put_stream(r, URI, iter([b"x"]), "a/b")),
    ("s3:PutObject", lambda r, a: requests.put_stream(r, URI, iter([bytes(9 * MIB)]), "a/b")),
    ("sagemaker:InvokeEndpointAsync", lambda r, a: invoked(r)),
    ("sqs:CreateQueue", lambda r, a: requests.make_queue(r, OWN, "doc", [a.success])),
    ("sqs:SetQueueAttributes", lambda r, a: requests.make_queue(r, OWN, "doc", [a.success])),
    ("sns:Subscribe", lambda r, a: requests.make_queue(r, OWN, "doc", [a.success])),
    ("sns:Unsubscribe", lambda r, a: requests.drop_queue(r, OWN, "doc", [a.success])),
    ("sqs:DeleteQueue", lambda r, a: requests.drop_queue(r, OWN, "doc", [a.success])),
    ("sqs:ReceiveMessage", lambda r, a: requests.receive(r, a.queue)),
    ("sqs:DeleteMessage", lambda r, a: requests.delete(r, a.queue, ["x"])),
]


def make(reading: Reading, account: Account, action: str) -> None:
    """The queue, unless it is about its being made."""
    if action == "sqs:CreateQueue":
        requests.drop_queue(reading, OWN, "doc", [account.success])
    else:
        requests.make_queue(reading, OWN, "doc", [account.success])


@pytest.mark.parametrize(("action", "write"), WRITES)
def test_a_denial_names_the_iam_action(
    account: Account, reading: Reading, action: str, write: Callable[[Reading, Account], object]
) -> None:
    make(reading, account, action)
    deny(account, action)
    with pytest.raises(Denied) as caught:
        write(reading, account)
    assert caught.value.action == action
    assert action in caught.value.hint


def test_a_queue_of_another_installation_or_of_somebody_else_is_left_alone(
    account: Account, reading: Reading
) -> None:
    topics = [account.success]
    requests.make_queue(reading, OWN, "doc", topics)
    assert requests.find_queue(reading, "d4e5f6", "doc", topics) is None
    requests.drop_queue(reading, "d4e5f6", "doc", topics)
    mine = requests.find_queue(reading, OWN, "doc", topics)
    assert mine is not None
    assert mine.topics == tuple(topics)
    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "theirs", "Effect": "Deny"}]}
    account.sqs.set_queue_attributes(QueueUrl=mine.url, Attributes={"Policy": json.dumps(policy)})
    assert requests.find_queue(reading, OWN, "doc", topics) is None
    for change in (requests.make_queue, requests.drop_queue):
        with pytest.raises(BadInput, match="not made by this Ebb"):
            change(reading, OWN, "doc", topics)
    account.sqs.delete_queue(QueueUrl=mine.url)


def test_a_queue_that_was_left_half_made_is_finished(account: Account, reading: Reading) -> None:
    requests.drop_queue(reading, OWN, "doc", [account.success])
    deny(account, "sqs:SetQueueAttributes")
    with pytest.raises(Denied):
        requests.make_queue(reading, OWN, "doc", [account.success])
    deny(account)
    requests.make_queue(reading, OWN, "doc", [account.success])
    found = requests.find_queue(reading, OWN, "doc", [account.success])
    assert found is not None
    assert found.topics == (account.success,)


def test_the_name_of_a_queue_is_short_enough_for_every_endpoint() -> None:
    assert len(requests.queue_name(OWN, "e" * 63)) <= 80


def test_a_request_goes_where_it_was_asked_for(account: Account, reading: Reading) -> None:
    called = requests.invoke(reading, SENT, Submission("doc", INPUT), ("ebb/b", "00001.out"))
    assert isinstance(called, requests.Accepted)
    assert called.output_uri == f"s3://{BUCKET}/out/ebb/b/00001.out"
    assert called.request_id
    assert called.status == 202


@pytest.mark.parametrize(
    ("url", "kind"),
    [("http://127.0.0.1:9", requests.NotSent)],
)
def test_what_did_not_reach_aws_may_be_sent_again(url: str, kind: type) -> None:
    reading = Reading(AwsSession(Where("embedded", "us-east-1", url, loopback=True)))
    assert isinstance(requests.invoke(reading, SENT, Submission("doc", INPUT), None), kind)


CHILD = """
import resource, sys
from ops.aws import requests
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
reading = Reading(AwsSession(Where("embedded", "us-east-1", sys.argv[1], loopback=True)))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
requests.put_stream(reading, sys.argv[2] + "-small", iter([b"x"]), "a/b")
before = peak()
size = requests.put_stream(reading, sys.argv[2], (bytes(1 << 20) for _ in range(200)), "a/b", 200 << 20)
print(size, peak() - before)
"""


def test_200_mb_are_uploaded_with_flat_memory(account: Account) -> None:
    told = subprocess.run(
        [sys.executable, "-c", CHILD, account.aws.server.url, URI],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    size, grown_kb = map(int, told.split())
    assert size == 200 * MIB
    assert grown_kb < 64 * 1024
    assert account.s3.head_object(Bucket=BUCKET, Key=objects.object_of(URI)[1])["ContentLength"] == size
