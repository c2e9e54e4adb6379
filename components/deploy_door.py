"""The way from the Deploy page to the console: what it asks, and changes that take minutes in the background."""

from __future__ import annotations

from datetime import timedelta

from components import session
from ops.at_work import StopSign
from ops.core.change import Actor, ChangePlan, Entry, Receipt
from ops.core.deploy_fit import Load, Machine
from ops.core.deploy_progress import Unfinished
from ops.core.errors import OpsError
from ops.core.resources import Resource
from ops.deployments import Deployments

PAGE = "deploy"
RUN = "run"
"""URL: the journal entry whose progress is shown."""
NAMES_S, MODELS_S, PRICES_S, LOAD_S, UNFINISHED_S = 10.0, 30.0, 600.0, 60.0, 5.0
FIRST_S, LOOK_S = 3.0, 0.1
"""So long a press of the button waits for a refusal, or for the first step; and how often it looks."""

_runs = Deployments()
_begun = 0
"""How many changes this process has begun: what was read of them before is old then."""


def begin(plan: ChangePlan, actor: Actor, why: str, typed: str) -> None:
    """Carry out a plan in the background, once. Raises what refuses it at once: ReadOnly, Stale, OpsError."""

    source = session.source()  # of this page: the thread that carries it out has none

    def apply(plan: ChangePlan, actor: Actor, why: str, typed: str, stop: StopSign) -> Receipt:
        return source.act(lambda console: console.apply(plan, actor, why, typed, stop))

    global _begun
    _runs.begin(apply, plan, actor, why, typed)
    _begun += 1
    for _ in range(int(FIRST_S / LOOK_S)):
        if _runs.ended(plan.id, LOOK_S):
            break
        found = entry(plan.id)
        if found is not None and (found.made or found.said):
            break
    refused = _runs.outcome(plan.id)
    if isinstance(refused, OpsError):
        raise refused


def stop(identity: str, by: Actor) -> bool:
    """Ask a change to end before its next step; False where this process does not carry it out."""
    return _runs.stop(identity, by.name)


def ended(identity: str, timeout_s: float = 0.0) -> bool:
    """Whether this process carries a change out no more, or never did; waits for that up to `timeout_s`."""
    return _runs.ended(identity, timeout_s)


def close() -> None:
    """At the end of the process: ask all to end before their next step."""
    _runs.close()


def entry(identity: str) -> Entry | None:
    """One entry of the journal, as it stands now. Raises OpsError."""
    return session.source().recall(("entry", identity), lambda console: console.entry(identity), 0.0).value


def entries() -> tuple[Entry, ...]:
    """Everything that was deployed, deleted or tried, newest first. Raises OpsError."""
    return session.source().recall(("deployments", _begun), lambda console: console.deployments(), 1.0).value


def unfinished() -> tuple[Unfinished, ...]:
    """What ended on the way, with what exists of it now. Raises OpsError."""
    asked = ("unfinished", tuple((e.id, e.outcome) for e in entries()))
    return session.source().ask(asked, lambda console: console.unfinished(), UNFINISHED_S).value


def models() -> tuple[str, ...]:
    """The models of the account, the newest first. Raises OpsError."""
    found = session.source().ask(("models",), lambda console: console.models(), MODELS_S).value
    return tuple(model.name for model in found)


def instance_types() -> tuple[str, ...]:
    """Those that can be asked for, the ones with a quota first. Raises OpsError."""
    return session.source().ask(("types",), lambda console: console.instance_types(), PRICES_S).value


def quota(instance_type: str) -> int | None:
    """How many of a type all endpoints may run; None: not known. Raises OpsError."""
    asked = ("quota", instance_type)
    return session.source().ask(asked, lambda console: console.quota(instance_type), PRICES_S).value


def machine(instance_type: str, concurrency: int | None, in_cooldown_s: float) -> Machine:
    """What is to be deployed, with its prices where they are known. Raises OpsError."""
    asked = ("host-prices", instance_type)
    own, real = (
        session.source().ask(asked, lambda console: console.host_prices(instance_type), PRICES_S).value
    )
    return Machine(own, real, concurrency or 1, in_cooldown_s)


def names_taken(keys: frozenset[tuple[str, str]]) -> tuple[Resource, ...]:
    """What of these (kind, name) exists already. Raises OpsError."""
    return session.source().ask(("taken", keys), lambda console: console.names_taken(keys), NAMES_S).value


def load(name: str) -> Load:
    """What is known of the requests of an endpoint. Raises OpsError."""
    session.source().endpoint(name, timedelta(hours=1))  # somebody looks at it: its past is read first
    return session.source().recall(("load", name), lambda console: console.load_of(name), LOAD_S).value
