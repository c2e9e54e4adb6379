"""The one place that names a colour. Pure: no Streamlit.

Figures are built with the light colours; `DARK` says what each becomes on a dark ground, so that the browser
can choose without asking the server. Markup uses the CSS variables of `css_variables()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ops.core.types import EndpointState, Severity
from ops.core.words import STATE_WORDS


class Tone(NamedTuple):
    """One meaning in both themes, as #RRGGBB."""

    light: str
    dark: str


TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "ground": Tone("#FFFFFF", "#0F151C"),
        "card": Tone("#F6F8FA", "#161E27"),
        "text": Tone("#1F2A37", "#E6EDF3"),
        "muted": Tone("#5B6776", "#9AA7B4"),
        "grid": Tone("#E6EAEF", "#25303B"),
        "backlog": Tone("#1F6FBF", "#6CB2F7"),
        "warm": Tone("#0B6E6E", "#4FD1C5"),
        "waking": Tone("#B45309", "#FBBF24"),
        "stuck": Tone("#C2255C", "#FF7A9C"),
        "fine": Tone("#237A34", "#69DB7C"),
        "money": Tone("#6741D9", "#B197FC"),
    }
)

CHART_LIGHT = (
    "#1F6FBF",
    "#0B6E6E",
    "#B45309",
    "#C2255C",
    "#237A34",
    "#6741D9",
    "#5B9BD5",
    "#4E9A9A",
    "#D08A4E",
    "#8A94A0",
)
CHART_DARK = (
    "#6CB2F7",
    "#4FD1C5",
    "#FBBF24",
    "#FF7A9C",
    "#69DB7C",
    "#B197FC",
    "#A5CFFA",
    "#9AE6DE",
    "#FDD97A",
    "#9AA7B4",
)
"""Exactly ten each: with fewer, Streamlit drops the palette without a word."""

_SHARES = (0.08, 0.10, 0.18, 0.22, 0.35, 0.60)
_DARK_SHARE = {0.10: 0.12}


def colour(meaning: str) -> str:
    """The light colour of a meaning, for figures."""
    return TONES[meaning].light


def _rgba(hex_colour: str, share: float) -> str:
    red, green, blue = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{share:.2f})"


def tint(meaning: str, share: float) -> str:
    """The light colour at `share` opacity (one of the shares the dark table knows)."""
    if share not in _SHARES:
        raise ValueError(f"{share} is not one of {_SHARES}")
    return _rgba(TONES[meaning].light, share)


DARK: Mapping[str, str] = MappingProxyType(
    {tone.light: tone.dark for tone in TONES.values()}
    | {
        _rgba(tone.light, share): _rgba(tone.dark, _DARK_SHARE.get(share, share))
        for tone in TONES.values()
        for share in _SHARES
    }
)
"""Light colour string → dark colour string, for everything `colour` and `tint` can give."""


def css_variables(selector: str = ":host") -> str:
    """The tones as --ebb-* variables that follow the page's own colour scheme."""
    lines = "".join(f"--ebb-{name}: light-dark({tone.light}, {tone.dark});\n" for name, tone in TONES.items())
    return f"{selector} {{\n{lines}}}\n"


LOGO = "#3B8BD8"
"""The word mark: the same on both grounds."""


class Mark(NamedTuple):
    """How a state looks: icon, word, and the tone's name."""

    icon: str
    word: str
    tone: str


STATES: Mapping[EndpointState, Mark] = MappingProxyType(
    {
        EndpointState.ASLEEP: Mark("☾", STATE_WORDS[EndpointState.ASLEEP], "muted"),
        EndpointState.QUEUED: Mark("◔", STATE_WORDS[EndpointState.QUEUED], "waking"),
        EndpointState.WAKING: Mark("◔", STATE_WORDS[EndpointState.WAKING], "waking"),
        EndpointState.WAKE_STUCK: Mark("▲", STATE_WORDS[EndpointState.WAKE_STUCK], "stuck"),
        EndpointState.WAKE_FAILING: Mark("▲", STATE_WORDS[EndpointState.WAKE_FAILING], "stuck"),
        EndpointState.BUSY: Mark("●", STATE_WORDS[EndpointState.BUSY], "backlog"),
        EndpointState.SLOW: Mark("≋", STATE_WORDS[EndpointState.SLOW], "waking"),
        EndpointState.FAILING: Mark("✕", STATE_WORDS[EndpointState.FAILING], "stuck"),
        EndpointState.WARM: Mark("◍", STATE_WORDS[EndpointState.WARM], "warm"),
        EndpointState.IDLE_PAID: Mark("◍", STATE_WORDS[EndpointState.IDLE_PAID], "money"),
        EndpointState.UPDATING: Mark("◔", STATE_WORDS[EndpointState.UPDATING], "waking"),
        EndpointState.BROKEN: Mark("✕", STATE_WORDS[EndpointState.BROKEN], "stuck"),
        EndpointState.MISSING: Mark("∅", STATE_WORDS[EndpointState.MISSING], "muted"),
        EndpointState.UNKNOWN: Mark("?", STATE_WORDS[EndpointState.UNKNOWN], "muted"),
    }
)

SEVERITIES: Mapping[Severity, Mark] = MappingProxyType(
    {
        Severity.CRITICAL: Mark("▲", "needs you now", "stuck"),
        Severity.WARNING: Mark("▲", "worth a look", "waking"),
        Severity.INFO: Mark("•", "to know", "muted"),
        Severity.OK: Mark("✓", "fine", "fine"),
    }
)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two #RRGGBB colours, 1 … 21."""

    def luminance(hex_colour: str) -> float:
        channels = [int(hex_colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)
