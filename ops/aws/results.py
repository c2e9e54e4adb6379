"""Failure objects in S3: the newest under a failure path, and the beginning of one. Source: facts C.3."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from botocore import exceptions as boto

from ops.aws.calls import Reading, failed
from ops.core.errors import BadInput, OpsError
from ops.core.plain_text import SHOWN_BYTES, readable
from ops.core.views_failures import FailureObject, FailureObjects, ObjectText

MOST_PAGES = 10
"""ListObjectsV2 sorts by key, and keys are random: so many pages of 1,000 are looked through for the newest."""
PAGE = 1000
_EMPTY = "InvalidRange"
"""What S3 says of a range of an empty object."""


def place_of(path: str) -> tuple[str, str]:
    """(bucket, prefix) of an s3:// address, the prefix with a / at its end unless it is empty. Raises BadInput."""
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    if not path.startswith("s3://") or not bucket:
        raise BadInput(f"{path!r} is not an address in S3.", "It should be like s3://bucket/folder.")
    return bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""


def newest(reading: Reading, path: str, most: int, pages: int = MOST_PAGES) -> FailureObjects:
    """The `most` newest objects under a failure path among the first `pages` pages. Raises OpsError."""
    bucket, prefix = place_of(path)
    seen, more = 0, False

    def every() -> Iterator[FailureObject]:
        nonlocal seen, more
        token: str | None = None
        for _ in range(pages):
            further = {"ContinuationToken": token} if token else {}
            answer = reading.ask("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, MaxKeys=PAGE, **further)
            for wire in answer.get("Contents", ()):
                seen += 1
                found = parse_object(bucket, wire)
                if found is not None:
                    yield found
            token = answer.get("NextContinuationToken")
            if not token:
                return
        more = True

    chosen = heapq.nlargest(most, every(), key=lambda each: (each.modified, each.key))
    return FailureObjects(path, tuple(chosen), seen, more)


def parse_object(bucket: str, wire: Mapping[str, Any]) -> FailureObject | None:
    """One item of ListObjectsV2; None without a key or a time."""
    key, modified = wire.get("Key"), wire.get("LastModified")
    if not key or not isinstance(modified, datetime) or modified.tzinfo is None:
        return None
    return FailureObject(bucket, str(key), int(wire.get("Size", 0)), modified)


def read(reading: Reading, path: str, key: str, version: FailureObject | None = None) -> ObjectText:
    """The beginning of one object, at most 64 KB of it. Raises BadInput for a key outside the path, OpsError."""
    bucket, prefix = place_of(path)
    if not key.startswith(prefix) or key == prefix:
        raise BadInput("This object does not lie under the failure path of the endpoint.", f"It is {path}.")
    span = f"bytes=0-{SHOWN_BYTES - 1}"
    try:
        answer = reading.ask("s3", "GetObject", Bucket=bucket, Key=key, Range=span)
    except OpsError as error:
        if error.code != _EMPTY:
            raise
        empty = version or FailureObject(bucket, key, 0, reading.now)
        return ObjectText(empty, readable(b"", 0))
    try:
        body: bytes = answer["Body"].read(SHOWN_BYTES)
    except (boto.BotoCoreError, OSError) as error:
        raise failed(error, "s3", "GetObject", reading.session) from error
    finally:
        answer["Body"].close()
    size = _size(answer, len(body))
    listed = version.modified if version is not None else reading.now
    return ObjectText(
        FailureObject(bucket, key, size, answer.get("LastModified", listed)), readable(body, size)
    )


def _size(answer: Mapping[str, Any], read: int) -> int:
    """The length of the whole object: behind the / of Content-Range, where there is one."""
    whole = str(answer.get("ContentRange", "")).rpartition("/")[2]
    return int(whole) if whole.isdigit() else max(read, int(answer.get("ContentLength", 0)))
