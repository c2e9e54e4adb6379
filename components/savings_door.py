"""What the Savings page asks, through the door of session.py, and the names of what its session and URL keep."""

from __future__ import annotations

from components import session
from ops.core.cost import Basis
from ops.core.places import Place
from ops.core.views_savings import SavingsQuery, SavingsView

PERIOD, BASELINE, INSTANCES, BASIS, TAG = "period", "baseline", "instances", "basis", "tag"
"""URL and session: what the Savings page counts: "30d" or "2026-11", against what, in which money, of which tags."""
ACCOUNT, REGION = "account", "region"
"""URL: of which accounts and regions."""
MONTH = "month"
"""In a link: the same as PERIOD, as the command line calls it."""
TAGS_OFFERED, MOVE = "tags-offered", "savings-move"
"""Session: the tags that the newest answer on savings offered, and whether its past is still being read."""
EMPTY = "empty"
"""Kept under MOVE where nothing at all is known yet: the first number is waited for."""
SAVINGS_S, FIRST_S = 10.0, 2.0
"""So long savings serve everybody who asks the same; and so long while the first number is waited for."""


def savings(query: SavingsQuery, keep_s: float = SAVINGS_S) -> session.Told[SavingsView]:
    """What scale-to-zero saved, of what was read so far, or by the bill, which AWS is asked for. Raises OpsError.

    Of more accounts and regions than one, what was read of each; the others are read meanwhile.
    """
    asks = session.source().ask if query.basis is Basis.BILLED else session.source().recall
    beside = session.savings_places()
    return asks(
        ("savings", query),
        lambda console: console.savings(query) if beside is None else beside.together(console, query),
        keep_s,
    )


def known_places() -> tuple[Place, ...]:
    """Every account and region that Ebb knows, this one among them; empty while nobody can say."""
    here, beside = session.connection(), session.savings_places()
    if here is None:
        return ()
    return beside.known(here) if beside is not None else (Place(here.account, here.region),)


def names_beside() -> tuple[str, ...]:
    """The endpoints of other accounts and regions, as far as they were read."""
    beside = session.savings_places()
    return beside.names() if beside is not None else ()
