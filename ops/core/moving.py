"""Moving a real-time endpoint to an asynchronous one of the same model: what can be moved, and the steps. Pure.

Nothing of the sequence is remembered but the journal entry that makes the new endpoint: which step is next follows
from what AWS holds and from Ebb's ledger of requests. Source: facts C.1 (InvokeEndpointAsync names neither a model of
several nor a container), C.2 (limits), A.6; API reference of SageMaker for what a configuration holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ops.core import resources, wake
from ops.core.attaching import goes_down
from ops.core.change import Caution
from ops.core.errors import BadInput
from ops.core.inventory import Inventory
from ops.core.names import TOPIC
from ops.core.requests import RequestState, Sent
from ops.core.resources import CONFIG, ENDPOINT, FAILED, MODEL, UNSETTLED, Resource
from ops.core.seen import Seen
from ops.core.types import Severity
from ops.core.words import count, listed

FROM = "ebb:moved-from"
"""The tag of what a move makes: the name of the endpoint that it is to replace."""
UNTIL = " beside the old one, until its scaling is attached"
"""How long the first instance of a new endpoint is paid for sure."""
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", re.ASCII)
_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", re.ASCII)
_KEPT = ("KmsKeyId", "ExecutionRoleArn", "VpcConfig", "EnableNetworkIsolation", "MetricsConfig")
"""What of a configuration is taken over besides its variant."""
_LEFT = {
    "DataCaptureConfig": "data capture",
    "ExplainerConfig": "the explainer",
}
"""What an asynchronous endpoint is made without."""


class Step(StrEnum):
    CREATE = "create"
    TEST = "test"
    ATTACH = "attach"
    DELETE = "delete"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Move:
    """What to move an endpoint to. `concurrency` None: AWS chooses. `high`: the most instances of the new one."""

    name: str
    to: str
    output_path: str
    failure_path: str = ""
    success_topic: str = ""
    error_topic: str = ""
    concurrency: int | None = 1
    high: int = 2


@dataclass(frozen=True, slots=True)
class Done:
    """One step of a sequence in words. `state`: done, now, failed or to come."""

    step: Step
    title: str
    state: str
    says: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a move is: the next step, whether something runs that has to be waited for, and every step by name."""

    name: str
    to: str
    next: Step
    waits: bool
    steps: tuple[Done, ...]
    at: datetime


def check(wish: Move) -> None:
    """Raises BadInput for what AWS would refuse, or what cannot work."""
    if not _NAME.fullmatch(wish.to):
        raise BadInput(
            f"{wish.to!r} is no name for an endpoint.",
            "Letters, digits and hyphens, at most 63, beginning and ending with a letter or digit.",
        )
    if wish.to == wish.name:
        raise BadInput(
            "The new endpoint needs another name: the old one is kept until the new one has answered."
        )
    for what, path in (("output", wish.output_path), ("failure", wish.failure_path)):
        if (path or what == "output") and not _S3.fullmatch(path):
            raise BadInput(
                f"{path!r} is no place in S3 for the {what} objects.", "It looks like s3://bucket/results/."
            )
    for topic in filter(None, (wish.success_topic, wish.error_topic)):
        if not TOPIC.fullmatch(topic):
            raise BadInput(
                f"{topic!r} is not the ARN of an SNS topic.",
                "It looks like arn:aws:sns:eu-central-1:123456789012:on-call.",
            )
    if wish.concurrency is not None and not 1 <= wish.concurrency <= 1000:
        raise BadInput("An instance works on 1 to 1,000 requests at once.")


def movable(old: Inventory) -> None:
    """Raises BadInput for an endpoint that cannot be moved, with why."""
    name = old.ref.name
    if old.endpoint is None:
        raise BadInput(f"The endpoint {name} is gone: there is nothing to move.")
    if old.asynchronous is not None:
        raise BadInput(
            f"{name} is an asynchronous endpoint already.",
            "Let it sleep and wake with `python -m ops attach`.",
        )
    config = next((r for r in old.setup.resources if r.kind == CONFIG), None)
    if config is None:
        raise BadInput(f"The configuration of {name} is gone or cannot be read, so it cannot be moved.")
    reasons = list(_obstacles(config.parameters, [r for r in old.setup.resources if r.kind == MODEL]))
    if reasons:
        raise BadInput(
            f"{name} cannot be moved: {listed(reasons)}.", "Deploy an asynchronous one by hand instead."
        )


def not_there(wish: Move, there: Iterable[Resource]) -> None:
    """Raises BadInput where the new endpoint exists already: it is not made a second time, nor as another."""
    found = next((r for r in there if r.kind == ENDPOINT and r.name == wish.to), None)
    if found is None or found.status == FAILED:
        return
    if found.status in UNSETTLED:
        raise BadInput(f"{wish.to} is made already: it is {found.status}.", "Wait until it is in service.")
    raise BadInput(
        f"{wish.to} is there already, and {found.status}: the move of {wish.name} has gone on.",
        f"See what is next: `python -m ops move {wish.name} --to {wish.to}`.",
    )


def _obstacles(config: Mapping[str, Any], models: Sequence[Resource]) -> Iterable[str]:
    variants = config.get("ProductionVariants") or []
    if len(variants) != 1:
        yield f"it has {count(len(variants), 'variant')}, and an asynchronous one takes one here"
    if config.get("ShadowProductionVariants"):
        yield "it has shadow variants"
    for variant in variants[:1]:
        if variant.get("ServerlessConfig"):
            yield "it is serverless, and an asynchronous one runs on instances"
        if not variant.get("ModelName") or variant.get("ManagedInstanceScaling"):
            yield "it hosts inference components"
    for model in models:
        holds = model.parameters
        containers = [holds.get("PrimaryContainer") or {}, *(holds.get("Containers") or [])]
        if any(c.get("Mode") == "MultiModel" for c in containers):
            yield "it serves several models from one container, and an asynchronous request cannot name one"
        if (holds.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct":
            yield "its containers are called one by one, and an asynchronous request cannot name one"


def made(old: Inventory, wish: Move) -> tuple[Resource, ...]:
    """The configuration and the endpoint that a move makes, of the same model and on the same type."""
    config = next(r for r in old.setup.resources if r.kind == CONFIG).parameters
    variant = dict(config["ProductionVariants"][0]) | {"InitialInstanceCount": 1}
    output: dict[str, Any] = {"S3OutputPath": wish.output_path}
    if wish.failure_path:
        output["S3FailurePath"] = wish.failure_path
    topics = {"SuccessTopic": wish.success_topic, "ErrorTopic": wish.error_topic}
    told = {key: arn for key, arn in topics.items() if arn}
    if told:
        output["NotificationConfig"] = told
    asynchronous: dict[str, Any] = {"OutputConfig": output}
    if wish.concurrency is not None:
        asynchronous["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": wish.concurrency}
    own = old.endpoint.tags if old.endpoint is not None else ()
    tags = (*(t for t in own if t[0] != FROM), (FROM, wish.name))
    kept = {key: config[key] for key in _KEPT if key in config}
    parameters = {"ProductionVariants": [variant]} | kept | {"AsyncInferenceConfig": asynchronous}
    return (
        Resource(CONFIG, wish.to, parameters, tags),
        resources.endpoint(wish.to, wish.to, tags),
    )


def wish_of(name: str, found: Sequence[Resource]) -> Move | None:
    """The wish that made these; None where the configuration is not among them."""
    config = next((r for r in found if r.kind == CONFIG), None)
    asked = config.parameters.get("AsyncInferenceConfig") if config is not None else None
    if config is None or not asked:
        return None
    output = asked.get("OutputConfig") or {}
    topics = output.get("NotificationConfig") or {}
    return Move(
        name,
        config.name,
        str(output.get("S3OutputPath", "")),
        str(output.get("S3FailurePath", "")),
        str(topics.get("SuccessTopic", "")),
        str(topics.get("ErrorTopic", "")),
        (asked.get("ClientConfig") or {}).get("MaxConcurrentInvocationsPerInstance"),
    )


def origin(found: Iterable[Resource]) -> str:
    """The endpoint that a move made these to replace; empty where no move made them."""
    return next((value for r in found for key, value in r.tags if key == FROM), "")


def cautions(old: Inventory, wish: Move) -> list[Caution]:
    """What to know before the new endpoint is made."""
    config = next(r for r in old.setup.resources if r.kind == CONFIG).parameters
    left = [word for key, word in _LEFT.items() if config.get(key)]
    said = [
        Caution(
            Severity.INFO,
            f"{wish.name} stays as it is and is paid on, until its deletion is planned and applied by itself.",
        ),
        Caution(
            Severity.WARNING,
            "Callers have to change: the input goes into S3, the call is InvokeEndpointAsync, and the answer "
            "is fetched from S3 or heard of through a topic.",
        ),
    ]
    if left:
        said.append(Caution(Severity.WARNING, f"Not moved: {listed(left)}. The new endpoint goes without."))
    if not wish.failure_path and not wish.error_topic:
        said.append(
            Caution(
                Severity.WARNING,
                "Failures leave no trace but in its log: no failure path, no error topic.",
            )
        )
    return said


def standing(
    wish: tuple[str, str],
    old: Inventory | None,
    new: Inventory | None,
    tests: Sequence[Sent],
    at: datetime,
    seen: Seen | None = None,
) -> Standing:
    """How far it is. `old`, `new`: None where there is nothing of it; `tests`: the requests that Ebb sent to the new
    one since it was made, newest first; `seen`: what was seen of the new one, None where it is not there.
    """
    name, to = wish
    created = _create(new)
    tested = _test(tests, created.state == "done")
    attached = _attach(new, seen, tested.state == "done")
    gone = old is None or old.empty
    ready = tested.state == "done" and attached.state == "done"
    removed = Done(
        Step.DELETE,
        f"Delete {name}",
        "done" if gone else "now" if ready else "to come",
        "Gone." if gone else "A plan of its own; it is kept until the new one has answered.",
    )
    steps = (created, tested, attached, removed)
    here = next((s for s in steps if s.state != "done"), None)
    return Standing(
        name, to, here.step if here else Step.OVER, here is not None and here.state == "waits", steps, at
    )


def _attach(new: Inventory | None, seen: Seen | None, ready: bool) -> Done:
    """Attached is what wakes, and has something that lets it sleep; what cannot be read counts as not attached."""
    title, says = "Let it sleep and wake", "Bounds, two policies and the wake alarm."
    target = new.setup.target if new is not None else None
    if seen is not None and target is not None:
        lacks = list(lacking(seen))
        if not lacks:
            bounds = target.bounds
            return Done(Step.ATTACH, title, "done", f"Attached: {bounds.min}–{bounds.max} instances.")
        says = f"Not yet: {listed(lacks)}."
    return Done(Step.ATTACH, title, "now" if ready else "to come", says)


def lacking(seen: Seen) -> Iterable[str]:
    """What keeps an endpoint from sleeping and waking, as clauses; nothing where it does both."""
    unread = sorted(seen.hidden & {"scaling", "alarms"})
    if unread:
        yield f"whether it would wake is not known, as {' and '.join(unread)} could not be read"
        return
    found = [each.clause for each in wake.obstacles(seen)]
    yield from found
    if not found and not goes_down(seen):
        yield "no policy takes its instances away"


def _create(new: Inventory | None) -> Done:
    title = "Make the asynchronous endpoint"
    endpoint = new.endpoint if new is not None else None
    if new is None or new.empty:
        return Done(Step.CREATE, title, "now", "Of the same model, under another name.")
    if endpoint is None:
        return Done(Step.CREATE, title, "failed", "Its configuration exists, the endpoint does not.")
    if endpoint.status == FAILED:
        return Done(
            Step.CREATE, title, "failed", f"It has failed: {endpoint.reason or 'AWS gives no reason.'}"
        )
    if endpoint.status in UNSETTLED:
        return Done(Step.CREATE, title, "waits", f"It is {endpoint.status}.")
    return Done(Step.CREATE, title, "done", f"It is {endpoint.status}.")


def _test(tests: Sequence[Sent], there: bool) -> Done:
    title = "Send a test payload and wait for its answer"
    if not there:
        return Done(Step.TEST, title, "to come", "As soon as it is in service.")
    answered = next((t for t in tests if t.state is RequestState.DONE), None)
    if answered is not None:
        return Done(Step.TEST, title, "done", f"It answered: {answered.output_uri or answered.id}.")
    pending = next((t for t in tests if not t.final), None)
    if pending is not None:
        return Done(Step.TEST, title, "waits", f"The request {pending.id} is {pending.state.value}.")
    if tests:
        said = tests[0].text or tests[0].error or "nothing says why"
        return Done(Step.TEST, title, "failed", f"The last one is {tests[0].state.value}: {said[:300]}")
    return Done(Step.TEST, title, "now", "One that the old endpoint answers well.")
