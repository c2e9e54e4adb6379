"""An incident in a few lines of Markdown: for who takes over, or for the ticket. Pure.

What comes from AWS is escaped: it stays text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from ops.core import moments
from ops.core.findings import Finding
from ops.core.fixes import HumanStep
from ops.core.marks import Mark
from ops.core.types import Problem, Severity
from ops.core.views import EndpointView
from ops.core.words import STATE_WORDS, count, duration

BEFORE = timedelta(hours=1)
"""Changes are told from so long before the trouble began."""
LONGEST = timedelta(days=7)
QUIET = timedelta(hours=6)
"""So far back they are told where nobody knows since when."""
MOST_CHANGES = 20
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$&@!])")
_LEADING = re.compile(r"^([-+=]|\d+(?=[.)]))")
_SEVERITY = {
    Severity.CRITICAL: "needs someone now",
    Severity.WARNING: "worth a look",
    Severity.INFO: "to know",
    Severity.OK: "fine",
}


@dataclass(frozen=True, slots=True)
class Incident:
    """What an incident summary is made of. Times are AWS's.

    `findings`: the doctor's, the worst first; None where the doctor was not asked.
    """

    view: EndpointView
    changes: tuple[Mark, ...]
    """Since shortly before it began, oldest first, refused ones among them."""
    begin: datetime
    """From when on changes are told."""
    before: tuple[Mark, ...] = ()
    """The last deploy and the last bounds before that, as far as they are known."""
    findings: tuple[Finding, ...] | None = None
    unchecked: tuple[Problem, ...] = ()
    said: str = ""
    """What the log says of most requests that failed lately; empty where it was not asked or tells nothing."""


def begin_of(view: EndpointView) -> datetime:
    """From when on the changes of an endpoint matter."""
    since, now = view.row.verdict.since, view.as_of
    begin = now - QUIET if since is None else max(now - LONGEST, since - BEFORE)
    return begin.replace(second=0, microsecond=0)


def text(incident: Incident, zone: tzinfo = UTC, link: str = "") -> str:
    """The summary. Times stand in UTC, and in `zone` beside it where that is another. `link`: the page's address."""
    view = incident.view
    verdict, name = view.row.verdict, view.row.endpoint.ref.name
    lines = [
        f"# {escaped(name)}: {STATE_WORDS[verdict.state]}",
        "",
        f"**{escaped(moments.twice(verdict.marked or verdict.sentence, zone))}**",
        "",
        *_bullets(_facts(incident, zone)),
        *_section("Who is hurt", hurt(view)),
        *_section(
            "Evidence",
            (
                *(escaped(moments.twice(e, zone)) for e in verdict.marked_evidence or verdict.evidence),
                *((escaped(incident.said),) if incident.said else ()),
            ),
        ),
        *_findings(incident, zone),
        *_changes(incident, zone),
        *_section("Numbers now", _numbers(view)),
        *_section("Not known", _unknown(incident)),
    ]
    if link:
        lines += ["", f"[Open the same view in Ebb](<{_address(link)}>)"]
    return "\n".join(lines) + "\n"


def hurt(view: EndpointView) -> Iterator[str]:
    """Whose requests suffer, in plain sentences; that nobody's do is said only where it is known."""
    row = view.row
    if row.endpoint.described and not row.endpoint.is_async:
        yield (
            f"{count(row.failures_1h, 'request')} answered with 5xx in the last hour."
            if row.failures_1h
            else (
                "No request was answered with 5xx in the last hour."
                if row.failures_1h == 0
                else "Errors: not known."
            )
        )
        return
    if row.backlog is None:
        yield "How many requests wait is not known."
    elif row.backlog:
        verb = "waits" if round(row.backlog) == 1 else "wait"
        oldest = (
            f"the oldest for {duration(row.oldest_s)}, of {duration(row.ttl_s)} before it expires unserved"
            if row.oldest_s
            else f"the age of the oldest is not known; requests expire unserved after {duration(row.ttl_s)}"
        )
        yield f"{count(row.backlog, 'request')} {verb} or {'is' if verb == 'waits' else 'are'} in work; {oldest}."
    else:
        yield "No request waits."
    if row.failures_1h is None:
        yield "How many requests failed in the last hour is not known."
    elif row.failures_1h:
        yield f"{count(row.failures_1h, 'request')} failed in the last hour: their senders got an error, no result."
    else:
        yield "No request failed in the last hour."
    if row.expired_1h:
        gone = f"{count(row.expired_1h, 'request')} expired in the last hour"
        yield f"{gone}; only the metric ExpiredRequests tells for certain."


def escaped(words: str) -> str:
    """Text on one line that Markdown shows letter by letter."""
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    line = _SPECIAL.sub(r"\\\1", line).replace("://", "\\://").replace("www.", "www\\.")
    return _LEADING.sub(
        lambda found: f"\\{found[1]}" if not found[1].isdigit() else f"{found[1]}\u200b", line
    )


def at(when: datetime, zone: tzinfo) -> str:
    """2026-11-26 04:23 UTC (05:23 CET): the day and the minute, in the other zone too where it differs."""
    here = f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    local = when.astimezone(zone)
    if local.utcoffset() == timedelta(0):
        return here
    day = "" if local.date() == when.astimezone(UTC).date() else f"{local:%Y-%m-%d} "
    return f"{here} ({day}{local:%H:%M} {moments.short_name(local)})"


def _facts(incident: Incident, zone: tzinfo) -> Iterator[str]:
    view = incident.view
    endpoint, verdict, where = view.row.endpoint, view.row.verdict, view.connection
    place = f"{escaped(where.region)}, account {escaped(where.account)}"
    simulated = " (simulated AWS)" if where.kind == "embedded" else ""
    yield f"Endpoint: {escaped(endpoint.ref.name)}, {place}{simulated}"
    yield f"State: {STATE_WORDS[verdict.state]}, {_SEVERITY[verdict.severity]}"
    if verdict.since is not None:
        yield f"Since: {at(verdict.since, zone)}, {duration((view.as_of - verdict.since).total_seconds())} ago"
    else:
        yield "Since: not known"
    yield f"As of: {at(view.as_of, zone)}"


def _numbers(view: EndpointView) -> Iterator[str]:
    row = view.row
    endpoint = row.endpoint
    current = "not known" if endpoint.current is None else f"{endpoint.current} in service"
    wanted = "" if endpoint.desired is None else f", {endpoint.desired} wanted"
    bounds = f", bounds {row.bounds.min}–{row.bounds.max}" if row.bounds is not None else ""
    kind = f" of {escaped(endpoint.mix_words or endpoint.type_words)}" if endpoint.type_words else ""
    yield f"Instances: {current}{wanted}{bounds}{kind}"
    yield f"Configuration: {escaped(endpoint.config_name)}; status {escaped(endpoint.status)}"
    if endpoint.failure_reason:
        yield f"AWS says: {escaped(endpoint.failure_reason)}"


def _findings(incident: Incident, zone: tzinfo) -> Iterator[str]:
    found = incident.findings
    if found is None:
        return
    yield from ("", "## What the doctor finds", "")
    if not found:
        yield "- Nothing that it knows of."
    for finding in found:
        yield f"- {finding.severity.value}: {escaped(moments.twice(finding.sentence, zone))}"
        yield from (f"  - {escaped(moments.twice(e, zone))}" for e in finding.evidence)
        human = isinstance(finding.fix, HumanStep)
        words = finding.fix.step if isinstance(finding.fix, HumanStep) else finding.fix.effect
        label = "What to do" if human else "After the doctor's fix"
        yield f"  - {label}: {escaped(moments.twice(words, zone))}"


def _changes(incident: Incident, zone: tzinfo) -> Iterator[str]:
    yield from ("", f"## What was changed since {at(incident.begin, zone)}", "")
    shown = incident.changes[-MOST_CHANGES:]
    if len(shown) < len(incident.changes):
        yield f"- {len(incident.changes) - len(shown)} earlier ones are left out."
    for mark in shown:
        yield f"- {at(mark.at, zone)}: {_what(mark)}"
    yield from (f"- Before that, {at(m.at, zone)}: {_what(m)}" for m in incident.before)
    audit = incident.view.audit
    if audit.problem is not None or audit.since is None:
        yield "- Who changed what is not known: CloudTrail could not be read."
    elif not shown:
        yield "- Since then nothing that CloudTrail tells by now; it may be some minutes late."


def _what(mark: Mark) -> str:
    who = f" by {escaped(mark.who)}" if mark.who else ""
    refused = f" (refused by AWS: {escaped(mark.refused)})" if mark.refused else ""
    return f"{escaped(mark.sentence)}{who}{refused}"


def _unknown(incident: Incident) -> Iterator[str]:
    problems = (*incident.view.problems, *incident.unchecked)
    if incident.view.audit.problem is not None:
        problems = (*problems, incident.view.audit.problem)
    for problem in dict.fromkeys(problems):
        allow = f" Allow {escaped(problem.action)}." if problem.action else ""
        yield f"{escaped(problem.part)}: {escaped(problem.what)}{allow}"


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return ["", f"## {title}", "", *_bullets(found)] if found else []


def _bullets(lines: Iterable[str]) -> list[str]:
    return [f"- {line}" for line in lines]


def _address(link: str) -> str:
    """A link that cannot leave its brackets."""
    return "".join(c for c in link if c.isprintable() and c not in "<> \\")
