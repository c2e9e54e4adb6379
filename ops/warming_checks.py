"""What every way of keeping an endpoint warm shares: changes, what to know before, what AWS would refuse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ops.core.change import Caution
from ops.core.errors import BadInput
from ops.core.fixes import Change, DeleteSchedule, PutSchedule
from ops.core.setup import Setup
from ops.core.types import (
    Bounds,
    EndpointRef,
    ScalableTarget,
    ScheduledAction,
    Severity,
    TargetTrackingPolicy,
)

QUOTA = 200
"""Scheduled actions of one scalable target (facts B.6)."""
LEAVES_LATER = (
    "Once nothing keeps it warm, the instance leaves as soon as the scale-in alarm agrees: "
    "usually a quarter of an hour later or more."
)


@dataclass(frozen=True, slots=True)
class Warming:
    """`memo`: the paused plans as they will be, to keep once the changes are made; None: as they are."""

    title: str
    changes: tuple[Change, ...]
    effect: str
    cautions: tuple[Caution, ...] = ()
    memo: str | None = None


def safe(
    before: Setup,
    ref: EndpointRef,
    title: str,
    changes: Sequence[Change],
    effect: str,
    cautions: Iterable[Caution] = (),
    memo: str | None = None,
) -> Warming:
    """Raises BadInput where AWS would run out of room, or nothing would ever be put back."""
    names = {a.name for a in before.schedules}
    most = 0
    for change in changes:
        if isinstance(change, PutSchedule):
            names.add(change.name)
        elif isinstance(change, DeleteSchedule):
            names.discard(change.name)
        most = max(most, len(names))
    puts = any(isinstance(c, PutSchedule) for c in changes)
    if puts and most > QUOTA:
        raise BadInput(
            f"That takes {most} scheduled actions, and AWS allows {QUOTA} for one endpoint.",
            "Choose an earlier last day, fewer windows, or delete scheduled actions that are no longer needed.",
        )
    if puts and before.target is not None and before.target.suspended.scheduled:
        raise BadInput(
            f"Scheduled scaling of {ref.name} is suspended: nothing would open a window, and nothing would end it.",
            "Resume scheduled scaling first.",
        )
    return Warming(title, tuple(changes), effect, tuple(cautions), memo)


def target_of(before: Setup, ref: EndpointRef) -> ScalableTarget:
    if before.target is None:
        raise BadInput(
            f"{ref.name} is not registered with Application Auto Scaling: it has no minimum to raise.",
            "Set its bounds first.",
        )
    return before.target


def check_fits(floor: int, bounds: Bounds) -> None:
    if floor > bounds.max:
        raise BadInput(
            f"A minimum of {floor} is above the maximum ({bounds.max}).",
            f"Raise the maximum to {floor} first, or keep at most {bounds.max} warm.",
        )


def stays(before: Setup) -> list[Caution]:
    """Where nothing lets an instance go after its time."""
    target = before.target
    tracking = [p for p in before.policies if isinstance(p, TargetTrackingPolicy) and not p.disable_scale_in]
    stepping = any(getattr(s, "adjustment", 0) < 0 for p in before.policies for s in getattr(p, "steps", ()))
    if target is not None and target.suspended.scale_in:
        return [
            Caution(
                Severity.WARNING, "Scale-in is suspended: instances stay, and are paid, after the window."
            )
        ]
    if tracking or stepping:
        return []
    text = "No policy takes instances away: they stay, and are paid, after the window until somebody lowers them."
    return [Caution(Severity.WARNING, text)]


def deleted(ref: EndpointRef, actions: Iterable[ScheduledAction]) -> list[Change]:
    return [DeleteSchedule(ref, a.name) for a in actions]
