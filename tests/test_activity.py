"""What happened, asked of a living AWS: a change through Ebb, its echo, scaling, what is denied, what is gone."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest

from ops.__main__ import main
from ops.cli_activity import kind_of, span_of
from ops.config import Settings
from ops.console import Console
from ops.core.change import Actor
from ops.core.errors import BadInput, ReadOnly, UnknownEndpoint
from ops.core.timeline import Ended, Kind, Source
from ops.local_aws.clock import SimClock
from ops.local_aws.server import LocalAws
from tests.living import error, gated
from tests.small_worlds import NAME, small

NINA = Actor("nina", "operator")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world() -> Iterator[tuple[LocalAws, SimClock]]:
    with small(1.0) as found:
        yield found


@pytest.fixture
def console(world: tuple[LocalAws, SimClock]) -> Iterator[Console]:
    with Console.open(Settings(endpoint_url=world[0].url)) as opened:
        yield opened


def test_a_change_through_ebb_is_told_once_with_its_echo(
    console: Console, world: tuple[LocalAws, SimClock]
) -> None:
    receipt = console.apply(console.plan_bounds(NAME, 0, 7), NINA, "month end")
    world[1].jump(1200.0)
    for name in (NAME, None):
        view = console.timeline(name, DAY, everything=True)
        mine = [e for e in view.events if e.entry == receipt.entry.id]
        assert [(e.kind, e.who, e.ended, e.source) for e in mine] == [
            (Kind.BOUNDS, "nina", Ended.DONE, Source.EBB)
        ]
        assert mine[0].echoes == 1
        assert mine[0].undoable
        assert "0–7 instances" in mine[0].said
        assert "month end" in mine[0].said
        assert any(e.source is Source.SCALING and e.ended is Ended.DONE for e in view.events)
        assert [r.problem for r in view.reaches] == [None, None, None]


def test_a_viewers_press_is_on_the_time_line(console: Console) -> None:
    with pytest.raises(ReadOnly):
        console.apply(console.plan_bounds(NAME, 0, 5), Actor("vera", "viewer"))
    (tried,) = [e for e in console.timeline(NAME, DAY).events if e.who == "vera"]
    assert tried.ended is Ended.REFUSED
    assert not tried.undoable


def test_what_is_denied_is_said_and_the_rest_is_there(world: tuple[LocalAws, SimClock]) -> None:
    with gated(world[0].url) as (url, gate), Console.open(Settings(endpoint_url=url)) as console:
        gate.shut["LookupEvents"] = error("AccessDeniedException", "no")
        view = console.timeline(NAME, DAY, everything=True)
        problem = {r.source: r.problem for r in view.reaches}[Source.CLOUDTRAIL]
        assert problem is not None
        assert problem.action == "cloudtrail:LookupEvents"
        assert any(e.source is Source.SCALING for e in view.events)
        gate.shut["DescribeScalingActivities"] = error("AccessDeniedException", "no")
        with Console.open(Settings(endpoint_url=url)) as blind:
            reach = {r.source: r for r in blind.timeline(NAME, DAY).reaches}[Source.SCALING]
        assert reach.problem is not None
        assert reach.problem.action == "application-autoscaling:DescribeScalingActivities"


def test_an_endpoint_that_never_was_is_unknown(console: Console) -> None:
    with pytest.raises(UnknownEndpoint):
        console.timeline("never-there", DAY)


def test_an_endpoint_that_is_gone_is_told_of_as_far_as_there_is_a_record() -> None:
    with small(0.25) as (server, clock), Console.open(Settings(endpoint_url=server.url)) as console:
        console.apply(console.plan_bounds(NAME, 0, 7), NINA)
        keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
        boto3.client("sagemaker", endpoint_url=server.url, **keys).delete_endpoint(EndpointName=NAME)
        clock.jump(1200.0)
        view = console.timeline(NAME, DAY, everything=True)
        assert {"nina"} <= {e.who for e in view.events}
        assert any(e.what == "deletion of the endpoint" for e in view.events)


def test_the_command(world: tuple[LocalAws, SimClock], tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", world[0].url)
    monkeypatch.setenv("EBB_STATE_DIR", str(tmp_path))
    assert main(["activity", NAME, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["endpoint"] == NAME
    assert [source["source"] for source in document["sources"]] == ["Ebb", "CloudTrail", "scaling record"]
    assert main(["activity", "--csv", "--kind", "scaling", "--since", "6h"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows
    assert {row["kind"] for row in rows} == {"scaling"}
    assert main(["activity", "--csv", "--json"]) == 2
    assert main(["activity", "--since", "soon"]) == 2
    assert main(["activity", "--who", "nobody-at-all"]) == 0
    assert "Nothing matches." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "span"),
    [
        ("90m", timedelta(minutes=90)),
        ("3h", timedelta(hours=3)),
        (" 7D ", timedelta(days=7)),
        ("2w", timedelta(14)),
    ],
)
def test_spans_as_people_type_them(typed: str, span: timedelta) -> None:
    assert span_of(typed) == span


@pytest.mark.parametrize("typed", ["", "0h", "7", "d", "-1d", "1e3h", "456d", "99999w"])
def test_spans_that_make_no_sense(typed: str) -> None:
    with pytest.raises(BadInput):
        span_of(typed)


def test_kinds_by_their_words() -> None:
    assert kind_of("Keep-Warm") == "keep warm"
    assert kind_of("") == ""
    with pytest.raises(BadInput) as caught:
        kind_of("polcy")
    assert caught.value.hint == "Did you mean policy?"
