"""Which endpoint, which span, which zone: pickers bound to the URL, so that a link reproduces the view."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from functools import cache
from types import MappingProxyType

import streamlit as st

from components import session

RANGES: Mapping[str, timedelta] = MappingProxyType(
    {
        "1h": timedelta(hours=1),
        "3h": timedelta(hours=3),
        "12h": timedelta(hours=12),
        "1d": timedelta(days=1),
        "7d": timedelta(days=7),
        "30d": timedelta(days=30),
    }
)
DEFAULT_RANGE = "3h"
DEFAULT_ZONE = "UTC"
_CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone in which times are shown, and what the URL calls it."""

    key: str
    info: tzinfo


@dataclass(frozen=True, slots=True)
class Range:
    """The span on show; `refused` is what a link asked for and no picker knows."""

    key: str
    span: timedelta
    refused: str = ""

    @property
    def calm_s(self) -> float:
        """Seconds between two refreshes that still show every new pixel: 15 s at a day, at most 60 s."""
        return min(60.0, self.span.total_seconds() / 5760)


@cache
def _zones() -> tuple[str, ...]:
    names = sorted(
        z for z in zoneinfo.available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/"))
    )
    return ("UTC", "browser", *names)


def _zone_info(name: str | None) -> tzinfo:
    if not name or name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def pick_zone() -> Zone:
    """The zone picker. An unknown zone in a link reads as UTC.

    It is drawn once for all pages and so is tied to the URL by hand: a bound picker leaves the URL with the
    first change of page.
    """
    asked = st.query_params.get(session.ZONE)
    if asked in _zones() and asked != st.session_state.get(session.ZONE_SEEN):
        st.session_state[session.ZONE] = asked
    key = st.selectbox(
        "Zone",
        _zones(),
        key=session.ZONE,
        required=True,
        label_visibility="collapsed",
        width=190,
        help="All times on the page are in this zone",
    )
    if key == DEFAULT_ZONE:
        st.query_params.pop(session.ZONE, None)
    elif asked != key:
        st.query_params[session.ZONE] = key
    st.session_state[session.ZONE_SEEN] = st.query_params.get(session.ZONE)
    return zone_of(key)


def zone() -> Zone:
    """The zone chosen in the header of this page."""
    return zone_of(st.session_state.get(session.ZONE))


def zone_of(key: str | None) -> Zone:
    """The zone a picker or a link names."""
    if key == "browser":
        return Zone("browser", _zone_info(st.context.timezone))
    return Zone(key or "UTC", _zone_info(key))


def pick_endpoint(known: Sequence[str]) -> str | None:
    """The endpoint picker. A name that a link asks for stays chosen even when it is not known."""
    asked = st.query_params.get(session.ENDPOINT) or st.session_state.get(session.ENDPOINT)
    names = list(known)
    if asked and asked not in names:
        names.append(asked)
    return st.selectbox(
        "Endpoint",
        names,
        index=None,
        placeholder="Choose an endpoint",
        key=session.ENDPOINT,
        bind="query-params",
        persist_state="session",
        label_visibility="collapsed",
        width=280,
    )


def pick_range() -> Range:
    """The span picker. A span in a link that is not offered is refused, not guessed."""
    asked = st.query_params.get(session.RANGE)
    refused = asked if asked and asked not in RANGES else ""
    key = st.segmented_control(
        "Range",
        list(RANGES),
        default=DEFAULT_RANGE,
        key=session.RANGE,
        bind="query-params",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
    )
    chosen = key if key in RANGES else DEFAULT_RANGE
    return Range(chosen, RANGES[chosen], refused)


def link(endpoint: str | None = None) -> dict[str, str]:
    """The parameters of a link that keeps zone and span as they are here; defaults stay out of the URL."""
    query: dict[str, str] = {}
    if endpoint:
        query[session.ENDPOINT] = endpoint
    span = st.session_state.get(session.RANGE) or st.query_params.get(session.RANGE)
    zone_key = st.session_state.get(session.ZONE)
    if isinstance(span, str) and span in RANGES and span != DEFAULT_RANGE:
        query[session.RANGE] = span
    if zone_key and zone_key != DEFAULT_ZONE:
        query[session.ZONE] = zone_key
    return query
