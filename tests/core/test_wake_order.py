"""Tables: wherever a change ends, an endpoint that may sleep can wake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.deployment import Deployment, scaling
from ops.core.fixes import (
    Change,
    DeletePolicy,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    RegisterTarget,
)
from ops.core.setup import Setup
from ops.core.types import Bounds, ScalableTarget, Step, StepPolicy, Suspended
from ops.core.wake_order import wake_first
from tests.core.life_samples import REF, TOPIC, arn

WISH = Deployment("doc", "doc-model", "ml.g5.xlarge", "s3://results/out/")
REGISTER, *_ = MADE = scaling(WISH, REF)
TRACK, WAKE = (c for c in MADE if isinstance(c, PutPolicy))
(CALL,) = (c for c in MADE if isinstance(c, PutAlarm))
TELL = replace(CALL, name="tell", actions=(TOPIC,))
IN = PutPolicy(REF, StepPolicy("in", "", "ChangeInCapacity", (Step(None, 0.0, -1),), cooldown=300))
CALM = replace(CALL, name="calm", actions=(PolicyArn("in"),))
LOWER, RAISE = RegisterTarget(REF, 0), RegisterTarget(REF, 2, 5)
RESUME = RegisterTarget(REF, suspended=Suspended())
AWAKE = Setup(ScalableTarget(Bounds(1, 4)))
HELD = Setup(ScalableTarget(Bounds(1, 4), Suspended(scale_in=True)))


@pytest.mark.parametrize(
    ("changes", "before", "wanted"),
    [
        ((REGISTER, TRACK, WAKE, CALL, TELL), Setup(), (REGISTER, WAKE, CALL, TRACK, TELL)),
        ((REGISTER, WAKE, TRACK, CALL), Setup(), (REGISTER, WAKE, CALL, TRACK)),
        ((REGISTER, IN, WAKE, CALM, CALL), Setup(), (REGISTER, WAKE, CALL, IN, CALM)),
        ((REGISTER, TRACK), Setup(), (REGISTER, TRACK)),
        ((LOWER, TRACK, WAKE, CALL), AWAKE, (WAKE, CALL, TRACK, LOWER)),
        ((RAISE, WAKE, CALL, TRACK), AWAKE, (RAISE, WAKE, CALL, TRACK)),
        ((RESUME, WAKE, CALL), HELD, (WAKE, CALL, RESUME)),
        ((DeletePolicy(REF, "old"), WAKE, CALL), AWAKE, (WAKE, CALL, DeletePolicy(REF, "old"))),
        ((LOWER,), AWAKE, (LOWER,)),
        ((LOWER, WAKE, CALL, RAISE), AWAKE, (LOWER, WAKE, CALL, RAISE)),
        ((LOWER, TELL), AWAKE, (LOWER, TELL)),
        ((), AWAKE, ()),
    ],
)
def test_what_wakes_comes_before_what_lets_sleep(
    changes: tuple[Change, ...], before: Setup, wanted: tuple[Change, ...]
) -> None:
    assert wake_first(changes, before) == wanted


def test_an_alarm_that_runs_a_policy_by_its_arn_counts_as_well() -> None:
    call = replace(CALL, actions=(arn(WAKE.policy.name),))
    calm = replace(CALM, actions=(arn("in"),))
    assert wake_first((IN, calm, WAKE, call), AWAKE) == (WAKE, call, IN, calm)
