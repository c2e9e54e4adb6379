"""Permissions as HTML: what a preflight found. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core.preflight import Answer, Preflight, Tried, grouped, needed_for, without

_SHOWN = {
    Answer.ALLOWED: ("✓", "fine"),
    Answer.DENIED: ("✕", "stuck"),
    Answer.UNCLEAR: ("?", "waking"),
    Answer.NOT_TRIED: ("–", "muted"),
}
ONE_LINE = 36
"""Letters of code that a line of a telephone holds."""
_HEADS = (("IAM action", ""), ("needed for", ""), ("answer", ""), ("lives without it", ""))


def results(found: Preflight, zone: tzinfo, now: datetime | None) -> Html:
    """The outcome in a sentence, what was tried with trouble first, and what was not, by why."""
    groups = grouped(found.tried)
    ranks = (Answer.DENIED, Answer.UNCLEAR, Answer.ALLOWED)
    told = [group for answer in ranks for group in groups if group[0].answer is answer]
    untried = [group for group in groups if group[0].answer is Answer.NOT_TRIED]
    body = table(_HEADS, [_row(group) for group in told], "What the present credentials may do")
    return html(
        '<div class="stack"><p><span class="{css}"><span aria-hidden="true">{icon}</span> {said}</span> '
        '<span class="muted">Asked {when}.</span></p>{body}{rest}</div>',
        css="fine" if found.fine else "stuck",
        icon="✓" if found.fine else "✕",
        said=found.sentence,
        when=fmt.moment(found.at, zone, now),
        body=body,
        rest=_untried(untried) if untried else Html(""),
    )


def _row(group: Sequence[Tried]) -> Html:
    first = group[0]
    icon, css = _SHOWN[first.answer]
    why = first.why if first.answer is Answer.UNCLEAR else ""
    if first.answer is Answer.DENIED and first.lacking:
        why = f"AWS wants it for {first.row.action}."
    return line(
        cell(_code(first.action), "", "wide"),
        cell(needed_for(group), "needed for", "wide"),
        cell(
            html(
                '<span class="{css}"><span aria-hidden="true">{icon}</span> {word}</span>',
                css=css,
                icon=icon,
                word=first.answer.value,
            ),
            "answer",
            "nowrap",
        ),
        cell(
            html(
                '{what}<div class="muted small">{why}</div>' if why else "{what}",
                what=without(group),
                why=why,
            ),
            "lives without it",
            "wide",
        ),
    )


def _untried(groups: Sequence[Sequence[Tried]]) -> Html:
    """Folded away: each reason once, with its actions."""
    whys: dict[str, dict[str, None]] = {}
    for group in groups:
        whys.setdefault(group[0].why, {})[group[0].action] = None
    items = joined(
        html(
            "<li>{why} {actions}</li>",
            why=why,
            actions=Html(", ".join(_code(action) for action in actions)),
        )
        for why, actions in whys.items()
    )
    number = len({action for actions in whys.values() for action in actions})
    return html(
        '<details data-focus="untried"><summary data-focus="untried-summary">{n} not tried, and why</summary>'
        '<ul class="evidence">{items}</ul></details>',
        n=fmt.plural(number, "action"),
        items=items,
    )


def _code(action: str) -> Html:
    """An action, whole on a line of a telephone, or parted at its colon alone."""
    if len(action) <= ONE_LINE:
        return html('<code class="nowrap">{a}</code>', a=action)
    service, _, name = action.partition(":")
    return html(
        '<code><span class="nowrap">{service}:</span><wbr><span class="nowrap">{name}</span></code>',
        service=service,
        name=name,
    )
