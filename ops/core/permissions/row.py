"""One line of the table of calls: which call, which IAM action, for whom, how far it reaches, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ops.core.change import ROLES

BILLING = "billing"
"""The role of its own beside those of people: whoever reads bills, which AWS charges for."""
READS = (*ROLES, BILLING)
"""The roles that a policy can be made for."""


class Scope(StrEnum):
    """What a right reaches; `ops.core.permissions.policy` has the ARNs and conditions of each."""

    NOTHING = "needs no permission"
    ANY = "cannot be scoped"
    """AWS takes these actions on `*` alone, or Ebb reads all there is of them. Facts G.1."""
    ROLES = "roles to assume, where any are named"
    HOSTING = "endpoints, configurations and models"
    ENDPOINTS = "endpoints"
    TARGETS = "scalable targets of SageMaker"
    ALARMS = "alarms"
    LOGS = "log groups of endpoints"
    BUCKETS = "buckets of results"
    OBJECTS = "objects in buckets of results"
    INPUTS = "inputs that Ebb uploads"
    TOPICS = "topics"
    SUBSCRIPTIONS = "subscriptions of Ebb's own queues"
    NOTICES = "the topic of notices"
    QUEUES = "Ebb's own queues"
    EXECUTION = "execution roles of models"
    LINKED_ROLE = "the service-linked role of Application Auto Scaling"
    EXPORT_BUCKET = "the bucket of the bill export"
    EXPORT = "the bill export"
    ANSWERS_BUCKET = "the bucket of Athena's answers"
    ANSWERS = "Athena's answers"
    WORKGROUP = "the workgroup of Athena"
    CATALOG = "the data catalogue of Athena"
    TABLES = "the table of the bill export"

    @property
    def action_needed(self) -> bool:
        """Whether IAM has to allow anything for it."""
        return self is not Scope.NOTHING


@dataclass(frozen=True, slots=True)
class Declared:
    """A call that Ebb makes, with what IAM must allow for it; or what AWS checks beside calls.

    `service` and `operation` as botocore spells them. `with_calls`: of what is checked beside calls, those calls as
    "service:Operation"; then `operation` is empty. `role`: the least role that needs it. `needed_for` and `without`
    (which panel or page lives without it) in plain words. `price`: what AWS bills for one such call, where it does.
    """

    service: str
    operation: str
    action: str
    role: str
    scope: Scope
    needed_for: str
    without: str
    with_calls: tuple[str, ...] = ()
    price: str = ""
    writes: bool = False

    @property
    def call(self) -> str:
        """ "service:Operation"; empty where it is no call."""
        return f"{self.service}:{self.operation}" if self.operation else ""
