"""The other accounts and regions of this console, as HTML: which of them need somebody, and which cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from urllib.parse import urlencode

from components import format as fmt
from components.markup import Html, html, joined
from components.readers import PLACE
from components.tables import cell, line, table
from components.theme import SEVERITIES
from ops.core import moments
from ops.core.types import Severity
from ops.core.views_places import PlaceView, worst_first

OLD_S = 180.0
SHOWN = 6
"""So many places that need somebody stand above the fleet with their sentence."""


def elsewhere(places: Sequence[PlaceView], zone: tzinfo) -> Html:
    """What needs somebody in the other places, each with its link; the calm ones in one line."""
    if not places:
        return Html("")
    loud = [each for each in worst_first(places) if each.needs_you]
    calm = [each for each in places if not each.needs_you]
    items = [_item(each, zone) for each in loud[:SHOWN]]
    if len(loud) > SHOWN:
        items.append(
            html(
                "<li><span></span><span>And {links} need you.</span></li>",
                links=_links(loud[SHOWN:], "loud"),
            )
        )
    listed = html('<ul class="attention">{items}</ul>', items=joined(items)) if items else Html("")
    return html(
        '<section class="stack elsewhere"><h2>Other accounts and regions</h2>{listed}{calm}</section>',
        listed=listed,
        calm=_calm(calm),
    )


def link(place: PlaceView, inner: Html, focus: str) -> Html:
    """To the fleet of a place, loaded anew: nothing of this page goes along."""
    return html(
        '<a href="./?{query}" data-focus="{focus}">{inner}</a>',
        query=urlencode({PLACE: place.name}),
        focus=f"{focus}:{place.name}",
        inner=inner,
    )


def _item(place: PlaceView, zone: tzinfo) -> Html:
    mark = SEVERITIES[_severity(place)]
    return html(
        '<li><span class="{tone}" role="img" aria-label="{word}">{icon}</span>'
        '<span>{name} <span class="muted">{where}:</span> {sentence}</span></li>',
        tone=mark.tone,
        word=mark.word,
        icon=mark.icon,
        name=link(place, html("<b>{n}</b>", n=place.name), "place"),
        where=place.where,
        sentence=moments.written(place.sentence, zone),
    )


def _severity(place: PlaceView) -> Severity:
    """One that cannot be read is a warning, unless what was read of it before is worse."""
    if place.worst is Severity.CRITICAL:
        return Severity.CRITICAL
    return Severity.WARNING


def _calm(places: Sequence[PlaceView]) -> Html:
    """In one line, those that are not read yet told apart."""
    read = [each for each in places if each.fleet is not None and not _aged(each)]
    aged = [each for each in places if _aged(each)]
    awaited = [each for each in places if each.fleet is None]
    parts = []
    if read:
        parts.append(html("Fine: {links}.", links=_links(read, "calm")))
    if aged:
        told = Html(
            ", ".join(html("{l} ({a} ago)", l=_links([each], "aged"), a=fmt.age(each.age_s)) for each in aged)
        )
        parts.append(html("Fine when last read: {links}.", links=told))
    if awaited:
        parts.append(html("Not read yet: {links}.", links=_links(awaited, "awaited")))
    if not parts:
        return Html("")
    return html('<p class="muted">{parts}</p>', parts=Html(" ".join(parts)))


def _aged(place: PlaceView) -> bool:
    """Whether what is known of it is older than two readings of somebody who looks from elsewhere."""
    return place.fleet is not None and place.age_s is not None and place.age_s > OLD_S


def _links(places: Sequence[PlaceView], focus: str) -> Html:
    return Html(", ".join(link(each, html("{n}", n=each.name), focus) for each in places))


def places_table(places: Sequence[PlaceView], here: str, zone: tzinfo) -> Html:
    """Every place with the account and region it leads to, by what way, and how it is."""
    rows = [
        line(
            cell(_name(each, here), "", "wide nowrap"),
            cell(html("{w}", w=each.where), "where"),
            cell(html("{w}", w=each.way or fmt.DASH), "by way of"),
            cell(_caller(each), "caller"),
            cell(_changes(each), "changes", "nowrap"),
            cell(moments.written(each.sentence, zone), "how it is", "wide"),
            cell(_read(each), "read", "nowrap"),
        )
        for each in places
    ]
    heads = [(name, "") for name in ("place", "where", "by way of", "caller", "changes", "how it is", "read")]
    return table(heads, rows, "Accounts and regions of this console")


def _name(place: PlaceView, here: str) -> Html:
    if place.name == here:
        return html("<b>{n}</b> (this page)", n=place.name)
    return link(place, html("<b>{n}</b>", n=place.name), "table")


def _caller(place: PlaceView) -> Html:
    known = place.connection
    if known is None or not known.caller:
        return html('<span class="muted">{d}</span>', d=fmt.DASH)
    return html("<code>{c}</code>", c=known.caller)


def _changes(place: PlaceView) -> str:
    known = place.connection
    if known is None:
        return fmt.DASH
    return "possible" if known.writable else "read-only"


def _read(place: PlaceView) -> str:
    if place.fleet is None or place.age_s is None:
        return "never" if place.unread else "not yet"
    return f"{fmt.age(place.age_s)} ago"
