"""Settings: who asks which AWS, what that costs, what this console was started with, where notices go."""

import streamlit as st

from components import (
    access,
    permissions_panel,
    place,
    places_list,
    scope,
    session,
    settings_view,
    usage_view,
)
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
    how = "To change one, set the variable where Ebb is started, and start it again. Secrets are never shown."
    show(
        html(
            '<div class="stack"><h2>Settings of this process</h2><p class="muted">{how}</p>{body}</div>',
            how=how,
            body=body,
        ),
        key="settings",
    )


def connection() -> None:
    """Which AWS, and who asks."""
    known = session.connection()
    body = (
        usage_view.connection(known, session.credentials(), user.role)
        if known is not None
        else usage_view.no_connection(session.problem(), session.wanted().region, session.credentials())
    )
    show(html('<div class="stack"><h2>Connection</h2>{body}</div>', body=body), key="connection")


def places() -> None:
    """Every account and region of this console."""
    body = places_list.places_table(session.all_places(), place.here(), zone.info)
    show(html('<div class="stack"><h2>Accounts and regions</h2>{body}</div>', body=body), key="places")


def spending() -> None:
    """What Ebb itself asks of AWS this month."""
    found = session.spending()
    body = (
        usage_view.spending(found, zone.info, session.now(), everywhere=session.spending_everywhere())
        if found is not None
        else html('<p class="muted">Not known yet: AWS has not been read.</p>')
    )
    show(
        html('<div class="stack"><h2>Calls and money of Ebb itself</h2>{body}</div>', body=body),
        key="spending",
    )


show(html('<h1 tabindex="-1">Settings</h1>'), key="settings-title")
live_panel(connection, key="connection-panel", part="the connection", at_least=60.0)
if place.several():
    live_panel(places, key="places-panel", part="the other accounts and regions", at_least=15.0)
live_panel(spending, key="spending-panel", part="what Ebb itself asks of AWS", at_least=15.0)
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
