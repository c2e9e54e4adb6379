"""A call that is not in the table of calls is not made: by name, by a transfer, by a signed address."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.aws import objects
from ops.aws.calls import Reading
from ops.aws.session import AwsSession, Where
from ops.core.errors import OpsError
from ops.core.permissions import Undeclared
from tests.living import living


@pytest.fixture(scope="module")
def reading() -> Iterator[Reading]:
    with living(empty=True) as (server, _):
        session = AwsSession(Where("embedded", "us-east-1", server.url, loopback=True))
        yield Reading(session)
        session.close()


@pytest.fixture
def quiet() -> Iterator[None]:
    """What is refused here is meant to be: the watch over all tests (tests.calls_made) does not count it."""
    log = logging.getLogger("ops.calls")
    filters, log.filters = log.filters, []
    yield
    log.filters = filters


@pytest.mark.usefixtures("quiet")
def test_an_undeclared_call_is_refused_and_nothing_is_sent(reading: Reading) -> None:
    before = reading.session.calls()
    with pytest.raises(Undeclared, match="does not declare the call sagemaker:ListTrainingJobs") as caught:
        reading.ask("sagemaker", "ListTrainingJobs")
    assert "report" in caught.value.hint
    with pytest.raises(Undeclared):
        reading.session.client("s3").create_bucket(Bucket="new")
    assert reading.session.calls() == before


@pytest.mark.usefixtures("quiet")
def test_a_paginator_and_a_signed_address_count_too(reading: Reading) -> None:
    client = reading.session.client("sagemaker")
    with pytest.raises(Undeclared, match="ListTrainingJobs"):
        list(client.get_paginator("list_training_jobs").paginate())
    with pytest.raises(Undeclared, match="s3:DeleteObject"):
        objects.signed(reading, "delete_object", {"Bucket": "b", "Key": "k"})


def test_declared_calls_are_told_before_they_are_made(reading: Reading, tmp_path: Path) -> None:
    told: list[str] = []

    class Keep(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            told.append(record.getMessage())
            return True

    log, keep = logging.getLogger("ops.calls"), Keep()
    log.filters.insert(0, keep)
    try:
        reading.ask("sagemaker", "ListEndpoints")
        objects.presign_get(reading, "s3://bucket/key")
        with pytest.raises(OpsError, match="nothing there"):
            objects.download(reading, "s3://bucket/key", tmp_path / "key")
    finally:
        log.removeFilter(keep)
    assert told == ["sagemaker:ListEndpoints", "s3:GetObject", "s3:HeadObject"]
