"""The question of the Planner page. The URL holds what is asked, the fields what is typed so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from components import (
    notices,
    planner_door,
    planner_ranges,
    planner_source,
    planner_typed,
    refused,
    scope,
    session,
)
from components.markup import html, show
from ops.core import candidate_text, plan_source
from ops.core.candidate import Candidate
from ops.core.errors import BadInput
from ops.core.promise import Promise
from ops.core.search_ranges import CHOICES, KEYS
from ops.core.views_planner import DAYS, PlanQuery

SPANS = (7, 15, 30)
MOST_GROWTH = 100.0
MOST_PROMISE = 300
"""Characters of a promise."""
MOST_OWN = 6
EXAMPLE = "p95 <= 2 min on weekdays 8-18, else 15 min"
SUGGESTED = (
    ("95 % within 2 min", "p95<=2min"),
    ("weekdays 8–18: 2 min, else 15 min", "p95<=2min mon-fri 08-18; p95<=15min"),
    ("nobody over 10 min", "max<=10min"),
)
_TYPED = "typed-"
_ASKED = (planner_door.PROMISE, planner_door.DAYS, planner_door.GROWTH, planner_door.SURE)


def ask() -> PlanQuery | None:
    """The fields, and what the link asks; None while it asks nothing that can be searched. The rest says why."""
    _follow()
    with st.container(horizontal=True, vertical_alignment="bottom", key="planner-scope"):
        name = scope.pick_endpoint(session.names())
        planner_source.pick()
    planner_source.fields(name)
    _fields()
    _suggestions()
    planner_typed.told(name)
    typed = st.query_params.get(planner_door.PROMISE) or ""
    promise = _promise(typed)
    picked()
    source = planner_source.read(name)
    traffic = source is not None if planner_source.given() else name is not None
    if planner_ranges.refused() or not traffic or promise is None:
        return None
    made = own()
    space, _ = planner_ranges.read()
    return PlanQuery(
        name or "",
        typed,
        str(scope.zone().info),
        _days() if source is None else DAYS,
        growth=_growth(),
        sure=_sure(),
        space=space,
        own=made,
        machines=tuple(dict.fromkeys(each.machine for each in made)),
        source=source,
    )


def own() -> tuple[Candidate, ...]:
    """The hand-made candidates of the link. What makes no sense there is noted, and taken out of it."""
    given = st.query_params.get_all(planner_door.OWN)
    good: dict[Candidate, str] = {}
    wrong = []
    for text in given:
        try:
            good.setdefault(candidate_text.from_query(text), text)
        except BadInput as error:
            wrong.append(f"“{text[:60]}”. {error.what} {error.hint}")
    kept = list(good.values())[:MOST_OWN]
    if kept != given:
        st.query_params.update({planner_door.OWN: kept})
    if wrong:
        refused.note(planner_door.OWN, " ".join(wrong))
    return tuple(good)[:MOST_OWN]


def picked() -> Candidate | None:
    """The candidate that the link compares with today."""
    text = st.query_params.get(planner_door.PICK)
    if not text:
        return None
    try:
        return candidate_text.from_query(text)
    except BadInput as error:
        refused.note(planner_door.PICK, f"“{text[:60]}”. {error.what} {error.hint}")
        st.query_params.update({planner_door.PICK: []})
        return None


def pick(candidate: Candidate | None) -> None:
    """Compare this one with today."""
    refused.forget(planner_door.PICK)
    text = [] if candidate is None else candidate_text.to_query(candidate)
    st.query_params.update({planner_door.PICK: text})


def add(candidate: Candidate) -> None:
    """Put a hand-made candidate into the link, and compare it with today. Raises BadInput where there are enough."""
    text = candidate_text.to_query(candidate)
    held = st.query_params.get_all(planner_door.OWN)
    if text not in held and len(held) >= MOST_OWN:
        raise BadInput(f"{MOST_OWN} hand-made candidates are compared at most.", "Take one away first.")
    kept = held if text in held else [*held, text]
    st.query_params.update({planner_door.OWN: kept, planner_door.PICK: text})


def take_away(candidate: Candidate) -> None:
    """Take a hand-made candidate out of the link."""
    kept = [each for each in st.query_params.get_all(planner_door.OWN) if not _says(each, candidate)]
    found: dict[str, str | list[str]] = {planner_door.OWN: kept}
    if _says(st.query_params.get(planner_door.PICK) or "", candidate):
        found[planner_door.PICK] = []
    st.query_params.update(found)


def _says(text: str, candidate: Candidate) -> bool:
    """Whether a text of the link means this one, however it is written."""
    try:
        return candidate_text.from_query(text) == candidate
    except BadInput:
        return False


def told() -> None:
    """What the link asks for and cannot have."""
    for key, what, used in (
        (planner_door.DAYS, "the days of traffic", f"{DAYS} days"),
        (planner_door.GROWTH, "the growth", "the traffic as it is"),
        (planner_door.SURE, "the share of expansions", "kept in every one"),
        (planner_door.OWN, "a candidate of its own", "the others"),
        (planner_door.PICK, "the candidate", "the advised one"),
    ):
        said = refused.said(key)
        if said:
            st.info(
                notices.plain(f"The link asks for {what} {said}".strip()) + f" Shown: {used}.",
                icon=":material/filter_alt_off:",
            )


def here() -> dict[str, str | Sequence[str]]:
    """What a link to this page has to say to ask the same."""
    keys = (
        session.ENDPOINT,
        planner_door.PROMISE,
        planner_door.DAYS,
        planner_door.GROWTH,
        planner_door.SURE,
        *KEYS,
        *plan_source.KEYS,
        session.ZONE,
        planner_door.WEIGHED,
        planner_door.ORDER,
        planner_door.SHOWN,
    )
    found = {key: st.query_params[key] for key in keys if key in st.query_params}
    return {**found, planner_door.OWN: st.query_params.get_all(planner_door.OWN)}


def _fields() -> None:
    with st.form("planner-question", border=False, enter_to_submit=True):
        _main_fields()
        planner_ranges.fields(_TYPED)


def _main_fields() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="planner-fields"):
        st.text_input(
            "Promise on waiting",
            key=_TYPED + planner_door.PROMISE,
            placeholder=f"for example: {EXAMPLE}",
            max_chars=MOST_PROMISE,
            width="stretch",
            autocomplete="off",
        )
        if not planner_source.given():
            st.segmented_control(
                "Days of traffic",
                SPANS,
                key=_TYPED + planner_door.DAYS,
                required=True,
            )
        st.number_input(
            "Traffic ×",
            step=0.5,
            format="%g",
            key=_TYPED + planner_door.GROWTH,
            help="2 replays twice the traffic",
            width=110,
        )
        st.form_submit_button(
            "Find the cheapest policy",
            type="primary",
            on_click=planner_typed.checked,
            args=(_submit, _TYPED + planner_door.GROWTH, MOST_GROWTH),
            key="planner-find",
        )


def _suggestions() -> None:
    """Promises that a click asks for."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="planner-suggested"):
        st.caption("Try", width="content")
        for number, (label, text) in enumerate(SUGGESTED):
            st.button(label, key=f"planner-suggest-{number}", on_click=_suggest, args=(text,))


def _promise(typed: str) -> Promise | None:
    """What is promised, said back; or what could not be read, and how to write it."""
    if not typed:
        return None
    try:
        found = planner_door.promise(typed, str(scope.zone().info))
    except BadInput as error:
        body = html(
            '<p role="alert"><span class="stuck"><span aria-hidden="true">▲</span> {what}</span> {hint}</p>',
            what=error.what,
            hint=error.hint,
        )
        show(body, key="planner-refused")
        return None
    show(html('<p class="muted small">Read as: {said}.</p>', said=found.words), key="planner-read")
    return found


def _follow() -> None:
    """The fields show what the link asks, whenever it asks something else than before: after Back, too."""
    texts = planner_ranges.asked()
    asked: dict[str, object] = {
        planner_door.PROMISE: st.query_params.get(planner_door.PROMISE) or "",
        planner_door.DAYS: _days(),
        planner_door.GROWTH: _growth(),
        planner_door.SURE: _sure(),
        **{key: planner_ranges.choices(key, text) if key in CHOICES else text for key, text in texts.items()},
    }
    if st.session_state.get(planner_door.ASKED) != asked:
        st.session_state[planner_door.ASKED] = asked
        for key, value in asked.items():
            st.session_state[_TYPED + key] = value
    else:  # Streamlit forgets what is not drawn, as on another page
        for key, value in asked.items():
            st.session_state.setdefault(_TYPED + key, value)


def _days() -> int:
    text = st.query_params.get(planner_door.DAYS)
    if not text:
        return DAYS
    if text in {str(n) for n in SPANS}:
        return int(text)
    refused.note(planner_door.DAYS, f"“{text[:20]}”, which are not offered.")
    st.query_params.update({planner_door.DAYS: []})
    return DAYS


def _growth() -> float:
    text = st.query_params.get(planner_door.GROWTH)
    if not text:
        return 1.0
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if 0 < found <= MOST_GROWTH:
        return found
    refused.note(planner_door.GROWTH, f"“{text[:20]}”, which is no number above 0 and up to {MOST_GROWTH:g}.")
    st.query_params.update({planner_door.GROWTH: []})
    return 1.0


def _sure() -> float:
    text = st.query_params.get(planner_door.SURE)
    if not text:
        return 1.0
    found = planner_ranges.sure(text)
    if found is not None:
        return found
    refused.note(planner_door.SURE, f"“{text[:20]}”, which is not offered.")
    st.query_params.update({planner_door.SURE: []})
    return 1.0


def _submit() -> None:
    """Ask what is typed: a question that was called off begins again, and what was compared before is left."""
    kept = {key: st.session_state.get(_TYPED + key) for key in (*_ASKED, *KEYS)}
    days, growth = int(kept[planner_door.DAYS] or DAYS), float(kept[planner_door.GROWTH] or 1.0)
    sure = float(kept[planner_door.SURE] or 1.0)
    found = {
        planner_door.PROMISE: str(kept[planner_door.PROMISE] or "").strip(),
        planner_door.DAYS: "" if days == DAYS else str(days),
        planner_door.GROWTH: "" if growth == 1.0 else f"{growth:g}",
        planner_door.SURE: "" if sure == 1.0 else f"{sure:g}",
        **{key: str(kept[key] or "").strip() for key in KEYS},
    }
    _write(found)


def _suggest(text: str) -> None:
    _write({planner_door.PROMISE: text})


def _write(asked: dict[str, str]) -> None:
    """Parts of the link; an empty one goes out of it."""
    for key in (*_ASKED, planner_door.PICK):
        refused.forget(key)
    st.session_state.pop(planner_door.STOPPED, None)
    found: dict[str, str | list[str]] = {key: text or [] for key, text in asked.items()}
    if asked[planner_door.PROMISE] != (st.query_params.get(planner_door.PROMISE) or ""):
        found[planner_door.PICK] = []
    st.query_params.update(found)
