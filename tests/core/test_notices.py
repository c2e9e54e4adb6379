"""Which turns are told, and when: once, not while a state flaps, not in quiet hours, not again after a restart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ops.core import notices
from ops.core.errors import BadInput
from ops.core.notices import Memory, Notice, Rules, step
from ops.core.quiet import QuietHours, parse
from ops.core.types import EndpointState, Severity, Verdict
from ops.core.views import FleetRow
from tests.components.samples import fleet

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
ROW = fleet().rows[0]

FAILS = (EndpointState.FAILING, Severity.CRITICAL)
LESS = (EndpointState.FAILING, Severity.WARNING)
STUCK = (EndpointState.WAKE_STUCK, Severity.CRITICAL)
CALM = (EndpointState.ASLEEP, Severity.OK)
KNOWN = (EndpointState.WAKING, Severity.INFO)
UNKNOWN = (EndpointState.UNKNOWN, Severity.WARNING)
State = tuple[EndpointState, Severity]


def row(state: State, name: str = "doc") -> FleetRow:
    ref = replace(ROW.endpoint.ref, name=name)
    verdict = Verdict(*state, f"It is {state[0].value}.")
    return replace(ROW, endpoint=replace(ROW.endpoint, ref=ref), verdict=verdict)


@dataclass
class Day:
    """A fleet read at minutes after `start`; what was told is kept as (minute, title)."""

    rules: Rules = field(default_factory=Rules)
    start: datetime = NOON
    memory: Memory = field(default_factory=Memory)

    def run(self, course: Iterable[tuple[float, dict[str, State]]]) -> list[tuple[float, str]]:
        told = []
        for minute, states in course:
            notice = self.at(minute, states)
            if notice is not None:
                told.append((minute, notices.title(notice)))
        return told

    def at(self, minute: float, states: dict[str, State]) -> Notice | None:
        rows = [row(state, name) for name, state in states.items()]
        self.memory, notice = step(self.memory, rows, self.start + timedelta(minutes=minute), self.rules)
        return notice


def course(*states: tuple[float, State]) -> list[tuple[float, dict[str, State]]]:
    return [(minute, {"doc": state}) for minute, state in states]


FAILING, BACK = "doc: failing", "doc is calm again: asleep"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        # calm is nothing to tell
        (course((0, CALM), (1, KNOWN), (2, CALM)), []),
        # loud at once, and once
        (course((0, CALM), (1, FAILS), (2, FAILS), (300, FAILS)), [(1, FAILING)]),
        # loud when first seen
        (course((0, FAILS), (1, FAILS)), [(0, FAILING)]),
        # calm again is told when it has held
        (course((0, FAILS), (1, CALM), (3, CALM), (6, CALM), (9, CALM)), [(0, FAILING), (6, BACK)]),
        # a flap within some minutes tells nothing
        (course((0, FAILS), (1, CALM), (4, FAILS), (6, CALM), (10, FAILS), (99, FAILS)), [(0, FAILING)]),
        # soon after its calm was told, the same must last before it is told again
        (
            course(
                (0, FAILS), (1, CALM), (6, CALM), (7, FAILS), (9, CALM), (12, FAILS), (14, FAILS), (22, FAILS)
            ),
            [(0, FAILING), (6, BACK), (22, FAILING)],
        ),
        # long after, it is told at once
        (
            course((0, FAILS), (1, CALM), (6, CALM), (60, FAILS)),
            [(0, FAILING), (6, BACK), (60, FAILING)],
        ),
        # another loud state is told when it has held, at the same severity
        (
            course((0, FAILS), (1, STUCK), (2, FAILS), (3, STUCK), (8, STUCK)),
            [(0, FAILING), (8, "doc: cannot wake")],
        ),
        # unknown is neither loud nor calm
        (course((0, FAILS), (1, UNKNOWN), (30, UNKNOWN), (31, FAILS)), [(0, FAILING)]),
        (course((0, CALM), (1, UNKNOWN), (30, UNKNOWN)), []),
        # a warning is calm unless it is asked for, and says that it is not over
        (course((0, LESS), (1, LESS)), []),
        (
            course((0, FAILS), (1, LESS), (6, LESS)),
            [(0, FAILING), (6, "doc is no longer critical: failing")],
        ),
    ],
)
def test_what_is_told_of_one_endpoint(
    states: list[tuple[float, dict[str, State]]], told: list[tuple[float, str]]
) -> None:
    assert Day().run(states) == told


def test_with_warnings_what_gets_worse_is_told_at_once_and_what_gets_better_when_it_has_held() -> None:
    states = course((0, CALM), (1, LESS), (2, FAILS), (3, LESS), (7, LESS), (8, LESS))
    assert Day(Rules(warnings=True)).run(states) == [(1, FAILING), (2, FAILING), (8, FAILING)]


def test_what_turns_in_one_reading_is_one_notice() -> None:
    day = Day()
    notice = day.at(0, {"b": FAILS, "a": STUCK, "c": CALM})
    assert notice is not None
    assert notices.title(notice) == "a and b need you"
    text = notices.text(notice, "https://ebb.example.com/")
    assert "https://ebb.example.com/endpoint?endpoint=a" in text
    assert text.count("\n") == 4
    day.at(1, {"a": CALM, "b": CALM, "c": CALM})
    notice = day.at(6, {"a": CALM, "b": CALM, "c": CALM})
    assert notice is not None
    assert notices.title(notice) == "a and b are calm again"


def test_many_are_counted() -> None:
    notice = Day().at(0, {f"e{n:02d}": FAILS for n in range(30)})
    assert notice is not None
    assert notices.title(notice) == "e00, e01 and 28 more need you"
    assert "And 10 more." in notices.text(notice)


def test_a_loud_endpoint_that_is_deleted_is_told_once_and_forgotten() -> None:
    day = Day()
    assert day.run([(0, {"doc": FAILS}), (1, {}), (6, {}), (7, {}), (90, {})]) == [
        (0, FAILING),
        (6, "doc is calm again: gone"),
    ]
    assert day.memory.endpoints == {}


def test_a_restart_repeats_nothing() -> None:
    day = Day()
    day.run(course((0, FAILS), (1, CALM)))
    again = Day(memory=notices.parsed(notices.written(day.memory)))
    assert again.memory == day.memory
    assert again.run(course((2, FAILS), (3, FAILS))) == []
    assert again.run(course((4, CALM), (9, CALM))) == [(9, BACK)]


@pytest.mark.parametrize("text", [None, "", "[]", "{", '{"endpoints": {"a": [1]}}', '{"endpoints": 3}'])
def test_a_memory_that_cannot_be_read_is_an_empty_one(text: str | None) -> None:
    assert notices.parsed(text) == Memory()


NIGHT = Rules(quiet=QuietHours(time(22), time(7), UTC))
EVENING = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
END = 10 * 60.0
"""Minutes from 21:00 to 7:00."""


@pytest.mark.parametrize(
    ("states", "told"),
    [
        # what still holds at the end is told then
        (course((0, CALM), (120, FAILS), (END - 1, FAILS), (END, FAILS), (END + 1, FAILS)), [(END, FAILING)]),
        # what is over by then is never told
        (course((0, CALM), (120, FAILS), (200, CALM), (END, CALM)), []),
        # calm again at night of what was told before
        (course((0, FAILS), (120, CALM), (126, CALM), (END, CALM)), [(0, FAILING), (END, BACK)]),
        # calm at night and loud again by the end: nothing has changed for who was told
        (course((0, FAILS), (120, CALM), (130, CALM), (300, FAILS), (END, FAILS)), [(0, FAILING)]),
        # on the other side of the edges
        (course((59, FAILS)), [(59, FAILING)]),
        (course((60, FAILS)), []),
    ],
)
def test_quiet_hours_over_midnight(
    states: list[tuple[float, dict[str, State]]], told: list[tuple[float, str]]
) -> None:
    assert Day(NIGHT, EVENING).run(states) == told


def test_the_end_of_quiet_hours_is_one_summary_also_after_a_restart() -> None:
    day = Day(NIGHT, EVENING)
    day.at(0, {"a": CALM, "b": CALM})
    assert day.at(100, {"a": FAILS, "b": CALM}) is None
    assert day.at(200, {"a": FAILS, "b": STUCK}) is None
    again = Day(NIGHT, EVENING, notices.parsed(notices.written(day.memory)))
    notice = again.at(END, {"a": FAILS, "b": STUCK})
    assert notice is not None
    assert notice.summary
    assert notices.title(notice) == "a and b need you"
    assert notices.text(notice).startswith("What turned during quiet hours and still holds:")
    later = again.at(END + 60, {"a": FAILS, "b": CALM})
    assert later is None
    later = again.at(END + 70, {"a": FAILS, "b": CALM})
    assert later is not None
    assert not later.summary


def test_what_is_critical_passes_quiet_hours_where_that_is_set() -> None:
    rules = Rules(warnings=True, quiet=NIGHT.quiet, critical_always=True)
    states = course((0, CALM), (120, LESS), (130, FAILS), (END, FAILS))
    assert Day(rules, EVENING).run(states) == [(130, FAILING)]
    assert Day(rules, EVENING).run(course((0, CALM), (120, LESS), (END, LESS))) == [(END, FAILING)]


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-11-20T20:59:00+00:00", False),  # 21:59 in Berlin
        ("2026-11-20T21:00:00+00:00", True),
        ("2026-11-21T05:59:00+00:00", True),
        ("2026-11-21T06:00:00+00:00", False),
        ("2026-07-01T20:00:00+00:00", True),  # 22:00 in summer time
        ("2026-07-01T05:00:00+00:00", False),
        # the night in which clocks go back: 7:00 is at 6:00 UTC, and the night an hour longer
        ("2026-10-25T00:30:00+00:00", True),
        ("2026-10-25T05:30:00+00:00", True),
        ("2026-10-25T06:00:00+00:00", False),
        # and forward
        ("2026-03-29T01:30:00+00:00", True),
        ("2026-03-29T04:59:00+00:00", True),
        ("2026-03-29T05:00:00+00:00", False),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(moment: str, quiet: bool) -> None:
    assert parse("22:00-07:00", BERLIN).holds(datetime.fromisoformat(moment)) is quiet


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-03-29T00:59:00+00:00", False),
        ("2026-03-29T01:00:00+00:00", False),  # 3:00 already: the quiet hour does not exist
        ("2026-10-25T00:30:00+00:00", True),  # 2:30 for the first time
        ("2026-10-25T01:30:00+00:00", True),  # and for the second
        ("2026-10-25T02:00:00+00:00", False),
    ],
)
def test_an_hour_that_is_left_out_or_comes_twice(moment: str, quiet: bool) -> None:
    assert parse("2:00–3:00", BERLIN).holds(datetime.fromisoformat(moment)) is quiet


@pytest.mark.parametrize(
    "text", ["", "22", "22:00", "22:00-25:00", "22:00-22:00", "10 pm to 7 am", "22:60-07:00"]
)
def test_what_are_no_quiet_hours(text: str) -> None:
    with pytest.raises(BadInput, match=r"22:00-07:00|quiet hours|time|none"):
        parse(text, UTC)


def test_the_document_of_a_webhook_and_a_test_notice() -> None:
    notice = Day().at(0, {"doc": FAILS})
    assert notice is not None
    document = notices.document(notice, "https://ebb.example.com", BERLIN)
    assert document["endpoints"] == [
        {
            "name": "doc",
            "loud": True,
            "state": "failing",
            "severity": "critical",
            "sentence": "It is failing.",
            "link": "https://ebb.example.com/endpoint?endpoint=doc",
        }
    ]
    assert document["at"] == "2026-11-20T12:00:00Z"
    assert document["text"].startswith("doc: failing\n")
    assert notices.document(Notice(NOON, (), test=True))["title"] == "Ebb: a test notice"
