"""Makes a world: empty, or with thirty days of history lived through by the same course as live time."""

from __future__ import annotations

import gc
from collections.abc import Sequence

from ops.local_aws.clock import SimClock
from ops.local_aws.doctor_stories import FOR_THE_DOCTOR
from ops.local_aws.more_stories import MORE
from ops.local_aws.stories import DEFAULT
from ops.local_aws.story_kit import HOUR, Kit, Story
from ops.local_aws.world import World, WorldOptions

STORIES = {story.name: story for story in (*DEFAULT, *MORE, *FOR_THE_DOCTOR)}
DELIVERED_HOURS = 2.0
"""Results of the fleet's own traffic lie in S3 for the last two hours of history, and for everything after it."""


def make_world(
    clock: SimClock,
    options: WorldOptions | None = None,
    *,
    empty: bool = False,
    scenarios: Sequence[str] = (),
) -> World:
    """The default fleet (unless `empty`) and the named scenarios, back-filled up to the clock's now.

    Raises KeyError with the name of an unknown scenario.
    """
    stories: list[Story] = [] if empty else list(DEFAULT)
    stories += [STORIES[name] for name in scenarios if STORIES[name] not in stories]
    world = World(clock, options)
    if not stories:
        return world
    collecting = gc.isenabled()
    gc.disable()  # nothing made here is garbage, and the collector would look at all of it again and again
    try:
        _live_through(world, stories, clock.now())
    finally:
        if collecting:
            gc.enable()
    return world


def _age(world: World) -> None:
    """What there is so far is as old as the account: created then, with a past that is lived when it is read."""
    past = world.long_past
    for name in world.fleet.names():
        past.remember(name)
    if not past.names():
        return
    born = past.born * 60.0
    for book in (world.registry, world.fleet, world.scaling, world.alarms, world.trail):
        book.backdate(born)


def _live_through(world: World, stories: Sequence[Story], end: float) -> None:
    fleet = world.fleet
    fleet.live = False
    fleet.start_at(world.first_minute * 60.0)
    fleet.deliver_from = end - DELIVERED_HOURS * HOUR
    kit = Kit(world)
    kit.account()
    old = [story for story in stories if story in DEFAULT]
    for story in old:
        story.tell(kit, end)
    _age(world)
    for story in stories:
        if story not in old:
            story.tell(kit, end)
    fleet.advance(end // 60 * 60.0)
    fleet.live = True
    fleet.advance(end)
