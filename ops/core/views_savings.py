"""What the façade hands to the Savings page, its reports and the command line. None: not known, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ops.core.baselines import Baseline
from ops.core.cost import Basis
from ops.core.periods import Period
from ops.core.savings import Saving, Total
from ops.core.types import Connection, Price, Problem


@dataclass(frozen=True, slots=True)
class SavingsQuery:
    """What is asked: a period, a baseline, a basis, and which endpoints (None: all)."""

    period: Period
    baseline: Baseline = Baseline()
    basis: Basis = Basis.ESTIMATED
    names: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """Endpoints with all of these tags alone."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What the saving cost those who waited, of one endpoint or all, over the period."""

    cold_starts: int
    """Those that requests caused."""
    requests: int | None
    """That waited for them, at least."""
    request_minutes: float | None
    """Waited because of them, all requests together; an estimate."""
    expired: int | None
    p95_s: float | None
    """The 95th percentile of the waits for a cold start."""
    worst_day: int | None = None
    """The weekday (0 = Monday) with the longest p95."""
    worst_p95_s: float | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """Time that was paid while nothing was in work. Hours are instance-hours; money is an estimate."""

    hours: Decimal | None
    usd: Decimal | None
    longest_awake_h: float | None = None
    """The longest stretch with an instance in service, in hours: without sleep it is the period."""
    never_slept: bool | None = None
    unknown_hours: Decimal = Decimal(0)
    """Instance-hours of which nobody can tell whether they were idle."""


@dataclass(frozen=True, slots=True)
class WarmAccount:
    """What keeping warm cost beyond what requests needed, and what it avoided. Estimates."""

    hours: Decimal | None
    usd: Decimal | None
    avoided: int | None
    """Cold starts that requests would have caused inside the windows."""
    windows: int = 0


@dataclass(frozen=True, slots=True)
class PerThousand:
    """Dollars for 1,000 successful requests; None with too few of them to say (`few`) or where not known."""

    usd: Decimal | None
    requests: int | None
    few: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """Everything about one endpoint besides its saving."""

    waits: Waits | None = None
    idle: Idle | None = None
    warm: WarmAccount | None = None
    per_thousand: PerThousand | None = None
    upper_usd: Decimal | None = None
    """The estimate with provisioning and removal counted as billed, too: nobody knows whether AWS does (facts E.3)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month ends, by its own past weeks. Estimates."""

    month: str
    spent: Decimal
    expected: Decimal
    low: Decimal
    high: Decimal
    budget: Decimal | None
    days_left: float
    basis: str
    """From what, in a sentence."""
    by_day: tuple[tuple[date, Decimal, Decimal, Decimal], ...] = ()
    """(day, expected, low, high) running sums at the end of each day to come."""


class Fit(StrEnum):
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A real-time endpoint, and what asynchronous inference with scale-to-zero would save: a first estimate."""

    name: str
    instance_type: str | None
    fit: Fit
    why: tuple[str, ...]
    """Sentences: what speaks for and against, and what is not known."""
    usd: Decimal | None
    would_cost: Decimal | None
    saved: Decimal | None
    idle_share: float | None
    coverage: float


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One endpoint and UTC day of which both a bill and an estimate are there."""

    day: date
    endpoint: str
    billed_hours: Decimal
    billed_usd: Decimal
    estimated_hours: Decimal | None
    estimated_usd: Decimal | None
    why: tuple[str, ...]
    final: bool


@dataclass(frozen=True, slots=True)
class SavingsView:
    """`rows` by what they saved, the most first; `total` of the asynchronous ones among them."""

    connection: Connection
    as_of: datetime
    query: SavingsQuery
    rows: tuple[Saving, ...]
    total: Total
    before: Total | None
    """The same over the period before; None where nothing is known of it."""
    details: Mapping[str, Details] = field(default_factory=dict)
    waits: Waits | None = None
    candidates: tuple[Candidate, ...] = ()
    forecast: Forecast | None = None
    reconciled: tuple[Reconciled, ...] = ()
    prices: tuple[Price, ...] = ()
    months: tuple[str, ...] = ()
    """That may be chosen, the newest first."""
    tag_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Of all endpoints, by key."""
    history: tuple[int, int] = (0, 0)
    """How many endpoints have all of their history, of how many."""
    paid_calls: int = 0
    """Calls to Cost Explorer that this answer is made of, and that AWS bills at $0.01 each."""
    problems: tuple[Problem, ...] = ()
