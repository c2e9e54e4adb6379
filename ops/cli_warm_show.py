"""What `python -m ops warm NAME` shows: plans, the calendar of 14 days, what windows would have bought."""

from __future__ import annotations

from typing import Any

from ops.cli_show import plain, wrapped
from ops.core import warm_text as typed
from ops.core.bounds_ahead import following
from ops.core.cost import CostLine, cents
from ops.core.moments import written
from ops.core.views_warm import PlanView, WarmView
from ops.core.warm import zone_of
from ops.core.warm_calendar import CalendarDay, Cell
from ops.core.warm_names import spoken
from ops.core.warm_value import sentences
from ops.core.words import count

_LISTED = 20
_MOST_OF_IT = 0.5
"""Share of an hour from which on its largest minimum stands for all of it."""


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
    if view.note:
        lines += wrapped(f"▲ {written(view.note, zone)}")
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
        lines += [
            "",
            f"Minimum per hour, {zone.key}   ·· over   z 0 (may sleep)   <1 less than half of the hour",
        ]
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
    cells = " ".join(map(_cell, day.cells))
    note = f"  {day.hours:g} hours: the clocks change" if day.clocks_change else ""
    return f"{day.day:%a %d %b}  {cells}{_money(day.cost) if day.instance_hours else ''}{note}"


def _cell(cell: Cell) -> str:
    if cell.minimum is None:
        return "··"
    if cell.minimum == 0:
        return " z"
    return f"{'' if cell.share >= _MOST_OF_IT else '<'}{min(cell.minimum, 99)}".rjust(2)


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
        "note": written(view.note) or None,
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
