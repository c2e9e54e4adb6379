"""A saving as a file for other tools: JSON, CSV by endpoint, CSV by day and endpoint. Pure."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from typing import Any

from ops.core import savings_counted as counted
from ops.core.cost import Basis
from ops.core.places import Place
from ops.core.savings import CURRENCY, Saving, Total
from ops.core.savings_story import billed_days, settled
from ops.core.types import Price
from ops.core.views_savings import Candidate, Details, Elsewhere, SavingsView, Waits

KEYS = (
    "name", "basis", "currency", "period_start", "period_end", "coverage", "actual_usd", "baseline_usd", "saved_usd",
    "saved_ratio", "instance_hours", "baseline_formula", "price_source", "price_as_of", "final",
    "days_billed", "days_lived", "instance_types", "actual_upper_usd", "account", "region",
)  # fmt: skip
"""Of every endpoint in JSON and every line in CSV. null or empty: not known."""
DAY_KEYS = (
    "day", "endpoint", "known_share", "instance_hours", "baseline_instance_hours", "actual_usd", "baseline_usd",
    "saved_usd", "account", "region",
)  # fmt: skip


class Text:
    """What csv writes into: pieces of text in memory."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def write(self, piece: str, /) -> object:
        self._pieces.append(piece)
        return None

    def __str__(self) -> str:
        return "".join(self._pieces)


def as_json(view: SavingsView) -> str:
    """One JSON document: money and hours as numbers, times ISO 8601 in UTC, null = not known."""
    found = {
        "endpoints": [
            line(row, view)
            | _missing(row)
            | _notes(row)
            | _types(row)
            | {"waits": _waits(view.details.get(row.key, Details()).waits)}
            for row in view.rows
        ],
        "total": {
            **line(view.total, view),
            "waits": _waits(view.waits),
            "left_out": [{"name": e.name, "why": e.why} for e in view.total.left_out],
        },
        "baseline": view.query.baseline.text,
        "zone": view.query.period.zone,
        "account": view.connection.account,
        "region": view.connection.region,
        "places": [{"account": p.account, "region": p.region} for p in view.of_places],
        "places_missing": [*view.missing_places, *view.awaited_places],
        "place_notes": list(view.place_notes),
        "billed_besides": {"not_on_show": _elsewhere(view.bill_others), "gone": _elsewhere(view.bill_gone)},
        "candidates": [_candidate(each, view) for each in view.candidates],
        "as_of": view.as_of.isoformat(),
        "problems": [f"{p.what} {p.hint}".strip() for p in view.problems],
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def as_lines(view: SavingsView) -> str:
    """CSV, one endpoint a line and the total last."""
    out = Text()
    writer = csv.DictWriter(out, KEYS, lineterminator="\n")
    writer.writeheader()
    found: list[Saving | Total] = [*view.rows, view.total]
    for row in found:
        writer.writerow({key: "" if value is None else value for key, value in line(row, view).items()})
    return str(out).rstrip("\n")


def as_days(view: SavingsView) -> str:
    """CSV, a line for each endpoint and local day. What holds for all of it stands above, behind "# "."""
    period, whole = view.query.period, view.total
    above = (
        ("what", "savings of scale-to-zero by day and endpoint"),
        ("period", f"{period.start.isoformat()} to {period.until.isoformat()}"),
        ("zone of the days", period.zone),
        ("basis", whole.basis.value),
        ("currency", CURRENCY),
        ("baseline", view.query.baseline.words),
        ("final", "yes" if whole.final else "no"),
        ("settled", settled(view)),
        *(
            [("billed", billed_days(view) or "on every day of the period")]
            if whole.basis is Basis.BILLED
            else []
        ),
        ("units", "hours are instance-hours, money is US dollars, known_share is 0 to 1, empty is not known"),
        ("prices", "; ".join(_price(p, view) for p in view.prices) or "not known"),
        ("made", counted.made(view)),
        ("tags", ", ".join(f"{key}={value}" for key, value in view.query.tags) or "all"),
        *counted.places(view),
        *((f"baseline of {row.key}", row.against.formula) for row in view.rows),
        *((f"types of {row.key}", row.unseen) for row in view.rows if row.unseen),
        *((f"not counted, {each.name}", each.why) for each in whole.left_out),
    )
    out = Text()
    for name, told in above:
        out.write(f"# {name}: {' '.join(told.split())}\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(DAY_KEYS)
    for row in sorted(view.rows, key=lambda each: each.key):
        for day in row.days:
            saved = None if day.usd is None or day.baseline_usd is None else day.baseline_usd - day.usd
            money = (day.hours, day.baseline_hours, day.usd, day.baseline_usd, saved)
            writer.writerow(
                (
                    day.day.isoformat(),
                    row.name,
                    f"{day.known:.4f}",
                    *(_text(each, 6) for each in money),
                    *_at(row.place or view.here).values(),
                )
            )
    return str(out)


def _price(found: Price, view: SavingsView) -> str:
    return f"{counted.price(found)}{f' ({found.region})' if view.places else ''}"


def line(row: Saving | Total, view: SavingsView) -> dict[str, Any]:
    """The keys of KEYS."""
    period = view.query.period
    source, as_of = _priced(row, view)
    formula = view.query.baseline.words if isinstance(row, Total) else row.against.formula
    return {
        "name": "total" if isinstance(row, Total) else row.name,
        "basis": row.basis.value,
        "currency": CURRENCY,
        "period_start": period.start.isoformat(),
        "period_end": period.until.isoformat(),
        "coverage": round(row.coverage if isinstance(row, Total) else row.covered, 4),
        "actual_usd": _number(row.usd, 4),
        "baseline_usd": _number(row.baseline_usd, 4),
        "saved_usd": _number(row.saved, 4),
        "saved_ratio": _number(row.ratio, 4),
        "instance_hours": _number(row.hours, 4),
        "baseline_formula": formula,
        "price_source": source,
        "price_as_of": as_of,
        "final": row.final,
        "days_billed": row.days_known,
        "days_lived": row.days_lived,
        "instance_types": None
        if isinstance(row, Total)
        else "; ".join(each.instance_type for each in row.by_type) or None,
        "actual_upper_usd": _number(_upper(row, view), 4),
        **_at(_where(row, view)),
    }


def _where(row: Saving | Total, view: SavingsView) -> Place | None:
    """The place of a line; None for a sum over several or none."""
    if isinstance(row, Saving):
        return row.place or view.here
    return view.of_places[0] if len(view.of_places) == 1 else None


def _at(place: Place | None) -> dict[str, str | None]:
    return {
        "account": None if place is None else place.account,
        "region": None if place is None else place.region,
    }


def _upper(row: Saving | Total, view: SavingsView) -> Decimal | None:
    """The upper end of an estimate, as far as it is known; None on a bill."""
    if row.basis is Basis.BILLED or row.usd is None:
        return None
    if isinstance(row, Total):
        whole = counted.upper_usd(view)
        spread = sum((each.spread_usd for each in view.rows if each.key in row.counted), Decimal(0))
    else:
        detail = view.details.get(row.key)
        whole, spread = detail.upper_usd if detail is not None else None, row.spread_usd
    if whole is None and spread:
        return row.usd + spread
    return whole


def _priced(row: Saving | Total, view: SavingsView) -> tuple[str | None, str | None]:
    """Where the money of a line comes from, and the day of that: list prices, or the bill."""
    if row.basis is Basis.BILLED:
        day = None if view.bill_at is None else view.bill_at.date().isoformat()
        return view.bill_source or None, day
    rows = [row] if isinstance(row, Saving) else [r for r in view.rows if r.key in view.total.counted]
    prices = [price for each in rows for price in each.prices]
    if not prices:
        return None, None
    return "; ".join(sorted({p.source for p in prices})), min(p.as_of for p in prices).date().isoformat()


def _missing(row: Saving) -> dict[str, Any]:
    return {"missing": row.missing} if row.missing else {}


def _waits(found: Waits | None) -> dict[str, Any] | None:
    """What the saving cost those who waited; null: nothing is known of it."""
    if found is None:
        return None
    return {
        "cold_starts": found.cold_starts,
        "requests_waited": found.requests,
        "request_minutes": None if found.request_minutes is None else round(found.request_minutes, 1),
        "requests_expired": found.expired,
        "p95_wait_s": found.p95_s,
        "complete": not found.left_out and found.since is None,
        "since": None if found.since is None else found.since.isoformat(),
        "endpoints_not_known": found.left_out,
    }


def _elsewhere(found: Elsewhere | None) -> dict[str, Any] | None:
    """What is billed to endpoints that have no row; null: nothing, or no bill is at hand."""
    if found is None:
        return None
    return {"names": list(found.names), "hours": _number(found.hours, 4), "billed_usd": _number(found.usd, 4)}


def _candidate(found: Candidate, view: SavingsView) -> dict[str, Any]:
    """A real-time endpoint, and what it would save if it were asynchronous: a first estimate."""
    return {
        "name": found.name,
        "instance_type": found.instance_type,
        "fit": found.fit.value,
        "why": list(found.why),
        "coverage": round(found.coverage, 4),
        "actual_usd": _number(found.usd, 4),
        "would_cost_usd": _number(found.would_cost, 4),
        "would_save_usd": _number(found.saved, 4),
        **_at(found.place or view.here),
    }


def _notes(row: Saving) -> dict[str, Any]:
    """From when until when it is counted where that is not all of the period, and what is only taken to hold."""
    return {
        "counted_since": None if row.since is None else row.since.isoformat(),
        "gone": None if row.gone is None else row.gone.isoformat(),
        "notes": list(row.told),
    }


def _types(row: Saving) -> dict[str, Any]:
    """Hours and money by type, those of a pool of which nobody saw whose they are among them; null: not known."""
    return {
        "by_type": [
            {
                "instance_type": t.instance_type,
                "instance_hours": _number(t.hours, 4),
                "usd": _number(t.usd, 4),
            }
            for t in row.by_type
        ],
        "type_not_seen_hours": _number(row.unseen_hours, 4),
    }


def _number(value: Decimal | None, digits: int) -> float | None:
    return None if value is None else float(round(value, digits))


def _text(value: Decimal | None, digits: int) -> str:
    return "" if value is None else f"{round(value, digits):f}"
