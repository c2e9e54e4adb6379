"""IAM policies for Ebb's roles, made of the table of calls: least privilege, each statement with an id.

`operator` holds all that `viewer` does, `admin` all that `operator` does; `billing` stands by itself and is attached
beside one of them. Source of what can be scoped: facts G.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ops.core.errors import BadInput
from ops.core.permissions.declared import of_role
from ops.core.permissions.places import STAND_INS, Places, checked, reach
from ops.core.permissions.row import READS, Declared, Scope

MOST = 6_144
"""Characters of one managed policy, white space not counted."""
VERSION = "2012-10-17"
Document = dict[str, Any]
_PART = {
    Scope.ANY: "Unscoped",
    Scope.ROLES: "AssumeRoles",
    Scope.HOSTING: "Hosting",
    Scope.ENDPOINTS: "Endpoints",
    Scope.TARGETS: "Scaling",
    Scope.ALARMS: "Alarms",
    Scope.LOGS: "Logs",
    Scope.BUCKETS: "ResultBuckets",
    Scope.OBJECTS: "Results",
    Scope.INPUTS: "Inputs",
    Scope.TOPICS: "Topics",
    Scope.SUBSCRIPTIONS: "Subscriptions",
    Scope.NOTICES: "Notices",
    Scope.QUEUES: "Queues",
    Scope.EXECUTION: "PassExecutionRole",
    Scope.LINKED_ROLE: "ServiceLinkedRole",
    Scope.EXPORT_BUCKET: "ExportBucket",
    Scope.EXPORT: "Export",
    Scope.ANSWERS_BUCKET: "AthenaResultsBucket",
    Scope.ANSWERS: "AthenaResults",
    Scope.WORKGROUP: "Athena",
    Scope.CATALOG: "AthenaCatalog",
    Scope.TABLES: "Tables",
}


def policy(role: str, places: Places, part: int | None = None) -> Document:
    """The policy of a role as one IAM document; `part`: the first is 1, where it takes several.

    Raises BadInput for an unknown role, for places that cannot be, and where it takes several and none was chosen.
    """
    found = documents(role, places)
    if part is None and len(found) > 1:
        raise BadInput(
            f"This policy is longer than the {MOST:,} characters that IAM takes: it comes in {len(found)} parts.",
            f"Print each with --part 1 to --part {len(found)}, and attach all of them.",
        )
    if part is not None and not 1 <= part <= len(found):
        raise BadInput(f"There is no part {part}: the policy has {len(found)}.", "The first part is 1.")
    return found[(part or 1) - 1]


def documents(role: str, places: Places) -> tuple[Document, ...]:
    """The same in as many documents as IAM's limit asks for. Raises BadInput."""
    if role not in READS:
        raise BadInput(f"There is no role {role!r}.", f"The roles are {', '.join(READS)}.")
    checked(places)
    parts: list[list[Document]] = [[]]
    for statement in _short(statements(of_role(role), places)):
        if parts[-1] and size(_document([*parts[-1], statement])) > MOST:
            parts.append([])
        parts[-1].append(statement)
    return tuple(_document(part) for part in parts)


def statements(rows: Iterable[Declared], places: Places) -> Iterator[Document]:
    """One statement for all that is needed within one scope, in the order of the table.

    A scope that reaches nothing, such as roles where none is named, has no statement.
    """
    actions: dict[Scope, set[str]] = {}
    for row in rows:
        if row.scope.action_needed:
            actions.setdefault(row.scope, set()).add(row.action)
    for scope, named in actions.items():
        resources, condition = reach(scope, places)
        if not resources:
            continue
        said: Document = {
            "Sid": f"Ebb{_PART[scope]}",
            "Effect": "Allow",
            "Action": sorted(named),
            "Resource": resources[0] if len(resources) == 1 else resources,
        }
        yield said | ({"Condition": condition} if condition else {})


def actions(document: Document) -> frozenset[str]:
    """All actions that a document of ours allows."""
    return frozenset(action for statement in document["Statement"] for action in statement["Action"])


def size(document: Document) -> int:
    """Characters as IAM counts them: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def missing(document: Document) -> tuple[str, ...]:
    """The stand-ins that somebody has to replace by names of their own."""
    text = json.dumps(document)
    return tuple(name for name in STAND_INS if name in text)


def notes(document: Document) -> tuple[str, ...]:
    """What a document of ours cannot know, in sentences."""
    resources = json.dumps(document)
    found = []
    if "iam:PassRole" in resources and ':role/*"' in resources:
        found.append(
            "iam:PassRole reaches every role of the account that SageMaker may take: name those of your models."
        )
    if "sts:AssumeRole" in resources:
        found.append(
            "Each role that is named must trust whoever has this policy: `python -m ops policy --trust` prints that."
        )
    if "s3:GetObject" in resources:
        found.append(
            "A bucket with a KMS key of your own also asks for kms:Decrypt on that key, and for kms:GenerateDataKey "
            "where something is written: add them for that key alone."
        )
    return tuple(found)


def _document(parts: list[Document]) -> Document:
    return {"Version": VERSION, "Statement": parts}


def _short(found: Iterable[Document]) -> Iterator[Document]:
    """Statements, those with very many resources cut into several."""
    for statement in found:
        resources = statement["Resource"]
        if isinstance(resources, str) or size(statement) <= MOST // 3:
            yield statement
            continue
        most = max(1, len(resources) * (MOST // 3) // size(statement))
        for number, begin in enumerate(range(0, len(resources), most), start=1):
            yield statement | {
                "Sid": f"{statement['Sid']}{number}",
                "Resource": resources[begin : begin + most],
            }
