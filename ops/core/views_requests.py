"""What the façade hands out about requests that were submitted from Ebb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ops.core.ahead import NOTHING, Ahead
from ops.core.plain_text import Readable
from ops.core.request_times import Timeline
from ops.core.requests import Batch, RequestState, Sent
from ops.core.types import Connection, Problem
from ops.core.words import about_usd


@dataclass(frozen=True, slots=True)
class RequestsView:
    """One page of the ledger. `counts` and `total` are of all that the filter wants, its `states` left out."""

    connection: Connection
    as_of: datetime
    rows: tuple[Sent, ...]
    total: int
    """How many the filter wants in all."""
    counts: Mapping[RequestState, int]
    batches: Mapping[str, Batch]
    """The batches of the rows, by id."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request with its batch, its timeline, and those that send it again."""

    connection: Connection
    as_of: datetime
    sent: Sent
    batch: Batch
    timeline: Timeline
    resubmitted: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """The beginning of a result or of a failure text, and where to download all of it."""

    uri: str
    text: Readable
    size: int
    url: str
    """A signed address that serves for an hour."""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an input was put, and how many bytes it has."""

    uri: str
    size: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What a submission comes to before it is sent. `usd` None: it cannot be told."""

    count: int
    usd: Decimal | None
    basis: str
    confirm: str
    """Why an explicit yes is wanted; empty where it is not."""
    ahead: Ahead = NOTHING
    """What the state of the endpoint means for it now: no promise."""

    @property
    def price(self) -> str:
        """ "about $0.50 with the start and about 15 min of idle time after it, an estimate"."""
        if self.usd is None:
            return "the price is not known"
        return ", ".join((f"{about_usd(self.usd)} {self.ahead.paid}".rstrip(), "an estimate"))


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Ebb's own queue behind the topics of an endpoint. `sentence` says what holds and what could be done."""

    endpoint: str
    topics: tuple[str, ...]
    """The ARNs of its topics; empty: there is nothing to listen to."""
    name: str
    exists: bool
    subscribed: tuple[str, ...]
    """Those topics that the queue hears."""
    waiting: int | None
    sentence: str
    url: str = ""
