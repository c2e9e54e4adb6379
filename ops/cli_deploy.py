"""`python -m ops deploy`: from a model to an endpoint that sleeps and wakes; continue or clean up one that ended early.

Exit codes as in `ops.cli_change`: 0 done, planned, or nothing is unfinished; 1 something is; 2 bad usage, or AWS
refused a step; 3 refused by Ebb.
"""

from __future__ import annotations

import json as jsons
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.cli_change import (
    FAILED,
    Confirm,
    Json,
    Text,
    Why,
    Yes,
    confirmation,
    document,
    plan_text,
    receipt_text,
)
from ops.cli_chosen import chosen, loaded, option
from ops.cli_show import plain, wrapped, write
from ops.config import Settings
from ops.console import Console
from ops.core import deploy_fit, deploy_form
from ops.core.change import ChangePlan, Entry, Outcome, Receipt
from ops.core.change_words import label
from ops.core.deploy_fit import Advice, Load, Machine
from ops.core.deploy_form import NEW
from ops.core.deploy_progress import At, Unfinished, steps
from ops.core.deployment import Deployment, NewModel
from ops.core.errors import BadInput, OpsError
from ops.core.fix_texts import Language
from ops.core.moments import written
from ops.core.setup import BOUNDS, SUSPENDED
from ops.core.words import listed
from ops.deployments import Deployments
from ops.who import actor_here

LOOK_S = 0.3
FINDING = 1
MOST_TARGET = 1_000_000
_OF_NEW = ("new-model", "model-data", "role", "env")
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
MOST_FILE = 100_000
"""Bytes of a file with a deployment."""
_MARKS = {At.DONE: "✓", At.FAILED: "✕", At.UNDER_WAY: "◔"}


def _option(words: str) -> Any:
    return typer.Option(help=words)


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `deploy`."""

    @app.command()
    def deploy(
        name: Annotated[
            str, typer.Argument(help="The endpoint's name; without it, what is unfinished.")
        ] = "",
        file: Annotated[
            str, typer.Option("--file", help="A JSON file with fields, named as the options.")
        ] = "",
        model: Annotated[str, _option("A model that exists.")] = "",
        new_model: Annotated[str, _option("Name of a new model; else that of the endpoint.")] = "",
        image: Annotated[str, _option("Container image of a new model.")] = "",
        model_data: Annotated[str, _option("Its weights: s3://bucket/model.tar.gz.")] = "",
        role: Annotated[str, _option("ARN of its execution role.")] = "",
        env: Annotated[list[str] | None, typer.Option("--env", help="NAME=value for its container.")] = None,
        config: Annotated[str, _option("Name of the configuration; else that of the endpoint.")] = "",
        kind: Annotated[str, typer.Option("--type", help="Instance type: ml.g5.xlarge.")] = "",
        output: Annotated[str, _option("Where results go: s3://bucket/results/.")] = "",
        failures: Annotated[str, _option("Where failures go; without it none are written.")] = "",
        success_topic: Annotated[str, _option("SNS topic that hears of results.")] = "",
        error_topic: Annotated[str, _option("SNS topic that hears of failures.")] = "",
        concurrency: Annotated[str, _option("Requests at once on an instance, or auto. [1]")] = "",
        most: Annotated[str, typer.Option("--max", help="Most instances. [2]")] = "",
        target: Annotated[str, _option("Requests for each instance. [5]")] = "",
        in_cooldown: Annotated[str, _option("Seconds after a change before it scales in. [600]")] = "",
        out_cooldown: Annotated[str, _option("Seconds after a change before it scales out. [300]")] = "",
        wake: Annotated[
            bool | None, typer.Option("--wake/--no-wake", help="A policy that wakes it. [wake]")
        ] = None,
        wake_minutes: Annotated[str, _option("Minutes until its alarm wakes it. [2]")] = "",
        alarms: Annotated[str, _option("Alarms to put: a list of names, or none. [all]")] = "",
        alarm_topic: Annotated[str, _option("SNS topic that alarms tell; else that for failures.")] = "",
        tag: Annotated[list[str] | None, typer.Option("--tag", help="KEY=value; can be repeated.")] = None,
        like: Annotated[str, _option("Judge the fit by the measured numbers of this endpoint.")] = "",
        payload_mb: Annotated[float | None, _option("For the fit: the largest payload.")] = None,
        takes_s: Annotated[float | None, _option("For the fit: how long a request takes.")] = None,
        waits_s: Annotated[float | None, _option("For the fit: how long callers can wait.")] = None,
        requests: Annotated[float | None, _option("For the fit: requests a day.")] = None,
        hours: Annotated[float | None, _option("For the fit: in so many hours of it. [24]")] = None,
        go_on: Annotated[
            str, typer.Option("--continue", metavar="ID", help="Finish one that ended on the way.")
        ] = "",
        clean_up: Annotated[
            str, typer.Option("--clean-up", metavar="ID", help="Remove what one has made.")
        ] = "",
        text: Text = Language.CLI,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only show the plan, as without --yes.")
        ] = False,
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        json: Json = False,
    ) -> None:
        """Deploy a model as an asynchronous endpoint that sleeps and wakes; --yes does it, with its steps on stderr."""
        typed = {
            "name": name, "model": model, "new-model": new_model, "image": image, "model-data": model_data,
            "role": role, "env": "\n".join(env or ()), "config": config, "type": kind, "output": output,
            "failures": failures, "success-topic": success_topic, "error-topic": error_topic,
            "concurrency": concurrency, "max": most, "target": target, "in-cooldown": in_cooldown,
            "out-cooldown": out_cooldown, "wake": "" if wake is None else "yes" if wake else "no",
            "wake-minutes": wake_minutes, "alarms": alarms, "alarm-topic": alarm_topic, "tags": ", ".join(tag or ()),
        }  # fmt: skip
        load = Load(
            payload_mb, takes_s, None, waits_s, requests, deploy_fit.DAY_H if hours is None else hours
        )

        def work() -> int:
            given = {key: text for key, text in typed.items() if text}
            anew = {"env"} if go_on else set()  # values that are on no record are given anew
            asked = [bool(given.keys() - anew or file), bool(go_on), bool(clean_up)]
            if sum(asked) > 1:
                raise BadInput(
                    "A new deployment, --continue and --clean-up are different things.",
                    "Ask for one of them.",
                )
            settings = loaded(writes=yes and not dry_run and any(asked))
            with Console.open(settings) as console:
                if not any(asked):
                    return _unfinished(console, json, chosen(settings))
                advice = None
                if go_on:
                    plan = console.plan_continue(go_on).with_values(deploy_form.environment(env or ()))
                elif clean_up:
                    plan = console.plan_cleanup(clean_up)
                else:
                    fields = _fields(given, file)
                    deploy_fit.check(load)
                    known = deploy_fit.with_typed(console.find_load(like), load) if like else load
                    wish = _wish(fields, known.longest_start_s)
                    _insist(wish, console.connection().account)
                    advice = _advice(console, wish, known)
                    plan = console.plan_deploy(wish)
                return _carry_out(
                    console, settings, plan, advice, (yes and not dry_run, confirm, why, json), text
                )

        run(work, json)


def _wish(fields: Mapping[str, str], start_s: float | None) -> Deployment:
    """Raises BadInput that names the option. `start_s`: how long a start takes at most, where that was measured."""
    read = deploy_form.read(fields, start_s)
    if read.faults:
        field, error = read.faults[0]
        where = field if field in ("name", "from") else f"--{'tag' if field == 'tags' else field}"
        raise BadInput(f"{where}: {error.what}", error.hint)
    return read.insist()


def _fields(given: Mapping[str, str], file: str) -> dict[str, str]:
    """The fields of a file, with those of the options in their place. Raises BadInput."""
    typed = _file(file) if file else {}
    typed |= given
    if typed.get("model") and "image" not in typed and typed.get("from") != NEW:
        of_new = [f"--{key}" for key in _OF_NEW if typed.get(key)]
        if of_new:
            raise BadInput(
                f"{listed(of_new)} {'is' if len(of_new) == 1 else 'are'} of a new model, and --model names one that "
                "exists.",
                "A model cannot be changed: leave them out, or make a new one with --image.",
            )
    if "image" in typed and "from" not in typed:
        if typed.get("model"):
            raise BadInput("A model that exists and a new one are two things.", "Give --model or --image.")
        typed["from"] = NEW
    return typed


def _insist(wish: Deployment, account: str) -> None:
    """Raises BadInput for what is written well and cannot be meant."""
    if isinstance(wish.model, NewModel):
        for name, _ in wish.model.container.environment:
            if not _VARIABLE.fullmatch(name):
                raise BadInput(
                    f"--env: {name!r} is no name of a variable.",
                    "Letters, digits and underscores, not beginning with a digit: BATCH=4.",
                )
        owner = wish.model.role.split(":")[4]
        if owner != account:
            raise BadInput(
                f"--role: {wish.model.role} is of the account {owner}, and this is {account}.",
                "A model runs with a role of its own account.",
            )
    if wish.target > MOST_TARGET:
        raise BadInput(
            f"--target: {wish.target:,.0f} requests for each instance are a slip: a second one would never come.",
            f"Give at most {MOST_TARGET:,}.",
        )


def _file(path: str) -> dict[str, str]:
    try:
        with Path(path).open("rb") as stream:
            body = stream.read(MOST_FILE + 1)
        found = jsons.loads(body[:MOST_FILE])
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.", "Give the path of a JSON file."
        ) from error
    except ValueError as error:
        raise BadInput(
            f"{path} is no JSON: {error}.", 'It looks like {"name": "doc", "model": "m"}.'
        ) from error
    if not isinstance(found, dict):
        raise BadInput(f"{path} holds no fields.", 'It looks like {"name": "doc", "model": "m"}.')
    return deploy_form.known(found)


def _advice(console: Console, wish: Deployment, load: Load) -> Advice:
    """Whether it fits, by what was said and measured. Raises OpsError."""
    own, real = console.host_prices(wish.instance_type)
    return deploy_fit.judge(load, Machine(own, real, wish.concurrency or 1, wish.in_cooldown_s))


def _carry_out(
    console: Console,
    settings: Settings,
    plan: ChangePlan,
    advice: Advice | None,
    asked: tuple[bool, str, str, bool],
    text: Language,
) -> int:
    """Show a plan and, where asked, carry it out with its steps on stderr; the exit code. Raises OpsError.

    `asked`: whether to apply it, the confirmation, why, and whether in JSON.
    """
    yes, confirm, why, as_json = asked
    place = chosen(settings)
    if not as_json:
        write("\n".join([*_advice_lines(advice), plan_text(plan, text, asks=not yes, place=place)]))
    if not yes:
        if as_json:
            write(jsons.dumps(document(plan, None, place) | {"fit": plain(advice)}))
        return 0
    console.reconcile()
    runs = Deployments()
    runs.begin(console.apply, plan, actor_here(settings, console.connection()), why, confirm)
    _watch(console, runs, plan.id)
    found = runs.outcome(plan.id)
    if not isinstance(found, Receipt):
        raise (
            found
            if found is not None
            else OpsError("The deployment ended without a word.", "See `activity`.")
        )
    left = [each for each in console.unfinished() if plan.id in (each.root.id, each.last.id)]
    if as_json:
        write(
            jsons.dumps(
                document(plan, found, place) | {"fit": plain(advice), "unfinished": [_json(u) for u in left]}
            )
        )
    else:
        write("\n".join([receipt_text(found, place), *_of_all(console, left, place)]))
    return 0 if found.entry.outcome is Outcome.DONE and not found.missing else FAILED


def _watch(console: Console, runs: Deployments, identity: str) -> None:
    """Each step on stderr as it is done, until the end. Ctrl+C stops it before its next step."""
    told: list[str] = []
    while True:
        try:
            over = runs.ended(identity, LOOK_S)
            entry = console.entry(identity)
            for text in _news(entry) if entry is not None else ():
                if text not in told:
                    told.append(text)
                    print(text, file=sys.stderr, flush=True)
            if over:
                return
        except KeyboardInterrupt:
            print("Stopping before the next step …", file=sys.stderr, flush=True)
            runs.stop(identity)


def _news(entry: Entry) -> list[str]:
    found = steps(entry)
    lines = []
    for number, step in enumerate(found, start=1):
        mark = _MARKS.get(step.at)
        if mark is not None:
            said = f": {step.said}" if step.at is At.FAILED else ""
            lines.append(f"{mark} {number}/{len(found)} {step.words}{said}")
    return lines


def _unfinished(console: Console, as_json: bool, place: str) -> int:
    """What ended on the way, with what exists of it: each needs attention."""
    console.reconcile()
    found = console.unfinished()
    if as_json:
        write(jsons.dumps({"unfinished": [_json(each) for each in found]}))
    elif not found:
        write(
            "No deployment is unfinished. To deploy: python -m ops deploy NAME --model … --type … --output …"
            f"{option(place)}"
        )
    else:
        write("\n".join(_of_all(console, found, place)))
    return FINDING if found else 0


def _of_all(console: Console, found: Iterable[Unfinished], place: str) -> list[str]:
    return [text for each in found for text in _lines(console, each, place)]


def _needed(plan: Callable[[str], ChangePlan], identity: str, place: str) -> str:
    """What a command needs beside the id, by its plan as it is now."""
    try:
        word = confirmation(plan(identity))
    except OpsError:  # the command itself says why
        word = ""
    return f"{identity[:8]} --yes{word}{option(place)}"


def _lines(console: Console, each: Unfinished, place: str) -> list[str]:
    finish = _needed(console.plan_continue, each.root.id, place)
    kept = listed([label(key) for key in each.foreign if key not in (BOUNDS, SUSPENDED)])
    lines = [
        "",
        *wrapped(f"▲ Unfinished: {each.root.title}"),
        *wrapped(written(each.last.said), "  "),
        *wrapped(f"Exists now: {listed([label(key) for key in each.exist]) or 'nothing'}.", "  "),
        *(wrapped(f"Not made by it, and kept: {kept}.", "  ") if kept else ()),
        *wrapped(f"To finish it: python -m ops deploy --continue {finish}", "  "),
    ]
    if not each.root.before.resources and not each.cleans:
        remove = _needed(console.plan_cleanup, each.root.id, place)
        lines += wrapped(f"To remove it: python -m ops deploy --clean-up {remove}", "  ")
    return lines


def _json(each: Unfinished) -> dict[str, Any]:
    return {
        "id": each.root.id,
        "endpoint": each.root.ref.name,
        "title": each.root.title,
        "last": each.last.id,
        "outcome": each.last.outcome.value,
        "said": each.last.said,
        "exists": list(each.exist),
        "missing": list(each.missing),
        "not_its_own": list(each.foreign),
        "cleans": each.cleans,
    }


def _advice_lines(advice: Advice | None) -> list[str]:
    if advice is None:
        return []
    lines = ["", *wrapped(advice.sentence)]
    for why in advice.why:
        lines += wrapped(f"- {why}", "  ")
    for row in advice.rows:
        lines += wrapped(
            f"{row.what}: {row.yours or '–'} | real-time: {row.realtime} | async: {row.asynchronous}", "  "
        )
    return [*lines, *wrapped(advice.basis, "  ")]
