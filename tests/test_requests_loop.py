"""The threads beside the collector: what is submitted through its console is sent and followed without further ado."""

from __future__ import annotations

import threading
from pathlib import Path

from ops import collectors
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.requests import RequestFilter, RequestState, Submission
from ops.requests_loop import FAULT, RequestsLoop
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.deploying import BUCKET, Account


def test_what_is_submitted_is_sent_and_followed(tmp_path: Path) -> None:
    aws = SteppedAws()
    account = Account(aws)
    account.endpoint()
    account.put_input()
    settings = Settings(endpoint_url=aws.server.url, history_url=f"sqlite:///{tmp_path / 'history.db'}")
    collector = collectors.start(settings)[0].collector
    try:
        wanted = Submission("doc", f"s3://{BUCKET}/in/1.json", count=3)
        batch = collector.act(lambda console: console.submit(wanted, Actor("ann", "operator")))
        ended, turn = 0, threading.Event()
        for _ in range(300):
            aws.advance(5.0)
            turn.wait(0.05)
            view = collector.act(
                lambda console: console.requests(RequestFilter(batch=batch.id)), changes=False
            )
            ended = view.counts[RequestState.DONE]
            if ended == 3:
                break
        assert ended == 3
    finally:
        collectors.stop()
        aws.server.stop()


def test_a_fault_of_its_own_ends_no_thread_and_is_told_until_it_is_over() -> None:
    asked: dict[str, int] = {}
    both, well = threading.Event(), threading.Event()

    def console() -> Console | None:
        name = threading.current_thread().name
        asked[name] = asked.get(name, 0) + 1
        if not well.is_set():
            if len(asked) == 2 and min(asked.values()) >= 3:
                both.set()
            raise ZeroDivisionError("of Ebb's own")
        return None

    loop = RequestsLoop(console, fault_s=0.01).start()
    try:
        assert both.wait(20)
        assert loop.problem == FAULT
        well.set()
        turn = threading.Event()
        for _ in range(200):
            if not loop.problem:
                break
            turn.wait(0.05)
        assert loop.problem == ""
    finally:
        loop.stop()
