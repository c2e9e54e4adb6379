"""What was changed on an endpoint, as a table: when, what, who, and whether AWS did it."""

from __future__ import annotations

from datetime import tzinfo

from components import format as fmt
from components.charts.changed import ICONS
from components.markup import Html, html
from components.tables import cell, line, table
from ops.core.marks import Audit, Mark, MarkKind
from ops.core.views import EndpointView

MOST = 12
"""Rows shown at once; the rest is folded away."""
LATE = "CloudTrail may tell a change some minutes late."


def changes_table(view: EndpointView, zone: tzinfo) -> Html:
    """The changes of the window, newest first, and how far it is known who made them."""
    newest_first = sorted(view.changes, key=lambda mark: mark.at, reverse=True)
    heads = (("when", ""), ("what", ""), ("who", ""), ("outcome", ""))
    rows = [_line(mark, view, zone) for mark in newest_first]
    body = (
        table(heads, rows[:MOST], "What was changed")
        if rows
        else html('<p class="muted">{nothing}</p>', nothing=_nothing(view.audit))
    )
    if len(rows) > MOST:
        body = html(
            '{body}<details data-focus="older-changes"><summary data-focus="older-changes-summary">'
            "{n} older in this range</summary>{rest}</details>",
            body=body,
            n=fmt.count(len(rows) - MOST),
            rest=table(heads, rows[MOST:], "Older changes"),
        )
    return html(
        '<div class="stack">{body}{known}</div>',
        body=body,
        known=_known(view, zone),
    )


def _nothing(audit: Audit) -> str:
    if audit.problem is not None:
        return "No change in this range is known without CloudTrail."
    if audit.since is None:
        return "CloudTrail is still being read. No change in this range is known yet."
    return "Nothing was changed in this range."


def _line(mark: Mark, view: EndpointView, zone: tzinfo) -> Html:
    icon, word = ICONS[mark.kind]
    if mark.refused:
        outcome = html(
            '<span class="stuck"><span aria-hidden="true">✕</span> refused</span>'
            '<div class="muted small">{code}</div>',
            code=mark.refused,
        )
    else:
        outcome = html('<span class="fine"><span aria-hidden="true">✓</span> done</span>')
    by_clock = mark.kind is MarkKind.SCHEDULE and not mark.who
    who = mark.who or ("its schedule" if by_clock else "not known")
    return line(
        cell(fmt.moment(mark.at, zone, view.as_of), "when", "time"),
        cell(
            html(
                '<span title="{word}" role="img" aria-label="{word}">{icon}</span> {what}',
                word=word,
                icon=icon,
                what=mark.sentence,
            ),
            "what",
            "wide",
        ),
        cell(html('<span class="{css}">{who}</span>', css="" if mark.who else "muted", who=who), "who"),
        cell(outcome, "outcome", "outcome"),
    )


def _known(view: EndpointView, zone: tzinfo) -> Html:
    """What the list may lack, and why."""
    audit, start = view.audit, view.window.start
    if audit.problem is not None:
        mend = (
            html(" Allow <code>{action}</code>, and Ebb shows it by itself.", action=audit.problem.action)
            if audit.problem.action
            else html(" {hint}", hint=audit.problem.hint)
        )
        return html(
            '<p class="muted small">Who changed what is not known: {what}{mend} '
            "Shown is what the endpoint and its scaling record tell.</p>",
            what=audit.problem.what,
            mend=mend,
        )
    notes = [LATE]
    if audit.since is None:
        notes.append("It is still being read: names come within a minute.")
    elif audit.since > start:
        notes.append(f"It was read back to {fmt.moment(audit.since, zone, view.as_of)}.")
    if audit.capacity_since is not None and audit.capacity_since > start:
        since = fmt.moment(audit.capacity_since, zone, view.as_of)
        notes.append(f"Capacity set by hand is known since {since}.")
    return html('<p class="muted small">{notes}</p>', notes=" ".join(notes))
