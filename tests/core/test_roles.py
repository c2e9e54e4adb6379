"""Who is what to Ebb: the setting, the sign-in, the kind of AWS, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.roles import Decision, Standing, by_groups, decide, ends, name_of

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(hours=1), NOW - timedelta(seconds=1)


def token(*groups: str, until: datetime | None = LATER) -> dict[str, object]:
    claims: dict[str, object] = {"email": "nina@example.com", "groups": list(groups)}
    return claims if until is None else claims | {"exp": int(until.timestamp())}


@pytest.mark.parametrize(
    ("setting", "kind", "role"),
    [
        (None, "embedded", "admin"),
        (None, "aws", "viewer"),
        ("viewer", "embedded", "viewer"),
        ("operator", "aws", "operator"),
        ("admin", "aws", "admin"),
    ],
)
def test_without_sign_in_the_setting_or_the_kind_of_aws_decides(setting, kind, role):
    assert decide(setting, kind, NOW, None) == Decision(Standing.IN, role)
    assert decide(setting, kind, NOW, None, near=False) == Decision(Standing.NOWHERE)


@pytest.mark.parametrize("kind", ["embedded", "aws"])
@pytest.mark.parametrize("near", [True, False])
@pytest.mark.parametrize(
    ("setting", "claims", "signed_in", "standing", "role"),
    [
        (None, {}, False, Standing.OUT, ""),
        ("admin", {}, False, Standing.OUT, ""),
        ("admin", token("ebb-admin"), False, Standing.OUT, ""),
        (None, token("ebb-viewer"), True, Standing.IN, "viewer"),
        (None, token("ebb-viewer", "ebb-operator", "staff"), True, Standing.IN, "operator"),
        (None, token("ebb-admin", "ebb-viewer"), True, Standing.IN, "admin"),
        (None, token("staff", "admin", "EBB-ADMIN", "ebb-root"), True, Standing.NO_GROUP, ""),
        (None, token(), True, Standing.NO_GROUP, ""),
        ("viewer", token("ebb-admin"), True, Standing.IN, "viewer"),
        ("operator", token(), True, Standing.IN, "operator"),
        ("admin", token("ebb-admin", until=EARLIER), True, Standing.EXPIRED, ""),
        (None, token("ebb-admin", until=NOW), True, Standing.EXPIRED, ""),
        (None, token("ebb-admin", until=None), True, Standing.EXPIRED, ""),
    ],
)
def test_with_sign_in_nobody_gets_in_without_it(kind, near, setting, claims, signed_in, standing, role):
    found = decide(setting, kind, NOW, claims, signed_in=signed_in, near=near)
    assert (found.standing, found.role) == (standing, role)


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"groups": "ebb-admin"}, "admin"),
        ({"groups": ["/ebb-operator"]}, "operator"),
        ({"groups": ["/team/ebb-admin"]}, ""),
        ({"cognito:groups": ["ebb-viewer"]}, "viewer"),
        ({"roles": ["ebb-viewer"], "groups": ["ebb-operator"]}, "operator"),
        ({"groups": "staff ebb-admin"}, ""),
        ({"groups": {"ebb-admin": True}}, ""),
        ({"groups": [["ebb-admin"], None, 7]}, ""),
        ({"email": "ebb-admin"}, ""),
    ],
)
def test_groups_as_providers_write_them(claims, role):
    assert by_groups(claims) == role


@pytest.mark.parametrize("exp", [None, "1795000000", True, float("nan"), float("inf"), 1e300, [1]])
def test_an_end_that_makes_no_sense_is_none(exp):
    assert ends({"exp": exp}) is None


def test_the_name_is_the_best_that_the_token_has():
    assert name_of({"sub": "7", "name": "Nina", "email": "nina@example.com"}) == "nina@example.com"
    assert name_of({"sub": "7", "email": ""}) == "7"
    assert name_of({}) == "somebody signed in"


@given(
    st.sampled_from([None, "viewer", "operator", "admin"]),
    st.sampled_from(["embedded", "aws"]),
    st.dictionaries(
        st.sampled_from(["groups", "roles", "exp", "email"]), st.text() | st.integers() | st.none()
    ),
    st.booleans(),
)
def test_a_role_is_held_by_those_who_are_in_and_by_nobody_else(setting, kind, claims, near):
    for signed_in in (False, True):
        found = decide(setting, kind, NOW, claims, signed_in=signed_in, near=near)
        assert (found.standing is Standing.IN) == bool(found.role)
        assert signed_in or found.standing is Standing.OUT
