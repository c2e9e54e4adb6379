"""Public holidays by country and its part, from the `holidays` library. Pure: its data are in the package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from functools import lru_cache

from ops.core.errors import BadInput


def countries() -> dict[str, tuple[str, ...]]:
    """The two-letter codes that are known, each with the codes of its parts."""
    import holidays  # takes a moment to load: only where somebody asks for holidays

    known = holidays.list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(known.items()) if len(code) == 2}


_SPELLED = {"dr": "DR", "hongkong": "Hong Kong"}
_SMALL = {"and", "of", "the", "da"}


@lru_cache(maxsize=1)
def country_names() -> dict[str, str]:
    """What each known code is called, by name: {"DE": "Germany"}."""
    from holidays.registry import COUNTRIES

    known = countries()
    named = {}
    for key, (_, code, *_rest) in COUNTRIES.items():
        words = [w if w in _SMALL else _SPELLED.get(w, w.capitalize()) for w in key.split("_")]
        if code in known:
            named[code] = " ".join(words)
    named |= {code: code for code in known if code not in named}
    return dict(sorted(named.items(), key=lambda each: each[1]))


@lru_cache(maxsize=64)
def part_names(country: str) -> dict[str, str]:
    """What the parts of a country are called, by name: {"BY": "Bayern"}; some have no name but their code."""
    import holidays

    parts = countries().get(country, ())
    if not parts:
        return {}
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    found = {part: (aliases.get(part) or [part])[0] for part in parts}
    return dict(sorted(found.items(), key=lambda each: each[1]))


def check(code: str) -> None:
    """Raises BadInput for a country or part that is not known: "DE", "DE-BY"."""
    country, _, part = code.partition("-")
    known = countries()
    if country not in known:
        near = get_close_matches(country.upper(), known, 3, 0.5)
        raise BadInput(
            f"No holidays are known for {country!r}.",
            "Use a two-letter country code such as DE, or DE-BY for a part of it."
            + (f" Did you mean {' or '.join(near)}?" if near else ""),
        )
    if "-" in code and part not in known[country]:
        some = ", ".join(known[country][:20])
        raise BadInput(
            f"{country} has no part {part!r} with holidays of its own.",
            f"Its parts are {some}{' and more' if len(known[country]) > 20 else ''}."
            if some
            else f"Leave it out: --holidays {country}.",
        )


def holidays_of(code: str, years: Iterable[int]) -> dict[date, str]:
    """The public holidays of a country or part in some years, with their names. Raises BadInput."""
    check(code)
    found: dict[date, str] = {}
    for year in years:
        found |= _of_year(code, year)
    return found


@lru_cache(maxsize=256)
def _of_year(code: str, year: int) -> dict[date, str]:
    import holidays

    country, _, part = code.partition("-")
    return dict(holidays.country_holidays(country, subdiv=part or None, years=year, language="en_US"))
