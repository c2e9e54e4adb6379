"""The account's CUR 2.0 export in its S3, made when something first looks for it, a month a file.

It is delivered each day at 06:00 UTC with all hours until that midnight, so that an hour is 6 to 30 hours late. A
month is final on the 6th of the next one; until then its file is made anew each day, afterwards never again.
The lines are the bill book's (docs/model.md); Parquet is written by the process that answers Athena.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from ops.local_aws.athena_catalog import EXPORTS, Table
from ops.local_aws.athena_process import Died, WorkerProcess
from ops.local_aws.bill_book import begin_hour, charges, monthly
from ops.local_aws.bill_lines import HOUR_S, month_of
from ops.local_aws.cost_periods import FINAL_H
from ops.local_aws.exports_schema import COLUMNS

if TYPE_CHECKING:
    from ops.local_aws.world import World

log = logging.getLogger(__name__)

BUCKET, PREFIX, NAME = EXPORTS, "cur2", "ebb"
DATABASE, TABLE = "ebb_billing", "cur2"
DELIVERED_HOUR = 6
"""Of each day, UTC."""
DAY_H = 24


@dataclass(frozen=True, slots=True)
class Month:
    """One file as it should be now. Epoch hours, [first, last); `until`: the hours that it holds end here."""

    first: int
    last: int
    until: int
    final: bool

    @property
    def period(self) -> str:
        return datetime.fromtimestamp(self.first * HOUR_S, UTC).strftime("%Y-%m")

    @property
    def key(self) -> str:
        return f"{PREFIX}/{NAME}/data/BILLING_PERIOD={self.period}/{NAME}-00001.snappy.parquet"

    @property
    def delivered(self) -> float:
        """When AWS would have written it, seconds since the epoch."""
        hour = self.last + FINAL_H if self.final else self.until
        return float((hour + DELIVERED_HOUR) * HOUR_S)


class Exports:
    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._made: dict[str, Month] = {}
        born = world.born_minute * 60.0
        location = f"s3://{BUCKET}/{PREFIX}/{NAME}/data"
        keys = (("billing_period", "string"),)
        world.athena.catalog.add(DATABASE, Table(TABLE, COLUMNS, born, location, keys))

    def refresh(self) -> None:
        """Bring the files up to date. The caller holds no lock."""
        with self._lock:
            with self._world.lock:
                self._world.catch_up()
                self.create_bucket()
                due = [month for month in self.months() if self._made.get(month.period) != month]
            if due:
                self._make(due)

    def create_bucket(self) -> None:
        """The caller holds the world's lock."""
        self._world.athena.objects.create_bucket(BUCKET)

    def refreshed(self) -> float:
        """When the last delivery was, seconds since the epoch."""
        return float((self._until() + DELIVERED_HOUR) * HOUR_S)

    def months(self) -> Iterator[Month]:
        """What there is by now, oldest first."""
        until = self._until()
        first = month_of(begin_hour(self._world))[0]
        while first < until:
            last = month_of(first)[1]
            final = until >= last + FINAL_H
            # a delivery between the end of the month and its last one changes nothing but the day
            yield Month(first, last, last if final else min(until, last), final)
            first = last

    def _until(self) -> int:
        """The midnight (epoch hour) of the last delivery."""
        return (int(self._world.now() // HOUR_S) - DELIVERED_HOUR) // DAY_H * DAY_H

    def _make(self, due: list[Month]) -> None:
        with self._world.lock:
            folder = self._world.athena.home()
        worker = WorkerProcess(folder)
        try:
            for month in due:
                with self._world.lock:
                    order = self._order(month)
                path = folder / f"{month.period}.parquet"
                worker.run({"write": str(path), "columns": COLUMNS} | order, dict)
                with self._world.lock:
                    uri = f"s3://{BUCKET}/{month.key}"
                    self._world.delivery.put_object(
                        uri, path.read_bytes(), month.delivered, "application/octet-stream"
                    )
                path.unlink()
                self._made[month.period] = month
        except Died as error:  # what is not there yet is made by the next look
            log.warning("The cost export could not be written: %s", error)
        finally:
            worker.end()

    def _order(self, month: Month) -> dict[str, Any]:
        """What the worker makes the lines of: each item once, with its hours and quantities (10⁻¹⁰ units)."""
        items: list[dict[str, Any]] = []
        for charge in charges(self._world, month.first, month.until):
            places = np.flatnonzero(charge.ticks)
            item = asdict(charge.item) | {"rate": str(charge.item.rate), "line_type": "Usage", "cost": None}
            hours = (places + charge.first).tolist()
            items.append(item | {"span": 1, "hours": hours, "ticks": charge.ticks[places].tolist()})
        for line in monthly(self._world, month.first, month.first + 1, month.until):
            item = asdict(line) | {"rate": None, "cost": str(line.cost), "span": month.last - month.first}
            items.append(item | {"quantity": None, "hours": [month.first], "ticks": [10**10]})
        invoice = f"{int(month.period.replace('-', '')) * 7919 % 10**9:010d}" if month.final else ""
        return {
            "items": items,
            "account": self._world.account,
            "invoice": invoice,
            "first": month.first,
            "last": month.last,
        }
