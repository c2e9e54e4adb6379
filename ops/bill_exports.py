"""The files of a bill export that some days need: those of this machine, or objects of S3, fetched once and kept.

Each export from S3 has a folder of its own below Ebb's state. What is there under a name of Ebb's own and is no longer
in the export is removed, and nothing else.
"""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from ops import clock
from ops.aws import objects
from ops.aws.calls import Reading
from ops.billing import versions
from ops.billing.folders import manifest_text, seen, within
from ops.billing.versions import File, concerns, counted
from ops.core.errors import BadInput, Denied, OpsError
from ops.core.request_seen import ObjectSeen

READABLE = (".parquet", ".csv", ".csv.gz")
MOST_BYTES = 20 * 2**30
LEFT_OVER_S = 86_400.0
"""A piece of a download that is so old is nobody's any more."""
_OWN = re.compile(r"[0-9a-f]{24}-")
_PIECE = re.compile(r"[0-9a-f]{24}-.*\.part(?:\.\w+)?")
_NAME = 80
_fetching = threading.Lock()
_HINTS = {
    errno.ENOSPC: "Free some space there, or read the export by Athena: set EBB_BILL_TABLE.",
    errno.EDQUOT: "Free some space there, or read the export by Athena: set EBB_BILL_TABLE.",
}


@dataclass(frozen=True, slots=True)
class Files:
    """Paths, when the newest of them was written, and what was left aside, in sentences."""

    paths: tuple[str, ...]
    written: datetime
    notes: tuple[str, ...] = ()


def files(reading: Reading, export: str, folder: Path | None, first: date, last: date) -> Files:
    """The files that the UTC days [first, last) need. `folder`: where exports of S3 are kept.

    Raises BadInput, Denied, OpsError.
    """
    if not export.startswith("s3://"):
        return _here(Path(export), first, last)
    if folder is None:
        raise BadInput(
            f"There is no folder to keep {export} in.",
            "Set EBB_STATE_DIR, or read it by Athena: EBB_BILL_TABLE.",
        )
    place = folder / hashlib.sha256(export.rstrip("/").encode()).hexdigest()[:16]
    try:
        with _fetching:
            return _Fetching(reading, export, place).files(first, last)
    except OSError as error:
        raise OpsError(
            f"The bill export cannot be kept in {place}: {error.strerror or error}.",
            _HINTS.get(
                error.errno or 0, "Ebb must be able to write there; EBB_STATE_DIR chooses another place."
            ),
            retryable=True,
        ) from error


def _here(export: Path, first: date, last: date) -> Files:
    try:
        if export.is_file():
            return Files((str(export),), seen(export).written)
        if not export.exists():
            raise BadInput(f"There is no bill export at {export}.", "Correct EBB_BILL_EXPORT.")
        found, manifests = within(export)
        kept, notes = counted(
            [f for f in found if concerns(f.address, first, last)], manifests, manifest_text
        )
    except OSError as error:
        raise BadInput(
            f"The bill export at {export} cannot be read: {error.strerror or error}.",
            "Check its permissions.",
        ) from error
    return _told(kept, notes, str(export))


def _told(kept: Sequence[File], notes: Sequence[str], export: str) -> Files:
    if not kept:
        raise BadInput(
            f"There is no bill export of these days under {export}.",
            f"EBB_BILL_EXPORT should be a folder of files that end with {', '.join(READABLE)}, or one of them.",
        )
    return Files(tuple(f.address for f in kept), max(f.written for f in kept), tuple(notes))


class _Fetching:
    """One look at an export in S3. The caller holds `_fetching`. Raises OSError for what the folder refuses."""

    def __init__(self, reading: Reading, export: str, folder: Path) -> None:
        self._reading = reading
        self._export = export
        self._folder = folder

    def files(self, first: date, last: date) -> Files:
        listed = {each.uri: each for each in self._listed()}
        exports = [each for each in listed.values() if each.uri.lower().endswith(READABLE)]
        manifests = [File(uri, each.modified) for uri, each in listed.items() if versions.is_manifest(uri)]
        needed = [File(o.uri, o.modified) for o in exports if concerns(o.uri, first, last)]
        self._folder.mkdir(parents=True, exist_ok=True)
        kept, notes = counted(needed, manifests, self._text)
        told = _told(kept, notes, self._export)
        wanted = [listed[uri] for uri in told.paths]
        self._fits(wanted)
        for each in wanted:
            self._fetch(each)
        self._tidy({self._place(each).name for each in exports})
        return Files(tuple(str(self._place(each)) for each in wanted), told.written, told.notes)

    def _listed(self) -> list[ObjectSeen]:
        """All objects of the export; an address is a folder's unless it ends as a file does."""
        if self._export.lower().endswith(READABLE):
            return [each for each in objects.under(self._reading, self._export) if each.uri == self._export]
        prefix = f"{self._export.rstrip('/')}/"
        found = objects.under(self._reading, prefix)
        return [
            o for o in found if not any(p.startswith((".", "_")) for p in o.uri[len(prefix) :].split("/"))
        ]

    def _text(self, uri: str) -> str:
        """A manifest's text; none where it may not be read."""
        piece = self._folder / f"{_digest(uri)}-manifest.{uuid.uuid4().hex}.part"
        try:
            objects.download(self._reading, uri, piece)
            return manifest_text(str(piece))
        except Denied:
            return ""
        finally:
            piece.unlink(missing_ok=True)

    def _fits(self, wanted: Sequence[ObjectSeen]) -> None:
        size = sum(each.size for each in wanted)
        if size > MOST_BYTES:
            raise BadInput(
                f"The export under {self._export} holds {size / 2**30:,.0f} GB for these days.",
                "Read it by Athena: set EBB_BILL_TABLE.",
            )
        missing = sum(each.size for each in wanted if not self._has(each))
        free = shutil.disk_usage(self._folder).free
        if missing > free:
            raise OpsError(
                f"{missing / 2**20:,.0f} MB of the export are still to be fetched, and {free / 2**20:,.0f} MB are "
                f"free in {self._folder}.",
                _HINTS[errno.ENOSPC],
            )

    def _has(self, found: ObjectSeen) -> bool:
        path = self._place(found)
        return path.is_file() and path.stat().st_size == found.size

    def _place(self, found: ObjectSeen) -> Path:
        said = _digest(f"{found.uri} {found.modified.isoformat()} {found.size}")
        return self._folder / f"{said}-{found.uri.rpartition('/')[2][-_NAME:]}"

    def _fetch(self, found: ObjectSeen) -> None:
        if self._has(found):
            return
        path = self._place(found)
        piece = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            objects.download(self._reading, found.uri, piece)
            if piece.stat().st_size != found.size:
                raise OpsError(
                    f"{found.uri} was written anew while it was fetched.", "Try again.", retryable=True
                )
            piece.replace(path)
        finally:
            piece.unlink(missing_ok=True)

    def _tidy(self, known: set[str]) -> None:
        """Remove older states of files that were written anew since, and pieces that a killed process left."""
        long_ago = clock.now().timestamp() - LEFT_OVER_S
        for old in self._folder.iterdir():
            piece = _PIECE.fullmatch(old.name) is not None
            gone = old.stat().st_mtime < long_ago if piece else _OWN.match(old.name) and old.name not in known
            if gone:
                old.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
