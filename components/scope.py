"""Which endpoint, which span, which zone: pickers bound to the URL, so that a link reproduces the view."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from functools import cache
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from components import format as fmt
from components import refused, session, tied, zoom
from components.zoom import NO_ZOOM, Zoom
from ops.core.types import Window

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
_INSTEAD = "range-instead"


@dataclass(frozen=True, slots=True)
class Zone:
    """The zone in which times are shown, and what the URL calls it."""

    key: str
    info: tzinfo


@dataclass(frozen=True, slots=True)
class Range:
    """The part of time on show; `refused` is what a link asked for and no picker knows."""

    key: str
    span: timedelta
    refused: str = ""
    part: Zoom = NO_ZOOM

    @property
    def asked(self) -> timedelta | Window:
        """What to ask for: the zoom, else the span that ends now."""
        return self.part.window or self.span

    @property
    def view(self) -> str:
        """Changes when a chart should show another part of time."""
        window = self.part.window
        return self.key if window is None else f"{window.start.isoformat()}/{window.end.isoformat()}"

    def words(self, zone: Zone) -> str:
        """last 3h, or today 14:00 – 14:40."""
        window = self.part.window
        if window is None:
            return f"last {self.key}"
        now = session.now()
        first, last = (fmt.moment(end, zone.info, now) for end in (window.start, window.end))
        return f"{first} – {last[-5:] if first[:-5] == last[:-5] else last}"


@cache
def _zones() -> tuple[str, ...]:
    names = sorted(
        z for z in zoneinfo.available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/"))
    )
    return ("UTC", "browser", *names)


def zones() -> tuple[str, ...]:
    """UTC and every IANA name."""
    return tuple(name for name in _zones() if name != "browser")


@cache
def _by_folded() -> Mapping[str, str]:
    return {name.casefold(): name for name in _zones()}


def _zone_info(name: str | None) -> tzinfo:
    if not name or name == "UTC":
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return UTC


def pick_zone() -> Zone:
    """The zone picker. The URL says which; an unknown one reads as UTC (see `refused_zone`).

    It is drawn once for all pages and so is tied to the URL by hand: a bound picker leaves the URL with the
    first change of page.
    """
    written = st.query_params.get(session.ZONE) or ""
    if written and not _zone_key(written):
        refused.note(session.ZONE, written)
        st.query_params.update({session.ZONE: []})
    elif written:
        refused.forget(session.ZONE)
    asked = _zone_key(written) or DEFAULT_ZONE
    own = st.context.timezone
    st.selectbox(
        "Zone",
        _zones(),
        index=_zones().index(asked),
        key=tied.key(session.ZONE, asked),
        required=True,
        format_func=lambda z: z if z != "browser" else f"browser · {own or 'not known, so UTC'}",
        on_change=_zone_to_url,
        label_visibility="collapsed",
        width=190,
        help="All times on the page are in this zone",
    )
    return zone_of(asked)


def _zone_to_url() -> None:
    picked = tied.picked(session.ZONE)
    if picked is None:
        return
    refused.forget(session.ZONE)
    st.query_params.update({session.ZONE: [] if picked.value == DEFAULT_ZONE else str(picked.value)})


def _zone_key(asked: str | None) -> str | None:
    """The zone as we write it, whatever its case; None when there is none of that name."""
    return _by_folded().get(asked.casefold()) if asked else None


def refused_zone() -> str:
    """A zone that the link asks for and nobody knows."""
    return refused.said(session.ZONE)


def zone() -> Zone:
    """The zone chosen in the header of this page."""
    return zone_of(_zone_shown())


def _zone_shown() -> str | None:
    key = tied.shown(session.ZONE)
    return key if isinstance(key, str) else None


def zone_of(key: str | None) -> Zone:
    """The zone a picker or a link names."""
    if key == "browser":
        return Zone("browser", _zone_info(st.context.timezone))
    return Zone(key or "UTC", _zone_info(key))


def follow() -> None:
    """On another page: what its link says and Streamlit drops on the way, as the pickers of the page before hold it.

    Put back into the URL, from which the pickers of this page then take it in a run of their own.
    """
    context = get_script_run_ctx()
    asked = parse_qs(context.query_string) if context is not None else {}
    lost = {key: asked[key][-1] for key in (session.ENDPOINT, session.RANGE) if key in asked}
    lost = {key: value for key, value in lost.items() if key not in st.query_params}
    if lost:
        st.query_params.update(lost)
        st.rerun()


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
        width=260,
    )


def pick_range() -> Range:
    """The span picker. A span in a link that is not offered is refused, not guessed."""
    asked = st.query_params.get(session.RANGE)
    if asked and asked not in RANGES:
        refused.note(session.RANGE, asked)
    elif asked:
        refused.forget(session.RANGE)
    part = zoom.shown()
    with st.container(key="range-kept" if part.window is not None else "range-box", width="content"):
        key = st.segmented_control(
            "Range",
            list(RANGES),
            default=DEFAULT_RANGE,
            key=session.RANGE,
            bind="query-params",
            persist_state="session",
            required=True,
            on_change=_range_picked,
            label_visibility="collapsed",
        )
    if part.window is not None:
        st.segmented_control(
            "Range",
            list(RANGES),
            default=None,
            key=_INSTEAD,
            on_change=_back_to_picked,
            label_visibility="collapsed",
        )
    chosen = key if key in RANGES else DEFAULT_RANGE
    return Range(chosen, RANGES[chosen], refused.said(session.RANGE), part)


def _range_picked() -> None:
    refused.forget(session.RANGE)
    zoom.clear()


def _back_to_picked() -> None:
    """A span picked while a part of one's own is on show: none is marked then, so that each can be picked."""
    picked = st.session_state.pop(_INSTEAD, None)
    if picked in RANGES:
        st.session_state[session.RANGE] = picked
    _range_picked()


def calm_s() -> float:
    """Seconds between two refreshes that still show every new pixel: 15 s at a day, at most 60 s."""
    window, key = zoom.shown().window, st.session_state.get(session.RANGE)
    span = window.end - window.start if window else RANGES.get(str(key), RANGES[DEFAULT_RANGE])
    return min(60.0, span.total_seconds() / 5760)


def take_endpoint() -> None:
    """On a page whose picker is `of`: what a link says as `endpoint` is the same. To be called before the picker."""
    asked = st.query_params.get(session.ENDPOINT)
    if asked:
        name = st.query_params.get(session.OF) or asked
        st.session_state[session.OF] = name
        st.query_params.update({session.ENDPOINT: [], session.OF: name})


def link(endpoint: str | None = None) -> dict[str, str]:
    """The parameters of a link that keeps zone and span as they are here; defaults stay out of the URL."""
    query: dict[str, str] = {}
    if endpoint:
        query[session.ENDPOINT] = endpoint
    span = st.session_state.get(session.RANGE) or st.query_params.get(session.RANGE)
    zone_key = _zone_shown()
    if isinstance(span, str) and span in RANGES and span != DEFAULT_RANGE:
        query[session.RANGE] = span
    if zone_key and zone_key != DEFAULT_ZONE:
        query[session.ZONE] = zone_key
    return query


def fleet_link(state: str) -> str:
    """The query of a link to the fleet's endpoints in one state, in the zone of the page."""
    kept = {key: value for key, value in link().items() if key == session.ZONE}
    return urlencode({**kept, session.STATE: state})
