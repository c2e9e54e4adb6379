"""What the Permissions part of the Settings page asks: where rights reach, and a preflight in the background.

One preflight of a role serves all who look; a press makes it anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from components import session
from components.background import Background
from ops.core.permissions.places import Places, places_of
from ops.core.preflight import Preflight
from ops.core.types import Endpoint
from ops.searches import Progress

RIGHTS = "rights"
"""URL and session: the role whose policy is shown and whose rights are tried."""
PAID = "rights-paid"
"""Session: whether calls that AWS bills for are tried, too."""
_WHO = "settings"

_background = Background()


def places() -> Places:
    """What is known of where rights reach: this account and region, the buckets of its endpoints, the settings."""
    known, newest = session.connection(), session.newest()
    said = {line.variable: line.value for line in session.settings()}
    named = places_of(
        topic=said["EBB_NOTIFY_TOPIC"],
        export=said["EBB_BILL_EXPORT"],
        answers=said["EBB_ATHENA_OUTPUT"],
        table=said["EBB_BILL_TABLE"],
        workgroup=said["EBB_ATHENA_WORKGROUP"],
    )
    rows = newest[0].rows if newest is not None else ()
    return named.given(
        account=known.account if known is not None else "",
        region=known.region if known is not None else "",
        buckets=buckets(row.endpoint for row in rows),
    )


def buckets(endpoints: Iterable[Endpoint]) -> tuple[str, ...]:
    """The buckets that endpoints write to, sorted."""
    found = set()
    for endpoint in endpoints:
        paths = endpoint.async_config
        for path in (paths.output_path, paths.failure_path) if paths is not None else ():
            bucket = (path or "").removeprefix("s3://").partition("/")[0]
            if bucket:
                found.add(bucket)
    return tuple(sorted(found))


def begin(role: str, paid: bool) -> None:
    """Try anew what a role needs, in the background. Raises OpsError where nobody can answer."""
    source, key, searches = session.source(), _key(role, paid), _background.here()
    searches.again(key)
    searches.want(
        key,
        lambda tell: source.act(lambda console: console.preflight(role, paid=paid), changes=False),
        _WHO,
    )


def look(role: str, paid: bool) -> Progress[Preflight] | None:
    """How far that is, with the newest answer; None before the first press. Raises OpsError."""
    return _background.here().look(_key(role, paid))


def wait(role: str, paid: bool, timeout_s: float) -> None:
    """Until it has ended, or so long. Raises OpsError."""
    _background.here().wait(_key(role, paid), timeout_s)


def _key(role: str, paid: bool) -> Hashable:
    known = session.connection()
    where = (known.kind, known.account, known.region, known.endpoint_url) if known is not None else ()
    return ("preflight", where, role, paid)
