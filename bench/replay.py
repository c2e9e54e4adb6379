"""`python -m bench.replay [--largest 1000000]`: how fast the planner's engine is, as ratios within one run.

Thirty days of office hours with bursts. One thread is measured in CPU time, so that a busy machine harms both sides
alike; two threads in wall time. SimPy is the anchor: the same waits, written apart (bench/replay_simpy.py).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from time import perf_counter, process_time, thread_time

import numba
import numpy as np

from bench.goals import goal, row
from bench.measured import peak_mb
from bench.replay_simpy import Course
from ops import compiled, sweeping
from ops.core.types import Bounds, FloatArray
from ops.replay import engine
from ops.replay.scenario import Requests, Scenario, Tracking, wake_policy
from ops.replay.shapes import Notes, fits, leapt

DAYS, CANDIDATES, CONCURRENCY, MEAN_S = 30, 500, 2, 25.0
SIMPY_GOALS = {10_000: 300, 100_000: 500, 1_000_000: 1000}
PASS_GOALS = {100_000: 80, 1_000_000: 60}
MEMORY_MB, FIRST_S = 400, 1.0


def traffic(count: int, seed: int = 1) -> Requests:
    """Weekdays from eight to six, quiet else, a burst of five times the rate in one minute of fifty."""
    draw = np.random.default_rng(seed)
    minute = np.arange(DAYS * 1440)
    hour, day = minute // 60 % 24, minute // 1440 % 7
    rate = np.where((hour >= 8) & (hour < 18) & (day < 5), 1.0, 0.04) * (1 + 0.3 * np.sin(minute / 55))
    rate *= np.where(draw.random(len(minute)) < 0.02, 5.0, 1.0)
    counts = draw.poisson(rate / rate.sum() * count)
    arrival = np.repeat(minute * 60.0, counts) + draw.uniform(0, 60, counts.sum())
    return Requests(np.sort(arrival), draw.lognormal(np.log(MEAN_S) - 0.06, 0.35, len(arrival)))


def candidates(requests: Requests, count: int) -> list[Scenario]:
    """A planner's grid around what the busiest hours need."""
    per_hour = np.bincount((requests.arrival_s // 3600).astype(int))
    need = max(1.0, float(np.quantile(per_hour, 0.99)) / 3600 * MEAN_S / CONCURRENCY)
    draw, found = np.random.default_rng(7), []
    for _ in range(count):
        high = max(1, round(need * draw.uniform(0.8, 2.5)))
        low = int(draw.choice([0, 0, 1, round(need / 4)]))
        tracking = Tracking(
            float(draw.choice([1, 2, 3, 4, 5, 8])),
            float(draw.choice([60, 300, 900])),
            float(draw.choice([60, 300])),
        )
        found.append(
            Scenario(Bounds(min(low, high), high), min(low, high), CONCURRENCY, (tracking, wake_policy()))
        )
    return found


@numba.njit(nogil=True)
def one_pass(arrival: FloatArray, hold: FloatArray) -> float:
    """The least that any replay must do: look at every arrival and every holding time once."""
    total = 0.0
    for i in range(len(arrival)):
        total += arrival[i] * 1e-9 + hold[i]
    return total


def best_s(work: Callable[[], object], times: int, clock: Callable[[], float] = thread_time) -> float:
    found = []
    for _ in range(times):
        began = clock()
        work()
        found.append(clock() - began)
    return min(found)


def measure(count: int) -> None:
    requests = traffic(count)
    began = perf_counter()
    prepared = engine.prepare(requests)
    print(f"\n{len(requests)} requests in {DAYS} days", flush=True)
    row("preparation, once", f"{(perf_counter() - began) * 1e3:.0f} ms")
    all_of_them = candidates(requests, CANDIDATES)
    notes = Notes(prepared)
    chosen = all_of_them[: 5 if count < 1_000_000 else 2]
    assert all(fits(prepared, one) for one in all_of_them)
    leap_s = best_s(lambda: [leapt(prepared, one, notes) for one in chosen], 7) / len(chosen)
    row("leap, a policy, one thread", f"{leap_s * 1e3:.2f} ms")
    slow_s, slow_wall_s, worst = anchor(requests, chosen)
    row("SimPy, the same policies", f"{slow_s * 1e3:.0f} ms")
    goal("waits as in SimPy, within 1e-6 s", f"{worst:.1e} s", worst <= 1e-6)
    goal(
        f"SimPy / leap >= {SIMPY_GOALS[count]}",
        f"{slow_s / leap_s:.0f}",
        slow_s / leap_s >= SIMPY_GOALS[count],
    )
    some = all_of_them[:50]
    many_s = best_s(lambda: [leapt(prepared, one, notes) for one in some], 3) / len(some)
    whole_s = best_s(lambda: [engine.replay(requests, one) for one in some[:5]], 2) / 5
    row(
        "leap, over 50 policies",
        f"{many_s * 1e3:.2f} ms",
        f"the heap of the general kernel: {whole_s * 1e3:.2f} ms",
    )
    row("general / leap", f"{whole_s / many_s:.1f}")
    one_pass(requests.arrival_s, requests.hold_s)
    pass_s = best_s(lambda: one_pass(requests.arrival_s, requests.hold_s), 20)
    if count in PASS_GOALS:
        goal(f"leap / one pass over the arrivals <= {PASS_GOALS[count]}", f"{many_s / pass_s:.0f}",
             many_s / pass_s <= PASS_GOALS[count])  # fmt: skip
    wall_s = best_s(lambda: sweeping.sweep(prepared, all_of_them, threads=2), 3, perf_counter)
    cpu_s = best_s(lambda: sweeping.sweep(prepared, all_of_them, threads=2), 1, process_time)
    row(
        f"{CANDIDATES} policies with all their numbers, two threads", f"{wall_s:.2f} s", f"CPU: {cpu_s:.2f} s"
    )
    row("CPU time of both threads, halved / one SimPy run", f"{cpu_s / 2 / slow_s:.2f}", "two idle cores")
    ratio = wall_s / slow_wall_s
    goal(f"{CANDIDATES} policies / one SimPy run, by the wall clock < 1", f"{ratio:.2f}", ratio < 1)


def anchor(requests: Requests, chosen: Sequence[Scenario]) -> tuple[float, float, float]:
    """Seconds a policy in SimPy by CPU and by the wall clock, and the largest difference of a wait."""
    took, wall, worst = 0.0, 0.0, 0.0
    for scenario in chosen:
        began, began_wall = thread_time(), perf_counter()
        course = Course(requests, scenario).run()
        took += thread_time() - began
        wall += perf_counter() - began_wall
        ours = engine.replay(requests, scenario, timeline=False)
        difference = np.abs(course.started_s - ours.started_s)
        worst = max(worst, float(np.nan_to_num(difference, nan=np.inf).max()))
    return took / len(chosen), wall / len(chosen), worst


def memory(count: int) -> None:
    """In a process of its own: the largest sweep, and the peak after each part of it."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.replay", "--memory", str(count)],
        capture_output=True,
        text=True,
        check=True,
    )
    peaks: dict[str, float] = json.loads(run.stdout)
    for part, peak in peaks.items():
        row(f"peak memory, {part}", f"{peak:.0f} MB")
    found = max(peaks.values())
    goal(f"{count} x {CANDIDATES}: peak memory <= {MEMORY_MB} MB", f"{found:.0f} MB", found <= MEMORY_MB)


def swept(count: int, imported_mb: float) -> dict[str, float]:
    """The peak of this process in MB once each part was done; the last is that of the whole sweep."""
    peaks = {"modules imported": imported_mb}
    compiled.warm()
    peaks["kernels loaded"] = peak_mb()
    requests = traffic(count)
    peaks["requests made"] = peak_mb()
    prepared = engine.prepare(requests)
    peaks["requests prepared"] = peak_mb()
    sweeping.sweep(prepared, candidates(requests, CANDIDATES), threads=2)
    peaks[f"{CANDIDATES} candidates on two threads"] = peak_mb()
    return peaks


def first_answer() -> None:
    """From the first import to an answer over 10,000 requests, in a fresh process."""
    code = (
        "from time import perf_counter; began = perf_counter()\n"
        "import numpy as np\n"
        "from ops import sweeping\n"
        "from ops.core.types import Bounds\n"
        "from ops.replay.scenario import Requests, Scenario, Tracking, wake_policy\n"
        "requests = Requests(np.arange(10_000) * 60.0, np.full(10_000, 20.0))\n"
        "sweeping.sweep(requests, [Scenario(Bounds(0, 4), 0, 2, (Tracking(5.0), wake_policy()))])\n"
        "print(perf_counter() - began)"
    )
    took = []
    for _ in range(5):
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        took.append(float(run.stdout))
    goal(f"first answer of a fresh process <= {FIRST_S:g} s", f"{min(took):.2f} s", min(took) <= FIRST_S)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.memory is not None:
        print(json.dumps(swept(given.memory, peak_mb())))
        return
    compiled.warm()
    for count in SIMPY_GOALS:
        if count <= given.largest:
            measure(count)
    print(flush=True)
    memory(given.largest)
    first_answer()


if __name__ == "__main__":
    main()
