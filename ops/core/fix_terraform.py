"""A fix as Terraform text. Ebb does not know the reader's own code: what it cannot know stands as a comment.

Source: the documentation of the AWS provider on aws_appautoscaling_* and aws_cloudwatch_metric_alarm.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ops.core import fix_newness as newness
from ops.core import fix_place as place
from ops.core import fix_terraform_expressions as expressions
from ops.core import fix_terraform_hosting as hosting
from ops.core.fix_calls import DIMENSION, NAMESPACE
from ops.core.fixes import (
    Await,
    Calls,
    Change,
    ChosenTopic,
    Create,
    Delete,
    DeleteAlarms,
    DeletePolicy,
    DeleteSchedule,
    DeregisterTarget,
    EnableAlarmActions,
    PolicyArn,
    PutAlarm,
    PutPolicy,
    PutSchedule,
    RegisterTarget,
)
from ops.core.hcl import Attribute, Block, attribute, block, comment, reference, text
from ops.core.resources import ENDPOINT
from ops.core.setup import BOUNDS
from ops.core.types import EndpointRef, StepPolicy, TargetTrackingPolicy

TOPIC = "alarm_topic_arn"
"""The Terraform variable of the topic that is to be told."""
_ALARM, _TARGET = "aws_cloudwatch_metric_alarm", "aws_appautoscaling_target"
_POLICY, _SCHEDULE = "aws_appautoscaling_policy", "aws_appautoscaling_scheduled_action"
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_PERHAPS = "If it exists but not in your code, import it:"
Part = Attribute | Block | str
_LONGEST = 128
"""Letters of a name in AWS that are kept in the label of a block."""


def terraform(fix: Calls, new: Collection[str] | None = None, region: str = "", account: str = "") -> str:
    """Blocks and comments, one for each change. `new`: see ops.core.fix_newness.

    `region` and `account`: for which it is; empty: not known.
    """
    found = _Text(fix, newness.of(fix, new), _Labels(fix))
    parts: list[str] = [_place(region, account)] if region else []
    if any(isinstance(a, ChosenTopic) for c in fix.changes if isinstance(c, PutAlarm) for a in c.actions):
        parts.append(_topic())
    parts += [found.of(change) for change in fix.changes]
    return "\n\n".join(part for part in parts if part)


class _Labels:
    """The names of the blocks: made of the names in AWS, each once.

    What has a name that holds for one endpoint alone (a policy, a scheduled action) has that of the endpoint before it:
    one module may hold the code of several.
    """

    def __init__(self, fix: Calls) -> None:
        self._fix = fix
        self._known: dict[tuple[str, str, str], str] = {}
        self._taken: set[tuple[str, str]] = set()

    def of(self, kind: str, name: str, owner: str = "") -> str:
        """`owner`: the endpoint that the name belongs to, where it is no name of the account's."""
        key = (kind, owner, name)
        if key not in self._known:
            stem = "_".join(filter(None, (_stem(owner), _stem(name) or "unnamed")))
            label = stem = stem if stem[0].isalpha() else f"_{stem}"
            number = 1
            while (kind, label) in self._taken:
                number += 1
                label = f"{stem}_{number}"
            self._known[key] = label
            self._taken.add((kind, label))
        return self._known[key]

    def of_policy(self, name: str) -> str:
        """Of a policy that is meant by its name alone."""
        return self.of(_POLICY, name, place.owner_of(self._fix, name))


def _stem(name: str) -> str:
    return _NO_LETTER.sub("_", name).strip("_").lower()[:_LONGEST].rstrip("_")


def _place(region: str, account: str) -> str:
    """Which region and account the code is for: they are set where the reader's code sets its provider."""
    if not place.known(account):
        return comment(f'For region {region}: the block provider "aws" of your code has to be set to it.')
    said = (
        'Set it in the block provider "aws" of your code: with other credentials Terraform does nothing then.'
    )
    lines = block(
        'provider "aws"', attribute("region", region), attribute("allowed_account_ids", [account])
    ).splitlines()
    return "\n".join(
        [comment(f"{place.meant_for(region, account)} {said}"), *(f"#   {line}" for line in lines)]
    )


def _topic() -> str:
    said = "The ARN of the SNS topic that is to be told."
    return block(
        'variable "' + TOPIC + '"', attribute("type", "string", raw=True), attribute("description", said)
    )


class _Text:
    """The blocks of a fix, which name each other where the fix makes them itself."""

    def __init__(self, fix: Calls, new: newness.Newness, labels: _Labels) -> None:
        self._new, self._labels = new, labels
        self._targets = {
            change.ref: _TARGET + "." + labels.of(_TARGET, change.ref.name)
            for change in fix.changes
            if isinstance(change, RegisterTarget) and _whole(change) and new.is_new(BOUNDS)
        }
        """The scalable targets that the fix makes, as the code names them."""

    def of(self, change: Change) -> str:
        """The block or the comment of one change; empty for what Terraform does by itself."""
        match change:
            case PutAlarm(name):
                return self._block(_ALARM, name, name, _alarm(change, self._labels), f"alarm {name}")
            case EnableAlarmActions(name):
                on = [attribute("alarm_name", name), attribute("actions_enabled", True)]
                return _partly(_ALARM, self._labels.of(_ALARM, name), name, on)
            case DeleteAlarms(names):
                left = [name for name in names if not self._new.made_anew(f"alarm {name}")]
                return "\n\n".join(_removed(_ALARM, f"alarm_name is {text(name)}") for name in left)
            case RegisterTarget(ref):
                return self._target(ref, change)
            case DeregisterTarget(ref):
                which = f"resource_id is {text(ref.resource_id)}"
                return _removed(
                    _TARGET, which, "Its policies and scheduled actions go with it: remove their blocks too."
                )
            case PutPolicy(ref, policy):
                lines = _policy(policy, self._scaled(ref))
                return self._block(
                    _POLICY,
                    policy.name,
                    f"{_id(ref)}/{policy.name}",
                    lines,
                    f"policy {policy.name}",
                    ref.name,
                )
            case PutSchedule(ref, name):
                return self._schedule(ref, name, change)
            case DeletePolicy(ref, name):
                return _removed(_POLICY, f"name is {text(name)} and resource_id is {text(ref.resource_id)}")
            case DeleteSchedule(ref, name):
                return _removed(_SCHEDULE, f"name is {text(name)} and resource_id is {text(ref.resource_id)}")
            case Create(made):
                kind = hosting.TYPES[made.kind]
                said = "".join(f"{comment(each)}\n" for each in hosting.without(made))
                return said + self._block(
                    kind, made.name, made.name, hosting.lines(made, self._named), made.key
                )
            case Delete(kind, name):
                anew = self._new.made_anew(f"{kind} {name}")
                return "" if anew else _removed(hosting.TYPES[kind], f"name is {text(name)}")
            case Await(name, serving=serving):  # for the rest Terraform waits by itself
                return comment(hosting.SERVING.format(name=text(name))) if serving else ""

    def _block(
        self, kind: str, name: str, identity: str, lines: Iterable[Part], part: str, owner: str = ""
    ) -> str:
        """A whole block, and how to bring in what exists already."""
        label, new = self._labels.of(kind, name, owner), self._new.is_new(part)
        if new:
            return block(_named(kind, label), *lines)
        said = "Put this in place of the block that you have for it, under the name that it has there. " + (
            "If it is not in your code, import it:" if new is False else _PERHAPS
        )
        return f"{comment(said)}\n{_import(kind, label, identity)}\n{block(_named(kind, label), *lines)}"

    def _target(self, ref: EndpointRef, change: RegisterTarget) -> str:
        lines: list[Part] = [*_scaled(ref), *_target(change)]
        if not _whole(change):
            return _partly(_TARGET, self._labels.of(_TARGET, ref.name), _id(ref), lines)
        if self._new.makes(f"{ENDPOINT} {ref.name}"):
            kind = hosting.TYPES[ENDPOINT]
            lines.append(attribute("depends_on", [reference(f"{kind}.{self._labels.of(kind, ref.name)}")]))
        return self._block(_TARGET, ref.name, _id(ref), lines, BOUNDS)

    def _schedule(self, ref: EndpointRef, name: str, change: PutSchedule) -> str:
        named = _named(_SCHEDULE, self._labels.of(_SCHEDULE, name, ref.name))
        found = block(named, *_schedule(change, self._scaled(ref)))
        if self._new.is_new(f"schedule {name}"):
            return found
        said = comment(
            "Put this in place of the block that you have for it, or add it: it replaces a scheduled "
            "action of the same name."
        )
        return f"{said}\n{found}"

    def _scaled(self, ref: EndpointRef) -> tuple[Attribute, ...]:
        """What is scaled: by the block of its target where the fix makes that one."""
        target = self._targets.get(ref)
        if target is None:
            return _scaled(ref)
        names = [line.name for line in _scaled(ref)]
        return tuple(attribute(name, reference(f"{target}.{name}")) for name in names)

    def _named(self, kind: str, name: str) -> object:
        """The name of a resource: by its block where the fix makes it."""
        if not self._new.makes(f"{kind} {name}"):
            return name
        block_kind = hosting.TYPES[kind]
        return reference(f"{block_kind}.{self._labels.of(block_kind, name)}.name")


def _whole(change: RegisterTarget) -> bool:
    return change.min is not None and change.max is not None


def _partly(kind: str, label: str, identity: str, lines: Iterable[Part]) -> str:
    """The lines that change, and those by which the block is found: the fix does not touch the rest."""
    said = (
        "Set these lines in the block that you have for it; its other lines stay as they are. If it is not in "
        "your code, import it and let Terraform write the block (terraform plan -generate-config-out=FILE):"
    )
    return f"{comment(said)}\n{_import(kind, label, identity)}\n{block(_named(kind, label), *lines)}"


def _import(kind: str, label: str, identity: str) -> str:
    return f"#   import {{\n#     to = {kind}.{label}\n#     id = {text(identity)}\n#   }}"


def _named(kind: str, label: str) -> str:
    return f'resource "{kind}" "{label}"'


def _removed(kind: str, which: str, more: str = "") -> str:
    """There is nothing to write for a deletion, only something to take away."""
    return comment(
        f"Remove the {kind} block whose {which}, and apply. {more}".strip(),
        "If it is not in your code, Terraform cannot remove it: use the AWS CLI.",
    )


def _id(ref: EndpointRef) -> str:
    return f"{NAMESPACE}/{ref.resource_id}/{DIMENSION}"


def _scaled(ref: EndpointRef) -> tuple[Attribute, ...]:
    return (
        attribute("service_namespace", NAMESPACE),
        attribute("resource_id", ref.resource_id),
        attribute("scalable_dimension", DIMENSION),
    )


def _present(values: Mapping[str, Any]) -> list[Part]:
    """Attributes without what is absent."""
    return [attribute(name, value) for name, value in values.items() if value not in (None, "")]


def _alarm(alarm: PutAlarm, labels: _Labels) -> list[Part]:
    watched, queries = expressions.watched(alarm)
    lines = _present(
        {
            "alarm_name": alarm.name,
            "alarm_description": alarm.description,
            **watched,
            "evaluation_periods": alarm.evaluation_periods,
            "datapoints_to_alarm": alarm.datapoints_to_alarm,
            "threshold": None if "threshold_metric_id" in watched else alarm.threshold,
            "comparison_operator": alarm.comparison,
            "treat_missing_data": alarm.missing,
            "actions_enabled": alarm.actions_enabled,
        }
    )
    if alarm.actions:
        lines.append(attribute("alarm_actions", [_action(a, labels) for a in alarm.actions]))
    if alarm.ok_actions:
        lines.append(attribute("ok_actions", alarm.ok_actions))
    if alarm.no_data_actions:
        lines.append(attribute("insufficient_data_actions", alarm.no_data_actions))
    return [*lines, *queries]


def _action(action: str | PolicyArn | ChosenTopic, labels: _Labels) -> object:
    if isinstance(action, PolicyArn):
        return reference(f"{_POLICY}.{labels.of_policy(action.policy)}.arn")
    return reference(f"var.{TOPIC}") if isinstance(action, ChosenTopic) else action


def _target(change: RegisterTarget) -> list[Part]:
    lines = _present({"min_capacity": change.min, "max_capacity": change.max})
    off = change.suspended
    if off is not None:
        held = {
            "dynamic_scaling_in_suspended": off.scale_in,
            "dynamic_scaling_out_suspended": off.scale_out,
            "scheduled_scaling_suspended": off.scheduled,
        }
        lines.append(Block("suspended_state", tuple(_present(held))))
    return lines


def _policy(policy: TargetTrackingPolicy | StepPolicy, scaled: Iterable[Attribute]) -> list[Part]:
    kind = "StepScaling" if isinstance(policy, StepPolicy) else "TargetTrackingScaling"
    head = [attribute("name", policy.name), attribute("policy_type", kind), *scaled]
    return [*head, _steps(policy) if isinstance(policy, StepPolicy) else _tracking(policy)]


def _steps(policy: StepPolicy) -> Block:
    lines = _present(
        {
            "adjustment_type": policy.adjustment_type,
            "cooldown": policy.cooldown,
            "metric_aggregation_type": policy.aggregation,
            "min_adjustment_magnitude": policy.min_adjustment,
        }
    )
    for step in policy.steps:
        bounds = {
            "metric_interval_lower_bound": step.lower,
            "metric_interval_upper_bound": step.upper,
            "scaling_adjustment": step.adjustment,
        }
        lines.append(Block("step_adjustment", tuple(_present(bounds))))
    return Block("step_scaling_policy_configuration", tuple(lines))


def _tracking(policy: TargetTrackingPolicy) -> Block:
    lines = _present(
        {
            "target_value": policy.target,
            "scale_out_cooldown": policy.scale_out_cooldown,
            "scale_in_cooldown": policy.scale_in_cooldown,
            "disable_scale_in": policy.disable_scale_in,
        }
    )
    return Block("target_tracking_scaling_policy_configuration", (*lines, _tracked(policy)))


def _tracked(policy: TargetTrackingPolicy) -> Block:
    metric = policy.metric
    if metric is None and policy.expression:
        return expressions.tracked(policy.expression)
    if metric is None:
        kind = attribute("predefined_metric_type", policy.predefined or "")
        return Block("predefined_metric_specification", (kind,))
    lines = _present(
        {
            "metric_name": metric.name,
            "namespace": metric.namespace,
            "statistic": metric.statistic,
            "unit": metric.unit,
        }
    )
    for name, value in metric.dimensions:
        lines.append(Block("dimensions", (attribute("name", name), attribute("value", value))))
    return Block("customized_metric_specification", tuple(lines))


def _schedule(change: PutSchedule, scaled: Iterable[Attribute]) -> list[Part]:
    lines = [
        attribute("name", change.name),
        *scaled,
        *_present(
            {
                "schedule": change.schedule,
                "timezone": change.timezone if not change.schedule.startswith("rate(") else None,
                "start_time": change.start,
                "end_time": change.end,
            }
        ),
    ]
    bounds = _present({"min_capacity": change.min, "max_capacity": change.max})
    return [*lines, Block("scalable_target_action", tuple(bounds))]
