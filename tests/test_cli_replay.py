"""`python -m ops replay` on files: what it counts, what it writes, and what it refuses with exit code 2."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ops.__main__ import main
from tests.small_worlds import small

KEYS = {
    "requests", "completed", "expired", "waited", "mean_wait_s", "p50_wait_s", "p95_wait_s", "p99_wait_s",
    "max_wait_s", "mean_processing_s", "cold_starts", "launches", "peak_instances", "first_full_s", "drained_s",
    "horizon_s", "instance_hours", "cost_usd", "peak_backlog",
}  # fmt: skip
ONE = "timestamp\n0\n"
MONDAY = "timestamp,service\n2026-11-23T07:30:00Z,10\n"
STEP = {
    "PutScalingPolicy": {
        "PolicyName": "all",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ExactCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 3}],
            "Cooldown": 60,
        },
    },
    "PutMetricAlarm": {
        "AlarmName": "waiting",
        "MetricName": "ApproximateBacklogSize",
        "Namespace": "AWS/SageMaker",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "AlarmActions": ["<the ARN>"],
    },
}


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No AWS to ask."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("EBB_MODE", raising=False)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path / "state"))


WAKES_FOR_EVER = {
    "PutScalingPolicy": {
        "PolicyName": "wake",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    },
    "PutMetricAlarm": {
        "AlarmName": "wake",
        "MetricName": "HasBacklogWithoutCapacity",
        "Namespace": "AWS/SageMaker",
        "EvaluationPeriods": 2,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    },
}


def put(folder: Path, text: str, name: str = "arrivals.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def ran(capsys: pytest.CaptureFixture[str], file: str, *options: str) -> dict[str, Any]:
    assert main(["replay", "--arrivals", file, *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_a_single_request_wakes_an_endpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = ran(capsys, put(tmp_path, ONE), "--service-s", "10", "--price", "1.408")
    assert set(found) >= KEYS
    # Two minutes of backlog, seen a minute later: ordered at 180 s, in service 300 s later.
    assert (found["requests"], found["completed"], found["expired"], found["waited"]) == (1, 1, 0, 1)
    assert {found[f"{key}_wait_s"] for key in ("mean", "p50", "p95", "p99", "max")} == {480.0}
    assert (found["drained_s"], found["mean_processing_s"]) == (490.0, 10.0)
    assert (found["cold_starts"], found["launches"], found["peak_instances"], found["peak_backlog"]) == (
        1,
        1,
        1,
        1,
    )
    assert found["first_full_s"] is None
    # Idle from 490 s: 15 minutes below the target, seen a minute later; a minute more until it is gone.
    assert found["horizon_s"] == 1500.0
    assert found["instance_hours"] == pytest.approx((1500 - 180) / 3600)
    assert found["cost_usd"] == pytest.approx(found["instance_hours"] * 1.408, abs=1e-6)


def test_billed_from_in_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = ran(capsys, put(tmp_path, ONE), "--service-s", "10", "--bill-from", "in-service")
    assert found["instance_hours"] == pytest.approx((1500 - 480) / 3600)
    assert found["cost_usd"] is None


@pytest.mark.parametrize(
    ("options", "wait"),
    [
        ((), 480.0),
        (("--provision-s", "60"), 240.0),
        (("--metric-delay-s", "0"), 420.0),
        (("--initial", "1"), 0.0),
        (("--min", "1"), 0.0),
        (("--fixed-instances", "1"), 0.0),
        # Without a wake policy the backlog itself stands for the metric at zero: three minutes over the target.
        (("--no-wake-policy", "--target", "0.5"), 540.0),
        (("--no-wake-policy", "--target", "0.5", "--high-periods", "5"), 660.0),
        (("--no-wake-policy", "--ttl-s", "0", "--target", "none", "--initial", "1"), 0.0),
    ],
)
def test_options_move_the_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], wait: float
) -> None:
    assert ran(capsys, put(tmp_path, ONE), "--service-s", "10", *options)["max_wait_s"] == wait


def test_what_never_starts_is_null_and_what_expires_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "timestamp\n0\n30\n")
    found = ran(capsys, file, "--service-s", "10", "--no-wake-policy", "--target", "none", "--ttl-s", "600")
    assert (found["expired"], found["completed"], found["waited"], found["drained_s"]) == (2, 0, 0, 630.0)
    assert all(found[f"{key}_wait_s"] is None for key in ("mean", "p50", "p95", "p99", "max"))
    assert found["mean_processing_s"] is None
    assert found["instance_hours"] == 0
    stuck = ran(capsys, file, "--service-s", "10", "--no-wake-policy", "--target", "none", "--ttl-s", "0")
    assert (stuck["expired"], stuck["unfinished"], stuck["drained_s"]) == (0, 2, None)


def test_fixed_instances_queue_in_the_order_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "start,took\n5,10\n5,20\n5,0\n")
    options = ("--service-column", "took", "--fixed-instances", "1", "--bill-from", "launch")
    found = ran(capsys, file, *options)
    assert (found["max_wait_s"], found["mean_wait_s"], found["waited"]) == (30.0, round(40 / 3, 6), 2)
    assert (found["drained_s"], found["horizon_s"], found["instance_hours"]) == (30.0, 30.0, 30 / 3600)
    assert (found["cold_starts"], found["launches"], found["peak_instances"]) == (0, 0, 1)
    assert found["first_full_s"] == 0
    both = ran(capsys, file, *options, "--concurrency", "2")
    assert (both["max_wait_s"], both["waited"]) == (10.0, 1)


def test_fixed_instances_leave_options_about_scaling_unused_and_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "replay",
        "--arrivals",
        put(tmp_path, ONE),
        "--service-s",
        "10",
        "--fixed-instances",
        "2",
        "--json",
    ]
    assert main([*command, "--max", "9", "--warm", "mon 08:00-09:00"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["peak_instances"] == 2
    assert "Fixed instances do not scale: --max and --warm are not used." in err


@pytest.mark.parametrize(
    ("window", "wait"),
    [
        ("mon-fri 08:00-18:00 Europe/Berlin", 0.0),  # 08:30 in Berlin: open already
        ("mon-fri 08:00-18:00", 480.0),  # opens when the wake policy has long ordered one
        ("mon 07:31-18:00", 60.0 + 300.0),
        ("tue-sun 00:00-24:00 UTC", 480.0),
    ],
)
def test_warm_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str], window: str, wait: float) -> None:
    assert ran(capsys, put(tmp_path, MONDAY), "--warm", window)["max_wait_s"] == wait


def test_a_warm_window_costs_while_it_is_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "timestamp,service\n2026-11-23T07:00:00Z,1\n2026-11-24T20:00:00Z,1\n"
    found = ran(capsys, put(tmp_path, rows), "--warm", "mon-fri 08:00-18:00 Europe/Berlin", "--price", "1")
    days = 10 + 10  # Monday 07:00-17:00 and Tuesday, in UTC
    assert days < found["instance_hours"] < days + 2
    assert found["cold_starts"] == 2


def test_a_step_policy_with_its_alarm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, steps = put(tmp_path, ONE), put(tmp_path, json.dumps(STEP), "step.json")
    found = ran(
        capsys,
        file,
        "--service-s",
        "10",
        "--step",
        steps,
        "--max",
        "3",
        "--no-wake-policy",
        "--target",
        "none",
    )
    assert (found["launches"], found["peak_instances"], found["max_wait_s"], found["first_full_s"]) == (
        3,
        3,
        420.0,
        420.0,
    )


def test_lognormal_times_come_from_the_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, "timestamp\n" + "\n".join(str(i * 40) for i in range(400)))
    options = ("--service", "lognormal:21,0.35", "--provision-s", "lognormal:200,0.2")
    one, again, other = (ran(capsys, file, *options, "--seed", seed) for seed in ("1", "1", "2"))
    assert one == again
    assert one != other
    assert one["mean_processing_s"] == pytest.approx(21 * 1.063, rel=0.1)


def test_the_timeline_has_a_row_a_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "minutes.csv"
    ran(capsys, put(tmp_path, ONE), "--service-s", "10", "--timeline", str(out))
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert list(rows[0]) == ["minute", "backlog", "backlog_per_instance", "instances", "desired", "processed"]
    assert [int(row["minute"]) for row in rows] == list(range(25))
    assert [int(row["backlog"]) for row in rows[:10]] == [1] * 8 + [0] * 2
    assert sum(int(row["processed"]) for row in rows) == 1
    assert (rows[2]["desired"], rows[3]["desired"], rows[7]["instances"], rows[8]["instances"]) == (
        "0",
        "1",
        "0",
        "1",
    )
    assert (rows[0]["backlog_per_instance"], rows[9]["backlog_per_instance"]) == ("1.0", "0.0")


@pytest.mark.parametrize(
    ("body", "options", "rows"),
    [
        ("timestamp\n0\n1\n2\n", ("--service-s", "10", "--fixed-instances", "1"), 1),
        ("timestamp\n0\n", ("--service-s", "90", "--fixed-instances", "1"), 2),
        ("timestamp\n0\n", ("--service-s", "10"), 25),
    ],
)
def test_the_minutes_hold_every_request_until_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, options: tuple[str, ...], rows: int
) -> None:
    out = tmp_path / "minutes.csv"
    found = ran(capsys, put(tmp_path, body), *options, "--timeline", str(out))
    minutes = list(csv.DictReader(out.open(encoding="utf-8")))
    assert sum(int(row["processed"]) for row in minutes) == found["completed"]
    assert len(minutes) == rows == math.ceil(found["horizon_s"] / 60)


def test_no_minute_lies_behind_the_horizon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, steps = tmp_path / "minutes.csv", tmp_path / "steps.json"
    steps.write_text(json.dumps(WAKES_FOR_EVER), encoding="utf-8")
    file = put(tmp_path, ONE)
    options = ("--service-s", "10", "--target", "none", "--step", str(steps))
    found = ran(capsys, file, *options, "--timeline", str(out))
    minutes = list(csv.DictReader(out.open(encoding="utf-8")))
    assert len(minutes) == math.ceil(found["horizon_s"] / 60)


def test_dates_with_slashes_are_read_as_somebody_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "timestamp\n11/02/2026 03:04:05 PM\n11/03/2026 03:04:05 PM\n")
    assert main(["replay", "--arrivals", file, "--service-s", "1", "--json"]) == 2
    assert "--day-first or --month-first" in capsys.readouterr().out
    spans = [
        ran(capsys, file, "--service-s", "1", "--fixed-instances", "1", way)["horizon_s"]
        for way in ("--month-first", "--day-first")
    ]
    assert [round(s / 86_400) for s in spans] == [1, 28]


def test_waits_in_words_are_never_less_than_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "timestamp\n0\n0\n")
    assert main(["replay", "--arrivals", file, "--service-s", "110.2", "--fixed-instances", "1"]) == 0
    assert "max 1 min 51 s" in capsys.readouterr().out


def test_a_price_is_asked_of_aws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path, ONE)
    assert main(["replay", "--arrivals", file, "--service-s", "9", "--instance-type", "ml.g5.xlarge"]) == 0
    out, err = capsys.readouterr()
    assert "No price of ml.g5.xlarge: The embedded AWS is not running." in err
    assert "give --price DOLLARS-AN-HOUR" in err
    assert "$" not in out
    with small(1.0) as (server, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        found = ran(capsys, file, "--service-s", "10", "--instance-type", "ml.g5.xlarge")
    assert found["price_usd_per_hour"] == 1.4084
    assert found["price_source"].startswith("AWS Price List")
    assert found["cost_usd"] == pytest.approx(1320 / 3600 * 1.4084, abs=1e-6)


def test_text_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--arrivals", put(tmp_path, ONE), "--service", "10", "--price", "$1.408"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert (
        lines[0]
        == "95 % of 1 request waited at most 8 min, with 1 cold start and 0.37 instance-hours, about $0.52."
    )
    assert lines[9] == "cost         0.37 instance-hours, about $0.52 at $1.408 an hour (--price)"


def test_what_is_not_in_order_is_said_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--arrivals", put(tmp_path, "t\n9\n3\n"), "--service-s", "1", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["requests"] == 2
    assert "The rows are not in order of arrival; they were sorted" in err


def test_what_never_starts_is_in_the_first_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(tmp_path, "timestamp\n" + "0\n" * 10)
    options = ("--service-s", "100", "--fixed-instances", "1", "--ttl-s", "250")
    assert main(["replay", "--arrivals", file, *options]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == "7 of 10 requests never started: 7 expired; 0 cold starts and 0.08 instance-hours."
    file = put(
        tmp_path, "timestamp\n" + "\n".join(str(i * 200) for i in range(100)) + "\n19800\n19801\n19802\n"
    )
    assert main(["replay", "--arrivals", file, *options]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(
        "95 % of 102 requests that started waited at most 0.00 s (1 expired), with 0 cold"
    )
    asleep = ("--service-s", "1", "--no-wake-policy", "--target", "none", "--ttl-s")
    assert main(["replay", "--arrivals", put(tmp_path, ONE), *asleep, "0"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith("None of 1 request was started: 1 still waited at the end; 0 cold starts")
    assert main(["replay", "--arrivals", put(tmp_path, ONE), *asleep, "60"]) == 0
    assert "None of 1 request was started: 1 expired; 0 cold" in capsys.readouterr().out


def test_an_instance_that_never_leaves_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, ONE)
    assert ran(capsys, file, "--service-s", "10")["back_at_min"] is True
    assert ran(capsys, file, "--service-s", "10", "--fixed-instances", "2")["back_at_min"] is True
    assert main(["replay", "--arrivals", file, "--service-s", "10", "--target", "none", "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["back_at_min"] is False
    assert "Nothing scales in: 1 instance above the minimum still runs at the end" in err


def test_sums_of_fractions_are_no_waits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, "timestamp\n0.1\n0.3\n")
    found = ran(capsys, file, "--service-s", "0.2", "--fixed-instances", "1")
    assert (found["waited"], found["mean_wait_s"], found["max_wait_s"]) == (0, 0.0, 0.0)


def test_what_is_assumed_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = " ".join(ran(capsys, put(tmp_path, ONE), "--service-s", "10")["assumptions"])
    assert "billed from when it is ordered: AWS does not say" in said
    assert "expires after 6 h in the queue" in said
    assert "backlog per instance is published as the backlog" in said
    options = ("--service-s", "10", "--bill-from", "in-service", "--ttl-s", "0", "--target", "none")
    other = " ".join(ran(capsys, put(tmp_path, ONE), *options)["assumptions"])
    assert "billed from when it is in service" in other
    assert "never expires" in other
    assert "Target tracking" not in other
    assert main(["replay", "--arrivals", put(tmp_path, ONE), "--service-s", "10"]) == 0
    assert "Assumed: An instance is billed from when it is ordered" in capsys.readouterr().out


def test_ends_less_what_a_request_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, "end\n30\n20\n45\n")
    found = ran(capsys, file, "--end-column", "end", "--service-s", "10", "--fixed-instances", "1")
    assert (found["requests"], found["waited"], found["drained_s"]) == (3, 0, 35.0)
    spread = ran(
        capsys, file, "--end-column", "end", "--service", "lognormal:9,0.5", "--fixed-instances", "3"
    )
    assert (spread["waited"], spread["horizon_s"]) == (0, spread["drained_s"])


def test_a_very_long_request_is_replayed_and_a_very_long_patience_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ran(capsys, put(tmp_path, ONE), "--service-s", "1e7")
    assert found["drained_s"] == 1e7 + 480
    options = ("--service-s", "10", "--no-wake-policy", "--target", "none", "--ttl-s", "1e15")
    stuck = ran(capsys, put(tmp_path, ONE), *options)
    assert (stuck["unfinished"], stuck["expired"]) == (1, 0)


def made(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["replay", "--synthetic", *options, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def test_traffic_that_nobody_has_seen_yet(capsys: pytest.CaptureFixture[str]) -> None:
    rates = "mon-fri 08-18 40/h; else 2/h Europe/Berlin"
    found = made(capsys, rates, "--service", "lognormal:20,0.3", "--price", "1", "--seed", "3")
    assert set(found) >= KEYS
    week = 5 * 10 * 40 + (168 - 50) * 2
    assert found["expansions"] == 5
    assert found["range"]["requests"][0] < found["requests"] < found["range"]["requests"][1]
    assert found["requests"] == pytest.approx(week, rel=0.1)
    assert found["mean_processing_s"] == pytest.approx(20 * 1.046, rel=0.05)
    assert found["completed"] == found["requests"]
    assert found == made(capsys, rates, "--service", "lognormal:20,0.3", "--price", "1", "--seed", "3")
    assert found != made(capsys, rates, "--service", "lognormal:20,0.3", "--price", "1", "--seed", "4")
    warm = made(capsys, rates, "--service", "20", "--warm", "mon-fri 08:00-18:00 Europe/Berlin")
    assert warm["p95_wait_s"] < found["p95_wait_s"]


def test_bursts_growth_and_days_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    usual = made(capsys, "10/h", "--service-s", "5", "--days", "2")["requests"]
    assert usual == pytest.approx(480, rel=0.15)
    twice = made(capsys, "10/h", "--service-s", "5", "--days", "2", "--growth", "2")["requests"]
    assert twice == pytest.approx(960, rel=0.15)
    burst = made(
        capsys, "10/h", "--service-s", "5", "--days", "2", "--bursts", "40,50,10", "--bursts", "1,1,1"
    )
    assert burst["requests"] == pytest.approx(480 + 80 * 50, rel=0.25)
    assert burst["peak_backlog"] >= 40


def test_the_text_of_synthetic_traffic_says_what_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--synthetic", "10/h", "--service-s", "5", "--days", "1"]) == 0
    out, err = capsys.readouterr()
    assert "in 1 day from Monday, 2026-01-05, 00:00 UTC; 5 ways in which they may come." in err
    assert "5 ways in which the requests may have come" in out


def test_a_file_that_grows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = put(tmp_path, "timestamp\n" + "\n".join(str(i * 600) for i in range(50)))
    found = ran(capsys, file, "--service-s", "10", "--growth", "2")
    assert (found["requests"], found["expansions"]) == (100, 5)
    assert ran(capsys, file, "--service-s", "10", "--growth", "0.5")["requests"] == pytest.approx(25, abs=10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--arrivals", "nowhere.csv", "--service-s", "1"], "'nowhere.csv' cannot be read"),
        (["--service-s", "1"], "no traffic to replay. Give --arrivals"),
        (["--arrivals", "{}"], "Nothing tells how long a request takes. Give --service-s"),
        (["--arrivals", "{}", "--service-s", "1", "--service", "2"], "Give --service-s or --service"),
        (["--arrivals", "{}", "--service-s", "1", "--service-column", "x"], "Give one of them"),
        (["--arrivals", "{}", "--service-s", "-1"], "--service-s -1 cannot be"),
        (["--arrivals", "{}", "--service-s", "nan"], "--service-s nan cannot be"),
        (["--arrivals", "{}", "--service", "lognormal:0,1"], "lognormal:MEDIAN,SIGMA"),
        (["--arrivals", "{}", "--service", "weibull:1,1"], "'weibull:1,1' is no processing time"),
        (["--arrivals", "{}", "--service", "1", "--provision-s", "soon"], "'soon' is no provisioning time"),
        (["--arrivals", "{}", "--service", "1", "--concurrency", "0"], "--concurrency 0 cannot be"),
        (
            ["--arrivals", "{}", "--service", "1", "--min", "3", "--max", "2"],
            "minimum (3) is above the maximum (2)",
        ),
        (["--arrivals", "{}", "--service", "1", "--max", "many"], "Invalid value for '--max'"),
        (["--arrivals", "{}", "--service", "1", "--target", "0"], "above 0, or none"),
        (["--arrivals", "{}", "--service", "1", "--ttl-s", "-1"], "--ttl-s -1 cannot be"),
        (["--arrivals", "{}", "--service", "1", "--fixed-instances", "-1"], "from 0 up"),
        (["--arrivals", "{}", "--service", "1", "--warm", "always"], "'always' is no warm window"),
        (["--arrivals", "{}", "--service", "1", "--warm", "mon 8-9 Mars"], "no time zone 'Mars'"),
        (["--arrivals", "{}", "--service", "1", "--warm", "mon 8-9"], "A warm window needs days"),
        (["--arrivals", "{}", "--service", "1", "--bill-from", "never"], "launch or in-service"),
        (["--arrivals", "{}", "--service", "1", "--price", "cheap"], "'cheap' is no price"),
        (["--arrivals", "{}", "--service", "1", "--price", "1e400"], "A price of 1e400 cannot be"),
        (["--arrivals", "{}", "--service", "1", "--low-periods", "20000"], "look at a day at most"),
        (["--synthetic", "1/h", "--service", "1", "--day-first"], "--day-first is about a file"),
        (["--synthetic", "fri 08-08 1/h", "--service", "1"], "08-08 is nothing, or a whole day"),
        (["--arrivals", "{}", "--service", "1", "--step", "{}"], "is no JSON"),
        (
            ["--arrivals", "{}", "--service", "1", "--column", "when"],
            "There is no column 'when'. The columns are",
        ),
        (["--arrivals", "{}", "--service", "1", "--seed", "-1"], "--seed -1 cannot be"),
        (["--arrivals", "{}", "--service", "1", "--timeline", "/nowhere/at/all.csv"], "cannot be written"),
        (["--arrivals", "{}", "--sevice", "1"], "--sevice"),
        (
            ["--arrivals", "{}", "--service", "1e9"],
            "That would be 32 years, minute by minute, most of them for processing",
        ),
        (
            ["--arrivals", "{}", "--service", "1", "--provision-s", "1e15"],
            "for provisioning times. Give shorter",
        ),
        (["--arrivals", "{}", "--service", "1", "--scale-in-cooldown", "1e9"], "most of them for cooldowns"),
        (["--arrivals", "{}", "--service", "1", "--metric-delay-s", "1e9"], "for the delay of metrics"),
        (["--synthetic", "1/h", "--service", "lognormal:1e9,1"], "most of them for processing times"),
        (
            ["--arrivals", "{}", "--service", "1", "--initial", "9", "--max", "5"],
            "9 instances at the start cannot be with a minimum of 0 and a maximum of 5",
        ),
        (
            ["--arrivals", "{}", "--service", "1", "--initial", "0", "--min", "2"],
            "0 instances at the start cannot be with a minimum of 2",
        ),
        (["--arrivals", "{}", "--service", "1", "--warm", "fri 08:00-08:00"], "nothing, or a whole day?"),
        (["--arrivals", "{}", "--synthetic", "1/h"], "--arrivals and --synthetic are 2 kinds of traffic."),
        (["--synthetic", "1/h"], "Nothing tells how long a request takes. Give --service-s"),
        (["--synthetic", "often", "--service-s", "1"], "'often' has no rate."),
        (["--synthetic", "0/h", "--service-s", "1"], "No request comes of these rates."),
        (["--synthetic", "1/h", "--service-s", "1", "--days", "0"], "0 days hold no traffic"),
        (["--synthetic", "1/h", "--service-s", "1", "--days", "1e9"], "at most 3,650"),
        (["--synthetic", "9999/s", "--service-s", "1"], "more than five million requests"),
        (["--synthetic", "1/h", "--service-s", "1", "--growth", "0"], "cannot grow by 0"),
        (["--synthetic", "1/h", "--service-s", "1", "--column", "t"], "synthetic traffic has none"),
        (["--synthetic", "1/h", "--service-s", "1", "--bursts", "many"], "'many' is no burst"),
        (["--arrivals", "{}", "--service-s", "1", "--bursts", "1,2,3"], "--bursts come on top of rates"),
        (["--arrivals", "{}", "--service-s", "1", "--growth", "nan"], "cannot grow by nan"),
    ],
)
def test_bad_options_are_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: Sequence[str], said: str
) -> None:
    file = put(tmp_path, ONE)
    assert main(["replay", *(each.replace("{}", file) for each in options)]) == 2
    assert said in capsys.readouterr().err
