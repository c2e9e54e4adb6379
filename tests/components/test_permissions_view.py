"""The table of a preflight: trouble first, what was not tried folded away, nothing of AWS's taken for markup."""

from __future__ import annotations

from datetime import UTC

from components.permissions_view import results
from ops.core.permissions import declared
from ops.core.preflight import Answer, Preflight, Tried
from ops.core.types import Connection, utc

HERE = Connection("aws", "123456789012", "eu-central-1", "", None, False)
NOW = utc(1_790_000_000)
METRICS = declared("cloudwatch", "GetMetricData")[0]
TARGETS = declared("application-autoscaling", "DescribeScalableTargets")[0]
READ = declared("s3", "GetObject")[0]


def drawn(*tried: Tried) -> str:
    return results(Preflight(HERE, NOW, "viewer", tried), UTC, NOW)


def test_trouble_comes_first() -> None:
    text = drawn(
        Tried(TARGETS, Answer.ALLOWED), Tried(METRICS, Answer.DENIED, "no"), Tried(READ, Answer.UNCLEAR, "?!")
    )
    places = [text.rindex(word) for word in ("GetMetricData", "GetObject", "DescribeScalableTargets")]
    assert places == sorted(places)
    assert '<span class="stuck"><span aria-hidden="true">✕</span> denied</span>' in text
    assert "?!" in text
    assert "<details" not in text


def test_a_long_action_parts_at_its_colon_alone() -> None:
    text = drawn(Tried(TARGETS, Answer.ALLOWED))
    assert (
        '<span class="nowrap">application-autoscaling:</span><wbr>'
        '<span class="nowrap">DescribeScalableTargets</span>' in text
    )
    assert '<code class="nowrap">s3:GetObject</code>' in drawn(Tried(READ, Answer.ALLOWED))


def test_what_was_not_tried_says_why_once() -> None:
    text = drawn(
        Tried(TARGETS, Answer.NOT_TRIED, "No <b>way</b>."), Tried(READ, Answer.NOT_TRIED, "No <b>way</b>.")
    )
    assert "2 actions not tried, and why" in text
    assert text.count("No &lt;b&gt;way&lt;/b&gt;.") == 1


def test_another_action_that_aws_wants_is_told_with_the_call() -> None:
    text = drawn(Tried(READ, Answer.DENIED, "no", "kms:Decrypt"))
    assert "kms:Decrypt" in text
    assert "AWS wants it for s3:GetObject." in text
