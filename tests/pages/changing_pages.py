"""A small embedded AWS with one endpoint behind a gate, and a page of it that changes things."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streamlit.testing.v1 import AppTest

from components import session
from ops.collector import Collector
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor, ChangePlan
from tests.living import gated
from tests.pages.living_pages import Sky, Viewer
from tests.small_worlds import NAME, small

SHELL = str(Path(__file__).resolve().parents[2] / "components" / "shell.py")


@contextmanager
def one_endpoint() -> Iterator[Sky]:
    """Bounds 0–3, target tracking and a step policy that wakes it."""
    with small(0.25) as (server, clock), gated(server.url) as (url, gate):
        yield Sky(url, gate, clock)


@contextmanager
def looked_at(sky: Sky, settings: Settings | None = None) -> Iterator[Collector]:
    """The pages of this process read `sky`."""
    with TemporaryDirectory() as folder:
        chosen = settings or Settings(endpoint_url=sky.url)
        viewer = Viewer(sky, chosen.model_copy(update={"state_dir": Path(folder)})).after()
        session.connect(viewer.reader)
        try:
            yield viewer.reader
        finally:
            session.connect(None)


def elsewhere(sky: Sky, plan: Callable[[Console], ChangePlan], typed: str = "") -> None:
    """Somebody else changes something, with another Ebb that keeps a journal of its own."""
    with TemporaryDirectory() as folder:
        settings = Settings(endpoint_url=sky.url, state_dir=Path(folder))
        with Console.open(settings) as other:
            other.apply(plan(other), Actor("bo", "admin"), "", typed)


def on_page(page: str, **query: str) -> AppTest:
    """The page after its run, without an exception."""
    app = AppTest.from_file(SHELL, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    app.switch_page(f"../pages/{page}.py").run()
    assert [e.message for e in app.exception] == []
    return app


def capacity() -> AppTest:
    return on_page("capacity", endpoint=NAME)


def button(app: AppTest, label: str) -> Any:
    """The last button of this label: the panel is drawn last."""
    found = [b for b in app.button if b.label == label]
    assert found, f"no button {label!r} among {[b.label for b in app.button]}"
    return found[-1]


def labels(app: AppTest) -> list[str]:
    return [b.label for b in app.button]


def press(app: AppTest, label: str) -> AppTest:
    button(app, label).click().run()
    assert [e.message for e in app.exception] == []
    return app


def set_bounds(app: AppTest, low: int, high: int) -> AppTest:
    """Types both bounds and opens the review."""
    fields = {n.label: n for n in app.number_input}
    fields["Minimum"].set_value(low)
    fields["Maximum"].set_value(high).run()
    return press(app, "Review these bounds…")
