"""Cold starts in the tables, as JSON: nothing but when they were ordered and whether they are final is asked for.

The caller holds the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from ops.core.cold_start import ColdStart, Counted, Kind, Phase, Step
from ops.core.cold_starts import Outcome, WokenBy
from ops.store.packing import Damaged
from ops.store.tables import ENDPOINT, EPISODE, put

_KNOWN = {f.name for f in fields(ColdStart)}


def keep(connection: Connection, endpoint_id: int, episodes: Iterable[ColdStart]) -> None:
    """Upsert by id; one that is not final never replaces a final one."""
    newest: dict[str, ColdStart] = {}
    for episode in episodes:
        if episode.final or episode.id not in newest or not newest[episode.id].final:
            newest[episode.id] = episode
    kept = connection.execute(
        select(EPISODE.c.id).where(
            EPISODE.c.endpoint_id == endpoint_id,
            EPISODE.c.ended.is_(True),
            EPISODE.c.start >= min(e.ordered.timestamp() for e in newest.values()) - 86_400.0,
        )
    )
    final = set(kept.scalars())
    rows = [
        {
            "endpoint_id": endpoint_id,
            "id": episode.id,
            "start": episode.ordered.timestamp(),
            "ended": episode.final,
            "body": to_json(episode),
        }
        for episode in newest.values()
        if episode.final or episode.id not in final
    ]
    put(connection, EPISODE, ("endpoint_id", "id"), rows)


def read(connection: Connection, scope: int, endpoint: str, since: datetime) -> tuple[ColdStart, ...]:
    found = connection.execute(
        select(EPISODE.c.body)
        .join(ENDPOINT, ENDPOINT.c.id == EPISODE.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope, ENDPOINT.c.name == endpoint)
        .where(EPISODE.c.start >= since.timestamp())
        .order_by(EPISODE.c.start.desc(), EPISODE.c.id)
    )
    return tuple(from_json(body) for body in found.scalars())


def to_json(episode: ColdStart) -> str:
    body = asdict(episode)
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_plain)


@lru_cache(4096)
def from_json(text: str) -> ColdStart:
    """Raises Damaged. What a later Ebb wrote into it besides is passed over."""
    try:
        body = {name: value for name, value in json.loads(text).items() if name in _KNOWN}
        body["ordered"] = datetime.fromisoformat(body["ordered"])
        body["warm_until"] = _time(body["warm_until"])
        body["phases"] = tuple(_phase(each) for each in body["phases"])
        body["outcome"] = Outcome(body["outcome"])
        body["woken_by"] = WokenBy(body["woken_by"])
        body["counted"] = Counted(body["counted"])
        return ColdStart(**body)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"a cold start ({error})") from error


def _phase(body: Mapping[str, Any]) -> Phase:
    at, earliest, latest = (_time(body[name]) for name in ("at", "earliest", "latest"))
    return Phase(Step(body["step"]), Kind(body["kind"]), at, earliest, latest, str(body["source"]))


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not kept")
