"""Beside the bill, on the Savings page: bill and estimate of the same endpoints and days, and why they differ. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from components import format as fmt
from components.markup import Html, html
from components.tables import cell, line, table
from ops.core import savings_aside as aside
from ops.core import savings_words as words
from ops.core.cost import Basis, cents
from ops.core.reconcile import OPEN, agreement
from ops.core.views_savings import Reconciled, SavingsView

_NUMBER = re.compile(r"[\d.,]*\d")
SHOWN, MOST = 8, 62
"""So many endpoints are listed with their sums, and so many days in the fold, at most."""


def beside_the_bill(view: SavingsView) -> Html:
    """Bill and estimate side by side, by endpoint, its days folded away; and what is billed besides. Never added."""
    names = {row.key for row in view.rows}
    found = [each for each in view.reconciled if each.endpoint in names]
    besides = aside.elsewhere(view)
    if not found and not besides:
        return Html("")
    return html(
        '<div class="stack"><h2>Beside the bill</h2>{said}{besides}{sums}{days}</div>',
        said=html('<p class="muted small">{said}</p>', said=summed(found)) if found else Html(""),
        besides=html('<p class="muted small">{besides}</p>', besides=besides) if besides else Html(""),
        sums=_sums(found) if found else Html(""),
        days=_folded(sorted(found, key=lambda each: (each.day, each.endpoint), reverse=True)),
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


def _sums(found: Sequence[Reconciled]) -> Html:
    """A line for each endpoint, over its days with both, the dearest first."""
    by_name: dict[str, list[Reconciled]] = {}
    for each in found:
        by_name.setdefault(each.endpoint, []).append(each)
    most = sorted(by_name, key=lambda name: (-sum(each.billed_usd for each in by_name[name]), name))
    heads = (
        ("endpoint", ""),
        ("days", "num"),
        ("billed", "num"),
        ("estimated", "num"),
        ("difference", "num"),
        ("why, mostly", ""),
    )
    hidden = len(most) - SHOWN
    return html(
        "{table}{more}",
        table=table(
            heads, (_sum(name, by_name[name]) for name in most[:SHOWN]), "Bill and estimate by endpoint"
        ),
        more=html('<p class="muted small">and {n} more endpoints</p>', n=hidden) if hidden > 0 else Html(""),
    )


def _sum(name: str, mine: Sequence[Reconciled]) -> Html:
    both = agreement(mine)
    told = _mostly(mine)
    if both is None:
        billed = sum((each.billed_usd for each in mine), Decimal(0))
        numbers = (fmt.money(billed), words.DASH, words.DASH)
        days = f"none of {len(mine)}"
    else:
        apart = cents(both.estimated_usd - both.billed_usd)
        numbers = (fmt.money(both.billed_usd), fmt.money(both.estimated_usd), words.dollars(apart))
        days = f"{both.days}" if both.days == len(mine) else f"{both.days} of {len(mine)}"
    return line(
        cell(name, "", "name"),
        cell(days, "days with both", "num"),
        cell(numbers[0], "billed", "num"),
        cell(numbers[1], "estimated", "num"),
        cell(numbers[2], "difference", "num"),
        cell(html('<span class="small">{why}</span>', why=told or words.DASH), "why, mostly", "wide"),
    )


def _mostly(mine: Sequence[Reconciled]) -> str:
    """The reason that explains most of the days, as the newest of them tells it; that a bill is open explains none."""
    newest_first = sorted(mine, key=lambda each: each.day, reverse=True)
    reasons = [reason for each in newest_first for reason in each.why if reason not in OPEN]
    alike = Counter(_NUMBER.sub("…", reason) for reason in reasons)
    if not alike:
        return ""
    kind, days = alike.most_common(1)[0]
    newest = next(reason for reason in reasons if _NUMBER.sub("…", reason) == kind)
    return newest if days == 1 else f"{newest} (and the like on {fmt.plural(days - 1, 'other day')})"


def _folded(found: Sequence[Reconciled]) -> Html:
    """Every day, newest first, folded away, and not more of them than anybody reads."""
    if not found:
        return Html("")
    hidden = len(found) - MOST
    return html(
        '<details data-focus="billed-days"><summary data-focus="billed-days-summary">Day by day: {n}</summary>'
        "{table}{more}</details>",
        n=fmt.plural(len(found), "day"),
        table=_days(found[:MOST]),
        more=html('<p class="muted small">and {n} older</p>', n=hidden) if hidden > 0 else Html(""),
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
