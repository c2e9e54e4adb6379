"""A deployment, or what is left of one, as a plan for the write gate. Pure. Money is an estimate at list price."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from ops.core import deploy_owned as owned
from ops.core.change import Caution, ChangePlan, CostEffect
from ops.core.change_words import label
from ops.core.deploy_progress import ordered
from ops.core.doctor import Topic
from ops.core.errors import BadInput
from ops.core.fixes import Change, Create, Delete, PutAlarm
from ops.core.inventory import watches
from ops.core.names import nearest
from ops.core.plan_effects import DAYS_PER_MONTH, HOURS_PER_DAY
from ops.core.planning import needs
from ops.core.resources import ENDPOINT, FAILED, KINDS
from ops.core.setup import OWNED, Difference, Setup, differences, touched
from ops.core.setup_steps import after
from ops.core.types import Alarm, EndpointRef, Price, Severity
from ops.core.wake_order import wake_first
from ops.core.words import count, listed, rate


def taken(present: Setup) -> None:
    """Raises BadInput where a name of the deployment exists already: nothing is made then."""
    if not present.resources:
        return
    kinds = {"endpoint-config": "endpoint configuration"}
    names = [f"the {kinds.get(r.kind, r.kind)} {r.name}" for r in present.resources]
    raise BadInput(
        f"There is already {listed(names)}.",
        "Choose other names, or delete what is there first.",
    )


def known_type(kind: str, known: Collection[str]) -> None:
    """Raises BadInput for a type that neither the API nor the account's quotas know."""
    if kind in known:
        return
    close = nearest(kind, known)
    hint = f"Did you mean {' or '.join(close)}?" if close else "Types look like ml.g5.xlarge."
    raise BadInput(f"SageMaker knows no instance type {kind!r}.", hint)


def heard(wish: object, topics: Iterable[Topic]) -> list[Caution]:
    """What to know of the topics that a wish names. Raises BadInput for one that is not there."""
    found = []
    for topic in topics:
        if not topic.exists:
            raise BadInput(
                f"There is no SNS topic {topic.arn}.",
                "Create it first, name another one, or leave the field blank.",
            )
        if not topic.confirmed:
            last = topic.arn.rsplit(":", 1)[-1]
            found.append(
                Caution(Severity.WARNING, f"Nobody hears of it yet: the topic {last} has no subscription.")
            )
    return found


def own_alarms(
    changes: Iterable[Change], before: Setup, ref: EndpointRef, known: Collection[str] = ()
) -> None:
    """Raises BadInput where an alarm would take the place of one that watches something else.

    `known`: alarms of which it is known that they belong to this endpoint, whatever they look at.
    """
    there = {alarm.name: alarm for alarm in before.alarms}
    for change in changes:
        if not isinstance(change, PutAlarm) or change.name in known:
            continue
        held = there.get(change.name)
        if held is None or _alike(held, change, ref):
            continue
        looks_at = "an expression" if held.metric is None else f"{held.metric.namespace} {held.metric.name}"
        raise BadInput(
            f"There is already an alarm {change.name}, which is not one of {ref.name}: it watches {looks_at}"
            f"{_of(held)}.",
            "It is not replaced. Rename or delete it first, or take another name for the endpoint.",
        )


def _alike(held: Alarm, change: PutAlarm, ref: EndpointRef) -> bool:
    """Whether an alarm that exists is this endpoint's own on the same metric, or already what it is to be."""
    if held.metric is None or change.metric is None:
        return (
            held.metric is change.metric
            and held.expression is not None
            and held.expression == change.expression
        )
    if held.metric == change.metric:
        return True
    same = (held.metric.namespace, held.metric.name) == (change.metric.namespace, change.metric.name)
    return same and watches(held, ref)


def _of(held: Alarm) -> str:
    named = [f"{name} {value}" for name, value in (held.metric.dimensions if held.metric else ())]
    return f" of {listed(named)}" if named else ""


def left_over(present: Setup) -> tuple[Caution, ...]:
    """What of the same name is there although its endpoint is not: it would be replaced, or go."""
    names = [f"the alarm {alarm.name}" for alarm in present.alarms if not alarm.name.startswith(OWNED)]
    names += [f"the policy {policy.name}" for policy in present.policies]
    names += ["bounds of a scalable target"] if present.target is not None else []
    if not names:
        return ()
    said = f"Left over from an earlier endpoint of this name: {listed(names)}. It is replaced, or removed."
    return (Caution(Severity.WARNING, said),)


def taken_back(present: Setup, lost: Iterable[Difference], changes: Iterable[Change]) -> tuple[Caution, ...]:
    """What to know before a deployment is taken back. `lost`: where what exists is not what it made."""
    failed = {r.key for r in present.resources if r.status == FAILED}
    moved = [d.part for d in lost if d.after is not None and d.part not in failed]
    found = [
        Caution(Severity.WARNING, f"{label(part)} was changed since; that would be lost.") for part in moved
    ]
    if any(isinstance(change, Create) for change in changes):
        found.append(Caution(Severity.WARNING, "Its tags are not known any more: they are not put back."))
    return tuple(found)


def not_its_own(others: Iterable[str]) -> None:
    """Raises BadInput where somebody else made what a deployment was to make: nothing of it is touched."""
    found = [key for key in ordered(others) if key.partition(" ")[0] in KINDS]
    if found:
        raise BadInput(
            f"There is already {owned.names(found)}, which this deployment did not make.",
            "Delete it first where nobody uses it; or clean up here, and deploy under other names.",
        )


def replaced_alarms(others: Iterable[str]) -> tuple[Caution, ...]:
    """Alarms of somebody else that a deployment puts its own in the place of."""
    found = [key for key in ordered(others) if key.startswith("alarm ")]
    if not found:
        return ()
    said = f"This deployment did not make {owned.names(found)}, which exists under its name and is replaced."
    return (Caution(Severity.WARNING, said),)


def rest_of(present: Setup, changes: Iterable[Change]) -> str:
    """What becomes of a deployment that is gone on with."""
    gone = {f"{c.kind} {c.name}" for c in changes if isinstance(c, Delete)}
    if not gone:
        return "What exists already stays as it is; the rest is made."
    failed = [r.key for r in present.resources if r.key in gone and r.status == FAILED]
    other = [key for key in ordered(gone) if key not in failed]
    said = [f"{_sentence(failed)} failed: it is deleted and made anew."] if failed else []
    said += [f"{_sentence(other)} is not as it was to be: deleted, and made anew."] if other else []
    return f"{' '.join(said)} What else exists stays as it is; the rest is made."


def _sentence(keys: Iterable[str]) -> str:
    said = owned.names(keys)
    return said[:1].upper() + said[1:]


def stays(others: Iterable[str], used: Mapping[str, str]) -> tuple[Caution, ...]:
    """What is not taken back although it has the names of a deployment. `used`: why, by the part."""
    named = [key for key in ordered(others) if key.partition(" ")[0] in (*KINDS, "alarm")]
    found = [f"{_sentence([key])} is kept: this deployment did not make it." for key in named]
    found += [f"{_sentence([key])} is kept: {used[key]}." for key in ordered(used)]
    return tuple(Caution(Severity.WARNING, said) for said in found)


def make(
    identity: str,
    kind: str,
    title: str,
    changes: Iterable[Change],
    before: Setup,
    ref: EndpointRef,
    now: datetime,
    *,
    effect: str,
    cost: CostEffect | None = None,
    cautions: Iterable[Caution] = (),
    undo_of: str = "",
    continues: str = "",
) -> ChangePlan:
    """A plan that makes or deletes what SageMaker holds. Raises BadInput."""
    made = wake_first(changes, before)
    own_alarms(made, before, ref)
    wanted = after(before, made)
    keys = {*touched(made, before), *(r.key for r in wanted.resources)}
    old, new = before.only(keys), wanted.only(keys)
    found = (*cautions, *_made_anew(made))
    deletes = any(isinstance(c, Delete) and c.kind == ENDPOINT for c in made)
    hurts = deletes or any(c.severity is Severity.CRITICAL for c in found)
    return ChangePlan(
        identity,
        ref,
        kind,
        title,
        made,
        old,
        new,
        _in_order(differences(old, new, ref)),
        effect,
        now,
        cost or (GOES if deletes else None),
        found,
        ref.name if hurts else "",
        needs(made),
        undo_of,
        continues=continues,
    )


def _made_anew(changes: Iterable[Change]) -> Iterable[Caution]:
    """An endpoint that goes and comes again."""
    changes = tuple(changes)
    gone = {c.name for c in changes if isinstance(c, Delete) and c.kind == ENDPOINT}
    for each in changes:
        if isinstance(each, Create) and each.resource.kind == ENDPOINT and each.resource.name in gone:
            yield Caution(
                Severity.WARNING,
                f"The endpoint {each.resource.name} is deleted and made anew: it answers nothing meanwhile, what waits "
                "in its queue does not come back, and its metrics have a gap.",
            )


def _in_order(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """As they are made: what runs first, then what scales it and watches it."""
    by_part = {d.part: d for d in found}
    return tuple(by_part[part] for part in ordered(by_part))


def cost_of_one(price: Price | None, instance_type: str) -> CostEffect:
    """What one instance costs: from nothing, asleep, to one that never sleeps. The first one starts at once."""
    if price is None:
        return CostEffect(None, None, f"No list price of {instance_type} is known.")
    day = price.usd_per_hour * HOURS_PER_DAY
    return CostEffect(
        day,
        day * DAYS_PER_MONTH,
        f"Estimate at list price: ${rate(price.usd_per_hour)} an hour for each instance in service, nothing while it "
        "sleeps. The first one starts at once and is paid from then on; one that never slept would be about "
        f"${day:,.0f} a day, ${day * DAYS_PER_MONTH:,.0f} a month.",
        usd_per_day_least=Decimal(0),
    )


def cost_awake(price: Price | None, instance_type: str, number: int, until: str = "") -> CostEffect:
    """What instances cost that run day and night. `until`: what ends that, if anything does."""
    if price is None:
        return CostEffect(None, None, f"No list price of {instance_type} is known.")
    day = price.usd_per_hour * number * HOURS_PER_DAY
    return CostEffect(
        day,
        day * DAYS_PER_MONTH,
        f"Estimate at list price, ${rate(price.usd_per_hour)} an hour: {count(number, 'instance')} of "
        f"{instance_type}, day and night{until}.",
    )


GOES = CostEffect(
    Decimal(0),
    Decimal(0),
    "What runs of it is paid until it is deleted; after that only what lies in S3 and in its logs.",
)
"""What an endpoint costs that is deleted."""


def creates(plan: ChangePlan) -> bool:
    """Whether it makes an endpoint."""
    return any(isinstance(c, Create) and c.resource.kind == ENDPOINT for c in plan.changes)
