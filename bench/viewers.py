"""A hundred viewers of the Endpoint page, each refreshing every five seconds: how long a refresh takes.

Real processes: the embedded AWS, the console, and WebSocket clients that speak Streamlit's own messages.
`python -m bench.viewers [--viewers 100] [--seconds 40]`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from time import perf_counter

from bench.goals import goal, row
from bench.measured import Server, cpu_s, embedded_aws, rss_mb
from bench.served import Served, console
from bench.tab import Answer, Tab

TICK_S = 5.0
PANEL = "endpoint-panel"
GOAL_S = 0.150
FLAT = 1.05
ENDPOINTS = ("doc-async", "ocr-legacy", "forms-berlin", "receipt-scan", "contract-extract", "archive-reocr")
OPENING = 4
"""So many tabs open at the same time."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--viewers", type=int, default=100)
    options.add_argument("--seconds", type=float, default=40.0, help="how long they watch")
    options.add_argument("--range", default="3h", help="the span on show")
    chosen = options.parse_args()
    print(f"{chosen.viewers} viewers of the Endpoint page, a refresh every {TICK_S:.0f} s each")
    with embedded_aws("--seed", "7") as aws, console(aws.url) as served:
        asyncio.run(watch(aws, served, chosen.viewers, chosen.seconds, chosen.range))


async def watch(aws: Server, served: Served, viewers: int, seconds: float, span: str) -> None:
    start_mb = rss_mb(served.pid)
    async with AsyncExitStack() as stack:
        tabs = [
            Tab(served.url, "endpoint", f"endpoint={ENDPOINTS[n % len(ENDPOINTS)]}&range={span}")
            for n in range(viewers)
        ]
        first = await tabs[0].__aenter__()
        stack.push_async_exit(first)
        cold = await first.open()
        gate = asyncio.Semaphore(OPENING)

        async def enter(tab: Tab) -> Answer:
            async with gate:
                await stack.enter_async_context(tab)
                return await tab.open()

        opened = await asyncio.gather(*(enter(tab) for tab in tabs[1:]))
        row(
            "first page of the process",
            ms(cold.seconds),
            f"{cold.bytes / 1e3:.0f} kB in {cold.messages} messages",
        )
        row(f"opening, {OPENING} at a time", ms(statistics.median(a.seconds for a in opened)), "median")
        ours, theirs, began = cpu_s(served.pid), cpu_s(aws.pid), perf_counter()
        sizes: list[float] = []
        watching = [
            asyncio.create_task(refresh(tab, began + TICK_S * n / viewers, began + seconds))
            for n, tab in enumerate(tabs)
        ]
        for share in (0.25, 0.5, 0.99):
            await asyncio.sleep(began + seconds * share - perf_counter())
            sizes.append(rss_mb(served.pid))
        answers = [answer for each in await asyncio.gather(*watching) for answer in each]
        took = perf_counter() - began
        report(answers, viewers)
        spent = cpu_s(served.pid) - ours
        row(
            "processor time of one turn of one viewer",
            ms(spent / len(answers)),
            "all panels, and reading AWS",
        )
        share = spent / took
        row(
            "processor", f"{share:.0%}", f"of a core; the embedded AWS {(cpu_s(aws.pid) - theirs) / took:.0%}"
        )
        before, middle, end = sizes
        note = f"{start_mb:.0f} MB when ready, {before:.0f} after a quarter, {middle:.0f} at half time"
        row("memory at the end (RSS)", f"{end:.0f} MB", note)
        p50 = statistics.median(panel.seconds for panel, _ in answers)
        goal(f"refresh p50 at most {GOAL_S * 1e3:.0f} ms", ms(p50), p50 <= GOAL_S)
        goal(
            f"memory flat (end at most {FLAT - 1:.0%} over half time)",
            f"{end / middle:.2f} x",
            end <= middle * FLAT,
        )


async def refresh(tab: Tab, at: float, until: float) -> list[tuple[Answer, float]]:
    """Refresh what is due every TICK_S. Of each turn: the Endpoint panel, and seconds for all panels of it.

    A turn that takes longer than TICK_S puts the next one off, as in the browser.
    """
    done = []
    asked = dict.fromkeys(tab.panels, at - TICK_S)
    while at < until:
        await asyncio.sleep(max(0.0, at - perf_counter()))
        began = perf_counter()
        panel = await tab.tick(PANEL)
        for name in [n for n in asked if n != PANEL and at - asked[n] >= tab.panels[n].at_least]:
            asked[name] = at
            await tab.tick(name)
        done.append((panel, perf_counter() - began))
        at = max(at + TICK_S, perf_counter())
    return done


def report(answers: Sequence[tuple[Answer, float]], viewers: int) -> None:
    panel, all_of_it = [a.seconds for a, _ in answers], [seconds for _, seconds in answers]
    size = statistics.mean(a.bytes for a, _ in answers)
    row(
        "refresh of the Endpoint panel, p50",
        ms(statistics.median(panel)),
        f"{len(answers):,} refreshes, {size / 1e3:.0f} kB each on average",
    )
    row("  p95", ms(p95(panel)), f"slowest {ms(max(panel))}")
    row("with header and footer, p50", ms(statistics.median(all_of_it)), f"p95 {ms(p95(all_of_it))}")


def p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[18]


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.0f} ms"


if __name__ == "__main__":
    main()
