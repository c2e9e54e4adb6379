"""What is done under a token is done once."""

from __future__ import annotations

import threading

import pytest

from components.request_door import Once
from ops.core.errors import Unreachable
from ops.core.requests import Batch, Submission
from tests.components.samples import NOW

BATCH = Batch("b1", "doc", Submission("doc", "s3://b/k"), 1, 0, False, "ann", NOW)


def test_of_many_presses_at_once_one_works_and_all_are_told_the_same():
    once, done, begin = Once(), [], threading.Barrier(8)
    told = []

    def work():
        done.append(1)
        return (BATCH,)

    def press():
        begin.wait()
        told.append(once.do("token", work))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]
    assert told == [(BATCH,)] * 8


def test_work_that_failed_may_be_tried_again():
    once = Once()

    def fails():
        raise Unreachable("AWS is away.", "Wait.")

    with pytest.raises(Unreachable):
        once.do("token", fails)
    assert once.do("token", lambda: (BATCH,)) == (BATCH,)


def test_another_token_is_another_submission():
    once, done = Once(), []
    for token in ("a", "b", "a"):
        once.do(token, lambda: (done.append(1), (BATCH,))[1])
    assert len(done) == 2
