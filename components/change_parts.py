"""A planned change and its receipt in words: before and after, effect, cost, cautions, calls. It draws nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, tzinfo
from decimal import Decimal
from typing import Any

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from components.theme import SEVERITIES
from ops.core.change import Caution, ChangePlan, CostEffect, Outcome, Receipt
from ops.core.change_words import label, shown
from ops.core.fix_calls import calls
from ops.core.fixes import Calls, ChosenTopic, PolicyArn
from ops.core.moments import written
from ops.core.resources import of_kind
from ops.core.setup import Difference, parts
from ops.core.warm_names import OURS

OUTCOMES = {
    Outcome.DONE: ("✓", "Done", "fine"),
    Outcome.PARTLY: ("▲", "Done in part", "stuck"),
    Outcome.FAILED: ("✕", "Failed: nothing was changed", "stuck"),
    Outcome.STALE: ("▲", "Not done: something had changed since the plan was made", "waking"),
    Outcome.REFUSED: ("▲", "Not done: it was refused", "waking"),
    Outcome.UNCLEAR: ("?", "Not clear: it ended on the way", "waking"),
    Outcome.BEGUN: ("◔", "Under way", "waking"),
}
"""Icon, word and tone of how a change ended."""


def compared(differences: Sequence[Difference], heads: tuple[str, str] = ("now", "after")) -> Html:
    """Each part before and after."""
    if not differences:
        return html('<p class="muted">No part of the set-up differs afterwards.</p>')
    titles = (("part", ""), (heads[0], ""), (heads[1], ""))
    return table(
        titles,
        (
            line(
                cell(html("<b>{n}</b>", n=_named(d.part)), css="wide"),
                cell(shown(d.part, d.before), heads[0]),
                cell(html("<b>{v}</b>", v=shown(d.part, d.after)), heads[1]),
            )
            for d in differences
        ),
        "Before and after",
    )


def _named(part: str) -> Html:
    """A part by its name; a scheduled action of Ebb's, whose name holds a whole plan, by how it begins."""
    said = label(part)
    begins, _, more = said.partition(",")
    if not more or not part.partition(" ")[2].startswith(OURS):
        return html("{said}", said=said)
    return html('<span title="{said}">{begins} …</span>', said=said, begins=begins)


def plan(found: ChangePlan, zone: tzinfo) -> Html:
    """The title, before and after, what happens next, what it costs, and what to know first; times in `zone`."""
    items = joined(_caution(caution, zone) for caution in worst_first(found))
    cautions = html('<ul class="cautions">{items}</ul>', items=items)
    return html(
        '<div class="stack change"><h2>{title}</h2>{compared}'
        '<p><span class="muted">What happens:</span> {effect}</p>{cost}{cautions}</div>',
        title=written(found.title, zone),
        compared=compared(found.differences),
        effect=written(found.effect, zone),
        cost=cost(found.cost, zone, scales=_scales(found), hosts=_hosts(found)),
        cautions=cautions if found.cautions else Html(""),
    )


def _scales(found: ChangePlan) -> bool:
    """Whether what makes scaling act changes: a policy, an alarm that may run one, a schedule."""
    return any(d.part.partition(" ")[0] in ("policy", "alarm", "schedule") for d in found.differences)


def _hosts(found: ChangePlan) -> bool:
    """Whether an endpoint, a configuration or a model is made or goes: that moves money without any bound."""
    return any(of_kind(d.part) is not None for d in found.differences)


def cost(found: CostEffect | None, zone: tzinfo = UTC, *, scales: bool = False, hosts: bool = False) -> Html:
    """What it adds a day and a month, or once; always an estimate. `hosts`: an endpoint comes or goes."""
    if found is None and hosts:
        found = CostEffect(None, None, "What its instances cost could not be told.")
    if found is None:
        paid = "what scaling then starts is paid by its work" if scales else "what runs is paid as before"
        return html(
            '<p><span class="money"><span aria-hidden="true">$</span> Cost:</span> no bound moves; {paid}.</p>',
            paid=paid,
        )
    if found.usd_once is not None:
        less = " less" if found.usd_once < 0 else ""
        said = f"{_usd(found.usd_once)}{less} once, an estimate." if found.usd_once else ""
    elif found.usd_per_day is None or found.usd_per_month is None:
        said = "not known."
    elif found.usd_per_day_least is not None:
        least = _usd(found.usd_per_day_least) if found.usd_per_day_least else "nothing"
        said = f"{least} to {_usd(found.usd_per_day)} a day more for each instance, by its work."
    elif not found.usd_per_day:
        said = ""
    else:
        word = "more" if found.usd_per_day > 0 else "less"
        said = f"{_usd(found.usd_per_day)} a day {word}, {_usd(found.usd_per_month)} a month {word}."
        said += "" if found.basis.startswith("Estimate") else " Estimate."
    return html(
        '<p><span class="money"><span aria-hidden="true">$</span> Cost:</span> {said}'
        '<span class="muted"> {basis}</span></p>',
        said=said,
        basis=written(found.basis, zone),
    )


def _usd(amount: Decimal) -> str:
    """About $34: two digits are enough for an estimate, a dollar and more in whole dollars."""
    size = abs(amount)
    return f"about ${size:,.0f}" if size >= 10 else f"about ${size:,.2f}"


def worst_first(found: ChangePlan) -> list[Caution]:
    order = list(SEVERITIES)
    return sorted(found.cautions, key=lambda c: order.index(c.severity))


def _caution(caution: Caution, zone: tzinfo) -> Html:
    mark = SEVERITIES[caution.severity]
    word = {"critical": "danger", "warning": "careful"}.get(caution.severity.value, mark.word)
    return html(
        '<li><span class="{tone} nowrap"><span aria-hidden="true">{icon}</span> {word}:</span> {said}</li>',
        tone=mark.tone,
        icon=mark.icon,
        word=word,
        said=written(caution.sentence, zone),
    )


def as_json(found: ChangePlan) -> str:
    """The calls in their order, as they would be made."""
    said = [
        {"service": c.service, "operation": c.operation, "parameters": _plain(c.parameters)}
        | ({"waiter": c.waits} if c.waits else {})
        for c in calls(Calls(found.changes, found.effect))
    ]
    return json.dumps(said, indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Stand-ins in words: an ARN that an earlier call of the same change makes."""
    if isinstance(value, PolicyArn):
        return f"the ARN of the policy {value.policy}"
    if isinstance(value, ChosenTopic):
        return "the ARN of the chosen topic"
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


def receipt(found: Receipt, zone: tzinfo) -> Html:
    """How it ended, what was called, what AWS holds now, and where it is on record."""
    entry = found.entry
    icon, word, tone = OUTCOMES[entry.outcome]
    if not found.fresh:
        word = f"{word}; this plan had been applied before, and nothing was done now"
    back = _read_back(found)
    notes = joined(html("<p>{n}</p>", n=written(n, zone)) for n in found.notes)
    said = html("<p>{s}</p>", s=written(entry.said, zone)) if entry.said else Html("")
    missing = (
        html("<p>It needs the IAM action <code>{a}</code>.</p>", a=found.action) if found.action else Html("")
    )
    return html(
        '<div class="stack change"><h2>{title}</h2>'
        '<p class="lead {tone}" role="status"><span aria-hidden="true">{icon}</span> {word}.</p>'
        "{said}{missing}{made}{back}{notes}"
        '<p class="muted small">On record as <code>{id}</code>, {when}, by {who}.</p></div>',
        title=written(entry.title, zone),
        tone=tone,
        icon=icon,
        word=word,
        said=said,
        missing=missing,
        made=_made(found),
        back=back,
        notes=notes,
        id=entry.id[:8],
        when=fmt.moment(entry.at, zone) + f" {entry.at.astimezone(zone):%Z}",
        who=entry.actor.name,
    )


def _made(found: Receipt) -> Html:
    items = joined(
        html(
            '<li><span class="{tone}"><span aria-hidden="true">{icon}</span> {word}:</span> '
            "<code>{service} {operation}</code>{error}</li>",
            tone="stuck" if made.error else "fine",
            icon="✕" if made.error else "✓",
            word="refused" if made.error else "taken",
            service=made.service,
            operation=made.operation,
            error=f": {made.error}" if made.error else "",
        )
        for made in found.entry.made
    )
    return html('<ul class="plain">{items}</ul>', items=items) if found.entry.made else Html("")


def _read_back(found: Receipt) -> Html:
    """What AWS holds now of the parts that were to change."""
    if found.found is None:
        return Html("")
    if found.missing:
        return html(
            '<p class="waking">Read back, AWS holds something else:</p>{t}',
            t=compared(found.missing, ("wanted", "found")),
        )
    ref = found.entry.ref
    now = parts(found.found, ref)
    before, after = parts(found.entry.before, ref), parts(found.entry.after, ref)
    changed = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    items = joined(
        html("<li>{part}: {value}</li>", part=_named(key), value=shown(key, now.get(key))) for key in changed
    )
    if not changed:
        return Html("")
    return html('<p>Read back from AWS just now:</p><ul class="evidence">{items}</ul>', items=items)
