"""Everything that belongs to one endpoint, by what becomes of it when the endpoint is deleted. Pure.

Source: facts B.3 (two policies), B.10 (orphans), F.5 (alarms), A.6; API reference of SageMaker for what holds what.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ops.core import metrics
from ops.core.fixes import PutAlarm
from ops.core.names import log_group
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource
from ops.core.setup import OWNED, Setup, put_alarm
from ops.core.types import Alarm, AsyncConfig, EndpointRef, Problem, TargetTrackingPolicy
from ops.core.words import listed

UNSEEN = "inference components are not looked at"
"""Said of a model that no configuration names: a component may serve it, and Ebb does not list those."""


class Part(StrEnum):
    """What an alarm is to an endpoint."""

    OWNED = "made by target tracking"
    RUNS = "runs its policy"
    WAKES = "wakes it"
    WATCHES = "watches it"
    SHARED = "belongs to others, too"


class Fate(StrEnum):
    """What deleting the endpoint does with a part."""

    GOES = "goes"
    ASKED = "goes where that is asked for"
    STAYS = "stays"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an inventory. `says`: what it is, or why it stays."""

    kind: str
    name: str
    says: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Uses:
    """Who else uses what an endpoint uses. `whole` False: not everything could be looked at."""

    configs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other endpoints by the configuration that they run."""
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other configurations by the model that they name."""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is of an endpoint, read at one moment."""

    ref: EndpointRef
    setup: Setup
    """Target, policies, scheduled actions, alarms; endpoint, configuration, models. No endpoint among them: it is
    gone."""
    uses: Uses = field(default_factory=Uses)
    current: int | None = None
    """Instances in service; None: not known."""
    asynchronous: AsyncConfig | None = None
    other_variants: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def endpoint(self) -> Resource | None:
        return next((r for r in self.setup.resources if r.kind == ENDPOINT), None)

    @property
    def empty(self) -> bool:
        """Whether nothing of it is there that an operator could remove; a model may serve others."""
        kept = [r for r in self.setup.resources if r.kind != MODEL]
        setup = self.setup
        alarms = [
            a
            for a in setup.alarms
            if part_of(a, setup, self.ref) is not Part.SHARED or (a.metric is not None and tied(self, a))
        ]
        return not (setup.target or setup.policies or setup.schedules or alarms or kept)


def part_of(alarm: Alarm, setup: Setup, ref: EndpointRef) -> Part:
    """What an alarm is to an endpoint; SHARED: deleting it would take something from others, or may do so.

    An expression counts as that: of what it looks at Ebb knows no parts.
    """
    tracking = [p for p in setup.policies if isinstance(p, TargetTrackingPolicy)]
    if alarm.name.startswith(OWNED) or any(alarm.name in p.alarm_names for p in tracking):
        return Part.OWNED
    own = {p.arn for p in setup.policies if p.arn}
    runs = [a for a in alarm.actions if ":scalingPolicy:" in a]
    here = f":resource/sagemaker/{ref.resource_id}:"
    elsewhere = [a for a in runs if a not in own and here not in a]
    if alarm.metric is None or elsewhere or not watches(alarm, ref):
        return Part.SHARED
    if runs:
        return Part.WAKES if alarm.metric.name == metrics.NO_CAPACITY.name else Part.RUNS
    return Part.WATCHES


def watches(alarm: Alarm, ref: EndpointRef) -> bool:
    """Whether an alarm looks at a metric of this endpoint and of no other."""
    named = () if alarm.metric is None else alarm.metric.dimensions
    return [value for name, value in named if name == "EndpointName"] == [ref.name]


def tied(inventory: Inventory, alarm: Alarm) -> tuple[str, ...]:
    """The actions of an alarm that are policies of this endpoint: they lead nowhere once it is gone."""
    return own_actions(alarm, inventory.setup, inventory.ref)


def own_actions(alarm: Alarm, setup: Setup, ref: EndpointRef) -> tuple[str, ...]:
    """The actions of an alarm, in whatever state, that are policies of this endpoint, also of one that is gone."""
    own, here = {p.arn for p in setup.policies if p.arn}, f":resource/sagemaker/{ref.resource_id}:"
    every = (*alarm.actions, *alarm.ok_actions, *alarm.no_data_actions)
    return tuple(dict.fromkeys(a for a in every if a in own or (":scalingPolicy:" in a and here in a)))


def untied(alarm: Alarm, actions: Iterable[str]) -> PutAlarm:
    """The change that lets an alarm go on without these actions. Raises BadInput for an expression."""
    gone = set(actions)
    return replace(
        put_alarm(alarm),
        actions=tuple(a for a in alarm.actions if a not in gone),
        ok_actions=tuple(a for a in alarm.ok_actions if a not in gone),
        no_data_actions=tuple(a for a in alarm.no_data_actions if a not in gone),
    )


def goes(inventory: Inventory, *, with_model: bool = False) -> Setup:
    """The parts that deleting the endpoint takes: nothing that others use, or may use."""
    setup = inventory.setup
    alarms = tuple(a for a in setup.alarms if part_of(a, setup, inventory.ref) is not Part.SHARED)
    resources = tuple(r for r in setup.resources if _fate(r, inventory.uses, with_model)[0] is Fate.GOES)
    return Setup(setup.target, setup.policies, setup.schedules, alarms, resources)


def _fate(resource: Resource, uses: Uses, with_model: bool) -> tuple[Fate, str]:
    if resource.kind == ENDPOINT:
        return Fate.GOES, resource.status or "the endpoint itself"
    if resource.kind == CONFIG:
        others = uses.configs.get(resource.name, ())
        if others:
            return Fate.STAYS, f"{listed([*others])} runs it, too"
        return Fate.GOES, "no other endpoint runs it"
    others = uses.models.get(resource.name, ())
    if others:
        return Fate.STAYS, f"also used by the configuration {listed([*others])}"
    if not uses.whole:
        return Fate.STAYS, "whether others use it is not known: not every configuration could be read"
    word = f"no other configuration uses it; {UNSEEN}"
    return (Fate.GOES, word) if with_model else (Fate.ASKED, f"{word}; it is kept unless asked for")


def items(inventory: Inventory, *, with_model: bool = False) -> tuple[Item, ...]:
    """Every part by name: what goes first, then what stays anyway."""
    setup, name = inventory.setup, inventory.ref.name
    found: list[Item] = []
    if setup.target is not None:
        bounds = setup.target.bounds
        found.append(
            Item("scalable target", inventory.ref.variant, f"{bounds.min}–{bounds.max} instances", Fate.GOES)
        )
    for policy in setup.policies:
        kind = "target tracking" if isinstance(policy, TargetTrackingPolicy) else "steps"
        found.append(Item("scaling policy", policy.name, kind, Fate.GOES))
    found += [
        Item("scheduled action", s.name, f"{s.schedule} {s.timezone}", Fate.GOES) for s in setup.schedules
    ]
    found += [_alarm(alarm, inventory) for alarm in setup.alarms]
    words = {CONFIG: "configuration"}
    order = (ENDPOINT, CONFIG, MODEL)
    for each in sorted(setup.resources, key=lambda r: order.index(r.kind)):
        fate, says = _fate(each, inventory.uses, with_model)
        found.append(Item(words.get(each.kind, each.kind), each.name, says, fate))
    if inventory.endpoint is not None:
        found += _stays(inventory.asynchronous, name)
    return tuple(found)


def _alarm(alarm: Alarm, inventory: Inventory) -> Item:
    part = part_of(alarm, inventory.setup, inventory.ref)
    if part is Part.SHARED:
        return Item("alarm", alarm.name, _shared(alarm, inventory), Fate.STAYS)
    says = "goes with its policy" if part is Part.OWNED else part.value
    return Item("alarm", alarm.name, says, Fate.GOES)


def _shared(alarm: Alarm, inventory: Inventory) -> str:
    """Why an alarm stays, and what becomes of it."""
    looks = "it looks at an expression" if alarm.metric is None else "it watches or scales others, too"
    if not tied(inventory, alarm):
        return looks
    end = (
        "its action on a policy leads nowhere then"
        if alarm.metric is None
        else "without the policy that goes"
    )
    return f"{looks}; {end}"


def _stays(config: AsyncConfig | None, name: str) -> Iterable[Item]:
    """What no deletion of an endpoint touches."""
    if config is not None:
        for kind, path in (("S3 results", config.output_path), ("S3 failures", config.failure_path)):
            if path:
                yield Item(kind, path, "objects are kept and paid until you remove them", Fate.STAYS)
        topics = dict.fromkeys(filter(None, (config.success_topic, config.error_topic)))
        for topic in topics:
            yield Item("topic", topic, "with all its subscriptions", Fate.STAYS)
    yield Item("log group", log_group(name), "logs are kept for its retention time", Fate.STAYS)


def tags_of(inventory: Inventory) -> tuple[tuple[str, str], ...]:
    """The tags of the endpoint; they go with it."""
    found = inventory.endpoint
    return () if found is None else found.tags
