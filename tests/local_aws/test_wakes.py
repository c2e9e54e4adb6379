"""The embedded AWS's own record of its wakes, and the control path that tells it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from ops.local_aws.wakes import WakeBook
from tests.small_worlds import NAME, small


def test_a_wake_from_order_to_empty_queue() -> None:
    book = WakeBook()
    book.ordered(100.0)
    book.served(400.0, 375.0, 3, 40.0)
    book.served(460.0, 435.0, 1, 50.0)  # further instances change nothing
    book.finished(420.0, 2)
    book.finished(440.0, 0)
    book.finished(900.0, 0)
    (wake,) = book.list()
    assert (wake.first_queued, wake.ordered, wake.provisioned, wake.in_service) == (40.0, 100.0, 375.0, 400.0)
    assert (wake.first_result, wake.queue_empty, wake.waited, wake.refused) == (420.0, 440.0, 3, None)


def test_a_wake_without_requests_and_a_refused_one() -> None:
    book = WakeBook()
    book.served(10.0, 5.0, 2, 1.0)
    assert book.list() == (), "the initial instance is no wake"
    book.ordered(100.0)
    book.served(300.0, 275.0, 0, None)
    book.finished(800.0, 0)
    book.ordered(2000.0)
    book.refused(4040.0)
    first, second = book.list()
    assert (first.in_service, first.first_result) == (300.0, None)
    assert (second.refused, second.in_service) == (4040.0, None)


def test_the_control_path_tells_it() -> None:
    with small(0.3) as (server, _):
        with urllib.request.urlopen(f"{server.url}/_ebb/endpoints/{NAME}/wakes") as answer:
            told = json.load(answer)
        assert told["endpoint"] == NAME
        real = server.world.fleet.wakes(NAME)
        assert [w["ordered"] for w in told["wakes"]] == [w.ordered for w in real]
        assert len(real) > 2
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{server.url}/_ebb/endpoints/nobody/wakes")
        with refused.value as error:
            assert error.code == 404
            assert "no endpoint" in json.load(error)["error"]
