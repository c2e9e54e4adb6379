"""What Ebb asks of AWS: the one table of its calls, what IAM must allow for them, and policies made of that."""

from ops.core.permissions.declared import (
    BILLING,
    READS,
    Declared,
    Scope,
    Undeclared,
    declared,
    iam_action,
    insist,
    of_role,
)
from ops.core.permissions.table import TABLE

__all__ = [
    "BILLING", "READS", "TABLE", "Declared", "Scope", "Undeclared", "declared", "iam_action", "insist", "of_role",
]  # fmt: skip
