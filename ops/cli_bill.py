"""`python -m ops bill`: what endpoints cost by a bill export, as text or as one JSON document. It needs no AWS.

In the document amounts and hours are JSON numbers with all the digits of the export, so that a script that reads
numbers as decimals loses nothing; null is not known.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from ops.billing import door
from ops.cli_show import aligned, wrapped, write
from ops.core.bill import Bill
from ops.core.cost import cents
from ops.core.words import count

Run = Callable[[Callable[[], int], bool], None]
Files = Annotated[list[str], typer.Argument(help="Exports: .csv, .csv.gz, .parquet, or folders of them.")]
Format = Annotated[str, typer.Option("--format", help="auto, cur2, cur, focus or csv.")]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
LISTED = 40
INFERENCE = MappingProxyType({True: "asynchronous", False: "real-time", None: "not told"})
"""By what a line tells of it."""


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command()
    def bill(files: Files, wanted: Format = "auto", json: Json = False) -> None:
        """What endpoints cost by a bill export: hours, cost, what was left out and why, the file's total."""

        def work() -> int:
            found = door.read_bill([Path(name) for name in files], wanted)
            write(document(found) if json else text(found))
            return 0

        run(work, json)


# --- for scripts ---


def document(bill: Bill) -> str:
    """One JSON document. `check_difference` is the file's total less all that is told of here; it is 0."""
    said = {
        "source": bill.source,
        "format": bill.format,
        "currency": bill.currency,
        "lines": bill.lines,
        "first_day": None if bill.first is None else bill.first.isoformat(),
        "last_day": None if bill.last is None else bill.last.isoformat(),
        "file_total": bill.file_total,
        "hosting_hours": bill.hosting_hours,
        "hosting_cost": bill.hosting_cost,
        "hosting_effective_cost": bill.effective_cost if bill.days else None,
        "by_type": [
            {
                "instance_type": t.instance_type or None,
                "hours": t.hours,
                "cost": t.cost,
                "effective_cost": t.effective,
            }
            for t in bill.by_type
        ],
        "by_endpoint": [
            {
                "endpoint": e.endpoint,
                "account": e.account or None,
                "region": e.region or None,
                "hours": e.hours,
                "cost": e.cost,
                "effective_cost": e.effective,
            }
            for e in bill.by_endpoint
        ],
        "storage_cost": bill.storage,
        "data_cost": bill.data,
        "excluded": [{"reason": x.reason, "lines": x.lines, "cost": x.cost} for x in bill.left_out],
        "excluded_cost": bill.excluded_cost,
        "other_currencies": [
            {"currency": o.currency, "lines": o.lines, "cost": o.cost} for o in bill.other_currencies
        ],
        "free_tier_hours": sum((day.hours for day in bill.free), Decimal(0)),
        "check_difference": bill.check_difference,
        "notes": list(bill.notes),
    }
    return _written(said)


def _written(value: Any) -> str:
    """JSON whose numbers are Decimals with all their digits; the encoder of the standard library takes floats alone."""
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


# --- for people ---


def text(bill: Bill) -> str:
    """The sum first, then by type and endpoint, what was left out, and the total that it all adds up to."""
    lines = [_head(bill), ""]
    if bill.days:
        effective = bill.effective_cost
        plan = (
            "" if effective in (None, bill.hosting_cost) else f"; at effective rates {_cost(effective, bill)}"
        )
        lines.append(f"Hosting: {_hours(bill.hosting_hours)} hours, {_cost(bill.hosting_cost, bill)}{plan}")
        lines += ["", *_by_type(bill), *_by_endpoint(bill)]
    else:
        lines.append("No hosting of endpoints in it.")
    lines += ["", *_adding_up(bill)]
    for note in bill.notes:
        lines += ["", *wrapped(note)]
    return "\n".join(lines)


def _head(bill: Bill) -> str:
    when = "" if bill.first is None else f" · {bill.first} to {bill.last}"
    return f"{bill.source} · {bill.format} · {count(bill.lines, 'line')}{when} · {bill.currency}"


def _by_type(bill: Bill) -> list[str]:
    """A line for each type and way of inference, the dearest first."""
    sums: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for day in bill.days:
        key = day.instance_type or "not told", INFERENCE[day.asynchronous]
        hours, cost = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = hours + day.hours, cost + day.usd
    found = sorted(sums.items(), key=lambda each: (-each[1][1], each[0]))
    rows = [(*key, _hours(hours), _amount(cost)) for key, (hours, cost) in found]
    return aligned([("type", "inference", "hours", "cost"), *rows], (), right=(2, 3))


def _by_endpoint(bill: Bill) -> list[str]:
    found = bill.by_endpoint
    if all(each.endpoint is None for each in found):
        return []
    several = len({(e.account, e.region) for e in found}) > 1
    ways: dict[tuple[str | None, str, str], set[str]] = {}
    for day in bill.days:
        ways.setdefault((day.endpoint, day.account, day.region), set()).add(INFERENCE[day.asynchronous])
    head = ("endpoint", "inference", *(("account", "region") if several else ()), "hours", "cost")
    rows = [
        (
            e.endpoint or "not told",
            " and ".join(sorted(ways[e.endpoint, e.account, e.region])),
            *((e.account, e.region) if several else ()),
            _hours(e.hours),
            _amount(e.cost),
        )
        for e in found[:LISTED]
    ]
    more = [f"and {len(found) - LISTED} more; --json writes them all"] if len(found) > LISTED else []
    right = (4, 5) if several else (2, 3)
    return ["", *aligned([head, *rows], (), right=right), *more]


def _adding_up(bill: Bill) -> list[str]:
    rows = [
        ("hosting", count(bill.hosting_lines, "line"), _amount(bill.hosting_cost)),
        ("endpoint storage", count(bill.storage_lines, "line"), _amount(bill.storage)),
        ("endpoint data in and out", count(bill.data_lines, "line"), _amount(bill.data)),
        *((f"left out: {x.reason}", count(x.lines, "line"), _amount(x.cost)) for x in bill.left_out),
        ("total of the file", count(bill.lines - _apart(bill), "line"), _amount(bill.file_total)),
    ]
    rows = [row for row in rows if not row[1].startswith("0 ") or row[0].startswith(("hosting", "total"))]
    parts = (bill.hosting_cost, bill.storage, bill.data, *(x.cost for x in bill.left_out))
    cent = cents(bill.file_total) - sum((cents(part) for part in parts), Decimal(0))
    if cent and not bill.check_difference:
        rows.insert(-1, ("rounding of these lines to cents", "", f"{cent:,}"))
    found = aligned([("what", "", bill.currency), *rows], (), right=(1, 2))
    if bill.check_difference or bill.lines_difference:
        found.append(
            f"These differ from the file's total by {bill.check_difference}: a fault of Ebb. Please report it."
        )
    return found


def _apart(bill: Bill) -> int:
    return sum(each.lines for each in bill.other_currencies)


def _cost(amount: Decimal | None, bill: Bill) -> str:
    return "not known" if amount is None else f"{bill.currency} {_amount(amount)}"


def _amount(amount: Decimal) -> str:
    return f"{cents(amount):,}"


def _hours(hours: Decimal) -> str:
    return f"{hours.quantize(Decimal('0.001')):,}"
