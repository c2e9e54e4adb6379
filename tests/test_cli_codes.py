"""Which exit code a command that judges ends with."""

from __future__ import annotations

import pytest

from ops.cli_codes import FINDING, UNREAD, verdict
from ops.core.types import Problem, Severity

DENIED = Problem("alarms", "AWS denied it.", action="cloudwatch:DescribeAlarms")
MORE = Problem("alarms", "There are more than were read.")
ASIDE = Problem("the other variants", "Only the variant main is looked at, not blue.")


@pytest.mark.parametrize(
    ("severities", "problems", "code"),
    [
        ((), (), 0),
        ((Severity.OK, Severity.WARNING), (), 0),
        ((Severity.OK,), (ASIDE,), 0),
        ((Severity.OK,), (ASIDE, DENIED), UNREAD),
        ((), (MORE,), UNREAD),
        ((Severity.WARNING, Severity.CRITICAL), (DENIED,), FINDING),
    ],
)
def test_the_table_of_codes(
    severities: tuple[Severity, ...], problems: tuple[Problem, ...], code: int
) -> None:
    assert verdict(severities, problems) == code
