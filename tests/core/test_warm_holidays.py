"""Public holidays by names that a person reads, and the days that a plan with them is shut."""

from __future__ import annotations

from datetime import date

import pytest

from ops.core.warm import WarmPlan
from ops.core.warm_holidays import countries, country_names, part_names
from ops.core.warm_week import shut_says
from tests.core.warm_samples import at, office

NOW = at("2026-12-20 12:00")


def test_every_country_has_a_name() -> None:
    named = country_names()
    assert named.keys() == countries().keys()
    assert (named["DE"], named["GB"], named["HK"]) == ("Germany", "United Kingdom", "Hong Kong")
    assert (named["ST"], named["CD"]) == ("Sao Tome and Principe", "DR Congo")
    assert list(named.values()) == sorted(named.values())
    assert not [code for code, name in named.items() if code == name]


def test_parts_have_names() -> None:
    assert part_names("DE")["BE"] == "Berlin"
    assert part_names("US")["CA"] == "California"
    assert part_names("FR").keys() == set(countries()["FR"])
    assert part_names("VA") == {}


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (office(), ""),
        (
            office(holidays="DE-BY", until=date(2027, 1, 8)),
            "Shut on 25 Dec, 1 Jan and 6 Jan.",  # the 26th is a Saturday
        ),
        (
            office(holidays="DE-BY", until=date(2027, 12, 1)),
            "Shut on 25 Dec, 1 Jan, 6 Jan, 26 Mar, 29 Mar, 6 May, 17 May, 27 May and 1 more day.",
        ),
        (office(off=frozenset({date(2026, 12, 24)})), "Shut on 24 Dec."),
        (office(off=frozenset({date(2026, 12, 1)})), ""),
    ],
)
def test_the_next_shut_days_are_told(plan: WarmPlan, said: str) -> None:
    assert shut_says(plan, NOW) == said
