"""What the present credentials may do: one line for each call in the table, tried or not, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ops.core.permissions import BILLING, Declared
from ops.core.types import Connection
from ops.core.words import count, listed


class Answer(StrEnum):
    """What became of an attempt."""

    ALLOWED = "allowed"
    DENIED = "denied"
    NOT_TRIED = "not tried"
    UNCLEAR = "no clear answer"
    """AWS was asked, and neither denied it nor did it: `why` tells."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One call of the table, and what AWS said to it. `why`: of all but what is allowed."""

    row: Declared
    answer: Answer
    why: str = ""
    lacking: str = ""
    """The action that AWS denied, where that is another than the call's own."""

    @property
    def action(self) -> str:
        return self.lacking or self.row.action


@dataclass(frozen=True, slots=True)
class Preflight:
    """All calls that a role needs, in the order of the table. `paid`: dollars spent on paid attempts, in words."""

    connection: Connection
    at: datetime
    role: str
    tried: tuple[Tried, ...]
    paid: str = ""

    @property
    def lacking(self) -> tuple[Tried, ...]:
        """What the role needs and does not get, or nobody can tell."""
        return tuple(t for t in self.tried if t.answer in (Answer.DENIED, Answer.UNCLEAR))

    @property
    def fine(self) -> bool:
        """Whether nothing that was tried was refused."""
        return not self.lacking

    @property
    def sentence(self) -> str:
        """The outcome in a sentence or two."""
        counted = {answer: len({t.action for t in self.tried if t.answer is answer}) for answer in Answer}
        whom = "reading bills" if self.role == BILLING else f"the role {self.role}"
        denied = sorted({t.action for t in self.tried if t.answer is Answer.DENIED})
        if denied:
            said = f"Denied of what {whom} needs: {listed(denied)}."
        elif counted[Answer.UNCLEAR]:
            unclear = sorted({t.action for t in self.tried if t.answer is Answer.UNCLEAR})
            said = f"No clear answer for {listed(unclear)}."
        else:
            said = f"Everything that was tried for {whom} is allowed."
        more = f"{count(counted[Answer.ALLOWED], 'action')} allowed, {counted[Answer.NOT_TRIED]} not tried."
        return f"{said} {more} {self.paid}".strip()


def grouped(found: Iterable[Tried]) -> tuple[tuple[Tried, ...], ...]:
    """The lines of one action and one answer together, in the order of the table."""
    groups: dict[tuple[str, str, Answer, str], list[Tried]] = {}
    for each in found:
        why = each.why if each.answer in (Answer.NOT_TRIED, Answer.UNCLEAR) else ""
        groups.setdefault((each.action, each.row.role, each.answer, why), []).append(each)
    return tuple(tuple(group) for group in groups.values())


def needed_for(group: Iterable[Tried]) -> str:
    """What the lines of one action are needed for, each once."""
    return "; ".join(dict.fromkeys(each.row.needed_for for each in group))


def without(group: Iterable[Tried]) -> str:
    """What lives without them, each once."""
    return "; ".join(dict.fromkeys(each.row.without for each in group))
