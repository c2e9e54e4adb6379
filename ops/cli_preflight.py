"""`python -m ops preflight`: what the present credentials may do, and which panel lives without what they may not."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import typer

from ops.cli_show import aligned, plain, where, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core.preflight import Answer, Preflight, Tried, grouped, needed_for, without

Run = Callable[[Callable[[], int], bool], None]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
Role = Annotated[str, typer.Option(help="viewer, operator, admin or billing; else EBB_ROLE, else viewer.")]
Paid = Annotated[
    bool,
    typer.Option("--paid", help="Also what AWS bills: Cost Explorer at $0.01 a call, one Athena statement."),
]
FINDING = 1
_MARK = {Answer.ALLOWED: "✓", Answer.DENIED: "✕", Answer.NOT_TRIED: "–", Answer.UNCLEAR: "?"}


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command("preflight")
    def command(role: Role = "", paid: Paid = False, json: Json = False) -> None:
        """Try every read with the present credentials. Exit code 1 when something that is needed is not allowed."""

        def work() -> int:
            settings = Settings.load()
            with Console.open(settings) as console:
                found = console.preflight(role or settings.role or "viewer", paid=paid)
            write(document(found) if json else text(found))
            return 0 if found.fine else FINDING

        run(work, json)


# --- for scripts ---


def document(found: Preflight) -> str:
    """One JSON document, a line for each call."""
    said = {
        "connection": plain(found.connection),
        "as_of": plain(found.at),
        "role": found.role,
        "fine": found.fine,
        "sentence": found.sentence,
        "calls": [_line(each) for each in found.tried],
    }
    return json.dumps(said, ensure_ascii=False, allow_nan=False)


def _line(each: Tried) -> dict[str, Any]:
    return {
        "action": each.row.action,
        "call": each.row.call or None,
        "role": each.row.role,
        "needed_for": each.row.needed_for,
        "lives_without_it": each.row.without,
        "answer": each.answer.value,
        "denied_action": each.action if each.answer is Answer.DENIED else None,
        "why": each.why or None,
        "price": each.row.price or None,
    }


# --- for people ---


def text(found: Preflight) -> str:
    """What is denied first, then what is allowed, and what was not tried by why."""
    lines = [where(found.connection, found.at), "", *wrapped(found.sentence)]
    for answer in (Answer.DENIED, Answer.UNCLEAR):
        lines += _trouble(found, answer)
    allowed = grouped(t for t in found.tried if t.answer is Answer.ALLOWED)
    rows = [(_MARK[Answer.ALLOWED], g[0].action, "allowed", needed_for(g)) for g in allowed]
    lines += ["", *aligned([("", "action", "answer", "needed for"), *rows], ())]
    whys: dict[str, dict[str, None]] = {}
    for each in found.tried:
        if each.answer is Answer.NOT_TRIED:
            whys.setdefault(each.why, {})[each.action] = None
    for why, actions in whys.items():
        lines += [
            "",
            *wrapped(f"{_MARK[Answer.NOT_TRIED]} not tried: {why}"),
            *wrapped(", ".join(actions), "  "),
        ]
    return "\n".join(lines)


def _trouble(found: Preflight, answer: Answer) -> list[str]:
    lines: list[str] = []
    for group in grouped(t for t in found.tried if t.answer is answer):
        first = group[0]
        lines += ["", f"{_MARK[answer]} {first.action}  {answer.value}"]
        lines += wrapped(f"Needed for {needed_for(group)}.", "  ")
        lines += wrapped(f"Lives without it: {without(group)}.", "  ")
        if answer is Answer.UNCLEAR:
            lines += wrapped(first.why, "  ")
    return lines


def _listed(actions: Iterable[str]) -> list[str]:
    """Wrapped between actions alone: a name that is cut cannot be copied."""
    return textwrap.wrap(
        ", ".join(actions), 98, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )
