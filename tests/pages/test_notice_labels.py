"""Text as Markdown: shown letter by letter, and heard without escapes where none is needed."""

from __future__ import annotations

import pytest

from components.notices import plain


@pytest.mark.parametrize(
    "text",
    [
        "Alarm “Wake stuck”: Requests wait (0 instances) for 15 min!",
        "my_model-v2 + more, #4",
        "at 5: done. 2. August",
    ],
)
def test_a_name_that_is_heard_has_no_backslash(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (":red[x]", r"\:red\[x\]"),
        ("a:smile:", r"a\:smile\:"),
        ("_a_ *b* ~c~ $d$", r"\_a\_ \*b\* \~c\~ \$d\$"),
        ("# title", r"\# title"),
        ("![x](y)", r"\!\[x\](y)"),
        ("<b>", r"\<b\>"),
        ("1. first", r"1\. first"),
        ("line\n> quote", "line\n\\> quote"),
        ("back\\slash|", r"back\\slash\|"),
    ],
)
def test_what_markdown_would_take_is_escaped(text: str, said: str) -> None:
    assert plain(text) == said
