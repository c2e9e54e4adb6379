"""An endpoint's inventory and the steps of a move in words and tables. It draws nothing."""

from __future__ import annotations

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core.inventory import Fate, Inventory, items, tags_of
from ops.core.moving import Standing

FATES = {
    Fate.GOES: ("−", "goes", "stuck"),
    Fate.ASKED: ("·", "stays unless asked for", "muted"),
    Fate.STAYS: ("=", "stays", "muted"),
}
"""Icon, word and tone of what a deletion does with a part."""
MARKS = {
    "done": ("✓", "done", "fine"),
    "now": ("→", "next", "waking"),
    "waits": ("◔", "under way", "waking"),
    "failed": ("✕", "failed", "stuck"),
    "to come": ("·", "to come", "muted"),
}
"""Icon, word and tone of the steps of a move."""


def label(found: Inventory) -> str:
    """One line for the closed panel: what it is and how it scales."""
    if found.endpoint is None:
        return f"{found.ref.name} · gone, something is left"
    kind = "asynchronous" if found.asynchronous is not None else "real time"
    now = "" if found.current is None else f" · {fmt.plural(found.current, 'instance')} now"
    if found.current == 0:
        now = " · asleep"
    target = found.setup.target
    scales = "no scaling" if target is None else f"scales {target.bounds.min}–{target.bounds.max}"
    return f"{found.ref.name} · {kind} · {scales}{now}"


def parts(found: Inventory) -> Html:
    """Every part by what a deletion does with it."""
    each = items(found)
    if not each:
        return html('<p class="muted">Nothing is left of it.</p>')
    heads = (("part", ""), ("name", ""), ("what it is", ""), ("when deleted", ""))
    rows = (
        line(
            cell(html('<span class="nowrap">{k}</span>', k=item.kind), "part"),
            cell(html("<b>{n}</b>", n=item.name), "name", css="wide"),
            cell(item.says, "what it is"),
            cell(_fate(item.fate), "when deleted"),
        )
        for item in each
    )
    body = table(heads, rows, f"What belongs to {found.ref.name}")
    tags = tags_of(found)
    if tags:
        said = ", ".join(f"{key}={value}" for key, value in tags)
        body = html('{body}<p class="small muted">Tags: {said}</p>', body=body, said=said)
    return html('<div class="stack">{body}</div>', body=body)


def _fate(fate: Fate) -> Html:
    icon, word, tone = FATES[fate]
    return html(
        '<span class="{tone} nowrap"><span aria-hidden="true">{icon}</span> {word}</span>',
        tone=tone,
        icon=icon,
        word=word,
    )


def steps(at: Standing) -> Html:
    """Each step of a move, by name, with its state."""
    return html(
        '<div class="stack"><p>Move of <b>{name}</b> to <b>{to}</b></p><ul class="plain">{items}</ul></div>',
        name=at.name,
        to=at.to,
        items=joined(
            html(
                '<li><span class="{tone} nowrap"><span aria-hidden="true">{icon}</span> {word}:</span> '
                '{number}. {title}. <span class="muted">{says}</span></li>',
                tone=MARKS[step.state][2],
                icon=MARKS[step.state][0],
                word=MARKS[step.state][1],
                number=number,
                title=step.title,
                says=step.says,
            )
            for number, step in enumerate(at.steps, 1)
        ),
    )
