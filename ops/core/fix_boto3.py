"""A fix as a Python script on boto3, which runs as it stands: clients, calls in their order, waiters.

Source: the documentation of boto3 on clients and waiters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ops.core import fix_place as place
from ops.core.fix_calls import HOSTING, IN_SERVICE, SCALING, SERVING, SETTLED, WATCHING, Call, calls
from ops.core.fixes import Calls, ChosenTopic, PolicyArn
from ops.core.hcl import comment
from ops.core.quoting import quoted
from ops.core.resources import UNSETTLED

TOPIC = "TOPIC_ARN"
"""The variable that the reader sets to the topic that is to be told."""
WIDTH = 100
ATTEMPTS = 240
"""Looks of a waiter, half a minute apart: 2 h, as Ebb waits; boto3 by itself waits for an hour, or half of one."""
LOOK_S = 15
"""Seconds between two looks at an endpoint for which boto3 has no waiter."""
_CLIENTS = {HOSTING: "sagemaker", SCALING: "scaling", WATCHING: "cloudwatch"}
_POLICY = "policy_arn"
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def boto3(fix: Calls, region: str, account: str = "") -> str:
    """The script: it ends with an error at the first call that AWS refuses, and makes none of those after it.

    `account`: where it is known, it ends with words before its first call where the credentials are of another one.
    """
    made = calls(fix)
    variables = _variables(made)
    timed = any(call.waits in (SERVING, SETTLED) for call in made)
    parts = [comment(place.meant_for(region, account))] if place.known(account) else []
    parts += ["import time\n\nimport boto3" if timed else "import boto3", f"REGION = {quoted(region)}"]
    if place.known(account):
        parts.append(_guard(account))
    if any(isinstance(each, ChosenTopic) for call in made for each in _stand_ins(call)):
        parts.append(_to_be_set(TOPIC, "the ARN of the SNS topic that is to be told"))
    known = {call.makes for call in made}
    parts += [
        _to_be_set(variable, f"the ARN of the policy {policy}")
        for policy, variable in variables.items()
        if policy not in known
    ]
    services = dict.fromkeys(call.service for call in made)
    parts.append(
        "\n".join(f"{_CLIENTS[each]} = boto3.client({quoted(each)}, region_name=REGION)" for each in services)
    )
    parts += [_call(call, variables) for call in made]
    return "\n\n".join(parts)


def _guard(account: str) -> str:
    return "\n".join(
        (
            f"ACCOUNT = {quoted(account)}",
            'if boto3.client("sts", region_name=REGION).get_caller_identity()["Account"] != ACCOUNT:',
            f"    raise SystemExit({quoted(place.other(account))})",
        )
    )


def _method(operation: str) -> str:
    """PutMetricAlarm as boto3 spells it: put_metric_alarm."""
    return _CAPITAL.sub("_", operation).lower()


def _variables(made: Sequence[Call]) -> Mapping[str, str]:
    """The variable of each policy whose ARN a call needs."""
    needed = dict.fromkeys(v.policy for c in made for v in _stand_ins(c) if isinstance(v, PolicyArn))
    return {policy: _POLICY if n == 1 else f"{_POLICY}_{n}" for n, policy in enumerate(needed, 1)}


def _stand_ins(call: Call) -> Iterable[PolicyArn | ChosenTopic]:
    for value in call.parameters.values():
        for part in value if isinstance(value, list) else ():
            if isinstance(part, PolicyArn | ChosenTopic):
                yield part


def _to_be_set(variable: str, what: str) -> str:
    """A variable that only the reader can set; without it the script makes no call."""
    return "\n".join(
        (
            f'{variable} = ""',
            f"if not {variable}:",
            f"    raise SystemExit({quoted(f'Set {variable} first: {what}.')})",
        )
    )


def _until_serving(call: Call) -> str:
    """boto3 has no waiter for an instance."""
    settled = _call(replace(call, waits=IN_SERVICE), {})
    name = quoted(str(call.parameters["EndpointName"]))
    return "\n".join(
        (
            settled,
            "while True:",
            f"    endpoint = {_CLIENTS[HOSTING]}.describe_endpoint(EndpointName={name})",
            '    if endpoint["ProductionVariants"][0]["CurrentInstanceCount"] > 0:',
            "        break",
            f"    time.sleep({LOOK_S})",
        )
    )


def _until_settled(call: Call) -> str:
    """boto3 has no waiter that takes a failed endpoint."""
    name = quoted(str(call.parameters["EndpointName"]))
    at_work = ", ".join(map(quoted, sorted(UNSETTLED)))
    return "\n".join(
        (
            "while True:",
            f"    endpoint = {_CLIENTS[HOSTING]}.describe_endpoint(EndpointName={name})",
            f'    if endpoint["EndpointStatus"] not in ({at_work}):',
            "        break",
            f"    time.sleep({LOOK_S})",
        )
    )


def _call(call: Call, variables: Mapping[str, str]) -> str:
    if call.waits == SERVING:
        return _until_serving(call)
    if call.waits == SETTLED:
        return _until_settled(call)
    client = _CLIENTS[call.service]
    head = f"{client}.{_method(call.operation)}("
    if call.waits:
        head = f"{client}.get_waiter({quoted(call.waits)}).wait("
    variable = variables.get(call.makes) if call.makes else None
    tail = ""
    if variable is not None:
        head, tail = f"{variable} = {head}", '["PolicyARN"]'
    longer = {"WaiterConfig": {"MaxAttempts": ATTEMPTS}} if call.waits else {}
    pairs = [(f"{name}=", value) for name, value in (dict(call.parameters) | longer).items()]
    return f"{head}{_listed(pairs, variables, '', len(head) + len(tail))}){tail}"


def _literal(value: Any, variables: Mapping[str, str], indent: str, taken: int) -> str:
    """A value as Python writes it. `taken`: how much of the line is taken by what stands before it."""
    if isinstance(value, PolicyArn):
        return variables[value.policy]
    if isinstance(value, ChosenTopic):
        return TOPIC
    if isinstance(value, Mapping):
        pairs = [(f"{quoted(str(key))}: ", part) for key, part in value.items()]
        return f"{{{_listed(pairs, variables, indent, taken)}}}"
    if isinstance(value, list | tuple):
        return f"[{_listed([('', part) for part in value], variables, indent, taken)}]"
    return quoted(value) if isinstance(value, str) else repr(value)


def _listed(pairs: Sequence[tuple[str, Any]], variables: Mapping[str, str], indent: str, taken: int) -> str:
    """What stands between two brackets: on one line where it fits, else each part on its own."""
    flat = ", ".join(f"{name}{_literal(value, variables, '', -(10**6))}" for name, value in pairs)
    if taken + len(flat) + 1 <= WIDTH:
        return flat
    deeper = f"{indent}    "
    lines = [
        f"{deeper}{name}{_literal(value, variables, deeper, len(deeper) + len(name) + 1)},"
        for name, value in pairs
    ]
    return "\n" + "\n".join(lines) + f"\n{indent}"
