"""The shell, run with sample answers in place of AWS. Every run asserts that nothing failed and something was drawn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from components import session
from tests.components.samples import SampleSource

ROOT = Path(__file__).resolve().parents[2]
Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def packages_are_looked_through_once() -> Iterator[None]:
    """Streamlit looks for components in the description of every installed package: once, not once for every app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests)
        )
        yield


@pytest.fixture
def open_page() -> Iterator[Open]:
    """`open_page(source, "endpoint", endpoint="doc-async")` → the page after its run."""

    def opened(source: SampleSource | None, page: str = "", **query: str) -> AppTest:
        session.connect(source)
        app = AppTest.from_file(str(ROOT / "components" / "shell.py"), default_timeout=30)
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        if page:
            app.switch_page(f"../pages/{page}.py").run()
        assert [e.message for e in app.exception] == []
        assert len(app.get("bidi_component")) + len(app.warning) + len(app.info) > 0
        return app

    yield opened
    session.connect(None)


def markup(app: AppTest) -> str:
    """All HTML that the page drew, in order."""
    return "\n".join(str(d["html"]) for d in _data(app) if "html" in d)


def figures(app: AppTest) -> list[dict[str, object]]:
    """The figures of the live plots."""
    return [d["figure"] for d in _data(app) if "figure" in d]


def _data(app: AppTest) -> list[dict[str, object]]:
    return [json.loads(c.proto.json) for c in app.get("bidi_component")]


def notices(app: AppTest) -> str:
    return "\n".join(n.value.replace("\\", "") for n in (*app.warning, *app.info))
