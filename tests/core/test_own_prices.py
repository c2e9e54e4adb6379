"""Own rates and a discount: read, refused, applied, and shown with their source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.core.errors import BadInput
from ops.core.own_prices import OwnPrices, discount, rate_words, rates
from tests.core.money_samples import G5, price

SINCE = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "share"),
    [("12%", "0.12"), ("12.5 %", "0.125"), (" 12 ", "0.12"), ("0%", "0"), ("99.99%", "0.9999")],
)
def test_a_discount(text: str, share: str) -> None:
    assert discount(text) == Decimal(share)


@pytest.mark.parametrize("text", ["", "100%", "101", "-5%", "12 percent", "0,12", "nan", "1e1", "%"])
def test_what_is_no_discount(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        discount(text)
    assert caught.value.hint == "Write per cent from 0 to below 100, like 12%."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ml.g5.xlarge=1.10", {"ml.g5.xlarge": "1.10"}),
        (
            " ml.g5.xlarge = 1.10 ,ml.p4d.24xlarge=$37.688,",
            {"ml.g5.xlarge": "1.10", "ml.p4d.24xlarge": "37.688"},
        ),
    ],
)
def test_rates(text: str, found: dict[str, str]) -> None:
    assert rates(text) == {name: Decimal(usd) for name, usd in found.items()}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("g5.xlarge=1.1", "g5.xlarge=1.1"),
        ("ml.g5.xlarge", "ml.g5.xlarge"),
        ("ml.g5.xlarge=", "''"),
        ("ml.g5.xlarge=cheap", "'cheap'"),
        ("ml.g5.xlarge=0", "0"),
        ("ml.g5.xlarge=-1", "-1"),
        ("ml.g5.xlarge=nan", "nan"),
        ("ml.g5.xlarge=99999", "99999"),
        ("ml.g5.xlarge=1,1", "'1'"),
        ("ml.g5.xlarge=1, ml.g5.xlarge=2", "two rates"),
        (" , ", "no rate"),
    ],
)
def test_what_are_no_rates_is_named(text: str, named: str) -> None:
    with pytest.raises(BadInput) as caught:
        rates(text)
    assert named in caught.value.what


def test_a_list_price_less_the_discount_says_so() -> None:
    found = OwnPrices(Decimal("0.125")).less(price(usd="2"))
    assert found is not None
    assert (found.usd_per_hour, found.source) == (Decimal("1.75"), "a list less 12.5 %")
    assert OwnPrices(Decimal("0.10")).less(price()).source == "a list less 10 %"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("own rate", "the account's own rate"),
        ("as typed", "the price as typed"),
        ("AWS Price List (USE1-Host:ml.g5.xlarge)", "list price"),
        ("AWS Price List (USE1-Host:ml.g5.xlarge) less 12.5 %", "list price less 12.5 %"),
    ],
)
def test_a_rate_is_called_what_it_is(source: str, words: str) -> None:
    assert rate_words(replace(price(), source=source)) == words


def test_without_any_nothing_changes() -> None:
    assert OwnPrices().less(price()) == price()
    assert OwnPrices(Decimal("0.5")).less(None) is None
    assert OwnPrices(since=SINCE).rate(G5, "eu-central-1", "Host") is None


def test_an_own_rate_is_dated_and_named() -> None:
    own = OwnPrices(Decimal("0.5"), {G5: Decimal("1.10")}, SINCE)
    found = own.rate(G5, "eu-central-1", "AsyncInf")
    assert found is not None
    assert (found.usd_per_hour, found.source, found.as_of) == (Decimal("1.10"), "own rate", SINCE)
    assert found.region == "eu-central-1"


@given(st.decimals("0.0001", "120", places=4), st.integers(0, 9999))
def test_a_discount_is_exact(usd: Decimal, basis_points: int) -> None:
    found = OwnPrices(Decimal(basis_points) / 10_000).less(price(usd=str(usd)))
    assert found is not None
    assert found.usd_per_hour * 10_000 == usd * (10_000 - basis_points)
