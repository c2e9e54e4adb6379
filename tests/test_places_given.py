"""Several accounts and regions as they are given: what is understood, and what each wrong one is told."""

from __future__ import annotations

import pytest

from ops import places_given
from ops.core.errors import BadInput
from ops.places_given import PlaceGiven, chosen, of_file, of_list

ROLE = "arn:aws:iam::222222222222:role/ops/ebb"
FILE = f"""
[[place]]
name = "prod"
profile = "hub"
regions = ["us-east-1", "eu-west-1"]

[[place]]
name = "partner"
role_arn = "{ROLE}"
external_id = "ebb-1234"
region = "eu-west-3"
write = false

[[place]]
name = "here"
"""


def test_a_list_names_profiles_each_with_a_region_where_one_is_meant() -> None:
    assert of_list("prod, prod@eu-west-1,Team A@us-gov-west-1") == (
        PlaceGiven("prod", "", "prod"),
        PlaceGiven("prod-eu-west-1", "eu-west-1", "prod"),
        PlaceGiven("Team-A-us-gov-west-1", "us-gov-west-1", "Team A"),
    )


def test_a_file_names_profiles_roles_and_regions() -> None:
    assert of_file(FILE) == (
        PlaceGiven("prod-us-east-1", "us-east-1", "hub"),
        PlaceGiven("prod-eu-west-1", "eu-west-1", "hub"),
        PlaceGiven("partner", "eu-west-3", "", ROLE, "ebb-1234", write=False),
        PlaceGiven("here"),
    )
    assert [each.words for each in of_file(FILE)] == [
        "profile hub in us-east-1",
        "profile hub in eu-west-1",
        "role ebb of 222222222222 in eu-west-3",
        "the AWS that the settings name",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("prod,,eu", "'' is no place"),
        ("prod@", "'prod@' is no place"),
        ("prod@mars", "'prod@mars' is no place"),
        ("@eu-west-1", "'@eu-west-1' is no place"),
        ("prod,prod", "Two places are called prod"),
        ("a b,a-b", "Two places are called a-b"),
        ("me@corp.com", "'me@corp.com' is no place"),
        ("p" * 64, "longer than 63"),
        (",".join(f"p{n}" for n in range(places_given.MOST + 1)), "more than the 40"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(given: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        of_list(given)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("", "names none", "docs/places.md"),
        ("[[place]", "no TOML", "docs/places.md"),
        ("[place]\nname = 'a'", "two brackets", "docs/places.md"),
        ("place = [1]", "two brackets", "docs/places.md"),
        ("region = 'eu-west-1'", "'region' at its top", r"\[\[place\]\] alone"),
        ("[[place]]\nregion = 'eu-west-1'", "Place number 1 has no name", "docs/places.md"),
        ("[[place]]\nname = 'a b'", "name of place 'a b' cannot be used: takes letters", ""),
        (
            "[[place]]\nname = 'a'\nrole = 'x'",
            "Place 'a' has a key 'role' that nobody",
            "It takes name, profile, role_arn",
        ),
        ("[[place]]\nname = 'a'\nzzz = 'x'", "a key 'zzz' that nobody knows", "It takes name, profile"),
        ("[[place]]\nname = 'a'\nrole_arn = 'ebb'", "role_arn of place 'a' cannot be used: is no role", ""),
        ("[[place]]\nname = 'a'\nexternal_id = 'abc'", "external_id and no role_arn", "Name the role"),
        (f"[[place]]\nname = 'a'\nrole_arn = '{ROLE}'\nexternal_id = 'a b'", "takes 2 to 1,224", ""),
        ("[[place]]\nname = 'a'\nrole_arn = 'arn:aws:iam::२२२२२२२२२२२२:role/ebb'", "is no role", ""),
        (f"[[place]]\nname = 'a'\nrole_arn = '{ROLE}'\nexternal_id = 'schlüssel'", "takes 2 to 1,224", ""),
        ("[[place]]\nname = 'a'\nregion = 'mars'", "region of place 'a' cannot be used: is no region", ""),
        ("[[place]]\nname = 'a'\nregions = []", "regions of place 'a' cannot be used", ""),
        ("[[place]]\nname = 'a'\nregions = ['eu-west-1', 'eu-west-1']", "names eu-west-1 twice", ""),
        ("[[place]]\nname = 'a'\nregion = 'eu-west-1'\nregions = ['eu-west-1']", "both region and", ""),
        ("[[place]]\nname = 'a'\nwrite = 'no'", "write of place 'a' cannot be used", ""),
        ("[[place]]\nname = 'a'\nendpoint_url = 'x'", "is no address like", ""),
        ("[[place]]\nname = 'a'\n[[place]]\nname = 'a'", "Two places are called a", "name of its own"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_the_place_and_the_key(
    text: str, said: str, hint: str
) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        of_file(text)
    assert caught.value.hint
    assert hint.replace("\\", "") in caught.value.hint


def test_one_of_them_is_chosen_by_its_name() -> None:
    given = of_list("prod-eu,prod-us")
    assert chosen(given, "prod-us").profile == "prod-us"
    with pytest.raises(BadInput, match="no place named 'prod-ux'") as caught:
        chosen(given, "prod-ux")
    assert caught.value.hint == "Did you mean prod-us?"
    with pytest.raises(BadInput) as caught:
        chosen(given, "zzz")
    assert caught.value.hint == "There are prod-eu, prod-us."


def test_nothing_that_may_be_secret_is_shown() -> None:
    (given,) = of_file(
        f"[[place]]\nname = 'a'\nrole_arn = '{ROLE}'\nexternal_id = 'ebb-1234'\n"
        "region = 'eusc-de-east-1'\nendpoint_url = 'http://user:pass@10.0.0.1:4600'"
    )
    assert given.words == "role ebb of 222222222222 at http://10.0.0.1:4600 in eusc-de-east-1"
    assert not any(secret in f"{given!r} {given.words}" for secret in ("pass", "ebb-1234"))
