"""What the Planner page and the commands `replay` and `plan` ask."""

from __future__ import annotations

from ops.core.types import Price
from ops.opened import Opened


class PlannerConsole(Opened):
    """The part of the façade that replays traffic."""

    def price(self, instance_type: str) -> Price | None:
        """An instance-hour of that type in this region: the account's own rate, else the list price.

        None where AWS lists none. Raises OpsError.
        """
        return self._prices.price(self.connection().region, instance_type)
