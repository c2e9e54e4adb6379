"""What a saving is counted against, always named and always with its formula. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from zoneinfo import ZoneInfo

from ops.core.errors import BadInput
from ops.core.instance_time import InstanceTime
from ops.core.periods import Period, midnight

PEAK_SHARE = 0.99
MOST = 10_000
_HOURS = re.compile(r"^hours:(\d{1,2})-(\d{1,2})$")


class Kind(StrEnum):
    PEAK = "peak"
    ONE = "one"
    MAX = "max"
    HOURS = "hours"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Baseline:
    """`number`: instances, for Kind.NUMBER. `opens`, `closes`: local hours of Monday to Friday, for Kind.HOURS."""

    kind: Kind = Kind.PEAK
    number: Decimal | None = None
    opens: int = 8
    closes: int = 18

    @property
    def text(self) -> str:
        """As a link and the command line write it."""
        if self.kind is Kind.NUMBER:
            return f"{self.number:f}"
        if self.kind is Kind.HOURS and (self.opens, self.closes) != (8, 18):
            return f"hours:{self.opens}-{self.closes}"
        return self.kind.value

    @property
    def words(self) -> str:
        """In a sentence: "always on at its peak would have cost …"."""
        if self.kind is Kind.NUMBER:
            return f"always on at {self.number:f} instance{'' if self.number == 1 else 's'}"
        if self.kind is Kind.HOURS:
            return f"on at its peak from {self.opens:02}:00 to {self.closes:02}:00 on weekdays only"
        return {
            Kind.PEAK: "always on at its peak",
            Kind.ONE: "always on at one instance",
            Kind.MAX: "always on at its maximum",
        }[self.kind]


AT_PEAK = Baseline()


def parse(text: str) -> Baseline:
    """peak, one, max, hours, hours:7-20, or a number of instances. Raises BadInput."""
    word = text.strip().lower()
    if word in (Kind.PEAK, Kind.ONE, Kind.MAX, Kind.HOURS):
        return Baseline(Kind(word))
    hours = _HOURS.match(word)
    if hours is not None and 0 <= int(hours[1]) < int(hours[2]) <= 24:
        return Baseline(Kind.HOURS, opens=int(hours[1]), closes=int(hours[2]))
    try:
        number = Decimal(word)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= MOST:
        raise BadInput(
            f"{text!r} is not a baseline.",
            "Give peak, one, max, hours (or hours:7-20), or a number of instances such as 3.",
        )
    return Baseline(Kind.NUMBER, number.normalize() if number else Decimal(0))


@dataclass(frozen=True, slots=True)
class Against:
    """The baseline of one endpoint over one period."""

    baseline: Baseline
    instances: Decimal | None
    """How many would have been on; None where that is not known."""
    formula: str


def against(baseline: Baseline, time: InstanceTime, most: int | None) -> Against:
    """What `baseline` means for an endpoint. `most`: its maximum capacity now; None: not known."""
    known = f"{time.known_minutes:,.0f} known minutes"
    if baseline.kind in (Kind.PEAK, Kind.HOURS):
        peak = time.quantile(PEAK_SHARE)
        if peak is None:
            return Against(baseline, None, "nothing is known of this period")
        said = f"p99 of {known} (asleep = 0) = {_n(peak)}"
        if peak < 1:
            peak = 1.0
            said += "; what is always on has at least one"
        if baseline.kind is Kind.HOURS:
            said += f", on weekdays from {baseline.opens:02}:00 to {baseline.closes:02}:00"
        return Against(baseline, Decimal(math.ceil(peak - 1e-9)), said)
    if baseline.kind is Kind.ONE:
        return Against(baseline, Decimal(1), "one instance in every known minute")
    if baseline.kind is Kind.MAX:
        if most is None:
            return Against(baseline, None, "no maximum capacity is known: it has no scalable target")
        return Against(baseline, Decimal(most), f"the present maximum of {_n(most)} in every known minute")
    assert baseline.number is not None
    return Against(baseline, baseline.number, f"{baseline.number:f} instances in every known minute")


def office_edges(baseline: Baseline, period: Period) -> tuple[tuple[datetime, datetime], ...]:
    """The spans of business hours within the lived part of a period: Monday to Friday of its zone."""
    info = ZoneInfo(period.zone)
    out = []
    for day, begin, end in period.days():
        if day.weekday() >= 5:
            continue
        zero = midnight(day, info)
        opens = max(begin, _at(zero, info, baseline.opens))
        closes = min(end, _at(zero, info, baseline.closes))
        if closes > opens:
            out.append((opens, closes))
    return tuple(out)


def _at(zero: datetime, info: ZoneInfo, hour: int) -> datetime:
    local = zero.astimezone(info).date()
    if hour == 24:
        return midnight(local + timedelta(days=1), info)
    from_zone = datetime(local.year, local.month, local.day, hour, tzinfo=info)
    return datetime.fromtimestamp(from_zone.timestamp(), zero.tzinfo)


def _n(instances: float) -> str:
    return f"{instances:g} instance{'' if instances == 1 else 's'}"
