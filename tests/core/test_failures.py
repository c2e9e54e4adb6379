"""Failures by cause: what explains them, what is left over, what is not known, and the sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ops.core.failures import MEANINGS, Cause, Split, sentence, split
from ops.core.metrics import ERRORS_5XX, FAILURES, PROCESSED
from ops.core.moments import written
from ops.core.types import MetricSet, Series, Window
from tests.components.samples import endpoint_view

START = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
WINDOW = Window(START, START + timedelta(minutes=6))
NOW = START + timedelta(minutes=6)
NAN = float("nan")
ENDPOINT = endpoint_view().row.endpoint
LONG_AGO = replace(ENDPOINT, config_created=START - timedelta(days=9), config_name="doc-7")


def found(**series: list[float]) -> MetricSet:
    names = {
        "failed": "InvocationFailures",
        "good": "InvocationsProcessed",
        "e4": "Invocation4XXErrors",
        "e5": "Invocation5XXErrors",
        "down": "RequestDownloadFailures",
        "up": "ResponseUploadFailures",
        "sns": "NotificationFailures",
        "old": "ExpiredRequests",
    }
    return MetricSet(WINDOW, {names[k]: Series(names[k], WINDOW, np.array(v)) for k, v in series.items()})


def totals(of: Split) -> dict[str, float | None]:
    return {cause.value: n for cause, n in of.totals.items() if n != 0.0}


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ({}, {}),
        ({"failed": [0, 0, 0, 0, 0, 0], "good": [1] * 6}, {}),
        ({"failed": [2, NAN, 1, NAN, NAN, NAN], "e5": [2, NAN, 1, NAN, NAN, NAN]}, {"model_5xx": 3.0}),
        # a failure without another metric is "other"
        ({"failed": [3, NAN, NAN, NAN, NAN, NAN], "e5": [1] + [NAN] * 5}, {"model_5xx": 1.0, "other": 2.0}),
        # never below zero: more explained than counted
        ({"failed": [1] + [NAN] * 5, "e5": [3] + [NAN] * 5}, {"model_5xx": 3.0}),
        # an error counts when the model answers, the failure a minute later
        (
            {"failed": [NAN, 2, NAN, NAN, NAN, NAN], "e5": [2, NAN, NAN, NAN, NAN, NAN]},
            {"model_5xx": 2.0},
        ),
        # but not two minutes later
        ({"failed": [NAN, NAN, 2] + [NAN] * 3, "e5": [2] + [NAN] * 5}, {"model_5xx": 2.0, "other": 2.0}),
        # a message not sent and an expired request are no failed inference
        ({"sns": [4] + [NAN] * 5, "good": [4] + [NAN] * 5}, {"notification": 4.0}),
        ({"old": [3] + [NAN] * 5}, {"expired": 3.0}),
        (
            {
                "failed": [5, 0, 0, 0, 0, 0],
                "e4": [1, 0, 0, 0, 0, 0],
                "e5": [1, 0, 0, 0, 0, 0],
                "down": [1, 0, 0, 0, 0, 0],
                "up": [1, 0, 0, 0, 0, 0],
            },
            {"model_4xx": 1.0, "model_5xx": 1.0, "download": 1.0, "upload": 1.0, "other": 1.0},
        ),
    ],
)
def test_what_explains_failures(series: dict[str, list[float]], expected: dict[str, float]) -> None:
    assert totals(split(found(**series), LONG_AGO)) == expected


def test_a_step_without_a_datapoint_stays_without_one() -> None:
    steps = split(found(failed=[1, NAN, NAN, NAN, NAN, NAN]), LONG_AGO).steps
    assert steps[Cause.OTHER][0] == 1.0
    assert np.isnan(steps[Cause.OTHER][1:]).all()
    assert np.isnan(steps[Cause.MODEL_5XX]).all()


@pytest.mark.parametrize(
    ("unread", "unknown", "says"),
    [
        ((FAILURES.key,), {Cause.OTHER}, "How many requests failed is not known"),
        ((ERRORS_5XX.key,), {Cause.OTHER, Cause.MODEL_5XX}, "why is not known"),
        ((PROCESSED.key,), set(), "3 requests failed"),
        (("ExpiredRequests",), {Cause.EXPIRED}, "3 of 3 requests failed"),
    ],
)
def test_what_was_not_read_is_not_known_rather_than_zero(
    unread: tuple[str, ...], unknown: set[Cause], says: str
) -> None:
    of = split(found(failed=[3] + [NAN] * 5, e5=[3] + [NAN] * 5), LONG_AGO, unread)
    assert set(of.unknown) == unknown
    assert all(np.isnan(of.steps[cause]).all() for cause in unknown)
    assert says in sentence(of, "doc-7", NOW)


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ({}, "No request failed in this range."),
        ({"good": [4, 3] + [NAN] * 4}, "No request failed in this range. 7 requests went well."),
        (
            {"good": [9] + [NAN] * 5, "failed": [NAN, 1] + [NAN] * 4, "e5": [NAN, 1] + [NAN] * 4},
            "1 of 10 requests failed at 11:01 UTC: model error (5xx).",
        ),
        (
            {"good": [7] + [NAN] * 5, "failed": [2, 1] + [NAN] * 4, "e5": [2, 1] + [NAN] * 4},
            "3 of 10 requests failed, the first at 11:00 UTC, the newest at 11:01 UTC: all model errors (5xx).",
        ),
        (
            {
                "good": [6] + [NAN] * 5,
                "failed": [4] + [NAN] * 5,
                "e5": [3] + [NAN] * 5,
                "down": [1] + [NAN] * 5,
            },
            "4 of 10 requests failed at 11:00 UTC: 3 model errors (5xx) and 1 input not read.",
        ),
        ({"failed": [4] + [NAN] * 5}, "4 of 4 requests failed at 11:00 UTC: no metric says why."),
        (
            {"old": [1] + [NAN] * 5, "sns": [2] + [NAN] * 5},
            "No request failed in this range. 1 request expired before anything took it up. "
            "2 messages to SNS could not be sent.",
        ),
    ],
)
def test_the_sentence(series: dict[str, list[float]], expected: str) -> None:
    assert written(sentence(split(found(**series), LONG_AGO), "doc-7", NOW)) == expected


@pytest.mark.parametrize(
    ("made", "deployed", "expected"),
    [
        (3, False, "4 of 6 requests failed since the deploy of doc-8 at 11:03 UTC: all model errors (5xx)."),
        (
            -600,
            True,
            "4 of 16 requests failed, the first at 11:03 UTC, the newest at 11:05 UTC: all model errors (5xx). "
            "It began with the deploy of doc-8 at 01:00 UTC.",
        ),
        (-600, False, "the newest at 11:05 UTC: all model errors (5xx)."),
    ],
)
def test_a_deploy_that_brought_them_is_named(made: int, deployed: bool, expected: str) -> None:
    series = found(good=[5, 5, NAN, 1, 1, NAN], failed=[NAN, NAN, NAN, 2, 1, 1], e5=[NAN, NAN, NAN, 2, 1, 1])
    endpoint = replace(ENDPOINT, config_created=START + timedelta(minutes=made), config_name="doc-8")
    of = split(series, endpoint, deployed=deployed)
    assert written(sentence(of, "doc-8", NOW)).endswith(expected)
    assert (of.since_deploy is None) is (made < 0 and not deployed)


def test_failures_before_the_deploy_are_told_apart() -> None:
    good, bad = [900.0, NAN, NAN, 1, 1, NAN], [1, NAN, NAN, 2, 1, 1]
    endpoint = replace(ENDPOINT, config_created=START + timedelta(minutes=3))
    of = split(found(good=good, failed=bad, e5=bad), endpoint)
    said = written(sentence(of, "doc-8", NOW))
    assert said == (
        "4 of 6 requests failed since the deploy of doc-8 at 11:03 UTC, 1 before it: all model errors (5xx)."
    )


def test_every_cause_says_what_it_means_and_what_to_look_at() -> None:
    assert set(MEANINGS) == set(Cause)
    assert all(m.what.endswith(".") and m.first.endswith(".") for m in MEANINGS.values())
