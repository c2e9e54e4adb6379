"""The alarms of one endpoint as a table: state, condition, what happens then, and the last two weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from components import alarm_words as words
from components import format as fmt
from components import scope
from components.cards import endpoint_link, page_link, pill
from components.charts.alarm_strip import alarm_strip, spoken
from components.markup import Html, html, joined
from components.tables import cell, line, table
from components.unread import ALARMS, is_unread
from ops.core.alarm_past import DEFINITION, STATE, AlarmPast, spans
from ops.core.alarm_proposals import AlarmsThatMatter, Proposal
from ops.core.records import AlarmChange
from ops.core.types import Alarm, Severity
from ops.core.views import EndpointView, FleetView
from ops.core.words import listed

SHOWN = 12
"""Changes of one alarm that its row unfolds; the newest."""
BY_HAND = "Ebb puts an alarm only when somebody reviews and applies it; each text can be copied and run elsewhere, too."
_STATES = {words.IN_ALARM: "in alarm", words.OK: "OK", words.NO_DATA: "no data"}


def headline(view: EndpointView, found: AlarmsThatMatter | None) -> str:
    """Whether an alarm rings that somebody should hear, and whether one that matters is missing."""
    if is_unread(ALARMS, view.problems) and not view.alarms:
        return "The alarms could not be read, so nothing is known of them."
    watching = [a for a in view.alarms if not words.moves_instances(a)]
    ringing = [a.name for a in watching if a.state == words.IN_ALARM]
    if not view.alarms:
        first = "No alarm watches this endpoint."
    elif not watching:
        first = "Its alarms only move instances; none of them tells anybody."
    elif not ringing:
        few = {1: "Its alarm is quiet.", 2: "Both alarms are quiet."}
        first = few.get(len(watching), f"All {len(watching)} alarms are quiet.")
    elif len(ringing) <= 2:
        first = f"{listed(ringing)} {'rings' if len(ringing) == 1 else 'ring'}."
    else:
        first = f"{len(ringing)} of {len(watching)} alarms ring."
    if found is None:
        return first
    if not found.missing:
        return f"{first} Those that matter are all there."
    missing = listed([p.title.lower() for p in found.missing])
    return f"{first} Nobody would be told of: {missing}."


def every_endpoint(view: FleetView) -> Html:
    """What rings now, and what to choose from while no endpoint is named: those whose alarms ring first."""
    everyone = sorted((*view.rows, *view.realtime), key=lambda row: not row.ringing)
    items = joined(
        html(
            "<li>{link} {pill}{ringing}</li>",
            link=page_link("alarms", scope.link(name), html("{n}", n=name), focus=f"each:{name}"),
            pill=pill(row.verdict),
            ringing=html(' <span class="stuck">▲ {names}</span>', names=_rings(row.ringing))
            if row.ringing
            else Html(""),
        )
        for row in everyone
        for name in (row.endpoint.ref.name,)
    )
    return html(
        '<div class="stack"><h1 tabindex="-1">{said}</h1>'
        '{unheard}<p class="muted">Alarms that only move instances are not counted here.</p>'
        '<ul class="plain each">{items}</ul></div>',
        said=_now(view),
        unheard=_unheard(view),
        items=items,
    )


def _now(view: FleetView) -> str:
    """Whether anything rings, as far as the alarms could be read."""
    if is_unread(ALARMS, view.problems):
        return "Whether an alarm rings is not known: the alarms could not be read."
    names = {name for row in (*view.rows, *view.realtime) for name in row.ringing}
    if not names:
        return "No alarm rings now."
    return f"{fmt.plural(len(names), 'alarm')} {'rings' if len(names) == 1 else 'ring'} now."


def _unheard(view: FleetView) -> Html:
    """Endpoints in critical trouble of which no alarm tells; nothing where the alarms could not be read."""
    if is_unread(ALARMS, view.problems):
        return Html("")
    bad = [
        r for r in (*view.rows, *view.realtime) if r.verdict.severity is Severity.CRITICAL and not r.ringing
    ]
    if not bad:
        return Html("")
    names = listed([r.endpoint.ref.name for r in bad[:3]])
    more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
    verb = "needs" if len(bad) == 1 else "need"
    return html(
        '<p class="lead"><span class="stuck" aria-hidden="true">▲</span> {names}{more} {verb} someone now, '
        "and no alarm tells of it.</p>",
        names=names,
        more=more,
        verb=verb,
    )


def _rings(names: Sequence[str]) -> str:
    return f"{listed(list(names))} {'rings' if len(names) == 1 else 'ring'}"


def story(view: EndpointView, found: AlarmsThatMatter | None) -> Html:
    """The endpoint, the sentence, and what "no data" means while it sleeps."""
    name = view.row.endpoint.ref.name
    silent = view.row.endpoint.current == 0 and any(
        a.state == words.NO_DATA and words.vanishes(a) for a in view.alarms
    )
    note = (
        "It sleeps: alarms on metrics that only a running instance publishes have no data then. That is normal, "
        "target tracking's own alarms included."
    )
    return html(
        '<div class="stack"><div class="row"><h1 tabindex="-1">Alarms of {name}</h1>{pill}{charts}</div>'
        '<p class="lead">{said}</p>{note}</div>',
        name=name,
        pill=pill(view.row.verdict),
        charts=endpoint_link(name, Html("See its charts →"), focus="charts", css="small"),
        said=headline(view, found),
        note=html('<p class="muted small">{note}</p>', note=note) if silent else Html(""),
    )


def matters(found: AlarmsThatMatter) -> Html:
    """Above the proposals: what is covered, and by which alarm."""
    items = joined(
        html(
            '<li><span class="fine" aria-hidden="true">✓</span> {title}: <b>{alarm}</b></li>',
            title=c.title,
            alarm=c.alarm,
        )
        for c in found.covered
    )
    return html(
        '<div class="stack"><h2>Alarms that matter</h2><p class="muted small">{said}</p>'
        '<ul class="plain">{items}</ul></div>',
        said="Four that wake somebody when requests are lost or about to be, and stay calm while the endpoint sleeps.",
        items=items,
    )


def proposal(found: Proposal) -> Html:
    """A missing alarm: what it tells, and of whom it is not known yet."""
    silent = (
        html(
            '<p class="muted small">{names} {watch} the same and {tell} nobody.</p>',
            names=listed(list(found.silent)),
            watch="watches" if len(found.silent) == 1 else "watch",
            tell="tells" if len(found.silent) == 1 else "tell",
        )
        if found.silent
        else Html("")
    )
    topic = (
        "It tells the topic that another alarm of this endpoint tells."
        if found.topic_known
        else "Whom it tells is yours to say: set TOPIC_ARN (Terraform: var.alarm_topic_arn, "
        "CloudFormation: AlarmTopicArn) to an SNS topic."
    )
    return html(
        '<div class="stack finding"><h2><span class="waking"><span aria-hidden="true">▲</span> missing:</span>'
        " {title}</h2>"
        '<p>{why}</p>{silent}<p class="muted small">{topic}</p></div>',
        title=found.title,
        why=found.why,
        silent=silent,
        topic=topic,
    )


def alarm_tables(view: EndpointView, past: AlarmPast | None, zone: tzinfo) -> Html:
    """Those that watch, and those by which scaling moves instances; in alarm first. `past` None: not known."""
    watching = [a for a in view.alarms if not words.moves_instances(a)]
    moving = [a for a in view.alarms if words.moves_instances(a)]
    tables = (
        _table("Alarms that watch", "", watching, view, past, zone),
        _table(
            "Alarms that move instances",
            "Part of the scaling: that they ring is how instances come and go.",
            moving,
            view,
            past,
            zone,
        ),
    )
    return html('<div class="stack">{tables}</div>', tables=joined(tables))


def _table(
    title: str, note: str, alarms: Sequence[Alarm], view: EndpointView, past: AlarmPast | None, zone: tzinfo
) -> Html:
    if not alarms:
        return Html("")
    heads = (("alarm", ""), ("state", ""), ("when, and what then", ""), ("last 14 days", ""))
    order = {words.IN_ALARM: 0, words.NO_DATA: 2}
    rows = sorted(alarms, key=lambda a: order.get(a.state, 1))
    return html(
        "<h2>{title}</h2>{note}{table}",
        title=title,
        note=html('<p class="muted small">{note}</p>', note=note) if note else Html(""),
        table=table(heads, (_row(a, view, past, zone) for a in rows), title),
    )


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
                '<div class="muted small nowrap">since {since}</div>',
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
    tone = "waking" if words.moves_instances(alarm) else "stuck"
    return html(
        '{strip}<div class="muted small">{said}{since}</div>',
        strip=Html(alarm_strip(found, past.start, past.end, tone)),
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
