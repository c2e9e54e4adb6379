"""Exports that are odd, damaged or no exports at all: a clear error, or a sum that is right and says what was odd."""

from __future__ import annotations

import gzip
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ops.billing.reading import read_bill
from ops.core.bill import Bill
from ops.core.errors import BadInput
from tests.billing import exports
from tests.billing.exports import DAY, Line, account_bill

D = Decimal
HEAD = "usage type,quantity,cost\n"
ONE = f"{HEAD}USE1-AsyncInf:ml.g5.xlarge,2,2.8168\n"


def read(tmp_path: Path, text: str, name: str = "bill.csv") -> Bill:
    bill = read_bill([exports.plain(tmp_path / name, text)])
    assert bill.check_difference == 0
    assert bill.lines_difference == 0
    return bill


def refusal(tmp_path: Path, content: str | bytes, name: str = "bill.csv") -> BadInput:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(BadInput) as caught:
        read_bill([path])
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("drop", "named"),
    [
        ("line_item_unblended_cost", "lacks the column line_item_unblended_cost"),
        ("line_item_usage_type", "lacks the column line_item_usage_type"),
        ("line_item_usage_amount", "lacks the column line_item_usage_amount"),
    ],
)
def test_a_cur_without_a_column_that_is_needed(drop: str, named: str, tmp_path: Path) -> None:
    rows = [{k: v for k, v in exports.cur(line).items() if k != drop} for line in account_bill()]
    path = exports.parquet(tmp_path / "cur.parquet", rows)
    with pytest.raises(BadInput, match=named) as caught:
        read_bill([path])
    assert "xport" in caught.value.hint


def test_focus_without_its_cost_or_any_usage(tmp_path: Path) -> None:
    rows = exports.focus(account_bill())
    for gone in (("BilledCost",), ("x_UsageType", "SkuMeter", "ChargeDescription")):
        less = [{k: v for k, v in row.items() if k not in gone} for row in rows]
        with pytest.raises(BadInput, match=r"BilledCost|x_UsageType or ChargeDescription"):
            read_bill([exports.parquet(tmp_path / "focus.parquet", less)])


def test_no_export_at_all(tmp_path: Path) -> None:
    assert "is empty" in refusal(tmp_path, "").what
    page = "\n<!DOCTYPE html><html><body>Sign in, please</body></html>"
    assert "web page" in refusal(tmp_path, page).what
    assert "neither text nor Parquet" in refusal(tmp_path, b"\x00\x01\x02" * 50).what
    assert "ZIP" in refusal(tmp_path, b"PK\x03\x04 and more").what
    assert "UTF-16" in refusal(tmp_path, ONE.encode("utf-16")).what
    assert "no bill export that Ebb knows" in refusal(tmp_path, "name,height\nAnna,170\n").what
    assert "no table" in refusal(tmp_path, "just a line of text\nand another\n").what
    assert "lacks the column cost" in refusal(tmp_path, "usage type,quantity\nx,1\n").what
    with pytest.raises(BadInput, match="There is no file"):
        read_bill([tmp_path / "missing.csv"])
    (tmp_path / "hollow").mkdir()
    with pytest.raises(BadInput, match="no bill export in the folder 'hollow'"):
        read_bill([tmp_path / "hollow"])
    with pytest.raises(BadInput, match="No file was named"):
        read_bill([])


def test_files_that_were_cut_off(tmp_path: Path) -> None:
    lines = [replace(Line(), description=str(i) * 40) for i in range(400)]
    zipped = exports.legacy_csv(tmp_path / "whole.csv.gz", lines).read_bytes()
    for share in (0.3, 0.9):
        assert "cut.csv.gz" in refusal(tmp_path, zipped[: int(len(zipped) * share)], "cut.csv.gz").what
    many = gzip.compress((ONE + "".join(f"x{i},1,{i}.5\n" for i in range(300_000))).encode())
    assert "cut.csv.gz" in refusal(tmp_path, many[: len(many) - 40], "cut.csv.gz").what
    whole = exports.cur2_parquet(tmp_path / "whole.parquet", lines).read_bytes()
    assert "cut.parquet" in refusal(tmp_path, whole[: len(whole) // 2], "cut.parquet").what


def test_no_rows(tmp_path: Path) -> None:
    for bill in (read(tmp_path, HEAD), read_bill([exports.cur2_parquet(tmp_path / "none.parquet", [])])):
        assert (bill.lines, bill.file_total, bill.days, bill.check_difference) == (0, 0, (), 0)
        assert "The export has no lines." in bill.notes


def test_words_for_missing_are_missing_and_not_zero(tmp_path: Path) -> None:
    rows = [
        {k: "NULL" if v is None else v for k, v in exports.cur(replace(line, effective=None)).items()}
        for line in account_bill()
    ]
    path = tmp_path / "null.csv"
    path.write_text(exports.table(rows), encoding="utf-8")
    bill = read_bill([path])
    assert bill.check_difference == 0
    assert (bill.file_total, bill.hosting_hours) == (exports.TOTAL, exports.HOURS)
    assert bill.effective_cost is None
    for word in ("", "null", "NULL", "NaN"):
        bill = read(tmp_path, f"{ONE}USE1-AsyncInf:ml.g5.xlarge,{word},{word}\n")
        assert (bill.lines, bill.hosting_cost) == (2, D("2.8168"))
        assert "1 line has no cost: missing, and not counted as 0." in bill.notes
        assert any("hours not known" in note for note in bill.notes)


def test_a_number_that_is_none_stops_the_reading(tmp_path: Path) -> None:
    assert "'n.a. yet'" in refusal(tmp_path, f"{ONE}USE1-Train:ml.g5.xlarge,1,n.a. yet\n").what
    assert "quantity of hosting hours" in refusal(tmp_path, f"{ONE}USE1-AsyncInf:ml.g5.xlarge,some,1\n").what
    rows = [exports.cur(line) for line in account_bill()]
    rows[0]["line_item_unblended_cost"] = "1,408.4"
    path = tmp_path / "cur.csv"
    path.write_text(exports.table(rows), encoding="utf-8")
    with pytest.raises(BadInput, match=r"cost of 1 line is no number, such as '1,408\.4'"):
        read_bill([path])


def test_rounded_effective_costs_are_said(tmp_path: Path) -> None:
    rows = exports.focus([Line()] * 3)
    for row in rows:
        row["EffectiveCost"] = D("1.41")
    bill = read_bill([exports.parquet(tmp_path / "focus.parquet", rows)])
    assert (bill.hosting_cost, bill.effective_cost) == (D("4.2252"), D("4.23"))
    assert any("EffectiveCost of 3 lines" in note and "looks rounded" in note for note in bill.notes)


def test_more_decimals_than_are_kept_are_said(tmp_path: Path) -> None:
    bill = read(tmp_path, f"{ONE}USE1-AsyncInf:ml.g5.xlarge,1,0.1234567890123456789\n")
    assert bill.hosting_cost == D("2.940256789012345679")
    assert any("more than 18 decimals" in note for note in bill.notes)


def test_doubles_come_out_as_they_were_written(tmp_path: Path) -> None:
    costs = [D("0.1"), D("0.2"), D("1e-10"), D("999999999.99"), D("-1000000000.01")]
    bill = read_bill([exports.cur2_parquet(tmp_path / "a.parquet", [replace(Line(), cost=c) for c in costs])])
    assert bill.hosting_cost == bill.file_total == sum(costs)


def test_decimal_columns_are_taken_as_they_are(tmp_path: Path) -> None:
    table = pa.table(
        {
            "line_item_usage_type": ["USE1-Host:ml.m5.xlarge"] * 2,
            "line_item_line_item_type": ["Usage", "Usage"],
            "line_item_usage_amount": pa.array([1, 2], pa.int32()),
            "line_item_unblended_cost": pa.array([D("0.23"), D("0.4600000001")], pa.decimal128(20, 10)),
        }
    )
    pq.write_table(table, tmp_path / "d.parquet")
    bill = read_bill([tmp_path / "d.parquet"])
    assert (bill.hosting_hours, bill.hosting_cost) == (D(3), D("0.6900000001"))


def test_mixed_currencies_are_never_added(tmp_path: Path) -> None:
    lines = [
        *account_bill(),
        replace(Line(), currency="EUR", cost=D(100)),
        replace(Line(), currency="INR", cost=D(7)),
    ]
    bill = read_bill([exports.cur2_parquet(tmp_path / "a.parquet", lines)])
    assert (bill.currency, bill.file_total, bill.hosting_cost) == ("USD", exports.TOTAL, exports.COST)
    assert [(o.currency, o.lines, o.cost) for o in bill.other_currencies] == [
        ("EUR", 1, D(100)),
        ("INR", 1, D(7)),
    ]
    assert (bill.lines, bill.check_difference, bill.lines_difference) == (len(lines), 0, 0)
    assert any("Not in USD, and not added: EUR 100.00" in note for note in bill.notes)


def test_other_services_with_names_like_ours(tmp_path: Path) -> None:
    odd = [
        ("USE1-Host:ml.m5.xlarge", "AmazonEC2"),
        ("USE1-VpcEndpoint-Hours", "AmazonVPC"),
        ("USE1-Hosting:VolumeUsage.gp2", "AmazonES"),
    ]
    lines = [replace(Line(), usage_type=kind, service=service, cost=D(1)) for kind, service in odd]
    bill = read_bill([exports.legacy_parquet(tmp_path / "a.parquet", lines)])
    assert [(x.reason, x.cost) for x in bill.left_out] == [("other services", D(3))]
    words = "description,quantity,cost\n$0.01 per VPC Endpoint Hour,10,0.1\n"
    words += "$0.01 per GB VPC Endpoint Data Processed,1,0.2\nAWS Training and Certification,1,0.3\n"
    words += "$0.17 per Host hour of m5 dedicated host,1,0.4\n"
    assert [(x.reason, x.cost) for x in read(tmp_path, words).left_out] == [("other services", D(1))]


def test_a_byte_order_mark_semicolons_and_decimal_commas(tmp_path: Path) -> None:
    text = (
        '\ufeffDescription;Quantity;Cost\n"a ""quoted""\nHosting ml.m5.xlarge hour";"1.008,5";"1.231,455"\n'
    )
    text += "Tax;;0,50\n"
    bill = read(tmp_path, text)
    assert (bill.hosting_hours, bill.hosting_cost, bill.file_total) == (
        D("1008.5"),
        D("1231.455"),
        D("1231.955"),
    )
    assert [(x.reason, x.cost) for x in bill.left_out] == [("tax", D("0.5"))]


@pytest.mark.parametrize(
    "text",
    [
        "Service,Usage type,Quantity,Cost\nAmazon SageMaker,USE1-AsyncInf:ml.g5.xlarge,2,2.8\nTax,,,1.2\n",
        "Service,Usage type,Quantity,Cost\nSageMaker,USE1-AsyncInf:ml.g5.xlarge,2,2.8\nSageMaker,Tax,,1.2\n",
        "Usage type,Quantity,Cost\nUSE1-AsyncInf:ml.g5.xlarge,2,2.8\nTax,,1.2\n",
    ],
)
def test_tax_is_called_so_whichever_column_names_it(tmp_path: Path, text: str) -> None:
    bill = read(tmp_path, text)
    assert [(x.reason, x.cost) for x in bill.left_out] == [("tax", D("1.2"))]
    assert bill.hosting_cost == D("2.8")


def test_a_header_twice_in_one_file_and_a_column_twice(tmp_path: Path) -> None:
    bill = read(tmp_path, ONE + ONE)
    assert (bill.lines, bill.hosting_cost) == (2, D("5.6336"))
    assert "1 header line in the middle of the file left aside." in bill.notes
    assert (
        "a column twice: 'cost' and 'Cost'"
        in refusal(tmp_path, "usage type,quantity,cost,Cost\nx,1,2,3\n").what
    )


def test_a_remark_before_the_header(tmp_path: Path) -> None:
    bill = read(tmp_path, '"Don\'t see your tags in the report? They are new."\n\n' + ONE)
    assert bill.hosting_cost == D("2.8168")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("USE1-AsyncInf:ml.g5.xlarge,2", "bill.csv, line 3: 3 cells expected, 2 found."),
        ("USE1-AsyncInf:ml.g5.xlarge,2,3,4", "bill.csv, line 3: 3 cells expected, 4 found."),
        ('"USE1-AsyncInf:ml.g5.xlarge,2,3', "bill.csv is cut off or damaged: unexpected end of data."),
    ],
)
def test_lines_that_are_no_lines(line: str, why: str, tmp_path: Path) -> None:
    assert why in refusal(tmp_path, f"{ONE}{line}\n").what


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    assert "not in UTF-8" in refusal(tmp_path, f"{ONE}Gebühr,1,2\n".encode("latin-1")).what


def test_a_quote_inside_a_cell_is_no_end(tmp_path: Path) -> None:
    assert read(tmp_path, f'{ONE}disk of 5" size,1,2\n').file_total == D("4.8168")


def test_negative_hours_and_very_large_costs(tmp_path: Path) -> None:
    bill = read(
        tmp_path, f"{ONE}USE1-AsyncInf:ml.g5.xlarge,-0.5,-0.7042\nUSE1-Host:ml.m5.xlarge,1,1000000000.01\n"
    )
    assert (bill.hosting_hours, bill.hosting_cost) == (D("2.5"), D("1000000002.1226"))
    assert any("negative hours" in note for note in bill.notes)
    many = [replace(Line(), cost=D("9999999999.99"), start=DAY)] * 2000
    bill = read_bill([exports.legacy_csv(tmp_path / "big.csv.gz", many)])
    assert bill.file_total == D("9999999999.99") * 2000


@pytest.mark.parametrize(
    "name", ["o'clock; drop table t.csv", "a*b?[c].csv", "--format.csv", '"x".parquet', "ü ß.csv"]
)
def test_names_of_files_are_names_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / "axb1c.csv").write_text("not,this\n")
    assert read(tmp_path, ONE, name).hosting_cost == D("2.8168")


def test_text_of_others_is_text_alone(tmp_path: Path) -> None:
    nasty = "'); drop table t; --"
    line = replace(
        Line(), usage_type=f"X-Host:ml.m5.xlarge{nasty}", currency="U'D", resource=f"a:endpoint/{nasty}"
    )
    bill = read_bill([exports.cur2_parquet(tmp_path / "a.parquet", [line])])
    assert (bill.currency, bill.days[0].endpoint, bill.check_difference) == ("U'D", nasty, 0)


def test_exports_of_two_formats_are_not_mixed(tmp_path: Path) -> None:
    cur = exports.cur2_parquet(tmp_path / "a.parquet", [Line()])
    focus = exports.focus_parquet(tmp_path / "b.parquet", [Line()])
    with pytest.raises(BadInput, match=r"several formats: CUR 2\.0 and FOCUS 1\.2"):
        read_bill([cur, focus])


def test_a_format_can_be_named(tmp_path: Path) -> None:
    path = exports.cur2_parquet(tmp_path / "a.parquet", [Line()])
    assert read_bill([path], "CUR-2.0").format == "CUR 2.0"
    with pytest.raises(BadInput, match="FOCUS"):
        read_bill([path], "focus")
    with pytest.raises(BadInput, match="'xml' is not a format"):
        read_bill([path], "xml")
