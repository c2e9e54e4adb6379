"""Deploy: from a model to an endpoint that sleeps and wakes; does it fit, what will it be, how far is it?"""

import streamlit as st

from components import (
    access,
    change_panel,
    deploy_door,
    deploy_fields,
    deploy_fit_form,
    deploy_run,
    deploy_words,
    life_list,
    notices,
    session,
)
from components.access import require
from components.deploy_fields import TRIED, Slots
from components.markup import show
from ops.core import deploy_form
from ops.core.deploy_fit import Machine
from ops.core.deploy_form import Read
from ops.core.errors import OpsError

user = require("viewer")
REVIEW = "deploy-new"


def about() -> None:
    """Why nothing can be applied here, where that is so."""
    known = session.connection()
    if known is not None and not known.writable:
        why = known.why_read_only or "changes are off"
        said = f"Read-only: {why}. A deployment can be planned and its commands copied; none can be applied here."
        st.info(notices.plain(said), icon=":material/visibility:")
    elif not access.may(access.current_user(), "admin"):
        st.info(
            "You may plan a deployment and copy its commands. Applying one needs the role admin.",
            icon=":material/visibility:",
        )


def machine(read: Read, typed: dict[str, str]) -> tuple[Machine | None, int | None]:
    """What the chosen type costs, and how many the account may run."""
    kind = typed["type"].strip()
    if not kind or read.of("type") is not None:
        return None, None
    wish = read.wish
    at_once, cooldown = (wish.concurrency, wish.in_cooldown_s) if wish is not None else (1, 600)
    try:
        return deploy_door.machine(kind, at_once, cooldown), deploy_door.quota(kind)
    except OpsError:
        return None, None  # said below the type: its price is not known


def form() -> None:
    about()
    slots = Slots()
    start_s = deploy_fit_form.longest_start_s()
    deploy_fields.fields(slots, start_s)
    typed = deploy_fields.values()
    read = deploy_form.read(typed, start_s)
    chosen, quota = machine(read, typed)
    deploy_fields.prices(slots, typed["type"].strip(), chosen, quota)
    deploy_fit_form.section(chosen)
    refused = f"refused-{REVIEW}"
    if st.session_state.get("deploy-asked") != typed:
        st.session_state.pop(refused, None)  # it was about what is typed no more
    st.session_state["deploy-asked"] = typed
    taken = deploy_fields.taken(typed, read)
    change_panel.review(
        "Review this deployment…",
        lambda console: console.plan_deploy(read.insist()),
        page=deploy_door.PAGE,
        key=REVIEW,
        primary=True,
        off=bool(taken),
    )
    if read.faults and refused in st.session_state:
        st.session_state[TRIED] = True
    deploy_fields.faults(slots, typed, read, taken)


run = deploy_run.asked()
show(deploy_words.head(), key="deploy-head")
deploy_run.open_ends(run)
if run:
    deploy_run.shown(run)
else:
    with notices.guard("the form"):
        form()
life_list.show(user)
change_panel.show(deploy_door.PAGE)
