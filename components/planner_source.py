"""Which traffic the Planner replays: the endpoint's own, a file of arrivals, or one made of rates. All in the link."""

from __future__ import annotations

import streamlit as st

from components import format as fmt
from components import planner_door, planner_file
from components.markup import Html, html, joined, show
from ops.core.errors import OpsError
from ops.core.plan_source import (
    FILE_KIND,
    GIVEN_KEYS,
    KEYS,
    SYNTHETIC_KIND,
    TRAFFIC,
    FileTraffic,
    Measured,
    Source,
    source_of,
)

NAMES = {"": "This endpoint's own", FILE_KIND: "A file of arrivals", SYNTHETIC_KIND: "Synthetic"}
MOST_TYPED = 400
"""Characters of one field."""
TYPED = "typed-"
_ASKED = "planner-source-asked"
"""Session: what the link said in the run before."""
_WIDE = 180
_EXAMPLE = "mon-fri 08-18 120/h; else 5/h Europe/Berlin"


def asked() -> dict[str, str]:
    """By the keys of the link: what it says of each part; empty: nothing."""
    return {key: (st.query_params.get(key) or "")[:MOST_TYPED] for key in KEYS}


def kind() -> str:
    """Which kind of traffic the link asks for; one that is not known is told of by `read`."""
    found = asked()[TRAFFIC]
    return found if found in NAMES else ""


def given() -> bool:
    """Whether it is another traffic than an endpoint's own."""
    return bool(asked()[TRAFFIC])


def pick() -> None:
    """The choice, above everything that depends on it."""
    _follow()
    st.segmented_control(
        "Traffic",
        list(NAMES),
        key=TYPED + TRAFFIC,
        format_func=NAMES.__getitem__,
        required=True,
        on_change=_typed,
        args=(TRAFFIC,),
    )


def fields(name: str | None) -> None:
    """What the chosen kind needs, then what a request takes and what works on it. Each is in the link once typed."""
    which = kind()
    if not which:
        return
    with st.container(key="planner-source"):
        if which == FILE_KIND:
            planner_file.fields(_typed)
        else:
            _rates()
        _given(_known(name), name)


def read(name: str | None) -> Source | None:
    """What the link asks for; None where that makes no sense or is not complete, which is said."""
    found, wrong = source_of(asked())
    if found is None and not wrong:
        if given():
            show(html('<p class="muted small">{said}</p>', said=_missing()), key="planner-source-missing")
        return None
    if found is not None:
        wrong = _checked(found)
    if found is not None and not wrong:
        known = _known(name)
        tells = bool(found.given.service or (name and (known is None or known.service_s is not None)))
        if isinstance(found, FileTraffic):
            wrong = planner_file.read(found, tells)
        elif not tells:
            wrong = [("service", planner_door.no_service())]
    if wrong:
        items = joined(_line(error) for _, error in wrong)
        show(html('<ul class="plain" role="alert">{items}</ul>', items=items), key="planner-source-refused")
        return None
    return found


def _missing() -> str:
    if kind() == FILE_KIND:
        return "Upload a file first: a CSV with a row for each request."
    return f'Type the rates first, such as "{_EXAMPLE}".'


def _checked(found: Source) -> list[tuple[str, OpsError]]:
    try:
        planner_door.check_source(found)
    except OpsError as error:
        return [("", error)]
    return []


def _line(error: OpsError) -> Html:
    return html(
        '<li><span class="stuck"><span aria-hidden="true">▲</span> {what}</span> {hint}</li>',
        what=error.what,
        hint=error.hint,
    )


def _known(name: str | None) -> Measured | None:
    """What was measured of the chosen endpoint; None also while nobody can say: the search says why."""
    if not name:
        return None
    try:
        return planner_door.measured(name)
    except OpsError:
        return None


def _rates() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="planner-rates"):
        _text(
            "rates",
            "Rates",
            _EXAMPLE,
            "The first clause that holds counts; hours that none names are still. /s, /min, /h or /day",
            "stretch",
        )
        _text(
            "bursts",
            "Bursts on top",
            "4,25,120",
            "How many a day, requests of each, seconds that they come in; several with a semicolon",
            190,
        )
        _text("long", "Days", "7", "From a Monday on", 80)
        _text("seed", "Seed", "1", "Of everything that is drawn: the same seed gives the same traffic", 80)


def _given(known: Measured | None, name: str | None) -> None:
    """Blank is as measured, else assumed: the placeholder says which, and the line below where it is from."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="planner-given"):
        for key, label, blank, told, width in (
            ("service", "A request takes (s)", _service(known), "Seconds, or lognormal:MEDIAN,SIGMA", _WIDE),
            (
                "slots",
                "At once on an instance",
                _slots(known),
                "Requests that an instance works on at once",
                _WIDE,
            ),
            (
                "provision",
                "A new instance takes (s)",
                _provision(known),
                "From the order to in service; seconds, or lognormal:MEDIAN,SIGMA",
                _WIDE,
            ),
            ("type", "Type of instance", _type(known), "For its list price and its quota", _WIDE),
            (
                "price",
                "USD an hour (blank: list)",
                "list price",
                "Of one instance; blank is the list price of the type",
                _WIDE,
            ),
        ):
            _text(key, label, blank, told, width)
    show(html('<p class="muted small">{said}</p>', said=_where_from(known, name)), key="planner-given-says")


def _service(known: Measured | None) -> str:
    if known is not None and known.service_s is not None:
        return f"{'the file, else' if kind() == FILE_KIND else 'measured:'} {known.service_s:.3g}"
    return "as in the file" if kind() == FILE_KIND else "needed, such as 31.6"


def _slots(known: Measured | None) -> str:
    return f"assumed: {planner_door.CONCURRENCY}" if known is None else f"the endpoint's: {known.concurrency}"


def _provision(known: Measured | None) -> str:
    if known is None or known.sources["provision"].startswith("assumed"):
        return f"assumed: {planner_door.PROVISION_S:g}"
    return f"measured: {known.provision_s:.0f}"


def _type(known: Measured | None) -> str:
    return known.instance_type if known is not None and known.instance_type else "none"


def _where_from(known: Measured | None, name: str | None) -> str:
    """Of everything that is left blank."""
    blank = [key for key in GIVEN_KEYS[:3] if not asked()[key]]
    if not blank:
        return "All of it as typed."
    if known is None:
        why = f"nothing of {name} is measured yet" if name else "there is no endpoint to measure"
        said = f"Blank is assumed, as by the command ops replay: {why}."
        priced = asked()["type"] or asked()["price"]
        return said if priced else f"{said} Without a type or a price, cost is in instance-hours."
    said = {
        "service": "what a request takes"
        if known.service_s is not None
        else "nothing tells what a request takes",
        "slots": "how many at once",
        "provision": "what a new instance takes",
    }
    lacks = "service" if known.service_s is None else ""
    parts = [said[key] if key == lacks else f"{said[key]} ({known.sources[key]})" for key in blank]
    order = "A file that tells what requests take goes first. " if kind() == FILE_KIND else ""
    return f"{order}Blank is the endpoint's: {'; '.join(parts)}."


def _text(key: str, label: str, blank: str, told: str, width: int | str) -> None:
    st.text_input(
        label,
        key=TYPED + key,
        placeholder=blank,
        help=told,
        max_chars=MOST_TYPED,
        width=width,  # type: ignore[arg-type]
        autocomplete="off",
        on_change=_typed,
        args=(key,),
    )


def _typed(key: str) -> None:
    """One part of the link. What was compared before is left: it is of another traffic."""
    text = str(st.session_state.get(TYPED + key) or "").strip()
    planner_door.forget_stop()
    st.query_params.update({key: text or [], planner_door.PICK: []})


def _follow() -> None:
    """The fields show what the link asks, whenever it asks something else than before."""
    found = asked()
    found[TRAFFIC] = kind()
    fresh = st.session_state.get(_ASKED) != found
    st.session_state[_ASKED] = found
    for key, text in found.items():
        if fresh:
            st.session_state[TYPED + key] = text
        else:
            st.session_state.setdefault(TYPED + key, text)


def span(source: Source) -> str:
    """What is replayed, for who waits."""
    if isinstance(source, FileTraffic):
        return f"The arrivals of {source.called or 'the file'}"
    return f"{fmt.plural(source.days, 'day')} of synthetic traffic"
