"""Which files of an export count: AWS may keep every delivery of a month, and each holds the whole month. Pure.

Paths (user guides of Data Exports and of Cost and Usage Reports): `…/data/BILLING_PERIOD=2026-11/[version/]file`,
`…/20261101-20261201/[assembly/]file`, `…/year=2026/month=11/file`. A manifest is written once its delivery is whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ops.core.words import count

ENDINGS = (".csv", ".csv.gz", ".parquet", ".gz", ".txt", ".tsv")
MANIFEST = "manifest.json"
_MONTH = re.compile(
    r"(?i)/(?:billing_period=(\d{4})-(\d{2})|year=(\d{4})/month=(\d{1,2})|(\d{4})(\d{2})\d{2}-\d{8})/"
)
_STAMPED = re.compile(r"\d{4}-?\d{2}-?\d{2}")
"""Versions of Data Exports are named by their time."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of an export. `address`: an absolute path, or s3://."""

    address: str
    written: datetime


@dataclass(frozen=True, slots=True)
class _Place:
    export: str
    month: str
    version: str


def concerns(address: str, first: date, last: date) -> bool:
    """Whether a file may hold some of the UTC days [first, last); one in the folder of another month does not."""
    place = _place(address)
    return place is None or f"{first:%Y-%m}" <= place.month <= f"{last - timedelta(days=1):%Y-%m}"


def is_manifest(address: str) -> bool:
    return address.lower().endswith(MANIFEST)


def counted(
    files: Sequence[File], manifests: Sequence[File], text: Callable[[str], str]
) -> tuple[list[File], list[str]]:
    """The files without those of older versions of their month, and what was left aside, in sentences.

    `text` gives a manifest's beginning. Without a manifest that tells, the version that was written last counts.
    """
    months: dict[tuple[str, str], dict[str, list[File]]] = {}
    for file in files:
        place = _place(file.address)
        if place is not None:
            months.setdefault((place.export, place.month), {}).setdefault(place.version, []).append(file)
    older: set[str] = set()
    notes = []
    for (export, month), versions in sorted(months.items()):
        if len(versions) < 2:
            continue
        own = [m for m in manifests if (p := _place(m.address)) and (p.export, p.month) == (export, month)]
        kept = _delivered(list(versions), own, text)
        if kept is None:
            kept = _latest(versions)
        older |= {file.address for name, each in versions.items() if name != kept for file in each}
        named = f" ({kept})" if kept else ""
        notes.append(
            f"The export keeps {count(len(versions), 'version')} of {month}: the newest{named} counts alone."
        )
    return [file for file in files if file.address not in older], notes


def _place(address: str) -> _Place | None:
    found = _MONTH.search(address)
    if found is None:
        return None
    year, month = (part for part in found.groups() if part)
    export = re.sub(r"/(?:data|metadata)$", "", address[: found.start()])
    below, _, _ = address[found.end() :].rpartition("/")
    folder = below.partition("/")[0]
    return _Place(export, f"{year}-{int(month):02}", "" if "=" in folder else folder)


def _delivered(versions: Sequence[str], manifests: Sequence[File], text: Callable[[str], str]) -> str | None:
    """The version that the newest manifest names, by its place or in its words."""
    for manifest in sorted(manifests, key=lambda each: each.written, reverse=True):
        place = _place(manifest.address)
        if place is not None and place.version:
            if place.version in versions:
                return place.version
            continue
        said = text(manifest.address)
        named = [each for each in versions if each and re.search(rf'["/]{re.escape(each)}["/]', said)]
        if len(named) == 1:
            return named[0]
    return None


def _latest(versions: dict[str, list[File]]) -> str:
    stamped = all(_STAMPED.match(name) for name in versions)
    return max(
        versions, key=lambda name: (name if stamped else "", max(f.written for f in versions[name]), name)
    )
