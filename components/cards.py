"""Small pieces that many pages share: state pills, number cards, the strip that says which AWS this is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from components import format as fmt
from components import scope, session
from components.fleet_list import TROUBLE
from components.markup import Html, html, joined
from components.theme import STATES
from components.unread import TARGETS, is_unread
from ops.core import moments
from ops.core.types import Connection, Problem, Severity, Verdict
from ops.core.views import FleetRow, Usage
from ops.core.words import about_usd


def pill(verdict: Verdict) -> Html:
    """The state as an outlined pill: icon and word, in the colour of its severity when something is wrong."""
    mark = STATES[verdict.state]
    tone = "stuck" if verdict.severity is Severity.CRITICAL else mark.tone
    return html(
        '<span class="pill {tone}"><span aria-hidden="true">{icon}</span>{word}</span>',
        tone=tone,
        icon=mark.icon,
        word=mark.word,
    )


def endpoint_link(name: str, inner: Html, *, focus: str, css: str = "") -> Html:
    """A link to the Endpoint page that keeps zone and span; works with a plain click and in a new tab."""
    return page_link("endpoint", scope.link(name), inner, focus=f"{focus}:{name}", css=css)


def doctor_link(name: str, inner: Html, *, focus: str, finding: str = "", css: str = "") -> Html:
    """A link to what the doctor says of an endpoint; `finding`: the code of the one that it leads to."""
    query = scope.link(name) | ({session.FINDING: finding} if finding else {})
    return page_link("doctor", query, inner, focus=f"{focus}:{name}:{finding}", css=css)


def page_link(page: str, query: Mapping[str, str], inner: Html, *, focus: str, css: str = "") -> Html:
    """A link to another page; `focus` tells it from the other links of this one."""
    return html(
        '<a class="{css}" href="./{page}?{query}" data-focus="{focus}">{inner}</a>',
        css=f"go {css}".strip(),
        page=page,
        query=urlencode(query),
        focus=focus,
        inner=inner,
    )


def _kind(kind: str) -> Html:
    if kind == "embedded":
        return html('<span class="pill warm"><span aria-hidden="true">◍</span>simulated AWS</span>')
    return html('<span class="pill money"><span aria-hidden="true">●</span>real AWS</span>')


def where(connection: Connection, fresh: Html, *, away: bool = False, looks: bool = False) -> Html:
    """Which AWS, which account and region, whether changes are possible, and how fresh the page is.

    `away`: the newest reading failed, what is shown is older; nothing can be changed then either.
    `looks`: whoever looks may change nothing.
    """
    can = "viewer: you may look" if looks else "changes possible"
    writes = (
        html("<span>{can}</span>", can=can if not away else "")
        if connection.writable
        else html('<span title="{why}">read-only</span>', why=connection.why_read_only or "changes are off")
    )
    return html(
        '<div class="row where">{kind}<b>{region}</b><span>account {account}</span>{writes}{away}{fresh}</div>',
        away=html('<b class="waking nowrap">not refreshed</b>') if away else Html(""),
        kind=_kind(connection.kind),
        region=connection.region,
        account=connection.account,
        writes=writes,
        fresh=fresh,
    )


def nowhere(kind: str, region: str, writable: bool, *, looks: bool = False) -> Html:
    """Which AWS is meant while it cannot be read."""
    return html(
        '<div class="row where">{kind}<b>{region}</b><span>account not known</span><span>{writes}</span>'
        '<span class="waking">no connection</span></div>',
        kind=_kind(kind),
        region=region or "region not known",
        writes="read-only" if not writable else "viewer: you may look" if looks else "changes possible",
    )


NOT_YET = "not known yet"
"""What is said of the oldest request where some wait and AWS has not published an age."""


def card(label: str, value: str, note: str = "", tone: str = "") -> Html:
    return html(
        '<div class="card"><div class="label">{label}</div><div class="value {tone}">{value}</div>'
        '<div class="note">{note}</div></div>',
        label=label,
        tone=tone,
        value=value,
        note=note,
    )


def numbers(row: FleetRow, problems: Sequence[Problem] = ()) -> Html:
    """The four numbers of an endpoint: waiting, oldest, instances, failures; two of one without a queue.

    `problems`: what could not be read, so that bounds that are not known are not said to be absent.
    """
    endpoint = row.endpoint
    oldest = fmt.age(row.oldest_s) if row.oldest_s else ("none" if row.backlog == 0 else fmt.DASH)
    unknown = not row.oldest_s and bool(row.backlog)
    late = row.oldest_s is not None and row.oldest_s > row.ttl_s / 2
    absent = "bounds not known" if is_unread(TARGETS, problems) else "no scaling target"
    bounds = f"bounds {row.bounds.min}–{row.bounds.max}" if row.bounds else absent
    wanted = endpoint.desired
    changing = wanted is not None and wanted != endpoint.current
    failed = row.failures_1h
    working = card(
        "instances",
        fmt.instances(endpoint.current, wanted),
        f"{bounds}, {wanted} wanted" if changing else bounds,
        "warm",
    )
    if not endpoint.is_async:
        errors = card("5xx, last hour", fmt.count(failed), "requests", "stuck" if failed else "")
        return html('<div class="cards">{cards}</div>', cards=joined((working, errors)))
    cards = (
        card("waiting or in work", fmt.count(row.backlog), "requests", "backlog"),
        card(
            "oldest request",
            oldest,
            f"of {fmt.age(row.ttl_s)} before it expires"
            if row.oldest_s
            else f"{NOT_YET}; expires after {fmt.age(row.ttl_s)}"
            if unknown
            else f"expires after {fmt.age(row.ttl_s)}",
            "stuck" if late else "",
        ),
        working,
        card(
            "failed, last hour",
            fmt.count(failed),
            html('<span class="stuck">and {n} expired</span>', n=fmt.count(row.expired_1h))
            if row.expired_1h
            else "requests",
            "stuck" if failed else "",
        ),
    )
    return html('<div class="cards">{cards}</div>', cards=joined(cards))


def headline(row: FleetRow, zone: tzinfo, now: datetime) -> Html:
    """The endpoint's name, its state, and the sentence that says what is going on, with its evidence."""
    verdict = row.verdict
    since = (
        html('<p class="muted small">since {when}</p>', when=fmt.moment(verdict.since, zone, now))
        if verdict.since is not None and "since" not in verdict.sentence
        else Html("")
    )
    items = joined(html("<li>{text}</li>", text=e) for e in moments.evidence(verdict, zone))
    if not verdict.evidence:
        evidence = Html("")
    elif verdict.severity in TROUBLE:
        evidence = html('<ul class="evidence">{items}</ul>', items=items)
    else:
        evidence = html(
            '<details data-focus="evidence"><summary data-focus="evidence-summary">How Ebb knows</summary>'
            '<ul class="evidence">{items}</ul></details>',
            items=items,
        )
    return html(
        '<div class="stack"><div class="row"><h1 tabindex="-1">{name}</h1>{pill}</div><p class="lead">{sentence}</p>'
        "{since}{evidence}</div>",
        name=row.endpoint.ref.name,
        pill=pill(verdict),
        sentence=moments.sentence(verdict, zone),
        since=since,
        evidence=evidence,
    )


def usage(usage: Usage, kind: str, age_s: float, slowed: str = "") -> Html:
    """What Ebb itself asked of AWS since it was started, and what that costs. `kind`: "embedded" or "aws".

    `age_s`: real seconds since counting began: the embedded AWS has a time of its own, so no time of day is named.
    `slowed`: that reading is slowed and why, where it is.
    """
    at = f"this console was started, {fmt.age(age_s)} ago"
    calls, metrics = fmt.plural(sum(usage.calls.values()), "call"), fmt.plural(usage.metrics, "metric")
    cost = about_usd(usage.usd)
    if kind == "embedded":
        sentence = (
            f"Since {at}: {calls} to the simulated AWS, {metrics} asked for. Nothing is billed; "
            f"it would cost {cost} on AWS."
        )
    else:
        sentence = f"Since {at}: {calls} to AWS, {metrics} asked for, {cost} at list price."
    counted = sorted(usage.calls.items(), key=lambda item: (-item[1], item[0]))
    lines = joined(
        html("<li>{n} × {name}</li>", n=f"{n:,}", name=name.replace(":", " ")) for name, n in counted
    )
    return html(
        '<details class="usage small muted" data-focus="usage"><summary data-focus="usage-summary">{sentence}</summary>'
        '<ul class="plain">{lines}</ul></details>{slow}',
        slow=html('<p class="small waking">{s}</p>', s=slowed) if slowed else Html(""),
        sentence=sentence,
        lines=lines,
    )
