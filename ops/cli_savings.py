"""`python -m ops savings`: what scale-to-zero saved, as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import typer

from ops.cli_show import write
from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods
from ops.core.cost import cents
from ops.core.errors import BadInput
from ops.core.savings import CURRENCY, Saving, Total
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.core.words import listed

KEYS = (
    "name", "basis", "currency", "period_start", "period_end", "coverage", "actual_usd", "baseline_usd", "saved_usd",
    "saved_ratio", "instance_hours", "baseline_formula", "price_source", "price_as_of", "final",
)  # fmt: skip
"""Of every endpoint in JSON and every line in CSV. null or empty: not known."""


def savings(
    name: str | None,
    month: str | None,
    days: int | None,
    baseline: str,
    zone: str,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Print them; the exit code. Raises OpsError."""
    if month is not None and days is not None:
        raise BadInput("A month and a number of days cannot both be the period.", "Give one of them.")
    against = baselines.parse(baseline)
    with Console.open(Settings.load()) as console:
        now = console.fleet().as_of
        period = periods.month(month, now, zone) if month else periods.last_days(days or 30, now, zone)
        view = console.find_savings(SavingsQuery(period, against, names=(name,) if name else None))
    write(document(view) if as_json else table(view) if as_csv else text(view))
    return 0


def document(view: SavingsView) -> str:
    """One JSON document: money and hours as numbers, times ISO 8601 in UTC, null = not known."""
    found = {
        "endpoints": [line(row, view) for row in view.rows],
        "total": {
            **line(view.total, view),
            "left_out": [{"name": e.name, "why": e.why} for e in view.total.left_out],
        },
        "as_of": view.as_of.isoformat(),
        "problems": [f"{p.what} {p.hint}".strip() for p in view.problems],
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def table(view: SavingsView) -> str:
    """CSV, one endpoint a line and the total last."""
    out = io.StringIO()
    writer = csv.DictWriter(out, KEYS, lineterminator="\n")
    writer.writeheader()
    found: list[Saving | Total] = [*view.rows, view.total]
    for row in found:
        writer.writerow({key: "" if value is None else value for key, value in line(row, view).items()})
    return out.getvalue().rstrip("\n")


def line(row: Saving | Total, view: SavingsView) -> dict[str, Any]:
    """The keys of KEYS."""
    period = view.query.period
    prices = row.prices if isinstance(row, Saving) else view.prices
    formula = view.query.baseline.words if isinstance(row, Total) else row.against.formula
    return {
        "name": "total" if isinstance(row, Total) else row.name,
        "basis": row.basis.value,
        "currency": CURRENCY,
        "period_start": period.start.isoformat(),
        "period_end": period.until.isoformat(),
        "coverage": round(row.coverage if isinstance(row, Total) else row.time.coverage, 4),
        "actual_usd": _number(row.usd, 4),
        "baseline_usd": _number(row.baseline_usd, 4),
        "saved_usd": _number(row.saved, 4),
        "saved_ratio": _number(row.ratio, 4),
        "instance_hours": _number(row.hours, 4),
        "baseline_formula": formula,
        "price_source": "; ".join(sorted({p.source for p in prices})) or None,
        "price_as_of": min(p.as_of for p in prices).date().isoformat() if prices else None,
        "final": row.final,
    }


def text(view: SavingsView) -> str:
    """For people: the sentence first, then a line for each endpoint."""
    lines = [headline(view), ""]
    width = max((len(row.name) for row in view.rows), default=0)
    for row in view.rows:
        if row.usd is None or row.baseline_usd is None:
            lines.append(f"{row.name:<{width}}  not known: {row.missing}")
            continue
        lines.append(
            f"{row.name:<{width}}  {_usd(row.usd):>11} of {_usd(row.baseline_usd):>11}  saved {_usd(row.saved):>11}"
            f"  {_share(row.ratio):>6}  {row.hours or 0:,.1f} instance-hours  ({row.against.formula})"
        )
    for problem in view.problems:
        lines += ["", f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip()]
    return "\n".join(lines)


def headline(view: SavingsView) -> str:
    """One sentence that a manager can repeat."""
    whole, period = view.total, view.query.period
    who = view.rows[0].name if len(view.rows) == 1 else f"{len(whole.counted)} endpoints"
    if whole.usd is None or whole.baseline_usd is None:
        return f"What was saved {period.label} is not known."
    said = (
        f"{who} cost about {_usd(whole.usd)} {period.label}; {view.query.baseline.words} would have cost about "
        f"{_usd(whole.baseline_usd)}. Saved {_usd(whole.saved)} ({_share(whole.ratio)}), estimated at list price."
    )
    if whole.left_out:
        said += f" Without {listed([e.name for e in whole.left_out])}, of which not enough is known."
    return said


def _usd(amount: Decimal | None) -> str:
    return "–" if amount is None else f"${cents(amount):,}"


def _share(ratio: Decimal | None) -> str:
    return "–" if ratio is None else f"{ratio * 100:.0f} %"


def _number(value: Decimal | None, digits: int) -> float | None:
    return None if value is None else float(round(value, digits))


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `savings`."""

    @app.command("savings")
    def _savings(
        name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
        month: Annotated[str | None, typer.Option(help="A month, such as 2026-11.")] = None,
        days: Annotated[int | None, typer.Option(help="The last so many days; 30 without --month.")] = None,
        baseline: Annotated[
            str, typer.Option(help="peak, one, max, hours, or a number of instances.")
        ] = "peak",
        zone: Annotated[str, typer.Option(help="The time zone of months and days.")] = "UTC",
        json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout.")] = False,
    ) -> None:
        """What scale-to-zero saved against a baseline, with how that was counted."""
        run(lambda: savings(name, month, days, baseline, zone, json, csv), json)
