"""Which process is at a change, and when nobody is any more."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops import clock
from ops.at_work import PROCESS, SILENT, abandoned, alive, carrying_out, under_way
from ops.core import resources
from ops.core.change import Actor, Entry, Outcome
from ops.core.setup import Setup
from ops.core.types import EndpointRef

T = datetime(2026, 11, 20, 9, tzinfo=UTC)
ENTRY = Entry(
    "a",
    T,
    Actor("kim", "admin"),
    EndpointRef("123456789012", "us-east-1", "doc"),
    "deploy",
    "Deploy doc",
    "",
    Setup(),
    Setup(resources=(resources.endpoint("doc", "doc"),)),
    Outcome.BEGUN,
    process="another-host:7:abcdef01:12345",
)
AT_ONCE, LATE, LONG = timedelta(minutes=1), timedelta(hours=1), timedelta(hours=7)


@pytest.mark.parametrize(
    ("quiet", "age", "gone"),
    [
        (timedelta(0), LONG, False),
        (SILENT - timedelta(seconds=30), AT_ONCE, False),
        (SILENT, AT_ONCE, True),
        (-timedelta(seconds=30), AT_ONCE, False),
        (None, LATE, False),
        (None, LONG, True),
    ],
)
def test_a_process_elsewhere_is_known_by_what_it_tells(
    quiet: timedelta | None, age: timedelta, gone: bool
) -> None:
    entry = replace(ENTRY, beat=None if quiet is None else clock.now() - quiet)
    assert abandoned(entry, T + age) is gone
    assert under_way(entry) is (quiet is None or not gone)


def test_a_number_that_is_used_again_is_another_process() -> None:
    says = "import sys; from ops.at_work import PROCESS; print(PROCESS, flush=True); sys.stdin.readline()"
    child = subprocess.Popen(
        [sys.executable, "-c", says], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    process = child.stdout.readline().strip()
    host, number, token, started = process.split(":")
    try:
        assert int(number) == child.pid
        assert alive(process)
        assert alive(f"{host}:{number}:{token}")
        if started:
            assert not alive(f"{host}:{number}:{token}:{int(started) - 1}")
            entry = replace(ENTRY, process=f"{host}:{number}:{token}:{int(started) - 1}", beat=clock.now())
            assert abandoned(entry, T)
            assert not under_way(entry)
    finally:
        child.communicate("\n", timeout=20)
    assert not alive(process)
    assert not alive("")


def test_what_this_process_carries_out_is_under_way() -> None:
    own = replace(ENTRY, process=PROCESS, beat=clock.now() - timedelta(hours=1))
    assert alive(PROCESS)
    host, number, *_ = PROCESS.split(":")
    assert not alive(f"{host}:{number}:another:1")
    with carrying_out(own.id):
        assert under_way(own)
        assert not abandoned(own, T + LONG)
    assert not under_way(own)
    assert abandoned(own, T + LATE)
