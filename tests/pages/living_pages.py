"""The pages on the embedded AWS itself: a real reader behind a gate, read in the test's own thread."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamlit.testing.v1 import AppTest

from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.world import WorldOptions
from tests.living import TUESDAY, Gate, Hand, gated, living
from tests.pages.conftest import figures, markup, notices

SETTLE_S = 330.0
"""Longer than any endpoint of a watched fleet goes without being described again."""


@dataclass(frozen=True, slots=True)
class Sky:
    """An embedded AWS behind a gate, and the hands on its clock."""

    url: str
    gate: Gate
    clock: SimClock


@contextmanager
def sky_over(*scenarios: str, empty: bool = False, days: int = 30) -> Iterator[Sky]:
    """The default fleet and these scenarios, with so many days of history; `empty`: the scenarios alone."""
    with (
        living(empty=empty, scenarios=scenarios, days=days) as (server, clock),
        gated(server.url) as (url, gate),
    ):
        yield Sky(url, gate, clock)


@contextmanager
def crowded() -> Iterator[Sky]:
    """Two hundred endpoints and nothing else, with one day of history: a month takes a minute to make."""
    clock = SimClock(TUESDAY, 1.0, lambda: 0.0)
    world = make_world(clock, WorldOptions(history_days=1), empty=True, scenarios=("crowd",))
    server = LocalAws(world, ticking=False).start()
    try:
        with gated(server.url) as (url, gate):
            yield Sky(url, gate, clock)
    finally:
        server.stop()


class Viewer:
    """A collector of its own, with a hand-moved clock, that somebody looks at.

    `settings`: of the console, or how to find them anew each time one is opened; `keep`: with a history in a file.
    """

    def __init__(
        self, sky: Sky, settings: Settings | Callable[[], Settings] | None = None, *, keep: bool = False
    ) -> None:
        self._sky = sky
        self._hand = Hand()

        def opened() -> Console:
            found = settings() if callable(settings) else settings
            return Console.open(found or Settings(endpoint_url=sky.url), keep=keep)

        self.reader = Collector(opened, lambda kind: 2.0, self._hand)

    def after(self, seconds: float = 0.0) -> Viewer:
        """Time passes here and at AWS, and the collector reads once."""
        self.reader.snapshot()
        self._sky.clock.jump(seconds)
        self._hand.at += min(seconds, 30.0)
        self.reader.read_once()
        return self


def words(app: AppTest) -> str:
    """All that the page says outside its notices, without markup; one line for each cell or paragraph."""
    text = re.sub(r"</(p|li|td|th|tr|h1|h2|div|dd|summary)>", "\n", markup(app))
    return "\n".join(
        _plain(line) for line in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL).splitlines()
    )


def table_lines(app: AppTest) -> list[list[str]]:
    """The rows of all tables, each as the text of its cells."""
    rows = re.findall(r'<tr role="row">(<td.*?)</tr>', markup(app), flags=re.DOTALL)
    return [[_plain(cell) for cell in re.findall(r"<td.*?</td>", row, flags=re.DOTALL)] for row in rows]


def _plain(cell: str) -> str:
    text = re.sub(r"<svg.*?</svg>", "", cell, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def calm(app: AppTest) -> bool:
    """Nothing to be told: no notice, and the strip above the page is as ever."""
    return notices(app) == "" and "not refreshed" not in markup(app) and "no connection" not in markup(app)


def points(app: AppTest) -> int:
    """How many points the charts of the page draw."""
    return sum(len(trace.get("y") or ()) for f in figures(app) for trace in f["data"])  # type: ignore[attr-defined]
