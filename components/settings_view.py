"""The settings of this process and its notices, as HTML. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from components import format as fmt
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core.views_notices import Delivery, NoticesView, SettingLine


def settings_table(lines: Sequence[SettingLine]) -> Html:
    """What somebody set, with its value, where that came from and its default; the rest folded away."""
    chosen = [each for each in lines if each.origin != "default"]
    others = [each for each in lines if each.origin == "default"]
    heads = (("setting", ""), ("value", ""), ("from", ""), ("default", ""), ("meaning", ""))
    shown = (
        table(heads, [_set(each) for each in chosen], "Settings that were set")
        if chosen
        else html('<p class="muted">None is set: all are at their default.</p>')
    )
    if not others:
        return shown
    return html(
        '{shown}<details data-focus="defaults"><summary data-focus="defaults-summary">{n} at '
        "{whose} default</summary>{rest}</details>",
        shown=shown,
        n=fmt.plural(len(others), "setting"),
        whose="their" if len(others) > 1 else "its",
        rest=table(
            (("setting", ""), ("default", ""), ("meaning", "")),
            [_unset(each) for each in others],
            "Settings at their default",
        ),
    )


def _set(each: SettingLine) -> Html:
    return line(
        cell(html("<code>{n}</code>", n=each.variable), "", "wide nowrap"),
        cell(_value(each.value), "value", "wide setting"),
        cell(each.origin.removesuffix(f" {each.variable}"), "from", "words"),
        cell(_value(each.default), "default", "setting"),
        cell(each.meaning, "", "wide"),
    )


def _unset(each: SettingLine) -> Html:
    return line(
        cell(html("<code>{n}</code>", n=each.variable), "", "wide nowrap"),
        cell(_value(each.default), "", "setting"),
        cell(each.meaning, "", "wide muted"),
    )


def _value(text: str) -> Html:
    return html("<code>{v}</code>", v=text) if text else html('<span class="muted">not set</span>')


def notices(view: NoticesView) -> Html:
    """Where notices go and when; how to set them up, where they go nowhere."""
    if not view.places:
        return html(
            "<p>No notices are sent. Set <code>EBB_NOTIFY_TOPIC</code> to the ARN of an SNS topic, or "
            "<code>EBB_NOTIFY_WEBHOOK</code> to an https address, and start Ebb again: it then tells once when an "
            "endpoint turns critical, and once when it is calm again.</p>"
        )
    places = joined(html("<li>{p}</li>", p=place) for place in view.places)
    quiet = view.quiet or "There are no quiet hours."
    trouble = html('<p class="waking">{t}</p>', t=view.trouble) if view.trouble else Html("")
    return html(
        '<div class="stack"><p>{told} {quiet}</p><ul class="evidence">{places}</ul>{trouble}</div>',
        told=view.told,
        quiet=quiet,
        places=places,
        trouble=trouble,
    )


def deliveries(found: Sequence[Delivery], zone: tzinfo, now: datetime | None) -> Html:
    """What was told last, and whether it arrived."""
    if not found:
        return html('<p class="muted">Nothing was told yet.</p>')
    rows = [
        line(
            cell(fmt.moment(each.at, zone, now), "when", "time"),
            cell(each.title, "notice", "wide"),
            cell(each.place, "to"),
            cell(_outcome(each), "outcome", "wide"),
        )
        for each in found
    ]
    return table((("when", ""), ("notice", ""), ("to", ""), ("outcome", "")), rows, "Notices, newest first")


def _outcome(each: Delivery) -> Html:
    if each.arrived:
        tries = f", at attempt {each.attempts}" if each.attempts > 1 else ""
        return html('<span class="fine"><span aria-hidden="true">✓</span> taken</span>{tries}', tries=tries)
    if each.given_up:
        return html(
            '<span class="stuck"><span aria-hidden="true">✕</span> not taken</span> after {n}: {why}',
            n=fmt.plural(each.attempts, "attempt"),
            why=each.error,
        )
    why = f": {each.error} Ebb tries again." if each.error else ""
    return html('<span class="waking"><span aria-hidden="true">◔</span> on its way</span>{why}', why=why)
