"""Exports in a folder of this machine: their files, their manifests. Loads no engine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ops.billing.versions import ENDINGS, File, is_manifest

_HEAD = 1 << 20
"""Bytes of a manifest that are read."""


def within(folder: Path) -> tuple[list[File], list[File]]:
    """(files of exports, manifests) in a folder and below, in order; hidden ones left aside. Raises OSError."""
    top = folder.absolute()
    found = sorted(path for path in top.rglob("*") if path.is_file() and not _hidden(path, top))
    files = [seen(path) for path in found if path.name.lower().endswith(ENDINGS)]
    return files, [seen(path) for path in found if is_manifest(path.name)]


def seen(path: Path) -> File:
    return File(str(path), datetime.fromtimestamp(path.stat().st_mtime, UTC))


def manifest_text(address: str) -> str:
    with Path(address).open("rb") as file:
        return file.read(_HEAD).decode("utf-8", errors="replace")


def _hidden(path: Path, top: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(top).parts)
