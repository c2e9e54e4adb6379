"""`python -m ops places`: every account and region of EBB_PLACES, what each needs, or why it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer

from ops import which_aws
from ops.cli_codes import FINDING, UNREAD, of_fleet
from ops.cli_show import MARK, aligned, plain, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.moments import written
from ops.core.types import Severity
from ops.core.views_places import PlaceView, headline, worst_first
from ops.places_given import PlaceGiven

Run = Callable[[Callable[[], int], bool], None]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
AT_ONCE = 8


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command("places")
    def command(json: Json = False) -> None:
        """Every account and region of EBB_PLACES. Exit code 1 when something is critical, 2 when one cannot be read."""

        def work() -> int:
            settings = Settings.load()
            given = which_aws.places_of(settings)
            if not given:
                raise BadInput(
                    "EBB_PLACES names no places.", "Set it (docs/places.md); or see `python -m ops fleet`."
                )
            found = read(settings, given)
            write(document(found) if json else text(found))
            return code(found)

        run(work, json)


def code(found: Iterable[PlaceView]) -> int:
    """As of one place: critical anywhere, else unread in part or as a whole."""
    codes = [UNREAD if place.fleet is None else of_fleet(place.fleet) for place in found]
    return FINDING if FINDING in codes else max(codes, default=0)


def read(settings: Settings, given: Sequence[PlaceGiven]) -> tuple[PlaceView, ...]:
    """All of them, several at a time, in their order. One that cannot be read hides no other."""

    def one(place: PlaceGiven) -> PlaceView:
        own = settings.model_copy(update={"place": place.name})
        try:
            with Console.open(own) as console:
                return PlaceView(place.name, place.words, place.region, console.fleet(), age_s=0.0)
        except OpsError as error:
            return PlaceView(place.name, place.words, place.region, error=error)

    with ThreadPoolExecutor(AT_ONCE, "places") as pool:
        return tuple(pool.map(one, given))


def document(found: Sequence[PlaceView]) -> str:
    """One JSON document."""
    return json.dumps(
        {"headline": headline(found), "places": [_plain(place) for place in found]},
        ensure_ascii=False,
        allow_nan=False,
    )


def _plain(place: PlaceView) -> dict[str, Any]:
    known, fleet, error = place.connection, place.fleet, place.error
    return {
        "name": place.name,
        "way": place.way,
        "connection": plain(known) if known is not None else None,
        "region": known.region if known is not None else place.region or None,
        "sentence": written(place.sentence),
        "severity": place.worst.value if place.worst is not None else None,
        "endpoints": len(fleet.rows) + len(fleet.realtime) if fleet is not None else None,
        "problems": plain(fleet.problems) if fleet is not None else [],
        "error": None
        if error is None
        else {
            "what": error.what,
            "hint": error.hint,
            "code": error.code or type(error).__name__,
            "action": error.action if isinstance(error, Denied) else None,
            "retryable": error.retryable,
        },
    }


def text(found: Sequence[PlaceView]) -> str:
    """For people: trouble first."""
    ordered = worst_first(found)
    severities = [
        Severity.WARNING if place.unread else place.worst if place.worst is not None else Severity.OK
        for place in ordered
    ]
    heads = ("", "place", "where", "endpoints", "by way of")
    rows = [
        ("✕" if place.unread else MARK[severity], place.name, place.where, place.endpoints or "–", place.way)
        for place, severity in zip(ordered, severities, strict=True)
    ]
    told = []
    for place in ordered:
        if place.needs_you:
            hint = f" {place.error.hint}" if place.error is not None else ""
            told += wrapped(f"{place.name}: {written(place.sentence)}{hint}")
    return "\n".join([headline(found), "", *aligned([heads, *rows], [None, *severities]), "", *told])
