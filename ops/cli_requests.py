"""`python -m ops submit` and `requests`: send to an endpoint, follow to the end, and the ledger of what was sent.

Exit code 0: all done (or sent, without --wait), 1: some did not end well, 2: bad usage or an AWS error, 3: refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import clock
from ops.cli_chosen import chosen, loaded, option
from ops.cli_show import plain, write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, OpsError, Unconfirmed
from ops.core.moments import moment
from ops.core.plain_text import one_line
from ops.core.request_seen import WORDS, word
from ops.core.requests import (
    CANNOT,
    MOST_PAYLOAD,
    Batch,
    RequestFilter,
    RequestState,
    Sent,
    Submission,
)
from ops.core.views_requests import Quote, RequestsView
from ops.core.words import count, took
from ops.who import actor_here

CHUNK = 1024 * 1024
LOOK_S = 2.0
LISTED = 50
SAID = 100
"""Characters of an error text on a line."""
WELL = (RequestState.DONE,)
Run = Callable[[Callable[[], int], bool], None]


def add_to(app: typer.Typer, run: Run) -> None:
    """Add both commands."""

    @app.command()
    def submit(
        name: Annotated[str, typer.Argument(help="The endpoint's name.")],
        source: Annotated[str, typer.Argument(metavar="FILE|S3-URI", help="A file, or s3://bucket/key.")],
        number: Annotated[int, typer.Option("--count", help="How many requests.")] = 1,
        rate: Annotated[str, typer.Option(help="A pace like 30/m; without it, all at once.")] = "",
        content_type: Annotated[str, typer.Option(help="What the input is.")] = "application/json",
        accept: Annotated[str, typer.Option(help="What the result should be.")] = "",
        ttl: Annotated[int, typer.Option(help="Seconds that it may wait, 60 to 21600.")] = 21_600,
        timeout: Annotated[int, typer.Option(help="Seconds that it may take, 1 to 3600.")] = 900,
        attributes: Annotated[str, typer.Option(help="Custom attributes for the container.")] = "",
        id: Annotated[str, typer.Option(help="The inference id of a single request.")] = "",
        bucket: Annotated[str, typer.Option(help="Where a file is uploaded to.")] = "",
        wait: Annotated[bool, typer.Option("--wait", help="Follow all to their end.")] = False,
        yes: Annotated[bool, typer.Option("--yes", help="Also where that wants a yes.")] = False,
        as_json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
    ) -> None:
        """Send a file or an object in S3 to an endpoint. A file goes to ebb-input/ in the bucket of its output path."""

        def work() -> int:
            settings = loaded(writes=True)
            with Console.open(settings) as console:
                actor = actor_here(settings, console.connection())
                local = not source.startswith("s3://")
                draft = "s3://to-be/uploaded" if local else source
                asked = Submission(
                    name, draft, content_type, accept, attributes, ttl, timeout, id, number, _rate(rate)
                )
                quote = console.quote(asked)
                if quote.ahead.said:
                    typer.echo(_plan(quote, chosen(settings)), err=True)
                if local:
                    if quote.confirm and not yes:
                        raise _unconfirmed(quote, chosen(settings))
                    size = _size(source)
                    uri = console.upload(
                        name,
                        Path(source).name,
                        _chunks(source),
                        actor,
                        size=size,
                        content_type=content_type,
                        bucket=bucket,
                    ).uri
                    asked = Submission(
                        name,
                        uri,
                        content_type,
                        accept,
                        attributes,
                        ttl,
                        timeout,
                        id,
                        number,
                        asked.per_minute,
                    )
                batch = console.submit(asked, actor, confirmed=yes)
                return _sent(console, batch, wait, as_json)

        run(work, as_json)

    @app.command()
    def requests(
        name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
        state: Annotated[str, typer.Option(help="Only those in these states, like failed,expired.")] = "",
        limit: Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)] = LISTED,
        as_json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
    ) -> None:
        """Requests that were sent by Ebb, the newest first. Looks once for the ends of those that are open."""

        def work() -> int:
            wanted = RequestFilter(name or "", _states(state), limit=limit)
            with Console.open(Settings.load()) as console:
                console.follow_step(everything=True)
                view = console.requests(wanted)
            write(_document(view) if as_json else _text(view, states=wanted.states))
            return 0

        run(work, as_json)


def _plan(quote: Quote, place: str) -> str:
    """What the endpoint's state means for what is sent now."""
    if quote.ahead.warns:
        doctor = f"`python -m ops doctor{option(place)}` says what to do."
        return f"Warning: {quote.ahead.said} {doctor}"
    return f"{quote.ahead.said} It comes to {quote.price}. {quote.basis.rstrip('.')}."


def _unconfirmed(quote: Quote, place: str) -> OpsError:
    return Unconfirmed(f"{quote.confirm} Nothing was sent.", f"Add --yes{option(place)} to send them.")


def _sent(console: Console, batch: Batch, wait: bool, as_json: bool) -> int:
    """Send the batch, and follow it where that is wanted; the exit code."""
    while True:
        pause = console.send_step()
        batch = console.batch(batch.id)
        if not batch.open:
            break
        clock.pause(min(LOOK_S, pause if pause is not None else LOOK_S))
    wanted = RequestFilter(batch=batch.id, limit=batch.planned)
    view = console.requests(wanted)
    while wait and any(not row.final for row in view.rows):
        console.follow_step(everything=True)
        view = console.requests(wanted)
        if any(not row.final for row in view.rows):
            clock.pause(LOOK_S)
    write(_document(view, batch) if as_json else _text(view, batch))
    bad = [row for row in view.rows if row.final and row.state not in WELL]
    return 1 if bad else 0


def _document(view: RequestsView, batch: Batch | None = None) -> str:
    found: dict[str, Any] = {
        "connection": plain(view.connection),
        "as_of": plain(view.as_of),
        "total": view.total,
        "counts": {state.value: number for state, number in view.counts.items() if number},
        "requests": [plain(row) for row in view.rows],
        "problems": plain(view.problems),
        "note": CANNOT,
    }
    if batch is not None:
        found["batch"] = plain(batch)
    return json.dumps(found, ensure_ascii=False, allow_nan=False)


def _text(view: RequestsView, batch: Batch | None = None, states: tuple[RequestState, ...] = ()) -> str:
    lines = []
    if batch is not None:
        lines.append(
            f"Batch {batch.id}: {batch.sent} of {count(batch.planned, 'request')} sent. {batch.said}".strip()
        )
    lines.append(_counted(view.counts, states) or "No request is on record.")
    shown = view.rows[:LISTED]
    width = max((len(row.endpoint) for row in shown), default=0)
    lines += [""] if shown else []
    lines += [_line(row, view, width) for row in shown]
    if view.total > len(shown):
        lines.append(f"and {view.total - len(shown)} more; --json with --limit writes them all")
    for problem in view.problems:
        lines += ["", f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip()]
    return "\n".join([*lines, "", CANNOT])


def _line(row: Sent, view: RequestsView, width: int) -> str:
    length = ""
    if row.sent is not None:
        length = took(((row.ended or view.as_of) - row.sent).total_seconds())
        length = length if row.final else f"so far {length}"
    said = row.text or row.error
    more = f"  {one_line(said, SAID)}" if said else ""
    planned = moment(row.planned, view.as_of)
    return f"{planned:<17} {row.endpoint:<{width}}  {word(row):<26} {length:>15}  {row.id}{more}"


def _counted(counts: Mapping[RequestState, int], states: tuple[RequestState, ...]) -> str:
    """How many there are of each state, or of those that are wanted: "none failed of 24"."""
    every = sum(counts.values())
    if not states or not every:
        return ", ".join(f"{number:,} {WORDS[state]}" for state, number in counts.items() if number)
    told = [
        f"{counts[state]:,} {WORDS[state]}" for state in RequestState if state in states and counts[state]
    ]
    if told:
        return f"{', '.join(told)} of {every:,}"
    wanted = " or ".join(WORDS[state] for state in RequestState if state in states)
    return f"none {wanted} of {every:,}"


def _states(typed: str) -> tuple[RequestState, ...]:
    names = {_name(state): state for state in RequestState} | {state.value: state for state in RequestState}
    try:
        return tuple(names[part.strip().replace(" ", "-")] for part in typed.split(",") if part.strip())
    except KeyError as error:
        known = ", ".join(_name(state) for state in RequestState)
        raise BadInput(f"{typed!r} names no state of a request.", f"There are {known}.") from error


def _name(state: RequestState) -> str:
    """What is typed for a state."""
    return "not-sent" if state is RequestState.STOPPED else state.value


def _rate(typed: str) -> float | None:
    """Requests per minute of "30", "30/m", "2/s" or "100/h". Raises BadInput."""
    if not typed:
        return None
    number, _, unit = typed.partition("/")
    per = {"": 1.0, "m": 1.0, "min": 1.0, "s": 60.0, "h": 1 / 60}.get(unit.strip())
    try:
        if per is None:
            raise ValueError(unit)
        return float(number) * per
    except ValueError as error:
        raise BadInput(f"{typed!r} is not a pace.", "Give one like 30/m, 2/s or 100/h.") from error


def _size(path: str) -> int:
    try:
        size = Path(path).stat().st_size
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror}).", "Give a file, or s3://bucket/key."
        ) from error
    if size > MOST_PAYLOAD:
        raise BadInput(f"{path} is larger than 1 GB.", "SageMaker takes no larger input: split it.")
    return size


def _chunks(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read ({error.strerror}).", "Give a file, or s3://bucket/key."
        ) from error
