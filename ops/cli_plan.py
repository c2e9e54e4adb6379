"""`python -m ops plan`: which policy keeps a promise at the least cost, on an endpoint's own traffic."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.cli_show import WIDTH, write
from ops.config import Settings
from ops.console import Console
from ops.core.candidate_text import from_query, machine_from_query, to_query
from ops.core.errors import BadInput
from ops.core.own_prices import rate_words
from ops.core.planner_files import as_csv, as_json
from ops.core.savings_words import DASH
from ops.core.search_ranges import KEYS, ranges
from ops.core.types import Price
from ops.core.views_planner import (
    DAYS,
    MOST_CANDIDATES,
    TTL_S,
    PlanQuery,
    PlanSaving,
    PlanView,
    Played,
    Role,
    Weighed,
)
from ops.core.words import count, percent, took
from ops.replay.advice_words import dollars
from ops.replay_options import billed_from, seconds

SHOWN = 8
"""Candidates of the front in the table."""


def plan(query: PlanQuery, *, json: bool, csv: bool) -> int:
    """Search and print; the exit code. Raises OpsError."""
    tell = Progress()
    with Console.open(Settings.load(), keep=True) as console:
        view = console.find_plan(query, tell, tell.say)
    tell.done()
    write(as_json(view) if json else as_csv(view).rstrip("\n") if csv else text(view))
    return 0


class Progress:
    """How far the search is, on stderr: one line that moves on a terminal, else a line now and again."""

    def __init__(self) -> None:
        self._moving = sys.stderr.isatty()
        self._told = -1

    def say(self, told: str) -> None:
        sys.stderr.write(f"{told}\n")

    def __call__(self, done: int, of: int) -> bool:
        step = done * 10 // of if of else 0
        if self._moving and done * 100 // max(of, 1) != self._told:
            self._told = done * 100 // max(of, 1)
            sys.stderr.write(f"\r\x1b[KReplaying: {self._told} %")
            sys.stderr.flush()
        elif not self._moving and step > self._told:
            self._told = step
            sys.stderr.write(f"Replaying: {step * 10} %\n")
        return True

    def done(self) -> None:
        if self._moving:
            sys.stderr.write("\r\x1b[K")


def text(view: PlanView) -> str:
    """For people: the sentence first, then what it rests on, then the front."""
    advice = view.advice
    lines = textwrap.wrap(advice.sentence, WIDTH)
    lines += ["", *textwrap.wrap(f"Promise: {view.promise.words}. ({view.promise.text})", WIDTH)]
    for said in (*advice.evidence, *((advice.breaks,) if advice.breaks else ()), *advice.sure):
        lines += ["", *textwrap.wrap(said, WIDTH)]
    if advice.savings:
        lines += ["", "Against (estimates a month):"]
        for each in advice.savings:
            lines += textwrap.wrap(_saving(each), WIDTH, initial_indent="  ", subsequent_indent="    ")
    lines += ["", *_table(view)]
    if advice.chosen is not None:
        lines += ["", f"Candidate: {to_query(view.played[advice.chosen].candidate)}"]
    price = view.price
    paid = () if price is None else (f"{_priced(price)}.",)
    for note in (*paid, *view.notes):
        lines += ["", *textwrap.wrap(note, WIDTH)]
    for problem in view.problems:
        lines += ["", f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip()]
    return "\n".join(lines)


def _priced(price: Price) -> str:
    usd = f"${price.usd_per_hour.normalize():f} an hour of {price.instance_type}"
    return f"Estimates at {rate_words(price)}, {usd} ({price.source}, as of {price.as_of:%d %b %Y})"


def _saving(each: PlanSaving) -> str:
    words = each.against.baseline.words
    if each.usd_month is None or each.saved_month is None:
        return f"{words}: not known ({each.against.formula})"
    if each.saved_month < 0:
        said = f"{dollars(-each.saved_month)} more"
    else:
        said = f"{dollars(each.saved_month)} less" + (
            "" if each.ratio is None else f" ({percent(each.ratio)})"
        )
    return f"{words}, {dollars(each.usd_month)}: it costs {said} ({each.against.formula})"


def _table(view: PlanView) -> list[str]:
    """Today's, the chosen one, what is cheaper, and the front of cost against the p95 wait."""
    advice = view.advice
    own = [one.number for one in view.played if one.role is Role.OWN]
    named = [n for n in (view.today, advice.chosen, advice.cheaper, *own) if n is not None]
    front = view.fronts.get(Weighed.P95.value, ())
    numbers = list(dict.fromkeys([*named, *front[:SHOWN]]))
    if not numbers:
        return []
    rows: list[tuple[str, ...]] = [("a month", "p95 wait", "late", "cold starts", "kept", "")]
    rows += [
        _cells(view.played[n], view) for n in sorted(numbers, key=lambda n: view.played[n].hours_month.mid)
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = []
    for row in rows:
        head = "  ".join(value.rjust(width) for value, width in zip(row[:5], widths, strict=True))
        lines += textwrap.wrap(
            row[5],
            max(WIDTH, len(head) + 40),
            initial_indent=f"{head}  ",
            subsequent_indent=" " * (len(head) + 2),
        ) or [head]
    more = len(front) - SHOWN
    return [*lines, *([f"and {count(more, 'candidate')} more on the front"] if more > 0 else [])]


def _cells(one: Played, view: PlanView) -> tuple[str, ...]:
    marks = [
        word
        for word, number in (
            ("today", view.today), ("advised", view.advice.chosen), ("next cheaper", view.advice.cheaper)
        )
        if number == one.number
    ] + (["yours"] if one.role is Role.OWN else [])  # fmt: skip
    over, p95 = one.over.mid, one.p95_s.mid
    return (
        f"{one.hours_month.mid:,.0f} h" if one.usd_month is None else dollars(one.usd_month.mid),
        DASH if p95 != p95 else took(p95),
        DASH if over != over else percent(over),
        f"{one.cold_starts_month.mid:,.0f}",
        f"{sum(one.fresh or one.kept)}/{len(one.fresh or one.kept)}",
        f"{one.candidate.words}" + (f"  ({', '.join(marks)})" if marks else ""),
    )


def _range(option: str, told: str, shown: str = "RANGE") -> Any:
    """An option that says what may change."""
    return typer.Option(option, metavar=shown, help=told)


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `plan`."""

    @app.command("plan")
    def _plan(
        endpoint: Annotated[str, typer.Option(help="Whose traffic is replayed.")],
        promise: Annotated[
            str,
            typer.Option(
                help='How long requests may wait: "p95<=120s mon-fri 08-18; p95<=900s", "99% within 5 min".'
            ),
        ],
        days: Annotated[int, typer.Option(help="Of traffic.")] = DAYS,
        zone: Annotated[str, typer.Option(help="The time zone of hours that are named without one.")] = "UTC",
        growth: Annotated[float, typer.Option(help="2: twice the traffic.")] = 1.0,
        max_candidates: Annotated[
            int,
            typer.Option("--max-candidates", metavar="N", help="Candidates to try at most, on each machine."),
        ] = MOST_CANDIDATES,
        sure: Annotated[
            float, typer.Option(help="In which share of the expansions the promise has to be kept.")
        ] = 1.0,
        candidate: Annotated[
            list[str] | None,
            typer.Option(help='One of your own beside them: "min=0&max=4&target=2"; may be repeated.'),
        ] = None,
        machine: Annotated[
            list[str] | None,
            typer.Option(
                help='Another instance type to search: "type=ml.g5.2xlarge&speed=1.4&slots=2"; may be repeated. speed: '
                "against today's; without usd the list price."
            ),
        ] = None,
        low: Annotated[str, _range("--min", 'Minima to search, such as "0" or "0-2".')] = "",
        high: Annotated[str, _range("--max", 'Maxima, such as "1-8" or "2, 4, 8".')] = "",
        target: Annotated[
            str, _range("--target", 'Targets, such as "0.5,1,2,5"; none: no target tracking.')
        ] = "",
        out_cooldown: Annotated[str, _range("--scale-out-cooldown", 'Seconds, such as "60,300".')] = "",
        in_cooldown: Annotated[str, _range("--scale-in-cooldown", 'Seconds, such as "60-600".')] = "",
        wake: Annotated[str, _range("--wake-policy", "With a wake policy or without.", "yes|no|either")] = "",
        warm: Annotated[str, _range("--warm", "With warm windows or without; else both.", "yes|no")] = "",
        bill_from: Annotated[
            str,
            typer.Option(help="From when an instance is billed: in-service, as Savings counts, or launch."),
        ] = "in-service",
        service_s: Annotated[
            float | None,
            typer.Option(
                "--service-s",
                help="Seconds that every request is taken to work, instead of what was measured.",
            ),
        ] = None,
        ttl_s: Annotated[
            float, typer.Option("--ttl-s", help="Seconds a request may wait before it expires; 0: for ever.")
        ] = TTL_S,
        json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
        csv: Annotated[bool, typer.Option("--csv", help="Write CSV to stdout, a line a candidate.")] = False,
    ) -> None:
        """Advise which policy keeps a promise at the least cost: every candidate is replayed on the endpoint's own
        traffic.

        --min, --max, --target, the cooldowns, --wake-policy and --warm say what may change; what is left out is chosen
        around today's policy. Everything is an estimate, at the price that
        is named; docs/planner-advice.md says how it is found.
        """

        def work() -> int:
            if json and csv:
                raise BadInput("stdout cannot be both JSON and CSV.", "Give --json or --csv.")
            own = tuple(map(from_query, candidate or ()))
            machines = tuple(map(machine_from_query, machine or ()))
            typed = dict(zip(KEYS, (low, high, target, out_cooldown, in_cooldown, wake, warm), strict=True))
            space = ranges(typed)
            query = PlanQuery(
                endpoint,
                promise,
                zone,
                days,
                max_candidates,
                growth,
                sure,
                space,
                own,
                machines,
                billed_from=billed_from(bill_from),
                ttl_s=seconds(ttl_s, "--ttl-s"),
                service_s=service_s,
            )
            return plan(query, json=json, csv=csv)

        run(work, json)
