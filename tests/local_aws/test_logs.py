"""CloudWatch Logs through a real client: groups, streams, lines, filter patterns, paging."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from ops.local_aws.log_book import GROUP_LINES, KEEP_MS, STREAM_LINES, LogBook
from tests.local_aws.conftest import SteppedAws

GROUP = "/aws/sagemaker/Endpoints/doc-async"
STREAM = "AllTraffic/i-0aa"
DATA = f"{STREAM}/data-log"


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def messages(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def write(
    aws: SteppedAws, lines: list[str], stream: str = DATA, group: str = GROUP, step: float = 1.0
) -> float:
    """Lines a `step` apart, the first at the returned second."""
    first = aws.now() - 3600
    for i, line in enumerate(lines):
        aws.world.logs.put(group, stream, first + i * step, line)
    return first


def test_groups_are_found_by_prefix_and_by_part_of_the_name(aws: SteppedAws) -> None:
    for name in ("/aws/sagemaker/Endpoints/b", "/aws/sagemaker/Endpoints/a", "/aws/lambda/a"):
        write(aws, ["x"], group=name)
    logs = aws.client("logs")
    found = logs.describe_log_groups(logGroupNamePrefix="/aws/sagemaker/")["logGroups"]
    assert [group["logGroupName"] for group in found] == [
        "/aws/sagemaker/Endpoints/a",
        "/aws/sagemaker/Endpoints/b",
    ]
    assert found[0]["arn"] == "arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/Endpoints/a:*"
    assert found[0]["creationTime"] == int((aws.now() - 3600) * 1000)
    assert len(logs.describe_log_groups(logGroupNamePattern="ENDPOINTS")["logGroups"]) == 2
    with pytest.raises(ClientError) as caught:
        logs.describe_log_groups(logGroupNamePrefix="a", logGroupNamePattern="b")
    assert code_of(caught) == "InvalidParameterException"


def test_groups_come_in_pages(aws: SteppedAws) -> None:
    for i in range(5):
        write(aws, ["x"], group=f"/g/{i}")
    pages = list(
        aws.client("logs").get_paginator("describe_log_groups").paginate(PaginationConfig={"PageSize": 2})
    )
    assert [len(page["logGroups"]) for page in pages] == [2, 2, 1]


def test_a_missing_group_and_a_missing_stream_are_typed(aws: SteppedAws) -> None:
    logs = aws.client("logs")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.describe_log_streams(logGroupName="/none")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/none")
    write(aws, ["x"])
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=GROUP, logStreamName="other")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName=GROUP, logStreamNames=[DATA, "other"])


def test_streams_by_name_with_prefix_or_by_last_line_without(aws: SteppedAws) -> None:
    now = aws.now()
    for name, ago in (("AllTraffic/i-b", 30), ("AllTraffic/i-a", 90), ("AllTraffic/i-c", 60), ("other", 10)):
        aws.world.logs.put(GROUP, name, now - ago, "hello")
    logs = aws.client("logs")

    def names(**params: Any) -> list[str]:
        found = logs.describe_log_streams(logGroupName=GROUP, **params)["logStreams"]
        return [stream["logStreamName"] for stream in found]

    assert names(logStreamNamePrefix="AllTraffic/") == ["AllTraffic/i-a", "AllTraffic/i-b", "AllTraffic/i-c"]
    assert names(descending=True)[0] == "other"
    newest = names(orderBy="LastEventTime", descending=True)
    assert newest == ["other", "AllTraffic/i-b", "AllTraffic/i-c", "AllTraffic/i-a"]
    with pytest.raises(ClientError) as caught:
        names(orderBy="LastEventTime", logStreamNamePrefix="AllTraffic/")
    assert code_of(caught) == "InvalidParameterException"
    stream = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix="other")["logStreams"][0]
    assert stream["firstEventTimestamp"] == stream["lastEventTimestamp"] == int((now - 10) * 1000)


def test_streams_come_in_pages_in_both_orders(aws: SteppedAws) -> None:
    now = aws.now()
    for i in range(120):
        aws.world.logs.put(GROUP, f"AllTraffic/i-{i:03d}", now - i // 2, "hello")
    pages = aws.client("logs").get_paginator("describe_log_streams")
    for order, descending in (("LogStreamName", False), ("LastEventTime", True)):
        found = list(pages.paginate(logGroupName=GROUP, orderBy=order, descending=descending))
        assert [len(page["logStreams"]) for page in found] == [50, 50, 20]
        assert len({stream["logStreamName"] for page in found for stream in page["logStreams"]}) == 120


def test_lines_forward_from_the_head_until_the_token_stays_the_same(aws: SteppedAws) -> None:
    write(aws, [f"line {i}" for i in range(5)], STREAM)
    logs = aws.client("logs")
    where = {"logGroupName": GROUP, "logStreamName": STREAM}
    first = logs.get_log_events(**where, startFromHead=True, limit=3)
    assert messages(first) == ["line 0", "line 1", "line 2"]
    second = logs.get_log_events(**where, nextToken=first["nextForwardToken"], limit=3)
    assert messages(second) == ["line 3", "line 4"]
    end = logs.get_log_events(**where, nextToken=second["nextForwardToken"])
    assert messages(end) == []
    assert end["nextForwardToken"] == second["nextForwardToken"]
    back = logs.get_log_events(**where, nextToken=end["nextBackwardToken"], limit=2)
    assert messages(back) == ["line 3", "line 4"]
    aws.world.logs.put(GROUP, STREAM, aws.now(), "late")
    later = logs.get_log_events(**where, nextToken=end["nextForwardToken"])
    assert messages(later) == ["late"]


def test_lines_backward_from_the_tail(aws: SteppedAws) -> None:
    write(aws, [f"line {i}" for i in range(5)], STREAM)
    logs = aws.client("logs")
    where = {"logGroupName": GROUP, "logStreamName": STREAM}
    last = logs.get_log_events(**where, limit=2)
    assert messages(last) == ["line 3", "line 4"]
    before = logs.get_log_events(**where, limit=9, nextToken=last["nextBackwardToken"])
    assert messages(before) == ["line 0", "line 1", "line 2"]
    start = logs.get_log_events(**where, nextToken=before["nextBackwardToken"])
    assert messages(start) == []
    assert start["nextBackwardToken"] == before["nextBackwardToken"]


def test_the_end_of_get_log_events_is_exclusive_and_of_filter_log_events_inclusive(aws: SteppedAws) -> None:
    first = int(write(aws, ["a", "b", "c"], STREAM) * 1000)
    logs = aws.client("logs")
    span = {"logGroupName": GROUP, "startTime": first, "endTime": first + 1000}
    assert messages(logs.get_log_events(**span, logStreamName=STREAM)) == ["a"]
    assert messages(logs.filter_log_events(**span)) == ["a", "b"]


def test_a_foreign_token_is_refused(aws: SteppedAws) -> None:
    write(aws, ["a"], STREAM)
    logs = aws.client("logs")
    for token in ("nonsense", "f/nonsense", "f/W10="):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, nextToken=token)
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.filter_log_events(logGroupName=GROUP, nextToken="W10=")


LINES = [
    'Received server error (500) from primary with message "CUDA out of memory"',
    "ERROR 401 UNAUTHORIZED REQUEST",
    "INFO answered /ping",
    "WARN slow REQUEST",
    "Exiting with ERRORCODE: -1",
]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", [0, 1, 2, 3, 4]),
        ("ERROR", [1, 4]),
        ("error", [0]),
        ("ERROR REQUEST", [1]),
        ('"server error (500)"', [0]),
        ("?INFO ?WARN", [2, 3]),
        ('?INFO ?"ERRORCODE: -1"', [2, 4]),
        ("REQUEST -WARN", [1]),
        ("-ERROR -INFO", [0, 3]),
        ('-"server error"', [1, 2, 3, 4]),
        ("?INFO REQUEST", [1, 3]),
        ('"with message \\"CUDA"', [0]),
    ],
)
def test_filter_patterns(aws: SteppedAws, pattern: str, expected: list[int]) -> None:
    write(aws, LINES)
    answer = aws.client("logs").filter_log_events(logGroupName=GROUP, filterPattern=pattern)
    assert messages(answer) == [LINES[i] for i in expected]


@pytest.mark.parametrize(
    "pattern", ["{ $.level = 50 }", "[ip, user]", "%ERR.*%", '"not closed', "a:b", "i-0aa", '"a"b']
)
def test_patterns_that_are_not_understood_are_refused(aws: SteppedAws, pattern: str) -> None:
    write(aws, LINES)
    logs = aws.client("logs")
    with pytest.raises(logs.exceptions.InvalidParameterException) as caught:
        logs.filter_log_events(logGroupName=GROUP, filterPattern=pattern)
    assert caught.value.response["Error"]["Message"]


def test_filtering_interleaves_streams_and_pages_without_loss(aws: SteppedAws) -> None:
    for stream in ("AllTraffic/i-a", "AllTraffic/i-b", "other"):
        write(aws, [f"{stream} {i:02d}" for i in range(20)], stream)
    logs = aws.client("logs")
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=GROUP, logStreamNamePrefix="AllTraffic/", PaginationConfig={"PageSize": 7}
    )
    events = [event for page in pages for event in page["events"]]
    assert [event["message"] for event in events[:3]] == [
        "AllTraffic/i-a 00",
        "AllTraffic/i-b 00",
        "AllTraffic/i-a 01",
    ]
    assert len(events) == 40
    assert len({event["eventId"] for event in events}) == 40
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    only_b = logs.filter_log_events(logGroupName=GROUP, logStreamNames=["AllTraffic/i-b"])
    assert {event["logStreamName"] for event in only_b["events"]} == {"AllTraffic/i-b"}
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.filter_log_events(logGroupName=GROUP, logStreamNames=["other"], logStreamNamePrefix="o")


def test_a_long_search_answers_empty_pages_with_a_token(aws: SteppedAws) -> None:
    for k in range(5):
        write(aws, ["noise"] * 1_500, f"s{k}", step=0.001)
    aws.world.logs.put(GROUP, "s9", aws.now(), "needle")
    logs = aws.client("logs")
    first = logs.filter_log_events(logGroupName=GROUP, filterPattern="needle")
    assert first["events"] == []
    second = logs.filter_log_events(logGroupName=GROUP, filterPattern="needle", nextToken=first["nextToken"])
    assert messages(second) == ["needle"]
    assert "nextToken" not in second


def test_clients_write_lines_of_their_own(aws: SteppedAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/mine")
    logs.create_log_stream(logGroupName="/mine", logStreamName="one")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="/mine")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName="/mine", logStreamName="one")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.put_log_events(
            logGroupName="/mine", logStreamName="two", logEvents=[{"timestamp": 0, "message": "x"}]
        )
    empty = logs.describe_log_streams(logGroupName="/mine")["logStreams"][0]
    assert "lastEventTimestamp" not in empty

    now, day = int(aws.now() * 1000), 86_400_000
    answer = logs.put_log_events(
        logGroupName="/mine",
        logStreamName="one",
        logEvents=[
            {"timestamp": now - 15 * day, "message": "too old"},
            {"timestamp": now - 1000, "message": "kept"},
            {"timestamp": now + day, "message": "too new"},
        ],
    )
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}
    assert messages(logs.filter_log_events(logGroupName="/mine")) == ["kept"]
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.put_log_events(
            logGroupName="/mine",
            logStreamName="one",
            logEvents=[{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}],
        )
    logs.delete_log_stream(logGroupName="/mine", logStreamName="one")
    assert logs.describe_log_streams(logGroupName="/mine")["logStreams"] == []
    logs.delete_log_group(logGroupName="/mine")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_log_group(logGroupName="/mine")


def test_what_would_be_ignored_is_not_offered(aws: SteppedAws) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("logs").create_log_group(logGroupName="/mine", kmsKeyId="key")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_memory_is_bounded_by_lines_and_by_age(aws: SteppedAws) -> None:
    book: LogBook = aws.world.logs
    for i in range(STREAM_LINES + 500):
        book.put("/g", "busy", 1_000_000 + i, f"line {i}")
    busy = book.group("/g")
    assert busy is not None
    assert len(busy.streams["busy"]) == STREAM_LINES
    assert busy.streams["busy"].lines()[0].message == "line 500"
    assert busy.streams["busy"].first_at == 1_000_000_000

    later = 1_000_000 + KEEP_MS / 1000 + 10_000
    for i in range(200):
        book.put("/g", f"new-{i}", later, "hello")
    assert "busy" not in busy.streams
    assert busy.lines == 200

    for i in range(GROUP_LINES // STREAM_LINES + 3):
        for _ in range(STREAM_LINES):
            book.put("/h", f"s{i}", 1_000_000.0 + i, "x")
    crowded = book.group("/h")
    assert crowded is not None
    assert crowded.lines <= GROUP_LINES + STREAM_LINES
    assert "s0" not in crowded.streams


def test_lines_written_out_of_order_are_read_in_order(aws: SteppedAws) -> None:
    for at in (30.0, 10.0, 20.0):
        aws.world.logs.put("/g", "s", aws.now() + at, f"{at:.0f}")
    answer = aws.client("logs").get_log_events(logGroupName="/g", logStreamName="s", startFromHead=True)
    assert messages(answer) == ["10", "20", "30"]
