"""The time line as a table, with how far back each source reaches; and the words above it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo
from types import MappingProxyType

from components import format as fmt
from components.cards import endpoint_link
from components.charts.changed import ICONS
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core.marks import MarkKind
from ops.core.timeline import Ended, Event, Kind, Reach, Source, Timeline

Undo = Callable[[Event], Html]
"""What stands in the line of a change that can be undone."""
LOOKS: Mapping[Kind, str] = MappingProxyType(
    {Kind(kind.value): icon for kind, (icon, _) in ICONS.items()}
    | {
        Kind.SUSPEND: "⏸",
        Kind.WARM: "◍",
        Kind.FIX: "✚",
        Kind.RESTORE: "↺",
        Kind.UNDO: "↶",
        Kind.SCALING: "⇅",
        Kind.ACCEPT: "✓",
        Kind.REQUESTS: "→",
        Kind.OTHER: "•",
    }
)
"""The icon of each kind; its word stands beside it."""
assert {kind.value for kind in MarkKind} <= {kind.value for kind in Kind}
_ENDED: Mapping[Ended, tuple[str, str]] = MappingProxyType(
    {
        Ended.DONE: ("✓", "fine"),
        Ended.UNDER_WAY: ("◔", "waking"),
        Ended.PARTLY: ("◐", "stuck"),
        Ended.FAILED: ("✕", "stuck"),
        Ended.REFUSED: ("✕", "stuck"),
        Ended.STALE: ("–", "waking"),
        Ended.UNCLEAR: ("?", "stuck"),
        Ended.NOTHING: ("–", "muted"),
    }
)
LATE = "CloudTrail tells a call up to about 15 minutes late."


def headline(view: Timeline, shown: Sequence[Event], words: str) -> Html:
    """What the page shows in one sentence. `words`: the range, such as "last 3h"."""
    of = view.name or "all endpoints"
    if not view.events:
        said = "Nothing is on record"
    else:
        by_people = sum(e.source is not Source.SCALING for e in shown)
        moves = sum(e.times for e in shown if e.source is Source.SCALING)
        said = f"{fmt.plural(by_people, 'change')}, {fmt.plural(moves, 'entry', 'entries')} in the scaling record"
    return html(
        '<div class="stack"><h1 tabindex="-1">Activity</h1><p class="lead">{of}, {words}: {said}.</p></div>',
        of=of[:1].upper() + of[1:] if view.name is None else of,
        words=words,
        said=said[:1].lower() + said[1:],
    )


def listing(view: Timeline, events: Sequence[Event], zone: tzinfo, undo: Undo | None = None) -> Html:
    """The lines, newest first. `undo`: what stands in those that can be undone; None: nothing."""
    heads = (("when", ""), ("kind", ""), ("what", ""), ("who", ""), ("outcome", ""))
    return table(
        heads, [_line(n, e, view, zone, undo) for n, e in enumerate(events)], "Activity, newest first"
    )


def nothing(view: Timeline) -> Html:
    """Why the list is empty."""
    if view.events:
        return html(
            '<p role="status">None of {n} in this range matches.</p>', n=fmt.plural(len(view.events), "line")
        )
    blind = [r.source.value for r in view.reaches if r.problem is not None]
    if blind:
        return html(
            '<p role="status">Nothing is known: {blind} could not be read.</p>', blind=" and ".join(blind)
        )
    return html('<p role="status">Nothing happened in this range. Choose a longer one above.</p>')


def reaches(view: Timeline, zone: tzinfo) -> Html:
    """How far back each source tells, and what is missing."""
    lines = joined(html("<li>{r}</li>", r=_reach(each, view, zone)) for each in view.reaches)
    return html(
        '<div class="stack muted small"><p>Where this comes from:</p><ul class="evidence">{l}</ul></div>',
        l=lines,
    )


def _reach(each: Reach, view: Timeline, zone: tzinfo) -> Html:
    name = {
        Source.EBB: "Ebb’s journal: what was changed here, or tried",
        Source.CLOUDTRAIL: "CloudTrail: who called AWS, from anywhere, within 90 days",
        Source.SCALING: "Scaling record: what auto scaling and schedules did, within six weeks and what Ebb kept",
    }[each.source]
    if each.problem is not None:
        mend = (
            html(" Allow <code>{action}</code>, and Ebb shows it by itself.", action=each.problem.action)
            if each.problem.action
            else html(" {hint}", hint=each.problem.hint)
        )
        return html(
            '{n}. <span class="waking">Missing: {what}</span>{mend}',
            n=name,
            what=each.problem.what,
            mend=mend,
        )
    notes = [LATE] if each.source is Source.CLOUDTRAIL else []
    notes += [f"{each.note[:1].upper()}{each.note[1:]}."] if each.note else []
    if each.since is not None and each.since > view.start:
        notes.append(f"Read back to {_when(each.since, view.as_of, zone)}; older lines may be missing.")
    return html("{n}. {notes}", n=name, notes=" ".join(notes))


def _line(number: int, event: Event, view: Timeline, zone: tzinfo, undo: Undo | None) -> Html:
    icon, tone = _ENDED[event.ended]
    again = (
        f"{fmt.plural(event.times, 'time')} since {_when(event.since, view.as_of, zone)}"
        if event.since
        else ""
    )
    name = event.endpoint
    named = (
        html("{link}: ", link=endpoint_link(name, html("{n}", n=name), focus=f"activity-{number}"))
        if view.name is None
        else Html("")
    )
    back = undo(event) if undo is not None and event.undoable else Html("")
    ids = html(
        '<details data-focus="ids-{key}"><summary data-focus="ids-of-{key}">{n}</summary>'
        '<div class="small">{ids}</div></details>',
        n=fmt.plural(len(event.request_ids), "request id"),
        key=event.entry or "-".join(event.request_ids),
        ids=joined(html("<code>{i}</code> ", i=i) for i in event.request_ids),
    )
    return line(
        cell(
            html(
                '{at}<div class="muted small">{again}</div>',
                at=_when(event.at, view.as_of, zone),
                again=again,
            ),
            "when",
            "time",
        ),
        cell(
            html(
                '<span aria-hidden="true">{icon}</span> {word}', icon=LOOKS[event.kind], word=event.kind.value
            ),
            "kind",
            "nowrap",
        ),
        cell(
            html(
                '{named}{what}<div class="muted small">{said}</div>{back}{ids}',
                named=named,
                what=event.what,
                said=event.said,
                back=back,
                ids=ids if event.request_ids else "",
            ),
            "what",
            "wide",
        ),
        cell(_who(event), "who", "by"),
        cell(
            html(
                '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span>',
                tone=tone,
                icon=icon,
                word=event.ended.value,
            ),
            "outcome",
            "outcome",
        ),
    )


def _who(event: Event) -> Html:
    """The person, and by which source that is known."""
    through = {
        Source.EBB: "through Ebb, also in CloudTrail" if event.echoes else "through Ebb",
        Source.CLOUDTRAIL: "from CloudTrail",
        Source.SCALING: "",
    }[event.source]
    known = html(", as {a}", a=event.as_who) if event.as_who else ""
    return html(
        '{who}<div class="muted small">{through}{known}</div>', who=event.who, through=through, known=known
    )


def _when(at: datetime, now: datetime, zone: tzinfo) -> str:
    return fmt.moment(at, zone, now)
