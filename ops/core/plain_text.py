"""Text that others wrote, made safe to look at: control characters are shown and do nothing; bytes become text."""

from __future__ import annotations

import re
from dataclasses import dataclass

SHOWN_BYTES = 65_536
"""As much of an object as is read and shown."""
HEAD_BYTES = 256
"""As much of a binary object as is shown, in hexadecimal."""
_ROW = 16
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters but tab and line feed, and those that are invisible or turn the direction of writing."""
_ODD_SHARE = 0.1
"""More bytes than this that are no text make an object binary."""


@dataclass(frozen=True, slots=True)
class Readable:
    """The beginning of an object as text. `binary`: a hexadecimal dump of its first bytes."""

    text: str
    binary: bool
    truncated: bool
    """There is more than is shown."""


def visible(text: str) -> str:
    """`text` with every control character shown: ESC as ␛, others as ⟨U+202E⟩; line ends as line feeds."""
    return _HIDDEN.sub(_shown, text.replace("\r\n", "\n"))


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"


def one_line(text: str, most: int = 300) -> str:
    """`text` visible on one line of at most `most` characters."""
    line = " ".join(visible(text[: most * 4]).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def readable(body: bytes, size: int) -> Readable:
    """The first bytes of an object of `size` bytes, as text where it is text."""
    cut = len(body) < size
    try:
        return Readable(visible(body.decode("utf-8")), False, cut)
    except UnicodeDecodeError as error:
        if cut and error.start >= len(body) - 3 and error.reason == "unexpected end of data":
            return Readable(visible(body[: error.start].decode("utf-8")), False, cut)
    text = body.decode("utf-8", "replace")
    odd = text.count("\ufffd") + text.count("\x00")
    if odd > _ODD_SHARE * len(text) or "\x00" in text:
        return Readable(_hex(body[:HEAD_BYTES]), True, size > HEAD_BYTES)
    return Readable(visible(text), False, cut)


def _hex(body: bytes) -> str:
    """Sixteen bytes a line: their place, their value, and what of it is text."""
    lines = []
    for start in range(0, len(body), _ROW):
        row = body[start : start + _ROW]
        values = " ".join(f"{byte:02x}" for byte in row).ljust(3 * _ROW - 1)
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"{start:04x}  {values}  {text}")
    return "\n".join(lines)
