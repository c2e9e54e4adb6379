"""A candidate as the query of a link, and back; nothing is guessed. Pure.

min=0&max=4&target=2&in=600&out=60&wake=1&warm=12345.0800.1800,zEurope~Berlin,e8,f1,b0&type=ml.g5.xlarge&slots=2
fixed=2&type=ml.g5.xlarge&usd=1.408
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from ops.core.candidate import COOLDOWN_S, MOST_USD, WAKE_PERIODS, Candidate, Machine, always_on
from ops.core.errors import BadInput
from ops.core.warm import WarmPlan
from ops.core.warm_names import WarmName, read_name, warm_name

NONE = "none"
MACHINE_KEYS = ("type", "usd", "speed", "slots")
KEYS = ("fixed", "min", "max", "target", "in", "out", "wake", "warm", *MACHINE_KEYS)
_PLAN = "ebb-warm-{}-open0,"
_HINT = "A candidate is written as min=0&max=4&target=2&wake=2, or fixed=2."


def to_query(candidate: Candidate) -> str:
    """What is as usual is left out. All of it stands in a link as it is."""
    machine = candidate.machine
    parts: list[tuple[str, str]] = []
    if candidate.fixed is not None:
        parts.append(("fixed", str(candidate.fixed)))
    else:
        parts += [("min", str(candidate.low)), ("max", str(candidate.high))]
        parts.append(("target", NONE if candidate.target is None else f"{candidate.target:.10g}"))
        for key, seconds in (("in", candidate.in_cooldown_s), ("out", candidate.out_cooldown_s)):
            if seconds != COOLDOWN_S:
                parts.append((key, str(seconds)))
        if candidate.wake != WAKE_PERIODS:
            parts.append(("wake", NONE if candidate.wake is None else str(candidate.wake)))
        if candidate.warm:
            parts.append(("warm", ";".join(map(_plan, candidate.warm))))
    if machine.instance_type:
        parts.append(("type", machine.instance_type))
    if machine.usd_per_hour is not None:
        parts.append(("usd", f"{machine.usd_per_hour.normalize():f}"))
    if machine.speed != 1:
        parts.append(("speed", f"{machine.speed:.10g}"))
    if machine.concurrency != 1:
        parts.append(("slots", str(machine.concurrency)))
    return "&".join(f"{key}={value}" for key, value in parts)


def from_query(text: str) -> Candidate:
    """Raises BadInput for a key that is not known or comes twice, and for a value that makes no sense."""
    return of_values(_parts(text, KEYS))


def machine_from_query(text: str) -> Machine:
    """ "type=ml.g5.2xlarge&speed=1.4&slots=2&usd=1.515"; the type is needed. Raises BadInput."""
    found = _parts(text, MACHINE_KEYS)
    if "type" not in found:
        raise BadInput(
            f"{text!r} names no instance type.", "Write it like type=ml.g5.2xlarge&speed=1.4&slots=2."
        )
    return _machine(found)


def of_values(found: Mapping[str, str]) -> Candidate:
    """From the parts of a query by their keys. Raises BadInput."""
    unknown = found.keys() - set(KEYS)
    if unknown:
        raise BadInput(f"{', '.join(sorted(unknown))}: no part of a candidate.", _HINT)
    machine = _machine(found)
    if "fixed" in found:
        beside = found.keys() & {"min", "max", "target", "in", "out", "wake", "warm"}
        if beside:
            raise BadInput(
                f"What is always on has no {sorted(beside)[0]}.", "Give fixed alone, or min and max."
            )
        return always_on(_whole("fixed", found["fixed"]), machine)
    for key in ("min", "max", "target"):
        if key not in found:
            raise BadInput(f"A candidate needs {key}.", _HINT)
    warm = found.get("warm")
    return Candidate(
        _whole("min", found["min"]),
        _whole("max", found["max"]),
        None if found["target"] == NONE else _number("target", found["target"]),
        _whole("in", found["in"]) if "in" in found else COOLDOWN_S,
        _whole("out", found["out"]) if "out" in found else COOLDOWN_S,
        WAKE_PERIODS
        if "wake" not in found
        else None
        if found["wake"] == NONE
        else _whole("wake", found["wake"]),
        () if warm is None else tuple(_read(each, n) for n, each in enumerate(warm.split(";"), 1)),
        machine,
    )


def _parts(text: str, keys: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.strip().lstrip("?").split("&"):
        key, equals, value = part.partition("=")
        if key not in keys or not equals or not value:
            raise BadInput(f"{part!r} is no part of it.", f"Its keys are {', '.join(keys)}. {_HINT}")
        if key in found:
            raise BadInput(f"{key} is given twice.", _HINT)
        found[key] = value
    return found


def _machine(found: Mapping[str, str]) -> Machine:
    return Machine(
        found.get("type", ""),
        _usd(found["usd"]) if "usd" in found else None,
        _number("speed", found["speed"]) if "speed" in found else 1.0,
        _whole("slots", found["slots"]) if "slots" in found else 1,
    )


def _plan(plan: WarmPlan) -> str:
    """As in the names of Ebb's scheduled actions, without a plus, which links take for a space."""
    return warm_name(plan, True, "0").partition(",")[2].replace("+", "!")


def _read(text: str, number: int) -> WarmPlan:
    found = read_name(_PLAN.format(number) + text.replace("!", "+"))
    if not isinstance(found, WarmName) or _plan(found.plan) != text:
        raise BadInput(
            f"{text!r} is no warm window.", "It looks like 12345.0800.1800,zEurope~Berlin,e8,f1,b0."
        )
    return found.plan


def _whole(key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadInput(f"{key}={text}: {text!r} is no whole number from 0 on.", _HINT)
    return int(text)


def _number(key: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (math.isfinite(found) and text == text.strip() and "_" not in text):
        raise BadInput(f"{key}={text}: {text!r} is no number.", _HINT)
    return found


def _usd(text: str) -> Decimal:
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or not 0 <= found <= MOST_USD or "_" in text:
        raise BadInput(
            f"usd={text}: {text!r} is no price.", "Give dollars for an instance-hour, such as 1.408."
        )
    return found
