"""What a search of the planner may change, as people type it: "1-8", "0.5, 1, 2, 5". Pure.

`ops.replay.ranges` makes a space of it. What is empty is chosen around today's policy and the traffic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ops.core.candidate import MOST_COOLDOWN_S, MOST_INSTANCES
from ops.core.errors import BadInput

NONE, YES, NO, EITHER = "none", "yes", "no", "either"
NUMBERS = ("min", "max", "target", "out", "in")
CHOICES: Mapping[str, tuple[str, ...]] = {"wake": (YES, NO, EITHER), "warm": (YES, NO)}
"""Either: with and without a wake policy. Warm windows are looked at both ways where nothing is said."""
KEYS = (*NUMBERS, *CHOICES)
_NAMES = {
    "min": "minimum",
    "max": "maximum",
    "target": "target",
    "out": "cooldown out",
    "in": "cooldown in",
    "wake": "wake policy",
    "warm": "warm windows",
}
_MOST = {"min": MOST_INSTANCES, "max": MOST_INSTANCES, "out": MOST_COOLDOWN_S, "in": MOST_COOLDOWN_S}
_MOST_TARGET = 1_000_000
_NUMBER = r"(\d{1,7}(?:\.\d{1,6})?)"
_PART = re.compile(rf"{_NUMBER}(?:\s*[-\u2013]\s*{_NUMBER})?")

Spans = tuple[tuple[float, float], ...]
"""[from, to], both inside; a single value is both ends. In the order in which they were typed."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What the candidates of a search stay inside; empty or None: nothing is said of it. Cooldowns in seconds."""

    low: Spans = ()
    high: Spans = ()
    target: Spans = ()
    out_cooldown_s: Spans = ()
    in_cooldown_s: Spans = ()
    untracked: bool = False
    """Whether no target tracking is one of the targets."""
    wake: str | None = None
    """One of `CHOICES`."""
    warm: str | None = None

    def __post_init__(self) -> None:
        if self.low and self.high and min(a for a, _ in self.low) > max(b for _, b in self.high):
            raise BadInput(
                "Every minimum that is asked for lies above every maximum.", "Lower min, or raise max."
            )


def ranges(typed: Mapping[str, str]) -> Ranges | None:
    """By the keys of `KEYS`; None where nothing is said. Raises BadInput."""
    said = {key: text.strip() for key, text in typed.items() if text.strip()}
    if not said:
        return None
    spans = {key: numbers(key, said[key]) for key in NUMBERS if key in said}
    return Ranges(
        spans.get("min", ((), False))[0],
        spans.get("max", ((), False))[0],
        spans.get("target", ((), False))[0],
        spans.get("out", ((), False))[0],
        spans.get("in", ((), False))[0],
        spans.get("target", ((), False))[1],
        *(choice(key, said[key]) if key in said else None for key in CHOICES),
    )


def numbers(key: str, text: str) -> tuple[Spans, bool]:
    """The spans, and whether "none" is among them, which only a target may be. Raises BadInput."""
    name, found, none = _NAMES[key], list[tuple[float, float]](), False
    for part in filter(None, (p.strip() for p in text.split(","))):
        if key == "target" and part.lower() == NONE:
            none = True
            continue
        read = _PART.fullmatch(part)
        if read is None:
            raise BadInput(f"{name.capitalize()}: {part[:40]!r} is no number and no range.", _hint(key))
        first, last = float(read[1]), float(read[2] or read[1])
        if first > last:
            raise BadInput(f"{name.capitalize()}: {part!r} runs backwards.", f"Write {read[2]}-{read[1]}.")
        _check(key, name, part, first, last)
        found.append((first, last))
    if not found and not none:
        raise BadInput(f"{name.capitalize()}: {text!r} holds no number.", _hint(key))
    return tuple(dict.fromkeys(found)), none


def choice(key: str, text: str) -> str:
    """Raises BadInput for what is not offered."""
    said = text.lower()
    if said not in CHOICES[key]:
        offered = CHOICES[key]
        raise BadInput(
            f"{_NAMES[key].capitalize()}: {text[:40]!r} is not offered.",
            f"Use {', '.join(offered[:-1])} or {offered[-1]}.",
        )
    return said


def _check(key: str, name: str, part: str, first: float, last: float) -> None:
    if key == "target":
        if first <= 0 or last > _MOST_TARGET:
            raise BadInput(f"{name.capitalize()}: {part!r} cannot be tracked.", _hint(key))
        return
    if first != int(first) or last != int(last):
        raise BadInput(f"{name.capitalize()}: {part!r} is not whole.", _hint(key))
    least = 1 if key == "max" else 0
    if first < least or last > _MOST[key]:
        raise BadInput(
            f"{name.capitalize()}: {part!r} cannot be.", f"It lies from {least} to {_MOST[key]:,}."
        )


def _hint(key: str) -> str:
    if key == "target":
        return "Write numbers above 0, such as 0.5, 1, 2, 5 or 1-10; none: no target tracking."
    if key in ("out", "in"):
        return "Write seconds, such as 60, 300 or 60-600."
    return "Write whole numbers, such as 1-8 or 0, 2, 4."
