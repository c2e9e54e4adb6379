"""The part of the console that deletes endpoints, and attaches and detaches scale-to-zero: plans for the gate.

Every plan is made of what AWS holds now, so that one that ended on the way is gone on with by planning it anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ops.core import attaching, deleting, detaching
from ops.core import deploy_planning as planning
from ops.core.attaching import Attachment
from ops.core.change import Caution, ChangePlan, Entry, Outcome
from ops.core.change_words import line
from ops.core.doctor import Case
from ops.core.errors import BadInput
from ops.core.inventory import Inventory
from ops.core.plan_effects import InFlight
from ops.core.setup import differences, replaced
from ops.core.setup_steps import steps, way_back
from ops.core.types import Severity
from ops.deploying import KIND as DEPLOY
from ops.inventories import Inventories

DELETE, ATTACH, DETACH = "delete", "attach", "detach"
_ANEW = "It is made anew under the same names. What waited in its queue does not come back, and its metrics have a gap."


class Lifecycle(Inventories):
    """Deleting, attaching and detaching: planned here, carried out by `apply`."""

    def plan_delete(self, name: str, *, with_model: bool = False) -> ChangePlan:
        """To delete an endpoint with all that belongs to it, or what is left of one that is gone.

        Raises UnknownEndpoint, BadInput where nothing is left, OpsError.
        """
        found = self.inventory(name)
        changes = deleting.changes(found, with_model=with_model)
        if not changes:
            raise BadInput(f"Nothing is left of {name}: there is nothing to delete.")
        there = found.endpoint is not None
        around = self._asked(name)[1] if there else None
        work = around.work if around is not None and found.asynchronous is not None else None
        return planning.make(
            uuid.uuid4().hex,
            DELETE,
            f"Delete {name}" if there else f"Delete what is left of {name}",
            changes,
            found.setup,
            found.ref,
            around.now if around is not None else self._time(),
            effect=_deleted(found),
            cost=deleting.cost(found, around),
            cautions=deleting.cautions(found, work, with_model=with_model),
        )

    def plan_attach(self, name: str, wish: Attachment, *, mend: bool = False) -> ChangePlan:
        """To let an asynchronous endpoint sleep and wake: what is missing, and with `mend` what contradicts it.

        Raises BadInput, UnknownEndpoint, OpsError.
        """
        attaching.check(wish)
        reading, gatherer = self._reading(), self._gatherer()
        gatherer.look(reading, name, everything=True)
        state = gatherer.state()
        seen, verdict, _ = state.judged(name)
        case = Case(seen, verdict, usual_wake_s=seen.usual_start())
        attaching.possible(case)
        findings = self._doctor.view(reading, state, name).examined[0].findings
        against = attaching.contradictions(case, findings)
        mends = tuple(each for each in against if mend and each.changes)
        made = attaching.mended(attaching.missing(case, wish, mends), mends)
        before, around = self._asked(name, made)
        if around.quota is not None and wish.high > around.quota and seen.target is None:
            raise BadInput(
                f"The account may run {around.quota} × {seen.endpoint.instance_type}, all endpoints together; this "
                f"one wants up to {wish.high}.",
                f"Give at most {around.quota}, or have the quota raised in Service Quotas first.",
            )
        said = attaching.cautions(case, wish, against, mend=mend)
        title = (
            f"Let {name} sleep and wake: up to {wish.high}"
            if seen.target is None
            else f"Let {name} sleep and wake"
        )
        return self._planned(ATTACH, title, made, before, around, cautions=said)

    def plan_detach(self, name: str) -> ChangePlan:
        """To take its scaling away from an endpoint that goes on serving; woken first where it sleeps.

        Raises BadInput, UnknownEndpoint, OpsError.
        """
        before, around = self._asked(name)
        changes = detaching.changes(before, around)
        sleeps = before.target is not None and not around.endpoint.current
        said = (
            [
                Caution(
                    Severity.WARNING,
                    "It sleeps: it is woken first, which takes some minutes, and waited for.",
                )
            ]
            if sleeps
            else []
        )
        return self._planned(
            DETACH,
            f"Detach scale-to-zero from {name}",
            changes,
            before,
            around,
            effect=detaching.EFFECT,
            cost=detaching.cost(around),
            cautions=said,
        )

    def plan_undo(self, identity: str) -> ChangePlan:
        """To take back a change, also one that made or deleted an endpoint. Raises BadInput, OpsError."""
        entry = self.entry(identity)
        if entry is None or not _of_resources(entry) or entry.kind == DEPLOY:
            return super().plan_undo(identity)
        if entry.outcome not in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR):
            raise BadInput(f"Nothing was done by {identity}: there is nothing to undo.", entry.said)
        if entry.undone_by:
            raise BadInput(
                f"This was undone already, by {entry.undone_by[:8]}.", "Undo that entry to have it again."
            )
        before, now = self._there(entry.ref, entry.before, entry.after)
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("It is as it was before already: there is nothing to undo.")
        said = [
            Caution(Severity.WARNING, f"This was changed again since, and that would be lost: {line(each)}.")
            for each in lost
        ]
        plan = planning.make(
            uuid.uuid4().hex,
            "undo",
            f"Undo: {entry.title}",
            changes,
            before,
            entry.ref,
            now,
            effect="",
            cautions=said,
            undo_of=entry.id,
        )
        anew = planning.creates(plan)
        return replace(plan, effect=_ANEW if anew else "What that change made is removed.")

    def plan_continue(self, identity: str) -> ChangePlan:
        """What is left to do of a deployment, a move or a deletion that ended on the way. Raises BadInput, OpsError."""
        entry = self.entry(identity)
        if entry is None or entry.kind != DELETE or entry.outcome is Outcome.BEGUN:
            return super().plan_continue(identity)
        before, now = self._there(entry.ref, entry.before, entry.after)
        keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
        changes = steps(before, replaced(before, entry.after, keys), entry.ref)
        if not changes:
            raise BadInput("Nothing is left to do: all of it is gone.")
        return planning.make(
            uuid.uuid4().hex,
            DELETE,
            f"Continue: {entry.title.removeprefix('Continue: ')}",
            changes,
            before,
            entry.ref,
            now,
            effect="What is left of it goes.",
            cautions=self._still_at_work(entry, (r.key for r in before.resources)),
        )

    def _time(self) -> datetime:
        reading = self._reading()
        reading.ask("sts", "GetCallerIdentity")
        return reading.now

    def _still_at_work(self, entry: Entry, there: Iterable[str]) -> Iterable[Caution]:
        if f"endpoint {entry.ref.name}" not in set(there):
            return ()
        found = self.inventory(entry.ref.name)
        work: InFlight | None = None
        if found.asynchronous is not None:
            work = self._asked(entry.ref.name)[1].work
        return tuple(deleting.cautions(found, work))


def _of_resources(entry: Entry) -> bool:
    return bool(entry.before.resources or entry.after.resources)


def _deleted(found: Inventory) -> str:
    if found.endpoint is None:
        return "The endpoint is gone already; what is left of it goes."
    return (
        "Its scaling and its alarms go first, then the endpoint, which takes some minutes, then its configuration. "
        "If a step fails, deleting it once more takes what is left."
    )
