"""Subscriptions of topics as SNS answers them, and what it refuses."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from ops.aws.topics import KEEP_S, TopicReader
from ops.core.doctor import Topic
from ops.core.errors import Unreachable
from tests.aws.test_calls import reading
from tests.living import Answer, Hand, answering

ARN = "arn:aws:sns:us-east-1:123456789012:results"
OTHER = "arn:aws:sns:us-east-1:210987654321:theirs"
XML = {"Content-Type": "text/xml", "Date": "Tue, 20 Oct 2026 14:00:00 GMT"}


def page(*arns: str, token: str = "") -> Answer:
    members = "".join(
        f"<member><TopicArn>{ARN}</TopicArn><Protocol>email</Protocol><SubscriptionArn>{arn}</SubscriptionArn>"
        "<Owner>123456789012</Owner><Endpoint>a@example.com</Endpoint></member>"
        for arn in arns
    )
    more = f"<NextToken>{token}</NextToken>" if token else ""
    text = (
        '<ListSubscriptionsByTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">'
        f"<ListSubscriptionsByTopicResult><Subscriptions>{members}</Subscriptions>{more}"
        "</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
    )
    return 200, XML, text.encode()


def refusal(code: str, status: int = 403) -> Answer:
    text = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    return status, XML, text.encode()


def test_pending_subscriptions_hear_nothing_and_pages_are_followed() -> None:
    def answer(target: str, body: bytes) -> Answer:
        if "NextToken" in parse_qs(body.decode()):
            return page(f"{ARN}:2", "PendingConfirmation")
        return page("PendingConfirmation", f"{ARN}:1", token="more")

    with answering(answer) as url:
        found, problems = TopicReader().some(reading(url), (ARN, ARN))
    assert found == {ARN: Topic(ARN, 2, 2)}
    assert not problems


@pytest.mark.parametrize("code", ["NotFound", "NotFoundException"])
def test_a_topic_that_does_not_exist(code: str) -> None:
    with answering(lambda target, body: refusal(code, 404)) as url:
        found, problems = TopicReader().some(reading(url), (ARN,))
    assert found == {ARN: Topic(ARN, 0, 0, exists=False)}
    assert not problems


@pytest.mark.parametrize("code", ["AuthorizationError", "AccessDenied"])
def test_one_that_is_denied_hides_no_other(code: str) -> None:
    """For example the topic of another account."""

    def answer(target: str, body: bytes) -> Answer:
        return refusal(code) if OTHER in parse_qs(body.decode())["TopicArn"] else page(f"{ARN}:1")

    with answering(answer) as url:
        found, problems = TopicReader().some(reading(url), (ARN, OTHER))
    assert found == {ARN: Topic(ARN, 1, 0)}
    assert problems.keys() == {OTHER}
    assert problems[OTHER].action == "sns:ListSubscriptionsByTopic"


def test_throttling_passes() -> None:
    with answering(lambda target, body: refusal("Throttling", 400)) as url:
        _, problems = TopicReader().some(reading(url), (ARN,))
    assert problems[ARN].retryable


def test_no_answer_at_all_is_raised() -> None:
    with pytest.raises(Unreachable):
        TopicReader().some(reading("http://127.0.0.1:9"), (ARN,))


def test_answers_are_kept_for_minutes() -> None:
    hand = Hand()
    asked = []

    def answer(target: str, body: bytes) -> Answer:
        asked.append(body)
        return page(f"{ARN}:1")

    with answering(answer) as url:
        topics = TopicReader(hand)
        for at, calls in ((0.0, 1), (KEEP_S - 1, 1), (KEEP_S + 1, 2)):
            hand.at = 1000.0 + at
            topics.some(reading(url), (ARN,))
            assert len(asked) == calls
