"""What is left of an endpoint that is gone. Source: facts H (orphans), H.1 (1)."""

from __future__ import annotations

from dataclasses import dataclass

from ops.core.doctor.words import bounds_line
from ops.core.findings import Examined, Finding
from ops.core.fixes import Calls, Change, DeleteAlarms, DeregisterTarget
from ops.core.types import (
    Alarm,
    EndpointRef,
    EndpointState,
    Policy,
    ScalableTarget,
    Severity,
    TargetTrackingPolicy,
    Verdict,
)
from ops.core.words import count

ORPHAN_TARGET, ORPHAN_ALARMS = "orphan-target", "orphan-alarms"


@dataclass(frozen=True, slots=True)
class Leftover:
    """An endpoint that AWS no longer lists: `target` and `policies` are still registered for it, `alarms` watch it."""

    ref: EndpointRef
    target: ScalableTarget | None
    policies: tuple[Policy, ...] = ()
    alarms: tuple[Alarm, ...] = ()


def examine_left(left: Leftover) -> Examined:
    """An entry of its own name, with the state "missing"."""
    finding = _orphan(left)
    verdict = Verdict(EndpointState.MISSING, finding.severity, finding.sentence, marked=finding.sentence)
    return Examined(left.ref.name, verdict, (finding,))


def _orphan(left: Leftover) -> Finding:
    owned = {name for p in left.policies if isinstance(p, TargetTrackingPolicy) for name in p.alarm_names}
    names = tuple(a.name for a in left.alarms if a.name not in owned)
    changes: tuple[Change, ...] = (DeleteAlarms(names),) if names else ()
    watched = f"{count(len(names), 'alarm')} still {'watches' if len(names) == 1 else 'watch'} it"
    if left.target is None:
        return Finding(
            ORPHAN_ALARMS,
            Severity.INFO,
            f"The endpoint is gone, and {watched}.",
            tuple(f"Alarm {name}" for name in names),
            "An alarm costs a little every month, and tells of nothing any more.",
            Calls(changes, "The alarms are deleted."),
        )
    more = f", and {watched}" if names else ""
    return Finding(
        ORPHAN_TARGET,
        Severity.WARNING,
        f"The endpoint is gone, and scaling is still registered for it{more}.",
        (bounds_line(left.target), *(f"Alarm {name}" for name in names)),
        "A new endpoint of this name would be scaled by these bounds and policies at once.",
        Calls(
            (DeregisterTarget(left.ref), *changes),
            "The target goes, with its policies and scheduled actions.",
        ),
    )
