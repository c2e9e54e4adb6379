"""`python -m ops warm`: keep an endpoint warm until a time or in windows of the week; without options, what holds.

Exit codes as in `ops.cli_change`: 0 applied, planned or shown; 2 bad usage or an AWS error; 3 refused.
"""

from __future__ import annotations

import json as jsons
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.cli_change import Confirm, Json, Why, Yes, carry_out
from ops.cli_show import plain, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core import warm_text as typed
from ops.core.bounds_ahead import following
from ops.core.change import ChangePlan
from ops.core.cost import CostLine, cents
from ops.core.errors import BadInput
from ops.core.views_warm import PlanView, WarmView
from ops.core.warm import WarmPlan, WarmWindow, zone_of
from ops.core.warm_calendar import CalendarDay
from ops.core.warm_names import spoken
from ops.core.warm_value import sentences
from ops.core.words import count
from ops.warming import WarmWish

_LISTED = 20


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
            settings = Settings.load()
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
                else:
                    made = _other(console, name, plan, pause=pause, resume=resume, off=off)
                return carry_out(console, settings, made, yes=yes, confirm=confirm, why=why, as_json=json)[0]

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


# --- what holds ---


def view_text(view: WarmView) -> str:
    """What holds, and the calendar, for people."""
    zone = zone_of(view.calendar.zone if view.calendar is not None else "UTC")
    target = view.setup.target
    held = f"bounds {target.bounds.min}–{target.bounds.max}" if target is not None else "not registered"
    lines = [f"{view.ref.name}: {held}, as of {view.as_of.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}", ""]
    if view.keep is not None and view.keep.until is not None:
        lines += wrapped(
            f"Kept warm with {view.keep.name.floor} until {view.keep.until.astimezone(zone):%a %Y-%m-%d %H:%M}."
        )
    for plan in view.plans:
        lines += _plan_lines(plan)
    if not view.plans and view.keep is None:
        lines += wrapped(
            "Ebb keeps nothing warm here. To begin: --for 2h, or --weekdays mon-fri --from 08:00 ..."
        )
    lines += wrapped(f"A window should open {view.lead.minutes} min early: {view.lead.basis}.")
    for action in view.foreign[:_LISTED]:
        following_run = following(action, view.as_of)
        when = f", next {following_run.astimezone(zone):%a %d %b %H:%M}" if following_run is not None else ""
        lines += wrapped(f"Not Ebb's: {action.name} {action.schedule} {action.timezone}{when}")
    if view.spent:
        lines += wrapped(
            f"{count(len(view.spent), 'scheduled action')} of Ebb's will not run again: --clean deletes them."
        )
    for problem in view.problems:
        lines += wrapped(f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip())
    if view.calendar is not None:
        lines += ["", f"Minimum per hour, {zone.key}   ·· over   z 0 (may sleep)"]
        lines += [f"{'':11}{' '.join(f'{h:02d}' for h in range(24))}"]
        lines += [_day_line(day) for day in view.calendar.days]
        total = (
            f"{view.calendar.instance_hours:,.1f} instance-hours of minimum in {len(view.calendar.days)} days"
        )
        lines += ["", *wrapped(f"{total}{_money(view.calendar.cost)}. Work costs more.")]
        lines += [text for note in view.calendar.ahead.unread for text in wrapped(note)]
    return "\n".join(lines)


def _plan_lines(view: PlanView) -> list[str]:
    state = "paused" if view.paused else "open now" if view.open_now else "closed now"
    lines = wrapped(f"Plan {view.plan.id} ({state}): {view.text}.")
    for fault in view.faults:
        lines += wrapped(f"▲ {fault}", "  ")
    if view.bought is not None:
        lines += wrapped(" ".join(sentences(view.bought)), "  ")
    return lines


def _day_line(day: CalendarDay) -> str:
    cells = " ".join(
        "··" if c.minimum is None else " z" if c.minimum == 0 else f"{min(c.minimum, 99):2d}"
        for c in day.cells
    )
    note = f"  {day.hours:g} hours: the clocks change" if day.clocks_change else ""
    return f"{day.day:%a %d %b}  {cells}{_money(day.cost) if day.instance_hours else ''}{note}"


def _money(line: CostLine | None) -> str:
    return "" if line is None else f"  about ${cents(line.usd):,}, estimate at list price"


def view_json(view: WarmView) -> dict[str, Any]:
    """What holds, for scripts: times ISO 8601 in UTC, null = not known."""
    calendar = view.calendar
    return {
        "endpoint": view.ref.name,
        "as_of": plain(view.as_of),
        "min": view.setup.target.bounds.min if view.setup.target else None,
        "max": view.setup.target.bounds.max if view.setup.target else None,
        "keep": None
        if view.keep is None
        else {"until": plain(view.keep.until), "floor": view.keep.name.floor},
        "plans": [_plan_json(p) for p in view.plans],
        "foreign": [plain(a) for a in view.foreign],
        "spent": [a.name for a in view.spent],
        "lead_minutes": view.lead.minutes,
        "calendar": None
        if calendar is None
        else {
            "zone": calendar.zone,
            "instance_hours": float(calendar.instance_hours),
            "usd_estimated": _usd(calendar.cost),
            "days": [_day_json(day) for day in calendar.days],
            "notes": list(calendar.ahead.unread),
        },
        "problems": plain(view.problems),
    }


def _plan_json(view: PlanView) -> dict[str, Any]:
    plan, past = view.plan, view.bought
    return {
        "id": plan.id,
        "paused": view.paused,
        "open_now": view.open_now,
        "windows": [
            {
                "weekdays": [typed.DAYS[d] for d in sorted(w.weekdays)],
                "from": f"{w.start:%H:%M}",
                "to": f"{w.end:%H:%M}",
            }
            for w in plan.windows
        ],
        "zone": plan.zone,
        "floor": plan.floor,
        "ceiling": plan.ceiling,
        "early_minutes": plan.early,
        "holidays": plan.holidays or None,
        "off_dates": sorted(d.isoformat() for d in plan.off),
        "last_day": plan.until.isoformat() if plan.until is not None else None,
        "faults": list(view.faults),
        "last_30_days": None
        if past is None
        else {
            "cold_starts": past.starts,
            "met": len(past.met),
            "shortened": len(past.late),
            "extra_instance_hours": round(past.extra_hours, 2),
            "unknown_instance_hours": round(past.unknown_hours, 2),
            "usd_estimated": _usd(past.cost),
        },
    }


def _day_json(day: CalendarDay) -> dict[str, Any]:
    return {
        "day": day.day.isoformat(),
        "hours": day.hours,
        "instance_hours": float(day.instance_hours),
        "usd_estimated": _usd(day.cost),
        "minimum": [c.minimum for c in day.cells],
        "runs": [
            {"at": plain(r.at), "action": r.action.name, "of": spoken(r.action.name), "failed": r.failed}
            for c in day.cells
            for r in c.runs
        ],
    }


def _usd(line: CostLine | None) -> float | None:
    return None if line is None else float(cents(line.usd))
