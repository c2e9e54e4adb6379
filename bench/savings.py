"""Savings by endpoint and local month over 400 days of minutes: the history's quarter-hour sums against DuckDB.

100 endpoints, 57.6 million minutes, made up: asleep for most of the time, awake with counts that change within a
quarter of an hour, and gaps of which nothing is known. Both sides read the same minutes in this run, each in a
process of its own: Ebb through `ops.instance_past`, as its pages do, and DuckDB from Parquet with the edges of the
months as UTC instants, which is its fast form. Their totals must be equal.
`python -m bench.savings [--endpoints 100] [--days 400] [--runs 3]`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from bench.goals import goal, row
from bench.measured import ROOT, peak_mb
from ops.core import metrics
from ops.core.periods import last_days, month, months
from ops.core.types import AsyncConfig, Endpoint, EndpointRef, FloatArray, utc
from ops.instance_past import Asked, times_of
from ops.past import Past
from ops.store.history import Grid, History, Scope

ZONE = "America/St_Johns"
"""Half an hour off the hours of UTC, with daylight saving."""
END = 1_790_035_200
"""A midnight, UTC: where the minutes end."""
DAY_S = 86_400
SCOPE = Scope("aws", "123456789012", "us-east-1")
HOSTS, ALIVE = metrics.CPU_SAMPLES.key, metrics.BACKLOG.key
USD = 1.408
SHARE = 5
"""How many times faster than DuckDB the sums must be read."""
EQUAL = 1e-9


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--endpoints", type=int, default=100)
    options.add_argument("--days", type=int, default=400)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--read", choices=READERS, help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.read:
        child(given.read, given.folder, given.endpoints, given.days)
        return
    import duckdb  # not in the process that reads Ebb's own history

    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, Python {platform.python_version()}, DuckDB {duckdb.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.endpoints, given.days, given.runs)


def compare(folder: Path, endpoints: int, days: int, runs: int) -> None:
    began = perf_counter()
    known = make(folder, endpoints, days)
    row(
        f"{endpoints} endpoints, {days} days: minutes made",
        f"{endpoints * days * 1440:,}",
        f"{known:.1%} known, in {perf_counter() - began:.0f} s",
    )
    row("the history", size(folder.glob("history.db*")), "")
    row("the Parquet files", size(folder.glob("*.parquet")), "")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in READERS}
    for _ in range(runs):  # in turns: whatever else the machine does meets all of them
        for name in READERS:
            found[name].append(read_apart(name, folder, endpoints, days))
    for name, of_name in found.items():
        took = [each["seconds"] for each in of_name]
        peak = max(each["peak_mb"] for each in of_name)
        before = min(each["before_mb"] for each in of_name)
        cpu = statistics.median(each["cpu"] for each in of_name)
        spread = (
            f"{min(took):.3f} to {max(took):.3f} s, of processors {cpu:.3f}; "
            f"{peak:.0f} MB at most, {before:.0f} before it began"
        )
        row(WORDS[name], f"{statistics.median(took):.3f} s", spread)
    sums, other = (np.load(folder / f"{name}.npy") for name in ("sums", "duckdb"))
    off = float(np.max(np.abs(sums - other) / np.maximum(1.0, np.abs(other))))
    row(f"{sums.shape[0]} endpoints x {sums.shape[1]} months: largest difference", f"{off:.1e}", "relative")
    row(
        "saved against one instance in every known minute",
        f"{saved(sums):,.2f} USD",
        f"DuckDB {saved(other):,.2f}",
    )
    if off > EQUAL or not len(sums):
        raise SystemExit("The two do not agree.")
    ours, theirs = (statistics.median(each["seconds"] for each in found[name]) for name in ("sums", "duckdb"))
    goal(f"at most 1/{SHARE} of DuckDB's time", f"1/{theirs / ours:.1f}", theirs / ours >= SHARE)


def size(paths: Iterator[Path]) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:.1f} MB"


def saved(sums: FloatArray) -> float:
    """Of (endpoints, months, [samples, known minutes])."""
    return float((sums[..., 1] - sums[..., 0]).sum()) / 60 * USD


def names(count: int) -> list[str]:
    return [f"endpoint-{n:03}" for n in range(count)]


def made_up(rng: np.random.Generator, minutes: int) -> tuple[FloatArray, FloatArray]:
    """(samples of hosts, the queue's length) by the minute, NaN where AWS would publish nothing."""
    runs = minutes // 40 + 10
    lengths = np.ceil(rng.exponential(np.where(np.arange(runs) % 2, 70.0, 200.0))).astype(int)
    counts = np.where(np.arange(runs) % 2, rng.integers(1, 5, runs), 0)
    whole = np.repeat(counts, lengths)[:minutes].astype(float)
    hosts = np.concatenate([whole, np.zeros(minutes - len(whole))])
    quarters = np.repeat(rng.integers(0, 3, -(-minutes // 15)), 15)[:minutes]
    hosts += np.where((hosts > 0) & (quarters == 2), 1, 0)  # scaled for a quarter of an hour
    hosts[hosts == 0] = np.nan
    queue = np.where(rng.random(minutes) < 0.03, rng.integers(1, 40, minutes), 0).astype(float)
    for begin in rng.integers(0, minutes, max(1, minutes // 20_000)).tolist():  # nothing is known of these
        until = begin + int(rng.integers(3, 300))
        hosts[begin:until] = queue[begin:until] = np.nan
    return hosts, queue


def make(folder: Path, endpoints: int, days: int) -> float:
    """Write the same minutes into a history and into Parquet; the share of them that is known."""
    import duckdb
    import pandas as pd

    rng = np.random.default_rng(11)
    minutes, begin = days * 1440, END - days * DAY_S
    history = History.open(f"sqlite:///{folder}/history.db", SCOPE)
    times = np.arange(begin, END, 60).astype("datetime64[s]")
    known = 0
    with duckdb.connect() as connection:
        for number, name in enumerate(names(endpoints)):
            hosts, queue = made_up(rng, minutes)
            known += int((~np.isnan(hosts) | ~np.isnan(queue)).sum())
            history.write([(name, Grid(60, begin, {HOSTS: hosts, ALIVE: queue}))])
            connection.register(
                "minutes", pd.DataFrame({"minute": times, "hosts": hosts, "queue": queue}, copy=False)
            )
            connection.execute(
                f"COPY (SELECT {number}::INTEGER AS endpoint, minute::TIMESTAMP AS minute, "
                "CASE WHEN isnan(hosts) THEN NULL ELSE hosts END AS hosts, "
                "CASE WHEN isnan(queue) THEN NULL ELSE queue END AS queue FROM minutes) "
                f"TO '{folder}/{name}.parquet' (FORMAT parquet)"
            )
    history.close()
    return known / (minutes * endpoints)


def read_apart(name: str, folder: Path, endpoints: int, days: int) -> dict[str, float]:
    """What one reader said in a process of its own."""
    command = [sys.executable, "-m", "bench.savings", "--read", name, "--folder", str(folder)]
    command += ["--endpoints", str(endpoints), "--days", str(days)]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    found: dict[str, float] = json.loads(said)
    return found


def child(name: str, folder: Path, endpoints: int, days: int) -> None:
    edges = month_edges(days)
    import_module(ENGINES[name])  # neither side's time holds its engine's loading
    before = peak_mb()
    began, worked = perf_counter(), process_time()
    found = READERS[name](folder, endpoints, edges)
    took, busy = perf_counter() - began, process_time() - worked
    np.save(folder / f"{name}.npy", found)
    print(json.dumps({"seconds": took, "cpu": busy, "peak_mb": peak_mb(), "before_mb": before}))


def month_edges(days: int) -> list[int]:
    """Epoch seconds: the beginning of the minutes, of each local month in them, and their end."""
    now, begin = utc(END), END - days * DAY_S
    every = (month(text, now, ZONE).start for text in months(now, utc(begin), ZONE))
    inside = {int(at.timestamp()) for at in every if begin < at.timestamp() < END}
    return [begin, *sorted(inside), END]


def endpoint(name: str) -> Endpoint:
    quiet = AsyncConfig(None, None, None, None, None)
    born = datetime(2020, 1, 1, tzinfo=UTC)
    ref = EndpointRef(SCOPE.account, SCOPE.region, name, "AllTraffic")
    return Endpoint(ref, "", "InService", "config", "ml.g5.xlarge", 0, 0, born, born, quiet)


def by_sums(folder: Path, endpoints: int, edges: list[int]) -> FloatArray:
    """(endpoints, months, [instance minutes, known minutes]) as Ebb tells them."""
    history = History.open(f"sqlite:///{folder}/history.db", SCOPE)
    asked = [Asked(endpoint(name), utc(edges[0]), utc(edges[-1])) for name in names(endpoints)]
    found = np.array([np.stack(time.between(edges), axis=1) for time in times_of(Past(history), asked)])
    history.close()
    return found


def by_duckdb(folder: Path, endpoints: int, edges: list[int]) -> FloatArray:
    """The same from Parquet."""
    import duckdb

    months_of = " ".join(
        f"WHEN minute < make_timestamp({edge}000000) THEN {n}" for n, edge in enumerate(edges[1:])
    )
    out: NDArray[np.float64] = np.zeros((endpoints, len(edges) - 1, 2))
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT endpoint, CASE {months_of} END AS month, sum(hosts), "
            "count(*) FILTER (hosts IS NOT NULL OR queue IS NOT NULL) "
            f"FROM '{folder}/*.parquet' GROUP BY ALL"
        ).fetchall()
    for number, of_month, samples, known in found:
        out[number, of_month] = samples or 0.0, known
    return out


def by_page(folder: Path, endpoints: int, edges: list[int]) -> FloatArray:
    """What a page asks: 30 days and the 30 before, of all endpoints, with days that are cut and the counts of all."""
    period = last_days(30, utc(edges[-1]) - timedelta(hours=7), ZONE)
    history = History.open(f"sqlite:///{folder}/history.db", SCOPE)
    asked = [
        Asked(endpoint(name), each.start, each.until)
        for each in (period, period.previous())
        for name in names(endpoints)
    ]
    found = [(time.instance_hours, time.quantile(0.99) or 0.0) for time in times_of(Past(history), asked)]
    history.close()
    return np.array(found)


READERS: dict[str, Callable[[Path, int, list[int]], FloatArray]] = {
    "sums": by_sums,
    "duckdb": by_duckdb,
    "page": by_page,
}
ENGINES = {"sums": "sqlite3", "duckdb": "duckdb", "page": "sqlite3"}
WORDS = {
    "sums": "Ebb: quarter-hour sums, by endpoint and local month",
    "duckdb": "DuckDB: Parquet, the same",
    "page": "Ebb: the fleet's last 30 days and the 30 before, peaks too",
}


if __name__ == "__main__":
    main()
