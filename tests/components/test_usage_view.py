"""Who asks AWS, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.usage_view import connection
from tests.components.samples import REAL


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Ebb-viewer/kim", "Ebb-viewer, an assumed role"),
        ("arn:aws-cn:iam::123456789012:user/team/kim", "none: the IAM user team/kim"),
        ("arn:aws:iam::123456789012:root", "none: the account&#x27;s root"),
        ("", "not known"),
        ("<script>", "not known"),
    ],
)
def test_the_role_of_a_caller(caller: str, role: str) -> None:
    said = str(connection(replace(REAL, caller=caller), "profile x"))
    assert f"<dt>role</dt><dd>{role}</dd>" in said
    assert "<script>" not in said


def test_changes_are_possible_or_it_says_why_not() -> None:
    assert "<dd>not possible: EBB_WRITE is not set</dd>" in str(connection(REAL, ""))
    assert "<dt>changes</dt><dd>possible</dd>" in str(connection(replace(REAL, writable=True), ""))
