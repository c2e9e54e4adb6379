"""What a chart says in words: the sentence of a scaling event, and the whole chart for who cannot see it. Pure."""

from __future__ import annotations

import re
import textwrap
from datetime import datetime, tzinfo
from html import escape

import numpy as np

from components import format as fmt
from components.charts.grid import Floats
from components.charts.story import edges, events, record_from, wakings
from ops.core import metrics
from ops.core.types import Activity
from ops.core.views import EndpointView

LINE = 44
"""Most characters of a line on hover."""
_POLICY = re.compile(r"triggered policy (\S+)")
_BOUND = re.compile(r"(min|max)imum capacity was set to (\d+)")
_REASON = re.compile(r"Reason:\s*(.+)", re.DOTALL)


def waiting_at(view: EndpointView, when: datetime, values: Floats | None = None) -> float | None:
    """The backlog in the period of `when`, or in the one before it; None where neither was published."""
    if values is None:
        values = view.metrics.get(metrics.BACKLOG.key).values
    index = int((when - view.window.start).total_seconds() // view.window.period)
    known = values[max(0, index - 1) : index + 1]
    known = known[~np.isnan(known)]
    return float(known.max()) if known.size else None


def why(activity: Activity, before: int | None, waiting: float | None) -> str:
    """One scaling event as a sentence without its time, safe as markup.

    `before` is the capacity it changed, `waiting` the backlog at that moment; None is not known.
    """
    wanted = activity.desired or 0
    if activity.status == "Failed":
        return f"could not start {_of(wanted)}: {_reason(activity)}"
    change = f"{wanted}" if before is None else f"{before} → {wanted}"
    policy, bound = _POLICY.search(activity.cause), _BOUND.search(activity.cause)
    queue = f"{fmt.count(waiting)} waiting {'request' if waiting == 1 else 'requests'}" if waiting else ""
    if bound:
        return f"{change}: {bound[1]}imum set to {bound[2]}"
    if policy and before == 0 and wanted:
        return f"{change}: woken by {queue or 'policy ' + shortened(policy[1])}"
    if policy and before is not None and wanted > before and queue:
        return f"{change}: {queue}, policy {shortened(policy[1])}"
    return f"{change}: {'policy ' + shortened(policy[1]) if policy else shortened(activity.cause or 'cause not told')}"


def _of(count: int) -> str:
    return f"{count} {'instance' if count == 1 else 'instances'}"


def _reason(activity: Activity) -> str:
    found = _REASON.search(activity.message)
    return shortened(found[1] if found else activity.message or activity.cause or "no reason told")


def shortened(text: str, most: int = 84) -> str:
    """`text` on one line, cut at a word, safe as markup."""
    text = " ".join(text.split())
    if len(text) > most:
        cut = text[:most].rsplit(" ", 1)[0] if " " in text[:most] else text[: most - 1]
        text = cut.rstrip(" ,.;:") + " …"
    return escape(text)


def wrapped(sentence: str) -> str:
    """A sentence in lines that fit beside the pointer, also on a phone."""
    return "<br>".join(textwrap.wrap(sentence, LINE, break_long_words=False, break_on_hyphens=False))


def told(view: EndpointView) -> list[tuple[datetime, str]]:
    """Everything that happened in the window, in time order, as (when, sentence)."""
    backlog = view.metrics.get(metrics.BACKLOG.key).values
    found = [(a.start, why(a, before, waiting_at(view, a.start, backlog))) for a, before in events(view)]
    found += [(e.at, f"schedule {shortened(e.name, 40)}: {e.sets}") for e in edges(view)]
    return sorted(found, key=lambda pair: pair[0])


def described(view: EndpointView, zone: tzinfo) -> str:
    """The signature chart in two or three sentences, for screen readers."""
    name = view.row.endpoint.ref.name
    length = fmt.duration((view.window.end - view.window.start).total_seconds())
    if view.row.endpoint.described and not view.row.endpoint.is_async:
        what, key = "Requests", metrics.INVOCATIONS.key
    else:
        what, key = "Backlog", metrics.BACKLOG.key
    values = view.metrics.get(key).values
    if np.isnan(values).all():
        peak = f"AWS published no {'requests' if what == 'Requests' else 'backlog'} in this range"
    elif np.nanmax(values) == 0:
        peak = "nothing waited" if what == "Backlog" else "no request came"
    else:
        at = view.window.start.timestamp() + view.window.period * int(np.nanargmax(values))
        when = fmt.moment(datetime.fromtimestamp(at, view.window.start.tzinfo), zone, view.as_of)
        unit = "waiting" if what == "Backlog" else "requests"
        each = "" if what == "Backlog" else f" in {fmt.duration(view.window.period)}"
        peak = f"the peak is {fmt.count(float(np.nanmax(values)))} {unit}{each}, {when}"
    endpoint = view.row.endpoint
    now = (
        f"Now {_of(endpoint.current)} in service"
        if endpoint.current is not None
        else "Instances now: not known"
    )
    if endpoint.current is not None and endpoint.desired not in (None, endpoint.current):
        now += f", {endpoint.desired} desired"
    woken = len(wakings(view))
    cold = f"{woken or 'no'} cold {'start' if woken == 1 else 'starts'}" if what == "Backlog" else ""
    since = record_from(view)
    if cold and since is not None:
        cold += f" since {fmt.moment(since, zone, view.as_of)}, where the scaling record begins"
    failed = sum(a.status == "Failed" for a, _ in events(view))
    tries = f"{failed} failed {'attempt' if failed == 1 else 'attempts'} to scale" if failed else ""
    rest = " and ".join(part for part in (tries, cold) if part)
    tail = f"; in this range {rest}" if rest else ""
    changed = [mark for mark in view.changes if not mark.refused]
    if changed:
        newest = f"{changed[-1].said}, {fmt.moment(changed[-1].at, zone, view.as_of)}"
        tail += f". {fmt.plural(len(changed), 'change')} marked, the newest: {newest}"
    until = f"{fmt.moment(view.window.end, zone, view.as_of)} {fmt.zone_name(zone, view.window.end)}"
    return f"{what} and instances of {name}, {length} until {until}: {peak}. {now}{tail}."
