"""docs/doctor.md lists every finding, in the order of the rules, with a story that shows it."""

from __future__ import annotations

import re
from pathlib import Path

from ops.core.doctor import CODES
from ops.core.types import Severity
from ops.local_aws.build import STORIES
from ops.local_aws.stories import DEFAULT
from tests.test_doctor import A_PERSON
from tests.test_doctor import STORIES as SAID

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "doctor.md").read_text(encoding="utf-8")
AT_TIMES = {"at-maximum", "maximum-above-quota"}
"""What a call can mend where the quota leaves room."""
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| `")
]


def test_the_list_is_the_code() -> None:
    assert tuple(code.strip("`") for code, *_ in ROWS) == CODES


def test_each_row_is_complete() -> None:
    words = {s.value for s in Severity}
    for code, severity, says, mends, story in ROWS:
        assert says, code
        named = set(re.findall(r"[a-z]+", severity.split("(")[0])) & words
        assert named or severity == "as the verdict", code
        assert ("a person" in mends) == (code.strip("`") in A_PERSON | AT_TIMES), code
        assert re.match(r"`[a-z-]+`", story), code


def test_the_story_shows_the_finding() -> None:
    default = {story.name for story in DEFAULT}
    for code, _, _, _, cell in ROWS:
        name = cell.split("`")[1]
        assert name in STORIES
        assert ("default fleet" in cell) == (name in default)
        assert code.strip("`") in SAID[name]
