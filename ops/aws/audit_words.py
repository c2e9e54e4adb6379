"""What a recorded call changed, as a clause: "bounds to 1–4", "deploy of invoice-parse-12". Pure.

Each function gets the request as CloudTrail keeps it (first letters small); what is missing is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

Request = Mapping[str, Any]
LONGEST = 80
"""Most letters of one name inside a clause."""


def first(request: Request, key: str) -> Any:
    """The value under `key`, whichever case its first letter has; None where there is none."""
    return request.get(key, request.get(key[:1].upper() + key[1:]))


def short(value: Any) -> str:
    """A name on one line and not too long; empty where there is none."""
    text = (
        " ".join("".join(c if c.isprintable() else " " for c in value).split())
        if isinstance(value, str)
        else ""
    )
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _number(request: Request, key: str) -> int | None:
    value = first(request, key)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):
        return None


def _named(word: str, request: Request, key: str, rest: str = "") -> str:
    """ "policy wake removed", or "a policy removed" where its name is not told."""
    name = short(first(request, key))
    return (
        f"{word} {name} {rest}".strip()
        if name
        else f"{'an' if word[0] in 'aeiou' else 'a'} {word} {rest}".strip()
    )


def _created(request: Request) -> str:
    config = short(first(request, "endpointConfigName"))
    return f"creation with {config}" if config else "creation of the endpoint"


def _deployed(request: Request) -> str:
    return f"deploy of {short(first(request, 'endpointConfigName')) or 'a configuration'}"


def _deleted(request: Request) -> str:
    return "deletion of the endpoint"


def _capacity(request: Request) -> str:
    wanted = first(request, "desiredWeightsAndCapacities")
    counts = [
        _number(each, "desiredInstanceCount")
        for each in (wanted if isinstance(wanted, list) else [])
        if isinstance(each, dict)
    ]
    known = [str(count) for count in counts if count is not None]
    return f"capacity set to {', '.join(known)}" if known else "weights of the variants"


def span(low: int | None, high: int | None) -> str:
    """ "bounds to 1–4", "minimum to 1", "maximum to 4"; empty where neither is told."""
    if low is not None and high is not None:
        return f"bounds to {low}–{high}"
    return f"minimum to {low}" if low is not None else f"maximum to {high}" if high is not None else ""


_SUSPENDED = (
    ("dynamicScalingInSuspended", "scale-in"),
    ("dynamicScalingOutSuspended", "scale-out"),
    ("scheduledScalingSuspended", "schedules"),
)


def _registered(request: Request) -> str:
    parts = [span(_number(request, "minCapacity"), _number(request, "maxCapacity"))]
    suspended = first(request, "suspendedState")
    if isinstance(suspended, dict):
        for value, verb in ((True, "suspended"), (False, "allowed again")):
            words = [word for key, word in _SUSPENDED if first(suspended, key) is value]
            parts += [f"{' and '.join(words)} {verb}"] if words else []
    return ", ".join(part for part in parts if part) or "the scaling target as it was"


def _deregistered(request: Request) -> str:
    return "scaling target removed"


def _schedule(request: Request) -> str:
    action = first(request, "scalableTargetAction")
    sets = (
        span(_number(action, "minCapacity"), _number(action, "maxCapacity"))
        if isinstance(action, dict)
        else ""
    )
    zone = short(first(request, "timezone"))
    when = " ".join(part for part in (short(first(request, "schedule")), zone) if part)
    rest = ", ".join(part for part in (when, sets.replace(" to ", " ")) if part)
    return _named("schedule", request, "scheduledActionName", "set") + (f": {rest}" if rest else "")


def _alarm(verb: str) -> Callable[[Request], str]:
    def said(request: Request) -> str:
        many = first(request, "alarmNames")
        names = [short(n) for n in many if isinstance(n, str)] if isinstance(many, list) else []
        names = names or [name for name in (short(first(request, "alarmName")),) if name]
        if not names:
            return f"an alarm {verb}"
        more = f" and {len(names) - 2} more" if len(names) > 2 else ""
        return f"{'alarm' if len(names) == 1 else 'alarms'} {', '.join(names[:2])}{more} {verb}"

    return said


def _forced(request: Request) -> str:
    state = short(first(request, "stateValue"))
    return _alarm(f"put into {state or 'another state'} by hand")(request)


SAYS: Mapping[str, Callable[[Request], str]] = MappingProxyType(
    {
        "UpdateEndpoint": _deployed,
        "RegisterScalableTarget": _registered,
        "CreateEndpoint": _created,
        "DeleteEndpoint": _deleted,
        "PutScheduledAction": _schedule,
        "DeleteScheduledAction": lambda r: _named("schedule", r, "scheduledActionName", "removed"),
        "PutScalingPolicy": lambda r: _named("policy", r, "policyName", "set"),
        "DeleteScalingPolicy": lambda r: _named("policy", r, "policyName", "removed"),
        "DeregisterScalableTarget": _deregistered,
        "PutMetricAlarm": _alarm("set"),
        "DeleteAlarms": _alarm("removed"),
        "DisableAlarmActions": _alarm("silenced: its actions switched off"),
        "EnableAlarmActions": _alarm("acts again: its actions switched on"),
        "SetAlarmState": _forced,
        "UpdateEndpointWeightsAndCapacities": _capacity,
    }
)
"""By the name of the event: what to say of its request."""
