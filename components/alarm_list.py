"""The alarms of one endpoint as a table: state, condition, what happens then, and the last two weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from components import alarm_words as words
from components import format as fmt
from components.charts.alarm_strip import alarm_strip, spoken
from components.markup import Html, html, joined
from components.tables import cell, line, table
from components.unread import ALARMS, is_unread
from ops.core.alarm_past import DEFINITION, STATE, AlarmPast, spans
from ops.core.alarm_proposals import AlarmsThatMatter
from ops.core.records import AlarmChange
from ops.core.types import Alarm
from ops.core.views import EndpointView
from ops.core.words import listed

SHOWN = 12
"""Changes of one alarm that its row unfolds; the newest."""
_STATES = {words.IN_ALARM: "in alarm", words.OK: "OK", words.NO_DATA: "no data"}


def headline(view: EndpointView, found: AlarmsThatMatter | None) -> str:
    """Whether an alarm rings, and whether one that matters is missing."""
    if is_unread(ALARMS, view.problems) and not view.alarms:
        return "The alarms could not be read, so nothing is known of them."
    ringing = [a.name for a in view.alarms if a.state == words.IN_ALARM]
    if not view.alarms:
        first = "No alarm watches this endpoint."
    elif not ringing:
        first = f"None of {fmt.plural(len(view.alarms), 'alarm')} rings."
    elif len(ringing) <= 2:
        first = f"{listed(ringing)} {'rings' if len(ringing) == 1 else 'ring'}."
    else:
        first = f"{len(ringing)} of {len(view.alarms)} alarms ring."
    if found is None:
        return first
    if not found.missing:
        return f"{first} Those that matter are all there."
    missing = listed([p.title.lower() for p in found.missing])
    return f"{first} Nobody would be told of: {missing}."


def alarm_table(view: EndpointView, past: AlarmPast | None, zone: tzinfo) -> Html:
    """Those in alarm first. `past` None: the history is not known."""
    if not view.alarms:
        return Html("")
    heads = (("alarm", ""), ("state", ""), ("when, and what then", ""), ("last 14 days", ""))
    order = {words.IN_ALARM: 0, words.NO_DATA: 2}
    rows = sorted(view.alarms, key=lambda a: order.get(a.state, 1))
    return table(heads, (_row(a, view, past, zone) for a in rows), "Alarms")


def _row(alarm: Alarm, view: EndpointView, past: AlarmPast | None, zone: tzinfo) -> Html:
    mark = words.state(alarm, asleep=view.row.endpoint.current == 0)
    changes = past.changes.get(alarm.name, ()) if past is not None else ()
    return line(
        cell(
            html(
                '<b>{name}</b><div class="muted small">{reason}</div>{changes}',
                name=alarm.name,
                reason=alarm.reason,
                changes=_changes(alarm.name, changes, view, zone),
            ),
            css="wide",
        ),
        cell(
            html(
                '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span>'
                '<div class="muted small">since {since}</div>',
                tone=mark.tone,
                icon=mark.icon,
                word=mark.word,
                since=fmt.moment(alarm.updated, zone, view.as_of),
            ),
            "state",
            "wide",
        ),
        cell(
            html(
                '{condition}<div class="{tone} small">{actions}</div>',
                condition=words.condition(alarm),
                tone="waking" if not alarm.actions or not alarm.actions_enabled else "muted",
                actions=words.actions(alarm),
            ),
            "when, and what then",
            "wide",
        ),
        cell(_strip(alarm, past), "last 14 days", "wide"),
    )


def _strip(alarm: Alarm, past: AlarmPast | None) -> Html:
    if past is None or (alarm.name not in past.changes and alarm.name in past.cut):
        return html('<span class="none">not known</span>')
    changes = past.changes.get(alarm.name, ())
    cut = alarm.name in past.cut
    found = spans(alarm, changes, past.start, past.end, cut=cut)
    since = "; older changes were not read" if cut else ""
    return html(
        '{strip}<div class="muted small">{said}{since}</div>',
        strip=Html(alarm_strip(found, past.start, past.end)),
        said=spoken(found),
        since=since,
    )


def _changes(name: str, changes: Sequence[AlarmChange], view: EndpointView, zone: tzinfo) -> Html:
    """The newest changes, folded away."""
    known = [c for c in changes if c.kind in (STATE, DEFINITION)]
    if not known:
        return Html("")
    items = joined(
        html(
            '<li><span class="nowrap">{when}</span> {what}</li>',
            when=fmt.moment(change.at, zone, view.as_of),
            what=_change(change),
        )
        for change in known[:SHOWN]
    )
    more = len(known) - SHOWN
    rest = html('<li class="muted">and {n} older</li>', n=fmt.count(more)) if more > 0 else Html("")
    return html(
        '<details data-focus="changes:{name}"><summary data-focus="summary:{name}">{n}</summary>'
        '<ul class="evidence">{items}{rest}</ul></details>',
        name=name,
        n=fmt.plural(len(known), "change"),
        items=items,
        rest=rest,
    )


def _change(change: AlarmChange) -> str:
    if change.kind != STATE:
        return "its definition was changed" if "updated" in change.summary else change.summary
    after = _STATES.get(change.after or "", change.after or "not known")
    before = _STATES.get(change.before or "", change.before or "")
    return f"{before} → {after}: {change.reason}" if before else f"{after}: {change.reason}"
