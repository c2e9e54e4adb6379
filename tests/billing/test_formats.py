"""Every kind of export of one account gives the same bill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from ops.billing.reading import read_bill
from ops.core.bill import Bill, Charge
from tests.billing import exports
from tests.billing.exports import COST, DAY, EFFECTIVE, HOURS, TOTAL, Line, account_bill

D = Decimal
LEFT_OUT_OF_CUR = {
    "tax": D("12.3456789012"),
    "credits": D("-2.5"),
    "refunds and corrections": D("-1.1"),
    "savings plan negation": D("-0.46"),
    "savings plan and other recurring fees": D("0.30"),
    "other services": D("3.6"),
    "training": D("7.1"),
    "spot training": D("2.1"),
    "training warm pools": D("0.9"),
    "processing": D("0.8"),
    "batch transform": D("0.7"),
    "notebooks": D("0.61"),
    "studio": D("0.5"),
    "serverless inference": D("0.4"),
    "HyperPod clusters": D("113.068"),
    "other SageMaker": D("0.2"),
}
WRITERS: dict[str, tuple[str, Callable[[Path, list[Line]], Path]]] = {
    "a.parquet": ("CUR 2.0", exports.cur2_parquet),
    "b.parquet": ("legacy CUR", exports.legacy_parquet),
    "c.csv.gz": ("legacy CUR", exports.legacy_csv),
    "d.csv": ("legacy CUR", lambda path, lines: exports.legacy_csv(path, lines, zipped=False)),
}


def whole(bill: Bill) -> None:
    """What holds for every bill."""
    assert bill.check_difference == 0
    assert bill.lines_difference == 0


@pytest.mark.parametrize("name", WRITERS)
def test_a_cur_in_each_of_its_forms(name: str, tmp_path: Path) -> None:
    title, write = WRITERS[name]
    bill = read_bill([write(tmp_path / name, account_bill())])
    whole(bill)
    assert (bill.format, bill.currency, bill.lines) == (title, "USD", len(account_bill()))
    assert bill.file_total == TOTAL
    assert (bill.hosting_hours, bill.hosting_cost, bill.effective_cost) == (HOURS, COST, EFFECTIVE)
    assert (bill.storage, bill.data) == (D("0.03"), D("0.024"))
    assert {x.reason: x.cost for x in bill.left_out} == LEFT_OUT_OF_CUR
    assert (bill.first, bill.last) == (date(2026, 11, 3), date(2026, 11, 4))
    by_type = {t.instance_type: (t.hours, t.cost) for t in bill.by_type}
    assert by_type == {"ml.g5.xlarge": (D(6), 6 * D("1.4084")), "ml.m5.xlarge": (D("4.5"), D("1.035"))}
    assert {e.endpoint: e.hours for e in bill.by_endpoint} == {"doc-async": D(6), "chat": D("4.5")}


def test_days_of_hosting_tell_what_is_needed_to_reconcile(tmp_path: Path) -> None:
    bill = read_bill([exports.cur2_parquet(tmp_path / "a.parquet", account_bill())])
    first = next(d for d in bill.days if d.endpoint == "doc-async" and d.day == DAY.date())
    assert (first.account, first.region, first.usage_type) == (
        exports.ACCOUNT,
        "us-east-1",
        "USE1-AsyncInf:ml.g5.xlarge",
    )
    assert (first.hours, first.usd, first.listed) == (D(5), D("7.042"), D("7.042"))
    assert (first.asynchronous, first.charge, first.final, first.days) == (True, Charge.USAGE, True, 1)
    later = next(d for d in bill.days if d.day == date(2026, 11, 4))
    assert not later.final
    covered = next(d for d in bill.days if d.charge is Charge.COVERED)
    assert (covered.asynchronous, covered.usd, covered.effective) == (False, D("0.46"), D("0.3"))
    assert any("A savings plan covers 2.00 of the hours" in note for note in bill.notes)
    assert any("no invoice yet" in note for note in bill.notes)


@pytest.mark.parametrize(
    ("version", "extensions", "title"),
    [
        ("1.0", True, "FOCUS 1.0 with AWS columns"),
        ("1.1", True, "FOCUS 1.1 with AWS columns"),
        ("1.1", False, "FOCUS 1.1"),
        ("1.2", True, "FOCUS 1.2 with AWS columns"),
        ("1.2", False, "FOCUS 1.2"),
    ],
)
def test_focus_in_each_version(version: str, extensions: bool, title: str, tmp_path: Path) -> None:
    bill = read_bill([exports.focus_parquet(tmp_path / "f.parquet", account_bill(), version, extensions)])
    whole(bill)
    assert bill.format == title
    assert bill.file_total == exports.FOCUS_TOTAL
    assert (bill.hosting_hours, bill.hosting_cost, bill.effective_cost) == (
        HOURS,
        exports.FOCUS_COST,
        EFFECTIVE,
    )
    left_out = {x.reason: x.cost for x in bill.left_out}
    assert left_out == {k: v for k, v in LEFT_OUT_OF_CUR.items() if k != "savings plan negation"}
    assert any("2.00 hosting hours stand at a cost of 0" in note for note in bill.notes)


def test_focus_without_usage_types_goes_by_its_descriptions(tmp_path: Path) -> None:
    rows = exports.focus(account_bill(), "1.0", extensions=False)
    bill = read_bill([exports.parquet(tmp_path / "f.parquet", rows)])
    whole(bill)
    assert {t.instance_type: t.hours for t in bill.by_type} == {"ml.m5.xlarge": D("4.5")}
    assert bill.storage == D("0.03")
    assert bill.data == D("0.024")


def test_a_page_of_a_bill_in_words(tmp_path: Path) -> None:
    bill = read_bill([exports.plain(tmp_path / "bill.csv", exports.PAGE_OF_A_BILL)])
    whole(bill)
    assert bill.file_total == D("1485.22")
    assert {t.instance_type: (t.hours, t.cost) for t in bill.by_type} == {
        "ml.g4dn.12xlarge": (D("31.543"), D(1172)),
        "ml.m5.xlarge": (D("8.208"), D("2.11")),
        "ml.g4dn.xlarge": (D("1.299"), D("1.07")),
    }
    assert {x.reason: x.cost for x in bill.left_out} == {
        "debugger rules": D(0),
        "processing": D("0.01"),
        "notebooks": D("41.69"),
        "studio": D("171.45"),
        "training": D("23.78"),
        "training warm pools": D("44.04"),
        "batch transform": D("0.55"),
        "other services": D("28.49"),
    }
    assert (bill.storage, bill.effective_cost) == (D("0.03"), None)
    assert {day.asynchronous for day in bill.days} == {None}
    assert "The file has no dates." in bill.notes


def test_the_bill_csv_of_the_console(tmp_path: Path) -> None:
    bill = read_bill([exports.plain(tmp_path / "bill.csv", exports.CONSOLE_BILL)])
    whole(bill)
    assert (bill.format, bill.lines, bill.file_total) == ("AWS bill CSV", 2, D("168.2942"))
    assert (bill.hosting_hours, bill.hosting_cost) == (D("100.5"), D("141.5442"))
    assert {x.reason: x.cost for x in bill.left_out} == {
        "tax": D("28.05"),
        "credits": D("-1.5"),
        "other services": D("0.2"),
    }
    (day,) = bill.days
    assert (day.day, day.days, day.final) == (date(2026, 11, 1), 30, True)
    assert any("2 lines with totals" in note for note in bill.notes)
    assert not any("The largest of these totals" in note for note in bill.notes)


@pytest.mark.parametrize(
    "header",
    ["usage type,quantity,cost", "UsageType;Usage Quantity;Total Cost ($)", "Usage_Type\tQTY\tamount"],
)
def test_spellings_of_a_plain_header(header: str, tmp_path: Path) -> None:
    delimiter = next(d for d in ",;\t" if d in header)
    row = delimiter.join(("EUW1-AsyncInf:ml.g5.xlarge", "3", "4.5"))
    bill = read_bill([exports.plain(tmp_path / "bill.csv", f"{header}\n{row}\n")])
    whole(bill)
    assert (bill.hosting_hours, bill.hosting_cost, bill.days[0].asynchronous) == (D(3), D("4.5"), True)


def test_columns_that_an_export_lacks_are_unknown_not_zero(tmp_path: Path) -> None:
    wanted = (
        "line_item_usage_type",
        "line_item_line_item_type",
        "line_item_usage_amount",
        "line_item_unblended_cost",
    )
    rows = [{k: v for k, v in exports.cur(line).items() if k in wanted} for line in account_bill()]
    bill = read_bill([exports.parquet(tmp_path / "small.parquet", rows)])
    whole(bill)
    assert (bill.hosting_hours, bill.hosting_cost) == (HOURS, COST)
    assert bill.effective_cost is None
    assert {(d.day, d.endpoint, d.listed, d.final) for d in bill.days} == {(None, None, None, False)}
    assert any("Include resource ids" in note for note in bill.notes)


def test_several_files_a_folder_and_a_file_named_twice(tmp_path: Path) -> None:
    lines = account_bill()
    (tmp_path / "month").mkdir()
    first = exports.cur2_parquet(tmp_path / "month" / "a.parquet", lines[:9])
    second = exports.cur2_parquet(tmp_path / "month" / "b.parquet", lines[9:])
    (tmp_path / "month" / "_manifest.json").write_text("{}")
    for named in ([first, second], [tmp_path / "month"], [tmp_path / "month", first, second]):
        bill = read_bill(named)
        whole(bill)
        assert (bill.file_total, bill.hosting_hours, bill.lines) == (TOTAL, HOURS, len(lines))
    assert any("a.parquet was named twice" in note for note in bill.notes)
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(first.read_bytes())
    bill = read_bill([first, second, copy])
    assert bill.file_total == TOTAL
    assert any("copy.parquet is a copy of a.parquet" in note for note in bill.notes)


def test_the_free_tier_is_left_out_and_its_hours_are_told(tmp_path: Path) -> None:
    free = Line(cost=D(0), quantity=D(3), description="$0.00 per hour under monthly free tier", listed=None)
    bill = read_bill([exports.legacy_parquet(tmp_path / "a.parquet", [Line(), free])])
    whole(bill)
    assert bill.hosting_hours == 1
    assert [(x.reason, x.lines, x.cost) for x in bill.left_out] == [("free tier", 1, D(0))]
    assert [day.hours for day in bill.free] == [D(3)]
    assert any("free tier paid 3.00 further hosting hours" in note for note in bill.notes)


def test_a_cur_2_as_csv_where_maps_are_text(tmp_path: Path) -> None:
    rows = []
    for line in account_bill():
        row = {k: v for k, v in exports.cur(line).items() if k != "product_region_code"}
        rows.append(row | {"product": '{"region":"us-east-1","x":"a,b"}', "resource_tags": "{}"})
    path = tmp_path / "cur2.csv"
    path.write_text(exports.table(rows), encoding="utf-8", newline="")
    bill = read_bill([path])
    whole(bill)
    assert (bill.format, bill.file_total, bill.hosting_hours) == ("CUR 2.0", TOTAL, HOURS)
    assert {day.region for day in bill.days} == {"us-east-1"}


@pytest.mark.parametrize(
    ("header", "cell", "currency", "assumed"),
    [
        ("cost", "4.5", "USD", True),
        ("cost ($)", "4.5", "USD", False),
        ("cost", "USD 4.50", "USD", False),
        ("cost", "€ 4.50", "EUR", False),
        ("Cost in EUR", "4.5", "EUR", False),
    ],
)
def test_the_currency_of_a_plain_bill(
    header: str, cell: str, currency: str, assumed: bool, tmp_path: Path
) -> None:
    text = f"usage type,quantity,{header}\nUSE1-AsyncInf:ml.g5.xlarge,3,{cell}\n"
    bill = read_bill([exports.plain(tmp_path / "bill.csv", text)])
    assert (bill.currency, bill.file_total) == (currency, D("4.5"))
    assert any("no currency" in note for note in bill.notes) is assumed
