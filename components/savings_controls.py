"""The pickers of the Savings page: period, baseline, basis, endpoint, tags. All live in the URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import format as fmt
from components import refused, savings_door, savings_links, savings_where, scope, session, tied
from components.markup import html, show
from ops.core import baselines, periods
from ops.core import savings_words as words
from ops.core.baselines import Baseline, Kind
from ops.core.cost import COST_EXPLORER_USD, Basis
from ops.core.errors import BadInput
from ops.core.periods import Period
from ops.core.views import FleetRow
from ops.core.views_savings import SavingsQuery, SavingsView

DAYS = (7, 30, 90, 365)
DEFAULT = "30d"
COST_EXPLORER = "Cost Explorer"
OWN = "own"
"""A number of instances: the URL holds the number itself, as the command line takes it."""
BASELINES = ("peak", "one", "max", "hours", OWN)
OWN_WORDS = "against a number of your own"
TAGS_HELP = "Several values of one key: endpoints with any of them. Several keys: endpoints with all of them."
_LAST, _MONTH = re.compile(r"^(\d{1,3})d$"), re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page shows."""

    query: SavingsQuery

    @property
    def key(self) -> str:
        """Changes when a chart should show something else."""
        asked = self.query
        period = asked.period
        return "|".join(
            (
                period.month or f"{round((period.end - period.start).total_seconds() / 86400)}d",
                period.zone,
                asked.baseline.text,
                asked.basis.value,
                ",".join(asked.names or ()),
                ",".join(f"{k}={v}" for k, v in asked.tags),
                ",".join(asked.places.accounts),
                ",".join(asked.places.regions),
            )
        )


def pick(now: datetime | None, row: DeltaGenerator) -> Chosen | None:
    """All that is chosen, in `row`. What a link asks for and cannot have is said, and the default is shown.

    `now`: AWS's own time; None while the fleet cannot be read: the pickers keep what they hold, and nothing is asked.
    """
    scope.take_endpoint()
    savings_links.take_once(savings_door.PERIOD, savings_door.MONTH)
    savings_links.take_once(session.OF)
    zone = _zone_name()
    with row:
        period = _pick_period(now, zone)
        baseline = _pick_baseline()
        places = savings_where.pick()
        name = st.selectbox(
            "Endpoint",
            _names(),
            index=None,
            placeholder="All endpoints",
            key=session.OF,
            bind="query-params",
            persist_state="session",
            on_change=refused.forget,
            args=(savings_links.twice(session.OF),),
            label_visibility="collapsed",
            width=240,
        )
        basis, tags = _pick_asked()
    if period is None:
        return None
    return Chosen(SavingsQuery(period, baseline, basis, (name,) if name else None, tags, places))


def calm_s() -> float:
    """Seconds between two refreshes: money does not change each second, but it does while the past is read."""
    moves = st.session_state.get(savings_door.MOVE, True)
    if moves == savings_door.EMPTY:
        return savings_door.FIRST_S
    return 10.0 if moves else 60.0


def here() -> dict[str, str]:
    """What a link to this page has to say to show the same, but for the endpoint and tags."""
    found = {
        key: st.query_params.get(key) for key in (savings_door.PERIOD, savings_door.BASELINE, session.ZONE)
    }
    basis = Basis.BILLED.value if _asked_basis() else None
    return {key: value for key, value in (found | {savings_door.BASIS: basis}).items() if value}


def row() -> DeltaGenerator:
    """Where the pickers stand side by side."""
    return st.container(horizontal=True, vertical_alignment="center", key="savings-controls")


def pick_rest(view: SavingsView, row: DeltaGenerator) -> None:
    """Basis and tags where the answer offers a choice, and no link or picker has made one yet."""
    offered = tuple(f"{key}={value}" for key, values in sorted(view.tag_values.items()) for value in values)
    st.session_state[savings_door.TAGS_OFFERED] = offered
    with row:
        if not _asked_tags() and offered:
            _draw_tags(offered)
        if view.bill_source and not _asked_basis():
            _draw_basis()
            price = f", {fmt.money(COST_EXPLORER_USD)} a call" if view.bill_source == COST_EXPLORER else ""
            from_ = html(
                '<p class="muted small">billed: by {where}{price}</p>', where=view.bill_source, price=price
            )
            show(from_, key="savings-bills")


def _pick_asked() -> tuple[Basis, tuple[tuple[str, str], ...]]:
    """What a link or a picker has chosen already: to be known, and to be taken back, before there is an answer."""
    basis, tags = Basis.ESTIMATED, ()
    savings_links.take_tags()
    asked = _asked_tags()
    if asked:
        offered = st.session_state.get(savings_door.TAGS_OFFERED, ())
        pairs = [
            each.partition("=") for each in _draw_tags((*offered, *(e for e in asked if e not in offered)))
        ]
        tags = tuple((key, value) for key, _, value in pairs)
    if _asked_basis():
        basis = Basis(_draw_basis())
    return basis, tags


def _asked_tags() -> list[str]:
    return list(st.query_params.get_all(savings_door.TAG) or st.session_state.get(savings_door.TAG) or [])


def _asked_basis() -> bool:
    return Basis.BILLED.value in (
        st.query_params.get(savings_door.BASIS),
        st.session_state.get(savings_door.BASIS),
    )


def _draw_tags(offered: Sequence[str]) -> list[str]:
    chosen = st.multiselect(
        "Tags",
        offered,
        key=savings_door.TAG,
        bind="query-params",
        persist_state="session",
        placeholder="Any tags",
        on_change=refused.forget,
        args=(savings_door.TAG,),
        label_visibility="collapsed",
        width=260,
    )
    if len(chosen) > 1:  # where the label is hidden, so is a widget's help
        show(html('<p class="muted small">{told}</p>', told=TAGS_HELP), key="savings-tags-help")
    return chosen


def _draw_basis() -> str:
    chosen = st.segmented_control(
        "Basis",
        [Basis.ESTIMATED.value, Basis.BILLED.value],
        default=Basis.ESTIMATED.value,
        key=savings_door.BASIS,
        bind="query-params",
        persist_state="session",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or Basis.ESTIMATED.value


def _pick_period(now: datetime | None, zone: str) -> Period | None:
    offered = [f"{n}d" for n in DAYS]
    if now is None:  # which months there are, and whether one that is asked for is, nobody knows
        asked = st.query_params.get(savings_door.PERIOD) or DEFAULT
    else:
        oldest = min((row.endpoint.created for row in _rows()), default=now)
        offered += periods.months(now, oldest, zone)
        asked = _from_url(savings_door.PERIOD, DEFAULT, lambda text: period_of(text, now, zone))
    offered = offered if asked in offered else [*offered, asked]
    st.selectbox(
        "Period",
        offered,
        index=offered.index(asked),
        key=tied.key(savings_door.PERIOD, asked),
        format_func=_period_words,
        required=True,
        on_change=_to_url,
        args=(savings_door.PERIOD, DEFAULT),
        label_visibility="collapsed",
        width=170,
    )
    return None if now is None else period_of(asked, now, zone)


def period_of(text: str, now: datetime, zone: str) -> Period:
    """ "30d" or "2026-11". Raises BadInput."""
    days = _LAST.match(text)
    return periods.last_days(int(days[1]), now, zone) if days else periods.month(text, now, zone)


def _period_words(text: str) -> str:
    days = _LAST.match(text)
    if days:
        return "Last day" if days[1] == "1" else f"Last {days[1]} days"
    return words.month_words(text) if _MONTH.match(text) else text


def _pick_baseline() -> Baseline:
    asked = _from_url(savings_door.BASELINE, BASELINES[0], baselines.parse)
    found = baselines.parse(asked)
    shown = OWN if found.kind is Kind.NUMBER else found.text
    offered = BASELINES if shown in BASELINES else [*BASELINES, shown]
    st.selectbox(
        "Compared with",
        offered,
        index=offered.index(shown),
        key=tied.key(savings_door.BASELINE, shown),
        format_func=lambda each: (
            OWN_WORDS if each == OWN else f"against {words.short(baselines.parse(each))}"
        ),
        required=True,
        on_change=_to_url,
        args=(savings_door.BASELINE, BASELINES[0]),
        label_visibility="collapsed",
        width=300,
    )
    if found.kind is Kind.NUMBER:
        number = float(found.number or 0)
        st.number_input(
            "Instances",
            min_value=0.0,
            max_value=float(baselines.MOST),
            value=number,
            step=1.0,
            format="%g",
            key=tied.key(savings_door.INSTANCES, number),
            required=True,
            on_change=_number_to_url,
            label_visibility="collapsed",
            width=130,
        )
    return found


def _from_url(key: str, default: str, read: Callable[[str], object]) -> str:
    """What the URL asks for as `key`; what makes no sense there is noted, and taken out of it."""
    written = st.query_params.get(key) or ""
    try:
        read(written or default)
    except BadInput as error:
        refused.note(key, f"“{written[:40]}”. {error.what} {error.hint}")
        st.query_params.update({key: []})
        return default
    if written:
        refused.forget(key)
    return written or default


def _to_url(key: str, default: str) -> None:
    """A picker whose labels are not its values cannot be bound to the URL: it is tied to it by hand."""
    picked = tied.picked(key)
    if picked is None:
        return
    refused.forget(key)
    refused.forget(savings_links.twice(key))
    value = "1" if picked.value == OWN else str(picked.value or default)
    st.query_params.update({key: [] if value == default else value})


def _number_to_url() -> None:
    picked = tied.picked(savings_door.INSTANCES)
    if picked is None:
        return
    refused.forget(savings_door.BASELINE)
    number = picked.value
    text = "1" if number is None else f"{Decimal(str(number)).normalize():f}"
    st.query_params.update({savings_door.BASELINE: text})


def _zone_name() -> str:
    """The page's zone by its IANA name."""
    return str(scope.zone().info)


def _rows() -> Sequence[FleetRow]:
    """The asynchronous endpoints; none while the fleet cannot be read."""
    newest = session.newest()
    return newest[0].rows if newest is not None else ()


def _names() -> list[str]:
    """Every asynchronous endpoint, here and elsewhere, and one that a link asks for although it is not known."""
    found = sorted({*(row.endpoint.ref.name for row in _rows()), *savings_door.names_beside()})
    asked = st.query_params.get(session.OF) or st.session_state.get(session.OF)
    return [*found, asked] if asked and asked not in found else found
