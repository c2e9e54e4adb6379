"""A rule of the doctor: a name, what it must be able to read, and one pure function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ops.core.doctor.case import Case
from ops.core.findings import Finding


@dataclass(frozen=True, slots=True)
class Rule:
    """`needs`: the parts without which it says nothing. `of_broken`: it looks at what AWS calls broken, too."""

    code: str
    needs: frozenset[str]
    look: Callable[[Case], Finding | None]
    of_broken: bool = False


def needs(*parts: str) -> frozenset[str]:
    return frozenset(parts)
