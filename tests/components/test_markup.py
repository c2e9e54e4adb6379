"""Markup escapes what it is given, and the pieces say what they must."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from components import attention, cards, rules, tables
from components.header import as_of
from components.markup import Html, html, joined
from ops.core.types import EndpointState, Severity, Suspended
from tests.components.samples import EMBEDDED, NOW, REAL, endpoint_view, fleet


def test_values_are_escaped_and_markup_is_not():
    assert html("<p>{x}</p>", x='<script>&"') == "<p>&lt;script&gt;&amp;&quot;</p>"
    assert html("{a}{b}", a=html("<i>"), b="{not a field}") == "<i>{not a field}"
    assert joined([Html("<b>"), Html("</b>")]) == "<b></b>"


def test_the_strip_says_which_aws_and_whether_changes_are_possible():
    embedded = cards.where(EMBEDDED, Html(""))
    assert "simulated AWS" in embedded
    assert "us-east-1" in embedded
    assert "123456789012" in embedded
    assert "changes possible" in embedded
    real = cards.where(REAL, Html(""))
    assert "real AWS" in real
    assert "read-only" in real
    assert "EBB_WRITE is not set" in real
    away = cards.nowhere("aws", "eu-central-1", writable=False)
    for word in ("real AWS", "eu-central-1", "account not known", "read-only", "no connection"):
        assert word in away


def test_freshness_names_the_time_and_its_age():
    shown = as_of(NOW, 8.0, UTC, 15.0)
    assert "as of 14:02:10 UTC" in shown
    assert 'data-age="8"' in shown
    assert 'data-usual="15"' in shown


@pytest.mark.parametrize("state", list(EndpointState))
def test_every_state_is_a_word_and_an_icon(state):
    verdict = replace(fleet().rows[0].verdict, state=state, severity=Severity.OK)
    shown = cards.pill(verdict)
    assert 'class="pill ' in shown
    assert 'aria-hidden="true"' in shown


def test_what_is_not_known_is_a_dash_and_not_zero():
    row = fleet().rows[0]
    unknown = replace(row, backlog=None, oldest_s=None, failures_1h=None, bounds=None)
    shown = cards.numbers(unknown)
    assert shown.count("–") == 3
    assert "no scaling target" in shown
    assert ">0<" in shown


def test_attention_names_only_trouble():
    shown = attention.attention(fleet().rows)
    assert shown.count("<li>") == 2
    assert "ocr-legacy" in shown
    assert "night-batch" not in shown
    assert attention.attention(()) == ""


def test_repeated_attempts_are_one_row_and_old_ones_are_folded():
    view = endpoint_view()
    one = replace(view.activities[1], status="Failed", message="quota", not_scaled=())
    shown = tables.activity_table(replace(view, activities=(one,) * 50), UTC)
    assert shown.count("<td") == 4
    assert "and 49 times since" in shown
    assert "quota" in shown
    many = tuple(replace(one, message=f"m{n}") for n in range(40))
    assert "25 older in this range" in tables.activity_table(replace(view, activities=many), UTC)
    assert "No scaling activity" in tables.activity_table(replace(view, activities=()), UTC)


def test_rules_read_as_sentences():
    shown = rules.rules(endpoint_view(), UTC)
    assert "keeps ApproximateBacklogSizePerInstance at 5" in shown
    assert "+1 when the alarm rings" in shown
    assert "Europe/Berlin" in shown
    assert "min 1" in shown
    assert "HasBacklogWithoutCapacity ≥ 1 for 2 of 2 × 1 min" in shown
    assert "no data (normal while asleep)" in shown


def test_suspended_scaling_and_a_missing_target_are_said():
    view = endpoint_view()
    assert view.target is not None
    held = replace(view, target=replace(view.target, suspended=Suspended(scale_out=True)))
    assert "suspended: scaling out" in rules.rules(held, UTC)
    assert "does not touch this endpoint" in rules.rules(replace(view, target=None), UTC)


def test_configuration_shows_where_results_and_failures_go():
    shown = rules.configuration(endpoint_view(), UTC)
    assert "s3://doc-async-out/" in shown
    assert "s3://doc-async-failed/" in shown
    assert "not set" in shown
