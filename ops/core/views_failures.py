"""What the façade tells of failures: counts by cause, failed requests, log lines, failure objects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from ops.core.failures import METRIC, Split, sentence, split
from ops.core.log_lines import FailedRequest
from ops.core.marks import Mark
from ops.core.metrics import FAILURES, PROCESSED
from ops.core.plain_text import Readable
from ops.core.records import LogLine
from ops.core.types import Connection, Endpoint, EndpointState, Problem, Window
from ops.core.views import EndpointView


@dataclass(frozen=True, slots=True)
class FailuresView:
    """Failures of one endpoint over a range."""

    connection: Connection
    as_of: datetime
    endpoint: Endpoint
    split: Split
    sentence: str
    """With marks for its times (ops.core.moments)."""
    provisional_from: datetime
    """Datapoints from here on may still change."""
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    changes: tuple[Mark, ...] = ()
    """What was changed in the range, oldest first."""


def failures_of(view: EndpointView) -> FailuresView:
    """The failures in a view of one endpoint, by cause."""
    endpoint = view.row.endpoint
    keys = (FAILURES.key, PROCESSED.key, *(metric.key for metric in METRIC.values()))
    denied = any(problem.part == "metrics" for problem in view.problems)
    unread = {k for k in keys if k in view.unread or (denied and np.isnan(view.metrics.get(k).values).all())}
    verdict = view.row.verdict
    deployed = verdict.state is EndpointState.FAILING and verdict.since == endpoint.config_created is not None
    found = split(view.metrics, endpoint, unread, deployed=deployed)
    return FailuresView(
        view.connection,
        view.as_of,
        endpoint,
        found,
        sentence(found, endpoint.config_name, view.as_of),
        min((view.settled[k] for k in keys if k in view.settled), default=view.provisional_from),
        view.problems,
        view.notes,
        view.changes,
    )


class Streams(StrEnum):
    """Which log streams are searched."""

    ALL = "all streams"
    DATA_LOG = "platform (data-log)"
    CONTAINERS = "containers"


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which log lines are wanted: over a span that ends now, or a window; the newest `most` that hold `text`."""

    span: timedelta | Window
    text: str = ""
    streams: Streams = Streams.ALL
    most: int = 200


@dataclass(frozen=True, slots=True)
class LogSearch:
    """Log lines, newest first, and what was not searched for them."""

    start: datetime
    end: datetime
    lines: tuple[LogLine, ...] = ()
    unsearched: tuple[tuple[datetime, datetime], ...] = ()
    """Spans that were not searched, or not to their end, newest first."""
    why: str = ""
    """Why not: a clause such as "enough lines were found"."""
    missing: bool = False
    """There is no log group: nothing ever ran, or it was deleted."""
    pages: int = 0
    """Answers of AWS that this took."""

    @property
    def complete(self) -> bool:
        return not self.unsearched and not self.missing


@dataclass(frozen=True, slots=True)
class FailedRequests:
    """The failed requests that the log names, newest first."""

    requests: tuple[FailedRequest, ...]
    search: LogSearch
    as_of: datetime
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureObject:
    """One object under an endpoint's failure path. The uuid in its key is not the inference id."""

    bucket: str
    key: str
    size: int
    modified: datetime

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True)
class FailureObjects:
    """The newest objects under a failure path, newest first. `path` None: the endpoint has none."""

    path: str | None
    objects: tuple[FailureObject, ...] = ()
    seen: int = 0
    """Objects that were listed to find them."""
    more: bool = False
    """There are objects that were not listed: newer ones may be among them."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectText:
    """The beginning of a failure object, safe to show."""

    object: FailureObject
    content: Readable


@dataclass(frozen=True, slots=True)
class ProbableObject:
    """The failure object that may belong to a request. `certain`: its content names the inference id."""

    found: ObjectText
    certain: bool
    apart_s: float
    """Seconds between the log line and the object."""
    others: int
    """Further objects written about as close to it."""


@dataclass(frozen=True, slots=True)
class ContextLine:
    """A log line near a failed request; `mentions`: it carries the inference id."""

    line: LogLine
    mentions: bool


@dataclass(frozen=True, slots=True)
class RequestLog:
    """What is on record of one request: lines that carry its id, and what its instance wrote around them."""

    inference_id: str
    lines: tuple[ContextLine, ...]
    """Oldest first."""
    search: LogSearch
    request: FailedRequest | None = None
    """None where no line tells that it failed."""
    object: ProbableObject | None = None
    without_object: str = ""
    """Why there is no object: a sentence."""
    problems: tuple[Problem, ...] = ()
