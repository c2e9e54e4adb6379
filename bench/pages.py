"""How long a page takes: the script on the server, and until the first chart stands in a real Chromium.

Cold is a console that was just started (and, in the browser, an empty cache); warm is the median of later visits.
`python -m bench.pages [--visits 3]`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from time import perf_counter

from playwright.sync_api import BrowserContext, sync_playwright

from bench.goals import row
from bench.measured import embedded_aws
from bench.served import console
from bench.tab import Answer, Tab
from tests.browser_finder import launch_options

PAGES = (
    ("Fleet", "", "", "svg.spark"),
    ("Endpoint, 3 h", "endpoint", "endpoint=doc-async&range=3h", ".ebb-plot .main-svg"),
    ("Endpoint, 30 d", "endpoint", "endpoint=doc-async&range=30d", ".ebb-plot .main-svg"),
)
VIEWPORT = {"width": 1440, "height": 1180}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--visits", type=int, default=3, help="warm visits of each page (the median counts)")
    visits = options.parse_args().visits
    print("Pages: from the request to the end of the script, and from the address to the first chart")
    ready = []
    with embedded_aws("--seed", "7") as aws:
        for name, path, query, _ in PAGES:
            with console(aws.url) as served:
                ready.append(served.ready_s)
                cold = asyncio.run(open_page(served.url, path, query))
                warm = [asyncio.run(open_page(served.url, path, query)) for _ in range(visits)]
                say(f"{name}: server, cold", cold.seconds, f"{cold.bytes / 1e3:.0f} kB")
                say("  warm", statistics.median(a.seconds for a in warm), spread([a.seconds for a in warm]))
                if len(ready) == len(PAGES):
                    say("start of the console until it answers", statistics.median(ready), spread(ready))
                    in_browser(served.url, visits)


def in_browser(url: str, visits: int) -> None:
    """Each page first in an empty browser, then in the same one again, as a new tab; the console is warm."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for name, path, query, chart in PAGES:
            address = f"{url}/{path}?{query}".rstrip("?")
            context = browser.new_context(viewport=VIEWPORT, color_scheme="light", timezone_id="UTC")
            cold = first_chart(context, address, chart)
            warm = [first_chart(context, address, chart) for _ in range(visits)]
            context.close()
            say(f"{name}: first chart, empty browser", cold)
            say("  again, in a new tab", statistics.median(warm), spread(warm))
        browser.close()


def first_chart(context: BrowserContext, address: str, chart: str) -> float:
    """Seconds from the address to the first chart on the page."""
    page = context.new_page()
    began = perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(chart)
    took = perf_counter() - began
    page.close()
    return took


async def open_page(url: str, path: str, query: str) -> Answer:
    async with Tab(url, path, query) as tab:
        return await tab.open()


def say(what: str, seconds: float, note: str = "") -> None:
    row(what, f"{seconds * 1e3:,.0f} ms", note)


def spread(seconds: Sequence[float]) -> str:
    return f"{min(seconds) * 1e3:,.0f} to {max(seconds) * 1e3:,.0f} ms"


if __name__ == "__main__":
    main()
