"""A plan and its receipt in words: money is an estimate, danger comes first, text of others is escaped."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from components.change_parts import OUTCOMES, as_json, compared, cost, plan, receipt
from ops.core.change import Actor, Caution, ChangePlan, CostEffect, Entry, Made, Outcome, Receipt
from ops.core.fixes import ChosenTopic, PolicyArn, PutAlarm, RegisterTarget
from ops.core.moments import mark
from ops.core.setup import Difference, Setup, differences
from ops.core.setup_steps import after
from ops.core.types import Bounds, EndpointRef, MetricRef, ScalableTarget, Severity

NOW = datetime(2026, 11, 20, 14, 2, tzinfo=UTC)
REF = EndpointRef("123456789012", "us-east-1", "doc")
BEFORE = Setup(ScalableTarget(Bounds(0, 8)))
CHANGES = (RegisterTarget(REF, 1, None),)
WANTED = after(BEFORE, CHANGES)
PLAN = ChangePlan(
    "0123456789abcdef", REF, "bounds", "Set <b>", CHANGES, BEFORE, WANTED, differences(BEFORE, WANTED, REF),
    "It stays awake.", NOW,
    cautions=(Caution(Severity.INFO, "a hint"), Caution(Severity.CRITICAL, "<i>work</i> may be lost")),
)  # fmt: skip
ENTRY = Entry(
    PLAN.id, NOW, Actor("nina", "operator"), REF, "bounds", PLAN.title, "", BEFORE, WANTED, Outcome.DONE,
    (Made("application-autoscaling", "RegisterScalableTarget", {}),),
)  # fmt: skip


def test_a_plan_says_before_after_effect_and_the_worst_first():
    said = plan(PLAN, UTC)
    assert "0–8 instances" in said
    assert "<b>1–8 instances</b>" in said
    assert "It stays awake." in said
    assert said.index("danger:") < said.index("to know:")
    assert "Set &lt;b&gt;" in said
    assert "&lt;i&gt;work" in said


def test_times_in_its_sentences_stand_in_the_zone_of_the_reader():
    until = mark(NOW + timedelta(hours=2), NOW)
    marked = replace(
        PLAN,
        effect=f"Put back at {until}.",
        cautions=(Caution(Severity.WARNING, f"Refused until {until}."),),
        cost=CostEffect(None, None, f"Until {until}."),
    )
    said = plan(marked, ZoneInfo("Europe/Berlin"))
    assert "⟦" not in said
    assert [f"{w} 17:02 CET." in said for w in ("Put back at", "Refused until", "Until")] == [True] * 3
    told = receipt(Receipt(replace(ENTRY, said=f"Ended at {until}."), notes=(f"Until {until}.",)), UTC)
    assert "Ended at 16:02 UTC." in told
    assert "Until 16:02 UTC." in told


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (None, "no bound moves"),
        (CostEffect(None, None, "No list price is known."), "not known."),
        (
            CostEffect(Decimal("33.8"), Decimal("1028"), "x"),
            "about $34 a day more, about $1,028 a month more. E",
        ),
        (
            CostEffect(Decimal("-1.2"), Decimal("-36"), "Estimate, x"),
            "about $1.20 a day less, about $36 a month less.<",
        ),
        (CostEffect(Decimal(0), Decimal(0), "Nothing by itself"), "Nothing by itself"),
        (
            CostEffect(Decimal("33.8"), Decimal("1028"), "x", usd_per_day_least=Decimal(0)),
            "nothing to about $34 a day more for each instance, by its work.",
        ),
        (
            CostEffect(Decimal("33.8"), Decimal("1028"), "x", usd_per_day_least=Decimal("1.4")),
            "about $1.40 to about $34 a day more",
        ),
        (CostEffect(None, None, "Estimate: x", Decimal("2.84")), "about $2.84 once, an estimate.<"),
        (CostEffect(None, None, "Estimate: x", Decimal("-24")), "about $24 less once, an estimate.<"),
    ],
)
def test_money_is_an_estimate(effect, words):
    assert words in cost(effect)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("policy wake", "no bound moves; what scaling then starts is paid by its work."),
        ("alarm wake", "what scaling then starts is paid by its work."),
        ("schedule night", "what scaling then starts is paid by its work."),
        ("suspended", "no bound moves; what runs is paid as before."),
    ],
)
def test_where_no_bound_moves_it_says_what_is_paid(part, words):
    assert words in plan(replace(PLAN, cost=None, differences=(Difference(part, None, None),)), UTC)


@pytest.mark.parametrize("part", ["endpoint doc", "endpoint-config doc", "model doc"])
def test_where_an_endpoint_comes_or_goes_the_cost_that_is_not_told_is_not_known(part):
    said = plan(replace(PLAN, cost=None, differences=(Difference(part, None, {}),)), UTC)
    assert "not known." in said
    assert "no bound moves" not in said


def test_stand_ins_stand_in_words_in_the_calls():
    alarm = PutAlarm(
        "a", MetricRef("AWS/SageMaker", "X", ()), 1.0, "GreaterThanThreshold", 60, 2, 2, "missing",
        (PolicyArn("wake"), ChosenTopic()),
    )  # fmt: skip
    (call,) = json.loads(as_json(replace(PLAN, changes=(alarm,))))
    assert call["parameters"]["AlarmActions"] == ["the ARN of the policy wake", "the ARN of the chosen topic"]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_word(outcome):
    said = receipt(Receipt(replace(ENTRY, outcome=outcome)), UTC)
    assert OUTCOMES[outcome][1] in said
    assert "On record as <code>01234567</code>" in said


def test_a_receipt_tells_what_was_read_back_refused_and_missed():
    done = receipt(Receipt(ENTRY, found=WANTED), UTC)
    assert "Read back from AWS just now:" in done
    assert "Bounds: 1–8 instances" in done
    odd = receipt(Receipt(ENTRY, found=BEFORE, missing=differences(WANTED, BEFORE, REF)), UTC)
    assert "AWS holds something else" in odd
    refused = Made("cloudwatch", "PutMetricAlarm", {}, error="no <b>")
    partly = receipt(
        Receipt(
            replace(ENTRY, outcome=Outcome.PARTLY, made=(*ENTRY.made, refused)),
            action="cloudwatch:PutMetricAlarm",
        ),
        UTC,
    )
    assert "refused:" in partly
    assert "no &lt;b&gt;" in partly
    assert "IAM action <code>cloudwatch:PutMetricAlarm</code>" in partly
    again = receipt(Receipt(ENTRY, fresh=False), UTC)
    assert "nothing was done now" in again


def test_no_difference_is_said():
    assert "No part of the set-up differs" in compared(())
