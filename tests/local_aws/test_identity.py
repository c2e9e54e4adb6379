"""Each embedded AWS says over the wire which one it is, so that their histories never mix."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from ops.local_aws.world import WorldOptions
from tests.living import console_at
from tests.local_aws.conftest import SteppedAws
from tests.roles import assumed, trusting

ROOT = Path(__file__).resolve().parents[2]


def who(url: str, key: str = "AKIAEXAMPLE") -> dict[str, Any]:
    sts = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
    )
    return dict(sts.get_caller_identity())


@contextmanager
def program(state: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """An empty embedded AWS with the usual seed, as its own process, and what it says when it is ready."""
    command = [sys.executable, "-m", "ops.local_aws", "--empty", "--seed", "7", "--state", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def test_whoever_asks_is_told_the_same_world(aws: SteppedAws) -> None:
    answers = [who(aws.server.url), who(aws.server.url, "ASIAOTHER")]
    given = assumed(aws, trusting("123456789012"), session="night")["Credentials"]
    answers.append(who(aws.server.url, given["AccessKeyId"]))
    assert {answer["UserId"] for answer in answers} == {aws.world.identity}
    assert {answer["Account"] for answer in answers} == {"123456789012"}
    assert answers[2]["Arn"].endswith("assumed-role/ebb/night")


def test_a_world_of_another_account_and_region_says_so_everywhere() -> None:
    aws = SteppedAws(WorldOptions(account="222222222222", region="eu-west-1"))
    try:
        assert who(aws.server.url)["Account"] == "222222222222"
        topic = aws.client("sns").create_topic(Name="told")["TopicArn"]
        assert topic.split(":")[4] == "222222222222"
    finally:
        aws.server.stop()


def test_two_worlds_of_one_seed_differ_unless_told_otherwise() -> None:
    options = (WorldOptions(), WorldOptions(), WorldOptions(identity="mine"), WorldOptions(identity="mine"))
    worlds = []
    for each in options:
        aws = SteppedAws(each)
        worlds.append(who(aws.server.url)["UserId"])
        aws.server.stop()
    assert worlds[0] != worlds[1]
    assert worlds[2:] == ["mine", "mine"]


def test_the_console_knows_the_world_of_an_embedded_aws(aws: SteppedAws) -> None:
    with console_at(aws.server.url) as console:
        connection = console.connection()
    assert connection.kind == "embedded"
    assert connection.world == aws.world.identity


def test_the_note_tells_the_world_of_the_run_that_wrote_it(tmp_path: Path) -> None:
    """No run continues another one, so the next one on the same note is another world, also after kill -9."""
    state, worlds = tmp_path / "state.json", []
    for _ in range(2):
        with program(state) as (process, said):
            noted = json.loads(state.read_text())
            assert noted["world"] == said["world"] == who(said["endpoint_url"])["UserId"]
            worlds.append(noted["world"])
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert worlds[0] != worlds[1]
