"""Who looks, and who has left."""

from __future__ import annotations

from ops.audience import Audience
from ops.pace import IDLE_S, Pace
from tests.living import Hand


def test_whoever_asked_longer_ago_has_left() -> None:
    hand = Hand()
    audience = Audience(hand)
    assert (audience.there(), audience.asked_at) == (False, None)
    assert audience.asks()
    hand.at += IDLE_S
    assert audience.there()
    assert not audience.asks()
    hand.at += IDLE_S + 1
    assert not audience.there()
    assert audience.asks()


def test_each_endpoint_has_those_who_look_at_it() -> None:
    hand = Hand()
    audience = Audience(hand)
    audience.looks_at("a")
    hand.at += IDLE_S
    audience.looks_at("b")
    assert audience.endpoints() == {"a", "b"}
    hand.at += 1.0
    assert audience.endpoints() == {"b"}
    assert not audience.there()


def test_a_look_at_all_places_has_a_beginning_and_reads_them_one_after_the_other() -> None:
    hand = Hand()
    audience = Audience(hand)
    assert audience.glances_since is None
    begun = hand.at
    for _ in range(5):
        audience.glances()
        hand.at += IDLE_S / 2
    assert audience.glances_since == begun
    hand.at += IDLE_S + 1
    audience.glances()
    assert audience.glances_since == hand.at
    for number in range(3):
        turn = hand.at + number * 0.25
        assert Pace(15.0).wait(hand.at, 0.0, None, hand.at, turn) == number * 0.25
    assert Pace(15.0).wait(hand.at, 0.0, hand.at, hand.at, hand.at + 5.0) == 0.0  # somebody looks at it alone
