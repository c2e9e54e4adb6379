"""The pickers of accounts and regions on the Savings page, where Ebb knows more than one. They live in the URL."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from components import savings_door, tied
from ops.core.places import PlaceChoice


def pick() -> PlaceChoice:
    """What a link or a picker has chosen. A link keeps its accounts and regions also while they are not known yet."""
    known = savings_door.known_places()
    return PlaceChoice(
        _pick(savings_door.ACCOUNT, "Accounts", "All accounts", {place.account for place in known}),
        _pick(savings_door.REGION, "Regions", "All regions", {place.region for place in known}),
    )


def _pick(key: str, label: str, all_words: str, known: Iterable[str]) -> tuple[str, ...]:
    asked = list(dict.fromkeys(each for each in st.query_params.get_all(key) if each))
    offered = sorted({*known, *asked})
    if len(offered) < 2 and not asked:
        return ()
    st.multiselect(
        label,
        offered,
        default=asked,
        key=tied.key(key, asked),  # by hand: so the browser's way back works, too
        placeholder=all_words,
        on_change=_to_url,
        args=(key,),
        label_visibility="collapsed",
        width=200,
    )
    return tuple(sorted(asked))


def _to_url(key: str) -> None:
    picked = tied.picked(key)
    if picked is not None:
        st.query_params.update({key: list(picked.value or [])})
