"""The line below every page: what Ebb itself asks of AWS, and what that costs."""

from __future__ import annotations

import streamlit as st

from components import cards, live, session
from components.markup import show
from ops.core.own_spending import slowed

EVERY_S = 15.0


def footer() -> None:
    """Calls, metrics and their price since the process started; nothing before the first call."""

    def body() -> None:
        usage = session.usage()
        if usage is None or not usage.calls:
            return
        known = session.connection()
        kind = known.kind if known is not None else session.wanted().kind
        st.space("small")
        spending = session.spending()
        slow = slowed(spending) if spending is not None else ""
        show(cards.usage(usage, kind, session.usage_age_s(usage), slow), key="footer")

    live.live_panel(body, key="footer-panel", at_least=EVERY_S)
