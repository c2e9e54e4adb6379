"""What is written as YAML is read back as it was, by a reader of YAML 1.1 such as CloudFormation has."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ops.core.yaml_text import Tagged, scalar, written

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUE = st.recursive(
    TEXT | NUMBER | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(TEXT, VALUE, min_size=1, max_size=4))
def test_any_map_is_read_back(value: dict[str, Any]) -> None:
    assert yaml.safe_load(written(value)) == value
    assert yaml.safe_load(written({"under": value}, "    ")) == {"under": value}


@pytest.mark.parametrize(
    "text",
    ["yes", "No", "on", "null", "~", "y", "1e3", "0x10", "12:30", "2026-11-20", "a: b", "a #b", "a:", "-", "", "!x",
     "*a", "&a", "true", "=", "<<", ".inf", "é", "a\tb", "🦉"],
)  # fmt: skip
def test_text_that_looks_like_something_else_stays_text(text: str) -> None:
    assert yaml.safe_load(written({text: text})) == {text: text}


def test_plain_words_have_no_quotes() -> None:
    assert written(
        {
            "Type": "AWS::SageMaker::Model",
            "At": "s3://a/b/",
            "Arn": "arn:aws:iam::1:role/x",
            "Size": 5.0,
            "Whole": True,
        }
    ).splitlines() == [
        "Type: AWS::SageMaker::Model",
        "At: s3://a/b/",
        "Arn: arn:aws:iam::1:role/x",
        "Size: 5",
        "Whole: true",
    ]
    assert written([{"one": 1, "two": [Tagged("!Ref", "X")]}, []]) == "- one: 1\n  two:\n    - !Ref X\n- []"
    assert scalar(Tagged("!GetAtt", "A.Arn")) == "!GetAtt A.Arn"
    assert [scalar(n) for n in (0.5, -1.5, 1e-7, 10**6, 1e20)] == [
        "0.5", "-1.5", "0.0000001", "1000000", "100000000000000000000",
    ]  # fmt: skip
