"""Gaps of the history at the edges of what AWS keeps: just inside, and nothing beyond."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from ops import clock as wall
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core import metrics
from ops.core.types import Connection
from ops.core.window import KEPT_DAYS
from ops.gaps import LONGEST_S, Gaps
from ops.gather import Gatherer
from ops.past import OVERLAP_S, Hole
from ops.store.history import History, Scope
from tests.living import TUESDAY
from tests.small_worlds import NAME, small

DAY = 86_400
KEY = metrics.BACKLOG.key


@contextmanager
def reading_of(url: str) -> Iterator[Reading]:
    session = AwsSession(Where("embedded", "us-east-1", url, loopback=True))
    try:
        yield Reading(session)
    finally:
        session.close()


@pytest.mark.parametrize(
    ("born_days", "resolutions"),
    [
        (14.8, {60}),
        (15.0, {60, 300}),  # its first hours lie in the margin that is kept clear of AWS's edge
        (15.2, {60, 300}),
        (62.8, {60, 300}),
        (63.2, {60, 300, 3600}),
        (454.8, {60, 300, 3600}),
        (460.0, {60, 300, 3600}),
    ],
)
def test_each_age_is_read_in_the_finest_steps_that_aws_still_keeps(
    born_days: float, resolutions: set[int]
) -> None:
    connection = Connection("embedded", "1", "us-east-1", "", None, True)
    history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
    with small(born_days, every_s=500.0 * DAY) as (server, _), reading_of(server.url) as reading:
        gatherer = Gatherer(connection, wall.now, history)
        gaps = Gaps(gatherer)
        assert not gaps.close_one(reading)  # nothing is known yet
        gatherer.read(reading)
        closed = 0
        while gaps.close_one(reading):
            closed += 1
        assert closed < 60
        assert gaps.progress() == (1, 1)
        covered = {period: history.coverage(NAME, period).get(KEY, ()) for period in KEPT_DAYS}
        whole = gatherer.past.covered(NAME, KEY)
    history.close()
    day = covered.pop(300)
    older = [span for span in day if span[0] < TUESDAY - 1.2 * DAY]  # the last day is read in such steps too
    if older:
        covered[300] = tuple(older)
    assert {period for period, spans in covered.items() if spans} == resolutions
    born = TUESDAY - born_days * DAY
    assert len(whole) == 1
    assert whole[0][0] <= max(born, TUESDAY - KEPT_DAYS[3600] * DAY + 3 * 3600)
    assert whole[0][1] > TUESDAY - OVERLAP_S - 3600
    for period, spans in covered.items():
        for begin, _ in spans:
            assert begin >= TUESDAY - KEPT_DAYS[period] * DAY, "AWS keeps nothing so fine so long ago"


def test_one_piece_is_never_longer_than_a_viewer_may_wait_for() -> None:
    history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
    connection = Connection("embedded", "1", "us-east-1", "", None, True)
    with small(100, every_s=500.0 * DAY) as (server, _), reading_of(server.url) as reading:
        gatherer = Gatherer(connection, wall.now, history)
        gaps = Gaps(gatherer)
        gatherer.read(reading)

        def kept() -> dict[int, int]:
            found = {period: history.coverage(NAME, period).get(KEY, ()) for period in KEPT_DAYS}
            return {period: sum(end - begin for begin, end in spans) for period, spans in found.items()}

        before = kept()
        while gaps.close_one(reading, first=(NAME,)):
            after = kept()
            for period, longest in LONGEST_S.items():
                assert after[period] - before[period] <= longest + period
            before = after
    history.close()


def test_the_newest_gap_comes_first() -> None:
    history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
    connection = Connection("embedded", "1", "us-east-1", "", None, True)
    with small(20, every_s=500.0 * DAY) as (server, clock), reading_of(server.url) as reading:
        gatherer = Gatherer(connection, wall.now, history)
        gaps = Gaps(gatherer)
        gatherer.read(reading)
        begins = []
        while gaps.close_one(reading):
            begins.append(gatherer.past.covered(NAME, KEY, 300)[0][0])
        assert begins == sorted(begins, reverse=True)
        clock.jump(timedelta(hours=3).total_seconds())
        gatherer.read(reading)
        assert gaps.close_one(reading)
    history.close()


def test_metrics_that_a_span_lacks_are_read_though_others_of_it_were_asked_for_just_now() -> None:
    """One metric of the newest days is known: the pieces of what it lacks are those of the other metrics."""
    history = History.open("sqlite://", Scope("embedded", "1", "us-east-1"))
    connection = Connection("embedded", "1", "us-east-1", "", None, True)
    with small(12, every_s=500.0 * DAY) as (server, _), reading_of(server.url) as reading:
        gatherer = Gatherer(connection, wall.now, history)
        gaps = Gaps(gatherer)
        gatherer.read(reading)
        (endpoint,) = gatherer.endpoints()
        assert gatherer.now is not None
        end = int(gatherer.now.timestamp()) - OVERLAP_S
        known = Hole(NAME, (metrics.BACKLOG,), (end - LONGEST_S[60], end))
        gatherer.fill(reading, endpoint, known, 60)
        while gaps.close_one(reading):
            pass
        assert gaps.progress() == (1, 1)
        (whole,) = gatherer.past.covered(NAME, KEY)
        assert whole[0] <= TUESDAY - 11 * DAY
    history.close()


def test_two_accounts_in_one_file_do_not_mix(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    for account in ("111111111111", "222222222222"):
        history = History.open(url, Scope("aws", account, "us-east-1"))
        connection = Connection("aws", account, "us-east-1", "", None, False)
        with small(1) as (server, _), reading_of(server.url) as reading:
            gatherer = Gatherer(connection, wall.now, history)
            assert not gatherer.past.covered(NAME, KEY)
            gatherer.read(reading)
            assert gatherer.past.covered(NAME, KEY)
        history.close()
