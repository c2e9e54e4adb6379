"""Changes on the command line: the plan printed, `--yes` to apply it, and what became of it.

Exit code 0: applied, nothing to change, or only planned; 2: bad usage, or AWS refused a call; 3: refused by Ebb
(role, read-only, the confirmation, or changed meanwhile).
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer

from ops.cli_chosen import chosen, insist, loaded, option, where, where_json
from ops.cli_doctor import call_json, others
from ops.cli_show import plain, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core import withheld
from ops.core.change import ChangePlan, CostEffect, Entry, Outcome, Receipt
from ops.core.change_words import label, line, shown
from ops.core.deploy_form import environment
from ops.core.errors import BadInput
from ops.core.fix_calls import calls
from ops.core.fix_texts import LABELS, Language, of_plan
from ops.core.fixes import Calls
from ops.core.moments import written
from ops.core.setup import BOUNDS, SUSPENDED, Difference, parts
from ops.core.types import Severity
from ops.who import actor_here

Yes = Annotated[bool, typer.Option("--yes", help="Apply the plan; without it, it is only shown.")]
Confirm = Annotated[
    str,
    typer.Option("--confirm", help="The endpoint's name, where the plan says that it can hurt production."),
]
Why = Annotated[str, typer.Option("--why", help="Why, for the journal.")]
Text = Annotated[Language, typer.Option("--text", help="The language in which the plan's calls are shown.")]
Json = Annotated[bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")]
_MARK = {Severity.CRITICAL: "▲", Severity.WARNING: "▲", Severity.INFO: "·", Severity.OK: "✓"}
FAILED = 2


def carry_out(
    console: Console,
    settings: Settings,
    plan: ChangePlan,
    *,
    yes: bool,
    confirm: str,
    why: str,
    as_json: bool,
    text: Language = Language.CLI,
) -> tuple[int, Receipt | None]:
    """Show a plan and, with `yes`, apply it; the exit code, and the receipt where it was tried. Raises OpsError."""
    place = chosen(settings)
    if not yes or plan.empty:
        write(json.dumps(document(plan, None, place)) if as_json else plan_text(plan, text, place=place))
        return 0, None
    insist(settings)
    if not as_json:
        write(plan_text(plan, text, asks=False, place=place))
    console.reconcile()
    receipt = console.apply(plan, actor_here(settings, console.connection()), why, confirm)
    write(json.dumps(document(plan, receipt, place)) if as_json else receipt_text(receipt, place))
    return (0 if receipt.entry.outcome is Outcome.DONE and not receipt.missing else FAILED), receipt


def plan_text(plan: ChangePlan, text: Language = Language.CLI, *, asks: bool = True, place: str = "") -> str:
    """What a plan does and where, for people; its calls in one language. `place`: of several, the one it is for."""
    lines = ["", *wrapped(plan.title), *wrapped(where(plan.ref, place))]
    if plan.empty:
        return "\n".join([*lines, *wrapped("It is like this already: there is nothing to change.", "  ")])
    for each in plan.differences:
        lines += wrapped(f"- {line(each)}", "  ")
    lines += ["", *wrapped(written(plan.effect), "  ")]
    if plan.cost is not None:
        lines += wrapped(cost_text(plan.cost), "  ")
    for caution in plan.cautions:
        lines += wrapped(f"{_MARK[caution.severity]} {written(caution.sentence)}", "  ")
    shown_plan = plan if asks else _for_others(plan)
    lines += ["", *of_plan(shown_plan)[text].splitlines(), ""]
    if asks:
        lines += [*wrapped(f"This is {LABELS[text]}; for another language: {others(text)}.", "  "), ""]
        needed = f"--yes{confirmation(plan)}{option(place)}"
        lines += wrapped(f"Nothing was changed. To apply it, repeat the command with {needed}.", "  ")
    return "\n".join(lines)


def confirmation(plan: ChangePlan) -> str:
    """What --yes needs beside it."""
    return f" --confirm {shlex.quote(plan.confirm)}" if plan.confirm else ""


def cost_text(cost: CostEffect) -> str:
    """The money of a plan: an estimate, in words."""
    if cost.usd_once is not None:
        less = " less" if cost.usd_once < 0 else ""
        said = (
            f"about ${abs(cost.usd_once):,.2f}{less} once, an estimate" if cost.usd_once else "nothing more"
        )
        return f"Cost: {said}. {cost.basis}"
    if cost.usd_per_day is None or cost.usd_per_month is None:
        return f"Cost: not known. {cost.basis}"
    if cost.usd_per_day_least is not None:
        least, most = cost.usd_per_day_least, cost.usd_per_day
        return f"Cost: ${least:,.2f} to ${most:,.2f} a day for each instance, by its work. {cost.basis}"
    sign = "-" if cost.usd_per_day < 0 else ""
    day, month = abs(cost.usd_per_day), abs(cost.usd_per_month)
    return f"Cost: {sign}${day:,.2f} a day, {sign}${month:,.0f} a month. {cost.basis}"


def receipt_text(receipt: Receipt, place: str = "") -> str:
    """What became of it and where, for people. `place`: of several, the one it was for."""
    entry = receipt.entry
    if not receipt.fresh:
        return "\n".join(
            wrapped(f"This plan was applied before: {entry.outcome.value}. Nothing was done now.")
        )
    said = {
        Outcome.DONE: "Done, and read back.",
        Outcome.PARTLY: "Only a part of it was done:",
        Outcome.FAILED: "Nothing was done:",
    }.get(entry.outcome, entry.outcome.value)
    lines = wrapped(f"{said} {entry.said}".strip())
    lines += [text for note in receipt.notes for text in wrapped(note)]
    undo = (
        f" To take it back: python -m ops undo {entry.id[:8]}{option(place)}"
        if entry.outcome is not Outcome.FAILED
        else ""
    )
    said = f"{where(entry.ref, place)} In the journal as {entry.id[:8]}.{undo}"
    return "\n".join([*lines, *wrapped(said)])


def _for_others(plan: ChangePlan) -> ChangePlan:
    """A plan whose texts and calls show no values of environment variables: what was carried out may stand in a log."""
    return replace(plan, changes=tuple(map(withheld.of_change, plan.changes)))


def plan_json(plan: ChangePlan, *, values: bool = True, place: str = "") -> dict[str, Any]:
    """A plan, for scripts. `values`: with those of environment variables. `place`: of several, the one it is for."""
    shown_plan = plan if values else _for_others(plan)
    fix = Calls(shown_plan.changes, plan.effect)
    return {
        "id": plan.id,
        **where_json(plan.ref, place),
        "endpoint": plan.ref.name,
        "kind": plan.kind,
        "title": plan.title,
        "differences": [_difference(d) for d in plan.differences],
        "effect": written(plan.effect),
        "cost": None if plan.cost is None else _cost(plan.cost),
        "cautions": [{"severity": c.severity.value, "sentence": written(c.sentence)} for c in plan.cautions],
        "confirm": plan.confirm or None,
        "needs": plan.needs,
        "calls": [call_json(c) for c in calls(fix)],
        **{each.value: text for each, text in of_plan(shown_plan).items()},
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """A journal entry, for scripts; without the values of environment variables."""
    entry = entry.for_record()
    return {
        "id": entry.id,
        "at": plain(entry.at),
        "ended": plain(entry.ended),
        "who": entry.actor.name,
        "role": entry.actor.role,
        "via": entry.actor.via,
        "endpoint": entry.ref.name,
        "kind": entry.kind,
        "title": entry.title,
        "why": entry.why,
        "outcome": entry.outcome.value,
        "said": entry.said,
        "calls": [plain(made) for made in entry.made],
        "undo_of": entry.undo_of or None,
        "undone_by": entry.undone_by or None,
    }


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The commands `bounds` and `undo`."""

    @app.command()
    def bounds(
        name: Annotated[str, typer.Argument(help="The endpoint's name.")],
        least: Annotated[str, typer.Option("--min", help="Least instances; 0 lets it sleep.")] = "",
        most: Annotated[str, typer.Option("--max", help="Most instances.")] = "",
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Show the bounds of an endpoint, or plan other ones; --yes sets them."""

        def work() -> int:
            settings = loaded(writes=yes and bool(least or most))
            with Console.open(settings) as console:
                if not least and not most:
                    return _show_bounds(console, name, json)
                held = console.setup(name).target
                low = _whole(least, "--min") if least else (held.bounds.min if held else None)
                high = _whole(most, "--max") if most else (held.bounds.max if held else None)
                if low is None or high is None:
                    raise BadInput(f"{name} has no bounds yet.", "Give both --min and --max.")
                plan = console.plan_bounds(name, low, high)
                return carry_out(
                    console, settings, plan, yes=yes, confirm=confirm, why=why, as_json=json, text=text
                )[0]

        run(work, json)

    @app.command()
    def undo(
        entry: Annotated[
            str, typer.Argument(help="The id of a journal entry, or its beginning: see activity.")
        ],
        env: Annotated[
            list[str] | None,
            typer.Option("--env", help="NAME=value of a model that is made anew: no record keeps values."),
        ] = None,
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Plan to take back a change that was made through Ebb; --yes does it."""

        def work() -> int:
            settings = loaded(writes=yes)
            with Console.open(settings) as console:
                plan = console.plan_undo(entry).with_values(environment(env or ()))
                return carry_out(
                    console, settings, plan, yes=yes, confirm=confirm, why=why, as_json=json, text=text
                )[0]

        run(work, json)


def _show_bounds(console: Console, name: str, as_json: bool) -> int:
    setup = console.setup(name)
    found = console.drift(name)
    if as_json:
        target = setup.target
        document = {
            "endpoint": name,
            "min": target.bounds.min if target else None,
            "max": target.bounds.max if target else None,
            "suspended": plain(target.suspended) if target else None,
            "drift": [_difference(d) for d in found.differences] if found else [],
            "who": found.who if found else "",
        }
        write(json.dumps(document))
        return 0
    held = parts(setup, console.reference(name))
    lines = [f"{label(part)}: {shown(part, held[part])}" for part in (BOUNDS, SUSPENDED)]
    if found is not None:
        lines += wrapped("Changed elsewhere since it was last set or accepted through Ebb:")
        lines += [text for d in found.differences for text in wrapped(f"- {line(d)}", "  ")]
        lines += wrapped(found.who or "Who did it is not known: CloudTrail does not tell, or not yet.")
    write("\n".join(lines))
    return 0


def _difference(difference: Difference) -> dict[str, Any]:
    part = difference.part
    return {
        "part": part,
        "before": shown(part, difference.before),
        "after": shown(part, difference.after),
    }


def document(plan: ChangePlan, receipt: Receipt | None, place: str = "") -> dict[str, Any]:
    """A plan and what became of it, for scripts. `place`: of several, the one it is for."""
    found: dict[str, Any] = {
        **where_json(plan.ref, place),
        "plan": plan_json(plan, values=receipt is None, place=place),
        "applied": receipt is not None,
    }
    if receipt is not None:
        found["entry"] = entry_json(receipt.entry)
        found["notes"] = list(receipt.notes)
        found["fresh"] = receipt.fresh
    return found


def _cost(cost: CostEffect) -> dict[str, Any]:
    """Dollars as text, so that no digit is lost; always an estimate."""
    return {
        "usd_per_day": None if cost.usd_per_day is None else f"{cost.usd_per_day:.2f}",
        "usd_per_day_least": None if cost.usd_per_day_least is None else f"{cost.usd_per_day_least:.2f}",
        "usd_per_month": None if cost.usd_per_month is None else f"{cost.usd_per_month:.2f}",
        "usd_once": None if cost.usd_once is None else f"{cost.usd_once:.2f}",
        "basis": written(cost.basis),
        "estimate": True,
    }


def _whole(text: str, option: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadInput(
            f"{option} {text!r} is not a whole number.", "Give a number of instances, such as 1."
        ) from error
