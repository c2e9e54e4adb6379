"""The head of the Planner page: the advice, four numbers now → then, and what it rests on. Pure."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal

from components import format as fmt
from components.cards import card
from components.charts.plan_front import MANY, keeps, waits_words
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core import savings_words as words
from ops.core.cost import Basis
from ops.core.own_prices import rate_words
from ops.core.plan_source import SyntheticTraffic
from ops.core.types import Price
from ops.core.views_planner import Advice, Answer, PlanView, Played, Spread

TONES = {
    Answer.CHANGE: "fine",
    Answer.STAY: "fine",
    Answer.ALWAYS_ON: "warm",
    Answer.NO_GAIN: "warm",
    Answer.NOTHING_KEEPS: "stuck",
    Answer.NO_TRAFFIC: "muted",
}
MARKS = {
    Answer.CHANGE: "✓",
    Answer.STAY: "✓",
    Answer.ALWAYS_ON: "◍",
    Answer.NO_GAIN: "◍",
    Answer.NOTHING_KEEPS: "▲",
    Answer.NO_TRAFFIC: "∅",
}


LONG = 24
"""Characters of a policy that is set apart in the headline."""


def question(name: str | None, given: bool = False) -> Html:
    """The head while nothing is asked. `given`: of another traffic than the endpoint's own."""
    of = f" of {name}" if name else ""
    return html(
        '<div class="stack"><h1 tabindex="-1">Which policy{of} keeps your promise for the least money?</h1>'
        '<p class="lead">Ebb replays {traffic} through hundreds of policies and names the cheapest one '
        "that keeps it. It only looks: nothing is changed.</p></div>",
        of=of,
        traffic="the traffic that you give"
        if given
        else "its own traffic"
        if name
        else "an endpoint's own traffic",
    )


def searching(name: str, said: str) -> Html:
    """The head while the first answer is looked for."""
    return html(
        '<div class="stack"><h1 tabindex="-1">Looking for the cheapest policy of {name}</h1>'
        '<p class="lead muted">{said}</p></div>',
        name=name,
        said=said,
    )


def on_another_machine(view: PlanView) -> Html:
    """That the advised one runs on something else than today's; empty where it does not."""
    chosen = None if view.advice.chosen is None else view.played[view.advice.chosen].candidate.machine
    now = None if view.today is None else view.played[view.today].candidate.machine
    if (
        chosen is None
        or now is None
        or (chosen.instance_type, chosen.speed) == (now.instance_type, now.speed)
    ):
        return Html("")
    return html(
        '<p class="lead"><span class="waking" aria-hidden="true">▲</span> It runs on {type}, {speed} × as fast as '
        "today's {now}, as typed in a candidate made by hand. That takes a deploy besides.</p>",
        type=chosen.instance_type or "another machine",
        speed=f"{chosen.speed / now.speed:.3g}",
        now=now.instance_type or "machine",
    )


def realtime(name: str) -> Html:
    """What an answer for a real-time endpoint is."""
    return html(
        '<p class="lead">{name} is a real-time endpoint: this is what it would cost, and how long its requests would '
        "wait, as asynchronous inference that may sleep.</p>",
        name=name,
    )


def advice(view: PlanView, zone: tzinfo) -> Html:
    """How far to trust it, the advice in a sentence, then its evidence."""
    found = view.advice
    return html(
        '<div class="stack">{trust}<h1 tabindex="-1" class="said"><span class="{tone}" aria-hidden="true">{mark}'
        '</span> {sentence}</h1><p class="muted small">{status}</p>{evidence}{breaks}</div>',
        trust=_trust(view.trust),
        tone=TONES[found.answer],
        mark=MARKS[found.answer],
        sentence=_set_apart(found.sentence, view),
        status=status(view, zone),
        evidence=_listed(found.evidence),
        breaks=html("<p>{b}</p>", b=found.breaks) if found.breaks else Html(""),
    )


def _trust(said: str) -> Html:
    """On a narrow screen its head alone: all of it stands in the fold-out, too."""
    if not said:
        return Html("")
    head, colon, more = said.partition(":")
    return html(
        '<p class="small trust"><b class="wide">How far to trust this:</b> {head}<span class="wide">{more}</span></p>',
        head=head,
        more=f"{colon}{more}",
    )


def _set_apart(sentence: str, view: PlanView) -> Html:
    """The sentence with the words of a long policy in a line of their own, with the marks around them."""
    words_ = "" if view.advice.chosen is None else view.played[view.advice.chosen].candidate.words
    before, found, after = sentence.partition(words_) if len(words_) > LONG else (sentence, "", "")
    if not found:
        return html("{s}", s=sentence)
    opened = "(" if before.endswith("(") else ""
    rest = after.lstrip("),:")
    return html(
        '{before}<span class="policy">{policy}</span>{rest}',
        before=before.removesuffix("("),
        policy=f"{opened}{found}{after[: len(after) - len(rest)]}",
        rest=rest,
    )


def status(view: PlanView, zone: tzinfo) -> str:
    """What was replayed, and that all of it is an estimate."""
    if not view.requests:
        return "Nothing was replayed."
    now, source = view.as_of, view.query.source
    span = (
        f"{fmt.moment(view.first, zone, now)} – {fmt.moment(view.last, zone, now)} {now.astimezone(zone):%Z}"
    )
    if source is not None:
        span = f"{source.words}, {_covered(view, zone)}"
    grown = f", {view.query.growth:g} × as many" if view.query.growth != 1 else ""
    price = view.price
    paid = (
        f"{rate_words(price)} ${price.usd_per_hour.normalize():f} an hour for {price.instance_type} ({price.source}, "
        f"as of {price.as_of:%d %b %Y})"
        if price is not None
        else "no price is known, so cost is in instance-hours"
    )
    return (
        f"An estimate: {fmt.plural(view.requests, 'request')} of {span}{grown}, replayed through "
        f"{fmt.plural(len(view.played), 'policy', 'policies')}; {paid}."
    )


def _covered(view: PlanView, zone: tzinfo) -> str:
    """How long traffic that was given is replayed, and from when where that tells something."""
    lasts = fmt.wait((view.last - view.first).total_seconds())
    if not view.dated or isinstance(view.query.source, SyntheticTraffic):
        return lasts
    return f"{lasts} from {fmt.moment(view.first, zone)} {view.first.astimezone(zone):%Z} on"


def numbers(view: PlanView, chosen: Played, called: str = "") -> Html:
    """Cost, wait, lateness and cold starts of a candidate, each beside today's."""
    now = None if view.today is None or view.today == chosen.number else view.played[view.today]
    cards = (
        card("cost a month, estimated", money(chosen), _paid_now(view) or _beside(now, money), "money"),
        _waits(chosen, now, len(view.promise.groups) > 1),
        card(
            "late, by the promise",
            late(chosen.over),
            _beside(now, lambda p: late(p.over)),
            "fine" if keeps(chosen, view.query.sure) else "stuck",
        ),
        card(
            "cold starts a month",
            fmt.count(chosen.cold_starts_month.mid),
            _beside(now, lambda p: fmt.count(p.cold_starts_month.mid)),
            "waking" if chosen.cold_starts_month.mid else "",
        ),
    )
    label = html('<p class="muted small">With {called}:</p>', called=called) if called else Html("")
    return html(
        '<div class="stack">{label}<div class="cards">{cards}</div></div>', label=label, cards=joined(cards)
    )


def _paid_now(view: PlanView) -> str:
    """What a real-time endpoint costs as it is; empty of others."""
    now = view.realtime
    if now is None:
        return ""
    paid = (
        f"{fmt.count(now.hours_month)} h"
        if now.usd_month is None
        else words.usd(now.usd_month, Basis.ESTIMATED)
    )
    return f"today, real-time, {paid}"


def _waits(chosen: Played, now: Played | None, parted: bool) -> Html:
    """The p95 wait; where too many never start for it to mean anything, how many those are.

    `parted`: the promise tells hours apart, and this figure does not.
    """
    beside = _beside(now, lambda p: waits_words(p, p.p95_s))
    beside = ", ".join(filter(None, ("all hours together" if parted else "", beside)))
    if chosen.never.mid > MANY:
        return card("requests that never start", fmt.percent(chosen.never.mid), beside, "stuck")
    return card("95 of 100 waits under", fmt.wait(chosen.p95_s.mid), beside)


def _beside(now: Played | None, said: object) -> str:
    return f"today {said(now)}" if now is not None and callable(said) else ""


def money(played: Played) -> str:
    if played.usd_month is not None:
        return words.usd(played.usd_month.mid, Basis.ESTIMATED)
    return f"{fmt.count(played.hours_month.mid)} h"


def late(over: Spread) -> str:
    return fmt.percent(over.mid)


def how_sure(view: PlanView) -> Html:
    """Expansions, ranges, ties, assumptions: folded, but for what must not be overlooked."""
    found = view.advice
    ties = [f"As good within the noise: {view.played[n].candidate.words}." for n in found.tied[:4]]
    more = [f"… and {len(found.tied) - 4} more."] if len(found.tied) > 4 else []
    items = [*found.sure, *ties, *more, *view.notes]
    if not items:
        return Html("")
    return html(
        '<details data-focus="sure"><summary data-focus="sure-summary">How sure this is, and what it assumes</summary>'
        "{items}</details>",
        items=_listed(items),
    )


def savings(found: Advice, price: Price | None) -> Html:
    """The advised candidate against each baseline of the Savings page, each with its formula."""
    if not found.savings:
        return Html("")
    rows = []
    for each in found.savings:
        tone, saved = _saved(each.saved_month)
        rows.append(
            line(
                cell(
                    html(
                        '{name}<div class="small muted">{formula}</div>',
                        name=each.against.baseline.words,
                        formula=each.against.formula,
                    ),
                    "",
                    "name",
                ),
                cell(words.usd(each.usd_month, Basis.ESTIMATED), "would cost a month", "num"),
                cell(
                    html('<span class="{t}">{s}</span>', t=tone, s=saved),
                    "the advised",
                    "num",
                ),
                cell(words.share(each.ratio), "share", "num"),
            )
        )
    heads = (("baseline", ""), ("would cost a month", "num"), ("the advised", "num"), ("share", "num"))
    return html(
        '<div class="stack"><h2>Against the baselines of Savings</h2>'
        '<p class="muted small">Estimates at {rate}, for the traffic that was replayed.</p>{table}</div>',
        rate="no known price" if price is None else rate_words(price),
        table=table(heads, rows, "Savings against baselines"),
    )


def _saved(usd: Decimal | None) -> tuple[str, str]:
    """(tone, words) of what the advised one costs less or more than a baseline."""
    if usd is None:
        return "muted", fmt.DASH
    if abs(usd) < Decimal("0.005"):
        return "muted", "as much"
    said = words.usd(abs(usd), Basis.ESTIMATED)
    return ("fine", f"{said} less") if usd > 0 else ("waking", f"{said} more")


def _listed(items: object) -> Html:
    lines = tuple(items) if isinstance(items, (tuple, list)) else ()
    if not lines:
        return Html("")
    return html('<ul class="evidence">{items}</ul>', items=joined(html("<li>{t}</li>", t=t) for t in lines))
