"""The trust policy of a role that Ebb assumes: IAM's grammar, and what may stand in it."""

from __future__ import annotations

import pytest

from ops.core.errors import BadInput
from ops.core.permissions.trust import notes, trust

USER = "arn:aws:iam::123456789012:user/teams/anna"
ROLE = "arn:aws:iam::123456789012:role/ebb"
SESSION = "arn:aws:sts::123456789012:assumed-role/ebb/me"
ROOT = "arn:aws-cn:iam::123456789012:root"


def test_one_principal_with_an_external_id() -> None:
    assert trust([ROLE], "e-1") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "EbbAssumesThisRole",
                "Effect": "Allow",
                "Principal": {"AWS": ROLE},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "e-1"}},
            }
        ],
    }


def test_several_and_none_of_them_twice() -> None:
    (statement,) = trust([USER, ROLE, USER])["Statement"]
    assert statement["Principal"] == {"AWS": [USER, ROLE]}
    assert "Condition" not in statement


@pytest.mark.parametrize(
    ("principal", "external_id", "said"),
    [
        (ROLE, "e-1", ()),
        (USER, "", ("no external id",)),
        (SESSION, "e-1", ("one session alone",)),
        (ROOT, "e-1", ("trusts everybody in that account",)),
        ("123456789012", "", ("trusts everybody in that account", "no external id")),
    ],
)
def test_what_has_to_be_known_before_it_is_used(
    principal: str, external_id: str, said: tuple[str, ...]
) -> None:
    found = notes(trust([principal], external_id))
    assert len(found) == len(said)
    assert all(words in note for words, note in zip(said, found, strict=True))


@pytest.mark.parametrize(
    "principal",
    [
        "*",
        "",
        "ebb",
        "12345",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:s3:::bucket",
        f"{ROLE} ",
        "١٢٣٤٥٦٧٨٩٠١٢",
    ],
)
def test_nobody_whom_a_role_can_trust(principal: str) -> None:
    with pytest.raises(BadInput, match="nobody whom a role can trust") as caught:
        trust([principal])
    assert "get-caller-identity" in caught.value.hint


@pytest.mark.parametrize("external_id", ["x", "two words", "ä-1", "e\n1", "x" * 1225])
def test_an_external_id_that_sts_would_not_take(external_id: str) -> None:
    with pytest.raises(BadInput, match="cannot be an external id") as caught:
        trust([ROLE], external_id)
    assert "1,224" in caught.value.hint


def test_it_has_to_name_somebody() -> None:
    with pytest.raises(BadInput, match="Nobody is named"):
        trust([])
