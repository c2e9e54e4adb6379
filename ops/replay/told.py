"""What a replay came to, as a JSON document, as a CSV of its minutes, and as sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ops.core.types import Price
from ops.core.words import count, duration
from ops.replay.numbers import Numbers, Waits
from ops.replay.outcome import Replayed, Timeline

COLUMNS = ("minute", "backlog", "backlog_per_instance", "instances", "desired", "processed")
"""Of the timeline: `minute` counts from that of the start, 0; per instance is empty where nothing is published."""
_MICRO = Decimal("0.000001")
DASH = "–"


def instance_hours(numbers: Numbers) -> Decimal:
    return Decimal(repr(float(numbers.billed_s))) / 3600


def cost_usd(numbers: Numbers, price: Price | None) -> Decimal | None:
    """Dollars at a price, an estimate; None where there is none."""
    return None if price is None else instance_hours(numbers) * price.usd_per_hour


def document(numbers: Numbers, price: Price | None) -> dict[str, Any]:
    """Seconds, instances, dollars. None where a thing is not known or never came."""
    waits, usd = numbers.waits, cost_usd(numbers, price)
    return {
        "requests": numbers.requests,
        "completed": numbers.completed,
        "expired": numbers.expired,
        "unfinished": numbers.unfinished,
        "waited": waits.waited,
        "mean_wait_s": _known(waits.mean_s),
        "p50_wait_s": _known(waits.p50_s),
        "p95_wait_s": _known(waits.p95_s),
        "p99_wait_s": _known(waits.p99_s),
        "max_wait_s": _known(waits.max_s),
        "mean_processing_s": _known(numbers.mean_processing_s),
        "cold_starts": numbers.cold_starts,
        "launches": numbers.launches,
        "peak_instances": numbers.peak_instances,
        "first_full_s": _known(_full_s(numbers)),
        "drained_s": _known(numbers.drained_s),
        "horizon_s": _known(numbers.horizon_s),
        "instance_hours": numbers.billed_s / 3600,
        "cost_usd": None if usd is None else float(usd.quantize(_MICRO)),
        "price_usd_per_hour": None if price is None else float(price.usd_per_hour),
        "price_source": None if price is None else price.source,
        "peak_backlog": numbers.peak_backlog,
    }


RANGED = (
    "requests", "completed", "expired", "waited", "mean_wait_s", "p50_wait_s", "p95_wait_s", "p99_wait_s",
    "max_wait_s", "cold_starts", "launches", "peak_instances", "instance_hours", "cost_usd", "peak_backlog",
)  # fmt: skip


def documents(runs: Sequence[Numbers], price: Price | None) -> dict[str, Any]:
    """Of several ways in which the requests may have come: the median of each figure, and `range`, least and most."""
    every = [document(run, price) for run in runs]
    if len(every) == 1:
        return every[0]
    values = {key: [d[key] for d in every if isinstance(d[key], int | float)] for key in every[0]}
    middle = {key: _median(found) if found else every[0][key] for key, found in values.items()}
    ranges = {key: [min(values[key]), max(values[key])] if values[key] else None for key in RANGED}
    return {**middle, "expansions": len(every), "range": ranges}


def _median(values: Sequence[float]) -> float:
    """The middle one; of an even number the lower of both, so that it is one that came."""
    return sorted(values)[(len(values) - 1) // 2]


def timeline(replayed: Replayed) -> str:
    """The minutes as CSV."""
    found = replayed.timeline
    rows = [] if found is None else [_row(found, i) for i in range(len(found))]
    return "\n".join([",".join(COLUMNS), *rows]) + "\n"


def lines(runs: Sequence[Numbers], price: Price | None) -> list[str]:
    """For people: the sentence first, then the numbers of the first run, and how far the others differ."""
    numbers = runs[0]
    waits, usd = numbers.waits, cost_usd(numbers, price)
    hours = f"{instance_hours(numbers):,.2f} instance-hours"
    money = f", about ${usd:,.2f}" if usd is not None else ""
    ends = [f"{numbers.completed:,} completed"]
    ends += [f"{numbers.expired:,} expired"] if numbers.expired else []
    ends += [f"{numbers.unfinished:,} never finished"] if numbers.unfinished else []
    at = "" if price is None else f"at ${price.usd_per_hour.normalize():f} an hour ({price.source})"
    rows = (
        ("requests", f"{numbers.requests:,}: {', '.join(ends)}"),
        ("waits", _waits(waits)),
        ("processing", f"mean {_time(numbers.mean_processing_s)}"),
        ("cold starts", f"{numbers.cold_starts:,}, {count(numbers.launches, 'instance')} launched"),
        (
            "instances",
            f"at most {numbers.peak_instances}; {_full(numbers)}",
        ),
        ("backlog", f"at most {numbers.peak_backlog:,}, drained after {_time(numbers.drained_s)}"),
        ("replayed", f"{_time(numbers.horizon_s)} from the first arrival"),
        ("cost", f"{hours}{money} {at}".rstrip()),
    )
    told = [_sentence(numbers, hours, money), "", *(f"{name:<12} {value}" for name, value in rows)]
    if len(runs) > 1:
        p95, spent = [run.waits.p95_s for run in runs], [run.billed_s / 3600 for run in runs]
        over = f"p95 from {_time(min(p95))} to {_time(max(p95))}, {min(spent):,.2f} to {max(spent):,.2f} instance-hours"
        told.append(f"{'range':<12} {over}: {len(runs)} ways in which the requests may have come")
    return told


def _sentence(numbers: Numbers, hours: str, money: str) -> str:
    waits = numbers.waits
    if not numbers.requests:
        return f"No request came: {count(numbers.cold_starts, 'cold start')} and {hours}{money}."
    if not waits.started:
        return f"None of {count(numbers.requests, 'request')} was started: {hours}{money}."
    return (
        f"95 % of {count(waits.started, 'request')} waited at most {_time(waits.p95_s)}, "
        f"with {count(numbers.cold_starts, 'cold start')} and {hours}{money}."
    )


def _waits(waits: Waits) -> str:
    if not waits.started:
        return "no request was started"
    parts = (
        ("median", waits.p50_s),
        ("mean", waits.mean_s),
        ("p95", waits.p95_s),
        ("p99", waits.p99_s),
        ("max", waits.max_s),
    )
    return f"{waits.waited:,} waited; " + ", ".join(f"{name} {_time(value)}" for name, value in parts)


def _time(seconds: float) -> str:
    if math.isnan(seconds):
        return DASH
    return f"{seconds:.2f} s" if seconds < 10 else duration(seconds)


def _full(numbers: Numbers) -> str:
    at = _full_s(numbers)
    return "never at the maximum" if math.isnan(at) else f"first at the maximum after {_time(at)}"


def _full_s(numbers: Numbers) -> float:
    """0 where there were as many as the maximum before the first request came; NaN: never."""
    return numbers.first_full_s if math.isnan(numbers.first_full_s) else max(0.0, numbers.first_full_s)


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _row(found: Timeline, i: int) -> str:
    per = found.per_instance[i]
    cells = (
        str(i),
        f"{found.backlog[i]:.0f}",
        "" if math.isnan(per) else repr(float(per)),
        f"{found.instances[i]:.0f}",
        f"{found.desired[i]:.0f}",
        f"{found.processed[i]:.0f}",
    )
    return ",".join(cells)
