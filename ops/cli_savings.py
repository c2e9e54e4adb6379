"""`python -m ops savings`: what scale-to-zero saved, as text, JSON or CSV, and as files to hand on."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from ops.cli_show import WIDTH, write
from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods
from ops.core import savings_aside as aside
from ops.core import savings_counted as counted
from ops.core import savings_story as story
from ops.core import savings_words as words
from ops.core.cost import Basis, cents
from ops.core.errors import BadInput
from ops.core.places import EVERYWHERE, PlaceChoice
from ops.core.savings import Saving
from ops.core.savings_files import as_days, as_json, as_lines
from ops.core.savings_report import report
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.savings_places import SavingsPlaces

WRITERS: Mapping[str, Callable[[SavingsView], str]] = MappingProxyType(
    {".csv": as_days, ".html": report, ".json": as_json}
)
"""What a file holds, by its ending; the Savings page offers the same bytes."""


def savings(
    exports: Sequence[str],
    query: Callable[[Console], SavingsQuery],
    *,
    basis: Basis,
    as_json_: bool,
    as_csv: bool,
    force: bool,
) -> int:
    """Print them, and write the files; the exit code. Raises OpsError."""
    files = [target(file, force) for file in exports]
    settings = Settings.load()
    with (
        Console.open(settings) as console,
        SavingsPlaces.of(settings, lambda: console, keep=False, alone=_one(settings)) as places,
    ):
        if basis is Basis.BILLED:
            console.check_bill()
        tell = Progress()
        view = places.now(console, query(console), tell)
        tell.done()
    for file in files:
        save(file, WRITERS[file.suffix.lower()](view))
        sys.stderr.write(f"Written: {file}\n")
    write(as_json(view) if as_json_ else as_lines(view) if as_csv else text(view))
    return 0


def split(given: Sequence[str], exports: Sequence[str]) -> tuple[str | None, list[str]]:
    """(endpoint, files) of what was typed: after --export, further words with a dot are files. Raises BadInput.

    No name of an endpoint holds a dot, so the two cannot be mixed up.
    """
    files = [each for each in given if "." in each or "/" in each]
    names = [each for each in given if each not in files]
    if files and not exports:
        raise BadInput(f"{files[0]!r} is not the name of an endpoint.", "Write files with --export FILE.")
    if len(names) > 1:
        raise BadInput("Give one endpoint, or none for all.", f"Given: {', '.join(names)}.")
    return (names[0] if names else None), [*exports, *files]


def target(file: str, force: bool) -> Path:
    """Where an export goes. Raises BadInput for what cannot be written or would overwrite something."""
    path = Path(file)
    if path.suffix.lower() not in WRITERS:
        raise BadInput(f"{file!r} has no ending that Ebb can write.", f"Choose one of {', '.join(WRITERS)}.")
    if not path.parent.is_dir():
        raise BadInput(f"There is no folder {str(path.parent)!r}.", "Make it first, or choose another.")
    if path.is_dir():
        raise BadInput(f"{file!r} is a folder.", "Give a file in it.")
    if path.exists() and not force:
        raise BadInput(f"{file!r} is there already, and stays as it is.", "Add --force to replace it.")
    return path


def _one(settings: Settings) -> bool:
    """Whether --place asks for one place alone."""
    return settings.place is not None and settings.origin("place").source == "argument"


def save(path: Path, body: str) -> None:
    """Write a file whole or not at all. Raises BadInput."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(body, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise BadInput(
            f"{str(path)!r} cannot be written: {error.strerror}.", "Choose another place."
        ) from error


class Progress:
    """How far the reading is, on stderr: one line that moves on a terminal, else a line now and again."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._said = -1

    def __call__(self, name: str, done: int, of: int) -> None:
        if self._moving:
            sys.stderr.write(f"\r\x1b[KReading {name} ({done + 1} of {of})")
            sys.stderr.flush()
        elif done * 10 // of > self._said:
            self._said = done * 10 // of
            sys.stderr.write(f"Reading endpoint {done + 1} of {of}: {name}\n")

    def done(self) -> None:
        if self._moving:
            sys.stderr.write("\r\x1b[K")


def text(view: SavingsView) -> str:
    """For people: the sentence first, then a line for each endpoint, then how it was counted."""
    first, second = story.headline(view)
    lines = textwrap.wrap(f"{first} {second}".strip(), WIDTH)
    waited = aside.waited(view.waits, ZoneInfo(view.query.period.zone))
    lines += textwrap.wrap(" ".join(s for s in (waited, *story.lead(view), aside.idle(view)) if s), WIDTH)
    lines += ["", *_table(view)] if view.rows else []
    if view.total.usd is not None:
        lines.append("")
        for name, told in (*counted.counting(view), *counted.prices(view)):
            lines += textwrap.wrap(f"{name}: {told}", WIDTH, subsequent_indent="  ")
    else:
        lines += [f"{each.name}: {each.why}" for each in view.total.left_out]
    if view.forecast is not None and aside.has_end(view):
        lines += ["", *textwrap.wrap(f"{aside.forecast(view.forecast)} {view.forecast.basis}".strip(), WIDTH)]
    lines += _besides(view)
    for problem in view.problems:
        lines += ["", f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip()]
    return "\n".join(lines)


def _besides(view: SavingsView) -> list[str]:
    """What the bill holds besides, and what real-time endpoints could save."""
    lines = []
    besides = aside.elsewhere(view)
    if besides:
        lines += ["", *textwrap.wrap(besides, WIDTH)]
    if view.candidates:
        lines += ["", *textwrap.wrap(aside.CANDIDATES, WIDTH)]
        for each in view.candidates:
            lines += textwrap.wrap(
                aside.candidate(each), WIDTH, initial_indent="  ", subsequent_indent="    "
            )
    return lines


def _table(view: SavingsView) -> list[str]:
    where = ("account", "region") if view.places else ()
    heads = ("endpoint", *where, "saved", "", "cost", "baseline", "asleep", "hours", "baseline is")
    rows = [heads, *(_cells(row) for row in view.rows if row.usd is not None)]
    left = {0, *range(1, 1 + len(where)), len(heads) - 1}
    if len(rows) == 1:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return [
        "  ".join(
            value.ljust(width) if i in left else value.rjust(width)
            for i, (value, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cells(row: Saving) -> tuple[str, ...]:
    on = row.against.instances
    money = [
        words.DASH if each is None else words.dollars(cents(each))
        for each in (row.saved, row.usd, row.baseline_usd)
    ]
    return (
        row.name,
        *(() if row.place is None else (row.place.account, row.place.region)),
        money[0],
        words.share(row.ratio),
        *money[1:],
        words.share(row.time.asleep),
        words.DASH if row.hours is None else words.hours(row.hours),
        words.DASH if on is None else f"{on.normalize():f} instance{'' if on == 1 else 's'}",
    )


def chosen(
    name: str | None,
    month: str | None,
    days: int | None,
    baseline: str,
    basis: str,
    tags: Sequence[str],
    zone: str,
    places: PlaceChoice = EVERYWHERE,
) -> Callable[[Console], SavingsQuery]:
    """What is asked, once it is known what time it is at AWS. Raises BadInput."""
    if month is not None and days is not None:
        raise BadInput("A month and a number of days cannot both be the period.", "Give one of them.")
    against, kind, wanted = baselines.parse(baseline), basis_of(basis), tuple(tag(each) for each in tags)
    info = zone_of(zone)

    def query(console: Console) -> SavingsQuery:
        now = console.fleet().as_of
        period = (
            periods.month(month, now, info)
            if month is not None
            else periods.last_days(periods.DEFAULT_DAYS if days is None else days, now, info)
        )
        return SavingsQuery(period, against, kind, None if name is None else (name,), wanted, places)

    return query


def basis_of(text: str) -> Basis:
    try:
        return Basis(text.strip().lower())
    except ValueError as error:
        raise BadInput(f"{text!r} is not a basis.", "Give estimated or billed.") from error


def tag(text: str) -> tuple[str, str]:
    found = re.match(r"^([^=]+)=(.*)$", text)
    if found is None:
        raise BadInput(f"{text!r} is not a tag.", "Write it as key=value.")
    return found[1], found[2]


def zone_of(name: str) -> str:
    """A zone that exists. Raises BadInput."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInput(f"{name!r} is not a time zone.", "Zones have names like Europe/Berlin.") from error
    return name


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `savings`."""

    @app.command("savings")
    def _savings(
        words: Annotated[
            list[str] | None,
            typer.Argument(metavar="ENDPOINT", help="One endpoint; without it, all."),
        ] = None,
        month: Annotated[str | None, typer.Option(help="A month, such as 2026-11.")] = None,
        days: Annotated[int | None, typer.Option(help="The last so many days; 30 without --month.")] = None,
        baseline: Annotated[
            str, typer.Option(help="peak, one, max, hours (or hours:7-20), or a number of instances.")
        ] = "peak",
        basis: Annotated[str, typer.Option(help="estimated or billed.")] = "estimated",
        tag: Annotated[
            list[str] | None,
            typer.Option(
                help="Endpoints with this tag alone: key=value; may be repeated: with the same key for any of its "
                "values, with other keys for endpoints that have them all."
            ),
        ] = None,
        account: Annotated[
            list[str] | None,
            typer.Option(
                help="This account alone, of those of EBB_PLACES, EBB_SAVINGS_PROFILES and this one; repeatable."
            ),
        ] = None,
        region: Annotated[
            list[str] | None, typer.Option(help="The same for a region: us-east-1; repeatable.")
        ] = None,
        zone: Annotated[str, typer.Option(help="The time zone of months and days.")] = "UTC",
        export: Annotated[
            list[str] | None,
            typer.Option(
                metavar="FILE...",
                help="Write files by their endings: .csv by day, .html to print or mail, .json.",
            ),
        ] = None,
        force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
        json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout, a line an endpoint.")] = False,
    ) -> None:
        """What scale-to-zero saved against a baseline, with how that was counted.

        `final` in JSON and CSV: of a bill, that AWS will not change it; of an estimate, that the period is over and
        all of its minutes are known. An estimate is made at the prices and settings of the day it is asked for.
        """

        def work() -> int:
            if json and csv:
                raise BadInput("stdout cannot be both JSON and CSV.", "Give --json or --csv.")
            name, files = split(words or (), export or ())
            places = PlaceChoice(tuple(dict.fromkeys(account or ())), tuple(dict.fromkeys(region or ())))
            query = chosen(name, month, days, baseline, basis, tag or (), zone, places)
            return savings(files, query, basis=basis_of(basis), as_json_=json, as_csv=csv, force=force)

        run(work, json)
