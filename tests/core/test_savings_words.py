"""The sentences of a saving: numbers that agree with each other, and nothing said that is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from ops.core import savings_aside as aside
from ops.core import savings_counted as counted
from ops.core import savings_story as story
from ops.core import savings_words as words
from ops.core.baselines import parse
from ops.core.cost import Basis
from ops.core.periods import Period, last_days, month
from ops.core.savings import Saving, total
from ops.core.types import Problem
from ops.core.views_savings import Elsewhere, SavingsQuery, SavingsView, Waits
from tests.components.samples import NOW
from tests.components.savings_samples import (
    CANDIDATE,
    DOC,
    FORECAST,
    LOST,
    NIGHT,
    PERIOD,
    WAITS,
    billed,
    nightly,
    office,
    one,
    row,
    rows,
    view,
)

UTC = ZoneInfo("UTC")
NOW_DAY = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


def test_the_sentence_of_one_endpoint() -> None:
    first, second = story.headline(one())
    assert first == (
        "doc-async cost about $961 in the last 30 days; always on at its peak it would have cost about $4,056."
    )
    assert second == "Saved about $3,095 (76 %)."


def test_several_endpoints_have_a_peak_each() -> None:
    first, _ = story.headline(view())
    assert first.startswith("3 endpoints cost about $")
    assert "; each always on at its peak, they would have cost about $" in first


def test_the_three_numbers_of_a_sentence_agree() -> None:
    found = one()
    whole = replace(found.total, usd=Decimal("412.40"), baseline_usd=Decimal("1030.70"))
    said = words.said(whole)
    assert said is not None
    assert (said.actual, said.baseline, said.saved) == (412, 1031, 619)
    assert f"${said.baseline - said.actual}" == "$619"


def test_a_bill_is_exact_and_not_about() -> None:
    first, second = story.headline(billed(one()))
    assert "about" not in first + second
    assert "cost $960.53 in the last 30 days" in first


def test_small_sums_keep_their_cents() -> None:
    found = replace(one(NIGHT).total, usd=Decimal("1.234"), baseline_usd=Decimal("12.5"))
    said = words.said(found)
    assert said is not None
    assert (words.dollars(said.actual), words.dollars(said.saved)) == ("$1.23", "$11.27")


@pytest.mark.parametrize(
    ("usd", "based", "told"),
    [
        ("500", "400", "That is $100 more: nothing was saved."),
        ("400", "400", "Nothing was saved."),
        ("0", "400", "Saved about $400 (100 %)."),
        ("1", "400", "Saved about $399 (99 %)."),
    ],
)
def test_what_was_saved_is_said_as_it_is(usd: str, based: str, told: str) -> None:
    found = one()
    whole = replace(found.total, usd=Decimal(usd), baseline_usd=Decimal(based))
    assert story.headline(replace(found, total=whole))[1] == told


def test_a_month_that_is_under_way_says_so() -> None:
    period = month("2026-11", NOW)
    found = view((row(DOC, lambda at: 1.0, period=period),), period=period, names=(DOC,))
    assert " so far in November 2026; " in story.headline(found)[0]
    assert story.settled(found) == "not complete: the period is still under way"
    over = month("2026-10", NOW)
    found = view((row(DOC, lambda at: 1.0, period=over),), period=over, names=(DOC,))
    assert " cost about $1,048 in October 2026; " in story.headline(found)[0]
    assert story.settled(found) == "complete: all minutes known; at today's price"


def test_nothing_known_is_no_number() -> None:
    found = view((row(DOC, lambda at: float("nan")),), names=(DOC,))
    assert story.headline(found) == ("What was saved in the last 30 days is not known.", "")
    assert counted.instances(found) == "nothing is known"


def half() -> SavingsView:
    """One endpoint of whose minutes 71 % are known."""
    known = 0.71 * (PERIOD.end - PERIOD.start)
    return view((row(DOC, lambda at: 1.0 if at - PERIOD.start < known else float("nan")),), names=(DOC,))


def test_what_is_known_of_an_estimate_stands_in_the_sentence_itself() -> None:
    found = half()
    assert " in the last 30 days, of which 71 % is known; always on" in story.headline(found)[0]
    assert "What is not known is in neither sum." in story.lead(found)
    assert "of which" not in story.headline(one())[0]


def only(found: SavingsView, known: int, of: int | None = None) -> SavingsView:
    """A bill of which so many days of so many are out."""

    def cut(row: Saving) -> Saving:
        days = row.days[: of or 30]
        told = tuple(d if i < known else replace(d, known=0.0, usd=None) for i, d in enumerate(days))
        return replace(row, days=told, days_known=known, days_lived=len(days))

    listed = tuple(cut(r) for r in found.rows)
    return replace(found, rows=listed, total=total(listed, Basis.BILLED))


def whole_days() -> SavingsView:
    period = Period(NOW_DAY - timedelta(days=30), NOW_DAY, NOW_DAY, "UTC", "in the last 30 days")
    return billed(view((row(DOC, office, period=period),), period=period, names=(DOC,)))


def test_what_part_of_a_bill_is_out_stands_in_the_sentence_itself() -> None:
    found = whole_days()
    assert " cost $960.53 in the last 30 days; " in story.headline(only(found, 30))[0]
    first, _ = story.headline(only(found, 12))
    assert " in the 12 of the last 30 days that are billed; always on at its peak it would" in first
    assert " in the 1 of the last 30 days that is billed; " in story.headline(only(found, 1))[0]
    assert "in the 5 of its first 9 days that are billed" in story.headline(only(found, 5, 9))[0]
    assert "The other days are in neither sum." in story.lead(only(found, 12))
    assert story.unknown(only(found, 30)) == ""


def test_a_month_of_a_bill_counts_its_own_days() -> None:
    period = month("2026-10", NOW)
    found = billed(view((row(DOC, office, period=period),), period=period, names=(DOC,)))
    assert (
        "in the 12 of the 31 days of October 2026 that are billed" in story.headline(only(found, 12, 31))[0]
    )
    now = replace(month("2026-11", NOW), until=NOW_DAY)
    found = billed(view((row(DOC, office, period=now),), period=now, names=(DOC,)))
    assert "in the 17 of the first 19 days of November 2026 that are billed" in story.when(
        only(found, 17, 19)
    )


def test_endpoints_with_different_billed_days_say_the_share() -> None:
    period = whole_days().query.period
    found = billed(view((row(DOC, office, period=period), row(NIGHT, nightly, period=period)), period=period))
    a, b = only(found, 30).rows[0], only(found, 15).rows[1]
    mixed = replace(found, rows=(a, b), total=total((a, b), Basis.BILLED))
    assert story.when(mixed) == "on the days that are billed, 75 % of those in the last 30 days"


def test_a_bill_is_final_and_an_estimate_only_complete() -> None:
    found = one()
    assert story.settled(found) == "complete: all minutes known; at today's price"
    assert story.settled(one(baseline="max")).endswith("; at today's price and maximum")
    assert story.settled(billed(found)) == "final"
    assert story.settled(half()) == "not complete: 71 % of the minutes known"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(950.0, "about 950"), (1234.0, "about 1,200"), (7.42, "about 7.4"), (0.3, "about under 1")],
)
def test_request_minutes_are_said_in_two_digits(minutes: float, said: str) -> None:
    assert aside.minutes(replace(WAITS, request_minutes=minutes)).startswith(
        said.replace("about under", "under")
    )


def test_a_candidate_is_told_with_its_fit_and_its_reasons() -> None:
    assert aside.candidate(CANDIDATE) == (
        "layout-detect: poor fit. It cost about $1,014, and would save about $714. "
        "It answers within a second, and a cold start takes minutes."
    )
    unknown = replace(CANDIDATE, saved=None, usd=None, why=("Too little is known to say.",))
    assert aside.candidate(unknown) == "layout-detect: not known. Too little is known to say."
    half_known = replace(CANDIDATE, coverage=0.6)
    assert "$1,014, of 60 % of its time, and would" in aside.candidate(half_known)


def test_what_is_billed_to_others_and_to_those_that_are_gone_is_one_sentence() -> None:
    found = replace(
        view(),
        bill_others=Elsewhere(("chat-live",), Decimal(20), Decimal("12.30")),
        bill_gone=Elsewhere(("old-a", "old-b"), Decimal("4.5"), None),
    )
    assert aside.elsewhere(found) == (
        "Billed besides, in none of these sums: $12.30 to chat-live, not on show here; "
        "4.5 instance-hours at no amount to old-a and old-b, gone since."
    )
    assert aside.elsewhere(view()) == ""


def test_no_endpoint_is_said() -> None:
    assert story.headline(replace(view(()), candidates=()))[0] == (
        "In the last 30 days no asynchronous endpoint was there."
    )
    assert story.headline(view(()))[0].endswith("was there: nothing sleeps yet.")
    chosen = replace(view(()).query, tags=(("team", "docs"),))
    assert story.headline(replace(view(()), query=chosen)) == (
        "No asynchronous endpoint fits this choice.",
        "",
    )


def test_why_no_endpoint_fits_is_said() -> None:
    tagged = SavingsQuery(PERIOD, tags=(("team", "docs"), ("team", "nobody")))
    found = replace(view(()), query=tagged)
    assert story.headline(found)[0] == "No endpoint has the tag team=nobody."
    assert "No endpoint has the tag team=nobody." in story.lead(replace(view(), query=tagged))
    assert story.reading(replace(found, history=(0, 4))) == "", "no number will move"
    denied = replace(found, problems=(Problem("tags", "AWS denied it.", ""),))
    assert story.nobody_has(denied) == "", "whose tags they are nobody knows"
    assert story.nobody_has(replace(found, tag_values={})) == ""
    early = replace(view((), period=month("2026-08", NOW)), first=NOW)
    assert story.headline(early)[0] == (
        "In August 2026 no asynchronous endpoint was there: the first was created on 20 November 2026."
    )


def test_no_month_ends_where_nothing_is_counted_or_expected() -> None:
    unknown = replace(FORECAST, expected=None, low=None, high=None)
    assert not aside.has_end(replace(view(()), forecast=unknown))
    assert aside.has_end(replace(view(), forecast=unknown))
    assert aside.has_end(view(()))


def test_what_is_missing_stands_beside_the_number() -> None:
    told = " ".join(story.lead(view()))
    assert "Not counted: new-type; of it not enough is known." in told
    assert "What is not known is in neither sum." in told
    assert "In the 30 days before: about $" in told
    assert "30 days before" not in " ".join(story.lead(view(before=False)))


def test_a_month_under_way_is_compared_with_the_same_time_of_the_one_before() -> None:
    def of(period: Period) -> str:
        return " ".join(story.lead(view((row(DOC, office, period=period),), period=period)))

    assert "By this time of October 2026: about $" in of(month("2026-11", NOW))
    assert "In September 2026: about $" in of(month("2026-10", NOW))
    assert "In the day before: about $" in of(last_days(1, NOW))


def test_while_the_past_is_read_the_numbers_are_said_to_move() -> None:
    told = story.reading(view(history=(1, 4)))
    assert told.startswith("The past is still being read: 1 of 4 endpoints done, 98 % of the minutes")
    assert story.reading(view()) == ""
    assert story.reading(replace(one(NIGHT), history=(1, 4))) == "", "of this choice everything is known"
    assert "of the minutes are known" not in " ".join(story.lead(view(history=(1, 4))))


def test_the_wait_is_told_with_its_worst_day() -> None:
    assert aside.waited(WAITS, UTC) == (
        "In return, 42 cold starts, 380 requests or more waited for them, about 950 request-minutes in all, "
        "95 of 100 waits under 7.4 min "
        "(11 min on Mondays). 2 requests expired in the queue."
    )
    assert aside.waited(Waits(0, 0, 0.0, 0, None), UTC) == "No request had to wait for a cold start."
    assert aside.waited(Waits(None, None, None, None, None), UTC) == ""
    assert aside.waited(None, UTC) == ""
    since = aside.waited(replace(WAITS, since=NOW, left_out=1), UTC)
    assert "42 cold starts since 20 Nov 2026 14:02" in since
    assert since.endswith("Of 1 endpoint nothing is known yet.")
    assert "95 of 100 known waits under 7.4 min" in since


def test_idle_money_is_told_where_it_is_known() -> None:
    assert "was paid while nothing was in work, $28.17 of it in warm windows." in aside.idle(view())
    assert aside.idle(billed(view())) == ""
    assert aside.idle(replace(view(), details={})) == ""


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        (None, "November 2026 ends at about $1,240 ($1,100 to $1,380)."),
        ("1000", "above the budget of $1,000.00."),
        ("1200", "probably above the budget of $1,200.00."),
        ("1300", "the budget of $1,300.00 may not be enough."),
        ("1400", "within the budget of $1,400.00."),
    ],
)
def test_the_month_ends_beside_its_budget(budget: str | None, told: str) -> None:
    found = replace(FORECAST, budget=None if budget is None else Decimal(budget))
    assert aside.forecast(found).endswith(told)


def test_without_a_forecast_that_is_said() -> None:
    found = replace(FORECAST, expected=None, low=None, high=None)
    assert aside.forecast(found) == "Where November 2026 ends is not known yet; about $800 so far."


def test_the_count_of_instances_over_time_is_short() -> None:
    assert counted.instances(one()) == "0 instances for 69 % of the time, 3 for 28 %, 4 for 3 %"
    many = replace(one(), rows=(row(DOC, lambda at: float(at.hour)),))
    assert counted.instances(many).startswith("0 instances for 4 % of the time, 1 to 2 for 8 %")


def pairs(found: SavingsView) -> dict[str, str]:
    return dict(counted.counting(found))


def test_how_it_was_counted_holds_every_number_behind_the_sentence() -> None:
    told = pairs(one())
    assert (
        told["period"]
        == "21 Oct 2026 13:45 to 20 Nov 2026 13:45, UTC; complete: all minutes known; at today's price"
    )
    assert told["actual"] == "682 instance-hours, $961 estimated"
    assert told["baseline"] == "2,880 instance-hours, $4,056"
    assert told["formula"].startswith("p99 of 43,200 known minutes (asleep = 0) = 4 instances")
    assert told["minutes known"] == "43,200 of 43,200 (100 %)"
    assert "minutes not known" not in told
    assert told["range of the actual"].startswith("$961 to $990: AWS does not say")
    several = pairs(view())
    assert several["not counted"] == "new-type: no price is known for ml.new.xlarge"
    assert several["minutes not known"].startswith("3,240: in neither sum")
    lost = pairs(one(LOST))
    assert lost["minutes known"].startswith("39,960 of 43,200")


def test_the_bill_names_its_source_and_its_price() -> None:
    found = billed(view())
    told = pairs(found)
    assert told["bill"] == "Cost Explorer, in whole UTC days; two days are open"
    assert (
        counted.paid(found) == "The bill was read with 2 calls to Cost Explorer, for which AWS bills $0.02."
    )
    assert "range of the actual" not in told
    assert "AWS's bill (Cost Explorer, read 20 Nov 2026 14:02)" in counted.made(found)
    assert counted.paid(view()) == ""
    estimated = replace(view(), paid_calls=2)
    assert counted.paid(estimated) == "", "somebody else asked for the bill"
    assert "paid for it" not in pairs(estimated)


def test_no_upper_end_where_one_endpoint_has_none() -> None:
    found = one()
    assert counted.upper_usd(found) == 990
    assert counted.upper_usd(replace(found, details={})) is None


def test_many_names_are_cut() -> None:
    assert words.named(["a", "b", "c", "d"]) == "a, b, c and d"
    assert words.named(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"


def test_a_price_has_its_source_and_its_day() -> None:
    assert counted.price(view().prices[0]) == "ml.g5.xlarge $1.4084 an hour: the list, as of 28 Sep 2026"


@pytest.mark.parametrize(
    ("text", "told"),
    [("peak", "always on at peak"), ("3", "always on at 3"), ("hours:7-20", "business hours only")],
)
def test_a_baseline_in_the_fewest_words(text: str, told: str) -> None:
    assert words.short(parse(text)) == told


def test_signs_and_shares() -> None:
    assert words.dollars(Decimal("-12.40")) == "−$12.40"
    assert words.share(Decimal("-0.07")) == "−7 %"
    assert words.share(None) == words.usd(None) == "–"
    assert total(rows()).ratio is not None


def test_what_is_younger_than_the_period_says_from_when_it_counts() -> None:
    year = last_days(365, NOW)
    found = replace(one(), query=SavingsQuery(year))
    assert story.lead(found)[0] == "Counted from 21 October 2026 on, when it was created."
    several = replace(view(), query=SavingsQuery(year))
    assert "when the first of them was created." in story.lead(several)[0]
    assert story.born(one()) == ""


def test_where_nothing_is_known_the_reason_stands_beside_it() -> None:
    found = view((row(DOC, lambda at: 1.0, price=None),))
    assert "No price is known for ml.new.xlarge." in story.lead(found)
