"""A fix as a CloudFormation template. What no template can say (a deletion, one line of something that exists) stands
as a comment: Ebb does not know the reader's own stacks.

Properties have the names of the API. Source: the template reference of CloudFormation on AWS::SageMaker::Model,
EndpointConfig and Endpoint, AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy, AWS::CloudWatch::Alarm.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ops.core import fix_newness as newness
from ops.core import fix_place as place
from ops.core.fix_calls import call
from ops.core.fix_cloudformation_words import (
    FRAGMENT,
    NOTHING,
    SERVING,
    UNDELETED,
    deleted,
    existing,
    unknown_to,
)
from ops.core.fix_left_out import kept, left_out
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
from ops.core.hcl import comment
from ops.core.quoting import quoted
from ops.core.resources import CONFIG, ENDPOINT, MODEL, Resource
from ops.core.setup import BOUNDS
from ops.core.types import EndpointRef
from ops.core.yaml_text import Tagged, written

TOPIC = "AlarmTopicArn"
"""The parameter of the template for the topic that is to be told."""
TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
ALARM = "AWS::CloudWatch::Alarm"
TYPES = {
    MODEL: "AWS::SageMaker::Model",
    CONFIG: "AWS::SageMaker::EndpointConfig",
    ENDPOINT: "AWS::SageMaker::Endpoint",
}
UNKNOWN = frozenset(
    {
        "AcceleratorPartitionLayouts",
        "AcceleratorType",
        "AdditionalModelDataSources",
        "ContainerMetricsConfig",
        "CrossRegionTrafficConfig",
        "ETag",
        "ManifestEtag",
        "ManifestS3Uri",
    }
)
"""Parameters of the API that CloudFormation has no property for, wherever in a resource they stand."""
_NAMES = {MODEL: "ModelName", CONFIG: "EndpointConfigName", ENDPOINT: "EndpointName"}
_MAKES = {"ModelName": MODEL, "ModelNameOverride": MODEL, "EndpointConfigName": CONFIG}
"""Parameters that name something which the same template may make."""
_SCALED = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
Properties = dict[str, Any]
_LONGEST = 160
"""Letters of a name in AWS that are kept in a logical name, which has at most 255."""


def cloudformation(fix: Calls, region: str, new: Collection[str] | None = None, account: str = "") -> str:
    """A template and comments; comments alone where there is nothing to make. `new`: see ops.core.fix_newness.

    `account`: for which it is, where that is known.
    """
    made = _Template(fix, newness.of(fix, new), _place(region, account))
    for change in fix.changes:
        made.add(change)
    return made.text(region)


def _place(region: str, account: str) -> tuple[str, str]:
    """What is said of the account and the region, and the command that looks whether the credentials are of it."""
    if not place.known(account):
        return "", ""
    asked = "aws sts get-caller-identity --query Account --output text"
    return place.meant_for(region, account), f'test "$({asked})" = {account} &&'


@dataclass(slots=True)
class _Stated:
    """One resource of the template, and what is said above it."""

    type: str
    properties: Properties
    needs: str = ""
    said: str = ""


@dataclass(slots=True)
class _Template:
    fix: Calls
    new: newness.Newness
    place: tuple[str, str] = ("", "")
    resources: dict[str, _Stated] = field(default_factory=dict)
    ids: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """The logical name of each resource, by its type, its name in AWS, and the endpoint that this belongs to."""
    fragments: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def add(self, change: Change) -> None:
        match change:
            case Create(made):
                self._create(made)
            case RegisterTarget(ref):
                self._register(ref, change)
            case PutPolicy(ref, policy):
                self._policy(ref, policy.name, change)
            case PutSchedule(ref):
                self._schedule(ref, change)
            case PutAlarm(name):
                properties = {key: self._plain(value) for key, value in call(change).parameters.items()}
                self._state(ALARM, name, properties, f"alarm {name}")
            case EnableAlarmActions(name):
                self._fragment(ALARM, "AlarmName", name, {"ActionsEnabled": True})
            case DeleteAlarms(names):
                self.gone += [
                    deleted(ALARM, "AlarmName", name)
                    for name in names
                    if not self.new.made_anew(f"alarm {name}")
                ]
            case Delete(kind, name):
                if not self.new.made_anew(f"{kind} {name}"):
                    self.gone.append(deleted(TYPES[kind], _NAMES[kind], name))
            case DeregisterTarget(ref):
                self.gone.append(deleted(TARGET, "ResourceId", ref.resource_id, "and its scaling policies"))
            case DeletePolicy(ref, name):
                self.gone.append(deleted(POLICY, "PolicyName", name, f"(of {quoted(ref.resource_id)})"))
            case DeleteSchedule(ref, name):
                what = (
                    f"in the ScheduledActions of the {TARGET} whose ResourceId is {quoted(ref.resource_id)}"
                )
                self.gone.append(deleted("entry", "ScheduledActionName", name, what))
            case Await(name, serving=serving):  # for the rest CloudFormation waits by itself
                if serving:
                    self.gone.append(SERVING.format(name=quoted(name)))

    def text(self, region: str) -> str:
        """All of it: comments on what is not in the template, then the template."""
        told: list[str] = []
        if self.resources:
            told.append(self._how(region))
        elif self.fragments or self.gone:
            told.append(comment(NOTHING))
        told += [comment(said) for said in self.left_out]
        told += [*self.fragments, *(comment(said) for said in self.gone)]
        if self.gone:
            told.append(comment(UNDELETED))
        if told and self.place[0]:
            told.insert(0, comment(self.place[0]))
        found = "\n#\n".join(told)
        return f"{found}\n{self._template()}" if self.resources else found

    def _how(self, region: str) -> str:
        words = ["aws cloudformation deploy", f"--region {shlex.quote(region)}"]
        words += ["--stack-name NAME", "--template-file FILE"]
        if self._asks():
            words.append(f"--parameter-overrides {TOPIC}=ARN")
        looks = (f"  {self.place[1]}",) if self.place[1] else ()
        return comment("To make it:", *looks, f"  {' '.join(words)}")

    def _asks(self) -> bool:
        return any(
            isinstance(action, ChosenTopic)
            for change in self.fix.changes
            if isinstance(change, PutAlarm)
            for action in change.actions
        )

    def _template(self) -> str:
        head = [f"AWSTemplateFormatVersion: {quoted('2010-09-09')}"]
        if self.place[0]:
            head.append(written({"Description": self.place[0]}))
        if self._asks():
            topic = {"Type": "String", "Description": "The ARN of the SNS topic that is to be told."}
            head.append(written({"Parameters": {TOPIC: topic}}))
        blocks = []
        for name, stated in self.resources.items():
            body: Properties = {"Type": stated.type}
            if stated.needs:
                body["DependsOn"] = stated.needs
            said = "".join(f"  {line}\n" for line in comment(stated.said).splitlines() if stated.said)
            blocks.append(said + written({name: body | {"Properties": stated.properties}}, "  "))
        return "\n\n".join([*head, "Resources:\n" + "\n\n".join(blocks)])

    def _state(self, kind: str, name: str, properties: Properties, part: str, owner: str = "") -> _Stated:
        """A whole resource; one that was stated before is stated anew in its place."""
        stated = _Stated(kind, properties, said=existing(self.new.is_new(part), self.new.made_anew(part)))
        self.resources[self._id(kind, name, owner)] = stated
        return stated

    def _id(self, kind: str, name: str, owner: str = "") -> str:
        """`owner`: the endpoint that the name belongs to, where it is no name of the account's."""
        key = (kind, name, owner)
        if key not in self.ids:
            ending = kind.rpartition("::")[2]
            stem = f"{_words(owner)}{_words(name).removesuffix(ending)[:_LONGEST]}"
            label = found = f"{stem if stem[:1].isalpha() else f'The{stem}'}{ending}"
            number = 1
            while found in self.ids.values():
                number += 1
                found = f"{label}{number}"
            self.ids[key] = found
        return self.ids[key]

    def _create(self, made: Resource) -> None:
        properties = {_NAMES[made.kind]: made.name} | {
            key: self._plain(value, key) for key, value in kept(made.parameters, UNKNOWN).items()
        }
        self.left_out += [unknown_to(key, made.key) for key in left_out(made.parameters, UNKNOWN)]
        if made.tags:
            properties["Tags"] = [{"Key": key, "Value": value} for key, value in made.tags]
        self._state(TYPES[made.kind], made.name, properties, made.key)

    def _register(self, ref: EndpointRef, change: RegisterTarget) -> None:
        properties = dict(call(change).parameters)
        known = self.resources.get(self.ids.get((TARGET, ref.name, ""), ""))
        if known is not None:  # registered before in the same fix
            known.properties |= properties
            return
        whole = change.min is not None and change.max is not None
        if not whole or self.new.is_new(BOUNDS) is False:
            lines = {key: value for key, value in properties.items() if key not in _SCALED}
            self._fragment(TARGET, "ResourceId", ref.resource_id, lines)
            return
        stated = self._state(TARGET, ref.name, properties, BOUNDS)
        if self.new.makes(f"{ENDPOINT} {ref.name}"):
            stated.needs = self._id(TYPES[ENDPOINT], ref.name)

    def _policy(self, ref: EndpointRef, name: str, change: PutPolicy) -> None:
        properties = dict(call(change).parameters)
        target = self.ids.get((TARGET, ref.name, ""))
        if target is not None:
            properties = {key: value for key, value in properties.items() if key not in _SCALED}
            properties["ScalingTargetId"] = Tagged("!Ref", target)
        self._state(POLICY, name, properties, f"policy {name}", ref.name)

    def _schedule(self, ref: EndpointRef, change: PutSchedule) -> None:
        action = {key: value for key, value in call(change).parameters.items() if key not in _SCALED}
        known = self.resources.get(self.ids.get((TARGET, ref.name, ""), ""))
        if known is None:
            self._fragment(TARGET, "ResourceId", ref.resource_id, {"ScheduledActions": [action]})
            return
        others = [
            a for a in known.properties.get("ScheduledActions", ()) if a["ScheduledActionName"] != change.name
        ]
        known.properties["ScheduledActions"] = [*others, action]

    def _fragment(self, kind: str, key: str, name: str, lines: Properties) -> None:
        said = comment(FRAGMENT.format(kind=kind, key=key, name=quoted(name)))
        self.fragments.append(f"{said}\n{written(lines, '#   ')}")

    def _plain(self, value: Any, key: str = "") -> Any:
        """A value with references in the place of stand-ins, and of names that the template makes itself."""
        if isinstance(value, PolicyArn):
            return Tagged(
                "!GetAtt", f"{self._id(POLICY, value.policy, place.owner_of(self.fix, value.policy))}.Arn"
            )
        if isinstance(value, ChosenTopic):
            return Tagged("!Ref", TOPIC)
        kind = _MAKES.get(key)
        if kind is not None and self.new.makes(f"{kind} {value}"):
            return Tagged("!GetAtt", f"{self._id(TYPES[kind], value)}.{_NAMES[kind]}")
        if isinstance(value, Mapping):
            return {k: self._plain(v, k) for k, v in value.items()}
        return [self._plain(each) for each in value] if isinstance(value, list | tuple) else value


def _words(name: str) -> str:
    """A name as part of a logical one: letters and digits, each word with a capital."""
    return "".join(word[:1].upper() + word[1:] for word in _NO_LETTER.split(name))
