"""Exports that keep every delivery of a month: the newest counts, and the same lines never count twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.billing.reading import read_bill
from ops.billing.versions import File, concerns, counted
from ops.core.errors import BadInput
from tests.billing import exports
from tests.billing.exports import Line

D = Decimal
OLD, NEW = "20261110T040000Z-8f1c", "20261120T040000Z-1a2b"
TOP = "s3://bills/reports/ebb"


def at(day: int) -> datetime:
    return datetime(2026, 11, day, tzinfo=UTC)


def kept(
    files: Mapping[str, int], manifests: Mapping[str, tuple[int, str]] = {}
) -> tuple[list[str], list[str]]:
    """`files`: days of November by path; `manifests`: the same with their text."""
    found, notes = counted(
        [File(f"{TOP}/{path}", at(day)) for path, day in files.items()],
        [File(f"{TOP}/{path}", at(day)) for path, (day, _) in manifests.items()],
        lambda address: manifests[address.removeprefix(f"{TOP}/")][1],
    )
    return [file.address.removeprefix(f"{TOP}/") for file in found], notes


def test_the_newest_version_of_each_month_counts() -> None:
    month, before = "data/BILLING_PERIOD=2026-11", "data/BILLING_PERIOD=2026-10"
    files = {
        f"{month}/{OLD}/ebb-00001.parquet": 20,  # copied late: its name is older
        f"{month}/{NEW}/ebb-00001.parquet": 19,
        f"{month}/{NEW}/ebb-00002.parquet": 19,
        f"{before}/{OLD}/ebb-00001.parquet": 3,
    }
    found, notes = kept(files)
    assert found == list(files)[1:]
    assert notes == [f"The export keeps 2 versions of 2026-11: the newest ({NEW}) counts alone."]


def test_of_assemblies_the_one_that_was_written_last_counts() -> None:
    files = {"20261101-20261201/c0ffee/ebb-1.csv.gz": 19, "20261101-20261201/abcdef/ebb-1.csv.gz": 12}
    assert kept(files)[0] == ["20261101-20261201/c0ffee/ebb-1.csv.gz"]


def test_the_manifest_tells_which_delivery_is_whole() -> None:
    legacy = {"20261101-20261201/whole/ebb-1.csv.gz": 12, "20261101-20261201/begun/ebb-1.csv.gz": 19}
    said = json.dumps(
        {"assemblyId": "whole", "reportKeys": ["reports/ebb/20261101-20261201/whole/ebb-1.csv.gz"]}
    )
    assert kept(legacy, {"20261101-20261201/ebb-Manifest.json": (12, said)})[0] == list(legacy)[:1]
    two = {f"data/BILLING_PERIOD=2026-11/{name}/ebb-00001.parquet": 19 for name in (OLD, NEW)}
    beside = {f"metadata/BILLING_PERIOD=2026-11/{OLD}/ebb-Manifest.json": (19, "{}")}
    assert kept(two, beside)[0] == list(two)[:1]
    other_month = {"metadata/BILLING_PERIOD=2026-10/ebb-Manifest.json": (19, f'"/{OLD}/"')}
    assert kept(two, other_month)[0] == list(two)[1:]


@pytest.mark.parametrize(
    "files",
    [
        ["data/BILLING_PERIOD=2026-11/a-1.parquet", "data/BILLING_PERIOD=2026-11/a-2.parquet"],
        ["ebb/year=2026/month=10/a.parquet", "ebb/year=2026/month=11/a.parquet"],
        [
            "data/BILLING_PERIOD=2026-11/account=1/a.parquet",
            "data/BILLING_PERIOD=2026-11/account=2/a.parquet",
        ],
        ["a/bill.csv", "b/bill.csv"],
        ["one/20261101-20261201/x/a.csv", "two/20261101-20261201/y/a.csv"],
    ],
)
def test_what_are_no_versions_is_kept(files: Sequence[str]) -> None:
    assert kept(dict.fromkeys(files, 3)) == (files, [])


def test_files_of_other_months_are_told_by_their_folders() -> None:
    november = date(2026, 11, 5), date(2026, 11, 8)
    for month, expected in (("2026-10", False), ("2026-11", True), ("2026-12", False)):
        year, number = month.split("-")
        later = date(int(year), int(number), 1) + timedelta(days=31)
        for path in (
            f"data/BILLING_PERIOD={month}/a.parquet",
            f"year={year}/month={int(number)}/a.parquet",
            f"{year}{number}01-{later:%Y%m}01/c0ffee/a.csv.gz",
        ):
            assert concerns(f"{TOP}/{path}", *november) is expected
    assert concerns(f"{TOP}/bill.csv", *november)


def identified(path: Path, lines: Sequence[Line]) -> Path:
    """A CUR whose lines have names of their own."""
    rows = [
        exports.cur(line)
        | {"identity_line_item_id": f"id{n}", "identity_time_interval": f"{exports.stamp(line.start)}/"}
        for n, line in enumerate(lines)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        return exports.parquet(path, rows)
    path.write_text(exports.table(rows), encoding="utf-8", newline="")
    return path


HOURS = [replace(Line(), start=exports.DAY + timedelta(hours=n)) for n in range(6)]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_folder_of_versions_is_counted_once(ending: str, tmp_path: Path) -> None:
    month = tmp_path / "ebb" / "20261101-20261201"
    for name, lines, day in (("older", HOURS[:4], 10), ("newer", HOURS, 20)):
        path = identified(month / name / f"ebb-1.{ending}", lines)
        os.utime(path, (at(day).timestamp(),) * 2)
    bill = read_bill([tmp_path])
    assert (bill.lines, bill.hosting_hours) == (6, D(6))
    assert "The export keeps 2 versions of 2026-11: the newest (newer) counts alone." in bill.notes


@pytest.mark.parametrize("endings", [("parquet", "parquet"), ("parquet", "csv"), ("csv", "csv")])
def test_files_with_the_same_lines_are_refused(endings: tuple[str, str], tmp_path: Path) -> None:
    files = [
        identified(tmp_path / f"{name}.{ending}", lines)
        for name, ending, lines in zip("ab", endings, (HOURS[:4], HOURS), strict=True)
    ]
    with pytest.raises(
        BadInput, match=rf"a\.{endings[0]} and b\.{endings[1]} hold the same 4 lines"
    ) as caught:
        read_bill(files)
    assert "Name the newer one" in caught.value.hint


def test_pieces_of_one_delivery_are_added(tmp_path: Path) -> None:
    files = [identified(tmp_path / "1.parquet", HOURS[:3]), identified(tmp_path / "2.parquet", HOURS[3:])]
    assert read_bill(files).hosting_hours == D(6)
