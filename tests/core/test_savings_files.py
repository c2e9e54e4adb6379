"""A saving as JSON, CSV and a printed page: the numbers of the view, nothing from outside, nothing lost."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from components.theme import TONES
from ops.core import savings_svg
from ops.core.cost import Basis
from ops.core.savings import total
from ops.core.savings_files import DAY_KEYS, KEYS, as_days, as_json, as_lines
from ops.core.savings_parts import calendar
from ops.core.savings_report import ROWS, report
from ops.core.types import Problem
from ops.core.views_savings import Elsewhere, SavingsView
from tests.components.savings_samples import (
    DEAR,
    DOC,
    LOST,
    PERIOD,
    PRICE,
    billed,
    lost,
    one,
    row,
    rows,
    view,
)


def test_json_has_every_key_and_null_where_nothing_is_known() -> None:
    found = json.loads(as_json(view()))
    assert list(found["total"])[: len(KEYS)] == list(KEYS)
    by_name = {each["name"]: each for each in found["endpoints"]}
    assert all(set(KEYS) <= set(each) for each in found["endpoints"])
    dear = by_name[DEAR]
    assert [
        dear[key] for key in ("actual_usd", "baseline_usd", "saved_usd", "saved_ratio", "price_source")
    ] == [None] * 5
    assert dear["missing"] == "no price is known for ml.new.xlarge"
    doc = by_name[DOC]
    assert doc["actual_usd"] == pytest.approx(682 * 1.4084)
    assert (doc["price_source"], doc["price_as_of"], doc["final"]) == ("the list", "2026-09-28", True)
    assert by_name[LOST]["coverage"] == 0.925
    assert found["total"]["left_out"] == [{"name": DEAR, "why": "no price is known for ml.new.xlarge"}]
    assert found["total"]["final"] is False


def test_json_holds_who_waited_what_real_time_could_save_and_what_is_billed_besides() -> None:
    odd = replace(view(), bill_gone=Elsewhere(("old",), Decimal(2), Decimal("2.80")))
    found = json.loads(as_json(replace(odd, rows=(replace(odd.rows[0], notes=("so",)), *odd.rows[1:]))))
    waits = found["total"]["waits"]
    assert (waits["cold_starts"], waits["requests_waited"], waits["request_minutes"]) == (42, 380, 950.0)
    by_name = {each["name"]: each for each in found["endpoints"]}
    assert by_name[DOC]["waits"]["request_minutes"] == 950.0
    assert by_name[LOST]["waits"] is None
    assert (by_name[DOC]["notes"], by_name[DOC]["gone"]) == (["so"], None)
    assert found["candidates"][0]["would_save_usd"] == 713.6
    assert found["billed_besides"]["gone"] == {"names": ["old"], "hours": 2.0, "billed_usd": 2.8}
    assert found["billed_besides"]["not_on_show"] is None


def test_a_bill_says_in_every_file_how_many_days_it_is_of() -> None:
    known = billed(view())
    rows_ = tuple(replace(r, days_known=12, days_lived=31) for r in known.rows)
    found = replace(known, rows=rows_, total=total(rows_, Basis.BILLED))
    doc = next(each for each in json.loads(as_json(found))["endpoints"] if each["name"] == DOC)
    assert (doc["days_billed"], doc["days_lived"], doc["coverage"]) == (12, 31, round(12 / 31, 4))
    lines = list(csv.DictReader(as_lines(found).splitlines()))
    assert {line["days_billed"] for line in lines if line["name"] == DOC} == {"12"}
    assert days_of(as_days(found))[0]["billed"] == "in the 12 of the last 30 days that are billed"
    assert "in the 12 of the last 30 days that are billed" in report(found)
    assert "billed" not in days_of(as_days(view()))[0]
    assert json.loads(as_json(view()))["total"]["days_billed"] is None


def test_an_estimate_says_in_words_what_final_means() -> None:
    above, _ = days_of(as_days(one()))
    assert (above["final"], above["settled"]) == ("yes", "complete: all minutes known; at today's price")


def test_json_of_nothing_is_null_and_never_zero() -> None:
    found = json.loads(as_json(view((row(DOC, lambda at: float("nan")),))))
    for each in (found["total"], *found["endpoints"]):
        assert [
            each[key] for key in KEYS if key.endswith("usd") or key in ("saved_ratio", "instance_hours")
        ] == [None] * 6


def test_json_of_a_bill_names_the_bill_as_its_source() -> None:
    found = json.loads(as_json(billed(view())))["total"]
    assert (found["basis"], found["price_source"], found["price_as_of"]) == (
        "billed",
        "Cost Explorer",
        "2026-11-20",
    )


def test_the_lines_of_csv_are_the_endpoints_and_the_total() -> None:
    lines = list(csv.DictReader(as_lines(view()).splitlines()))
    assert [line["name"] for line in lines][-1] == "total"
    assert tuple(lines[0]) == KEYS
    assert next(line for line in lines if line["name"] == DEAR)["actual_usd"] == ""


def days_of(text: str) -> tuple[dict[str, str], list[dict[str, str]]]:
    """What stands above, and the lines below."""
    above = dict(line[2:].split(": ", 1) for line in text.splitlines() if line.startswith("# "))
    below = [line for line in text.splitlines() if not line.startswith("# ")]
    return above, list(csv.DictReader(below))


def test_the_days_say_above_what_they_are() -> None:
    above, lines = days_of(as_days(view()))
    assert above["zone of the days"] == "UTC"
    assert above["basis"] == "estimated"
    assert above["currency"] == "USD"
    assert above["baseline"] == "always on at its peak"
    assert above["period"] == "2026-10-21T13:45:00+00:00 to 2026-11-20T13:45:00+00:00"
    assert "empty is not known" in above["units"]
    assert above["prices"] == "ml.g5.xlarge $1.4084 an hour: the list, as of 28 Sep 2026"
    assert above[f"baseline of {DOC}"].startswith("p99 of 43,200 known minutes")
    assert above[f"not counted, {DEAR}"] == "no price is known for ml.new.xlarge"
    assert tuple(lines[0]) == DAY_KEYS
    assert len(lines) == 4 * 31


def test_the_days_add_up_to_the_total() -> None:
    found = view()
    _, lines = days_of(as_days(found))
    for key, whole in (("actual_usd", found.total.usd), ("baseline_usd", found.total.baseline_usd)):
        assert whole is not None
        added = sum((Decimal(line[key]) for line in lines if line[key]), Decimal(0))
        assert abs(added - whole) < Decimal("0.0002")


def test_a_day_that_is_not_known_is_empty_and_not_zero() -> None:
    _, lines = days_of(as_days(view((row(LOST, lost),))))
    blind = [line for line in lines if line["known_share"] == "0.0000"]
    assert [line["day"] for line in blind] == ["2026-10-27"]
    assert [blind[0][key] for key in DAY_KEYS[3:8]] == [""] * 5
    dear = days_of(as_days(view((row(DEAR, lambda at: 1.0, price=None),))))[1]
    assert (dear[1]["instance_hours"], dear[1]["actual_usd"]) == ("24.000000", "")


def test_no_line_above_can_break_the_file() -> None:
    odd = replace(view(), query=replace(view().query, tags=(("team", 'a\nb,"c"'),)))
    above, lines = days_of(as_days(odd))
    assert above["tags"] == 'team=a b,"c"'
    assert len(lines) == 4 * 31


# -- the printed page


class Page(HTMLParser):
    """What a page holds: its words, its tags, and everything that leads outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br", "img", "link", "input"):
            self.open.append(tag)
        self.outside += [
            f"{k}={v}" for k, v in attrs if k in ("src", "href", "srcset", "data", "action", "xlink:href")
        ]
        self.outside += [f"{k}={v}" for k, v in attrs if k.startswith("on")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize(
    "found", [view(), one(), billed(view()), view(()), view((row(DOC, lambda at: float("nan")),))]
)
def test_the_page_is_whole_and_needs_nothing_from_outside(found: SavingsView) -> None:
    text = report(found)
    page = Page(text)
    assert page.open == []
    assert page.outside == []
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.tags)
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", text) == []
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#unknown-day", "#unknown-hour"}
    assert report(found) == text, "the same view gives the same bytes"


def test_the_page_holds_the_number_its_formula_its_price_and_what_is_not_known() -> None:
    found = view()
    told = " ".join(" ".join(Page(report(found)).words).split())
    for each in (
        "3 endpoints cost about $",
        "Saved about $",
        "In return, 42 cold starts",
        "Not counted: new-type",
        "the number of instances that 99 of 100 known minutes stayed at or below (asleep = 0)",
        "ml.g5.xlarge $1.4084 an hour: the list, as of 28 Sep 2026",
        "3,240: in neither sum, neither as asleep nor as paid",
        "Made by Ebb from instance counts in CloudWatch, times list price: the simulated AWS, account 123456789012",
        "as of 20 Nov 2026 14:02 UTC",
        "no price is known for ml.new.xlarge",
    ):
        assert each in told, each
    for name in (r.name for r in found.rows if r.usd is not None):
        assert name in told


def test_without_a_number_the_page_says_why_and_draws_nothing() -> None:
    page = Page(report(view((row(DEAR, lambda at: 1.0, price=None),))))
    told = " ".join(page.words)
    assert "is not known." in told
    assert "no price is known for ml.new.xlarge" in told
    assert "svg" not in page.tags


def test_text_of_others_cannot_become_markup() -> None:
    odd = view(problems=(Problem("<b>tags</b>", "<script>alert(1)</script>"),))
    assert "<script" not in report(odd)
    assert "&lt;script&gt;" in report(odd)


def test_of_many_endpoints_the_rest_is_one_line_with_its_sums() -> None:
    found = view(tuple(row(f"doc-{n:02}", lambda at: 1.0, "2") for n in range(ROWS + 5)), "2")
    text = report(found)
    assert text.count("<td>doc-") == ROWS
    rest = sum((r.usd or Decimal(0) for r in found.rows[ROWS:]), Decimal(0))
    assert f'and 5 more</td><td class="num" data-name="saved">${rest:,.2f}' in text


def test_up_to_eight_prices_are_on_the_page_those_of_one_source_in_one_line() -> None:
    def told(number: int) -> str:
        kinds = [f"ml.g{n}.xlarge" for n in range(number)]
        prices = tuple(replace(PRICE, instance_type=k, source=f"the list (USE1-AsyncInf:{k})") for k in kinds)
        return " ".join(Page(report(replace(view(), prices=prices))).words)

    four = told(4)
    assert "ml.g0.xlarge $1.4084, ml.g1.xlarge $1.4084, ml.g2.xlarge $1.4084, ml.g3" in four
    assert four.count(" an hour: the list (USE1-AsyncInf), as of") == 1
    assert "more instance type" not in four
    assert "and 1 more instance type (see the CSV)" in told(9)
    assert "and 3 more instance types (see the CSV)" in told(11)


def heights(text: str, fill: str) -> list[float]:
    return [float(h) for h in re.findall(rf'height="([\d.]+)" fill="{fill}"', text)]


def test_the_bars_of_the_printed_chart_are_the_days_of_the_view() -> None:
    found = one()
    text = savings_svg.days_svg(found.total.days)
    actual = heights(text, savings_svg.MONEY)
    days = [float(day.usd or 0) for day in found.total.days]
    assert len(actual) == len(days)
    scale = max(actual) / max(days)
    assert actual == pytest.approx([d * scale for d in days], abs=0.06)
    based = heights(text, savings_svg.FINE)
    assert based[1] == pytest.approx(float(found.total.days[1].baseline_usd or 0) * scale, abs=0.06)


def test_an_unknown_day_is_hatched_in_the_printed_chart() -> None:
    days = one(LOST).total.days
    text = savings_svg.days_svg(days)
    assert text.count('fill="url(#unknown-day)"') == sum(day.known < 1 for day in days) == 4
    assert len(heights(text, savings_svg.MONEY)) == len(days) - 1


def test_the_printed_calendar_has_a_field_for_every_hour_with_an_instance() -> None:
    found = calendar(rows(), PERIOD)
    text = savings_svg.calendar_svg(found)
    assert text.count(f'fill="{savings_svg.WARM}"') == int((found.hours > 0).sum())
    gone = calendar((row(LOST, lost),), PERIOD)
    assert savings_svg.calendar_svg(gone).count('fill="url(#unknown-hour)"') == int((gone.known == 0).sum())


def test_the_printed_colours_are_those_of_the_console() -> None:
    for name in ("TEXT", "MUTED", "GRID", "CARD", "MONEY", "FINE", "WARM"):
        assert getattr(savings_svg, name) == TONES[name.lower()].light


@pytest.mark.parametrize("most", [0.0, 0.03, 1.0, 7.9, 99.0, 1031.0, 123456.0])
def test_ticks_are_few_and_round(most: float) -> None:
    step = savings_svg.tick(most)
    assert step > 0
    assert most / step <= 4
