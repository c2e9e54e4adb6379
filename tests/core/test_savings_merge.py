"""Savings of several places as one: sums in Decimal, nothing collides, and merging is associative."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.core.bill import Bill
from ops.core.places import Place, PlaceChoice, all_told, in_words
from ops.core.savings import LeftOut, total
from ops.core.savings_counted import counting, made, prices
from ops.core.savings_files import DAY_KEYS, KEYS, as_days, as_json, as_lines
from ops.core.savings_merge import NOT_LOOKED_AT, emptied, lines_elsewhere, merged
from ops.core.savings_report import report
from ops.core.savings_story import headline, lead, settled
from ops.core.types import Problem
from ops.core.views_savings import Elsewhere, Heard, SavingsView
from tests.components.samples import EMBEDDED
from tests.components.savings_samples import (
    DEAR,
    DOC,
    LOST,
    NIGHT,
    PERIOD,
    PRICE,
    billed,
    lost,
    nightly,
    office,
    row,
    view,
)

A, B, C = (
    Place("111111111111", "us-east-1"),
    Place("222222222222", "eu-west-1"),
    Place("222222222222", "us-east-1"),
)


def at(place: Place, *names: str, **more: Any) -> SavingsView:
    """A view of these endpoints at a place; prices of eu-west-1 are twice those of us-east-1."""
    levels = {DOC: office, NIGHT: nightly, LOST: lost, DEAR: office}
    rate = Decimal(2) if place.region == "eu-west-1" else Decimal(1)
    price = replace(PRICE, region=place.region, usd_per_hour=PRICE.usd_per_hour * rate)
    rows = tuple(row(name, levels[name], price=None if name == DEAR else price) for name in names)
    where = replace(EMBEDDED, account=place.account, region=place.region)
    found = view(rows, connection=where)
    earlier = tuple(
        row(name, levels[name], price=None if name == DEAR else price, period=PERIOD.previous())
        for name in names
    )
    before = total(earlier) if names else None
    return replace(
        found, prices=(price,), heard=(Heard((), None, 1),), before=before, before_rows=earlier, **more
    )


def told(found: SavingsView) -> Any:
    """All of a view that can be compared."""
    document = json.loads(as_json(found))
    document["total"]["coverage"] = round(document["total"]["coverage"], 3)
    return (
        document,
        as_lines(found),
        as_days(found),
        counting(found),
        found.total.usd,
        found.total.baseline_usd,
        found.total.days,
        found.before,
        found.forecast,
        found.reconciled,
        found.prices,
        found.months,
        found.tag_values,
        found.never_slept,
        list(found.details),
        found.waits,
        found.places,
        found.bill_elsewhere,
        found.problems,
    )


def test_what_two_places_call_by_one_name_stays_two_rows_at_the_prices_of_their_regions() -> None:
    both = merged([at(A, DOC), at(B, DOC)])
    assert [(r.name, r.place) for r in both.rows] == [(DOC, B), (DOC, A)]
    assert both.total.counted == (f"{DOC} (eu-west-1 of 222222222222)", f"{DOC} (us-east-1 of 111111111111)")
    here, there = at(A, DOC).total, at(B, DOC).total
    assert here.usd is not None
    assert there.usd == 2 * here.usd
    assert both.total.usd == 3 * here.usd
    assert both.total.hours == 2 * (here.hours or 0)
    assert set(both.details) == set(both.total.counted)
    assert [name for name, _ in prices(both)] == ["price in eu-west-1", "price in us-east-1"]


PLACED = st.tuples(
    *(st.sets(st.sampled_from([DOC, NIGHT, LOST, DEAR]), max_size=4).map(sorted) for _ in range(3))
)


@given(PLACED)
@settings(max_examples=12, deadline=None)
def test_merging_is_associative_and_totals_are_sums(names: tuple[list[str], ...]) -> None:
    views = [at(place, *each) for place, each in zip((A, B, C), names, strict=True)]
    whole = merged(views)
    assert told(merged([merged(views[:2]), views[2]])) == told(whole)
    assert told(merged([views[0], merged(views[1:])])) == told(whole)
    for field in ("usd", "baseline_usd", "hours", "saved"):
        known = [each for v in views if (each := getattr(v.total, field)) is not None]
        assert getattr(whole.total, field) == (sum(known, Decimal(0)) if known else None)
    by_day: dict[object, Decimal] = {}
    for v in views:
        for day in v.total.days:
            by_day[day.day] = by_day.get(day.day, Decimal(0)) + (day.usd or 0)
    assert {day.day: day.usd or 0 for day in whole.total.days} == by_day


def test_one_place_alone_stays_as_it_is_and_none_or_one_twice_is_refused() -> None:
    alone = at(A, DOC)
    assert merged([alone]) is alone
    for views in ([], [alone, at(A, NIGHT)], [merged([alone, at(B, DOC)]), at(B, NIGHT)]):
        with pytest.raises(ValueError, match="each place counts once"):
            merged(views)


def test_billed_and_estimated_are_never_merged() -> None:
    with pytest.raises(ValueError, match="never added"):
        merged([at(A, DOC), billed(at(B, DOC))])


def test_what_is_not_counted_is_named_with_its_place() -> None:
    gone = LeftOut("gone", "it was deleted")
    first = at(A, DOC)
    both = merged(
        [replace(first, total=replace(first.total, left_out=(gone,), final=True)), at(B, DOC, DEAR)]
    )
    assert [each.name for each in both.total.left_out] == [
        f"{DEAR} (eu-west-1 of 222222222222)",
        "gone (us-east-1 of 111111111111)",
    ]
    assert not both.total.final


def test_a_place_without_endpoints_counts_and_takes_nothing_away() -> None:
    empty = replace(at(B), forecast=replace(at(B).forecast, expected=None), waits=None, heard=())  # type: ignore[arg-type,type-var]
    both = merged([at(A, DOC), empty])
    assert both.total.usd == at(A, DOC).total.usd
    assert both.places == (A, B)
    assert both.forecast is not None
    assert both.forecast.expected is not None


def test_forecasts_are_added_and_unknown_where_one_is() -> None:
    one = at(A, DOC).forecast
    assert one is not None
    assert one.expected is not None
    both = merged([at(A, DOC), at(B, DOC)]).forecast
    assert both is not None
    assert (both.expected, both.low, both.high) == (2 * one.expected, 2 * one.low, 2 * one.high)  # type: ignore[operator]
    assert both.budget == one.budget, "it is for all together"
    assert [day[1] for day in both.by_day] == [2 * day[1] for day in one.by_day]
    blind = replace(at(B, DOC), forecast=replace(one, expected=None, low=None, high=None, by_day=()))
    half = merged([at(A, DOC), blind]).forecast
    assert half is not None
    assert (half.expected, half.by_day) == (None, ())


def test_problems_bills_and_what_is_elsewhere_name_their_place() -> None:
    note = f"30 lines {NOT_LOOKED_AT}"
    bill = Bill("x", "CUR 2.0", "USD", 3, Decimal(9), notes=("two days are open", note))
    more = Elsewhere(("chat",), Decimal(2), Decimal(3))
    dark = Place("333333333333", "us-east-2")
    views = [
        replace(
            billed(at(place, DOC)),
            bill=bill,
            problems=(Problem("tags", "AWS denied it."),),
            bill_others=more,
            bill_elsewhere=tuple((each, 10) for each in (A, B, dark) if each != place),
        )
        for place in (A, B)
    ]
    both = merged(views)
    assert [p.what for p in both.problems] == [f"{place.words}: AWS denied it." for place in (A, B)]
    assert both.bill_others == Elsewhere(
        ("chat (eu-west-1 of 222222222222)", "chat (us-east-1 of 111111111111)"), Decimal(4), Decimal(6)
    )
    assert both.bill_notes == tuple(f"{place.words}: two days are open" for place in (A, B))
    said = "10 lines are of other accounts or regions and not looked at here: us-east-2 of 333333333333 (10)"
    assert lines_elsewhere(both) == said
    assert said in dict(counting(both))["bill"]
    assert both.paid_calls == 4


def test_waits_are_those_of_all_endpoints_together() -> None:
    found = merged([at(A, DOC), at(B, DOC)])
    assert found.waits is not None
    assert found.waits.expired == 2
    assert (found.waits.cold_starts, found.waits.left_out) == (None, 2)


@pytest.mark.parametrize(
    ("views", "says"),
    [
        ((A,), f"{DOC} in us-east-1 of 111111111111 cost about"),
        ((A, B), "2 endpoints in us-east-1 of 111111111111 and eu-west-1 of 222222222222 cost about"),
    ],
)
def test_the_headline_says_over_which_accounts_and_regions(views: tuple[Place, ...], says: str) -> None:
    found = replace(merged([at(place, DOC) for place in views]), known_places=(A, B, C))
    assert headline(found)[0].startswith(says)
    assert report(found).count("us-east-1 of 111111111111") >= 1


def test_without_other_places_nothing_is_said_of_them() -> None:
    for known in ((), (A,)):
        found = replace(at(A, DOC), known_places=known)
        assert headline(found)[0].startswith(f"{DOC} cost about")
        assert "accounts and regions" not in dict(counting(found))


def test_what_is_missing_stands_beside_the_number_and_nothing_is_complete() -> None:
    both = merged([at(A, DOC), at(B, DOC)])
    found = replace(both, total=replace(both.total, final=False), missing_places=(C.words,))
    assert lead(found)[0] == (
        "Missing from all sums, because it could not be read: us-east-1 of 222222222222."
    )
    assert settled(found) == "not complete: accounts or regions are missing"
    assert json.loads(as_json(found))["places_missing"] == [C.words]
    assert "# missing from all sums: us-east-1 of 222222222222, not read\n" in as_days(found)


def test_nothing_that_fits_is_no_zero() -> None:
    nobody = replace(
        emptied(at(A, DOC)),
        known_places=(A, B, C),
        query=replace(at(A).query, places=PlaceChoice(("999999999999",))),
    )
    assert headline(nobody) == (
        "Nothing Ebb knows fits this account and region. It knows us-east-1 of 111111111111; "
        "eu-west-1 and us-east-1 of 222222222222.",
        "",
    )
    assert json.loads(as_json(nobody))["total"]["actual_usd"] is None
    dark = replace(nobody, missing_places=(B.words,))
    assert headline(dark)[0].endswith("is not known.")


def test_files_have_columns_of_account_and_region() -> None:
    found = merged([at(A, DOC), at(B, DOC)])
    rows = json.loads(as_json(found))["endpoints"]
    assert [(r["name"], r["account"], r["region"]) for r in rows] == [
        (DOC, B.account, B.region),
        (DOC, A.account, A.region),
    ]
    assert json.loads(as_json(found))["total"]["account"] is None
    assert KEYS[-2:] == DAY_KEYS[-2:] == ("account", "region")
    assert as_lines(found).splitlines()[1].endswith("222222222222,eu-west-1")
    assert as_days(found).splitlines()[-1].endswith("111111111111,us-east-1")
    page = report(found)
    assert "<th>account</th><th>region</th>" in page
    assert '<td data-name="account">222222222222</td><td data-name="region">eu-west-1</td>' in page
    assert "accounts and regions: us-east-1 of 111111111111; eu-west-1 of 222222222222" in made(found)
    assert "<th>account</th>" not in report(at(A, DOC))


def test_places_in_words() -> None:
    many = [Place(account, region) for account in ("1", "2") for region in ("a", "b")]
    assert in_words([A]) == A.words
    assert in_words(many) == "2 regions of 2 accounts"
    assert all_told(many) == "a and b of 1; a and b of 2"
    assert PlaceChoice().takes("1", "a")
    assert PlaceChoice(("1",), ("a",)).takes("1", "a")
    assert not PlaceChoice(("1",)).takes("", "a")
    assert not PlaceChoice((), ("b",)).takes("1", "a")


def test_a_view_is_of_the_place_of_its_connection_or_of_none() -> None:
    found = at(A, DOC)
    assert found.of_places == (A,)
    assert emptied(found).of_places == ()
