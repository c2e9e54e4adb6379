"""The quotas of endpoints as Service Quotas lists them, and what it refuses."""

from __future__ import annotations

import json

import pytest

from ops.aws.quotas import KEEP_S, QuotaReader
from ops.core.errors import Unreachable
from tests.aws.test_calls import reading
from tests.living import Answer, Hand, answering, error

JSON = {"Content-Type": "application/x-amz-json-1.1", "Date": "Tue, 20 Oct 2026 14:00:00 GMT"}


def page(*quotas: tuple[str, float | None], token: str = "") -> Answer:
    listed = [{"QuotaName": name} | ({} if value is None else {"Value": value}) for name, value in quotas]
    return 200, JSON, json.dumps({"Quotas": listed} | ({"NextToken": token} if token else {})).encode()


def listing(target: str, body: bytes) -> Answer:
    asked = json.loads(body)
    assert asked["ServiceCode"] == "sagemaker"
    if "NextToken" in asked:
        return page(("ml.g5.2xlarge for endpoint usage", 0.0), ("ml.p5.48xlarge for endpoint usage", None))
    return page(
        ("ml.g5.xlarge for endpoint usage", 16.0),
        ("ml.g5.xlarge for training job usage", 3.0),
        ("Number of instances across active endpoints", 40.0),
        token="more",
    )


def test_only_quotas_of_endpoints_count_and_pages_are_followed() -> None:
    with answering(listing) as url:
        limits, problems = QuotaReader().limits(reading(url))
    assert limits == {"ml.g5.xlarge": 16, "ml.g5.2xlarge": 0}
    assert not problems


def test_what_is_denied_names_the_action() -> None:
    with answering(lambda target, body: error("AccessDeniedException")) as url:
        limits, problems = QuotaReader().limits(reading(url))
    assert not limits
    assert [p.action for p in problems] == ["servicequotas:ListServiceQuotas"]


def test_throttling_passes() -> None:
    with answering(lambda target, body: error("TooManyRequestsException")) as url:
        _, (problem,) = QuotaReader().limits(reading(url))
    assert problem.retryable


def test_no_answer_at_all_is_raised() -> None:
    with pytest.raises(Unreachable):
        QuotaReader().limits(reading("http://127.0.0.1:9"))


def test_answers_are_kept_for_minutes() -> None:
    hand = Hand()
    asked = []

    def answer(target: str, body: bytes) -> Answer:
        asked.append(target)
        return page(("ml.g5.xlarge for endpoint usage", 16.0))

    with answering(answer) as url:
        quotas = QuotaReader(hand)
        for at, calls in ((0.0, 1), (KEEP_S - 1, 1), (KEEP_S + 1, 2)):
            hand.at = 1000.0 + at
            quotas.limits(reading(url))
            assert len(asked) == calls
