"""`python -m ops replay`: traffic through another policy; what comes of it as text, JSON, or a CSV of its minutes."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ops import replay_options as typed
from ops.cli_show import WIDTH, plain, write
from ops.config import Settings
from ops.console import Console
from ops.core.errors import BadInput, OpsError
from ops.core.types import Price
from ops.core.words import duration, listed
from ops.given_traffic import MADE_DAYS, Made
from ops.replay.arrivals_file import Columns
from ops.replay.draws import times
from ops.replay.shape_text import burst, shape
from ops.replay.told import assumptions, documents, lines, timeline
from ops.replaying import Answer, Asked, of_endpoint, of_file, of_synthetic
from ops.traffic_past import DAYS

NO_PRICE = "No price, so no cost: give --price DOLLARS-AN-HOUR, or --instance-type where AWS can be asked."
Text = str | None
Whole = int | None
Seconds = float | None


def say(text: str) -> None:
    """To stderr."""
    sys.stderr.write(f"{text}\n")


def add_to(app: typer.Typer, run: Callable[[Callable[[], int], bool], None]) -> None:
    """The command `replay`."""

    @app.command("replay")
    def _replay(
        endpoint: Annotated[Text, typer.Option(help="Replay the traffic of this endpoint.")] = None,
        days: Annotated[
            float | None,
            typer.Option(
                help=f"Its last so many days ({DAYS:g}); of --synthetic so many in all ({MADE_DAYS:g})."
            ),
        ] = None,
        arrivals: Annotated[
            Text, typer.Option(metavar="FILE.csv", help="A row a request; - is stdin.")
        ] = None,
        rates: Annotated[
            Text,
            typer.Option(
                "--synthetic",
                metavar="RATES",
                help='Traffic that nobody has seen yet: "mon-fri 08-18 120/h; else 5/h Europe/Berlin".',
            ),
        ] = None,
        bursts: Annotated[
            list[str] | None,
            typer.Option(
                metavar="PER_DAY,SIZE,SECONDS",
                help="With --synthetic: so many bursts a day, of so many requests within so long; may be repeated.",
            ),
        ] = None,
        growth: Annotated[
            float | None, typer.Option(help="The factor on the traffic: 2 is twice of it.")
        ] = None,
        column: Annotated[Text, typer.Option(help="The column with the arrivals; guessed without.")] = None,
        service_column: Annotated[
            Text, typer.Option(help="The column with seconds that requests take.")
        ] = None,
        end_column: Annotated[
            Text,
            typer.Option(
                help="The column with the ends of requests, which arrived their duration (or --service-s) before."
            ),
        ] = None,
        day_first: Annotated[
            bool | None,
            typer.Option(
                "--day-first/--month-first", help="What 01/02/2026 is, where the file does not tell."
            ),
        ] = None,
        service_s: Annotated[
            Seconds, typer.Option("--service-s", help="Seconds that every request takes.")
        ] = None,
        service: Annotated[Text, typer.Option(help="Seconds, or lognormal:MEDIAN,SIGMA.")] = None,
        concurrency: Annotated[
            Whole, typer.Option(help="Requests that an instance works on at once (1).")
        ] = None,
        instance_type: Annotated[
            Text, typer.Option(help="For its price, asked of AWS without --price.")
        ] = None,
        price: Annotated[Text, typer.Option(help="Dollars for an instance-hour.")] = None,
        least: Annotated[Whole, typer.Option("--min", help="Least instances (0).")] = None,
        most: Annotated[Whole, typer.Option("--max", help="Most instances (5).")] = None,
        target: Annotated[
            Text, typer.Option(help="Backlog per instance that is tracked (5); none: no target tracking.")
        ] = None,
        scale_in_cooldown: Annotated[Seconds, typer.Option(help="Seconds (300).")] = None,
        scale_out_cooldown: Annotated[Seconds, typer.Option(help="Seconds (300).")] = None,
        high_periods: Annotated[
            Whole, typer.Option(help="Minutes above the target to scale out (3).")
        ] = None,
        low_periods: Annotated[Whole, typer.Option(help="Minutes below it to scale in (15).")] = None,
        wake_policy: Annotated[
            bool | None,
            typer.Option(
                "--wake-policy/--no-wake-policy", help="The step policy that wakes from zero (with)."
            ),
        ] = None,
        step: Annotated[
            Text, typer.Option(metavar="FILE.json", help="PutScalingPolicy and PutMetricAlarm calls to add.")
        ] = None,
        warm: Annotated[
            list[str] | None,
            typer.Option(
                help='At least one instance then: "mon-fri 08:00-18:00 Europe/Berlin"; may be repeated.'
            ),
        ] = None,
        provision_s: Annotated[
            Text,
            typer.Option("--provision-s", help="Seconds to a new instance, or lognormal:MEDIAN,SIGMA (300)."),
        ] = None,
        fixed_instances: Annotated[
            Whole, typer.Option(help="Always on with so many; nothing scales.")
        ] = None,
        initial: Annotated[Whole, typer.Option(help="Instances at the start (the minimum).")] = None,
        ttl_s: Annotated[
            float, typer.Option("--ttl-s", help="Seconds a request may wait; 0: for ever.")
        ] = 21600.0,
        metric_delay_s: Annotated[
            float, typer.Option("--metric-delay-s", help="Seconds until a metric is seen.")
        ] = 60.0,
        bill_from: Annotated[str, typer.Option(help="launch or in-service.")] = "launch",
        while_updating: Annotated[
            str,
            typer.Option(
                help="What a scheduled action does that is due while the endpoint is being updated: follows (its "
                "capacity comes when that is done) or fails (for good); AWS does not say."
            ),
        ] = "follows",
        seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 1,
        minutes: Annotated[
            Text, typer.Option("--timeline", metavar="FILE.csv", help="Write a row a minute.")
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Write exactly one JSON document to stdout.")
        ] = False,
    ) -> None:
        """Replay traffic through a policy, request by request: waits, cold starts, instance-hours and their cost.

        What is not given is as said in brackets, or with --endpoint as it is there; --warm replaces scheduled
        actions. docs/model.md has every rule, docs/planner.md how far to trust it. Costs are estimates.
        """

        def work() -> int:
            _one_source({"--arrivals": arrivals, "--endpoint": endpoint, "--synthetic": rates})
            if bursts and rates is None:
                raise BadInput(
                    "--bursts come on top of rates.", "Give --synthetic RATES too, or leave it out."
                )
            named = {"--column": column, "--service-column": service_column, "--end-column": end_column}
            if arrivals is None:
                if day_first is not None:
                    raise BadInput("--day-first is about a file of arrivals.", "Leave it out.")
                _no_columns(named, "an endpoint" if rates is None else "synthetic traffic")
            scaled = typed.Scaled(
                least, most, target, scale_in_cooldown, scale_out_cooldown, high_periods, low_periods, wake_policy,
                step, tuple(warm or ()), initial,
            )  # fmt: skip
            asked = Asked(
                typed.wish(scaled, fixed_instances, ttl_s, metric_delay_s, bill_from, say, while_updating),
                None if concurrency is None else typed.from_one(concurrency, "--concurrency"),
                typed.service(service_s, service),
                None if provision_s is None else times(provision_s, "provisioning time"),
                typed.from_zero(seed, "--seed"),
                growth,
            )
            known = None if price is None else typed.price(price, instance_type)
            if arrivals is not None:
                if days is not None:
                    raise BadInput("A file has as many days as it has.", "Leave --days out.")
                if asked.service is not None and service_column is not None and end_column is None:
                    raise BadInput(
                        "A column and an option say how long a request takes.", "Give one of them."
                    )
                columns = Columns(column, service_column, end_column, asked.service is None, day_first)
                found = of_file(arrivals, columns, asked, say)
                if known is None:
                    known = _listed(instance_type)
            elif rates is not None:
                there = shape(rates, tuple(map(burst, bursts or ())))
                found = of_synthetic(Made(there, MADE_DAYS if days is None else days), asked, say)
                if known is None:
                    known = _listed(instance_type)
            else:
                assert endpoint is not None
                with Console.open(Settings.load(), keep=True) as console:
                    found = of_endpoint(console, endpoint, DAYS if days is None else days, asked, say)
                    kind = instance_type or (found.traffic.endpoint.instance_type if found.traffic else None)
                    if known is None:
                        known = _asked(console, kind)
            if minutes is not None:
                _put(minutes, timeline(found.first))
                say(_minutes_of(found))
            write(_json(found, known) if as_json else "\n".join(_text(found, known)))
            return 0

        run(work, as_json)


def _one_source(given: dict[str, str | None]) -> None:
    named = [option for option, value in given.items() if value is not None]
    if len(named) != 1:
        what = (
            f"{listed(named)} are {len(named)} kinds of traffic."
            if named
            else "There is no traffic to replay."
        )
        raise BadInput(what, "Give --arrivals FILE.csv, --endpoint NAME or --synthetic RATES.")


def _no_columns(given: dict[str, str | None], source: str) -> None:
    for option, value in given.items():
        if value is not None:
            raise BadInput(f"{option} is of a file, and {source} has none.", "Leave it out.")


def _listed(instance_type: str | None) -> Price | None:
    """What the AWS that is set up lists, or the account's own rate; None with a sentence where there is no answer."""
    if instance_type is None:
        say(NO_PRICE)
        return None
    try:
        with Console.open(Settings.load()) as console:
            return _asked(console, instance_type)
    except OpsError as error:
        say(f"No price of {instance_type}: {error.what} {NO_PRICE}")
        return None


def _asked(console: Console, instance_type: str | None) -> Price | None:
    if instance_type is None:
        say(NO_PRICE)
        return None
    try:
        found = console.price(instance_type)
    except OpsError as error:
        say(f"No price of {instance_type}: {error.what} {NO_PRICE}")
        return None
    if found is None:
        say(f"AWS lists no price of {instance_type} here. {NO_PRICE}")
    return found


def _moment(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _minutes_of(found: Answer) -> str:
    """What a timeline is of."""
    ways = len(found.runs)
    of = f"the first of {ways} ways in which the requests may have come" if ways > 1 else "the only course"
    at = (
        ""
        if found.traffic is None or found.first.timeline is None
        else (f"; minute 0 begins at {_moment(found.first.timeline.first_minute * 60.0)}")
    )
    return f"The timeline is of {of}{at}."


def _json(found: Answer, price: Price | None) -> str:
    document: dict[str, Any] = documents(found.runs, price)
    document["back_at_min"] = not any(found.above)
    document["assumptions"] = assumptions(found.scenario)
    if found.traffic is not None:
        traffic = found.traffic
        document["traffic"] = {
            "endpoint": traffic.endpoint.ref.name,
            "requests": traffic.arrivals.total,
            "from": _moment(traffic.arrivals.first_s),
            "until": _moment(traffic.arrivals.until_s),
            "known_share": traffic.arrivals.known_share,
            "service": plain(traffic.service),
            "concurrency": plain(traffic.slots),
            "provision": plain(traffic.provision),
            "left_out": list(traffic.setup.left_out) if traffic.setup is not None else [],
            "notes": list(traffic.notes),
        }
        trust = found.trust
        document["backtest"] = None if trust is None else {
            "trust": trust.trust.value,
            "sentences": list(trust.sentences),
            "same_minutes": plain(trust.same),
            "figures": plain(trust.figures),
        }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


def _text(found: Answer, price: Price | None) -> list[str]:
    out = lines(found.runs, price)
    if found.traffic is not None:
        traffic = found.traffic
        spread = traffic.service.spread
        arrivals = traffic.arrivals
        span = duration(arrivals.until_s - arrivals.first_s)
        known = [
            (
                "span",
                f"{_moment(arrivals.first_s)} to {_moment(arrivals.until_s)}, {span}: hours and cost are of it",
            ),
            ("traffic", f"{traffic.arrivals.known_share * 100:.1f} % of the minutes are known"),
            (
                "takes",
                f"{spread.mean_s:.1f} s on average ({spread.count:,} requests: {traffic.service.source})"
                if spread.count
                else f"not known: no request has finished ({traffic.service.source})",
            ),
            ("concurrency", f"{traffic.slots.concurrency} ({traffic.slots.source})"),
            ("new instance", f"{traffic.provision.spread.p50_s:.0f} s ({traffic.provision.source})"),
        ]
        out += ["", *(f"{name:<12} {told}" for name, told in known)]
        left = traffic.setup.left_out if traffic.setup is not None else ()
        said = found.trust.sentences if found.trust is not None else left
        out += ["", *textwrap.wrap(" ".join(said), WIDTH)] if said else []
    return [*out, "", *textwrap.wrap(f"Assumed: {' '.join(assumptions(found.scenario))}", WIDTH)]


def _put(path: str, body: str) -> None:
    try:
        Path(path).write_text(body, encoding="utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path!r} cannot be written: {error.strerror}.", "Choose another place.") from error
    say(f"Written: {path}")
