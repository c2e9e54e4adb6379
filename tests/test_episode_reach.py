"""From when on cold starts are kept: as long as AWS tells of them, and longer once Ebb has watched so long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from ops import episode_reach
from ops.core.types import Endpoint, EndpointRef, utc
from ops.held import Held
from ops.store.history import History, Scope

NOW = utc(1_792_504_800.0)
DEPTH = timedelta(days=42)
OLD = Endpoint(
    EndpointRef("1", "eu-central-1", "doc"),
    "arn",
    "InService",
    "doc-1",
    "ml.g5.xlarge",
    0,
    0,
    NOW - timedelta(days=900),
    NOW,
    None,
)


@pytest.fixture
def history() -> Iterator[Held]:
    kept = History.open("sqlite://", Scope("aws", "1", "eu-central-1"))
    yield Held(kept)
    kept.close()


def test_at_first_as_far_as_aws_tells(history: Held) -> None:
    assert episode_reach.of(history, OLD, NOW - DEPTH) == NOW - DEPTH
    young = replace(OLD, created=NOW - timedelta(days=3))
    assert episode_reach.of(history, young, NOW - DEPTH) == young.created


def test_who_watches_on_knows_further_back(history: Held) -> None:
    for day in range(0, 120, 10):
        now = NOW + timedelta(days=day)
        episode_reach.note(history, OLD, now - DEPTH, now)
    later = NOW + timedelta(days=120)
    assert episode_reach.of(history, OLD, later - DEPTH) == NOW - DEPTH


def test_a_break_longer_than_aws_tells_of_begins_anew(history: Held) -> None:
    episode_reach.note(history, OLD, NOW - DEPTH, NOW)
    back = NOW + timedelta(days=43)
    assert episode_reach.of(history, OLD, back - DEPTH) == back - DEPTH
    episode_reach.note(history, OLD, back - DEPTH, back)
    later = back + timedelta(days=20)
    assert episode_reach.of(history, OLD, later - DEPTH) == back - DEPTH


def test_another_endpoint_of_the_name_has_a_past_of_its_own(history: Held) -> None:
    episode_reach.note(history, OLD, NOW - DEPTH, NOW)
    anew = replace(OLD, created=NOW + timedelta(days=5))
    later = NOW + timedelta(days=50)
    assert episode_reach.of(history, anew, later - DEPTH) == later - DEPTH


def test_it_is_written_once_a_day(history: Held) -> None:
    episode_reach.note(history, OLD, NOW - DEPTH, NOW)
    first = history.memo("cold starts of doc")
    episode_reach.note(history, OLD, NOW - DEPTH, NOW + timedelta(hours=23))
    assert history.memo("cold starts of doc") == first
    episode_reach.note(history, OLD, NOW - DEPTH, NOW + timedelta(hours=25))
    assert history.memo("cold starts of doc") != first


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"born": 1}', '{"born": "x", "since": 1, "upto": 2}'])
def test_what_cannot_be_read_is_as_if_it_were_not_there(history: Held, text: str) -> None:
    history.remember("cold starts of doc", text)
    assert episode_reach.of(history, OLD, NOW - DEPTH) == NOW - DEPTH
