"""Log lines of an asynchronous endpoint: what a failed request left there, and how to search for a text.

Source: facts A.7. The format of the platform's own lines is known from one report, so it is read leniently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.core.errors import BadInput
from ops.core.failures import Cause
from ops.core.plain_text import one_line
from ops.core.records import LogLine

PLATFORM = "[sagemaker logs]"
"""What the platform's own lines hold, in the data-log streams."""
MOST_PATTERN = 1024
"""Characters of a filter pattern that AWS takes."""
_CARRIES = re.compile(r"\[sagemaker logs\]:?\s*\[([^\]\s]{1,64})\]:?\s*(.*)", re.DOTALL)
_STATUS = re.compile(r"\((\d{3})\)")
_SAID = re.compile(r'with message\s+"(.*)"\s*\.?\s*(?:See .*)?$', re.DOTALL)
_BAD = re.compile(
    r"error|fail|could not|cannot|unable|denied|did not|timed? ?out|exceed|exception|invalid|refused",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x1f\x7f]+")
_CAUSES = (
    (Cause.DOWNLOAD, re.compile(r"download|input object", re.IGNORECASE)),
    (Cause.UPLOAD, re.compile(r"upload|output object", re.IGNORECASE)),
    (Cause.NOTIFICATION, re.compile(r"notif|publish|\bsns\b", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A failed request as a line of the data-log tells it."""

    at: datetime
    inference_id: str
    status: int | None
    """The container's HTTP status, where the line names one."""
    cause: Cause
    message: str
    """What the container or the platform said."""
    stream: str


def most_said(requests: Sequence[FailedRequest], longest: int = 200) -> tuple[str, int] | None:
    """What at least half of several failed requests say, on one line, and how many say it."""
    if len(requests) < 2:
        return None
    text, times = Counter(one_line(r.message, longest) for r in requests).most_common(1)[0]
    return (text, times) if text and times >= len(requests) / 2 else None


def failed_request(line: LogLine) -> FailedRequest | None:
    """The failed request that a line tells of; None where it tells of none."""
    found = _CARRIES.search(line.message)
    if found is None or not _BAD.search(found[2]):
        return None
    said = found[2].strip()
    status = _STATUS.search(said)
    number = int(status[1]) if status is not None else None
    quoted = _SAID.search(said)
    return FailedRequest(
        line.at, found[1], number, _cause(number, said), quoted[1] if quoted else said, line.stream
    )


def _cause(status: int | None, said: str) -> Cause:
    if status is not None and 400 <= status < 600:
        return Cause.MODEL_5XX if status >= 500 else Cause.MODEL_4XX
    return next((cause for cause, words in _CAUSES if words.search(said)), Cause.OTHER)


def instance_prefix(stream: str) -> str:
    """What the names of all streams of one instance begin with: `<variant>/<instance-id>`."""
    return "/".join(stream.split("/")[:2])


def is_data_log(stream: str) -> bool:
    """Whether a stream holds the platform's own lines."""
    return stream.endswith("/data-log")


def pattern(text: str) -> str:
    """A filter pattern for lines that hold exactly `text`; empty for every line.

    The whole text is one quoted phrase, so that no character of it means something else. BadInput when too long.
    """
    plain = _CONTROL.sub(" ", text).strip()
    if not plain:
        return ""
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    if len(escaped) + 2 > MOST_PATTERN:
        raise BadInput(
            "The text to search for is too long.", f"CloudWatch Logs takes {MOST_PATTERN - 2} characters."
        )
    return f'"{escaped}"'


def checked_name(name: str) -> str:
    """The name of an endpoint, as its log group is named after it. Raises BadInput for what cannot be one."""
    if not re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name):
        raise BadInput(
            f"{name[:80]!r} cannot be the name of an endpoint.", "Names hold letters, digits and -."
        )
    return name
