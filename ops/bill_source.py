"""Where billed money is read: an Athena table, a bill export in files or in S3, or Cost Explorer.

A bill is read when somebody asks for billed figures, and then kept for hours: Cost Explorer bills every call, Athena
every byte, and AWS itself brings them up to date once a day. What failed is kept as well, and longer each time.
"""

from __future__ import annotations

import math
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from cachetools import TLRUCache, TTLCache

from ops import bill_exports, clock
from ops.aws import billing
from ops.aws.billing import Paid
from ops.aws.calls import Reading
from ops.aws.session import is_loopback
from ops.billing import door
from ops.billing.lake import Lake
from ops.config import Settings
from ops.core.bill import Bill
from ops.core.errors import BadInput, CredentialsProblem, OpsError
from ops.core.places import Place
from ops.core.savings_merge import NOT_LOOKED_AT
from ops.core.types import Connection, Problem
from ops.core.words import count

KEEP_S = 6 * 3600.0
KEEP_PARTLY_S = 3600.0
"""How long a bill of which a part could not be read is kept."""
KEEP_FAILURE_S, KEEP_FAILURE_MOST_S = 900.0, 4 * 3600.0
"""How long a failure is kept: the first time, then twice as long each time, and at most."""
KEEP_FREE_FAILURE_S = 60.0
"""The same where a new attempt costs nothing, and somebody may be mending it right now."""
REMEMBERED_S = 86_400.0
_DUMMY = "ebb-local"
Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class BillPlaces:
    """What the settings say about bills. `folder`: where exports from S3 are kept; None: they cannot be read."""

    export: str | None = None
    table: str | None = None
    workgroup: str = "primary"
    output: str | None = None
    cost_explorer: bool = True
    folder: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> BillPlaces:
        return cls(
            settings.bill_export,
            settings.bill_table,
            settings.athena_workgroup,
            settings.athena_output,
            settings.cost_explorer,
            settings.state_dir / "bills",
        )

    @property
    def words(self) -> str:
        """Where bills come from, for people; empty: from nowhere."""
        if self.table:
            return f"the table {self.table} in Athena"
        if self.export:
            return f"the export {self.export}"
        return "Cost Explorer" if self.cost_explorer else ""

    @property
    def shared(self) -> bool:
        """Whether one bill holds all accounts and regions, and is not asked of each."""
        return bool(self.table or self.export)

    @property
    def here(self) -> bool:
        """Whether bills come from files of this machine, which nobody bills for."""
        return not self.table and self.export is not None and not self.export.startswith("s3://")


@dataclass(frozen=True, slots=True)
class ReadBill:
    """A bill, when it was read (AWS's clock), and what AWS bills for that reading: paid calls of Cost Explorer.

    `calls` counts those of the attempts that failed before it, too. `written`: when its source was written, as far
    as known: the newest of the files or objects read. None where nobody tells, as for Athena and Cost Explorer: then
    `at` stands.
    """

    bill: Bill
    at: datetime
    calls: int = 0
    problems: tuple[Problem, ...] = ()
    written: datetime | None = None
    elsewhere: tuple[tuple[Place, int], ...] = ()
    """Lines of hosting in other accounts and regions, by place: they are not in `bill.days`."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong `times` in a row. Kept until `until`, by the timer."""

    error: OpsError
    hint: str
    times: int
    until: float


class BillSource:
    """Reads bills, one at a time and each once for all who ask, and keeps them. Thread-safe; `timer` counts seconds.

    A wider bill serves for days within it. Errors of a source say nothing of whether AWS itself answers: `aside`.
    """

    def __init__(self, places: BillPlaces, timer: Callable[[], float] = clock.monotonic) -> None:
        self.places = places
        self._timer = timer
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._in_vain = 0
        """Paid calls of failed attempts since the last good one."""
        self._kept: TLRUCache[Days, ReadBill] = TLRUCache(24, _until, timer)
        self._failed: TTLCache[Days | None, _Failure] = TTLCache(64, REMEMBERED_S, timer)

    def at_hand(self, first: date, last: date, of: Connection | None = None) -> ReadBill | None:
        """A bill of the UTC days [first, last) that was read already: asks nobody.

        `of`: with the lines of this account and region alone.
        """
        found = self._whole(first, last)
        return found if found is None or of is None else _mine(found, of)

    def _whole(self, first: date, last: date) -> ReadBill | None:
        with self._lock:
            for begin, end in list(self._kept):
                found = self._kept.get((begin, end))
                if found is not None and begin <= first and last <= end:
                    return found
        return None

    def check(self) -> None:
        """Raises BadInput where no bill can be asked for; asks nobody."""
        if not self.places.words:
            raise BadInput(
                "No bill is set, and Cost Explorer may not be asked.",
                "Set EBB_BILL_EXPORT or EBB_BILL_TABLE, or unset EBB_COST_EXPLORER.",
            )

    def read(
        self,
        reading: Reading,
        connection: Connection,
        first: date,
        last: date,
        of: Connection | None = None,
    ) -> ReadBill:
        """The same, read now where need be. Raises BadInput (no source is set), Denied, OpsError.

        `connection`: who may read the bill; `of`: whose lines are wanted, where that is another account or region.
        What failed lately is raised again without an attempt.
        """
        return _mine(self._read_whole(reading, connection, first, last), of or connection)

    def _read_whole(self, reading: Reading, connection: Connection, first: date, last: date) -> ReadBill:
        self.check()
        if last <= first:
            raise BadInput("No whole day (UTC) of this period is over yet.", "Choose an earlier period.")
        found = self._whole(first, last)
        if found is not None:
            return found
        with self._reading:
            found = self._whole(first, last)
            if found is not None:
                return found
            self._raise_again((first, last))
            paid = Paid()
            try:
                found = self._read(reading, connection, first, last, paid)
            except OpsError as error:
                self._keep_failure(error, (first, last), paid.calls)
                raise
            with self._lock:
                found = replace(found, calls=paid.calls + self._in_vain)
                self._in_vain = 0
                self._failed.clear()
                self._kept[first, last] = found
            return found

    def _raise_again(self, days: Days) -> None:
        with self._lock:
            for key in (None, days):
                failure = self._failed.get(key)
                if failure is not None and self._timer() < failure.until:
                    wait = count(max(1, math.ceil((failure.until - self._timer()) / 60)), "minute")
                    failure.error.hint = f"{failure.hint} Ebb tries again in {wait}.".strip()
                    raise failure.error.with_traceback(None)

    def _keep_failure(self, error: OpsError, days: Days, calls: int) -> None:
        """Input that is off may be right for other days; what else failed is the source's."""
        key = days if isinstance(error, BadInput) else None
        with self._lock:
            before = self._failed.get(key)
            times = before.times + 1 if before is not None else 1
            wait = min(KEEP_FAILURE_S * 2 ** (times - 1), KEEP_FAILURE_MOST_S)
            if self.places.here or isinstance(error, CredentialsProblem):
                wait = KEEP_FREE_FAILURE_S
            self._failed[key] = _Failure(error, error.hint, times, self._timer() + wait)
            self._in_vain += calls
        error.aside = True

    def _read(
        self, reading: Reading, connection: Connection, first: date, last: date, paid: Paid
    ) -> ReadBill:
        places = self.places
        if places.table:
            database, _, table = places.table.partition(".")
            lake = Lake(database, table, connection.region, places.workgroup, places.output or "")
            surroundings = {**environment(connection), **reading.environment()}
            bill = door.read_lake(lake, first, last - timedelta(days=1), environment=surroundings)
            return ReadBill(bill, _now(reading))
        if places.export:
            files = bill_exports.files(reading, places.export, places.folder, first, last)
            bill = door.read_bill(files.paths)
            named = replace(bill, source=places.export, notes=(*files.notes, *bill.notes))
            return ReadBill(named, _now(reading), written=files.written)
        found = billing.read(reading, connection.account, connection.region, first, last, paid)
        return ReadBill(found.bill, _now(reading), problems=found.problems)


def _mine(read: ReadBill, connection: Connection) -> ReadBill:
    """The bill with the days of one account and region alone. The sums of the file stay."""
    days, others = [], Counter[Place]()
    for day in read.bill.days:
        if day.account in (connection.account, "") and day.region in (connection.region, ""):
            days.append(day)
        else:
            others[Place(day.account or "an account not named", day.region or "a region not named")] += 1
    if not others:
        return read
    said = f"{others.total()} lines {NOT_LOOKED_AT}"
    bill = replace(read.bill, days=tuple(days), notes=(*read.bill.notes, said))
    return replace(read, bill=bill, elsewhere=tuple(sorted(others.items())))


def environment(connection: Connection) -> Mapping[str, str]:
    """What the process that asks Athena needs besides its own environment: which AWS is meant."""
    found = {"AWS_REGION": connection.region, "AWS_DEFAULT_REGION": connection.region}
    if connection.endpoint_url is None:
        return found
    found["AWS_ENDPOINT_URL"] = connection.endpoint_url
    if not is_loopback(connection.endpoint_url):
        return found
    keys = {"AWS_ACCESS_KEY_ID": _DUMMY, "AWS_SECRET_ACCESS_KEY": _DUMMY, "AWS_SESSION_TOKEN": ""}
    nothing = {"AWS_PROFILE": "", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return found | keys | nothing | {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


def _until(days: Days, found: ReadBill, now: float) -> float:
    return now + (KEEP_PARTLY_S if found.problems else KEEP_S)


def _now(reading: Reading) -> datetime:
    try:
        return reading.now
    except OpsError:
        reading.ask("sts", "GetCallerIdentity")
        return reading.now
