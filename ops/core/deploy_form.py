"""A deployment as flat text, field by field: what a form holds, a link carries, options and a file say. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from ops.core import deployment
from ops.core.alarm_proposals import START_S, Proposal, proposals
from ops.core.deploy_checks import MOST_WAKE_MIN, off_range, off_tags, off_variables
from ops.core.deployment import TOPIC_LIKE, Deployment, Fault, NewModel
from ops.core.doctor.mending import TARGET
from ops.core.errors import BadInput
from ops.core.fixes import PutAlarm
from ops.core.names import TOPIC
from ops.core.requests import TTL_S
from ops.core.resources import Container
from ops.core.types import EndpointRef

EXISTING, NEW = "existing", "new"
"""Of the field `from`: a model that is there, or one that is made."""
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "from": EXISTING,
        "model": "",
        "new-model": "",
        "image": "",
        "model-data": "",
        "role": "",
        "env": "",
        "name": "",
        "config": "",
        "type": "",
        "output": "",
        "failures": "",
        "success-topic": "",
        "error-topic": "",
        "concurrency": "1",
        "max": "2",
        "target": f"{TARGET:g}",
        "in-cooldown": "600",
        "out-cooldown": "300",
        "wake": "yes",
        "wake-minutes": "2",
        "alarms": "wake-stuck, oldest-request, failures, expired",
        "alarm-topic": "",
        "tags": "",
    }
)
"""Every field, with what it holds where nobody has said anything."""
SECRET = frozenset({"env"})
"""What may hold secrets: it is in no link."""
ALARMS = tuple(DEFAULTS["alarms"].split(", "))
TRACKING_ALARMS = 2
"""Alarms that target tracking makes for itself (facts B.3)."""
ALARM_USD, FREE_ALARMS = Decimal("0.10"), 10
ALARM_PRICE_OF = "CloudWatch's prices as third parties quote them, November 2026"
"""Where the price of a standard alarm is from (facts F.2)."""
MOST_CHARACTERS = 1_024
"""Of one field."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was typed: the deployment where nothing is off, and what is, by field."""

    wish: Deployment | None
    faults: tuple[Fault, ...]

    def of(self, field: str) -> BadInput | None:
        """What is wrong with one field."""
        return next((error for name, error in self.faults if name == field), None)

    def insist(self) -> Deployment:
        """The deployment. Raises the first BadInput."""
        if self.wish is None or self.faults:
            raise self.faults[0][1]
        return self.wish


def read(typed: Mapping[str, str], start_s: float | None = None) -> Read:
    """What flat text says; fields that are not given hold their defaults. Other names are refused by `known`.

    `start_s`: how long a start takes at most, where that was measured.
    """
    text = {key: str(typed.get(key, default)).strip() for key, default in DEFAULTS.items()}
    wrong: list[Fault] = [
        (key, BadInput(f"This is longer than {MOST_CHARACTERS:,} characters.", "Shorten it."))
        for key, value in text.items()
        if key not in SECRET and len(value) > MOST_CHARACTERS
    ]
    numbers = {
        key: _whole(text[key], key, wrong) for key in ("max", "in-cooldown", "out-cooldown", "wake-minutes")
    }
    concurrency = (
        None if text["concurrency"] in ("", "auto") else _whole(text["concurrency"], "concurrency", wrong)
    )
    target = _number(text["target"], wrong)
    if text["wake"] not in ("yes", "no"):
        wrong.append(("wake", BadInput(f"{text['wake']!r} is neither yes nor no.", "Say yes or no.")))
    tags = _pairs(text["tags"].replace("\n", ","), ",", "tags", "team=documents", wrong)
    wrong += [("tags", error) for error in off_tags(tags)]
    wish = Deployment(
        text["name"],
        _model(text, wrong),
        text["type"],
        text["output"],
        text["failures"],
        text["success-topic"],
        text["error-topic"],
        concurrency,
        numbers["max"],
        target,
        numbers["in-cooldown"],
        numbers["out-cooldown"],
        text["wake"] == "yes",
        numbers["wake-minutes"],
        _alarms(text, numbers["wake-minutes"], start_s, wrong),
        tags,
        text["config"],
    )
    off = {key for key, _ in wrong}
    wrong += [(key, error) for key, error in deployment.faults(wish) if key not in off]
    return Read(None if wrong else wish, tuple(wrong))


def environment(lines: Iterable[str]) -> dict[str, str]:
    """Variables as options give them, each NAME=value. Raises BadInput."""
    wrong: list[Fault] = []
    found = _pairs("\n".join(lines), "\n", "env", "BATCH=4", wrong)
    for error in (*(error for _, error in wrong), *off_variables(found)):
        raise error
    return dict(found)


def known(typed: Mapping[str, object]) -> dict[str, str]:
    """Fields as text, as a file gives them: numbers, lists and maps as the form writes them. Raises BadInput."""
    unknown = [key for key in typed if key not in DEFAULTS]
    if unknown:
        raise BadInput(f"{unknown[0]!r} is no field of a deployment.", f"Fields are: {', '.join(DEFAULTS)}.")
    return {key: _text(key, value) for key, value in typed.items()}


def proposed(name: str, wake_minutes: int, start_s: float | None = None) -> tuple[Proposal, ...]:
    """The alarms worth having for an endpoint of this name that is yet to be made.

    `start_s`: how long a start takes at most, where that was measured; no alarm rings sooner than people saw starts.
    """
    longest = None if start_s is None or start_s < START_S else start_s
    return proposals(EndpointRef("", "", name), (), TTL_S, longest, wake_minutes).missing


def alarm_costs(chosen: int, *, wake: bool) -> str:
    """What the alarms of a deployment cost: those that were chosen, and those that come with its policies."""
    number = chosen + wake + TRACKING_ALARMS
    others = "the wake alarm and the two of target tracking" if wake else "the two of target tracking"
    return (
        f"With {others} it has {number} alarms: at most ${number * ALARM_USD:.2f} a month at list price "
        f"(${ALARM_USD} a month each, the first {FREE_ALARMS} of the account cost nothing; {ALARM_PRICE_OF})."
    )


def wake_minutes(text: str) -> int:
    """Minutes that the wake alarm waits, of what is typed; the default where that makes no sense."""
    typed = text.strip() or DEFAULTS["wake-minutes"]
    return (
        int(typed)
        if typed.isdecimal() and 1 <= int(typed) <= MOST_WAKE_MIN
        else int(DEFAULTS["wake-minutes"])
    )


def kind_of(proposal: Proposal, name: str) -> str:
    """What a proposed alarm is called in the field `alarms`: "wake-stuck"."""
    return proposal.alarm.name.removeprefix(f"{name}-")


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ("\n" if key == "env" else ", ").join(value)
    if isinstance(value, dict) and all(isinstance(each, str | int | float) for each in value.values()):
        return ("\n" if key == "env" else ", ").join(f"{k}={v}" for k, v in value.items())
    raise BadInput(
        f"{key} cannot be {type(value).__name__}.", "Give text, a number, a list of texts, or a map."
    )


def _model(text: Mapping[str, str], wrong: list[Fault]) -> str | NewModel:
    if text["from"] not in (EXISTING, NEW):
        wrong.append(("from", BadInput(f"{text['from']!r} is no way to a model.", "Say existing or new.")))
    if text["from"] != NEW:
        if not text["model"]:
            wrong.append(("model", BadInput("No model is chosen.", "Choose one, or make a new one.")))
        return text["model"]
    env = _pairs(text["env"], "\n", "env", "BATCH=4", wrong)
    wrong += [("env", error) for error in off_variables(env)]
    called = text["new-model"] or text["name"]
    return NewModel(called, Container(text["image"], text["model-data"], env), text["role"])


def _alarms(
    text: Mapping[str, str], wake_minutes: int, start_s: float | None, wrong: list[Fault]
) -> tuple[PutAlarm, ...]:
    """The chosen ones; none without somebody to tell."""
    topic, name = text["alarm-topic"] or text["error-topic"], text["name"]
    wanted = [each.strip() for each in text["alarms"].split(",") if each.strip() not in ("", "none")]
    for each in wanted:
        if each not in ALARMS:
            wrong.append(("alarms", BadInput(f"{each!r} is no alarm.", f"There are {', '.join(ALARMS)}.")))
    if text["alarm-topic"] and not TOPIC.fullmatch(text["alarm-topic"]):
        wrong.append(("alarm-topic", BadInput(f"{topic!r} is not the ARN of an SNS topic.", TOPIC_LIKE)))
    if not topic or not name:
        return ()
    return tuple(
        replace(each.alarm, actions=(topic,))
        for each in proposed(name, wake_minutes, start_s)
        if kind_of(each, name) in wanted
    )


def _whole(text: str, key: str, wrong: list[Fault]) -> int:
    """1 where it is no whole number, and what is wrong is noted."""
    try:
        number = int(text)
    except ValueError:
        said = f"{text!r} is not a whole number." if text else "A whole number is missing."
        wrong.append((key, BadInput(said, f"The default is {DEFAULTS[key]}.")))
        return 1
    error = off_range(key, number, text)
    if error is None:
        return number
    wrong.append((key, error))
    return 1


def _number(text: str, wrong: list[Fault]) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        said = f"{text!r} is not a number." if text else "A number is missing."
        wrong.append(("target", BadInput(said, f"The default is {DEFAULTS['target']}.")))
        return TARGET
    error = off_range("target", number, text)
    if error is None:
        return number
    wrong.append(("target", error))
    return TARGET


def _pairs(
    text: str, between: str, key: str, example: str, wrong: list[Fault]
) -> tuple[tuple[str, str], ...]:
    found = []
    for number, part in enumerate((each.strip() for each in text.split(between)), start=1):
        name, equals, value = part.partition("=")
        if part and (not equals or not name.strip()):
            which = f"Line {number}" if key in SECRET else repr(part)
            wrong.append((key, BadInput(f"{which} is no name with a value.", f"Write it like {example}.")))
        if not equals or not name.strip():
            continue
        found.append((name.strip(), value.strip()))
    return tuple(found)
