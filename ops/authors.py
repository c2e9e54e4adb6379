"""Who made differences that somebody finds: Ebb's own journal first, then CloudTrail, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ops.aws import audit
from ops.aws.audit_words import short
from ops.aws.calls import Reading
from ops.core.change import Entry, Outcome
from ops.core.errors import CredentialsProblem, Denied, Throttled, Unreachable
from ops.core.moments import moment
from ops.core.records import Change
from ops.core.setup import BOUNDS, SUSPENDED, Difference, differences
from ops.core.types import EndpointRef

LATE = timedelta(seconds=60)
"""CloudTrail is asked from so long before."""
CLOSE = timedelta(seconds=2)
"""AWS's times are whole seconds: so far apart two of them may be the same."""
MOST_NAMES = 4
"""Look-ups for one answer: AWS allows two a second."""
EVENTS = {
    BOUNDS: ("RegisterScalableTarget", "DeregisterScalableTarget"),
    SUSPENDED: ("RegisterScalableTarget",),
    "policy": ("PutScalingPolicy", "DeleteScalingPolicy"),
    "schedule": ("PutScheduledAction", "DeleteScheduledAction"),
    "alarm": ("PutMetricAlarm", "DeleteAlarms", "DisableAlarmActions"),
}


def of_entry(entry: Entry) -> tuple[Difference, ...]:
    """What an entry changed, or meant to."""
    return differences(entry.before, entry.after, entry.ref)


def authors(
    reading: Reading,
    journal: Sequence[Entry],
    alarms: Mapping[str, str],
    ref: EndpointRef,
    moved: Iterable[Difference],
    since: datetime,
) -> str:
    """Who made these differences since then, in a sentence or several; empty: nobody knows.

    `journal`: the entries of the endpoint, newest first. `alarms`: the endpoint of each alarm. What Ebb itself did is
    not laid to CloudTrail's name for Ebb.
    """
    done = [e for e in journal if e.outcome in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR)]
    said: dict[str, None] = {}
    left = []
    now = _now(reading)
    for part in (d.part for d in moved):
        own = next((e for e in done if e.at >= since and part in {d.part for d in of_entry(e)}), None)
        if own is None:
            left.append(part)
        else:
            said[f"{own.actor.name} did it through Ebb at {moment(own.at, now or own.at)}: {own.title}."] = (
                None
            )
    found: dict[str, tuple[Change, ...]] = {}
    try:
        for name in list(dict.fromkeys(n for part in left for n in _events(part)))[:MOST_NAMES]:
            if now is not None:
                found[name] = audit.look_up(reading, name, since - LATE, now, alarms).changes
    except (CredentialsProblem, Unreachable, Throttled, Denied):
        left = []
    for part in left:
        fits = [
            change
            for name in _events(part)
            for change in found.get(name, ())
            if change.endpoint == ref.name
            and not change.by_service
            and not change.error
            and _names(part, change)
            and not any(_echo(entry, change) for entry in done)
        ]
        if fits:
            last = max(fits, key=lambda change: change.at)
            said[f"CloudTrail: {last.what}, by {last.who} at {moment(last.at, now or last.at)}."] = None
    return " ".join(said)


def _now(reading: Reading) -> datetime | None:
    """AWS's time; None while it does not answer."""
    try:
        reading.ask("sts", "GetCallerIdentity")
    except (CredentialsProblem, Unreachable, Throttled, Denied):
        return None
    return reading.now


def _events(part: str) -> tuple[str, ...]:
    return EVENTS[part.partition(" ")[0]]


def _names(part: str, change: Change) -> bool:
    """Whether a change may be about a part: of a policy, a schedule or an alarm it names which."""
    kind, _, name = part.partition(" ")
    if name:
        return short(name) in change.what
    return "suspend" in change.what or "allowed" in change.what or kind == BOUNDS


def _echo(entry: Entry, change: Change) -> bool:
    """Whether a record of CloudTrail is a call of an entry's."""
    for made in entry.made:
        if made.operation != change.operation or made.error:
            continue
        if made.request_id and change.request_id:
            if made.request_id == change.request_id:
                return True
        elif entry.at - CLOSE <= change.at <= (entry.ended or entry.at) + CLOSE:
            return True
    return False
