"""Failed requests in log lines, leniently; and what a user types as a filter pattern."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops.core.errors import BadInput
from ops.core.failures import Cause
from ops.core.log_lines import (
    MOST_PATTERN,
    FailedRequest,
    checked_name,
    failed_request,
    instance_prefix,
    most_said,
    pattern,
)
from ops.core.records import LogLine
from ops.local_aws.log_filter import matcher

AT = datetime(2026, 11, 20, 11, 6, tzinfo=UTC)
STREAM = "AllTraffic/i-0aa/data-log"
ID = "11bb4f7a-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("message", "status", "cause", "said"),
    [
        (
            f"2022-03-23T11:23:17.723:[sagemaker logs] [{ID}] "
            'Received server error (500) from primary with message "boom"',
            500,
            Cause.MODEL_5XX,
            "boom",
        ),
        (
            f'[sagemaker logs] [{ID}] Received client error (415) from primary with message "{{"code": 1}}". See https://x',
            415,
            Cause.MODEL_4XX,
            '{"code": 1}',
        ),
        (f"[sagemaker logs]: [{ID}]: Could not download the input object", None, Cause.DOWNLOAD, None),
        (f"[sagemaker logs] [{ID}] Unable to upload the response", None, Cause.UPLOAD, None),
        (f"[sagemaker logs] [{ID}] Failed to publish to SNS", None, Cause.NOTIFICATION, None),
        (
            f"[sagemaker logs] [{ID}] The model did not answer within the invocation timeout",
            None,
            Cause.OTHER,
            None,
        ),
        (f"[sagemaker logs] [{ID}] Received server error (0) from model", None, Cause.OTHER, None),
    ],
)
def test_a_failed_request_is_read_leniently(
    message: str, status: int | None, cause: Cause, said: str | None
) -> None:
    found = failed_request(LogLine(AT, STREAM, message))
    assert found is not None
    assert (found.inference_id, found.status, found.cause) == (ID, status, cause)
    assert found.message == said if said is not None else message.endswith(found.message)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[sagemaker logs] []",
        f"[sagemaker logs] [{ID}] Request was received",
        "[sagemaker logs] [" + "x" * 65 + "] Received server error (500)",
        f"Received server error (500) {ID}",
        "\x00\x1b[31m" * 50,
    ],
)
def test_other_lines_tell_of_no_failed_request(message: str) -> None:
    assert failed_request(LogLine(AT, STREAM, message)) is None


HOSTILE = (
    "plain words",
    'a "quoted" word',
    "[x, y]",
    "{ $.a = 1 }",
    "%regex%",
    "-not this",
    "?any",
    "back\\slash",
    "ends with \\",
    'ends with "',
    "a  b",
    "ünïcode → ✓",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_finds_the_lines_that_hold_it_and_no_others(text: str) -> None:
    matches = matcher(pattern(text))
    assert matches(f"before {text} after")
    assert not matches("something else entirely: 42")


def test_nothing_typed_is_no_pattern_and_control_characters_are_blanks() -> None:
    assert pattern(" \n\t ") == ""
    assert pattern("a\nb\x00c") == '"a b c"'


def test_a_text_that_is_too_long_for_aws_is_refused() -> None:
    assert len(pattern("x" * (MOST_PATTERN - 2))) == MOST_PATTERN
    for text in ("x" * (MOST_PATTERN - 1), '"' * 600):
        with pytest.raises(BadInput, match="too long"):
            pattern(text)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (["a", "b", "a"], ("a", 2)),
        (["a", "b"], ("a", 1)),
        (["a", "b", "c"], None),
        (["a\nb", "a b"], ("a b", 2)),
        (["", ""], None),
        (["a"], None),
        ([], None),
    ],
)
def test_what_most_failed_requests_say(messages: list[str], said: tuple[str, int] | None) -> None:
    assert most_said([FailedRequest(AT, "i", 500, Cause.MODEL_5XX, m, "s") for m in messages]) == said


def test_streams_of_one_instance_and_names() -> None:
    assert instance_prefix(STREAM) == "AllTraffic/i-0aa"
    assert checked_name("doc-async") == "doc-async"
    for name in ("", "../x", "a" * 64, "a/b", "<b>"):
        with pytest.raises(BadInput):
            checked_name(name)
