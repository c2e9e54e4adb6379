"""From when on all cold starts of an endpoint are kept: further back than AWS tells of once Ebb watched so long."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from ops.core.types import Endpoint, utc
from ops.held import Held

AGAIN = timedelta(days=1)
"""How often it is written down that they were gone through again."""


def of(history: Held, endpoint: Endpoint, deep: datetime) -> datetime:
    """From when on they are kept, of an endpoint whose past was gone through as far back as `deep`."""
    since, upto = _kept(history, endpoint)
    if since is not None and upto is not None and upto >= deep:
        deep = min(deep, since)
    return max(endpoint.created, deep)


def note(history: Held, endpoint: Endpoint, deep: datetime, now: datetime) -> None:
    """They were gone through at `now`, as far back as `deep`."""
    _, upto = _kept(history, endpoint)
    if upto is None or now - upto >= AGAIN:
        found = {"born": endpoint.created, "since": of(history, endpoint, deep), "upto": now}
        history.remember(_key(endpoint), json.dumps({key: at.timestamp() for key, at in found.items()}))


def _kept(history: Held, endpoint: Endpoint) -> tuple[datetime | None, datetime | None]:
    """(since, up to) when they were gone through without a gap; None, None of an earlier endpoint of the name."""
    try:
        body = json.loads(history.memo(_key(endpoint)) or "{}")
        born, since, upto = (float(body[key]) for key in ("born", "since", "upto"))
    except (ValueError, TypeError, KeyError):
        return None, None
    if abs(born - endpoint.created.timestamp()) > 1:
        return None, None
    return utc(since), utc(upto)


def _key(endpoint: Endpoint) -> str:
    return f"cold starts of {endpoint.ref.name}"
