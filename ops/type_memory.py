"""What is remembered of endpoints that are there and of those that are gone: when each lived, with which
configurations. As values, and as text; `ops.type_past` gathers it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any

from ops.core.instance_mix import MixSeen, seen_more
from ops.core.instance_types import (
    Configured,
    Deploy,
    IntervalFrom,
    Sighting,
    intervals_from,
    types_from,
)
from ops.core.savings import TypeFrom
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, utc
from ops.core.window import KEPT_DAYS

SETTLED = "InService"
"""While an endpoint is being updated, its description may name either configuration."""
MOST_LIVES = 50
"""Earlier endpoints of one name, the newest."""
VARIANT = "AllTraffic"
"""The usual name of the only variant."""
PUBLISHED_S = 60
"""How often hosts publish where nothing else is said."""
KEPT = timedelta(days=KEPT_DAYS[3600])
"""As long as AWS keeps hours: what is older is nobody's period."""


@dataclass(frozen=True, slots=True)
class _Life:
    """What is remembered of one endpoint, from its creation on."""

    created: datetime
    seen: tuple[Sighting, ...] = ()
    is_async: bool | None = None
    gone: datetime | None = None
    """When it was first missing from the list of endpoints."""
    variant: str = VARIANT
    """Its metrics are asked for by this name, too."""
    mixes: tuple[MixSeen, ...] = ()
    """How many instances of which type of its pools there were, as far as somebody looked."""


@dataclass(frozen=True, slots=True)
class Gone:
    """An endpoint that is not there any more. `endpoint`: as it was last seen."""

    endpoint: Endpoint
    until: datetime
    """When it was first missing: it may have been deleted earlier."""
    types: tuple[TypeFrom, ...]
    intervals: tuple[IntervalFrom, ...]
    anew: bool
    """Whether there is another endpoint of its name now."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that is remembered of the types of one account and region."""

    lives: Mapping[str, _Life] = field(default_factory=dict)
    """The newest of each name."""
    earlier: Mapping[str, tuple[_Life, ...]] = field(default_factory=dict)
    """Those that had the name before, oldest first."""
    deploys: Mapping[str, tuple[Deploy, ...]] = field(default_factory=dict)
    configs: Mapping[str, Configured] = field(default_factory=dict)
    complete: datetime | None = None
    """From when on all deploys are known."""

    def of(self, endpoint: Endpoint, now: datetime) -> tuple[TypeFrom, ...]:
        """The types of an endpoint that is described as it is now."""
        seen, mixes = self._seen_of(endpoint, now), self._life(endpoint).mixes
        if not seen:
            return _with_mixes((TypeFrom(endpoint.created, endpoint.instance_type, endpoint.pools),), mixes)
        deploys = self.deploys.get(endpoint.ref.name, ())
        return _with_mixes(types_from(endpoint.created, seen, deploys, self.configs, self.complete), mixes)

    def intervals(self, endpoint: Endpoint, now: datetime) -> tuple[IntervalFrom, ...]:
        """How often its hosts published, ascending; empty where nothing is on record of that."""
        seen = self._seen_of(endpoint, now)
        deploys = self.deploys.get(endpoint.ref.name, ())
        return intervals_from(endpoint.created, seen, deploys, self.configs, self.complete)

    def gone(self, present: Mapping[str, Endpoint], now: datetime) -> Iterator[Gone]:
        """Asynchronous endpoints that are not there any more, by name and age. `present`: all that are listed."""
        for name in sorted({*self.lives, *self.earlier}):
            newest = self.lives.get(name)
            there = present.get(name)
            lives = (*self.earlier.get(name, ()), *((newest,) if newest is not None else ()))
            starts = [*(life.created for life in lives[1:]), now]
            for life, after in zip(lives, starts, strict=True):
                if there is not None and _same(life, there):
                    continue
                if there is not None:
                    after = min(after, there.created)
                if life.is_async is not False and life.seen:
                    until = min(life.gone or after, after)
                    yield self._gone(name, life, until, there is not None or life is not newest)

    def _gone(self, name: str, life: _Life, until: datetime, anew: bool) -> Gone:
        last = life.seen[-1]
        deploys = [d for d in self.deploys.get(name, ()) if d.at < until]
        facts = (life.created, life.seen, deploys, self.configs, self.complete)
        endpoint = Endpoint(
            EndpointRef("", "", name, life.variant),
            "",
            "Deleted",
            last.config,
            last.instance_type,
            0,
            0,
            life.created,
            last.until,
            AsyncConfig(None, None, None, None, None),
            publish_interval=last.interval or PUBLISHED_S,
            config_created=last.made,
            pools=last.pool,
        )
        types = _with_mixes(types_from(*facts), life.mixes)
        return Gone(endpoint, until, types, intervals_from(*facts), anew)

    def _seen_of(self, endpoint: Endpoint, now: datetime) -> tuple[Sighting, ...]:
        """What was seen of an endpoint, how it is now the last; empty where that cannot be told."""
        seen = self._life(endpoint).seen
        present = _sighting(endpoint, now)
        if present is not None:
            return _seen(seen, present)
        return seen if seen and seen[-1].config == endpoint.config_name else ()

    def _life(self, endpoint: Endpoint) -> _Life:
        known = self.lives.get(endpoint.ref.name)
        return known if known is not None and _same(known, endpoint) else _Life(endpoint.created)

    def noted(
        self, endpoints: Iterable[Endpoint], now: datetime, listed: Collection[str] | None = None
    ) -> Remembered:
        """With what descriptions say at `now`. `listed`: the names of all endpoints; None: not known."""
        lives, earlier = dict(self.lives), dict(self.earlier)
        for endpoint in endpoints:
            _note_mix(lives, endpoint, now)
            present = _sighting(endpoint, now)
            if present is None:
                continue
            name, before = endpoint.ref.name, lives.get(endpoint.ref.name)
            life = before if before is not None and _same(before, endpoint) else _Life(endpoint.created)
            if before is not None and not _same(before, endpoint):
                ended = min(before.gone or endpoint.created, endpoint.created)
                earlier[name] = (*earlier.get(name, ()), replace(before, gone=ended))[-MOST_LIVES:]
            lives[name] = replace(
                life,
                seen=_seen(life.seen, present),
                is_async=endpoint.is_async,
                gone=None,
                variant=endpoint.ref.variant,
                mixes=life.mixes or _mixed(endpoint, now),
            )
        for name, life in lives.items() if listed is not None else ():
            if listed is not None and name not in listed and life.gone is None:
                lives[name] = replace(life, gone=now)
        return replace(self, lives=lives, earlier=earlier)

    def wanted(self) -> Iterator[str]:
        """The configurations that a deploy names and nothing is known of yet, the newest deploys first."""
        lives = (*self.lives.values(), *(life for known in self.earlier.values() for life in known))
        seen = {s.config for life in lives for s in life.seen}
        every = sorted(
            (d for known in self.deploys.values() for d in known), key=lambda d: d.at, reverse=True
        )
        for config in dict.fromkeys(d.config for d in every):
            known = self.configs.get(config)
            unsaid = known is not None and (known.instance_type or known.pool) and known.interval is None
            if config not in seen and (known is None or unsaid):
                yield config


def _sighting(endpoint: Endpoint, now: datetime) -> Sighting | None:
    """What a description says; None where it names no type, or may be about to change."""
    if not endpoint.described or endpoint.status != SETTLED or not endpoint.config_name:
        return None
    if not endpoint.kinds:
        return None
    return Sighting(
        now,
        now,
        endpoint.config_name,
        endpoint.instance_type,
        endpoint.config_created,
        endpoint.publish_interval,
        endpoint.pools,
    )


def _mixed(endpoint: Endpoint, now: datetime) -> tuple[MixSeen, ...]:
    """The mix of a description that holds at `now`; of a settled endpoint since it was last modified.

    AWS modifies an endpoint when instances come or go; while it is being updated they may at any moment.
    """
    if not endpoint.described or not endpoint.mix:
        return ()
    since = min(endpoint.modified, now) if endpoint.status == SETTLED else now
    return (MixSeen(max(since, endpoint.created), now, endpoint.mix),)


def _note_mix(lives: dict[str, _Life], endpoint: Endpoint, now: datetime) -> None:
    """Remember the mix of an endpoint that is known, also while it is being updated."""
    life, mixed = lives.get(endpoint.ref.name), _mixed(endpoint, now)
    if life is not None and mixed and _same(life, endpoint):
        lives[endpoint.ref.name] = replace(life, mixes=seen_more(life.mixes, mixed[0]))


def _with_mixes(types: tuple[TypeFrom, ...], mixes: tuple[MixSeen, ...]) -> tuple[TypeFrom, ...]:
    return tuple(replace(each, seen=mixes) if each.pool else each for each in types)


def _same(life: _Life, endpoint: Endpoint) -> bool:
    """Whether it is the same endpoint, not another one of its name."""
    return abs(life.created - endpoint.created) < timedelta(seconds=1)


def _seen(seen: tuple[Sighting, ...], present: Sighting) -> tuple[Sighting, ...]:
    last = seen[-1] if seen else None
    if last is None or (last.config, last.instance_type, last.pool) != (
        present.config,
        present.instance_type,
        present.pool,
    ):
        return (*seen, present)
    same = last.made == present.made  # a configuration never changes, so it published as it does now
    interval = present.interval if same or last.interval is None else last.interval
    return (*seen[:-1], replace(last, until=max(last.until, present.until), interval=interval))


def facts(life: _Life) -> tuple[object, ...]:
    """All but until when the newest was seen."""
    seen = ((s.at, s.config, s.instance_type, s.interval, s.pool) for s in life.seen)
    mixes = ((m.at, m.counts) for m in life.mixes)
    return (life.created, life.is_async, life.gone, life.variant, *seen, *mixes)


def young(known: Remembered, now: datetime) -> Remembered:
    """Without endpoints that nobody saw for as long as AWS keeps hours, and what only they need."""
    edge = now - KEPT

    def kept(life: _Life) -> bool:
        return bool(life.seen) and life.seen[-1].until >= edge

    lives = {name: life for name, life in known.lives.items() if kept(life)}
    every = {name: tuple(filter(kept, found)) for name, found in known.earlier.items()}
    earlier = {name: found for name, found in every.items() if found}
    deploys = {
        name: recent
        for name, found in known.deploys.items()
        if (recent := tuple(d for d in found if d.at >= edge or name in lives or name in earlier))
    }
    named = {d.config for found in deploys.values() for d in found}
    configs = {name: each for name, each in known.configs.items() if name in named}
    return Remembered(lives, earlier, deploys, configs, known.complete)


def to_text(known: Remembered) -> str:
    """As JSON; times in epoch seconds."""
    return json.dumps(
        {
            "lives": {name: _a_life(life) for name, life in known.lives.items()},
            "earlier": {name: [_a_life(life) for life in found] for name, found in known.earlier.items()},
            "deploys": {
                name: [[_number(d.at), d.config, d.first] for d in found]
                for name, found in known.deploys.items()
            },
            "configs": {
                name: [c.instance_type, _number(c.made), c.interval, c.pool]
                for name, c in known.configs.items()
            },
            "complete": _number(known.complete),
        },
        separators=(",", ":"),
    )


@lru_cache(8)
def from_text(text: str) -> Remembered:
    """What was written down; nothing where that cannot be read."""
    try:
        body = json.loads(text or "{}")
        return Remembered(
            {name: _life(row) for name, row in body.get("lives", {}).items()},
            {name: tuple(map(_life, rows)) for name, rows in body.get("earlier", {}).items()},
            {
                name: tuple(Deploy(utc(at), str(config), bool(first)) for at, config, first in found)
                for name, found in body.get("deploys", {}).items()
            },
            {name: _config(row) for name, row in body.get("configs", {}).items()},
            _time(body.get("complete")),
        )
    except (ValueError, TypeError, AttributeError):
        return Remembered()


def _a_life(life: _Life) -> list[Any]:
    seen = [
        [_number(s.at), _number(s.until), s.config, s.instance_type, _number(s.made), s.interval, s.pool]
        for s in life.seen
    ]
    mixes = [[_number(m.at), _number(m.until), *chain.from_iterable(m.counts)] for m in life.mixes]
    return [_number(life.created), seen, life.is_async, _number(life.gone), life.variant, mixes]


def _life(row: Any) -> _Life:
    """Also as an older Ebb wrote it, without the last four."""
    at, seen, is_async, gone, variant, mixes = (*row, None, None, None, None)[:6]
    return _Life(
        utc(at),
        tuple(map(_a_sighting, seen)),
        None if is_async is None else bool(is_async),
        _time(gone),
        str(variant or VARIANT),
        tuple(_a_mix(each) for each in mixes or ()),
    )


def _a_mix(row: Any) -> MixSeen:
    at, until, *counts = row
    pairs = zip(counts[::2], counts[1::2], strict=True)
    return MixSeen(utc(at), utc(until), tuple((str(kind), int(count)) for kind, count in pairs))


def _config(row: Any) -> Configured:
    """Also as an older Ebb wrote it, without the last two."""
    kind, made, interval, pool = (*row, None, None)[:4]
    return Configured(None if kind is None else str(kind), _time(made), _seconds(interval), _pool(pool))


def _pool(row: Any) -> tuple[str, ...]:
    return tuple(str(kind) for kind in row or ())


def _a_sighting(row: Any) -> Sighting:
    """Also as an older Ebb wrote it, without the last two."""
    at, until, config, kind, made, interval, pool = (*row, None, None)[:7]
    named = None if kind is None else str(kind)
    return Sighting(utc(at), utc(until), str(config), named, _time(made), _seconds(interval), _pool(pool))


def _seconds(value: Any) -> int | None:
    return None if value is None else int(value)


def _number(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def _time(at: float | None) -> datetime | None:
    return None if at is None else utc(at)
