"""What the Savings page asks, through the door of session.py, and the names of what its session and URL keep."""

from __future__ import annotations

from components import session
from ops.core.cost import Basis
from ops.core.views_savings import SavingsQuery, SavingsView

PERIOD, BASELINE, INSTANCES, BASIS, TAG = "period", "baseline", "instances", "basis", "tag"
"""URL and session: what the Savings page counts: "30d" or "2026-11", against what, in which money, of which tags."""
MONTH = "month"
"""In a link: the same as PERIOD, as the command line calls it."""
TAGS_OFFERED, MOVE = "tags-offered", "savings-move"
"""Session: the tags that the newest answer on savings offered, and whether its past is still being read."""
EMPTY = "empty"
"""Kept under MOVE where nothing at all is known yet: the first number is waited for."""
SAVINGS_S, FIRST_S = 10.0, 2.0
"""So long savings serve everybody who asks the same; and so long while the first number is waited for."""


def savings(query: SavingsQuery, keep_s: float = SAVINGS_S) -> session.Told[SavingsView]:
    """What scale-to-zero saved, of what was read so far, or by the bill, which AWS is asked for. Raises OpsError."""
    asks = session.source().ask if query.basis is Basis.BILLED else session.source().recall
    return asks(("savings", query), lambda console: console.savings(query), keep_s)
