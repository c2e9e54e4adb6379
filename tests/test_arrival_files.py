"""Files of arrivals: kept by their content, read in a process of their own, within bounds."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

from ops import arrival_files
from ops.arrival_files import KEPT, MOST_BYTES, MOST_ROWS, ArrivalFiles, digest_of
from ops.core.errors import BadInput, OpsError
from ops.replay.arrivals_file import Columns, read_arrivals

BODY = b"when,took\n2026-11-23T07:30:00Z,10\n2026-11-23T07:30:00.125Z,2.5\n2026-11-23T07:29:00Z,3\n"


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        (BODY, Columns("when", "took")),
        (BODY, Columns(None, None, "when", False)),
        (BODY.replace(b",took", b",x"), Columns("when", None, None, False)),
        (b"seconds\n5\n6\n6\n", Columns()),
    ],
)
def test_the_other_process_reads_what_is_read_here_to_the_bit(body: bytes, columns: Columns) -> None:
    files = ArrivalFiles()
    found, here = files.read(files.keep(body), columns), read_arrivals(body, columns)
    assert np.array_equal(found.arrival_s, here.arrival_s)
    assert (found.service_s is None) == (here.service_s is None)
    if found.service_s is not None and here.service_s is not None:
        assert np.array_equal(found.service_s, here.service_s)
    assert (found.zero_s, found.notes, found.ends) == (here.zero_s, here.notes, here.ends)


def test_a_file_is_known_by_its_content_and_the_longest_unused_goes_first() -> None:
    files = ArrivalFiles()
    first = files.keep(BODY)
    assert first == digest_of(BODY) == files.keep(bytes(BODY))
    others = [files.keep(b"t\n%d\n" % n) for n in range(KEPT - 1)]
    assert files.body(first) == BODY
    files.keep(b"t\n99\n")
    assert first in files
    assert others[0] not in files
    with pytest.raises(BadInput, match="is not here") as refused:
        files.read(others[0], Columns())
    assert refused.value.hint == "Upload it again."


def test_its_columns_are_told_from_its_first_lines() -> None:
    files = ArrivalFiles()
    assert files.columns(files.keep(BODY)) == ("when", "took")
    assert files.columns(files.keep(b"5,2\n6,3\n")) == ("1", "2")
    long = b"a;b\n" + b"2026-11-23T07:30:00Z;%s\n" % (b"x" * 1000) * 200
    assert files.columns(files.keep(long)) == ("a", "b")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b" \n", "The file is empty."),
        (b"1" * (MOST_BYTES + 1), "up to 50 MB are read"),
        (b"1\n" * (MOST_ROWS + 2), "up to 1,000,000 requests are read"),
        (b"1\r" * (MOST_ROWS + 2), "up to 1,000,000 requests are read"),
    ],
)
def test_what_is_too_large_or_empty_is_refused_at_once(body: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        ArrivalFiles().keep(body)
    assert refused.value.hint


def test_errors_of_the_other_process_are_its_own_words() -> None:
    files = ArrivalFiles()
    with pytest.raises(BadInput, match="line 4: 'x' is no number") as refused:
        files.read(files.keep(BODY.replace(b"2.5", b"1").replace(b",3", b",x")), Columns("when", "took"))
    assert "no row is left out" in refused.value.hint


def test_one_that_takes_too_long_is_ended_and_said() -> None:
    files = ArrivalFiles(timeout_s=0.001)
    with pytest.raises(OpsError, match="was not read within 0 seconds"):
        files.read(files.keep(BODY), Columns())


def test_many_who_ask_for_the_same_get_the_same_reading() -> None:
    files = ArrivalFiles()
    digest, found = files.keep(BODY), list[object]()
    threads = [
        threading.Thread(target=lambda: found.append(files.read(digest, Columns("when")))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert all(each is found[0] for each in found)


def test_the_limit_is_that_of_the_uploader() -> None:
    assert arrival_files.MOST_BYTES == 50 * 2**20


def test_nothing_of_a_file_has_a_name_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    files = ArrivalFiles()
    digest = files.keep(BODY)
    assert list(tmp_path.iterdir()) == []
    assert len(files.read(digest, Columns("when"))) == 3
    assert files.body(digest) == BODY
