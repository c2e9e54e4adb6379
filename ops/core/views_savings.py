"""What the façade hands to the Savings page, its reports and the command line. None: not known, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from ops.core.baselines import AT_PEAK, Baseline
from ops.core.bill import Bill
from ops.core.cold_start import ColdStart
from ops.core.cost import Basis
from ops.core.periods import Period
from ops.core.places import EVERYWHERE, Place, PlaceChoice
from ops.core.savings import Saving, Total
from ops.core.types import Connection, Price, Problem


@dataclass(frozen=True, slots=True)
class SavingsQuery:
    """What is asked: a period, a baseline, a basis, and which endpoints (None: all)."""

    period: Period
    baseline: Baseline = AT_PEAK
    basis: Basis = Basis.ESTIMATED
    names: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """Endpoints alone that have, of each key named here, one of its values."""
    places: PlaceChoice = EVERYWHERE
    """Of which accounts and regions."""


@dataclass(frozen=True, slots=True)
class Waits:
    """What the saving cost those who waited, of one endpoint or all, over the part of the period that is known."""

    cold_starts: int | None
    """Those that requests caused, and that brought an instance; None: nothing is known of them yet."""
    requests: int | None
    """That waited for them, at least."""
    request_minutes: float | None
    """Waited until an instance was in service, all requests together: an estimate by the length of the queue."""
    expired: int | None
    """Requests whose time to live ran out in the queue, whatever the reason."""
    p95_s: float | None
    """The 95th percentile of the waits from the first waiting request to the first result; None with too few."""
    worst_day: int | None = None
    """The weekday (0 = Monday, of the period's zone) with the longest p95, where more than one has enough waits."""
    worst_p95_s: float | None = None
    since: datetime | None = None
    """From when on cold starts are known, of several endpoints those of all, where the period begins earlier."""
    left_out: int = 0
    """Of several endpoints those of whose cold starts nothing is known yet."""

    @property
    def p95_words(self) -> str:
        """What `p95_s` is called: where cold starts are missing it is of those that are known."""
        return "95 of 100 known waits under" if self.left_out else "95 of 100 waits under"


@dataclass(frozen=True, slots=True)
class Waited:
    """One cold start that a request caused, with the minutes that requests waited for its instance, all together."""

    start: ColdStart
    minutes: float | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of one endpoint's waits over a period."""

    waited: tuple[Waited, ...]
    since: datetime | None
    """From when on all cold starts are known; None: nothing is known of them yet."""
    expired: int | None
    """Requests that expired in the known time; None: not known."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Time that was paid while nothing was in work. Hours are instance-hours; money is an estimate.

    Neither is told where of more than half of the paid time nobody can tell.
    """

    hours: Decimal | None
    usd: Decimal | None
    longest_awake_h: float | None = None
    """The longest known stretch with an instance in service, in hours."""
    awake_h: float | None = None
    """The stretch that lasts until the end of what is known; 0: it slept then."""
    never_slept: bool | None = None
    """Whether it slept in no known minute; None: too little is known to say."""
    unknown_hours: Decimal = Decimal(0)
    """Instance-hours of which nobody can tell whether they were idle."""
    rule: str = ""
    """What counts as idle, in a sentence."""


@dataclass(frozen=True, slots=True)
class WarmAccount:
    """What warm windows of schedules cost beyond what requests needed, and what they avoided. Estimates.

    Hours and dollars are not told where of more than half of the time inside the windows nobody can tell.
    """

    hours: Decimal | None
    usd: Decimal | None
    avoided: int | None
    """Cold starts that requests would have caused inside the windows."""
    windows: int = 0
    unknown_hours: Decimal = Decimal(0)
    """Instance-hours inside the windows of which nobody can tell."""
    assumed: tuple[str, ...] = ()
    """What this rests on, in sentences."""


@dataclass(frozen=True, slots=True)
class PerThousand:
    """Dollars for 1,000 successful requests; None with too few of them to say (`few`) or where not known.

    An estimate: cost and requests of the same known time.
    """

    usd: Decimal | None
    requests: int | None
    few: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """Everything about one endpoint besides its saving."""

    waits: Waits | None = None
    idle: Idle | None = None
    warm: WarmAccount | None = None
    """None: no schedule kept it warm in the period, as far as is known."""
    per_thousand: PerThousand | None = None
    upper_usd: Decimal | None = None
    """The estimate with provisioning and removal counted as billed, too: nobody knows whether AWS does (facts E.3).

    None where the scaling record does not reach back to the start of the period.
    """


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month ends, by its own past weeks. Estimates; the budget is a setting."""

    month: str
    spent: Decimal | None
    expected: Decimal | None
    low: Decimal | None
    high: Decimal | None
    budget: Decimal | None
    days_left: float
    basis: str
    """From what, in a sentence; where `expected` is None, why there is no forecast."""
    by_day: tuple[tuple[date, Decimal, Decimal, Decimal], ...] = ()
    """(day, expected, low, high) running sums at the end of each day to come."""
    part: bool = False
    """Whether it is of a choice of endpoints: the budget is for all of them, and not compared (`budget` is None)."""

    @property
    def passes(self) -> str:
        """Whether the month ends above the budget: "yes", "likely", "possibly", "no"; empty where nobody can say."""
        if self.budget is None or self.expected is None or self.low is None or self.high is None:
            return ""
        if self.low > self.budget:
            return "yes"
        if self.expected > self.budget:
            return "likely"
        return "possibly" if self.high > self.budget else "no"


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
    """What it cost over the known time, an estimate; None with too little of it known."""
    would_cost: Decimal | None
    saved: Decimal | None
    idle_share: float | None
    """The share of the known time in which it would have slept."""
    coverage: float
    waiting: float | None = None
    """The share of its requests that would have met it asleep or starting."""
    place: Place | None = None
    """Where it is, in a view of several places."""


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
    complete: bool = True
    """Whether the day is billed in full; one that is not is no match for its estimate."""
    known: float = 1.0
    """The share of its minutes that the estimate knows, 0 to 1."""
    free_hours: Decimal = Decimal(0)
    """Hours that cost nothing on the bill, and something in the estimate: the money of both is no match."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the days that are billed in full hold for endpoints that have no row in a view."""

    names: tuple[str, ...]
    hours: Decimal
    usd: Decimal | None
    """None where the bill shows hours that cost nothing, and no other amount for them."""


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
    never_slept: tuple[str, ...] = ()
    """Endpoints that did not sleep in the last seven days of the period, or in all of a shorter one; by what their
    idleness cost over the period, the most first."""
    bill: Bill | None = None
    """The bill that is at hand, of this account and region; None: none was asked for yet."""
    bill_at: datetime | None = None
    """When it was read (AWS's clock)."""
    bill_source: str = ""
    """Where billed figures would come from; empty: nothing is set, and Cost Explorer may not be asked."""
    paid_calls: int = 0
    """Calls to Cost Explorer that this answer is made of, and that AWS bills at $0.01 each."""
    problems: tuple[Problem, ...] = ()
    bill_others: Elsewhere | None = None
    """On the bill at hand: endpoints that are there and not in this view (real-time, or not asked for)."""
    bill_gone: Elsewhere | None = None
    """On the bill at hand: endpoints that are not there any more, or of the time before they were deleted and made
    anew: it is in no row and no total. Those of real-time inference, as far as it tells, are among `bill_others`."""
    first: datetime | None = None
    """When the first of the asynchronous endpoints asked for was created that are there; None: there is none."""
    heard: tuple[Heard, ...] = ()
    """What `waits` are made of, endpoint by endpoint."""
    before_rows: tuple[Saving, ...] = ()
    """What `before` is made of."""
    places: tuple[Place, ...] = ()
    """Of a view of several places: those that it is of, sorted. Keys of `details` are those of rows (`Saving.key`)."""
    empty: bool = False
    """Whether no place that was asked for is in it."""
    known_places: tuple[Place, ...] = ()
    """All that Ebb knows of, also those that were not asked for; empty: that of `connection` alone."""
    missing_places: tuple[str, ...] = ()
    """What of the choice is in no sum because it could not be read, in words; why, stands among the problems."""
    awaited_places: tuple[str, ...] = ()
    """The same of what is being read for the first time."""
    place_notes: tuple[str, ...] = ()
    """What else is to be said of places, in sentences."""
    bill_notes: tuple[str, ...] = ()
    """Of a view of several places: what is to be said of their bills."""
    bill_elsewhere: tuple[tuple[Place, int], ...] = ()
    """Lines of the bill at hand that are of places which this view is not of, by place."""

    @property
    def here(self) -> Place:
        """Where the console itself looks."""
        return Place(self.connection.account, self.connection.region)

    @property
    def of_places(self) -> tuple[Place, ...]:
        """The places that it is of; empty where nothing that was asked for could be read."""
        return self.places if self.places or self.empty else (self.here,)
