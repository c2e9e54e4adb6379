"""`python -m ops doctor`: what is wrong, why it matters, and what mends it; for people and for scripts."""

from __future__ import annotations

import json
from typing import Any

from ops import cli_codes
from ops.cli_show import MARK, painted, plain, problem_lines, where, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core.findings import Examined, Finding, summary
from ops.core.fix_calls import Call, calls
from ops.core.fix_texts import LABELS, Language, texts
from ops.core.fixes import Calls, ChosenTopic, Fix, PolicyArn
from ops.core.moments import sentence, written
from ops.core.types import Problem, Severity
from ops.core.views import DoctorView
from ops.core.words import STATE_WORDS


def doctor(name: str | None, as_json: bool, language: Language = Language.CLI) -> int:
    """Examine one endpoint or all, say what was found, fixes in one language; the exit code. Raises OpsError."""
    with Console.open(Settings.load()) as console:
        view = console.doctor(name)
    write(doctor_json(view) if as_json else doctor_text(view, language))
    return cli_codes.verdict(
        (finding.severity for examined in view.examined for finding in examined.findings), unread(view)
    )


def unread(view: DoctorView) -> tuple[Problem, ...]:
    """What could not be read, of the account and of its endpoints, each once."""
    return tuple(dict.fromkeys((*view.problems, *(p for e in view.examined for p in e.unchecked))))


def others(language: Language) -> str:
    """How to ask for the other languages of a text."""
    return ", ".join(f"--text {each.value}" for each in Language if each is not language)


# --- for scripts ---


def doctor_json(view: DoctorView) -> str:
    document = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "endpoints": [_examined(each, view.connection.region) for each in view.examined],
        "problems": plain(view.problems),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _examined(examined: Examined, region: str) -> dict[str, Any]:
    return {
        "name": examined.name,
        "state": examined.verdict.state.value,
        "severity": examined.verdict.severity.value,
        "verdict": sentence(examined.verdict),
        "findings": [_finding(finding, region) for finding in examined.findings],
        "unchecked": plain(examined.unchecked),
    }


def _finding(finding: Finding, region: str) -> dict[str, Any]:
    return {
        "severity": finding.severity.value,
        "code": finding.code,
        "sentence": written(finding.sentence),
        "evidence": [written(line) for line in finding.evidence],
        "why": written(finding.why),
        "since": plain(finding.since),
        "fix": _fix(finding.fix, region),
    }


def _fix(fix: Fix, region: str) -> dict[str, Any]:
    if not isinstance(fix, Calls):
        return {"kind": "human", "step": written(fix.step)}
    return {
        "kind": "calls",
        "effect": written(fix.effect),
        "calls": [call_json(each) for each in calls(fix)],
        **{each.value: text for each, text in texts(fix, region).items()},
    }


def call_json(made: Call) -> dict[str, Any]:
    """Parameters as boto3 takes them; what the run itself must fill in stands as an object of its own.

    `waiter`: where the call is repeated until the waiter of that name is content.
    """
    waited = {"waiter": made.waits} if made.waits else {}
    return {
        "service": made.service,
        "operation": made.operation,
        "parameters": {name: _parameter(value) for name, value in made.parameters.items()},
        **waited,
    }


def _parameter(value: Any) -> Any:
    if isinstance(value, PolicyArn):
        return {"policy_arn_of": value.policy}
    if isinstance(value, ChosenTopic):
        return {"topic_arn": "to be chosen"}
    return [_parameter(part) for part in value] if isinstance(value, list) else plain(value)


# --- for people ---


def doctor_text(view: DoctorView, language: Language = Language.CLI) -> str:
    """Trouble first, each finding with its evidence and its fix; the healthy in one line."""
    told = [e for e in view.examined if e.findings]
    lines = [where(view.connection, view.as_of), "", *wrapped(summary(view.examined))]
    for examined in told:
        lines += _patient(examined, view.connection.region, language)
    well = [e.name for e in view.examined if not e.findings]
    if well and told:
        lines += ["", *wrapped(f"Nothing found: {', '.join(well)}.")]
    if any(isinstance(f.fix, Calls) for e in told for f in e.findings):
        lines += [
            "",
            *wrapped(f"The fixes are {LABELS[language]}; for another language: {others(language)}."),
        ]
    return "\n".join([*lines, *problem_lines(unread(view))])


def _patient(examined: Examined, region: str, language: Language) -> list[str]:
    worst = min((f.severity for f in examined.findings), key=list(Severity).index)
    state = STATE_WORDS[examined.verdict.state]
    lines = ["", f"{examined.name}  {painted(state, worst)}"]
    if examined.findings and examined.findings[0].sentence != examined.verdict.sentence:
        lines += wrapped(sentence(examined.verdict), "  ")
    for finding in examined.findings:
        lines += _told(finding, region, language)
    return lines


def _told(finding: Finding, region: str, language: Language) -> list[str]:
    mark = painted(MARK[finding.severity], finding.severity)
    first, *rest = wrapped(f"{written(finding.sentence)} [{finding.code}]", "    ")
    lines = ["", f"  {mark} {first.lstrip()}", *rest]
    for line in finding.evidence:
        lines += wrapped(f"- {written(line)}", "    ")
    lines += wrapped(f"Why it matters: {written(finding.why)}", "    ")
    fix = finding.fix
    if not isinstance(fix, Calls):
        return [*lines, *wrapped(f"What a person can do: {written(fix.step)}", "    ")]
    return [
        *lines,
        *wrapped(f"Fix: {written(fix.effect)}", "    "),
        "",
        *texts(fix, region)[language].splitlines(),
    ]
