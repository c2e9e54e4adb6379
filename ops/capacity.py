"""How one endpoint is set up to scale, for the page and the command that change it."""

from __future__ import annotations

from datetime import datetime

from ops.changing import Changing
from ops.core.change import Outcome
from ops.core.setup import SUSPENDED, differences
from ops.core.types import EndpointRef, Suspended
from ops.core.views_capacity import CapacityView


class Sizing(Changing):
    """The part of the console that tells how an endpoint is set up."""

    def capacity(self, name: str) -> CapacityView:
        """The set-up of an endpoint, read now, and what a change has to know besides.

        Raises UnknownEndpoint, Denied (a part of it cannot be read), OpsError.
        """
        setup, around = self._asked(name)
        since, who = None, ""
        if setup.target is not None and setup.target.suspended.any():
            since, who = self._suspended_since(around.endpoint.ref, setup.target.suspended)
        return CapacityView(self.connection(), setup, around, since, who)

    def _suspended_since(self, ref: EndpointRef, present: Suspended) -> tuple[datetime | None, str]:
        """Since when it is suspended like this, and who did it: from the journal, else from what CloudTrail told.

        (None, "") where neither tells.
        """
        for entry in self.records().journal(ref.name):
            if entry.outcome not in (Outcome.DONE, Outcome.PARTLY):
                continue
            if any(d.part == SUSPENDED for d in differences(entry.before, entry.after, ref)):
                target = entry.after.target
                if target is not None and target.suspended == present:
                    return entry.at, entry.actor.name
                break
        done = [c for c in self._log().of(ref.name) if "suspended" in c.what and not c.error]
        last = max(done, key=lambda change: change.at, default=None)
        return (last.at, last.who) if last is not None else (None, "")
