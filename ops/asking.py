"""The calls that a round is made of, where one may be denied without the others."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from ops.aws import alarms as aws_alarms
from ops.aws import metrics as aws_metrics
from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.core.types import Window
from ops.judging import Scaling
from ops.known import Parts


def submit_scaling(reading: Reading) -> tuple[Future[Any], ...]:
    """Ask for all that is free about scaling, several at a time."""
    pool = reading.session.pool
    reads = (aws_scaling.targets, aws_scaling.policies, aws_scaling.schedules, aws_alarms.read)
    return tuple(pool.submit(read, reading) for read in reads)


def take_scaling(submitted: tuple[Future[Any], ...]) -> Scaling:
    """The answers, those that AWS denies as problems. Raises CredentialsProblem, Unreachable, Throttled."""
    targets, policies, schedules, alarms = submitted
    parts = Parts()
    found, problems = parts.take(alarms, "alarms", "alarms", ((), ()))
    parts.problems.extend(problems)
    return Scaling(
        parts.take(targets, "scalable targets", "scaling", {}),
        parts.take(policies, "scaling policies", "scaling", {}),
        parts.take(schedules, "scheduled actions", "schedules", {}),
        aws_alarms.AlarmIndex(found),
        frozenset(parts.hidden),
        tuple(parts.problems),
    )


def ask_metrics(
    reading: Reading, parts: Parts, asked: Sequence[aws_metrics.Query], window: Window
) -> aws_metrics.Answer:
    """What CloudWatch answers for `window`; what it denies goes into `parts`."""
    nothing = aws_metrics.Answer({})
    if not asked:
        return nothing
    answer = parts.attempt(lambda: aws_metrics.read(reading, asked, window), "metrics", "metrics", nothing)
    parts.problems.extend(p for p in answer.problems if p not in parts.problems)
    return answer
