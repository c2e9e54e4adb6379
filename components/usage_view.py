"""What Ebb itself asks of AWS and what that costs, and who asks: as HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from decimal import Decimal

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core import own_spending
from ops.core.own_spending import ApiLine, Spending
from ops.core.types import Connection
from ops.core.words import about_usd


def connection(known: Connection, way: str, role: str) -> Html:
    """Which AWS, which account, who asks, by which `way` (profile or keys), and whether changes are possible.

    `role`: that of whoever looks, in Ebb: another thing than the IAM role that Ebb asks with.
    """
    which = "simulated AWS on this machine" if known.kind == "embedded" else "real AWS"
    address = html(" at <code>{u}</code>", u=known.endpoint_url) if known.endpoint_url else Html("")
    changes = "can be made" if known.writable else f"cannot be made: {known.why_read_only or 'read-only'}"
    rows = [
        ("AWS", html("{w}{a}", w=which, a=address)),
        ("account", html("<code>{a}</code>", a=known.account or fmt.DASH)),
        ("region", html("<code>{r}</code>", r=known.region or fmt.DASH)),
        ("caller", html("<code>{c}</code>", c=known.caller or fmt.DASH)),
        ("IAM role", html("{r}", r=_role(known.caller))),
        ("credentials", html("{w}", w=way)),
        ("changes of this AWS", html("{c}", c=changes)),
        ("your role in Ebb", html("{r}", r=f"{role}: {_MAY[role]}" if role in _MAY else role or fmt.DASH)),
    ]
    return html(
        '<dl class="facts">{rows}</dl>',
        rows=joined(html("<dt>{n}</dt><dd>{v}</dd>", n=name, v=said) for name, said in rows),
    )


def no_connection(why: str, region: str, way: str) -> Html:
    """What is asked for, and why there is no answer; `why` empty: not yet."""
    rows = [
        ("AWS", html('<span class="waking">{w}</span>', w=why or "not known yet: it has not answered")),
        ("region", html("<code>{r}</code>", r=region or "not known")),
        ("credentials", html("{w}", w=way)),
    ]
    return html(
        '<dl class="facts">{rows}</dl>',
        rows=joined(html("<dt>{n}</dt><dd>{v}</dd>", n=name, v=said) for name, said in rows),
    )


_MAY = {
    "viewer": "you may look, and change nothing",
    "operator": "you may set bounds, keep warm, suspend, put alarms and submit requests",
    "admin": "you may make every change that Ebb offers",
}


def _role(arn: str) -> str:
    """What an ARN of STS says of who asks."""
    kind, _, rest = arn.rpartition(":")[2].partition("/")
    name = rest.partition("/")[0] if kind == "assumed-role" else rest
    if kind == "assumed-role":
        return f"{name}, an assumed role"
    if kind == "user":
        return f"none: Ebb asks as the IAM user {name}"
    return "none: Ebb asks as the account's root" if kind == "root" else "not known"


def spending(
    found: Spending, zone: tzinfo, now: datetime | None, everywhere: tuple[Decimal, int] | None = None
) -> Html:
    """The month in a sentence, what is slowed, and each operation with its price.

    `everywhere`: dollars of all accounts and regions, and how many are counted, where this is one of several.
    """
    counted = found.counted
    since = f"{fmt.moment(counted.since, zone, now)} {counted.since.astimezone(zone):%Z}"
    keeps = (
        "It is kept across restarts."
        if found.kept
        else "It is not kept: counting begins again when Ebb is started again."
    )
    css = "waking" if own_spending.slowed(found) else ""
    how = (
        "To slow Ebb before it costs more than you like, set EBB_OWN_BUDGET_USD and start it again."
        if found.budget is None
        else own_spending.STAYS
    )
    return html(
        '<div class="stack"><p class="{css}">{said}</p>{all}'
        '<p class="muted">Counted this month since {since} by the clock of this AWS, {hours} of reading. {keeps}</p>'
        '{table}<p class="muted">{how}</p><p class="muted">{not_counted}</p></div>',
        css=css,
        said=own_spending.sentence(found),
        all=_everywhere(everywhere, found),
        since=since,
        hours=fmt.duration(counted.hours * 3600),
        keeps=keeps,
        table=_lines(own_spending.lines(counted), counted.usd, found.projected),
        how=how,
        not_counted=own_spending.NOT_COUNTED,
    )


def _everywhere(everywhere: tuple[Decimal, int] | None, found: Spending) -> Html:
    if everywhere is None:
        return Html("")
    usd, places = everywhere
    share = (
        "" if found.budget is None else " The budget above is this place's equal share of EBB_OWN_BUDGET_USD."
    )
    return html(
        "<p>This is for one account and region of this console; {n} together: {usd} this month.{share}</p>",
        n=fmt.plural(places, "place"),
        usd=about_usd(usd),
        share=share,
    )


_HEADS = (
    ("operation", ""),
    ("calls", "num"),
    ("calls an hour", "num"),
    ("metrics", "num"),
    ("at list price", "num"),
    ("by the month's end", "num"),
)


def _lines(found: Sequence[ApiLine], usd: Decimal, projected: Decimal | None) -> Html:
    """What has a price, or one that is not counted, and the sum of all; what is free is folded away."""
    free = [each for each in found if each.usd == 0]
    rows = [_line(each, usd, projected) for each in found if each.usd != 0]
    calls = sum(each.calls for each in found)
    metrics = sum(each.metrics or 0 for each in found)
    ahead = about_usd(projected) if projected is not None else "not known yet"
    total = line(
        cell(html("<strong>this month</strong>"), "", "wide"),
        cell(fmt.count(calls), "calls", "num"),
        cell(_per_hour(_sum(found)), "calls an hour", "num"),
        cell(fmt.count(metrics), "metrics", "num"),
        cell(html("<strong>{u}</strong>", u=about_usd(usd)), "at list price", "num"),
        cell(html("<strong>{u}</strong>", u=ahead), "by the month's end", "num"),
    )
    shown = table(_HEADS, [*rows, total], "Calls of this month by operation")
    if not free:
        return shown
    return html(
        '{shown}<details data-focus="free-calls"><summary data-focus="free-calls-summary">{n} without a price'
        "</summary>{rest}</details>",
        shown=shown,
        n=fmt.plural(len(free), "operation"),
        rest=table(_HEADS[:3], [_free(each) for each in free], "Calls that are free"),
    )


def _line(each: ApiLine, usd: Decimal, projected: Decimal | None) -> Html:
    return line(
        cell(_name(each), "", "wide"),
        cell(fmt.count(each.calls), "calls", "num"),
        cell(_per_hour(each.per_hour), "calls an hour", "num"),
        cell(fmt.count(each.metrics), "metrics", "num"),
        cell(_money(each.usd), "at list price", "num"),
        cell(_ahead(each.usd, usd, projected), "by the month's end", "num"),
    )


def _free(each: ApiLine) -> Html:
    return line(
        cell(_name(each), "", "wide"),
        cell(fmt.count(each.calls), "calls", "num"),
        cell(_per_hour(each.per_hour), "calls an hour", "num"),
    )


def _name(each: ApiLine) -> Html:
    return html("<code>{n}</code>", n=each.name.replace(":", " "))


def _sum(found: Sequence[ApiLine]) -> float | None:
    known = [each.per_hour for each in found if each.per_hour is not None]
    return sum(known) if known else None


def _per_hour(number: float | None) -> str:
    if number is None:
        return fmt.DASH
    return fmt.count(number) if number >= 10 else f"{number:.1f}"


def _ahead(usd: Decimal | None, total: Decimal, projected: Decimal | None) -> Html:
    """The part of one operation in the projection, as large as its part is now."""
    if not usd or not total or projected is None:
        return html('<span class="muted">{d}</span>', d=fmt.DASH)
    return html("{u}", u=about_usd(projected * usd / total))


def _money(usd: Decimal | None) -> Html:
    if usd is None:
        return html('<span class="muted">not counted</span>')
    return html("{u}", u=about_usd(usd))
