"""The part of the console that makes asynchronous endpoints: plans made of a fresh reading, for the write gate.

Nothing about a deployment is remembered but its journal entry: what there is of it is read from AWS, so that one
that ended on the way can be gone on with, or cleaned up, from anywhere.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from ops.aws import deploy
from ops.changing import Changing
from ops.core import deploy_planning as planning
from ops.core import deployment
from ops.core.change import Caution, ChangePlan, Entry, Outcome
from ops.core.deployment import Deployment
from ops.core.errors import BadInput
from ops.core.resources import Resource
from ops.core.setup import Setup, differences, replaced
from ops.core.setup_steps import steps, way_back
from ops.core.types import EndpointRef, Severity
from ops.core.words import count

KIND = "deploy"
UNFINISHED = (Outcome.PARTLY, Outcome.UNCLEAR, Outcome.FAILED)


class Deploying(Changing):
    """Deployments: planned here, carried out by `apply`, which waits until the endpoint is in service."""

    def plan_deploy(self, wish: Deployment) -> ChangePlan:
        """To make what a deployment wishes. Raises BadInput where a name is taken or it cannot work, OpsError."""
        deployment.check(wish)
        connection = self.connection()
        ref = wish.ref(connection.account, connection.region)
        wanted = deployment.wanted(wish, ref)
        before, now = self._there(ref, wanted)
        planning.taken(before)
        self._model_exists(wish, wanted)
        price, _ = self._prices.quote(ref.region, wish.instance_type, asynchronous=True)
        return planning.make(
            uuid.uuid4().hex,
            KIND,
            f"Deploy {wish.name}: up to {count(wish.high, 'instance')} of {wish.instance_type}",
            steps(before, wanted, ref),
            before,
            ref,
            now,
            effect=(
                "The endpoint starts with one instance, which takes some minutes. Without requests it falls "
                "asleep when its low alarm has seen no backlog long enough; the first request after that wakes it."
            ),
            cost=planning.cost_of_one(price, wish.instance_type),
            cautions=self._cautions(wish),
        )

    def plan_continue(self, identity: str) -> ChangePlan:
        """What is left to do of a deployment that ended on the way, by its journal entry. Raises BadInput, OpsError."""
        entry = self._unfinished(identity)
        before, now = self._there(entry.ref, entry.after, entry.before)
        keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
        wanted = replaced(before, entry.after, keys)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("Nothing is left to do: all of it exists.", "Look at the endpoint.")
        return planning.make(
            uuid.uuid4().hex,
            KIND,
            f"Continue: {entry.title.removeprefix('Continue: ')}",
            changes,
            before,
            entry.ref,
            now,
            effect="What exists already stays as it is; the rest is made.",
        )

    def plan_cleanup(self, identity: str) -> ChangePlan:
        """To remove what a deployment has made, by its journal entry. Raises BadInput, OpsError."""
        entry = self._unfinished(identity)
        before, now = self._there(entry.ref, entry.after, entry.before)
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("Nothing is left of it: there is nothing to clean up.")
        return planning.make(
            uuid.uuid4().hex,
            "cleanup",
            f"Clean up: {entry.title.removeprefix('Continue: ')}",
            changes,
            before,
            entry.ref,
            now,
            effect="Only what this deployment made is removed.",
            cautions=[
                Caution(Severity.WARNING, f"{each.part} was changed since; that would be lost.")
                for each in lost
            ],
            undo_of=entry.id,
        )

    def left_of(self, identity: str) -> Setup:
        """What exists now of what a journal entry was to make. Raises BadInput, OpsError."""
        entry = self._unfinished(identity)
        present, _ = self._there(entry.ref, entry.after, entry.before)
        keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
        return present.only(keys)

    def _there(self, ref: EndpointRef, *setups: Setup) -> tuple[Setup, datetime]:
        """What AWS holds now of what set-ups name, and its time."""
        reading = self._reading()
        names = [alarm.name for setup in setups for alarm in setup.alarms]
        resources = [each for setup in setups for each in setup.resources]
        found = self._gate().present(reading, ref, names, resources)
        return found, reading.now

    def _model_exists(self, wish: Deployment, wanted: Setup) -> None:
        """Raises BadInput where a deployment counts on a model that is not there."""
        if not isinstance(wish.model, str):
            return
        key = Resource("model", wish.model, {})
        if not deploy.present(self._reading(), [(key.kind, key.name)]):
            raise BadInput(
                f"There is no model {wish.model!r} in this account and region.",
                "See `aws sagemaker list-models`.",
            )

    def _cautions(self, wish: Deployment) -> list[Caution]:
        found: list[Caution] = []
        if not wish.wake:
            found.append(
                Caution(
                    Severity.WARNING,
                    "Without a wake policy it may never wake: target tracking has no datapoints at zero instances.",
                )
            )
        if not wish.failure_path and not wish.error_topic:
            found.append(
                Caution(
                    Severity.WARNING,
                    "Failures leave no trace but in its log: no failure path, no error topic.",
                )
            )
        limits, _ = self._limits.limits(self._reading())
        quota = limits.get(wish.instance_type)
        if quota is not None and wish.high > quota:
            raise BadInput(
                f"The account may run {quota} × {wish.instance_type}, all endpoints together; this one wants up to "
                f"{wish.high}.",
                f"Give at most {quota}, or have the quota raised in Service Quotas first.",
            )
        return found

    def _unfinished(self, identity: str) -> Entry:
        entry = self.entry(identity)
        if entry is None:
            raise BadInput(f"The journal has no entry {identity!r}, or several begin so.", "See `activity`.")
        if not entry.after.resources and not entry.before.resources:
            raise BadInput(f"{identity} made no endpoint.", "Use `undo` for what it changed.")
        if entry.outcome is Outcome.BEGUN:
            raise BadInput("It is still under way.", "Stop it first, or wait for it.")
        return entry
