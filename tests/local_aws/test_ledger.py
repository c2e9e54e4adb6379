"""The ledger of instance-time: against the counts themselves, and against what CloudWatch's samples say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.local_aws.ledger import HOUR_S, Track
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import VARIANT
from ops.local_aws.world import Assumptions, WorldOptions
from tests.living import TUESDAY
from tests.local_aws.conftest import SteppedAws
from tests.local_aws.test_control import ask, make_endpoint
from tests.small_worlds import NAME, small

DAYS = 3
FIRST, LAST = int(TUESDAY // HOUR_S) - DAYS * 24 - 1, int(TUESDAY // HOUR_S) + 2
CHANGES = st.lists(st.tuples(st.floats(0, 40_000), st.integers(0, 9)), max_size=30)


@given(CHANGES, st.lists(st.floats(-5_000, 60_000), min_size=2, max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_track_is_the_integral_of_its_counts(
    changes: list[tuple[float, int]], given_edges: list[float]
) -> None:
    now = 50_000.0
    changes, edges = sorted(changes, key=lambda c: c[0]), np.sort(given_edges)
    track = Track()
    for at, count in changes:
        track.put(at, count)
    found = np.diff(track.until(edges, now))
    for low, high, seconds in zip(edges[:-1], edges[1:], found, strict=True):
        ends = [at for at, _ in changes[1:]] + [now] * bool(changes)
        expected = math.fsum(
            count * max(0.0, min(high, end) - max(low, start))
            for (start, count), end in zip(changes, ends, strict=True)
        )
        assert seconds == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope="module")
def lived() -> Iterator[LocalAws]:
    with small(DAYS, every_s=5 * 3600.0, size=400) as (server, _):
        yield server


def test_hours_add_up_whatever_the_cut(lived: LocalAws) -> None:
    ledger = lived.world.ledger
    (whole,) = ledger.hourly(FIRST, LAST)
    assert (whole.endpoint, whole.instance_type, whole.asynchronous) == (NAME, "ml.g5.xlarge", True)
    assert whole.hours.shape == (LAST - FIRST,)
    parts = [b.hours for cut in range(FIRST, LAST, 7) for b in ledger.hourly(cut, min(cut + 7, LAST))]
    assert np.concatenate(parts) == pytest.approx(whole.hours)
    (total,) = ledger.between(np.array([FIRST, LAST]) * float(HOUR_S)).values()
    assert whole.hours.sum() == pytest.approx(total[0])
    assert whole.hours.sum() > 10
    assert (whole.hours[-1], whole.hours.max() <= 3) == (0.0, True), "hours to come are empty"


def test_samples_of_the_host_metrics_agree_within_one_per_cent(lived: LocalAws) -> None:
    dims = {"EndpointName": NAME, "VariantName": VARIANT}
    series = lived.world.metrics.find("/aws/sagemaker/Endpoints", "CPUUtilization", dims)
    assert series is not None
    last = int(TUESDAY // 60)
    sampled = sum(series.stat(m, "SampleCount") or 0.0 for m in range(last - DAYS * 1440, last)) / 60
    (billed,) = lived.world.ledger.hourly(FIRST, LAST)
    assert billed.hours.sum() == pytest.approx(sampled, rel=0.01)


def move(aws: SteppedAws, instance_type: str) -> None:
    """Another configuration, of one instance of this type, for the endpoint of `make_endpoint`."""
    sagemaker = aws.client("sagemaker")
    variant = {"VariantName": VARIANT, "ModelName": "m", "InstanceType": instance_type}
    sagemaker.create_endpoint_config(
        EndpointConfigName="other",
        ProductionVariants=[{**variant, "InitialInstanceCount": 1}],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://out/"}},
    )
    sagemaker.update_endpoint(EndpointName="doc-async", EndpointConfigName="other")


def by_type(aws: SteppedAws) -> dict[str, float]:
    found = aws.world.ledger.between(np.array([0.0, aws.now()]))
    return {key.instance_type: float(hours[0]) for key, hours in found.items()}


def test_another_type_and_deletion_end_what_was_counted(aws: SteppedAws) -> None:
    make_endpoint(aws)
    aws.advance(7200)
    assert by_type(aws)["ml.g5.xlarge"] == pytest.approx(2, abs=0.4)
    move(aws, "ml.g6.xlarge")
    aws.advance(3600)
    before = by_type(aws)
    aws.advance(3600)
    after = by_type(aws)
    assert after == {
        "ml.g5.xlarge": before["ml.g5.xlarge"],
        "ml.g6.xlarge": pytest.approx(before["ml.g6.xlarge"] + 1),
    }
    aws.client("sagemaker").delete_endpoint(EndpointName="doc-async")
    aws.advance(15)
    gone = by_type(aws)
    aws.advance(86_400)
    assert by_type(aws) == gone
    assert gone["ml.g6.xlarge"] == pytest.approx(after["ml.g6.xlarge"] + 15 / 3600)


def test_billed_from_the_order_on_where_it_is_assumed_so() -> None:
    hours = {}
    for when in ("in_service", "ordered"):
        stepped = SteppedAws(WorldOptions(seed=3, assumptions=Assumptions(billed_from=when)))
        make_endpoint(stepped)
        stepped.advance(7200)
        move(stepped, "ml.g6.xlarge")
        stepped.advance(7200)
        hours[when] = by_type(stepped)
        stepped.server.stop()
    # One instance from its order on; while the new one is made, both are there.
    assert hours["ordered"]["ml.g6.xlarge"] == pytest.approx(2)
    assert hours["ordered"]["ml.g5.xlarge"] > 2 > hours["in_service"]["ml.g6.xlarge"]


def test_the_control_path_tells_the_same(aws: SteppedAws) -> None:
    make_endpoint(aws)
    aws.advance(6 * 3600)
    status, told = ask(aws, "ledger?first=2026-09-21T00:00:00Z&last=2026-09-22")
    assert status == 200
    (line,) = told["lines"]
    (key,) = aws.world.ledger.between(np.array([0.0, aws.now()]))
    assert line | {"instance_hours": 0} == dict(
        zip(("endpoint", "variant", "instance_type", "asynchronous"), astuple(key), strict=True)
    ) | {"instance_hours": 0}
    assert line["instance_hours"] == pytest.approx(5.9, abs=0.2)


@pytest.mark.parametrize(
    "query", ["", "?first=today&last=2026-09-22", "?first=2026-09-22&last=2026-09-21", "?since=2026-09-22"]
)
def test_the_control_path_refuses_a_range_that_is_none(aws: SteppedAws, query: str) -> None:
    status, told = ask(aws, f"ledger{query}")
    assert status == 400
    assert told["error"]
