"""Failing requests, at any number of instances: since when, how many, and with which configuration."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np

from ops.core import metrics
from ops.core.moments import mark
from ops.core.seen import Seen
from ops.core.types import Endpoint, EndpointState, FloatArray, Severity, Verdict, Window, utc
from ops.core.words import percent

FAILED_LEAST, FAILED_SHARE, FAILED_CRITICAL = 3, 0.10, 0.25


def failing(seen: Seen) -> Verdict | None:
    """Failures of the last hour, unless the newest requests went well again."""
    bad, good = seen.hour(metrics.FAILURES), seen.hour(metrics.PROCESSED)
    if bad < FAILED_LEAST or bad / (bad + good) < FAILED_SHARE:
        return None
    share = bad / (bad + good)
    if _good_since_failure(seen) >= _enough(share):
        return None
    since, deploy = _failing_since(seen)
    begun = f" since {'the deploy at ' if deploy else ''}{mark(since, seen.now)}" if since is not None else ""
    errors = seen.hour(metrics.ERRORS_5XX)
    why = ", the model answers with 5xx errors" if errors >= bad / 2 else ""
    numbers = f"{percent(share)} of the requests of the last hour ({bad:.0f} of {bad + good:.0f})"
    what = f"Fails{begun}: {numbers}{why}."
    evidence = (
        f"InvocationFailures {bad:.0f}, InvocationsProcessed {good:.0f}, 5xx {errors:.0f} in the last hour",
        _next(seen, deploy, since),
    )
    severity = Severity.CRITICAL if share >= FAILED_CRITICAL else Severity.WARNING
    return Verdict(EndpointState.FAILING, severity, what, since, evidence)


def _next(seen: Seen, deploy: bool, since: datetime | None) -> str:
    logs = f"look into the log group {log_group(seen.endpoint)}"
    if not deploy or since is None:
        return f"Next: {logs}."
    config = f"{seen.endpoint.config_name} (made at {mark(since, seen.now)})"
    return f"Next: {logs}, and compare the configuration {config} with the one before."


def log_group(endpoint: Endpoint) -> str:
    """Where the containers of an endpoint write (facts A.7)."""
    return f"/aws/sagemaker/Endpoints/{endpoint.ref.name}"


def _good_since_failure(seen: Seen) -> float:
    """Requests that went well after the last minute in which one failed."""
    failures = seen.recent.get(metrics.FAILURES.key)
    failed = np.flatnonzero(np.nan_to_num(failures.values) > 0)
    since = float(failures.window.epochs()[failed[-1]]) + failures.window.period if failed.size else 0.0
    return metrics.total(seen.recent.get(metrics.PROCESSED.key), since) or 0.0


def _enough(share: float) -> int:
    """Good results in a row that a model failing this share of its requests gives in one case of twenty."""
    return max(3, math.ceil(math.log(0.05) / math.log(1 - share))) if share < 1 else 3


def with_deploy(bad: FloatArray, done: FloatArray, window: Window, made: datetime) -> bool:
    """Whether failures came up with what was deployed at `made`: `bad` of `done` requests in each step."""
    if not window.start < made < window.end:
        return False
    after = window.epochs() + window.period > made.timestamp()
    share = bad[after].sum() / max(1.0, done[after].sum())
    before = bad[~after].sum() / max(1.0, done[~after].sum())
    return bool(share >= FAILED_SHARE / 2 and share >= 3 * before)


def _failing_since(seen: Seen) -> tuple[datetime | None, bool]:
    """Since when, within a day, and whether that is the deploy of the configuration in use.

    The deploy, where failures came up with it; else the first failure after the last hour that went well.
    """
    bad = np.nan_to_num(seen.day.get(metrics.FAILURES.key).values)
    done = bad + np.nan_to_num(seen.day.get(metrics.PROCESSED.key).values)
    epochs, period = seen.day.window.epochs(), seen.day.window.period
    made = seen.endpoint.config_created
    if made is not None and with_deploy(bad, done, seen.day.window, made):
        return made, True
    start: float | None = None
    step = 3600 // period
    for end in range(len(bad), 0, -step):
        hour = slice(max(0, end - step), end)
        if done[hour].sum() and bad[hour].sum() / done[hour].sum() < FAILED_SHARE:
            break
        failed = np.flatnonzero(bad[hour] > 0)
        start = float(epochs[hour][failed[0]]) if failed.size else start
    return (utc(start) if start is not None else None), False
