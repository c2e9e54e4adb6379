"""The endpoints of the Savings page: what each saved, what that cost its users, what of it was idle. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from components import format as fmt
from components.charts.saving_spark import day_bars
from components.format import took
from components.markup import Html, html
from components.tables import cell, line, table
from ops.core import savings_aside as aside
from ops.core import savings_words as words
from ops.core.cost import Basis, cents
from ops.core.savings import Saving
from ops.core.views_savings import Details, SavingsView

ACCOUNT, REGION = "account", "region"
THOUSAND, BESIDE_A_BILL = "for 1,000 requests", " (estimate, whole period)"
HEADS = (
    ("endpoint", ""),
    ("saved", "num"),
    ("cost", "num"),
    ("baseline", "num"),
    ("asleep", "num"),
    (THOUSAND, "num"),
    ("instance-hours by day", ""),
    ("who waited", ""),
)


def savings_table(view: SavingsView, link: Mapping[str, str]) -> Html:
    """A row for each endpoint, the most saved first. `link`: the query of a link to this page for one of them."""
    zone = ZoneInfo(view.query.period.zone)
    if len(view.known_places) > 1 and not view.places:  # a choice of one place: so is the link
        link = {**link, ACCOUNT: view.here.account, REGION: view.here.region}
    rows = (_row(row, view.details.get(row.key, Details()), link, zone) for row in view.rows)
    billed = view.total.basis is Basis.BILLED
    heads = [
        (f"{name}{BESIDE_A_BILL}" if billed and name == THOUSAND else name, kind) for name, kind in HEADS
    ]
    where = [(ACCOUNT, ""), (REGION, "")] if view.places else []
    return table([heads[0], *where, *heads[1:]], rows, "Savings by endpoint")


def thousand(row: Saving) -> str:
    """Of the column with dollars for 1,000 requests: beside a bill they are no part of it."""
    return f"{THOUSAND}{BESIDE_A_BILL if row.basis is Basis.BILLED else ''}"


def _name(row: Saving, link: Mapping[str, str]) -> Html:
    """With a link to this page for it alone, where it is still there to be asked for."""
    if row.gone is not None:
        return html("{name}", name=row.name)
    where = {} if row.place is None else {ACCOUNT: row.place.account, REGION: row.place.region}
    query = urlencode({**link, **where, "of": row.name})
    return html(
        '<a class="go" href="./savings?{query}" data-focus="of:{key}">{name}</a>',
        query=query,
        key=row.key,
        name=row.name,
    )


def _where(row: Saving) -> list[Html]:
    """The cells of account and region, in a view of several places."""
    if row.place is None:
        return []
    return [cell(row.place.account, ACCOUNT, "nowrap"), cell(row.place.region, REGION, "nowrap")]


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b}"


def _row(row: Saving, more: Details, link: Mapping[str, str], zone: tzinfo) -> Html:
    kinds = ", ".join(each.instance_type for each in row.by_type)
    kinds += f"; {row.only}" if row.only else ""
    name = html(
        '{name}<div class="small muted" title="{notes}">{kinds}{until}</div>',
        name=_name(row, link),
        notes=" ".join(row.told),
        kinds=kinds,
        until="" if row.gone is None else html("<br>gone, until {day}", day=_day(row.gone, zone)),
    )
    if row.usd is None or row.baseline_usd is None or row.saved is None:
        why = html('<span class="none">not known: {why}</span>', why=row.missing)
        hours = html("{h}", h=words.DASH if row.hours is None else f"{words.hours(row.hours)} instance-hours")
        return line(
            cell(name, "", "name"),
            *_where(row),
            cell(why, "saved", "wide"),
            *(cell(words.DASH, head, "num") for head in ("cost", "baseline")),
            cell(words.share(row.time.asleep), "asleep", "num"),
            cell(_thousand(more), thousand(row), "num"),
            cell(_spark(row, hours), "instance-hours by day", "wide"),
            cell(_waits(more), "who waited", "wide"),
        )
    saved = html(
        '<span class="{tone}">{usd}</span><div class="small muted">{ratio}</div>',
        tone="fine" if row.saved > 0 else "waking" if row.saved < 0 else "",
        usd=words.dollars(cents(row.saved)),
        ratio=words.share(row.ratio),
    )
    on = row.against.instances
    based = html(
        '<span title="{formula}">{usd}</span><div class="small muted">{on}</div>',
        formula=row.against.formula,
        usd=fmt.money(row.baseline_usd),
        on="" if on is None else f"{on.normalize():f} instance{'' if on == 1 else 's'}",
    )
    hours = html("{h} in all", h="" if row.hours is None else words.hours(row.hours))
    return line(
        cell(name, "", "name"),
        *_where(row),
        cell(saved, "saved", "num"),
        cell(html("{usd}{known}", usd=fmt.money(row.usd), known=_known(row)), "cost", "num"),
        cell(based, "baseline", "num"),
        cell(words.share(row.time.asleep), "asleep", "num"),
        cell(_thousand(more), thousand(row), "num"),
        cell(_spark(row, hours), "instance-hours by day", "wide"),
        cell(_waits(more), "who waited", "wide"),
    )


def _known(row: Saving) -> Html:
    """How much of its time is known, where that is not all."""
    if row.covered >= 0.995:
        return Html("")
    if row.days_known is not None and row.days_lived is not None:
        told = f"{row.days_known} of {fmt.plural(row.days_lived, 'day')} billed"
    else:
        told = f"{words.share(row.covered)} known"
    return html('<div class="small waking">{told}</div>', told=told)


def _spark(row: Saving, under: Html) -> Html:
    label = f"{row.key}: instance-hours by day"
    return html(
        '<span class="warm">{bars}</span><div class="small muted">{under}</div>',
        bars=Html(day_bars(row.days, label)),
        under=under,
    )


def _waits(more: Details) -> Html:
    waits = more.waits
    if waits is None or waits.cold_starts is None:
        return html('<span class="none">not known yet</span>')
    if not waits.cold_starts:
        return html('<span class="none">nobody waited</span>')
    long = f"p95 wait {took(waits.p95_s)}" if waits.p95_s is not None else "too few to say how long"
    added = aside.minutes(waits)
    worst = (
        f", {took(waits.worst_p95_s)} on {words.WEEKDAYS[waits.worst_day]}"
        if waits.worst_day is not None and waits.worst_p95_s is not None
        else ""
    )
    return html(
        '<span class="nowrap">{starts}</span><div class="small muted">{long}{worst}</div>'
        '<div class="small muted" title="The waits of all requests until an instance was in service, added up">'
        "{added}</div>{expired}",
        starts=fmt.plural(waits.cold_starts, "cold start"),
        long=long,
        worst=worst,
        added=added,
        expired=html('<div class="small stuck">{n} expired</div>', n=fmt.count(waits.expired))
        if waits.expired
        else Html(""),
    )


def _thousand(more: Details) -> Html:
    found = more.per_thousand
    if found is None or found.requests is None:
        return html('<span class="none">not known</span>')
    if found.usd is None:
        said = "too few requests" if found.few else "not known"
        return html(
            '<span class="none" title="{n}">{said}</span>', n=fmt.plural(found.requests, "request"), said=said
        )
    return html(
        '{usd}<div class="small muted">of {n}</div>', usd=fmt.money(found.usd), n=fmt.count(found.requests)
    )
