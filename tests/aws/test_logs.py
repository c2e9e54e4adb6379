"""FilterLogEvents backwards in growing slices, on the embedded AWS: empty pages, budgets, what was not searched."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from ops.aws.calls import Reading
from ops.aws.logs import LONGEST, Budget, search
from ops.aws.session import AwsSession, Where
from ops.core.errors import BadInput, Denied
from ops.core.types import utc
from ops.core.views_failures import LogSearch, Streams
from ops.local_aws.services.logs import MOST_SCANNED
from tests.living import Hand, error, gated
from tests.local_aws.conftest import SteppedAws

NAME = "doc-async"
GROUP = f"/aws/sagemaker/Endpoints/{NAME}"
BOX = "AllTraffic/i-0aa"
DATA = f"{BOX}/data-log"


@pytest.fixture(scope="module")
def aws() -> Iterator[SteppedAws]:
    stepped = SteppedAws()
    yield stepped
    stepped.server.stop()


@pytest.fixture(autouse=True)
def _emptied(aws: SteppedAws) -> None:
    if aws.world.logs.group(GROUP) is not None:
        aws.world.logs.delete(GROUP)


@pytest.fixture(scope="module")
def reading(aws: SteppedAws) -> Reading:
    return Reading(AwsSession(Where("embedded", "us-east-1", aws.server.url, loopback=True)))


def put(aws: SteppedAws, ago_s: float, message: str, stream: str = DATA) -> None:
    aws.world.logs.put(GROUP, stream, aws.now() - ago_s, message)


def last(aws: SteppedAws, hours: float) -> tuple[datetime, datetime]:
    return utc(aws.now() - hours * 3600), utc(aws.now())


def texts(found: LogSearch) -> list[str]:
    return [line.message for line in found.lines]


def test_the_newest_comes_first_and_all_is_searched(aws: SteppedAws, reading: Reading) -> None:
    for ago in (86_000, 7200, 3600, 60, 5):
        put(aws, ago, f"line {ago}", DATA if ago != 60 else BOX)
    found = search(reading, NAME, *last(aws, 24))
    assert texts(found) == ["line 5", "line 60", "line 3600", "line 7200", "line 86000"]
    assert found.complete
    assert found.pages <= 8
    assert found.lines[0].stream == DATA
    assert found.lines[0].at == utc(round((aws.now() - 5) * 1000) / 1000)


def test_both_ends_belong_to_the_range_as_a_half_open_span(aws: SteppedAws, reading: Reading) -> None:
    for ago in (600, 300, 0):
        put(aws, ago, f"line {ago}")
    start, end = utc(aws.now() - 600), utc(aws.now())
    assert texts(search(reading, NAME, start, end)) == ["line 300", "line 600"]


def test_slices_neither_lose_nor_repeat_a_line(aws: SteppedAws, reading: Reading) -> None:
    for ago in range(0, 7200, 20):
        put(aws, ago + 0.001, f"line {ago}", DATA if ago % 40 else BOX)
    found = search(reading, NAME, *last(aws, 3), most=1000)
    assert texts(found) == [f"line {ago}" for ago in range(0, 7200, 20)]


def test_only_lines_that_hold_the_text(aws: SteppedAws, reading: Reading) -> None:
    for n, text in enumerate(("plain", 'with "quotes" [x] -y', "other")):
        put(aws, 10 * n, text)
    for wanted in ('"quotes"', "[x]", "-y", '"quotes" [x] -y'):
        assert texts(search(reading, NAME, *last(aws, 1), text=wanted)) == ['with "quotes" [x] -y']
    with pytest.raises(BadInput, match="too long"):
        search(reading, NAME, *last(aws, 1), text="x" * 2000)


def test_an_empty_page_with_a_token_is_followed(aws: SteppedAws, reading: Reading) -> None:
    """More lines than one page looks at, and the only match is the newest of them."""
    for n in range(MOST_SCANNED + 1500):
        put(aws, 200 - n / 100, "noise", f"AllTraffic/i-{n % 8}")
    put(aws, 1, "the needle")
    found = search(reading, NAME, *last(aws, 0.2), text="needle")
    assert texts(found) == ["the needle"]
    assert found.complete
    assert found.pages > 2


@pytest.mark.parametrize(
    ("streams", "expected"),
    [
        (Streams.ALL, ["platform", "container"]),
        (Streams.DATA_LOG, ["platform"]),
        (Streams.CONTAINERS, ["container"]),
    ],
)
def test_streams(aws: SteppedAws, reading: Reading, streams: Streams, expected: list[str]) -> None:
    put(aws, 5, "platform")
    put(aws, 6, "container", BOX)
    put(aws, 7, "of another instance", "AllTraffic/i-0ab")
    found = search(reading, NAME, *last(aws, 1), streams=streams, prefix=BOX)
    assert texts(found) == expected


def test_enough_lines_end_the_search_and_what_was_not_searched_is_said(
    aws: SteppedAws, reading: Reading
) -> None:
    for ago in range(0, 3600, 60):
        put(aws, ago + 1, f"line {ago}")
    found = search(reading, NAME, *last(aws, 2), most=3)
    assert texts(found) == ["line 0", "line 60", "line 120"]
    assert not found.complete
    assert "3 lines" in found.why
    assert found.unsearched == ((utc(aws.now() - 7200), utc(aws.now() - 300)),)


def test_pages_end_the_search_in_the_middle_of_a_slice(aws: SteppedAws, reading: Reading) -> None:
    for n in range(MOST_SCANNED + 1500):
        put(aws, 250 - n / 100, "noise", f"AllTraffic/i-{n % 8}")
    found = search(reading, NAME, *last(aws, 1), text="needle", budget=Budget(pages=1))
    assert found.lines == ()
    assert found.pages == 1
    assert "asked 1 time" in found.why
    assert found.unsearched == ((utc(aws.now() - 3600), utc(aws.now())),)


def test_time_ends_the_search(aws: SteppedAws, reading: Reading) -> None:
    put(aws, 5, "new")
    put(aws, 7000, "old")
    hand = Hand()

    def slow() -> float:
        hand.at += 3.0
        return hand.at

    found = search(reading, NAME, *last(aws, 2), budget=Budget(seconds=8.0), monotonic=slow)
    assert texts(found) == ["new"]
    assert "8 s had passed" in found.why
    assert found.unsearched[-1][0] == utc(aws.now() - 7200)


def test_a_month_of_silence_takes_few_pages(aws: SteppedAws, reading: Reading) -> None:
    put(aws, 3, "x")
    assert search(reading, NAME, *last(aws, 24 * 30)).pages <= 10


def test_a_missing_group_is_an_answer_and_a_denial_names_the_action(
    aws: SteppedAws, reading: Reading
) -> None:
    assert search(reading, NAME, *last(aws, 1)).missing
    with gated(aws.server.url) as (url, gate):
        gate.shut["FilterLogEvents"] = error("AccessDeniedException", "User: x is not authorized")
        behind = Reading(AwsSession(Where("embedded", "us-east-1", url, loopback=True)))
        with pytest.raises(Denied) as caught:
            search(behind, NAME, *last(aws, 1))
        assert caught.value.action == "logs:FilterLogEvents"


def test_hostile_lines_come_as_they_are(aws: SteppedAws, reading: Reading) -> None:
    lines = ["\x1b[31mred\x1b[0m", "<script>alert(1)</script>", "ü" * 100_000]
    for n, text in enumerate(lines):
        put(aws, 10 - n, text)
    found = texts(search(reading, NAME, *last(aws, 1)))
    assert found[1:] == [lines[1], lines[0]]
    assert found[0] == "ü" * LONGEST + "… (cut here: 100,000 characters in all)"
