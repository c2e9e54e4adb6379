"""The words of the Deploy page: steps, what exists of an unfinished one, the fit, the limits. Draws nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo

from components import format as fmt
from components import session
from components.cards import endpoint_link, page_link
from components.change_parts import OUTCOMES
from components.deploy_door import PAGE, RUN
from components.markup import Html, html, joined
from components.tables import cell, line, table
from ops.core import deploy_progress
from ops.core.change import Entry, Outcome
from ops.core.change_words import label
from ops.core.deploy_fit import Advice, Row
from ops.core.deploy_progress import At, Step, Unfinished
from ops.core.errors import OpsError
from ops.core.moments import moment, written
from ops.core.views_savings import Fit
from ops.core.words import count, listed

_STEPS = {
    At.DONE: ("✓", "done", "fine"),
    At.UNDER_WAY: ("◔", "under way", "waking"),
    At.FAILED: ("✕", "failed", "stuck"),
    At.STOPPED: ("■", "stopped", "waking"),
    At.NOT_DONE: ("–", "not done", "muted"),
    At.TO_COME: ("○", "to come", "muted"),
}
_FITS = {
    Fit.GOOD: ("✓", "fine"),
    Fit.FAIR: ("◔", "waking"),
    Fit.POOR: ("▲", "stuck"),
    Fit.UNKNOWN: ("?", "muted"),
}


LONG = 320
"""Characters of an error that are shown at once."""


def head() -> Html:
    return html(
        '<div class="stack"><h1 tabindex="-1">Deploy</h1><p class="lead">From a model to an asynchronous endpoint that '
        "sleeps while nobody asks, and wakes by itself.</p></div>"
    )


def verdict(entry: Entry, zone: tzinfo) -> Html:
    """How far a change is, or how it ended."""
    icon, word, tone = OUTCOMES[entry.outcome]
    steps = deploy_progress.steps(entry)
    done = sum(step.at is At.DONE for step in steps)
    if entry.outcome is Outcome.BEGUN:
        word = f"Under way: {done} of {count(len(steps), 'step')} done"
    elif entry.outcome in deploy_progress.UNFINISHED and done:
        word = f"Ended on the way: {done} of {count(len(steps), 'step')} done"
    ended = entry.ended is not None and entry.said
    said = _said(entry.said, zone, "p") if ended else Html("")
    return html(
        '<div class="stack change"><h2 tabindex="-1">{title}</h2><p class="lead {tone}" role="status">'
        '<span aria-hidden="true">{icon}</span> {word}.</p>{said}</div>',
        title=entry.title,
        tone=tone,
        icon=icon,
        word=word,
        said=said,
    )


def progress(entry: Entry, zone: tzinfo, now: datetime) -> Html:
    """Every step of a change with where it stands, and what is on record of it."""
    why = html('<p class="muted">Why: {w}</p>', w=entry.why) if entry.why else Html("")
    steps = [
        replace(step, said="") if step.at in (At.FAILED, At.STOPPED) and step.said in entry.said else step
        for step in deploy_progress.steps(entry)
    ]
    return html(
        '<div class="stack"><ol class="stages">{steps}</ol>{why}'
        '<p class="muted small">On record as <code>{id}</code>, begun {when} by {who}.</p></div>',
        steps=joined(_step(each, zone, now) for each in steps),
        why=why,
        id=entry.id[:8],
        when=moment(entry.at, now, zone),
        who=entry.actor.name,
    )


def _said(text: str, zone: tzinfo, tag: str = "span") -> Html:
    """What somebody or AWS said; of a long text the beginning, and the rest folded away."""
    whole = written(text, zone)
    if len(whole) <= LONG:
        return html("<{tag}>{s}</{tag}>", tag=Html(tag), s=whole)
    return html(
        '<{tag}>{s} …</{tag}><details data-focus="whole"><summary data-focus="whole-summary">All of it</summary>'
        '<p class="small">{all}</p></details>',
        tag=Html(tag),
        s=whole[:LONG].rsplit(" ", 1)[0],
        all=whole,
    )


def _step(step: Step, zone: tzinfo, now: datetime) -> Html:
    icon, word, tone = _STEPS[step.at]
    notes = [step.said] if step.said else []
    if step.at is At.UNDER_WAY and step.since is not None:
        notes.append(f"Since {moment(step.since, now, zone)}.")
    elif step.at is At.DONE and step.since is not None:
        notes = [fmt.clock(step.since, zone, seconds=True)]
    return html(
        '<li><span class="{tone} nowrap"><span aria-hidden="true">{icon}</span> {word}</span><span>{what}'
        '<span class="small muted"> {notes}</span></span></li>',
        tone=tone,
        icon=icon,
        word=word,
        what=step.words,
        notes=_said(" ".join(notes), zone),
    )


def finished(name: str) -> Html:
    """Where to go from an endpoint that was deployed."""
    sent = {session.ENDPOINT: name, session.VIEW: "Submit"}
    return html(
        '<p class="row">{endpoint} {send}</p>',
        endpoint=endpoint_link(name, html("Open {n} →", n=name), focus="deployed"),
        send=page_link("requests", sent, html("Send a test payload →"), focus=f"send:{name}"),
    )


def exists(each: Unfinished) -> Html:
    """What there is of an unfinished one, and what is missing."""
    now, missing = _parts(each.exist) or "nothing of it", _parts(each.missing)
    word = "Still there" if each.cleans else "Exists now"
    left = f"To be removed: {missing}." if each.cleans else f"Missing, or not as wanted: {missing}."
    failed = [r for r in each.left.resources if r.status == "Failed"]
    why = joined(
        html("<p>{n} has failed: {r}</p>", n=r.name, r=r.reason or "AWS gives no reason.") for r in failed
    )
    other = _parts(each.foreign)
    if other:
        left = f"{left} Not made by it, and kept: {other}."
    return html(
        '<div class="stack"><p><b>{word}:</b> {now}.</p><p class="muted">{left}</p>{why}</div>',
        word=word,
        now=now,
        left=left,
        why=why,
    )


def _parts(keys: Iterable[str]) -> str:
    """Parts in a sentence, several alarms and policies together."""
    named = [label(key) for key in keys if key != "suspended"]
    return listed([name[:1].lower() + name[1:] for name in named])


def open_end(each: Unfinished, zone: tzinfo, now: datetime) -> Html:
    """The head of an unfinished one: what it was, when and how it ended, and what exists."""
    last = each.last
    return html(
        '<div class="banner waking" role="status"><div class="stack"><p><span aria-hidden="true">▲</span> '
        "<b>Unfinished: {title}</b></p></div>{rest}</div>",
        title=each.root.title,
        rest=html(
            '<div class="stack plainly"><div>{said}</div>{exists}<p class="small">{by}, {when}. {link}</p></div>',
            said=_said(last.said or "It ended on the way.", zone),
            exists=exists(each),
            by=last.actor.name,
            when=moment(last.at, now, zone),
            link=run_link(last.id, Html("See its steps →")),
        ),
    )


def under_way(entry: Entry, zone: tzinfo, now: datetime) -> Html:
    """One that is being made, with the way to its steps."""
    return html(
        '<p class="row"><span class="waking"><span aria-hidden="true">◔</span> under way</span><b>{title}</b>'
        '<span class="muted">{who}, since {when}</span>{link}</p>',
        title=entry.title,
        who=entry.actor.name,
        when=moment(entry.at, now, zone),
        link=run_link(entry.id, Html("Follow →")),
    )


def run_link(identity: str, inner: Html) -> Html:
    """A link to the steps of one change."""
    return page_link(PAGE, {RUN: identity}, inner, focus=f"run:{identity}")


def another() -> Html:
    """The way back to the form."""
    return html('<p><a class="go" href="./deploy" data-focus="another">Deploy another →</a></p>')


def fit(advice: Advice) -> Html:
    """The verdict, the reasons, and real-time beside async."""
    icon, tone = _FITS[advice.fit]
    why = joined(html("<li>{w}</li>", w=each) for each in advice.why)
    return html(
        '<div class="stack"><p class="lead {tone}" role="status"><span aria-hidden="true">{icon}</span> {said}</p>'
        '<ul class="evidence">{why}</ul>{table}<p class="muted small">{basis}</p></div>',
        tone=tone,
        icon=icon,
        said=advice.sentence,
        why=why,
        table=table(
            (("", ""), ("yours", ""), ("real-time", ""), ("async", "")),
            (_row(row) for row in advice.rows),
            "Real-time beside asynchronous",
        ),
        basis=advice.basis,
    )


def _row(row: Row) -> Html:
    return line(
        cell(html("<b>{w}</b>", w=row.what)),
        cell(row.yours or fmt.DASH, "yours"),
        cell(_side(row.realtime, row.realtime_ok), "real-time"),
        cell(_side(row.asynchronous, row.async_ok), "async"),
    )


def _side(said: str, ok: bool | None) -> Html:
    if ok is None:
        return html("{s}", s=said)
    return html(
        '<span class="{tone}"><span aria-hidden="true">{icon}</span> {word}</span> {s}',
        tone="fine" if ok else "stuck",
        icon="✓" if ok else "✕",
        word="fits:" if ok else "does not fit:",
        s=said,
    )


def fault(error: OpsError, more: Html | str = "", *, label: str = "") -> Html:
    """What is wrong with a field, for below it; with its label where it stands below several."""
    return html(
        '<p class="small" role="alert"><span class="stuck"><span aria-hidden="true">▲</span> {label}{what}</span> '
        "{hint} {more}</p>",
        label=f"{label}: " if label else "",
        what=error.what,
        hint=error.hint,
        more=more,
    )


def says(text: str) -> Html:
    """A line of explanation."""
    return html('<p class="muted small">{t}</p>', t=text)
