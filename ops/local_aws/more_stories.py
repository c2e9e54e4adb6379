"""Further stories, by name: one trouble each, seen from its first symptom."""

from __future__ import annotations

from collections.abc import Callable

from ops.local_aws.story_kit import DAY, HOUR, Kit, Story
from ops.local_aws.traffic import Batch, Traffic, office, quiet

MINUTE = 60.0


def _plain(
    kit: Kit, name: str, traffic: Traffic, *, low: int = 0, high: int = 4, instance_type: str = "ml.g5.xlarge"
) -> None:
    """An endpoint that is set up right: the story then breaks one thing."""
    kit.config(name, f"{name}-1", instance_type, concurrency=2)
    kit.endpoint(name, f"{name}-1", traffic, scenario=name)
    kit.bounds(name, low, high)
    kit.track(name)


def _trickle(kit: Kit, name: str, end: float, waiting: int = 4) -> Traffic:
    """A few requests every seven hours, which expire before the next come: the same ones wait at the end of history."""
    every = 7 * HOUR
    batch = Batch(end - 34 * MINUTE - 103 * every, every, waiting, 60.0)
    return Traffic(name, kit.seed, (8.0, 24.0), batches=(batch,))


def suspended(kit: Kit, end: float) -> None:
    name = "suspended"
    _plain(kit, name, _trickle(kit, name, end))
    kit.wake(name)
    kit.later(end - 20 * HOUR, lambda: kit.bounds(name, 0, 4, DynamicScalingOutSuspended=True))


def wrong_dimensions(kit: Kit, end: float) -> None:
    name = "wrong-dimensions"
    _plain(kit, name, _trickle(kit, name, end))
    kit.wake(name, with_variant=True)


def actions_off(kit: Kit, end: float) -> None:
    name = "actions-off"
    _plain(kit, name, _trickle(kit, name, end))
    kit.wake(name, actions=False)


def max_zero(kit: Kit, end: float) -> None:
    name = "max-zero"
    _plain(kit, name, _trickle(kit, name, end))
    kit.wake(name)
    kit.later(end - 9 * HOUR, lambda: kit.bounds(name, 0, 0))


def no_capacity(kit: Kit, end: float) -> None:
    name = "no-capacity"
    _plain(kit, name, _trickle(kit, name, end), high=2, instance_type="ml.g5.12xlarge")
    kit.wake(name)
    kit.later(end - 2 * HOUR, lambda: kit.inject(name, capacity_refused=True))


def no_scale_in(kit: Kit, end: float) -> None:
    name = "no-scale-in"
    kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
    kit.endpoint(name, f"{name}-1", _trickle(kit, name, end), scenario=name)
    kit.bounds(name, 0, 4)
    kit.track(name, no_scale_in=True)
    kit.wake(name)


def always_on(kit: Kit, end: float) -> None:
    name = "always-on"
    kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
    kit.endpoint(name, f"{name}-1", _trickle(kit, name, end), scenario=name)


def slow(kit: Kit, end: float) -> None:
    name = "slow"
    batch = Batch(end - 80 * MINUTE, 30 * DAY, 400, 900.0)
    traffic = Traffic(name, kit.seed, (35.0, 70.0), quiet, batches=(batch,))
    _plain(kit, name, traffic, high=1)
    kit.wake(name)


def expiring(kit: Kit, end: float) -> None:
    """A wake-up stuck over days: requests leave the queue unseen when their six hours are over."""
    name = "expiring"
    one = Batch(end - 20 * MINUTE - 30 * DAY, 50 * MINUTE, 1, 60.0)
    kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)
    kit.endpoint(name, f"{name}-1", Traffic(name, kit.seed, (8.0, 20.0), batches=(one,)), scenario=name)
    kit.bounds(name, 0, 4)
    kit.track(name, target=20.0)


def failed_deploy(kit: Kit, end: float) -> None:
    name = "failed-deploy"
    kit.config(name, f"{name}-1", "ml.g5.xlarge", concurrency=2)

    def create() -> None:
        kit.endpoint(name, f"{name}-1", None, scenario=name)
        kit.inject(name, fail_deploy=True)

    kit.later(end - 40 * MINUTE, create)


POOL = ("ml.g5.xlarge", "ml.g4dn.xlarge")


def pooled(kit: Kit, end: float) -> None:
    """A few requests every four hours, and many more 20 minutes after them. Shortly before every third rush the
    preferred type runs short for six hours: the first instance is of it, those that join it and all of the next time
    are of the second type."""
    name, every = "pooled", 4 * HOUR
    rush = end - 15 * MINUTE
    few = Batch(rush - 20 * MINUTE - 180 * every, every, 4, 60.0)
    many = Batch(rush - 180 * every, every, 30, 60.0)
    kit.config(name, f"{name}-1", POOL, concurrency=2)
    kit.endpoint(
        name, f"{name}-1", Traffic(name, kit.seed, (60.0, 180.0), batches=(few, many)), scenario=name
    )
    kit.bounds(name, 0, 3)
    kit.track(name)
    kit.wake(name)
    for number in range(-59, 60):
        short = rush + 3 * number * every - 5 * MINUTE
        kit.later(short, lambda: kit.inject(name, capacity_refused=POOL[:1]))
        kit.later(short + 6 * HOUR, lambda: kit.inject(name, capacity_refused=False))


def crowd(count: int) -> Callable[[Kit, float], None]:
    """Many small endpoints, asleep most of the time: what a large account looks like."""

    def tell(kit: Kit, end: float) -> None:
        for i in range(count):
            name = f"crowd-{i:03d}"
            shape = office(0.0, 0.4 + i % 5 * 0.3, 7.0 + i % 4, 17.0 + i % 3)
            _plain(
                kit,
                name,
                Traffic(name, kit.seed, (6.0, 20.0), bursts=shape, burst_size=(1, 6)),
                high=2,
                instance_type="ml.m5.large",
            )
            kit.wake(name)

    def quota_and_tell(kit: Kit, end: float) -> None:
        kit.quota("ml.m5.large", 2 * count)
        tell(kit, end)

    return quota_and_tell


MORE = (
    Story("suspended", "scale-out was suspended yesterday and left so; requests wait", suspended),
    Story("wrong-dimensions", "the wake alarm looks at a series that does not exist", wrong_dimensions),
    Story("actions-off", "the wake alarm fires with its actions switched off", actions_off),
    Story("max-zero", "the maximum is 0: nothing may start", max_zero),
    Story("no-capacity", "AWS has no instance of this type to give while the endpoint wakes", no_capacity),
    Story(
        "pooled", "its preferred instance type runs short: the second type of its pools takes over", pooled
    ),
    Story("no-scale-in", "scale-in is disabled on the only policy: it never sleeps", no_scale_in),
    Story("always-on", "no scalable target at all: one instance day and night", always_on),
    Story("slow", "one instance is all it may have, and the queue grows older", slow),
    Story("expiring", "no policy wakes it; requests expire after six hours", expiring),
    Story("failed-deploy", "its creation failed", failed_deploy),
    Story("crowd", "two hundred more endpoints", crowd(200)),
)
