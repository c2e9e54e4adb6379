"""Typed rows as tables. On a narrow page each row becomes a card (markup.css)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from itertools import groupby

from components import format as fmt
from components.markup import Html, html, joined
from components.unread import ACTIVITIES, is_unread
from ops.core.timeline import REASONS
from ops.core.types import Activity
from ops.core.views import EndpointView


def table(heads: Sequence[tuple[str, str]], rows: Iterable[Html], caption: str) -> Html:
    """`heads`: (label, css class) of each column. The roles keep it a table when CSS makes it cards."""
    return html(
        '<table role="table" aria-label="{caption}"><thead role="rowgroup"><tr role="row">{heads}</tr>'
        "</thead>"
        '<tbody role="rowgroup">{rows}</tbody></table>',
        caption=caption,
        heads=joined(
            html('<th role="columnheader" scope="col" class="{css}">{label}</th>', css=css, label=label)
            for label, css in heads
        ),
        rows=joined(rows),
    )


def line(*cells: Html) -> Html:
    return html('<tr role="row">{cells}</tr>', cells=joined(cells))


def cell(inner: object, label: str = "", css: str = "") -> Html:
    return html(
        '<td role="cell" class="{css}"{label}>{inner}</td>',
        css=css,
        label=html(' data-label="{label}"', label=label) if label else Html(""),
        inner=inner,
    )


def activity_table(view: EndpointView, zone: tzinfo, most: int = 15) -> Html:
    """The scaling activities of the window, newest first: what changed, how it ended, and why.

    Attempts that repeat are one row; beyond `most` rows the rest is folded away. What could not be read is said.
    """
    unread = is_unread(ACTIVITIES, view.problems)
    inside = [a for a in view.activities if (a.end or view.as_of) >= view.window.start]
    newest_first = sorted(inside, key=lambda a: a.start, reverse=True)
    if not newest_first:
        if unread:
            return html('<p class="muted">The scaling activities could not be read: not known.</p>')
        return html('<p class="muted">No scaling activity in this range.</p>')
    heads = (("when", ""), ("instances wanted", ""), ("outcome", ""), ("why", ""))
    groups = [tuple(group) for _, group in groupby(newest_first, key=_sameness)]
    lines = [_activities(group, view.as_of, zone) for group in groups]
    missing = html('<p class="muted">Newer activities could not be read.</p>') if unread else Html("")
    body = html("{a}{b}", a=missing, b=table(heads, lines[:most], "Scaling activity"))
    if len(lines) <= most:
        return body
    return html(
        '{body}<details data-focus="older"><summary data-focus="older-summary">{n} older in this range</summary>'
        "{rest}</details>",
        body=body,
        n=fmt.count(sum(len(group) for group in groups[most:])),
        rest=table(heads, lines[most:], "Older scaling activity"),
    )


def _sameness(activity: Activity) -> tuple[object, ...]:
    return (activity.status, activity.desired, activity.cause, activity.message, activity.not_scaled)


_OUTCOMES = {
    "Successful": ("✓", "done", "fine"),
    "InProgress": ("◔", "under way", "waking"),
    "Pending": ("◔", "pending", "waking"),
    "Failed": ("✕", "failed", "stuck"),
    "Unfulfilled": ("✕", "not fulfilled", "stuck"),
    "Overridden": ("↷", "overridden", "muted"),
}

_UUID = re.compile(r"-?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def _activities(group: tuple[Activity, ...], now: datetime, zone: tzinfo) -> Html:
    """One row for activities that only repeat, newest first."""
    activity = group[0]
    icon, word, tone = _OUTCOMES.get(activity.status, ("?", activity.status, "muted"))
    if activity.not_scaled:
        icon, word, tone = "–", "nothing changed", "muted"
    took = (
        f", took {fmt.age((activity.end - activity.start).total_seconds())}"
        if len(group) == 1
        and activity.end is not None
        and activity.end > activity.start
        and not activity.not_scaled
        else ""
    )
    detail = "; ".join(REASONS.get(r, r) for r in activity.not_scaled) or activity.message
    if activity.status == "Successful" and not activity.not_scaled:
        detail = ""
    return line(
        cell(
            html(
                '{when}<div class="muted small">{repeats}</div>',
                when=fmt.moment(activity.start, zone, now),
                repeats=f"and {fmt.plural(len(group) - 1, 'time')} since {fmt.moment(group[-1].start, zone, now)}"
                if len(group) > 1
                else "",
            ),
            "when",
            "time",
        ),
        cell(fmt.count(activity.desired), "instances wanted"),
        cell(
            html(
                '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span>'
                '<span class="muted">{took}</span>',
                tone=tone,
                icon=icon,
                word=word,
                took=took,
            ),
            "outcome",
            "outcome",
        ),
        cell(
            html(
                '<span title="{whole}">{cause}</span><div class="muted small">{detail}</div>',
                whole=activity.cause or activity.description,
                cause=_UUID.sub("…", activity.cause or activity.description),
                detail=detail,
            ),
            "why",
            "wide",
        ),
    )
