"""The head of the Savings page: the sentence, four numbers, and how they were counted. Pure."""

from __future__ import annotations

from decimal import Decimal

from components import format as fmt
from components.cards import card
from components.format import took
from components.markup import Html, html, joined
from ops.core import savings_aside as aside
from ops.core import savings_counted as counted
from ops.core import savings_story
from ops.core import savings_words as words
from ops.core.cost import Basis
from ops.core.savings_before import compared
from ops.core.savings_parts import asleep
from ops.core.views_savings import SavingsView


def story(view: SavingsView) -> Html:
    """The sentence that a manager repeats, and what has to stand beside it."""
    first, second = savings_story.headline(view)
    more = " ".join(savings_story.lead(view))
    tone = "fine" if second.startswith("Saved") else "waking"
    return html(
        '<div class="stack"><h1 tabindex="-1">{first} <span class="{tone}">{second}</span></h1>'
        '<p class="muted small">{status}</p>{more}</div>',
        first=first,
        tone=tone,
        second=second,
        status=status(view),
        more=html('<p class="lead">{more}</p>', more=more) if more else Html(""),
    )


def status(view: SavingsView) -> str:
    """The basis, whether it may still move, and whose account this is."""
    where = counted.where(view)
    where = f"{where[:1].upper()}{where[1:]}"
    if view.empty:
        return ""
    paid = counted.paid(view)
    where = f"{where}.{f' {paid}' if paid else ''}"
    if view.total.usd is None:
        return where
    basis = (
        f"From AWS's bill ({view.bill_source}), in UTC days"
        if view.total.basis is Basis.BILLED
        else "Estimated from instance time and list prices"
    )
    return f"{basis}, {savings_story.settled(view)}. {where}"


def numbers(view: SavingsView) -> Html:
    """Saved, actual, asleep, and the price of it: the wait, or else the baseline."""
    found = words.said(view.total)
    if found is None:
        return Html("")
    more = found.saved < 0
    saved = card(
        "more than the baseline" if more else "saved",
        words.dollars(abs(found.saved)),
        f"{words.share(abs(found.ratio))} {'above' if more else 'of'} {words.dollars(found.baseline)}"
        if found.ratio is not None
        else f"the baseline costs {words.dollars(found.baseline)}",
        "waking" if more else "fine",
    )
    hours = "" if view.total.hours is None else f"{words.hours(view.total.hours)} instance-hours"
    actual = card(
        "billed" if _billed(view) else "cost, estimated",
        words.dollars(found.actual),
        ", ".join(part for part in (hours, _beside(view)) if part),
        "money",
    )
    counted = [row for row in view.rows if row.key in view.total.counted]
    by = (
        "of the time without an instance, by metrics"
        if _billed(view)
        else "of the known time without an instance"
    )
    slept = card("asleep", words.share(asleep(counted)), by)
    return html('<div class="cards">{cards}</div>', cards=joined((saved, actual, slept, _price(view))))


ENOUGH = 0.95
"""With a smaller share known of either period, their costs are not compared."""


def _billed(view: SavingsView) -> bool:
    return view.total.basis is Basis.BILLED


def _beside(view: SavingsView) -> str:
    """How the cost compares with the period before, where that is known as well as this."""
    found = compared(view.total, view.before, view.query.period)
    if found is None or view.before is None or min(view.total.coverage, view.before.coverage) < ENOUGH:
        return ""
    hourly = "" if found.alike else " by the hour"
    if abs(found.change) < Decimal("0.01"):
        return f"as before{hourly}"
    return f"{'+' if found.change > 0 else '−'}{words.share(abs(found.change))}{hourly} on the period before"


def _price(view: SavingsView) -> Html:
    """What the saving cost those who waited."""
    waits = view.waits
    if waits is None or waits.cold_starts is None:
        hours = view.total.baseline_hours
        found = words.said(view.total)
        note = "" if hours is None else f"{words.hours(hours)} instance-hours"
        return card("baseline", words.DASH if found is None else words.dollars(found.baseline), note)
    blind = f" (of {fmt.plural(waits.left_out, 'endpoint')} not known yet)" if waits.left_out else ""
    starts = f"{fmt.plural(waits.cold_starts, 'cold start')}{blind}"
    added = f"; {aside.minutes(waits)}" if waits.request_minutes else ""
    if waits.p95_s is None:
        waited = (
            "" if waits.requests is None else f"{fmt.plural(waits.requests, 'request')} or more waited{added}"
        )
        return card(
            "cold starts", fmt.count(waits.cold_starts), waited, "waking" if waits.cold_starts else ""
        )
    worst = ""
    if waits.worst_day is not None and waits.worst_p95_s is not None:
        worst = f", {took(waits.worst_p95_s)} on {words.WEEKDAYS[waits.worst_day]}"
    return card(waits.p95_words, took(waits.p95_s), f"{starts}{worst}{added}", "waking")


def counting(view: SavingsView) -> Html:
    """The formula and the numbers behind the headline, in one fold-out."""
    pairs = [
        *counted.counting(view),
        *counted.prices(view),
        ("not in it", counted.NOT_IN_IT[view.total.basis]),
        ("made", counted.made(view)),
    ]
    items = joined(html("<dt>{name}</dt><dd>{told}</dd>", name=name, told=told) for name, told in pairs)
    return html(
        '<details data-focus="counting"><summary data-focus="counting-summary">How this was counted</summary>'
        '<dl class="facts small">{items}</dl></details>',
        items=items,
    )
