"""`inventory`, `delete`, `attach`, `detach` and `move`: what endpoints are made of, and changing that.

Exit code 0: applied, nothing to change, or only planned; 2: bad usage, or AWS refused a call; 3: refused by Ebb.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from ops.cli_change import Confirm, Json, Text, Why, Yes, carry_out
from ops.cli_chosen import chosen, loaded, option
from ops.cli_show import plain, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core.attaching import Attachment
from ops.core.deploy_progress import UNFINISHED
from ops.core.doctor.mending import TARGET
from ops.core.fix_texts import Language
from ops.core.inventory import Fate, Inventory, items, tags_of
from ops.core.words import count

Run = Callable[[Callable[[], int], bool], None]
Name = Annotated[str, typer.Argument(help="The endpoint's name.")]
_MARK = {Fate.GOES: "-", Fate.ASKED: "·", Fate.STAYS: "="}


def add_to(app: typer.Typer, run: Run) -> None:
    """Add the commands but for `move`, which has a file of its own."""
    _looking(app, run)
    _ending(app, run)
    _scaling(app, run)


def _looking(app: typer.Typer, run: Run) -> None:
    @app.command()
    def inventory(
        name: Annotated[str | None, typer.Argument(help="One endpoint; without it, all.")] = None,
        with_model: Annotated[
            bool, typer.Option("--with-model", help="As if the models were to be deleted, too.")
        ] = False,
        json: Json = False,
    ) -> None:
        """What belongs to an endpoint, what of it goes when it is deleted, and what is left of those that are gone."""

        def work() -> int:
            with Console.open(Settings.load()) as console:
                found = (console.inventory(name),) if name else console.inventories()
                write(_documents(found, with_model) if json else inventory_text(found, with_model=with_model))
                return 0

        run(work, json)


def _ending(app: typer.Typer, run: Run) -> None:
    @app.command()
    def delete(
        name: Name,
        with_model: Annotated[
            bool,
            typer.Option("--with-model", help="Its models, too, where no other configuration names them."),
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Show the plan, whatever else is said.")
        ] = False,
        typed: Annotated[str, typer.Argument(metavar="NAME", hidden=True)] = "",
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Plan to delete an endpoint with its scaling, alarms and configuration, or what is left of one."""

        def work() -> int:
            go = yes and not dry_run
            settings = loaded(writes=go)
            with Console.open(settings) as console:
                plan = console.plan_delete(name, with_model=with_model)
                return carry_out(
                    console,
                    settings,
                    plan,
                    yes=go,
                    confirm=confirm or typed,  # --yes NAME is --confirm NAME, too
                    why=why,
                    as_json=json,
                    text=text,
                )[0]

        run(work, json)

    @app.command()
    def detach(
        name: Name,
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Plan to take its scaling from an endpoint, which goes on serving; woken first where it sleeps."""

        def work() -> int:
            settings = loaded(writes=yes)
            with Console.open(settings) as console:
                plan = console.plan_detach(name)
                return carry_out(
                    console, settings, plan, yes=yes, confirm=confirm, why=why, as_json=json, text=text
                )[0]

        run(work, json)


def _scaling(app: typer.Typer, run: Run) -> None:
    @app.command()
    def attach(
        name: Name,
        high: Annotated[int, typer.Option("--max", help="Most instances; the fewest are 0.")],
        target: Annotated[float, typer.Option(help="Waiting requests for each instance.")] = TARGET,
        wake_minutes: Annotated[int, typer.Option(help="Minutes with a request until it wakes.")] = 2,
        in_cooldown: Annotated[int, typer.Option(help="Seconds between two steps down.")] = 600,
        out_cooldown: Annotated[int, typer.Option(help="Seconds between two steps up.")] = 300,
        topic: Annotated[
            str, typer.Option(help="The ARN of an SNS topic: the alarms worth having, too.")
        ] = "",
        mend: Annotated[
            bool, typer.Option("--mend", help="Mend what contradicts it, too, as the doctor would.")
        ] = False,
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        text: Text = Language.CLI,
        json: Json = False,
    ) -> None:
        """Plan to let an asynchronous endpoint sleep and wake: only what is missing; what exists stays."""

        def work() -> int:
            settings = loaded(writes=yes)
            with Console.open(settings) as console:
                wish = Attachment(high, target, in_cooldown, out_cooldown, wake_minutes, topic)
                plan = console.plan_attach(name, wish, mend=mend)
                if plan.empty and not json:
                    for caution in plan.cautions:
                        write("\n".join(wrapped(f"▲ {caution.sentence}")))
                code, receipt = carry_out(
                    console, settings, plan, yes=yes, confirm=confirm, why=why, as_json=json, text=text
                )
                if receipt is not None and receipt.entry.outcome in UNFINISHED and not json:
                    ways = f"python -m ops deploy --continue {receipt.entry.id[:8]} --yes{option(chosen(settings))}"
                    write("\n".join(wrapped(f"To finish it: {ways}, or attach it once more.")))
                return code

        run(work, json)


def inventory_text(found: tuple[Inventory, ...], *, with_model: bool = False) -> str:
    """Each endpoint and every part of it, for people."""
    if not found:
        return "There is no endpoint here, and nothing is left of one."
    lines: list[str] = []
    for each in found:
        head = each.ref.name if each.endpoint is not None else f"{each.ref.name} is gone; left of it"
        lines += ["", head]
        parts = items(each, with_model=with_model)
        lines += [
            text for i in parts for text in wrapped(f"{_MARK[i.fate]} {i.kind} {i.name}: {i.says}", "  ")
        ]
        if not parts:
            lines.append("  nothing")
        tags = tags_of(each)
        if tags:
            lines += wrapped(f"Tags: {', '.join(f'{key}={value}' for key, value in tags)}", "  ")
        for problem in each.problems:
            lines += wrapped(f"Could not read {problem.part}: {problem.what} {problem.hint}".rstrip(), "  ")
    legend = "- goes when it is deleted   · goes with --with-model   = stays"
    return "\n".join([*lines, "", legend])


def _documents(found: tuple[Inventory, ...], with_model: bool) -> str:
    return json.dumps([_document(each, with_model) for each in found], ensure_ascii=False, allow_nan=False)


def _document(found: Inventory, with_model: bool) -> dict[str, Any]:
    parts = items(found, with_model=with_model)
    return {
        "endpoint": found.ref.name,
        "variant": found.ref.variant,
        "exists": found.endpoint is not None,
        "status": found.endpoint.status if found.endpoint is not None else None,
        "instances": found.current,
        "parts": [plain(each) for each in parts],
        "goes": count(sum(i.fate is Fate.GOES for i in parts), "part"),
        "tags": dict(tags_of(found)),
        "problems": plain(found.problems),
    }
