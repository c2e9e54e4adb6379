"""Failures of a range by cause: how many, when, what each means, and what to look at first.

Source: facts A.1 (which metric counts what) and A.5 (missing against zero).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from ops.core import metrics
from ops.core.failing import with_deploy
from ops.core.moments import mark
from ops.core.types import Endpoint, FloatArray, MetricSet, Window, utc
from ops.core.words import count, listed


class Cause(StrEnum):
    """Why a request, or the word about it, was lost."""

    MODEL_5XX = "model_5xx"
    MODEL_4XX = "model_4xx"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    OTHER = "other"
    EXPIRED = "expired"
    NOTIFICATION = "notification"


FAILED = (Cause.MODEL_5XX, Cause.MODEL_4XX, Cause.DOWNLOAD, Cause.UPLOAD, Cause.OTHER)
"""Causes of a failed inference. An expired request was never tried; a notification may fail for a good result."""
METRIC: Mapping[Cause, metrics.Metric] = MappingProxyType(
    {
        Cause.MODEL_5XX: metrics.ERRORS_5XX,
        Cause.MODEL_4XX: metrics.ERRORS_4XX,
        Cause.DOWNLOAD: metrics.DOWNLOAD_FAILURES,
        Cause.UPLOAD: metrics.UPLOAD_FAILURES,
        Cause.EXPIRED: metrics.EXPIRED,
        Cause.NOTIFICATION: metrics.NOTIFICATION_FAILURES,
    }
)
"""What counts each cause; OTHER is what InvocationFailures holds beyond them."""
EXPLAINED = (Cause.MODEL_5XX, Cause.MODEL_4XX, Cause.DOWNLOAD, Cause.UPLOAD)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A cause in words: one of it and several, what happened, and what to look at first."""

    name: str
    many: str
    what: str
    first: str


MEANINGS: Mapping[Cause, Meaning] = MappingProxyType(
    {
        Cause.MODEL_5XX: Meaning(
            "model error (5xx)",
            "model errors (5xx)",
            "The container answered with a server error. AWS does not try again.",
            "Look at its log lines around a failed request, and at the newest deploy.",
        ),
        Cause.MODEL_4XX: Meaning(
            "refusal by the model (4xx)",
            "refusals by the model (4xx)",
            "The container refused the input.",
            "Compare content type and payload of a refused request with one that went well.",
        ),
        Cause.DOWNLOAD: Meaning(
            "input not read",
            "inputs not read",
            "The input object could not be read from S3.",
            "Check that it exists, and that the execution role may read it.",
        ),
        Cause.UPLOAD: Meaning(
            "result not written",
            "results not written",
            "The model answered, and the result could not be written to S3.",
            "Check the output bucket, and that the execution role may write to it.",
        ),
        Cause.OTHER: Meaning(
            "other failure",
            "other failures",
            "Counted as failed, and no other metric says why: a time-out or a lost instance, for example.",
            "Look for time-outs in the log, and for instances that left at that time.",
        ),
        Cause.EXPIRED: Meaning(
            "expired request",
            "expired requests",
            "The request waited longer than its time to live and was never tried.",
            "Look at why nothing took it up: whether the endpoint wakes, and at its maximum.",
        ),
        Cause.NOTIFICATION: Meaning(
            "message not sent",
            "messages not sent",
            "The message to SNS could not be sent; the result itself may be fine.",
            "Check that the topic exists, and that the execution role may publish to it.",
        ),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Failures of one range by cause, in steps of its window. What was not read is not known, not zero."""

    window: Window
    steps: Mapping[Cause, FloatArray]
    """NaN: nothing was published in that step, or it is not known."""
    totals: Mapping[Cause, float | None]
    """None: not known. A metric that was read and published nothing counts no failure."""
    processed: FloatArray
    failed: float | None
    """InvocationFailures of the range; None: not known."""
    finished: float | None
    """Requests that ended, well or badly."""
    first: datetime | None = None
    """The first step with a failed request."""
    last: datetime | None = None
    since_deploy: datetime | None = None
    """When the configuration in use was made, where failures came up with it."""
    failed_since: float = 0.0
    finished_since: float = 0.0
    """Both since that deploy."""

    @property
    def unknown(self) -> tuple[Cause, ...]:
        return tuple(c for c in Cause if self.totals[c] is None)

    @property
    def some(self) -> tuple[Cause, ...]:
        """The causes that occurred, those of failed inferences first, the greatest first."""
        found = [c for c in Cause if (self.totals[c] or 0.0) > 0]
        return tuple(sorted(found, key=lambda c: (c not in FAILED, -(self.totals[c] or 0.0))))


def split(
    found: MetricSet, endpoint: Endpoint, unread: Collection[str] = (), *, deployed: bool = False
) -> Split:
    """The failures in `found` by cause. `unread`: keys of metrics that could not be read.

    `deployed`: it is known from elsewhere that they came up with the configuration in use.
    """
    window, hidden = found.window, set(unread)
    steps: dict[Cause, FloatArray] = {}
    for cause, metric in METRIC.items():
        gone = metric.key in hidden
        steps[cause] = np.full(window.size, np.nan) if gone else found.get(metric.key).values
    failures, processed = (found.get(m.key).values for m in (metrics.FAILURES, metrics.PROCESSED))
    known = {c: METRIC[c].key not in hidden for c in METRIC}
    counted = metrics.FAILURES.key not in hidden
    explained = counted and all(known[c] for c in EXPLAINED)
    steps[Cause.OTHER] = _rest(failures, steps) if explained else np.full(window.size, np.nan)
    known[Cause.OTHER] = explained
    totals = {c: float(np.nansum(steps[c])) if known[c] else None for c in Cause}
    failed = float(np.nansum(failures)) if counted else None
    done = np.nan_to_num(failures) + np.nan_to_num(processed)
    ended = failed is not None and metrics.PROCESSED.key not in hidden
    bad = np.flatnonzero(np.nan_to_num(failures) > 0) if counted else np.array([], dtype=np.int64)
    begins = window.epochs()
    made = endpoint.config_created
    fits = (
        ended
        and made is not None
        and bool(failed)
        and (deployed or with_deploy(np.nan_to_num(failures), done, window, made))
    )
    after = begins + window.period > made.timestamp() if fits and made is not None else done < 0
    return Split(
        window,
        MappingProxyType(steps),
        MappingProxyType(totals),
        processed,
        failed,
        float(done.sum()) if ended else None,
        utc(float(begins[bad[0]])) if bad.size else None,
        utc(float(begins[bad[-1]])) if bad.size else None,
        made if fits else None,
        float(np.nan_to_num(failures)[after].sum()),
        float(done[after].sum()),
    )


def _rest(failures: FloatArray, steps: Mapping[Cause, FloatArray]) -> FloatArray:
    """What InvocationFailures holds beyond the causes with a metric of their own, never below 0.

    An error counts when the model answers and the failure when the request is done: what a step explains too
    much is taken for failures of the step after it.
    """
    explained = np.sum([np.nan_to_num(steps[c]) for c in EXPLAINED], axis=0)
    counted = np.nan_to_num(failures)
    surplus = np.concatenate([[0.0], np.maximum(0.0, explained - counted)[:-1]])
    rest: FloatArray = np.maximum(0.0, counted - explained - surplus)
    return np.where(np.isnan(failures), np.nan, rest)


def sentence(found: Split, config: str, now: datetime) -> str:
    """What failed, of how many, since when and why, in one or two sentences with marks for times (ops.core.moments)."""
    if found.failed is None:
        return "How many requests failed is not known: the metrics could not be read."
    if not found.failed:
        ended = "" if not found.finished else f" {count(found.finished, 'request')} went well."
        main = f"No request failed in this range.{ended}"
    else:
        main = f"{_how_many(found, now, config)}: {_why(found)}.{_begun(found, now, config)}"
    more = [_beside(found, cause) for cause in (Cause.EXPIRED, Cause.NOTIFICATION)]
    return " ".join([main, *(m for m in more if m)])


def _how_many(found: Split, now: datetime, config: str) -> str:
    failed, deploy = found.failed or 0.0, found.since_deploy
    if deploy is not None and deploy >= found.window.start:
        of = f"{found.failed_since:,.0f} of {count(found.finished_since, 'request')}"
        before = failed - found.failed_since
        rest = f", {before:,.0f} before it" if before >= 1 else ""
        return f"{of} failed since the deploy of {config} at {mark(deploy, now)}{rest}"
    of = f"{failed:,.0f}" if found.finished is None else f"{failed:,.0f} of {found.finished:,.0f}"
    noun = "request" if failed == 1 and found.finished in (None, 1.0) else "requests"
    first, last = found.first, found.last
    if first is None or last is None:
        when = ""
    elif first == last:
        when = f" at {mark(first, now)}"
    else:
        when = f", the first at {mark(first, now)}, the newest at {mark(last, now)}"
    return f"{of} {noun} failed{when}"


def _begun(found: Split, now: datetime, config: str) -> str:
    """That they came up with a deploy before the range."""
    deploy = found.since_deploy
    if deploy is None or deploy >= found.window.start:
        return ""
    return f" It began with the deploy of {config} at {mark(deploy, now)}."


def _why(found: Split) -> str:
    causes = [c for c in found.some if c in FAILED]
    names = [MEANINGS[c].many for c in causes]
    if any(c in FAILED for c in found.unknown):
        return f"why is not known in full ({listed(names)} among them)" if names else "why is not known"
    if not names or causes == [Cause.OTHER]:
        return "no metric says why"
    if len(names) == 1:
        return MEANINGS[causes[0]].name if found.failed == 1 else f"all {names[0]}"
    return listed([_counted(c, found.totals[c] or 0.0) for c in causes])


def _counted(cause: Cause, number: float) -> str:
    meaning = MEANINGS[cause]
    return f"{number:,.0f} {meaning.name if number == 1 else meaning.many}"


def _beside(found: Split, cause: Cause) -> str:
    number = found.totals[cause]
    if not number:
        return ""
    if cause is Cause.EXPIRED:
        return (
            f"{count(number, 'request')} expired before anything took {'it' if number == 1 else 'them'} up."
        )
    return f"{count(number, 'message')} to SNS could not be sent."
