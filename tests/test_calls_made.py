"""What a whole run of the tests is judged by: calls, table and policies are the same, or it says what is not."""

from __future__ import annotations

import logging
from pathlib import Path

from ops.core.permissions import TABLE
from tests.calls_made import Recorder, faults, gathered

ALL = {row.call for row in TABLE if row.call}


def record(level: int, call: str) -> logging.LogRecord:
    return logging.LogRecord("ops.calls", level, __file__, 1, "%s", (call,), None)


def test_all_calls_and_no_others_are_no_fault() -> None:
    assert faults(ALL, ()) == []


def test_a_declared_call_that_no_test_makes_is_told_with_what_is_checked_beside_it() -> None:
    assert faults(ALL - {"logs:FilterLogEvents"}, ()) == [
        "logs:FilterLogEvents is declared, and no test makes it"
    ]
    assert faults(ALL - {"sagemaker:CreateModel"}, ()) == [
        "sagemaker:CreateModel is declared, and no test makes it",
        "iam:PassRole (admin) is declared for calls that no test makes",
    ]


def test_calls_that_are_not_declared_are_told_whether_made_or_refused() -> None:
    assert faults(ALL | {"s3:CopyObject"}, {"s3:DeleteObject"}) == [
        "s3:DeleteObject was tried, and is not in ops/core/permissions",
        "s3:CopyObject was made, and is not in ops/core/permissions",
    ]


def test_what_each_process_saw_is_put_together(tmp_path: Path) -> None:
    one, other = Recorder(tmp_path / "gw0.calls"), Recorder(tmp_path / "gw1.calls")
    for _ in range(2):
        assert not one.filter(record(logging.DEBUG, "sagemaker:ListEndpoints"))
    assert other.filter(record(logging.ERROR, "s3:DeleteObject"))
    assert (tmp_path / "gw0.calls").read_text("utf-8").count("\n") == 1
    assert gathered(tmp_path) == ({"sagemaker:ListEndpoints"}, {"s3:DeleteObject"})
    assert (one.take_refused(), other.take_refused(), other.take_refused()) == ([], ["s3:DeleteObject"], [])
