"""`python -m ops activity`: what happened, for terminals and scripts."""

from __future__ import annotations

import json as json_
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from ops.cli_show import write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput
from ops.core.names import nearest
from ops.core.timeline import Kind, Wanted
from ops.core.timeline_text import as_csv, as_document, as_text

Run = Callable[[Callable[[], int], bool], None]
_SPAN = re.compile(r"(\d{1,5})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
MOST = timedelta(days=455)


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command()
    def activity(
        name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
        since: Annotated[str, typer.Option(help="How far back: 90m, 3h, 7d, 2w.")] = "1d",
        kind: Annotated[str, typer.Option(help=f"One of: {', '.join(k.value for k in Kind)}.")] = "",
        who: Annotated[str, typer.Option(help="Only what this person or service did.")] = "",
        find: Annotated[str, typer.Option(help="Only lines that hold these words.")] = "",
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout.")] = False,
        json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
    ) -> None:
        """The journal, CloudTrail and the scaling record on one time line, newest first."""

        def work() -> int:
            if csv and json:
                raise BadInput("--csv and --json exclude each other.", "Choose one.")
            span, wanted = span_of(since), Wanted(kind_of(kind), who, find)
            with Console.open(Settings.load(), keep=True) as console:
                view = console.timeline(name, span, everything=True)
            found = [event for event in view.events if wanted.holds(event)]
            if json:
                write(json_.dumps(as_document(view, found), ensure_ascii=False, allow_nan=False))
            else:
                write(as_csv(found) if csv else as_text(view, found))
            return 0

        run(work, json)


def span_of(typed: str) -> timedelta:
    """A span as people type it. Raises BadInput."""
    match = _SPAN.fullmatch(typed.strip().lower())
    span = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not timedelta(0) < span <= MOST:
        raise BadInput(
            f"{typed!r} is not a span that can be shown.", "Give one like 90m, 3h, 7d or 2w, up to 455d."
        )
    return span


def kind_of(typed: str) -> str:
    """A kind of activity by its word; empty: all. Raises BadInput."""
    words = [kind.value for kind in Kind]
    wanted = typed.strip().lower().replace("-", " ")
    if wanted and wanted not in words:
        close = nearest(wanted, words, 1)
        hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(words)}."
        raise BadInput(f"There is no kind of activity {typed!r}.", hint)
    return wanted
