"""The lower parts of the Savings page: the month's end, idle time, real-time candidates. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core import savings_aside as aside
from ops.core import savings_words as words
from ops.core.cost import Basis
from ops.core.views_savings import Candidate, Details, Fit, Forecast, Idle, SavingsView

RANKED = 8
"""So many endpoints that idle are listed."""
LONG_AWAKE_H = 24.0
"""From so long on it is said that an endpoint has not slept."""
_FITS = {
    Fit.GOOD: ("✓", "good fit", "fine"),
    Fit.FAIR: ("◔", "fair fit", "waking"),
    Fit.POOR: ("✕", "poor fit", "stuck"),
    Fit.UNKNOWN: ("?", "not known", "muted"),
}


def month_end(found: Forecast, basis: Basis) -> Html:
    """Where the month ends, in a sentence, and from what that is known, or why nobody can say."""
    tone = {"yes": "stuck", "likely": "waking", "possibly": "waking", "no": "fine"}.get(found.passes, "")
    mark = {"yes": "▲ ", "likely": "▲ ", "no": "✓ "}.get(found.passes, "")
    billed = (
        "What is spent and expected is estimated here, also beside a bill." if basis is Basis.BILLED else ""
    )
    none = found.budget is None and found.expected is not None and not found.part
    budget = "No budget is set." if none else ""
    more = " ".join(part for part in (billed, budget) if part)
    return html(
        '<div class="stack"><h2>Where the month ends</h2><p class="{tone}">{mark}{said}</p>'
        '<p class="muted small">{why}</p>{more}</div>',
        tone=tone,
        mark=mark,
        said=aside.forecast(found),
        why=found.basis,
        more=html('<p class="muted small">{more}</p>', more=more) if more else Html(""),
    )


def ranked(view: SavingsView) -> Html:
    """Where money still goes for nothing: endpoints that never slept first, then by what their idle time cost.

    Those whose saving is not known yet are left out.
    """
    found = _by_waste(view)
    if not found:
        return Html("")
    estimated = view.total.basis is Basis.ESTIMATED  # no estimate is measured by a bill
    shares = (("of its cost", "num"),) if estimated else ()
    heads = (("endpoint", ""), ("paid while idle", "num"), *shares, ("longest awake", "num"), ("", ""))
    costs = {row.key: row.usd for row in view.rows}
    rows = (_waste(name, more, costs.get(name), bool(shares)) for name, more in found[:RANKED])
    hidden = len(found) - RANKED
    rule = next((more.idle.rule for _, more in found if more.idle is not None and more.idle.rule), "")
    return html(
        '<div class="stack"><h2>Paid for nothing</h2><p class="muted small">{rule} {money}</p>{table}{more}</div>',
        rule=rule,
        money="Estimates." if estimated else "Estimates, of the whole period, whatever is billed.",
        table=table(heads, rows, "Paid while idle"),
        more=html('<p class="muted small">and {n} more with less</p>', n=hidden) if hidden > 0 else Html(""),
    )


def _by_waste(view: SavingsView) -> list[tuple[str, Details]]:
    shown = {row.key for row in view.rows if row.saved is not None}
    known = [
        (name, more)
        for name, more in view.details.items()
        if name in shown and more.idle is not None and (more.idle.hours or more.idle.never_slept)
    ]
    never = {name: i for i, name in enumerate(view.never_slept)}
    return sorted(known, key=lambda each: (never.get(each[0], len(never)), -_cost(each[1].idle), each[0]))


def _cost(idle: Idle | None) -> Decimal:
    return (idle.usd or Decimal(0)) if idle is not None else Decimal(0)


def _waste(name: str, more: Details, cost: Decimal | None, shared: bool) -> Html:
    idle = more.idle
    assert idle is not None
    part = None if idle.usd is None or not cost or idle.usd > cost else idle.usd / cost
    longest = idle.longest_awake_h
    says = []
    if idle.never_slept:
        says.append("Never slept in the known time.")
    elif (idle.awake_h or 0.0) >= LONG_AWAKE_H:
        says.append(f"Has not slept for {fmt.age((idle.awake_h or 0.0) * 3600)}.")
    if more.warm is not None and more.warm.usd is not None:
        avoided = more.warm.avoided
        kept = "" if avoided is None else f", and avoided {fmt.plural(avoided, 'cold start')}"
        says.append(f"Warm windows cost {fmt.money(more.warm.usd)} beyond what requests needed{kept}.")
    if idle.unknown_hours >= 1:
        says.append(f"Of {words.hours(idle.unknown_hours)} instance-hours nobody can tell.")
    rests = more.warm.assumed if more.warm is not None else ()
    return line(
        cell(name, "", "name"),
        cell(
            html(
                '{usd}<div class="small muted">{h} h</div>',
                usd=fmt.money(idle.usd),
                h=words.DASH if idle.hours is None else words.hours(idle.hours),
            ),
            "paid while idle",
            "num",
        ),
        *([cell(words.share(part), "of its cost", "num")] if shared else []),
        cell(words.DASH if longest is None else fmt.age(longest * 3600), "longest awake", "num"),
        cell(
            html(
                '<span class="small">{says}</span>{rests}',
                says=" ".join(says),
                rests=html(
                    '<details data-focus="rests:{name}"><summary data-focus="rests-summary:{name}">What that rests on'
                    '</summary><span class="small muted">{rests}</span></details>',
                    name=name,
                    rests=" ".join(rests),
                )
                if rests
                else "",
            ),
            "",
            "wide says",
        ),
    )


def candidates(found: Sequence[Candidate]) -> Html:
    """Real-time endpoints, and what asynchronous inference that scales to zero would save: first estimates."""
    if not found:
        return Html("")
    heads = (
        ("real-time endpoint", ""),
        ("fit", ""),
        ("cost", "num"),
        ("would cost", "num"),
        ("would save", "num"),
        ("why", ""),
    )
    return html(
        '<div class="stack"><h2>What real-time endpoints could save</h2>'
        '<p class="muted small">A first estimate, if they were asynchronous and scaled to zero: by the hours '
        "without a request.</p>{table}</div>",
        table=table(heads, (_candidate(each) for each in found), "Real-time endpoints"),
    )


def _candidate(found: Candidate) -> Html:
    icon, word, tone = _FITS[found.fit]
    why = joined(html("<li>{text}</li>", text=text) for text in found.why)
    known = (
        Html("")
        if found.coverage >= 0.995
        else html('<div class="small muted">{share} known</div>', share=words.share(found.coverage))
    )
    return line(
        cell(
            html(
                '{name}<div class="small muted">{kind}{place}</div>',
                name=found.name,
                kind=found.instance_type or "type not known",
                place="" if found.place is None else f", {found.place.words}",
            ),
            "",
            "name",
        ),
        cell(
            html(
                '<span class="pill {tone}"><span aria-hidden="true">{icon}</span>{word}</span>',
                tone=tone,
                icon=icon,
                word=word,
            ),
            "fit",
        ),
        cell(html("{usd}{known}", usd=fmt.money(found.usd), known=known), "cost", "num"),
        cell(fmt.money(found.would_cost), "would cost", "num"),
        cell(
            html(
                '{usd}<div class="small muted">{idle}</div>',
                usd=fmt.money(found.saved),
                idle="" if found.idle_share is None else f"asleep {fmt.percent(found.idle_share)}",
            ),
            "would save",
            "num",
        ),
        cell(html('<ul class="evidence small">{why}</ul>', why=why), "why", "wide"),
    )
