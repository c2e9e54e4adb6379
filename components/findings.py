"""What the doctor says, drawn: an overview of all endpoints, and each finding of one with what mends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import streamlit as st

from components import access, change_panel, fix_texts, session
from components import format as fmt
from components.cards import doctor_link, endpoint_link, pill
from components.markup import Html, html, joined, show
from components.theme import SEVERITIES
from ops.core.findings import Examined, Finding, summary
from ops.core.fix_texts import texts
from ops.core.fixes import Calls, ChosenTopic, PutAlarm
from ops.core.moments import sentence, written
from ops.core.planning import needs
from ops.core.types import Alarm, EndpointState
from ops.core.views import DoctorView

BY_HAND = (
    "Ebb carries out a fix only when somebody reviews and applies it; each can be copied and run elsewhere, too. What "
    "it mends shows some minutes later: alarms look at whole minutes, and a first instance takes its time."
)


def ask(name: str) -> Html:
    """The way from an endpoint to what the doctor says of it, with how much that is."""
    found = session.findings(name)
    if found is None:
        said = "Ask the doctor →"
    elif found:
        said = f"Ask the doctor: {fmt.plural(found, 'finding')} →"
    else:
        said = "Ask the doctor: no finding →"
    return html('<p class="small">{link}</p>', link=doctor_link(name, html("{s}", s=said), focus="ask"))


def headline(view: DoctorView) -> Html:
    """How much was found in all."""
    return html('<h1 tabindex="-1">{said}</h1>', said=summary(view.examined))


def overview(view: DoctorView, zone: tzinfo) -> Html:
    """Every endpoint: trouble first, each finding with the way to its fix; the healthy ones in one line."""
    told = [e for e in view.examined if e.findings]
    well = [e.name for e in view.examined if not e.findings]
    links = [doctor_link(n, html("{n}", n=n), focus="well") for n in well]
    quiet = html(
        '<p class="muted small">{word}: {links}.</p>',
        word="Nothing found" if told else "Examined",
        links=Html(", ".join(links)),
    )
    return html(
        '<div class="stack"><ul class="patients">{items}</ul>{quiet}</div>',
        items=joined(_patient(examined, zone) for examined in told),
        quiet=quiet if well else Html(""),
    )


def _patient(examined: Examined, zone: tzinfo) -> Html:
    said = sentence(examined.verdict, zone)
    told = any(written(finding.sentence, zone) == said for finding in examined.findings)
    return html(
        '<li><div class="row">{name}{pill}</div>{verdict}<ul class="plain">{findings}</ul></li>',
        name=doctor_link(examined.name, html("<b>{n}</b>", n=examined.name), focus="patient"),
        pill=pill(examined.verdict),
        verdict=Html("") if told else html('<p class="muted small">{said}</p>', said=said),
        findings=joined(_brief(examined.name, finding, zone) for finding in examined.findings),
    )


def _brief(name: str, finding: Finding, zone: tzinfo) -> Html:
    word = "See the fix →" if isinstance(finding.fix, Calls) else "See what to do →"
    return html(
        "<li>{severity} {sentence} {link}</li>",
        severity=_severity(finding),
        sentence=written(finding.sentence, zone),
        link=doctor_link(name, Html(word), focus="fix", finding=finding.code, css="why nowrap"),
    )


def _severity(finding: Finding) -> Html:
    mark = SEVERITIES[finding.severity]
    return html(
        '<span class="{tone} nowrap"><span aria-hidden="true">{icon}</span> {word}:</span>',
        tone=mark.tone,
        icon=mark.icon,
        word=mark.word,
    )


def verdict(examined: Examined, zone: tzinfo) -> Html:
    """The endpoint's name and state, the verdict in a sentence, and how much was found."""
    charts = (
        endpoint_link(examined.name, Html("See its charts →"), focus="charts", css="small")
        if examined.verdict.state is not EndpointState.MISSING
        else Html("")
    )
    count = fmt.plural(len(examined.findings), "finding") + "." if examined.findings else summary((examined,))
    return html(
        '<div class="stack"><div class="row"><h1 tabindex="-1">{name}</h1>{pill}{charts}</div>'
        '<p class="lead">{sentence}</p><p class="muted">{count}</p></div>',
        name=examined.name,
        pill=pill(examined.verdict),
        charts=charts,
        sentence=sentence(examined.verdict, zone),
        count=count,
    )


def findings(
    examined: Examined, view: DoctorView, zone: tzinfo, linked: str = "", topics: Sequence[str] = ()
) -> None:
    """Each finding with what mends it; `linked`: the code that a link leads to, shown first.

    `topics`: ARNs that alarms tell already, offered where a fix needs one.
    """
    ordered = sorted(examined.findings, key=lambda f: f.code != linked)
    for number, finding in enumerate(ordered):
        key = f"{examined.name}-{finding.code}-{number}"
        with st.container(border=True, key=f"finding-{key}"):
            body = _whole(examined, finding, view, zone, linked=finding.code == linked)
            show(body, key=f"finding-says-{key}")
            if isinstance(finding.fix, Calls):
                fix_text(finding.fix, view.connection.region, key=key)
                needed = needs(finding.fix.changes)
                if not access.may(access.current_user(), needed):
                    said = f"Applying this fix needs the role {needed}."
                    show(html('<p class="muted small">{said}</p>', said=said), key=f"fix-needs-{key}")
                if change_panel.operates():
                    _apply(examined.name, finding, finding.fix, topics, key)


def _apply(name: str, finding: Finding, fix: Calls, topics: Sequence[str], key: str) -> None:
    """The button that opens the review of a fix, with a field for whom to tell where that is open."""
    topic = pick_topic(topics, key=f"topic-{key}") if needs_topic(fix) else ""
    change_panel.review(
        "Apply this fix…",
        lambda console: console.plan_fix(name, finding.code, topic),
        page="doctor",
        key=f"fix-{key}",
    )


def needs_topic(fix: Calls) -> bool:
    """Whether a reader has to name the SNS topic that an alarm tells."""
    return any(
        isinstance(action, ChosenTopic)
        for change in fix.changes
        if isinstance(change, PutAlarm)
        for action in change.actions
    )


def pick_topic(topics: Sequence[str], *, key: str) -> str:
    """The ARN of the topic to tell: one that alarms tell already, or another that is typed."""
    if not topics:
        typed = st.text_input("SNS topic to tell (its ARN)", key=key, placeholder="arn:aws:sns:…")
        return (typed or "").strip()
    picked = st.selectbox(
        "SNS topic to tell (choose one, or type its ARN)",
        list(dict.fromkeys(topics)),
        index=None,
        key=key,
        accept_new_options=True,
        placeholder="arn:aws:sns:…",
    )
    return (picked or "").strip()


def topics_of(alarms: Sequence[Alarm]) -> tuple[str, ...]:
    """The SNS topics that alarms tell, sorted."""
    told = (a for alarm in alarms for a in (*alarm.actions, *alarm.ok_actions, *alarm.no_data_actions))
    return tuple(sorted({a for a in told if a.split(":")[2:3] == ["sns"]}))


def fix_text(fix: Calls, region: str, *, key: str) -> None:
    """The text that makes the changes, in every language, each with a button that copies it."""
    fix_texts.show(texts(fix, region), key=f"fix-{key}")


def _whole(examined: Examined, finding: Finding, view: DoctorView, zone: tzinfo, *, linked: bool) -> Html:
    since = (
        html(" · since {when}", when=fmt.moment(finding.since, zone, view.as_of))
        if finding.since is not None
        else Html("")
    )
    here = (
        html("<span>The link leads here</span>")
        if linked and len(examined.findings) > 1
        else doctor_link(examined.name, Html("Link to this finding"), focus="here", finding=finding.code)
    )
    return html(
        '<div class="stack finding"><h2>{severity} {sentence}</h2>'
        '<p class="muted small"><code>{code}</code>{since} · {here}</p>'
        '<ul class="evidence">{evidence}</ul><p><span class="muted">Why it matters:</span> {why}</p>{fix}</div>',
        severity=_severity(finding),
        sentence=written(finding.sentence, zone),
        code=finding.code,
        since=since,
        here=here,
        evidence=joined(html("<li>{line}</li>", line=written(line, zone)) for line in finding.evidence),
        why=written(finding.why, zone),
        fix=_mends(finding, zone),
    )


def _mends(finding: Finding, zone: tzinfo) -> Html:
    if isinstance(finding.fix, Calls):
        said = written(finding.fix.effect, zone)
        return html('<p><span class="fine">✓ With this fix:</span> {said}</p>', said=said)
    step = written(finding.fix.step, zone)
    return html("<p><b>What a person can do:</b> {step}</p>", step=step)


def gone(examined: Sequence[Examined], code: str) -> Html:
    """A link led to a finding that is not there."""
    if not code or any(f.code == code for e in examined for f in e.findings):
        return Html("")
    return html(
        '<p class="muted" role="status">The link leads to the finding <code>{code}</code>: it is not found here, or '
        "not any more.</p>",
        code=code,
    )
