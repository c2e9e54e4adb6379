"""The table of calls against the code that makes them, and against AWS's own models of its services."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import botocore.session
import pytest

from ops.core.fix_calls import Call, call
from ops.core.fixes import Await, Change, Create, Delete
from ops.core.permissions import READS, TABLE, Undeclared, declared, iam_action, insist, of_role
from ops.core.planning import needs
from ops.core.resources import CONFIG, ENDPOINT, KINDS, MODEL, Resource
from tests.core.fix_samples import every_kind

ROOT = Path(__file__).resolve().parents[3]
EVENTS = {
    "ops/aws/audit_words.py",
    "ops/aws/audit.py",
    "ops/core/marks.py",
    "ops/changes.py",
    "ops/authors.py",
}
"""Files that name operations because CloudTrail tells of them."""
BY_METHOD = {("pricing", "GetProducts"): "get_products", ("s3", "HeadObject"): "download_file"}
"""Calls that are also made through a method of the client."""
BY_PYATHENA = {
    "GetTableMetadata",
    "StartQueryExecution",
    "GetQueryExecution",
    "GetQueryResults",
    "StopQueryExecution",
}
BUILT = {f"{verb}{kind}" for verb in ("Create", "Delete") for kind in ("Model", "EndpointConfig", "Endpoint")}
"""Names that fix_calls puts together; `test_every_change_is_a_declared_call` makes each."""
CALLS = [row for row in TABLE if row.operation]


def named_in_code() -> set[str]:
    """Every text in the code that is the name of an operation of a service that Ebb calls."""
    session = botocore.session.get_session()
    services = {row.service for row in CALLS}
    operations = {o for s in services for o in session.get_service_model(s).operation_names}
    found: set[str] = set()
    for path in (ROOT / "ops").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        if name in EVENTS or name.startswith(("ops/local_aws/", "ops/core/permissions/")):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in operations:
                found.add(node.value)
    return found


def test_the_code_names_the_calls_of_the_table_and_no_others() -> None:
    known = {row.operation for row in CALLS}
    named = named_in_code()
    assert named - known == set()
    assert known - named - BUILT - BY_PYATHENA == set()


def every_change() -> list[Change]:
    parts = [
        Resource(kind, "doc", {"EndpointConfigName": "doc"} if kind == ENDPOINT else {}) for kind in KINDS
    ]
    made: list[Change] = [Create(part) for part in parts]
    made += [Delete(kind, "doc") for kind in (MODEL, CONFIG, ENDPOINT)]
    return [*every_kind("doc").changes, *made, Await("doc"), Await("doc", gone=True)]


@pytest.mark.parametrize("change", every_change(), ids=lambda c: type(c).__name__)
def test_every_change_is_a_declared_call_of_the_role_that_may_make_it(change: Change) -> None:
    made: Call = call(change)
    (row,) = declared(made.service, made.operation)
    if row.writes:
        assert row.role == needs([change])


def test_calls_are_spelt_as_the_services_spell_them_and_told_once_for_each_role() -> None:
    session = botocore.session.get_session()
    for row in CALLS:
        assert row.operation in session.get_service_model(row.service).operation_names
    keys = [(row.call or row.action, row.role, row.scope) for row in TABLE]
    assert len(keys) == len(set(keys))


def test_every_line_says_what_it_is_for_and_what_lives_without_it() -> None:
    for row in TABLE:
        assert re.fullmatch(r"[a-z-]+[0-9]?:[A-Z][A-Za-z]+", row.action), row
        assert row.role in READS
        assert row.needed_for
        assert row.without
        assert row.needed_for[-1] != "."
        assert bool(row.operation) != bool(row.with_calls), row
        assert all(
            tuple(each.split(":")) in {(r.service, r.operation) for r in CALLS} for each in row.with_calls
        )


def test_roles_build_on_each_other_and_viewers_change_nothing() -> None:
    viewer, operator, admin = (set(of_role(role)) for role in ("viewer", "operator", "admin"))
    assert viewer < operator < admin
    assert admin.isdisjoint(of_role("billing"))
    assert {row.action for row in viewer if row.writes} == {"sns:Publish"}  # notices, where they are set up
    with pytest.raises(KeyError):
        of_role("boss")


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "UploadPart", "s3:PutObject"),
        ("resourcegroupstaggingapi", "GetResources", "tag:GetResources"),
        ("service-quotas", "ListServiceQuotas", "servicequotas:ListServiceQuotas"),
        ("sagemaker-runtime", "InvokeEndpointAsync", "sagemaker:InvokeEndpointAsync"),
        ("sqs", "DeleteMessageBatch", "sqs:DeleteMessage"),
    ],
)
def test_what_iam_calls_by_another_name(service: str, operation: str, action: str) -> None:
    assert iam_action(service, operation) == action


def test_what_is_not_in_the_table_is_not_made() -> None:
    with pytest.raises(Undeclared, match="sagemaker:CreateTrainingJob"):
        insist("sagemaker", "CreateTrainingJob")
    with pytest.raises(Undeclared):
        iam_action("s3", "DeleteObject")
