"""Who may see what: roles, the table of pages, and the check that is the first line of every page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from components import session
from ops.core import change, listening, roles
from ops.core.change import ROLES, Actor
from ops.core.errors import OpsError
from ops.core.roles import SignedOut, Standing

ROOT = Path(__file__).resolve().parent.parent
HERE = "this machine"
"""The name of whoever looks from this machine while no sign-in is set up."""


@dataclass(frozen=True, slots=True)
class User:
    """Who looks at the page. `role` is one of change.ROLES."""

    name: str
    role: str


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page of the console: its section in the menu, its path in the URL ("" = first), its file."""

    section: str
    title: str
    path: str
    file: str
    icon: str
    role: str


PAGES = (
    PageEntry("Watch", "Fleet", "", "pages/fleet.py", ":material/waves:", "viewer"),
    PageEntry("Watch", "Endpoint", "endpoint", "pages/endpoint.py", ":material/monitoring:", "viewer"),
    PageEntry(
        "Watch", "Cold starts", "cold-starts", "pages/cold_starts.py", ":material/bedtime_off:", "viewer"
    ),
    PageEntry("Watch", "Failures", "failures", "pages/failures.py", ":material/error:", "viewer"),
    PageEntry("Watch", "Alarms", "alarms", "pages/alarms.py", ":material/notifications:", "viewer"),
    PageEntry("Save", "Savings", "savings", "pages/savings.py", ":material/savings:", "viewer"),
    PageEntry("Save", "Planner", "planner", "pages/planner.py", ":material/query_stats:", "viewer"),
    PageEntry("Operate", "Capacity", "capacity", "pages/capacity.py", ":material/tune:", "viewer"),
    PageEntry("Operate", "Requests", "requests", "pages/requests.py", ":material/outgoing_mail:", "viewer"),
    PageEntry("Operate", "Doctor", "doctor", "pages/doctor.py", ":material/stethoscope:", "viewer"),
    PageEntry("Operate", "Deploy", "deploy", "pages/deploy.py", ":material/rocket_launch:", "viewer"),
    PageEntry("Console", "Activity", "activity", "pages/activity.py", ":material/history:", "viewer"),
    PageEntry("Console", "Settings", "settings", "pages/settings.py", ":material/settings:", "viewer"),
)


def entry(path: str) -> PageEntry | None:
    """The page at a URL path, or None."""
    return next((p for p in PAGES if p.path == path), None)


def file_of(page: PageEntry) -> str:
    return str(ROOT / page.file)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever looks at the page. `user` is None for all but those who may look; `name` is empty for nobody."""

    standing: Standing
    name: str = ""
    user: User | None = None
    until: datetime | None = None
    """When the sign-in ends; None without one."""


def auth_section() -> Mapping[str, Any] | None:
    """The [auth] section of Streamlit's secrets; None where sign-in is not set up."""
    if not st.secrets.load_if_toml_exists():
        return None
    section = st.secrets.get("auth")
    return section if isinstance(section, Mapping) and section else None


def visitor() -> Visitor:
    """Who looks, decided anew at every call: a sign-in that has ended since the last run counts no more.

    With sign-in the groups of the token decide (ebb-viewer, ebb-operator, ebb-admin), without it the kind of AWS;
    EBB_ROLE wins over both. Without sign-in only a server that listens on this machine alone has a user.
    """
    claims = st.user.to_dict() if "is_logged_in" in st.user else None
    near = listening.is_loopback(st.get_option("server.address"))
    signed_in = claims is not None and claims.get("is_logged_in") is True
    found = roles.decide(
        _setting(), session.kind(), session.this_machine_now(), claims, signed_in=signed_in, near=near
    )
    name = "" if not signed_in or claims is None else roles.name_of(claims)
    if found.standing is not Standing.IN:
        return Visitor(found.standing, name, until=found.until)
    name = name or HERE
    return Visitor(found.standing, name, User(name, found.role), found.until)


def _setting() -> str | None:
    """EBB_ROLE; the least of all where the settings make no sense."""
    try:
        return session.role()
    except OpsError:
        return ROLES[0]


def current_user() -> User | None:
    """Whoever looks and may; None = nobody, also when their sign-in has expired."""
    return visitor().user


def actor() -> Actor:
    """Whoever presses a button, for the write gate. Call it when the press is handled, and keep it for no later one.

    Raises SignedOut for nobody, and for a sign-in that has expired or whose groups give no role.
    """
    who = visitor()
    if who.user is not None:
        return Actor(who.user.name, who.user.role, "browser")
    what = {
        Standing.EXPIRED: "Your sign-in has expired, so nothing was changed.",
        Standing.NO_GROUP: "Your account holds no role here, so nothing was changed.",
    }.get(who.standing, "Nobody is signed in, so nothing was changed.")
    raise SignedOut(what, "Sign in again: load the page anew.")


def may(user: User | None, role: str) -> bool:
    return user is not None and change.may(user.role, role)


def require(role: str) -> User:
    """The user, if they hold at least `role`; otherwise the page says so and ends here."""
    user = current_user()
    if user is None:
        st.info("This page needs someone signed in.", icon=":material/lock:")
        st.stop()
    if not may(user, role):
        st.info(f"This page needs the role {role}; you hold {user.role}.", icon=":material/lock:")
        st.stop()
    return user
