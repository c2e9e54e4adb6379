"""The part of the console that makes asynchronous endpoints: plans made of a fresh reading, for the write gate.

Nothing about a deployment is remembered but its journal entry: what there is of it is read from AWS, so that one
that ended on the way can be gone on with, or cleaned up, from anywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from ops.aws import deploy, objects
from ops.aws import inventory as aws_inventory
from ops.aws.calls import Reading
from ops.aws.deploy import ModelLine
from ops.aws.topics import TopicReader
from ops.changing import Changing
from ops.core import deploy_owned as owned
from ops.core import deploy_planning as planning
from ops.core import deployment
from ops.core.change import Caution, ChangePlan, CostEffect, Entry, Outcome
from ops.core.deploy_progress import (
    CLEANUP,
    DEPLOY,
    NEVER_BEGUN,
    Unfinished,
    compared,
    open_ends,
    root_of,
)
from ops.core.deployment import Deployment
from ops.core.doctor import Topic
from ops.core.errors import BadInput
from ops.core.resources import ENDPOINT, Resource
from ops.core.setup import Setup, differences, replaced
from ops.core.setup_steps import steps, way_back
from ops.core.types import EndpointRef, Price, Severity
from ops.core.words import count

KIND = DEPLOY


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
        planning.known_type(wish.instance_type, self.instance_types())
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
            cautions=(*planning.left_over(before), *self._cautions(wish)),
        )

    def plan_continue(self, identity: str) -> ChangePlan:
        """What is left to do of a deployment that ended on the way, by the journal entry of any attempt at it.

        Of one that was being cleaned up: the rest of that. Raises BadInput, OpsError.
        """
        last = self._ended(identity)
        if last.kind == CLEANUP and last.undo_of:
            return self.plan_cleanup(identity)
        entry = self._root(last)
        before, now = self._there(entry.ref, entry.after, entry.before)
        keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
        wanted = replaced(before, entry.after, keys)
        others = self._foreign(entry, before)
        planning.not_its_own(others)
        changes = steps(before, wanted, entry.ref)
        if not changes:
            raise BadInput("Nothing is left to do: all of it exists.", "Look at the endpoint.")
        return planning.make(
            uuid.uuid4().hex,
            entry.kind,
            f"Continue: {entry.title}",
            changes,
            before,
            entry.ref,
            now,
            effect=planning.rest_of(before, changes),
            cost=self._cost_of(entry.after),
            cautions=planning.replaced_alarms(others),
            continues=entry.id,
        )

    def plan_cleanup(self, identity: str) -> ChangePlan:
        """To remove what a deployment and the attempts to finish it have made, and nobody else uses.

        Raises BadInput, OpsError.
        """
        entry = self._root(self._ended(identity))
        return self._way_back(entry, f"Clean up: {entry.title}", CLEANUP)

    def plan_undo(self, identity: str) -> ChangePlan:
        """As for any change; of what SageMaker holds, too. Raises BadInput, OpsError."""
        entry = self.entry(identity)
        if entry is None or not (entry.before.resources or entry.after.resources):
            return super().plan_undo(identity)
        if entry.undone_by:
            raise BadInput(
                f"This was undone already, by {entry.undone_by[:8]}.", "Undo that entry to have it again."
            )
        ended = self._ended(identity)
        if ended.kind == KIND:
            return self.plan_cleanup(identity)
        return self._way_back(ended, f"Undo: {ended.title}", "undo")

    def left_of(self, identity: str) -> Setup:
        """What exists now of what a deployment made. Raises BadInput, OpsError."""
        entry = self._root(self._ended(identity))
        present, _ = self._there(entry.ref, entry.after, entry.before)
        keys = {d.part for d in differences(entry.before, entry.after, entry.ref)}
        return present.only(keys - self._foreign(entry, present))

    def unfinished(self) -> tuple[Unfinished, ...]:
        """Every deployment of the journal that ended on the way, with what exists of it now. Raises OpsError."""
        found = []
        journal = self.deployments()
        for root, last in open_ends(journal):
            present, _ = self._there(root.ref, root.after, root.before)
            each = compared(root, last, present, self._foreign(root, present, journal))
            if each is not None and not (each.cleans and self._only_used(each)):
                found.append(each)
        return tuple(found)

    def deployments(self) -> tuple[Entry, ...]:
        """The journal's entries of what SageMaker holds, newest first. Asks AWS for nothing. Raises OpsError."""
        return self.records().journal(limit=None, hosting=True)

    def models(self) -> tuple[ModelLine, ...]:
        """The models that can be deployed, the newest first. Raises OpsError."""
        return deploy.models(self._reading())

    def instance_types(self) -> tuple[str, ...]:
        """Every type that can be asked for, by the API and the account's quotas; those it may run stand first.

        Raises OpsError.
        """
        reading = self._reading()
        limits, _ = self._limits.limits(reading)
        every = dict.fromkeys((*deploy.instance_types(reading), *limits))
        may = [kind for kind in every if limits.get(kind)]
        return (*may, *(kind for kind in every if kind not in may))

    def quota(self, instance_type: str) -> int | None:
        """How many instances of a type all endpoints together may run; None where that is not known."""
        return self._limits.limits(self._reading())[0].get(instance_type)

    def names_taken(self, keys: Iterable[tuple[str, str]]) -> tuple[Resource, ...]:
        """What of these (kind, name) exists already. Raises OpsError."""
        return deploy.present(self._reading(), keys)

    def host_prices(self, instance_type: str) -> tuple[Price | None, Price | None]:
        """An instance-hour of a type for asynchronous inference, and for real-time; None where not known."""
        region = self.connection().region
        own, _ = self._prices.quote(region, instance_type, asynchronous=True)
        return own, self._prices.quote(region, instance_type, asynchronous=False)[0]

    def _cost_of(self, wanted: Setup) -> CostEffect | None:
        """What an instance of a configuration costs; None without one."""
        kinds = [
            v.get("InstanceType")
            for r in wanted.resources
            for v in r.parameters.get("ProductionVariants", ())
        ]
        if not kinds or not kinds[0]:
            return None
        return planning.cost_of_one(self.host_prices(str(kinds[0]))[0], str(kinds[0]))

    def _way_back(self, entry: Entry, title: str, kind: str) -> ChangePlan:
        before, now = self._there(entry.ref, entry.after, entry.before)
        wanted, lost = way_back(before, entry.before, entry.after, entry.ref)
        others = self._foreign(entry, before)
        used = self._used(before, replaced(wanted, before, others))
        kept = {*others, *used}
        wanted = replaced(wanted, before, kept)
        changes = steps(_without(before, kept), _without(wanted, kept), entry.ref)
        if not changes and kept:
            raise BadInput(
                f"Nothing is left of it that could go: {owned.names(sorted(kept))} stays.",
                "; ".join(c.sentence for c in planning.stays(others, used)),
            )
        if not changes:
            raise BadInput("Nothing is left of it: there is nothing to clean up.")
        made = not entry.before.resources
        return planning.make(
            uuid.uuid4().hex,
            kind,
            title,
            changes,
            before,
            entry.ref,
            now,
            effect="Only what this deployment made, and nobody else uses, is removed."
            if made
            else "What was removed is made anew.",
            cautions=(
                *planning.stays(others, used),
                *planning.taken_back(before, [d for d in lost if d.part not in kept], changes),
            ),
            undo_of=entry.id,
        )

    def _foreign(self, root: Entry, present: Setup, journal: Iterable[Entry] | None = None) -> frozenset[str]:
        """What stands under the names of a deployment and was made by somebody else. Raises OpsError."""
        entries = self.records().journal(root.ref.name, None, hosting=True) if journal is None else journal
        attempts = [e for e in entries if e.ref == root.ref and root_of(e) == root.id]
        return owned.foreign(root, present, owned.made_by(attempts, present))

    def _used(self, present: Setup, wanted: Setup) -> dict[str, str]:
        """What would go and is used by others, with who. Raises OpsError."""
        stays = {r.key for r in wanted.resources}
        going = {r.key for r in present.resources if r.key not in stays}
        if not going:
            return {}
        users = self._users(self._reading())
        return owned.in_use(going, owned.Using(users.endpoints, users.configs, users.whole))

    def _only_used(self, each: Unfinished) -> bool:
        """Whether all that a clean-up has left is used by others: then it is over. Raises OpsError."""
        left = {r.key for r in each.left.resources}
        return left == set(each.exist) and left == self._used(each.left, Setup()).keys()

    def _users(self, reading: Reading) -> aws_inventory.Users:
        """Who uses what, by what AWS lists now."""
        gatherer = self._gatherer()
        configs = dict.fromkeys(gatherer.names(reading), "")
        for endpoint in gatherer.endpoints():
            if endpoint.ref.name in configs:
                configs[endpoint.ref.name] = endpoint.config_name
        missing = [name for name, config in configs.items() if not config]
        for found in deploy.present(reading, [(ENDPOINT, name) for name in missing]):
            configs[found.name] = str(found.parameters.get("EndpointConfigName", ""))
        return self._configs_used.users(reading, configs)

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
        reading = self._reading()
        found += self._buckets_missing(reading, (wish.output_path, wish.failure_path))
        found += planning.heard(wish, self._topics_of(reading, wish))
        limits, _ = self._limits.limits(reading)
        quota = limits.get(wish.instance_type)
        if quota is not None and wish.high > quota:
            raise BadInput(
                f"The account may run {quota} × {wish.instance_type}, all endpoints together; this one wants up to "
                f"{wish.high}.",
                f"Give at most {quota}, or have the quota raised in Service Quotas first.",
            )
        return found

    def _buckets_missing(self, reading: Reading, paths: Iterable[str]) -> Iterator[Caution]:
        """That results, or failures, would go into a bucket that is not there: AWS takes that all the same."""
        names = dict.fromkeys(objects.no_bucket(reading, path) for path in paths if path)
        for name in names:
            if name:
                yield Caution(
                    Severity.WARNING,
                    f"There is no bucket {name}: AWS makes the endpoint all the same, and then no result can be "
                    f"written. Make it first: aws s3 mb s3://{name}",
                )

    def _topics_of(self, reading: Reading, wish: Deployment) -> tuple[Topic, ...]:
        """The SNS topics that it would tell; those that AWS does not let Ebb read are left out."""
        told = dict.fromkeys((wish.success_topic, wish.error_topic))
        told |= dict.fromkeys(str(action) for alarm in wish.alarms for action in alarm.actions)
        found, _ = TopicReader().some(reading, [arn for arn in told if arn])
        return tuple(found.values())

    def _ended(self, identity: str) -> Entry:
        """An entry that made or deleted something SageMaker holds, and is at its end. Raises BadInput."""
        entry = self.entry(identity)
        if entry is None:
            raise BadInput(f"The journal has no entry {identity!r}, or several begin so.", "See `activity`.")
        if not entry.after.resources and not entry.before.resources:
            raise BadInput(f"{identity} made no endpoint.", "Use `undo` for what it changed.")
        if entry.outcome is Outcome.BEGUN:
            raise BadInput(
                "It is still under way.",
                "Stop it first, or wait for it. Should its process be gone, it counts as abandoned once nothing has "
                "been heard of it for five minutes.",
            )
        if entry.outcome in NEVER_BEGUN:
            raise BadInput(f"{identity} did nothing: {entry.said}", "Plan it anew.")
        return entry

    def _root(self, entry: Entry) -> Entry:
        """The first entry of what an attempt was to finish or clean up."""
        return self.entry(root_of(entry)) or entry


def _without(setup: Setup, keys: Iterable[str]) -> Setup:
    """A set-up without the resources and alarms that nothing is done to."""
    named = set(keys)
    return replace(
        setup,
        resources=tuple(r for r in setup.resources if r.key not in named),
        alarms=tuple(a for a in setup.alarms if f"alarm {a.name}" not in named),
    )
