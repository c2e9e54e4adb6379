"""Every state with instances in service, by table: busy, slow, failing, warm, paid for while idle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ops.core.types import (
    Bounds,
    ScalableTarget,
    Suspended,
)
from ops.core.warm_actions import expand
from ops.core.warm_keep import kept
from ops.core.warm_names import KeepName
from tests.core.observed import (
    BACKLOG,
    BAD_HOUR,
    CLOSE,
    DONE,
    EMPTY,
    FAILED,
    FOUR_ONE,
    HAS,
    HIGH,
    LOW,
    NOW,
    OLDEST,
    ONE,
    OPEN,
    QUOTA,
    TRACK,
    WAKE,
    WOKE,
    Case,
    activity,
    ago,
    alarm,
    check,
    endpoint,
)
from tests.core.warm_samples import REF, at, made, office, plan

UNTIL_EIGHT = made(
    kept(REF, KeepName(1, 1, 0, NOW, True), at("2026-11-20 20:00"), (CLOSE,), Bounds(0, 4), NOW).puts
)

AWAKE: dict[str, Case] = {
    "busy": Case(
        "busy",
        "ok",
        ("40 requests in the queue", "the oldest 10 min old", "empty in about 15 min"),
        {BACKLOG: ((60, 12, 80.0), (12, 1, 40.0)), OLDEST: ((60, 1, 600.0),), DONE: ((60, 2, 3.0),)},
        endpoint(current=2, desired=2),
    ),
    "busy, growing": Case(
        "busy", "ok", ("growing to 4",), {BACKLOG: ((3, 1, 40.0),)}, endpoint(current=1, desired=4)
    ),
    "busy: finished a moment ago": Case(
        "busy",
        "ok",
        (
            "1 request finished in the last 15 min, nothing waits, 1 instance in service; ",
            "; scale-in usually begins about 15 min after the last request.",
        ),
        {BACKLOG: ((90, 1, 0.0),), DONE: ((6, 5, 1.0),)},
        ONE,
    ),
    "busy: a long request": Case(
        "busy",
        "ok",
        ("its instances work (GPU 80 %)",),
        {BACKLOG: ((170, 1, 0.0),), "GPUUtilization": ((60, 1, 80.0),)},
        ONE,
    ),
    "about to sleep": Case(
        "busy",
        "ok",
        ("Nothing to do since 13:4", "sleeps when the scale-in alarm agrees"),
        {BACKLOG: ((170, 1, 0.0),), DONE: ((20, 19, 1.0),)},
        ONE,
    ),
    "busy, refused to grow": Case(
        "busy",
        "warning",
        ("It cannot grow: the account's quota",),
        {BACKLOG: ((5, 1, 40.0),)},
        ONE,
        activities=(activity("Failed", 3, 3, 4, QUOTA), *WOKE),
    ),
    "slow": Case(
        "slow",
        "warning",
        ("Does not keep up", "90 requests", "+40", "maximum of 1"),
        {BACKLOG: ((60, 12, 50.0), (12, 1, 90.0)), OLDEST: ((60, 12, 400.0), (12, 1, 1100.0))},
        ONE,
        ScalableTarget(Bounds(0, 1)),
        shows=("Next: raise the maximum",),
    ),
    "slow: shrinks at its maximum, and takes hours": Case(
        "slow",
        "info",
        (
            "Does not keep up",
            "(-10 in 15 min)",
            "still getting older",
            "empty in about 3",
            "at its maximum of 1",
        ),
        {BACKLOG: ((60, 12, 150.0), (12, 1, 140.0)), OLDEST: ((60, 12, 3700.0), (12, 1, 4600.0))},
        ONE,
        ScalableTarget(Bounds(0, 1)),
        shows=("Next: raise the maximum",),
    ),
    "busy at its maximum": Case(
        "busy",
        "ok",
        ("40 requests in the queue", "2 instances in service, its maximum of 2; at this pace"),
        {BACKLOG: ((60, 12, 80.0), (12, 1, 40.0)), OLDEST: ((60, 1, 600.0),)},
        endpoint(current=2, desired=2),
        ScalableTarget(Bounds(0, 2)),
    ),
    "no pace while its first instance is new": Case(
        "busy",
        "ok",
        ("2 requests in the queue",),
        {
            HAS: ((1500, 30, 0.0), (30, 8, 1.0), (8, 1, 0.0)),
            BACKLOG: ((60, 30, 0.0), (30, 8, 4.0), (8, 1, 2.0)),
            OLDEST: ((30, 8, 600.0), (8, 1, 60.0)),
        },
        ONE,
        never=("at this pace",),
    ),
    "slow below its maximum, and does not grow": Case(
        "slow",
        "warning",
        ("Does not keep up",),
        {BACKLOG: ((60, 12, 50.0), (12, 1, 90.0)), OLDEST: ((60, 12, 400.0), (12, 1, 1100.0))},
        ONE,
        shows=("Next: see in the alarms and scaling activities why it does not grow.",),
        never=("maximum",),
    ),
    "slow, help on the way": Case(
        "slow",
        "info",
        ("3 more on the way",),
        {BACKLOG: ((60, 12, 50.0), (12, 1, 90.0)), OLDEST: ((60, 12, 400.0), (12, 1, 1100.0))},
        endpoint(current=1, desired=4),
    ),
    "slow, near expiry": Case(
        "slow",
        "critical",
        ("5 h 3",),
        {BACKLOG: ((60, 1, 50.0),), OLDEST: ((60, 12, 19000.0), (12, 1, 20000.0))},
        ONE,
    ),
    "failing": Case(
        "failing",
        "critical",
        ("Fails since 13:1", "50 % of the requests", "(45 of 90)", "5xx"),
        BAD_HOUR,
        ONE,
        shows=("Next: look into the log group /aws/sagemaker/Endpoints/doc-async.",),
    ),
    "failing since a deploy": Case(
        "failing",
        "critical",
        ("Fails since the deploy at 13:02 UTC",),
        BAD_HOUR,
        endpoint(current=1, desired=1, config_created=ago(60)),
        shows=("compare the configuration doc-7 (made at 13:02 UTC) with the one before",),
    ),
    "failing a little": Case(
        "failing", "warning", ("14 %",), {DONE: ((50, 2, 1.0),), FAILED: ((20, 12, 1.0),)}, ONE
    ),
    "failing shows while asleep": Case("failing", "critical", ("Fails",), {**EMPTY, **BAD_HOUR}),
    "a single failure is not failing": Case(
        "busy", "ok", ("finished",), {DONE: ((12, 2, 1.0),), FAILED: ((9, 8, 1.0),)}, ONE
    ),
    "a few good results in a row are chance": Case(
        "failing",
        "critical",
        ("43 % of the requests",),
        {FAILED: ((60, 45, 1.0),), DONE: ((60, 40, 1.0),)},
        ONE,
    ),
    "it went well again": Case(
        "busy", "ok", ("finished",), {FAILED: ((50, 40, 1.0),), DONE: ((50, 2, 1.0),)}, ONE
    ),
    "warm": Case(
        "warm",
        "ok",
        ("Kept warm by the schedule warm-open until 18:00 UTC; nothing waits",),
        {BACKLOG: ((170, 1, 0.0),)},
        ONE,
        FOUR_ONE,
        schedules=(OPEN, CLOSE),
    ),
    "warm by a plan of Ebb's": Case(
        "warm",
        "ok",
        ("Kept warm by Ebb's warm plan 1 until 17:00 UTC; nothing waits",),
        {BACKLOG: ((170, 1, 0.0),)},
        ONE,
        FOUR_ONE,
        schedules=made(expand(office(early=5), REF, NOW).actions),
    ),
    "idle: outside the windows of a plan that lets nothing sleep": Case(
        "idle_paid",
        "warning",
        ("its minimum is 1",),
        {},
        ONE,
        FOUR_ONE,
        schedules=made(expand(plan("sat 08:00-18:00", back_min=1), REF, NOW).actions),
    ),
    "warm until some time": Case(
        "warm",
        "ok",
        ("Kept warm, as somebody asked, until 20:00 UTC; nothing waits",),
        {BACKLOG: ((170, 1, 0.0),)},
        ONE,
        FOUR_ONE,
        schedules=(*UNTIL_EIGHT, CLOSE),
    ),
    "warm, its queue unseen": Case(
        "warm",
        "warning",
        ("Kept warm by the schedule warm-open", "whether requests wait or run is not known"),
        {},
        ONE,
        FOUR_ONE,
        schedules=(OPEN, CLOSE),
        hidden=frozenset({"metrics"}),
        never=("nothing waits",),
    ),
    "growing, its queue unseen": Case(
        "unknown",
        "warning",
        ("1 instance in service, growing to 4; whether requests wait or run is not known",),
        {},
        endpoint(current=1, desired=4),
        hidden=frozenset({"metrics"}),
        never=("othing waits",),
    ),
    "idle: minimum, and nothing would wake it": Case(
        "idle_paid",
        "warning",
        ("its minimum is 1",),
        {},
        ONE,
        FOUR_ONE,
        policies=(TRACK,),
        alarms=(LOW, HIGH),
        shows=("Next: first mend its way to wake", "add a step policy", "then set the minimum to 0"),
    ),
    "warm without an end": Case(
        "warm",
        "warning",
        ("no schedule lets it sleep again",),
        {},
        ONE,
        FOUR_ONE,
        schedules=(OPEN,),
        shows=("Next: add a schedule that sets the minimum to 0",),
    ),
    "idle: minimum": Case(
        "idle_paid",
        "warning",
        ("Paid for while idle", "its minimum is 1, and no schedule"),
        {},
        ONE,
        FOUR_ONE,
        shows=("Next: set the minimum to 0; a request then waits for a start.",),
    ),
    "idle: not registered": Case(
        "idle_paid",
        "warning",
        ("no scaling is registered",),
        {},
        ONE,
        None,
        (),
        (),
        shows=("give it a wake policy, and only then a minimum of 0",),
    ),
    "idle: scale-in suspended": Case(
        "idle_paid",
        "warning",
        ("scaling in is suspended",),
        {},
        ONE,
        ScalableTarget(Bounds(0, 4), Suspended(scale_in=True)),
        shows=("Next: resume scaling in, unless it protects a long request.",),
    ),
    "idle: no policy takes away": Case(
        "idle_paid",
        "warning",
        ("no policy takes instances away",),
        {},
        ONE,
        policies=(WAKE,),
        alarms=(alarm(),),
        shows=("Next: add target tracking of ApproximateBacklogSizePerInstance",),
    ),
    "idle: scale-in off": Case(
        "idle_paid",
        "warning",
        ("switched off in the policy track",),
        {},
        ONE,
        policies=(WAKE, replace(TRACK, disable_scale_in=True)),
        shows=("Next: let the policy track scale in.",),
    ),
    "idle: alarm switched off": Case(
        "idle_paid",
        "warning",
        ("the actions of the alarm low are switched off",),
        {},
        ONE,
        alarms=(alarm(), replace(LOW, actions_enabled=False), HIGH),
        shows=("Next: switch the actions of the alarm low on.",),
    ),
    "idle: cause not found": Case(
        "idle_paid",
        "warning",
        ("have passed",),
        {},
        ONE,
        shows=("Next: look at the scale-in alarm and at the scaling activities.",),
    ),
    "idle or not cannot be told": Case(
        "unknown", "warning", ("not known",), {}, ONE, hidden=frozenset({"metrics"}), never=("othing waits",)
    ),
}


@pytest.mark.parametrize("name", AWAKE)
def test_state(name: str) -> None:
    check(AWAKE[name])
