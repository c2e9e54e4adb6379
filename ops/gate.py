"""The write gate: whatever Ebb changes in AWS goes through here, once, and is on record before the first call.

Re-read and compare (else stale), claim the plan in the journal (else it was applied before), make the calls, read
back, close the entry. Refusals and failures are on record too. A process that dies on the way leaves an entry that
has begun: `reconcile` looks at what AWS holds and ends it.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ops import clock
from ops.aws import alarms as aws_alarms
from ops.aws import scaling
from ops.aws.calls import Reading
from ops.core import change_words as words
from ops.core.change import Actor, ChangePlan, Entry, Made, Outcome, Receipt, may
from ops.core.errors import BadInput, Denied, OpsError, ReadOnly, Stale, Unconfirmed
from ops.core.fix_calls import call, filled
from ops.core.setup import Difference, Setup, differences, touched
from ops.core.setup_steps import after
from ops.core.types import Connection, EndpointRef
from ops.store.history import History

READ_BACK_S = (0.0, 0.5, 1.5, 3.0)
"""Waits before each look at what AWS made of a change: Application Auto Scaling is eventually consistent."""
ABANDONED = timedelta(minutes=15)
"""An entry that has begun for longer belongs to no living process, whatever its number says."""
_TOKEN = uuid.uuid4().hex[:8]
PROCESS = f"{socket.gethostname()}:{os.getpid()}:{_TOKEN}"
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

    def present(self, reading: Reading, ref: EndpointRef, alarms: Iterable[str] = ()) -> Setup:
        """How a variant is set up now, with the alarms of these names and those of its policies. Raises OpsError."""
        found = scaling.setup_of(reading, ref)
        names = {name for policy in found.policies for name in policy.alarm_names} | set(alarms)
        return replace(found, alarms=aws_alarms.named(reading, names)) if names else found

    def apply(
        self, reading: Reading, plan: ChangePlan, actor: Actor, why: str = "", typed: str = ""
    ) -> Receipt:
        """Carry out a plan that somebody has reviewed; what AWS refuses is in the receipt's entry.

        Raises ReadOnly (role, read-only AWS), Unconfirmed (not the word that was asked for), BadInput (nothing to
        do), Stale (changed since), and OpsError where the journal cannot be written or AWS cannot be read. Refusals are
        on record.
        """
        records = self.records()
        if plan.empty:
            raise BadInput("There is nothing to change: it is like this already.")
        self._insist(records, plan, actor, why, typed)
        known = records.entry(plan.id)
        if known is not None and known.id == plan.id:
            return Receipt(known, fresh=False)
        names = [a.name for a in (*plan.before.alarms, *plan.after.alarms)]
        present = self.present(reading, plan.ref, names)
        keys = touched(plan.changes, plan.before)
        moved = tuple(d for d in differences(plan.before, present, plan.ref) if d.part in keys)
        entry = self._entry(plan, actor, why, Outcome.BEGUN, reading.now)
        if moved:
            said = words.stale(moved, self.who(plan.ref, moved, plan.made_at))
            if not records.claim(replace(entry, outcome=Outcome.STALE, said=said, ended=reading.now)):
                return self._applied_before(records, plan)
            raise Stale(said, "Look at the plan anew: it is made from what holds now.")
        if not records.claim(entry):
            return self._applied_before(records, plan)
        made, error = self._make(reading, plan, present)
        return self._close(reading, records, plan, replace(entry, made=made), error, keys)

    def reconcile(self, reading: Reading) -> tuple[Entry, ...]:
        """End the entries that a killed process left begun, by what AWS holds now. Raises OpsError."""
        records = self.records()
        ended = []
        for entry in records.journal(begun=True):
            reading.ask("sts", "GetCallerIdentity")
            if _alive(entry.process) and reading.now - entry.at < ABANDONED:
                continue
            names = [a.name for a in (*entry.before.alarms, *entry.after.alarms)]
            present = self.present(reading, entry.ref, names)
            keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
            to_go = _of(differences(entry.after, present, entry.ref), keys)
            done = _of(differences(entry.before, present, entry.ref), keys)
            outcome = Outcome.DONE if not to_go else Outcome.FAILED if not done else Outcome.UNCLEAR
            if not keys:  # no change of the set-up: what became of it stands elsewhere
                outcome = Outcome.UNCLEAR
            closed = replace(entry, outcome=outcome, said=words.reconciled(outcome, to_go), ended=reading.now)
            records.write_entry(closed)
            self._note_undone(records, closed)
            ended.append(closed)
        return tuple(ended)

    def _insist(self, records: History, plan: ChangePlan, actor: Actor, why: str, typed: str) -> None:
        error: OpsError | None = None
        if not may(actor.role, plan.needs):
            error = ReadOnly(
                f"This needs the role {plan.needs}; {actor.name} holds {actor.role}.",
                f"Ask somebody who is {plan.needs}, or copy the commands from the plan.",
            )
        elif not self.connection.writable:
            why_not = self.connection.why_read_only or "This AWS is read-only here."
            error = ReadOnly(why_not, "The plan's AWS CLI and Terraform text can be run elsewhere.")
        elif plan.confirm and typed.strip() != plan.confirm:
            error = Unconfirmed(
                f"This can hurt production: type {plan.confirm!r} to confirm it.", "Nothing was changed."
            )
        if error is None:
            return
        entry = self._entry(plan, actor, why, Outcome.REFUSED, plan.made_at)
        records.write_entry(replace(entry, id=uuid.uuid4().hex, said=error.what, ended=plan.made_at))
        raise error

    def _make(
        self, reading: Reading, plan: ChangePlan, present: Setup
    ) -> tuple[tuple[Made, ...], OpsError | None]:
        """Make the calls in order, up to the first that AWS refuses."""
        arns = {policy.name: policy.arn for policy in present.policies}
        made: list[Made] = []
        for change in plan.changes:
            wanted = filled(call(change), arns)
            try:
                answer = scaling.make(reading, wanted)
            except OpsError as error:
                made.append(Made(wanted.service, wanted.operation, wanted.parameters, error=error.what))
                return tuple(made), error
            if wanted.makes:
                arns[wanted.makes] = str(answer.get("PolicyARN", ""))
            made.append(Made(wanted.service, wanted.operation, wanted.parameters, _request_id(answer)))
        return tuple(made), None

    def _close(
        self,
        reading: Reading,
        records: History,
        plan: ChangePlan,
        entry: Entry,
        error: OpsError | None,
        keys: Iterable[str],
    ) -> Receipt:
        went = sum(not made.error for made in entry.made)
        outcome = Outcome.DONE if error is None else Outcome.PARTLY if went else Outcome.FAILED
        said = "" if error is None else " ".join(filter(None, (error.what, error.hint)))
        wanted = plan.after if error is None else after(plan.before, plan.changes[:went])
        found, missing, notes = self._read_back(reading, plan, wanted, set(keys))
        if error is None and missing:
            said = words.read_back(missing)
        closed = replace(entry, outcome=outcome, said=said, ended=reading.now)
        try:
            records.write_entry(closed)
            if went:
                self._note_undone(records, closed)
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
        names = [a.name for a in (*plan.before.alarms, *plan.after.alarms)]
        found: Setup | None = None
        missing: tuple[Difference, ...] = ()
        for wait_s in READ_BACK_S:
            self.pause(wait_s)
            try:
                found = self.present(reading, plan.ref, names)
            except OpsError as error:
                return None, (), (f"It could not be read back: {error.what}",)
            missing = _of(differences(wanted, found, plan.ref), keys)
            if not missing:
                break
        return found, missing, ()

    def _applied_before(self, records: History, plan: ChangePlan) -> Receipt:
        known = records.entry(plan.id)
        if known is None:
            raise OpsError("The journal lost this entry.", "Look at what holds now before you try again.")
        return Receipt(known, fresh=False)

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
            process=PROCESS,
        )


def _of(found: Iterable[Difference], keys: Iterable[str]) -> tuple[Difference, ...]:
    wanted = set(keys)
    return tuple(d for d in found if d.part in wanted)


def _request_id(answer: Mapping[str, object]) -> str:
    told = answer.get("ResponseMetadata")
    return str(told.get("RequestId", "")) if isinstance(told, Mapping) else ""


def _alive(process: str) -> bool:
    """Whether the process that wrote an entry still runs, as far as this machine can tell."""
    host, _, rest = process.partition(":")
    number, _, token = rest.partition(":")
    if host != socket.gethostname():
        return True  # another machine: only its age tells
    if not number.isdigit():
        return False
    if int(number) == os.getpid():
        return token == _TOKEN
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
