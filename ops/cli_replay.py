"""`python -m ops replay`: arrivals through another policy; what comes of it as text, JSON, or a CSV of its minutes."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from ops import clock
from ops.cli_show import write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, OpsError
from ops.core.types import Bounds, FloatArray, Price
from ops.replay.arrivals_file import Columns, FileArrivals, read_arrivals
from ops.replay.draws import SERVICE, Times, generator, times
from ops.replay.numbers import numbers
from ops.replay.oracle import replay
from ops.replay.put_calls import policies
from ops.replay.scenario import Model, Requests, Tracking
from ops.replay.setting import Setting, scenario
from ops.replay.told import document, lines, timeline
from ops.replay.warm_events import warm_plan

OWN = "--price"
BILLED = {"launch": "ordered", "in-service": "in_service"}
NO_PRICE = "No price, so no cost: give --price DOLLARS-AN-HOUR, or --instance-type where AWS can be asked."
STDIN = "-"


def file_requests(
    path: str, columns: Columns, service: Times | None, seed: int
) -> tuple[Requests, FileArrivals]:
    """The requests of a file. `service`: what each takes, where that is not in the file. Raises BadInput."""
    found = read_arrivals(_bytes(path), columns)
    hold: FloatArray | None = found.service_s
    if service is not None:
        hold = service.draw(len(found), generator(seed, SERVICE))
    if hold is None:
        raise BadInput(
            "Nothing tells how long a request takes.",
            "Give --service-s SECONDS, --service lognormal:MEDIAN,SIGMA or --service-column COLUMN.",
        )
    return Requests(found.arrival_s, hold), found


def parsed_steps(path: str) -> object:
    """The JSON of a file with PutScalingPolicy and PutMetricAlarm calls. Raises BadInput."""
    try:
        return json.loads(_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadInput(f"{path!r} is no text file.", "Give the JSON of both calls.") from error
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path!r} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Mend it there.",
        ) from error


def listed_price(instance_type: str) -> Price | None:
    """What the AWS that is set up lists, or the account's own rate; None with a sentence where there is no answer."""
    try:
        with Console.open(Settings.load()) as console:
            found = console.price(instance_type)
    except OpsError as error:
        say(f"No price of {instance_type}: {error.what} {NO_PRICE}")
        return None
    if found is None:
        say(f"AWS lists no price of {instance_type} here. {NO_PRICE}")
    return found


def typed_price(text: str | None, instance_type: str | None) -> Price | None:
    """Raises BadInput."""
    if text is None:
        if instance_type is None:
            say(NO_PRICE)
            return None
        return listed_price(instance_type)
    try:
        usd = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation as error:
        raise BadInput(f"{text!r} is no price.", "Give dollars an hour, such as 1.408.") from error
    if not usd.is_finite() or usd < 0:
        raise BadInput(f"A price of {text} cannot be.", "Give dollars an hour, such as 1.408.")
    return Price(instance_type or "", "", usd, OWN, clock.now())


def typed_target(text: str) -> float | None:
    """A number, or none. Raises BadInput."""
    if text.strip().lower() in ("none", "off"):
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not (found > 0 and math.isfinite(found)):
        raise BadInput(f"{text!r} is no target.", "Give a backlog per instance above 0, or none.")
    return found


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def seconds(value: float, option: str) -> float:
    if not (value >= 0 and math.isfinite(value)):
        raise BadInput(f"{option} {value:g} cannot be.", "Give seconds from 0 up.")
    return value


def _bytes(path: str) -> bytes:
    if path == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path!r} cannot be read: {error.strerror}.", "Give a file that is there.") from error


def _put(path: str, body: str) -> None:
    try:
        Path(path).write_text(body, encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path!r} cannot be written: {error.strerror}.", "Choose another place.") from error
    say(f"Written: {path}")


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `replay`."""

    @app.command("replay")
    def _replay(
        arrivals: Annotated[
            str | None, typer.Option(metavar="FILE.csv", help="A row a request; - reads stdin.")
        ] = None,
        column: Annotated[
            str | None, typer.Option(help="The column with the time of arrival; guessed without.")
        ] = None,
        service_column: Annotated[
            str | None, typer.Option(help="The column with the seconds that a request takes.")
        ] = None,
        end_column: Annotated[
            str | None,
            typer.Option(help="The column with the end of each request: it arrived its duration before."),
        ] = None,
        service_s: Annotated[
            float | None, typer.Option("--service-s", help="Seconds that every request takes.")
        ] = None,
        service: Annotated[str | None, typer.Option(help="Seconds, or lognormal:MEDIAN,SIGMA.")] = None,
        concurrency: Annotated[int, typer.Option(help="Requests that an instance works on at once.")] = 1,
        instance_type: Annotated[
            str | None, typer.Option(help="For its price, asked of AWS without --price.")
        ] = None,
        price: Annotated[str | None, typer.Option(help="Dollars for an instance-hour.")] = None,
        least: Annotated[int | None, typer.Option("--min", help="Least instances; 0 if not given.")] = None,
        most: Annotated[int | None, typer.Option("--max", help="Most instances; 5 if not given.")] = None,
        target: Annotated[
            str | None,
            typer.Option(
                help="Backlog per instance that is tracked, 5 if not given; none: no target tracking."
            ),
        ] = None,
        scale_in_cooldown: Annotated[float, typer.Option(help="Seconds.")] = 300.0,
        scale_out_cooldown: Annotated[float, typer.Option(help="Seconds.")] = 300.0,
        high_periods: Annotated[int, typer.Option(help="Minutes above the target before it scales out.")] = 3,
        low_periods: Annotated[int, typer.Option(help="Minutes below it before it scales in.")] = 15,
        wake_policy: Annotated[
            bool | None,
            typer.Option("--wake-policy/--no-wake-policy", help="The step policy that wakes from zero."),
        ] = None,
        step: Annotated[
            str | None,
            typer.Option(metavar="FILE.json", help="PutScalingPolicy and PutMetricAlarm calls to add."),
        ] = None,
        warm: Annotated[
            list[str] | None,
            typer.Option(help='At least one instance then: "mon-fri 08:00-18:00 Europe/Berlin".'),
        ] = None,
        provision_s: Annotated[
            str, typer.Option("--provision-s", help="Seconds to a new instance, or lognormal:MEDIAN,SIGMA.")
        ] = "300",
        fixed_instances: Annotated[
            int | None, typer.Option(help="Always on with so many; nothing scales.")
        ] = None,
        initial: Annotated[
            int | None, typer.Option(help="Instances at the first arrival; the minimum if not given.")
        ] = None,
        ttl_s: Annotated[
            float, typer.Option("--ttl-s", help="Seconds that a request may wait; 0: for ever.")
        ] = 21600.0,
        metric_delay_s: Annotated[
            float, typer.Option("--metric-delay-s", help="Seconds until a metric is seen.")
        ] = 60.0,
        bill_from: Annotated[str, typer.Option(help="launch or in-service.")] = "launch",
        seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 1,
        timeline_to: Annotated[
            str | None, typer.Option("--timeline", metavar="FILE.csv", help="Write a row a minute.")
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
    ) -> None:
        """Replay arrivals through a policy: waits, cold starts, instance-hours and what they cost.

        All in one run, request by request; docs/model.md has every rule. Costs are estimates.
        """

        def work() -> int:
            if arrivals is None:
                raise BadInput("There is no traffic to replay.", "Give --arrivals FILE.csv.")
            if service_s is not None and service is not None:
                raise BadInput("Two options say how long a request takes.", "Give --service-s or --service.")
            takes = Times(seconds(service_s, "--service-s")) if service_s is not None else None
            if service is not None:
                takes = times(service, "processing time")
            if takes is not None and service_column is not None and end_column is None:
                raise BadInput("A column and an option say how long a request takes.", "Give one of them.")
            if seed < 0:
                raise BadInput("A seed cannot be negative.", "Give a whole number from 0 up.")
            setting = _setting()
            requests, found = file_requests(
                arrivals, Columns(column, service_column, end_column, takes is None), takes, seed
            )
            for note in found.notes:
                say(note)
            cost = typed_price(price, instance_type)
            replayed = replay(requests, scenario(setting, requests, found.zero_s, seed))
            counted = numbers(requests, replayed)
            if timeline_to is not None:
                _put(timeline_to, timeline(replayed))
            if as_json:
                write(json.dumps(document(counted, cost), allow_nan=False))
            else:
                write("\n".join(lines(counted, cost)))
            return 0

        def _setting() -> Setting:
            model = Model(
                metric_delay_s=seconds(metric_delay_s, "--metric-delay-s"),
                billed_from=_billed_from(bill_from),
            )
            provision = times(provision_s, "provisioning time")
            if fixed_instances is not None:
                scaling = {
                    "--min": least, "--max": most, "--target": target, "--warm": warm, "--step": step,
                    "--wake-policy": wake_policy or None, "--initial": initial,
                }  # fmt: skip
                given = [name for name, value in scaling.items() if value is not None and value != []]
                if given:
                    raise BadInput(
                        f"Fixed instances do not scale, and {given[0]} is about scaling.", "Leave one out."
                    )
                if fixed_instances < 0:
                    raise BadInput("Fixed instances cannot be negative.", "Give a number from 0 up.")
                return Setting(
                    fixed=fixed_instances, concurrency=_positive(concurrency, "--concurrency"), provision=provision,
                    ttl_s=seconds(ttl_s, "--ttl-s"), model=model,
                )  # fmt: skip
            more = () if step is None else policies(parsed_steps(step))
            tracks = any(isinstance(policy, Tracking) for policy in more)
            default = None if tracks else 5.0
            low = 0 if least is None else least
            return Setting(
                bounds=Bounds(low, max(5, low) if most is None else most),
                concurrency=_positive(concurrency, "--concurrency"),
                target=default if target is None else typed_target(target),
                in_cooldown_s=seconds(scale_in_cooldown, "--scale-in-cooldown"),
                out_cooldown_s=seconds(scale_out_cooldown, "--scale-out-cooldown"),
                high_periods=_positive(high_periods, "--high-periods"),
                low_periods=_positive(low_periods, "--low-periods"),
                wake=wake_policy is not False,
                more=more,
                warm=tuple(warm_plan(text) for text in warm or ()),
                initial=initial,
                provision=provision,
                ttl_s=seconds(ttl_s, "--ttl-s"),
                model=model,
            )

        run(work, as_json)


def _billed_from(text: str) -> str:
    found = BILLED.get(text.strip().lower())
    if found is None:
        raise BadInput(f"Instances are not billed from {text!r}.", f"Give --bill-from {' or '.join(BILLED)}.")
    return found


def _positive(value: int, option: str) -> int:
    if value < 1:
        raise BadInput(f"{option} {value} cannot be.", "Give a whole number from 1 up.")
    return value
