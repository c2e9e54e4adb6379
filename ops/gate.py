"""The write gate: whatever Ebb changes in AWS goes through here, once, and is on record before the first call.

Re-read and compare (else stale), claim the plan in the journal (else it was applied before), make the calls, read
back, close the entry. Refusals and failures are on record too. A process that dies on the way leaves an entry that
has begun: `reconcile` looks at what AWS holds and ends it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ops import at_work, clock, vault
from ops.at_work import StopSign
from ops.aws import alarms as aws_alarms
from ops.aws import deploy, scaling
from ops.aws.calls import Reading
from ops.core import change_words as words
from ops.core.change import (
    EVERY_SCHEDULE,
    ROLES,
    Actor,
    ChangePlan,
    Entry,
    Made,
    Outcome,
    Receipt,
    may,
)
from ops.core.errors import BadInput, Denied, OpsError, ReadOnly, Stale, Unconfirmed
from ops.core.fix_calls import Call, call, filled
from ops.core.planning import needs
from ops.core.resources import Resource
from ops.core.setup import Difference, Setup, differences, touched
from ops.core.setup_steps import after
from ops.core.types import Connection, EndpointRef, Severity
from ops.course import Course, ended_whatever_happens
from ops.store.history import History

READ_BACK_S = (0.0, 0.5, 1.5, 3.0)
"""Waits before each look at what AWS made of a change: Application Auto Scaling is eventually consistent."""
PATIENCE_S = 600.0
"""So long AWS may fail to answer while something is waited for."""
Who = Callable[[EndpointRef, tuple[Difference, ...], datetime], str]
"""Who made these differences since then, in a sentence; empty where it is not known."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The gate of one AWS. `pause` lets real time pass between two looks."""

    connection: Connection
    records: Callable[[], History]
    """Where the journal is kept. Raises OpsError where it cannot be used: then nothing is changed."""
    who: Who
    pause: Callable[[float], object] = clock.pause

    def present(
        self,
        reading: Reading,
        ref: EndpointRef,
        alarms: Iterable[str] = (),
        resources: Iterable[Resource] = (),
    ) -> Setup:
        """How a variant is set up now, with the alarms of these names and those of its policies, and what there is of
        these models, configurations and endpoints. Raises OpsError.
        """
        found = scaling.setup_of(reading, ref)
        names = {name for policy in found.policies for name in policy.alarm_names} | set(alarms)
        if names:
            found = replace(found, alarms=aws_alarms.named(reading, names))
        keys = {(r.kind, r.name) for r in resources}
        return replace(found, resources=deploy.present(reading, keys)) if keys else found

    def apply(
        self,
        reading: Reading,
        plan: ChangePlan,
        actor: Actor,
        why: str = "",
        typed: str = "",
        stop: StopSign | None = None,
    ) -> Receipt:
        """Carry out a plan that somebody has reviewed; what AWS refuses is in the receipt's entry.

        What is done so far is in the journal after each step. `stop`: ends it before its next step, or while it waits.

        Raises ReadOnly (role, read-only AWS), Unconfirmed (not the word that was asked for), BadInput (nothing to
        do), Stale (changed since), and OpsError where the journal cannot be written or AWS cannot be read. Refusals are
        on record.
        """
        records = self.records()
        if plan.empty:
            raise BadInput("There is nothing to change: it is like this already.")
        wanted = _calls(plan)
        reading.ask("sts", "GetCallerIdentity")  # AWS's time
        self._insist(records, plan, actor, why, typed, reading.now)
        entry = self._entry(plan, actor, why, Outcome.BEGUN, reading.now)
        known = self._claim(records, entry)
        if known is not None:
            return Receipt(known, fresh=False)
        vault.keep(plan.ref, (*plan.before.resources, *plan.after.resources))
        course = Course(records, entry, stop or StopSign())
        with at_work.carrying_out(entry.id), ended_whatever_happens(course, reading):
            return self._claimed(reading, plan, wanted, course)

    def _claimed(self, reading: Reading, plan: ChangePlan, wanted: Iterable[Call], course: Course) -> Receipt:
        """Carry out a plan that is on record as begun."""
        records, entry = course.records, course.entry
        try:
            present = self._now(reading, plan)
            self._compare(reading, plan, present)
        except Stale as error:
            records.write_entry(replace(entry, outcome=Outcome.STALE, said=error.what, ended=reading.now))
            raise
        except OpsError as error:
            said = f"Nothing was done: {error.what}"
            records.write_entry(replace(entry, outcome=Outcome.FAILED, said=said, ended=reading.now))
            raise
        made, failure = self._make(reading, wanted, present, course)
        keys = touched(plan.changes, plan.before)
        return self._close(reading, course, plan, replace(entry, made=made), failure, keys)

    def reconcile(self, reading: Reading) -> tuple[Entry, ...]:
        """End the entries that a killed process left begun, by what AWS holds now. Raises OpsError."""
        records = self.records()
        ended = []
        for entry in records.journal(begun=True):
            reading.ask("sts", "GetCallerIdentity")
            if not at_work.abandoned(entry, reading.now):
                continue
            resources = (*entry.before.resources, *entry.after.resources)
            names = [a.name for a in (*entry.before.alarms, *entry.after.alarms)]
            present = self.present(reading, entry.ref, names, resources)
            keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
            to_go = _of(differences(entry.after, present, entry.ref), keys)
            done = _of(differences(entry.before, present, entry.ref), keys)
            outcome = Outcome.DONE if not to_go else Outcome.FAILED if not done else Outcome.UNCLEAR
            if not keys:  # no change of the set-up: what became of it stands elsewhere
                outcome = Outcome.UNCLEAR
            closed = replace(entry, outcome=outcome, said=words.reconciled(outcome, to_go), ended=reading.now)
            if records.exchange_entry(closed, entry.stands_still):
                self._note_undone(records, closed)
                ended.append(closed)
        return tuple(ended)

    def _insist(
        self, records: History, plan: ChangePlan, actor: Actor, why: str, typed: str, now: datetime
    ) -> None:
        """The plan says who may and what to type; what its changes need holds whatever it says."""
        error: OpsError | None = None
        role = max(plan.needs, needs(plan.changes), key=ROLES.index)
        hurts = any(caution.severity is Severity.CRITICAL for caution in plan.cautions)
        word = plan.ref.name if hurts else plan.confirm
        here = (self.connection.account, self.connection.region)
        if (plan.ref.account, plan.ref.region) != here:
            error = Stale(
                f"The plan is for {plan.ref.region} of {plan.ref.account}, and this is {here[1]} of {here[0]}.",
                "Nothing was changed. Make the plan anew where it is meant.",
            )
        elif plan.made_in not in (None, (self.connection.kind, self.connection.world)):
            error = Stale(
                f"The plan is for another AWS than this one, although both are {here[1]} of {here[0]}.",
                "Nothing was changed. Make the plan anew where it is meant.",
            )
        elif not may(actor.role, role):
            error = ReadOnly(
                f"This needs the role {role}; {actor.name} holds {actor.role}.",
                f"Ask somebody who is {role}, or copy the commands from the plan.",
            )
        elif not self.connection.writable:
            why_not = self.connection.why_read_only or "This AWS is read-only here."
            error = ReadOnly(why_not, "The plan's texts (AWS CLI and others) can be run elsewhere.")
        elif word and typed.strip() != word:
            error = Unconfirmed(
                f"This can hurt production: type {word!r} to confirm it.", "Nothing was changed."
            )
        if error is None:
            return
        entry = self._entry(plan, actor, why, Outcome.REFUSED, now)
        records.write_entry(replace(entry, id=uuid.uuid4().hex, said=error.what, ended=now))
        raise error

    def _claim(self, records: History, entry: Entry) -> Entry | None:
        """Put a plan on record before anything is done; the entry of it where that was so before.

        Raises OpsError (retryable) while another change of the same endpoint is under way.
        """
        if records.claim(entry, beside=at_work.under_way):
            return None
        known = records.entry(entry.id)
        if known is not None and known.id == entry.id:
            return known
        raise OpsError(
            f"Another change of {entry.ref.name} is being made at this moment.",
            "Nothing was done. Try again when it has ended.",
            retryable=True,
        )

    def _compare(self, reading: Reading, plan: ChangePlan, present: Setup) -> None:
        """Raises Stale where what the plan touches, or rests on, is not as it was."""
        keys = {*touched(plan.changes, plan.before), *plan.rests_on}
        moved = tuple(
            d
            for d in differences(plan.before, present, plan.ref)
            if d.part in keys or (EVERY_SCHEDULE in keys and d.part.startswith("schedule "))
        )
        if moved:
            said = words.stale(moved, self.who(plan.ref, moved, plan.made_at))
            raise Stale(said, "Look at the plan anew: it is made from what holds now.")

    def _make(
        self, reading: Reading, wanted: Iterable[Call], present: Setup, course: Course
    ) -> tuple[tuple[Made, ...], OpsError | None]:
        """Make the calls in order, up to the first that fails."""
        arns = {policy.name: policy.arn for policy in present.policies}
        made: list[Made] = []
        for each in wanted:
            try:
                course.go_on()
                now = filled(each, arns)
                answer = self._done(reading, now, course, tuple(made))
            except KeyError as error:
                missing = BadInput(f"There is no policy {error} for it to run.", "Plan it anew.")
                made.append(Made(each.service, each.operation, {}, error=missing.what))
                return tuple(made), missing
            except OpsError as error:
                what = each.waits or each.operation
                made.append(Made(each.service, what, each.parameters, error=error.what, at=reading.now))
                return tuple(made), error
            if now.makes:
                arns[now.makes] = str(answer.get("PolicyARN", ""))
            made.append(
                Made(
                    now.service,
                    now.waits or now.operation,
                    now.parameters,
                    _request_id(answer),
                    at=reading.now,
                )
            )
            try:
                course.note(tuple(made))
            except OpsError as error:  # what is not on record is not gone on with
                return tuple(made), error
        return tuple(made), None

    def _done(
        self, reading: Reading, now: Call, course: Course, made: tuple[Made, ...]
    ) -> Mapping[str, object]:
        if not now.waits:
            return scaling.make(reading, now)
        looks, troubled = deploy.wait(reading, now), None
        while True:
            try:
                seen, troubled = next(looks), None
            except OpsError as error:  # minutes are long: what may pass ends no waiting
                troubled = clock.monotonic() if troubled is None else troubled
                if not error.retryable or clock.monotonic() - troubled > PATIENCE_S:
                    raise
                looks = deploy.wait(reading, now)
                seen = deploy.Seen(False, f"{error.what} It is asked again.", deploy.poll_s(reading))
            course.note(made, seen.said)
            if seen.done:
                return {}
            course.go_on()
            self.pause(seen.next_s)

    def _close(
        self,
        reading: Reading,
        course: Course,
        plan: ChangePlan,
        entry: Entry,
        error: OpsError | None,
        keys: Iterable[str],
    ) -> Receipt:
        went = sum(not made.error for made in entry.made)
        outcome = Outcome.DONE if error is None else Outcome.PARTLY if went else Outcome.FAILED
        said = "" if error is None else " ".join(filter(None, (error.what, error.hint)))
        lost = error is not None and error.retryable  # no answer: AWS may have done it all the same
        wanted = plan.after if error is None or lost else after(plan.before, plan.changes[:went])
        found, missing, notes = self._read_back(reading, plan, wanted, set(keys))
        if lost:
            outcome, missing = _by_read_back(plan, found, missing, set(keys))
            said = words.lost_answer(outcome, said)
        elif error is None and missing:
            said = words.read_back(missing)
        closed = replace(entry, outcome=outcome, said=said, ended=reading.now)
        try:
            if course.close(closed):
                self._note_undone(course.records, closed)
            else:
                notes = (*notes, "Another Ebb has closed this entry meanwhile: what that found stands.")
        except OpsError as trouble:
            notes = (
                *notes,
                f"The journal could not be closed: {trouble.what} Ebb does so at its next start.",
            )
        action = error.action if isinstance(error, Denied) else ""
        return Receipt(closed, True, found, missing, notes, action)

    def _read_back(
        self, reading: Reading, plan: ChangePlan, wanted: Setup, keys: set[str]
    ) -> tuple[Setup | None, tuple[Difference, ...], tuple[str, ...]]:
        found: Setup | None = None
        missing: tuple[Difference, ...] = ()
        for wait_s in READ_BACK_S:
            self.pause(wait_s)
            try:
                found = self._now(reading, plan)
            except OpsError as error:
                return None, (), (f"It could not be read back: {error.what}",)
            missing = _of(differences(wanted, found, plan.ref), keys)
            if not missing:
                break
        return found, missing, ()

    def _now(self, reading: Reading, plan: ChangePlan) -> Setup:
        """What AWS holds now of what a plan is about."""
        names = [a.name for a in (*plan.before.alarms, *plan.after.alarms)]
        return self.present(reading, plan.ref, names, (*plan.before.resources, *plan.after.resources))

    def _note_undone(self, records: History, entry: Entry) -> None:
        """What was undone says by whom, so that nobody undoes it twice."""
        undone = records.entry(entry.undo_of) if entry.undo_of else None
        if undone is not None and entry.outcome in (Outcome.DONE, Outcome.PARTLY):
            records.write_entry(replace(undone, undone_by=entry.id))

    def _entry(self, plan: ChangePlan, actor: Actor, why: str, outcome: Outcome, at: datetime) -> Entry:
        return Entry(
            plan.id,
            at,
            actor,
            plan.ref,
            plan.kind,
            plan.title,
            why.strip(),
            plan.before,
            plan.after,
            outcome,
            undo_of=plan.undo_of,
            process=at_work.PROCESS,
            planned=tuple(map(words.step, plan.changes)),
            continues=plan.continues,
            beat=clock.now(),
        )


def _calls(plan: ChangePlan) -> tuple[Call, ...]:
    """Raises BadInput for what Ebb cannot write or does not know any more, before anything is done."""
    try:
        return tuple(call(vault.filled(plan.ref, change)) for change in plan.changes)
    except ValueError as error:
        raise BadInput(f"Nothing was done: {error}.", "Change it where it was made.") from error


def _by_read_back(
    plan: ChangePlan, found: Setup | None, missing: tuple[Difference, ...], keys: set[str]
) -> tuple[Outcome, tuple[Difference, ...]]:
    """What became of a change whose answer was lost."""
    if found is None:
        return Outcome.UNCLEAR, ()
    if not missing:
        return Outcome.DONE, ()
    moved = _of(differences(plan.before, found, plan.ref), keys)
    return (Outcome.PARTLY if moved else Outcome.FAILED), missing if moved else ()


def _of(found: Iterable[Difference], keys: Iterable[str]) -> tuple[Difference, ...]:
    wanted = set(keys)
    return tuple(d for d in found if d.part in wanted)


def _request_id(answer: Mapping[str, object]) -> str:
    told = answer.get("ResponseMetadata")
    return str(told.get("RequestId", "")) if isinstance(told, Mapping) else ""
