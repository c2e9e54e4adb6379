"""What a link to the Savings page says twice or by another name, or cannot have: put right, and told."""

from __future__ import annotations

import streamlit as st

from components import notices, refused, savings_door, session


def said() -> None:
    """What a link asked for and cannot have."""
    for key, what in ((savings_door.PERIOD, "periods"), (session.OF, "endpoints")):
        told = refused.said(twice(key))
        if told:
            st.info(
                notices.plain(f"The link asks for several {what}: {told}"), icon=":material/filter_alt_off:"
            )
    for key, what, used in (
        (savings_door.PERIOD, "the period", "the last 30 days"),
        (savings_door.BASELINE, "the baseline", "always on at its peak"),
        (savings_door.TAG, "the tag", "the page without it"),
    ):
        told = refused.said(key)
        if told:
            text = notices.plain(f"The link asks for {what} {told}".strip())
            st.info(f"{text} Shown: {used}.", icon=":material/filter_alt_off:")


def take_once(key: str, *others: str) -> None:
    """What a link says by other names it says as `key`; of several values the last one counts, and that is noted."""
    given = [each for name in (*others, key) for each in st.query_params.get_all(name) if each]
    if len(given) > 1 or any(name in st.query_params for name in others):
        st.query_params.update({**{name: [] for name in others}, key: given[-1:]})
    if len(set(given)) > 1:
        several = " and ".join(f"“{each[:40]}”" for each in given)
        refused.note(twice(key), f"{several}. Only the last one counts.")


def twice(key: str) -> str:
    """Under which it is noted that a link gave several values of `key`."""
    return f"{key}-twice"


def take_tags() -> None:
    """What a link asks for as a tag and is none is noted, and taken out of it."""
    given = st.query_params.get_all(savings_door.TAG)
    good = [each for each in given if _is_tag(each)]
    if len(good) < len(given):
        wrong = ", ".join(f"“{each[:40]}”" for each in given if each not in good)
        refused.note(savings_door.TAG, f"{wrong}. A tag is written as key=value.")
        st.query_params.update({savings_door.TAG: good})


def _is_tag(text: str) -> bool:
    key, sign, _ = text.partition("=")
    return bool(key and sign)
