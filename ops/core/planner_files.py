"""A search of the planner as a file for other tools: JSON, and CSV by candidate. Pure."""

from __future__ import annotations

import csv
import json
import math
from decimal import Decimal
from typing import Any

from ops.core.candidate_text import to_query
from ops.core.cost import HOURS_PER_MONTH, cents
from ops.core.own_prices import rate_words
from ops.core.plan_source import as_link
from ops.core.promise import when
from ops.core.savings_files import Text
from ops.core.views_planner import ClausePlayed, Dollars, PlanView, Played, Spread

UNITS = (
    "waits are seconds from arrival to start, shares are 0 to 1, money is US dollars and hours are instance-hours in a "
    f"month of {HOURS_PER_MONTH} hours, each with its least, mean and most over the expansions; empty is not known"
)
BASIS = "estimate: a replay of {traffic} at {rate}, no bill"
_SPREADS = (
    "hours_month", "cold_starts_month", "launches_month", "p95_s", "mean_s", "max_s", "peak_instances", "never", "over",
)  # fmt: skip


def as_json(view: PlanView) -> str:
    """One JSON document: times ISO 8601 in UTC, null = not known."""
    advice = view.advice
    found = {
        "endpoint": view.ref.name or None,
        "promise": view.promise.text,
        "advice": {
            "answer": advice.answer.value,
            "sentence": advice.sentence,
            "evidence": list(advice.evidence),
            "chosen": None if advice.chosen is None else _candidate(view.played[advice.chosen]),
            "next_cheaper": None if advice.cheaper is None else _candidate(view.played[advice.cheaper]),
            "breaks": advice.breaks,
            "tied": list(advice.tied),
            "sure": list(advice.sure),
            "savings": [
                {
                    "baseline": each.against.baseline.text,
                    "formula": each.against.formula,
                    "usd_month": _money(each.usd_month),
                    "saved_usd_month": _money(each.saved_month),
                    "saved_ratio": each.ratio,
                }
                for each in advice.savings
            ],
        },
        "today": view.today,
        "candidates": [_candidate(one) for one in view.played],
        "fronts": {key: list(numbers) for key, numbers in view.fronts.items()},
        **dict(_above(view)),
        "requests": view.requests,
        "seeds": list(view.seeds),
        "cold_start_s": _number(view.cold_start_s),
        "notes": list(view.notes),
        "problems": [f"{p.what} {p.hint}".strip() for p in view.problems],
    }
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def as_csv(view: PlanView) -> str:
    """CSV, one candidate a line. What holds for all of them stands above, behind "# "."""
    out = Text()
    for name, told in (
        ("what", "candidates of the planner"),
        ("endpoint", view.ref.name or "none"),
        *_above(view),
    ):
        out.write(f"# {name}: {' '.join(told.split())}\n")
    rows = [_flat(one, view) for one in view.played]
    writer = csv.DictWriter(out, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "" if value is None else value for key, value in row.items()})
    return str(out)


def _above(view: PlanView) -> tuple[tuple[str, str], ...]:
    price = view.price
    rate = "no price" if price is None else rate_words(price)
    return (
        ("period", f"{view.first.isoformat()} to {view.last.isoformat()}"),
        ("zone", view.query.zone),
        ("promised", view.promise.text),
        ("traffic", traffic(view)),
        ("basis", BASIS.format(traffic=traffic(view), rate=rate)),
        ("units", UNITS),
        (
            "price",
            "not known"
            if price is None
            else f"${price.usd_per_hour.normalize():f} an hour of {price.instance_type}, {price.source}, "
            f"{price.as_of:%Y-%m-%d}",
        ),
        ("trust", view.trust or "not tested"),
        ("made", view.as_of.isoformat()),
    )


def traffic(view: PlanView) -> str:
    """What was replayed, in words that another can follow: the parts of a link, too, where it was given."""
    source = view.query.source
    if source is None:
        return "the endpoint's own traffic"
    parts = "; ".join(f"{key}={text}" for key, text in as_link(source).items())
    return f"{source.words} ({parts})"


def _candidate(one: Played) -> dict[str, Any]:
    return {
        "number": one.number,
        "role": one.role.value,
        "candidate": to_query(one.candidate),
        "words": one.candidate.words,
        "usd_month": _dollars(one.usd_month),
        **{name: _spread(getattr(one, name)) for name in _SPREADS},
        "clauses": [_clause(part, one) for part in one.clauses],
        "kept": list(one.kept),
        "openings": one.openings or None,
        "failed_openings": _spread(one.failed_openings),
        "failed_closings": _spread(one.failed_closings),
        "kept_fresh": list(one.fresh) or None,
    }


def _clause(part: ClausePlayed, one: Played) -> dict[str, Any]:
    clause = part.clause
    return {
        "what": clause.what,
        "when": when(clause, [each.clause for each in one.clauses]),
        "limit_s": clause.limit_s,
        "share": clause.share,
        "requests": part.requests,
        **{name: _spread(getattr(part, name)) for name in ("within", "mean_s", "p95_s", "max_s")},
        "kept": list(part.kept),
    }


def _flat(one: Played, view: PlanView) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": one.number,
        "role": one.role.value,
        "on_front": "yes" if any(one.number in f for f in view.fronts.values()) else "no",
        "kept": f"{sum(one.kept)} of {len(one.kept)}",
        "kept_fresh": f"{sum(one.fresh)} of {len(one.fresh)}" if one.fresh else None,
    }
    money = _dollars(one.usd_month) or dict.fromkeys(("low", "mid", "high"))
    row |= {f"usd_month_{key}": value for key, value in money.items()}
    for name in _SPREADS:
        spread = _spread(getattr(one, name)) or dict.fromkeys(("low", "mid", "high"))
        row |= {f"{name}_{key}": value for key, value in spread.items()}
    for number, part in enumerate(one.clauses, 1):
        row[f"clause_{number}_within"] = _number(part.within.mid)
        row[f"clause_{number}_p95_s"] = _number(part.p95_s.mid)
    return row | {"candidate": to_query(one.candidate), "words": one.candidate.words}


def _spread(spread: Spread) -> dict[str, float | None] | None:
    if spread.mid != spread.mid:
        return None
    return {"low": _number(spread.low), "mid": _number(spread.mid), "high": _number(spread.high)}


def _dollars(usd: Dollars | None) -> dict[str, float | None] | None:
    if usd is None:
        return None
    return {"low": _money(usd.low), "mid": _money(usd.mid), "high": _money(usd.high)}


def _money(usd: Decimal | None) -> float | None:
    return None if usd is None else float(cents(usd))


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
