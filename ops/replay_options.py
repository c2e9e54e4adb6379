"""The options of `replay` and `plan` as they are typed, checked, and what they mean. Every error says what to do."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from ops import clock
from ops.core.candidate import MOST_USD
from ops.core.errors import BadInput
from ops.core.types import Price
from ops.core.words import listed
from ops.planner import MOST_MINUTES
from ops.replay.draws import Times, times
from ops.replay.put_calls import LONGEST_PERIODS, policies
from ops.replay.scenario import FAILS, FOLLOWS, NEVER_EXPIRES, Model, Scaling
from ops.replay.setting import Wish
from ops.replay.warm_events import warm_plan

Say = Callable[[str], None]
OWN = "--price"
STDIN = "-"
MOST_TTL_S = 60.0 * MOST_MINUTES
BILLED = {"launch": "ordered", "in-service": "in_service"}


@dataclass(frozen=True, slots=True)
class Scaled:
    """Options about scaling, None where they were not typed."""

    least: int | None
    most: int | None
    target: str | None
    in_cooldown: float | None
    out_cooldown: float | None
    high_periods: int | None
    low_periods: int | None
    wake_policy: bool | None
    step: str | None
    warm: tuple[str, ...]
    initial: int | None

    def given(self) -> tuple[str, ...]:
        """Those that were typed."""
        named = {
            "--min": self.least,
            "--max": self.most,
            "--target": self.target,
            "--scale-in-cooldown": self.in_cooldown,
            "--scale-out-cooldown": self.out_cooldown,
            "--high-periods": self.high_periods,
            "--low-periods": self.low_periods,
            "--wake-policy": self.wake_policy or None,
            "--step": self.step,
            "--warm": self.warm or None,
            "--initial": self.initial,
        }
        return tuple(name for name, value in named.items() if value is not None)


def wish(
    scaled: Scaled,
    fixed: int | None,
    ttl_s: float,
    metric_delay_s: float,
    bill_from: str,
    say: Say,
    while_updating: str = FOLLOWS,
) -> Wish:
    """`say` hears what is not used. Raises BadInput."""
    ttl = seconds(ttl_s, "--ttl-s")
    if ttl > MOST_TTL_S:
        say(f"--ttl-s {ttl:g} is longer than any replay: requests never expire.")
        ttl = NEVER_EXPIRES
    model = Model(
        metric_delay_s=seconds(metric_delay_s, "--metric-delay-s"),
        billed_from=billed_from(bill_from),
        busy_action=busy_action(while_updating),
    )
    if fixed is not None:
        if scaled.given():
            verb = "are" if len(scaled.given()) > 1 else "is"
            say(f"Fixed instances do not scale: {listed(list(scaled.given()))} {verb} not used.")
        return Wish(fixed=from_zero(fixed, "--fixed-instances"), ttl_s=ttl, model=model)
    typed = None if scaled.target is None else target(scaled.target)
    return Wish(
        least=None if scaled.least is None else from_zero(scaled.least, "--min"),
        most=None if scaled.most is None else from_zero(scaled.most, "--max"),
        tracks=None if scaled.target is None else typed is not None,
        target=typed,
        in_cooldown_s=None
        if scaled.in_cooldown is None
        else seconds(scaled.in_cooldown, "--scale-in-cooldown"),
        out_cooldown_s=None
        if scaled.out_cooldown is None
        else seconds(scaled.out_cooldown, "--scale-out-cooldown"),
        high_periods=None if scaled.high_periods is None else _periods(scaled.high_periods, "--high-periods"),
        low_periods=None if scaled.low_periods is None else _periods(scaled.low_periods, "--low-periods"),
        wakes=scaled.wake_policy,
        more=() if scaled.step is None else steps(scaled.step),
        warm=tuple(warm_plan(text) for text in scaled.warm),
        initial=None if scaled.initial is None else from_zero(scaled.initial, "--initial"),
        ttl_s=ttl,
        model=model,
    )


def service(constant: float | None, text: str | None) -> Times | None:
    """What --service-s or --service says. Raises BadInput."""
    if constant is not None and text is not None:
        raise BadInput("Two options say how long a request takes.", "Give --service-s or --service.")
    if constant is not None:
        return Times(seconds(constant, "--service-s"))
    return None if text is None else times(text, "processing time")


def steps(path: str) -> tuple[Scaling, ...]:
    """The policies of a JSON file with PutScalingPolicy and PutMetricAlarm calls. Raises BadInput."""
    try:
        document = json.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{path!r} is no text file.", "Give the JSON of both calls.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadInput(f"{path!r} is no JSON: {error.msg} in {where}.", "Mend it there.") from error
    return policies(document)


def price(text: str, instance_type: str | None) -> Price:
    """Dollars an hour, as typed. Raises BadInput."""
    try:
        usd = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation as error:
        raise BadInput(f"{text!r} is no price.", "Give dollars an hour, such as 1.408.") from error
    if not usd.is_finite() or not 0 <= usd <= MOST_USD:
        raise BadInput(f"A price of {text} cannot be.", "Give dollars an hour, such as 1.408.")
    return Price(instance_type or "", "", usd, OWN, clock.now())


def target(text: str) -> float | None:
    """A number, or none. Raises BadInput."""
    if text.strip().lower() in ("none", "off"):
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (found > 0 and math.isfinite(found)):
        raise BadInput(f"{text!r} is no target.", "Give a backlog per instance above 0, or none.")
    return found


def billed_from(text: str) -> str:
    found = BILLED.get(text.strip().lower())
    if found is None:
        raise BadInput(f"Instances are not billed from {text!r}.", f"Give --bill-from {' or '.join(BILLED)}.")
    return found


def busy_action(text: str) -> str:
    found = text.strip().lower()
    if found not in (FOLLOWS, FAILS):
        raise BadInput(
            f"{text!r} says nothing of a scheduled action.", f"Give --while-updating {FOLLOWS} or {FAILS}."
        )
    return found


def seconds(value: float, option: str) -> float:
    if not (value >= 0 and math.isfinite(value)):
        raise BadInput(f"{option} {value:g} cannot be.", "Give seconds from 0 up.")
    return value


def from_zero(value: int, option: str) -> int:
    if value < 0:
        raise BadInput(f"{option} {value} cannot be.", "Give a whole number from 0 up.")
    return value


def _periods(value: int, option: str) -> int:
    if value > LONGEST_PERIODS:
        raise BadInput(
            f"{option} {value:,} cannot be: CloudWatch lets an alarm look at a day at most.",
            f"Give 1 to {LONGEST_PERIODS:,} minutes.",
        )
    return from_one(value, option)


def from_one(value: int, option: str) -> int:
    if value < 1:
        raise BadInput(f"{option} {value} cannot be.", "Give a whole number from 1 up.")
    return value


def read_bytes(path: str) -> bytes:
    """A file, or stdin. Raises BadInput."""
    if path == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path!r} cannot be read: {error.strerror}.", "Give a file that is there.") from error
