"""The part of the console that deletes endpoints, and attaches and detaches scale-to-zero: plans for the gate.

Every plan is made of what AWS holds now, so that one that ended on the way is gone on with by planning it anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from ops.aws.calls import Reading
from ops.aws.topics import TopicReader
from ops.core import attaching, deleting, detaching
from ops.core import deploy_planning as planning
from ops.core.attach_progress import ATTACH, DETACH, UNDO, open_attachments, root_id
from ops.core.attaching import Attachment
from ops.core.change import Caution, ChangePlan, CostEffect, Entry, Outcome
from ops.core.change_words import line
from ops.core.deploy_progress import CLEANUP, Unfinished, compared
from ops.core.doctor import Case, Topic
from ops.core.errors import BadInput
from ops.core.fixes import Delete
from ops.core.inventory import Inventory
from ops.core.plan_effects import InFlight
from ops.core.resources import CONFIG, MODEL
from ops.core.setup import Difference, Setup, differences, replaced
from ops.core.setup_steps import steps, way_back
from ops.core.types import Severity
from ops.deploying import KIND as DEPLOY
from ops.inventories import Inventories

DELETE = "delete"
JOURNAL = 1_000
"""Entries of the journal that are looked through for attachments."""
_SCALING = (ATTACH, DETACH)
_ANEW = "It is made anew under the same names. What waited in its queue does not come back, and its metrics have a gap."

_TAKEN_BACK = (
    "Its scaling and its alarms go first, then the endpoint, which takes some minutes, then what else was made with "
    "it."
)


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
        planning.own_alarms(made, before, seen.endpoint.ref, {a.name for a in seen.alarms})
        said = attaching.cautions(case, wish, against, mend=mend)
        said += planning.heard(wish, self._told(reading, (wish.topic,)))
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
        return self._planned(
            DETACH,
            f"Detach scale-to-zero from {name}",
            changes,
            before,
            around,
            effect=detaching.EFFECT,
            cost=detaching.cost(around),
            cautions=detaching.cautions(before, around),
        )

    def plan_undo(self, identity: str) -> ChangePlan:
        """To take back a change, also one that made or deleted an endpoint. Raises BadInput, OpsError."""
        entry = self.entry(identity)
        if entry is None or entry.kind == DEPLOY or not (_of_resources(entry) or entry.kind in _SCALING):
            return super().plan_undo(identity)
        if entry.outcome not in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR):
            raise BadInput(f"Nothing was done by {identity}: there is nothing to undo.", entry.said)
        if entry.undone_by:
            raise BadInput(
                f"This was undone already, by {entry.undone_by[:8]}.", "Undo that entry to have it again."
            )
        if entry.kind in _SCALING:
            return self._scaled_back(entry, UNDO, f"Undo: {entry.title}")
        before, now = self._there(entry.ref, entry.before, entry.after)
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        wanted, unput = deleting.writable(wanted, before)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("It is as it was before already: there is nothing to undo.")
        plan = planning.make(
            uuid.uuid4().hex,
            UNDO,
            f"Undo: {entry.title}",
            changes,
            before,
            entry.ref,
            now,
            effect="What that change made is removed.",
            cautions=(*_lost(lost), *unput),
            undo_of=entry.id,
        )
        if planning.creates(plan):
            plan = replace(plan, effect=_ANEW, cost=self._cost_anew(wanted))
        return self._as_a_whole(plan, entry.after)

    def plan_cleanup(self, identity: str) -> ChangePlan:
        """To remove what a deployment, a move or an attachment has made, and the attempts to finish it.

        With an endpoint all goes that belongs to it by now. Raises BadInput, OpsError.
        """
        entry = self.entry(identity)
        root = self._attachment(entry) if entry is not None else None
        if root is not None:
            return self._scaled_back(root, CLEANUP, f"Clean up: {root.title}")
        plan = super().plan_cleanup(identity)
        made = self.entry(plan.undo_of)
        return self._as_a_whole(plan, made.after if made is not None else plan.before)

    def plan_continue(self, identity: str) -> ChangePlan:
        """What is left to do of a deployment, a move, a deletion or an attachment that ended on the way.

        Raises BadInput, OpsError.
        """
        entry = self.entry(identity)
        root = self._attachment(entry) if entry is not None else None
        if entry is not None and root is not None and entry.outcome is not Outcome.BEGUN:
            return self.plan_cleanup(identity) if entry.kind == CLEANUP else self._attached_on(root)
        if entry is None or entry.kind != DELETE or entry.outcome is Outcome.BEGUN:
            plan = super().plan_continue(identity)
            return plan if entry is None or plan.kind == CLEANUP else self._as_a_whole(plan, entry.before)
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

    def unfinished(self) -> tuple[Unfinished, ...]:
        """Every deployment and every attachment of the journal that ended on the way, with what exists of it now.

        Raises OpsError.
        """
        found = list(super().unfinished())
        for root, last in open_attachments(self.journal(limit=JOURNAL)):
            present, _ = self._there(root.ref, root.after, root.before)
            each = compared(root, last, present)
            if each is not None:
                found.append(each)
        return tuple(found)

    def _attachment(self, entry: Entry) -> Entry | None:
        """The first entry of the attachment that an entry belongs to; None where it is about something else."""
        root = self.entry(root_id(entry)) or entry
        return root if root.kind == ATTACH else None

    def _attached_on(self, root: Entry) -> ChangePlan:
        """What is left to do of an attachment."""
        before, around = self._asked(root.ref.name, alarms=_alarms(root))
        keys = {d.part for d in differences(root.before, root.after, root.ref)}
        changes = steps(before, replaced(before, root.after, keys), root.ref)
        if not changes:
            raise BadInput("Nothing is left to do: all of it is attached.", "Look at the endpoint.")
        planning.own_alarms(changes, before, root.ref)
        plan = self._planned(ATTACH, f"Continue: {root.title}", changes, before, around)
        return replace(plan, continues=root.id)

    def _scaled_back(self, entry: Entry, kind: str, title: str) -> ChangePlan:
        """To take back what gave an endpoint its scaling, or took it; it is held awake before it loses it."""
        before, around = self._asked(entry.ref.name, alarms=_alarms(entry))
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        wanted, unput = deleting.writable(wanted, before)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("It is as it was before already: there is nothing to undo.")
        planning.own_alarms(changes, before, entry.ref)
        said = [*_lost(lost), *unput]
        cost = None
        if wanted.target is None and before.target is not None:
            changes = (*detaching.awake(before, around), *changes)
            said += detaching.cautions(before, around)
            cost = detaching.cost(around)
        return self._planned(kind, title, changes, before, around, cost=cost, cautions=said, undo_of=entry.id)

    def _as_a_whole(self, plan: ChangePlan, made: Setup) -> ChangePlan:
        """A plan that takes an endpoint back: with all that belongs to it by now, and what to know of its queue.

        `made`: what the change made that it takes back. Any other plan stays as it is. Raises OpsError.
        """
        name = plan.ref.name
        if not deleting.deletes(plan.changes, name):
            return plan
        found = self.inventory(name)
        if found.endpoint is None:
            return plan
        alarms = {a.name for a in found.setup.alarms}
        more = tuple(a for a in plan.before.alarms if a.name not in alarms)
        found = replace(found, setup=replace(found.setup, alarms=(*found.setup.alarms, *more)))
        there = {r.key for r in found.setup.resources}
        others = (r for r in plan.before.resources if r.key not in there)
        before = replace(found.setup, resources=(*found.setup.resources, *others))
        around = self._asked(name)[1]
        models = any(isinstance(c, Delete) and c.kind == MODEL for c in plan.changes)
        work = around.work if found.asynchronous is not None else None
        said = (
            *plan.cautions,
            *deleting.made_since(found, made),
            *deleting.cautions(found, work, with_model=models),
        )
        return planning.make(
            plan.id,
            plan.kind,
            plan.title,
            deleting.taken_back(found, plan.changes, made),
            before,
            plan.ref,
            plan.made_at,
            effect=_TAKEN_BACK,
            cost=deleting.cost(found, around),
            cautions=dict.fromkeys(said),
            undo_of=plan.undo_of,
            continues=plan.continues,
        )

    def _cost_anew(self, wanted: Setup) -> CostEffect:
        """What an endpoint costs that is made again: a range where it sleeps, else its instances day and night."""
        config = next((r.parameters for r in wanted.resources if r.kind == CONFIG), {})
        variants = config.get("ProductionVariants") or [{}]
        kind, number = variants[0].get("InstanceType"), variants[0].get("InitialInstanceCount")
        if len(variants) > 1 or not kind or not number:
            return CostEffect(None, None, "What its instances cost cannot be told from its configuration.")
        queued, direct = self.host_prices(str(kind))
        if not config.get("AsyncInferenceConfig"):
            return planning.cost_awake(direct, str(kind), int(number))
        if wanted.target is None:
            return planning.cost_awake(queued, str(kind), int(number))
        return planning.cost_of_one(queued, str(kind))

    def _told(self, reading: Reading, arns: Iterable[str]) -> tuple[Topic, ...]:
        """The SNS topics of these ARNs; those that AWS does not let Ebb read are left out."""
        found, _ = TopicReader().some(reading, [arn for arn in arns if arn])
        return tuple(found.values())

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


def _lost(found: Iterable[Difference]) -> list[Caution]:
    return [
        Caution(Severity.WARNING, f"This was changed again since, and that would be lost: {line(each)}.")
        for each in found
    ]


def _alarms(entry: Entry) -> tuple[str, ...]:
    """The names of the alarms that a change was about."""
    return tuple(a.name for a in (*entry.before.alarms, *entry.after.alarms))


def _of_resources(entry: Entry) -> bool:
    return bool(entry.before.resources or entry.after.resources)


def _deleted(found: Inventory) -> str:
    if found.endpoint is None:
        return "The endpoint is gone already; what is left of it goes."
    return (
        "Its scaling and its alarms go first, then the endpoint, which takes some minutes, then its configuration. "
        "If a step fails, deleting it once more takes what is left."
    )
