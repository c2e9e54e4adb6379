"""What did not work, said calmly. `guard` is the only place in the pages that catches OpsError."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from components import markup, scope
from components.cards import endpoint_link
from components.markup import html
from components.unread import OLDER
from ops.core.errors import (
    BadInput,
    CredentialsProblem,
    Denied,
    OpsError,
    ReadOnly,
    Stale,
    Throttled,
    UnknownEndpoint,
    Unreachable,
)
from ops.core.types import Problem
from ops.core.words import listed

_ICONS: tuple[tuple[type[OpsError], str], ...] = (
    (UnknownEndpoint, ":material/search_off:"),
    (Denied, ":material/lock:"),
    (CredentialsProblem, ":material/key_off:"),
    (Throttled, ":material/hourglass_top:"),
    (Unreachable, ":material/cloud_off:"),
    (ReadOnly, ":material/visibility:"),
    (Stale, ":material/sync_problem:"),
)
_AGAIN, _SAID = "Ebb tries again by itself.", "tries again"
"""What is said of a passing trouble, unless its own hint has said it."""


@contextmanager
def guard(part: str = "") -> Iterator[None]:
    """Draw an OpsError of the block as a notice; `part` names what is missing because of it."""
    try:
        yield
    except OpsError as error:
        show(error, part)


def show(error: OpsError, part: str = "") -> None:
    """One notice: what happened, the way out, and what is not shown because of it."""
    icon = next((i for kind, i in _ICONS if isinstance(error, kind)), ":material/info:")
    body = [plain(error.what)]
    if isinstance(error, UnknownEndpoint):
        body.append("It may have been deleted, or live in another account or region.")
    elif error.hint:
        body.append(plain(error.hint))
    if part and not isinstance(error, UnknownEndpoint):
        body.append(f"Not shown: {plain(part)}.")
    if error.retryable and _SAID not in error.hint:
        body.append(_AGAIN)
    st.warning("  \n".join(body), icon=icon)
    if isinstance(error, UnknownEndpoint):
        _near(error.nearest, f"near-{part}" if part else "near")


def _near(names: Sequence[str], key: str) -> None:
    links = [
        html("<li>Open {link}</li>", link=endpoint_link(n, html("{n}", n=n), focus="near")) for n in names
    ]
    fleet = html('<li><a class="go" href="./" data-focus="all">See all endpoints</a></li>')
    markup.show(html('<ul class="plain">{items}</ul>', items=markup.joined([*links, fleet])), key=key)


def problems(found: Sequence[Problem], as_of: str = "") -> None:
    """What could not be read: old numbers first, one notice for all that AWS denied, one for each other.

    `as_of`: when the numbers on show were read, for the notice on old ones.
    """
    older = [p for p in found if p.part == OLDER]
    denied = [p for p in found if p.action and p not in older]
    for problem in older:
        since = f", as of {as_of}" if as_of else ""
        st.warning("  \n".join(_lines(problem, f"{problem.part}{since}")), icon=":material/sync_problem:")
    if denied:
        st.info("  \n".join(_denied(denied)), icon=":material/lock:")
    for problem in found:
        if problem not in older and problem not in denied:
            st.info("  \n".join(_lines(problem, _first_upper(problem.part))), icon=":material/info:")


def _denied(found: Sequence[Problem]) -> list[str]:
    """What is missing, and the IAM actions that would show it."""
    parts, actions = listed([p.part for p in found]), dict.fromkeys(p.action for p in found)
    return [
        f"Not shown, because AWS denied it: {plain(parts)}.",
        f"Allow {listed([_code(a) for a in actions])}, and Ebb shows it by itself.",
    ]


def _lines(problem: Problem, part: str) -> list[str]:
    """What happened, the way out, and whether Ebb goes on by itself."""
    body = [f"{plain(part)}: {plain(problem.what)}"]
    if problem.action:
        body.append(f"Allow {_code(problem.action)}, and Ebb goes on by itself.")
    elif problem.hint:
        body.append(plain(problem.hint))
    if problem.retryable and _SAID not in problem.hint:
        body.append(_AGAIN)
    return body


def _first_upper(part: str) -> str:
    return part[:1].upper() + part[1:]


def _code(text: str) -> str:
    """A name as code: shown letter by letter, without escapes."""
    return "`" + text.replace("`", "") + "`"


def bad_range(asked: str, used: str) -> None:
    """A link asked for a span that is not offered."""
    offered = ", ".join(scope.RANGES)
    st.info(
        f"The link asks for the range “{plain(asked[:40])}”, which is not offered. "
        f"Shown: {used}. Choose one of {offered}.",
        icon=":material/date_range:",
    )


def bad_choice(what: str, asked: str, offered: Sequence[str]) -> None:
    """A link asked for a state or an order that is not offered; the first of `offered` is shown."""
    st.info(
        f"The link asks for the {what} “{plain(asked[:40])}”, which is not offered. "
        f"Shown: {offered[0]}. Offered: {' · '.join(offered)}.",
        icon=":material/filter_alt_off:",
    )


def bad_part(error: BadInput, used: str) -> None:
    """A link asked for a part of time that makes no sense, or that AWS no longer keeps."""
    st.info(
        f"The link asks for a part of time that cannot be shown. {plain(error.what)} {plain(error.hint)}  \n"
        f"Shown: {used}.",
        icon=":material/date_range:",
    )


def bad_zone(asked: str) -> None:
    """A link asked for a time zone that does not exist."""
    st.info(
        f"The link asks for the time zone “{plain(asked[:40])}”, which is not known. Times are shown in UTC. "
        "Zones have names like Europe/Berlin.",
        icon=":material/schedule:",
    )


def empty_account(region: str) -> None:
    """No endpoint at all: say where Ebb looked and how one appears."""
    st.info(
        f"There is no endpoint in {plain(region)} yet. One that is created there appears here by itself. "
        "If you expected some, look at the account and the region above.",
        icon=":material/waves:",
    )


def plain(text: str) -> str:
    """Text from AWS or a user as Markdown that shows it letter by letter; `a command` in pairs of backticks."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return _unlinked(text)
    return "".join(f"`{part}`" if n % 2 and part else _unlinked(part) for n, part in enumerate(parts))


_ADDRESS = re.compile(r"((?:https?://|www\.)[^\s<>“”\"'`]*[\w/]|[\w.+-]+@[\w-]+\.[\w.-]*\w)")


def _unlinked(text: str) -> str:
    """Addresses stand as code: Markdown makes links of them whatever is escaped."""
    return "".join(f"`{part}`" if n % 2 else _escaped(part) for n, part in enumerate(_ADDRESS.split(text)))


_MARKS = re.compile(r"[\\`*_\[\]<>|$~]|:|(?<![^\n])\s*(?:[#+]|\d+\.)|!(?=\[)")
"""What Markdown, or a directive or shortcode of Streamlit, may begin with, where it stands."""


def _escaped(text: str) -> str:
    """Only where Markdown would act: the name that a screen reader hears of a label is this text, as it stands."""
    return _MARKS.sub(lambda found: _one(text, found), text)


def _one(text: str, found: re.Match[str]) -> str:
    mark, at = found[0], found.start()
    inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
    if mark == "_" and inside:
        return mark  # inside a word it is a letter
    if mark == ":" and (at + 1 == len(text) or text[at + 1].isspace()) and ":" not in _word_before(text, at):
        return mark  # after a word it is punctuation
    return f"{mark[:-1]}\\{mark[-1]}"


def _word_before(text: str, at: int) -> str:
    """What stands before a place, back to the last space."""
    before = text[:at]
    return "" if not before or before[-1].isspace() else before.split()[-1]
