"""`python -m ops`: the command line. The same façade as the pages.

With `--json` stdout is exactly one JSON document; everything else goes to stderr. Exit code 0: fine,
1: a finding (something is critical), 2: bad usage, an AWS error, or a part that could not be read, 3: refused.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from typer.exceptions import TyperException

from ops import (
    cli_activity,
    cli_bill,
    cli_change,
    cli_codes,
    cli_cold,
    cli_deploy,
    cli_doctor,
    cli_failures,
    cli_incident,
    cli_life,
    cli_move,
    cli_places,
    cli_plan,
    cli_policy,
    cli_preflight,
    cli_replay,
    cli_requests,
    cli_savings,
    cli_show,
    cli_usage,
    cli_warm,
    config,
    which_aws,
)
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, OpsError
from ops.core.fix_texts import Language
from ops.core.incident import text
from ops.core.window import span_of_hours

app = typer.Typer(
    name="ops",
    help="Operations console for SageMaker asynchronous endpoints that scale to zero.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]


@app.callback()
def everywhere(
    place: Annotated[
        str,
        typer.Option(
            help="Which of EBB_PLACES is asked; else EBB_PLACE, else the first. Any command takes it."
        ),
    ] = "",
) -> None:
    """What holds for every command; `main` has taken the place out of what was typed by now."""


@app.command()
def fleet(json: Json = False) -> None:
    """Every endpoint with its state, trouble first. Exit code 1 when something is critical."""

    def work() -> int:
        with Console.open(Settings.load()) as console:
            view = console.fleet()
        cli_show.write(cli_show.fleet_json(view) if json else cli_show.fleet_text(view))
        return cli_codes.of_fleet(view)

    _run(work, json)


@app.command()
def endpoint(
    name: Annotated[str, typer.Argument(help="The endpoint's name.")],
    hours: Annotated[str, typer.Option(help="How far back, in hours.")] = "3",
    json: Json = False,
) -> None:
    """One endpoint: its state and why, numbers, scaling, alarms. Exit code 1 when its state is critical."""

    def work() -> int:
        span = span_of_hours(_number(hours))
        with Console.open(Settings.load()) as console:
            view = console.endpoint(name, span)
        cli_show.write(cli_show.endpoint_json(view) if json else cli_show.endpoint_text(view))
        return cli_codes.verdict([view.row.verdict.severity], view.problems)

    _run(work, json)


@app.command("cold-starts")
def cold_starts(
    name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
    days: Annotated[str, typer.Option(help="How far back, in days.")] = "7",
    json: Json = False,
) -> None:
    """Every cold start: how long it took, whom it kept waiting, and how that compares with the usual."""
    _run(lambda: cli_cold.cold_starts(name, days, json), json)


@app.command()
def incident(
    name: Annotated[str, typer.Argument(help="The endpoint's name.")],
    json: Json = False,
) -> None:
    """An incident summary as Markdown, to hand over. Exit code 1 when the endpoint's state is critical."""

    def work() -> int:
        settings = Settings.load()
        with Console.open(settings) as console:
            found = console.incident(name, everything=True)
        given = which_aws.place_of(settings)
        link = cli_incident.link(found, settings.url, given.name if given is not None else "")
        cli_show.write(cli_incident.document(found, link) if json else text(found, link=link))
        return cli_codes.verdict([found.view.row.verdict.severity], found.view.problems)

    _run(work, json)


@app.command()
def doctor(
    name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
    text: cli_change.Text = Language.CLI,
    json: Json = False,
) -> None:
    """What is wrong, why it matters, and the fix, ready to run. Exit code 1 when a finding is critical."""
    _run(lambda: cli_doctor.doctor(name, json, text), json)


@app.command(
    "local-aws",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
def local_aws(context: typer.Context) -> None:
    """Run the embedded AWS until SIGTERM (its own options: local-aws --help)."""
    from ops.local_aws.__main__ import main  # loads the whole embedded AWS: only here

    raise typer.Exit(main(context.args))


cli_activity.add_to(app, lambda work, json: _run(work, json))
cli_bill.add_to(app, lambda work, json: _run(work, json))
cli_change.add_to(app, lambda work, json: _run(work, json))
cli_deploy.add_to(app, lambda work, json: _run(work, json))
cli_life.add_to(app, lambda work, json: _run(work, json))
cli_move.add_to(app, lambda work, json: _run(work, json))
cli_warm.add_to(app, lambda work, json: _run(work, json))
cli_failures.add_to(app, lambda work, json: _run(work, json), lambda hours: span_of_hours(_number(hours)))
cli_requests.add_to(app, lambda work, json: _run(work, json))
cli_places.add_to(app, lambda work, json: _run(work, json))
cli_plan.add_to(app, lambda work, json: _run(work, json))
cli_policy.add_to(app, lambda work, json: _run(work, json))
cli_preflight.add_to(app, lambda work, json: _run(work, json))
cli_replay.add_to(app, lambda work, json: _run(work, json))
cli_savings.add_to(app, lambda work, json: _run(work, json))
cli_usage.add_to(app, lambda work, json: _run(work, json))


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    given = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    try:
        given, chosen = _without_place(given)
        with config.given(**chosen):
            code = app(given, prog_name="python -m ops", standalone_mode=False)
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        return 130
    except BadInput as error:
        cli_show.fail(error, "--json" in given)
        return error.exit_code
    except TyperException as error:
        wrong = BadInput(_sentence(error.format_message() or str(error)), "See python -m ops --help.")
        cli_show.fail(wrong, "--json" in given)
        return wrong.exit_code
    return int(code or 0)


def _without_place(given: list[str]) -> tuple[list[str], dict[str, str]]:
    """What was typed without --place, wherever it stood, and what it says as a setting. Raises BadInput."""
    rest: list[str] = []
    found: list[str] = []
    words = iter(given)
    for word in words:
        if word in ("--", "local-aws"):  # what follows is not for this command line
            rest += [word, *words]
        elif word == "--place" or word.startswith("--place="):
            found.append(word.partition("=")[2] if "=" in word else next(words, ""))
        else:
            rest.append(word)
    if len(set(found)) > 1:
        raise BadInput("--place is given more than once.", "Commands ask one place; `places` asks all.")
    if found and (not found[0] or found[0].startswith("-")):
        raise BadInput("--place names no place.", "See `python -m ops places`.")
    return rest, {"place": found[0]} if found else {}


def _run(work: Callable[[], int], json: bool) -> None:
    """Do the work of one command and leave with its exit code; an OpsError becomes a sentence."""
    try:
        code = work()
    except OpsError as error:
        cli_show.fail(error, json)
        code = error.exit_code
    raise typer.Exit(code)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a number of hours.", "Give a number above 0, such as 3.") from error


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


if __name__ == "__main__":
    sys.exit(main())
