"""`submit` and `requests` on the command line: exit codes for scripts, one JSON document, and what is said."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.__main__ import main
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    aws = SteppedAws()
    made = Account(aws)
    made.endpoint()
    made.put_input()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.server.url)
    monkeypatch.setenv("EBB_HISTORY_URL", f"sqlite:///{tmp_path / 'history.db'}")
    yield made
    aws.server.stop()


@pytest.fixture
def running(account: Account) -> Iterator[Account]:
    """Time passes while a command waits."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(0.05):
            account.aws.advance(5.0)

    thread = threading.Thread(target=tick)
    thread.start()
    yield account
    ended.set()
    thread.join()


def test_a_file_is_uploaded_sent_and_followed_to_its_end(
    running: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "page 1.json"
    file.write_text('{"page": 1}')
    assert main(["submit", "doc", str(file), "--count", "2", "--wait", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"done": 2}
    uri = said["batch"]["submission"]["input_uri"]
    assert uri.startswith(f"s3://{BUCKET}/ebb-input/doc/")
    assert uri.endswith("-page-1.json")
    assert running.read(uri) == '{"page": 1}'
    assert main(["requests", "doc", "--state", "done"]) == 0
    shown = capsys.readouterr().out
    assert "2 done" in shown
    assert "neither list nor cancel" in shown


def test_some_that_fail_are_exit_code_1(running: Account, capsys: pytest.CaptureFixture[str]) -> None:
    running.aws.world.fleet.inject("doc", profile=(1.0, 2.0, 1.0))
    assert main(["submit", "doc", f"s3://{BUCKET}/in/1.json", "--wait"]) == 1
    assert "Received server error (500)" in capsys.readouterr().out


def test_a_yes_is_asked_for_and_a_viewer_is_refused(
    account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"s3://{BUCKET}/in/1.json"
    assert main(["submit", "doc", uri, "--count", "21"]) == 3
    assert "more than 20" in capsys.readouterr().err
    assert main(["submit", "doc", uri, "--count", "21", "--yes"]) == 0
    assert "21 of 21 requests sent" in capsys.readouterr().out
    monkeypatch.setenv("EBB_ROLE", "viewer")
    assert main(["submit", "doc", uri]) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["submit", "nobody", "s3://b/k"], "no endpoint named"),
        (["submit", "doc", "/no/such/file"], "cannot be read"),
        (["submit", "doc", "s3://b/k", "--rate", "fast"], "not a pace"),
        (["submit", "doc", "s3://b/k", "--ttl", "5"], "time to live"),
        (["requests", "--state", "lost"], "names no state"),
    ],
)
def test_bad_usage_is_exit_code_2(
    account: Account, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_what_cannot_wake_is_warned_of_beside_the_document(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="doc",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}],
    )
    account.aws.advance(600)
    assert main(["submit", "doc", f"s3://{BUCKET}/in/1.json", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["batch"]
    assert "Warning: doc cannot wake (no scaling is registered for it)" in said.err
    assert "expire after 6 h" in said.err


def test_counts_follow_the_filter(running: Account, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["submit", "doc", f"s3://{BUCKET}/in/1.json", "--count", "2", "--wait"]) == 0
    capsys.readouterr()
    for asked, said in (
        ("failed,expired", "none failed or expired of 2"),
        ("not-sent", "none not sent of 2"),
        ("stopped", "none not sent of 2"),
        ("done,failed", "2 done of 2"),
    ):
        assert main(["requests", "doc", "--state", asked]) == 0
        assert capsys.readouterr().out.startswith(f"{said}\n")
