"""Metric math of GetMetricData through boto3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_cloudwatch_data import (
    AWS,
    DIMS,
    get,
    metric,
    minute,
    not_offered,
    refused,
    store,
    values,
)


@pytest.fixture(scope="module")
def filled() -> Iterator[SteppedAws]:
    """Of the five newest visible minutes: a is 1 2 - 4 5, b is 10 10 10 10 10."""
    aws = SteppedAws()
    first = minute(aws) - 6
    a, b = store(aws).gauge(AWS, "A", DIMS, "Count"), store(aws).gauge(AWS, "B", DIMS, "Count")
    b.fill(first, first + 5, 10.0)
    for i, value in enumerate((1.0, 2.0, None, 4.0, 5.0)):
        if value is not None:
            a.put(first + i, value)
    yield aws
    aws.server.stop()


def math(aws: SteppedAws, expression: str, **more: Any) -> list[Any]:
    hidden = [metric(id, name=id.upper(), ReturnData=False) for id in ("a", "b")]
    return get(aws, *hidden, {"Id": "e", "Expression": expression, **more}, back=360, until=60)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", [11, 12, 14, 15]),
        ("b - a * 2", [8, 6, 2, 0]),
        ("(a + b) / 2", [5.5, 6, 7, 7.5]),
        ("-a", [-1, -2, -4, -5]),
        ("a ^ 2", [1, 4, 16, 25]),
        ("a / (a - 2)", [-1, 2, 5 / 3]),
        ("a > 2", [0, 0, 1, 1]),
        ("a >= 2", [0, 1, 1, 1]),
        ("a == 4 || a == 1", [1, 0, 1, 0]),
        ("a > 1 AND a < 5", [0, 1, 1, 0]),
        ("a < 2 OR a > 4", [1, 0, 0, 1]),
        ("FILL(a, 0)", [1, 2, 0, 4, 5]),
        ("FILL(a, REPEAT)", [1, 2, 2, 4, 5]),
        ("FILL(a, LINEAR)", [1, 2, 3, 4, 5]),
        ("FILL(a, b)", [1, 2, 10, 4, 5]),
        ("IF(a > 2, b, 0)", [0, 0, 10, 10]),
        ("IF(FILL(a, 0) == 0, 99, a)", [1, 2, 99, 4, 5]),
        ("IF(a > 2, a)", [4, 5]),
        ("a - AVG(a)", [-2, -1, 1, 2]),
        ("b * 0 + SUM(a)", [12] * 5),
        ("b * 0 + MAX(a) - MIN(a)", [4] * 5),
        ("SUM([a, b])", [11, 12, 10, 14, 15]),
        ("SUM(METRICS())", [11, 12, 10, 14, 15]),
        ('AVG(METRICS("b"))', [10] * 5),
        ("MAX([a, b])", [10] * 5),
        ("a / PERIOD(a)", [1 / 60, 2 / 60, 4 / 60, 5 / 60]),
        ("ABS(a - 4)", [3, 2, 0, 1]),
        ("CEIL(a / 2)", [1, 1, 2, 3]),
        ("FLOOR(a / 2)", [0, 1, 2, 2]),
        ("DIFF(a)", [1, 2, 1]),
        ("RATE(a)", [1 / 60, 1 / 60, 1 / 60]),
        ("RUNNING_SUM(a)", [1, 3, 7, 12]),
        ("a * 0 + TIME_SERIES(7)", [7] * 4),
        ("  a\n+ 1e1 ", [11, 12, 14, 15]),
    ],
)
def test_expressions(filled: SteppedAws, expression: str, expected: list[float]) -> None:
    assert math(filled, expression)[0]["Values"] == pytest.approx(expected)


def test_an_expression_over_an_expression(filled: SteppedAws) -> None:
    results = get(
        filled,
        {"Id": "twice", "Expression": "sum * 2"},
        {"Id": "sum", "Expression": "x + 1", "ReturnData": False},
        metric("x", name="A", ReturnData=False),
        back=360,
        until=60,
    )
    assert [(r["Id"], r["Values"]) for r in results] == [("twice", [4.0, 6.0, 10.0, 12.0])]


def test_a_list_of_series_comes_back_as_several_results(filled: SteppedAws) -> None:
    results = math(filled, "METRICS() * 2")
    assert [(r["Id"], r["Label"]) for r in results] == [("e", "A"), ("e", "B")]
    assert results[1]["Values"] == [20.0] * 5


def test_ids_may_be_words_of_python(filled: SteppedAws) -> None:
    assert values(filled, metric("lambda", name="B"), {"Id": "is", "Expression": "lambda + 1"})[0] == 11.0


def test_metrics_with_no_datapoint_give_an_empty_answer(filled: SteppedAws) -> None:
    assert values(filled, metric("none", name="Nothing"), {"Id": "e", "Expression": "none + 1"}) == []
    assert (
        values(filled, metric("none", name="Nothing"), {"Id": "e", "Expression": "FILL(none, 0)"}, back=300)
        == [0.0] * 5
    )


@pytest.mark.parametrize(
    "expression",
    [
        *("((", "a +", "a b", "a $ b", "5", "AVG(a)", "unknown + 1", "a.real", "a[0]", "__import__('os')"),
        *("lambda: 1", "[x for x in a]", "UNKNOWN(a)", "FILL(a)", "IF(a)", "RATE(3)", "[a, 3]", "'a'"),
        *("METRICS('zzz')", "PERIOD(e)", "e + 1", "METRICS() + METRICS()", "a < b < 3", "True", "a, b"),
        *("(" * 100 + "a" + ")" * 100 + "(", "-" * 500 + "a"),
    ],
)
def test_expressions_that_mean_nothing(filled: SteppedAws, expression: str) -> None:
    hidden = [metric(id, name=id.upper()) for id in ("a", "b")]
    assert refused(filled, *hidden, {"Id": "e", "Expression": expression})


@pytest.mark.parametrize(
    "expression",
    [
        'SELECT AVG(ApproximateBacklogSize) FROM SCHEMA("AWS/SageMaker", EndpointName)',
        "SEARCH('{AWS/SageMaker,EndpointName} MetricName=\"A\"', 'Sum', 60)",
        "ANOMALY_DETECTION_BAND(a)",
        "SORT(METRICS(), AVG, DESC)",
        "METRIC_COUNT(METRICS())",
    ],
)
def test_what_is_not_offered_says_so(filled: SteppedAws, expression: str) -> None:
    assert "does not offer" in not_offered(
        filled, metric("a", name="A"), {"Id": "e", "Expression": expression}
    )


def test_periods_must_agree(filled: SteppedAws) -> None:
    one, five = metric("x", name="A"), metric("y", name="B", period=300)
    assert "same period" in refused(filled, one, five, {"Id": "e", "Expression": "x + y"})
    assert "same period" in refused(filled, one, five, {"Id": "e", "Expression": "SUM(METRICS())"})
    assert "period" in refused(filled, one, {"Id": "e", "Expression": "x", "Period": 300})


def test_circles_are_refused(filled: SteppedAws) -> None:
    assert "itself" in refused(filled, {"Id": "x", "Expression": "y + 1"}, {"Id": "y", "Expression": "x + 1"})


def test_an_expression_of_more_than_2048_characters_is_refused(filled: SteppedAws) -> None:
    assert "2048" in refused(filled, metric("a", name="A"), {"Id": "e", "Expression": "a" + " + a" * 600})


def test_a_huge_power_is_no_datapoint(filled: SteppedAws) -> None:
    assert math(filled, "a ^ 999999 ^ 9")[0]["Values"] == [1.0]
