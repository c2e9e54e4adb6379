"""Log groups, streams and lines of the embedded AWS. Times on the wire are milliseconds since the epoch.

Memory is bounded: a stream keeps its newest `STREAM_LINES` lines, a group the streams written to within
`KEEP_MS` and about `GROUP_LINES` lines.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ops.local_aws.world import World

STREAM_LINES = 2_000
GROUP_LINES = 12_000
KEEP_MS = 42 * 86_400_000


class Line(NamedTuple):
    """One log event. `at` and `ingested` in ms; `seq` counts within the stream and orders equal times."""

    at: int
    seq: int
    message: str
    ingested: int


class LogStream:
    """The newest lines of one stream, and when its first and last line were written (ms)."""

    __slots__ = ("_in_order", "_lines", "_next", "created", "first_at", "ingested", "last_at", "name")

    def __init__(self, name: str, created: int) -> None:
        self.name = name
        self.created = created
        self.first_at: int | None = None
        self.last_at: int | None = None
        self.ingested: int | None = None
        self._lines: deque[Line] = deque()
        self._next = 0
        self._in_order = True

    def __len__(self) -> int:
        return len(self._lines)

    def append(self, at: int, message: str, ingested: int) -> bool:
        """Adds a line; True where the oldest line had to go for it."""
        if self.last_at is None or self.first_at is None:
            self.first_at = self.last_at = at
        elif at >= self.last_at:
            self.last_at = at
        else:
            self._in_order = False
            self.first_at = min(self.first_at, at)
        self.ingested = ingested
        full = len(self._lines) >= STREAM_LINES
        if full:
            self._lines.popleft()
        self._lines.append(Line(at, self._next, message, ingested))
        self._next += 1
        return full

    def newest(self) -> int:
        """When the stream last grew (ms)."""
        return self.created if self.last_at is None else self.last_at

    def lines(self) -> list[Line]:
        """Oldest first; lines of the same millisecond in the order of writing."""
        if not self._in_order:
            self._lines = deque(sorted(self._lines))
            self._in_order = True
        return list(self._lines)


class LogGroup:
    """Streams by name, in the order of their creation."""

    __slots__ = ("created", "lines", "name", "retention_days", "streams")

    def __init__(self, name: str, created: int) -> None:
        self.name = name
        self.created = created
        self.lines = 0
        self.retention_days: int | None = None
        self.streams: dict[str, LogStream] = {}

    def stream(self, name: str, at: int) -> LogStream:
        """The stream of that name; made at `at` (ms) if it is new."""
        found = self.streams.get(name)
        if found is None:
            self._forget(at)
            found = self.streams[name] = LogStream(name, at)
        return found

    def remove(self, name: str) -> None:
        self.lines -= len(self.streams.pop(name))

    def append(self, stream: LogStream, at: int, message: str, ingested: int) -> None:
        if not stream.append(at, message, ingested):
            self.lines += 1

    def _forget(self, at: int) -> None:
        """Drops streams that are too old, then the longest silent ones while there are too many lines."""
        if len(self.streams) % 64 == 63:
            for stream in list(self.streams.values()):
                if stream.newest() < at - KEEP_MS:
                    self.remove(stream.name)
        while self.lines > GROUP_LINES:
            self.remove(min(self.streams.values(), key=LogStream.newest).name)


class LogBook:
    """All log groups. The caller holds the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._groups: dict[str, LogGroup] = {}

    def put(self, group: str, stream: str, ts_s: float, message: str) -> None:
        """One line at `ts_s` (seconds since the epoch); both appear with their first line. O(1)."""
        at = int(ts_s * 1000)
        found = self._groups.get(group)
        if found is None:
            found = self._groups[group] = LogGroup(group, at)
        found.append(found.stream(stream, at), at, message, at)

    def group(self, name: str) -> LogGroup | None:
        return self._groups.get(name)

    def groups(self) -> list[LogGroup]:
        """By name."""
        return [self._groups[name] for name in sorted(self._groups)]

    def create(self, name: str) -> LogGroup:
        """A new, empty group; the name must be free."""
        if name in self._groups:
            raise ValueError(f"the log group {name} exists")
        self._groups[name] = LogGroup(name, self.now_ms())
        return self._groups[name]

    def delete(self, name: str) -> None:
        """KeyError where there is none."""
        del self._groups[name]

    def now_ms(self) -> int:
        return int(self._world.now() * 1000)
