"""`python -m ops failures` and `python -m ops logs`: why requests failed, for terminals and scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from ops import cli_codes
from ops.cli_show import plain, write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import UnknownEndpoint
from ops.core.failures import MEANINGS, Cause
from ops.core.log_lines import FailedRequest
from ops.core.moments import moment, written
from ops.core.names import log_group, nearest
from ops.core.plain_text import one_line, visible
from ops.core.types import Problem
from ops.core.views_failures import FailedRequests, FailuresView, LogQuery, LogSearch, Streams, failures_of
from ops.core.words import duration

MOST_LINES = 1000
Run = Callable[[Callable[[], int], bool], None]
Name = Annotated[str, typer.Argument(help="The endpoint's name.")]
Hours = Annotated[str, typer.Option(help="How far back, in hours.")]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
Search = Annotated[str, typer.Option(help="Only lines that hold this text, letter by letter.")]


def add_to(app: typer.Typer, run: Run, span_of: Callable[[str], timedelta]) -> None:
    """Both commands. `run` does the work of one and leaves with its exit code."""

    @app.command()
    def failures(name: Name, hours: Hours = "3", json: Json = False) -> None:
        """Failures by cause and the failed requests in the log. Exit code 1 while the endpoint fails critically."""

        def work() -> int:
            span = span_of(hours)
            with Console.open(Settings.load()) as console:
                whole = console.endpoint(name, span)
                found = console.failed_requests(name, span)
            view = failures_of(whole)
            write(failures_json(view, found) if json else failures_text(view, found))
            return cli_codes.verdict([whole.row.verdict.severity], whole.problems)

        run(work, json)

    @app.command()
    def logs(name: Name, hours: Hours = "3", search: Search = "", json: Json = False) -> None:
        """The newest log lines of an endpoint, oldest of them first, and what was not searched for them."""

        def work() -> int:
            query = LogQuery(span_of(hours), search, Streams.ALL, MOST_LINES)
            with Console.open(Settings.load()) as console:
                found = console.logs(name, query)
                if found.missing:
                    _insist(console, name)
            write(logs_json(name, found) if json else logs_text(name, found, search))
            return 0

        run(work, json)


def _insist(console: Console, name: str) -> None:
    """Without a log group the name may be wrong. Raises UnknownEndpoint."""
    if name not in console.names():
        raise UnknownEndpoint(name, nearest(name, console.names()))


def failures_json(view: FailuresView, found: FailedRequests) -> str:
    split = view.split
    document = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "name": view.endpoint.ref.name,
        "sentence": written(view.sentence),
        "window": plain(split.window),
        "failed": split.failed,
        "finished": split.finished,
        "since_deploy": plain(split.since_deploy),
        "causes": {
            cause.value: {"total": split.totals[cause], "values": plain(split.steps[cause])}
            for cause in Cause
        },
        "requests": [_request(request) for request in found.requests],
        "searched": _searched(found.search),
        "problems": plain((*view.problems, *found.problems)),
        "notes": list(view.notes),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def logs_json(name: str, found: LogSearch) -> str:
    lines = [{"at": plain(x.at), "stream": x.stream, "message": x.message} for x in reversed(found.lines)]
    document = {"name": name, "log_group": log_group(name), "lines": lines, "searched": _searched(found)}
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _request(request: FailedRequest) -> dict[str, Any]:
    return {
        "at": plain(request.at),
        "inference_id": request.inference_id,
        "status": request.status,
        "cause": request.cause.value,
        "message": request.message,
        "stream": request.stream,
    }


def _searched(found: LogSearch) -> dict[str, Any]:
    return {
        "from": plain(found.start),
        "to": plain(found.end),
        "complete": found.complete,
        "missing": found.missing,
        "not_searched": [{"from": plain(a), "to": plain(b)} for a, b in found.unsearched],
        "why": found.why,
    }


def failures_text(view: FailuresView, found: FailedRequests) -> str:
    split = view.split
    lines = [f"{view.endpoint.ref.name}: {written(view.sentence)}"]
    for cause in (*split.some, *split.unknown):
        number, meaning = split.totals[cause], MEANINGS[cause]
        said = "not known" if number is None else f"{number:,.0f}"
        lines += ["", f"{said:>9}  {meaning.many}: {meaning.what}", f"{'':>9}  {meaning.first}"]
    if found.requests:
        lines += ["", "Failed requests in the log, newest first:"]
    for request in found.requests[:20]:
        status = f" ({request.status})" if request.status else ""
        lines.append(
            f"  {moment(request.at, view.as_of)}  {request.inference_id}  "
            f"{MEANINGS[request.cause].name}{'' if '(' in MEANINGS[request.cause].name else status}"
        )
        lines.append(f"      {one_line(request.message, 90)}")
    if len(found.requests) > 20:
        lines.append(f"  and {len(found.requests) - 20} more (--json has them)")
    lines += _not_searched(found.search, view.endpoint.ref.name, view.as_of)
    lines += [f"\n{note}" for note in view.notes]
    return "\n".join([*lines, *_problems((*view.problems, *found.problems))])


def logs_text(name: str, found: LogSearch, search: str) -> str:
    lines = [
        f"{x.at:%Y-%m-%d %H:%M:%S}  {x.stream}  {visible(x.message).rstrip()}" for x in reversed(found.lines)
    ]
    if not lines and not found.missing:
        what = f" that holds “{search}”" if search else ""
        lines = [f"No line{what} in the last {duration((found.end - found.start).total_seconds())}."]
    return "\n".join([*lines, *_not_searched(found, name, found.end)])


def _not_searched(found: LogSearch, name: str, now: datetime) -> list[str]:
    if found.missing:
        return [
            "",
            f"There is no log group {log_group(name)}: no instance of it ever wrote, or it was deleted.",
        ]
    if not found.unsearched:
        return []
    spans = ", ".join(f"{moment(a, now)} to {moment(b, now)}" for a, b in found.unsearched)
    return ["", f"Not searched: {spans}, because {found.why}."]


def _problems(problems: tuple[Problem, ...]) -> list[str]:
    return [f"\nNot shown: {p.part}: {p.what} {p.hint}".rstrip() for p in problems]
