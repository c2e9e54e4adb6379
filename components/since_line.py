"""The line that says what changed on the fleet since the viewer's last visit."""

from __future__ import annotations

from datetime import datetime, tzinfo

from components import format as fmt
from components.cards import endpoint_link
from components.markup import Html, html
from ops.core import moments
from ops.core.since import News, Since


def since_line(since: Since | None, zone: tzinfo, now: datetime) -> Html:
    """ "Since your last visit (yesterday 18:10): 1 deploy by jane; 2 cold starts."; empty at a first visit."""
    if since is None:
        return Html("")
    told = Html("; ".join(_news(news, zone) for news in since.news)) or Html("nothing changed")
    return html(
        '<p class="since" role="note">Since your last visit ({when}): {told}.</p>',
        when=fmt.moment(since.at, zone, now),
        told=told,
    )


def _news(news: News, zone: tzinfo) -> Html:
    text = moments.written(news.text, zone)
    if not news.endpoint:
        return html("{text}", text=text)
    link = endpoint_link(news.endpoint, html("{n}", n=news.endpoint), focus="since")
    return html("{link}: {text}", link=link, text=text)
