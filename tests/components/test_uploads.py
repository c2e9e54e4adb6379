"""Who may upload what once, the pipe between the browser and S3, and names that are safe in a key."""

from __future__ import annotations

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as some

from components.uploads import LIVES_S, WAITING, Broken, Desk, Outcome, Pipe, safe_name, same_origin
from ops.core.change import Actor
from ops.core.errors import BadInput, ReadOnly
from ops.core.requests import MOST_PAYLOAD
from tests.living import Hand

ANN = Actor("ann", "operator")


def test_a_token_serves_once():
    desk = Desk()
    grant = desk.grant("doc", ANN, "a.json", 10)
    assert desk.take(grant.token) == grant
    assert desk.take(grant.token) is None


def test_no_two_tokens_are_alike_and_unknown_ones_are_nothing():
    desk = Desk()
    tokens = {desk.grant("doc", ANN, "a.json", 10).token for _ in range(50)}
    assert len(tokens) == 50
    assert min(len(token) for token in tokens) >= 40
    assert desk.take("x" * 43) is None


def test_a_token_ends_after_minutes():
    hand = Hand()
    desk = Desk(hand)
    early, late = desk.grant("doc", ANN, "a", 1), desk.grant("doc", ANN, "b", 1)
    hand.at += LIVES_S
    assert desk.take(early.token) == early
    hand.at += 1
    assert desk.take(late.token) is None


def test_a_viewer_gets_none():
    with pytest.raises(ReadOnly, match="needs the role operator; bob holds viewer"):
        Desk().grant("doc", Actor("bob", "viewer"), "a", 1)


@pytest.mark.parametrize(
    ("size", "said"), [(0, "empty"), (-1, "empty"), (MOST_PAYLOAD + 1, "larger than 1 GB")]
)
def test_a_size_that_aws_does_not_take_is_refused(size, said):
    with pytest.raises(BadInput, match=said):
        Desk().grant("doc", ANN, "a", size)


def test_what_became_of_it_is_kept_for_the_page():
    desk = Desk()
    grant = desk.grant("doc", ANN, "a", 1)
    assert desk.outcome(grant.token) is None
    desk.note(Outcome(grant, "s3://bucket/key"))
    assert desk.outcome(grant.token).uri == "s3://bucket/key"


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("report.json", "report.json"),
        ("../../etc/passwd", "passwd"),
        ("C:\\files\\a b.csv", "a-b.csv"),
        ("..", "input"),
        ("", "input"),
        ("über größe.json", "ber-gr-e.json"),
        (".hidden", "hidden"),
    ],
)
def test_the_name_of_a_file_becomes_safe(given, safe):
    assert safe_name(given) == safe


@given(some.text())
def test_no_name_leaves_its_folder(name):
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", safe_name(name))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin", "host": "a"}, True),
        ({"sec-fetch-site": "cross-site", "host": "a"}, False),
        ({"sec-fetch-site": "same-site", "host": "a"}, False),
        ({"origin": "http://ebb:8501", "host": "ebb:8501"}, True),
        ({"origin": "http://evil", "host": "ebb:8501"}, False),
        ({"origin": "null", "host": "ebb:8501"}, False),
        ({"host": "ebb:8501"}, True),
    ],
)
def test_only_a_page_of_ours_may_send(headers, ours):
    assert same_origin(headers) is ours


def test_bytes_come_out_as_they_were_fed():
    pipe = Pipe()
    fed = [bytes([n]) * 3 for n in range(WAITING)]
    for piece in fed:
        assert pipe.feed(piece)
    pipe.end()
    assert list(pipe.pieces()) == fed


def test_who_feeds_waits_for_who_takes():
    pipe = Pipe()
    fed = []

    def feeding():
        for number in range(50):
            pipe.feed(bytes([number]))
            fed.append(number)
        pipe.end()

    feeder = threading.Thread(target=feeding)
    feeder.start()
    for number, piece in enumerate(pipe.pieces()):
        assert piece == bytes([number])
        assert len(fed) <= number + WAITING + 2
    feeder.join(timeout=5)
    assert len(fed) == 50


def test_an_end_with_an_error_is_raised_though_pieces_are_left_and_the_first_end_counts():
    pipe = Pipe()
    pipe.feed(b"half")
    pipe.end(Broken("The upload was ended."))
    pipe.end()
    with pytest.raises(Broken):
        list(pipe.pieces())


def test_nobody_waits_for_one_who_takes_no_more():
    pipe = Pipe()
    for _ in range(WAITING):
        pipe.feed(b"x")
    pipe.close()
    assert pipe.feed(b"y") is False
