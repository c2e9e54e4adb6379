"""Who asks AWS, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.usage_view import connection, no_connection
from tests.components.samples import REAL


@pytest.mark.parametrize(
    ("caller", "role"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Ebb-viewer/kim", "Ebb-viewer, an assumed role"),
        ("arn:aws-cn:iam::123456789012:user/team/kim", "none: Ebb asks as the IAM user team/kim"),
        ("arn:aws:iam::123456789012:root", "none: Ebb asks as the account&#x27;s root"),
        ("", "not known"),
        ("<script>", "not known"),
    ],
)
def test_the_role_of_a_caller(caller: str, role: str) -> None:
    said = str(connection(replace(REAL, caller=caller), "profile x", "viewer"))
    assert f"<dt>IAM role</dt><dd>{role}</dd>" in said
    assert "<script>" not in said


def test_changes_are_possible_or_it_says_why_not() -> None:
    assert "<dd>cannot be made: EBB_WRITE is not set</dd>" in str(connection(REAL, "", "admin"))
    assert "<dt>changes of this AWS</dt><dd>can be made</dd>" in str(
        connection(replace(REAL, writable=True), "", "admin")
    )


def test_what_aws_lets_and_what_the_viewer_may_are_two_things() -> None:
    said = str(connection(replace(REAL, writable=True), "", "viewer"))
    assert "<dt>changes of this AWS</dt><dd>can be made</dd>" in said
    assert "<dt>your role in Ebb</dt><dd>viewer: you may look, and change nothing</dd>" in said


def test_without_an_answer_it_says_why_and_how_it_was_asked() -> None:
    said = str(no_connection("AWS (STS) cannot be reached.", "mars-west-1", "profile ops (AWS_PROFILE)"))
    for part in ("AWS (STS) cannot be reached.", "mars-west-1", "profile ops (AWS_PROFILE)"):
        assert part in said
    assert "it has not answered" in str(no_connection("", "", ""))
