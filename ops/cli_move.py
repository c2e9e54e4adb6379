"""`move`: a real-time endpoint to an asynchronous one, a step at a time; gone on with by the same command.

Exit code 0: every step that could be made was, or only shown; 2: a step failed; 3: refused by Ebb.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import clock
from ops.cli_change import FAILED, Confirm, Json, Why, Yes, entry_json, plan_json, plan_text, receipt_text
from ops.cli_chosen import chosen, loaded
from ops.cli_show import plain, wrapped, write
from ops.console import Console
from ops.core.change import Actor, ChangePlan, Outcome
from ops.core.errors import BadInput
from ops.core.moving import Move, Standing, Step
from ops.who import actor_here

CHUNK = 1024 * 1024
LOOK_S = 2.0
_MARK = {"done": "✓", "now": "→", "waits": "…", "failed": "✕", "to come": "·"}
Run = Callable[[Callable[[], int], bool], None]


@dataclass(slots=True)
class _Course:
    """One run of the command. `told`: what goes into its document. `place`: of several, the one that it is in."""

    console: Console
    actor: Actor
    wish: Move
    payload: str
    content_type: str
    confirm: str
    why: str
    quiet: bool
    told: list[dict[str, Any]]
    place: str = ""

    def say(self, text: str) -> None:
        if not self.quiet:
            write(text)


def add_to(app: typer.Typer, run: Run) -> None:
    """Add the command."""

    @app.command()
    def move(
        name: Annotated[str, typer.Argument(help="The real-time endpoint's name.")],
        to: Annotated[str, typer.Option(help="The new endpoint's name; NAME-async if not given.")] = "",
        output: Annotated[str, typer.Option(help="Where results go: s3://bucket/results/.")] = "",
        failures: Annotated[str, typer.Option(help="Where failures go.")] = "",
        success_topic: Annotated[str, typer.Option(help="The ARN of an SNS topic for results.")] = "",
        error_topic: Annotated[str, typer.Option(help="The ARN of an SNS topic for failures.")] = "",
        concurrency: Annotated[int, typer.Option(help="Requests that an instance works on at once.")] = 1,
        high: Annotated[int, typer.Option("--max", help="Most instances of the new one.")] = 2,
        payload: Annotated[
            str, typer.Option("--test-payload", metavar="FILE", help="A file that the old one answers well.")
        ] = "",
        content_type: Annotated[
            str, typer.Option(help="What the payload is; by its name if not given.")
        ] = "",
        yes: Yes = False,
        confirm: Confirm = "",
        why: Why = "",
        json: Json = False,
    ) -> None:
        """Move a real-time endpoint to an asynchronous one; --yes makes its steps, up to the old one's deletion."""

        def work() -> int:
            settings = loaded(writes=yes)
            _insist_on_bytes(payload)
            with Console.open(settings) as console:
                at = console.move_standing(name, to)
                told = console.move_wish(name, at.to)
                wish = Move(name, at.to, output, failures, success_topic, error_topic, concurrency, high)
                if told is not None and not output:
                    wish = replace(told, high=high)
                kind = content_type or mimetypes.guess_type(payload)[0] or "application/json"
                actor = actor_here(settings, console.connection())
                course = _Course(
                    console, actor, wish, payload, kind, confirm, why, json, [], chosen(settings)
                )
                code = _all(course) if yes else _shown(course, at)
                at = console.move_standing(name, wish.to)
                if json:
                    write(_document(at, course.told))
                else:
                    write(standing_text(at))
                return code

        run(work, json)


def _insist_on_bytes(payload: str) -> None:
    """Raises BadInput before anything is made for a test payload that cannot be sent."""
    path = Path(payload)
    if payload and not path.is_file():
        raise BadInput(f"There is no file {payload!r}.", "Give a file that can be read. Nothing was made.")
    if payload and path.stat().st_size == 0:
        raise BadInput(f"The file {payload!r} is empty.", "Give at least one byte. Nothing was made.")


def _shown(course: _Course, at: Standing) -> int:
    """The plan of the next step, where it is one."""
    if at.next is Step.CREATE:
        _insist_on_output(course)
        _tell(course, course.console.plan_move(course.wish))
    elif at.next in (Step.ATTACH, Step.DELETE):
        _tell(course, course.console.plan_move_on(at.name, at.to, high=course.wish.high))
    return 0


def _all(course: _Course) -> int:
    """Every step up to the deletion of the old one, and that where it is confirmed."""
    before: Step | None = None
    while True:
        at = course.console.move_standing(course.wish.name, course.wish.to)
        if at.next is Step.OVER:
            return 0
        if at.next is before:
            return FAILED
        before = at.next
        if at.next is Step.TEST:
            code = _test(course, at)
        elif at.next is Step.DELETE and not course.confirm:
            return _shown(course, at)
        else:
            code = _change(course, at)
        if code:
            return code


def _change(course: _Course, at: Standing) -> int:
    if at.next is Step.CREATE:
        _insist_on_output(course)
        plan = course.console.plan_move(course.wish)
    else:
        plan = course.console.plan_move_on(at.name, at.to, high=course.wish.high)
    course.say(plan_text(plan, asks=False, place=course.place))
    course.console.reconcile()
    typed = course.confirm if at.next is Step.DELETE else plan.confirm
    receipt = course.console.apply(plan, course.actor, course.why, typed)
    course.told.append({"plan": plan_json(plan, place=course.place), "entry": entry_json(receipt.entry)})
    course.say(receipt_text(receipt, course.place))
    return 0 if receipt.entry.outcome is Outcome.DONE and not receipt.missing else FAILED


def _test(course: _Course, at: Standing) -> int:
    """Send the payload unless one is under way, and follow it to its end."""
    console = course.console
    if not at.waits:
        if not course.payload:
            raise BadInput(
                "Next is a test payload: the old endpoint is kept until the new one has answered.",
                "Give one that the old one answers well: --test-payload FILE.",
            )
        path = Path(course.payload)
        if not path.is_file():
            raise BadInput(f"There is no file {course.payload!r}.", "Give a file that can be read.")
        console.test_move(at.name, at.to, path.name, _chunks(path), course.actor, course.content_type)
    while True:
        console.send_step()
        console.follow_step(everything=True)
        at = console.move_standing(at.name, at.to)
        if not at.waits:
            return 0 if at.steps[1].state == "done" else FAILED
        clock.pause(LOOK_S)


def _tell(course: _Course, plan: ChangePlan) -> None:
    course.told.append({"plan": plan_json(plan, place=course.place)})
    course.say(plan_text(plan, place=course.place))


def _insist_on_output(course: _Course) -> None:
    if not course.wish.output_path:
        raise BadInput("Where results go is not known.", "Give it: --output s3://bucket/results/.")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def standing_text(at: Standing) -> str:
    """How far a move is, each step by name."""
    lines = ["", f"Move of {at.name} to {at.to}"]
    for number, step in enumerate(at.steps, 1):
        lines += wrapped(f"{_MARK[step.state]} {number}. {step.title}: {step.says}", "  ")
    return "\n".join(lines)


def _document(at: Standing, told: list[dict[str, Any]]) -> str:
    return json.dumps({"move": plain(at), "told": told}, ensure_ascii=False, allow_nan=False)
