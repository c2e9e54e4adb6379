"""From changes to spans: gaps stay gaps, and what was before the first change is known from it alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ops.core.alarm_past import DEFINITION, STATE, Span, spans, times
from ops.core.records import AlarmChange
from ops.core.types import Alarm
from tests.components.samples import NOW

START, END = NOW - timedelta(days=14), NOW
OK, RINGS, NONE = "OK", "ALARM", "INSUFFICIENT_DATA"


def at(hours: float):
    return NOW - timedelta(hours=hours)


def alarm(state: str = OK, hours: float | None = 400.0) -> Alarm:
    updated = None if hours is None else at(hours)
    return Alarm("a", state, "", updated, None, 1.0, ">", 60, 1, 1, "missing", (), True)


def moved(hours: float, after: str, before: str | None = None) -> AlarmChange:
    return AlarmChange("a", at(hours), STATE, "Alarm updated", before, after)


def created(hours: float) -> AlarmChange:
    return AlarmChange("a", at(hours), DEFINITION, 'Alarm "a" created')


CASES = [
    ("no change: as it is all the time", alarm(RINGS), (), False, [(RINGS, 336.0, 0.0)]),
    ("no change, in this state since", alarm(OK, 5.0), (), False, [(OK, 5.0, 0.0)]),
    ("no change, since when is not known", alarm(OK, None), (), False, [(OK, 336.0, 0.0)]),
    ("no change that was read, but there are some", alarm(), (), True, []),
    (
        "the newest first, as AWS tells them",
        alarm(),
        (moved(2, OK, RINGS), moved(3, RINGS, OK)),
        False,
        [(OK, 336.0, 3.0), (RINGS, 3.0, 2.0), (OK, 2.0, 0.0)],
    ),
    (
        "older changes were not read",
        alarm(),
        (moved(2, OK, RINGS), moved(3, RINGS, OK)),
        True,
        [(RINGS, 3.0, 2.0), (OK, 2.0, 0.0)],
    ),
    (
        "made within the range",
        alarm(),
        (moved(9, OK, NONE), created(10)),
        False,
        [(NONE, 10.0, 9.0), (OK, 9.0, 0.0)],
    ),
    ("what was before is not told", alarm(), (moved(4, OK),), False, [(OK, 4.0, 0.0)]),
    (
        "changes outside of the range and without a state",
        alarm(),
        (moved(400, RINGS, OK), AlarmChange("a", at(3), STATE, "odd"), moved(2, OK, RINGS)),
        False,
        [(RINGS, 336.0, 2.0), (OK, 2.0, 0.0)],
    ),
    (
        "the same state twice is one span",
        alarm(),
        (moved(2, RINGS, OK), moved(1, RINGS, RINGS)),
        False,
        [(OK, 336.0, 2.0), (RINGS, 2.0, 0.0)],
    ),
]


@pytest.mark.parametrize(("says", "of", "changes", "cut", "wanted"), CASES, ids=[c[0] for c in CASES])
def test_spans(says, of, changes, cut, wanted) -> None:
    found = spans(of, changes, START, END, cut=cut)
    assert [
        (s.state, (NOW - s.start) / timedelta(hours=1), (NOW - s.end) / timedelta(hours=1)) for s in found
    ] == wanted


def test_how_often_it_rang() -> None:
    found = spans(alarm(), (moved(2, OK, RINGS), moved(3, RINGS, OK), moved(9, OK, RINGS)), START, END)
    assert times(found, RINGS) == 2
    assert found[0] == Span(RINGS, START, at(9))
