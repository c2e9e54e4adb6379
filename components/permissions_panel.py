"""The Permissions part of the Settings page: the policy of a role to copy, and what the present credentials may do."""

from __future__ import annotations

import json

import streamlit as st

from components import access, notices, permissions_door, permissions_view, scope, session
from components.access import User
from components.markup import html
from components.markup import show as draw
from components.permissions_door import PAID, RIGHTS
from ops.core.errors import OpsError
from ops.core.permissions import BILLING, READS
from ops.core.permissions.policy import documents, missing, notes

BEAT_S = 0.8
TALL = 260
_ABOUT = {
    "viewer": "Reads everything that the pages show, and changes nothing.",
    "operator": "Reads, sets bounds and warm windows, and sends requests.",
    "admin": "All of that, and makes and deletes policies, alarms and endpoints.",
    "billing": "Reads what AWS has billed. Attach it beside one of the others: it stands by itself.",
}


def show(user: User) -> None:
    """The whole part, with its title."""
    draw(
        html(
            '<div class="stack"><h2>Permissions</h2><p class="muted">{said}</p></div>',
            said="What Ebb needs of IAM, made of the calls that it makes. It makes no others.",
        ),
        key="permissions-title",
    )
    if st.query_params.get(RIGHTS) not in (None, *READS):
        del st.query_params[RIGHTS]
    role = str(
        st.segmented_control(
            "Role",
            READS,
            default=READS[0],
            key=RIGHTS,
            required=True,
            bind="query-params",
            persist_state="session",
        )
        or READS[0]
    )
    st.caption(_ABOUT[role])
    with notices.guard("the policy"):
        _policy(role)
    with notices.guard("what the credentials may do"):
        _preflight(role, user)


def _policy(role: str) -> None:
    """One block for each document, with a button to copy it."""
    found = documents(role, permissions_door.places())
    for number, document in enumerate(found, start=1):
        if len(found) > 1:
            st.caption(
                f"Part {number} of {len(found)}: IAM takes 6,144 characters a policy. Attach all parts."
            )
        st.code(json.dumps(document, indent=2), language="json", wrap_lines=True, height=TALL)
    stand_ins = [name for document in found for name in missing(document)]
    if stand_ins:
        st.caption(
            f"Replace {', '.join(f'`{name}`' for name in dict.fromkeys(stand_ins))} by your own, or take those "
            "statements out."
        )
    for note in dict.fromkeys(note for document in found for note in notes(document)):
        st.caption(note)
    st.caption(f"On the command line: `python -m ops policy --role {role}`")


def _preflight(role: str, user: User) -> None:
    may_pay = access.may(user, "operator")
    paid = False
    if role == BILLING:
        paid = st.checkbox(
            "Also what AWS bills for: two calls at $0.01, and a statement in Athena where a table is set",
            key=PAID,
            disabled=not may_pay,
            help=None if may_pay else "Needs the role operator",
        )
    if st.button("Try with the present credentials", key="preflight", icon=":material/verified_user:"):
        permissions_door.begin(role, paid and may_pay)
    _outcome(role, paid and may_pay)


def _outcome(role: str, paid: bool) -> None:
    progress = permissions_door.look(role, paid)
    if progress is None:
        st.caption("Each read is tried once, on what is there. Nothing is changed.")
        return
    if progress.running:
        _beat(role, paid)
    elif progress.error is not None:
        notices.show(progress.error, "what the credentials may do")
    if progress.value is not None:
        body = permissions_view.results(progress.value, scope.zone().info, session.now())
        draw(body, key="preflight-results")


@st.fragment(run_every=BEAT_S)
def _beat(role: str, paid: bool) -> None:
    """Looks whether it has ended; then the page is drawn anew."""
    try:
        progress = permissions_door.look(role, paid)
    except OpsError:
        progress = None
    if progress is None or not progress.running:
        st.rerun()
    st.caption("AWS is asked, one call after the other …")
