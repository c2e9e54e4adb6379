"""Who looks, and who has left."""

from __future__ import annotations

from ops.audience import Audience
from ops.pace import IDLE_S
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
