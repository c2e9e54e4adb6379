"""The default fleet: the stories hold whatever the hour, the weekday and the day of the month."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from ops.local_aws.build import STORIES, make_world
from ops.local_aws.clock import SimClock
from ops.local_aws.more_stories import MORE
from ops.local_aws.world import World, WorldOptions

ANCHORS = ("2026-11-18T03:17:21", "2026-11-22T14:02:00", "2026-12-01T00:00:30", "2026-03-29T01:30:00")


class Living:
    """A world and what its metrics say at the end of history."""

    def __init__(
        self, anchor: str, days: int, scenarios: tuple[str, ...] = (), *, empty: bool = False
    ) -> None:
        self.end = datetime.fromisoformat(anchor).replace(tzinfo=UTC).timestamp()
        self.clock = SimClock(self.end, 1.0, lambda: 0.0)
        options = WorldOptions(history_days=days)
        self.world: World = make_world(self.clock, options, empty=empty, scenarios=scenarios)

    def read(
        self, name: str, metric: str, back: int, *, variant: bool = False, host: bool = False
    ) -> list[float | None]:
        """The last `back` minutes that are over, newest last."""
        dims = {"EndpointName": name} | ({"VariantName": "AllTraffic"} if variant or host else {})
        series = self.world.metrics.find(
            "/aws/sagemaker/Endpoints" if host else "AWS/SageMaker", metric, dims
        )
        last = int(self.end // 60)
        if series is None:
            return [None] * back
        return [series.stat(m, "SampleCount" if host else "Sum") for m in range(last - back, last)]

    def total(self, name: str, metric: str, back: int) -> float:
        return sum(v or 0.0 for v in self.read(name, metric, back, variant=True))

    def capacity(self, name: str) -> tuple[int, int, bool]:
        return self.world.fleet.capacity(f"endpoint/{name}/variant/AllTraffic")


@pytest.fixture(scope="module", params=ANCHORS)
def living(request: pytest.FixtureRequest) -> Living:
    return Living(request.param, 5)


def test_ocr_legacy_has_three_requests_waiting_and_nothing_that_wakes_it(living: Living) -> None:
    assert living.read("ocr-legacy", "ApproximateBacklogSize", 20) == [3.0] * 20
    assert living.read("ocr-legacy", "HasBacklogWithoutCapacity", 20) == [1.0] * 20
    assert living.capacity("ocr-legacy") == (0, 0, False)


def test_invoice_parse_fails_more_than_a_quarter_of_the_last_hour(living: Living) -> None:
    failed, done = (
        living.total("invoice-parse", n, 60) for n in ("InvocationFailures", "InvocationsProcessed")
    )
    assert failed >= 4
    assert 0.2 < failed / (failed + done) < 0.6


def test_contract_extract_waits_for_a_quota_that_another_endpoint_holds(living: Living) -> None:
    assert living.capacity("contract-extract") == (0, 0, False)
    backlog = living.read("contract-extract", "ApproximateBacklogSize", 1)[0]
    assert backlog is not None
    assert backlog >= 3
    resource = "endpoint/contract-extract/variant/AllTraffic"
    failed = [
        a
        for a in living.world.scaling.activities.list(living.end, resource, not_scaled=False)
        if a.status == "Failed"
    ]
    assert len(failed) > 10
    assert all("account-level service limit 'ml.g6e.xlarge" in a.message for a in failed[:10])


def test_archive_reocr_is_busy_with_a_long_backlog(living: Living) -> None:
    backlog = living.read("archive-reocr", "ApproximateBacklogSize", 1)[0]
    assert backlog is not None
    assert backlog > 60
    assert living.capacity("archive-reocr")[0] == 4


def test_receipt_scan_has_an_instance_and_a_minimum_of_one(living: Living) -> None:
    assert living.capacity("receipt-scan")[0] >= 1


def test_layout_detect_is_real_time_and_in_service(living: Living) -> None:
    status = living.world.fleet.describe("layout-detect")
    assert status is not None
    assert status.spec.async_settings is None
    assert status.current == 1


@pytest.fixture(scope="module")
def month() -> Living:
    return Living("2026-11-22T14:02:00", 30)


def test_doc_async_saves_about_sixty_per_cent_against_its_peak(month: Living) -> None:
    counts = [v or 0.0 for v in month.read("doc-async", "CPUUtilization", 30 * 1440, host=True)]
    peak = float(np.percentile(counts, 99))
    assert peak == 8
    assert 0.54 < 1 - float(np.mean(counts)) / peak < 0.68


def test_doc_async_sleeps_at_night_and_on_weekends(month: Living) -> None:
    counts = np.array([v or 0.0 for v in month.read("doc-async", "CPUUtilization", 30 * 1440, host=True)])
    end = datetime.fromtimestamp(month.end // 60 * 60, UTC)
    times = [end - timedelta(minutes=i) for i in range(counts.size, 0, -1)]
    night = np.array([t.hour in (1, 2, 3) for t in times])
    sunday = np.array([t.weekday() == 6 for t in times])
    office = np.array([t.weekday() < 5 and 9 <= t.hour < 17 for t in times])
    assert counts[night].mean() < 0.6
    assert counts[sunday].mean() < 0.8
    assert counts[office].mean() > 6


def test_forms_berlin_is_warm_in_business_hours_of_its_own_zone(month: Living) -> None:
    counts = np.array([v or 0.0 for v in month.read("forms-berlin", "CPUUtilization", 30 * 1440, host=True)])
    end = datetime.fromtimestamp(month.end // 60 * 60, UTC)
    times = [end - timedelta(minutes=i) for i in range(counts.size, 0, -1)]
    winter = datetime(2026, 10, 26, tzinfo=UTC)
    warm = np.array([t > winter and t.weekday() < 5 and 8 <= t.hour < 17 for t in times])  # 9-18 in Berlin
    assert (counts[warm] >= 1).mean() > 0.97


def test_the_same_seed_and_instant_live_the_same_history() -> None:
    one, two = (Living("2026-11-20T09:00:00", 2) for _ in range(2))
    for name in one.world.fleet.names():
        assert one.read(name, "ApproximateBacklogSize", 2880) == two.read(
            name, "ApproximateBacklogSize", 2880
        )
        resource = f"endpoint/{name}/variant/AllTraffic"
        told = [
            [
                (a.id, a.start, a.description)
                for a in w.world.scaling.activities.list(w.end, resource, not_scaled=True)
            ]
            for w in (one, two)
        ]
        assert told[0] == told[1]


def test_the_stories_go_on_for_days() -> None:
    living = Living("2026-11-20T09:00:00", 2)
    for _ in range(2 * 24 * 2):
        living.clock.jump(1800.0)
        living.world.catch_up()
    living.end = living.clock.now()
    assert living.read("ocr-legacy", "ApproximateBacklogSize", 1) == [3.0]
    backlog = living.read("contract-extract", "ApproximateBacklogSize", 1)[0]
    assert backlog is not None
    assert backlog >= 3
    assert living.total("invoice-parse", "InvocationFailures", 60) >= 3
    assert living.capacity("contract-extract") == (0, 0, False)


@pytest.mark.parametrize("name", [s.name for s in MORE if s.name != "crowd"])
def test_every_further_story_tells_its_trouble(name: str) -> None:
    living = Living("2026-11-18T10:40:00", 3, (name,), empty=True)
    status = living.world.fleet.describe(name)
    assert status is not None
    waiting = living.read(name, "ApproximateBacklogSize", 1)[0]
    if name == "failed-deploy":
        assert status.status == "Failed"
    elif name in ("no-scale-in", "always-on"):
        assert status.current >= 1
    elif name == "no-capacity":
        assert status.desired > status.current == 0
    elif name == "pooled":
        assert dict(status.mix) == {"ml.g5.xlarge": 1, "ml.g4dn.xlarge": 2}
    elif name == "slow":
        assert status.current == 1
        assert waiting is not None
        assert waiting > 100
    else:
        assert status.current == 0
        assert waiting is not None
        assert waiting >= 3


def test_two_hundred_endpoints_fit() -> None:
    assert "crowd" in STORIES
    living = Living("2026-11-18T10:40:00", 1, ("crowd",), empty=True)
    assert len(living.world.fleet.names()) == 200
