"""Screenshots of every page in light and dark, wide and on a phone, from a real start.

Seed and instant are fixed, so that two runs show the same fleet.
`python -m bench.shots [FOLDER] [--only fleet,deploy]`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from pathlib import Path
from urllib.request import Request, urlopen

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from bench.measured import ROOT
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.names import STATE_FILE
from ops.core.requests import Submission
from ops.core.warm import WarmWindow
from ops.core.warm_text import weekdays
from ops.warming import WarmWish
from tests.browser_finder import launch_options

NOW = "2026-11-18T14:20:00Z"
NAME = "anna"
"""Who changes and sends things in the pictures."""
WISH = (
    "deploy-model=doc-model&deploy-name=letters-async&deploy-type=ml.g5.xlarge"
    "&deploy-output=s3%3A%2F%2Febb-documents%2Fletters%2Fout%2F&deploy-failures=s3%3A%2F%2Febb-documents%2Fletters%2Ffailed%2F"
    "&deploy-payload=4&deploy-takes=20&deploy-waits=30&deploy-requests=40&deploy-hours=10"
)
PAGES = {
    "endpoint": "/endpoint?endpoint=doc-async&range=1d&zone=UTC",
    "endpoint-stuck": "/endpoint?endpoint=ocr-legacy&range=1d&zone=UTC",
    "doctor": "/doctor?endpoint=ocr-legacy&zone=UTC",
    "failures": "/failures?endpoint=invoice-parse&range=3h&zone=UTC",
    "alarms": "/alarms?endpoint=doc-async&zone=UTC",
    "cold-starts": "/cold-starts?of=doc-async&zone=UTC",
    "savings": "/savings?zone=Europe%2FBerlin",
    "savings-one": "/savings?of=doc-async&zone=Europe%2FBerlin",
    "planner": "/planner?endpoint=invoice-parse&promise=p95<%3D2min+mon-fri+08-18%3B+p95<%3D15min&zone=Europe%2FBerlin",
    "capacity": "/capacity?endpoint=doc-async&zone=UTC",
    "capacity-warm": "/capacity?endpoint=doc-async&do=Keep+warm&zone=Europe%2FBerlin",
    "requests": "/requests?zone=UTC",
    "activity": "/activity?of=doc-async&range=1d&zone=UTC",
    "deploy": f"/deploy?zone=UTC&{WISH}",
    "deploy-fit": f"/deploy?zone=UTC&{WISH}",
    "settings": "/settings?zone=UTC",
    "fleet": "/",
}
SCROLLED = {"deploy-fit": "6 · Does it fit?"}
"""The heading that a picture begins with, where it is not the top of the page."""
BELOW_THE_HEADER = "each => { each.style.scrollMarginTop = '4rem'; each.scrollIntoView(); }"
SHOWN = {"endpoint": "bounds 1–8"}
"""What is there once AWS was read after the changes of `lived_in`."""
PASSING = {"": "still being read", "/savings?": "not known yet"}
"""What stands on a page, by what its link holds, only until the history is there."""
CHARTS = ("/endpoint", "/failures", "/cold-starts", "/savings", "/planner")
HISTORY_MS = 330_000
"""Cold starts are found in the background, once the history is there; Savings tells of new ones within five minutes."""
SIZES = {"1440": (1440, 1180), "390": (390, 1180)}
THEMES = ("light", "dark")
SETTLED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


LOADING = '[data-testid="stSkeleton"]'
"""What stands in the place of an element whose code the browser is still loading."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "screenshots")
    options.add_argument("--only", default=",".join(PAGES), help="names of pictures, with commas between")
    given = options.parse_args()
    folder: Path = given.folder
    wanted = given.only.split(",")
    if unknown := set(wanted) - set(PAGES):
        options.error(f"There is no picture {sorted(unknown)[0]}; there are {', '.join(PAGES)}.")
    folder.mkdir(parents=True, exist_ok=True)
    with running() as (url, state), sync_playwright() as playwright:
        lived_in(state)
        browser = playwright.chromium.launch(**launch_options())
        # The cold starts of all endpoints are read before any picture that rests on them.
        look(browser.new_page(), f"{url}/cold-starts?zone=UTC")
        for theme in THEMES:
            for size, (width, height) in SIZES.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme=theme,
                    timezone_id="UTC",
                    reduced_motion="reduce",
                )
                page = context.new_page()
                for name in (each for each in PAGES if each in wanted):
                    file = folder / f"{name}-{theme}-{size}.png"
                    shoot(page, url + PAGES[name], file, SCROLLED.get(name), SHOWN.get(name))
                    print(file, f"{file.stat().st_size / 1e3:.0f} kB", flush=True)
                context.close()
        browser.close()


def shoot(page: Page, url: str, file: Path, heading: str | None = None, shown: str | None = None) -> None:
    """One picture of what fits the window. `heading`: what it begins with, else the top; `shown`: what it waits for."""
    look(page, url)
    if shown is not None:
        page.get_by_text(shown).first.wait_for(timeout=HISTORY_MS)
    page.wait_for_load_state("networkidle")
    page.locator(LOADING).first.wait_for(state="hidden")
    if heading is not None:
        page.get_by_role("heading", name=heading).evaluate(BELOW_THE_HEADER)
    page.screenshot(path=file)
    with Image.open(file) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(file, optimize=True)


def look(page: Page, url: str) -> None:
    """Open a page, and wait until all that it tells is read."""
    page.goto(url)
    page.wait_for_selector(SETTLED)
    page.wait_for_selector("h1")
    if any(f"{path}?" in url for path in CHARTS):
        page.wait_for_selector(".main-svg", timeout=HISTORY_MS)
    for words in (words for part, words in PASSING.items() if part in url):
        page.get_by_text(words).first.wait_for(state="hidden", timeout=HISTORY_MS)


def lived_in(state: Path) -> None:
    """Some changes and requests, so that the pages of operators have something to show."""
    actor = Actor(NAME, "admin", "command line")
    with Console.open(Settings(state_dir=state)) as console:
        hours = WarmWindow(weekdays("mon-fri"), time(8), time(18))
        early, last = console.lead("doc-async").minutes, date(2027, 11, 18)
        wish = WarmWish((hours,), "Europe/Berlin", early=early, holidays="DE-BY", until=last)
        warm = console.plan_warm("doc-async", wish)
        console.apply(warm, actor, "office hours", warm.confirm)
        later(state)
        for low, why, over in (
            (1, "month end, ticket 4711", "month end is over"),
            (2, "demo at three", "the demo is over"),
        ):
            plan = console.plan_bounds("doc-async", low, 10)
            console.apply(plan, actor, why, plan.confirm)
            later(state)
            undo = console.plan_undo(plan.id)
            console.apply(undo, actor, over, undo.confirm)
            later(state)
        uri = console.upload("doc-async", "page.json", iter([b'{"pages": 3}']), actor).uri
        for count in (1, 6):
            later(state)
            console.submit(Submission("doc-async", uri, count=count), actor)


def later(state: Path) -> None:
    """Two seconds on: AWS dates by the second, and what happens in one has no order."""
    noted = json.loads((state / STATE_FILE).read_text(encoding="utf-8"))
    body = json.dumps({"jump_seconds": 2}).encode()
    asked = Request(f"{noted['endpoint_url']}/_ebb/clock", body, {"Content-Type": "application/json"})
    with urlopen(asked) as answer:
        answer.read()


@contextmanager
def running() -> Iterator[tuple[str, Path]]:
    """The console as `make run` starts it, on a free port; yields its address and where it keeps its files."""
    with tempfile.TemporaryDirectory() as state:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "EBB_"))}
        env |= {"EBB_STATE_DIR": state, "OPEN": "0", "SPEED": "1"}
        command = [sys.executable, "-m", "ops.launch", "--seed", "7", "--now", NOW]
        with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
            try:
                said = ""
                for line in process.stdout or ():
                    said += line
                    found = re.search(r"Ebb is ready:\s+(\S+)", said)
                    if found:
                        yield found[1], Path(state)
                        return
                raise SystemExit(f"The console did not start.\n{said}")
            finally:
                process.terminate()


if __name__ == "__main__":
    main()
