"""One system of colours, readable on both grounds, and the same in Streamlit's configuration."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from components import theme
from ops.core.types import EndpointState, Severity

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
TEXTS = ("text", "muted", "backlog", "warm", "waking", "stuck", "fine", "money")


@pytest.mark.parametrize("ground", ["ground", "card"])
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_colour_is_readable_on_every_ground(text, ground):
    tone, under = theme.TONES[text], theme.TONES[ground]
    assert theme.contrast(tone.light, under.light) >= 4.5
    assert theme.contrast(tone.dark, under.dark) >= 4.5


def test_contrast_knows_its_ends():
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#777777") == pytest.approx(1)


def test_streamlit_gets_exactly_ten_chart_colours_for_both_themes():
    assert CONFIG["chartCategoricalColors"] == list(theme.CHART_LIGHT)
    assert CONFIG["light"]["chartCategoricalColors"] == list(theme.CHART_LIGHT)
    assert CONFIG["dark"]["chartCategoricalColors"] == list(theme.CHART_DARK)
    assert len(set(theme.CHART_LIGHT)) == len(set(theme.CHART_DARK)) == 10


@pytest.mark.parametrize(("name", "index"), [("light", 0), ("dark", 1)])
def test_streamlits_own_surfaces_are_ours(name, index):
    ours = {key: tone[index] for key, tone in theme.TONES.items()}
    assert CONFIG[name]["backgroundColor"] == ours["ground"]
    assert CONFIG[name]["secondaryBackgroundColor"] == ours["card"]
    assert CONFIG[name]["textColor"] == ours["text"]
    assert CONFIG[name]["borderColor"] == ours["grid"]


def test_every_light_colour_has_one_dark_counterpart():
    for meaning, tone in theme.TONES.items():
        assert theme.DARK[theme.colour(meaning)] == tone.dark
        assert theme.DARK[theme.tint(meaning, 0.18)].startswith("rgba(")


def test_a_tint_that_the_dark_table_does_not_know_is_refused():
    with pytest.raises(ValueError, match="is not one of"):
        theme.tint("warm", 0.5)


def test_every_state_and_severity_has_icon_word_and_tone():
    for marks in (theme.STATES, theme.SEVERITIES):
        for mark in marks.values():
            assert mark.icon
            assert mark.word
            assert mark.tone in theme.TONES
    assert set(theme.STATES) == set(EndpointState)
    assert set(theme.SEVERITIES) == set(Severity)


def test_nothing_else_names_a_colour():
    files = [p for p in (ROOT / "components").rglob("*") if p.suffix in (".py", ".css", ".js")]
    files += list((ROOT / "pages").glob("*.py"))
    colour = re.compile(r"#[0-9A-Fa-f]{6}\b|rgba?\(\d")
    found = [p.name for p in files if p.name != "theme.py" and colour.search(p.read_text(encoding="utf-8"))]
    assert len(files) > 10
    assert found == []
