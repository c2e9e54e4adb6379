"""Looking things up in the table of calls."""

from __future__ import annotations

from functools import cache

from ops.core.change import ROLES
from ops.core.errors import OpsError
from ops.core.permissions.row import BILLING, READS, Declared, Scope
from ops.core.permissions.table import TABLE

__all__ = [
    "BILLING",
    "READS",
    "Declared",
    "Scope",
    "Undeclared",
    "declared",
    "iam_action",
    "insist",
    "of_role",
]


class Undeclared(OpsError):
    """Ebb was about to make a call that its table of calls does not have. Nothing was sent."""

    def __init__(self, service: str, operation: str) -> None:
        super().__init__(
            f"Ebb does not declare the call {service}:{operation}, so it does not make it.",
            "This is a fault of Ebb: no policy of its own would allow the call. Please report it.",
            code="Undeclared",
        )


@cache
def declared(service: str, operation: str) -> tuple[Declared, ...]:
    """The lines of one call, as botocore spells it; several where roles need it for different things."""
    return tuple(row for row in TABLE if (row.service, row.operation) == (service, operation))


def insist(service: str, operation: str) -> None:
    """Raises Undeclared for a call that is not in the table."""
    if not declared(service, operation):
        raise Undeclared(service, operation)


def iam_action(service: str, operation: str) -> str:
    """What IAM calls a call. Raises Undeclared."""
    insist(service, operation)
    return declared(service, operation)[0].action


def of_role(role: str) -> tuple[Declared, ...]:
    """What a role needs, with what the roles below it need; `billing` stands by itself. KeyError: no such role."""
    if role == BILLING:
        return tuple(row for row in TABLE if row.role == BILLING)
    if role not in ROLES:
        raise KeyError(role)
    enough = ROLES[: ROLES.index(role) + 1]
    return tuple(row for row in TABLE if row.role in enough)
