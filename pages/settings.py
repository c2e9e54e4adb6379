"""Settings: what this console was started with, where notices go, and whether they arrive."""

import streamlit as st

from components import access, permissions_panel, scope, session, settings_view
from components.access import require
from components.live import live_panel
from components.markup import html, show

user = require("viewer")
zone = scope.zone()


def test() -> None:
    """The button: one test notice, however often it is clicked within some seconds."""
    may = access.may(user, "operator")
    sends = bool(session.notices().places)
    pressed = st.button(
        "Send a test notice",
        key="test-notice",
        icon=":material/notifications_active:",
        disabled=not (may and sends),
        help=None if may else "Needs the role operator",
    )
    if not may:
        st.caption(f"Sending a test needs the role operator; you hold {user.role}.")
    elif pressed and sends:
        sent = session.test_notice()
        st.caption("On its way: see below." if sent else "One was sent a moment ago: see below.")


def told() -> None:
    """What became of the newest notices."""
    body = settings_view.deliveries(session.notices().deliveries, zone.info, session.now())
    show(html('<div class="stack"><h2>Told last</h2>{body}</div>', body=body), key="deliveries")


def settings() -> None:
    body = settings_view.settings_table(session.settings())
    show(html('<div class="stack"><h2>Settings of this process</h2>{body}</div>', body=body), key="settings")


show(html('<h1 tabindex="-1">Settings</h1>'), key="settings-title")
view = session.notices()
show(
    html('<div class="stack"><h2>Notices</h2>{body}</div>', body=settings_view.notices(view)),
    key="notices",
)
if view.places:
    test()
    live_panel(told, key="told", part="what was told last")
live_panel(settings, key="settings-panel", part="the settings", at_least=3600.0)
permissions_panel.show(user)
