"""What savings count, against what really ran: publish intervals that changed, endpoints that are gone, new ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import boto3
import pytest

from ops.__main__ import main
from ops.config import Settings
from ops.console import Console
from ops.core import baselines, periods
from ops.core.instance_types import UPDATING
from ops.core.periods import Period
from ops.core.savings import Saving
from ops.core.views_savings import SavingsQuery, SavingsView
from ops.held import Held
from ops.local_aws.clock import SimClock
from ops.local_aws.story_kit import DAY, HOUR, VARIANT, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.type_memory import from_text
from ops.type_past import MEMO
from tests.living import TUESDAY
from tests.small_worlds import told

MOVED, STEADY, GONE, ANEW, DIRECT = "moved", "steady", "gone", "anew", "direct"
KIND = "ml.g5.xlarge"
DAYS = 3.0
MOVES = (-1.8, -0.9)
"""Days before the end at which MOVED got another configuration, which nobody saw."""


def config(kit: Kit, name: str, number: int, interval: int) -> str:
    """A configuration whose hosts publish so often."""
    made = f"{name}-every-{interval}-{number}"
    kit.call(
        "sagemaker",
        "CreateEndpointConfig",
        EndpointConfigName=made,
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "ModelName": f"{name}-1",
                "InstanceType": KIND,
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={
            "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
            "OutputConfig": {"S3OutputPath": "s3://ebb-documents/doc/out/"},
        },
        MetricsConfig={"MetricPublishFrequencyInSeconds": interval, "EnableEnhancedMetrics": True},
    )
    return made


def tell(kit: Kit, born: float) -> None:
    """All awake for long: one that is moved from 60 seconds to 10 and on to 120, and three that stay as they are."""
    kit.quota(KIND, 30)
    for name in (MOVED, STEADY, GONE, ANEW):
        kit.config(name, f"{name}-1", KIND, concurrency=2)
        first = config(kit, name, 1, 60)
        batches = (Batch(born + HOUR, 7 * HOUR, 40, 900.0),)
        kit.endpoint(name, first, Traffic(name, kit.seed, (60.0, 90.0), quiet, batches=batches))
        kit.bounds(name, 1, 3)
        kit.track(name)
        kit.wake(name)
    kit.config(DIRECT, f"{DIRECT}-1", KIND, concurrency=None)
    kit.endpoint(DIRECT, f"{DIRECT}-1", Traffic(DIRECT, kit.seed, (1.0, 2.0), quiet))

    def move(interval: int) -> None:
        to = config(kit, MOVED, 2, interval)
        kit.call("sagemaker", "UpdateEndpoint", EndpointName=MOVED, EndpointConfigName=to)

    kit.once_settled(MOVED, TUESDAY + MOVES[0] * DAY, lambda: move(10))
    kit.once_settled(MOVED, TUESDAY + MOVES[1] * DAY, lambda: move(120))


@dataclass
class Seen:
    """What a console knew, before and after two endpoints were deleted and one of them made again."""

    url: str
    console: Console
    fresh: SavingsView
    before: SavingsView
    after: SavingsView
    deleted: datetime

    def ledger(self, period: Period) -> dict[str, float]:
        """What really ran, without the hours of which nobody can tell how often the hosts published."""
        found = ledger(self.url, period)
        for moved in MOVES:
            begin = datetime.fromtimestamp(TUESDAY + moved * DAY, UTC)
            if begin > period.start:
                doubt = replace(period, start=begin, until=begin + UPDATING)
                found[MOVED] -= ledger(self.url, doubt)[MOVED]
        return found


def ledger(url: str, period: Period) -> dict[str, float]:
    """Instance-hours of each endpoint as they really were."""
    span = {"first": period.start.isoformat(), "last": period.until.isoformat()}
    with urlopen(f"{url}/_ebb/ledger?{urlencode(span)}") as answer:
        found = json.loads(answer.read())
    out: dict[str, float] = {}
    for line in found["lines"]:
        out[line["endpoint"]] = out.get(line["endpoint"], 0.0) + line["instance_hours"]
    return out


def read_all(console: Console) -> None:
    console.read((), anybody=True)
    while console.close_gap() or console.keep_cold_starts():
        pass


def asked(console: Console, days: int = 2, **more: Any) -> SavingsView:
    now = console.fleet_of_memory().as_of
    query = SavingsQuery(periods.last_days(days, now), baselines.parse("2"))
    return console.savings(replace(query, **more))


def row(view: SavingsView, name: str) -> Saving:
    return next(each for each in view.rows if each.name == name)


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def seen(state_dir: Path) -> Iterator[Seen]:
    with told(tell, DAYS) as (server, clock):
        settings = Settings(endpoint_url=server.url, state_dir=state_dir)
        with Console.open(settings, keep=True) as console:
            read_all(console)
            fresh = asked(console)
            for _ in range(40):
                console.look_up(anybody=True)
            before = asked(console)
            deleted = change(server.url, clock, console)
            yield Seen(server.url, console, fresh, before, asked(console), deleted)


def change(url: str, clock: SimClock, console: Console) -> datetime:
    """Two are deleted while the console looks on; one is made again, and hours go by."""
    aws = boto3.client(
        "sagemaker", "us-east-1", endpoint_url=url, aws_access_key_id="a", aws_secret_access_key="b"
    )
    for name in (GONE, ANEW):
        aws.delete_endpoint(EndpointName=name)
    deleted = datetime.fromtimestamp(clock.now(), UTC)
    minutes(clock, console, 20)
    aws.create_endpoint(EndpointName=ANEW, EndpointConfigName=f"{ANEW}-every-60-1")
    minutes(clock, console, 40)
    clock.jump(3 * HOUR)
    read_all(console)
    return deleted


def minutes(clock: SimClock, console: Console, count: int) -> None:
    for _ in range(count // 5):
        clock.jump(300.0)
        console.read((), anybody=True)


def test_each_stretch_is_counted_by_its_own_interval(seen: Seen) -> None:
    view = seen.before
    truth = seen.ledger(view.query.period)
    for name in (MOVED, STEADY):
        assert float(row(view, name).hours or 0) == pytest.approx(truth[name], rel=0.01), name
        assert row(view, name).notes == ()
    assert row(view, STEADY).time.coverage > 0.999
    assert row(view, MOVED).time.coverage == pytest.approx(46 / 48, abs=0.002)
    details = view.details[MOVED].idle
    assert details is not None
    assert details.hours is not None
    assert details.hours + details.unknown_hours <= (row(view, MOVED).hours or 0)


def test_what_is_not_on_record_is_taken_as_now_and_said(seen: Seen) -> None:
    notes = " ".join(row(seen.fresh, MOVED).notes)
    assert "Which instance type it had before " in notes
    assert "How often its hosts published metrics before " in notes
    assert "every 120 seconds is taken" in notes
    truth = seen.ledger(seen.fresh.query.period)
    assert float(row(seen.fresh, MOVED).hours or 0) > 1.5 * truth[MOVED]
    (candidate,) = seen.fresh.candidates
    assert "⟦" not in " ".join((notes, *candidate.why))


def test_a_deleted_endpoint_stays_counted(seen: Seen) -> None:
    view = seen.after
    truth = seen.ledger(view.query.period)
    found = row(view, GONE)
    assert found.gone is not None
    assert timedelta(0) <= found.gone - seen.deleted < timedelta(minutes=10)
    assert float(found.hours or 0) == pytest.approx(truth[GONE], rel=0.01)
    last = int(seen.deleted.timestamp()) - found.time.first
    assert found.time.known[last // 900 - 1] == 15, "its last minutes were read later"
    assert found.usd is not None
    assert GONE in view.total.counted
    assert "It is gone" in " ".join(found.notes)
    assert asked(seen.console, names=(GONE,)).total.usd == found.usd
    assert GONE not in {e.name for e in view.total.left_out}


def test_a_deleted_endpoint_was_there_in_the_period_before(seen: Seen) -> None:
    later = seen.after.query.period
    after = replace(seen.after.query, period=replace(later, start=later.until - timedelta(hours=2)))
    view = seen.console.savings(after)
    assert GONE not in {r.name for r in view.rows}
    assert ANEW in {r.name for r in view.rows}
    whole = asked(seen.console, 1)
    assert whole.before is not None
    assert GONE in whole.before.counted
    assert ANEW in {e.name for e in whole.before.left_out}


def test_two_lives_of_one_name_never_mix(seen: Seen) -> None:
    view = seen.after
    found = row(view, ANEW)
    assert found.since is not None
    assert found.since > seen.deleted
    assert found.gone is None
    assert found.time.first >= found.since.timestamp()
    (why,) = [e.why for e in view.total.left_out if e.name == ANEW]
    first = replace(view.query.period, until=seen.deleted, end=seen.deleted)
    hours = seen.ledger(first)[ANEW]
    said = float(why.split(" had ")[1].split(" instance-hours")[0])
    assert said == pytest.approx(hours, rel=0.01)
    assert not view.total.final


def test_page_command_and_the_ledger_agree(
    seen: Seen, state_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", seen.url)
    monkeypatch.setenv("EBB_STATE_DIR", str(state_dir))
    monkeypatch.delenv("EBB_MODE", raising=False)
    view = seen.after
    assert main(["savings", "--days", "2", "--baseline", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    by_name = {each["name"]: each for each in told["endpoints"]}
    truth = seen.ledger(view.query.period)
    for name in (MOVED, STEADY, GONE):
        assert by_name[name]["instance_hours"] == pytest.approx(truth[name], rel=0.01)
        assert by_name[name]["actual_usd"] == pytest.approx(float(row(view, name).usd or 0), rel=0.01)
    whole = sum(truth[name] for name in (MOVED, STEADY, GONE, ANEW))
    left = float(next(e["why"] for e in told["total"]["left_out"] if e["name"] == ANEW).split()[7])
    assert told["total"]["instance_hours"] + left == pytest.approx(whole, rel=0.01)


def test_names_without_a_memory_are_named(seen: Seen) -> None:
    """As an older Ebb left them, which remembered nothing of an endpoint that was gone."""
    history = seen.console._gatherer().past.history
    kept = history.memo(MEMO)
    assert kept is not None
    try:
        history.remember(MEMO, "{}")
        view = asked(seen.console)
        left = {e.name: e.why for e in view.total.left_out}
        assert "instance-hours" in left[GONE]
        assert "an earlier endpoint of this name" in left[ANEW]
        assert GONE not in {r.name for r in view.rows}
    finally:
        history.remember(MEMO, kept)


def test_a_memory_of_an_older_ebb_is_read(seen: Seen) -> None:
    kept = json.loads(seen.console._gatherer().past.history.memo(MEMO) or "")
    for life in kept["lives"].values():
        del life[2:]
        for sighting in life[1]:
            del sighting[5:]
    kept["configs"] = {name: found[:2] for name, found in kept["configs"].items()}
    del kept["earlier"]
    found = from_text(json.dumps(kept))
    state = seen.console._gatherer().state()
    endpoint = state.known[MOVED].endpoint
    assert found.of(endpoint, state.now)
    assert found.intervals(endpoint, state.now)[-1].seconds == 120
    assert set(found.wanted())


def test_views_of_one_period_share_what_was_counted_in_little_room(seen: Seen) -> None:
    view = seen.after
    other = seen.console.savings(replace(view.query, baseline=baselines.parse("one")))
    for each in view.rows:
        assert row(other, each.name).time is each.time
        assert each.time.known.itemsize == 1
        assert each.time.minutes.itemsize <= 4


def test_what_is_remembered_is_read_once_a_view(seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    memo = Held.memo

    def heard(held: Held, key: str) -> str | None:
        keys.append(key)
        return memo(held, key)

    monkeypatch.setattr(Held, "memo", heard)
    asked(seen.console, 1)
    assert keys.count(MEMO) == 1
