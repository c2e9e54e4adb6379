"""A file of arrivals on the Planner page: uploaded, named in the link by its digest, its columns chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from components import format as fmt
from components import notices, planner_door, scope
from components.markup import html, show
from ops.core.errors import BadInput, OpsError
from ops.core.plan_source import FileTraffic
from ops.core.views_planner import FileRead

_TYPED = "typed-"
_REFUSED, _OTHER, _ANEW, _TURN = (
    "planner-file-refused",
    "planner-file-other",
    "planner-file-anew",
    "planner-file-turn",
)
"""Session: why an upload was refused; the file that the link asked for before another one; whether another one is
chosen; a number that makes a new uploader, so that the old one's bytes are let go."""
_COLUMNS = (
    ("column", "Arrivals", "guessed"),
    ("took", "Processing times", "guessed, or none"),
    ("ends", "Ends instead of arrivals", "none"),
)
LIMITS = (
    f"CSV, a row for each request: up to {planner_door.MOST_BYTES / 2**20:.0f} MB and "
    f"{planner_door.MOST_ROWS:,} rows"
)


def fields(typed: Callable[[str], None]) -> None:
    """The file, or the way to choose one; then its columns."""
    digest, called = _asked()
    here = bool(digest) and _at_hand(digest)
    if here and not st.session_state.get(_ANEW):
        with st.container(horizontal=True, vertical_alignment="center", key="planner-file"):
            show(html("<p>File: <b>{c}</b></p>", c=called or "without a name"), key="planner-file-name")
            st.button(
                "Choose another file",
                key="planner-file-other-button",
                type="tertiary",
                on_click=_choose_anew,
            )
        _columns(digest, typed)
    else:
        key = f"planner-upload-{st.session_state.get(_TURN, 0)}"
        st.file_uploader(
            LIMITS,
            key=key,
            max_upload_size=planner_door.MOST_BYTES // 2**20,
            on_change=_uploaded,
            args=(key,),
        )
        if here:
            st.button("Keep the file as it is", key="planner-file-keep", type="tertiary", on_click=_keep_it)
    error = st.session_state.get(_REFUSED)
    if isinstance(error, OpsError):
        notices.show(error)
    other = st.session_state.get(_OTHER)
    if other:
        said = f"This is another file than the link asked for ({other}): all that is shown is of {called}."
        st.warning(notices.plain(said), icon=":material/swap_horiz:")


def read(source: FileTraffic, tells: bool) -> list[tuple[str, OpsError]]:
    """What is in the file, said; or what cannot be read, and why. `tells`: something else says what requests take."""
    if not _at_hand(source.digest):
        called = f"the file {source.called}" if source.called else "a file"
        hint = "Upload the same file: it is known by its content."
        what = f"This link is of {called}, which is not here: a link cannot carry a file."
        return [("file", BadInput(what, hint))]
    try:
        with st.spinner("Reading the file …"):
            found = planner_door.read_file(source, tells)
    except OpsError as error:
        return [("file", error)]
    show(
        html(
            '<p><span class="fine" aria-hidden="true">✓</span> {said}</p><p class="muted small">{notes}</p>',
            said=told(found),
            notes=" ".join([*found.notes, _SHARED]),
        ),
        key="planner-file-read",
    )
    return [] if tells or found.mean_service_s is not None else [("service", planner_door.no_service())]


_SHARED = (
    "The link names the file by its content and cannot carry it: it opens for others while this Ebb keeps the file "
    f"(until a restart, or {planner_door.KEPT_FILES} newer ones), and for good once a scenario of it is saved below."
)


def told(found: FileRead) -> str:
    """ "12,345 requests, 1 Nov 00:00 – 8 Nov 23:59 UTC; 31.6 s each on average"."""
    zone = scope.zone().info
    first, last = (datetime.fromtimestamp(at, UTC) for at in (found.first_s, found.last_s))
    span = f"{fmt.moment(first, zone)} – {fmt.moment(last, zone)} {last.astimezone(zone):%Z}"
    if not found.dated:
        span = f"over {fmt.wait(found.last_s - found.first_s)}, counted from somewhere"
    takes = (
        "" if found.mean_service_s is None else f"; {found.mean_service_s:.3g} s each on average, by the file"
    )
    return f"{fmt.plural(found.requests, 'request')}, {span}{takes}. No row is left out."


def _asked() -> tuple[str, str]:
    return st.query_params.get("file") or "", (st.query_params.get("called") or "")[:80]


def _at_hand(digest: str) -> bool:
    """Whether the file is kept here, or was saved with a scenario."""
    try:
        return planner_door.bring_file(digest)
    except OpsError:
        return False


def _columns(digest: str, typed: Callable[[str], None]) -> None:
    try:
        names = planner_door.file_columns(digest)
    except OpsError:  # `read` says why
        return
    with st.container(horizontal=True, key="planner-columns"):
        for key, label, blank in _COLUMNS:
            options = ["", *named(names)]
            chosen = st.session_state.get(_TYPED + key) or ""
            if chosen not in options:
                options.append(chosen)
            st.selectbox(
                label,
                options,
                key=_TYPED + key,
                format_func=lambda name, blank=blank: name or blank,
                width=220,
                on_change=typed,
                args=(key,),
            )


def named(names: tuple[str, ...]) -> list[str]:
    """Columns as they can be asked for: by name, or by number where a name is empty or comes twice."""
    return [
        name if name and names.count(name) == 1 else str(place) for place, name in enumerate(names, start=1)
    ]


def _uploaded(key: str) -> None:
    """Keep what was chosen, and put it into the link."""
    for name in (_REFUSED, _OTHER):
        st.session_state.pop(name, None)
    file = st.session_state.get(key)
    if file is None:
        return
    before, called = _asked()
    try:
        digest = planner_door.keep_file(file.getvalue())
    except OpsError as error:
        st.session_state[_REFUSED] = error
        return
    if before and before != digest and not _at_hand(before):
        st.session_state[_OTHER] = called or "without a name"
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    st.session_state.pop(_ANEW, None)
    planner_door.forget_stop()
    columns: dict[str, str | list[str]] = {} if digest == before else {key: [] for key, _, _ in _COLUMNS}
    st.query_params.update({**columns, "file": digest, "called": file.name[:80], planner_door.PICK: []})


def _choose_anew() -> None:
    st.session_state[_ANEW] = True


def _keep_it() -> None:
    st.session_state.pop(_ANEW, None)
