"""Changing AWS from the console: plans made of a fresh reading, applied through the gate, on record, and undone."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ops.at_work import StopSign
from ops.authors import LATE, authors, of_entry
from ops.aws.calls import Reading
from ops.core import metrics, planning
from ops.core.change import Actor, Caution, ChangePlan, CostEffect, Entry, Outcome, Receipt
from ops.core.change_words import line
from ops.core.drift import Baseline, Drift, drift
from ops.core.errors import BadInput, Denied, OpsError, UnknownEndpoint
from ops.core.fixes import Change, ChosenTopic, DeletePolicy, PutAlarm
from ops.core.names import TOPIC
from ops.core.plan_effects import Around, InFlight
from ops.core.setup import Difference, Setup, replaced, touched
from ops.core.setup_steps import steps, way_back
from ops.core.types import Endpoint, EndpointRef, Policy, Severity, Suspended
from ops.gate import Gate
from ops.on_record import on_record
from ops.opened import Opened

log = logging.getLogger(__name__)
JOB_S = 900
"""The default time-out of one invocation, seconds (facts C.1): what finished in it tells whether work goes on."""
_BASELINE = TypeAdapter(Baseline)


class Changing(Opened):
    """The part of the console that changes AWS. Plans are made here; only `apply` carries one out."""

    def setup(self, name: str) -> Setup:
        """How an endpoint is set up to scale, read now. Raises UnknownEndpoint, OpsError."""
        reading = self._reading()
        endpoint = self._at(reading, name)
        return self._gate().present(reading, endpoint.ref)

    def reference(self, name: str) -> EndpointRef:
        """What AWS calls the variant that is scaled. Raises UnknownEndpoint, OpsError."""
        return self._at(self._reading(), name).ref

    def plan_bounds(self, name: str, low: int, high: int) -> ChangePlan:
        """To other bounds; 0 means 0. Raises BadInput, UnknownEndpoint, OpsError."""
        before, around = self._asked(name)
        changes = planning.new_bounds(before, around, low, high)
        return self._planned("bounds", f"Set the bounds of {name} to {low}–{high}", changes, before, around)

    def plan_suspended(self, name: str, wanted: Suspended) -> ChangePlan:
        """To suspend or resume scaling in each direction, and schedules. Raises BadInput, OpsError."""
        before, around = self._asked(name)
        changes = planning.suspension(before, around, wanted)
        off = [w for w, on in (("in", wanted.scale_in), ("out", wanted.scale_out)) if on]
        said = [f"scaling {' and '.join(off)}"] if off else []
        said += ["schedules"] if wanted.scheduled else []
        title = f"Suspend {' and '.join(said)} of {name}" if said else f"Resume all scaling of {name}"
        return self._planned("suspend", title, changes, before, around)

    def plan_policy(self, name: str, policy: Policy) -> ChangePlan:
        """To put one policy as a whole. Raises BadInput, OpsError."""
        before, around = self._asked(name)
        changes = planning.new_policy(before, around, policy)
        return self._planned("policy", f"Set the policy {policy.name} of {name}", changes, before, around)

    def plan_policy_removed(self, name: str, policy: str) -> ChangePlan:
        """To remove a policy. Raises BadInput where there is none of that name, OpsError."""
        before, around = self._asked(name)
        if all(p.name != policy for p in before.policies):
            raise BadInput(f"{name} has no policy {policy!r}.", "It may have been removed already: reload.")
        change = DeletePolicy(around.endpoint.ref, policy)
        return self._planned("policy", f"Remove the policy {policy} of {name}", (change,), before, around)

    def plan_alarm(self, name: str, alarm: PutAlarm, topic: str = "") -> ChangePlan:
        """To put an alarm that Ebb proposes. Raises BadInput without a topic where one has to be chosen."""
        return self.plan_changes(name, "alarm", f"Put the alarm {alarm.name}", chosen((alarm,), topic))

    def plan_changes(
        self,
        name: str,
        kind: str,
        title: str,
        changes: Iterable[Change],
        *,
        effect: str = "",
        cost: CostEffect | None = None,
        cautions: Iterable[Caution] = (),
    ) -> ChangePlan:
        """Any typed changes of one endpoint as a plan. Raises BadInput, UnknownEndpoint, OpsError."""
        made = tuple(changes)
        before, around = self._asked(name, made)
        return self._planned(kind, title, made, before, around, effect=effect, cost=cost, cautions=cautions)

    def plan_undo(self, identity: str) -> ChangePlan:
        """To take back a change, by the id of its journal entry or the beginning of it. Raises BadInput, OpsError."""
        entry = self.entry(identity)
        if entry is None:
            raise BadInput(f"The journal has no entry {identity!r}, or several begin so.", "See `activity`.")
        if entry.outcome not in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR):
            raise BadInput(f"Nothing was done by {identity}: there is nothing to undo.", entry.said)
        if entry.undone_by:
            raise BadInput(
                f"This was undone already, by {entry.undone_by[:8]}.", "Undo that entry to have it again."
            )
        if entry.before == entry.after:
            raise BadInput("This entry changed nothing that Ebb can put back.")
        names = [a.name for a in (*entry.before.alarms, *entry.after.alarms)]
        before, around = self._asked(entry.ref.name, alarms=names)
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        cautions = [
            Caution(Severity.WARNING, f"This was changed again since, and that would be lost: {line(each)}.")
            for each in lost
        ]
        title = f"Undo: {entry.title}"
        changes = steps(before, wanted, entry.ref)
        return self._planned("undo", title, changes, before, around, cautions=cautions, undo_of=entry.id)

    def plan_restore(self, name: str) -> ChangePlan:
        """To put back what was changed elsewhere. Raises BadInput where nothing was."""
        found = self.drift(name)
        if found is None:
            raise BadInput(f"Nothing was changed elsewhere on {name}.")
        before, around = self._asked(name)
        ref = around.endpoint.ref
        wanted = replaced(before, found.wanted, {d.part for d in found.differences})
        title = f"Restore what was changed elsewhere on {name}"
        return self._planned("restore", title, steps(before, wanted, ref), before, around)

    def apply(
        self, plan: ChangePlan, actor: Actor, why: str = "", typed: str = "", stop: StopSign | None = None
    ) -> Receipt:
        """Carry out a plan, once. What AWS refuses is in the receipt.

        Raises ReadOnly, BadInput, Stale, and OpsError: see ops.gate.
        """
        reading = self._reading()
        receipt = self._gate().apply(reading, plan, actor, why, typed, stop)
        if receipt.fresh:
            self._note_baseline(receipt.entry, receipt.found)
            try:
                self._gatherer().look(reading, plan.ref.name, everything=True)
            except UnknownEndpoint:
                pass  # it was deleted, or never made
            except OpsError as error:
                log.warning("%s %s", error.what, error.hint)
        return receipt

    def reconcile(self) -> tuple[Entry, ...]:
        """End what a killed process left begun; the entries that were ended. Raises OpsError."""
        if not self.records().journal(begun=True, limit=1):
            return ()
        reading = self._reading()
        ended = self._gate().reconcile(reading)
        for entry in ended:
            try:
                self._note_baseline(entry, self._gate().present(reading, entry.ref))
            except OpsError as error:
                log.warning("%s %s", error.what, error.hint)
        return ended

    def journal(
        self, name: str | None = None, since: datetime | None = None, limit: int = 500
    ) -> tuple[Entry, ...]:
        """What was changed through Ebb, or tried, newest first. Raises OpsError."""
        return self.records().journal(name, limit, since=since)

    def entry(self, identity: str) -> Entry | None:
        """One entry of the journal, by its id or the only one that begins so. Raises OpsError."""
        return self.records().entry(identity.strip()) if identity.strip() else None

    def drift(self, name: str) -> Drift | None:
        """What was changed elsewhere since it was last set or accepted through Ebb; None where nothing was.

        At the first look the set-up as it is counts as accepted. Raises UnknownEndpoint, OpsError.
        """
        reading = self._reading()
        endpoint = self._at(reading, name)
        present = self._gate().present(reading, endpoint.ref)
        known = self._baseline(name)
        if known is None:
            self._keep_baseline(name, Baseline(replace(present, alarms=(), resources=()), reading.now))
            return None
        wanted, found = drift(known, present, endpoint.ref, reading.now)
        return Drift(known, wanted, found, self._who(endpoint.ref, found, known.begin)) if found else None

    def accept(self, name: str, actor: Actor) -> None:
        """Take what holds now for what is wanted: no drift any more. Raises ReadOnly, OpsError; on record."""
        reading = self._reading()
        endpoint = self._at(reading, name)
        present = self._gate().present(reading, endpoint.ref)
        title, now = f"Accept what was changed elsewhere on {name}", reading.now
        with on_record(self.records(), self.connection(), actor, name, "accept", title, now, writes=False):
            self._keep_baseline(name, Baseline(replace(present, alarms=(), resources=()), now, actor.name))

    def _unanswered(self, name: str) -> int | None:
        """Requests submitted from Ebb that have no answer yet; None where nobody can tell."""
        return None

    def _gate(self) -> Gate:
        return Gate(self.connection(), self.records, self._who)

    def _asked(
        self, name: str, changes: Iterable[Change] = (), alarms: Iterable[str] = ()
    ) -> tuple[Setup, Around]:
        """The set-up as it is now, with every alarm that changes name, and what a plan has to know besides."""
        reading = self._reading()
        endpoint = self._at(reading, name)
        seen, _, _ = self._gatherer().state().judged(name)
        named = {a.name for a in seen.alarms} | set(alarms) | _alarms_of(changes)
        before = self._gate().present(reading, endpoint.ref, named)
        price = None
        if endpoint.kinds:
            price, _ = self._prices.quote(
                endpoint.ref.region, endpoint.kinds[0], asynchronous=endpoint.is_async
            )
        limits, _ = self._limits.limits(reading)
        hosts = [seen.latest(metric) for metric in (metrics.GPU, metrics.CPU)]
        used = [value / 100 for value in hosts if value is not None]
        unread = "metrics" in seen.hidden
        work = InFlight(
            seen.latest(metrics.BACKLOG),
            None if unread else seen.hour(metrics.PROCESSED, JOB_S // 60),
            JOB_S,
            max(used, default=None),
            self._unanswered(name),
        )
        quota = limits.get(endpoint.instance_type or "")
        return before, Around(endpoint, reading.now, price, quota, seen.usual_start(), work)

    def _planned(
        self, kind: str, title: str, changes: Iterable[Change], before: Setup, around: Around, **more: Any
    ) -> ChangePlan:
        """A plan with an id of its own: see ops.core.planning.make."""
        return planning.make(uuid.uuid4().hex, kind, title, changes, before, around, **more)

    def _at(self, reading: Reading, name: str) -> Endpoint:
        """An endpoint as AWS describes it now. Raises UnknownEndpoint, Denied."""
        gatherer = self._gatherer()
        gatherer.look(reading, name)
        found = next((e for e in gatherer.endpoints() if e.ref.name == name), None)
        if found is None:
            raise Denied("sagemaker:DescribeEndpoint", f"AWS does not let Ebb describe {name}.")
        return found

    def _who(self, ref: EndpointRef, moved: tuple[Difference, ...], since: datetime) -> str:
        journal = self.records().journal(ref.name, since=since - LATE)
        alarms = self._gatherer().state().scaling.alarms.owners()
        return authors(self._reading(), journal, alarms, ref, moved, since)

    def _baseline(self, name: str) -> Baseline | None:
        kept = self.records().memo(f"baseline:{name}")
        try:
            return _BASELINE.validate_json(kept) if kept else None
        except ValidationError:
            return None

    def _keep_baseline(self, name: str, baseline: Baseline) -> None:
        self.records().remember(f"baseline:{name}", _BASELINE.dump_json(baseline).decode())

    def _note_baseline(self, entry: Entry, found: Setup | None) -> None:
        """What Ebb itself set is wanted; what drifted before stays drifted. `found`: what holds now."""
        went = entry.outcome in (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR)
        if found is None or not went or entry.before == entry.after:
            return
        at, name = entry.ended or entry.at, entry.ref.name
        present = replace(found, alarms=(), resources=())
        try:
            known = self._baseline(name)
            if known is not None:
                own = {d.part for d in of_entry(entry)}
                wanted, moved = drift(known, present, entry.ref, at)
                left = {d.part for d in moved} - own
                present = replaced(present, wanted, left)
                if left:
                    self._keep_baseline(name, Baseline(present, at, known.by, known.begin))
                    return
            self._keep_baseline(name, Baseline(present, at, entry.actor.name))
        except OpsError as error:  # the change is made and on record: it counts as drift at worst
            log.warning("%s %s", error.what, error.hint)


def _alarms_of(changes: Iterable[Change]) -> set[str]:
    return {key.partition(" ")[2] for key in touched(changes, Setup()) if key.startswith("alarm ")}


def chosen(changes: Iterable[Change], topic: str) -> tuple[Change, ...]:
    """With the topic that somebody chose in the place of its stand-in. Raises BadInput without one, or for none."""
    example = "Choose an SNS topic by its ARN, such as arn:aws:sns:eu-central-1:123456789012:on-call."
    found: list[Change] = []
    for change in changes:
        if isinstance(change, PutAlarm) and any(isinstance(a, ChosenTopic) for a in change.actions):
            if not topic:
                raise BadInput(f"The alarm {change.name} needs somebody to tell.", example)
            if not TOPIC.fullmatch(topic):
                raise BadInput(f"{topic!r} is not the ARN of an SNS topic.", example)
            actions = tuple(topic if isinstance(a, ChosenTopic) else a for a in change.actions)
            found.append(replace(change, actions=actions))
        else:
            found.append(change)
    return tuple(found)
