"""`python -m ops usage`: what Ebb itself asked of AWS this month, by operation, and what that costs at list price.

It is what the console on this machine has counted and kept; commands are not counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

import typer

from ops import which_aws
from ops.cli_show import aligned, plain, where, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import OpsError
from ops.core.own_budget import decide
from ops.core.own_spending import NOT_COUNTED, Spending, hours_left, lines, loaded, sentence
from ops.core.types import Connection
from ops.core.words import about_usd
from ops.own_spending import KEY

Run = Callable[[Callable[[], int], bool], None]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
FINDING = 1


def add_to(app: typer.Typer, run: Run) -> None:
    """The command. `run` does its work and leaves with its exit code."""

    @app.command("usage")
    def command(json: Json = False) -> None:
        """What Ebb itself asked of AWS this month, and its price. Exit code 1 when its own budget will be exceeded."""

        def work() -> int:
            settings = Settings.load()
            budget = settings.own_budget_usd
            if budget is not None:  # each account and region has an equal share
                budget /= max(1, len(which_aws.places_of(settings)))
            with Console.open(settings, keep=True) as console:
                connection, found = console.connection(), _kept(console, budget)
            write(document(connection, found) if json else text(connection, found))
            return FINDING if found is not None and _exceeds(found) else 0

        run(work, json)


def _exceeds(found: Spending) -> bool:
    """By the month's end, or already."""
    ahead = found.projected
    return found.budget is not None and max(found.counted.usd, ahead or Decimal(0)) > found.budget


def _kept(console: Console, budget: Decimal | None) -> Spending | None:
    """What the console counted; None: nothing. Raises OpsError where it cannot be told."""
    told = console.recall(KEY)
    if told is None:
        problem = console.history_problem
        raise OpsError("What was counted cannot be read now.", problem.hint if problem is not None else "")
    counted = loaded(told)
    if counted is None:
        return None
    slowing = decide(budget, counted.usd, counted.rate, hours_left(counted.until))
    return Spending(counted, slowing, budget, kept=True)


def document(connection: Connection, found: Spending | None) -> str:
    """One JSON document. Dollars are texts, exact; "estimate" says what they are."""
    said: dict[str, Any] = {"connection": plain(connection), "estimate": True, "counted": found is not None}
    if found is not None:
        counted, rate = found.counted, found.counted.rate
        said |= {
            "since": plain(counted.since),
            "until": plain(counted.until),
            "hours": counted.hours,
            "usd": str(counted.usd),
            "usd_per_hour": rate.per_hour,
            "projected_usd": _text(found.projected),
            "budget_usd": _text(found.budget),
            "stretch": found.slowing.stretch,
            "why": found.slowing.why.value,
            "sentence": sentence(found),
            "operations": [
                {
                    "call": each.name,
                    "calls": each.calls,
                    "calls_per_hour": each.per_hour,
                    "metrics": each.metrics,
                    "usd": _text(each.usd),
                }
                for each in lines(counted)
            ],
        }
    return json.dumps(said, ensure_ascii=False, allow_nan=False)


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def text(connection: Connection, found: Spending | None) -> str:
    """For people."""
    if found is None:
        said = "Nothing is counted yet. The console counts while it runs: start it with make run."
        return "\n".join(wrapped(said))
    counted = found.counted
    rows = [
        (
            each.name,
            f"{each.calls:,}",
            "–" if each.per_hour is None else f"{each.per_hour:,.1f}",
            "–" if each.metrics is None else f"{each.metrics:,}",
            "not counted" if each.usd is None else about_usd(each.usd) if each.usd else "free",
        )
        for each in lines(counted)
    ]
    heads = ("operation", "calls", "an hour", "metrics", "at list price")
    since = f"Counted since {counted.since:%Y-%m-%d %H:%M} UTC by the console, for {counted.hours:.1f} hours."
    return "\n".join(
        [
            where(connection, counted.until),
            "",
            *wrapped(sentence(found)),
            *wrapped(since),
            "",
            *aligned([heads, *rows], (), (1, 2, 3)),
            "",
            *wrapped(NOT_COUNTED),
        ]
    )
