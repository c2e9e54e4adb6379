"""The thirteen months before the fine history: the same endpoints, coarsely, and as CloudWatch keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.local_aws.build import make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.long_past import live, track_of
from ops.local_aws.long_past_run import Course, Physics, Tracking, run
from ops.local_aws.server import LocalAws
from ops.local_aws.stories import DEFAULT
from ops.local_aws.traffic import Batch, Traffic, office, steady
from ops.local_aws.world import World, WorldOptions
from tests.local_aws.conftest import SteppedAws

END = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
NAMES = [story.name for story in DEFAULT]
PAST_DAYS = 396
DAY = 1440
HOST = "/aws/sagemaker/Endpoints"


def old_world(history_days: int, past_days: int = PAST_DAYS) -> World:
    clock = SimClock(END.timestamp(), 1.0, lambda: 0.0)
    return make_world(clock, WorldOptions(history_days=history_days, past_days=past_days))


@pytest.fixture(scope="module")
def month() -> World:
    return old_world(30)


def mean_instances(world: World, name: str, first: float, last: float) -> float:
    """Over the epoch minutes [first, last), by the ledger."""
    found = world.ledger.between(np.array([first, last]) * 60.0)
    return sum(float(h[0]) for k, h in found.items() if k.endpoint == name) * 60 / (last - first)


def settled(world: World, name: str) -> int:
    """The epoch minute up to which the endpoint is as its story began: receipt-scan was changed eleven days ago."""
    end = int(world.now() // 60)
    return end - 11 * DAY if name == "receipt-scan" else end - 4 * 60


# -- against the fine course --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_coarse_course_has_the_instance_hours_of_the_fine_one(month: World, name: str) -> None:
    past = month.long_past
    first, last = past.seam, settled(month, name)
    course, _, _ = live(past.setup(name), first, last, month.options.seed)
    spent = np.diff(track_of(course, first).until(np.array([first, last]) * 60.0, last * 60.0))[0] / 60
    assert spent / (last - first) == pytest.approx(mean_instances(month, name, first, last), rel=0.15)


@pytest.mark.parametrize("name", NAMES)
def test_there_is_no_step_where_the_fine_history_takes_over(month: World, name: str) -> None:
    seam = month.long_past.seam
    before = mean_instances(month, name, seam - 28 * DAY, seam)
    last = min(seam + 28 * DAY, settled(month, name) // (7 * DAY) * 7 * DAY + seam % (7 * DAY))
    after = mean_instances(month, name, seam, last)
    noise = 0.25 if name == "receipt-scan" else 0.15  # two weeks of few requests
    assert after == pytest.approx(before, rel=noise)


def test_doc_async_saves_the_same_share_in_both_parts(month: World) -> None:
    seam, end = month.long_past.seam, int(month.now() // 60)
    shares = []
    for first, last in ((month.long_past.born, seam), (seam, end)):
        edges = np.arange(first, last + 1) * 60.0
        ((_, hours),) = (
            (key, found) for key, found in month.ledger.between(edges).items() if key.endpoint == "doc-async"
        )
        peak = float(np.percentile(hours * 60, 99))
        assert peak == pytest.approx(8)
        shares.append(1 - float(np.mean(hours * 60)) / peak)
    assert all(0.5 < share < 0.7 for share in shares)
    assert shares[0] == pytest.approx(shares[1], abs=0.03)


def test_the_samples_agree_with_the_ledger_within_one_per_cent(month: World) -> None:
    past = month.long_past
    hours = (past.seam - past.born) // 60
    edges = np.arange(past.born, past.seam + 1, 60) * 60.0
    for key, found in month.ledger.between(edges).items():
        if key.endpoint not in ("doc-async", "forms-berlin", "layout-detect"):
            continue
        dims = {"EndpointName": key.endpoint, "VariantName": key.variant}
        series = month.metrics.find(HOST, "CPUUtilization", dims)
        assert series is not None
        assert series.older is not None
        count, _, low, high = series.older.parts(past.born, 60, hours)
        assert count.sum() / 60 == pytest.approx(found.sum(), rel=0.01)
        assert (low[count > 0] > 0).all()
        assert (high[count > 0] <= 130).all()


# -- seeded, and lived when read ----------------------------------------------------------------------------


def test_nothing_is_lived_before_it_is_read_and_the_order_does_not_matter() -> None:
    one, two = old_world(2, 150), old_world(2, 150)
    assert one.long_past.known() == ()
    assert one.long_past.names() == tuple(NAMES)
    edges = np.arange(one.long_past.born, one.long_past.seam + 1, 60) * 60.0
    for name in reversed(NAMES):
        two.long_past.lived(name)
    whole, same = one.ledger.between(edges), two.ledger.between(edges)
    assert set(whole) == set(same)
    assert all((whole[key] == same[key]).all() for key in whole)
    base = old_world(2, 0)
    assert base.long_past.names() == ()
    minutes = np.arange(int(END.timestamp()) // 60 - 1440, int(END.timestamp()) // 60) * 60.0
    fine = base.ledger.between(minutes)
    assert {k: v.tolist() for k, v in fine.items()} == {
        k: v.tolist() for k, v in one.ledger.between(minutes).items()
    }


# -- as a client sees it ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Any:
    server = LocalAws(old_world(3), ticking=False).start()
    yield server
    server.stop()


def client(server: LocalAws, service: str) -> Any:
    aws = object.__new__(SteppedAws)
    aws.server = server
    return aws.client(service)


def ask(
    server: LocalAws, name: str, metric: str, statistic: str, period: int, first: float, last: float
) -> dict[datetime, float]:
    """Datapoints between `first` and `last` days ago."""
    host = metric.endswith("Utilization")
    variant = host or metric in ("InvocationsProcessed", "TimeInBacklog", "Invocations")
    dims = {"EndpointName": name} | ({"VariantName": "AllTraffic"} if variant else {})
    stat = {
        "Metric": {
            "Namespace": HOST if host else "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": [{"Name": k, "Value": v} for k, v in dims.items()],
        },
        "Period": period,
        "Stat": statistic,
    }
    start, end = END - timedelta(days=first), END - timedelta(days=last)
    cloudwatch, found, more = client(server, "cloudwatch"), {}, {}
    while True:
        answer = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "m", "MetricStat": stat}], StartTime=start, EndTime=end, **more
        )
        for result in answer["MetricDataResults"]:
            found |= dict(zip(result["Timestamps"], result["Values"], strict=True))
        if "NextToken" not in answer:
            return found
        more = {"NextToken": answer["NextToken"]}


def test_hours_for_thirteen_months_and_five_minutes_for_sixty_three_days(served: LocalAws) -> None:
    hours = ask(served, "doc-async", "CPUUtilization", "SampleCount", 3600, 400, 0)
    first, last = min(hours), max(hours)
    assert END - timedelta(days=PAST_DAYS) <= first < END - timedelta(days=PAST_DAYS - 1)
    assert last >= END - timedelta(days=4)
    fives = ask(served, "doc-async", "CPUUtilization", "SampleCount", 300, 62.9, 30)
    assert sum(fives.values()) == pytest.approx(
        sum(v for at, v in hours.items() if END - timedelta(days=62.9) <= at < END - timedelta(days=30)),
        rel=0.01,
    )
    assert max(fives.values()) == 40
    assert all(value == int(value) for value in fives.values())
    assert not ask(served, "doc-async", "CPUUtilization", "SampleCount", 300, 64, 30), "kept for 63 days"
    assert not ask(served, "doc-async", "CPUUtilization", "SampleCount", 60, 20, 16), "kept for 15 days"


@pytest.mark.parametrize("statistic", ["SampleCount", "Sum", "Minimum", "Maximum", "Average", "p90"])
def test_longer_periods_are_made_of_hours_also_across_the_seam(served: LocalAws, statistic: str) -> None:
    days = ask(served, "doc-async", "ApproximateBacklogSize", statistic, 86_400, 8, 0)
    assert len(days) >= 8
    hours = ask(served, "doc-async", "ApproximateBacklogSize", statistic, 3600, 9, 0)
    for at, value in days.items():
        inside = [v for moment, v in hours.items() if at <= moment < at + timedelta(days=1)]
        if statistic in ("SampleCount", "Sum"):
            assert value == pytest.approx(sum(inside), rel=1e-5)
        elif statistic == "Minimum":
            assert value == min(inside)
        elif statistic == "Maximum":
            assert value == max(inside)
        else:
            assert min(inside) - 1e-6 <= value <= max(inside) + 1e-6


def test_asleep_is_not_unknown(served: LocalAws) -> None:
    sizes = ask(served, "doc-async", "ApproximateBacklogSize", "SampleCount", 3600, 100, 90)
    hosts = ask(served, "doc-async", "CPUUtilization", "SampleCount", 3600, 100, 90)
    asleep = [at for at in sizes if at not in hosts]
    assert len(sizes) == 241
    assert set(sizes.values()) == {60.0}
    assert len(asleep) > 60
    waiting = ask(served, "ocr-legacy", "HasBacklogWithoutCapacity", "Maximum", 3600, 100, 90)
    assert set(waiting.values()) == {0.0, 1.0}
    assert np.mean(list(waiting.values())) > 0.9, "but for the crowds that wake it"


def test_requests_and_their_waiting_reach_back(served: LocalAws) -> None:
    done = ask(served, "doc-async", "InvocationsProcessed", "Sum", 3600, 120, 50)
    assert sum(done.values()) / 70 == pytest.approx(50_000 / 30, rel=0.1)
    waits = ask(served, "doc-async", "TimeInBacklog", "Average", 3600, 120, 50)
    assert set(done) <= set(waits)
    assert 5_000 < np.mean(list(waits.values())) < 120_000
    calls = ask(served, "layout-detect", "Invocations", "Sum", 86_400, 120, 50)
    assert len(calls) == 71
    statistics = client(served, "cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="InvocationsProcessed",
        Dimensions=[
            {"Name": "EndpointName", "Value": "doc-async"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        StartTime=END - timedelta(days=120),
        EndTime=END - timedelta(days=70),
        Period=3600,
        Statistics=["Sum"],
    )
    told = {point["Timestamp"]: point["Sum"] for point in statistics["Datapoints"]}
    assert told == {at: value for at, value in done.items() if at < END - timedelta(days=70)}


def test_everything_was_created_thirteen_months_ago(served: LocalAws) -> None:
    born = datetime.fromtimestamp(served.world.long_past.born * 60, UTC)
    assert END - born == pytest.approx(timedelta(days=PAST_DAYS), abs=timedelta(hours=1))
    sagemaker, scaling = client(served, "sagemaker"), client(served, "application-autoscaling")
    made = [e["CreationTime"] for e in sagemaker.list_endpoints()["Endpoints"]]
    made += [
        sagemaker.describe_endpoint_config(EndpointConfigName="doc-async-v3")["CreationTime"],
        sagemaker.describe_model(ModelName="doc-async-v3")["CreationTime"],
    ]
    for listed in ("describe_scalable_targets", "describe_scaling_policies", "describe_scheduled_actions"):
        (found,) = (
            v for k, v in getattr(scaling, listed)(ServiceNamespace="sagemaker").items() if k[0] == "S"
        )
        made += [item["CreationTime"] for item in found]
    assert {moment.astimezone(UTC) for moment in made} == {born}
    config = sagemaker.describe_endpoint_config(EndpointConfigName="invoice-parse-12")
    assert config["CreationTime"] > END - timedelta(hours=4), "deployed lately"
    pages = client(served, "cloudtrail").get_paginator("lookup_events")
    created = pages.paginate(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateEndpoint"}]
    )
    assert [event for page in created for event in page["Events"]] == []


# -- laws of the coarse course ------------------------------------------------------------------------------

PHYSICS = st.builds(
    Physics,
    initial=st.integers(1, 2),
    concurrency=st.integers(1, 4),
    busy_s=st.floats(1.0, 90.0),
    provision_s=st.just(270.0),
    low=st.integers(0, 1),
    high=st.integers(1, 6),
    tracking=st.none() | st.builds(Tracking, st.sampled_from([1.0, 5.0]), st.just(5.0), st.just(1.0)),
    wake_periods=st.none() | st.integers(1, 3),
    bounds=st.lists(
        st.tuples(st.integers(0, 2000), st.none() | st.integers(0, 1), st.none()), max_size=3
    ).map(lambda runs: sorted(runs, key=lambda r: r[0])),
    ttl=st.sampled_from([30, 360]),
    counts_running=st.booleans(),
    zero_backlog=st.booleans(),
)
ARRIVALS = st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 60)), max_size=25)


def lived(physics: Physics, came: list[tuple[int, int]], *, leaps: bool = True) -> tuple[Course, Any]:
    arrivals = np.zeros(2400, np.int32)
    for minute, count in came:
        arrivals[minute] += count
    late = np.random.default_rng(1).random(2400, dtype=np.float32)
    return run(physics, arrivals, late, np.random.default_rng(2), leaps=leaps), arrivals


@given(PHYSICS, ARRIVALS)
@settings(max_examples=150, deadline=None)
def test_no_request_is_lost_and_bounds_hold(physics: Physics, came: list[tuple[int, int]]) -> None:
    course, arrivals = lived(physics, came)
    left = float(course.backlog[-1]) if len(course.backlog) else 0.0
    assert arrivals.sum() == course.done.sum() + course.expired.sum() + left
    assert (course.done >= 0).all()
    assert (course.expired >= 0).all()
    assert (course.backlog >= 0).all()
    assert course.counts.max(initial=0) <= max(physics.high, physics.initial)
    assert (np.diff(course.times) > 0).all()


@given(PHYSICS, ARRIVALS)
@settings(max_examples=150, deadline=None)
def test_leaps_over_quiet_minutes_change_nothing(physics: Physics, came: list[tuple[int, int]]) -> None:
    with_leaps, _ = lived(physics, came)
    without, _ = lived(physics, came, leaps=False)
    for one, other in zip(
        (with_leaps.times, with_leaps.counts, with_leaps.minutes, with_leaps.backlog, with_leaps.done),
        (without.times, without.counts, without.minutes, without.backlog, without.done),
        strict=True,
    ):
        assert one.tolist() == other.tolist()


TRAFFIC = Traffic(
    "t",
    7,
    (5.0, 9.0),
    singles=steady(3.0),
    bursts=office(0.0, 4.0, 6.0, 20.0),
    batches=(Batch(19_000 * 86_400.0 + 5_000, 7 * 3600.0, 50, 900.0),),
    zone="America/New_York",
)


def test_the_coarse_traffic_is_as_much_as_the_fine_one() -> None:
    first, last = 20_000, 20_056
    counts, late = TRAFFIC.minutes(first, last)
    fine = sum(len(TRAFFIC.day(day)[0]) for day in range(first, last))
    assert counts.sum() == pytest.approx(fine, rel=0.05)
    assert (late >= 0).all()
    assert (late <= 1).all()
    hour = counts.reshape(-1, 24, 60).sum(axis=(0, 2))
    times = np.concatenate([np.array(TRAFFIC.day(day)[0]) % 86_400 for day in range(first, last)])
    assert np.corrcoef(hour, np.histogram(times, 24, (0, 86_400))[0])[0, 1] > 0.97


def test_traffic_starts_and_stops_in_the_coarse_course_as_well() -> None:
    begin = 20_000 * 86_400.0
    some = replace(TRAFFIC, start=begin + 36_000, stop=begin + 72_000)
    counts, _ = some.minutes(20_000, 20_001)
    assert counts[:600].sum() == counts[1200:].sum() == 0
    assert counts[600:1200].sum() > 0
