"""Why requests failed, asked on demand: log lines, the failed requests in them, and failure objects."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ops.aws import logs as aws_logs
from ops.aws import results as aws_results
from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.errors import BadInput, CredentialsProblem, OpsError, Throttled, Unreachable
from ops.core.log_lines import PLATFORM, failed_request, instance_prefix, is_data_log
from ops.core.records import LogLine
from ops.core.types import Endpoint, Problem, Window
from ops.core.views_failures import (
    ContextLine,
    FailedRequests,
    FailureObject,
    FailureObjects,
    LogQuery,
    LogSearch,
    ObjectText,
    ProbableObject,
    RequestLog,
    Streams,
)

MOST_REQUESTS = 200
MOST_OBJECTS = 50
LOGS, OBJECTS = "log lines", "failure objects"
"""The parts that a Problem names."""
BEFORE, AFTER = timedelta(hours=1, minutes=5), timedelta(minutes=2)
"""Around the moment of its failure lines may carry a request's id: one may run for an hour (facts C.2)."""
NEAR_BEFORE, NEAR_AFTER = timedelta(seconds=60), timedelta(seconds=10)
"""What its instance wrote so close to it is shown with it."""
MOST_NEAR = 60
APART_S = 90.0
"""A failure object further from the log line than this is not taken for its own."""
READ_NEAREST = 3
"""So many objects are read in search of the inference id."""
_FATAL = (CredentialsProblem, Throttled, Unreachable)


def window_of(span: timedelta | Window, now: datetime) -> tuple[datetime, datetime]:
    """Both ends of what is asked for, never in the future. Raises BadInput where nothing is left."""
    if isinstance(span, Window):
        start, end = span.start, min(span.end, now + timedelta(seconds=1))
        if start >= end:
            raise BadInput("The range lies in the future.", "Choose a start before now.")
        return start, end
    return now - span, now + timedelta(seconds=1)


def logs(reading: Reading, name: str, query: LogQuery, now: datetime) -> LogSearch:
    """The newest lines that a query wants. Raises OpsError, Denied with the IAM action."""
    start, end = window_of(query.span, now)
    return aws_logs.search(reading, name, start, end, text=query.text, streams=query.streams, most=query.most)


def requests(reading: Reading, name: str, span: timedelta | Window, now: datetime) -> FailedRequests:
    """The failed requests that the data-log names. What AWS denies is a problem. Raises OpsError that may pass."""
    start, end = window_of(span, now)
    try:
        found = aws_logs.search(
            reading, name, start, end, text=PLATFORM, streams=Streams.DATA_LOG, most=MOST_REQUESTS
        )
    except OpsError as error:
        return FailedRequests((), LogSearch(start, end), now, (_problem(LOGS, error),))
    failed = (failed_request(line) for line in found.lines)
    return FailedRequests(tuple(f for f in failed if f is not None), found, now)


def request_log(
    reading: Reading, endpoint: Endpoint | None, name: str, inference_id: str, at: datetime, now: datetime
) -> RequestLog:
    """The lines of one request around `at`, what its instance wrote then, and the failure object it may have left.

    `endpoint` None: it cannot be described, so that its failure path is not known.
    """
    start, end = at - BEFORE, min(at + AFTER, now + timedelta(seconds=1))
    problems: list[Problem] = []
    search = LogSearch(start, end)
    own: tuple[LogLine, ...] = ()
    near: list[LogLine] = []
    try:
        search = aws_logs.search(reading, name, start, end, text=inference_id)
        own = search.lines
        near = _near(reading, name, own, at)
    except OpsError as error:
        problems.append(_problem(LOGS, error))
    failed = [f for f in map(failed_request, own) if f is not None and f.inference_id == inference_id]
    request = min(failed, key=lambda f: abs((f.at - at).total_seconds()), default=None)
    probable, without = None, "The endpoint could not be described, so its failure path is not known."
    if endpoint is not None:
        try:
            probable, without = _object_of(reading, endpoint, inference_id, request.at if request else at)
        except OpsError as error:
            problems.append(_problem(OBJECTS, error))
            without = ""
    return RequestLog(
        inference_id,
        _woven(own, near),
        search,
        request,
        probable,
        "" if probable is not None else without,
        tuple(problems),
    )


def _near(reading: Reading, name: str, own: Sequence[LogLine], at: datetime) -> list[LogLine]:
    """What the instance that failed the request wrote around that moment, all its streams."""
    if not own:
        return []
    lines = [line for line in own if is_data_log(line.stream)] or list(own)
    anchor = min(lines, key=lambda line: abs((line.at - at).total_seconds()))
    found = aws_logs.search(
        reading,
        name,
        anchor.at - NEAR_BEFORE,
        anchor.at + NEAR_AFTER,
        prefix=instance_prefix(anchor.stream),
        most=MOST_NEAR,
    )
    return list(found.lines)


def _woven(own: Sequence[LogLine], near: Sequence[LogLine]) -> tuple[ContextLine, ...]:
    """All lines once, oldest first."""
    mine = {(line.stream, line.id, line.at) for line in own}
    others = [line for line in near if (line.stream, line.id, line.at) not in mine]
    every = [*(ContextLine(line, True) for line in own), *(ContextLine(line, False) for line in others)]
    return tuple(sorted(every, key=lambda each: (each.line.at, each.line.id)))


def failure_path(endpoint: Endpoint) -> str | None:
    """Where failures of an endpoint leave an object; None where they leave none."""
    return endpoint.async_config.failure_path if endpoint.async_config is not None else None


def failure_objects(reading: Reading, endpoint: Endpoint, most: int = MOST_OBJECTS) -> FailureObjects:
    """The newest failure objects. What AWS denies is a problem. Raises OpsError that may pass."""
    path = failure_path(endpoint)
    if path is None:
        return FailureObjects(None)
    try:
        return aws_results.newest(reading, path, most)
    except OpsError as error:
        return FailureObjects(path, problems=(_problem(OBJECTS, error),))


def failure_object(reading: Reading, endpoint: Endpoint, key: str) -> ObjectText:
    """The beginning of one failure object. Raises BadInput without a failure path or outside of it, OpsError."""
    path = failure_path(endpoint)
    if path is None:
        raise BadInput(
            f"{endpoint.ref.name} has no failure path: its failures leave no object.",
            "S3FailurePath in the endpoint's configuration sets one.",
        )
    return aws_results.read(reading, path, key)


def _object_of(
    reading: Reading, endpoint: Endpoint, inference_id: str, at: datetime
) -> tuple[ProbableObject | None, str]:
    """The object that names the id, else the one written closest to `at`; and why none. Raises OpsError."""
    path = failure_path(endpoint)
    if path is None:
        return None, "The endpoint has no failure path (S3FailurePath): its failures leave no object."
    listed = aws_results.newest(reading, path, 10_000)
    apart = sorted(
        ((abs((each.modified - at).total_seconds()), each) for each in listed.objects),
        key=lambda pair: (pair[0], pair[1].key),
    )
    close = [pair for pair in apart if pair[0] <= APART_S]
    if not close:
        some = " among the objects that were listed; there are more" if listed.more else ""
        return None, f"No failure object was written within {APART_S:.0f} s of it{some}."
    texts = [(seconds, _read(reading, path, each)) for seconds, each in close[:READ_NEAREST]]
    for seconds, text in texts:
        if inference_id in text.content.text:
            return ProbableObject(text, True, seconds, 0), ""
    seconds, text = texts[0]
    return ProbableObject(text, False, seconds, len(close) - 1), ""


def _read(reading: Reading, path: str, each: FailureObject) -> ObjectText:
    return aws_results.read(reading, path, each.key, each)


def _problem(part: str, error: OpsError) -> Problem:
    """An error of one part as a value; where AWS as a whole is away, it is raised again."""
    if isinstance(error, _FATAL):
        raise error
    return problem_of(part, error)
