"""The history against a plain dictionary, under random writes, folds, prunes and reopening."""

from __future__ import annotations

import math
import struct
import tempfile

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ops.core.spans import union
from ops.core.types import FloatArray
from ops.store.grid import CHUNK
from ops.store.history import Grid, History
from ops.store.packing import opened, pack, section, sections_of
from ops.store.sums import ALIVE, DAY_S, SAMPLES, summed
from tests.store.samples import OURS, same

ENDPOINTS = ("ocr", "asr")
KEYS = ("a", "b", SAMPLES, ALIVE)
BASE = 20_000 * CHUNK
"""The first cell that is written; chunks begin at its multiples of 1,440."""
CELLS = 3 * CHUNK

any_bits = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
value = st.one_of(
    st.just(math.nan),
    st.integers(0, 300).map(float),
    st.integers(-(2**33), 2**33).map(float),
    st.sampled_from([0.0, -0.0, math.inf, -math.inf, 2.0**31, -(2.0**31), 2.0**31 - 1, 5e-324, 0.1]),
    any_bits,
)
some = st.lists(value, min_size=1, max_size=6)


def stretched(pattern: list[float], size: int) -> FloatArray:
    """The pattern again and again; made of bits, so that no NaN changes."""
    return np.resize(np.array(pattern, np.float64), size)


class HistoryLikeADict(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.cells: dict[tuple[str, int, str, int], bytes] = {}
        """(endpoint, resolution, key, cell) -> the eight bytes of its value"""

    @initialize()
    def begin(self) -> None:
        self.history = History.open(f"sqlite:///{self.folder.name}/history.db", OURS)

    def teardown(self) -> None:
        self.history.close()
        self.folder.cleanup()

    @rule(
        parts=st.lists(
            st.tuples(
                st.sampled_from(ENDPOINTS),
                st.sampled_from((60, 300)),
                st.integers(0, CELLS - 1),
                st.one_of(st.integers(1, 5), st.integers(50, 70), st.integers(1, CELLS)),
                st.dictionaries(st.sampled_from(KEYS), some, min_size=1),
            ),
            min_size=1,
            max_size=3,
        )
    )
    def write(self, parts: list[tuple[str, int, int, int, dict[str, list[float]]]]) -> None:
        items = []
        for endpoint, resolution, at, wanted, patterns in parts:
            size = min(wanted, CELLS - at)
            values = {key: stretched(pattern, size) for key, pattern in patterns.items()}
            items.append((endpoint, Grid(resolution, (BASE + at) * resolution, values)))
            for key, of_key in values.items():
                for number, bits in enumerate(of_key):
                    self.cells[endpoint, resolution, key, BASE + at + number] = bits.tobytes()
        self.history.write(items)

    @rule(done=st.integers(0, 4))
    def fold(self, done: int) -> None:
        now = (BASE + done * CHUNK) * 60
        self.history.fold(now)
        assert self.history.fold(now) == 0

    @rule(chunks=st.integers(0, 2), resolution=st.sampled_from((60, 300)))
    def prune(self, chunks: int, resolution: int) -> None:
        edge = BASE + chunks * CHUNK
        self.history.prune((edge + 7) * resolution, resolution)
        self.cells = {k: v for k, v in self.cells.items() if k[1] != resolution or k[3] >= edge}

    @rule()
    def reopen(self) -> None:
        self.history.close()
        self.begin()

    @rule(
        endpoint=st.sampled_from(ENDPOINTS),
        resolution=st.sampled_from((60, 300)),
        keys=st.lists(st.sampled_from(KEYS), min_size=1, unique=True),
        begin=st.integers(-10, CELLS),
        size=st.integers(0, CELLS + 10),
    )
    def read(self, endpoint: str, resolution: int, keys: list[str], begin: int, size: int) -> None:
        first = BASE + begin
        grid = self.history.read(endpoint, resolution, keys, first * resolution, (first + size) * resolution)
        nothing = np.array([math.nan]).tobytes()
        for key in keys:
            wanted = b"".join(
                self.cells.get((endpoint, resolution, key, first + cell), nothing) for cell in range(size)
            )
            assert grid.values[key].tobytes() == wanted

    @invariant()
    def sums(self) -> None:
        """Whatever is kept of a day is what its minutes come to; after a fold no finished day lacks it."""
        if not hasattr(self, "history"):
            return
        begin, end = BASE * 60, (BASE + CELLS) * 60
        found = self.history.sums(ENDPOINTS, begin, end)
        for endpoint, of_endpoint in found.items():
            for number, day in enumerate(of_endpoint.days.tolist()):
                grid = self.history.read(endpoint, 60, (SAMPLES, ALIVE), day, day + DAY_S)
                again = summed(grid.values[SAMPLES], grid.values[ALIVE])
                one = of_endpoint.only(of_endpoint.days == day)
                assert one.days.tolist() == [day]
                assert one.samples[0].astype(np.float64).tobytes() == again.samples.tobytes()
                assert one.samples[0].tobytes() == of_endpoint.samples[number].tobytes()
                assert one.known.tobytes() == again.known.tobytes()
                assert one.level_samples.tobytes() == again.levels["samples"].tobytes()
                assert one.level_minutes.tolist() == again.levels["minutes"].tolist()
                assert not one.level_day.any()

    @rule()
    def fold_all(self) -> None:
        self.history.fold((BASE + CELLS) * 60)
        found = self.history.sums(ENDPOINTS, BASE * 60, (BASE + CELLS) * 60)
        days = {(name, int(day) // DAY_S) for name, each in found.items() for day in each.days}
        assert days == {(k[0], k[3] // CHUNK) for k in self.cells if k[1] == 60}

    @invariant()
    def coverage(self) -> None:
        if not hasattr(self, "history"):
            return
        for endpoint in ENDPOINTS:
            for resolution in (60, 300):
                spans: dict[str, list[tuple[int, int]]] = {}
                for name, seconds, key, cell in self.cells:
                    if (name, seconds) == (endpoint, resolution):
                        spans.setdefault(key, []).append((cell * seconds, (cell + 1) * seconds))
                wanted = {key: union(of_key) for key, of_key in spans.items()}
                assert self.history.coverage(endpoint, resolution) == wanted


HistoryLikeADict.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestHistoryLikeADict = HistoryLikeADict.TestCase


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.integers(1, 60_000), st.lists(value, min_size=1, max_size=1500), max_size=4))
def test_a_blob_gives_back_every_bit(patterns: dict[int, list[float]]) -> None:
    metrics = {number: stretched(pattern, CHUNK) for number, pattern in patterns.items()}
    packed = {number: section(values) for number, values in metrics.items()}
    blob = pack({number: one for number, one in packed.items() if one is not None})
    for number, values in metrics.items():
        out = np.full(CHUNK, math.nan)
        for form, data in sections_of(blob, [number]).values():
            opened(form, data, out)
        assert same(out, values)
