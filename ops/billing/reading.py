"""A bill from tables of an export: two questions to the engine (what there is, what belongs where), then its words."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import ibis
from ibis.expr.types import Table

from ops.billing import cells, engine, opening
from ops.billing.columns import AUTO, Layout, layout
from ops.billing.engine import Engine, Row
from ops.billing.gathering import AMOUNTS, ASSUMED, COUNTS, Part, gathered, shape_of
from ops.billing.lake import Lake
from ops.billing.lines import lines
from ops.billing.overlaps import refuse_shared
from ops.billing.remarks import remarks
from ops.billing.sorting import DATA, FREE, HOSTING, OTHER_CURRENCY, STORAGE, placed
from ops.billing.sums import Found, Sum, day_of, number, whole
from ops.core.bill import ZERO, Bill, BilledDay, Charge, LeftOut, OtherCurrency
from ops.core.errors import BadInput
from ops.core.words import count

LINE, HEADER, TOTAL = "line", "header", "total"
_KEYS = (
    "day", "days", "account", "region", "endpoint", "usage_type", "instance_type", "asynchronous", "charge", "final",
)  # fmt: skip


def read_bill(files: Sequence[str | Path], wanted: str = AUTO, memory_mb: int = engine.MEMORY_MB) -> Bill:
    """The bill in these files and folders. Raises BadInput."""
    with tempfile.TemporaryDirectory(prefix="ebb-bill-") as made:
        folder = Path(made).resolve()
        paths, notes = opening.chosen(files)
        opened = engine.files(folder, memory_mb)
        source = paths[0].name if len(paths) == 1 else count(len(paths), "file")
        try:
            parts = opening.parts(opened, folder, paths, wanted)
            refuse_shared(opened, parts)
            return _read(opened, parts, source, notes)
        finally:
            opened.backend.disconnect()


def read_lake(lake: Lake, first: date, last: date) -> Bill:
    """The bill of these UTC days (both included) in Athena. Raises OpsError."""
    if last < first:
        raise BadInput(f"The range ends ({last}) before it starts ({first}).", "Give the earlier day first.")
    with engine.athena(lake) as opened:
        table = opened.backend.table(lake.table)
        found = layout(table.columns, AUTO, f"The table {lake.table}")
        part = Part(_between(pruned(table, first, last), found, first, last), found)
        return _read(opened, [part], f"{lake.database}.{lake.table}", [])


def pruned(table: Table, first: date, last: date) -> Table:
    """Only the partitions of these months, where the table has any: `billing_period`, or `year` and `month`."""
    months = _months(first, last)
    if "billing_period" in table.columns and table.billing_period.type().is_string():
        return table.filter(table.billing_period.isin([f"{m:%Y-%m}" for m in months]))
    if {"year", "month"} <= set(table.columns) and table.year.type().is_string():
        wanted = [(table.year == f"{m:%Y}") & table.month.isin((f"{m:%m}", str(m.month))) for m in months]
        return table.filter(ibis.or_(*wanted))
    return table


def _months(first: date, last: date) -> list[date]:
    found, month = [], first.replace(day=1)
    while month <= last:
        found.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    return found


def _between(table: Table, found: Layout, first: date, last: date) -> Table:
    if "start" not in found.of:
        raise BadInput(
            "The table has no start of a line's usage.", "Export the column with the usage start date."
        )
    start = cells.moment(table[found.of["start"]])
    until = last + timedelta(days=1)
    return table.filter(start >= ibis.timestamp(first.isoformat()), start < ibis.timestamp(until.isoformat()))


# --- the two questions ---


def contents(parts: Sequence[Part]) -> Table:
    """What the export holds, before anything is sorted: lines, repeated headers and total lines, by currency."""
    asked = []
    for part in parts:
        what = ibis.cases((part.repeats_header(), HEADER), (part.is_total(), TOTAL), else_=LINE)
        said = ibis.coalesce(part.text("kind"), part.text("description"), part.text("usage_type"))
        shown = ibis.ifelse(what == TOTAL, said, cells.nothing("string"))
        asked.append(
            part.table.select(
                what=what,
                said=shown,
                currency=part.currency(),
                named=ibis.ifelse(part.named_currency().notnull(), 1, 0),
                billed=part.money("billed"),
            )
        )
    table = ibis.union(*asked) if len(asked) > 1 else asked[0]
    return table.group_by("what", "said", "currency").agg(
        lines=table.count(), named=table.named.sum(), cost=table.billed.sum()
    )


def sums(parts: Sequence[Part], currency: str) -> Table:
    """Every line in its place: hosting by day, all else by place alone."""
    table = placed(lines(gathered(parts), parts[0].layout.format), currency)
    hosting = table.place.isin((HOSTING, FREE))
    apart = ibis.ifelse(table.place == OTHER_CURRENCY, table.currency, cells.nothing("string"))
    keyed = table.mutate(
        days=table.until.delta(table.day, unit="day") + 1,
        usage_type=ibis.coalesce(table.usage_type, table.description),
        currency=apart,
    )
    keys = {name: ibis.ifelse(hosting, keyed[name], cells.nothing(keyed[name].type())) for name in _KEYS}
    discount, usage = keyed.charge == Charge.DISCOUNT.value, keyed.charge == Charge.USAGE.value
    plain = keyed.mutate(
        **keys,
        quantity=ibis.ifelse(discount, cells.nothing(cells.MONEY), keyed.quantity),
        no_quantity=ibis.ifelse(discount, 0, keyed.no_quantity),
        near=ibis.ifelse(usage, keyed.near, 0),
    )
    return plain.group_by("place", "currency", *_KEYS).agg(
        **{name: plain[name].sum() for name in (*AMOUNTS, *COUNTS)},
        bad_cost=plain.bad_cost.max(),
        bad_quantity=plain.bad_quantity.max(),
        unit=plain.unit.max(),
        least_unit=plain.unit.min(),
        first=plain.first.min(),
        last=plain.last.max(),
    )


# --- from sums to a bill ---


def _read(opened: Engine, parts: Sequence[Part], source: str, notes: list[str]) -> Bill:
    there = opened.rows(partial(contents, parts), shape_of(parts, "contents"))
    mine = [row for row in there if row["what"] == LINE]
    currency = _main_currency(mine)
    rows = [
        Sum.of(row) for row in opened.rows(partial(sums, parts, currency), shape_of(parts, "sums", currency))
    ]
    _readable(rows)
    in_main = [row for row in mine if row["currency"] == currency]
    found = Found(
        rows=rows,
        repeated=sum(whole(row["lines"]) for row in there if row["what"] == HEADER),
        said=[(row["said"] or "total", number(row["cost"]) or ZERO) for row in there if row["what"] == TOTAL],
        assumed=sum(whole(row["lines"]) - whole(row["named"]) for row in in_main),
        whole=parts[0].layout,
    )
    bill = _bill(rows, source, parts[0].layout.title, currency, opened.scanned)
    total = sum((number(row["cost"]) or ZERO for row in in_main), ZERO)
    return remarks(bill, found, sum(whole(row["lines"]) for row in mine), total, notes)


def _main_currency(rows: Sequence[Row]) -> str:
    by: dict[str, int] = {}
    for row in rows:
        name = row["currency"] or ASSUMED
        by[name] = by.get(name, 0) + whole(row["lines"])
    return max(sorted(by), key=lambda name: by[name]) if by else ASSUMED


def _readable(rows: Sequence[Sum]) -> None:
    """Raises BadInput where a cost, or the hours of hosting, are no number: a sum without them would be wrong."""
    costs = [row for row in rows if row.bad_costs]
    hours = [row for row in rows if row.bad_hours and row.place in (HOSTING, FREE)]
    for wrong, what, lot, sample in (
        (costs, "cost", sum(r.bad_costs for r in costs), costs and costs[0].bad_cost),
        (
            hours,
            "quantity of hosting hours",
            sum(r.bad_hours for r in hours),
            hours and hours[0].bad_quantity,
        ),
    ):
        if wrong:
            raise BadInput(
                f"The {what} of {count(lot, 'line')} is no number, such as {str(sample)[:40]!r}.",
                "Nothing was added up. Export the bill again, or correct these lines.",
            )


def _bill(rows: Sequence[Sum], source: str, title: str, currency: str, scanned: int | None) -> Bill:
    days = sorted((r for r in rows if r.place == HOSTING), key=Sum.order)
    free = sorted((r for r in rows if r.place == FREE), key=Sum.order)
    reasons: dict[str, list[Sum]] = {}
    others: dict[str, list[Sum]] = {}
    for row in rows:
        if row.place == OTHER_CURRENCY:
            others.setdefault(row.currency, []).append(row)
        elif row.place not in (HOSTING, STORAGE, DATA):
            reasons.setdefault(row.place, []).append(row)
    left_out = [LeftOut(name, _lines(of), _cost(of)) for name, of in reasons.items()]
    return Bill(
        source=source,
        format=title,
        currency=currency,
        lines=_lines(rows),
        file_total=ZERO,
        days=tuple(_day(r) for r in days),
        free=tuple(_day(r) for r in free),
        storage=_cost([r for r in rows if r.place == STORAGE]),
        data=_cost([r for r in rows if r.place == DATA]),
        hosting_lines=_lines(days),
        storage_lines=_lines([r for r in rows if r.place == STORAGE]),
        data_lines=_lines([r for r in rows if r.place == DATA]),
        left_out=tuple(sorted(left_out, key=lambda each: (-abs(each.cost), each.reason))),
        other_currencies=tuple(
            OtherCurrency(name, _lines(of), _cost(of)) for name, of in sorted(others.items())
        ),
        first=min((r.first for r in rows if r.first), default=None),
        last=max((r.last for r in rows if r.last), default=None),
        scanned=scanned,
    )


def _day(row: Sum) -> BilledDay:
    key = row.key
    return BilledDay(
        day=day_of(key["day"]),
        account=key["account"] or "",
        region=key["region"] or "",
        endpoint=key["endpoint"],
        usage_type=key["usage_type"] or "",
        instance_type=key["instance_type"] or "",
        asynchronous=None if key["asynchronous"] is None else key["asynchronous"].lower() == "true",
        charge=Charge(key["charge"] or Charge.OTHER),
        hours=row.hours,
        usd=row.billed,
        effective=row.effective,
        listed=row.listed,
        final=(key["final"] or "").lower() == "true",
        days=whole(key["days"]) if key["days"] else 1,
    )


def _lines(rows: Sequence[Sum]) -> int:
    return sum(row.lines for row in rows)


def _cost(rows: Sequence[Sum]) -> Decimal:
    return sum((row.billed for row in rows), ZERO)
