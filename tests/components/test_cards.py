"""Cards: sentences that need someone, grouped and cut; and what Ebb's own asking costs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from components import attention, cards
from ops.core.types import EndpointRef, EndpointState, Severity
from ops.core.words import about_usd
from tests.components.samples import USAGE, fleet

STUCK, FAILING, *_ = fleet().rows


def named(row, name, sentence=None):
    verdict = row.verdict if sentence is None else replace(row.verdict, sentence=sentence)
    ref = EndpointRef("123456789012", "us-east-1", name)
    return replace(row, endpoint=replace(row.endpoint, ref=ref), verdict=verdict)


def test_the_same_sentence_is_said_once_and_names_the_first_three():
    rows = [named(STUCK, f"ocr-{n}") for n in range(12)]
    shown = attention.attention(rows)
    assert shown.count("<li>") == 1
    assert shown.count("no policy starts the first instance") == 1
    assert all(f"<b>ocr-{n}</b>" in shown for n in range(3))
    assert "<b>ocr-3</b>" not in shown
    assert "and 9 more:" in shown
    assert not attention.untold(rows)


def test_the_worst_few_sentences_are_told_and_the_rest_is_counted_by_state():
    rows = [named(STUCK, f"ocr-{n}", f"Cannot wake: {n} requests wait.") for n in range(20)]
    rows += [named(FAILING, f"parse-{n}", f"Fails: {n} requests.") for n in range(9)]
    shown = attention.attention(rows)
    assert shown.count("<li>") == attention.SENTENCES + 1
    assert "and 24 more</a>" in shown
    assert ": 15 cannot wake, 9 failing" in shown
    assert len(attention.untold(rows)) == 24
    assert attention.in_trouble(rows) == 29


def test_who_loses_most_is_told_first_and_needless_cost_last():
    losing = replace(named(FAILING, "z-lost", "Fails."), failures_1h=900.0)
    waiting = replace(
        named(STUCK, "y-waits", "Cannot wake: 40 wait."), backlog=40.0, oldest_s=7200.0, failures_1h=0.0
    )
    little = replace(named(STUCK, "a-waits", "Cannot wake: 1 waits."), backlog=1.0, oldest_s=60.0)
    idle = named(STUCK, "a-idle", "Idle and paid.")
    idle = replace(idle, verdict=replace(idle.verdict, state=EndpointState.IDLE_PAID))
    losing = replace(losing, verdict=replace(losing.verdict, severity=Severity.CRITICAL))
    shown = attention.attention([idle, little, waiting, losing])
    assert [shown.index(name) for name in ("z-lost", "y-waits", "a-waits", "a-idle")] == sorted(
        shown.index(name) for name in ("z-lost", "y-waits", "a-waits", "a-idle")
    )


def test_the_red_is_on_what_was_lost_and_an_age_that_is_not_published_is_said():
    row = replace(STUCK, failures_1h=0.0, expired_1h=3.0, backlog=1.0, oldest_s=None)
    shown = cards.numbers(row)
    assert '<span class="stuck">and 3 expired</span>' in shown
    assert '<div class="value ">0</div>' in shown
    assert "not known yet; expires after 6 h" in shown


def test_nobody_hides_one_sentence_behind_and_one_more():
    rows = [
        named(STUCK, f"ocr-{n}", f"Cannot wake: {n} requests wait.") for n in range(attention.SENTENCES + 1)
    ]
    assert attention.attention(rows).count("<li>") == attention.SENTENCES + 1
    assert not attention.untold(rows)


def test_a_calm_fleet_has_no_sentences():
    assert attention.attention(fleet().rows[2:]) == ""
    assert not attention.untold(fleet().rows[2:])


@pytest.mark.parametrize(
    ("dollars", "words"),
    [
        ("0", "nothing"),
        ("0.00002", "under $0.01"),
        ("0.00312", "about $0.0031"),
        ("0.0996", "about $0.10"),
        ("0.25", "about $0.25"),
        ("1.2345", "about $1.23"),
        ("12.6", "about $13"),
        ("1234.5", "about $1,200"),
    ],
)
def test_a_small_sum_keeps_two_digits_and_is_never_no_cents(dollars, words):
    assert about_usd(Decimal(dollars)) == words


def test_on_real_aws_the_line_names_calls_metrics_and_list_price():
    shown = cards.usage(USAGE, "aws", 720.0)
    assert "12 min ago: 1,204 calls to AWS, 312 metrics asked for, about $0.0031 at list price." in shown
    assert shown.index("900 × cloudwatch GetMetricData") < shown.index("304 × sagemaker DescribeEndpoint")


def test_on_the_embedded_aws_nothing_is_billed():
    shown = cards.usage(USAGE, "embedded", 720.0)
    assert "calls to the simulated AWS" in shown
    assert "Nothing is billed; it would cost about $0.0031 on AWS." in shown


def test_the_line_says_for_how_long_it_counts():
    assert "Since this console was started, 1 h 1 min ago:" in cards.usage(USAGE, "aws", 3660.0)


def test_one_call_is_singular():
    once = replace(USAGE, calls={"sts:GetCallerIdentity": 1}, metrics=1, usd=Decimal(0))
    assert "1 call to AWS, 1 metric asked for, nothing at list price." in cards.usage(once, "aws", 720.0)
