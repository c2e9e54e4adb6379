"""What a replay came to, as a JSON document, as a CSV of its minutes, and as sentences. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from ops.core.types import Price
from ops.core.words import count, duration
from ops.replay.numbers import Numbers
from ops.replay.outcome import Replayed, Timeline
from ops.replay.scenario import FOLLOWS, LOW_SHARE, Kind, Scenario, Tracking

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
    """Seconds (to the microsecond), instances, dollars. None where a thing is not known or never came."""
    waits, usd = numbers.waits, cost_usd(numbers, price)
    return {
        "requests": numbers.requests,
        "started": waits.started,
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
        "failed_actions": numbers.failed_openings + numbers.failed_closings,
        "failed_openings": numbers.failed_openings,
    }


_LATE = ("mean_wait_s", "p50_wait_s", "p95_wait_s", "p99_wait_s", "max_wait_s", "first_full_s", "drained_s")
"""None is later than any number here: what never came."""
RANGED = (
    "requests", "started", "completed", "expired", "unfinished", "waited", *_LATE, "mean_processing_s",
    "cold_starts", "launches", "peak_instances", "horizon_s", "instance_hours", "cost_usd", "peak_backlog",
    "failed_actions", "failed_openings",
)  # fmt: skip


def documents(runs: Sequence[Numbers], price: Price | None) -> dict[str, Any]:
    """Of several ways in which the requests may have come: the median of each figure, and `range`, least and most.

    None where most have none; `range_of`: where some have none, in how many it came.
    """
    every = [document(run, price) for run in runs]
    if len(every) == 1:
        return every[0]
    values = {key: [d[key] for d in every if isinstance(d[key], int | float)] for key in every[0]}
    middle = {key: _middle(key, found, len(every), every[0][key]) for key, found in values.items()}
    ranges = {key: [min(values[key]), max(values[key])] if values[key] else None for key in RANGED}
    some = {key: len(values[key]) for key in RANGED if 0 < len(values[key]) < len(every)}
    return {**middle, "expansions": len(every), "range": ranges, "range_of": some}


def _middle(key: str, found: Sequence[float], of: int, first: object) -> object:
    if not found:
        return first
    lacking = of - len(found)
    if lacking * 2 > of:
        return None
    middle = _median([*found, *[math.inf] * lacking] if key in _LATE else found)
    return middle if math.isfinite(middle) else None


def _median(values: Sequence[float]) -> float:
    """The middle one; of an even number the lower of both, so that it is one that came."""
    return sorted(values)[(len(values) - 1) // 2]


def timeline(replayed: Replayed) -> str:
    """The minutes until the end of the course as CSV; the last one may be cut short by it."""
    found = replayed.timeline
    whole = 0 if found is None else math.ceil(replayed.end_s / 60) - found.first_minute
    rows = [] if found is None else [_row(found, i) for i in range(min(len(found), whole))]
    return "\n".join([",".join(COLUMNS), *rows]) + "\n"


def lines(runs: Sequence[Numbers], price: Price | None) -> list[str]:
    """For people: the sentence first, then the numbers. Of several runs the medians, as in `documents`, with ranges."""
    found = documents(runs, price)
    hours = f"{found['instance_hours']:,.2f} instance-hours"
    usd = found["cost_usd"]
    money = f", about ${usd:,.2f}" if usd is not None else ""
    ends = [f"{found['completed']:,} completed"]
    ends += [f"{found['expired']:,} expired"] if found["expired"] else []
    ends += [f"{found['unfinished']:,} never finished"] if found["unfinished"] else []
    at = "" if price is None else f"at ${price.usd_per_hour.normalize():f} an hour ({price.source})"
    full = found["first_full_s"]
    rows: tuple[tuple[str, str], ...] = (
        ("requests", f"{found['requests']:,}: {', '.join(ends)}"),
        ("waits", _waits(found)),
        ("processing", f"mean {_time(found['mean_processing_s'])}"),
        ("cold starts", f"{found['cold_starts']:,}, {count(found['launches'], 'instance')} launched"),
        (
            "instances",
            f"at most {found['peak_instances']}; "
            + ("never at the maximum" if full is None else f"first at the maximum after {_time(full)}"),
        ),
        (
            "backlog",
            f"at most {found['peak_backlog']:,}, "
            + (
                "never drained"
                if found["drained_s"] is None
                else f"drained after {_time(found['drained_s'])}"
            ),
        ),
        ("replayed", f"{_time(found['horizon_s'])} from the first arrival"),
        ("cost", f"{hours}{money} {at}".rstrip()),
    )
    rows = (*rows, *_failed(runs))
    told = [_sentence(found, hours, money), "", *(f"{name:<12} {value}" for name, value in rows)]
    if len(runs) > 1:
        told.append(f"{'range':<12} {_ranges(found)}: {len(runs)} ways in which the requests may have come;")
        told.append(f"{'':<12} what stands above is the median of each figure")
    return told


def _failed(runs: Sequence[Numbers]) -> tuple[tuple[str, str], ...]:
    """Of scheduled actions that could not move the capacity; nothing where there was none in any run."""

    def some(counts: list[int], noun: str) -> str:
        low, high = min(counts), max(counts)
        return count(high, noun) if low == high else f"{low:,} to {count(high, noun)}"

    if not any(run.failed_openings + run.failed_closings for run in runs):
        return ()
    opened = some([run.failed_openings for run in runs], "opening")
    closed = some([run.failed_closings for run in runs], "closing")
    return (
        ("schedule", f"{opened} and {closed} could not move the capacity: the endpoint was being updated"),
    )


def _ranges(found: dict[str, Any]) -> str:
    ranges, of = found["range"], found["expansions"]

    def ranged(key: str, written: Callable[[float | None], str]) -> str:
        low, high = ranges[key]
        came = found["range_of"].get(key)
        return f"{written(low)} to {written(high)}" + (f" in {came} of {of}" if came else "")

    said = [f"p95 {ranged('p95_wait_s', _wait)}"] if ranges["p95_wait_s"] else []
    if found["range_of"].get("drained_s"):
        said.append(f"drained after {ranged('drained_s', _time)}")
    low, high = ranges["instance_hours"]
    said.append(f"{low:,.2f} to {high:,.2f} instance-hours")
    for key, noun in (("cold_starts", "cold starts"), ("expired", "expired")):
        low, high = ranges[key]
        said += [f"{low:,} to {high:,} {noun}"] if low != high else []
    return ", ".join(said)


NEVER = 0.05
"""With more than this share of requests that never start, their p95 would hide them."""


def _sentence(found: dict[str, Any], hours: str, money: str) -> str:
    requests, started, expired = found["requests"], found["started"], found["expired"]
    spent = f"{count(found['cold_starts'], 'cold start')} and {hours}{money}."
    if not requests:
        return f"No request came: {spent}"
    never = max(0, requests - started)
    parts = [f"{expired:,} expired"] if expired else []
    parts += [f"{never - expired:,} still waited at the end"] if never > expired else []
    if not started:
        return f"None of {count(requests, 'request')} was started: {' and '.join(parts)}; {spent}"
    if never > NEVER * requests:
        return f"{never:,} of {count(requests, 'request')} never started: {' and '.join(parts)}; {spent}"
    lost = f" ({' and '.join(parts)})" if parts else ""
    whose = f"{count(started, 'request')} that started" if never else count(requests, "request")
    return f"95 % of {whose} waited at most {_wait(found['p95_wait_s'])}{lost}, with {spent}"


def _waits(found: dict[str, Any]) -> str:
    if not found["started"]:
        return "no request was started"
    parts = (("median", "p50"), ("mean", "mean"), ("p95", "p95"), ("p99", "p99"), ("max", "max"))
    told = ", ".join(f"{name} {_wait(found[f'{key}_wait_s'])}" for name, key in parts)
    lost = " (of those that started)" if found["started"] < found["requests"] else ""
    return f"{found['waited']:,} waited; {told}{lost}"


def assumptions(scenario: Scenario) -> list[str]:
    """What the replay takes for given although AWS does not say it, or nobody said it here (facts I), in sentences."""
    model = scenario.model
    ordered = model.billed_from == "ordered"
    start = "it is ordered" if ordered else "it is in service"
    said = [
        f"An instance is billed from when {start}: AWS does not say whether the time until InService is billed.",
        "A request never expires in the queue."
        if not scenario.ttl_s
        else f"A request expires after {duration(scenario.ttl_s)} in the queue: AWS's default is 6 h, "
        "a request may name another one.",
        "With no instance and a queue, the backlog per instance is published as the backlog: AWS does not say it."
        if model.zero_metric == "backlog"
        else "With no instance, no backlog per instance is published: AWS does not say it.",
        "The backlog counts requests in work too: the documentation says so, reports differ."
        if model.in_flight == "counted"
        else "The backlog counts waiting requests alone.",
        "An instance that leaves finishes its requests: AWS does not promise it."
        if model.drain == "finish"
        else "Requests of an instance that leaves go back to the queue.",
        f"A metric is seen {model.metric_delay_s:g} s after its minute; an idle instance is gone "
        f"{model.removal_s:g} s after the order.",
    ]
    if any(event.kind is Kind.SCHEDULED for event in scenario.events):
        said.append(
            "A scheduled action that is due while the endpoint is being updated sets the bounds, and the capacity "
            "follows when that is done: AWS does not say it."
            if model.busy_action == FOLLOWS
            else "A scheduled action that is due while the endpoint is being updated fails, and is not repeated."
        )
    for policy in scenario.policies:
        if isinstance(policy, Tracking):
            said.append(
                f"Target tracking scales out after {policy.high_periods} minutes above its target and in after "
                f"{policy.low_periods} below {LOW_SHARE * 100:g} % of it: what AWS sets up is not documented."
            )
            break
    return said


def _time(seconds: float | None) -> str:
    if seconds is None:
        return DASH
    return f"{seconds:.2f} s" if seconds < 10 else duration(seconds)


def _wait(seconds: float | None) -> str:
    """A wait as it is held against a promise: to the second below an hour, never rounded down."""
    if seconds is None or seconds < 60:
        return _time(seconds)
    if seconds >= 3600:
        return duration(math.ceil(seconds / 60) * 60)
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _full_s(numbers: Numbers) -> float:
    """0 where there were as many as the maximum before the first request came; NaN: never."""
    return numbers.first_full_s if math.isnan(numbers.first_full_s) else max(0.0, numbers.first_full_s)


def _known(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


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
