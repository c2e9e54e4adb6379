"""What the Failures page asks of logs and failure objects, through the door of session.py, and what its URL keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from components import session
from ops.core.types import Window
from ops.core.views_failures import (
    FailedRequests,
    FailureObjects,
    LogQuery,
    LogSearch,
    ObjectText,
    RequestLog,
)

PART = "part"
"""URL and session: what stands below the chart of the Failures page, a key of failure_parts.PARTS."""
REQUEST, AT = "request", "at"
"""URL: the failed request whose lines are shown, and when it failed (ms since the epoch)."""
OBJECT = "object"
"""URL: the key of the failure object that is shown."""
TEXT, STREAMS = "text", "streams"
"""URL and session: what the log is searched for, and in which streams (a value of views_failures.Streams)."""
FAILURES_OF = "failures-of"
"""Session: the endpoint and range that the parts below the chart are read for, and how many requests failed in it."""
LOG_KEEP_S = 20.0
"""Seconds for which what was read of logs and failure objects serves all who ask the same."""


def failed_requests(name: str, span: timedelta | Window) -> session.Told[FailedRequests]:
    """The failed requests that the log names. Raises OpsError."""
    return session.source().ask(
        ("failed-requests", name, span), lambda console: console.failed_requests(name, span), LOG_KEEP_S
    )


def request_log(name: str, inference_id: str, at: datetime) -> session.Told[RequestLog]:
    """What is on record of one request. Raises OpsError."""
    key = ("request-log", name, inference_id, at)
    return session.source().ask(key, lambda console: console.request_log(name, inference_id, at), LOG_KEEP_S)


def logs(name: str, query: LogQuery) -> session.Told[LogSearch]:
    """The newest log lines that a query wants. Raises OpsError."""
    return session.source().ask(("logs", name, query), lambda console: console.logs(name, query), LOG_KEEP_S)


def failure_objects(name: str) -> session.Told[FailureObjects]:
    """The newest failure objects. Raises OpsError."""
    return session.source().ask(
        ("failure-objects", name), lambda console: console.failure_objects(name), LOG_KEEP_S
    )


def failure_object(name: str, key: str) -> session.Told[ObjectText]:
    """The beginning of one failure object. Raises OpsError."""
    return session.source().ask(
        ("failure-object", name, key), lambda console: console.failure_object(name, key), LOG_KEEP_S
    )
