"""The scaling record of one endpoint: activities, read back as far as a view needs and kept beyond AWS's six weeks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.aws import scaling as aws_scaling
from ops.aws.calls import Reading
from ops.core.types import Activity, Endpoint
from ops.held import Held
from ops.store.history import History

MOST = 500
"""Activities of all kinds that one reading takes; an alarm at the upper bound leaves one each minute."""
MOST_MOVES = 2000
"""Changes of capacity that one reading takes where `MOST` of all kinds did not reach back far enough."""
AGAIN = timedelta(minutes=15)
"""Read again at every reading: an activity may still have been under way."""


@dataclass(frozen=True, slots=True)
class Record:
    """Activities by id. Changes of capacity are whole from `since` on; AWS was asked from `tried` on."""

    known: Mapping[str, Activity] = field(default_factory=dict)
    since: float = math.inf
    tried: float = math.inf


def extended(
    reading: Reading, history: History | Held, endpoint: Endpoint, record: Record, since: datetime
) -> Record:
    """`record` with what is new, and back to `since` where it does not reach so far yet. Raises OpsError.

    Activities older than the endpoint belong to an earlier one of its name.
    """
    name, asked = endpoint.ref.name, since.timestamp()
    since = max(since, endpoint.created)
    have = dict(record.known)
    if asked < record.tried:
        have = {a.id: a for a in history.activities(name, since)} | have
        depth = since
    else:
        depth = max(_newest(have, since), endpoint.created)
    found = list(_read(reading, endpoint, depth, MOST, not_scaled=True))
    reached = depth
    if len(found) >= MOST and found[-1].start > depth:
        moves = _read(reading, endpoint, depth, MOST_MOVES, not_scaled=False)
        found += moves
        if len(moves) >= MOST_MOVES:
            reached = moves[-1].start
    fresh = {a.id: a for a in since_born(found, endpoint.created)}
    history.keep_activities(name, [a for a in fresh.values() if have.get(a.id) != a])
    whole = min(record.since, asked) if reached == depth else reached.timestamp()
    return Record(have | fresh, whole, min(record.tried, asked))


def back_to(since: datetime, activities: Iterable[Activity]) -> tuple[Activity, ...]:
    """Those that had not ended by `since`, and the change before them: it tells the capacity at `since`.

    Newest first.
    """
    found: list[Activity] = []
    for activity in sorted(activities, key=lambda a: a.start, reverse=True):
        old = activity.end is not None and activity.end < since
        if not old:
            found.append(activity)
        elif activity.desired is not None and activity.status == "Successful" and not activity.not_scaled:
            found.append(activity)
            break
    return tuple(found)


def since_born(activities: Iterable[Activity], born: datetime) -> tuple[Activity, ...]:
    """Those of an endpoint created at `born`; older ones belong to an earlier one of its name."""
    return tuple(a for a in activities if a.start >= born)


def newest(moves: Sequence[Activity], record: Record) -> tuple[Activity, ...]:
    """The newest changes of capacity of both, as many as one page of AWS holds, newest first."""
    known = {a.id: a for a in moves} | {a.id: a for a in record.known.values() if not a.not_scaled}
    return tuple(sorted(known.values(), key=lambda a: a.start, reverse=True)[: aws_scaling.PAGE])


def _newest(have: Mapping[str, Activity], since: datetime) -> datetime:
    """From when on there may be news: the newest known start, or an older one that had not ended."""
    starts = [a.start for a in have.values()]
    if not starts:
        return since
    return min([max(starts), *(a.start for a in have.values() if a.end is None)]) - AGAIN


def _read(
    reading: Reading, endpoint: Endpoint, since: datetime, most: int, *, not_scaled: bool
) -> tuple[Activity, ...]:
    return aws_scaling.activities(
        reading, endpoint.ref.resource_id, since=since, most=most, not_scaled=not_scaled
    )
