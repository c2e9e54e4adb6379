"""Pickers that show what the URL says, tied to it by hand.

A value that is set for a picker reaches the browser in one message, once. Where the next run overtakes that message,
or comes before the script of the picker has loaded, the browser shows the picker's first option instead; and what it
shows it sends back with its next question, as if somebody had chosen it. So nothing is set here: a picker begins with
what it shows (`index`, `default` or `value`), and one that has to show something else is a new one with a key of its
own. What the browser still says of the old one is nobody's choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Picked:
    """What somebody chose."""

    value: object


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a picker shows, and how many there were of its name before it."""

    value: object
    number: int = 0


def key(name: str, value: object) -> str:
    """The key of the picker of that name that shows `value`; to be called once a run, before it is drawn."""
    held = _held(name)
    number = held.number if held is not None else 0
    if held is not None and _holds(name, held) != value:
        number += 1
    shows = _Shown(value, number)
    st.session_state[_place(name)] = shows
    return _key(name, shows)


def shown(name: str) -> object:
    """What the picker of that name shows; None before it was drawn."""
    held = _held(name)
    return None if held is None else held.value


def picked(name: str) -> Picked | None:
    """In a callback: what was chosen; None where the browser still spoke of a picker that was replaced."""
    held = _held(name)
    if held is None or _holds(name, held) == held.value:
        return None
    return Picked(_holds(name, held))


def _held(name: str) -> _Shown | None:
    held = st.session_state.get(_place(name))
    return held if isinstance(held, _Shown) else None


def _holds(name: str, held: _Shown) -> object:
    """What the browser says of the newest picker; what it began with while it says nothing."""
    return st.session_state.get(_key(name, held), held.value)


def _key(name: str, held: _Shown) -> str:
    return f"{name}-{held.number}" if held.number else name


def _place(name: str) -> str:
    return f"tied-{name}"
