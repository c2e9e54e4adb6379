"""The calls that a round is made of, where one may be denied without the others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from ops.aws import alarms as aws_alarms
from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.core.types import Window
from ops.judging import Scaling
from ops.known import Parts

T = TypeVar("T")


def submit_scaling(reading: Reading) -> tuple[Future[Any], ...]:
    """Ask for all that is free about scaling, several at a time."""
    pool = reading.session.pool
    reads = (aws_scaling.targets, aws_scaling.policies, aws_scaling.schedules, aws_alarms.read)
    return tuple(pool.submit(read, reading) for read in reads)


def take_scaling(submitted: tuple[Future[Any], ...], before: Scaling | None) -> Scaling:
    """The answers, those that AWS denies as problems; where an error may pass, what was known `before`.

    Raises CredentialsProblem, Unreachable, Throttled.
    """
    targets, policies, schedules, alarms = submitted
    parts = Parts()

    def last(part: str, value: T) -> T | None:
        return value if before is not None and part not in before.hidden else None

    known = before if before is not None else Scaling()
    index = parts.attempt(
        lambda: _index(alarms, parts),
        "alarms",
        "alarms",
        aws_alarms.AlarmIndex(()),
        last("alarms", known.alarms),
    )
    return Scaling(
        parts.attempt(targets.result, "scalable targets", "scaling", {}, last("scaling", known.targets)),
        parts.attempt(policies.result, "scaling policies", "scaling", {}, last("scaling", known.policies)),
        parts.attempt(
            schedules.result, "scheduled actions", "schedules", {}, last("schedules", known.schedules)
        ),
        index,
        frozenset(parts.hidden),
        tuple(parts.problems),
    )


def _index(alarms: Future[Any], parts: Parts) -> aws_alarms.AlarmIndex:
    found, problems = alarms.result()
    parts.problems.extend(problems)
    return aws_alarms.AlarmIndex(found)


def ask_metrics(
    reading: Reading, parts: Parts, asked: Sequence[aws_metrics.Query], window: Window, *, known: bool
) -> aws_metrics.Answer | None:
    """What CloudWatch answers for `window`; None where it denies the call or fails, with a problem in `parts`.

    `known`: there are numbers of before, which stay on show when the error may pass.
    """
    nothing = aws_metrics.Answer({})
    if not asked:
        return nothing
    failed = aws_metrics.Answer({})
    answer = parts.attempt(
        lambda: aws_metrics.read(reading, asked, window),
        "metrics",
        "metrics",
        failed,
        failed if known else None,
    )
    parts.problems.extend(p for p in answer.problems if p not in parts.problems)
    return None if answer is failed else answer
