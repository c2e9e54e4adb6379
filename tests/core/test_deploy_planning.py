"""Tables: alarms that a plan may take the place of, and what a deployment costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ops.core import deploy_planning as planning
from ops.core.doctor.mending import wake_alarm
from ops.core.errors import BadInput
from ops.core.setup import Setup
from ops.core.types import Alarm, MetricRef, Price
from tests.core.life_samples import REF, TOPIC, alarm

PUT = wake_alarm(REF, (TOPIC,))
SIGNAL = PUT.metric.name
LAMBDA = MetricRef("AWS/Lambda", "Errors", (("FunctionName", "doc"),))
NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (replace(alarm(PUT.name, SIGNAL), metric=LAMBDA), "watches AWS/Lambda Errors of FunctionName doc"),
        (alarm(PUT.name, "GPUUtilization"), "watches AWS/SageMaker GPUUtilization"),
        (alarm(PUT.name, SIGNAL, endpoint="other"), "of EndpointName other"),
        (replace(alarm(PUT.name), metric=None), "watches an expression"),
    ],
)
def test_an_alarm_that_watches_something_else_is_not_replaced(held: Alarm, why: str) -> None:
    before = Setup(alarms=(held,))
    with pytest.raises(BadInput, match=why):
        planning.own_alarms((PUT,), before, REF)
    with pytest.raises(BadInput, match=why):
        planning.make("1", "deploy", "Deploy doc", (PUT,), before, REF, NOW, effect="")
    planning.own_alarms((PUT,), before, REF, {PUT.name})


def test_an_alarm_of_the_endpoint_itself_is_replaced() -> None:
    variant = MetricRef("AWS/SageMaker", SIGNAL, (("EndpointName", "doc"), ("VariantName", "AllTraffic")))
    for held in (alarm(PUT.name, SIGNAL), replace(alarm(PUT.name), metric=variant), alarm("beside")):
        planning.own_alarms((PUT,), Setup(alarms=(held,)), REF)
    elsewhere = replace(PUT, metric=LAMBDA)
    planning.own_alarms((elsewhere,), Setup(alarms=(replace(alarm(PUT.name), metric=LAMBDA),)), REF)


def test_a_deployment_costs_a_range_and_what_stays_awake_its_day() -> None:
    price = Price("ml.g5.xlarge", "eu-central-1", Decimal("1.5"), "test", NOW)
    found = planning.cost_of_one(price, "ml.g5.xlarge")
    assert (found.usd_per_day_least, found.usd_per_day) == (0, 36)
    assert "starts at once" in found.basis
    awake = planning.cost_awake(price, "ml.g5.xlarge", 2, " until then")
    assert (awake.usd_per_day_least, awake.usd_per_day, awake.usd_per_month) == (None, 72, 2190)
    assert "2 instances of ml.g5.xlarge, day and night until then" in awake.basis
    for unknown in (planning.cost_of_one(None, "x"), planning.cost_awake(None, "x", 1)):
        assert (unknown.usd_per_day, unknown.usd_per_day_least) == (None, None)
