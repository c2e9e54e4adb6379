"""What is left of an endpoint that is gone, or of variants that one had. Source: facts H (orphans), H.1 (1)."""

from __future__ import annotations

from ops.core.doctor.case import Case, Leftover
from ops.core.doctor.rule import Rule, needs
from ops.core.doctor.words import bounds_line
from ops.core.findings import Examined, Finding
from ops.core.fixes import Calls, Change, DeleteAlarms, DeregisterTarget
from ops.core.types import EndpointState, Severity, TargetTrackingPolicy, Verdict
from ops.core.words import count, listed

ORPHAN_TARGET, ORPHAN_ALARMS = "orphan-target", "orphan-alarms"


def rules() -> tuple[Rule, ...]:
    """Whether the scaling could be read was seen when the case was made."""
    return (Rule(ORPHAN_TARGET, needs(), orphan_variants, of_broken=True),)


def examine_left(left: Leftover) -> Examined:
    """An entry of its own name, with the state "missing"."""
    finding = _orphan(left) if left.targets else _alarms_alone(left)
    verdict = Verdict(EndpointState.MISSING, finding.severity, finding.sentence, marked=finding.sentence)
    return Examined(left.name, verdict, (finding,))


def orphan_variants(case: Case) -> Finding | None:
    """Scaling is registered for variants that the endpoint no longer has."""
    if case.left is None or not case.left.targets:
        return None
    names = [ref.variant for ref, _ in case.left.targets]
    one = len(names) == 1
    gone = f"Its variant{'' if one else 's'} {listed(names)} {'is' if one else 'are'} gone"
    return _registered(
        case.left, f"{gone}, and scaling is still registered for {'it' if one else 'them'}.", "variant"
    )


def _orphan(left: Leftover) -> Finding:
    more = f", and {_watched(left)}" if _own_alarms(left) else ""
    says = f"The endpoint is gone, and scaling is still registered for it{more}."
    return _registered(left, says, "endpoint")


def _registered(left: Leftover, says: str, what: str) -> Finding:
    names = _own_alarms(left)
    changes: list[Change] = [DeregisterTarget(ref) for ref, _ in left.targets]
    changes += [DeleteAlarms(names)] if names else []
    one = len(left.targets) == 1
    bounds = (f"Variant {ref.variant}: {bounds_line(target)}" for ref, target in left.targets)
    return Finding(
        ORPHAN_TARGET,
        Severity.WARNING,
        says,
        (*bounds, *(f"Alarm {name}" for name in names)),
        f"A new {what} of this name would be scaled by these bounds and policies at once.",
        Calls(
            tuple(changes),
            "The target goes, with its policies and scheduled actions."
            if one
            else "The targets go, with their policies and scheduled actions.",
        ),
    )


def _alarms_alone(left: Leftover) -> Finding:
    names = _own_alarms(left)
    return Finding(
        ORPHAN_ALARMS,
        Severity.INFO,
        f"The endpoint is gone, and {_watched(left)}.",
        tuple(f"Alarm {name}" for name in names),
        "An alarm costs a little every month, and tells of nothing any more.",
        Calls((DeleteAlarms(names),), "The alarms are deleted."),
    )


def _own_alarms(left: Leftover) -> tuple[str, ...]:
    """The alarms that no target tracking takes along."""
    owned = {name for p in left.policies if isinstance(p, TargetTrackingPolicy) for name in p.alarm_names}
    return tuple(a.name for a in left.alarms if a.name not in owned)


def _watched(left: Leftover) -> str:
    number = len(_own_alarms(left))
    return f"{count(number, 'alarm')} still {'watches' if number == 1 else 'watch'} it"
