"""A candidate made by hand: a form that starts with the one that is compared, and adds what is typed to the link."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation

import streamlit as st

from components import format as fmt
from components import notices, planner_controls, planner_door, session
from components.capacity_forms import field
from components.markup import html, show
from ops.core.candidate import COOLDOWN_S, WAKE_PERIODS, Candidate, Machine, insist_on_room
from ops.core.errors import BadInput, OpsError
from ops.core.warm import WarmPlan
from ops.core.warm_text import DAYS

_REFUSED = "planner-own-refused"
LABEL = 44
"""Characters of a button."""


def hand_made(base: Candidate, zone: str) -> None:
    """The fields, the button, and those that were added, each with the way to take it out."""
    _added()
    with st.expander("Make a candidate by hand", key="planner-own", icon=":material/tune:"):
        said = "It starts with the policy that is compared now; what you touch stays as you typed it."
        show(html('<p class="muted small">{said}</p>', said=said), key="planner-own-says")
        with st.form("planner-own-form", border=False):
            _fields(base)
            st.form_submit_button(
                "Add to the comparison", on_click=_submit, args=(base, zone), key="planner-own-add"
            )
        error = st.session_state.get(_REFUSED)
        if isinstance(error, OpsError):
            notices.show(error)


def _key(name: str) -> str:
    return f"planner-own-{name}"


def _fields(base: Candidate) -> None:
    machine = base.machine
    with st.container(horizontal=True, key="planner-own-bounds"):
        st.number_input(
            "Minimum", min_value=0, step=1, key=field(_key("low"), base.low), width=120, format="%d"
        )
        st.number_input(
            "Maximum", min_value=0, step=1, key=field(_key("high"), base.high), width=120, format="%d"
        )
        st.text_input(
            "Target for each instance",
            key=field(_key("target"), "" if base.target is None else f"{base.target:g}"),
            placeholder="blank: none",
            width=170,
            help="Waiting and running requests for each instance; blank: no target tracking",
        )
        st.number_input(
            "Cooldown out (s)",
            min_value=0,
            step=60,
            key=field(_key("out"), base.out_cooldown_s),
            width=150,
            format="%d",
        )
        st.number_input(
            "Cooldown in (s)",
            min_value=0,
            step=60,
            key=field(_key("in"), base.in_cooldown_s),
            width=150,
            format="%d",
        )
        st.text_input(
            "Wakes after (min)",
            key=field(_key("wake"), "" if base.wake is None else str(base.wake)),
            placeholder="blank: never",
            width=150,
            help="Minutes with a request and no instance until a wake policy starts one; blank: no wake policy",
        )
    with st.container(horizontal=True, key="planner-own-more"):
        st.text_input(
            "Kept warm",
            key=field(_key("warm"), _warm_text(base)),
            placeholder="for example: mon-fri 08:00-18:00",
            width=280,
            help="Days and hours, several with a semicolon; a zone may follow, else it is the page's. They "
            "open early by what 9 of 10 cold starts took and a minute more, as on Capacity.",
        )
        st.number_input(
            "Instances kept warm",
            min_value=1,
            step=1,
            key=field(_key("floor"), _floor(base)),
            width=160,
            format="%d",
        )
        st.text_input("Instance type", key=field(_key("type"), machine.instance_type), width=190)
        st.number_input(
            "Speed against today's",
            min_value=0.01,
            step=0.25,
            format="%g",
            key=field(_key("speed"), machine.speed),
            width=170,
            help="2: a request takes half the time",
        )
        st.text_input(
            "USD an hour",
            key=field(_key("price"), ""),
            placeholder="blank: list price",
            width=150,
        )


def _submit(base: Candidate, zone: str) -> None:
    st.session_state.pop(_REFUSED, None)
    try:
        planner_controls.add(made(base, zone, {name: st.session_state.get(_key(name)) for name in _NAMES}))
    except OpsError as error:
        st.session_state[_REFUSED] = error


_NAMES = ("low", "high", "target", "out", "in", "wake", "warm", "floor", "type", "speed", "price")


def made(base: Candidate, zone: str, typed: dict[str, object]) -> Candidate:
    """What was typed as a candidate. Raises BadInput, and OpsError where a price cannot be read."""
    low, high = _whole(typed["low"], "minimum"), _whole(typed["high"], "maximum")
    wake = _number(typed["wake"], "minutes until it wakes")
    target = _number(typed["target"], "target")
    speed = typed["speed"]
    if not isinstance(speed, int | float):
        raise BadInput("The speed is missing.", "1 is as fast as today, 2 twice as fast.")
    found = Candidate(
        low,
        high,
        target,
        _whole(typed["in"], "cooldown in") if target is not None else COOLDOWN_S,
        _whole(typed["out"], "cooldown out") if target is not None else COOLDOWN_S,
        None if wake is None else _whole(wake, "minutes until it wakes"),
        _warm(
            base, str(typed["warm"] or ""), _whole(typed["floor"], "number of instances kept warm"), low, zone
        ),
        _machine(
            base.machine, str(typed["type"] or "").strip(), float(speed), str(typed["price"] or "").strip()
        ),
    )
    return insist_on_room(found)


def _machine(base: Machine, kind: str, speed: float, price: str) -> Machine:
    usd = base.usd_per_hour
    if price:
        try:
            usd = Decimal(_pointed(price.replace("$", "").strip()))
        except InvalidOperation as error:
            raise BadInput(f"{price!r} is no price.", "Give dollars for an hour, such as 1.408.") from error
        if not usd.is_finite():
            raise BadInput(f"{price!r} is no price.", "Give dollars for an hour, such as 1.408.")
    elif kind != base.instance_type:
        found = planner_door.price(kind)
        if found is None:
            raise BadInput(
                f"No list price is known for {kind or 'no type'}.", "Type its price in USD an hour."
            )
        usd = found.usd_per_hour
    return replace(base, instance_type=kind, usd_per_hour=usd, speed=speed)


def _pointed(number: str) -> str:
    """A decimal comma as a point: "1,10". Raises BadInput where it may part thousands as well."""
    whole, comma, digits = number.partition(",")
    if comma and ("." in number or "," in digits or len(digits) == 3):
        raise BadInput(
            f"{number!r} can be read in two ways.", "Give dollars for an hour with a point, such as 1.408."
        )
    return f"{whole}.{digits}" if comma else number


def _warm(base: Candidate, text: str, floor: int, low: int, zone: str) -> tuple[WarmPlan, ...]:
    if text.strip() == _warm_text(base) and floor == _floor(base):
        return base.warm
    plans, early = [], _early() if text.strip() else 0
    for number, part in enumerate([p.strip() for p in text.split(";") if p.strip()], start=1):
        named = part if part.split()[-1].upper() in ("UTC", "GMT") or "/" in part else f"{part} {zone}"
        plans.append(replace(planner_door.warm_window(named, floor), id=number, back_min=low, early=early))
    return tuple(plans)


def _early() -> int:
    """Minutes that a window should open early, by the endpoint's own cold starts; 0 where they cannot be read."""
    name = st.session_state.get(session.ENDPOINT)
    try:
        return planner_door.lead(str(name)).minutes if name else 0
    except OpsError:
        return 0


def _warm_text(base: Candidate) -> str:
    """As it is typed; what cannot be typed here, such as holidays, stays while the field is not touched."""
    said = []
    for plan in base.warm:
        for window in plan.windows:
            days = ",".join(DAYS[d] for d in sorted(window.weekdays))
            end = "24:00" if (window.end.hour, window.end.minute) == (0, 0) else f"{window.end:%H:%M}"
            said.append(f"{_spans(days)} {window.start:%H:%M}-{end} {plan.zone}")
    return "; ".join(said)


def _spans(days: str) -> str:
    """ "mon-fri" for the five of them, as people write it."""
    return {"mon,tue,wed,thu,fri": "mon-fri", ",".join(DAYS): "daily", "sat,sun": "sat-sun"}.get(days, days)


def _floor(base: Candidate) -> int:
    return max((plan.floor or 1 for plan in base.warm), default=1)


def _whole(value: object, what: str) -> int:
    if not isinstance(value, int | float) or value != int(value):
        raise BadInput(f"The {what} is missing.", "Give a whole number; 0 is one.")
    return int(value)


def _number(value: object, what: str) -> float | None:
    """Blank is none. Raises BadInput for what is no number."""
    text = str(value or "").strip()
    if not text or text.lower() == "none":
        return None
    try:
        return float(text)
    except ValueError as error:
        raise BadInput(
            f"The {what} is no number: {text!r}.", "Give a number above 0, or leave it blank."
        ) from error


def _added() -> None:
    """The hand-made ones of the link."""
    found = planner_controls.own()
    if not found:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="planner-own-added"):
        st.caption(fmt.plural(len(found), "hand-made candidate"), width="content")
        for number, each in enumerate(found):
            st.button(
                f"Take out {notices.plain(_short(each))}",
                key=f"planner-own-out-{number}",
                icon=":material/close:",
                type="tertiary",
                on_click=planner_controls.take_away,
                args=(each,),
            )


def _short(candidate: Candidate) -> str:
    """Its policy and its machine, by which two of them differ."""
    words, machine = candidate.words, candidate.machine
    policy = words if len(words) <= LABEL else f"{words[:LABEL].rstrip()} …"
    speed = f"{machine.speed:g} × as fast" if machine.speed != 1 else ""
    price = "" if machine.usd_per_hour is None else f"${machine.usd_per_hour.normalize():f} an hour"
    return ", ".join(filter(None, (policy, machine.instance_type, speed, price)))


DEFAULT = Candidate(0, 4, 5.0, wake=WAKE_PERIODS)
"""Where today's policy is not known."""
