"""The part of the console that tells what belongs to an endpoint: read from AWS; of one that is gone by its journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ops.aws import deploy
from ops.aws import inventory as aws_inventory
from ops.aws.calls import Reading
from ops.aws.endpoints import problem_of
from ops.core.change import Entry
from ops.core.errors import Denied, UnknownEndpoint
from ops.core.inventory import Inventory, Uses
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource
from ops.core.setup import Setup
from ops.core.types import Endpoint, EndpointRef, Problem
from ops.deploying import Deploying
from ops.doctor import leftovers

Keys = set[tuple[str, str]]


class Inventories(Deploying):
    """What there is of endpoints, and what would go with them."""

    def inventory(self, name: str) -> Inventory:
        """Everything that belongs to an endpoint, read now; of one that is gone what is left of it, empty for nothing.

        Raises UnknownEndpoint where there is neither an endpoint of that name nor anything that Ebb knows to be its
        own; OpsError.
        """
        reading = self._reading()
        try:
            self._gatherer().look(reading, name, everything=True)
        except UnknownEndpoint:
            return self._of_gone(reading, name)
        endpoint = self._at(reading, name)
        return self._of(reading, endpoint, self._users(reading))

    def inventories(self) -> tuple[Inventory, ...]:
        """Of all endpoints and of those that are gone and have left something, by name. Raises OpsError.

        Scaling and alarms are those of the last round of readings.
        """
        reading, gatherer = self._reading(), self._gatherer()
        gatherer.read(reading, everything=False)
        users = self._users(reading)
        self._tags.refresh(reading)
        there = sorted(gatherer.endpoints(), key=lambda e: e.ref.name)
        found = [self._as_known(each, users) for each in there]
        names = {each.ref.name for each in there}
        gone = {*leftovers(gatherer.state()), *(e.ref.name for e in self._made_here())} - names
        found += [self._of_gone(reading, name, users) for name in sorted(gone)]
        return tuple(each for each in found if each.endpoint is not None or not each.empty)

    def _of(self, reading: Reading, endpoint: Endpoint, users: aws_inventory.Users) -> Inventory:
        ref, name = endpoint.ref, endpoint.ref.name
        keys: Keys = {(ENDPOINT, name)}
        if endpoint.config_name:
            keys.add((CONFIG, endpoint.config_name))
        seen, _, problems = self._gatherer().state().judged(name)
        setup, unread = self._read(reading, ref, keys, {alarm.name for alarm in seen.alarms})
        return Inventory(
            ref,
            setup,
            _uses(users, name, setup),
            endpoint.current,
            endpoint.async_config,
            endpoint.other_variants,
            tuple(dict.fromkeys((*problems, *users.problems, *unread))),
        )

    def _as_known(self, endpoint: Endpoint, users: aws_inventory.Users) -> Inventory:
        """From memory: what the last round has read of an endpoint, and what its configuration names."""
        name, config = endpoint.ref.name, endpoint.config_name
        seen, _, problems = self._gatherer().state().judged(name)
        tags = self._tags.of(endpoint.arn)
        resources = [
            Resource(
                ENDPOINT,
                name,
                {"EndpointConfigName": config},
                tuple(sorted((tags or {}).items())),
                endpoint.status,
                endpoint.failure_reason,
            )
        ]
        if config in users.models:
            resources.append(Resource(CONFIG, config, {}))
        resources += [Resource(MODEL, model, {}) for model in users.models.get(config, ())]
        setup = Setup(seen.target, seen.policies, seen.schedules, seen.alarms, tuple(resources))
        untold = (self._tags.problem,) if tags is None and self._tags.problem is not None else ()
        return Inventory(
            endpoint.ref,
            setup,
            _uses(users, name, setup),
            endpoint.current,
            endpoint.async_config,
            endpoint.other_variants,
            tuple(dict.fromkeys((*problems, *users.problems, *untold))),
        )

    def _of_gone(self, reading: Reading, name: str, users: aws_inventory.Users | None = None) -> Inventory:
        """What is left of an endpoint that is not there, by what scaling and alarms name and the journal remembers."""
        gatherer = self._gatherer()
        if users is None:
            gatherer.read(reading, everything=False)
        state = gatherer.state()
        entries = [e for e in self._made_here() if e.ref.name == name]
        left = leftovers(state).get(name)
        watched = state.scaling.alarms.endpoints().get(name, ())
        if not entries and left is None and not watched:
            raise UnknownEndpoint(name, gatherer.names(reading)[:2])
        connection = self.connection()
        refs = [ref for ref, _ in left.targets] if left is not None else []
        refs += [entry.ref for entry in entries]
        ref = next(iter(refs), EndpointRef(connection.account, connection.region, name))
        setups = [setup for entry in entries for setup in (entry.before, entry.after)]
        keys: Keys = {(r.kind, r.name) for setup in setups for r in setup.resources}
        alarms = {a.name for setup in setups for a in setup.alarms} | {a.name for a in watched}
        setup, unread = self._read(reading, ref, keys, alarms)
        users = users or self._users(reading)
        return Inventory(ref, setup, _uses(users, name, setup), problems=(*users.problems, *unread))

    def _read(
        self, reading: Reading, ref: EndpointRef, keys: Keys, alarms: Collection[str]
    ) -> tuple[Setup, tuple[Problem, ...]]:
        """The set-up with what these name, the models of the configurations, and the tags of all of it; what is
        denied of models and tags.
        """
        resources = deploy.present(reading, keys)
        models = {
            (MODEL, model)
            for each in resources
            if each.kind == CONFIG
            for model in aws_inventory.models_of(each.parameters)
        }
        unread: tuple[Problem, ...] = ()
        try:
            resources = (*resources, *deploy.present(reading, models - keys))
        except Denied as error:
            unread = (problem_of("its models, which stay", error),)
        tagged, untold = aws_inventory.tagged(reading, resources)
        return replace(self._gate().present(reading, ref, alarms), resources=tagged), (*unread, *untold)

    def _made_here(self) -> Iterable[Entry]:
        """Journal entries that made or deleted what SageMaker holds, newest first."""
        return self.deployments()


def _uses(users: aws_inventory.Users, name: str, setup: Setup) -> Uses:
    """What others use of this; a configuration that no other endpoint runs counts as this endpoint's own."""
    own = {r.name for r in setup.resources if r.kind == CONFIG}
    configs = {
        config: others
        for config in own
        if (others := tuple(n for n in users.endpoints.get(config, ()) if n != name))
    }
    models = {
        r.name: others
        for r in setup.resources
        if r.kind == MODEL
        and (others := tuple(c for c in users.configs.get(r.name, ()) if c not in own or c in configs))
    }
    return Uses(configs, models, users.whole)
