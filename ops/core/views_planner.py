"""What the façade hands to the Planner page and `ops plan`. None: not known, never zero. All money is an estimate.

console.plan(query, tell) -> PlanView               tell(done, of) -> bool hears of the search; False stops it
console.course(query, candidate, at) -> Course      one candidate in detail, over the first expansion, as of a search
console.plan_candidate(name, candidate) -> ChangePlan                  "Take to Capacity", for `change_panel`
console.scenarios(name), .save_scenario(SavedScenario, actor), .delete_scenario(id, actor)
ops.core.candidate_text: to_query(candidate), from_query(text)         the form of a candidate in links
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from ops.core.baselines import Against
from ops.core.candidate import Candidate, Machine, alike
from ops.core.plan_source import Source
from ops.core.promise import Clause, Promise
from ops.core.search_ranges import Ranges
from ops.core.types import EndpointRef, FloatArray, Price, Problem

MOST_CANDIDATES = 300
SEEDS = (1, 2, 3, 4, 5)
DAYS = 30
IN_SERVICE, ORDERED = "in_service", "ordered"
"""From when an instance is billed: AWS does not say. Savings counts from in service on, and so does the planner."""
TTL_S = 21_600.0
"""How long a request may wait before it expires, where nobody says: AWS's default."""


@dataclass(frozen=True, slots=True)
class PlanQuery:
    """What is asked of the search."""

    name: str
    """Of the endpoint; empty: none, which takes a `source`."""
    promise: str
    """As typed; `ops.replay.promise.parse` reads it."""
    zone: str = "UTC"
    """IANA name, of hours that the promise names without a zone, and of times in sentences."""
    days: int = DAYS
    """Of traffic that is replayed."""
    most: int = MOST_CANDIDATES
    """Candidates to try at most, on each machine."""
    growth: float = 1.0
    """2: twice the traffic."""
    sure: float = 1.0
    """In which share of the expansions a candidate has to keep the promise."""
    space: Ranges | None = None
    """What the candidates of the search stay inside; None: around today's policy."""
    own: tuple[Candidate, ...] = ()
    """Hand-made ones, shown in the same table; one with an empty `Machine()` runs on today's."""
    machines: tuple[Machine, ...] = ()
    """Other instance types to search besides today's; without a price the list price is asked for."""
    source: Source | None = None
    """Traffic of a file, or made of rates; None: the endpoint's own."""
    billed_from: str = IN_SERVICE
    """IN_SERVICE or ORDERED."""
    ttl_s: float = TTL_S
    """Seconds that a request may wait before it expires; 0: for ever."""
    service_s: float | None = None
    """Seconds that every request is taken to work; None: as measured."""

    @property
    def of(self) -> str:
        """Whose policy is looked for, in words."""
        if self.source is None:
            return self.name
        return f"{self.name}, by {self.source.words}" if self.name else self.source.words

    @property
    def stem(self) -> str:
        """Of the names of files with the answer."""
        parts = (self.name, "" if self.source is None else self.source.stem)
        return "-".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Spread:
    """One number for each expansion of the traffic, in the order of their seeds. NaN: there is none."""

    values: tuple[float, ...]

    @property
    def _known(self) -> list[float]:
        return [v for v in self.values if v == v]

    @property
    def low(self) -> float:
        return min(self._known, default=float("nan"))

    @property
    def high(self) -> float:
        return max(self._known, default=float("nan"))

    @property
    def mid(self) -> float:
        """The mean of those that are known."""
        known = self._known
        return sum(known) / len(known) if known else float("nan")


NO_SPREAD = Spread(())


@dataclass(frozen=True, slots=True)
class Dollars:
    """The mean, the least and the most over the expansions: an estimate."""

    mid: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class ClausePlayed:
    """How one candidate did by one clause of the promise. Requests that never started count as too late."""

    clause: Clause
    requests: float
    """How many the clause holds for, on average over the expansions."""
    within: Spread
    """The share of them (0-1) that started within the limit; NaN where there are none."""
    mean_s: Spread
    p95_s: Spread
    max_s: Spread
    kept: tuple[bool, ...]
    """In each expansion."""


class Role(StrEnum):
    TODAY = "today"
    FOUND = "found"
    """Of the search."""
    FIXED = "fixed"
    """Always on, for comparison."""
    OWN = "own"
    """Made by hand."""


@dataclass(frozen=True, slots=True)
class Played:
    """One candidate, replayed over every expansion of the traffic. `_month`: in 730 hours."""

    number: int
    """Its place in `PlanView.played`."""
    role: Role
    candidate: Candidate
    usd_month: Dollars | None
    hours_month: Spread
    """Paid instance-hours."""
    cold_starts_month: Spread
    launches_month: Spread
    p95_s: Spread
    """Waits of the started requests, all clauses together, as the next two."""
    mean_s: Spread
    max_s: Spread
    peak_instances: Spread
    never: Spread
    """The share of the requests (0-1) that expired, or had not started when the limit of their clause was up."""
    clauses: tuple[ClausePlayed, ...]
    kept: tuple[bool, ...]
    """In each expansion: whether every clause was kept."""
    left: tuple[str, ...] = ()
    """Of today's policy: what of the set-up its candidate leaves out, in sentences. The figures are of the set-up."""
    openings: int = 0
    """Scheduled actions within the span that raise the minimum."""
    failed_openings: Spread = NO_SPREAD
    """Of these, those that could not move the capacity at once because the endpoint was being updated."""
    failed_closings: Spread = NO_SPREAD
    """Of the other scheduled actions."""

    fresh: tuple[bool, ...] = ()
    """In each expansion that the search had not seen: whether every clause was kept. Empty: it was no finalist."""

    def keeps(self, sure: float = 1.0) -> bool:
        """Whether it keeps the promise in enough of the expansions, and of the fresh ones where it was tried."""
        return bool(self.kept) and all(sum(k) >= sure * len(k) - 1e-9 for k in (self.kept, self.fresh))

    def whole(self, candidate: Candidate) -> bool:
        """Whether this is a candidate and nothing else, on its machine where it names none."""
        return not self.left and alike(candidate, self.candidate)

    @property
    def over(self) -> Spread:
        """The share of requests (0-1) that waited longer than their clause allows, of several the shortest."""
        shortest: dict[tuple[object, ...], ClausePlayed] = {}
        for part in sorted(self.clauses, key=lambda c: c.clause.limit_s):
            shortest.setdefault(part.clause.held, part)
        known = [c for c in shortest.values() if c.requests]
        total = sum(c.requests for c in known)
        seeds = range(len(self.kept))
        if not total:
            return Spread(tuple(float("nan") for _ in seeds))
        return Spread(tuple(sum((1 - c.within.values[s]) * c.requests for c in known) / total for s in seeds))


class Weighed(StrEnum):
    """What cost is weighed against on the front."""

    P95 = "p95"
    MAX = "max"
    OVER = "over"


class Answer(StrEnum):
    CHANGE = "change"
    """Another policy keeps the promise, cheaper than today's, or where today's does not keep it."""
    STAY = "stay"
    """Today's policy is the cheapest that keeps it, or as cheap within the noise."""
    ALWAYS_ON = "always_on"
    """Only instances that never sleep keep it at the least cost."""
    NO_GAIN = "no_gain"
    """Sleeping keeps it, too, and saves next to nothing against always on."""
    NOTHING_KEEPS = "nothing_keeps"
    NO_TRAFFIC = "no_traffic"


@dataclass(frozen=True, slots=True)
class PlanSaving:
    """The chosen candidate against one baseline of Savings; both sums a month, estimates at `PlanView.price`."""

    against: Against
    usd_month: Decimal | None
    saved_month: Decimal | None
    """Below zero: it costs more."""
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence, then what it rests on. Everything is an estimate, and says so."""

    answer: Answer
    sentence: str
    evidence: tuple[str, ...] = ()
    """Numbers of the chosen candidate and of today's policy."""
    chosen: int | None = None
    """The number of the candidate that is advised; None: there is none."""
    cheaper: int | None = None
    """The number of the next cheaper one."""
    breaks: str = ""
    """What that one would break, in a sentence."""
    tied: tuple[int, ...] = ()
    """Candidates that keep the promise and cost the same within the noise."""
    sure: tuple[str, ...] = ()
    """How sure this is: expansions, ranges, the back-test."""
    savings: tuple[PlanSaving, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A hand-made candidate that could not be replayed; the rest was searched without it."""

    candidate: Candidate
    """As it was asked for."""
    what: str
    hint: str = ""


BECOME_ASYNC = (
    "It cannot be taken to Capacity, for a real-time endpoint has no such policy. Instead: make an endpoint "
    "configuration with an AsyncInferenceConfig, deploy it as an endpoint of its own, let callers send to that with "
    "InvokeEndpointAsync, and plan it here; a saved scenario keeps this policy until then."
)


@dataclass(frozen=True, slots=True)
class RealtimeNow:
    """What a real-time endpoint pays now: its instances that were in service over the known time, at list price."""

    hours_month: float
    usd_month: Decimal | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """A search with its answer."""

    ref: EndpointRef
    as_of: datetime
    query: PlanQuery
    promise: Promise
    first: datetime
    """The traffic that was replayed: [first, last)."""
    last: datetime
    requests: float
    """On average over the expansions."""
    seeds: tuple[int, ...]
    played: tuple[Played, ...]
    today: int | None
    """The number of today's policy; None: it is not known."""
    fronts: Mapping[str, tuple[int, ...]]
    """By `Weighed`: the numbers of the candidates that no other beats in both, the cheapest first."""
    advice: Advice
    cold_start_s: float
    """The middle one of the provisioning times that were replayed."""
    price: Price | None = None
    trust: str = ""
    """What the back-test says, in a sentence; empty: there was none."""
    notes: tuple[str, ...] = ()
    """What the search assumed, and what of today's set-up a candidate cannot hold."""
    problems: tuple[Problem, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    dated: bool = True
    """Whether days and hours of the traffic mean something."""
    realtime: RealtimeNow | None = None
    """Of a real-time endpoint, beside what it would be as an asynchronous one."""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One candidate over one expansion, in detail. Minutes: shape (minutes,), from `first` on."""

    played: Played
    seed: int
    first: datetime
    backlog: FloatArray
    instances: FloatArray
    desired: FloatArray
    waits_s: FloatArray
    """Of the started requests, in order of arrival; shape (started,)."""
    arrival_s: FloatArray
    """Epoch seconds, of the same requests."""
    cold_starts: tuple[datetime, ...]
    """When an instance came into service where there was none."""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What is in a file of arrivals. Times in seconds since the epoch; counted from somewhere where not `dated`.

    `mean_service_s` None: the file does not say what requests take. `notes`: what was guessed, in sentences.
    """

    requests: int
    first_s: float
    last_s: float
    dated: bool
    mean_service_s: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SavedScenario:
    """A candidate that somebody kept, with the promise and the traffic that it was looked at with."""

    id: str
    name: str
    endpoint: str
    candidate: Candidate
    promise: str
    traffic: Mapping[str, str] = field(default_factory=dict)
    """Options of the traffic, as the query of the page's link spells them: days, growth, zone."""
    who: str = ""
    at: datetime | None = None
