"""Where billed money is read: an Athena table, a bill export in files or in S3, or Cost Explorer.

A bill is read when somebody asks for billed figures, and then kept for hours: Cost Explorer bills every call, Athena
every byte, and AWS itself brings them up to date once a day.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cachetools import TTLCache

from ops import clock
from ops.aws import billing, objects
from ops.aws.calls import Reading
from ops.aws.session import is_loopback
from ops.billing import door
from ops.billing.lake import Lake
from ops.config import Settings
from ops.core.bill import Bill
from ops.core.errors import BadInput, OpsError
from ops.core.request_seen import ObjectSeen
from ops.core.types import Connection, Problem

KEEP_S = 6 * 3600.0
READABLE = (".parquet", ".csv", ".csv.gz")
ENDINGS = (*READABLE, ".gz", ".txt", ".tsv")
MOST_BYTES = 20 * 2**30
_DUMMY = "ebb-local"
_MONTH = re.compile(r"(?i:billing_period)=(\d{4}-\d{2})")
"""How AWS names the folders of an export's months."""


@dataclass(frozen=True, slots=True)
class BillPlaces:
    """What the settings say about bills. `folder`: where exports from S3 are kept while they are read."""

    export: str | None = None
    table: str | None = None
    workgroup: str = "primary"
    output: str | None = None
    cost_explorer: bool = True
    folder: Path = Path(tempfile.gettempdir())

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


@dataclass(frozen=True, slots=True)
class ReadBill:
    """A bill, when it was read (AWS's clock), and what AWS bills for that reading: paid calls of Cost Explorer.

    `written`: when its source was written, as far as known: the newest of the files or objects read. None where
    nobody tells, as for Athena and Cost Explorer: then `at` stands.
    """

    bill: Bill
    at: datetime
    calls: int = 0
    problems: tuple[Problem, ...] = ()
    written: datetime | None = None


class BillSource:
    """Reads bills, each once for all who ask, and keeps them. Thread-safe; `timer` counts seconds."""

    def __init__(self, places: BillPlaces, timer: Callable[[], float] = clock.monotonic) -> None:
        self.places = places
        self._lock = threading.Lock()
        self._flights: dict[tuple[date, date], threading.Lock] = {}
        self._kept: TTLCache[tuple[date, date], ReadBill] = TTLCache(24, KEEP_S, timer)

    def at_hand(self, first: date, last: date) -> ReadBill | None:
        """A bill of the UTC days [first, last) that was read already: asks nobody."""
        with self._lock:
            for (begin, end), found in self._kept.items():
                if begin <= first and last <= end:
                    return found
        return None

    def check(self) -> None:
        """Raises BadInput where no bill can be asked for; asks nobody."""
        if not self.places.words:
            raise BadInput(
                "No bill is set, and Cost Explorer may not be asked.",
                "Set EBB_BILL_EXPORT or EBB_BILL_TABLE, or unset EBB_COST_EXPLORER.",
            )

    def read(self, reading: Reading, connection: Connection, first: date, last: date) -> ReadBill:
        """The same, read now where need be. Raises BadInput (no source is set), Denied, OpsError."""
        self.check()
        if last <= first:
            raise BadInput("No whole day (UTC) of this period is over yet.", "Choose an earlier period.")
        with self._lock:
            flight = self._flights.setdefault((first, last), threading.Lock())
        with flight:
            found = self.at_hand(first, last)
            if found is None:
                found = self._read(reading, connection, first, last)
                with self._lock:
                    self._kept[first, last] = found
            return found

    def _read(self, reading: Reading, connection: Connection, first: date, last: date) -> ReadBill:
        places = self.places
        if places.table:
            database, _, table = places.table.partition(".")
            lake = Lake(database, table, connection.region, places.workgroup, places.output or "")
            bill = door.read_lake(lake, first, last - timedelta(days=1), environment=environment(connection))
            return ReadBill(self._mine(bill, connection), _now(reading))
        if places.export:
            paths, written = self._paths(reading, first, last)
            named = replace(door.read_bill(paths), source=places.export)
            return ReadBill(self._mine(named, connection), _now(reading), written=written)
        found = billing.read(reading, connection.account, connection.region, first, last)
        return ReadBill(found.bill, _now(reading), found.calls, found.problems)

    def _mine(self, bill: Bill, connection: Connection) -> Bill:
        """The bill with the days of this account and region alone: Ebb looks at one. The sums of the file stay."""
        days = tuple(
            d
            for d in bill.days
            if d.account in (connection.account, "") and d.region in (connection.region, "")
        )
        if len(days) == len(bill.days):
            return bill
        said = f"{len(bill.days) - len(days)} lines are of other accounts or regions and not looked at here"
        return replace(bill, days=days, notes=(*bill.notes, said))

    def _paths(self, reading: Reading, first: date, last: date) -> tuple[list[str], datetime | None]:
        """The files of the export that these days need, and when the newest of them was written."""
        export = self.places.export or ""
        if export.startswith("s3://"):
            return self._fetched(reading, export, first, last)
        if not Path(export).exists():
            raise BadInput(f"There is no bill export at {export}.", "Correct EBB_BILL_EXPORT.")
        return [export], _newest(Path(export))

    def _fetched(
        self, reading: Reading, address: str, first: date, last: date
    ) -> tuple[list[str], datetime | None]:
        """The objects of an export that these days need, as files; those that were fetched before are not again."""
        listed = [o for o in objects.under(reading, _prefix(address)) if o.uri.endswith(READABLE)]
        wanted = [o for o in listed if _concerns(o.uri, first, last)]
        if not wanted:
            raise BadInput(
                f"There is no bill export of these days under {address}.",
                f"EBB_BILL_EXPORT should lead to files ending with {', '.join(READABLE)}.",
            )
        size = sum(o.size for o in wanted)
        if size > MOST_BYTES:
            raise BadInput(
                f"The export under {address} holds {size / 2**30:,.0f} GB for these days.",
                "Read it by Athena: set EBB_BILL_TABLE.",
            )
        self.places.folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.places.folder).free
        if size > free:
            raise OpsError(
                f"The export takes {size / 2**20:,.0f} MB, and {free / 2**20:,.0f} MB are free here.",
                "Read it by Athena: set EBB_BILL_TABLE.",
            )
        found = [self._fetch(reading, each) for each in wanted]
        known = {self._place(each).name for each in listed}
        for old in self.places.folder.iterdir():
            if old.name not in known:  # an older state of a month, written anew since
                old.unlink(missing_ok=True)
        return [str(path) for path in found], max(each.modified for each in wanted)

    def _place(self, found: ObjectSeen) -> Path:
        said = f"{found.uri} {found.modified.isoformat()} {found.size}"
        name = found.uri.rpartition("/")[2]
        return self.places.folder / f"{hashlib.sha256(said.encode()).hexdigest()[:24]}-{name}"

    def _fetch(self, reading: Reading, found: ObjectSeen) -> Path:
        path = self._place(found)
        if path.exists():
            return path
        part = path.with_name(f"{path.name}.part")
        objects.download(reading, found.uri, part)
        part.replace(path)
        return path


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


def _prefix(address: str) -> str:
    """An address that objects can begin with, also where a bucket alone was given."""
    return address if "/" in address.removeprefix("s3://") else f"{address}/"


def _concerns(uri: str, first: date, last: date) -> bool:
    """Whether an object may hold these days: one of another billing month, by its path, does not."""
    month = _MONTH.search(uri)
    if month is None:
        return True
    return f"{first:%Y-%m}" <= month[1] <= f"{last - timedelta(days=1):%Y-%m}"


def _newest(export: Path) -> datetime | None:
    """When a file, or the newest export within a folder, was written."""
    files = (
        [export] if export.is_file() else [p for p in export.rglob("*") if p.name.lower().endswith(ENDINGS)]
    )
    times = [path.stat().st_mtime for path in files]
    return datetime.fromtimestamp(max(times), UTC) if times else None


def _now(reading: Reading) -> datetime:
    try:
        return reading.now
    except OpsError:
        reading.ask("sts", "GetCallerIdentity")
        return reading.now
