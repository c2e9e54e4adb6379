"""Words of errors are shown as they are: commands stand out, nothing turns into markup."""

from __future__ import annotations

import pytest

from ops.core.errors import OpsError
from tests.components.samples import SampleSource


@pytest.mark.parametrize(
    ("hint", "markdown"),
    [
        ("Start it with `make run`.", "Start it with `make run`."),
        ("An odd ` tick", "An odd \\` tick"),
        ("arn:aws:iam::1:role/*", "arn\\:aws\\:iam\\:\\:1\\:role/\\*"),
        ("Nothing answers at http://127.0.0.1:9.", "Nothing answers at `http://127.0.0.1:9`."),
        ("costs $5 or $6", "costs \\$5 or \\$6"),
        (":material/lock: <b>", "\\:material/lock\\: \\<b\\>"),
    ],
)
def test_hints(open_page, hint, markdown):
    app = open_page(SampleSource(failure=OpsError("It failed.", hint)))
    assert markdown in app.warning[0].value
