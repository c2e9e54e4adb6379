"""DescribeLogStreams: which instances of an endpoint wrote when (facts A.7). An instance opens streams of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ops.aws.calls import Reading
from ops.core.errors import OpsError
from ops.core.records import LogStream
from ops.core.types import utc

PAGE = 50
MOST = 2000
"""Streams that one reading takes; each instance that ever served has left two or so."""
_NO_GROUP = "ResourceNotFoundException"


def group_of(endpoint: str) -> str:
    return f"/aws/sagemaker/Endpoints/{endpoint}"


def read(
    reading: Reading, endpoint: str, *, since: datetime | None = None, most: int = MOST
) -> tuple[LogStream, ...]:
    """The streams of an endpoint, those with the newest events first; none where there is no log group.

    `since`: streams whose newest event is older are left out, unless they were made later: AWS may tell of an event
    up to an hour late, and such a stream stands further down. So a page of old ones is looked through. Raises OpsError.
    """
    items = reading.pages(
        "logs",
        "DescribeLogStreams",
        "logStreams",
        token="nextToken",
        logGroupName=group_of(endpoint),
        orderBy="LastEventTime",
        descending=True,
        limit=PAGE,
    )
    found: list[LogStream] = []
    old = 0
    try:
        for stream in map(parse_stream, islice(items, most)):
            if since is None or max(stream.created, stream.last or stream.created) >= since:
                found.append(stream)
                continue
            old += 1
            if old >= PAGE:
                break
    except OpsError as error:
        if error.code != _NO_GROUP:
            raise
    return tuple(found)


def parse_stream(wire: Mapping[str, Any]) -> LogStream:
    """One stream; a stream without an event has neither a first nor a last one."""
    return LogStream(
        name=str(wire.get("logStreamName", "")),
        created=_time(wire.get("creationTime")) or utc(0),
        first=_time(wire.get("firstEventTimestamp")),
        last=_time(wire.get("lastEventTimestamp")),
    )


def _time(ms: Any) -> datetime | None:
    return utc(ms / 1000) if isinstance(ms, int | float) else None
