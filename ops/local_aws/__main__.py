"""`python -m ops.local_aws`: the embedded AWS on loopback, until SIGTERM.

Prints one JSON line when it is ready, and keeps a state file so that the console finds it.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ops import clock
from ops.local_aws.price_book import REGIONS
from ops.local_aws.state_file import StateFile

if TYPE_CHECKING:
    from types import FrameType

EXIT_USAGE = 2
PAST_DAYS, MOST_DAYS = 396, 400


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM, SIGINT, or the end of the process that started it (`--with-parent`)."""
    options = _parser().parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    from ops.local_aws.build import (
        STORIES,
        make_world,
    )  # numpy, moto: not before the options are known to be good

    if options.scenarios:
        for story in STORIES.values():
            print(f"{story.name:18} {story.says}")
        return 0
    names = [name for name in options.scenario.split(",") if name]
    unknown = [name for name in names if name not in STORIES]
    if unknown:
        return _refuse(f"There is no scenario named {unknown[0]!r}. The list: --scenarios")
    from ops.local_aws.clock import SimClock
    from ops.local_aws.server import LocalAws
    from ops.local_aws.world import Assumptions, WorldOptions

    start = clock.timestamp() if options.now is None else options.now
    sim_clock = SimClock(start, options.speed, clock.monotonic)
    assumptions = Assumptions(zero_metric=options.zero_metric, drain=options.drain)
    world = make_world(
        sim_clock,
        WorldOptions(
            seed=options.seed,
            past_days=options.past_days,
            region=options.region,
            account=options.account,
            assumptions=assumptions,
        ),
        empty=options.empty,
        scenarios=names,
    )
    if options.now is not None:
        sim_clock.set_now(start)  # history ends at the given instant, whatever the back-fill took
    try:
        server = LocalAws(world, options.port)
    except OSError as error:
        return _refuse(
            f"Port {options.port} cannot be used ({error.strerror}). Choose another with --port, or 0 for any."
        )
    gc.collect()
    gc.freeze()
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    ready = {
        "endpoint_url": server.url,
        "region": world.region,
        "account_id": world.account,
        "world": world.identity,
        "pid": os.getpid(),
        "speed": options.speed,
        "seed": options.seed,
        "now": datetime.fromtimestamp(sim_clock.now(), UTC).isoformat(timespec="seconds"),
        "endpoints": len(world.fleet.names()),
    }
    state = StateFile(options.state)
    other = state.taken()
    if other is not None:
        print(
            f"Another embedded AWS runs at {other}; `python -m ops` goes on asking that one. "
            f"For this one: export AWS_ENDPOINT_URL={server.url}",
            file=sys.stderr,
        )
    with server:
        if other is None:
            state.write(ready)
        print(json.dumps(ready), flush=True)
        parent = os.getppid()
        while not stop.wait(1.0):
            if options.with_parent and os.getppid() != parent:
                break
    state.remove(os.getpid())
    return 0


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence; the list of options is one flag away."""

    def error(self, message: str) -> NoReturn:
        print(f"{message[:1].upper()}{message[1:]}. All options: --help", file=sys.stderr)
        raise SystemExit(EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m ops local-aws",
        description="An embedded AWS for asynchronous endpoints, on loopback, with a fleet that lives.",
    )
    parser.add_argument("--port", type=_port, default=0, help="0 is any free port (default)")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, help="simulated seconds per second, 0 (paused) to 3600"
    )
    parser.add_argument(
        "--region",
        type=_region,
        default="us-east-1",
        help=f"its region, one of those that its price list has: {', '.join(sorted(REGIONS))} (default: us-east-1)",
    )
    parser.add_argument(
        "--account", type=_account, default="123456789012", help="its account (default: 123456789012)"
    )
    parser.add_argument("--seed", type=_seed, default=7, help="same seed and --now: same history")
    parser.add_argument(
        "--now", type=_instant, default=None, metavar="ISO", help="where history ends (default: now)"
    )
    parser.add_argument(
        "--past-days",
        type=_days,
        default=PAST_DAYS,
        metavar="N",
        help=f"how long the default fleet exists (default: {PAST_DAYS}); 0: only its last 30 days",
    )
    parser.add_argument("--empty", action="store_true", help="start without any endpoint")
    parser.add_argument(
        "--scenario", default="", metavar="NAME,…", help="further stories beside the default fleet"
    )
    parser.add_argument("--scenarios", action="store_true", help="list the stories and end")
    parser.add_argument(
        "--zero-metric",
        choices=("backlog", "missing"),
        default="backlog",
        help="backlog per instance at zero instances (AWS: unsettled)",
    )
    parser.add_argument(
        "--drain",
        choices=("finish", "requeue"),
        default="finish",
        help="requests on an instance that is scaled in (AWS: undocumented)",
    )
    parser.add_argument("--state", type=Path, default=None, help="where to keep the state file")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when the process that started this one ends"
    )
    return parser


def _port(text: str) -> int:
    value = int(text) if text.isdigit() else -1
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give 0 to 65535")
    return value


def _days(text: str) -> int:
    value = int(text) if text.isdigit() else -1
    if not 0 <= value <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of days: give 0 to {MOST_DAYS}")
    return value


def _region(text: str) -> str:
    if text not in REGIONS:
        known = ", ".join(sorted(REGIONS))
        raise argparse.ArgumentTypeError(f"{text!r} is no region of the embedded AWS: give one of {known}")
    return text


def _account(text: str) -> str:
    if len(text) != 12 or not text.isdigit() or not text.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not an account: give twelve digits")
    return text


def _speed(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a speed: give 0 to 3600")
    return value


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 1 << 63:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed: give a whole number of 0 or more")
    return int(text)


def _instant(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an instant: give ISO 8601, e.g. 2026-11-20T14:00:00Z"
        ) from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 2000 <= found.year <= 2100:
        raise argparse.ArgumentTypeError(f"{text!r} lies too far away: give a year between 2000 and 2100")
    return found.timestamp()


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
