"""An inventory and a move in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from components import life_words
from ops.core.inventory import Inventory
from ops.core.moving import standing
from ops.core.setup import Setup
from tests.core.life_samples import REF, inventory

NOW = datetime(2026, 11, 26, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "label"),
    [
        (inventory(2), "doc · asynchronous · scales 0–2 · 2 instances now"),
        (inventory(0), "doc · asynchronous · scales 0–2 · asleep"),
        (inventory(None), "doc · asynchronous · scales 0–2"),
        (
            inventory(1, asynchronous=None, setup=replace(inventory().setup, target=None)),
            "doc · real time · no scaling · 1 instance now",
        ),
        (Inventory(REF, Setup()), "doc · gone, something is left"),
    ],
)
def test_one_line_tells_what_it_is(found: Inventory, label: str) -> None:
    assert life_words.label(found) == label


def test_names_of_others_are_never_markup() -> None:
    hostile = replace(REF, name="<b>x</b>")
    at = standing((hostile.name, "new"), inventory(), None, (), NOW)
    assert "<b>x</b>" not in life_words.steps(at).replace("<b>&lt;b&gt;", "")
    assert "→" in life_words.steps(at)


def test_nothing_left_is_said() -> None:
    assert "Nothing is left of it." in life_words.parts(Inventory(REF, Setup()))
