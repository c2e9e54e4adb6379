"""What the command line prints: aligned text for people, one JSON document for scripts."""

from __future__ import annotations

import json
import math
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ops.core import metrics
from ops.core.errors import OpsError, UnknownEndpoint
from ops.core.moments import moment
from ops.core.types import (
    Activity,
    Alarm,
    Connection,
    FloatArray,
    MetricSet,
    Policy,
    Problem,
    Series,
    Severity,
    TargetTrackingPolicy,
    utc,
)
from ops.core.views import EndpointView, FleetRow, FleetView
from ops.core.words import STATE_WORDS, count, duration

WIDTH = 100
NEWEST_WITHIN = timedelta(minutes=15)
"""How old the newest datapoint of a metric may be before its time is said."""
MARK = {Severity.CRITICAL: "▲", Severity.WARNING: "!", Severity.INFO: "·", Severity.OK: " "}
_COLOUR = {Severity.CRITICAL: "31;1", Severity.WARNING: "33"}


def write(text: str) -> None:
    """To stdout, with one newline at the end."""
    sys.stdout.write(text.rstrip("\n") + "\n")
    sys.stdout.flush()


def fail(error: OpsError, as_json: bool) -> None:
    """A sentence on stderr; with `as_json` also an error document on stdout."""
    hint = error.hint
    if isinstance(error, UnknownEndpoint):
        hint = f"{hint if error.nearest else ''} See python -m ops fleet for all endpoints.".strip()
    sys.stderr.write(f"{error.what} {hint}".strip() + "\n")
    if as_json:
        said = {"what": error.what, "hint": hint, "code": error.code or type(error).__name__}
        nearest = getattr(error, "nearest", None)
        more = {"nearest": list(nearest)} if nearest is not None else {}
        write(json.dumps({"error": {**said, "retryable": error.retryable, **more}}, ensure_ascii=False))


# --- for scripts ---


def fleet_json(view: FleetView) -> str:
    document = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "headline": view.headline,
        "endpoints": [_row(row) for row in view.rows],
        "realtime": [_row(row) for row in view.realtime],
        "problems": plain(view.problems),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def endpoint_json(view: EndpointView) -> str:
    series = {**view.metrics.series, "instances": view.instances}
    document = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "endpoint": _row(view.row),
        "window": plain(view.window),
        "provisional_from": plain(view.provisional_from),
        "series": {key: {"unit": s.unit, "values": plain(s.values)} for key, s in series.items()},
        "target": plain(view.target),
        "policies": [{"kind": type(p).__name__, **plain(p)} for p in view.policies],
        "alarms": plain(view.alarms),
        "schedules": plain(view.schedules),
        "activities": plain(view.activities),
        "problems": plain(view.problems),
        "notes": list(view.notes),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _row(row: FleetRow) -> dict[str, Any]:
    endpoint = row.endpoint
    return {
        "name": endpoint.ref.name,
        "state": row.verdict.state.value,
        "severity": row.verdict.severity.value,
        "sentence": row.verdict.sentence,
        "since": plain(row.verdict.since),
        "evidence": list(row.verdict.evidence),
        "status": endpoint.status,
        "is_async": endpoint.is_async if endpoint.described else None,
        "instance_type": endpoint.instance_type,
        "instance_pools": list(endpoint.pools),
        "instances_by_type": dict(endpoint.mix),
        "config": endpoint.config_name,
        "current": endpoint.current,
        "desired": endpoint.desired,
        "bounds": plain(row.bounds),
        "backlog": row.backlog,
        "oldest_s": row.oldest_s,
        "failures_1h": row.failures_1h,
        "problems": plain(row.problems),
    }


def plain(value: Any) -> Any:
    """Any value of ops.core as JSON: NaN and unknown become null, times ISO 8601 in UTC."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, np.ndarray):
        return [None if math.isnan(v) else v for v in value.tolist()]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Series | MetricSet):
        raise TypeError("a series is written with its key")
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, Path) else value


# --- for people ---


def fleet_text(view: FleetView) -> str:
    lines = [where(view.connection, view.as_of), "", *wrapped(view.headline), ""]
    rows = [*view.rows, *view.realtime]
    if rows:
        table: list[tuple[str, ...]] = [
            ("", "endpoint", "state", "queue", "oldest", "inst.", "bounds", "failed in 1 h")
        ]
        table += [_line(r) for r in rows]
        lines += aligned(table, [None, *(r.verdict.severity for r in rows)], right=(3, 4, 5, 6, 7))
    for row in rows:
        if row.verdict.severity is not Severity.OK:
            lines += ["", *wrapped(f"{row.endpoint.ref.name}: {row.verdict.sentence}")]
    return "\n".join([*lines, *problem_lines(view.problems)])


def endpoint_text(view: EndpointView) -> str:
    row, now = view.row, view.as_of
    endpoint, verdict = row.endpoint, row.verdict
    name = f"{endpoint.ref.name}  {painted(_state(row), verdict.severity)}"
    lines = [where(view.connection, now), "", name, *wrapped(verdict.sentence)]
    lines += [line for e in verdict.evidence for line in wrapped(f"- {e}", "  ")]
    steps = duration(view.window.period) if view.window.period > 60 else "1 min"
    lines += [
        "",
        f"{_range(view)}, in steps of {steps}:",
    ]
    lines += aligned(_summary(view), [None], right=(1, 2, 3))
    lines += _section("Instances", _instances(view))
    lines += _section("Policies", [_policy(p) for p in view.policies])
    lines += _section(
        "Schedules",
        [f"{s.name}: {s.schedule} {s.timezone}, min {s.min}, max {s.max}" for s in view.schedules],
    )
    lines += _section("Alarms", [_alarm(a, now) for a in view.alarms])
    lines += _section("Scaling activities", [_activity(a, now) for a in view.activities[:8]])
    lines += [line for note in view.notes for line in ("", *wrapped(note))]
    return "\n".join(
        [*lines, *problem_lines((*view.problems, *(p for p in row.problems if p not in view.problems)))]
    )


def _range(view: EndpointView) -> str:
    """Both ends, with their days where these differ; the last step may reach beyond now, the words do not."""
    start, end = view.window.start, min(view.window.end, view.as_of)
    if start.date() == end.date() == view.as_of.date():
        return f"From {start:%H:%M} to {end:%H:%M} UTC"
    first = f"{start.day} {start:%b}{'' if start.year == end.year else f' {start.year}'}"
    return f"From {first} {start:%H:%M} to {end.day} {end:%b %Y %H:%M} UTC"


def where(connection: Connection, as_of: datetime) -> str:
    which = "simulated AWS" if connection.kind == "embedded" else "real AWS"
    mode = "changes possible" if connection.writable else "read-only"
    return f"{which} · {connection.account} · {connection.region} · {mode} · {as_of:%Y-%m-%d %H:%M:%S} UTC"


def _state(row: FleetRow) -> str:
    return STATE_WORDS[row.verdict.state]


def _line(row: FleetRow) -> tuple[str, ...]:
    endpoint = row.endpoint
    moving = endpoint.current != endpoint.desired and endpoint.desired is not None
    return (
        MARK[row.verdict.severity],
        _short(endpoint.ref.name, 34),
        _state(row) if endpoint.is_async or not endpoint.described else "real-time",
        _number(row.backlog),
        "–" if row.oldest_s is None else duration(row.oldest_s),
        _number(endpoint.current) + (f"→{endpoint.desired}" if moving else ""),
        "–" if row.bounds is None else f"{row.bounds.min}–{row.bounds.max}",
        _number(row.failures_1h) + (f" +{_number(row.expired_1h)} exp." if row.expired_1h else ""),
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _summary(view: EndpointView) -> list[tuple[str, ...]]:
    """Newest, average and highest of every series with a datapoint."""
    table: list[tuple[str, ...]] = [("metric", "newest", "average", "highest", "unit")]
    for key, metric in metrics.CATALOGUE.items():
        values = view.metrics.get(key).values
        known = values[~np.isnan(values)]
        if known.size and metric is not metrics.CPU_SAMPLES:
            divide, unit = _READABLE.get(metric.unit, (1.0, metric.unit.lower()))
            rest = (_plain(x / divide) for x in (known.mean(), known.max()))
            newest = _newest(view, values, divide)
            table.append((key, newest, *rest, unit if metric.unit != "None" else "count"))
    values = view.instances.values
    known = values[~np.isnan(values)]
    if known.size:
        newest = _newest(view, values, 1.0)
        table.append(("instances", newest, *map(_plain, (known.mean(), known.max())), "count"))
    return table


def _newest(view: EndpointView, values: FloatArray, divide: float) -> str:
    """The newest datapoint; with its time where it is older than the end of the range."""
    place = int(np.flatnonzero(~np.isnan(values))[-1])
    end = min(view.window.end, view.as_of)
    ended = utc(float(view.window.epochs()[place]) + view.window.period)
    said = _plain(float(values[place]) / divide)
    if end - ended <= NEWEST_WITHIN:
        return said
    at = ended - timedelta(seconds=view.window.period)
    return f"{said} ({at:%H:%M})" if at.date() == view.as_of.date() else f"{said} ({at.day} {at:%b %H:%M})"


_READABLE = {
    "Microseconds": (1e6, "s"),
    "Milliseconds": (1e3, "s"),
    "Seconds": (1.0, "s"),
    "Percent": (1.0, "%"),
}
"""Divisor and unit in which people read a CloudWatch unit."""


def _plain(value: float) -> str:
    """Three significant digits, thousands separated, never an exponent."""
    size = abs(value)
    digits = 0 if size >= 100 or value == round(value) else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}"


def _instances(view: EndpointView) -> list[str]:
    endpoint, target = view.row.endpoint, view.target
    now = f"{_number(endpoint.current)} in service, {_number(endpoint.desired)} desired"
    kind = f" × {endpoint.type_words}" if endpoint.type_words else ""
    kind += f" (now {endpoint.mix_words})" if endpoint.mix_words else ""
    if target is None:
        return [f"{now}{kind}; not scaled automatically"]
    held = target.suspended
    off = [
        n for n, on in (("in", held.scale_in), ("out", held.scale_out), ("scheduled", held.scheduled)) if on
    ]
    stop = f"; suspended: {', '.join(off)}" if off else ""
    return [f"{now}{kind}; bounds {target.bounds.min}–{target.bounds.max}{stop}"]


def _policy(policy: Policy) -> str:
    if isinstance(policy, TargetTrackingPolicy):
        what = policy.metric.name if policy.metric else policy.predefined or "an expression"
        cool = f"cooldown out {policy.scale_out_cooldown} s, in {policy.scale_in_cooldown} s"
        return f"{policy.name}: keeps {what} at {policy.target:g}; {cool}" + (
            "; never scales in" if policy.disable_scale_in else ""
        )
    steps = ", ".join(f"{s.adjustment:+d}" for s in policy.steps)
    return f"{policy.name}: steps {steps} ({policy.adjustment_type}); cooldown {policy.cooldown} s"


def _alarm(alarm: Alarm, now: datetime) -> str:
    what = alarm.metric.name if alarm.metric else "an expression"
    since = f" since {moment(alarm.updated, now)}" if alarm.updated else ""
    off = "" if alarm.actions_enabled else "; actions off"
    return f"{alarm.state}{since}: {alarm.name} ({what}){off}"


def _activity(activity: Activity, now: datetime) -> str:
    when = moment(activity.start, now)
    if activity.not_scaled:
        reasons = "; ".join(_REASONS.get(r, r) for r in activity.not_scaled)
        return f"{when} nothing changed: {reasons}"
    took = f" in {duration((activity.end - activity.start).total_seconds())}" if activity.end else ""
    return f"{when} {activity.status}{took}: {activity.description}"


_REASONS = {
    "AlreadyAtMaxCapacity": "already at the upper bound",
    "AlreadyAtMinCapacity": "already at the lower bound",
    "AlreadyAtDesiredCapacity": "already as wanted",
    "AutoScalingAnticipatedFlapping": "would have gone straight back",
    "TargetServicePutResourceAsUnscalable": "the endpoint could not be scaled at that moment",
}
"""NotScaledReasons of DescribeScalingActivities (facts B.8)."""


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(part for line in lines for part in wrapped(line, "  "))] if lines else []


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    if not problems:
        return []
    lines = ["", f"Could not read {count(len(problems), 'part')}:"]
    for problem in problems:
        lines += wrapped(f"{problem.part}: {problem.what} {problem.hint}".strip(), "  ")
    return lines


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ") or [""]


def aligned(
    table: Sequence[Sequence[str]], severities: Sequence[Severity | None], right: Sequence[int] = ()
) -> list[str]:
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    out = []
    for number, row in enumerate(table):
        cells = [
            c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))
        ]
        severity = severities[number] if number < len(severities) else None
        out.append(painted("  ".join(cells).rstrip(), severity))
    return out


def painted(text: str, severity: Severity | None) -> str:
    colour = _COLOUR.get(severity) if severity is not None else None
    if colour is None or os.environ.get("NO_COLOR") or not sys.stdout.isatty():
        return text
    return f"\x1b[{colour}m{text}\x1b[0m"
