"""One string literal for three languages."""

from __future__ import annotations

import ast

import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops.core.quoting import one_line, quoted

ANY = st.text(st.characters(exclude_categories=["Cs"]))


@given(ANY)
def test_python_and_yaml_read_what_was_written(text: str) -> None:
    literal = quoted(text)
    assert literal.isprintable()
    assert ast.literal_eval(literal) == text
    assert yaml.safe_load(literal) == text


@given(ANY)
def test_a_comment_stays_on_its_line(text: str) -> None:
    assert one_line(text).isprintable()
    assert len(one_line(text)) == len(text)
    assert one_line("a\nb\u2028c") == "a b c"
