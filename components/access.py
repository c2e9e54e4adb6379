"""Who may see what: roles, the table of pages, and the check that is the first line of every page."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
RANK: Mapping[str, int] = MappingProxyType({"viewer": 1, "operator": 2, "admin": 3})
GROUP_PREFIX = "ebb-"


@dataclass(frozen=True, slots=True)
class User:
    """Who looks at the page. `role` is a key of RANK."""

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
    PageEntry("Operate", "Capacity", "capacity", "pages/capacity.py", ":material/tune:", "viewer"),
    PageEntry("Operate", "Doctor", "doctor", "pages/doctor.py", ":material/stethoscope:", "viewer"),
    PageEntry("Console", "Settings", "settings", "pages/settings.py", ":material/settings:", "viewer"),
)


def entry(path: str) -> PageEntry | None:
    """The page at a URL path, or None."""
    return next((p for p in PAGES if p.path == path), None)


def file_of(page: PageEntry) -> str:
    return str(ROOT / page.file)


def _on_loopback() -> bool:
    address = st.get_option("server.address")
    if not isinstance(address, str) or not address:
        return False
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def current_user() -> User | None:
    """The signed-in user with the role of their groups (ebb-viewer, ebb-operator, ebb-admin).

    Without sign-in only a server that listens on loopback has a user: whoever sits at this machine.
    None = nobody.
    """
    if st.user.get("is_logged_in", False):
        groups = st.user.get("groups")
        names: list[str] = [str(group) for group in groups] if isinstance(groups, list | tuple) else []
        roles = [role for role in RANK if GROUP_PREFIX + role in names]
        who = str(st.user.get("email") or st.user.get("name") or "signed in")
        return User(who, max(roles, key=RANK.__getitem__)) if roles else None
    return User("this machine", "admin") if _on_loopback() else None


def may(user: User | None, role: str) -> bool:
    return user is not None and RANK[user.role] >= RANK[role]


def require(role: str) -> User:
    """The user, if they hold at least `role`; otherwise the page says so and ends here."""
    user = current_user()
    if user is None:
        st.info(
            "This page needs someone signed in. Ebb listens beyond this machine and no sign-in is set up, "
            "or your account holds no role here.",
            icon=":material/lock:",
        )
        st.stop()
    if not may(user, role):
        st.info(f"This page needs the role {role}; you hold {user.role}.", icon=":material/lock:")
        st.stop()
    return user
