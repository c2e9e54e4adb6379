"""A fix as text for a shell: commands of the AWS CLI, version 1 or 2, ready to paste into bash.

A name may hold anything: every value is quoted, and values that the AWS CLI itself would take for something
else (an option, a file, JSON) go into one JSON document, which it reads as it stands.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ops.core import fix_place as place
from ops.core.fix_calls import GONE, IN_SERVICE, SERVING, SETTLED, Call, calls
from ops.core.fixes import Calls, ChosenTopic, PolicyArn
from ops.core.hcl import comment
from ops.core.resources import UNSETTLED

TOPIC = "TOPIC_ARN"
"""The shell variable that the reader sets to the topic that is to be told."""
_POLICY = "POLICY_ARN"
WIDTH = 80
LOOK_S = 15
"""Seconds between two looks at an endpoint for which the AWS CLI has no waiter."""
_ROUNDS = {IN_SERVICE: 2, GONE: 4}
"""How often a waiter of the AWS CLI is told to wait until that makes 2 h: it does so for 1 h, or for half an hour."""
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MISREAD = re.compile(r"-|\[|\{|file:|fileb:|https?:", re.IGNORECASE)
"""How a value begins that the AWS CLI would not take as it stands."""


def cli(fix: Calls, region: str, account: str = "") -> str:
    """The commands, one after the other; each runs only when the one before it worked.

    `account`: where it is known, the first command is that the credentials are of that one.
    """
    made = calls(fix)
    variables = _variables(made)
    commands = [_command(call, region, variables) for call in made]
    heads: list[str] = []
    if place.known(account):
        commands.insert(0, _guard(region, account))
        heads.append(comment(place.meant_for(region, account)))
    if any(isinstance(value, ChosenTopic) for call in made for value in _stand_ins(call)):
        heads.append(f"# Set {TOPIC} first: the ARN of the SNS topic that is to be told.")
    return "\n".join([*heads, " &&\n".join(commands)])


def _guard(region: str, account: str) -> str:
    """Ends the chain with words, and leaves the reader's shell open."""
    asked = f"aws sts get-caller-identity \\\n  --region {shlex.quote(region)} --query Account --output text"
    said = shlex.quote(place.other(account))
    return f'{{ [ "$({asked})" = {account} ] ||\n  {{ echo {said} >&2; false; }}; }}'


def _variables(made: Sequence[Call]) -> Mapping[str, str]:
    """The shell variable of each policy whose ARN a call needs."""
    needed = dict.fromkeys(v.policy for c in made for v in _stand_ins(c) if isinstance(v, PolicyArn))
    return {policy: _POLICY if n == 1 else f"{_POLICY}_{n}" for n, policy in enumerate(needed, 1)}


def _stand_ins(call: Call) -> Iterable[PolicyArn | ChosenTopic]:
    for value in call.parameters.values():
        for part in value if isinstance(value, list) else ():
            if isinstance(part, PolicyArn | ChosenTopic):
                yield part


def _until_serving(call: Call, region: str) -> str:
    """The AWS CLI has no waiter for an instance. It ends, and what follows is not run, when AWS gives no number."""
    settled = _command(replace(call, waits=IN_SERVICE), region, {})
    asked = _looked_at(call, region, "ProductionVariants[0].CurrentInstanceCount")
    loop = f'while INSTANCES=$({asked}) &&\n  [ "$INSTANCES" -lt 1 ]; do sleep {LOOK_S}; done'
    return f'{settled} &&\n{loop} &&\n[ "${{INSTANCES:-0}}" -ge 1 ]'


def _until_settled(call: Call, region: str) -> str:
    """The AWS CLI has no waiter that takes a failed endpoint. What follows is not run when AWS gives no status."""
    at_work = "|".join(sorted(UNSETTLED))
    asked = _looked_at(call, region, "EndpointStatus")
    loop = f'while STATUS=$({asked}) &&\n  [[ "$STATUS" =~ ^({at_work})$ ]]; do sleep {LOOK_S}; done'
    return f'{loop} &&\n[ -n "$STATUS" ]'


def _looked_at(call: Call, region: str, query: str) -> str:
    words = ["aws sagemaker describe-endpoint", f"--region {shlex.quote(region)}"]
    words.append(f"--cli-input-json {_json(dict(call.parameters))}")
    words += [f"--query {shlex.quote(query)}", "--output text"]
    return " \\\n  ".join(words)


def _command(call: Call, region: str, variables: Mapping[str, str]) -> str:
    if call.waits == SERVING:
        return _until_serving(call, region)
    if call.waits == SETTLED:
        return _until_settled(call, region)
    what = f"wait {_dashed_name(call.waits)}" if call.waits else _dashed(call.operation)
    words = [f"aws {call.service} {what}", f"--region {shlex.quote(region)}"]
    odd: dict[str, Any] = {}
    for name, value in call.parameters.items():
        said = _said(value, variables)
        if said is None:
            odd[name] = value
        else:
            words.append(_option(name, value, said))
    if odd:
        words.append(f"--cli-input-json {_json(odd)}")
    variable = variables.get(call.makes) if call.makes else None
    if variable is not None:
        words += ["--query PolicyARN", "--output text"]
    text = " \\\n  ".join(words)
    if call.waits:
        return _repeated(text, _ROUNDS[call.waits])
    return f"{variable}=$({text})" if variable is not None else text


def _repeated(command: str, rounds: int) -> str:
    """The AWS CLI waits less long than Ebb: so it is told to again."""
    numbers = " ".join(map(str, range(1, rounds + 1)))
    return f"for ROUND in {numbers}; do {command} && break; done"


def _option(name: str, value: Any, said: str) -> str:
    option = _dashed(name)
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    return f"--{option} {said}"


def _said(value: Any, variables: Mapping[str, str]) -> str | None:
    """A value as shell words; None where the AWS CLI would not take them as they stand."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int | float):
        return None if value < 0 else f"{value:.15g}"
    if isinstance(value, str):
        return None if _MISREAD.match(value) else shlex.quote(value)
    if isinstance(value, list) and not any(isinstance(part, dict) for part in value):
        stand_ins = any(isinstance(part, PolicyArn | ChosenTopic) for part in value)
        if not stand_ins and any(_said(part, variables) is None for part in value):
            return None
        return " ".join(_word(part, variables) for part in value)
    return _json(value)


def _json(value: Any) -> str:
    """A quoted JSON document; a long one on several lines, which bash and the AWS CLI take as well."""
    return shlex.quote(_laid_out(value, "  "))


def _laid_out(value: Any, indent: str) -> str:
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list):
        return short
    deeper = f"{indent}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(k, ensure_ascii=False)}: {_laid_out(v, deeper)}" for k, v in value.items()]
        begin, end = "{", "}"
    else:
        parts, begin, end = [_laid_out(v, deeper) for v in value], "[", "]"
    if len(short) <= WIDTH:
        return f"{begin}{', '.join(parts)}{end}"
    lines = f",\n{deeper}".join(parts)
    return f"{begin}\n{deeper}{lines}\n{indent}{end}"


def _word(part: Any, variables: Mapping[str, str]) -> str:
    """One entry of a list. A variable that is not set stops the command instead of being sent empty."""
    if isinstance(part, PolicyArn):
        return f'"${{{variables[part.policy]}:?}}"'
    if isinstance(part, ChosenTopic):
        return f'"${{{TOPIC}:?is not set}}"'
    return shlex.quote(str(part))


def _dashed_name(waiter: str) -> str:
    return waiter.replace("_", "-")


def _dashed(name: str) -> str:
    """PutMetricAlarm as the AWS CLI spells it: put-metric-alarm."""
    return _CAPITAL.sub("-", name).lower()
