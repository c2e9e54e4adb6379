"""CloudWatch Logs: groups, streams, reading and filtering lines. All times: ms since the epoch."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any
from zlib import crc32

from ops.local_aws import tokens
from ops.local_aws.errors import AwsError
from ops.local_aws.log_book import Line, LogGroup, LogStream
from ops.local_aws.log_filter import matcher

if TYPE_CHECKING:
    from ops.local_aws.world import World

Params = Mapping[str, Any]

PAGE = 50
MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
MOST_SCANNED = 5_000
"""Lines looked at for one page of FilterLogEvents; a page may hold fewer matches than that, or none."""
EVENT_OVERHEAD = 26
_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


class Logs:
    def __init__(self, world: World) -> None:
        self._world = world
        self._book = world.logs

    def describe_log_groups(self, params: Params) -> dict[str, Any]:
        known = frozenset(
            {"logGroupNamePrefix", "logGroupNamePattern", "limit", "nextToken", "logGroupClass"}
        )
        tokens.only(params, known, "DescribeLogGroups")
        prefix, pattern = params.get("logGroupNamePrefix"), params.get("logGroupNamePattern")
        if prefix and pattern:
            raise _invalid("logGroupNamePrefix and logGroupNamePattern cannot be given together.")
        found = [
            group
            for group in self._book.groups()
            if group.name.startswith(prefix or "")
            and (pattern or "").lower() in group.name.lower()
            and params.get("logGroupClass", "STANDARD") == "STANDARD"
        ]
        after = _token(params, (str,))
        if after:
            found = [group for group in found if group.name > after[0]]
        limit = params.get("limit", PAGE)
        answer: dict[str, Any] = {"logGroups": [self._group(group) for group in found[:limit]]}
        if len(found) > limit:
            answer["nextToken"] = tokens.pack(found[limit - 1].name)
        return answer

    def describe_log_streams(self, params: Params) -> dict[str, Any]:
        group = self._named(params)
        prefix, order = params.get("logStreamNamePrefix"), params.get("orderBy", "LogStreamName")
        by_time = order == "LastEventTime"
        if by_time and prefix:
            raise _invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        down = bool(params.get("descending"))

        def key(stream: LogStream) -> tuple[int, str]:
            return (-1 if stream.last_at is None else stream.last_at) if by_time else 0, stream.name

        found = [stream for stream in group.streams.values() if stream.name.startswith(prefix or "")]
        found.sort(key=key, reverse=down)
        after = _token(params, (int, str))
        if after:
            mark = (after[0], after[1])
            found = [stream for stream in found if (key(stream) < mark if down else key(stream) > mark)]
        limit = params.get("limit", PAGE)
        answer: dict[str, Any] = {"logStreams": [self._stream(group, item) for item in found[:limit]]}
        if len(found) > limit:
            answer["nextToken"] = tokens.pack(*key(found[limit - 1]))
        return answer

    def get_log_events(self, params: Params) -> dict[str, Any]:
        group = self._named(params)
        stream = group.streams.get(params["logStreamName"])
        if stream is None:
            raise _no_stream()
        start, end = params.get("startTime", 0), params.get("endTime")
        lines = [line for line in stream.lines() if line.at >= start and (end is None or line.at < end)]
        limit = params.get("limit", MOST_EVENTS)
        token = params.get("nextToken")
        ahead = bool(params.get("startFromHead"))
        place = (-1, -1)
        if token:
            ahead, place = _direction(token)
            lines = [line for line in lines if (line[:2] > place if ahead else line[:2] < place)]
        shown = _fit(iter(lines), limit) if ahead else _fit(reversed(lines), limit)[::-1]
        if shown:
            first, last = (shown[0].at, shown[0].seq), (shown[-1].at, shown[-1].seq)
        elif ahead:
            first, last = (place[0], place[1] + 1), place  # the end: the same token, and back over its line
        else:
            first, last = place, (place[0], place[1] - 1)
        return {
            "events": [
                {"timestamp": line.at, "message": line.message, "ingestionTime": line.ingested}
                for line in shown
            ],
            "nextForwardToken": "f/" + tokens.pack(*last),
            "nextBackwardToken": "b/" + tokens.pack(*first),
        }

    def filter_log_events(self, params: Params) -> dict[str, Any]:
        if params.get("startFromHead") is False:
            raise _invalid("startFromHead=false is not offered by the embedded AWS.")
        group = self._named(params)
        streams = _chosen(group, params)
        matches = matcher(params.get("filterPattern") or "")
        start, end = params.get("startTime", 0), params.get("endTime")
        if end is not None and end < start:
            raise _invalid("endTime must not lie before startTime.")
        after = _token(params, (int, str, int))
        place = (after[0], after[1], after[2]) if after else (-1, "", -1)
        limit, size = params.get("limit", MOST_EVENTS), 0
        events: list[dict[str, Any]] = []
        answer: dict[str, Any] = {"events": events, "searchedLogStreams": []}
        todo = heapq.merge(*(_after(stream, start, end, place) for stream in streams))
        seen = place
        for scanned, (at, name, seq, line) in enumerate(todo):
            if len(events) >= limit or scanned >= MOST_SCANNED or size >= MOST_BYTES:
                answer["nextToken"] = tokens.pack(*seen)
                break
            seen = (at, name, seq)
            if matches(line.message):
                size += len(line.message) + EVENT_OVERHEAD
                events.append(_event(name, line))
        return answer

    def create_log_group(self, params: Params) -> dict[str, Any]:
        tokens.only(params, frozenset({"logGroupName"}), "CreateLogGroup")
        name = params["logGroupName"]
        if self._book.group(name) is not None:
            raise AwsError("ResourceAlreadyExistsException", "The specified log group already exists")
        self._book.create(name)
        return {}

    def delete_log_group(self, params: Params) -> dict[str, Any]:
        self._book.delete(self._named(params).name)
        return {}

    def create_log_stream(self, params: Params) -> dict[str, Any]:
        group = self._named(params)
        name = params["logStreamName"]
        if name in group.streams:
            raise AwsError("ResourceAlreadyExistsException", "The specified log stream already exists")
        if ":" in name or "*" in name:
            raise _invalid("The name of a log stream must not hold ':' or '*'.")
        group.stream(name, self._book.now_ms())
        return {}

    def delete_log_stream(self, params: Params) -> dict[str, Any]:
        group = self._named(params)
        if params["logStreamName"] not in group.streams:
            raise _no_stream()
        group.remove(params["logStreamName"])
        return {}

    def put_log_events(self, params: Params) -> dict[str, Any]:
        tokens.only(
            params, frozenset({"logGroupName", "logStreamName", "logEvents", "sequenceToken"}), "PutLogEvents"
        )
        group = self._named(params)
        stream = group.streams.get(params["logStreamName"])
        if stream is None:
            raise _no_stream()
        events = params["logEvents"]
        times = [event["timestamp"] for event in events]
        if times != sorted(times):
            raise _invalid("Log events in a single PutLogEvents request must be in chronological order.")
        now = self._book.now_ms()
        old = sum(at < now - 14 * _DAY_MS for at in times)
        new = sum(at > now + 2 * _HOUR_MS for at in times)
        for event in events[old : len(events) - new]:
            group.append(stream, event["timestamp"], event["message"], now)
        rejected = {"tooOldLogEventEndIndex": old} if old else {}
        if new:
            rejected["tooNewLogEventStartIndex"] = len(events) - new
        return {"rejectedLogEventsInfo": rejected} if rejected else {}

    def _named(self, params: Params) -> LogGroup:
        """The group that the parameters name, by its name or ARN."""
        name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
        if (name is None) == (identifier is None):
            raise _invalid("Exactly one of logGroupName and logGroupIdentifier must be given.")
        if identifier is not None:
            name = identifier.removeprefix(self._world.arn("logs", "log-group:")).removesuffix(":*")
        group = self._book.group(str(name))
        if group is None:
            raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
        return group

    def _group(self, group: LogGroup) -> dict[str, Any]:
        arn = self._world.arn("logs", f"log-group:{group.name}")
        return {
            "logGroupName": group.name,
            "creationTime": group.created,
            "metricFilterCount": 0,
            "arn": f"{arn}:*",
            "storedBytes": 0,
            "logGroupClass": "STANDARD",
            "logGroupArn": arn,
        }

    def _stream(self, group: LogGroup, stream: LogStream) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "logStreamName": stream.name,
            "creationTime": stream.created,
            "arn": self._world.arn("logs", f"log-group:{group.name}:log-stream:{stream.name}"),
            "storedBytes": 0,
        }
        if stream.last_at is not None:
            answer |= {
                "firstEventTimestamp": stream.first_at,
                "lastEventTimestamp": stream.last_at,
                "lastIngestionTime": stream.ingested,
            }
        return answer


def _chosen(group: LogGroup, params: Params) -> list[LogStream]:
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise _invalid("logStreamNames and logStreamNamePrefix cannot be given together.")
    if names:
        if any(name not in group.streams for name in names):
            raise _no_stream()
        return [group.streams[name] for name in dict.fromkeys(names)]
    return [stream for stream in group.streams.values() if stream.name.startswith(prefix or "")]


def _after(
    stream: LogStream, start: int, end: int | None, place: tuple[int, str, int]
) -> Iterator[tuple[int, str, int, Line]]:
    """Lines of [start, end] after `place`, each with the place it has among all streams."""
    if stream.first_at is None or stream.newest() < start or (end is not None and stream.first_at > end):
        return
    for line in stream.lines():
        if line.at >= start and (end is None or line.at <= end) and (line.at, stream.name, line.seq) > place:
            yield line.at, stream.name, line.seq, line


def _event(stream: str, line: Line) -> dict[str, Any]:
    return {
        "logStreamName": stream,
        "timestamp": line.at,
        "message": line.message,
        "ingestionTime": line.ingested,
        "eventId": f"{line.at:020d}{crc32(stream.encode()):010d}{line.seq:026d}",
    }


def _fit(lines: Iterator[Line], limit: int) -> list[Line]:
    """As many of the first lines as a page holds: `limit` lines or a megabyte."""
    shown: list[Line] = []
    size = 0
    for line in islice(lines, limit):
        size += len(line.message) + EVENT_OVERHEAD
        if shown and size > MOST_BYTES:
            break
        shown.append(line)
    return shown


def _direction(token: str) -> tuple[bool, tuple[int, int]]:
    """(forward?, place) of a token of GetLogEvents."""
    if token[:2] not in ("f/", "b/"):
        raise _bad_token()
    at, seq = tokens.unpack(token[2:], (int, int), "InvalidParameterException", _BAD_TOKEN)
    return token[0] == "f", (at, seq)


_BAD_TOKEN = "The specified nextToken is invalid."


def _token(params: Params, kinds: tuple[type, ...]) -> list[Any] | None:
    token = params.get("nextToken")
    return tokens.unpack(token, kinds, "InvalidParameterException", _BAD_TOKEN) if token else None


def _bad_token() -> AwsError:
    return _invalid(_BAD_TOKEN)


def _invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def _no_stream() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified log stream does not exist.")
