"""Requests: what may be sent, and which state follows from what was seen. Tables, and laws of records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core import request_seen as seen
from ops.core.cold_start import Step
from ops.core.errors import BadInput
from ops.core.request_seen import EndpointSeen, ObjectSeen, message_of, whose, word
from ops.core.request_times import timeline
from ops.core.requests import MARGIN, RequestState, Sent, Submission, later
from ops.core.types import EndpointState
from tests.components.cold_samples import waited

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
URI = "s3://bucket/in.json"
S = RequestState
E = EndpointState


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def sent(state: RequestState = S.QUEUED, **more: Any) -> Sent:
    made = Sent("b-1", "b", "doc", "ebb-b-1", URI, state, NOW, 600, 60, sent=NOW, accepted=True)
    return replace(made, **more)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"endpoint": ""}, "No endpoint"),
        ({"input_uri": ""}, "no input"),
        ({"input_uri": "s3://bucket"}, "address"),
        ({"input_uri": "https://x/y"}, "address"),
        ({"input_uri": "s3://b/" + "k" * 1100}, "characters"),
        ({"content_type": "x" * 1025}, "content type"),
        ({"attributes": "a\nb"}, "attributes"),
        ({"attributes": "größe"}, "attributes"),
        ({"ttl_s": 59}, "time to live"),
        ({"ttl_s": 21_601}, "time to live"),
        ({"timeout_s": 0}, "timeout"),
        ({"timeout_s": 3_601}, "timeout"),
        ({"inference_id": "x" * 65}, "inference id"),
        ({"inference_id": "a", "count": 2}, "cannot serve several"),
        ({"count": 0}, "number"),
        ({"count": 10_001}, "number"),
        ({"per_minute": 0.0}, "rate"),
        ({"per_minute": float("nan")}, "rate"),
    ],
)
def test_what_aws_would_refuse_is_said_before(wrong: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word) as caught:
        Submission(**({"endpoint": "doc", "input_uri": URI} | wrong))
    assert caught.value.hint


def test_the_limits_themselves_are_possible() -> None:
    Submission("doc", URI, ttl_s=60, timeout_s=1)
    Submission("doc", URI, ttl_s=21_600, timeout_s=3_600, count=10_000, per_minute=600)


@pytest.mark.parametrize(
    ("endpoint", "current", "state", "said"),
    [
        (E.ASLEEP, 0, S.QUEUED, "queued"),
        (E.QUEUED, 0, S.QUEUED, "queued"),
        (E.WAKE_STUCK, 0, S.QUEUED, "queued"),
        (E.WAKING, 0, S.WAKING, "waiting for the cold start"),
        (E.WAKE_FAILING, 0, S.WAKING, "waiting for the cold start"),
        (E.BUSY, 1, S.PROCESSING, "queued or processing"),
        (E.SLOW, 2, S.PROCESSING, "queued or processing"),
        (E.UPDATING, 1, S.PROCESSING, "queued or processing"),
        (E.BROKEN, None, S.QUEUED, "queued"),
        (E.UNKNOWN, None, S.QUEUED, "queued"),
    ],
)
def test_before_its_end_a_request_is_as_its_endpoint_is(
    endpoint: EndpointState, current: int | None, state: RequestState, said: str
) -> None:
    found = seen.with_endpoint(sent(), EndpointSeen(after(60), endpoint, current))
    assert (found.state, word(found)) == (state, said)
    assert found.processing is None


def test_processing_is_said_only_where_the_queue_shows_it() -> None:
    young = EndpointSeen(after(300), E.BUSY, 1, oldest_s=30.0, oldest_at=after(280))
    old = replace(young, oldest_s=279.0)
    assert word(seen.with_endpoint(sent(), young)) == "processing"
    assert word(seen.with_endpoint(sent(), old)) == "queued or processing"


def test_what_was_seen_before_it_was_sent_says_nothing() -> None:
    assert seen.with_endpoint(sent(), EndpointSeen(after(-1), E.BUSY, 1)) == sent()


def test_a_call_without_an_answer_stays_open_until_its_last_moment() -> None:
    cut = sent(S.SENDING, accepted=False)
    assert seen.with_endpoint(cut, EndpointSeen(after(60), E.BUSY, 1)) == cut
    assert seen.at_its_time(cut, after(659), None, 1).state is S.SENDING
    assert seen.at_its_time(cut, cut.deadline, None, 1).state is S.UNKNOWN


@pytest.mark.parametrize(
    ("at_s", "expired", "current", "serving", "state"),
    [
        (599, 1.0, 0, None, S.QUEUED),
        (779, 1.0, 0, None, S.QUEUED),  # the minute of its expiry may still change
        (780, 1.0, 0, None, S.EXPIRED),
        (780, 0.0, 0, None, S.QUEUED),
        (780, None, 0, None, S.QUEUED),
        (779, 1.0, 1, after(60), S.QUEUED),  # one may be at work on it
        (780, 1.0, 1, after(60), S.EXPIRED),  # its last moment, with the margin, has passed
        (780, None, 1, after(60), S.UNKNOWN),
        (780, 0.0, 1, after(60), S.UNKNOWN),
        (9_999, None, None, None, S.UNKNOWN),
    ],
)
def test_an_end_is_concluded_from_silence_only_when_its_time_is_over(
    at_s: float, expired: float | None, current: int | None, serving: datetime | None, state: RequestState
) -> None:
    given = sent(serving=serving, timeout_s=60 if serving else 3_600)
    if at_s > 9_000:
        given = replace(given, timeout_s=60)
    assert given.deadline == NOW + timedelta(seconds=600 + given.timeout_s) + MARGIN
    assert seen.at_its_time(given, after(at_s), expired, current).state is state


def test_an_end_that_was_seen_names_where() -> None:
    done = seen.with_output(sent(), ObjectSeen("s3://b/o", after(90), 7))
    failed = seen.with_failure(sent(), ObjectSeen("s3://b/f", after(90), 7, "no memory"))
    assert (done.state, done.ended, done.size, done.output_uri) == (S.DONE, after(90), 7, "s3://b/o")
    assert (failed.state, failed.text, failed.failure_uri) == (S.FAILED, "no memory", "s3://b/f")


states = st.sampled_from(list(RequestState))


@given(states, states)
def test_an_end_is_never_replaced_by_anything_earlier(old: RequestState, new: RequestState) -> None:
    held = later(sent(old), sent(new)).state
    known = (S.DONE, S.FAILED)
    if old in known:
        assert held is old
    elif new in known:
        assert held is new
    elif old.final:
        assert held.final
    assert later(sent(held), sent(new)).state is held or not held.final


@given(st.lists(states, min_size=1, max_size=6))
def test_the_same_news_twice_change_nothing(news: list[RequestState]) -> None:
    held = sent(S.PLANNED, accepted=False)
    for state in news:
        held = later(held, sent(state))
        assert later(held, sent(state)) == held


def body(**more: Any) -> str:
    message = {
        "eventName": "InferenceResult",
        "inferenceId": "ebb-b-1",
        "invocationStatus": "Completed",
        "eventTime": "2026-11-20T14:01:00.000Z",
        "receivedTime": "2026-11-20T14:00:00.000Z",
        "requestParameters": {"endpointName": "doc", "inputLocation": URI},
        "responseParameters": {"outputLocation": "s3://b/o"},
    }
    return json.dumps(message | more)


def test_a_message_raw_or_wrapped() -> None:
    raw = message_of(body())
    assert raw is not None
    assert raw == message_of(json.dumps({"Type": "Notification", "Message": body()}))
    assert (raw.inference_id, raw.endpoint, raw.failed, raw.output_uri) == (
        "ebb-b-1",
        "doc",
        False,
        "s3://b/o",
    )
    done = seen.with_message(sent(), raw)
    assert (done.state, done.ended) == (S.DONE, after(60))
    failed = message_of(
        body(invocationStatus="Failed", failureReason="ClientError: no", responseParameters={})
    )
    assert failed is not None
    assert seen.with_message(sent(), failed).text == "ClientError: no"


@pytest.mark.parametrize(
    "other",
    [
        *("", "no json", "[]", "{}", '{"Message": 3}'),
        *(body(eventName="TestNotification"), body(inferenceId="")),
        *("[" * 200_000, json.dumps({"Message": "[" * 200_000})),
    ],
    ids=range(9),
)
def test_what_is_no_result_is_nothing(other: str) -> None:
    assert message_of(other) is None


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-10:00", "soon", None])
def test_a_time_that_cannot_be_is_not_known(at: str | None) -> None:
    message = message_of(body(eventTime=at))
    assert message is not None
    assert message.at is None


def test_whose_a_message_is() -> None:
    message = message_of(body())
    assert message is not None
    mine = sent(output_uri="s3://b/o")
    other = replace(mine, id="b-2", output_uri="s3://b/other")
    assert whose(message, []) is None
    assert whose(message, [mine, other]) == mine
    assert whose(message, [other]) is None  # AWS named another place for that one
    assert whose(message, [replace(mine, endpoint="elsewhere")]) is None
    failed = replace(message, output_uri="")
    late = replace(other, sent=after(3_000))
    assert whose(failed, [late, mine]) == mine


def test_a_timeline_without_a_cold_start_is_queue_and_work() -> None:
    line = timeline(sent(S.DONE, processing=after(20), ended=after(60)), (), after(99))
    assert [(p.label, p.end) for p in line.parts] == [("queued", after(20)), ("processing", after(60))]
    assert (line.total_s, line.cold_s, line.share) == (60.0, 0.0, 0.0)


def test_the_share_of_a_cold_start() -> None:
    start = waited(0.0)
    began, serves = start.began, start.at(Step.SERVICE)
    assert serves is not None
    begun, over = began + timedelta(seconds=30), serves + timedelta(seconds=60)
    one = sent(S.DONE, endpoint=start.endpoint, planned=begun, sent=begun, ended=over)
    line = timeline(one, [start, waited(3.0)], over)
    assert [(p.label, p.cold) for p in line.parts] == [
        ("waiting for the cold start", True),
        ("queued or processing", False),
    ]
    assert line.cold_s == (serves - begun).total_seconds()
    assert line.share == pytest.approx(line.cold_s / (line.cold_s + 60))
    assert line.cold_start == start.id
    assert timeline(replace(one, endpoint="other"), [start], over).cold_s == 0.0


def test_one_that_waited_without_a_cold_start_on_record_has_no_share() -> None:
    line = timeline(sent(waiting=after(5)), (), after(60))
    assert (line.total_s, line.cold_s, line.share) == (60.0, None, None)
