"""`python -m ops warm`: keep an endpoint warm until a time or in windows of the week; without options, what holds.

Exit codes as in `ops.cli_change`: 0 applied, planned or shown; 2 bad usage or an AWS error; 3 refused.
"""

from __future__ import annotations

import json as jsons
from collections.abc import Callable
from typing import Annotated

import typer

from ops.cli_change import Confirm, Json, Text, Why, Yes, carry_out
from ops.cli_chosen import chosen, loaded, option
from ops.cli_show import write
from ops.cli_warm_show import view_json, view_text
from ops.config import Settings
from ops.console import Console
from ops.core import warm_text as typed
from ops.core.change import ChangePlan
from ops.core.errors import BadInput
from ops.core.fix_texts import Language
from ops.core.warm import WarmPlan, WarmWindow, zone_of
from ops.warming import WarmWish
from ops.who import actor_here


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `warm`."""

    @app.command()
    def warm(
        name: Annotated[str, typer.Argument(help="The endpoint's name.")],
        span: Annotated[
            str, typer.Option("--for", help="Keep it warm from now on for so long: 2h, 90m.")
        ] = "",
        until: Annotated[
            str, typer.Option("--until", help="Keep it warm until then: 18:00, or 2026-11-27 18:00.")
        ] = "",
        weekdays: Annotated[
            str, typer.Option(help="Days of a weekly window: mon-fri, or mon,wed,sat-sun.")
        ] = "",
        begin: Annotated[str, typer.Option("--from", help="When the window begins: 08:00.")] = "",
        end: Annotated[
            str, typer.Option("--to", help="When it ends: 18:00; not after --from means the next day.")
        ] = "",
        tz: Annotated[
            str, typer.Option("--tz", help="IANA time zone of all times; UTC where none is given.")
        ] = "",
        holidays: Annotated[
            str, typer.Option(help="Closed on the public holidays of a country or its part: DE, DE-BY.")
        ] = "",
        off_dates: Annotated[
            str, typer.Option("--off-dates", help="Own days off: 2026-12-24, 2026-12-28..2026-12-31.")
        ] = "",
        last_day: Annotated[
            str, typer.Option("--last-day", help="The last day on which a window begins.")
        ] = "",
        floor: Annotated[str, typer.Option(help="At least so many instances; none for no floor.")] = "1",
        ceiling: Annotated[str, typer.Option(help="At most so many instances.")] = "",
        early: Annotated[
            str, typer.Option(help="Open so much before the window: 5m, or auto for the measured cold start.")
        ] = "auto",
        plan: Annotated[
            str, typer.Option("--plan", help="The number of the plan to change, pause or remove.")
        ] = "",
        pause: Annotated[bool, typer.Option("--pause", help="Pause a plan; it is remembered.")] = False,
        resume: Annotated[bool, typer.Option("--resume", help="Take a paused plan up again.")] = False,
        off: Annotated[
            bool, typer.Option("--off", help="End all that keeps it warm, or remove one --plan.")
        ] = False,
        clean: Annotated[
            bool, typer.Option("--clean", help="Delete Ebb's scheduled actions that will not run again.")
        ] = False,
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Keep an endpoint warm for a time or in windows of the week; without options, show what holds."""

        def work() -> int:
            windows = bool(weekdays or begin or end)
            asked = [bool(span), bool(until), windows, pause, resume, off, clean]
            if sum(asked) > 1:
                raise BadInput(
                    "These options ask for different things at once.",
                    "Give one of --for, --until, --weekdays with --from and --to, --pause, --resume, --off, --clean.",
                )
            zone = typed.zone(tz or "UTC")
            settings = loaded(writes=yes and any(asked))
            with Console.open(settings) as console:
                if not any(asked):
                    view = console.warm(name, zone)
                    write(jsons.dumps(view_json(view)) if json else view_text(view))
                    return 0
                if windows:
                    wish = _wish(
                        console,
                        name,
                        weekdays,
                        begin,
                        end,
                        tz,
                        holidays,
                        off_dates,
                        last_day,
                        floor,
                        ceiling,
                        early,
                    )
                    made = console.plan_warm(
                        name, wish, typed.number(plan, "number of a plan") if plan else None
                    )
                elif span:
                    made = console.plan_keep_warm(name, span=typed.duration(span), floor=_count(floor))
                elif until:
                    now = console.warm_now(name)
                    made = console.plan_keep_warm(
                        name, until=typed.moment(until, now, zone), floor=_count(floor)
                    )
                elif (
                    off
                    and plan
                    and (number := typed.number(plan, "number of a plan")) in _only_paused(console, name)
                ):
                    return _forget(console, settings, name, number, yes=yes, as_json=json)
                else:
                    made = _other(console, name, plan, pause=pause, resume=resume, off=off)
                return carry_out(
                    console, settings, made, yes=yes, confirm=confirm, why=why, as_json=json, text=text
                )[0]

        run(work, json)


def _other(console: Console, name: str, plan: str, *, pause: bool, resume: bool, off: bool) -> ChangePlan:
    if off:
        return (
            console.plan_warm_removed(name, typed.number(plan, "number of a plan"))
            if plan
            else (console.plan_warm_off(name))
        )
    if pause:
        return console.plan_warm_paused(name, _one(plan, console.running_plans(name), "runs"))
    if resume:
        return console.plan_warm_resumed(name, _one(plan, console.paused_plans(name), "is paused"))
    return console.plan_warm_clean(name)


def _only_paused(console: Console, name: str) -> set[int]:
    return {p.id for p in console.paused_plans(name)} - {p.id for p in console.running_plans(name)}


def _forget(console: Console, settings: Settings, name: str, number: int, *, yes: bool, as_json: bool) -> int:
    """Forget a plan that is paused: no change of AWS, so nothing for the gate."""
    applied = yes and console.forget_warm(name, number, actor_here(settings, console.connection()))
    if as_json:
        write(jsons.dumps({"applied": applied, "endpoint": name, "forgotten": number if applied else None}))
    elif applied:
        write(f"The paused warm plan {number} of {name} is forgotten. Nothing changed in AWS.")
    else:
        write(
            f"Forget the paused warm plan {number} of {name}. Nothing changes in AWS.\n"
            f"Nothing was forgotten. To do it, repeat the command with --yes{option(chosen(settings))}."
        )
    return 0


def _one(given: str, plans: tuple[WarmPlan, ...], what: str) -> int:
    """The plan that is meant: the one given, or the only one."""
    if given:
        return typed.number(given, "number of a plan")
    if not plans:
        raise BadInput(f"No warm plan {what}.", "Show what there is: python -m ops warm NAME.")
    if len(plans) > 1:
        numbers = ", ".join(str(p.id) for p in plans)
        raise BadInput(f"Several plans could be meant: {numbers}.", "Say which with --plan.")
    return plans[0].id


def _wish(
    console: Console,
    name: str,
    weekdays: str,
    begin: str,
    end: str,
    tz: str,
    holidays: str,
    off_dates: str,
    last_day: str,
    floor: str,
    ceiling: str,
    early: str,
) -> WarmWish:
    missing = [
        o
        for o, given in (("--weekdays", weekdays), ("--from", begin), ("--to", end), ("--tz", tz))
        if not given
    ]
    if missing:
        raise BadInput(
            f"A weekly window needs {' and '.join(missing)} too.",
            "For example: --weekdays mon-fri --from 08:00 --to 18:00 --tz Europe/Berlin",
        )
    window = WarmWindow(typed.weekdays(weekdays), typed.clock(begin), typed.clock(end))
    least = None if floor.strip().lower() == "none" else _count(floor)
    zone_of(tz.strip())
    wish = WarmWish(
        (window,),
        tz.strip(),
        least,
        typed.number(ceiling, "ceiling") if ceiling else None,
        0,
        typed.holidays(holidays),
        typed.dates(off_dates),
        typed.day(last_day) if last_day else None,
    )
    if least is None:
        return wish
    if early.strip().lower() == "auto":
        minutes = console.lead(name).minutes
    elif early.strip() in ("0", "0m"):
        minutes = 0
    else:
        minutes = round(typed.duration(early).total_seconds() / 60)
    return WarmWish(
        wish.windows, wish.zone, least, wish.ceiling, minutes, wish.holidays, wish.off, wish.until
    )


def _count(text: str) -> int:
    return typed.number(text, "number of instances")
