"""Scaling activities in the tables, as JSON: nothing but start and end is asked for.

The caller holds the transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, select

from ops.core.types import Activity
from ops.store.packing import Damaged
from ops.store.tables import ACTIVITY, ENDPOINT, put


def keep(connection: Connection, endpoint_id: int, activities: Iterable[Activity]) -> None:
    """Upsert by id; a running form never replaces one that ended."""
    newest: dict[str, Activity] = {}
    for activity in activities:
        if activity.end is not None or activity.id not in newest or newest[activity.id].end is None:
            newest[activity.id] = activity
    kept = connection.execute(
        select(ACTIVITY.c.id).where(
            ACTIVITY.c.endpoint_id == endpoint_id,
            ACTIVITY.c.ended.is_(True),
            ACTIVITY.c.start >= min(activity.start.timestamp() for activity in newest.values()),
        )
    )
    ended = set(kept.scalars())
    rows = [
        {
            "endpoint_id": endpoint_id,
            "id": activity.id,
            "start": activity.start.timestamp(),
            "ended": activity.end is not None,
            "body": _to_json(activity),
        }
        for activity in newest.values()
        if activity.end is not None or activity.id not in ended
    ]
    put(connection, ACTIVITY, ("endpoint_id", "id"), rows)


def read(connection: Connection, scope: int, endpoint: str, since: datetime) -> tuple[Activity, ...]:
    found = connection.execute(
        select(ACTIVITY.c.body)
        .join(ENDPOINT, ENDPOINT.c.id == ACTIVITY.c.endpoint_id)
        .where(ENDPOINT.c.scope_id == scope, ENDPOINT.c.name == endpoint)
        .where(ACTIVITY.c.start >= since.timestamp())
        .order_by(ACTIVITY.c.start.desc(), ACTIVITY.c.id)
    )
    return tuple(_from_json(body) for body in found.scalars())


def _to_json(activity: Activity) -> str:
    body = asdict(activity)
    body["start"] = activity.start.isoformat()
    body["end"] = activity.end.isoformat() if activity.end is not None else None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _from_json(text: str) -> Activity:
    try:
        body = json.loads(text)
        body["start"] = datetime.fromisoformat(body["start"])
        body["end"] = datetime.fromisoformat(body["end"]) if body["end"] is not None else None
        body["not_scaled"] = tuple(body["not_scaled"])
        return Activity(**body)
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged(f"a scaling activity ({error})") from error
