"""The lower parts of the Savings page: the month's end, idle time, real-time candidates, the bill beside it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core import savings_words as words
from ops.core.cost import Basis, cents
from ops.core.reconcile import agreement
from ops.core.views_savings import Candidate, Details, Fit, Forecast, Idle, Reconciled, SavingsView

RANKED = 8
SHOWN, MOST = 7, 62
"""So many endpoints that idle, and days beside their bill, are listed at once; and so many older days at most."""
_FITS = {
    Fit.GOOD: ("✓", "good fit", "fine"),
    Fit.FAIR: ("◔", "fair fit", "waking"),
    Fit.POOR: ("✕", "poor fit", "stuck"),
    Fit.UNKNOWN: ("?", "not known", "muted"),
}


def month_end(found: Forecast) -> Html:
    """Where the month ends, in a sentence, and from what that is known."""
    tone = {"yes": "stuck", "likely": "waking", "possibly": "waking", "no": "fine"}.get(found.passes, "")
    mark = {"yes": "▲ ", "likely": "▲ ", "no": "✓ "}.get(found.passes, "")
    budget = (
        Html("")
        if found.budget is not None or found.expected is None
        else html('<p class="muted small">No budget is set.</p>')
    )
    return html(
        '<div class="stack"><h2>Where the month ends</h2><p class="{tone}">{mark}{said}</p>'
        '<p class="muted small">{basis}</p>{budget}</div>',
        tone=tone,
        mark=mark,
        said=words.forecast(found),
        basis=found.basis,
        budget=budget,
    )


def ranked(view: SavingsView) -> Html:
    """Where money still goes for nothing: endpoints that never slept first, then by what their idle time cost."""
    found = _by_waste(view)
    if not found:
        return Html("")
    heads = (
        ("endpoint", ""),
        ("paid while idle", "num"),
        ("of its cost", "num"),
        ("longest awake", "num"),
        ("", ""),
    )
    costs = {row.name: row.usd for row in view.rows}
    rows = (_waste(name, more, costs.get(name)) for name, more in found[:RANKED])
    hidden = len(found) - RANKED
    rule = next((more.idle.rule for _, more in found if more.idle is not None and more.idle.rule), "")
    return html(
        '<div class="stack"><h2>Paid for nothing</h2><p class="muted small">{rule} Estimates.</p>{table}{more}</div>',
        rule=rule,
        table=table(heads, rows, "Paid while idle"),
        more=html('<p class="muted small">and {n} more with less</p>', n=hidden) if hidden > 0 else Html(""),
    )


def _by_waste(view: SavingsView) -> list[tuple[str, Details]]:
    shown = {row.name for row in view.rows}
    known = [
        (name, more)
        for name, more in view.details.items()
        if name in shown and more.idle is not None and (more.idle.hours or more.idle.never_slept)
    ]
    never = {name: i for i, name in enumerate(view.never_slept)}
    return sorted(known, key=lambda each: (never.get(each[0], len(never)), -_cost(each[1].idle), each[0]))


def _cost(idle: Idle | None) -> Decimal:
    return (idle.usd or Decimal(0)) if idle is not None else Decimal(0)


def _waste(name: str, more: Details, cost: Decimal | None) -> Html:
    idle = more.idle
    assert idle is not None
    part = None if idle.usd is None or not cost or idle.usd > cost else idle.usd / cost
    longest = idle.longest_awake_h
    says = []
    if idle.never_slept:
        says.append("Never slept in the known time.")
    if more.warm is not None and more.warm.usd is not None:
        avoided = more.warm.avoided
        kept = "" if avoided is None else f", and avoided {fmt.plural(avoided, 'cold start')}"
        says.append(f"Warm windows cost {fmt.money(more.warm.usd)} beyond what requests needed{kept}.")
    if idle.unknown_hours >= 1:
        says.append(f"Of {words.hours(idle.unknown_hours)} instance-hours nobody can tell.")
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
        cell(words.share(part), "of its cost", "num"),
        cell(words.DASH if longest is None else fmt.age(longest * 3600), "longest awake", "num"),
        cell(html('<span class="small">{says}</span>', says=" ".join(says)), "", "wide says"),
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
                '{name}<div class="small muted">{kind}</div>',
                name=found.name,
                kind=found.instance_type or "type not known",
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


def beside_the_bill(view: SavingsView) -> Html:
    """Bill and estimate of the same endpoint and day side by side, and why they differ. Never added."""
    names = {row.name for row in view.rows}
    found = [each for each in view.reconciled if each.endpoint in names]
    if not found:
        return Html("")
    newest = sorted(found, key=lambda each: (each.day, each.endpoint), reverse=True)
    return html(
        '<div class="stack"><h2>Beside the bill</h2><p class="muted small">{said}</p>{table}{older}</div>',
        said=summed(found),
        table=_days(newest[:SHOWN]),
        older=_older(newest[SHOWN:]),
    )


def _days(found: Sequence[Reconciled]) -> Html:
    heads = (
        ("day (UTC)", ""),
        ("endpoint", ""),
        ("billed", "num"),
        ("estimated", "num"),
        ("difference", "num"),
        ("why", ""),
    )
    return table(heads, (_beside(each) for each in found), "Bill and estimate by day")


def _older(found: Sequence[Reconciled]) -> Html:
    """The rest, folded away, and not more of it than anybody reads."""
    if not found:
        return Html("")
    hidden = len(found) - MOST
    return html(
        '<details data-focus="older-bills"><summary data-focus="older-bills-summary">{n} older</summary>'
        "{table}{more}</details>",
        n=fmt.count(len(found)),
        table=_days(found[:MOST]),
        more=html('<p class="muted small">and {n} more</p>', n=hidden) if hidden > 0 else Html(""),
    )


def summed(found: Sequence[Reconciled]) -> str:
    """How far bill and estimate lie apart over the days that have both."""
    both = agreement(found)
    if both is None:
        return "No day has both a bill and an estimate."
    apart = "" if both.apart is None else f", {words.share(abs(both.apart))} apart"
    moving = sum(not each.final for each in found)
    still = f" {fmt.plural(moving, 'line')} of the bill may still change." if moving else ""
    return (
        f"Over {fmt.plural(both.days, 'day')} of endpoints with both, the bill says {fmt.money(both.billed_usd)} "
        f"and the estimate {words.usd(both.estimated_usd, Basis.ESTIMATED)}{apart}. They are never added.{still}"
    )


def _beside(each: Reconciled) -> Html:
    apart = None if each.estimated_usd is None else each.estimated_usd - each.billed_usd
    hours = "" if each.estimated_hours is None else f"{words.hours(each.estimated_hours)} h"
    open_ = Html("") if each.final else html('<div class="small muted">not final</div>')
    return line(
        cell(html("{day}{open}", day=f"{each.day.day} {each.day:%b %Y}", open=open_), "", "name"),
        cell(each.endpoint, "endpoint"),
        cell(
            html(
                '{usd}<div class="small muted">{h} h</div>',
                usd=fmt.money(each.billed_usd),
                h=words.hours(each.billed_hours),
            ),
            "billed",
            "num",
        ),
        cell(
            html('{usd}<div class="small muted">{h}</div>', usd=fmt.money(each.estimated_usd), h=hours),
            "estimated",
            "num",
        ),
        cell(words.DASH if apart is None else words.dollars(cents(apart)), "difference", "num"),
        cell(html('<span class="small">{why}</span>', why="; ".join(each.why)), "why", "wide"),
    )
