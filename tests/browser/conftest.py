"""The whole product in a real browser: embedded AWS, `streamlit run app.py`, Chromium. Nothing leaves loopback."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.browser_finder import launch_options

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "test-artifacts"
NOW = "2026-11-18T14:20:00Z"
QUIET = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
START_S = 60.0
expect.set_options(timeout=20_000)  # milliseconds, for a machine with other work
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


def get(url: str) -> tuple[int, str]:
    """Status and body of one request that uses no proxy."""
    try:
        with _direct.open(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@dataclass(frozen=True)
class Aws:
    """The running embedded AWS."""

    url: str
    state_dir: Path

    def jump(self, seconds: float) -> None:
        """Move its time forward."""
        body = json.dumps({"jump_seconds": seconds}).encode()
        _direct.open(
            urllib.request.Request(f"{self.url}/_ebb/clock", body, {"Content-Type": "application/json"}),
            timeout=60,
        ).close()


def clean_environment(state_dir: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EBB_", "STREAMLIT_"))}
    return kept | {"EBB_STATE_DIR": str(state_dir)}


@contextmanager
def process(
    command: list[str], log: Path, state_dir: Path, cwd: Path, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[str]]:
    """A child that is ended by its handle, its words in `log`. `more`: variables of its environment."""
    with log.open("w") as words:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env={**clean_environment(state_dir), **more},
            stdout=subprocess.PIPE,
            stderr=words,
            text=True,
        )
        try:
            yield child
        finally:
            child.terminate()
            child.wait(timeout=20)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    folder = tmp_path_factory.mktemp("aws")
    command = [sys.executable, "-m", "ops", "local-aws", "--port", "0", "--seed", "7", "--now", NOW]
    with process(command, folder / "log", folder, ROOT) as child:
        assert child.stdout is not None
        ready = child.stdout.readline()
        assert ready, (folder / "log").read_text()
        yield Aws(json.loads(ready)["endpoint_url"], folder)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def console(
    state_dir: Path,
    folder: Path,
    *options: str,
    port: int = 0,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """`streamlit run app.py` from another folder on a free port; its log must not hold a traceback."""
    port = port or unused_port()
    url, log = f"http://127.0.0.1:{port}", folder / "console.log"
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    with process([*command, *options], log, state_dir, folder, more) as child:
        drain = threading.Thread(target=child.communicate, daemon=True)
        drain.start()
        deadline, pause = time.monotonic() + START_S, threading.Event()
        while not _answers(f"{url}/_stcore/health"):
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the console did not start"
            pause.wait(0.1)
        yield url
    assert "Traceback" not in log.read_text()


def _answers(url: str) -> bool:
    try:
        return get(url)[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="session")
def app(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with console(aws.state_dir, tmp_path_factory.mktemp("console")) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    options: dict[str, Any] = launch_options()
    options["args"] = [*options["args"], *QUIET]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(**options)
        yield running
        running.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """`open_page(theme="dark", width=390)` → a fresh page. In the end: a screenshot, no script error, no outside."""
    opened: list[tuple[Any, Page]] = []
    errors: list[str] = []
    outside: list[str] = []

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost"):
            outside.append(url)

    def fresh(theme: str = "light", width: int = 1440, height: int = 900) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, timezone_id="Asia/Kolkata"
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("request", lambda sent: note(sent.url))
        page.on("websocket", lambda socket: note(socket.url))
        opened.append((context, page))
        return page

    yield fresh
    ARTIFACTS.mkdir(exist_ok=True)
    name = re.sub(r"[^\w-]+", "-", request.node.name).strip("-")
    for number, (context, page) in enumerate(opened):
        page.screenshot(path=ARTIFACTS / f"{name}-{number}.png")
        context.close()
    assert errors == []
    assert outside == []


def settled(page: Page) -> None:
    """The script of the page has run to its end."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')


def chart_drawn(page: Page) -> None:
    page.wait_for_selector(".ebb-plot .main-svg")


def clock_of(page: Page, panel: str) -> Locator:
    """Where a live panel counts what it asked (data-asks) and how often it was drawn anew (data-answers)."""
    return page.locator(f'.live[data-panel="{panel}"]')


def next_tick(page: Page, panel: str, rate_ms: int = 5000) -> None:
    """Let the rate pass on the browser's clock, which must be installed, and wait for the answer."""
    clock = clock_of(page, panel)
    expect(clock).to_have_count(1)
    before = clock.get_attribute("data-answers") or ""
    page.clock.fast_forward(rate_ms)
    page.clock.run_for(1000)
    expect(clock).not_to_have_attribute("data-answers", before)
    settled(page)


def ranges(page: Page) -> list[str]:
    """The part of time that each chart of the page shows."""
    found = page.evaluate("[...document.querySelectorAll('.ebb-plot')].map(e => e.layout.xaxis.range.join())")
    return [str(text) for text in found]


def drag(page: Page, chart: int = 0, first: float = 0.3, last: float = 0.6) -> None:
    """Drag over a part of a chart's width."""
    area = page.locator(".ebb-plot").nth(chart).locator(".nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    y = box["y"] + 40
    page.mouse.move(box["x"] + first * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], y, steps=8)
    page.mouse.up()
