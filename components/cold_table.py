"""The cold starts as cards and as a table: what each took, whom it kept waiting, what came after. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlencode

from components import cold_words as words
from components import format as fmt
from components import scope, session
from components.cards import card
from components.format import took
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core.cold_start import ColdStart, Kind, Phase, served
from ops.core.cold_start_stats import FEW, compared, spread, waits
from ops.core.cold_starts import Outcome
from ops.core.views_cold import ColdStartsView
from ops.core.words import about_usd

_AROUND = timedelta(minutes=15)
_OUTCOMES = {
    Outcome.SERVED: ("✓", "fine"),
    Outcome.RUNNING: ("◔", "waking"),
    Outcome.NOTHING: ("–", "muted"),
    Outcome.FAILED: ("✕", "stuck"),
}


def numbers(view: ColdStartsView) -> Html:
    """Half, nine of ten, ninety-nine of a hundred, and the worst wait for a first result."""
    length = spread(s.total_s for s in waits(view.starts))
    if length is None:
        return Html("")
    of = f"of {fmt.plural(length.count, 'wait')}"
    few = f"fewer than {FEW}: not telling" if length.few else ""
    cards = (
        card("half took under", fmt.DASH if few else took(length.p50), few or f"p50 {of}"),
        card("9 of 10 under", fmt.DASH if few else took(length.p90), few or "p90"),
        card(
            "99 of 100 under",
            fmt.DASH if few else took(length.p99),
            few or ("p99" if length.count >= 100 else f"p99, reckoned {of}"),
        ),
        card("the worst", took(length.worst), of if few else "from first waiting to first result", "waking"),
    )
    return html('<div class="cards">{cards}</div>', cards=joined(cards))


KEY = (
    ("noticed", "muted", "until the queue's metric says that something waits"),
    ("alarm and order", "backlog", "until Application Auto Scaling orders an instance"),
    ("failed", "stuck", "attempts that AWS refused or that came to nothing"),
    ("instance", "waking", "until it writes its first line: provisioned, its image pulled"),
    ("model", "warm", "until it is in service"),
    ("first result", "fine", "until the first request is done"),
)


def key() -> Html:
    """What the colours of the phases mean, and what is striped."""
    items = joined(
        html(
            '<span title="{says}"><span class="{tone}" aria-hidden="true">■</span> {name}</span>',
            says=says,
            tone=tone,
            name=name,
        )
        for name, tone, says in KEY
    )
    return html(
        '<div class="row small">{items}</div><p class="muted small">Striped: AWS names no instant there; '
        "the edge lies somewhere in the stripes. Hover for the source of each.</p>",
        items=items,
    )


def link(start: ColdStart, inner: Html, focus: str) -> Html:
    """To the Endpoint page at the time of this cold start."""
    begin, end = start.began - _AROUND, (start.ended or start.ordered) + _AROUND
    query = {key: value for key, value in scope.link().items() if key == session.ZONE}
    query |= {
        session.ENDPOINT: start.endpoint,
        session.FROM: f"{begin:%Y-%m-%dT%H:%MZ}",
        session.TO: f"{end:%Y-%m-%dT%H:%MZ}",
    }
    return html(
        '<a class="go" href="./endpoint?{query}" data-focus="{focus}">{inner}</a>',
        query=urlencode(query),
        focus=f"{focus}:{start.endpoint}:{start.id}",
        inner=inner,
    )


def cold_table(view: ColdStartsView, starts: Sequence[ColdStart], caption: str, zone: tzinfo) -> Html:
    """One row for each, newest first. The phases with their sources unfold."""
    heads = (
        ("ordered", ""),
        ("woken by", ""),
        ("took", ""),
        ("waited", ""),
        ("peak backlog", "num"),
        ("warm after it", ""),
        ("outcome", ""),
    )
    return table(heads, (_row(start, view, zone) for start in starts), caption)


def _row(start: ColdStart, view: ColdStartsView, zone: tzinfo) -> Html:
    when = html("{when}", when=fmt.moment(start.ordered, zone, view.as_of))
    first = html(
        '{link}<div class="small muted">{name}</div>',
        link=link(start, when, "cold"),
        name=start.endpoint,
    )
    return line(
        cell(first, "", "name"),
        cell(_woken(start), "woken by"),
        cell(_took(start, view), "took"),
        cell(_waited(start), "waited"),
        cell(fmt.count(start.peak_backlog), "peak backlog", "num"),
        cell(_warm(start, view, zone), "warm after it"),
        cell(_outcome(start, zone, view.as_of), "outcome", "wide"),
    )


def _two(first: object, second: object) -> Html:
    return html('{a}<div class="small muted">{b}</div>', a=first, b=second)


def _woken(start: ColdStart) -> Html:
    return html(
        '<span title="{who}">{by}</span>', who=start.who or start.woken_by.value, by=words.woken_by(start)
    )


def _took(start: ColdStart, view: ColdStartsView) -> Html:
    if start.total_s is None:
        return html('<span class="none">{said}</span>', said="under way" if not start.final else "not known")
    said = words.beside(start, view)
    slow = compared(start, view.usual).times
    tone = "waking" if slow is not None and slow >= 2 else "muted"
    return html(
        '<span class="nowrap" title="{counted}">{took}</span><div class="small {tone}">{said}</div>',
        counted=f"counted {start.counted.value}",
        took=took(start.total_s),
        tone=tone,
        said=said,
    )


def _waited(start: ColdStart) -> Html:
    if start.waited is None:
        return html('<span class="none">not known</span>')
    if start.waited == 0:
        return html('<span class="none">nobody</span>')
    gone = f", {start.expired} of them expired" if start.expired else ""
    longest = (
        f"the longest {took(start.longest_wait_s)}"
        if start.longest_wait_s is not None
        else "longest not known"
    )
    count = f"{fmt.count(start.waited)} or more"
    return html(
        '<span class="nowrap" title="{source}">{count}{gone}</span>'
        '<div class="small muted nowrap">{longest}</div>',
        source=start.longest_wait_source,
        count=count,
        gone=gone,
        longest=longest,
    )


def _warm(start: ColdStart, view: ColdStartsView, zone: tzinfo) -> Html:
    if start.outcome is not Outcome.SERVED:
        return html('<span class="none">{dash}</span>', dash=fmt.DASH)
    cost = view.costs.get((start.endpoint, start.id))
    hours = "" if start.warm_hours is None else f"{start.warm_hours:.2g} instance-hours"
    money = "cost not known" if cost is None else about_usd(cost.usd)
    until = (
        "until now" if start.warm_until is None else f"until {fmt.moment(start.warm_until, zone, view.as_of)}"
    )
    if cost is None or cost.price is None:
        source = "no list price, or no host metrics"
    else:
        source = f"estimated: {cost.price.source}, as of {cost.price.as_of:%d %b %Y}"
    return html(
        '<span class="money" title="{source}">{money}</span><div class="small muted">{hours}</div>',
        source=source,
        money=money,
        hours=", ".join(p for p in (hours, until) if p),
    )


def _outcome(start: ColdStart, zone: tzinfo, now: datetime) -> Html:
    icon, tone = _OUTCOMES[start.outcome]
    failed = f"{fmt.plural(start.failed_attempts, 'attempt')} failed" if start.failed_attempts else ""
    return html(
        '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span>'
        '<div class="small muted" title="{why}">{failed}</div>{phases}',
        tone=tone,
        icon=icon,
        word=start.outcome.value,
        why=start.why_failed,
        failed=failed,
        phases=_phases(start, zone),
    )


def _phases(start: ColdStart, zone: tzinfo) -> Html:
    items = joined(
        html(
            "<li><b>{step}</b> {when} <span class='muted'>{kind}; {source}</span></li>",
            step=p.step.value,
            when=when(p, zone),
            kind=p.kind.value,
            source=p.source,
        )
        for p in start.phases
    )
    return html(
        '<details data-focus="{focus}"><summary data-focus="{focus}-s">phases</summary>'
        '<ul class="evidence">{items}</ul></details>',
        focus=f"phases:{start.endpoint}:{start.id}",
        items=items,
    )


def when(phase: Phase, zone: tzinfo) -> str:
    """A phase's time: 14:02:10, or what bounds it."""

    def clock(moment: datetime | None) -> str:
        return "?" if moment is None else f"{moment.astimezone(zone):%H:%M:%S}"

    if phase.kind is Kind.MEASURED:
        return clock(phase.at)
    between = f"{clock(phase.earliest)} – {clock(phase.latest)}"
    return between if phase.at is None else f"about {clock(phase.at)} ({between})"


def shown(total: int, listed: int, view: ColdStartsView) -> str:
    """How many of how many are listed."""
    good = len(served(view.starts))
    other = "" if good == total else f", {total - good} of them without an instance"
    return (
        f"The newest {listed} of {total}{other}."
        if listed < total
        else f"{fmt.plural(total, 'cold start')}{other}."
    )
