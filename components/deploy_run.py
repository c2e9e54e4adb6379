"""What is being deployed, step by step, and what ended on the way: seen by every viewer, and after a reload."""

from __future__ import annotations

import streamlit as st

from components import access, change_panel, deploy_door, deploy_fields, deploy_words, scope, session
from components.live import live_panel
from components.markup import Html, html, show
from ops.core.change import Entry, Outcome, may
from ops.core.deploy_progress import CLEANUP, NEVER_BEGUN, UNFINISHED, Unfinished, root_of
from ops.core.errors import BadInput, OpsError

STOPPED = "deploy-stopped"
"""Session: the change that was asked to stop."""
_SAYS_S = 1.0


def asked() -> str:
    """The change of the link whose steps are shown; empty for none."""
    return str(st.query_params.get(deploy_door.RUN) or "")[:64]


def shown(identity: str) -> None:
    """The steps of one change; it refreshes by itself."""
    live_panel(lambda: _progress(identity), key="deploy-run", part="the steps", at_least=_SAYS_S)


def open_ends(but: str = "") -> None:
    """At the top: what is under way, and what is unfinished until it is finished or cleaned up."""
    live_panel(lambda: _open_ends(but), key="deploy-open", part="what is unfinished", at_least=_SAYS_S)


def _progress(identity: str) -> None:
    entry = deploy_door.entry(identity)
    if entry is None:
        raise BadInput(
            f"The journal has no entry {identity!r}.", "It may be of another account, region or history."
        )
    zone, now = scope.zone().info, session.now() or entry.ended or entry.at
    if entry.made and entry.made[-1].at is not None:
        now = max(now, entry.made[-1].at)
    show(deploy_words.verdict(entry, zone), key="deploy-verdict")
    if entry.outcome is Outcome.BEGUN:
        _stopping(entry)
    elif entry.outcome is Outcome.DONE and entry.after.resources:
        deploy_fields.forget()
        show(deploy_words.finished(entry.ref.name), key="deploy-finished")
    elif entry.outcome in UNFINISHED:
        _after(entry)
    show(deploy_words.progress(entry, zone, now), key="deploy-steps")
    if entry.outcome is not Outcome.BEGUN:
        show(deploy_words.another(), key="deploy-another")


def _stopping(entry: Entry) -> None:
    """The way to stop what is under way."""
    if not access.may(access.current_user(), "admin"):
        show(deploy_words.says("Somebody who is admin can stop it."), key="deploy-stop-says")
        return
    here = not deploy_door.ended(entry.id)
    sent = st.session_state.get(STOPPED) == entry.id
    st.button("Stop", key="deploy-stop", on_click=_stop, args=(entry.id,), disabled=sent or not here)
    said = (
        "It stops before its next step."
        if sent
        else "Stops before its next step; what was made stays, and can be continued or cleaned up."
        if here
        else "Another process carries it out: stop it there, with Ctrl+C."
    )
    show(deploy_words.says(said), key="deploy-stop-says")


def _stop(identity: str) -> None:
    try:
        who = access.actor()
    except OpsError:
        return  # the sign-in has ended: the frame says so
    if may(who.role, "admin") and deploy_door.stop(identity, who):
        st.session_state[STOPPED] = identity


def _after(entry: Entry) -> None:
    """What exists of it now, and the two ways on; nothing where a later attempt took over."""
    own = root_of(entry)
    if entry.outcome in NEVER_BEGUN:
        return
    found = next((each for each in deploy_door.unfinished() if each.root.id == own), None)
    if found is not None:
        show(deploy_words.exists(found), key="deploy-exists")
        _ways(found)
        return
    newest = next((e for e in deploy_door.entries() if e.ref.name == entry.ref.name), entry)
    if newest.id != entry.id:
        link = deploy_words.run_link(newest.id, Html("See it →"))
        show(html("<p>A later attempt took over: {t}. {l}</p>", t=newest.title, l=link), key="deploy-later")
        return
    show(html("<p><b>Exists now:</b> nothing of it.</p>"), key="deploy-exists")
    if entry.kind != CLEANUP:
        _continue(entry.id, "Continue…")


def _open_ends(but: str) -> None:
    zone, now = scope.zone().info, session.now()
    if now is None:
        return
    running = [e for e in deploy_door.entries() if e.outcome is Outcome.BEGUN and e.id != but]
    for entry in running:
        show(deploy_words.under_way(entry, zone, now), key=f"deploy-under-way-{entry.id[:8]}")
    for each in deploy_door.unfinished():
        if but and but in (each.root.id, each.last.id):
            continue
        with st.container(key=f"deploy-open-{each.root.id[:8]}"):
            show(deploy_words.open_end(each, zone, now), key=f"deploy-open-says-{each.root.id[:8]}")
            _ways(each)


def _ways(each: Unfinished) -> None:
    """Continue and clean up, both reviewed."""
    with st.container(horizontal=True):
        if each.cleans:
            _continue(each.last.id, "Go on cleaning up…")
            return
        _continue(each.root.id, "Continue…")
        if not each.root.before.resources:
            change_panel.review(
                "Clean up…",
                lambda console: console.plan_cleanup(each.root.id),
                page=deploy_door.PAGE,
                key=f"cleanup-{each.root.id[:8]}",
            )


def _continue(identity: str, words: str) -> None:
    change_panel.review(
        words,
        lambda console: console.plan_continue(identity),
        page=deploy_door.PAGE,
        key=f"continue-{identity[:8]}",
        primary=True,
    )
