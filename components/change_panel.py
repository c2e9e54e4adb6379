"""Review and confirm: what a change would do, and after a press of a button what it did. One at a time.

The plan is kept on the server, so it outlives refreshes; loading the page anew forgets it and writes nothing. A page
calls `show` last, outside its live panels, and draws a `review` button wherever a change can begin.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from components import access, change_parts, deploy_door, fix_texts, markup, notices, scope, session
from components.cards import page_link
from components.markup import Html, html
from ops.core.change import ChangePlan, Outcome, Receipt, may
from ops.core.errors import OpsError, Stale
from ops.core.fix_texts import of_plan

UNDONE = (Outcome.DONE, Outcome.PARTLY, Outcome.UNCLEAR)
"""How a change ended that can be taken back."""
TALL = 190
"""Pixels of the texts to copy: longer ones scroll, so that the buttons stay near."""
_WHY = "change-why-kept"


@dataclass(slots=True)
class Open:
    """The change under review on one page. `make` plans it anew."""

    page: str
    make: session.Make
    plan: ChangePlan
    receipt: Receipt | None = None
    error: OpsError | None = None
    again: OpsError | None = None
    """Why another plan, asked for in the panel, could not be made."""
    begun: bool = False
    """Whether it is carried out in the background."""
    key: str = ""
    """Tells the fields of this plan from those of the next."""


def operates() -> bool:
    """Whether whoever looks may change anything at all."""
    return access.may(access.current_user(), "operator")


def review(
    label: str,
    make: session.Make,
    *,
    page: str,
    key: str,
    off: bool = False,
    primary: bool = False,
) -> None:
    """A button that opens the review. What stands in the way is said below it, until the next press.

    `make` plans the change, and may raise OpsError for what was typed. In a live panel the whole page runs after it,
    so that the review is drawn outside.
    """
    refused = f"refused-{key}"
    kind = "primary" if primary else "secondary"
    if st.button(label, key=f"review-{key}", disabled=off, type=kind):
        st.session_state.pop(refused, None)
        try:
            begin(make, page)
        except OpsError as error:
            st.session_state[refused] = error
        else:
            st.rerun()
    error = st.session_state.get(refused)
    if isinstance(error, OpsError):
        notices.show(error)


def begin(make: session.Make, page: str) -> None:
    """Plan a change and open its review in place of any other. Raises OpsError."""
    plan = session.plan(make)
    st.session_state[session.CHANGE] = Open(page, make, plan, key=plan.id[:8])


def undo_link(entry: str, page: str) -> Html:
    """The way to the review of taking a change back; the page stays as it is."""
    query = {**st.query_params.to_dict(), session.UNDO: entry}
    link = page_link(page, query, Html("Undo…"), focus=f"undo-{entry}")
    return html('<div class="small">{link}</div>', link=link)


def undo_asked(page: str) -> None:
    """Open the review of taking back what a link names, once. It only reads; what stands in its way is said here."""
    entry = st.query_params.get(session.UNDO)
    if not entry:
        return
    st.query_params.update({session.UNDO: []})
    if not operates():
        st.info("Taking a change back needs the role operator.", icon=":material/lock:")
        return
    try:
        begin(_undo(entry), page)
    except OpsError as error:
        notices.show(error)


def opened() -> Open | None:
    found = st.session_state.get(session.CHANGE)
    return found if isinstance(found, Open) else None


def keep_to(page: str) -> None:
    """Another page than that of the review is on show: forget it, unless it is that page."""
    found = opened()
    if found is not None and found.page != page:
        close()


def close() -> None:
    """Forget the review. What was written as the reason is kept for the next one."""
    found = opened()
    if found is not None and found.receipt is None:
        st.session_state[_WHY] = st.session_state.get(f"why-{found.key}", "")
    st.session_state.pop(session.CHANGE, None)


def show(page: str) -> None:
    """Draw the review, if one is open on this page. Call it once, last, outside live panels."""
    found = opened()
    if found is None or found.page != page:
        return
    title = f"Change of {found.plan.ref.name}"
    st.dialog(notices.plain(title), width="large", on_dismiss=close)(_body)()


def _body() -> None:
    found = opened()
    if found is None:
        st.rerun()
        return
    with st.container(key="change"):
        if found.receipt is not None:
            _receipt(found, found.receipt)
        elif found.begun:
            _begun(found)
        elif isinstance(found.error, Stale):
            _stale(found, found.error)
        else:
            trouble = st.container()
            pressed, why, typed = _review(found)
            if pressed:
                _apply(found, why, typed)
            if found.error is not None:
                with trouble:
                    notices.show(found.error)


def _apply(found: Open, why: str, typed: str) -> None:
    """Through the gate, which applies a plan once however often the button is pressed.

    One that waits for AWS goes on in the background, as do all of the Deploy page: it shows their steps.
    """
    found.error = None
    if found.plan.waits or found.page == deploy_door.PAGE:
        _begin(found, why, typed)
        return
    with st.spinner("Applying, then reading back what AWS holds …"):
        try:
            found.receipt = session.apply(found.plan, access.actor(), why, typed)
        except OpsError as error:
            found.error = error
    if found.receipt is not None or isinstance(found.error, Stale):
        st.rerun()  # the whole page: what it shows behind the panel has changed, too


def _begin(found: Open, why: str, typed: str) -> None:
    try:
        with st.spinner("Beginning …"):
            deploy_door.begin(found.plan, access.actor(), why, typed)
    except OpsError as error:
        found.error = error
        if not isinstance(error, Stale):
            return
    else:
        st.session_state.pop(_WHY, None)
        found.begun = True
        if found.page == deploy_door.PAGE:
            close()
            st.query_params.update({deploy_door.RUN: found.plan.id})
    st.rerun()


def _begun(found: Open) -> None:
    """It goes on in the background, whatever becomes of this page."""
    link = page_link(
        deploy_door.PAGE,
        {deploy_door.RUN: found.plan.id},
        Html("Follow its steps on the Deploy page →"),
        focus=f"run:{found.plan.id}",
    )
    body = html(
        '<div class="stack change"><h2>{title}</h2><p class="lead waking" role="status"><span aria-hidden="true">◔'
        "</span> Under way. It goes on in the background.</p><p>{link}</p></div>",
        title=found.plan.title,
        link=link,
    )
    markup.show(body, key=f"begun-{found.key}")
    _closing(found.key, "begun")


def _review(found: Open) -> tuple[bool, str, str]:
    """(Apply was pressed, the reason, the word that was typed)."""
    plan, key = found.plan, found.key
    markup.show(change_parts.plan(plan, scope.zone().info), key=f"plan-{key}")
    if plan.empty:
        st.info("There is nothing to change: it is like this already.", icon=":material/check:")
        _closing(key, "plan")
        return False, "", ""
    fix_texts.show(of_plan(plan), key="change-texts", calls=change_parts.as_json(plan), height=TALL)
    why = st.text_input(
        "Why (goes on record)",
        st.session_state.get(_WHY, ""),
        max_chars=500,
        key=f"why-{key}",
        placeholder="for example: month end, ticket 4711",
    )
    blocked = _blocked(plan)
    typed = ""
    if plan.confirm:
        typed = st.text_input(
            f"This can hurt production. To confirm it, type: {notices.plain(plan.confirm)}",
            key=f"typed-{key}",
            live=True,
            disabled=bool(blocked),
            autocomplete="off",
        )
    fits = not plan.confirm or (typed or "").strip() == plan.confirm
    if blocked:
        st.info(blocked, icon=":material/visibility:")
    elif not fits:
        said = f"Apply stays off until {plan.confirm} is typed above, letter by letter."
        markup.show(html('<p class="muted small">{said}</p>', said=said), key=f"off-{key}")
    with st.container(horizontal=True):
        pressed = st.button("Apply", type="primary", disabled=bool(blocked) or not fits, key=f"apply-{key}")
        _closing(key, "plan")
    return pressed and not blocked and fits, why or "", typed or ""


def _blocked(plan: ChangePlan) -> str:
    """Why whoever looks cannot apply it; empty where they can."""
    user, known = access.current_user(), session.connection()
    if user is None or not may(user.role, plan.needs):
        role = user.role if user is not None else "no role"
        return (
            f"Applying this needs the role {plan.needs}; you hold {role}. The texts above can be copied and run "
            "elsewhere."
        )
    if known is not None and not known.writable:
        why = known.why_read_only or "changes are off"
        return notices.plain(
            f"This AWS is read-only here: {why}. The texts above can be copied and run elsewhere."
        )
    return ""


def _closing(key: str, of: str) -> None:
    st.button("Close", key=f"close-{of}-{key}", on_click=close)


def _receipt(found: Open, told: Receipt) -> None:
    key, entry = found.key, told.entry
    st.session_state.pop(_WHY, None)
    if found.again is not None:
        notices.show(found.again)
    body = change_parts.receipt(told, scope.zone().info)
    if access.entry("activity") is not None:
        there = page_link("activity", {}, Html("See it in Activity →"), focus=f"entry:{entry.id[:8]}")
        body = html('{a}<p class="small">{b}</p>', a=body, b=there)
    markup.show(body, key=f"receipt-{key}")
    with st.container(horizontal=True):
        if entry.outcome in UNDONE and entry.before != entry.after:
            word = "Undo…" if not entry.undo_of else "Do it again…"
            st.button(word, key=f"undo-{key}", on_click=_instead, args=(_undo(entry.id),))
        if entry.outcome not in (Outcome.DONE, Outcome.BEGUN):
            st.button("Plan anew", key=f"anew-{key}", on_click=_instead, args=(found.make,))
        _closing(key, "receipt")


def _stale(found: Open, error: Stale) -> None:
    """What was changed meanwhile and by whom; nothing of this plan was done."""
    key = found.key
    markup.show(html('<div class="change"><h2>{t}</h2></div>', t=found.plan.title), key=f"stale-{key}")
    notices.show(error)
    if found.again is not None:
        notices.show(found.again)
    with st.container(horizontal=True):
        st.button("Plan anew", type="primary", key=f"again-{key}", on_click=_instead, args=(found.make,))
        _closing(key, "stale")


def _undo(identity: str) -> session.Make:
    return lambda console: console.plan_undo(identity)


def _instead(make: session.Make) -> None:
    """Another plan in the place of this one; what stands in its way is said in the panel."""
    found = opened()
    if found is None:
        return
    try:
        begin(make, found.page)
    except OpsError as error:
        found.again = error
