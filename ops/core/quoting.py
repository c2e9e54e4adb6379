"""Text as a string in double quotes, as Terraform, Python and YAML all read it."""

from __future__ import annotations

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def quoted(text: str) -> str:
    """A string literal: whatever it holds, nothing in it ends it, and what cannot be seen is written out."""
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else _code_point(c)) for c in text) + '"'


def one_line(text: str) -> str:
    """Text for a comment: nothing in it begins another line."""
    return "".join(c if c.isprintable() else " " for c in text)


def _code_point(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04X}" if number <= 0xFFFF else f"\\U{number:08X}"
