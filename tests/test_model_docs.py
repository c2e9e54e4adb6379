"""docs/model.md holds the code's equations and numbers, and says of every assumption that it can be switched."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core import cost, metrics
from ops.core.cost import ASYNC
from ops.core.deploy_fit import Load, Machine, judge
from ops.core.fit_words import dollars, numbers, shares
from ops.core.own_budget import Rate, Slowing, decide
from ops.core.own_spending import Counted, Spending, hours_left
from ops.core.scaling_rules import LOOK_BACK, tracked
from ops.core.types import Price, Series, Window
from ops.core.warm_value import lead_by
from ops.core.window import KEPT_DAYS
from ops.local_aws import physics, price_book, scaling_log
from ops.local_aws.delivery import RESPONSE_LIMIT, STORY_OBJECTS
from ops.local_aws.pools import FALLBACK_S
from ops.local_aws.registry import DEFAULT_CONCURRENCY
from ops.local_aws.scaling_alarms import LOW_SHARE
from ops.local_aws.world import Assumptions
from ops.replay.ends import GIVE_UP_S
from ops.replay.noise import compare
from tests.local_aws import test_physics
from tests.replay import test_theory

DOCS = Path(__file__).resolve().parent.parent / "docs"
TEXT = (DOCS / "model.md").read_text(encoding="utf-8")
SAID = " ".join(TEXT.split())
DAY = datetime(2026, 11, 1, tzinfo=UTC)
PRICE = Price("ml.g5.xlarge", "us-east-1", Decimal("1.4084"), "list", DAY, ASYNC)
SECONDS = {"s": 1, "min": 60, "h": 3600, "days": 86_400}
Values = dict[str, float]


def marked(name: str) -> list[list[str]]:
    """The rows of the table after `<!-- name -->`."""
    table = TEXT.split(f"<!-- {name} -->\n", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in re.split(r" \| ", line.strip("| "))] for line in table.splitlines()[2:]]


def looked_up(name: str) -> Any:
    module, _, symbol = name.strip("`").rpartition(".")
    return getattr(importlib.import_module(module), symbol)


# --- numbers ---


def in_code(name: str) -> tuple[float, ...]:
    """A constant as numbers; times in seconds."""
    found = looked_up(name)
    if isinstance(found, timedelta):
        return (found.total_seconds(),)
    unit = 3600 if re.search(r"(_H|\.LEAST_HOURS)`?$", name) else 1
    return tuple(float(each) * unit for each in (found if isinstance(found, tuple) else (found,)))


def as_told(value: str, code: tuple[float, ...]) -> tuple[float, ...]:
    """A value of the table as numbers; per cent as the code has it, a share or a number of per cent."""
    body, unit = re.fullmatch(r"\$?([\d.]+(?: to [\d.]+)?)(?: (s|min|h|days|%))?", value).groups()  # type: ignore[union-attr]
    factor = (1.0 if code[0] > 1 else 0.01) if unit == "%" else SECONDS.get(unit or "", 1)
    return tuple(float(each) * factor for each in body.split(" to "))


@pytest.mark.parametrize("row", marked("constants"), ids=lambda row: row[2].strip("`"))
def test_a_number_is_that_of_the_code(row: list[str]) -> None:
    what, value, name, basis = row
    code = in_code(name)
    assert as_told(value, code) == pytest.approx(code), what
    assert basis


def test_the_numbers_of_one_thing_agree() -> None:
    """A limit that several modules hold is the same in all of them."""
    for names in (
        ("ops.core.awake.TTL_S", "ops.core.cold_start_phases.TTL_S", "ops.core.deploy_fit.QUEUE_S"),
        ("ops.core.deploy_fit.ASYNC_S", "ops.core.realtime_fit.LONGEST_S"),
        ("ops.replay.calibrated.ASSUMED_PROVISION_S", "ops.given_traffic.PROVISION_S"),
        ("ops.replay.calibrated.ASSUMED_CONCURRENCY", "ops.local_aws.registry.DEFAULT_CONCURRENCY"),
    ):  # fmt: skip
        assert len({in_code(name) for name in names}) == 1, names


# --- equations ---


def instances(v: Values) -> float:
    window = Window(DAY, DAY + timedelta(seconds=v["period_s"]), int(v["period_s"]))
    series = Series("CPUUtilization SampleCount", window, np.array([v["samples"]]), "Count")
    return float(metrics.instances(series, int(v["publish_s"])).values[0])


def priced(v: Values) -> Price:
    return Price(PRICE.instance_type, PRICE.region, Decimal(str(v["usd_per_hour"])), PRICE.source, DAY, ASYNC)


def estimate(v: Values) -> float:
    line = cost.estimate(v["hours"], priced(v))
    assert line is not None
    return float(line.usd)


def per_month(v: Values) -> float:
    line = cost.per_month(int(v["instances"]), priced(v))
    assert line is not None
    return float(line.usd)


def asking(v: Values) -> float:
    calls = {
        "cloudwatch:DescribeAlarms": int(v["requests"]),
        "cloudwatch:GetMetricData": 7,
        "ce:GetCostAndUsage": int(v["explorer"]),
    }
    return float(cost.of_asking(calls, int(v["metrics"])))


def month_end(v: Values) -> float:
    """The rate and the time left are taken from a real month, and put into the equation by their names."""
    until = datetime(2026, 12, 1, tzinfo=UTC) - timedelta(hours=v["hours_left"])
    assert hours_left(until) == pytest.approx(v["hours_left"])
    counted = Counted(
        DAY, until, calls={"ce:GetCostAndUsage": round(v["spent"] * 100)},
        rate=Rate().noted(v["usd_per_hour"] * 5, 5, 1.0),
    )  # fmt: skip
    ahead = Spending(counted, Slowing(), None, True).projected
    assert ahead is not None
    return float(ahead)


def slower(v: Values) -> float:
    rate = Rate().noted(v["full"] * 5, 5, 1.0)
    return decide(Decimal(str(v["budget"])), Decimal(str(v["spent"])), rate, v["hours_left"]).stretch


def told_apart(v: Values) -> float:
    """Five pairs whose differences have this mean and standard deviation, far from being practically the same."""
    shape = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    shape = shape / shape.std(ddof=1) * v["s"] + v["mean"]
    return float(compare([0.0] * 5, list(-shape)) != 0)


def fit(v: Values, what: str) -> tuple[str, str]:
    """(real-time, asynchronous) of one row."""
    load = Load(processing_s=v["p"], a_day=v["n"], hours=v["hours"], start_s=(v.get("w", 300.0),) * 2)
    machine = Machine(PRICE, PRICE, int(v["c"]), v["cooldown"])
    row = next(row for row in judge(load, machine).rows if row.what == what)
    return row.realtime, row.asynchronous


WHOLE = {name: st.integers(0, 5000) for name in ("samples", "instances", "explorer", "metrics", "current")}
DRAWN = WHOLE | {
    "period_s": st.sampled_from([60, 300, 3600]),
    "publish_s": st.sampled_from([60, 120, 300]),
    "hours": st.integers(1, 24),
    "usd_per_hour": st.sampled_from([0.23, 1.4084, 20.36]),
    "metric": st.integers(0, 900),
    "target": st.sampled_from([0.5, 1.0, 2.0, 5.0, 7.5]),
    "p90_s": st.floats(1, 20_000),
    "requests": st.integers(0, 3_000_000),
    "hours_left": st.integers(1, 700),
    "spent": st.integers(0, 40),
    "budget": st.integers(50, 90),
    "full": st.floats(0.001, 5.0),
    "mean": st.floats(-50, 50),
    "s": st.floats(0.5, 20),
}
FITS = {
    "n": st.integers(1, 3000),
    "p": st.integers(1, 900),
    "c": st.integers(1, 8),
    "hours": st.integers(1, 24),
    "cooldown": st.sampled_from([60, 300, 600]),
    "w": st.integers(120, 900),
}
CODE: dict[str, Callable[[Values], float]] = {
    "instances in service": instances,
    "estimated cost": estimate,
    "a month without sleep": per_month,
    "capacity that target tracking wants, out": lambda v: tracked(int(v["current"]), v["metric"], v["target"], False),
    "the same, in": lambda v: tracked(int(v["current"]), v["metric"], v["target"], True),
    "minutes that a warm window opens early": lambda v: lead_by(v["p90_s"], 9).minutes,
    "what Ebb's own asking costs": asking,
    "its rate of late": lambda v: Rate(1.0, 1.0, 1.0).noted(0.0, v["hours"], 1.0).usd,
    "its month's end": month_end,
    "how much less often metrics are read": slower,
    "two costs differ by more than noise": told_apart,
}  # fmt: skip
EQUATIONS = {what: equation.strip("`") for what, equation, _ in marked("equations")}
NAMES = {name: getattr(math, name) for name in ("exp", "ceil", "sqrt")} | {
    "min": min, "max": max, "abs": abs
}  # fmt: skip


def worked_out(what: str, v: Values) -> float:
    """The equation of the page, with these values."""
    equation = next(e for name, e in EQUATIONS.items() if name.startswith(what))
    return float(eval(equation, {"__builtins__": {}}, NAMES | v))


def used(what: str) -> Iterator[str]:
    equation = next(e for name, e in EQUATIONS.items() if name.startswith(what))
    yield from (name for name in dict.fromkeys(re.findall(r"\b[a-z]\w*", equation)) if name not in NAMES)


def test_every_equation_is_tried_and_names_what_exists() -> None:
    tried = [next(name for name in EQUATIONS if name.startswith(what)) for what in CODE]
    assert len(set(tried)) == len(CODE)
    assert set(EQUATIONS) == set(tried) | {name for name in EQUATIONS if name.startswith("fit: ")}
    for *_, name in marked("equations"):
        assert callable(looked_up(name))


@pytest.mark.parametrize("what", CODE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_equation_gives_what_the_code_gives(what: str, data: st.DataObject) -> None:
    v = {name: float(data.draw(DRAWN[name], name)) for name in used(what)}
    assert CODE[what](v) == pytest.approx(worked_out(what, v), rel=1e-9, abs=1e-12)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_the_fit_is_what_its_equations_say(data: st.DataObject) -> None:
    v = {name: float(data.draw(strategy, name)) for name, strategy in FITS.items()}
    v["rate"] = v["n"] / (3600 * v["hours"])
    starts = [worked_out(f"fit: cold starts a day, {end}", v) for end in ("least", "most")]
    assert fit(v, "Cold starts a day")[1] == numbers(*starts)
    awake = sorted(worked_out(f"fit: share of the day awake, {end}", v) for end in ("one batch", "mixed"))
    assert fit(v, "Asleep")[1] == f"{shares(1 - awake[1], 1 - awake[0])} of the time"
    late = [worked_out("fit: share of requests that wait", v | {"starts": each}) for each in starts]
    assert fit(v, "Waiting for an answer")[1].endswith(f", for {shares(*late)} of the requests")
    always = worked_out("fit: instances of a real-time endpoint", v)
    real, own = fit(v, "Cost a month")
    assert real.endswith(f", {always:.0f} always on")
    hours = [worked_out("fit: instance-hours a day", v | {"awake": share}) for share in awake]
    price = {"usd_per_hour": float(PRICE.usd_per_hour)}
    assert own == dollars(*(worked_out("fit: cost a month", price | {"instance_hours": h}) for h in hours))


# --- what is said in words ---


def test_the_table_of_percentiles_is_worked_out() -> None:
    for many, *cells in marked("percentiles"):
        for share, cell in zip((0.5, 0.9, 0.95, 0.99), cells, strict=True):
            assert cell == f"{share ** int(many) * 100:.0f} %", many


def test_the_queues_are_those_of_the_tests_and_as_close() -> None:
    told = {queue.split(",")[0].split(" ")[0]: within for queue, _, within in marked("queues")}
    assert told == {queue: f"{share * 100:.0f} %" for queue, share in test_theory.WITHIN.items()}
    for queue, share in test_physics.WITHIN.items():
        assert f"{queue} within {share * 100:.0f} %" in SAID


@pytest.mark.parametrize("switch", [f.name for f in fields(Assumptions)])
def test_every_assumption_that_can_be_switched_is_told(switch: str) -> None:
    unknown = TEXT.split("\n## What nobody knows\n", 1)[1].split("\n## ", 1)[0]
    assert f"**switch** `{switch}`" in unknown


@pytest.mark.parametrize(
    "said",
    [
        f"0.2 s download + the container's time + {physics.UPLOAD_S:g} s upload" if physics.DOWNLOAD_S == 0.2 else "?",
        f"names no concurrency, {DEFAULT_CONCURRENCY}",
        f"up to {RESPONSE_LIMIT // 1024} KB",
        f"the newest {STORY_OBJECTS:,} objects",
        f"visible {Assumptions().publish_delay_s} s after their minute ends",
        f"({KEPT_DAYS[60]} days at 60 s, {KEPT_DAYS[300]} days at 300 s, {KEPT_DAYS[3600]} days at 3600 s)",
        "looks back two periods past N" if LOOK_BACK == 2 else "?",
        f"15 × 60 s below {LOW_SHARE:g} × target",
        f"log-normal, σ {physics.PROVISION_SIGMA:g}, median {physics.provision_median('ml.g5.xlarge'):g} s for ml.g5",
        f"({physics.provision_median('ml.g4dn.xlarge'):g} ml.g4dn, "
        f"{physics.provision_median('ml.g6e.xlarge'):g} ml.g6e and ml.inf2",
        f"{physics.provision_median('ml.m5.large'):g} ml.m5, {physics.OTHER_PROVISION_S:g} others), "
        f"within {physics.PROVISION_RANGE_S[0]:g}–{physics.PROVISION_RANGE_S[1]:g} s",
        f"first log line {physics.LOADING_S:g} s before it is in service",
        f"stays in progress for {physics.REFUSED_AFTER_S / 60:g} minutes, then fails",
        f"Scale-in takes {physics.REMOVAL_S:g} s",
        f"each pool without costs {FALLBACK_S:g} s",
        f"Six weeks and at most {scaling_log.MOST:,} activities" if scaling_log.KEPT_S == 42 * 86_400 else "?",
        f"embedded: published {price_book.PUBLISHED}",
        f"ends {GIVE_UP_S / 86_400:g} days after the last progress",
        "AWS keeps minutes for 15 days, scaling activities for six weeks" if KEPT_DAYS[60] == 15 else "?",
    ],
)  # fmt: skip
def test_the_words_hold_the_numbers_of_the_code(said: str) -> None:
    assert said in SAID
