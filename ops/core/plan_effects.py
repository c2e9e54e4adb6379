"""What a change leads to and what it costs, in plain sentences. Money is always an estimate at list price.

Sources: facts B.2 (bounds act at once), B.6 (schedules), B.7 (suspension).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ops.core import setup as parts
from ops.core.change import CostEffect
from ops.core.setup import Setup
from ops.core.types import Bounds, Endpoint, Price, Suspended
from ops.core.words import count, duration

HOURS_PER_DAY = 24
DAYS_PER_MONTH = Decimal(730) / 24


@dataclass(frozen=True, slots=True)
class InFlight:
    """What is at work now. None: not known, which is not nothing."""

    backlog: float | None = None
    completed: float | None = None
    """Requests finished in the last `window_s` seconds."""
    window_s: float = 900.0
    utilisation: float | None = None
    """The highest share of CPU or GPU that was used in the last minutes, 0-1 of one core or one GPU."""
    unanswered: int | None = None
    """Requests submitted from Ebb that have no answer yet."""

    @property
    def quiet(self) -> bool:
        """Whether all that can be seen says that nothing is at work."""
        return (
            self.backlog == 0
            and self.completed == 0
            and not self.unanswered
            and self.utilisation is not None
            and self.utilisation < 0.05
        )


@dataclass(frozen=True, slots=True)
class Around:
    """What a plan has to know besides the set-up. None: not known."""

    endpoint: Endpoint
    now: datetime
    price: Price | None = None
    quota: int | None = None
    """How many instances of this type all endpoints of the account may run."""
    start_s: float | None = None
    """The usual time from the order of the first instance to its service, seconds."""
    work: InFlight = field(default_factory=InFlight)


def next_effect(before: Setup, wanted: Setup, around: Around) -> str:
    """What AWS does next, in plain sentences."""
    said = []
    old, new = before.target, wanted.target
    if new is None:
        if old is not None:
            said.append(
                "Nothing scales this endpoint any more: it keeps the instances that it has, day and night."
            )
        return " ".join(said) or "Nothing changes now."
    if old is None or old.bounds != new.bounds:
        said.append(_of_bounds(old.bounds if old else None, new.bounds, around))
    if old is not None and old.suspended != new.suspended:
        said.append(_of_suspension(old.suspended, new.suspended, new.bounds))
    changed = parts.differences(before, wanted, around.endpoint.ref)
    if any(d.part.startswith("policy") for d in changed):
        still = "" if _moves(new.bounds, around) else "; instances do not move at once"
        said.append(f"Policies act from the next breach of their alarms on{still}.")
    if any(d.part.startswith("alarm") for d in changed):
        said.append("Alarms look at whole minutes: a new one takes some to know its state.")
    if any(d.part.startswith("schedule") for d in changed):
        said.append("AWS runs the scheduled actions by itself, also while Ebb is not running.")
    return " ".join(said) or "Nothing changes now."


def _moves(bounds: Bounds, around: Around) -> bool:
    """Whether bounds alone start instances or take them away, or may."""
    current = around.endpoint.current
    return current is None or not bounds.min <= current <= bounds.max


def _of_bounds(old: Bounds | None, new: Bounds, around: Around) -> str:
    current = around.endpoint.current
    price = around.price
    each = f", {_usd(price.usd_per_hour)} an hour each" if price is not None else ""
    begins = f", about {duration(around.start_s)}" if around.start_s else ", some minutes"
    if current is None:
        return "How many instances it has now is not known; AWS brings them inside the bounds at once."
    if new.max == 0:
        gone = f"all {count(current, 'instance')} leave at once, and " if current else ""
        return f"With a maximum of 0, {gone}no request wakes it: requests wait until they expire."
    if current < new.min:
        more = new.min - current
        return f"A minimum of {new.min} starts {count(more, 'instance')} at once{begins}{each}."
    if current > new.max:
        fewer = current - new.max
        return f"A maximum of {new.max} takes {count(fewer, 'instance')} away at once."
    said = "No instance starts or leaves now."
    if new.min == 0 and old is not None and old.min > 0:
        said += " It may fall asleep once its scale-in alarm agrees, about a quarter of an hour after the last work."
    elif new.min > 0 and current >= new.min and (old is None or old.min == 0):
        said += f" It stays awake from now on, day and night{each}."
    if old is not None and new.max != old.max:
        word = "further" if new.max > old.max else "less far"
        said += f" A backlog scales it {word} out: to {new.max} instead of {old.max}."
    return said


def _of_suspension(old: Suspended, new: Suspended, bounds: Bounds) -> str:
    said = []
    for flag, word, stops in (
        ("scale_out", "Scaling out", "no alarm adds an instance, and a sleeping endpoint does not wake"),
        ("scale_in", "Scaling in", "no alarm takes an instance away, and what runs is paid"),
        ("scheduled", "Scheduled actions", "warm windows neither open nor close"),
    ):
        was, now = getattr(old, flag), getattr(new, flag)
        if now and not was:
            stop = "stop" if flag == "scheduled" else "stops"
            said.append(f"{word} {stop}: {stops}.")
        if was and not now:
            does = (
                "run again; runs that were missed are not made up for"
                if flag == "scheduled"
                else ("works again, and alarms that are in breach act at once")
            )
            said.append(f"{word} {does}.")
    return " ".join(said)


def cost_of(before: Setup, wanted: Setup, around: Around) -> CostEffect | None:
    """What a change of the minimum adds at most; None where no bound moves."""
    old = before.target.bounds if before.target is not None else Bounds(0, 0)
    new = wanted.target.bounds if wanted.target is not None else None
    if new is None or old == new:
        return None
    kind = (around.endpoint.kinds or ("its type",))[0]
    if around.price is None:
        return CostEffect(None, None, f"No list price of {kind} is known.")
    more = new.min - old.min
    a_day = around.price.usd_per_hour * more * HOURS_PER_DAY
    source = (
        f"{_usd(around.price.usd_per_hour)} an hour, {around.price.source}, {around.price.as_of:%d %b %Y}"
    )
    if around.endpoint.pools:
        source += f"; of {kind}, the first of its pool"
    if more == 0:
        if new.max == 0:
            return CostEffect(Decimal(0), Decimal(0), "Nothing while it stays so: no instance runs.")
        most = _usd(around.price.usd_per_hour * new.max)
        return CostEffect(
            Decimal(0),
            Decimal(0),
            f"Nothing by itself: what it costs goes by its work, at most {most} an hour ({source}).",
        )
    word = "at most, were it asleep otherwise" if more > 0 else "at most saved, were it asleep all day"
    return CostEffect(a_day, a_day * DAYS_PER_MONTH, f"Estimate, {word}: {abs(more)} × {kind}, {source}.")


def _usd(amount: Decimal) -> str:
    return f"${amount:,.2f}"
