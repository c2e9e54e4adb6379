"""Files of an export, found and looked at before an engine reads them: what they are, and their columns.

The engine sees them under names of Ebb's own (links in a temporary folder): a name with quotes, stars or brackets
is never part of a statement.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.billing.columns import CSV, Layout, layout
from ops.billing.engine import Engine
from ops.billing.folders import manifest_text, within
from ops.billing.gathering import Part
from ops.billing.overlaps import FILE
from ops.billing.versions import counted
from ops.core.errors import BadInput
from ops.core.words import listed

_HEAD = 1 << 20
"""Bytes that are read of a text file to find its header."""
_HEADER_WITHIN = 12
"""Records before the header of a text file, at most: AWS's own CSV may begin with a remark."""
_DELIMITERS = ",;\t|"
_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
_EXPORT = "Ebb reads CUR 2.0, legacy CUR and FOCUS exports and bill CSVs, as .csv, .csv.gz or .parquet."


@dataclass(frozen=True, slots=True)
class Shape:
    """How files of one kind are read. `names`: the columns as the file spells them."""

    parquet: bool
    names: tuple[str, ...] = ()
    delimiter: str = ","
    skipped: int = 0
    zipped: bool = False

    @property
    def decimal_comma(self) -> bool:
        """Where semicolons part the cells, a comma parts the decimals."""
        return self.delimiter == ";"


def chosen(given: Sequence[str | Path]) -> tuple[list[Path], list[str]]:
    """The files meant, each once, folders searched; and notes on what was named twice. Raises BadInput."""
    if not given:
        raise BadInput("No file was named.", _EXPORT)
    found: dict[Path, Path] = {}
    notes = []
    for each in given:
        paths, said = _searched(Path(each))
        notes += said
        for path in paths:
            real = path.resolve()
            if real in found:
                notes.append(f"{path.name} was named twice and is counted once.")
            found.setdefault(real, path)
    copies = _copies(list(found))
    notes += [
        f"{found[copy].name} is a copy of {found[first].name} and is counted once." for copy, first in copies
    ]
    again = {copy for copy, _ in copies}
    return [path for real, path in found.items() if real not in again], list(dict.fromkeys(notes))


def parts(engine: Engine, folder: Path, paths: Sequence[Path], wanted: str) -> list[Part]:
    """Tables of these files, those of one shape together. Raises BadInput for what is no export."""
    shapes: dict[Shape, list[str]] = {}
    layouts: dict[Shape, Layout] = {}
    for number, path in enumerate(paths):
        shape = _shape(path, wanted)
        link = folder / f"{number}{'.parquet' if shape.parquet else '.csv.gz' if shape.zipped else '.csv'}"
        link.symlink_to(path.resolve())
        engine.names[str(link)] = path.name
        if shape.parquet:
            names = tuple(engine.columns(str(link)))
            shape = Shape(True, names)
        if shape not in layouts:
            layouts[shape] = layout(shape.names, wanted, path.name)
        shapes.setdefault(shape, []).append(str(link))
    kinds = {each.format for each in layouts.values()}
    if len(kinds) > 1:
        titles = listed(sorted({each.title for each in layouts.values()}))
        raise BadInput(f"The files are exports of several formats: {titles}.", "Read one format at a time.")
    file = FILE if len(paths) > 1 else None
    return [
        _part(engine, f"part{number}", shape, links, layouts[shape], file)
        for number, (shape, links) in enumerate(shapes.items())
    ]


def _part(engine: Engine, name: str, shape: Shape, links: list[str], found: Layout, file: str | None) -> Part:
    if shape.parquet:
        return Part(engine.parquet(links, name, file), found, columnar=True, named=name)
    columns = [f"c{number}" for number in range(len(shape.names))]
    table = engine.csv(links, name, columns, shape.delimiter, shape.skipped, shape.zipped, file)
    index: dict[str, int] = {}
    for number, column in enumerate(shape.names):
        index.setdefault(column, number)
    of = {role: columns[index[column]] for role, column in found.of.items()}
    header = (found.of["billed"], found.of["quantity"])
    return Part(table, found.renamed(of), shape.decimal_comma and found.format == CSV, header, named=name)


def _searched(path: Path) -> tuple[list[Path], list[str]]:
    """A file, or the files of a folder that count, and what was left aside in it."""
    if path.is_dir():
        files, manifests = within(path)
        kept, notes = counted(files, manifests, manifest_text)
        if not kept:
            raise BadInput(f"There is no bill export in the folder {path.name!r}.", _EXPORT)
        return [Path(each.address) for each in kept], notes
    if path.is_file():
        return [path], []
    if path.exists():
        raise BadInput(f"{path.name!r} is not a file.", _EXPORT)
    raise BadInput(f"There is no file {str(path)!r}.", "Check the name and the folder.")


def _copies(paths: list[Path]) -> list[tuple[Path, Path]]:
    """(copy, first) of files with the same content; only files of one size are read for it."""
    by_size: dict[int, list[Path]] = {}
    for path in paths:
        by_size.setdefault(path.stat().st_size, []).append(path)
    found: list[tuple[Path, Path]] = []
    for same in by_size.values():
        first: dict[bytes, Path] = {}
        for path in same if len(same) > 1 else ():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").digest()
            if digest in first:
                found.append((path, first[digest]))
            first.setdefault(digest, path)
    return found


def _shape(path: Path, wanted: str) -> Shape:
    """What a file is by its first bytes, whatever it is called."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise BadInput(
            f"{path.name} cannot be opened: {error.strerror}.", "Check its permissions."
        ) from error
    if not head:
        raise BadInput(f"{path.name} is empty.", "Export it again.")
    if head.startswith(_PARQUET):
        return Shape(True)
    if head.startswith(_ZIP):
        raise BadInput(f"{path.name} is a ZIP archive.", "Unpack it, and name the files inside.")
    zipped = head.startswith(_GZIP)
    if zipped:
        head = _unzipped(path)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path.name} is written in UTF-16.", "Save it as CSV UTF-8.")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise BadInput(f"{path.name} is a web page, not a bill export.", "Download the export itself.")
    if b"\x00" in head:
        raise BadInput(f"{path.name} is neither text nor Parquet.", _EXPORT)
    names, delimiter, skipped = _header(head, path, wanted)
    if not zipped:
        _closed(path, delimiter)
    return Shape(False, names, delimiter, skipped, zipped)


def _closed(path: Path, delimiter: str) -> None:
    """Raises BadInput where a quote is opened and never closed: DuckDB would leave that line out without a word."""
    quotes = 0
    with path.open("rb") as file:
        while piece := file.read(_HEAD):
            quotes += piece.count(b'"')
    if quotes % 2 == 0:
        return
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as text:
            for _ in csv.reader(text, delimiter=delimiter, strict=True):
                pass
    except csv.Error as error:
        what = f"{path.name} is cut off or damaged: {error}."
        raise BadInput(what, "Download or export it again.") from error


def _unzipped(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            return file.read(_HEAD)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(
            f"{path.name} is cut off or damaged: {error}.", "Download or export it again."
        ) from error


def _header(head: bytes, path: Path, wanted: str) -> tuple[tuple[str, ...], str, int]:
    """The names of the columns, what parts them, and how many lines to skip, the header included."""
    text = head.decode("utf-8-sig", errors="replace")
    first: BadInput | None = None
    tried: dict[str, int] = {}
    for delimiter in _DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        for _ in range(_HEADER_WITHIN):
            try:
                record = next(reader, None)
            except csv.Error:
                break
            if record is None:
                break
            names = tuple(name.strip() for name in record)
            if len(names) < 2:
                continue
            tried.setdefault(delimiter, len(names))
            try:
                layout(names, wanted, path.name)
            except BadInput as error:
                if first is None or len(names) > max(tried.values()):
                    first = error
                continue
            return names, delimiter, reader.line_num
    raise first or BadInput(f"{path.name} is no table: its first lines have no columns.", _EXPORT)
