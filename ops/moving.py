"""The part of the console that moves a real-time endpoint to an asynchronous one, a step at a time.

Which step is next is read from AWS, the journal and the ledger of requests: a move can be gone on with from anywhere.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import replace

from ops.aws import deploy
from ops.core import deploy_planning as planning
from ops.core import moving
from ops.core.attaching import Attachment
from ops.core.change import Actor, Caution, ChangePlan
from ops.core.errors import BadInput, UnknownEndpoint
from ops.core.inventory import Inventory
from ops.core.moving import Move, Standing, Step
from ops.core.requests import Batch, RequestFilter, Sent, Submission
from ops.core.resources import CONFIG, ENDPOINT
from ops.core.setup import Setup
from ops.core.setup_steps import steps
from ops.core.types import EndpointRef, Severity
from ops.lifecycle import Lifecycle
from ops.sending_console import Sending

MOVE = "move"
TESTS = 50
"""Requests to the new endpoint that are looked at, the newest first."""


class Moving(Lifecycle, Sending):
    """Moves: `move_standing` says what is next; `plan_move`, `test_move` and `plan_attach` do it."""

    def move_standing(self, name: str, to: str = "") -> Standing:
        """How far the move of an endpoint is. `to`: the new one; by the journal, or NAME-async, where it is empty.

        Raises BadInput for an endpoint that cannot be moved, UnknownEndpoint, OpsError.
        """
        target = to or self.moved_to(name) or f"{name}-async"
        old, new = self._inventory_of(name), self._inventory_of(target)
        if new is not None and new.endpoint is not None and moving.origin((new.endpoint,)) != name:
            raise BadInput(
                f"There is already an endpoint {target}, and it was not made by a move of {name}.",
                "Give another name for the new one.",
            )
        if old is not None and old.endpoint is not None:
            moving.movable(old)
        elif new is None or new.empty:
            raise UnknownEndpoint(name, ())
        there = new is not None and new.endpoint is not None
        seen = self._gatherer().state().judged(target)[0] if there else None
        return moving.standing((name, target), old, new, self._tests(target, new), self._time(), seen)

    def moved_to(self, name: str) -> str:
        """The newest endpoint that a move of this one was to make; empty where there was none."""
        for entry in self.journal(limit=1_000):
            if entry.kind == MOVE and moving.origin(entry.after.resources) == name:
                return entry.ref.name
        return ""

    def plan_move(self, wish: Move) -> ChangePlan:
        """To make the new endpoint, or what is missing of it. Nothing of the old one is touched.

        Raises BadInput where a name is taken or it cannot be moved, UnknownEndpoint, OpsError.
        """
        moving.check(wish)
        old = self.inventory(wish.name)
        moving.movable(old)
        resources = moving.made(old, wish)
        reading = self._reading()
        there = deploy.present(reading, [(CONFIG, wish.to), (ENDPOINT, wish.to)])
        if there and self.moved_to(wish.name) != wish.to:
            planning.taken(Setup(resources=there))
        moving.not_there(wish, there)
        connection = self.connection()
        ref = EndpointRef(connection.account, connection.region, wish.to, old.ref.variant)
        before = Setup(resources=there)
        around = self._asked(wish.name)[1]
        kind = (around.endpoint.kinds or ("its type",))[0]
        said = moving.cautions(old, wish)
        if around.quota is not None and wish.high > around.quota:
            raise BadInput(
                f"The account may run {around.quota} × {kind}, all endpoints together; this one wants up to "
                f"{wish.high}.",
                f"Give at most {around.quota}, or have the quota raised in Service Quotas first.",
            )
        held = around.endpoint.current or 0
        if around.quota is not None and held + 1 > around.quota:
            said.append(
                Caution(
                    Severity.WARNING,
                    f"The account may run {around.quota} × {kind}, and {wish.name} holds {held}: the new one may get "
                    "no instance while the old one is there. Have the quota raised in Service Quotas first.",
                )
            )
        said += self._buckets_missing(reading, (wish.output_path, wish.failure_path))
        said += planning.heard(wish, self._told(reading, (wish.success_topic, wish.error_topic)))
        price = self._prices.quote(ref.region, kind, asynchronous=True)[0] if around.endpoint.kinds else None
        return planning.make(
            uuid.uuid4().hex,
            MOVE,
            f"Move {wish.name} to the asynchronous {wish.to}",
            steps(before, Setup(resources=resources), ref),
            before,
            ref,
            around.now,
            effect=(
                f"{wish.to} is made of the same model and waited for, with one instance. Next comes a test payload, "
                "then its scaling; only then is the deletion of the old one offered."
            ),
            cost=planning.cost_awake(price, kind, 1, moving.UNTIL),
            cautions=said,
        )

    def test_move(
        self, name: str, to: str, filename: str, chunks: Iterator[bytes], actor: Actor, content_type: str
    ) -> Batch | None:
        """Send a test payload to the new endpoint; None where one is under way, or was answered.

        Raises BadInput while the new one is not in service, and as `upload` and `submit`.
        """
        at = self.move_standing(name, to)
        if at.steps[0].state != "done":
            raise BadInput(f"{at.to} is not in service yet: {at.steps[0].says}", "Wait for it first.")
        if at.steps[1].state in ("done", "waits"):
            return None
        uri = self.upload(at.to, filename, chunks, actor, content_type=content_type).uri
        failed = len(self._tests(at.to, self._inventory_of(at.to)))
        made = self._at(self._reading(), at.to).created
        key = hashlib.sha256(f"{at.to} {made.isoformat()} {failed}".encode()).hexdigest()[:32]
        return self.submit(Submission(at.to, uri, content_type), actor, confirmed=True, key=key)

    def plan_move_on(self, name: str, to: str = "", *, high: int = 2) -> ChangePlan:
        """The next step of a move that is a change: scaling, or the deletion of the old one once the new one has
        answered. Raises BadInput where something else is next, with what it is.
        """
        at = self.move_standing(name, to)
        if at.next is Step.ATTACH:
            plan = self.plan_attach(at.to, Attachment(high))
            if plan.empty:  # nothing is missing: what is there is at fault
                plan = self.plan_attach(at.to, Attachment(high), mend=True)
            if plan.empty:
                raise BadInput(
                    f"{at.to} cannot sleep and wake yet. {at.steps[2].says}", "See `python -m ops doctor`."
                )
            return replace(plan, title=f"Move {name}: let {at.to} sleep and wake")
        if at.next is Step.DELETE:
            plan = self.plan_delete(name)
            said = Caution(Severity.INFO, f"{at.to} has answered: {at.steps[1].says}")
            return replace(plan, cautions=(said, *plan.cautions))
        now = next((s for s in at.steps if s.step is at.next), None)
        if now is None:
            raise BadInput(f"The move of {name} is over.", f"Look at {at.to}.")
        raise BadInput(f"Next is: {now.title}. {now.says}", f"See `python -m ops move {name}`.")

    def move_wish(self, name: str, to: str) -> Move | None:
        """What a move was to make, by its newest journal entry; None where there was none."""
        for entry in self.journal(to, limit=1_000):
            if entry.kind == MOVE and moving.origin(entry.after.resources) == name:
                return moving.wish_of(name, entry.after.resources)
        return None

    def _inventory_of(self, name: str) -> Inventory | None:
        """What there is of an endpoint; None where nothing is known of it."""
        try:
            return self.inventory(name)
        except UnknownEndpoint:
            return None

    def _tests(self, to: str, new: Inventory | None) -> tuple[Sent, ...]:
        """The requests that Ebb sent to the new endpoint since it was made, the newest first."""
        if new is None or new.endpoint is None:
            return ()
        made = self._at(self._reading(), to).created
        return self._ledger().page(RequestFilter(endpoint=to, since=made, limit=TESTS))[0]
