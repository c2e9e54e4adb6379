"""Text of others: control characters are seen and do nothing, bytes are told as such, the rest is counted."""

from __future__ import annotations

import pytest

from ops.core.plain_text import SHOWN_BYTES, one_line, readable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\tlines\r\nend", "plain\n\tlines\nend"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("bell\x07 nul\x00 del\x7f", "bell␇ nul␀ del␡"),
        ("turned\u202eback", "turned⟨U+202E⟩back"),
        ("zero\u200bwidth\ufeff", "zero⟨U+200B⟩width⟨U+FEFF⟩"),
        ("carriage\rreturn", "carriage␍return"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line_is_short_and_has_no_breaks() -> None:
    assert one_line("a\nb\tc") == "a b c"
    assert one_line("x" * 10_000, 20) == "x" * 19 + "…"


def test_text_is_text_and_a_cut_letter_at_the_end_makes_it_no_binary() -> None:
    whole = readable('{"ü": 1}'.encode(), 9)
    assert (whole.text, whole.binary, whole.truncated) == ('{"ü": 1}', False, False)
    cut = readable(("x" * 7 + "ü").encode()[:8], 1_000_000)
    assert (cut.text, cut.binary, cut.truncated) == ("x" * 7, False, True)


def test_a_little_that_is_no_text_is_replaced_and_much_of_it_is_a_dump() -> None:
    assert readable(b"almost all of this is text \xff!", 29).text == "almost all of this is text \ufffd!"
    body = bytes(range(256)) * 4
    found = readable(body, len(body))
    assert (found.binary, found.truncated) == (True, True)
    first = found.text.splitlines()[0]
    assert first.startswith("0000  00 01 02")
    assert len(found.text.splitlines()) == 16


def test_nothing_and_a_megabyte() -> None:
    assert readable(b"", 0).text == ""
    found = readable(b"a" * SHOWN_BYTES, 1_000_000)
    assert (len(found.text), found.truncated) == (SHOWN_BYTES, True)
