"""Sums of a day beside its minutes: right, never out of step, and made where an older history lacks them."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.store.history import Grid, History, Scope
from ops.store.packing import Damaged
from ops.store.sums import ALIVE, BLOCK, KEYS, SAMPLES, Days, DaySums, Packed, summed
from tests.store.samples import DAY, MIDNIGHT, NAN, OURS, minutes, row

cells = st.lists(st.one_of(st.just(NAN), st.integers(0, 5).map(float)), min_size=1, max_size=60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


def opened(path: Path) -> History:
    return History.open(f"sqlite:///{path}", OURS)


def a_day(start: int = MIDNIGHT, count: float = 2.0, alive: float = 0.0) -> Grid:
    return Grid(
        60, start, {SAMPLES: np.full(1440, count), ALIVE: np.full(1440, alive), "other": np.ones(1440)}
    )


def kept(
    history: History, begin: int = MIDNIGHT - 9 * DAY, end: int = MIDNIGHT + 9 * DAY
) -> dict[str, list[int]]:
    found = history.sums(["ocr", "asr"], begin, end)
    return {name: ((each.days - MIDNIGHT) // DAY).tolist() for name, each in found.items()}


@given(cells, cells, st.sampled_from([1.0, 60.0, 0.5, -1.0, 1e9]))
def test_a_day_comes_to_what_its_minutes_do(samples: list[float], alive: list[float], scale: float) -> None:
    of_hosts, of_queue = np.resize(np.array(samples) * scale, 1440), np.resize(alive, 1440)
    day = summed(of_hosts, of_queue)
    known = ~np.isnan(of_hosts) | ~np.isnan(of_queue)
    np.testing.assert_allclose(day.samples, np.nansum(of_hosts.reshape(96, 15), axis=1), rtol=1e-12)
    assert day.known.tolist() == known.reshape(96, 15).sum(axis=1).tolist()
    minutes_of: dict[float, int] = {}
    for value in np.nan_to_num(of_hosts[known]).tolist():
        minutes_of[value] = minutes_of.get(value, 0) + 1
    levels = zip(day.levels["samples"].tolist(), day.levels["minutes"].tolist(), strict=True)
    assert dict(levels) == minutes_of


def again(days: Days) -> Days:
    return Days.of([Packed.opened(days.pack())])


numbers = st.one_of(
    st.just(NAN), st.integers(0, 300).map(float), st.sampled_from([-1.0, 0.5, 1e9, 5000.0, float("inf")])
)


@given(
    st.lists(
        st.tuples(st.integers(0, BLOCK - 1), st.lists(numbers, min_size=1, max_size=9), st.booleans()),
        max_size=12,
    )
)
def test_a_block_gives_back_its_days(written: list[tuple[int, list[float], bool]]) -> None:
    """Days are put in, in any order and over each other, and the block is packed after each."""
    block, days = again(Days.empty()), {}
    for number, samples, whole in written:
        days[number] = summed(np.resize(samples, 1440), np.zeros(1440) if whole else np.full(1440, NAN))
        block = again(block.replaced(number, days[number]))
    ends = np.cumsum(block.counts)
    for number, day in days.items():
        assert block.samples[number].astype(np.float64).tobytes() == day.samples.tobytes()
        assert block.known[number].tolist() == day.known.tolist()
        levels = block.levels[ends[number] - block.counts[number] : ends[number]]
        assert levels.tobytes() == day.levels.tobytes()
    assert block.counts.sum() == sum(len(day.levels) for day in days.values())


def test_a_month_of_a_few_instances_is_small() -> None:
    block = Days.empty()
    hosts = np.resize([NAN] * 400 + [1.0] * 90 + [2.0] * 40, 1440)
    for number in range(BLOCK):
        block = block.replaced(number, summed(hosts, np.zeros(1440)))
    assert len(block.pack()) < 1000


WHOLE = zlib.decompress(Days.empty().pack())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no",
        zlib.compress(b""),
        zlib.compress(b"\x00" * 20),
        zlib.compress(b"\x03" + WHOLE[1:]),
        zlib.compress(WHOLE[:-1]),
        zlib.compress(WHOLE + b"\x00"),
        zlib.compress(WHOLE + b"\xff\xff\x01"),
        zlib.compress(b"\x00\x01" + WHOLE[2:]),
    ],
)
def test_what_is_no_block_is_damaged(raw: bytes) -> None:
    with pytest.raises(Damaged):
        Days.of([Packed.opened(raw)])


def test_a_day_written_at_once_has_its_sums_and_a_day_of_rows_when_it_is_folded(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day())])
    history.write([("asr", minutes(MIDNIGHT + 60, **{SAMPLES: row(1, 3)}))])
    assert kept(history) == {"ocr": [0]}
    history.fold(MIDNIGHT + DAY)
    assert kept(history) == {"ocr": [0], "asr": [0]}
    found = history.sums(["asr"], MIDNIGHT, MIDNIGHT + DAY)["asr"]
    assert found.samples[0].tolist() == [4.0] + [0.0] * 95
    assert found.known[0].tolist() == [2] + [0] * 95
    history.close()


def test_only_whole_days_of_the_range_and_the_endpoints_asked_for(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day(MIDNIGHT + n * DAY)) for n in range(4)])
    history.write([("asr", a_day()), ("asr", Grid(300, MIDNIGHT, {SAMPLES: np.ones(1440)}))])
    assert kept(history) == {"ocr": [0, 1, 2, 3], "asr": [0]}
    assert kept(history, MIDNIGHT + 1, MIDNIGHT + 3 * DAY) == {"ocr": [1, 2]}
    assert kept(history, MIDNIGHT + DAY, MIDNIGHT + 4 * DAY - 1) == {"ocr": [1, 2]}
    assert set(history.sums(["asr"], MIDNIGHT, MIDNIGHT + DAY)) == {"asr"}
    assert history.sums([], MIDNIGHT, MIDNIGHT + DAY) == {}
    many = [f"e{n}" for n in range(2000)]
    assert set(history.sums([*many, "ocr"], MIDNIGHT, MIDNIGHT + DAY)) == {"ocr"}
    theirs = History.open(f"sqlite:///{path}", Scope("aws", "another", "us-east-1"))
    assert kept(theirs) == {}
    theirs.close()
    history.close()


def test_a_late_minute_takes_the_sums_away_until_the_day_is_folded_again(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day()), ("ocr", a_day(MIDNIGHT + DAY)), ("asr", a_day())])
    history.write([("ocr", minutes(MIDNIGHT + 600, **{SAMPLES: row(7)}))])
    assert kept(history) == {"ocr": [1], "asr": [0]}
    again = opened(path)
    assert kept(again) == {"ocr": [1], "asr": [0]}, "not made from the blob alone"
    again.close()
    history.fold(MIDNIGHT + 2 * DAY)
    assert kept(history) == {"ocr": [0, 1], "asr": [0]}
    assert history.sums(["ocr"], MIDNIGHT, MIDNIGHT + DAY)["ocr"].samples[0, 0] == 35.0
    history.close()


def test_pruned_days_have_no_sums(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day(MIDNIGHT - DAY)), ("ocr", a_day())])
    history.prune(MIDNIGHT + 3600, 300)
    assert kept(history) == {"ocr": [-1, 0]}
    history.prune(MIDNIGHT + 3600)
    assert kept(history) == {"ocr": [0]}
    history.close()


def test_a_forgotten_world_has_no_sums(path: Path) -> None:
    url = f"sqlite:///{path}"
    for world in ("w1", "w2"):
        history = History.open(url, Scope("embedded", "1", "us-east-1", world))
        history.write([("ocr", a_day())])
        if world == "w2":
            with sqlite3.connect(path) as database:
                database.execute("UPDATE ebb_meta SET value = value - 86500 WHERE key LIKE 'written %'")
            database.close()
            assert history.forget_worlds(keep=0) == 1
        history.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM day_sums").fetchone() == (1,)
    database.close()


def older(path: Path) -> None:
    """What an Ebb of schema 3 would have left."""
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE day_sums")
        database.execute("DELETE FROM ebb_meta WHERE key LIKE 'sums %'")
        database.execute("UPDATE ebb_meta SET value = '3' WHERE key = 'schema'")
    database.close()


def test_an_older_history_grows_and_its_sums_are_made_at_the_first_reading(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day(MIDNIGHT + n * DAY, n)) for n in range(3)])
    history.write([("asr", a_day()), ("ocr", minutes(MIDNIGHT + 60, **{SAMPLES: row(7)}))])
    wanted = history.sums(["asr", "ocr"], MIDNIGHT, MIDNIGHT + 3 * DAY)
    history.close()
    older(path)
    grown = opened(path)
    found = grown.sums(["asr", "ocr"], MIDNIGHT, MIDNIGHT + 3 * DAY)
    assert kept(grown) == {"asr": [0], "ocr": [1, 2]}
    for name in wanted:
        assert found[name].samples.tolist() == wanted[name].samples.tolist()
        assert found[name].level_minutes.tolist() == wanted[name].level_minutes.tolist()
    grown.fold(MIDNIGHT + 3 * DAY)
    assert kept(grown) == {"asr": [0], "ocr": [0, 1, 2]}
    grown.close()


def test_tidying_makes_them_as_well(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day())])
    history.close()
    older(path)
    grown = opened(path)
    grown.fold(MIDNIGHT)
    grown.close()
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM day_sums").fetchone() == (1,)
    database.close()


def test_who_may_not_write_goes_without_those_that_are_missing(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day())])
    history.close()
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM day_sums")
    database.close()
    reader = History.open(f"sqlite:///file:{path}?mode=ro&uri=true", OURS)
    assert kept(reader) == {}
    assert reader.read("ocr", 60, KEYS, MIDNIGHT, MIDNIGHT + 60).values[SAMPLES].tolist() == [2.0]
    reader.close()


def damage(path: Path, change: str) -> None:
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE day_sums SET {change}")
    database.close()


@pytest.mark.parametrize("change", ["data = x'00'", "data = substr(data, 1, 40)"])
def test_damaged_sums_are_left_out_and_made_anew(
    path: Path, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    history = opened(path)
    history.write([("ocr", a_day(MIDNIGHT + n * DAY)) for n in range(2)])
    damage(path, change)
    history.write([("asr", a_day())])
    assert kept(history) == {"asr": [0]}
    assert "ocr" in caplog.text
    caplog.clear()
    assert kept(history) == {"ocr": [0, 1], "asr": [0]}
    assert history.sums(["ocr"], MIDNIGHT, MIDNIGHT + DAY)["ocr"].samples[0, 0] == 30.0
    assert not caplog.text
    history.close()


def test_damaged_sums_do_not_keep_a_day_from_being_written(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day())])
    assert kept(history) == {"ocr": [0]}
    damage(path, "data = x'00'")
    history.write([("ocr", a_day(MIDNIGHT + DAY))])
    assert kept(history) == {"ocr": [0, 1]}
    history.close()


def test_damaged_sums_of_a_history_that_may_not_be_written(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day())])
    history.close()
    damage(path, "data = x'00'")
    reader = History.open(f"sqlite:///file:{path}?mode=ro&uri=true", OURS)
    assert kept(reader) == kept(reader) == {}
    reader.close()


def test_only_picks_days(path: Path) -> None:
    history = opened(path)
    for n in range(4):
        history.write([("ocr", a_day(MIDNIGHT + n * DAY, n % 3))])
    whole = history.sums(["ocr"], MIDNIGHT, MIDNIGHT + 4 * DAY)["ocr"]
    part = whole.only(np.array([True, False, True, False]))
    assert part.days.tolist() == [MIDNIGHT, MIDNIGHT + 2 * DAY]
    assert part.samples[:, 0].tolist() == [0.0, 30.0]
    assert part.level_day.tolist() == [0, 1]
    assert part.level_samples.tolist() == [0.0, 2.0]
    assert part.level_minutes.tolist() == [1440.0, 1440.0]
    assert whole.only(~np.zeros(4, np.bool_)) is whole
    history.close()


def test_days_of_several_blocks_are_one_row_of_days(path: Path) -> None:
    history = opened(path)
    history.write([("ocr", a_day(MIDNIGHT + n * DAY, n % 5)) for n in range(-40, 40)])
    found: DaySums = history.sums(["ocr"], MIDNIGHT - 40 * DAY, MIDNIGHT + 40 * DAY)["ocr"]
    assert found.days.tolist() == [MIDNIGHT + n * DAY for n in range(-40, 40)]
    assert (found.samples[:, 7] / 15).tolist() == [float(n % 5) for n in range(-40, 40)]
    assert found.level_day.tolist() == list(range(80))
    assert found.level_samples.tolist() == [float(n % 5) for n in range(-40, 40)]
    history.close()


def test_a_history_that_lacks_a_table_gets_it(path: Path) -> None:
    """As one that was written by something between two releases."""
    history = opened(path)
    history.write([("ocr", a_day())])
    history.close()
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE day_sums")
        database.execute("DELETE FROM ebb_meta WHERE key LIKE 'sums %'")
    database.close()
    again = opened(path)
    assert kept(again) == {"ocr": [0]}
    again.close()
