"""The cells of any export as one table of one shape, and lines that are alike summed up.

Millions of lines become the thousands of groups that differ in what matters, so that the rules (ops.billing.lines,
ops.billing.sorting) look at each kind of line once. Lines of other services keep nothing but their kind of charge.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import ibis
from ibis.expr.types import BooleanValue, DecimalValue, StringValue, Table, Value

from ops.billing import cells
from ops.billing.columns import CSV, FOCUS, Layout, squeezed
from ops.core.bill import Charge

ASSUMED = "USD"
_SIGNS = (("$", "USD"), ("€", "EUR"), ("£", "GBP"))
SAID = (
    "account", "region", "usage_type", "operation", "resource", "instance_type", "unit", "description", "class",
    "frequency", "commitment", "pricing",
)  # fmt: skip
"""Text that is kept of lines of SageMaker, and where the export names no service."""
KEPT = ("kind", "service", "currency", "part", "sign")
"""What is kept of every line. `part`: the charge of a part that was split off a line; `sign`: of the cost."""
AMOUNTS = ("quantity", "billed", "effective", "listed")
COUNTS = (
    "lines", "no_quantity", "no_billed", "no_effective", "no_listed", "below", "near", "rounded", "bad_costs",
    "bad_quantities",
)  # fmt: skip
_TOTALS = r"^(?:grand |sub ?|invoice |account |statement |bill )?total\b|^[a-z]+total$"


@dataclass(frozen=True, slots=True)
class Part:
    """One table with its layout. `header`: what the header line says in the columns of cost and quantity.

    `columnar`: reading a few columns twice costs next to nothing (Parquet files). `named`: the table's name where it
    is one as it stands.
    """

    table: Table
    layout: Layout
    decimal_comma: bool = False
    header: tuple[str, ...] = ()
    columnar: bool = False
    named: str = ""

    @property
    def shape(self) -> Hashable:
        """All that a statement about this part depends on; None where it depends on more."""
        if not self.named:
            return None
        columns = tuple(self.table.schema().items())
        layout = (self.layout.format, self.layout.cost_header, tuple(self.layout.of.items()))
        return self.named, columns, layout, self.decimal_comma, self.header, self.columnar

    def has(self, role: str) -> bool:
        return role in self.layout.of

    def raw(self, role: str) -> Value:
        return self.table[self.layout.of[role]]

    def text(self, role: str) -> StringValue:
        """The text of a role's cells; null where the export has no such column."""
        if not self.has(role):
            return cells.nothing("string")
        return cells.text(self.raw(role))

    def cell(self, role: str) -> StringValue:
        """The same as it stands there."""
        if not self.has(role):
            return cells.nothing("string")
        raw = self.raw(role)
        return raw if raw.type().is_string() else raw.cast("string")

    def money(self, role: str) -> DecimalValue:
        if not self.has(role):
            return cells.nothing(cells.MONEY)
        return cells.money(self.raw(role), self.layout.format == CSV, self.decimal_comma)

    def currency(self) -> StringValue:
        """The currency of each line; US dollars where nothing names one."""
        return ibis.coalesce(self.named_currency(), ibis.literal(ASSUMED))

    def named_currency(self) -> StringValue:
        """From its column, from the cost's own text, from the header of the cost; else null."""
        said = [self.text("currency").upper()]
        if self.layout.format == CSV and self.raw("billed").type().is_string():
            cost = self.text("billed")
            said.append(cells.found(cost, r"\b([A-Z]{3})\b"))
            said += [ibis.ifelse(cost.contains(sign), name, cells.nothing("string")) for sign, name in _SIGNS]
        header = self.layout.cost_header.upper()
        said += [
            ibis.literal(name) for sign, name in _SIGNS if sign in header or name in squeezed(header).upper()
        ]
        return ibis.coalesce(*said)

    def of_another_service(self) -> BooleanValue:
        """Whether the line names a service, and it is not SageMaker."""
        service = self.text("service")
        return service.notnull() & ~cells.has(service.lower(), "sagemaker")

    def repeats_header(self) -> BooleanValue:
        """Text files that were put together hold their header line again in the middle."""
        if not self.header:
            return ibis.literal(False)
        cost, quantity = self.header
        return ((self.raw("billed") == cost) & (self.raw("quantity") == quantity)).fill_null(False)

    def is_total(self) -> BooleanValue:
        """Lines of a plain bill that sum up others: AWS's own totals, and lines named total without a quantity."""
        if self.layout.format != CSV:
            return ibis.literal(False)
        named = ibis.coalesce(self.text("description"), self.text("usage_type")).lower()
        return cells.has(self.text("kind").lower(), "total$") | (
            cells.has(named, _TOTALS) & self.text("quantity").isnull()
        )

    def filtered(self, *conditions: BooleanValue) -> Part:
        return replace(self, table=self.table.filter(*conditions))


def shape_of(parts: Sequence[Part], *asked: str) -> Hashable:
    """All that the statement of a question (`asked`: its name and what it is given) depends on, or None."""
    shapes = tuple(part.shape for part in parts)
    return None if None in shapes else (asked, shapes)


def gathered(parts: Sequence[Part]) -> Table:
    """Sums of alike lines: SAID and KEPT, day and until (UTC days), final, AMOUNTS and COUNTS, two samples."""
    absent = [role for role in SAID if not any(_says(part, role) for part in parts)]
    keys = ("day", "until", "final", *(role for role in SAID if role not in absent), *KEPT)
    # twice: millions of lines by their cells as they are, then the few groups by what their cells say
    groups = _union([_summed(table, keys) for part in parts for table in _selected(part)])
    others = [_summed(table, KEPT) for part in parts if _apart(part) for table in [_of_others(part)]]
    if others:
        missing = {name: cells.nothing(groups[name].type()) for name in keys if name not in KEPT}
        wide = [other.mutate(**missing).select(*groups.columns) for other in others]
        groups = _union([groups, *wide])
    said = {name: cells.text(groups[name]) for name in keys if groups[name].type().is_string()}
    groups = _summed(groups.mutate(**said), keys)
    return groups.mutate(**{role: cells.nothing("string") for role in absent})


def _union(tables: Sequence[Table]) -> Table:
    return ibis.union(*tables) if len(tables) > 1 else tables[0]


def _summed(table: Table, keys: Sequence[str]) -> Table:
    return table.group_by(*keys).agg(
        **{name: table[name].sum() for name in (*AMOUNTS, *COUNTS)},
        bad_cost=table.bad_cost.max(),
        bad_quantity=table.bad_quantity.max(),
        first=table.first.min(),
        last=table.last.max(),
    )


def _says(part: Part, role: str) -> bool:
    """Whether a part may have something for that role: a column of its own, the map of a CUR 2.0, text beside it."""
    beside = {"region": "product", "instance_type": "product", "unit": "quantity"}
    return part.has(role) or part.has(beside.get(role, role))


def _apart(part: Part) -> bool:
    """Whether other services are summed up by themselves: by far quicker, where a column can be read twice for free."""
    return part.columnar and part.has("service") and part.layout.format != CSV


def _of_others(part: Part) -> Table:
    """The lines of other services, by nothing but their charge."""
    others = part.filtered(part.of_another_service())
    kept = ("billed", "lines", "no_billed", "rounded", "bad_costs", "bad_cost", "first", "last", *KEPT)
    columns = _columns(others)
    left = {name: value for name, value in columns.items() if name in kept}
    left |= {name: cells.nothing(cells.MONEY) for name in AMOUNTS if name not in kept}
    left |= {name: ibis.literal(0, "int64") for name in COUNTS if name not in kept}
    return others.table.select(**left, bad_quantity=cells.nothing("string"))


def _selected(part: Part) -> list[Table]:
    """The lines of a part, and what was split off them; without those of other services where they are `_apart`."""
    real = part.filtered(~part.of_another_service()) if _apart(part) else part
    if part.header:
        real = real.filtered(~real.repeats_header())
    if part.layout.format == CSV:
        real = real.filtered(~real.is_total())
    columns = _columns(real)
    if part.layout.format != CSV or squeezed(part.layout.cost_header) != "totalcost":
        return [real.table.select(**columns)]
    return _split(real, columns)


def _columns(part: Part) -> dict[str, Value]:
    other = part.of_another_service()
    billed, quantity = part.money("billed"), part.money("quantity")
    effective, listed = part.money("effective"), part.money("listed")
    first, last = _days(part)
    said = {name: part.cell(name) for name in SAID}
    if part.layout.format == CSV:
        said["unit"] = ibis.coalesce(part.text("unit"), _unit_in(part))
    if part.has("product") and part.raw("product").type().is_map():
        said = _with_product(part, said)
    ours = {"day": first, "until": last, "final": _final(part), **said}
    bad_cost, bad_quantity = _bad(part, "billed"), _bad(part, "quantity")
    return {
        **{name: ibis.ifelse(other, cells.nothing(value.type()), value) for name, value in ours.items()},
        "kind": part.cell("kind"),
        "service": part.cell("service"),
        "currency": part.currency(),
        "part": cells.nothing("string"),
        "sign": ibis.cases((billed < 0, -1), (billed > 0, 1), (billed == 0, 0), else_=cells.nothing("int8")),
        "quantity": quantity,
        "billed": billed,
        "effective": effective,
        "listed": listed,
        "lines": ibis.literal(1, "int64"),
        "no_quantity": _one(quantity.isnull()),
        "no_billed": _one(billed.isnull()),
        "no_effective": _one(effective.isnull()),
        "no_listed": _one(listed.isnull()),
        "below": _one(quantity < 0),
        "near": _one(_near(billed, effective) if part.layout.format == FOCUS else ibis.literal(False)),
        "rounded": _one(cells.more_digits(part.raw("billed"), billed)),
        "bad_costs": _one(bad_cost.notnull()),
        "bad_quantities": _one(bad_quantity.notnull()),
        "bad_cost": bad_cost,
        "bad_quantity": bad_quantity,
        "first": first,
        "last": last,
    }


def _split(part: Part, main: dict[str, Value]) -> list[Table]:
    """A line of AWS's bill CSV may hold usage, credits and tax in one cost: up to three lines, of which one counts."""
    zero, rest, apart = ibis.literal(0).cast(cells.MONEY), [], []
    for role, charge in (("tax", Charge.TAX), ("credits", Charge.CREDIT)):
        if not part.has(role):
            continue
        rest.append(ibis.coalesce(part.money(role), zero))
        some = part.filtered((part.money(role) != 0).fill_null(False))
        bad = _bad(some, role)
        split = _columns(some) | {
            "billed": some.money(role),
            "quantity": cells.nothing(cells.MONEY),
            "part": ibis.literal(charge.value),
            "bad_costs": _one(bad.notnull()),
            "bad_cost": bad,
            **{name: ibis.literal(0, "int64") for name in COUNTS if name != "bad_costs"},
        }
        apart.append(some.table.select(**split))
    net = main["billed"]
    for amount in rest:
        net = (net - amount).cast(cells.MONEY)
    return [part.table.select(**(main | {"billed": net})), *apart]


def _days(part: Part) -> tuple[Value, Value]:
    """First and last UTC day of a line; the end of an export is exclusive."""
    if not part.has("start"):
        return cells.nothing("date"), cells.nothing("date")
    start = cells.moment(part.raw("start"))
    if not part.has("end"):
        return start.date(), start.date()
    end = (cells.moment(part.raw("end")) - ibis.interval(seconds=1)).date()
    return start.date(), ibis.coalesce(ibis.ifelse(end < start.date(), start.date(), end), start.date())


def _with_product(part: Part, said: dict[str, Value]) -> dict[str, Value]:
    """What the columns beside the map of a CUR 2.0 do not tell."""
    product = part.raw("product")
    region, instance = (
        cells.text(product.get(key, ibis.null("string"))) for key in ("region", "instance_name")
    )
    return said | {
        "region": ibis.coalesce(part.text("region"), region),
        "instance_type": ibis.coalesce(part.text("instance_type"), instance),
    }


def _unit_in(part: Part) -> StringValue:
    """The unit behind the quantity of a plain bill ("8.2 Hrs")."""
    if part.layout.format != CSV or not part.raw("quantity").type().is_string():
        return cells.nothing("string")
    return cells.found(part.text("quantity"), r"[0-9]\s*([A-Za-z][A-Za-z-]*)$")


def _final(part: Part) -> BooleanValue:
    """Whether the invoice is out: it has a number. Not known counts as not final."""
    if not part.has("invoice"):
        return ibis.literal(False)
    invoice = part.text("invoice")
    return invoice.notnull() & ~cells.has(invoice.lower(), r"^estimated")


def _near(billed: DecimalValue, effective: DecimalValue) -> BooleanValue:
    """Whether the effective cost is the billed one, but for a rounding to cents."""
    apart: BooleanValue = (effective - billed).abs()
    return (apart > 0) & (apart <= ibis.literal("0.01").cast(cells.MONEY))


def _bad(part: Part, role: str) -> StringValue:
    """The text of a cell that should hold a number and does not."""
    raw = part.raw(role)
    wrong = cells.unreadable(raw, part.money(role))
    return ibis.ifelse(wrong, raw.cast("string"), cells.nothing("string"))


def _one(condition: BooleanValue) -> Value:
    return ibis.ifelse(condition.fill_null(False), ibis.literal(1, "int64"), ibis.literal(0, "int64"))
