"""What Ebb itself asked of AWS in a month, what that costs at list price, and the words for it.

A month is a calendar month in UTC of AWS's time, as AWS bills. All dollars are estimates.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ops.core import cost
from ops.core.own_budget import Rate, Slowing, Why
from ops.core.views import Usage
from ops.core.words import about_usd

DATA = "cloudwatch:GetMetricData"
FREE = frozenset(
    {"sagemaker", "application-autoscaling", "sts", "pricing", "resourcegroupstaggingapi", "cloudtrail"}
    | {"service-quotas", "iam"}
)
"""Services whose requests, as Ebb makes them, have no price of their own."""
STAYS = (
    "Never slowed: the state of every endpoint, its alarms and its instances, which are free to ask for; an endpoint "
    "that is critical or whose queue alarm has gone off; one that just woke. Everything is read at least once an hour."
)
NOT_COUNTED = (
    "Dollars are list prices, so an estimate, and not the bill. Not in them: requests to S3, SNS and CloudWatch "
    "Logs, and what Athena scans, which are priced in other ways."
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in one month, of one AWS account and region."""

    since: datetime
    """AWS's time when counting began in this month."""
    until: datetime
    hours: float = 0.0
    """For which Ebb counted: less than from `since` to `until` where it did not run."""
    calls: Mapping[str, int] = field(default_factory=dict)
    """By "service:Operation"."""
    metrics: int = 0
    rate: Rate = field(default_factory=Rate)

    @property
    def usd(self) -> Decimal:
        """Dollars at list price."""
        return cost.of_asking(self.calls, self.metrics)

    def noted(self, before: Usage, usage: Usage, now: datetime, stretch: float) -> Counted:
        """With what was asked between two countings of one process, up to `now`; a new month begins at nothing."""
        start = self if month(now) == month(self.until) else Counted(now, self.until, rate=self.rate)
        calls = Counter(start.calls)
        calls.update({k: n - before.calls.get(k, 0) for k, n in usage.calls.items()})
        hours = max(0.0, (now - self.until).total_seconds() / 3600)
        counted = replace(
            start,
            until=max(now, self.until),
            hours=start.hours + hours,
            calls=dict(calls),
            metrics=start.metrics + usage.metrics - before.metrics,
        )
        return replace(counted, rate=self.rate.noted(float(counted.usd - start.usd), hours, stretch))

    def after(self, kept: Counted) -> Counted:
        """Both together, where `kept` is of an earlier process; that of an earlier month does not count any more."""
        if month(kept.until) != month(self.until):
            return self
        calls = Counter(kept.calls)
        calls.update(self.calls)
        rate = self.rate if self.rate.hours else kept.rate
        return Counted(
            min(kept.since, self.since),
            max(kept.until, self.until),
            kept.hours + self.hours,
            dict(calls),
            kept.metrics + self.metrics,
            rate,
        )


@dataclass(frozen=True, slots=True)
class ApiLine:
    """One operation in a month. `usd` None: priced in a way that is not counted; `per_hour`: calls."""

    name: str
    calls: int
    metrics: int | None
    usd: Decimal | None
    per_hour: float | None


@dataclass(frozen=True, slots=True)
class Spending:
    """This month's asking as it is shown."""

    counted: Counted
    slowing: Slowing
    budget: Decimal | None
    kept: bool
    """Whether it outlives the process."""

    @property
    def projected(self) -> Decimal | None:
        """Dollars by the month's end at the rate of the last hours; None: not known yet."""
        return _ahead(self.counted, self.counted.rate.per_hour)

    @property
    def at_full_pace(self) -> Decimal | None:
        """The same if nothing were slowed from now on, at most."""
        return _ahead(self.counted, self.counted.rate.at_full_pace)


def _ahead(counted: Counted, rate: float | None) -> Decimal | None:
    return None if rate is None else counted.usd + Decimal(rate * hours_left(counted.until))


def month(at: datetime) -> tuple[int, int]:
    """Year and month, in UTC."""
    utc = at.astimezone(UTC)
    return utc.year, utc.month


def hours_left(at: datetime) -> float:
    """Of the month that `at` is in."""
    first = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - at).total_seconds() / 3600


def lines(counted: Counted) -> tuple[ApiLine, ...]:
    """By operation, the dearest first, then the most frequent."""
    hours = counted.hours
    other = sum(n for name, n in counted.calls.items() if name.startswith("cloudwatch:") and name != DATA)

    def usd(name: str, calls: int) -> Decimal | None:
        service = name.partition(":")[0]
        if name == DATA:
            return counted.metrics * cost.METRIC_USD
        if service == "cloudwatch":  # each its part of what goes beyond the free ones
            return cost.of_asking({"cloudwatch:other": other}, 0) * calls / other
        if service == "ce":
            return cost.of_asking({name: calls}, 0)
        return Decimal(0) if service in FREE else None

    found = [
        ApiLine(
            name, n, counted.metrics if name == DATA else None, usd(name, n), n / hours if hours else None
        )
        for name, n in counted.calls.items()
        if n
    ]
    return tuple(sorted(found, key=lambda each: (-(each.usd or 0), -each.calls, each.name)))


def sentence(spending: Spending) -> str:
    """What was spent this month and what it comes to, and how that stands to the budget."""
    spent, ahead = about_usd(spending.counted.usd), spending.projected
    comes = f"comes to {about_usd(ahead)} by its end" if ahead is not None else "the rate is not known yet"
    told = f"{spent[:1].upper()}{spent[1:]} this month so far; {comes}, an estimate at list price."
    if spending.budget is None:
        return f"{told} No budget is set."
    return (
        f"{told} The budget is {_exact(spending.budget)} a month. {slowed(spending) or 'Nothing is slowed.'}"
    )


def _exact(usd: Decimal) -> str:
    """A sum as somebody set it, with its cents: $5.00, $7.50, $0.001."""
    cents = cost.cents(usd)
    return f"${cents:,f}" if cents == usd else f"${usd.normalize():,f}"


def slowed(spending: Spending) -> str:
    """That reading is slowed and why, as a sentence; empty where it is not."""
    by = (
        f"{spending.slowing.stretch:.1f}"
        if spending.slowing.stretch < 10
        else f"{spending.slowing.stretch:.0f}"
    )
    match spending.slowing.why:
        case Why.SPENT:
            return f"Metrics are read once an hour: {_used(spending)}"
        case Why.NOT_ENOUGH:
            return (
                "Metrics are read once an hour, and even that may exceed the budget for Ebb's own asking: raise "
                "EBB_OWN_BUDGET_USD."
            )
        case Why.SLOWED | Why.MEASURING if spending.slowing.stretch > 1:
            ahead = spending.at_full_pace
            at = f": at full pace the month would come to {about_usd(ahead)}" if ahead is not None else ""
            return (
                f"Metrics are read {by} times less often, to stay within the budget for Ebb's own asking{at}."
            )
    return ""


def _used(spending: Spending) -> str:
    """How much of the budget is spent: never rounded up to all of it, and more than all of it said as such."""
    budget = spending.budget or spending.counted.usd
    share = spending.counted.usd / budget if budget else Decimal(1)
    percent = f"{math.floor(share * 100):,} %"
    of = "this month's budget for Ebb's own asking"
    if share < 1:
        return f"{percent} of {of} is spent."
    return f"{of} is used up: {percent} of it is spent." if share >= Decimal("1.01") else f"{of} is used up."


def dumped(counted: Counted) -> str:
    """As JSON, for `loaded`."""
    rate = counted.rate
    return json.dumps(
        {
            "since": counted.since.isoformat(),
            "until": counted.until.isoformat(),
            "hours": counted.hours,
            "calls": dict(counted.calls),
            "metrics": counted.metrics,
            "rate": [rate.usd, rate.full, rate.hours],
        }
    )


def loaded(text: str) -> Counted | None:
    """What `dumped` wrote; None where that cannot be read."""
    try:
        body = json.loads(text)
        return Counted(
            datetime.fromisoformat(body["since"]),
            datetime.fromisoformat(body["until"]),
            float(body["hours"]),
            {str(name): int(n) for name, n in body["calls"].items()},
            int(body["metrics"]),
            Rate(*(float(each) for each in body["rate"])),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
