"""The history store: 100 endpoints, 30 days of minutes, six metrics; against plain SQLite rows WITHOUT ROWID.

The traffic is made up: bursts on endpoints that scale to zero, asleep for most of the time. Ratios are of one run.
`python -m bench.store [--endpoints 100]`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ops.core import metrics
from ops.core.errors import OpsError
from ops.core.types import FloatArray
from ops.store.history import Grid, History, Scope

DAY = 1440
DAYS = 30
BEGIN = 1_790_035_200 // 60
"""The first minute, a midnight."""
TODAY = 600
"""Minutes of the newest day, which are still rows."""
SCOPE = Scope("aws", "123456789012", "us-east-1")
METRICS = (
    metrics.BACKLOG,
    metrics.OLDEST,
    metrics.PROCESSED,
    metrics.FAILURES,
    metrics.CPU_SAMPLES,
    metrics.CPU,
)
KEYS = tuple(metric.key for metric in METRICS)
WHOLE = tuple(metrics.NO_CAPACITY.key if key == metrics.CPU.key else key for key in KEYS)
"""Six metrics of whole numbers; the load of a processor is random to its last bit and cannot be packed."""
BUSY_S = 6.0
READS = 30

Traffic = Mapping[str, FloatArray]
"""By metric key: [minutes, endpoints], NaN where AWS would publish nothing."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--endpoints", type=int, default=100)
    count = options.parse_args().endpoints
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")
    minutes = DAYS * DAY
    traffic = made_up(count, minutes + TODAY + 60)
    asleep = float(np.isnan(traffic[metrics.CPU_SAMPLES.key]).mean())
    row(
        f"{count} endpoints, {DAYS} days, {len(KEYS)} metrics",
        f"{count * minutes:,} rows",
        f"{asleep:.0%} asleep",
    )
    with tempfile.TemporaryDirectory() as folder:
        rows_file, url = Path(folder) / "rows.db", f"sqlite:///{folder}/history.db"
        sizes(Path(folder) / "whole", traffic, minutes, WHOLE, "six of whole numbers")
        took = sizes(Path(folder), traffic, minutes, KEYS, "one of them CPUUtilization")
        row("back-fill of one endpoint, 30 days", f"{statistics.median(took) * 1e3:.0f} ms", spread(took))
        wide_back_fill(url)
        append(url, traffic, minutes)
        reads(rows_file, url, count, minutes)
        together(url, traffic, minutes + TODAY + 60)


def row(what: str, figure: str, note: str = "") -> None:
    print(f"  {what:<48} {figure:>16}  {note}".rstrip(), flush=True)


def spread(took: list[float]) -> str:
    return f"{min(took) * 1e3:.1f} to {max(took) * 1e3:.1f} ms"


def made_up(count: int, minutes: int) -> Traffic:
    """Bursts of requests, a cold start of four to eight minutes, one to four instances, asleep when idle."""
    rng = np.random.default_rng(7)
    out = {key: np.full((minutes, count), np.nan) for key in {*KEYS, *WHOLE}}
    rate = rng.choice([0.4, 2.0, 6.0, 20.0], count)  # requests a minute and instance
    limit = rng.integers(1, 5, count)
    per_day = rng.uniform(0.5, 8.0, count)
    cold = rng.integers(4, 9, count)
    backlog = np.zeros(count)
    age = np.zeros(count)
    instances = np.zeros(count, int)
    waking = np.zeros(count, int)
    idle = np.zeros(count, int)
    for minute in range(minutes):
        office = 2.0 if 7 <= minute % DAY // 60 < 19 else 0.35
        bursts = rng.random(count) < per_day * office / DAY
        backlog += bursts * np.ceil(rng.lognormal(2.5, 1.2, count) * np.maximum(1, rate / 2))
        done = np.minimum(backlog, rng.poisson(rate * instances))
        failed = rng.binomial(done.astype(int), 0.004)
        backlog -= done
        waiting = backlog > 0
        age = np.where(waiting, np.where(done > 0, age * rng.uniform(0.7, 1.0, count) + 60, age + 60), 0.0)
        wakes = waiting & (instances == 0) & (waking == 0)
        waking = np.where(wakes, cold, np.maximum(waking - 1, 0))
        instances = np.where(waiting & (instances == 0) & (waking == 1), 1, instances)
        more = (instances > 0) & (backlog > 5 * rate * instances) & (minute % 3 == 0)
        instances = np.minimum(instances + more, limit)
        idle = np.where(waiting | (done > 0), 0, idle + 1)
        instances = np.where(idle >= 15, 0, instances)
        up = instances > 0
        out[metrics.BACKLOG.key][minute] = backlog
        out[metrics.NO_CAPACITY.key][minute] = waiting & ~up
        out[metrics.OLDEST.key][minute] = np.where(waiting, np.round(age), np.nan)
        out[metrics.PROCESSED.key][minute] = np.where(done > 0, done - failed, np.nan)
        out[metrics.FAILURES.key][minute] = np.where(failed > 0, failed, np.nan)
        out[metrics.CPU_SAMPLES.key][minute] = np.where(up, instances, np.nan)
        load = np.where(done > 0, rng.normal(70, 9, count), rng.normal(1.2, 0.1, count))
        out[metrics.CPU.key][minute] = np.where(up, np.clip(load, 0, 100), np.nan)
    return out


def sizes(folder: Path, traffic: Traffic, minutes: int, keys: Sequence[str], words: str) -> list[float]:
    """Both stores of the same values in `folder`; seconds of the back-fill, by endpoint."""
    folder.mkdir(exist_ok=True)
    plain_rows(folder / "rows.db", traffic, minutes, keys)
    took = back_filled(f"sqlite:///{folder}/history.db", traffic, minutes, keys)
    plain, ours = (folder / "rows.db").stat().st_size, (folder / "history.db").stat().st_size
    cells = minutes * traffic[keys[0]].shape[1]
    row(f"size, plain rows, {words}", f"{plain / 1e6:.1f} MB", f"{plain / cells:.1f} bytes a row")
    row("  history", f"{ours / 1e6:.1f} MB", f"1/{plain / ours:.0f}, {ours / cells:.2f} bytes a row")
    return took


def plain_rows(path: Path, traffic: Traffic, minutes: int, keys: Sequence[str]) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        columns = ", ".join(f"m{n} REAL" for n in range(len(keys)))
        database.execute(
            f"CREATE TABLE minute (endpoint INTEGER, minute INTEGER, {columns}, PRIMARY KEY (endpoint, minute))"
            " WITHOUT ROWID"
        )
        marks = ", ".join("?" * (len(keys) + 2))
        for endpoint in range(traffic[keys[0]].shape[1]):
            values = [traffic[key][:minutes, endpoint].tolist() for key in keys]  # SQLite keeps NaN as NULL
            every = zip([endpoint] * minutes, range(BEGIN, BEGIN + minutes), *values, strict=True)
            database.executemany(f"INSERT INTO minute VALUES ({marks})", every)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def piece(traffic: Traffic, begin: int, end: int, endpoint: int, keys: Sequence[str] = KEYS) -> Grid:
    return Grid(60, (BEGIN + begin) * 60, {key: traffic[key][begin:end, endpoint] for key in keys})


def name(endpoint: int) -> str:
    return f"endpoint-{endpoint:03d}"


def back_filled(url: str, traffic: Traffic, minutes: int, keys: Sequence[str]) -> list[float]:
    took = []
    history = History.open(url, SCOPE)
    for endpoint in range(traffic[KEYS[0]].shape[1]):
        grid = piece(traffic, 0, minutes, endpoint, keys)
        took.append(timed(lambda grid=grid, endpoint=endpoint: history.write([(name(endpoint), grid)])))
    history.close()
    return took


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def wide_back_fill(url: str) -> None:
    """15 days of 25 metrics, a seventh of the cells published, every third metric a float."""
    rng = np.random.default_rng(3)
    size = 15 * DAY
    values = {}
    for number in range(25):
        some = rng.random(size) if number % 3 else rng.integers(0, 500, size).astype(np.float64)
        values[f"metric {number}"] = np.where(rng.random(size) < 0.15, some, np.nan)
    history = History.open(url, Scope("aws", "another", "us-east-1"))
    took = [timed(lambda n=n: history.write([(f"wide {n}", Grid(60, BEGIN * 60, values))])) for n in range(3)]
    history.close()
    row(
        "back-fill of one endpoint, 15 days x 25 metrics",
        f"{statistics.median(took) * 1e3:.0f} ms",
        spread(took),
    )


def append(url: str, traffic: Traffic, minutes: int) -> None:
    """The morning of the newest day, then minute by minute for all endpoints."""
    history = History.open(url, SCOPE)
    everyone = range(traffic[KEYS[0]].shape[1])
    for begin in range(minutes, minutes + TODAY, 60):
        history.write([(name(e), piece(traffic, begin, begin + 60, e)) for e in everyone])
    took = []
    for minute in range(minutes + TODAY, minutes + TODAY + 60):
        items = [(name(e), piece(traffic, minute, minute + 1, e)) for e in everyone]
        took.append(timed(lambda items=items: history.write(items)))
    history.close()
    row("append one minute of all endpoints", f"{statistics.median(took) * 1e3:.1f} ms", spread(took))


def reads(rows_file: Path, url: str, count: int, minutes: int) -> None:
    """30 days of one endpoint with all six metrics; the history's newest hours are rows."""
    pick = random.Random(1)
    history, database = History.open(url, SCOPE), sqlite3.connect(rows_file)
    end = (BEGIN + minutes + TODAY) * 60
    ours, plain = [], []
    query = "SELECT * FROM minute WHERE endpoint = ? ORDER BY minute"
    for _ in range(READS):
        endpoint = pick.randrange(count)
        ours.append(timed(lambda e=endpoint: history.read(name(e), 60, KEYS, end - minutes * 60, end)))
        plain.append(timed(lambda e=endpoint: np.array(database.execute(query, (e,)).fetchall(), np.float64)))
    history.close()
    database.close()
    fast, slow = statistics.median(ours), statistics.median(plain)
    row("30 days of one endpoint, plain rows", f"{slow * 1e3:.0f} ms", spread(plain))
    row(
        "30 days of one endpoint, history",
        f"{fast * 1e3:.1f} ms",
        f"1/{slow / fast:.0f} of plain rows, {spread(ours)}",
    )


def together(url: str, traffic: Traffic, minute: int) -> None:
    """One process appends minutes and folds days, two read 30 days, for a few seconds."""
    context = multiprocessing.get_context("spawn")
    count = traffic[KEYS[0]].shape[1]
    with context.Pool(3) as pool:
        readers = [pool.apply_async(reading, (url, count, minute, seed)) for seed in (1, 2)]
        wrote, slow_write, bad_writes, folded = pool.apply_async(writing, (url, count, minute)).get()
        read = [reader.get() for reader in readers]
    errors = bad_writes + sum(bad for _, _, bad in read)
    done = sum(times for times, _, _ in read)
    p50 = statistics.median(middle for _, middle, _ in read)
    row(f"one writing, two reading processes, {BUSY_S:.0f} s", f"{errors} errors")
    row(
        "  minutes of all endpoints written",
        f"{wrote:,}",
        f"p50 {slow_write * 1e3:.1f} ms, {folded} days folded",
    )
    row("  30 days of one endpoint read", f"{done:,}", f"p50 {p50 * 1e3:.1f} ms")


def writing(url: str, count: int, minute: int) -> tuple[int, float, int, int]:
    """(writes, median seconds, errors, days folded)"""
    history, took, errors, folded = History.open(url, SCOPE), [], 0, 0
    stop = time.perf_counter() + BUSY_S
    while time.perf_counter() < stop:
        values = {key: np.array([float(minute % 7)]) for key in KEYS}
        items = [(name(e), Grid(60, (BEGIN + minute) * 60, values)) for e in range(count)]
        minute += 1
        try:
            took.append(timed(lambda items=items: history.write(items)))
            if len(took) % 100 == 50:  # as if the newest day had just ended
                folded += history.fold((BEGIN + (minute // DAY + 1) * DAY) * 60)
        except OpsError as error:
            print(f"      writing: {error.what}")
            errors += 1
    history.close()
    return len(took), statistics.median(took), errors, folded


def reading(url: str, count: int, minute: int, seed: int) -> tuple[int, float, int]:
    """(reads, median seconds, errors); a hole in what was written before is an error too."""
    pick = random.Random(seed)
    history, took, errors = History.open(url, SCOPE), [], 0
    end = (BEGIN + minute) * 60
    stop = time.perf_counter() + BUSY_S
    while time.perf_counter() < stop:
        endpoint = pick.randrange(count)
        began = time.perf_counter()
        try:
            grid = history.read(name(endpoint), 60, KEYS, end - DAYS * DAY * 60, end)
            errors += bool(np.isnan(grid.values[metrics.BACKLOG.key]).any())
        except OpsError as error:
            print(f"      reading: {error.what}")
            errors += 1
        took.append(time.perf_counter() - began)
    history.close()
    return len(took), statistics.median(took), errors


if __name__ == "__main__":
    main()
