"""A chunk of 1,440 cells of several metrics as one blob, each metric compressed on its own. Pure.

Every value comes back bit for bit (float64, NaN and -0.0 included). A metric without any value takes no room.

A blob is: the format (a byte), the count of metrics, a directory (metric id, form, length of the
section; little-endian), then the sections (zlib, so each carries a checksum). A section holds one bit a cell
that says where a value is, unless all cells have one, and the values in the smallest form that is exact.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from ops.core.types import FloatArray
from ops.store.grid import CHUNK

FORMAT = 1
_HEAD = struct.Struct("<BH")
_ENTRY = struct.Struct("<HBH")
_MASK_BYTES = CHUNK // 8
_NO_VALUE = np.array([np.nan]).view(np.uint64)[0]
_WHOLE = ("<u1", "<i1", "<u2", "<i2", "<u4", "<i4")
"""Forms 0 to 5 hold whole numbers; with _STEPS the differences from one to the next; _FLOAT holds float64."""
_FLOAT = 6
_STEPS = 8
_SOME = 16
"""Set where some cells have no value, and the section begins with the bits that say which."""


class Damaged(Exception):
    """A blob that was not written by `pack`."""


def pack(sections: Mapping[int, tuple[int, bytes]]) -> bytes:
    """Sections by metric id, as `section` and `unpack_sections` give them, as one blob."""
    head = [_HEAD.pack(FORMAT, len(sections))]
    for metric, (form, data) in sections.items():
        head.append(_ENTRY.pack(metric, form, len(data)))
    return b"".join(head) + b"".join(data for _, data in sections.values())


def sections_of(blob: bytes, only: Collection[int] | None = None) -> dict[int, tuple[int, bytes]]:
    """The sections by metric id, still compressed; `only` leaves out the others. Raises Damaged."""
    try:
        version, count = _HEAD.unpack_from(blob)
        at = _HEAD.size + count * _ENTRY.size
        entries = list(_ENTRY.iter_unpack(blob[_HEAD.size : at]))
    except struct.error as error:
        raise Damaged("a directory is cut off") from error
    if version != FORMAT or len(entries) != count:
        raise Damaged(f"format {version}, {len(entries)} of {count} entries")
    out = {}
    for metric, form, size in entries:
        if only is None or metric in only:
            out[metric] = (form, blob[at : at + size])
        at += size
    if at != len(blob):
        raise Damaged(f"{len(blob)} bytes where {at} were written")
    return out


def section(values: FloatArray) -> tuple[int, bytes] | None:
    """(form, compressed) of 1,440 values; None where there is none but NaN."""
    values = np.ascontiguousarray(values, "<f8")
    there = values.view(np.uint64) != _NO_VALUE
    count = int(there.sum())
    if not count:
        return None
    mask, some = b"", 0
    if count < CHUNK:
        mask, some = np.packbits(there).tobytes(), _SOME
        values = values[there]
    tries = [(form | some, zlib.compress(mask + data, 6)) for form, data in _forms(values)]
    return min(tries, key=lambda one: len(one[1]))


def opened(form: int, data: bytes, out: FloatArray) -> None:
    """Write the values of one section into `out` (1,440 cells, NaN before). Raises Damaged."""
    try:
        raw = zlib.decompress(data)
        if not form & _SOME:
            out[:] = _values(form, raw)
        else:
            there = np.unpackbits(np.frombuffer(raw, np.uint8, _MASK_BYTES)).view(np.bool_)
            out[there] = _values(form & ~_SOME, raw[_MASK_BYTES:])
    except (zlib.error, ValueError, IndexError) as error:
        raise Damaged(str(error)) from error


def _forms(values: FloatArray) -> list[tuple[int, bytes]]:
    """The values in one or two exact forms; what compresses better is not known before."""
    low, high = float(values.min()), float(values.max())
    if low >= -(2.0**31) and high < 2.0**31:  # false for NaN
        whole = values.astype(np.int64)
        if np.array_equal(whole.astype("<f8").view(np.uint64), values.view(np.uint64)):
            plain = _smallest(whole)
            steps = np.diff(whole, prepend=0)
            if not -(2**31) <= int(steps.min()) <= int(steps.max()) < 2**31:
                return [plain]
            form, data = _smallest(steps)
            return [plain, (form | _STEPS, data)]
    # The same byte of every value side by side: exponents repeat, mantissas do not.
    return [(_FLOAT, values.view(np.uint8).reshape(-1, 8).T.tobytes())]


def _smallest(whole: NDArray[np.int64]) -> tuple[int, bytes]:
    low, high = int(whole.min()), int(whole.max())
    for form, kind in enumerate(_WHOLE):
        room = np.iinfo(kind)
        if room.min <= low and high <= room.max:
            return form, whole.astype(kind).tobytes()
    raise AssertionError("whole numbers beyond 32 bits are kept as floats")


def _values(form: int, raw: bytes) -> FloatArray:
    if form == _FLOAT:
        return np.frombuffer(raw, np.uint8).reshape(8, -1).T.copy().view("<f8").ravel()
    steps = np.frombuffer(raw, _WHOLE[form & ~_STEPS])
    if form & _STEPS:
        return steps.cumsum(dtype=np.int64).astype(np.float64)
    return steps.astype(np.float64)
