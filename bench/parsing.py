"""Parsing GetMetricData: Ebb's session against plain boto3, the same bytes, the same values.

The embedded AWS answers once; a bare server on loopback then repeats those bytes, so that only reading is timed.
Processor time counts, the median of turns taken by both, so that other work on the machine does not.
`python -m bench.parsing [--runs 3]`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from bench.embedded_aws import client, post, recorded_body, server_now
from bench.goals import goal, row
from bench.measured import embedded_aws
from ops.aws.session import AwsSession, Where
from tests.living import answering

SERIES, SPAN, PERIOD = 60, timedelta(hours=24), 60
STATISTICS = ("Average", "Maximum", "Sum", "SampleCount", "Minimum")
GOAL = 6.0
JSON = {"Content-Type": "application/x-amz-json-1.0"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=5, help="repeats; the median counts")
    runs = options.parse_args().runs
    print("Parsing of GetMetricData")
    with embedded_aws("--seed", "7", "--now", "2026-11-18T14:20:00Z") as server:
        asked, body, region = recorded(server)
    with answering(lambda _target, _body: (200, JSON, body)) as url:
        plain = boto3.client(
            "cloudwatch",
            region_name=region,
            endpoint_url=url,
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )
        session = AwsSession(Where("embedded", region, url, loopback=True))
        ours = session.client("cloudwatch")
        theirs, found = plain.get_metric_data(**asked), ours.get_metric_data(**asked)
        if theirs["MetricDataResults"] != found["MetricDataResults"]:
            raise SystemExit("Ebb's session reads other values than plain boto3.")
        stamps = [stamp for result in found["MetricDataResults"] for stamp in result["Timestamps"]]
        kinds = {type(stamp).__name__ for stamp in stamps}
        turns = [
            (cpu(partial(plain.get_metric_data, **asked)), cpu(partial(ours.get_metric_data, **asked)))
            for _ in range(runs)
        ]
        slow, fast = (statistics.median(column) for column in zip(*turns, strict=True))
        session.close()
    row(f"one answer of {SERIES} series", f"{len(body) / 1e6:.1f} MB", f"{len(stamps):,} datapoints")
    row("plain boto3", f"{slow * 1e3:.0f} ms")
    row("Ebb's session", f"{fast * 1e3:.0f} ms", f"same values, timestamps are {', '.join(kinds)} in both")
    goal(f"parsing at least {GOAL:.0f} x as fast as plain boto3", f"{slow / fast:.1f} x", slow / fast >= GOAL)


def cpu(work: Callable[[], object]) -> float:
    """Processor seconds of this process for one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def recorded(server: Any) -> tuple[dict[str, Any], bytes, str]:
    """What is asked, the bytes that the embedded AWS answers, and its region."""
    aws = client(server, "cloudwatch")
    metrics = [
        m
        for m in aws.list_metrics(Namespace="AWS/SageMaker")["Metrics"]
        if any(d["Name"] == "EndpointName" for d in m["Dimensions"])
    ]
    now = server_now(server)
    queries = [
        {
            "Id": f"m{n}",
            "MetricStat": {
                "Metric": metrics[n % len(metrics)],
                "Period": PERIOD,
                "Stat": STATISTICS[n // len(metrics) % len(STATISTICS)],
            },
        }
        for n in range(SERIES)
    ]
    asked = {"MetricDataQueries": queries, "StartTime": now - SPAN, "EndTime": now}
    return asked, post(server, *recorded_body(aws, asked)), server.region


if __name__ == "__main__":
    main()
