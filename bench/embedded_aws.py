"""The embedded AWS on this machine: start, memory, idle load, metric reads, parallel clients.

Real processes, the real protocol on loopback, boto3 as the client. `python -m bench.embedded_aws [--runs 3]`.
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bench.measured import Server, cpu_s, embedded_aws, rss_mb
from ops.aws.session import AwsSession, Where

SERIES = 60
CLIENTS = 16
CALLS = 3000
IDLE_S = 10.0
STATISTICS = ("Average", "Maximum", "Sum", "SampleCount", "Minimum")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--runs", type=int, default=3, help="starts, and reads of each range (the median counts)"
    )
    runs = options.parse_args().runs
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    print(f"{machine}, Python {platform.python_version()}")
    starts = []
    for _ in range(runs - 1):
        with embedded_aws() as server:
            starts.append(server.ready_s)
    with embedded_aws() as server:
        starts.append(server.ready_s)
        row(
            "start to ready, 30 days of history", f"{statistics.median(starts):.1f} s", "of " + spread(starts)
        )
        row("  processor time of that", f"{cpu_s(server.pid):.1f} s", "what it takes where nothing else runs")
        row("memory when ready (RSS)", f"{rss_mb(server.pid):.0f} MB")
        before = cpu_s(server.pid)
        time.sleep(IDLE_S)
        row("idle load over 10 s, 1x", f"{(cpu_s(server.pid) - before) / IDLE_S:.1%} of a core")
        metric_reads(server, runs)
        long_past(server)
        parallel_clients(server)
        row("memory after all that (RSS)", f"{rss_mb(server.pid):.0f} MB")


def row(what: str, figure: str, note: str = "") -> None:
    print(f"  {what:<48} {figure:>16}  {note}".rstrip(), flush=True)


def spread(seconds: list[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in sorted(seconds)) + " s"


def client(server: Server, service: str) -> Any:
    """A plain boto3 client that repeats nothing, so that every error counts."""
    return boto3.client(
        service,
        region_name=server.region,
        endpoint_url=server.url,
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )


def metric_reads(server: Server, runs: int) -> None:
    """GetMetricData of 60 series: the server alone (raw HTTP), plain boto3, and the console's own session."""
    plain = client(server, "cloudwatch")
    fast = AwsSession(Where("embedded", server.region, server.url, loopback=True))
    metrics = plain.list_metrics(Namespace="AWS/SageMaker")["Metrics"]
    metrics = [m for m in metrics if any(d["Name"] == "EndpointName" for d in m["Dimensions"])]
    now = server_now(server)
    for words, span, period in (
        ("3 h at 60 s", timedelta(hours=3), 60),
        ("30 d at 1 h", timedelta(days=30), 3600),
    ):
        queries = [
            {
                "Id": f"m{n}",
                "MetricStat": {
                    "Metric": metrics[n % len(metrics)],
                    "Period": period,
                    "Stat": STATISTICS[n // len(metrics) % len(STATISTICS)],
                },
            }
            for n in range(SERIES)
        ]
        asked = {"MetricDataQueries": queries, "StartTime": now - span, "EndTime": now}
        body = recorded_body(plain, asked)
        raw = timed(lambda body=body: post(server, *body), runs)
        slow = timed(lambda asked=asked: plain.get_metric_data(**asked), runs)
        ours = timed(lambda asked=asked: fast.client("cloudwatch").get_metric_data(**asked), runs)
        points = sum(len(r["Values"]) for r in plain.get_metric_data(**asked)["MetricDataResults"])
        row(
            f"GetMetricData, {SERIES} series, {words}: server",
            f"{raw * 1e3:.0f} ms",
            f"{points:,} datapoints",
        )
        row("  with Ebb's session", f"{ours * 1e3:.0f} ms", f"{ours / raw:.1f} x the server")
        row("  with plain boto3", f"{slow * 1e3:.0f} ms", f"{slow / ours:.1f} x Ebb's session")
    fast.close()


def long_past(server: Server) -> None:
    """Thirteen months of instance-hours of every endpoint, which are lived at the first reading."""
    cloudwatch, now = client(server, "cloudwatch"), server_now(server)
    names = [e["EndpointName"] for e in client(server, "sagemaker").list_endpoints()["Endpoints"]]

    def read(name: str) -> float:
        dims = {"EndpointName": name, "VariantName": "AllTraffic"}
        metric = {
            "Namespace": "/aws/sagemaker/Endpoints",
            "MetricName": "CPUUtilization",
            "Dimensions": [{"Name": k, "Value": v} for k, v in dims.items()],
        }
        query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": "SampleCount"}}
        began = time.perf_counter()
        cloudwatch.get_metric_data(
            MetricDataQueries=[query], StartTime=now - timedelta(days=395), EndTime=now
        )
        return time.perf_counter() - began

    first, again = [read(name) for name in names], [read(name) for name in names]
    row(f"first reading of 13 months, {len(names)} endpoints", f"{sum(first):.1f} s", "of " + spread(first))
    row("  the same again", f"{sum(again):.1f} s")
    bill = client(server, "ce")
    began = time.perf_counter()
    bill.get_cost_and_usage(
        TimePeriod={"Start": f"{now - timedelta(days=390):%Y-%m-%d}", "End": f"{now:%Y-%m-%d}"},
        Granularity="DAILY",
        Metrics=["UnblendedCost"],
        GroupBy=[{"Type": "DIMENSION", "Key": "USAGE_TYPE"}],
    )
    row("  a page of daily cost by usage type", f"{(time.perf_counter() - began) * 1e3:.0f} ms")
    row("  memory after that (RSS)", f"{rss_mb(server.pid):.0f} MB")


def timed(work: Callable[[], object], runs: int) -> float:
    """The median of `runs` after one warm-up, in seconds."""
    work()
    took = []
    for _ in range(max(runs, 3)):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def server_now(server: Server) -> datetime:
    """The simulated time of the server, from the Date header of an answer."""
    answer = client(server, "sts").get_caller_identity()
    date = answer["ResponseMetadata"]["HTTPHeaders"]["date"]
    return datetime.strptime(date, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)


def recorded_body(plain: Any, asked: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """The very request that boto3 sends, to be sent again without boto3."""
    sent: list[Any] = []

    def keep(request: Any, **_: object) -> None:
        sent.append(request)

    plain.meta.events.register("before-send.cloudwatch.GetMetricData", keep)
    plain.get_metric_data(**asked)
    plain.meta.events.unregister("before-send.cloudwatch.GetMetricData", keep)
    headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in sent[0].headers.items()}
    return sent[0].body, headers


def post(server: Server, body: bytes, headers: dict[str, str]) -> bytes:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("POST", "/", body, headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise SystemExit(f"GetMetricData answered {answer.status}: {answer.read()[:200]!r}")
    return answer.read()


def parallel_clients(server: Server) -> None:
    """16 clients, 3,000 mixed calls in all, reads and writes, none repeated."""
    names = [
        e["EndpointName"] for e in client(server, "sagemaker").list_endpoints(MaxResults=100)["Endpoints"]
    ]
    now = server_now(server)
    client(server, "s3").create_bucket(Bucket="bench-input")
    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = pool.map(lambda n: mixed_calls(server, n, names, now), range(CLIENTS))
        counts, errors, took = Counter[str](), Counter[str](), list[float]()
        for calls, failed, times in shares:
            counts += calls
            errors += failed
            took += times
    seconds = time.perf_counter() - began
    total = counts.total()
    note = (
        f"{total / seconds:.0f}/s, p50 {statistics.median(took) * 1e3:.0f} ms, p99 {p99(took) * 1e3:.0f} ms"
    )
    row(f"{CLIENTS} parallel clients, {total:,} mixed calls", f"{errors.total()} errors", note)
    for message, count in errors.most_common(5):
        print(f"      {count} x {message}")


def p99(took: list[float]) -> float:
    return statistics.quantiles(took, n=100)[98]


def mixed_calls(
    server: Server, number: int, names: list[str], now: datetime
) -> tuple[Counter[str], Counter[str], list[float]]:
    services = (
        "sagemaker",
        "application-autoscaling",
        "cloudwatch",
        "s3",
        "sagemaker-runtime",
        "logs",
        "sts",
    )
    c = {service: client(server, service) for service in services}
    pick = random.Random(number)
    scaling = {"ServiceNamespace": "sagemaker"}
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "ApproximateBacklogSize"}

    def query() -> object:
        dimensions = [{"Name": "EndpointName", "Value": pick.choice(names)}]
        stat = {"Metric": {**metric, "Dimensions": dimensions}, "Period": 60, "Stat": "Maximum"}
        span = {"StartTime": now - timedelta(hours=3), "EndTime": now}
        return c["cloudwatch"].get_metric_data(MetricDataQueries=[{"Id": "m", "MetricStat": stat}], **span)

    def submit() -> object:
        key = f"{number}/{pick.random()}"
        c["s3"].put_object(Bucket="bench-input", Key=key, Body=b"{}")
        return c["sagemaker-runtime"].invoke_endpoint_async(
            EndpointName="doc-async", InputLocation=f"s3://bench-input/{key}"
        )

    work: dict[str, Callable[[], object]] = {
        "ListEndpoints": lambda: c["sagemaker"].list_endpoints(),
        "DescribeEndpoint": lambda: c["sagemaker"].describe_endpoint(EndpointName=pick.choice(names)),
        "DescribeScalableTargets": lambda: c["application-autoscaling"].describe_scalable_targets(**scaling),
        "DescribeScalingPolicies": lambda: c["application-autoscaling"].describe_scaling_policies(**scaling),
        "DescribeScalingActivities": lambda: c["application-autoscaling"].describe_scaling_activities(
            **scaling
        ),
        "DescribeAlarms": lambda: c["cloudwatch"].describe_alarms(),
        "ListMetrics": lambda: c["cloudwatch"].list_metrics(Namespace="AWS/SageMaker"),
        "GetMetricData": query,
        "PutObject + InvokeEndpointAsync": submit,
        "DescribeLogGroups": lambda: c["logs"].describe_log_groups(),
        "GetCallerIdentity": lambda: c["sts"].get_caller_identity(),
    }
    calls, errors, took = Counter[str](), Counter[str](), list[float]()
    for _ in range(CALLS // CLIENTS + (number < CALLS % CLIENTS)):
        name = pick.choice(list(work))
        began = time.perf_counter()
        try:
            work[name]()
        except (ClientError, BotoCoreError) as error:
            errors[f"{name}: {error}"] += 1
        took.append(time.perf_counter() - began)
        calls[name] += 1
    return calls, errors, took


if __name__ == "__main__":
    main()
