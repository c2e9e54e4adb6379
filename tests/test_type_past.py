"""Instance types over time: what was seen, what CloudTrail tells, and what is remembered of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.console import Console
from ops.core.instance_types import Configured, Deploy, Sighting
from ops.core.savings import TypeFrom
from ops.core.types import Endpoint
from ops.held import Held
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from ops.local_aws.story_kit import HOUR, Kit
from ops.local_aws.traffic import Batch, Traffic, quiet
from ops.store.history import History, Scope
from ops.type_memory import Remembered, from_text, to_text
from ops.type_past import MEMO, SAVE_S, TypeLog, recalled
from tests.living import TUESDAY, console_at, error, gated
from tests.small_worlds import NAME, told

NOW = datetime.fromtimestamp(TUESDAY, UTC)
MOVED = TUESDAY - 20 * HOUR
SMALL, LARGE = "ml.g5.xlarge", "ml.g5.2xlarge"


def tell(kit: Kit, born: float) -> None:
    """Asynchronous; moved to a larger type on its second day, by way of one whose configuration is gone."""
    for kind in (SMALL, LARGE):
        kit.quota(kind, 8)
    kit.config(NAME, "doc-1", SMALL, concurrency=2)
    batches = (Batch(born + HOUR, 5400.0, 12, 240.0),)
    kit.endpoint(NAME, "doc-1", Traffic(NAME, kit.seed, (20.0, 70.0), quiet, batches=batches))

    def move(config: str, kind: str) -> None:
        kit.config(NAME, config, kind, concurrency=2)
        kit.call("sagemaker", "UpdateEndpoint", EndpointName=NAME, EndpointConfigName=config)

    def tidy() -> None:
        kit.call("sagemaker", "DeleteEndpointConfig", EndpointConfigName="doc-2")

    kit.once_settled(NAME, MOVED - 8 * HOUR, lambda: move("doc-2", LARGE))
    kit.once_settled(NAME, MOVED, lambda: move("doc-3", LARGE))
    kit.once_settled(NAME, MOVED + HOUR, tidy)


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[LocalAws, SimClock]]:
    with told(tell, 2.0) as found:
        yield found


@pytest.fixture(scope="module")
def console(world: tuple[LocalAws, SimClock]) -> Iterator[Console]:
    with console_at(world[0].url) as opened:
        yield opened


def drained(console: Console) -> None:
    """The collector's spare time, until nothing is left to look up."""
    for _ in range(60):
        console.look_up(anybody=True)


def told_of(console: Console, name: str = NAME) -> list[tuple[float, str | None]]:
    """(hours before now, type)."""
    gatherer = console._gatherer()
    state = gatherer.state()
    found = recalled(state).of(state.known[name].endpoint, state.now)
    return [(round((state.now - each.since) / timedelta(hours=1), 1), each.instance_type) for each in found]


def test_an_asynchronous_endpoint_that_was_moved(console: Console) -> None:
    console.read((), anybody=True)
    assert told_of(console) == [(0.0, LARGE)], "nothing but what is seen now"
    drained(console)
    calls = console.usage().calls["sagemaker:DescribeEndpointConfig"]
    assert told_of(console) == [(48.0, SMALL), (28.0, None), (20.0, LARGE)]
    drained(console)
    assert console.usage().calls["sagemaker:DescribeEndpointConfig"] == calls, "looked up once"


def test_who_has_no_past_reads_it_at_once(world: tuple[LocalAws, SimClock]) -> None:
    with console_at(world[0].url) as fresh:
        gatherer, reading = fresh._gatherer(), fresh._reading()
        gatherer.read(reading)
        waited: list[float] = []
        gatherer.types.catch_up(fresh._log(), reading, {}, waited.append)
        assert told_of(fresh) == [(48.0, SMALL), (28.0, None), (20.0, LARGE)]
        assert fresh.usage().calls["cloudtrail:LookupEvents"] == 2


def test_a_configuration_that_may_not_be_looked_up_counts_for_nothing(
    world: tuple[LocalAws, SimClock],
) -> None:
    with gated(world[0].url) as (url, gate), console_at(url) as fresh:
        gatherer, reading = fresh._gatherer(), fresh._reading()
        gatherer.read(reading)
        gate.shut["DescribeEndpointConfig"] = error("AccessDeniedException", "You may not.")
        gatherer.types.catch_up(fresh._log(), reading, {}, lambda _: None)
        assert told_of(fresh) == [(20.0, LARGE)]
        asked = fresh.usage().calls["sagemaker:DescribeEndpointConfig"]
        assert not gatherer.types.look_up_one(reading), "not asked for again"
        assert fresh.usage().calls["sagemaker:DescribeEndpointConfig"] == asked


@pytest.fixture
def held() -> Iterator[Held]:
    history = History.open("sqlite://", Scope("aws", "1", "us-east-1"))
    yield Held(history)
    history.close()


@pytest.fixture(scope="module")
def endpoint(console: Console) -> Endpoint:
    console.read((), anybody=True)
    return console._gatherer().state().known[NAME].endpoint


def known(held: Held) -> Remembered:
    return from_text(held.memo(MEMO) or "")


def later(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def test_what_was_seen_outlives_the_process(held: Held, endpoint: Endpoint) -> None:
    TypeLog(held).note([endpoint], NOW)
    moved = replace(endpoint, config_name="doc-9", instance_type="ml.p4d.24xlarge", config_created=later(30))
    again = TypeLog(held)
    again.note([endpoint], later(1))
    again.note([moved], later(40))
    assert known(held).of(moved, later(41)) == (TypeFrom(NOW, LARGE), TypeFrom(later(30), "ml.p4d.24xlarge"))


def test_it_is_written_down_when_something_changes_and_now_and_then(held: Held, endpoint: Endpoint) -> None:
    log = TypeLog(held)
    log.note([endpoint], NOW)
    first = held.memo(MEMO)
    log.note([endpoint], later(0.5))
    assert held.memo(MEMO) == first
    log.note([endpoint], NOW + timedelta(seconds=SAVE_S))
    assert known(held).lives[NAME].seen[-1].until == NOW + timedelta(seconds=SAVE_S)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "Updating"},
        {"status": "Creating"},
        {"described": False},
        {"config_name": ""},
        {"instance_type": None},
    ],
)
def test_what_says_nothing_is_not_remembered(
    held: Held, endpoint: Endpoint, change: dict[str, object]
) -> None:
    TypeLog(held).note([replace(endpoint, **change)], NOW)  # type: ignore[arg-type]
    assert known(held).lives == {}


def test_while_it_is_updated_the_last_that_was_seen_holds(held: Held, endpoint: Endpoint) -> None:
    log = TypeLog(held)
    log.note([endpoint], NOW)
    updating = replace(endpoint, status="Updating")
    assert known(held).of(updating, later(1)) == (TypeFrom(NOW, LARGE),)


def test_types_that_are_not_known_are_unknown(held: Held, endpoint: Endpoint) -> None:
    """Such as a variant that mixes types."""
    mixed = replace(endpoint, instance_type=None)
    assert known(held).of(mixed, NOW) == (TypeFrom(endpoint.created, None),)


def test_another_endpoint_of_the_name_has_a_past_of_its_own(held: Held, endpoint: Endpoint) -> None:
    log = TypeLog(held)
    log.note([endpoint], NOW)
    anew = replace(endpoint, created=later(2), instance_type=SMALL, config_name="doc-1")
    log.note([anew], later(3))
    assert known(held).of(anew, later(4)) == (TypeFrom(later(3), SMALL),)


def test_what_is_older_than_any_period_is_forgotten(held: Held, endpoint: Endpoint) -> None:
    log = TypeLog(held)
    log.note([endpoint], NOW)
    other = replace(endpoint, ref=replace(endpoint.ref, name="other"))
    log.note([other], NOW + timedelta(days=456))
    assert set(known(held).lives) == {"other"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "null", '{"lives": 7}', '{"lives": {"a": [1]}}', '{"configs": {"a": 1}}']
)
def test_a_memory_that_cannot_be_read_is_begun_anew(held: Held, endpoint: Endpoint, text: str) -> None:
    assert from_text(text) == Remembered()
    held.remember(MEMO, text)
    TypeLog(held).note([endpoint], NOW)
    assert set(known(held).lives) == {NAME}


def test_what_is_written_down_is_read() -> None:
    sighting = Sighting(NOW, later(1), "c", "ml.x", None)
    text = to_text(
        Remembered(
            {},
            {},
            {"a": (Deploy(NOW, "c", True), Deploy(later(1), "d"))},
            {"c": Configured(None), "d": Configured("ml.x", later(0.5))},
            NOW,
        )
    )
    assert to_text(from_text(text)) == text
    assert from_text(text).deploys["a"][1] == Deploy(later(1), "d")
    assert sighting.made is None


def test_it_asks_aws_for_nothing(console: Console) -> None:
    calls = console.usage().calls
    told_of(console)
    assert console.usage().calls == calls
