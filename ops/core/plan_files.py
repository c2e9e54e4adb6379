"""A search as a file for other tools: JSON and CSV, a row for each candidate. Pure.

Money is estimated at list price, in US dollars for 730 hours; waits are seconds from arrival to start; shares are 0-1.
`_low` and `_high` are the least and the most over the expansions. null or empty: not known.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from decimal import Decimal

from ops.core.candidate import Candidate
from ops.core.views_planner import PlanView, Played, Spread
from ops.core.warm_text import plan_text

_SPREADS = (
    ("p95_wait_s", "p95_s"),
    ("mean_wait_s", "mean_s"),
    ("max_wait_s", "max_s"),
    ("late_share", "over"),
    ("cold_starts_month", "cold_starts_month"),
    ("launches_month", "launches_month"),
    ("instance_hours_month", "hours_month"),
    ("peak_instances", "peak_instances"),
    ("never_started_share", "never"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def header(view: PlanView) -> dict[str, object]:
    """What holds for every row."""
    asked, price = view.query, view.price
    return {
        "endpoint": view.ref.name,
        "account": view.ref.account,
        "region": view.ref.region,
        "as_of": view.as_of.isoformat(),
        "promise": view.promise.text,
        "promise_words": view.promise.words,
        "zone": asked.zone,
        "traffic_first": view.first.isoformat(),
        "traffic_last": view.last.isoformat(),
        "requests": view.requests,
        "growth": asked.growth,
        "expansions": len(view.seeds),
        "basis": "estimated, by replay at list price",
        "currency": "USD",
        "month_hours": 730,
        "price_usd_per_hour": None if price is None else float(price.usd_per_hour),
        "price_source": None if price is None else f"{price.source}, {price.as_of:%Y-%m-%d}",
        "trust": view.trust or None,
        "advice": view.advice.sentence,
        "units": "waits in seconds, shares 0 to 1, cost in USD a month, null or empty is not known",
    }


def row(view: PlanView, played: Played) -> dict[str, object]:
    """One candidate."""
    usd = played.usd_month
    found: dict[str, object] = {
        "number": played.number,
        "role": played.role.value,
        "advised": played.number == view.advice.chosen,
        **_policy(played.candidate),
        "usd_month": _number(None if usd is None else usd.mid),
        "usd_month_low": _number(None if usd is None else usd.low),
        "usd_month_high": _number(None if usd is None else usd.high),
    }
    for name, attribute in _SPREADS:
        spread: Spread = getattr(played, attribute)
        found |= {
            name: _number(spread.mid),
            f"{name}_low": _number(spread.low),
            f"{name}_high": _number(spread.high),
        }
    return found | {"kept_in": sum(played.kept), "kept_of": len(played.kept)}


def as_json(view: PlanView) -> str:
    """One document: what holds for all, then the candidates."""
    whole = header(view) | {
        "assumptions": list(view.notes),
        "problems": [f"{p.what} {p.hint}".strip() for p in view.problems],
        "candidates": [row(view, each) for each in view.played],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False, allow_nan=False)


def as_csv(view: PlanView) -> str:
    """What holds for all stands above, behind "# "."""
    out = io.StringIO()
    for name, value in header(view).items():
        out.write(f"# {name}: {'' if value is None else value}\n")
    rows = [row(view, each) for each in view.played]
    if not rows:
        return out.getvalue()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for each in rows:
        writer.writerow({key: _safe(value) for key, value in each.items()})
    return out.getvalue()


def _policy(candidate: Candidate) -> Mapping[str, object]:
    machine = candidate.machine
    return {
        "policy": candidate.words,
        "min": candidate.low,
        "max": candidate.high,
        "target": candidate.target,
        "scale_out_cooldown_s": candidate.out_cooldown_s,
        "scale_in_cooldown_s": candidate.in_cooldown_s,
        "wakes_after_min": candidate.wake,
        "warm": "; ".join(plan_text(plan) for plan in candidate.warm) or None,
        "instance_type": machine.instance_type or None,
        "usd_per_hour": _number(machine.usd_per_hour),
        "speed": machine.speed,
        "concurrency": machine.concurrency,
    }


def _number(value: Decimal | float | None) -> float | None:
    if value is None or math.isnan(value):
        return None
    return round(float(value), 6)


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula begins with an apostrophe."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
