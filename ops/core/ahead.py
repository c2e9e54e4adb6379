"""What the state of an endpoint means for a request that is about to be sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ops.core import sleep, wake
from ops.core.cold_start import ColdStart, served
from ops.core.cold_start_stats import spread, waits
from ops.core.seen import Seen
from ops.core.types import EndpointState, Verdict
from ops.core.words import duration


@dataclass(frozen=True, slots=True)
class Ahead:
    """`said`: a sentence, empty where the state changes nothing; `warns`: the request may well come to nothing.

    `paid_s`: seconds of an instance that a start and the idle time after it come to, as far as they are known;
    `paid`: what is in them, in words, empty where nothing is.
    """

    said: str = ""
    warns: bool = False
    paid_s: float = 0.0
    paid: str = ""


NOTHING = Ahead()


def ahead(seen: Seen, verdict: Verdict, kept: Sequence[ColdStart], ttl_s: float) -> Ahead:
    """What waits for a request that is sent now. `kept`: the endpoint's earlier cold starts."""
    name, ttl = seen.endpoint.ref.name, duration(ttl_s)
    if seen.endpoint.current != 0:
        return NOTHING
    obstacle = wake.blocked(seen)
    if obstacle is not None or verdict.state is EndpointState.WAKE_STUCK:
        why = f" ({obstacle.clause})" if obstacle is not None else ""
        return Ahead(f"{name} cannot wake{why}: the request would wait and expire after {ttl}.", warns=True)
    if verdict.state is EndpointState.WAKE_FAILING:
        said = f"{name} tries to start and fails: the request waits, and expires after {ttl} if that goes on."
        return Ahead(said, warns=True)
    if verdict.state is not EndpointState.ASLEEP:
        return NOTHING
    return _asleep(seen, kept)


def _asleep(seen: Seen, kept: Sequence[ColdStart]) -> Ahead:
    name, down = seen.endpoint.ref.name, _down(seen)
    unseen = seen.hidden & {"scaling", "alarms"}
    wait = spread(s.total_s for s in waits(kept))
    first = (
        f"usually about {duration(wait.p50)} before the first result (median of {wait.count} earlier cold starts)"
        if wait is not None and not wait.few
        else "how long until the first result is not known, too few cold starts are on record"
    )
    wakes = "if a request wakes it, which cannot be seen," if unseen else "this wakes it,"
    stays = f"; an instance stays about {duration(down)} after the last work" if down is not None else ""
    stays = stays or ("" if unseen else "; nothing that Ebb sees takes the instance away afterwards")
    start = spread(s.start_s for s in served(kept))
    idle = f"about {duration(down)} of idle time after " if down is not None else ""
    if start is None:
        paid = f"with {idle}the work, the start not counted" if idle else ""
    else:
        paid = f"with the start and {idle}it" if idle else "with the start"
    return Ahead(
        f"{name} sleeps: {wakes} {first}{stays}.",
        paid_s=(start.p50 if start is not None else 0.0) + (down or 0.0),
        paid=paid,
    )


def _down(seen: Seen) -> float | None:
    """Seconds without work after which its scale-in alarm takes the instance away; None where none can."""
    target = seen.target
    if target is None or seen.hidden & {"scaling", "alarms"}:
        return None
    if target.bounds.min > 0 or sleep.no_way_down(seen, target) is not None:
        return None
    arns = {policy.arn for policy in seen.policies}
    spans = (
        a.period * a.evaluation_periods
        for a in seen.alarms
        if a.comparison.startswith("LessThan") and not arns.isdisjoint(a.actions)
    )
    return max((float(s) for s in spans), default=None)
