"""A change of AWS from the wish to the receipt: who asks, what it would do, what it did. Nothing here does it.

design.md section 5: plan, review, re-read and compare, apply, read back, journal. The plan is the only argument of
`Console.apply`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from ops.core import withheld
from ops.core.fixes import Await, Change
from ops.core.setup import Difference, Setup
from ops.core.types import EndpointRef, Severity

EVERY_SCHEDULE = "schedule *"
"""Among the parts that a plan rests on: all scheduled actions, also those that were not there yet."""
ROLES = ("viewer", "operator", "admin")
"""From the least to the most that somebody may do."""


def may(role: str, needed: str) -> bool:
    """Whether a role is enough."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(needed)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants a change. `via`: "browser", "command line", or "ebb" for what Ebb finds out by itself."""

    name: str
    role: str
    via: str = "browser"


@dataclass(frozen=True, slots=True)
class Caution:
    """What somebody should know before the change is made. INFO is a hint; CRITICAL asks for a typed word."""

    severity: Severity
    sentence: str


@dataclass(frozen=True, slots=True)
class CostEffect:
    """What a change adds (or saves, below zero) at list prices: always an estimate. None: it cannot be told."""

    usd_per_day: Decimal | None
    usd_per_month: Decimal | None
    basis: str
    """The assumption and the price in words."""
    usd_once: Decimal | None = None
    """Of a change that ends by itself: what it adds in all, and no rate a day or a month."""
    usd_per_day_least: Decimal | None = None
    """Where each instance adds a range, by its work: the lower end of it; the others are the higher one."""


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What would be done, and what it changes. Made by the console from a fresh reading.

    `before` and `after` hold no more than the parts that the plan touches or rests on, and the scalable target.
    """

    id: str
    ref: EndpointRef
    kind: str
    """bounds, policy, suspend, warm, fix, alarm, restore or undo."""
    title: str
    """What is done, in a few words: "Set the bounds of doc-async to 1-8"."""
    changes: tuple[Change, ...]
    before: Setup
    after: Setup
    differences: tuple[Difference, ...]
    effect: str
    """What happens next, in plain sentences."""
    made_at: datetime
    """AWS's time of the reading that `before` comes from."""
    cost: CostEffect | None = None
    cautions: tuple[Caution, ...] = ()
    confirm: str = ""
    """The word to type before it can be applied; empty: a press of the button will do."""
    needs: str = "operator"
    """The least role that may apply it."""
    undo_of: str = ""
    """The journal entry that this plan takes back."""
    rests_on: tuple[str, ...] = ()
    """Parts that it does not change, and that must be as they were all the same."""
    continues: str = ""
    """The journal entry of which it does what is left to do."""
    made_in: tuple[str, str] | None = None
    """Kind and world of the AWS that it was made in, beside account and region of `ref`; None: not told."""

    def __post_init__(self) -> None:
        """Whoever makes a plan, it says what of it will be on no record."""
        found = [
            Caution(Severity.WARNING if careful else Severity.INFO, said)
            for careful, said in withheld.told(self.changes, self.before.resources)
        ]
        new = tuple(each for each in found if each not in self.cautions)
        object.__setattr__(self, "cautions", (*self.cautions, *new))

    def with_values(self, typed: Mapping[str, str]) -> ChangePlan:
        """With values of environment variables that are on no record, given anew. Raises BadInput."""
        said = {each for _, each in withheld.told(self.changes, self.before.resources)}
        kept = tuple(each for each in self.cautions if each.sentence not in said)
        return replace(self, changes=withheld.given(self.changes, typed), cautions=kept)

    @property
    def empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes

    @property
    def waits(self) -> bool:
        """Whether it waits for AWS on the way: it takes minutes then, and is carried out in the background."""
        return any(isinstance(change, Await) for change in self.changes)


class Outcome(StrEnum):
    BEGUN = "begun"
    """Written before the first call. One that stays so belongs to a process that was killed."""
    DONE = "done"
    PARTLY = "partly"
    """Some calls were made, then one failed."""
    FAILED = "failed"
    """No call went through."""
    REFUSED = "refused"
    """Ebb did not try: the role, read-only, or the typed word."""
    STALE = "stale"
    """Ebb did not try: something had changed since the review."""
    UNCLEAR = "unclear"
    """The process ended on the way, and what AWS holds now is neither before nor after."""


@dataclass(frozen=True, slots=True)
class Made:
    """One call of a change, as it was made. `error` empty: AWS took it."""

    service: str
    operation: str
    parameters: Mapping[str, Any]
    request_id: str = ""
    error: str = ""
    at: datetime | None = None
    """AWS's time when it was done; None: not on record."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the journal: a change that somebody tried to make. `id` is that of the plan."""

    id: str
    at: datetime
    """AWS's time where it was known, else this machine's."""
    actor: Actor
    ref: EndpointRef
    kind: str
    title: str
    why: str
    before: Setup
    after: Setup
    outcome: Outcome
    made: tuple[Made, ...] = ()
    said: str = ""
    """What went wrong, or what was found when it was read back."""
    ended: datetime | None = None
    undo_of: str = ""
    undone_by: str = ""
    process: str = ""
    """Which process wrote it: an entry that stays BEGUN is looked at again when that one is gone."""
    planned: tuple[str, ...] = ()
    """What it was to do, step by step in words; `made` holds what became of the first of them."""
    continues: str = ""
    """The entry of which it was to do what was left to do."""
    beat: datetime | None = None
    """When its process last told that it lives, by the time of that machine; None: it tells nothing of the kind."""

    def stands_still(self, later: Entry) -> bool:
        """Whether the same entry, read later, has not been gone on with."""
        return later.outcome is Outcome.BEGUN and (later.beat, later.process) == (self.beat, self.process)

    def for_record(self) -> Entry:
        """Without the values of environment variables, also where AWS repeats one in what it says."""
        resources = (*self.before.resources, *self.after.resources)
        secrets = withheld.values(
            [each.parameters for each in resources] + [made.parameters for made in self.made]
        )
        return replace(
            self,
            before=replace(self.before, resources=withheld.of_resources(self.before.resources)),
            after=replace(self.after, resources=withheld.of_resources(self.after.resources)),
            made=tuple(
                replace(
                    made,
                    parameters=withheld.withheld(made.parameters),
                    error=withheld.scrubbed(made.error, secrets),
                )
                for made in self.made
            ),
            said=withheld.scrubbed(self.said, secrets),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a plan. `fresh` False: it had been applied before, and nothing was done now."""

    entry: Entry
    fresh: bool = True
    found: Setup | None = None
    """What AWS held when it was read back; None where that was not possible."""
    missing: tuple[Difference, ...] = ()
    """What the read-back shows that the plan did not want."""
    notes: tuple[str, ...] = field(default=())
    action: str = ""
    """The IAM action that AWS missed, where it denied a call."""
