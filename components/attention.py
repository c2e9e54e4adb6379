"""What needs someone, as sentences above the fleet's table: the worst by what they cost their users first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo

from components import scope
from components.cards import endpoint_link
from components.fleet_list import NEEDS_YOU, TROUBLE, hurt
from components.markup import Html, html, joined
from components.theme import SEVERITIES, STATES
from ops.core import moments
from ops.core.types import Severity
from ops.core.views import FleetRow

NAMED, SENTENCES = 3, 5
"""Endpoints that one sentence names, and sentences that stand above the table."""


def attention(rows: Sequence[FleetRow], zone: tzinfo = UTC) -> Html:
    """What needs someone, as sentences that lead to their endpoint: the worst ones, and how many more."""
    told, rest = _told(rows)
    if not told:
        return Html("")
    items = [_item(group, zone) for group in told]
    if rest:
        items.append(_others(rest))
    return html('<ul class="attention">{items}</ul>', items=joined(items))


def untold(rows: Sequence[FleetRow]) -> frozenset[str]:
    """The endpoints that need someone without standing by name or sentence in `attention`."""
    return frozenset(row.endpoint.ref.name for row in _told(rows)[1])


def in_trouble(rows: Sequence[FleetRow]) -> int:
    """How many endpoints need someone."""
    return sum(row.verdict.severity in TROUBLE for row in rows)


def _told(rows: Sequence[FleetRow]) -> tuple[list[list[FleetRow]], list[FleetRow]]:
    """Endpoints in trouble, grouped where the same sentence holds; and those beyond the first sentences."""
    groups: dict[tuple[Severity, str], list[FleetRow]] = {}
    for row in rows:
        if row.verdict.severity in TROUBLE:
            groups.setdefault((row.verdict.severity, _sentence(row)), []).append(row)
    each = [sorted(group, key=hurt) for group in groups.values()]
    worst_first = sorted(each, key=lambda group: hurt(*group))
    if len(worst_first) <= SENTENCES + 1:
        return worst_first, []
    return worst_first[:SENTENCES], [row for group in worst_first[SENTENCES:] for row in group]


def _sentence(row: FleetRow, zone: tzinfo = UTC) -> str:
    name = row.endpoint.ref.name
    return moments.sentence(row.verdict, zone).removeprefix(f"{name} ").removeprefix(f"{name}: ")


def _item(group: Sequence[FleetRow], zone: tzinfo) -> Html:
    first = group[0].endpoint.ref.name
    mark = SEVERITIES[group[0].verdict.severity]
    names = [
        endpoint_link(r.endpoint.ref.name, html("<b>{n}</b>", n=r.endpoint.ref.name), focus="attention")
        for r in group[:NAMED]
    ]
    more = f" and {len(group) - NAMED:,} more" if len(group) > NAMED else ""
    return html(
        '<li><span class="{tone}" role="img" aria-label="{word}">{icon}</span>'
        "<span>{links}{more}{colon} {sentence} {why}</span></li>",
        tone=mark.tone,
        word=mark.word,
        icon=mark.icon,
        links=Html(", ".join(names)),
        more=more,
        colon=":" if len(group) > 1 else "",
        sentence=_sentence(group[0], zone),
        why=endpoint_link(first, Html("See why →"), focus="why", css="why"),
    )


def _others(rest: Sequence[FleetRow]) -> Html:
    """ "and 24 more: 12 cannot wake, 8 failing", which leads to the lines of all that need someone."""
    words = Counter(STATES[row.verdict.state].word for row in rest)
    return html(
        '<li><span></span><span><a class="go" href="./?{query}" data-focus="others">and {n} more</a>'
        '<span class="muted">: {words}</span></span></li>',
        query=scope.fleet_link(NEEDS_YOU),
        n=f"{len(rest):,}",
        words=", ".join(f"{n:,} {word}" for word, n in words.most_common()),
    )
