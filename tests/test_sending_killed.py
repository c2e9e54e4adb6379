"""A burst of 500 while the process that sends and follows it is killed half-way: none is lost, none is doubled."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.requests import RequestFilter, RequestState, Submission
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account

ROOT = Path(__file__).resolve().parents[1]
NUMBER, HALF = 500, 30
CHILD = """
import sys
from ops.config import Settings
from ops.console import Console
console = Console.open(Settings(endpoint_url=sys.argv[1], history_url=sys.argv[2]), keep=True)
while console.send_step() is not None:
    console.follow_step()
    print("step", flush=True)
print("sent", flush=True)
"""


def child(url: str, history: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, history], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def test_a_burst_survives_a_restart_half_way(tmp_path: Path) -> None:
    aws = SteppedAws()
    try:
        account = Account(aws)
        account.endpoint()
        account.put_input()
        account.messages()
        aws.world.fleet.inject("doc", profile=(0.1, 0.2, 0.0))
        url, history = aws.server.url, f"sqlite:///{tmp_path / 'history.db'}"
        with Console.open(Settings(endpoint_url=url, history_url=history), keep=True) as console:
            wanted = Submission("doc", f"s3://{BUCKET}/in/1.json", ttl_s=600, timeout_s=60, count=NUMBER)
            batch = console.submit(wanted, Actor("ann", "operator"), confirmed=True)

            first = child(url, history)
            assert first.stdout is not None
            for _ in range(HALF):
                assert first.stdout.readline() == "step\n"
            first.send_signal(signal.SIGKILL)
            assert first.wait(timeout=20) == -signal.SIGKILL
            first.stdout.close()
            begun = console.batch(batch.id).sent
            assert HALF * 8 <= begun < NUMBER

            second = child(url, history)
            assert second.stdout is not None
            assert second.stdout.read().endswith("sent\n")
            assert second.wait(timeout=60) == 0
            second.stdout.close()

            aws.advance(600 + 60 + 300)
            assert console.follow_step(everything=True) == 0
            counts = console.requests(RequestFilter(batch=batch.id)).counts
            rows = console.requests(RequestFilter(batch=batch.id, limit=NUMBER)).rows
        received = Counter(m["inferenceId"] for m in account.messages())
    finally:
        aws.server.stop()

    assert len(rows) == len({row.inference_id for row in rows}) == NUMBER
    assert set(received) <= {row.inference_id for row in rows}
    assert set(received.values()) == {1}
    done = {row.inference_id for row in rows if row.state is RequestState.DONE}
    assert done == set(received)
    left = NUMBER - counts[RequestState.DONE]
    assert counts[RequestState.UNKNOWN] + counts[RequestState.EXPIRED] == left
    assert left <= 8  # calls that the kill cut off: at most those in flight, and nobody sends them again
